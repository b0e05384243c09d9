//! The store: one SQLite file.
//!
//! SQLite's rollback journal in its default form keeps the promise that an import is there whole
//! or not at all, whatever kills the process: the journal beside the file is rolled back by
//! whoever opens it next. It was chosen over a write-ahead log because a store then is one file
//! that can be read from a read-only disk.

mod copy;
mod load;
mod words;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::Error;

pub use load::Finding;
pub use words::{TitleIndex, TitlePlace};
pub(crate) use write::Writer;

/// Marks the file as ours: "GanA" in ASCII.
const APPLICATION_ID: i64 = 0x4761_6e41;

/// Version of the schema.
const VERSION: i64 = 1;

/// How long another program's writing is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// A store of tunes, open.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

impl Store {
    /// The store of this user: `ganainm/corpus.db` in the platform's data folder
    /// (`~/.local/share` on Linux).
    ///
    /// # Errors
    /// [`Error::NoDataFolder`] when the platform names none.
    pub fn default_path() -> Result<PathBuf, Error> {
        let platform = etcetera::choose_base_strategy().map_err(|_| Error::NoDataFolder)?;
        Ok(platform.data_dir().join("ganainm").join("corpus.db"))
    }

    /// Opens the store at `path`; makes an empty one, and its folder, where there is none.
    ///
    /// # Errors
    /// [`Error::NewerStore`] when a later version made it, [`Error::NotAStore`] when the file is
    /// something else, [`Error::Locked`], [`Error::ReadOnly`], [`Error::DiskFull`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
        }
        let opened = Connection::open_with_flags(path, OpenFlags::default());
        Self::prepare(opened, path)
    }

    /// Opens the store at `path` when there is one.
    ///
    /// # Errors
    /// [`Error::NoStore`] when there is none; otherwise as [`Store::open`].
    pub fn open_existing(path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            return Err(Error::NoStore { path: path.to_owned() });
        }
        Self::open(path)
    }

    /// An empty store in memory, which goes when it is dropped.
    ///
    /// # Errors
    /// [`Error::Database`] when memory is short.
    pub fn in_memory() -> Result<Self, Error> {
        Self::prepare(Connection::open_in_memory(), Path::new(":memory:"))
    }

    /// Where the store is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn prepare(opened: rusqlite::Result<Connection>, path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::database(path, error);
        let connection = opened.map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        // An import's pages stay in memory until it commits, so that readers are not shut out.
        connection.pragma_update(None, "cache_spill", false).map_err(failed)?;
        let mut store = Self { connection, path: path.to_owned() };
        store.check_version()?;
        Ok(store)
    }

    /// Makes the tables of an empty file; refuses files that are not ours or newer.
    fn check_version(&mut self) -> Result<(), Error> {
        if self.versions()? == (0, 0) && self.table_count()? == 0 {
            self.create()?;
        }
        let path = self.path.clone();
        match self.versions()? {
            (APPLICATION_ID, VERSION) => Ok(()),
            (APPLICATION_ID, found) => Err(Error::NewerStore { path, found, known: VERSION }),
            _ => Err(Error::NotAStore { path }),
        }
    }

    fn versions(&self) -> Result<(i64, i64), Error> {
        let pragma = |name| self.connection.pragma_query_value(None, name, |row| row.get(0));
        let both = || Ok((pragma("application_id")?, pragma("user_version")?));
        both().map_err(|error| Error::database(&self.path, error))
    }

    fn table_count(&self) -> Result<i64, Error> {
        let counted =
            self.connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0));
        counted.map_err(|error| Error::database(&self.path, error))
    }

    /// Makes the tables, unless another process did so in the meantime.
    fn create(&mut self) -> Result<(), Error> {
        let transaction = self.begin()?;
        let create = || {
            let tables = "SELECT count(*) FROM sqlite_schema";
            if transaction.query_row(tables, [], |row| row.get::<_, i64>(0))? == 0 {
                transaction.execute_batch(include_str!("schema.sql"))?;
                transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
                transaction.pragma_update(None, "user_version", VERSION)?;
            }
            transaction.commit()
        };
        create().map_err(|error| Error::database(&self.path, error))
    }

    /// Starts a transaction that may write; nothing of it is kept unless it is committed.
    pub(crate) fn begin(&self) -> Result<Transaction<'_>, Error> {
        Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
            .map_err(|error| Error::database(&self.path, error))
    }
}

#[cfg(test)]
mod tests;
