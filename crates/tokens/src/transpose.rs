//! Moving tunes to other keys.

use crate::error::Error;
use crate::key::Root;
use crate::symbol::Symbol;
use crate::tokens::Tokens;

/// The lowest and the highest note that a tune should have after it was moved: G3, a fiddle's
/// lowest string, and E6.
const COMFORT: (i16, i16) = (55, 88);

impl Tokens {
    /// The same tune `semitones` higher: pitch, pitch class, octave, key, root and signature move,
    /// all else stays. Keys are spelt with the fewest accidentals, and as they were written once
    /// the tune is back where it was.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if a note would leave MIDI's 0..=127.
    pub fn transposed(&self, semitones: i8) -> Result<Self, Error> {
        let mut moved = self.clone();
        let shift = i16::from(self.shift) + i16::from(semitones);
        // A tune that was moved more than ten octaves up and down again is spelt anew.
        moved.shift = i8::try_from(shift).unwrap_or((shift % 12) as i8);
        for row in &mut moved.rows {
            if let Symbol::Note(pitch) = row.symbol {
                let midi = i16::from(pitch) + i16::from(semitones);
                let midi = u8::try_from(midi).ok().filter(|&midi| midi < 128);
                row.symbol = Symbol::Note(midi.ok_or(Error::OutOfRange { pitch, semitones })?);
            }
        }
        Ok(moved)
    }

    /// The tune with its first tonic on `root`: by the nearest way, -5..=6 semitones, unless the
    /// other octave keeps more of the tune between G3 and E6. A tune without a tonic stays.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if a note would leave MIDI's 0..=127.
    pub fn to_root(&self, root: Root) -> Result<Self, Error> {
        let Some(from) = self.key().root else { return Ok(self.clone()) };
        let up = (i16::from(root.pitch_class()) + 17 - i16::from(from.pitch_class())) % 12 - 5;
        self.transposed(self.fitting(up))
    }

    /// The tune with its first tonic on C.
    ///
    /// # Errors
    /// As [`Tokens::to_root`].
    pub fn to_common_tonic(&self) -> Result<Self, Error> {
        self.to_root(Root::C)
    }

    /// The tune in the key in which it is played.
    ///
    /// # Errors
    /// As [`Tokens::to_root`].
    pub fn as_played(&self) -> Result<Self, Error> {
        self.played_key().root.map_or_else(|| Ok(self.clone()), |root| self.to_root(root))
    }

    /// Of `semitones` and an octave less or more, what leaves the fewest semitones of the tune's
    /// range outside [`COMFORT`]; the nearest of equals.
    fn fitting(&self, semitones: i16) -> i8 {
        let (low, high) = self.range().map_or((60, 60), |(a, b)| (i16::from(a), i16::from(b)));
        let ways = [semitones, semitones - 12 * semitones.signum()];
        let outside = |n: &i16| (COMFORT.0 - low - n).max(0) + (high + n - COMFORT.1).max(0);
        let best = ways.into_iter().min_by_key(outside).unwrap_or(semitones);
        best as i8
    }
}
