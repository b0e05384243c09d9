//! Full text of titles: which works have a title with these words, or with letters like them.
//!
//! Two FTS5 tables without content, one of words and one of trigrams, over folded titles. They are kept in the store with
//! the hash of the corpus for which they were made, and made anew when the corpus is another: after an import, or in a store
//! of an earlier version. Where the store cannot be written they are made in memory.

use rusqlite::{Connection, params};

use super::Store;
use crate::Error;
use crate::corpus::Corpus;

/// Kept tables of another version are made anew.
const VERSION: u32 = 1;

/// How a row's number holds its places: the work's above the title's.
const TITLE_BITS: u32 = 16;

/// A title, by its place in the corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TitlePlace {
    /// The place of the work among the corpus' works, from 0.
    pub work: usize,
    /// The place of the title among the work's titles, from 0.
    pub title: usize,
}

/// The words of all titles of a corpus, open for search.
#[derive(Debug)]
pub struct TitleIndex {
    store: Store,
}

impl TitleIndex {
    /// The index over the titles of `corpus`, which was loaded from this store; made where it is not there yet.
    ///
    /// # Errors
    /// [`Error::Database`] when the store is damaged.
    pub fn open(store: Store, corpus: &Corpus) -> Result<Self, Error> {
        let kept = kept_for(&store.connection).map_err(|e| Error::database(&store.path, e))?;
        let mut schema = "main";
        if kept.as_deref() != Some(&key(corpus)) {
            match store.keep_words(corpus) {
                Ok(()) => {}
                Err(Error::Locked { .. } | Error::ReadOnly { .. } | Error::DiskFull { .. }) => {
                    schema = "temp";
                    let made = make(&store.connection, corpus, schema);
                    made.map_err(|error| Error::database(&store.path, error))?;
                }
                Err(error) => return Err(error),
            }
        }
        let index = Self { store };
        index.named(index.store.connection.execute_batch(&format!(
            "CREATE VIRTUAL TABLE temp.title_terms USING fts5vocab({schema}, title_words, row)",
        )))?;
        Ok(index)
    }

    /// Every word of the titles, folded, with the number of titles that have it, in the order of the alphabet.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn words(&self) -> Result<Vec<(String, u32)>, Error> {
        let read = || {
            let query = "SELECT term, doc FROM title_terms ORDER BY term";
            let mut statement = self.store.connection.prepare(query)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        self.named(read())
    }

    /// Titles that have a word of every group, at most `most`, those with rare words and few others first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn with_all(&self, groups: &[Vec<String>], most: usize) -> Result<Vec<TitlePlace>, Error> {
        self.with(groups, " AND ", most)
    }

    /// Titles that have a word of some group, ordered as [`TitleIndex::with_all`].
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn with_any(&self, groups: &[Vec<String>], most: usize) -> Result<Vec<TitlePlace>, Error> {
        self.with(groups, " OR ", most)
    }

    /// Titles with some of the trigrams of a folded text, at most `most`, those with most of them first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn like(&self, folded: &str, most: usize) -> Result<Vec<TitlePlace>, Error> {
        let letters: Vec<char> = folded.chars().collect();
        let grams = letters.windows(3).map(|gram| quoted(&gram.iter().collect::<String>()));
        let query = grams.collect::<Vec<_>>().join(" OR ");
        self.matching("title_grams", &query, most)
    }

    fn with(
        &self,
        groups: &[Vec<String>],
        joint: &str,
        most: usize,
    ) -> Result<Vec<TitlePlace>, Error> {
        let group = |words: &Vec<String>| {
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            format!("({})", words.join(" OR "))
        };
        let groups: Vec<String> = groups.iter().filter(|g| !g.is_empty()).map(group).collect();
        self.matching("title_words", &groups.join(joint), most)
    }

    fn matching(&self, table: &str, query: &str, most: usize) -> Result<Vec<TitlePlace>, Error> {
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let read = || {
            let sql = format!(
                "SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rank, rowid LIMIT ?"
            );
            let mut statement = self.store.connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params![query, most as i64], |row| row.get(0))?;
            rows.map(|row| row.map(place)).collect()
        };
        self.named(read())
    }

    fn named<T>(&self, outcome: rusqlite::Result<T>) -> Result<T, Error> {
        outcome.map_err(|error| Error::database(&self.store.path, error))
    }
}

impl Store {
    /// Makes the tables in the store, whole or not at all.
    fn keep_words(&self, corpus: &Corpus) -> Result<(), Error> {
        let transaction = self.begin()?;
        let keep = || {
            make(&transaction, corpus, "main")?;
            transaction.execute_batch(
                "CREATE TABLE IF NOT EXISTS words_of (corpus TEXT NOT NULL); DELETE FROM words_of;",
            )?;
            transaction.execute("INSERT INTO words_of VALUES (?)", [key(corpus)])?;
            transaction.commit()
        };
        keep().map_err(|error| Error::database(&self.path, error))
    }
}

