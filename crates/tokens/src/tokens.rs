//! A tune as rows of features.

use abc::{Duration, Key, Tune};

use crate::builder::Builder;
use crate::error::Error;
use crate::feature::Feature;
use crate::key::KeyName;
use crate::metre::MetreName;
use crate::read;
use crate::sounding;
use crate::symbol::Symbol;
use crate::value::{self, Value};

/// What is known of a tune beside its ABC.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// Its dance type, where known better than by the `R:` field.
    pub dance_type: Option<&'a str>,
    /// The key in which it is played, where its source moved it to another.
    pub key: Option<Key>,
}

/// What a tune has before its first note.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    /// The key that the notes are in at first: that of the tune's header, unless it names one that
    /// the notes deny, see `docs/features.md`.
    pub key: KeyName,
    /// The key in which the tune is played; it stays as it is when the notes are transposed.
    pub played: KeyName,
    /// The metre at first.
    pub metre: MetreName,
    /// Unit note length, in whole notes.
    pub unit: Duration,
    /// Dance type in lower case.
    pub dance_type: Option<Box<str>>,
}

impl Head {
    /// The head of a tune as read.
    pub fn new(tune: &Tune, facts: &Facts<'_>) -> Self {
        let key = sounding::key(tune);
        Self {
            key,
            played: facts.key.map_or(key, KeyName::from),
            metre: tune.header.metre.into(),
            unit: tune.header.unit,
            dance_type: facts.dance_type.or(tune.header.rhythm.as_deref()).and_then(plain_name),
        }
    }
}

/// Lower case, with single spaces; `None` when nothing is left.
fn plain_name(name: &str) -> Option<Box<str>> {
    let words: Vec<String> = name
        .split(|c: char| c.is_whitespace() || c == '_' || c == '-')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    (!words.is_empty()).then(|| words.join(" ").into_boxed_str())
}

/// One note, rest, bar line or other symbol, with its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) symbol: Symbol,
    pub(crate) duration: Duration,
    /// Time since the bar line.
    pub(crate) position: Duration,
    /// Full bars since the part began.
    pub(crate) bar: i16,
    /// The bar in which the next row stands as far as is known.
    pub(crate) next_bar: i16,
    /// Index into the tune's keys.
    pub(crate) key: u16,
    /// Index into the tune's metres.
    pub(crate) metre: u16,
    /// Parts before this one.
    pub(crate) part: u8,
    /// Semitones from the note before; [`NO_INTERVAL`] where there is none.
    pub(crate) interval: i8,
    /// Beat strength of a note or rest, else [`NO_STRENGTH`](crate::place::NO_STRENGTH).
    pub(crate) strength: u8,
    /// Beat strength where the next row stands as far as is known.
    pub(crate) next_strength: u8,
    /// The rows that stood where the next row stands: four bars before, and in the part before.
    pub(crate) echoes: [Echo; 2],
}

/// An earlier row of the same tune, if any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Echo(Option<std::num::NonZeroU16>);

impl Echo {
    /// The row at this place; none beyond the 65,535th.
    pub(crate) fn of(row: Option<usize>) -> Self {
        Self(row.and_then(|row| u16::try_from(row + 1).ok()).and_then(std::num::NonZeroU16::new))
    }

    /// Its place.
    pub(crate) fn row(self) -> Option<usize> {
        self.0.map(|place| usize::from(place.get()) - 1)
    }
}

/// There is no note before.
pub(crate) const NO_INTERVAL: i8 = i8::MIN;

/// A tune as rows of features, from a start row to an end row.
///
/// Every row follows from the head and the (symbol, duration) pairs up to it, see [`Builder`].
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    pub(crate) head: Head,
    pub(crate) rows: Vec<Row>,
    /// Keys in the order in which they come into force, as written.
    pub(crate) keys: Vec<KeyName>,
    pub(crate) metres: Vec<MetreName>,
    /// Semitones by which notes and keys have been moved; the rows' notes have it worked in.
    pub(crate) shift: i8,
}

