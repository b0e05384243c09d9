//! Keys as a row holds them: small, comparable, with a name that reads back.

use std::fmt;

use abc::{Key, Mode, Tonic};

const MODES: [(Mode, &str, i8); 7] = [
    (Mode::Ionian, "maj", 0),
    (Mode::Dorian, "dor", -2),
    (Mode::Phrygian, "phr", -4),
    (Mode::Lydian, "lyd", 1),
    (Mode::Mixolydian, "mix", -1),
    (Mode::Aeolian, "min", -3),
    (Mode::Locrian, "loc", -5),
];

/// Fifths above C of the letters C D E F G A B.
const FIFTHS: [i8; 7] = [0, 2, 4, -1, 1, 3, 5];

/// A tonic on the line of fifths: 0 is C, 1 is G, -1 is F, 6 is F sharp, -6 is G flat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Root(i8);

impl Root {
    /// C.
    pub const C: Self = Self(0);

    /// The root `fifths` fifths above C.
    pub fn from_fifths(fifths: i8) -> Self {
        Self(fifths.clamp(-15, 19))
    }

    /// Fifths above C, negative below.
    pub fn fifths(self) -> i8 {
        self.0
    }

    /// Its pitch class, 0..=11; C is 0.
    pub fn pitch_class(self) -> u8 {
        u8::try_from((i16::from(self.0) * 7).rem_euclid(12)).unwrap_or(0)
    }

    /// Reads `F#`, `Bb`, `C`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        let step = "CDEFGAB".find(chars.next()?)?;
        let alter: i8 = match chars.as_str() {
            "" => 0,
            "#" => 1,
            "b" => -1,
            "##" => 2,
            "bb" => -2,
            _ => return None,
        };
        Some(Self(FIFTHS[step] + 7 * alter))
    }
}

impl From<Tonic> for Root {
    fn from(tonic: Tonic) -> Self {
        Self(FIFTHS[usize::from(tonic.step) % 7] + 7 * tonic.alter.clamp(-2, 2))
    }
}

impl From<Root> for Tonic {
    fn from(root: Root) -> Self {
        let alter = (root.0 + 1).div_euclid(7);
        let place = (root.0 + 1).rem_euclid(7);
        // F C G D A E B, each a fifth above the one before.
        let step = [3, 0, 4, 1, 5, 2, 6][usize::from(place.unsigned_abs())];
        Self { step, alter }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tonic { step, alter } = Tonic::from(*self);
        let letter = ["C", "D", "E", "F", "G", "A", "B"][usize::from(step)];
        let sign = if alter > 0 { "#" } else { "b" };
        write!(f, "{letter}{}", sign.repeat(usize::from(alter.unsigned_abs())))
    }
}

/// A key by root, mode and number of sharps, `Ador`; without a tonic it is `none`.
///
/// Where explicit accidentals change the signature, the sharps follow in brackets: `Dphr[-1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyName {
    /// The tonic, if there is one.
    pub root: Option<Root>,
    /// The mode; Ionian where there is no tonic.
    pub mode: Mode,
    /// Sharps of the signature, flats negative.
    pub sharps: i8,
}

impl KeyName {
    /// A key with the signature that its root and mode give.
    pub fn new(root: Root, mode: Mode) -> Self {
        Self { root: Some(root), mode, sharps: root.0 + mode_sharps(mode) }
    }

    /// The key of this mode whose signature has so many sharps, flats negative.
    pub fn with_sharps(mode: Mode, sharps: i8) -> Self {
        Self { root: Some(Root(sharps - mode_sharps(mode))), mode, sharps }
    }

    /// Reads what [`fmt::Display`] writes: `Ador`, `F#min`, `none`, `Dphr[-1]`.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, sharps) = match text.strip_suffix(']').and_then(|t| t.split_once('[')) {
            Some((name, sharps)) => (name, Some(sharps.parse().ok()?)),
            None => (text, None),
        };
        if name == "none" {
            return Some(Self { root: None, mode: Mode::Ionian, sharps: sharps.unwrap_or(0) });
        }
        let (root, mode) = name.split_at_checked(name.len().checked_sub(3)?)?;
        let mut key = Self::new(Root::parse(root)?, parse_mode(mode)?);
        key.sharps = sharps.unwrap_or(key.sharps);
        Some(key)
    }

    /// The same key `semitones` higher, spelt with the fewest accidentals (six sharps rather than
    /// six flats); by whole octaves its spelling is kept.
    pub fn transposed(self, semitones: i8) -> Self {
        if semitones % 12 == 0 {
            return self;
        }
        let Some(root) = self.root else {
            return Self { sharps: nearest(self.sharps, semitones, 0), ..self };
        };
        let moved = Self::new(Root(nearest(root.0, semitones, mode_sharps(self.mode))), self.mode);
        let extra = self.sharps - Self::new(root, self.mode).sharps;
        Self { sharps: moved.sharps + extra, ..moved }
    }

    /// As the reader and writer of ABC know it.
    pub fn to_key(self) -> Key {
        // F C G D A E B: the order in which sharps come; flats come from the other end.
        const ORDER: [usize; 7] = [3, 0, 4, 1, 5, 2, 6];
        let mut signature = [0i8; 7];
        for place in 0..usize::from(self.sharps.unsigned_abs()) {
            let place = place % 7;
            let step = if self.sharps > 0 { ORDER[place] } else { ORDER[6 - place] };
            signature[step] += self.sharps.signum();
        }
        Key { tonic: self.root.map(Tonic::from), mode: self.mode, signature }
    }

    pub(crate) fn code(self) -> u64 {
        let root = self.root.map_or(0, |root| u64::from(root.0.wrapping_add(64).unsigned_abs()));
        let mode = self.mode as u64;
        root << 16 | mode << 8 | u64::from(self.sharps.wrapping_add(64).unsigned_abs())
    }
}

