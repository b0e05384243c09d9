//! The index as one file beside the store.
//!
//! After a mark, the version, and the state of the store come the parts of the index one after another: counts and numbers
//! in little-endian order, texts with their lengths before them. A file that is not whole or of another version is
//! built anew, never an error.

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::NameError;
use super::grams::Grams;
use super::index::{Index, SettingEntry, WorkEntry};
use super::vectors::ExactVectors;

/// The mark of the file, and its version.
const MARK: &[u8; 12] = b"GanAinmIdx\x00\x01";

/// What the file system and SQLite say of a store: when all of it is the same, so is the corpus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State([u64; 3]);

impl State {
    /// The state of a store: length, time of the last change, and SQLite's count of changes.
    pub(crate) fn of(store: &Path) -> Option<Self> {
        use std::io::Read;
        let mut file = std::fs::File::open(store).ok()?;
        let facts = file.metadata().ok()?;
        let changed = facts.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos() as u64;
        let mut head = [0; 28];
        file.read_exact(&mut head).ok()?;
        let count = u32::from_be_bytes(*head.last_chunk()?);
        Some(Self([facts.len(), changed, u64::from(count)]))
    }
}

/// Where the index of a store is kept.
pub(crate) fn path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".index");
    name.into()
}

/// Writes an index, whole or not at all.
pub(crate) fn write(store: &Path, (state, index): (State, &Index)) -> Result<(), NameError> {
    let path = path(store);
    let failed = |source| NameError::Io { path: path.clone(), source };
    corpus::atomic_write(&path, |out| {
        let mut writer = Writer { out };
        writer.index(state, index).map_err(failed)
    })
}

/// Reads the index of a store; `None` when there is none, or none of this version.
pub(crate) fn read(store: &Path) -> Option<(State, Index)> {
    let bytes = std::fs::read(path(store)).ok()?;
    let mut reader = Reader { rest: bytes.strip_prefix(MARK)? };
    let found = reader.index()?;
    reader.rest.is_empty().then_some(found)
}

struct Writer<'w> {
    out: &'w mut dyn Write,
}

impl Writer<'_> {
    fn index(&mut self, State(state): State, index: &Index) -> std::io::Result<()> {
        self.out.write_all(MARK)?;
        for number in state {
            self.out.write_all(&number.to_le_bytes())?;
        }
        self.text(&index.hash)?;
        self.number(index.works.len())?;
        for work in &index.works {
            self.text(&work.id)?;
            self.text(&work.title)?;
            self.numbers([work.settings.start, work.settings.end].into_iter())?;
        }
        self.number(index.settings.len())?;
        for setting in &index.settings {
            self.text(&setting.id)?;
            let (steps, abc) = (&setting.steps, &setting.abc);
            let numbers = [setting.work, steps.start, steps.end, abc.start, abc.end];
            self.numbers(numbers.into_iter())?;
        }
        self.number(index.steps.len())?;
        for step in &index.steps {
            self.out.write_all(&step.to_le_bytes())?;
        }
        self.text(&index.abc)?;
        for grams in &index.grams {
            self.list(&grams.keys)?;
            self.list(&grams.starts)?;
            self.list(&grams.postings)?;
            self.floats(&grams.norms)?;
        }
        let (dimensions, ids, rows) = index.vectors.parts();
        self.number(dimensions)?;
        self.list(ids)?;
        self.floats(rows)
    }

    fn number(&mut self, number: usize) -> std::io::Result<()> {
        self.out.write_all(&(number as u64).to_le_bytes())
    }

    fn numbers(&mut self, mut numbers: impl Iterator<Item = u32>) -> std::io::Result<()> {
        numbers.try_for_each(|number| self.out.write_all(&number.to_le_bytes()))
    }

    fn list(&mut self, numbers: &[u32]) -> std::io::Result<()> {
        self.number(numbers.len())?;
        self.numbers(numbers.iter().copied())
    }

    fn floats(&mut self, numbers: &[f32]) -> std::io::Result<()> {
        self.number(numbers.len())?;
        self.numbers(numbers.iter().map(|number| number.to_bits()))
    }

    fn text(&mut self, text: &str) -> std::io::Result<()> {
        self.number(text.len())?;
        self.out.write_all(text.as_bytes())
    }
}

struct Reader<'r> {
    rest: &'r [u8],
}

impl<'r> Reader<'r> {
    fn index(&mut self) -> Option<(State, Index)> {
        let state = State([self.long()?, self.long()?, self.long()?]);
        let mut index = Index { hash: self.text()?.to_owned(), ..Index::default() };
        for _ in 0..self.number()? {
            let (id, title) = (self.text()?.to_owned(), self.text()?.to_owned());
            index.works.push(WorkEntry { id, title, settings: self.range()? });
        }
        for _ in 0..self.number()? {
            let (id, work) = (self.text()?.to_owned(), self.short()?);
            let (steps, abc) = (self.range()?, self.range()?);
            index.settings.push(SettingEntry { id, work, steps, abc });
        }
        let steps = self.number()?.checked_mul(2)?;
        let steps = self.bytes(steps)?.as_chunks::<2>().0;
        index.steps = steps.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect();
        index.abc = self.text()?.to_owned();
        for grams in &mut index.grams {
            *grams = Grams {
                keys: self.list(u32::from_le_bytes)?,
                starts: self.list(u32::from_le_bytes)?,
                postings: self.list(u32::from_le_bytes)?,
                norms: self.list(f32::from_le_bytes)?,
            };
        }
        let dimensions = self.number()?;
        let (ids, rows) = (self.list(u32::from_le_bytes)?, self.list(f32::from_le_bytes)?);
        index.vectors = ExactVectors::from_parts(dimensions, ids, rows)?;
        Some((state, index))
    }

    fn bytes(&mut self, count: usize) -> Option<&'r [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(bytes)
    }

    fn long(&mut self) -> Option<u64> {
        self.bytes(8).and_then(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?)))
    }

    fn short(&mut self) -> Option<u32> {
        self.bytes(4).and_then(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)))
    }

    fn number(&mut self) -> Option<usize> {
        usize::try_from(self.long()?).ok()
    }

    fn range(&mut self) -> Option<Range<u32>> {
        Some(self.short()?..self.short()?)
    }

    fn text(&mut self) -> Option<&'r str> {
        let length = self.number()?;
        std::str::from_utf8(self.bytes(length)?).ok()
    }

    fn list<T>(&mut self, from: impl Fn([u8; 4]) -> T) -> Option<Vec<T>> {
        let length = self.number()?.checked_mul(4)?;
        Some(self.bytes(length)?.as_chunks::<4>().0.iter().map(|bytes| from(*bytes)).collect())
    }
}
