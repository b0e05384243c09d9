//! The index as one file beside the store.
//!
//! After a mark and the version come the state of the store, what the vectors are made by, and the parts of the index one after
//! another: counts and numbers in little-endian order, texts with their lengths before them; at the end a checksum (CRC-32)
//! of all that. A file that is damaged, not whole or of another version is built anew, never an error.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Take, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rustc_hash::FxHashMap;

use super::grams::Grams;
use super::index::{Index, SettingEntry, WorkEntry};
use super::vectors::ExactVectors;
use super::{NameError, dense};

/// The mark of the file, and its version.
const MARK: &[u8; 12] = b"GanAinmIdx\x00\x04";

/// Bytes of the checksum at the end.
const SUM: usize = 4;

/// Bytes that are read or written at a time.
const BUFFER: usize = 1 << 16;

/// What the file system and SQLite say of a store: when all of it is the same, so is the corpus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State([u64; 3]);

impl State {
    /// The state of a store: length, time of the last change, and SQLite's count of changes.
    pub(crate) fn of(store: &Path) -> Option<Self> {
        let mut file = File::open(store).ok()?;
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
        let mut out = BufWriter::with_capacity(BUFFER, Summed::new(out));
        Writer { out: &mut out }.index(state, index).map_err(failed)?;
        let summed = out.into_inner().map_err(|error| failed(error.into_error()))?;
        let sum = summed.sum.finalize().to_le_bytes();
        summed.inner.write_all(&sum).map_err(failed)
    })
}

/// Reads the index of a store; `None` when there is none, none of this version, or a damaged one.
pub(crate) fn read(store: &Path) -> Option<(State, Index)> {
    let file = File::open(path(store)).ok()?;
    let length = usize::try_from(file.metadata().ok()?.len()).ok()?.checked_sub(SUM)?;
    let summed = Summed::new(file.take(length as u64));
    let mut reader = Reader { input: BufReader::with_capacity(BUFFER, summed), left: length };
    // What is made of damaged bytes is only looked at when their checksum is right.
    let found = reader.index().filter(|_| reader.left == 0)?;
    let Summed { inner, sum } = reader.input.into_inner();
    let mut expected = [0; SUM];
    inner.into_inner().read_exact(&mut expected).ok()?;
    (sum.finalize().to_le_bytes() == expected).then_some(found)
}

/// What is read or written, with its checksum.
struct Summed<T> {
    inner: T,
    sum: crc32fast::Hasher,
}

impl<T> Summed<T> {
    fn new(inner: T) -> Self {
        Self { inner, sum: crc32fast::Hasher::new() }
    }
}

impl<T: Write> Write for Summed<T> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.sum.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Summed<T> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(bytes)?;
        self.sum.update(&bytes[..count]);
        Ok(count)
    }
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
        self.text(&dense::making())?;
        self.text(&index.hash)?;
        self.number(index.works.len())?;
        for work in &index.works {
            self.text(&work.id)?;
            self.text(&work.title)?;
            self.text(work.dance_type.unwrap_or_default())?;
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

struct Reader {
    input: BufReader<Summed<Take<File>>>,
    /// Bytes that are still to come: no damaged count asks for more.
    left: usize,
}

impl Reader {
    fn index(&mut self) -> Option<(State, Index)> {
        if self.array::<{ MARK.len() }>()? != *MARK {
            return None;
        }
        let state = State([self.long()?, self.long()?, self.long()?]);
        if self.text()? != dense::making() {
            return None;
        }
        let mut index = Index { hash: self.text()?, ..Index::default() };
        let mut types: FxHashMap<String, Option<&'static str>> = FxHashMap::default();
        for _ in 0..self.number()? {
            let (id, title) = (self.text()?, self.text()?);
            let known = types.entry(self.text()?);
            let dance_type = *known.or_insert_with_key(|text| corpus::dance_type(text));
            index.works.push(WorkEntry { id, title, dance_type, settings: self.range()? });
        }
        for _ in 0..self.number()? {
            let (id, work) = (self.text()?, self.short()?);
            let (steps, abc) = (self.range()?, self.range()?);
            index.settings.push(SettingEntry { id, work, steps, abc });
        }
        index.steps = self.list(i16::from_le_bytes)?;
        index.abc = self.text()?;
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

    fn fill(&mut self, bytes: &mut [u8]) -> Option<()> {
        self.left = self.left.checked_sub(bytes.len())?;
        self.input.read_exact(bytes).ok()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Some(bytes)
    }

    fn long(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn short(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn number(&mut self) -> Option<usize> {
        usize::try_from(self.long()?).ok()
    }

    fn range(&mut self) -> Option<Range<u32>> {
        Some(self.short()?..self.short()?)
    }

    /// A count of things of so many bytes each, if so many can still come.
    fn count(&mut self, size: usize) -> Option<usize> {
        self.number().filter(|count| count.checked_mul(size).is_some_and(|all| all <= self.left))
    }

    fn text(&mut self) -> Option<String> {
        let mut bytes = vec![0; self.count(1)?];
        self.fill(&mut bytes)?;
        String::from_utf8(bytes).ok()
    }

    fn list<const N: usize, T>(&mut self, from: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
        let count = self.count(N)?;
        let mut list = Vec::with_capacity(count);
        let mut buffer = vec![0; BUFFER.min(count * N)];
        while list.len() < count {
            let bytes = (count - list.len()).min(BUFFER / N) * N;
            let part = &mut buffer[..bytes];
            self.fill(part)?;
            list.extend(part.as_chunks::<N>().0.iter().map(|bytes| from(*bytes)));
        }
        Some(list)
    }
}
