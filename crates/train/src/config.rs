//! A whole experiment in one TOML file.

mod corpus;
mod ridge;
mod towers;

use std::path::Path;

use ::corpus::SplitConfig;
use serde::{Deserialize, Serialize};

use crate::Error;
pub use corpus::CorpusConfig;
pub use ridge::RidgeConfig;
pub use towers::{EncoderKind, MelodyTowerConfig, TitleTowerConfig, Transfer, TransferConfig};

/// An experiment: what to learn from, with which towers, how long, and how to judge it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Experiment {
    /// Seeds the weights, the order of the tunes, dropout and augmentation.
    pub seed: u64,
    /// Which part of the corpus is used.
    pub corpus: CorpusConfig,
    /// How families are shared out among training, validation and test.
    pub split: SplitConfig,
    /// What the melody tower sees and how it is built.
    pub melody: MelodyTowerConfig,
    /// How the title tower is built.
    pub title: TitleTowerConfig,
    /// A closed form to start from, for linear towers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ridge: Option<RidgeConfig>,
    /// How both are trained.
    pub training: TrainingConfig,
    /// How the result is judged.
    pub evaluation: EvaluationConfig,
}

/// How both towers are trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Passes over the training works; 0 leaves linear towers as the ridge regression has them.
    pub epochs: usize,
    /// Whether the validation works are learned from too, once everything is chosen: the last weights are kept, and such a
    /// run is judged on the test works alone.
    pub refit: bool,
    /// Works in a batch; the others in it are each work's negatives.
    pub batch: usize,
    /// Length of the vectors of both towers.
    pub output: usize,
    /// Peak learning rate of AdamW.
    pub learning_rate: f32,
    /// Decoupled weight decay (Loshchilov and Hutter, 2019).
    pub weight_decay: f32,
    /// Added to the root of AdamW's mean square: the larger, the smaller the steps of n-grams that
    /// few titles have.
    pub epsilon: f32,
    /// Share of all steps in which the rate rises from zero to its peak; it falls as a cosine after.
    pub warm_up: f32,
    /// Largest norm of the gradient of all weights together.
    pub clip: f32,
    /// Scale of the cosines at the start: the inverse temperature of the loss.
    pub scale: f32,
    /// Share of the families of the training works that are learned from, above 0 and up to 1: whole families, drawn by
    /// the seed, a smaller share being a part of a larger one.
    pub share: f32,
    /// Whether one setting of every training work that has several is kept from training, drawn by the seed: what a
    /// tower makes of it tells how well it knows the work.
    pub hide_settings: bool,
    /// Most semitones by which a melody is moved up or down in training; 0 for none.
    pub transpose: i8,
    /// Share of training titles that are an alias, where a work has any, 0 to 1.
    pub aliases: f32,
    /// Share of a title's n-grams and words left out at each training step, 0 to 1: few titles are
    /// alike, and a tower that always sees all of a title learns it by heart.
    pub gram_dropout: f32,
    /// Share of training titles that lose their article, where they have one, 0 to 1.
    pub title_variants: f32,
    /// Share of batches that are works of one dance type, 0 to 1: harder negatives of each other.
    pub same_type: f32,
    /// The loss; none for InfoNCE with the scale above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<model::LossConfig>,
    /// Epochs between two looks at the validation works.
    pub evaluate_every: usize,
    /// Looks at the validation works without a better MRR after which training stops; 0 for never.
    pub patience: usize,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            epochs: 30,
            refit: false,
            batch: 256,
            output: 128,
            learning_rate: 1e-3,
            weight_decay: 0.1,
            epsilon: 1e-8,
            warm_up: 0.05,
            clip: 1.0,
            scale: 8.0,
            share: 1.0,
            hide_settings: false,
            transpose: 0,
            aliases: 0.5,
            gram_dropout: 0.5,
            title_variants: 0.0,
            same_type: 0.0,
            loss: None,
            evaluate_every: 1,
            patience: 0,
        }
    }
}

/// How the result is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationConfig {
    /// Candidates among which each truth is ranked, beside the ranking among all; 0 for all only.
    pub pool: usize,
    /// Resamples of the queries behind each interval.
    pub resamples: usize,
}

impl Default for EvaluationConfig {
    fn default() -> Self {
        Self { pool: 630, resamples: 2_000 }
    }
}

