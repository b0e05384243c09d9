//! What a tune is once its ABC has been read.

use std::fmt;

use crate::duration::Duration;

/// A tune as written: its header, then its bars in the order in which they stand on the page.
///
/// Several voices are reduced to the first one that carries a melody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tune {
    /// Line of the `X:` field in the source, from 1.
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
    /// All other fields, in order, as (letter, text); continuation lines are joined.
    pub others: Vec<(char, String)>,
}

/// A metre such as 6/8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Metre {
    /// Beats, or for compound metres pulses, in a bar; the sum for additive metres (`2+3/8`).
    pub numerator: u32,
    /// The note value that is counted: 1, 2, 4, 8, 16...
    pub denominator: u32,
}

impl Metre {
    /// The length of a full bar.
    pub fn bar(self) -> Duration {
        Duration::new(self.numerator, self.denominator)
    }

    /// Whether beats divide in three (6/8, 9/8, 12/8...).
    pub fn is_compound(self) -> bool {
        self.numerator > 3 && self.numerator.is_multiple_of(3) && self.denominator >= 8
    }

    /// Whether a bar has three beats (3/4, 9/8, 3/2...).
    pub fn is_triple(self) -> bool {
        self.numerator == 3 || (self.is_compound() && self.numerator == 9)
    }

    /// The length of one beat: a dotted note in compound metres.
    pub fn beat(self) -> Duration {
        Duration::new(if self.is_compound() { 3 } else { 1 }, self.denominator)
    }
}

impl fmt::Display for Metre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

/// Church modes and their kin; `Ionian` is written and read as major, `Aeolian` as minor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Major.
    #[default]
    Ionian,
    /// Minor with a raised sixth.
    Dorian,
    /// Minor with a lowered second.
    Phrygian,
    /// Major with a raised fourth.
    Lydian,
    /// Major with a lowered seventh.
    Mixolydian,
    /// Natural minor.
    Aeolian,
    /// Minor with lowered second and fifth.
    Locrian,
}

/// A key: tonic, mode and the accidentals that it puts before the notes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Key {
    /// The tonic, or `None` for `K:none`, an empty `K:` and explicit signatures without a tonic.
    pub tonic: Option<Tonic>,
    /// The mode; Ionian where there is no tonic.
    pub mode: Mode,
    /// Semitones added to each letter, C D E F G A B: -1 flat, 0, 1 sharp. Includes explicit
    /// accidentals such as `K:D Phr ^f`.
    pub signature: [i8; 7],
}

/// A tonic by letter and accidental, so that C sharp and D flat differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tonic {
    /// 0 = C, 1 = D ... 6 = B.
    pub step: u8,
    /// Semitones added: -1, 0 or 1.
    pub alter: i8,
}

/// A sounding pitch with its spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pitch {
    /// 0 = C, 1 = D ... 6 = B.
    pub step: u8,
    /// Semitones added by key or accidental: -2..=2.
    pub alter: i8,
    /// Octave in scientific notation: the ABC letter `C` is in octave 4, `c` in octave 5.
    pub octave: i8,
}

impl Pitch {
    /// The MIDI number; middle C (ABC `C`) is 60. Clamped to 0..=127.
    pub fn midi(self) -> u8 {
        const STEPS: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
        let step = STEPS[usize::from(self.step) % 7];
        let midi = (i32::from(self.octave) + 1) * 12 + step + i32::from(self.alter);
        u8::try_from(midi.clamp(0, 127)).unwrap_or(0)
    }
}

/// A bar: what stands between two bar lines.
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
    /// The music ends without a bar line.
    Missing,
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
    /// A part starts (`P:A`).
    Part(String),
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
    pub chord: Vec<Pitch>,
    /// Grace notes before it, in order.
    pub grace: Vec<Pitch>,
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

/// Something that the reader could not make sense of, where it stood and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Line in the source, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The kind, for counting.
    pub kind: ComplaintKind,
    /// What stood there and what was done, as one clause.
    pub message: String,
}

/// Kinds of complaints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ComplaintKind {
    /// A field that means nothing here or has no sense in it.
    Field,
    /// A character in the music that stands for nothing.
    Character,
    /// A note length, tuplet or broken rhythm that does not add up.
    Rhythm,
    /// A chord, grace group, slur or text that is not closed.
    Unclosed,
    /// Repeats and endings that do not fit together.
    Repeat,
    /// A tie to nothing or to another pitch.
    Tie,
    /// Bytes that are neither UTF-8 nor ... decoded as Latin-1.
    Encoding,
    /// Notes missing altogether.
    Empty,
    /// Voices beside the melody that were left out.
    Voice,
}

impl ComplaintKind {
    /// Whether the notes as read may differ from what was meant.
    pub fn touches_notes(self) -> bool {
        matches!(self, Self::Character | Self::Rhythm | Self::Unclosed | Self::Empty)
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}
