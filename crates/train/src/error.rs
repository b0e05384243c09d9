//! What can go wrong between a config and a finished run.

use std::path::{Path, PathBuf};

/// An error of training, evaluation or a run directory.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The config is not valid TOML, or has a key that does not exist.
    #[error("config: {0}")]
    Config(String),
    /// A value of the config is out of range.
    #[error("config: `{key}` {problem}")]
    Value {
        /// The key, with its table.
        key: String,
        /// What is wrong with it and what is right.
        problem: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of a run directory does not hold what it should.
    #[error("{}: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// A sentence encoder that is not there, damaged or of another kind.
    #[error("{}: {problem}", path.display())]
    Encoder {
        /// Where it was looked for.
        path: PathBuf,
        /// What is missing or not supported.
        problem: String,
    },
    /// The corpus is too small or lacks what the experiment needs.
    #[error("corpus: {0}")]
    Data(String),
    /// The loss or a gradient stopped being a finite number.
    #[error("step {step}: the {what} is not a finite number; lower training.learning_rate")]
    NotFinite {
        /// The step, from 1.
        step: u64,
        /// What was being computed.
        what: &'static str,
    },
    /// Runs of a study failed; what they reached before stays.
    #[error("{failed} of the study's runs failed; the first: {run}: {source}")]
    Runs {
        /// How many failed.
        failed: usize,
        /// The first of them.
        run: String,
        /// What went wrong in it.
        source: Box<Error>,
    },
    /// A study was asked to stop while its runs were judged.
    #[error(
        "stopped before all runs were judged; nothing was written, and the same command judges them again"
    )]
    Stopped,
    /// No threads could be started.
    #[error("threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// From the store or a split.
    #[error(transparent)]
    Corpus(#[from] corpus::Error),
    /// From the towers.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// From the features.
    #[error(transparent)]
    Tokens(#[from] tokens::Error),
    /// From the metrics.
    #[error(transparent)]
    Retrieval(#[from] retrieval::Error),
}

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn value(key: &str, problem: &str) -> Self {
        Self::Value { key: key.to_owned(), problem: problem.to_owned() }
    }

    pub(crate) fn encoder(path: &Path, problem: impl Into<String>) -> Self {
        Self::Encoder { path: path.to_owned(), problem: problem.into() }
    }

    pub(crate) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), problem: problem.into() }
    }
}
