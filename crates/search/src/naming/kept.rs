//! The index of a store as it is kept beside it: read, or built when the corpus has changed.

use std::path::{Path, PathBuf};

use super::file::{self, State};
use super::index::Index;
use super::{NameError, Namer};

/// An index that is kept beside its store.
#[derive(Debug)]
pub struct Kept {
    /// Who answers by it.
    pub namer: Namer,
    /// The file that holds it.
    pub file: PathBuf,
    /// The length of the file.
    pub bytes: u64,
    /// Whether it had to be built or written; otherwise it was there and is of the corpus as it is.
    pub refreshed: bool,
}

impl Namer {
    /// Makes sure that the index of a store is beside it and is of the corpus as it is.
    ///
    /// # Errors
    /// As [`Namer::open`], and [`NameError::Corpus`] or [`NameError::Io`] when the index cannot be written.
    pub fn keep(store: &Path) -> Result<Kept, NameError> {
        let (index, refreshed) = match current(store) {
            Some(index) => (index, false),
            None => {
                let (index, written) = build(store)?;
                written?;
                (index, true)
            }
        };
        let file = file::path(store);
        let facts = std::fs::metadata(&file);
        let bytes = facts.map_err(|source| NameError::Io { path: file.clone(), source })?.len();
        Ok(Kept { namer: Self::of(index)?, file, bytes, refreshed })
    }
}

/// The index beside a store, if it is of the store as it is.
pub(super) fn current(store: &Path) -> Option<Index> {
    let now = State::of(store);
    file::read(store).filter(|(state, _)| Some(*state) == now).map(|(_, index)| index)
}

/// Builds the index of a store, or reads the one that is there when it is of the same corpus after all; and whether it could be
/// kept beside the store, since a store on a read-only disk is searched all the same.
pub(super) fn build(store: &Path) -> Result<(Index, Result<(), NameError>), NameError> {
    let corpus = corpus::Store::open_existing(store)?.load_without_families()?;
    if corpus.works.is_empty() {
        return Err(NameError::Empty { path: store.to_owned() });
    }
    let kept = file::read(store).map(|(_, index)| index);
    let index = match kept.filter(|index| index.hash == corpus.hash) {
        Some(index) => index,
        None => Index::new(&corpus)?,
    };
    // Opening may have brought the store to this version, so its state is taken after it.
    let written = State::of(store).map_or(Ok(()), |state| file::write(store, (state, &index)));
    Ok((index, written))
}
