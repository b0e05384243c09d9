//! From the store to a [`Corpus`].

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Row;
use serde::Serialize;

use super::Store;
use crate::Error;
use crate::corpus::{Corpus, Setting, Work, id_order, most_common};
use crate::families::Families;
use crate::titles::{Title, TitleKind};

/// What the reader complained about in a tune, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file from which the tune was imported.
    pub file: String,
    /// The setting's id.
    pub setting: String,
    /// Line in the file, from 1; for a table, in the record's ABC.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The kind of complaint, in lower case.
    pub kind: String,
    /// What stood there and what was done.
    pub message: String,
}

/// Kept families of another version are computed anew.
const FAMILIES_VERSION: u32 = 1;

/// A row of the setting table with its titles.
struct Shelved {
    source: String,
    work: u32,
    titles: Vec<String>,
    setting: Setting,
}

impl Store {
    /// Loads everything. Families are taken from the store when they were computed for this very
    /// corpus; otherwise they are computed now, and kept if the store can be written.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::Database`].
    pub fn load(&self) -> Result<Corpus, Error> {
        let mut corpus = self.load_without_families()?;
        let kept = self.kept_families(&corpus).map_err(|e| Error::database(&self.path, e))?;
        if let Some(kept) = kept {
            corpus.assign_families(&kept);
        } else {
            corpus.find_families();
            match self.keep_families(&corpus) {
                Ok(())
                | Err(Error::Locked { .. } | Error::ReadOnly { .. } | Error::DiskFull { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(corpus)
    }

    /// Loads everything but the families: every work is in family 0. Families take time that grows with the square of the corpus,
    /// and who only searches needs none.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::Database`].
    pub fn load_without_families(&self) -> Result<Corpus, Error> {
        Ok(Corpus::new(self.works().map_err(|e| Error::database(&self.path, e))?))
    }

    /// Loads everything and computes the families anew, whatever the store has kept.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub fn load_with_new_families(&self) -> Result<(Corpus, Families), Error> {
        let mut corpus = self.load_without_families()?;
        let found = corpus.find_families();
        self.keep_families(&corpus)?;
        Ok((corpus, found))
    }

    /// All complaints about the tunes in the store, by source, work and line.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::Database`].
    pub fn findings(&self) -> Result<Vec<Finding>, Error> {
        let query = "SELECT file.name, s.source, s.work, s.setting, s.copy, c.line, c.column, \
                     c.kind, c.message FROM complaint c JOIN setting s ON s.id = c.setting \
                     JOIN file ON file.id = s.file \
                     ORDER BY s.source, s.work, s.setting, s.copy, c.rowid";
        let finding = |row: &Row<'_>| {
            Ok(Finding {
                file: row.get(0)?,
                setting: setting_id(
                    &row.get::<_, String>(1)?,
                    [row.get(2)?, row.get(3)?, row.get(4)?],
                ),
                line: row.get(5)?,
                column: row.get(6)?,
                kind: row.get(7)?,
                message: row.get(8)?,
            })
        };
        let found =
            || self.connection.prepare(query)?.query_map([], finding)?.collect::<Result<_, _>>();
        found().map_err(|error| Error::database(&self.path, error))
    }

    fn works(&self) -> rusqlite::Result<Vec<Work>> {
        let mut aliases = self.aliases()?;
        let popularity = self.popularity()?;
        let mut works: Vec<Work> = Vec::new();
        let settings = self.settings()?;
        let of_one = |a: &Shelved, b: &Shelved| (&a.source, a.work) == (&b.source, b.work);
        let mut rest = settings.into_iter().peekable();
        while let Some(first) = rest.next() {
            let mut shelved = vec![first];
            while let Some(next) = rest.next_if(|next| of_one(&shelved[0], next)) {
                shelved.push(next);
            }
            let key = (shelved[0].source.clone(), shelved[0].work);
            let others = aliases.remove(&key).unwrap_or_default();
            works.push(Work { popularity: popularity.get(&key).copied(), ..work(shelved, others) });
        }
        Ok(works)
    }

    fn settings(&self) -> rusqlite::Result<Vec<Shelved>> {
        let mut titles: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        let mut statement = self
            .connection
            .prepare("SELECT setting, text FROM title ORDER BY setting, position")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            titles.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        let query = "SELECT id, source, work, setting, copy, abc, dance_type, metre, key, \
                     key_as_played FROM setting ORDER BY source, work, setting, copy";
        let shelved = |row: &Row<'_>| {
            let source: String = row.get(1)?;
            let work = row.get(2)?;
            let setting = Setting {
                id: setting_id(&source, [work, row.get(3)?, row.get(4)?]),
                abc: row.get(5)?,
                dance_type: row.get(6)?,
                metre: row.get(7)?,
                key: row.get(8)?,
                key_as_played: row.get(9)?,
            };
            let titles = titles.remove(&row.get(0)?).unwrap_or_default();
            Ok(Shelved { source, work, titles, setting })
        };
        self.connection.prepare(query)?.query_map([], shelved)?.collect()
    }

    fn aliases(&self) -> rusqlite::Result<BTreeMap<(String, u32), Vec<String>>> {
        let mut aliases: BTreeMap<(String, u32), Vec<String>> = BTreeMap::new();
        let query = "SELECT source, work, text FROM alias ORDER BY source, work, text";
        let mut statement = self.connection.prepare(query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            aliases.entry((row.get(0)?, row.get(1)?)).or_default().push(row.get(2)?);
        }
        Ok(aliases)
    }

    fn popularity(&self) -> rusqlite::Result<BTreeMap<(String, u32), u32>> {
        let mut statement =
            self.connection.prepare("SELECT source, work, tunebooks FROM popularity")?;
        let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
        rows.collect()
    }

    /// The family of each work, if the store has those of this corpus.
    fn kept_families(&self, corpus: &Corpus) -> rusqlite::Result<Option<Vec<u32>>> {
        let mut statement = self.connection.prepare("SELECT corpus FROM family_of")?;
        let hashes: Vec<String> =
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        if hashes != [families_key(corpus)] {
            return Ok(None);
        }
        let query = "SELECT family FROM family ORDER BY source, work";
        let families: Vec<u32> = self
            .connection
            .prepare(query)?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(Some(families).filter(|families| families.len() == corpus.works.len()))
    }

    fn keep_families(&self, corpus: &Corpus) -> Result<(), Error> {
        let transaction = self.begin()?;
        let keep = || {
            transaction.execute_batch("DELETE FROM family; DELETE FROM family_of;")?;
            transaction.execute("INSERT INTO family_of VALUES (?)", [families_key(corpus)])?;
            let mut insert = transaction.prepare("INSERT INTO family VALUES (?, ?, ?)")?;
            for work in &corpus.works {
                let (source, number) = id_order(&work.id);
                insert.execute((source, number as i64, work.family))?;
            }
            drop(insert);
            transaction.commit()
        };
        keep().map_err(|error| Error::database(&self.path, error))
    }
}

/// What kept families are kept for.
fn families_key(corpus: &Corpus) -> String {
    format!("{FAMILIES_VERSION}:{}", corpus.hash)
}

/// The work that these settings make, with further aliases.
fn work(shelved: Vec<Shelved>, aliases: Vec<String>) -> Work {
    let id = format!("{}:{}", shelved[0].source, shelved[0].work);
    let fields = shelved.iter().flat_map(|shelved| &shelved.titles);
    let mut seen = BTreeSet::new();
    let mut titles: Vec<Title> = Vec::new();
    for text in fields.chain(&aliases) {
        let kind = if titles.is_empty() { TitleKind::Name } else { TitleKind::Alias };
        let title = Title::new(text, kind);
        if seen.insert(title.folded.clone()) {
            titles.push(title);
        }
    }
    let settings: Vec<Setting> = shelved.into_iter().map(|shelved| shelved.setting).collect();
    let types = settings.iter().filter_map(|setting| setting.dance_type.as_deref());
    let dance_type = most_common(types).map(str::to_owned);
    Work { id, titles, settings, dance_type, ..Work::default() }
}

/// `source:work#setting`, and the copy where there are several.
fn setting_id(source: &str, [work, setting, copy]: [u32; 3]) -> String {
    match copy {
        1 => format!("{source}:{work}#{setting}"),
        _ => format!("{source}:{work}#{setting}.{copy}"),
    }
}
