//! What is there of a study's runs, and whether it is what the study wants.

use std::fs::{File, TryLockError, create_dir_all, read_dir, remove_dir_all};
use std::path::Path;

use corpus::{SplitConfig, Store};
use toml::Table;

use super::overlay::difference;
use super::{StudyRun, study_files};
use crate::{Also, CorpusConfig, Error, Experiment, RunDir, setup};

/// What is there of a run.
#[derive(Debug)]
pub(super) enum State {
    /// Nothing yet.
    New,
    /// It was begun and is not finished.
    Begun(RunDir),
    /// It is finished.
    Finished(RunDir),
}

impl State {
    fn run(&self) -> Option<&RunDir> {
        match self {
            Self::New => None,
            Self::Begun(run) | Self::Finished(run) => Some(run),
        }
    }
}

/// Holds the study's folder until it is dropped.
///
/// # Errors
/// When another study is at work there, or the folder cannot be made.
pub(super) fn lock(folder: &Path) -> Result<File, Error> {
    let failed = |source| Error::io(folder, source);
    create_dir_all(folder).map_err(failed)?;
    let file = File::create(folder.join(study_files::LOCK)).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {
            clear(folder).map_err(failed)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let advice = "another study is at work here; let it finish, or name another folder";
            Err(Error::damaged(folder, advice))
        }
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Removes runs that a kill cut off before they were in their place: nobody else makes any here now.
fn clear(folder: &Path) -> std::io::Result<()> {
    for entry in read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(RunDir::UNFINISHED) {
            remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// The state of every run.
///
/// # Errors
/// When a run is of another config or corpus than the study's.
pub(super) fn of_all(runs: &[StudyRun], store: &Path) -> Result<Vec<State>, Error> {
    let states: Vec<State> = runs.iter().map(state).collect::<Result<_, _>>()?;
    if states.iter().any(|state| matches!(state, State::New)) {
        same_works(states.iter().filter_map(State::run), store)?;
    }
    Ok(states)
}

fn state(run: &StudyRun) -> Result<State, Error> {
    if RunDir::check_free(&run.path).is_ok() {
        return Ok(State::New);
    }
    let dir = RunDir::open(&run.path)?;
    let found = dir.experiment()?;
    let mut wanted = run.experiment.clone();
    if wanted.melody.transfer.is_some() {
        // A run that reads with a language model has that model's features in its config.
        wanted.melody.notes.clone_from(&found.melody.notes);
    }
    if found != wanted {
        return Err(Error::damaged(&run.path, other_config(&found, &wanted)?));
    }
    Ok(if dir.manifest()?.finished { State::Finished(dir) } else { State::Begun(dir) })
}

/// What to say of a run that is of another config.
fn other_config(found: &Experiment, wanted: &Experiment) -> Result<String, Error> {
    let table = |experiment: &Experiment| {
        Table::try_from(experiment).map_err(|error| Error::Config(error.to_string()))
    };
    let what = match difference(&table(found)?, &table(wanted)?) {
        Some((key, found, wanted)) => {
            format!("`{key}` is {found} there, and {wanted} in the study")
        }
        None => "they differ in a value that is not written out".to_owned(),
    };
    Ok(format!(
        "is a run of another config than the study's: {what}; move it away, or give the arm or the study another name"
    ))
}

/// That new runs would be made from the works that the old ones were made from.
fn same_works<'a>(runs: impl Iterator<Item = &'a RunDir>, store: &Path) -> Result<(), Error> {
    /// Works as a manifest tells of them: by the hash of those that are judged, and what is learned from alone.
    type Told = (String, Option<Also>);
    // Most runs of a study choose the same works.
    let mut chosen: Vec<((CorpusConfig, SplitConfig), Told)> = Vec::new();
    for run in runs {
        let (experiment, manifest) = (run.experiment()?, run.manifest()?);
        let choice = (experiment.corpus, experiment.split);
        let told = match chosen.iter().find(|(known, _)| *known == choice) {
            Some((_, told)) => told,
            None => {
                let store = Store::open_existing(store)?;
                let works = setup::works((&choice.0, &choice.1), &store)?;
                let also = works.to_be_recorded();
                &chosen.push_mut((choice, (works.corpus.hash, also))).1
            }
        };
        if *told != (manifest.corpus, manifest.also) {
            let advice = "was made from other works than the store has for the runs to come; name the store that it was \
                          made from with --db, or let the study begin anew in another folder";
            return Err(Error::damaged(run.path(), advice));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_study_at_a_time_and_is_cleared_of_what_a_kill_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let cut_off = folder.path().join(format!("{}x", RunDir::UNFINISHED));
        create_dir_all(cut_off.join("inner")).unwrap();
        create_dir_all(folder.path().join("gru-1")).unwrap();
        let held = lock(folder.path()).unwrap();
        assert!(!cut_off.exists() && folder.path().join("gru-1").exists());
        assert!(lock(folder.path()).unwrap_err().to_string().contains("another study"));
        drop(held);
        assert!(lock(folder.path()).is_ok());
    }
}
