//! The shape of a BERT or an MPNet, as its `config.json` has it.

use kernels::Activation;
use serde::Deserialize;

use super::distance::BUCKETS;
use crate::Error;

/// Tokens of a text that are read at most, the first and the last of which are marks: what all-MiniLM-L6-v2 reads.
const LONGEST: usize = 256;

/// Positions of MPNet's that no token has.
const UNUSED: usize = 2;

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
    /// Kinds of segments, of BERT only.
    #[serde(default)]
    pub(super) type_vocab_size: usize,
    relative_attention_num_buckets: Option<usize>,
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

    /// Whether it is MPNet: no kinds of segments, and attention that heeds distances.
    pub(super) fn is_mpnet(&self) -> bool {
        self.model_type == "mpnet"
    }

    /// Positions at the beginning of the table that no token has.
    pub(super) fn unused_positions(&self) -> usize {
        if self.is_mpnet() { UNUSED } else { 0 }
    }

    /// Tokens that a text has at most, with the marks around it.
    pub(super) fn longest(&self) -> usize {
        LONGEST.min(self.max_position_embeddings - self.unused_positions())
    }

    fn check(&self) -> Result<(), Error> {
        if !["bert", "mpnet"].contains(&self.model_type.as_str()) {
            return Err(refused("model_type", &self.model_type, "bert or mpnet"));
        }
        let positions = self.position_embedding_type.as_deref().unwrap_or("absolute");
        if positions != "absolute" {
            return Err(refused("position_embedding_type", positions, "absolute"));
        }
        let buckets = self.relative_attention_num_buckets.unwrap_or(BUCKETS);
        if self.is_mpnet() && buckets != BUCKETS {
            let (found, expected) = (buckets.to_string(), BUCKETS.to_string());
            return Err(refused("relative_attention_num_buckets", &found, &expected));
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
            // Room for the two marks and a token between them.
            ("max_position_embeddings", self.max_position_embeddings, 3 + self.unused_positions()),
            ("type_vocab_size", self.type_vocab_size, usize::from(!self.is_mpnet())),
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
        check("\"bert\"", "\"t5\"", "model_type is t5; what is supported: bert or mpnet");
        check("\"type_vocab_size\": 2, ", "", "type_vocab_size is 0");
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
        let few = "\"mpnet\", \"relative_attention_num_buckets\": 16";
        check("\"bert\"", few, "relative_attention_num_buckets is 16");
        check("\"vocab_size\": 61, ", "", "missing field `vocab_size`");
    }
}
