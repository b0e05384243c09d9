//! What a row can stand for.

use std::fmt;

use abc::{BarStyle, Duration};

use crate::key::KeyName;
use crate::metre::MetreName;

/// The main symbol of a row; together with a duration it is all that a tune is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// The tune starts.
    Start,
    /// The tune is over.
    End,
    /// A note by its MIDI number, with a duration.
    Note(u8),
    /// A silence, with a duration.
    Rest,
    /// The note before is held on into the next one.
    Tie,
    /// What follows up to the bar line is short and ends a bar; the duration is its length.
    Pickup,
    /// A bar line without repeat dots; [`BarStyle::Missing`] has no symbol.
    Bar(BarStyle),
    /// `|:`
    RepeatStart,
    /// `:|` for once more, `::|` for twice...
    RepeatEnd(u8),
    /// An ending: `[1`, `[1,3`.
    Ending(Endings),
    /// `p` notes in the time of `q` for the next `r` notes: `(3:2:3`. The notes' durations have
    /// this worked in.
    Tuplet {
        /// Notes put...
        p: u8,
        /// ...into the time of this many...
        q: u8,
        /// ...for so many notes.
        r: u8,
    },
    /// From here on this key holds.
    Key(KeyName),
    /// From here on this metre holds.
    Metre(MetreName),
}

impl Symbol {
    /// Whether time passes in this row.
    pub fn is_timed(self) -> bool {
        matches!(self, Self::Note(_) | Self::Rest)
    }

    /// Whether the row's duration means something: time that passes, or the length of a pickup.
    pub fn has_duration(self) -> bool {
        self.is_timed() || self == Self::Pickup
    }

    /// Whether this closes a bar.
    pub fn closes_bar(self) -> bool {
        matches!(self, Self::Bar(_) | Self::RepeatEnd(_))
    }

    /// Whether a part may end with it: a repeat or a bar line of two strokes.
    pub fn closes_part(self) -> bool {
        match self {
            Self::Bar(style) => style.ends_section(),
            other => matches!(other, Self::RepeatEnd(_)),
        }
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "start" => Self::Start,
            "end" => Self::End,
            "rest" => Self::Rest,
            "-" => Self::Tie,
            "pickup" => Self::Pickup,
            "|:" => Self::RepeatStart,
            _ => return parse_bar(text).or_else(|| parse_with_number(text)),
        })
    }

    /// A number of its own for every symbol, in the order in which vocabularies list them.
    pub(crate) fn code(self) -> u64 {
        let (kind, rest) = match self {
            Self::Start => (1, 0),
            Self::End => (2, 0),
            Self::Rest => (3, 0),
            Self::Tie => (4, 0),
            Self::Pickup => (5, 0),
            Self::Bar(style) => (6, style as u64),
            Self::RepeatStart => (7, 0),
            Self::RepeatEnd(times) => (8, times.into()),
            Self::Ending(Endings(mask)) => (9, mask.into()),
            Self::Tuplet { p, q, r } => (10, u64::from(p) << 16 | u64::from(q) << 8 | u64::from(r)),
            Self::Note(midi) => (11, midi.into()),
            Self::Key(key) => (12, key.code()),
            Self::Metre(metre) => (13, metre.code()),
        };
        kind << 32 | rest
    }
}

const BARS: [(BarStyle, &str); 5] = [
    (BarStyle::Thin, "|"),
    (BarStyle::Double, "||"),
    (BarStyle::Final, "|]"),
    (BarStyle::Heavy, "[|"),
    (BarStyle::Faint, ".|"),
];

fn parse_bar(text: &str) -> Option<Symbol> {
    BARS.iter().find(|(_, name)| *name == text).map(|(style, _)| Symbol::Bar(*style))
}

fn parse_with_number(text: &str) -> Option<Symbol> {
    if let Some(midi) = text.strip_prefix("note") {
        return Some(Symbol::Note(midi.parse().ok().filter(|&m| m < 128)?));
    }
    if let Some(key) = text.strip_prefix("K:") {
        return KeyName::parse(key).map(Symbol::Key);
    }
    if let Some(metre) = text.strip_prefix("M:") {
        return MetreName::parse(metre).map(Symbol::Metre);
    }
    if let Some(numbers) = text.strip_prefix('[') {
        let numbers: Option<Vec<u8>> = numbers.split(',').map(|n| n.parse().ok()).collect();
        return Some(Symbol::Ending(Endings::new(&numbers?)));
    }
    if let Some(dots) = text.strip_suffix('|').filter(|dots| !dots.is_empty()) {
        let times = dots.bytes().all(|b| b == b':').then(|| u8::try_from(dots.len()));
        return times?.ok().map(Symbol::RepeatEnd);
    }
    let mut parts = text.strip_prefix('(')?.split(':').map(|n| n.parse::<u8>().ok());
    let (p, q, r) = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(Symbol::Tuplet { p, q, r })
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("start"),
            Self::End => f.write_str("end"),
            Self::Note(midi) => write!(f, "note{midi}"),
            Self::Rest => f.write_str("rest"),
            Self::Tie => f.write_str("-"),
            Self::Pickup => f.write_str("pickup"),
            Self::Bar(style) => {
                let name = BARS.iter().find(|(s, _)| s == style).map_or("|", |(_, name)| name);
                f.write_str(name)
            }
            Self::RepeatStart => f.write_str("|:"),
            Self::RepeatEnd(times) => write!(f, "{}|", ":".repeat(usize::from(*times).max(1))),
            Self::Ending(endings) => write!(f, "[{endings}"),
            Self::Tuplet { p, q, r } => write!(f, "({p}:{q}:{r}"),
            Self::Key(key) => write!(f, "K:{key}"),
            Self::Metre(metre) => write!(f, "M:{metre}"),
        }
    }
}

/// The numbers of an ending, 1..=16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endings(u16);

impl Endings {
    /// Endings of these numbers; those out of range count as the nearest in it.
    pub fn new(numbers: &[u8]) -> Self {
        Self(numbers.iter().fold(0, |mask, &n| mask | 1 << (n.clamp(1, 16) - 1)))
    }

    /// Its numbers, ascending.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        (1..=16).filter(move |n| self.0 >> (n - 1) & 1 == 1)
    }
}

impl fmt::Display for Endings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.numbers().enumerate() {
            write!(f, "{}{number}", if place == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// Reads a duration as [`Duration`] displays it, `3/8`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let (num, den) = text.split_once('/')?;
    let (num, den): (u32, u32) = (num.parse().ok()?, den.parse().ok()?);
    let duration = Duration::new(num, den);
    (duration.num() == num && duration.den() == den).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_read_back_and_have_codes_of_their_own() {
        let names = [
            "start", "end", "rest", "-", "pickup", "|", "||", "|]", "[|", ".|", "|:", ":|", "::|",
            "[1", "[1,3", "[16", "(3:2:3", "(5:4:5", "note0", "note60", "note127", "K:Ador",
            "K:none", "M:6/8", "M:none",
        ];
        let mut codes = Vec::new();
        for name in names {
            let symbol = Symbol::parse(name).unwrap();
            assert_eq!(symbol.to_string(), name);
            codes.push(symbol.code());
        }
        codes.dedup();
        assert_eq!(codes.len(), names.len());
    }

    #[test]
    fn what_is_no_symbol_is_refused() {
        for bad in ["", ":", "|||", "note", "note128", "(3:2", "(3:2:3:4", "K:", "M:x", "[x", "a|"]
        {
            assert_eq!(Symbol::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_symbol_fits_four_bytes() {
        assert!(size_of::<Symbol>() <= 6);
    }
}
