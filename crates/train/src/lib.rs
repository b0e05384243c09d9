//! From a config and a corpus to a run directory, and from a run directory to a report.

mod baselines;
mod checkpoint;
mod config;
mod data;
mod error;
mod evaluate;
mod history;
mod predictions;
mod random;
mod run;
mod setup;
mod tensorboard;
mod trainer;
mod watch;

use std::path::Path;

use corpus::{Split, Store};

pub use config::{
    CorpusConfig, EvaluationConfig, Experiment, MelodyTowerConfig, TitleTowerConfig, TrainingConfig,
};
pub use data::{Dataset, Example};
pub use error::Error;
pub use evaluate::{Judged, Side, evaluate};
pub use history::Record;
pub use predictions::{Prediction, read_predictions};
pub use run::{Manifest, RunDir, files};
pub use watch::{Outcome, StepReport, Validation, Watch};

/// Trains an experiment's towers on the works of a store; the run goes to `path`.
///
/// # Errors
/// When `path` is taken, the corpus is too small, a file cannot be written, or the loss is no longer
/// finite; what was reached before stays, and [`resume`] goes on from there.
pub fn train(
    experiment: &Experiment,
    store: &Store,
    path: &Path,
    watch: &mut dyn Watch,
) -> Result<Outcome, Error> {
    let (run, data) = setup::run_dir(experiment, store, path)?;
    trainer::Trainer::new(experiment, &data, &run)?.run(watch)
}

/// Goes on with a run from its last checkpoint, to the same weights as if it had never stopped.
///
/// # Errors
/// When a file of the run is missing or damaged, a file cannot be written, or the loss is no longer
/// finite; what was reached before stays.
pub fn resume(run: &RunDir, watch: &mut dyn Watch) -> Result<Outcome, Error> {
    if run.manifest()?.finished {
        checkpoint::remove(run)?;
        return Err(Error::damaged(run.path(), "is finished; there is nothing to go on with"));
    }
    let experiment = run.experiment()?;
    let data = load_data(run, &experiment)?;
    trainer::Trainer::new(&experiment, &data, run)?.run(watch)
}

/// The examples of a run, from its own copy of the corpus.
fn load_data(run: &RunDir, experiment: &Experiment) -> Result<Dataset, Error> {
    let store = Store::open_existing(&run.file(files::CORPUS))?;
    let corpus = experiment.corpus.select(store.load()?)?;
    let split: Split = run.read_json(files::SPLIT)?;
    split.check(&corpus)?;
    Dataset::new(&corpus, &split, experiment)
}
