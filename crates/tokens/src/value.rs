//! The value of a feature in a row.

use std::cmp::Ordering;
use std::fmt;

use abc::{Duration, Mode};

use crate::feature::Feature;
use crate::key::{self, KeyName, Root};
use crate::metre::MetreName;
use crate::symbol::{self, Symbol};

/// What a feature says of a row; its text reads back with [`Value::parse`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// The feature has nothing to say here.
    Absent,
    /// A main symbol.
    Symbol(Symbol),
    /// A count, a MIDI number, a place on a scale.
    Number(i32),
    /// A length or a place in whole notes.
    Duration(Duration),
    /// Yes or no.
    Flag(bool),
    /// A key.
    Key(KeyName),
    /// A tonic.
    Root(Root),
    /// A mode.
    Mode(Mode),
    /// A metre.
    Metre(MetreName),
    /// A word, such as a dance type.
    Name(&'a str),
}

impl<'a> Value<'a> {
    /// Reads a value of `feature` as [`fmt::Display`] writes it; `None` if it makes no sense.
    pub fn parse(feature: Feature, text: &'a str) -> Option<Self> {
        use Feature as F;
        match feature {
            F::Symbol | F::PhraseEcho | F::PartEcho => Symbol::parse(text).map(Self::Symbol),
            F::Duration
            | F::BarPosition
            | F::NextPosition
            | F::PhraseEchoDuration
            | F::PartEchoDuration
            | F::UnitLength => symbol::parse_duration(text).map(Self::Duration),
            F::Pitch
            | F::PitchClass
            | F::Octave
            | F::Degree
            | F::Interval
            | F::BarIndex
            | F::BarIndexMod4
            | F::Part
            | F::BeatStrength
            | F::NextBarIndex
            | F::NextBarIndexMod4
            | F::NextBeatStrength
            | F::Signature
            | F::PlayedSignature
            | F::Numerator
            | F::Denominator => text.parse().ok().map(Self::Number),
            F::IsOnBeat | F::IsMiddleBeat | F::Compound | F::Triple => match text {
                "no" => Some(Self::Flag(false)),
                "yes" => Some(Self::Flag(true)),
                _ => None,
            },
            F::Key | F::PlayedKey => KeyName::parse(text).map(Self::Key),
            F::Root | F::PlayedRoot => Root::parse(text).map(Self::Root),
            F::Mode => key::parse_mode(text).map(Self::Mode),
            F::Metre => MetreName::parse(text).map(Self::Metre),
            F::DanceType => (!text.is_empty()).then_some(Self::Name(text)),
        }
    }

    /// A number of its own for every value of one feature; words by a 64-bit hash.
    pub(crate) fn code(self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Symbol(symbol) => symbol.code(),
            Self::Number(number) => 1 + u64::from(number.wrapping_sub(i32::MIN) as u32),
            Self::Duration(d) => u64::from(d.num()) << 32 | u64::from(d.den()),
            Self::Flag(flag) => 1 + u64::from(flag),
            Self::Key(key) => 1 + key.code(),
            Self::Root(root) => 1 + u64::from(root.fifths().wrapping_add(64).unsigned_abs()),
            Self::Mode(mode) => 1 + mode as u64,
            Self::Metre(metre) => 1 + metre.code(),
            Self::Name(name) => fnv(name.bytes()),
        }
    }

    /// The order in which vocabularies list values: durations by length, words by letter.
    pub(crate) fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Duration(a), Self::Duration(b)) => a.cmp(&b),
            (Self::Name(a), Self::Name(b)) => a.cmp(b),
            _ => self.code().cmp(&other.code()),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => Ok(()),
            Self::Symbol(symbol) => symbol.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Duration(duration) => duration.fmt(f),
            Self::Flag(flag) => f.write_str(if *flag { "yes" } else { "no" }),
            Self::Key(key) => key.fmt(f),
            Self::Root(root) => root.fmt(f),
            Self::Mode(mode) => f.write_str(key::mode_name(*mode)),
            Self::Metre(metre) => metre.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// FNV-1a, 64 bits: the same on every machine and in every version.
pub(crate) fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
