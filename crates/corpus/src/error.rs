//! What can go wrong, where, and what to do about it.

use std::path::{Path, PathBuf};

/// A failure of an import, the store, a split or an export.
///
/// A failed import leaves the store as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The platform names no folder for a user's data.
    #[error("this user has no data folder: name the store with --db FILE")]
    NoDataFolder,
    /// There is no store where one was to be read.
    #[error("{}: no store of tunes here yet: add some with `ganainm corpus add PATH`", path.display())]
    NoStore {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Another process holds the store.
    #[error("{}: another program is writing to the store: try again when it has ended", path.display())]
    Locked {
        /// The store.
        path: PathBuf,
    },
    /// The store may not be written.
    #[error("{}: the store is read-only: change its permissions, or name another with --db FILE", path.display())]
    ReadOnly {
        /// The store.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("{}: the disk is full and nothing was changed: free some space and try again", path.display())]
    DiskFull {
        /// The store.
        path: PathBuf,
    },
    /// A later version of the program made the store.
    #[error("{}: store of version {found}, this program knows versions up to {known}: update the program", path.display())]
    NewerStore {
        /// The store.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The latest version known.
        known: i64,
    },
    /// The file is something else.
    #[error("{}: not a store of tunes: name another file with --db FILE", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// SQLite failed in a way that has no entry of its own.
    #[error("{}: {source}", path.display())]
    Database {
        /// The store.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Nothing that can be imported is in a folder or an archive.
    #[error(
        "{name}: no .abc, .csv, .json, .zip or .whl file{} in here: name a place that holds tunes",
        matching(only)
    )]
    NothingToImport {
        /// The folder or archive.
        name: String,
        /// The filter on paths that was asked for.
        only: Option<String>,
    },
    /// An archive cannot be read.
    #[error("{name}: the archive is cut off or damaged ({reason}): get it again")]
    Archive {
        /// The archive.
        name: String,
        /// What the unpacker says.
        reason: String,
    },
    /// A file is neither text nor a zip archive.
    #[error("{name}: binary data, not tunes: give ABC, CSV, JSON or a zip archive of such files")]
    Binary {
        /// The file.
        name: String,
    },
    /// A line is far too long to be music.
    #[error(
        "{name}: line {line} has {length} bytes and is no ABC: give a file with lines under {limit} bytes"
    )]
    LongLine {
        /// The file.
        name: String,
        /// The line, from 1.
        line: usize,
        /// Its bytes.
        length: usize,
        /// The most that is read.
        limit: usize,
    },
    /// A file is larger than what is read at once.
    #[error("{name}: larger than {limit} bytes: split it and import the parts")]
    TooLarge {
        /// The file.
        name: String,
        /// The most that is read.
        limit: u64,
    },
    /// A text has no tune in it.
    #[error("{name}: no tune found: an ABC tune begins with a line `X:1` and has a line `K:`")]
    NoTune {
        /// The file.
        name: String,
    },
    /// A table of The Session's dump lacks columns.
    #[error("{name}: the table of {table} lacks the column{} {}", if missing.len() > 1 { "s" } else { "" }, quoted(missing))]
    Columns {
        /// The file.
        name: String,
        /// What the table would hold.
        table: &'static str,
        /// The columns that are not there.
        missing: Vec<&'static str>,
    },
    /// A table is none of those that are known.
    #[error(
        "{name}: unknown table: expected The Session's tunes, aliases or tune_popularity with their column names"
    )]
    UnknownTable {
        /// The file.
        name: String,
    },
    /// A table is broken.
    #[error("{name}: {reason}")]
    Table {
        /// The file.
        name: String,
        /// Where and what.
        reason: String,
    },
    /// The shares of a split make no sense.
    #[error(
        "split: train {train}, validation {validation} and test {test} must be 0 or more and add up to 1"
    )]
    Shares {
        /// Share of the training part.
        train: f64,
        /// Share of the validation part.
        validation: f64,
        /// Share of the test part.
        test: f64,
    },
    /// A split file is not what it should be.
    #[error("{}: not a split: {reason}", path.display())]
    SplitFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A split does not belong to this corpus.
    #[error("the split was made for corpus {split}, this is corpus {corpus}: make a new split")]
    OtherCorpus {
        /// Hash in the split.
        split: String,
        /// Hash of the corpus.
        corpus: String,
    },
    /// A split breaks the rule that no family is on two sides.
    #[error("split: works {first} and {second} are of one family and in different parts")]
    SharedFamily {
        /// A work.
        first: String,
        /// Its relative elsewhere.
        second: String,
    },
    /// An export could not be written.
    #[error("export: {reason}")]
    Export {
        /// What went wrong.
        reason: String,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    /// The entry for what SQLite says about the store at `path`.
    pub(crate) fn database(path: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Locked { path },
            Some(Code::CannotOpen) if path.is_dir() => Self::NotAStore { path },
            Some(Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied) => {
                Self::ReadOnly { path }
            }
            Some(Code::DiskFull) => Self::DiskFull { path },
            Some(Code::NotADatabase) => Self::NotAStore { path },
            _ => Self::Database { path, source },
        }
    }
}

fn matching(only: &Option<String>) -> String {
    only.as_ref().map(|only| format!(" with `{only}` in its path")).unwrap_or_default()
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
