//! What an import writes, all in one transaction.

use rusqlite::{OptionalExtension, Transaction, params};

use super::Store;
use crate::Error;
use crate::import::{Draft, Place, Shelf};

/// An import under way; dropped without [`Writer::commit`] it leaves no trace.
pub(crate) struct Writer<'s> {
    transaction: Transaction<'s>,
    store: &'s Store,
}

impl Store {
    /// Starts an import.
    pub(crate) fn writer(&self) -> Result<Writer<'_>, Error> {
        Ok(Writer { transaction: self.begin()?, store: self })
    }
}

impl Writer<'_> {
    /// What a source has so far.
    pub(crate) fn shelf(&self, source: &str) -> Result<Shelf, Error> {
        let read = || {
            let mut shelf = Shelf::default();
            let query = "SELECT s.id, s.work, s.setting, s.copy, s.content, s.melody, \
                         s.from_dump, (SELECT t.text FROM title t WHERE t.setting = s.id \
                         AND t.position = 0) FROM setting s WHERE s.source = ? \
                         ORDER BY s.work, s.setting, s.copy";
            let mut statement = self.transaction.prepare(query)?;
            let mut rows = statement.query([source])?;
            while let Some(row) = rows.next()? {
                let place = Place { work: row.get(1)?, setting: row.get(2)?, copy: row.get(3)? };
                let title: Option<String> = row.get(7)?;
                shelf.put(place, (row.get(4)?, row.get(5)?), title.as_deref());
                if row.get(6)? {
                    shelf.put_dump_row(place, row.get(0)?);
                }
            }
            Ok(shelf)
        };
        self.named(read())
    }

    /// The number of the file of this name.
    pub(crate) fn file(&self, name: &str) -> Result<i64, Error> {
        let write = || {
            let known = self
                .transaction
                .query_row("SELECT id FROM file WHERE name = ?", [name], |row| row.get(0))
                .optional()?;
            if let Some(known) = known {
                return Ok(known);
            }
            self.transaction.execute("INSERT INTO file (name) VALUES (?)", [name])?;
            Ok(self.transaction.last_insert_rowid())
        };
        self.named(write())
    }

    /// Puts a setting in its place.
    pub(crate) fn setting(&self, draft: &Draft, place: Place, file: i64) -> Result<i64, Error> {
        let write = || {
            let facts = &draft.facts;
            let mut insert = self.transaction.prepare_cached(
                "INSERT INTO setting (source, work, setting, copy, content, melody, file, line, \
                 from_dump, abc, dance_type, metre, key, key_as_played) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            insert.execute(params![
                draft.source,
                place.work,
                place.setting,
                place.copy,
                draft.content,
                facts.melody,
                file,
                draft.line,
                draft.from_dump,
                draft.abc,
                facts.dance_type,
                facts.metre,
                facts.key,
                facts.key_as_played,
            ])?;
            let id = self.transaction.last_insert_rowid();
            let mut insert =
                self.transaction.prepare_cached("INSERT INTO title VALUES (?, ?, ?)")?;
            for (position, title) in facts.titles.iter().enumerate() {
                insert.execute(params![id, position as i64, title])?;
            }
            let mut insert =
                self.transaction.prepare_cached("INSERT INTO complaint VALUES (?, ?, ?, ?, ?)")?;
            for complaint in &draft.complaints {
                let kind = crate::import::kind_name(complaint.kind);
                insert.execute(params![
                    id,
                    complaint.line,
                    complaint.column,
                    kind,
                    complaint.message
                ])?;
            }
            Ok(id)
        };
        self.named(write())
    }

    /// Takes a setting out, its titles and complaints with it.
    pub(crate) fn remove(&self, id: i64) -> Result<(), Error> {
        let remove = || {
            self.transaction.execute("DELETE FROM title WHERE setting = ?", [id])?;
            self.transaction.execute("DELETE FROM complaint WHERE setting = ?", [id])?;
            self.transaction.execute("DELETE FROM setting WHERE id = ?", [id])
        };
        self.named(remove()).map(|_| ())
    }

    /// Adds an alias; whether it is a new one.
    pub(crate) fn alias(&self, source: &str, work: u32, text: &str) -> Result<bool, Error> {
        let write = || {
            let sql = "INSERT OR IGNORE INTO alias VALUES (?, ?, ?)";
            self.transaction.prepare_cached(sql)?.execute(params![source, work, text])
        };
        Ok(self.named(write())? > 0)
    }

    /// Sets in how many tunebooks a work is; whether that was news.
    pub(crate) fn popularity(&self, source: &str, work: u32, count: u32) -> Result<bool, Error> {
        let write = || {
            let sql = "INSERT INTO popularity VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE \
                       SET tunebooks = ?3 WHERE tunebooks <> ?3";
            self.transaction.prepare_cached(sql)?.execute(params![source, work, count])
        };
        Ok(self.named(write())? > 0)
    }

    /// How many works there are.
    pub(crate) fn work_count(&self) -> Result<usize, Error> {
        let sql = "SELECT count(*) FROM (SELECT DISTINCT source, work FROM setting)";
        let count = self.transaction.query_row(sql, [], |row| row.get::<_, i64>(0));
        Ok(self.named(count)? as usize)
    }

    /// Makes everything written permanent.
    pub(crate) fn commit(self) -> Result<(), Error> {
        let path = self.store.path.clone();
        self.transaction.commit().map_err(|error| Error::database(&path, error))
    }

    fn named<T>(&self, outcome: rusqlite::Result<T>) -> Result<T, Error> {
        outcome.map_err(|error| Error::database(&self.store.path, error))
    }
}
