//! Lengths: tuplets and broken rhythm (ABC 2.1, sections 4.4 and 4.13).

use crate::duration::Duration;
use crate::tune::{Event, Tuplet};
use crate::uneven::{Uneven, settle};

/// The tuplet and the broken rhythm under way in a voice.
#[derive(Debug, Default)]
pub(crate) struct Rhythm {
    /// The place that the next note has in the tuplet.
    tuplet: Option<Tuplet>,
    tuplet_start: usize,
    broken: Option<Broken>,
    /// The last note or rest of this bar: its event and its written length.
    last: Option<(usize, Duration)>,
    /// Broken rhythm between unequal notes of this bar.
    uneven: Vec<Uneven>,
}

/// Broken rhythm waiting for its second note.
#[derive(Clone, Copy, Debug)]
struct Broken {
    /// The first note and its written length; none where a bar line comes before the mark.
    first: Option<(usize, Duration)>,
    longer: bool,
    marks: u32,
}

/// Nothing lasts longer, so that sums of durations stay exact.
pub(crate) const LONGEST: Duration = Duration::whole_notes(4096);

/// More marks than three have no sense.
const MAX_MARKS: u32 = 3;

impl Rhythm {
    /// The sounding duration of the event that comes next, from its written length, and its
    /// tuplet. A note before it changes with broken rhythm.
    #[inline]
    pub(crate) fn take(
        &mut self,
        length: Duration,
        events: &mut [Event],
    ) -> (Duration, Option<Tuplet>) {
        let mut duration = length;
        if let Some(broken) = self.broken.take() {
            duration = duration * self.break_pair(broken, length, events);
        }
        self.last = Some((events.len(), length));
        let Some(place) = self.tuplet else { return (duration, None) };
        let index = place.index + 1;
        self.tuplet = (index < place.length).then_some(Tuplet { index, ..place });
        (duration * place.factor(), Some(place))
    }

    /// Changes the first note of broken rhythm and returns the factor of the second.
    fn break_pair(&mut self, broken: Broken, length: Duration, events: &mut [Event]) -> Duration {
        let pair = broken.factors();
        match broken.first {
            Some((first, written)) if written != length => {
                let ratio = written.ratio(length);
                self.uneven.push(Uneven { first, second: events.len(), ratio, pair });
                Duration::WHOLE
            }
            first => {
                scale(first.and_then(|(first, _)| events.get_mut(first)), pair.0);
                pair.1
            }
        }
    }

    /// A tuplet starts. False when it cuts one that has notes already.
    pub(crate) fn start_tuplet(&mut self, tuplet: Tuplet, events: &mut [Event]) -> bool {
        let begun = self.tuplet.is_some_and(|open| open.index > 0);
        self.cut_tuplet(events);
        (self.tuplet, self.tuplet_start) = (Some(tuplet), events.len());
        !begun
    }

    /// Ends a tuplet that is not full yet; its notes learn how many there are. False when there
    /// was none.
    pub(crate) fn cut_tuplet(&mut self, events: &mut [Event]) -> bool {
        let Some(open) = self.tuplet.take() else { return false };
        let start = self.tuplet_start.min(events.len());
        for event in &mut events[start..] {
            let tuplet = match event {
                Event::Note(note) => &mut note.tuplet,
                Event::Rest(rest) => &mut rest.tuplet,
                _ => continue,
            };
            if let Some(tuplet) = tuplet {
                tuplet.length = open.index;
            }
        }
        true
    }

    /// Makes the last note longer or shorter, and the next one the other way round.
    pub(crate) fn break_last(&mut self, longer: bool, marks: usize) -> Result<(), &'static str> {
        if self.broken.is_some() {
            return Err("broken rhythm twice between two notes; the first holds");
        }
        let marks = u32::try_from(marks).unwrap_or(u32::MAX);
        self.broken = Some(Broken { first: self.last, longer, marks: marks.min(MAX_MARKS) });
        if marks > MAX_MARKS {
            return Err("broken rhythm of more than three marks; read as three");
        }
        Ok(())
    }

    /// Nothing before this can be made longer or shorter any more. A mark that still waits for its
    /// second note changes the first alone: the bars of tunes that have it so add up.
    pub(crate) fn forget_last(&mut self, events: &mut [Event]) {
        self.last = None;
        if let Some(broken) = self.broken.take() {
            let first = broken.first.and_then(|(first, _)| events.get_mut(first));
            scale(first, broken.factors().0);
        }
    }

    /// Ends the bar, which should last as long as `full`. False when it holds broken rhythm that
    /// makes no sense.
    pub(crate) fn end_bar(&mut self, events: &mut [Event], full: Option<Duration>) -> bool {
        self.forget_last(events);
        if self.uneven.is_empty() {
            return true;
        }
        let uneven = std::mem::take(&mut self.uneven);
        settle(&uneven, events, full)
    }
}

impl Broken {
    /// What the two notes are multiplied with.
    fn factors(self) -> (Duration, Duration) {
        let halvings = 1 << self.marks;
        let long = Duration::new(2 * halvings - 1, halvings);
        let short = Duration::new(1, halvings);
        if self.longer { (long, short) } else { (short, long) }
    }
}

/// What sounds takes time, be it so short that it was rounded to none, and an end.
pub(crate) fn sounding(duration: Duration) -> Duration {
    if duration.is_zero() { Duration::FINEST } else { duration.min(LONGEST) }
}

pub(crate) fn scale(event: Option<&mut Event>, factor: Duration) {
    match event {
        Some(Event::Note(note)) => note.duration = sounding(note.duration * factor),
        Some(Event::Rest(rest)) => rest.duration = sounding(rest.duration * factor),
        _ => {}
    }
}
