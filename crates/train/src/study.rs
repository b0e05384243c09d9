//! A grid of experiments and seeds: its runs side by side, and one verdict over all of them.

mod config;
mod fused;
mod judge;
mod overlay;
mod state;
mod workers;

use std::path::{Path, PathBuf};

pub use config::{Arm, FusedArms, StudyConfig};
pub use fused::StudyFusion;
pub use judge::{ArmVerdict, StudyVerdict};
use state::State;

use crate::watch::Outcome;
use crate::{Error, Experiment, Record, RunDir, Watch};

/// Names of the files of a study's folder, beside its runs.
pub mod study_files {
    /// The verdict, for machines.
    pub const VERDICT: &str = "study.json";
    /// The verdict as a page of Markdown.
    pub const PAGE: &str = "study.md";
    /// The verdict as a table: one row a direction, system and measure.
    pub const TABLE: &str = "study.csv";
    /// The verdict as a picture.
    pub const PICTURE: &str = "study.svg";
    /// Held while a study is at work, so that no second one meddles.
    pub(crate) const LOCK: &str = ".lock";
}

/// A study that is ready to run: its config, and the experiment of every arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    config: StudyConfig,
    /// One an arm, with the base's seed.
    experiments: Vec<Experiment>,
}

/// One run of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyRun {
    /// `ARM-SEED`.
    pub name: String,
    /// The arm, by its place in the config.
    pub arm: usize,
    /// What is trained.
    pub experiment: Experiment,
    /// Where the run goes.
    pub path: PathBuf,
}

/// Where a study works, and how much at a time.
#[derive(Clone, Debug)]
pub struct StudyPlace<'a> {
    /// The corpus that new runs are made from.
    pub store: &'a Path,
    /// The folder of the study; every run is a folder in it.
    pub folder: &'a Path,
    /// How many runs go on at a time; the cores are shared out among them. None: one a core.
    pub jobs: Option<usize>,
}

