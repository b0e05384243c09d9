//! Several voices, and which of them carries the melody.

use crate::complaint::{At, ComplaintKind, Log, Place};
use crate::fields::Fields;
use crate::keyfield::KeyField;
use crate::tune::{Bar, Event};
use crate::voice::{Scratch, Setup, Voice};

/// A tune has no more voices than this; further ones are read as the last.
const MAX_VOICES: usize = 64;

/// The voices of a tune, in the order of their declaration or first notes.
pub(crate) struct Voices {
    voices: Vec<Voice>,
    now: usize,
    /// For the next new voice.
    scratch: Scratch,
}

impl Voices {
    /// The voices that the header declares, or one without a name.
    pub(crate) fn new(fields: &Fields, scratch: Scratch) -> Self {
        let mut voices = Self { voices: Vec::new(), now: 0, scratch };
        for text in &fields.voices {
            voices.select(text, fields);
        }
        voices.now = 0;
        if voices.voices.is_empty() {
            voices.add("", fields);
        }
        voices
    }

    fn add(&mut self, id: &str, fields: &Fields) {
        let scratch = std::mem::take(&mut self.scratch);
        let mut voice = Voice::new(id.to_owned(), fields.setup(), fields.reach, scratch);
        voice.key_octave = fields.octave;
        voice.percussion = fields.percussion;
        self.voices.push(voice);
    }

    #[inline]
    pub(crate) fn current(&mut self) -> &mut Voice {
        &mut self.voices[self.now]
    }

    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Voice> {
        self.voices.iter_mut()
    }

    /// `V:` goes on with a voice, new or known.
    pub(crate) fn select(&mut self, text: &str, fields: &Fields) {
        let (id, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let known = self.voices.iter().position(|voice| voice.id == id);
        let unnamed = || self.voices.iter().position(|voice| voice.id.is_empty());
        self.now = match known.or_else(|| unnamed().filter(|&at| self.voices[at].is_fresh())) {
            Some(index) => index,
            None if self.voices.len() < MAX_VOICES => {
                self.add(id, fields);
                self.voices.len() - 1
            }
            None => self.voices.len() - 1,
        };
        let voice = &mut self.voices[self.now];
        if voice.id.is_empty() {
            id.clone_into(&mut voice.id);
        }
        let parameters = KeyField::parameters(rest);
        voice.octave = parameters.octave;
        voice.percussion |= parameters.percussion;
    }

    /// Ends all voices and gives the first that carries a melody: in the order of `%%score` where
    /// there is one, and percussion only when there is nothing else.
    pub(crate) fn melody(mut self, fields: &Fields, log: &mut Log, end: Place<'_>) -> Melody {
        for voice in &mut self.voices {
            voice.finish(&mut At { log: &mut *log, place: end });
        }
        let rank = |voice: &Voice| {
            let place = fields.score.iter().position(|id| *id == voice.id);
            (voice.notes == 0, voice.percussion, place.unwrap_or(fields.score.len()))
        };
        let sounding = self.voices.iter().filter(|voice| voice.notes > 0).count();
        let best = (0..self.voices.len()).min_by_key(|&index| (rank(&self.voices[index]), index));
        let voice = self.voices.swap_remove(best.unwrap_or(0));
        if sounding > 1 {
            let message = format!("of {sounding} voices only `{}` is kept", voice.id);
            log.add(Place { offset: 0, ..end }, ComplaintKind::Voice, message);
        }
        let (setup, silent) = (voice.start, voice.notes == 0);
        let (mut bars, scratch) = voice.into_bars();
        if silent {
            bars.clear();
        }
        drop_trailing_changes(&mut bars);
        Melody { setup, bars, scratch }
    }
}

/// What is left of the voices.
pub(crate) struct Melody {
    pub(crate) setup: Setup,
    pub(crate) bars: Vec<Bar>,
    pub(crate) scratch: Scratch,
}

/// Changes after the last note of the tune change nothing.
fn drop_trailing_changes(bars: &mut [Bar]) {
    if let Some(last) = bars.last_mut() {
        while last
            .events
            .last()
            .is_some_and(|event| matches!(event, Event::Key(_) | Event::Metre(_) | Event::Unit(_)))
        {
            last.events.pop();
        }
    }
}
