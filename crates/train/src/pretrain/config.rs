//! A pretraining in one TOML file.

use std::collections::BTreeMap;
use std::path::Path;

use corpus::SplitConfig;
use model::{Precision, Stack, Structure};
use serde::{Deserialize, Serialize};
use tokens::Feature;

use crate::config::{check_positive, check_shares, read_toml};
use crate::{CorpusConfig, Error};

/// A pretraining: what to learn from, with which model, and how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pretraining {
    /// Seeds the weights, the order of the tunes, dropout and keys.
    pub seed: u64,
    /// Which part of the corpus is used.
    pub corpus: CorpusConfig,
    /// How families are shared out among training, validation and test.
    pub split: SplitConfig,
    /// What the model sees of a tune.
    pub melody: MelodyConfig,
    /// How the model is built.
    pub model: ModelConfig,
    /// How it is trained.
    pub training: LanguageTrainingConfig,
}

/// The keys in which the model meets its tunes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyChoice {
    /// A tonic is drawn anew for every tune and epoch, as often as tunes of its mode are played on it; validation and
    /// test tunes stand in the key in which they are played.
    #[default]
    Drawn,
    /// All tunes stand in the key in which they are played.
    AsPlayed,
    /// All tunes stand on C.
    CommonTonic,
}

/// What the model sees of a tune.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MelodyConfig {
    /// In which keys.
    pub key: KeyChoice,
    /// Longer tunes are cut to this many rows.
    pub max_rows: usize,
    /// The features of every row, with the size of each one's embedding.
    pub features: BTreeMap<Feature, usize>,
}

impl Default for MelodyConfig {
    fn default() -> Self {
        let features = [
            (Feature::Symbol, 96),
            (Feature::Duration, 24),
            (Feature::PitchClass, 16),
            (Feature::Octave, 8),
            (Feature::Degree, 16),
            (Feature::NextBarIndex, 12),
            (Feature::NextBarIndexMod4, 4),
            (Feature::NextPosition, 24),
            (Feature::NextBeatStrength, 4),
            (Feature::PhraseEcho, 48),
            (Feature::PhraseEchoDuration, 12),
            (Feature::PartEcho, 48),
            (Feature::PartEchoDuration, 12),
            (Feature::Part, 4),
            (Feature::Key, 24),
            (Feature::Mode, 4),
            (Feature::Metre, 8),
            (Feature::DanceType, 12),
        ];
        Self { key: KeyChoice::Drawn, max_rows: 512, features: features.into() }
    }
}

/// How the model is built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// The recurrent layers.
    pub structure: Structure,
    /// The dimensions in which the duration's head sees the symbol.
    pub symbol_dims: usize,
    /// Hidden units of the duration's head.
    pub duration_hidden: usize,
    /// Share of units left out in training, 0 to 1.
    pub dropout: f32,
    /// How exactly numbers enter products: `bf16` is about twice as fast on processors with AMX tiles.
    pub precision: Precision,
}

impl Default for ModelConfig {
    fn default() -> Self {
        let structure = Structure::Hierarchical {
            note: Stack { hidden: 192, layers: 1 },
            bar: Stack { hidden: 256, layers: 2 },
            output: Stack { hidden: 288, layers: 1 },
        };
        Self {
            structure,
            symbol_dims: 32,
            duration_hidden: 96,
            dropout: 0.1,
            precision: Precision::F32,
        }
    }
}

/// How the model is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LanguageTrainingConfig {
    /// Passes over the training tunes.
    pub epochs: usize,
    /// Most rows of a batch, of tunes of about one length.
    pub batch_rows: usize,
    /// Peak learning rate of AdamW.
    pub learning_rate: f32,
    /// Share of all steps in which the rate rises from zero to its peak; it falls as a cosine after.
    pub warm_up: f32,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Largest norm of the gradient of all weights together.
    pub clip: f32,
    /// Share of the training tunes of which the model is told only a part of what their header says, 0 to 1: nothing
    /// for half of them, each feature by the toss of a coin for the others. Such a model can be asked about tunes whose
    /// dance type or metre is unknown, or is to stay so.
    pub withhold: f32,
    /// Epochs between two looks at the validation tunes.
    pub evaluate_every: usize,
    /// Looks without a lower loss after which training stops; 0 for never.
    pub patience: usize,
}

impl Default for LanguageTrainingConfig {
    fn default() -> Self {
        Self {
            epochs: 9,
            batch_rows: 4096,
            learning_rate: 3e-3,
            warm_up: 0.05,
            weight_decay: 0.05,
            clip: 1.0,
            withhold: 0.0,
            evaluate_every: 1,
            patience: 3,
        }
    }
}

impl Pretraining {
    /// Reads a pretraining and checks it.
    ///
    /// # Errors
    /// Names the line of a key that is unknown or of the wrong type, and the key of a value that is out of range.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let pretraining: Self =
            toml::from_str(text).map_err(|error| Error::Config(error.to_string()))?;
        pretraining.check()?;
        Ok(pretraining)
    }

    /// Reads a pretraining from a file.
    ///
    /// # Errors
    /// As [`Pretraining::from_toml`], and when the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, Error> {
        read_toml(path, Self::from_toml)
    }

    /// The pretraining as TOML, every value written out.
    ///
    /// # Errors
    /// Never for one that came through [`Pretraining::from_toml`].
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string_pretty(self).map_err(|error| Error::Config(error.to_string()))
    }

    /// The features that the model reads, in its order.
    pub fn features(&self) -> Vec<Feature> {
        self.melody.features.keys().copied().collect()
    }

    fn check(&self) -> Result<(), Error> {
        let (melody, training) = (&self.melody, &self.training);
        self.corpus.check()?;
        if !melody.features.contains_key(&Feature::Symbol) {
            return Err(Error::value("melody.features", "lacks `symbol`, which is foretold"));
        }
        if melody.max_rows < 2 {
            return Err(Error::value("melody.max_rows", "must be 2 or more"));
        }
        check_positive(&[
            ("training.epochs", training.epochs),
            ("training.batch_rows", training.batch_rows),
            ("training.evaluate_every", training.evaluate_every),
        ])?;
        check_shares(&[
            ("model.dropout", self.model.dropout),
            ("training.warm_up", training.warm_up),
            ("training.withhold", training.withhold),
        ])?;
        for (key, value) in
            [("training.learning_rate", training.learning_rate), ("training.clip", training.clip)]
        {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::value(key, &format!("is {value}, and must be above 0")));
            }
        }
        if !(training.weight_decay.is_finite() && training.weight_decay >= 0.0) {
            return Err(Error::value("training.weight_decay", "must be 0 or more"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_default_and_every_value_reads_back() {
        let default = Pretraining::from_toml("").unwrap();
        assert_eq!(default, Pretraining::default());
        assert_eq!(Pretraining::from_toml(&default.to_toml().unwrap()).unwrap(), default);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let message = |text| Pretraining::from_toml(text).unwrap_err().to_string();
        assert!(message("[training]\nepoch = 3\n").contains("epoch"));
        assert!(message("[training]\nepochs = 0\n").contains("training.epochs"));
        assert!(message("[model]\ndropout = 1.5\n").contains("model.dropout"));
        assert!(message("[melody.features]\npich = 4\n").contains("pich"));
        assert!(message("[melody.features]\npitch = 4\n").contains("symbol"));
    }
}