impl Tokens {
    /// The rows of a tune in written order: repeats and endings are symbols.
    ///
    /// # Errors
    /// [`Error::NoMelody`] if there is no note.
    pub fn new(tune: &Tune, facts: &Facts<'_>) -> Result<Self, Error> {
        let mut builder = Builder::of_tune(tune, facts)?;
        read::in_written_order(tune, |symbol, duration| builder.push(symbol, duration));
        builder.push(Symbol::End, Duration::ZERO);
        Ok(builder.finish())
    }

    /// The rows of a tune in playing order: repeats and endings are written out, each time as a
    /// part of its own.
    ///
    /// # Errors
    /// [`Error::NoMelody`] if there is no note.
    pub fn in_playing_order(tune: &Tune, facts: &Facts<'_>) -> Result<Self, Error> {
        let mut builder = Builder::of_tune(tune, facts)?;
        read::in_playing_order(tune, |symbol, duration| builder.push(symbol, duration));
        builder.push(Symbol::End, Duration::ZERO);
        Ok(builder.finish())
    }

    /// How many rows there are, start and end included.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows; never so of tokens that this crate made.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What stands before the first note, with the key that the notes are in now.
    pub fn head(&self) -> Head {
        Head { key: self.head.key.transposed(self.shift), ..self.head.clone() }
    }

    /// The key of the first row.
    pub fn key(&self) -> KeyName {
        self.head.key.transposed(self.shift)
    }

    /// The key in which the tune is played, wherever its notes are.
    pub fn played_key(&self) -> KeyName {
        self.head.played
    }

    /// The main symbol of a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn symbol(&self, row: usize) -> Symbol {
        match self.rows[row].symbol {
            Symbol::Key(key) => Symbol::Key(key.transposed(self.shift)),
            other => other,
        }
    }

    /// The duration of a row, in whole notes; zero where [`Symbol::has_duration`] says no.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn duration(&self, row: usize) -> Duration {
        self.rows[row].duration
    }

    /// The (symbol, duration) pairs that make the tune, start and end included.
    pub fn pairs(&self) -> impl Iterator<Item = (Symbol, Duration)> {
        (0..self.len()).map(|row| (self.symbol(row), self.duration(row)))
    }

    /// MIDI numbers of the lowest and the highest note; `None` without notes.
    pub fn range(&self) -> Option<(u8, u8)> {
        let notes = self.rows.iter().filter_map(Row::midi);
        notes.fold(None, |range, n| range.map_or(Some((n, n)), |(a, b)| Some((n.min(a), n.max(b)))))
    }

    /// Whether a feature has the same value in all rows, as those of the header have while neither
    /// key nor metre change.
    pub(crate) fn is_constant(&self, feature: Feature) -> bool {
        feature.is_header() && self.keys.len() == 1 && self.metres.len() == 1
    }

    /// The first `max` rows.
    #[must_use]
    pub fn truncated(mut self, max: usize) -> Self {
        self.rows.truncate(max);
        self
    }

    /// A number that tells this tune's tokens from others', the same on every machine.
    pub fn fingerprint(&self) -> u64 {
        let head = [
            Value::Key(self.key()).code(),
            Value::Key(self.head.played).code(),
            Value::Metre(self.head.metre).code(),
            Value::Duration(self.head.unit).code(),
            self.head.dance_type.as_deref().map_or(0, |name| Value::Name(name).code()),
        ];
        let rows = self.pairs().flat_map(|(s, d)| [s.code(), Value::Duration(d).code()]);
        value::fnv(head.into_iter().chain(rows).flat_map(u64::to_le_bytes))
    }
}

impl Row {
    /// The MIDI number of a note.
    pub(crate) fn midi(&self) -> Option<u8> {
        match self.symbol {
            Symbol::Note(midi) => Some(midi),
            _ => None,
        }
    }

    /// Where in the bar the next row stands as far as is known.
    pub(crate) fn next_position(&self) -> Duration {
        if self.symbol.closes_bar() {
            Duration::ZERO
        } else if self.symbol.is_timed() {
            self.position + self.duration
        } else {
            self.position
        }
    }
}
