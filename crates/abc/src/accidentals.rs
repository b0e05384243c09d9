//! Which alteration a note has: its own accidental, one earlier in the bar, or the key's.

/// How far an accidental reaches within its bar (`propagate-accidentals`, ABC 2.1, section 11.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only the note it stands before.
    Not,
    /// Notes of the same letter in the same octave.
    Octave,
    /// Notes of the same letter in every octave: the standard's default.
    #[default]
    Pitch,
}

const OCTAVES: usize = 12;
const NONE: i8 = i8::MAX;

/// The accidentals in force at one place of a voice.
#[derive(Clone, Debug)]
pub(crate) struct Accidentals {
    signature: [i8; 7],
    bar: [i8; 7 * OCTAVES],
    reach: Reach,
    clean: bool,
}

impl Accidentals {
    pub(crate) fn new(signature: [i8; 7], reach: Reach) -> Self {
        Self { signature, bar: [NONE; 7 * OCTAVES], reach, clean: true }
    }

    pub(crate) fn set_reach(&mut self, reach: Reach) {
        self.reach = reach;
    }

    /// A new signature holds at once; accidentals before it in the bar are forgotten.
    pub(crate) fn set_signature(&mut self, signature: [i8; 7]) {
        self.signature = signature;
        self.end_bar();
    }

    /// Forgets the bar's accidentals.
    #[inline]
    pub(crate) fn end_bar(&mut self) {
        if !self.clean {
            self.bar.fill(NONE);
            self.clean = true;
        }
    }

    /// The alteration of a note written without an accidental.
    #[inline]
    pub(crate) fn plain(&self, step: u8, octave: i8) -> i8 {
        match self.bar[self.slot(step, octave)] {
            NONE => self.signature[usize::from(step)],
            alter => alter,
        }
    }

    /// Notes an accidental that is written out.
    #[inline]
    pub(crate) fn write(&mut self, step: u8, octave: i8, alter: i8) {
        if self.reach != Reach::Not {
            let slot = self.slot(step, octave);
            self.bar[slot] = alter;
            self.clean = false;
        }
    }

    #[inline]
    fn slot(&self, step: u8, octave: i8) -> usize {
        let octave = match self.reach {
            Reach::Octave => usize::try_from(octave + 1).unwrap_or(0).min(OCTAVES - 1),
            Reach::Not | Reach::Pitch => 0,
        };
        usize::from(step) + 7 * octave
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accidentals_reach_as_far_as_told() {
        for (reach, same, other) in
            [(Reach::Not, 0, 0), (Reach::Octave, 1, 0), (Reach::Pitch, 1, 1)]
        {
            let mut accidentals = Accidentals::new([0; 7], reach);
            accidentals.write(3, 4, 1);
            assert_eq!(accidentals.plain(3, 4), same, "{reach:?}");
            assert_eq!(accidentals.plain(3, 5), other, "{reach:?}");
            accidentals.end_bar();
            assert_eq!(accidentals.plain(3, 4), 0, "{reach:?}");
        }
    }
}
