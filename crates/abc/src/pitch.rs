//! Pitches with their spelling.

use std::fmt;
use std::ops::Deref;

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

    /// The pitch with this MIDI number, black keys as sharps.
    ///
    /// ```
    /// let pitch = abc::Pitch::from_midi(61);
    /// assert_eq!((pitch.step, pitch.alter, pitch.octave), (0, 1, 4));
    /// assert!((0..=127).all(|midi| abc::Pitch::from_midi(midi).midi() == midi));
    /// ```
    pub fn from_midi(midi: u8) -> Self {
        const KEYS: [(u8, i8); 12] = [
            (0, 0),
            (0, 1),
            (1, 0),
            (1, 1),
            (2, 0),
            (3, 0),
            (3, 1),
            (4, 0),
            (4, 1),
            (5, 0),
            (5, 1),
            (6, 0),
        ];
        let (step, alter) = KEYS[usize::from(midi % 12)];
        Self { step, alter, octave: (midi / 12) as i8 - 1 }
    }

    /// Whether both sound alike, however they are spelt: a tie joins such notes.
    pub(crate) fn sounds_like(self, other: Self) -> bool {
        self.midi() == other.midi()
    }

    /// Whether both stand on the same line of the staff, whatever their accidentals.
    pub(crate) fn same_place(self, other: Self) -> bool {
        self.step == other.step && self.octave == other.octave
    }
}

/// A few pitches beside a note: nothing is allocated while there are none, which is nearly always.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Pitches(Option<Box<List>>);

/// One pointer wide behind its box, so that a note stays small.
#[derive(Clone, PartialEq, Eq)]
struct List {
    pitches: Vec<Pitch>,
}

impl Deref for Pitches {
    type Target = [Pitch];
    fn deref(&self) -> &[Pitch] {
        self.0.as_ref().map_or(&[], |list| &list.pitches)
    }
}

impl From<Vec<Pitch>> for Pitches {
    fn from(pitches: Vec<Pitch>) -> Self {
        Self((!pitches.is_empty()).then(|| Box::new(List { pitches })))
    }
}

impl FromIterator<Pitch> for Pitches {
    fn from_iter<I: IntoIterator<Item = Pitch>>(pitches: I) -> Self {
        pitches.into_iter().collect::<Vec<_>>().into()
    }
}

impl<'a> IntoIterator for &'a Pitches {
    type Item = &'a Pitch;
    type IntoIter = std::slice::Iter<'a, Pitch>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Pitches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midi_numbers_follow_spelling() {
        assert_eq!(Pitch { step: 0, alter: 0, octave: 4 }.midi(), 60);
        assert_eq!(Pitch { step: 6, alter: 1, octave: 3 }.midi(), 60);
        assert_eq!(Pitch { step: 5, alter: -2, octave: 4 }.midi(), 67);
        assert_eq!(Pitch { step: 0, alter: -2, octave: -1 }.midi(), 0);
    }

    #[test]
    fn a_note_without_chord_or_grace_is_small() {
        assert_eq!(size_of::<Pitches>(), 8);
        assert!(size_of::<crate::Event>() <= 40);
    }
}
