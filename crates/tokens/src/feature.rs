//! The features that a row can have, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

macro_rules! features {
    ($($variant:ident, $name:literal, $level:ident, $doc:literal;)*) => {
        /// A musical feature of a row; each can be chosen or left out by its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Feature {
            $(#[doc = $doc] $variant,)*
        }

        impl Feature {
            /// Every feature, note level first, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// How many features there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The stable name, in snake case.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it is, with its unit or range, in one line.
            pub fn describe(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }
        }
    };
}

#[derive(PartialEq)]
enum Level {
    Note,
    Header,
}

features! {
    Symbol, "symbol", Note,
        "What the row stands for: a note by its MIDI number, a rest, a bar line, a repeat, an ending...";
    Duration, "duration", Note,
        "Sounding length of a note or rest, length of a pickup; exact, in whole notes.";
    Pitch, "pitch", Note,
        "MIDI number of a note, 0..=127; middle C is 60.";
    PitchClass, "pitch_class", Note,
        "MIDI number modulo 12, 0..=11; C is 0.";
    Octave, "octave", Note,
        "MIDI number divided by 12, less one, -1..=9; middle C is in octave 4.";
    Degree, "degree", Note,
        "Semitones of a note above the tonic in force, 0..=11; absent without a tonic.";
    Interval, "interval", Note,
        "Semitones from the note before, rests skipped, -127..=127; absent at the first note.";
    BarIndex, "bar_index", Note,
        "Full bars since the part began, from 0; a pickup is bar -1; a further ending counts as the first.";
    BarIndexMod4, "bar_index_mod4", Note,
        "Bar index modulo 4, 0..=3: the place in a four-bar phrase; 3 for a pickup.";
    BarPosition, "bar_position", Note,
        "Where in the bar the row stands; exact, in whole notes; pickups are counted from the bar's end.";
    Part, "part", Note,
        "Parts before this one, from 0; repeats and double bars part them.";
    IsOnBeat, "is_on_beat", Note,
        "Whether a note or rest starts on a beat; irregular metres have their downbeat alone.";
    IsMiddleBeat, "is_middle_beat", Note,
        "Whether a note or rest starts on the third of four beats (4/4, 12/8).";
    BeatStrength, "beat_strength", Note,
        "Depth of a note's or rest's start in the metre, 0..=4: 4 is the downbeat, each level below halves or thirds it.";
    NextBarIndex, "next_bar_index", Note,
        "Bar index of what follows, as far as this row and those before it tell.";
    NextBarIndexMod4, "next_bar_index_mod4", Note,
        "The same modulo 4, 0..=3.";
    NextPosition, "next_position", Note,
        "Where in the bar the next row stands, as far as this row and those before it tell; exact, in whole notes.";
    NextBeatStrength, "next_beat_strength", Note,
        "Beat strength at the next position, 0..=4; absent when the bar is full.";
    PhraseEcho, "phrase_echo", Note,
        "What stood at the next position four bars before, in the same part; absent where nothing did.";
    PhraseEchoDuration, "phrase_echo_duration", Note,
        "How long that was, in whole notes.";
    PartEcho, "part_echo", Note,
        "What stood at the next position in the same bar of the part before; absent where nothing did.";
    PartEchoDuration, "part_echo_duration", Note,
        "How long that was, in whole notes.";
    Key, "key", Header,
        "Tonic and mode in force, as `Ador`.";
    Root, "root", Header,
        "Tonic in force, by letter and accidental.";
    Mode, "mode", Header,
        "Mode in force: maj, dor, phr, lyd, mix, min, loc.";
    Signature, "signature", Header,
        "Sharps in force, -7..=7, flats negative.";
    PlayedKey, "played_key", Header,
        "Key in which the tune is played, whatever key its notes were moved to.";
    PlayedRoot, "played_root", Header,
        "Tonic of the key in which the tune is played.";
    PlayedSignature, "played_signature", Header,
        "Sharps of the key in which the tune is played, -7..=7.";
    Metre, "metre", Header,
        "Metre in force, as `6/8`.";
    Numerator, "numerator", Header,
        "Upper number of the metre, 1..=255.";
    Denominator, "denominator", Header,
        "Lower number of the metre, 1..=255.";
    Compound, "compound", Header,
        "Whether beats divide in three.";
    Triple, "triple", Header,
        "Whether a bar has three beats.";
    UnitLength, "unit_length", Header,
        "Unit note length of the header, in whole notes.";
    DanceType, "dance_type", Header,
        "Kind of tune in lower case, as `slip jig`.";
}

impl Feature {
    /// Whether this tells of the tune rather than of one note: it is the same in every row unless
    /// key or metre change on the way, and a header is made of its values in the first row.
    pub fn is_header(self) -> bool {
        self.level() == Level::Header
    }

    /// The features of the header, in the order of [`Feature::ALL`].
    pub fn header() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|f| f.is_header())
    }

    /// The features of single notes, in the order of [`Feature::ALL`].
    pub fn note() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|f| !f.is_header())
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Feature {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .iter()
            .copied()
            .find(|feature| feature.name() == name)
            .ok_or_else(|| Error::UnknownFeature(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_features() {
        for &feature in Feature::ALL {
            assert_eq!(feature.name().parse::<Feature>().unwrap(), feature);
            let quoted = serde_json::to_string(&feature).unwrap();
            assert_eq!(quoted, format!("\"{feature}\""));
        }
        let error = "pich".parse::<Feature>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "no feature is called `pich`; see docs/features.md for their names"
        );
    }

    #[test]
    fn note_features_come_before_those_of_the_header() {
        let levels: Vec<bool> = Feature::ALL.iter().map(|f| f.is_header()).collect();
        assert!(levels.is_sorted());
        assert_eq!(Feature::note().count() + Feature::header().count(), Feature::COUNT);
    }
}
