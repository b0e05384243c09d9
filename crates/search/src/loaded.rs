//! A run that is loaded once for all that answers by it.

use std::path::Path;
use std::sync::Arc;

use train::{RunDir, Scorer};

/// A run with what scores tunes against titles.
#[derive(Clone, Debug)]
pub struct LoadedRun {
    pub(crate) dir: RunDir,
    pub(crate) scorer: Arc<Scorer>,
}

impl LoadedRun {
    /// Loads a run.
    ///
    /// # Errors
    /// [`train::Error`] when the run trained no towers, or a file is missing or damaged.
    pub fn open(dir: RunDir) -> Result<Self, train::Error> {
        let scorer = Arc::new(Scorer::open(&dir)?);
        Ok(Self { dir, scorer })
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// What vectors are made of before there can be an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embedded {
    /// The melodies of the corpus; their vectors are kept for the next time.
    Melodies,
    /// The titles of the corpus.
    Titles,
}

/// Hears of vectors in the making: of what, how many are done, and of how many. Called from several threads.
pub type Progress<'a> = &'a (dyn Fn(Embedded, usize, usize) + Sync);

/// Nobody who hears of it.
pub fn silent(_: Embedded, _: usize, _: usize) {}