/// What kept tables are kept for.
fn key(corpus: &Corpus) -> String {
    format!("{VERSION}:{}", corpus.hash)
}

/// For what the store's tables were made; none where it has none.
fn kept_for(connection: &Connection) -> rusqlite::Result<Option<String>> {
    if !connection.table_exists(Some("main"), "words_of")? {
        return Ok(None);
    }
    let mut statement = connection.prepare("SELECT corpus FROM main.words_of")?;
    statement.query_map([], |row| row.get(0))?.next().transpose()
}

/// Makes the tables anew in `schema`.
fn make(connection: &Connection, corpus: &Corpus, schema: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "DROP TABLE IF EXISTS {schema}.title_words;
         DROP TABLE IF EXISTS {schema}.title_grams;
         CREATE VIRTUAL TABLE {schema}.title_words USING fts5(folded, content='', tokenize='unicode61');
         CREATE VIRTUAL TABLE {schema}.title_grams USING fts5(folded, content='', tokenize='trigram');"
    ))?;
    let insert = |table: &str| {
        connection.prepare(&format!("INSERT INTO {schema}.{table} (rowid, folded) VALUES (?, ?)"))
    };
    let (mut words, mut grams) = (insert("title_words")?, insert("title_grams")?);
    for (work, of_work) in corpus.works.iter().enumerate() {
        for (title, of_title) in of_work.titles.iter().enumerate().take(1 << TITLE_BITS) {
            let row = ((work << TITLE_BITS) | title) as i64;
            words.execute(params![row, of_title.folded])?;
            grams.execute(params![row, of_title.folded])?;
        }
    }
    Ok(())
}

fn place(row: i64) -> TitlePlace {
    let row = row as usize;
    TitlePlace { work: row >> TITLE_BITS, title: row & ((1 << TITLE_BITS) - 1) }
}

/// A text as FTS5 takes it literally.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImportOptions;

    fn add(store: &Store, name: &str, titles: &[&str]) {
        let mut book = String::new();
        for (n, title) in titles.iter().enumerate() {
            let notes: String = title.bytes().map(|b| char::from(b'A' + b % 7)).collect();
            book += &format!("X:{}\nT:{title}\nK:G\n{notes}|\n\n", n + 1);
        }
        store.import_bytes((name, book.into()), &ImportOptions::default(), &mut |_| ()).unwrap();
    }

    fn found(index: &TitleIndex, words: &[&str]) -> Vec<usize> {
        let groups: Vec<_> = words.iter().map(|word| vec![(*word).to_owned()]).collect();
        let mut works: Vec<usize> =
            index.with_all(&groups, 10).unwrap().into_iter().map(|p| p.work).collect();
        works.sort_unstable();
        works
    }

    fn open(path: &std::path::Path) -> TitleIndex {
        let store = Store::open_existing(path).unwrap();
        let corpus = store.load().unwrap();
        TitleIndex::open(store, &corpus).unwrap()
    }

    #[test]
    fn titles_are_found_by_words_and_by_letters() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        add(
            &Store::open(&path).unwrap(),
            "a.abc",
            &["Drowsy Maggie", "Sí Beag, Sí Mór", "Maggie's"],
        );
        let index = open(&path);
        assert_eq!(found(&index, &["maggie", "drowsy"]), [0]);
        assert_eq!(found(&index, &["mor"]), [1]);
        assert_eq!(index.like("drowsymaggie", 1).unwrap(), [TitlePlace { work: 0, title: 0 }]);
        assert!(index.like("zz", 10).unwrap().is_empty());
        assert_eq!(index.words().unwrap()[..2], [("beag".to_owned(), 1), ("drowsy".to_owned(), 1)]);
        assert!(found(&index, &["\" OR maggie"]).is_empty());
    }

    #[test]
    fn the_index_follows_imports() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        add(&Store::open(&path).unwrap(), "a.abc", &["Drowsy Maggie"]);
        assert_eq!(found(&open(&path), &["kesh"]), [0; 0]);
        add(&Store::open(&path).unwrap(), "b.abc", &["The Kesh"]);
        assert_eq!(found(&open(&path), &["kesh"]), [1]);
        assert_eq!(found(&open(&path), &["drowsy"]), [0]);
    }

    #[test]
    fn a_store_that_is_being_written_is_searched_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = Store::open(&path).unwrap();
        add(&writer, "a.abc", &["Drowsy Maggie"]);
        let corpus = writer.load().unwrap();
        let held = writer.begin().unwrap();
        let index = TitleIndex::open(Store::open_existing(&path).unwrap(), &corpus).unwrap();
        drop(held);
        assert_eq!(found(&index, &["maggie"]), [0]);
    }
}
