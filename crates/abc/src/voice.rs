//! One voice while it is read: notes into bars, with ties, tuplets and broken rhythm worked in.

use crate::accidentals::{Accidentals, Reach};
use crate::barline::BarMark;
use crate::complaint::{At, ComplaintKind};
use crate::duration::Duration;
use crate::key::Key;
use crate::metre::Metre;
use crate::pitch::{Pitch, Pitches};
use crate::rhythm::{LONGEST, Rhythm, sounding};
use crate::tie::{Spot, Tie};
use crate::tune::{Bar, BarLine, BarStyle, Event, Note, Rest, Tuplet};

/// Key, metre and unit note length.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Setup {
    pub(crate) key: Key,
    pub(crate) metre: Option<Metre>,
    pub(crate) unit: Duration,
}

/// Lists that one tune after another is gathered in, so that memory is taken once and what is
/// kept of a tune takes no more than it needs.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    bars: Vec<Bar>,
    events: Vec<Event>,
}

/// A voice being read.
#[derive(Debug)]
pub(crate) struct Voice {
    pub(crate) id: String,
    pub(crate) percussion: bool,
    /// Octaves that `V:` and `K:` move the notes by.
    pub(crate) octave: i8,
    pub(crate) key_octave: i8,
    /// What holds when the music starts.
    pub(crate) start: Setup,
    /// What holds now.
    pub(crate) setup: Setup,
    pub(crate) accidentals: Accidentals,
    pub(crate) tie: Tie,
    pub(crate) rhythm: Rhythm,
    /// Grace notes waiting for their note.
    pub(crate) grace: Vec<Pitch>,
    pub(crate) notes: usize,
    bars: Vec<Bar>,
    /// Events of the bar being read.
    events: Vec<Event>,
    /// Whether a note or rest is among them.
    sounding: bool,
    ending: Vec<u8>,
    repeat_start: bool,
    overlay: Option<Overlay>,
    /// Inside `(& ... &)`, where overlays go on over bar lines.
    pub(crate) overlay_spans: bool,
}

/// What to go back to when an overlay (`&`) is over: it is read and left out.
#[derive(Debug)]
struct Overlay {
    events: usize,
    notes: usize,
    sounding: bool,
    tie: Tie,
}

impl Voice {
    pub(crate) fn new(id: String, setup: Setup, reach: Reach, scratch: Scratch) -> Self {
        let Scratch { bars, events } = scratch;
        Self {
            id,
            percussion: false,
            octave: 0,
            key_octave: 0,
            start: setup,
            setup,
            accidentals: Accidentals::new(setup.key.signature, reach),
            tie: Tie::default(),
            rhythm: Rhythm::default(),
            grace: Vec::new(),
            notes: 0,
            bars,
            events,
            sounding: false,
            ending: Vec::new(),
            repeat_start: false,
            overlay: None,
            overlay_spans: false,
        }
    }

