//! What a tune is once its ABC has been read.

use crate::complaint::Complaint;
use crate::duration::Duration;
use crate::key::Key;
use crate::metre::Metre;
use crate::pitch::{Pitch, Pitches};

/// A tune as written: its header, then its bars in the order in which they stand on the page.
///
/// Several voices are reduced to the first one that carries a melody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tune {
    /// Line of the source where the tune starts (its `X:` field), from 1.
    pub line: u32,
    /// Information fields.
    pub header: Header,
    /// Bars as written; repeats and endings are marks on them, see [`Tune::unfold`].
    pub bars: Vec<Bar>,
    /// What could not be made sense of, in the order of the source.
    pub complaints: Vec<Complaint>,
}

/// Information fields of a tune.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// `X:` as written, empty when missing.
    pub number: String,
    /// `T:` fields, accents decoded, in order; empty ones are left out.
    pub titles: Vec<String>,
    /// `R:` as written (`reel`, `Slip Jig`).
    pub rhythm: Option<String>,
    /// `C:` fields.
    pub composers: Vec<String>,
    /// `M:` in force when the music starts; `None` when there is none (`M:none`, or no field).
    pub metre: Option<Metre>,
    /// `L:`, or the default that the metre gives (ABC 2.1, section 3.1.7).
    pub unit: Duration,
    /// `K:` in force when the music starts.
    pub key: Key,
    /// Playing order of the parts, `P:` in the header (`AABB`), as written.
    pub parts: Option<String>,
    /// All other fields, in order, as (letter, text); continuation lines are joined. Fields that
    /// only steer the reading (`U:`, `V:`, `m:`, instructions) are not among them.
    pub others: Vec<(char, String)>,
}

impl Header {
    /// The texts of all other fields of this letter, in order.
    ///
    /// ```
    /// let tune = abc::read_tune("X:1\nS:first\nZ:anyone\nS:second\nK:C\nC|");
    /// assert_eq!(tune.header.fields('S').collect::<Vec<_>>(), ["first", "second"]);
    /// ```
    pub fn fields(&self, letter: char) -> impl Iterator<Item = &str> {
        self.others.iter().filter(move |field| field.0 == letter).map(|field| field.1.as_str())
    }
}

/// A bar: what stands between two bar lines.
///
/// It holds a note or a rest at least: bar lines with nothing between them are one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bar {
    /// The numbers of the ending that starts here (`[1`, `|2`, `[1,3`), empty otherwise.
    pub ending: Vec<u8>,
    /// A repeat starts before this bar (`|:`).
    pub repeat_start: bool,
    /// Notes, rests and changes, in order.
    pub events: Vec<Event>,
    /// The line that closes it.
    pub close: BarLine,
}

impl Bar {
    /// The time that its notes and rests take.
    pub fn length(&self) -> Duration {
        self.events.iter().map(Event::duration).sum()
    }

    /// Its notes, in order.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        self.events.iter().filter_map(|event| match event {
            Event::Note(note) => Some(note),
            _ => None,
        })
    }

    /// The part that starts with this bar.
    pub fn part(&self) -> Option<&str> {
        self.events.iter().find_map(|event| match event {
            Event::Part(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// The bar line that closes a bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BarLine {
    /// How it is drawn.
    pub style: BarStyle,
    /// How often the passage before it is repeated: 0 for a plain line, 1 for `:|`, 2 for `::|`.
    pub repeat_end: u8,
}

/// How a bar line is drawn, apart from its repeat dots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BarStyle {
    /// `|`
    #[default]
    Thin,
    /// `||`
    Double,
    /// `|]`
    Final,
    /// `[|`
    Heavy,
    /// `.|` dotted or `[|]` invisible
    Faint,
    /// The music ends, or another part starts, without a bar line.
    Missing,
}

impl BarStyle {
    /// Whether the line ends a section of the tune: double, final and heavy lines do.
    pub fn ends_section(self) -> bool {
        matches!(self, Self::Double | Self::Final | Self::Heavy)
    }
}

/// What happens inside a bar.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A sounding note or chord.
    Note(Note),
    /// A silence: `z`, `x`, or `Z` (then it lasts the bars it stands for).
    Rest(Rest),
    /// From here on this key holds.
    Key(Key),
    /// From here on this metre holds; `None` for `M:none`.
    Metre(Option<Metre>),
    /// From here on this unit note length holds (it matters to the writer alone).
    Unit(Duration),
    /// A part starts (`P:A`); it stands before the notes of its bar.
    Part(String),
}

impl Event {
    /// The time it takes, none for changes.
    pub fn duration(&self) -> Duration {
        match self {
            Self::Note(note) => note.duration,
            Self::Rest(rest) => rest.duration,
            Self::Key(_) | Self::Metre(_) | Self::Unit(_) | Self::Part(_) => Duration::ZERO,
        }
    }

    /// The tuplet it belongs to.
    pub fn tuplet(&self) -> Option<Tuplet> {
        match self {
            Self::Note(note) => note.tuplet,
            Self::Rest(rest) => rest.tuplet,
            Self::Key(_) | Self::Metre(_) | Self::Unit(_) | Self::Part(_) => None,
        }
    }
}

/// A note, with its chord and grace notes.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The melody: of a chord, the highest note.
    pub pitch: Pitch,
    /// Sounding duration, tuplets and broken rhythm worked in.
    pub duration: Duration,
    /// The note is tied to the next one of the same pitch.
    pub tied: bool,
    /// The other notes of a chord, low to high.
    pub chord: Pitches,
    /// Grace notes before it, in order.
    pub grace: Pitches,
    /// The tuplet it belongs to.
    pub tuplet: Option<Tuplet>,
}

/// A silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Its duration, tuplets and broken rhythm worked in.
    pub duration: Duration,
    /// Whether it is printed (`z`) or not (`x`).
    pub visible: bool,
    /// The tuplet it belongs to.
    pub tuplet: Option<Tuplet>,
}

/// A note's place in a tuplet: `p` notes in the time of `q`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tuplet {
    /// Notes put...
    pub p: u8,
    /// ...into the time of this many.
    pub q: u8,
    /// Place in the tuplet, from 0.
    pub index: u8,
    /// How many notes the tuplet holds (`r` in ABC 2.1).
    pub length: u8,
}

impl Tuplet {
    /// What a note's written length is multiplied with.
    pub fn factor(self) -> Duration {
        Duration::new(u32::from(self.q), u32::from(self.p))
    }
}
