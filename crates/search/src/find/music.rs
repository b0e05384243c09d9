//! Words against melodies in a run's joint space.

use std::path::Path;

use corpus::Corpus;
use train::{JointSpace, RunDir};

use super::FindError;

/// A run's joint space over the corpus.
#[derive(Debug)]
pub(super) struct Music {
    space: JointSpace,
    works: usize,
}

impl Music {
    pub(super) fn open(run: &Path, corpus: &Corpus) -> Result<Self, FindError> {
        let folder = JointSpace::default_folder();
        let space = JointSpace::open(&RunDir::open(run)?, corpus, folder.as_deref())?;
        Ok(Self { space, works: corpus.works.len() })
    }

    /// All works with a melody and their cosines with the words, best first.
    pub(super) fn nearest(&self, words: &str) -> Result<Vec<(usize, f32)>, FindError> {
        Ok(self.space.nearest(words, self.works)?)
    }
}