    /// Whether nothing but fields has been read yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.bars.is_empty() && !self.sounding
    }

    /// Whether the bar being read has no note or rest yet.
    pub(crate) fn at_bar_start(&self) -> bool {
        !self.sounding
    }

    /// The alteration of a note in this voice, from its own accidental, a tie or the bar.
    #[inline]
    pub(crate) fn alter(&mut self, step: u8, octave: i8, own: Option<i8>) -> i8 {
        match own {
            Some(alter) => {
                self.accidentals.write(step, octave, alter);
                alter
            }
            None => match self.tie.carries(step, octave) {
                Some(alter) => alter,
                None => self.accidentals.plain(step, octave),
            },
        }
    }

    /// Takes a note, or a chord by its highest note and the others.
    #[inline]
    pub(crate) fn note(
        &mut self,
        (pitch, chord): (Pitch, Pitches),
        length: Duration,
        at: &mut At<'_, '_>,
    ) {
        if self.tie.is_pending() {
            self.settle_tie(Some((pitch, &chord)), at);
        }
        let (duration, tuplet) = self.rhythm.take(length, &mut self.events);
        let duration = bounded(duration, at);
        let grace = match self.grace.is_empty() {
            true => Pitches::default(),
            false => self.grace.drain(..).collect(),
        };
        self.events.push(Event::Note(Note { pitch, duration, tied: false, chord, grace, tuplet }));
        self.sounding = true;
        self.notes += 1;
    }

    /// Takes a rest whose written length is this.
    pub(crate) fn rest(&mut self, visible: bool, length: Duration, at: &mut At<'_, '_>) {
        self.settle_tie(None, at);
        let (duration, tuplet) = self.rhythm.take(length, &mut self.events);
        let duration = bounded(duration, at);
        self.events.push(Event::Rest(Rest { duration, visible, tuplet }));
        self.sounding = true;
        self.grace.clear();
    }

    /// Takes a rest of whole bars.
    pub(crate) fn bars_of_rest(&mut self, visible: bool, bars: u32, at: &mut At<'_, '_>) {
        let bar = self.setup.metre.map_or(Duration::new(1, 1), Metre::bar);
        self.settle_tie(None, at);
        let duration = bounded(bar * Duration::new(bars, 1), at);
        self.rhythm.forget_last(&mut self.events);
        self.events.push(Event::Rest(Rest { duration, visible, tuplet: None }));
        self.sounding = true;
        self.grace.clear();
    }

    /// Ties the last note to the next one.
    pub(crate) fn tie(&mut self, at: &mut At<'_, '_>) {
        let place = match self.events.iter().rposition(|event| !event.duration().is_zero()) {
            Some(index) => Some((self.bars.len(), index)),
            // A tie may stand after the bar line.
            None => self
                .bars
                .len()
                .checked_sub(1)
                .and_then(|bar| Some((bar, self.bars[bar].events.len().checked_sub(1)?))),
        };
        let note = place.and_then(|spot| self.note_at(spot));
        match (place, note) {
            (Some(place), Some(note)) => {
                note.tied = true;
                let (pitch, chord) = (note.pitch, note.chord.to_vec());
                self.tie.begin(place, pitch, &chord);
            }
            _ => at.complain(ComplaintKind::Tie, "`-` follows no note; left out"),
        }
    }

    fn event_at(&mut self, (bar, index): Spot) -> Option<&mut Event> {
        let events = match self.bars.get_mut(bar) {
            Some(bar) => &mut bar.events,
            None => &mut self.events,
        };
        events.get_mut(index)
    }

    fn note_at(&mut self, spot: Spot) -> Option<&mut Note> {
        match self.event_at(spot) {
            Some(Event::Note(note)) => Some(note),
            _ => None,
        }
    }

    /// Ends a pending tie at the next note, or at a rest or the end of the music.
    fn settle_tie(&mut self, next: Option<(Pitch, &[Pitch])>, at: &mut At<'_, '_>) {
        let Some(end) = self.tie.end(next) else { return };
        if !end.holds
            && let Some(note) = self.note_at(end.place)
        {
            note.tied = false;
        }
        if !end.meets {
            at.complain(ComplaintKind::Tie, "the tie does not reach a note of its pitch; left out");
        }
    }

    /// Starts a tuplet.
    pub(crate) fn tuplet(&mut self, tuplet: Tuplet, at: &mut At<'_, '_>) {
        if !self.rhythm.start_tuplet(tuplet, &mut self.events) {
            at.complain(ComplaintKind::Rhythm, "a tuplet starts inside another, which it ends");
        }
    }

    /// Broken rhythm: `marks` times `>` (the last note is longer) or `<` (shorter).
    pub(crate) fn broken(&mut self, longer: bool, marks: usize, at: &mut At<'_, '_>) {
        if let Err(message) = self.rhythm.break_last(longer, marks) {
            at.complain(ComplaintKind::Rhythm, message);
        }
    }

    /// Takes a change of key, metre or unit; before the first note it belongs to the header.
    pub(crate) fn change(&mut self, event: Event) {
        match &event {
            Event::Key(key) => {
                self.setup.key = *key;
                self.accidentals.set_signature(key.signature);
            }
            Event::Metre(metre) => self.setup.metre = *metre,
            Event::Unit(unit) => self.setup.unit = *unit,
            Event::Note(_) | Event::Rest(_) | Event::Part(_) => {}
        }
        if self.is_fresh() {
            self.start = self.setup;
        } else if self.overlay.is_none() {
            self.events.push(event);
        }
    }

    /// A part starts: the bar before it ends, even without a bar line.
    pub(crate) fn part(&mut self, name: String, at: &mut At<'_, '_>) {
        self.end_overlay();
        if self.sounding {
            let line = BarLine { style: BarStyle::Missing, repeat_end: 0 };
            self.bar_line(BarMark { line, ..BarMark::default() }, at);
        }
        self.events.retain(|event| !matches!(event, Event::Part(_)));
        self.events.insert(0, Event::Part(name));
    }

    /// An ending that stands apart from its bar line; inside a bar it divides it.
    pub(crate) fn ending(&mut self, ending: Vec<u8>, at: &mut At<'_, '_>) {
        self.end_overlay();
        self.tie.jump();
        if self.sounding {
            self.end_rhythm(at);
            self.push_bar(BarLine { style: BarStyle::Missing, repeat_end: 0 });
        }
        self.ending = ending;
    }

    /// Ends what is under way in the rhythm where a bar ends or is divided.
    fn end_rhythm(&mut self, at: &mut At<'_, '_>) {
        if self.rhythm.cut_tuplet(&mut self.events) {
            let message = "a tuplet has fewer notes in its bar than it says; it ends with the bar";
            at.complain(ComplaintKind::Rhythm, message);
        }
        if !self.rhythm.end_bar(&mut self.events, self.setup.metre.map(Metre::bar)) {
            let message = "broken rhythm between notes of unequal length; they stay as written";
            at.complain(ComplaintKind::Rhythm, message);
        }
    }

    /// `&` starts another voice from the start of the bar, which is left out.
    pub(crate) fn overlay(&mut self) {
        if self.overlay.is_none() {
            self.rhythm.cut_tuplet(&mut self.events);
            self.rhythm.end_bar(&mut self.events, None);
            self.accidentals.end_bar();
            let tie = std::mem::take(&mut self.tie);
            let (events, notes, sounding) = (self.events.len(), self.notes, self.sounding);
            self.overlay = Some(Overlay { events, notes, sounding, tie });
        }
    }

    /// Ends an overlay.
    pub(crate) fn end_overlay(&mut self) {
        if let Some(overlay) = self.overlay.take() {
            self.rhythm.cut_tuplet(&mut self.events);
            self.rhythm.end_bar(&mut self.events, None);
            self.events.truncate(overlay.events);
            (self.notes, self.sounding) = (overlay.notes, overlay.sounding);
            self.tie = overlay.tie;
            self.grace.clear();
        }
    }

    /// A repeat starts here, without a bar line of its own.
    pub(crate) fn repeat_here(&mut self) {
        self.tie.jump();
        self.repeat_start = true;
    }

    /// Takes a bar line: it closes the bar, or adds to the line before when nothing is between.
    pub(crate) fn bar_line(&mut self, mark: BarMark, at: &mut At<'_, '_>) {
        if self.overlay.is_some() && self.overlay_spans {
            self.accidentals.end_bar();
            return;
        }
        self.end_overlay();
        self.end_rhythm(at);
        self.accidentals.end_bar();
        if mark.line.repeat_end > 0 || mark.repeat_start || !mark.ending.is_empty() {
            self.tie.jump();
        }
        if self.sounding {
            self.push_bar(mark.line);
        } else if let Some(last) = self.bars.last_mut().filter(|_| !self.repeat_start) {
            last.close = joined(last.close, mark.line);
        }
        if mark.repeat_start {
            self.repeat_start = true;
            if !self.ending.is_empty() {
                at.complain(ComplaintKind::Repeat, "an ending without notes; left out");
                self.ending.clear();
            }
        }
        if !mark.ending.is_empty() {
            self.ending = mark.ending;
        }
    }

    fn push_bar(&mut self, close: BarLine) {
        let mut events = Vec::with_capacity(self.events.len());
        events.append(&mut self.events);
        let ending = std::mem::take(&mut self.ending);
        let repeat_start = std::mem::take(&mut self.repeat_start);
        self.bars.push(Bar { ending, repeat_start, events, close });
        self.sounding = false;
    }

    /// The bars, and the lists for the next voice.
    pub(crate) fn into_bars(mut self) -> (Vec<Bar>, Scratch) {
        let mut bars = Vec::with_capacity(self.bars.len());
        bars.append(&mut self.bars);
        self.events.clear();
        (bars, Scratch { bars: self.bars, events: self.events })
    }

    /// Ends the voice where the tune ends.
    pub(crate) fn finish(&mut self, at: &mut At<'_, '_>) {
        self.end_overlay();
        self.end_rhythm(at);
        if self.sounding {
            self.push_bar(BarLine { style: BarStyle::Missing, repeat_end: 0 });
        }
        self.settle_tie(None, at);
    }
}

/// A duration that sounds; one beyond all sense is a complaint.
#[inline]
fn bounded(duration: Duration, at: &mut At<'_, '_>) -> Duration {
    if duration > LONGEST {
        let message = format!("longer than {} whole notes; cut to that", LONGEST.num());
        at.complain(ComplaintKind::Rhythm, message);
    }
    sounding(duration)
}

/// Two bar lines with nothing between them as one.
fn joined(first: BarLine, second: BarLine) -> BarLine {
    let weight = |style: BarStyle| match style {
        BarStyle::Missing => 0,
        BarStyle::Faint => 1,
        BarStyle::Thin => 2,
        BarStyle::Double => 3,
        BarStyle::Heavy => 4,
        BarStyle::Final => 5,
    };
    let style = if weight(second.style) > weight(first.style) { second.style } else { first.style };
    let repeat_end = first.repeat_end.max(second.repeat_end);
    let faint = style == BarStyle::Faint && repeat_end > 0;
    BarLine { style: if faint { BarStyle::Thin } else { style }, repeat_end }
}
