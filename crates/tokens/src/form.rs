//! Whether a tune has the form that players expect of a dance tune.
//!
//! The check asks what players would say of the written page: every bar is full, a short bar and
//! the pickup after it together make one; repeats and endings pair up; parts have eight bars, or a
//! multiple of eight, or four played twice; there are two parts at least; and the tune comes home.
//! It says nothing on whether the tune is any good. How many real tunes pass stands in
//! `docs/composing.md`.

mod bars;
mod fault;
mod repeats;

use abc::Mode;

pub use fault::{Fault, FaultKind};

use crate::feature::Feature;
use crate::key::{KeyName, Root};
use crate::symbol::Symbol;
use crate::tokens::Tokens;
use crate::value::Value;

/// The form of a tune in which nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its parts in the order in which they are played.
    pub parts: Vec<Part>,
}

/// Bars between two repeat signs or lines of two strokes.
///
/// Parts that no sign divides are one here: a tune written out without any is one part of 16 or
/// 32 bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Index of its first bar in the tune as written, from 0.
    pub first: usize,
    /// Bars of its first pass, a pickup not counted.
    pub bars: usize,
    /// How often it is played.
    pub passes: usize,
}

/// Bars of a full part.
const PART: usize = 8;
/// Bars of a part that is only whole when it is played twice, as in single reels and slides.
const HALF_PART: usize = 4;

/// The tune's form, or all that is wrong with it, in the order of its bars.
///
/// ```
/// use tokens::{Facts, Tokens, form};
///
/// let reel = "R:reel\nM:4/4\nL:1/8\nK:Edor\n|:E2BE dEBE|E2BE AFDF|E2BE dEBE|BABc dAFD:|\
///             |:d2fd c2ec|defg afge|d2fd c2ec|BABc dAFE:|";
/// let tokens = Tokens::new(&abc::read_tune(reel), &Facts::default())?;
/// let parts = form(&tokens).unwrap().parts;
/// assert_eq!(parts.iter().map(|part| part.bars * part.passes).collect::<Vec<_>>(), [8, 8]);
///
/// let short = reel.replace("c2ec|defg", "c2e|defg");
/// let tokens = Tokens::new(&abc::read_tune(&short), &Facts::default())?;
/// let faults = form(&tokens).unwrap_err();
/// assert_eq!(faults[0].to_string(), "part 2, bar 5: lasts 7/8, 4/4 is expected");
/// # Ok::<(), tokens::Error>(())
/// ```
///
/// # Errors
/// The faults: never an empty list.
pub fn form(tokens: &Tokens) -> Result<Form, Vec<Fault>> {
    let tune = tokens.to_tune();
    let (parts, mut faults) = bars::walk(&tune);
    faults.extend(repeats::faults(&tune));
    faults.extend(parts.iter().filter(|part| !part.has_a_usual_length()).map(|part| {
        let kind = FaultKind::PartLength { bars: part.bars, passes: part.passes };
        Fault::at(part.first, kind)
    }));
    let last = tune.bars.len().saturating_sub(1);
    if parts.iter().map(Part::worth).sum::<usize>() < 2 {
        faults.push(Fault::at(last, FaultKind::OnePart));
    }
    if tokens.is_empty() || tokens.symbol(tokens.len() - 1) != Symbol::End {
        faults.push(Fault::at(last, FaultKind::Unfinished));
    } else if !comes_home(tokens) {
        faults.push(Fault::at(last, FaultKind::NotHome));
    }
    if faults.is_empty() {
        return Ok(Form { parts });
    }
    faults.sort_by_key(|fault| fault.bar);
    let mut starts: Vec<usize> = parts.iter().map(|part| part.first).collect();
    starts.sort_unstable();
    starts.dedup();
    for fault in &mut faults {
        fault.part = starts.partition_point(|&first| first < fault.bar).max(1);
    }
    Err(faults)
}

impl Part {
    fn has_a_usual_length(&self) -> bool {
        let twice_four = self.bars == HALF_PART && self.passes.is_multiple_of(2);
        self.bars > 0 && (self.bars.is_multiple_of(PART) || twice_four)
    }

    /// How many parts of eight bars, or of four twice, it stands for.
    fn worth(&self) -> usize {
        (self.bars / PART).max(1)
    }
}

/// Whether the tonic sounds on a main beat of the last bar, or the last note belongs to the tonic's
/// chord. Reels lead back into themselves, so the last note alone would say little of them.
fn comes_home(tokens: &Tokens) -> bool {
    let number = |row, feature| match tokens.value(row, feature) {
        Value::Number(number) => Some(number),
        _ => None,
    };
    let is_note = |row: &usize| matches!(tokens.symbol(*row), Symbol::Note(_));
    let Some(last) = (0..tokens.len()).rev().find(is_note) else { return false };
    let line = (0..last).rev().find(|&row| tokens.symbol(row).closes_bar()).unwrap_or(0);
    let is_tonic = |row| number(row, Feature::Degree) == Some(0);
    let is_strong = |row| number(row, Feature::BeatStrength) >= Some(MAIN_BEAT);
    let home = |degree| is_in_chord(tokens.key().mode, degree);
    number(last, Feature::Degree).is_some_and(home)
        || (line..last).filter(is_note).any(|row| is_tonic(row) && is_strong(row))
}

/// Beat strength of half a bar, or of a beat in metres of three: see [`Feature::BeatStrength`].
pub const MAIN_BEAT: i32 = 3;

/// Whether a note belongs to the chord on a key's tonic; none does where there is no tonic.
///
/// ```
/// let key = tokens::KeyName::parse("Ador").unwrap();
/// let home: Vec<u8> = (60..72).filter(|&midi| tokens::is_home(key, midi)).collect();
/// assert_eq!(home, [60, 64, 69]); // C, E, A
/// ```
pub fn is_home(key: KeyName, midi: u8) -> bool {
    let above = |root: Root| i32::from((midi + 12 - root.pitch_class()) % 12);
    key.root.is_some_and(|root| is_in_chord(key.mode, above(root)))
}

/// Whether a tone so many semitones above the tonic belongs to the tonic's chord.
fn is_in_chord(mode: Mode, degree: i32) -> bool {
    let third = match mode {
        Mode::Ionian | Mode::Lydian | Mode::Mixolydian => 4,
        Mode::Dorian | Mode::Phrygian | Mode::Aeolian | Mode::Locrian => 3,
    };
    [0, third, 7].contains(&degree)
}
