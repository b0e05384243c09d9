//! Why a tune could not be named.

use std::path::PathBuf;

/// Why no answer can be had.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// From the store.
    #[error(transparent)]
    Corpus(#[from] corpus::Error),
    /// From the run that suggests titles.
    #[error(transparent)]
    Train(#[from] train::Error),
    /// From ranking titles.
    #[error(transparent)]
    Rank(#[from] crate::RankError),
    /// The store has no tune to compare with.
    #[error("{}: no tunes in the store: add some with `ganainm corpus add PATH`", path.display())]
    Empty {
        /// The store.
        path: PathBuf,
    },
    /// The index file could not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The weights that were compiled in are damaged.
    #[error("the fitted weights: {0}")]
    Weights(String),
    /// Vectors that do not fit an index of vectors.
    #[error("a vector of {found} numbers, where the index holds vectors of {expected}")]
    Dimensions {
        /// Numbers in a vector of the index.
        expected: usize,
        /// Numbers in the vector that was given.
        found: usize,
    },
    /// As many ids as vectors are needed.
    #[error("{ids} ids for {vectors} vectors")]
    Ids {
        /// How many ids there were.
        ids: usize,
        /// How many vectors there were.
        vectors: usize,
    },
    /// A database that keeps vectors failed.
    #[error("the database of vectors: {0}")]
    Backend(String),
}
