//! A tie from one note to the next.

use crate::pitch::Pitch;

/// Bar and event of a note in its voice.
pub(crate) type Spot = (usize, usize);

/// The tie that waits for its second note, if there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tie {
    /// Bar and event of the tied note.
    place: Option<Spot>,
    melody: Option<Pitch>,
    chord: Vec<Pitch>,
    /// A repeat or an ending came between, so that the next note in writing need not be the next
    /// one in time.
    jumped: bool,
}

/// How a tie ended.
#[derive(Debug)]
pub(crate) struct TieEnd {
    pub(crate) place: Spot,
    /// The melody goes on at the same pitch, or may do so after a repeat.
    pub(crate) holds: bool,
    /// Some note of the chord does.
    pub(crate) meets: bool,
}

impl Tie {
    pub(crate) fn begin(&mut self, place: Spot, melody: Pitch, chord: &[Pitch]) {
        (self.place, self.melody, self.jumped) = (Some(place), Some(melody), false);
        self.chord.clear();
        self.chord.extend_from_slice(chord);
    }

    #[inline]
    pub(crate) fn is_pending(&self) -> bool {
        self.place.is_some()
    }

    /// The alteration that the tie hands on to a note without an accidental of its own.
    #[inline]
    pub(crate) fn carries(&self, step: u8, octave: i8) -> Option<i8> {
        self.place?;
        let wanted = Pitch { step, alter: 0, octave };
        let mut pitches = self.melody.iter().chain(&self.chord);
        pitches.find(|pitch| pitch.same_place(wanted)).map(|pitch| pitch.alter)
    }

    pub(crate) fn jump(&mut self) {
        self.jumped = true;
    }

    /// Ends the tie at the next note, or at a rest or the end (`None`).
    pub(crate) fn end(&mut self, next: Option<(Pitch, &[Pitch])>) -> Option<TieEnd> {
        let place = self.place.take()?;
        let melody = self.melody.take();
        let holds = |pitch: Pitch| melody.is_some_and(|held| held.sounds_like(pitch));
        let same = next.is_some_and(|(pitch, _)| holds(pitch));
        let meets = self.jumped
            || next.is_some_and(|(pitch, others)| {
                let tied = |&pitch: &Pitch| {
                    holds(pitch) || self.chord.iter().any(|held| held.sounds_like(pitch))
                };
                tied(&pitch) || others.iter().any(tied)
            });
        self.chord.clear();
        Some(TieEnd { place, holds: same || self.jumped, meets })
    }
}