impl From<Key> for KeyName {
    fn from(key: Key) -> Self {
        let sharps = key.signature.iter().map(|&alter| alter.clamp(-2, 2)).sum();
        Self { root: key.tonic.map(Root::from), mode: key.mode, sharps }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = match self.root {
            Some(root) => {
                write!(f, "{root}{}", mode_name(self.mode))?;
                Self::new(root, self.mode).sharps
            }
            None => {
                f.write_str("none")?;
                0
            }
        };
        if self.sharps == usual { Ok(()) } else { write!(f, "[{}]", self.sharps) }
    }
}

/// The name of a mode as keys are written: `maj`, `dor`, `phr`, `lyd`, `mix`, `min`, `loc`.
pub fn mode_name(mode: Mode) -> &'static str {
    MODES[mode as usize].1
}

/// The mode of a name that [`mode_name`] gives.
pub fn parse_mode(name: &str) -> Option<Mode> {
    MODES.iter().find(|(_, n, _)| *n == name).map(|(mode, ..)| *mode)
}

fn mode_sharps(mode: Mode) -> i8 {
    MODES[mode as usize].2
}

/// The place on the line of fifths `semitones` above `fifths` whose signature, `offset` further on,
/// has the fewest accidentals.
fn nearest(fifths: i8, semitones: i8, offset: i8) -> i8 {
    let sharps = i16::from(fifths) + 7 * i16::from(semitones) + i16::from(offset);
    // -5..=6: of six sharps and six flats, the sharps.
    let fewest = (sharps + 5).rem_euclid(12) - 5;
    i8::try_from(fewest).unwrap_or(0) - offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> KeyName {
        KeyName::parse(name).unwrap()
    }

    #[test]
    fn keys_read_back_and_count_their_sharps() {
        let table = [
            ("Cmaj", 0),
            ("Ador", 1),
            ("Dmix", 1),
            ("F#min", 3),
            ("Bbmaj", -2),
            ("Ephr", 0),
            ("Flyd", 0),
            ("Bloc", 0),
            ("Cbmaj", -7),
            ("C#maj", 7),
            ("none", 0),
            ("none[2]", 2),
            ("Dphr[-1]", -1),
        ];
        for (name, sharps) in table {
            assert_eq!(key(name).sharps, sharps, "{name}");
            assert_eq!(key(name).to_string(), name);
            assert_eq!(KeyName::from(key(name).to_key()), key(name), "{name} by way of abc");
        }
        for bad in ["", "maj", "Hmaj", "Cfoo", "C#x", "Amin[", "Amin[x]", "Aé"] {
            assert_eq!(KeyName::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn transposed_keys_have_the_fewest_accidentals() {
        let table = [
            ("Cmaj", 2, "Dmaj"),
            ("Cmaj", 1, "Dbmaj"),
            ("Cmaj", 6, "F#maj"),
            ("Cmin", 3, "D#min"),
            ("Cdor", 1, "C#dor"),
            ("Cmix", -3, "Amix"),
            ("C#maj", -1, "Cmaj"),
            ("C#maj", 12, "C#maj"),
            ("none", 5, "none[-1]"),
            ("Dphr[-1]", 2, "Ephr[1]"),
        ];
        for (from, semitones, to) in table {
            assert_eq!(key(from).transposed(semitones).to_string(), to, "{from} by {semitones}");
        }
    }

    #[test]
    fn a_transposed_root_is_that_many_semitones_higher() {
        for (mode, ..) in MODES {
            for fifths in -7..=7 {
                let from = KeyName::new(Root(fifths), mode);
                for semitones in -12..=12i8 {
                    let to = from.transposed(semitones).root.unwrap().pitch_class();
                    let expected = i16::from(Root(fifths).pitch_class()) + i16::from(semitones);
                    assert_eq!(i16::from(to), expected.rem_euclid(12));
                }
            }
        }
    }
}
