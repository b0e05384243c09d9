//! From a config and a corpus to a run directory, and from a run directory to a report.

mod baselines;
mod cache;
mod checkpoint;
mod components;
mod config;
mod data;
mod error;
mod evaluate;
mod foundation;
mod fusion;
mod grams;
mod history;
mod importance;
mod known;
mod looks;
mod map;
mod names;
mod page;
mod predictions;
mod pretrain;
mod random;
mod relatives;
mod ridge;
mod run;
mod scorer;
mod sentence;
mod setup;
mod shipped;
mod space;
mod study;
mod tensorboard;
mod towers;
mod track;
mod trainer;
mod watch;
mod works;

use std::path::Path;

use corpus::Store;

pub use config::{
    CorpusConfig, EncoderKind, EvaluationConfig, Experiment, MelodyTowerConfig, RidgeConfig,
    TitleTowerConfig, TrainingConfig, Transfer, TransferConfig,
};
pub use data::{Dataset, Example};
pub use error::Error;
pub use evaluate::{Judged, Side, evaluate, score};
use foundation::Foundation;
pub use fusion::{
    Fusion, FusionConfig, MemberRecipe, Method, Normalisation, Recipe, Weighting, fuse, fuse_like,
};
pub use history::Record;
pub use importance::{ImportanceSettings, Shuffle, importance};
pub use known::{Known, known};
pub use map::{
    AspectGenre, Atlas, Genre, Kept, Labels, MapOptions, Mapped, MappedSteps, Shown, Sides, Space,
    SpaceGenre, genre, map, map_steps,
};
pub use predictions::{Prediction, read_predictions};
pub use pretrain::{
    Foretold, KeyChoice, Language, LanguageLook, LanguageRecord, LanguageReport, LanguageStep,
    LanguageTrainingConfig, MelodyConfig, ModelConfig, Pretraining, pretrain, resume_pretraining,
};
pub use retrieval::fusion::Objective;
pub use retrieval::report::{Direction, StudyReport};
pub use run::{Also, Manifest, RunDir, RunKind, files};
pub use scorer::{Member, Readings, Scorer};
pub use sentence::{LoadedEncoder, SentenceVectors, load_sentence_encoder};
pub use shipped::shipped;
pub use space::{JointSpace, Keeping};
pub use study::{
    Arm, ArmVerdict, FusedArms, News, Study, StudyConfig, StudyFusion, StudyOutcome, StudyPlace,
    StudyRun, StudyVerdict, StudyWatch, study_files,
};
use towers::TowersLearner;
pub use track::{By, Choice, Group, Level, Track, Tracks, Way};
use trainer::Trainer;
pub use watch::{Outcome, StepReport, Validation, Watch};
pub use works::Works;

/// Trains an experiment's towers on the works of a store; the run goes to `path`.
///
/// # Errors
/// When `path` is taken, the corpus is too small, a file cannot be written, or the loss is no longer
/// finite; what was reached before stays, and [`resume`] goes on from there.
pub fn train(
    experiment: &Experiment,
    store: &Store,
    path: &Path,
    watch: &mut dyn Watch<Record>,
) -> Result<Outcome, Error> {
    let (run, data) = setup::run_dir(experiment, store, path)?;
    // A run's own config has the features that its language model reads.
    fit(&run.experiment()?, (data, &run), watch)
}

/// Goes on with a run from its last checkpoint, to the same weights as if it had never stopped.
///
/// # Errors
/// When a file of the run is missing or damaged, a file cannot be written, or the loss is no longer
/// finite; what was reached before stays.
pub fn resume(run: &RunDir, watch: &mut dyn Watch<Record>) -> Result<Outcome, Error> {
    let experiment = run.experiment()?;
    run.unfinished()?;
    let data = load_data(run, &experiment)?;
    fit(&experiment, (data, run), watch)
}

fn fit(
    experiment: &Experiment,
    (mut data, run): (Dataset, &RunDir),
    watch: &mut dyn Watch<Record>,
) -> Result<Outcome, Error> {
    if experiment.training.refit {
        data.train = data.learned(&experiment.training).cloned().collect();
    }
    let foundation = Foundation::of_run(run)?;
    let learner = TowersLearner::new(experiment, (&data, &foundation), run)?;
    let plan = learner.plan();
    Trainer::new(run, learner, plan)?.run(watch)
}

/// The examples of a run, from its own copy of the corpus.
fn load_data(run: &RunDir, experiment: &Experiment) -> Result<Dataset, Error> {
    dataset(run, experiment, &run.works(&experiment.corpus)?)
}

/// The same of works that the run has been asked for.
fn dataset(run: &RunDir, experiment: &Experiment, works: &Works) -> Result<Dataset, Error> {
    let vocabulary = experiment.melody.transfer.as_ref().map(|_| run.vocabulary()).transpose()?;
    Dataset::new(works, experiment, vocabulary)
}
