//! From a config and a corpus to a melody language model.

mod config;
mod data;
mod learner;
mod record;

use std::path::Path;

use corpus::Store;
use model::LanguageModel;
use serde::{Deserialize, Serialize};
use tokens::{Feature, Vocabulary};

use crate::run::{RunKind, files};
use crate::trainer::Trainer;
use crate::watch::{Outcome, Watch};
use crate::{Error, Manifest, RunDir, setup};
pub use config::{KeyChoice, LanguageTrainingConfig, MelodyConfig, ModelConfig, Pretraining};
use data::Melodies;
pub(crate) use learner::tells_header;
use learner::{LanguageLearner, foretell};
pub use record::{Foretold, LanguageLook, LanguageRecord, LanguageStep};

/// How well the best weights of a pretraining foretell the tunes that were kept from it: its `report.json`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LanguageReport {
    /// The tunes by which the weights were chosen.
    pub validation: Foretold,
    /// The tunes that had no part in any choice.
    pub test: Foretold,
}

/// Trains a language model on the training works of a store; the run goes to `path`.
///
/// # Errors
/// When `path` is taken, the corpus is too small, a file cannot be written, or the loss is no longer finite; what was
/// reached before stays, and [`resume_pretraining`] goes on from there.
pub fn pretrain(
    config: &Pretraining,
    store: &Store,
    path: &Path,
    watch: &mut dyn Watch<LanguageRecord>,
) -> Result<Outcome, Error> {
    RunDir::check_free(path)?;
    let works = setup::works((&config.corpus, &config.split), store)?;
    let melodies = Melodies::new(&works, config)?;
    // Built once before anything is written, so that a config that describes no model leaves nothing.
    learner::model(config, &melodies.vocabulary)?;
    let run = RunDir::create(path, |run| {
        store.copy_to(&run.file(files::CORPUS))?;
        run.write_json(files::SPLIT, &works.split)?;
        run.write(files::VOCABULARY, melodies.vocabulary.to_json()?.as_bytes())?;
        let manifest = setup::manifest(RunKind::Language, config.seed, works.corpus.hash.clone());
        run.write_json(files::MANIFEST, &Manifest { also: works.to_be_recorded(), ..manifest })?;
        run.write(files::CONFIG, config.to_toml()?.as_bytes())
    })?;
    fit(config, (&melodies, &run), watch)
}

/// Goes on with a pretraining from its last checkpoint, to the same weights as if it had never stopped.
///
/// # Errors
/// When a file of the run is missing or damaged, a file cannot be written, or the loss is no longer finite; what was
/// reached before stays.
pub fn resume_pretraining(
    run: &RunDir,
    watch: &mut dyn Watch<LanguageRecord>,
) -> Result<Outcome, Error> {
    let config = run.pretraining()?;
    run.unfinished()?;
    fit(&config, (&Melodies::new(&run.works(&config.corpus)?, &config)?, run), watch)
}

fn fit(
    config: &Pretraining,
    (melodies, run): (&Melodies, &RunDir),
    watch: &mut dyn Watch<LanguageRecord>,
) -> Result<Outcome, Error> {
    let learner = LanguageLearner::new(config, melodies, run)?;
    let plan = learner.plan();
    let outcome = Trainer::new(run, learner, plan)?.run(watch)?;
    if let Outcome::Finished { .. } = outcome {
        let language = run.language()?;
        let reading = (&melodies.vocabulary, &language.features[..]);
        let judge = |tunes| foretell(&language.model, reading, (tunes, config.training.batch_rows));
        let report = LanguageReport {
            validation: judge(&melodies.validation)?,
            test: judge(&melodies.test)?,
        };
        run.write_json(files::REPORT, &report)?;
    }
    Ok(outcome)
}

/// A pretrained model with what it needs to read tunes.
#[derive(Clone, Debug)]
pub struct Language {
    /// The model, at the best look at validation.
    pub model: LanguageModel,
    /// The values of every feature.
    pub vocabulary: Vocabulary,
    /// The features that the model reads, in its order.
    pub features: Vec<Feature>,
    /// In which keys it met its tunes.
    pub key: KeyChoice,
}

impl RunDir {
    /// The pretraining that it holds.
    ///
    /// # Errors
    /// When it is no pretraining, or the file is missing or damaged.
    pub fn pretraining(&self) -> Result<Pretraining, Error> {
        self.expect(RunKind::Language)?;
        Pretraining::load(&self.file(files::CONFIG))
    }

    /// Its language model, at the best look at validation.
    ///
    /// # Errors
    /// When it is no pretraining, a file is missing or damaged, or there was no look at validation yet.
    pub fn language(&self) -> Result<Language, Error> {
        let config = self.pretraining()?;
        let model = LanguageModel::from_safetensors(&self.weights(files::MELODY)?);
        let model =
            model.map_err(|error| Error::damaged(&self.file(files::MELODY), error.to_string()))?;
        let (features, key) = (config.features(), config.melody.key);
        Ok(Language { model, vocabulary: self.vocabulary()?, features, key })
    }
}