/// What happens to a run or a fusion of a study.
#[derive(Debug)]
pub enum News<'a> {
    /// It was finished before.
    Kept,
    /// It begins.
    Begun,
    /// It goes on after an interruption.
    Resumed,
    /// A step, or a look at the validation works.
    Record(&'a Record),
    /// It came to its end, or was asked to stop.
    Ended(&'a Outcome),
    /// It failed; the others go on.
    Failed(&'a Error),
    /// It was made, a fusion.
    Fused,
    /// Its works are scored.
    Scored,
}

/// Someone who follows a study; several runs tell their news at a time.
pub trait StudyWatch: Sync {
    /// Something happened to the run, or the fusion, of this name.
    fn tell(&self, run: &str, news: News<'_>);

    /// Asked after every step: whether all runs are to write a checkpoint and stop.
    fn should_stop(&self) -> bool {
        false
    }
}

/// How the training of a study ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StudyOutcome {
    /// All runs are finished, and all fusions made.
    Finished,
    /// It was asked to stop; what was begun has left checkpoints.
    Interrupted {
        /// How many runs and fusions are finished.
        finished: usize,
        /// How many there are to be.
        runs: usize,
    },
}

impl Study {
    /// Reads a study and the experiments that it names.
    ///
    /// # Errors
    /// When a file cannot be read, a key is unknown, a value is out of range, or an arm is not an experiment; names the
    /// arm.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let folder = path.parent().unwrap_or(Path::new("."));
        crate::config::read_toml(path, |text| Self::from_toml(text, folder))
    }

    /// Reads a study from text; the experiments that it names are looked for from `folder`.
    ///
    /// # Errors
    /// As [`Study::load`].
    pub fn from_toml(text: &str, folder: &Path) -> Result<Self, Error> {
        let config = StudyConfig::from_toml(text)?;
        let experiments = config.experiments(folder)?;
        config.check_refits(&experiments)?;
        Ok(Self { config, experiments })
    }

    /// The study's config.
    pub fn config(&self) -> &StudyConfig {
        &self.config
    }

    /// All runs, seed by seed, so that after a part of the time every arm has a part of its runs.
    pub fn runs(&self, folder: &Path) -> Vec<StudyRun> {
        let arms = self.config.arms.iter().zip(&self.experiments).enumerate();
        let of = |place: usize| {
            arms.clone().filter_map(move |(arm, (named, experiment))| {
                let seed = *self.config.seeds_of(named).get(place)?;
                let name = format!("{}-{seed}", named.name);
                let experiment = Experiment { seed, ..experiment.clone() };
                Some(StudyRun { path: folder.join(&name), name, arm, experiment })
            })
        };
        let most = self.config.arms.iter().map(|arm| self.config.seeds_of(arm).len()).max();
        (0..most.unwrap_or(0)).flat_map(of).collect()
    }

    /// Trains every run that is not finished yet: new ones from the start, others from their last checkpoint. A run that
    /// fails does not keep the others from going on. When all are finished, they are fused where the config says so.
    ///
    /// # Errors
    /// Before anything starts: another study at work in the folder, a run of another config or corpus, a fusion of other
    /// runs. At the end: what the first of the failed runs failed of; a fusion that cannot be made.
    pub fn train(
        &self,
        place: &StudyPlace<'_>,
        watch: &dyn StudyWatch,
    ) -> Result<StudyOutcome, Error> {
        let _lock = state::lock(place.folder)?;
        let runs = self.runs(place.folder);
        let states = state::of_all(&runs, place.store)?;
        let to_fuse = self.fusions_to_make(place.folder)?;
        let open: Vec<(&StudyRun, &State)> = runs.iter().zip(&states).collect();
        let ended = workers::side_by_side(place.jobs, &open, |&(run, state)| {
            if matches!(state, State::New | State::Begun(_)) && watch.should_stop() {
                return Ok(false);
            }
            train_one((run, state), place.store, watch)
                .inspect_err(|error| watch.tell(&run.name, News::Failed(error)))
        })?;
        let failed = ended.iter().filter(|result| result.is_err()).count();
        let finished = ended.iter().filter(|result| matches!(result, Ok(true))).count();
        let first = runs.iter().zip(ended).find_map(|(run, result)| Some((run, result.err()?)));
        if let Some((run, source)) = first {
            return Err(Error::Runs { failed, run: run.name.clone(), source: Box::new(source) });
        }
        let all = runs.len() + to_fuse.len();
        let fused = if finished == runs.len() { self.fuse(&to_fuse, place, watch)? } else { 0 };
        Ok(match finished + fused == all {
            true => StudyOutcome::Finished,
            false => StudyOutcome::Interrupted { finished: finished + fused, runs: all },
        })
    }
}

/// Brings one run to its end; whether it is there.
fn train_one(
    (run, state): (&StudyRun, &State),
    store: &Path,
    watch: &dyn StudyWatch,
) -> Result<bool, Error> {
    let mut ear = Ear { run: &run.name, watch };
    let outcome = match state {
        State::Finished(_) => {
            watch.tell(&run.name, News::Kept);
            return Ok(true);
        }
        State::New => {
            watch.tell(&run.name, News::Begun);
            let store = corpus::Store::open_existing(store)?;
            crate::train(&run.experiment, &store, &run.path, &mut ear)?
        }
        State::Begun(_) => {
            watch.tell(&run.name, News::Resumed);
            crate::resume(&RunDir::open(&run.path)?, &mut ear)?
        }
    };
    watch.tell(&run.name, News::Ended(&outcome));
    Ok(matches!(outcome, Outcome::Finished { .. }))
}

/// Hears one run for those who follow the study.
struct Ear<'a> {
    run: &'a str,
    watch: &'a dyn StudyWatch,
}

impl Watch<Record> for Ear<'_> {
    fn record(&mut self, record: &Record) {
        self.watch.tell(self.run, News::Record(record));
    }

    fn should_stop(&self) -> bool {
        self.watch.should_stop()
    }
}
