//! Keys, modes and the `K:` field.

use std::fmt;
use std::str::FromStr;

use crate::keyfield::KeyField;

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

impl Mode {
    /// Fifths between the signature of this mode and that of the major key on the same tonic.
    fn fifths(self) -> i32 {
        match self {
            Self::Lydian => 1,
            Self::Ionian => 0,
            Self::Mixolydian => -1,
            Self::Dorian => -2,
            Self::Aeolian => -3,
            Self::Phrygian => -4,
            Self::Locrian => -5,
        }
    }

    /// The short name that ABC uses.
    fn short(self) -> &'static str {
        match self {
            Self::Ionian => "maj",
            Self::Dorian => "dor",
            Self::Phrygian => "phr",
            Self::Lydian => "lyd",
            Self::Mixolydian => "mix",
            Self::Aeolian => "min",
            Self::Locrian => "loc",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ionian => "major",
            Self::Dorian => "dorian",
            Self::Phrygian => "phrygian",
            Self::Lydian => "lydian",
            Self::Mixolydian => "mixolydian",
            Self::Aeolian => "minor",
            Self::Locrian => "locrian",
        })
    }
}

impl FromStr for Mode {
    type Err = KeyError;

    /// Reads a mode in any case; its first three letters decide, and `m` alone is minor.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let letters = text.as_bytes();
        if letters.eq_ignore_ascii_case(b"m") {
            return Ok(Self::Aeolian);
        }
        let Some(start) = letters.get(..3).map(<[u8]>::to_ascii_lowercase) else {
            return Err(KeyError::new(text));
        };
        Ok(match &start[..] {
            b"maj" | b"ion" => Self::Ionian,
            b"min" | b"aeo" => Self::Aeolian,
            b"dor" => Self::Dorian,
            b"phr" => Self::Phrygian,
            b"lyd" => Self::Lydian,
            b"mix" => Self::Mixolydian,
            b"loc" => Self::Locrian,
            _ => return Err(KeyError::new(text)),
        })
    }
}

/// A tonic by letter and accidental, so that C sharp and D flat differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tonic {
    /// 0 = C, 1 = D ... 6 = B.
    pub step: u8,
    /// Semitones added: -1, 0 or 1.
    pub alter: i8,
}

impl Tonic {
    /// Place on the circle of fifths, C being 0.
    fn fifths(self) -> i32 {
        const FIFTHS: [i32; 7] = [0, 2, 4, -1, 1, 3, 5];
        FIFTHS[usize::from(self.step) % 7] + 7 * i32::from(self.alter)
    }
}

impl fmt::Display for Tonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.alter {
            1 => "#",
            -1 => "b",
            _ => "",
        };
        write!(f, "{}{sign}", char::from(LETTERS[usize::from(self.step) % 7]))
    }
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

impl Key {
    /// The key on a tonic, without explicit accidentals.
    pub fn new(tonic: Tonic, mode: Mode) -> Self {
        let fifths = tonic.fifths() + mode.fifths();
        Self { tonic: Some(tonic), mode, signature: signature(fifths) }
    }
}

/// ABC letters of the steps.
pub(crate) const LETTERS: [u8; 7] = *b"CDEFGAB";

/// Step of an ABC letter of either case.
#[inline]
pub(crate) fn step_of(letter: u8) -> Option<u8> {
    const NONE: u8 = u8::MAX;
    // A table, since this is asked of every byte of music.
    const STEPS: [u8; 256] = {
        let mut steps = [NONE; 256];
        let mut step = 0;
        while step < 7 {
            let letter = LETTERS[step];
            steps[letter as usize] = step as u8;
            steps[letter.to_ascii_lowercase() as usize] = step as u8;
            step += 1;
        }
        steps
    };
    Some(STEPS[usize::from(letter)]).filter(|&step| step != NONE)
}

/// The signature with this many sharps, or flats when negative; beyond seven they double.
pub(crate) fn signature(fifths: i32) -> [i8; 7] {
    const SHARPS: [usize; 7] = [3, 0, 4, 1, 5, 2, 6];
    let mut signature = [0; 7];
    for place in 0..fifths.unsigned_abs() as usize {
        if fifths > 0 {
            signature[SHARPS[place % 7]] += 1;
        } else {
            signature[SHARPS[6 - place % 7]] -= 1;
        }
    }
    signature
}

impl fmt::Display for Key {
    /// Writes `Ador`, `Bbmaj`, `Dphr ^f`, `^f^c` (no tonic) or `none`, as the reader understands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = match self.tonic {
            Some(tonic) => {
                write!(f, "{tonic}{}", self.mode.short())?;
                Self::new(tonic, self.mode).signature
            }
            None => [0; 7],
        };
        let mut gap = if self.tonic.is_some() { " " } else { "" };
        for (step, (&alter, &usual)) in self.signature.iter().zip(&plain).enumerate() {
            if alter != usual {
                let sign = accidental(alter);
                write!(f, "{gap}{sign}{}", char::from(LETTERS[step].to_ascii_lowercase()))?;
                gap = "";
            }
        }
        if self.tonic.is_none() && self.signature == plain {
            f.write_str("none")?;
        }
        Ok(())
    }
}

/// The ABC sign of an alteration.
pub(crate) fn accidental(alter: i8) -> &'static str {
    match alter {
        i8::MIN..=-2 => "__",
        -1 => "_",
        0 => "=",
        1 => "^",
        2.. => "^^",
    }
}

/// A text that is no key or mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError(String);

impl KeyError {
    fn new(text: &str) -> Self {
        Self(text.trim().chars().take(40).collect())
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` should be a key like `G`, `Ador`, `F# minor` or `none`", self.0)
    }
}

impl std::error::Error for KeyError {}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let field = KeyField::read(text);
        if field.unread.is_empty() { Ok(field.key) } else { Err(KeyError::new(text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_follow_the_circle_of_fifths() {
        assert_eq!(signature(2), [1, 0, 0, 1, 0, 0, 0]);
        assert_eq!(signature(-3), [0, 0, -1, 0, 0, -1, -1]);
        assert_eq!(signature(8), [1, 1, 1, 2, 1, 1, 1]);
    }

    #[test]
    fn modes_need_three_letters() {
        assert_eq!("MIXOLYDIAN".parse(), Ok(Mode::Mixolydian));
        assert_eq!("Dorisch".parse(), Ok(Mode::Dorian));
        assert_eq!("m".parse(), Ok(Mode::Aeolian));
        assert!("mi".parse::<Mode>().is_err());
        assert!("\u{e1}\u{e1}".parse::<Mode>().is_err());
    }
}