impl Experiment {
    /// Reads an experiment and checks it.
    ///
    /// # Errors
    /// Names the line of a key that is unknown or of the wrong type, and the key of a value that
    /// is out of range.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let experiment: Self =
            toml::from_str(text).map_err(|error| Error::Config(error.to_string()))?;
        experiment.check()?;
        Ok(experiment)
    }

    /// Reads an experiment from a file.
    ///
    /// # Errors
    /// As [`Experiment::from_toml`], and when the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, Error> {
        read_toml(path, Self::from_toml)
    }

    /// The experiment as TOML, every value written out.
    ///
    /// # Errors
    /// Never for an experiment that came through [`Experiment::from_toml`].
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string_pretty(self).map_err(|error| Error::Config(error.to_string()))
    }

    /// The same experiment, that learns from the validation works too.
    pub(crate) fn refitted(mut self) -> Self {
        self.training.refit = true;
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let (melody, title, training) = (&self.melody, &self.title, &self.training);
        self.corpus.check()?;
        if melody.notes.is_empty() && melody.header.is_empty() && melody.grams.is_none() {
            let why = "and melody.header are both empty, and there is no [melody.grams]: name one";
            return Err(Error::value("melody.notes", why));
        }
        if let Some(feature) = melody.header.iter().find(|f| !f.is_header()) {
            let why =
                format!("holds `{feature}`, which belongs to a note: move it to melody.notes");
            return Err(Error::value("melody.header", &why));
        }
        check_positive(&[
            ("melody.max_rows", melody.max_rows),
            ("melody.note_dims", melody.note_dims),
            ("melody.header_dims", melody.header_dims),
            ("melody.hidden", melody.hidden),
            ("melody.layers", melody.layers),
            ("melody.projection", melody.projection),
            ("title.projection", title.projection),
            ("training.output", training.output),
            ("training.evaluate_every", training.evaluate_every),
            ("evaluation.resamples", self.evaluation.resamples),
        ])?;
        if title.sentence_encoder.is_none() {
            check_positive(&[("title.buckets", title.buckets), ("title.dims", title.dims)])?;
        }
        if let Some(transfer) = &melody.transfer {
            transfer.check(self.ridge.is_some())?;
        }
        match &self.ridge {
            Some(ridge) => ridge.check(self)?,
            None => check_positive(&[("training.epochs", training.epochs)])?,
        }
        if training.refit && training.patience > 0 {
            let why = "must be 0 with training.refit: validation works that are learned from cannot tell when to stop";
            return Err(Error::value("training.patience", why));
        }
        if training.batch < 2 {
            return Err(Error::value("training.batch", "must be 2 or more: others are negatives"));
        }
        if self.evaluation.pool == 1 {
            return Err(Error::value("evaluation.pool", "must be 0 (all) or 2 and more"));
        }
        check_shares(&[
            ("melody.dropout", melody.dropout),
            ("title.dropout", title.dropout),
            ("training.warm_up", training.warm_up),
            ("training.aliases", training.aliases),
            ("training.gram_dropout", training.gram_dropout),
            ("training.title_variants", training.title_variants),
            ("training.same_type", training.same_type),
        ])?;
        check_rates(training)
    }
}

/// What `parse` makes of a file; a mistake in it names the file.
pub(crate) fn read_toml<T>(
    path: &Path,
    parse: impl FnOnce(&str) -> Result<T, Error>,
) -> Result<T, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::io(path, source))?;
    parse(&text).map_err(|error| match error {
        Error::Config(what) => Error::Config(format!("{}: {what}", path.display())),
        other => other,
    })
}

pub(crate) fn check_positive(values: &[(&str, usize)]) -> Result<(), Error> {
    match values.iter().find(|(_, value)| *value == 0) {
        Some((key, _)) => Err(Error::value(key, "must be at least 1")),
        None => Ok(()),
    }
}

pub(crate) fn check_shares(values: &[(&str, f32)]) -> Result<(), Error> {
    let outside = |value: f32, top: f32| !(0.0..=top).contains(&value);
    for &(key, value) in values {
        let top = if key.ends_with("dropout") { 0.95 } else { 1.0 };
        if outside(value, top) {
            return Err(Error::value(key, &format!("is {value}, and must be between 0 and {top}")));
        }
    }
    Ok(())
}

fn check_rates(training: &TrainingConfig) -> Result<(), Error> {
    if !(training.share > 0.0 && training.share <= 1.0) {
        return Err(Error::value("training.share", "must be above 0 and at most 1"));
    }
    let positive = [
        ("training.learning_rate", training.learning_rate),
        ("training.epsilon", training.epsilon),
        ("training.clip", training.clip),
    ];
    for (key, value) in positive {
        if !(value.is_finite() && value > 0.0) {
            return Err(Error::value(key, &format!("is {value}, and must be above 0")));
        }
    }
    if !(1.0..=100.0).contains(&training.scale) {
        return Err(Error::value("training.scale", "must be between 1 and 100"));
    }
    if !(training.weight_decay.is_finite() && training.weight_decay >= 0.0) {
        return Err(Error::value("training.weight_decay", "must be 0 or more"));
    }
    if !(0..=11).contains(&training.transpose) {
        return Err(Error::value("training.transpose", "must be between 0 and 11 semitones"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        Experiment::from_toml(text).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_file_is_the_default_experiment() {
        assert_eq!(Experiment::from_toml("").unwrap(), Experiment::default());
    }

    #[test]
    fn written_out_it_reads_back_the_same() {
        let text = Experiment::default().to_toml().unwrap();
        assert_eq!(Experiment::from_toml(&text).unwrap(), Experiment::default());
    }

    #[test]
    fn an_empty_path_leaves_out_the_sentence_encoder() {
        let experiment = Experiment::from_toml("[title]\nsentence_encoder = \"\"").unwrap();
        assert_eq!(experiment.title.sentence_encoder, None);
    }

    #[test]
    fn a_bad_value_is_named() {
        assert!(message("[training]\nbach = 3").contains("bach"));
        assert!(message("[training]\nbatch = 1").contains("training.batch"));
        assert!(message("[melody]\ndropout = 1.5").contains("melody.dropout"));
        assert!(message("[training]\nlearning_rate = -1.0").contains("training.learning_rate"));
        assert!(message("[training]\nshare = 0.0").contains("training.share"));
        assert!(message("[training]\nrefit = true\npatience = 2").contains("training.patience"));
        assert!(message("[melody]\nnotes = []\nheader = []").contains("melody.notes"));
        assert!(message("[melody]\nheader = [\"pitch\"]").contains("melody.header"));
        assert!(message("[melody]\nnotes = [\"colour\"]").contains("colour"));
        assert!(message("[corpus]\nalso = [\"book\"]").contains("corpus.sources"));
        let twice = "[corpus]\nsources = [\"a\"]\nalso = [\"a\"]";
        assert!(message(twice).contains("corpus.also") && message(twice).contains("`a`"));
    }
}
