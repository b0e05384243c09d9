//! The notes of a tune in time.

use crate::duration::Duration;
use crate::pitch::Pitch;
use crate::tune::{Event, Note, Tune};

/// A note with its place in the tune as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed<'a> {
    /// The note.
    pub note: &'a Note,
    /// When it starts, the bars being taken in the order of the page, in whole notes.
    pub onset: Duration,
    /// Its bar's index in [`Tune::bars`].
    pub bar: usize,
}

/// A tone as it sounds: tied notes are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sounding {
    /// The melody's pitch: of a chord, the highest note.
    pub pitch: Pitch,
    /// When it starts, in whole notes from the start of the tune.
    pub onset: Duration,
    /// How long it sounds.
    pub duration: Duration,
    /// The index in [`Tune::bars`] of the bar in which it starts.
    pub bar: usize,
}

impl Tune {
    /// The melody in written order, repeats not played and ties not joined.
    ///
    /// ```
    /// let tune = abc::read_tune("M:2/4\nL:1/8\nK:G\nG2 B>d|g4|");
    /// let onsets: Vec<_> = tune.notes().map(|placed| placed.onset.as_f64()).collect();
    /// assert_eq!(onsets, [0.0, 0.25, 0.4375, 0.5]);
    /// ```
    pub fn notes(&self) -> impl Iterator<Item = Placed<'_>> {
        self.timed(0..self.bars.len())
    }

    /// The melody as it sounds: in playing order, ties joined, grace notes left out.
    ///
    /// ```
    /// let tune = abc::read_tune("L:1/8\nK:D\n|:d2-|d2 f2:|");
    /// let midi: Vec<_> = tune.melody().iter().map(|tone| tone.pitch.midi()).collect();
    /// assert_eq!(midi, [74, 78, 74, 78]);
    /// ```
    pub fn melody(&self) -> Vec<Sounding> {
        let mut tones: Vec<Sounding> = Vec::new();
        let mut tied = false;
        for Placed { note, onset, bar } in self.timed(self.unfold()) {
            let Note { pitch, duration, .. } = *note;
            match tones.last_mut() {
                Some(last)
                    if tied
                        && last.pitch.sounds_like(pitch)
                        && last.onset + last.duration == onset =>
                {
                    last.duration = last.duration + duration;
                }
                _ => tones.push(Sounding { pitch, onset, duration, bar }),
            }
            tied = note.tied;
        }
        tones
    }

    fn timed(&self, order: impl IntoIterator<Item = usize>) -> impl Iterator<Item = Placed<'_>> {
        let mut now = Duration::ZERO;
        let events = order
            .into_iter()
            .flat_map(|bar| self.bars[bar].events.iter().map(move |event| (bar, event)));
        events.filter_map(move |(bar, event)| {
            let onset = now;
            now = now + event.duration();
            match event {
                Event::Note(note) => Some(Placed { note, onset, bar }),
                _ => None,
            }
        })
    }
}
