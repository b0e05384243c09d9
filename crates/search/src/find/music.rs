//! Words against melodies in a run's joint space.

use corpus::Corpus;
use train::{JointSpace, Keeping};

use super::FindError;
use crate::{Embedded, LoadedRun, Progress};

/// A run's joint space over the corpus.
#[derive(Debug)]
pub(super) struct Music {
    space: JointSpace,
    works: usize,
}

impl Music {
    pub(super) fn open(
        run: &LoadedRun,
        corpus: &Corpus,
        progress: Progress<'_>,
    ) -> Result<Self, FindError> {
        let folder = JointSpace::default_folder();
        let progress = |done, all| progress(Embedded::Melodies, done, all);
        let keeping = Keeping { folder: folder.as_deref(), progress: &progress };
        let space = JointSpace::open((&run.dir, &run.scorer), corpus, keeping)?;
        Ok(Self { space, works: corpus.works.len() })
    }

    /// All works with a melody and their cosines with the words, best first.
    pub(super) fn nearest(&self, words: &str) -> Result<Vec<(usize, f32)>, FindError> {
        Ok(self.space.nearest(words, self.works)?)
    }
}
