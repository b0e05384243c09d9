//! The shape of a BERT, as its `config.json` has it.

use kernels::Activation;
use serde::Deserialize;

use crate::Error;

/// What is read of a `config.json`; the names are the file's.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct BertConfig {
    model_type: String,
    hidden_act: String,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
    /// E, the features of a token.
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    /// The features between the two layers after the attention.
    pub(super) intermediate_size: usize,
    pub(super) vocab_size: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) type_vocab_size: usize,
    /// What a layer norm adds to the variance.
    pub(super) layer_norm_eps: f32,
}

impl BertConfig {
    /// # Errors
    /// When the file is damaged or describes something that is not supported.
    pub(super) fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        let config: BertConfig = serde_json::from_slice(bytes).map_err(|error| {
            Error::Config(format!("the sentence encoder's config.json: {error}"))
        })?;
        config.check()?;
        Ok(config)
    }

    /// The function between the two layers after the attention.
    pub(super) fn activation(&self) -> Result<Activation, Error> {
        match self.hidden_act.as_str() {
            "gelu" => Ok(Activation::GeluErf),
            "gelu_new" | "gelu_pytorch_tanh" => Ok(Activation::Gelu),
            "relu" => Ok(Activation::Relu),
            other => Err(refused("hidden_act", other, "gelu, gelu_new, gelu_pytorch_tanh or relu")),
        }
    }

    fn check(&self) -> Result<(), Error> {
        if self.model_type != "bert" {
            return Err(refused("model_type", &self.model_type, "bert"));
        }
        let positions = self.position_embedding_type.as_deref().unwrap_or("absolute");
        if positions != "absolute" {
            return Err(refused("position_embedding_type", positions, "absolute"));
        }
        if self.is_decoder {
            return Err(refused("is_decoder", "true", "false"));
        }
        self.activation()?;
        let sizes = [
            ("hidden_size", self.hidden_size, 1),
            ("num_hidden_layers", self.num_hidden_layers, 1),
            ("num_attention_heads", self.num_attention_heads, 1),
            ("intermediate_size", self.intermediate_size, 1),
            ("type_vocab_size", self.type_vocab_size, 1),
            // Room for the two marks and a token between them.
            ("max_position_embeddings", self.max_position_embeddings, 3),
        ];
        for (key, size, least) in sizes {
            if size < least {
                return Err(refused(key, &size.to_string(), &format!("at least {least}")));
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let heads = self.num_attention_heads.to_string();
            return Err(refused("num_attention_heads", &heads, "a divisor of hidden_size"));
        }
        Ok(())
    }
}

fn refused(key: &str, found: &str, expected: &str) -> Error {
    let message = format!("the sentence encoder's {key} is {found}; what is supported: {expected}");
    Error::Config(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_supported_is_named() {
        let good = r#"{"model_type": "bert", "hidden_act": "gelu", "hidden_size": 21, "num_hidden_layers": 2,
            "num_attention_heads": 7, "intermediate_size": 37, "vocab_size": 61, "max_position_embeddings": 23,
            "type_vocab_size": 2, "layer_norm_eps": 1e-12, "use_cache": true}"#;
        assert!(BertConfig::from_json(good.as_bytes()).is_ok());
        let check = |from: &str, to: &str, message: &str| {
            assert!(good.contains(from));
            let error = BertConfig::from_json(good.replace(from, to).as_bytes()).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        };
        check("\"bert\"", "\"mpnet\"", "model_type is mpnet; what is supported: bert");
        check("\"gelu\"", "\"silu\"", "hidden_act is silu");
        check("\"use_cache\": true", "\"is_decoder\": true", "is_decoder");
        let relative = "\"position_embedding_type\": \"relative_key\"";
        check("\"use_cache\": true", relative, "position_embedding_type is relative_key");
        check(
            "\"num_attention_heads\": 7",
            "\"num_attention_heads\": 5",
            "a divisor of hidden_size",
        );
        check("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 0", "at least 1");
        check("\"vocab_size\": 61, ", "", "missing field `vocab_size`");
    }
}
