//! Lengths: tuplets and broken rhythm (ABC 2.1, sections 4.4 and 4.13).

use crate::duration::Duration;
use crate::tune::{Event, Tuplet};

/// The tuplet and the broken rhythm under way in a voice.
#[derive(Debug, Default)]
pub(crate) struct Rhythm {
    /// The place that the next note has in the tuplet.
    tuplet: Option<Tuplet>,
    tuplet_start: usize,
    broken: Option<Broken>,
    /// The last note or rest of this bar.
    last: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Broken {
    first: usize,
    /// What the first note was multiplied with.
    first_factor: Duration,
    next_factor: Duration,
}

/// More dots than three have no sense.
const MAX_MARKS: usize = 3;

impl Rhythm {
    /// The sounding duration of the next note from its written length, and its tuplet.
    pub(crate) fn take(&mut self, length: Duration, index: usize) -> (Duration, Option<Tuplet>) {
        let mut duration = length;
        self.last = Some(index);
        if let Some(broken) = self.broken.take() {
            duration = duration * broken.next_factor;
        }
        let tuplet = self.tuplet;
        if let Some(place) = tuplet {
            duration = duration * place.factor();
            let index = place.index + 1;
            self.tuplet = (index < place.length).then_some(Tuplet { index, ..place });
        }
        (duration, tuplet)
    }

    pub(crate) fn start_tuplet(&mut self, p: u8, q: u8, length: u8, next: usize) {
        self.tuplet = (length > 0).then_some(Tuplet { p, q, index: 0, length });
        self.tuplet_start = next;
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
    pub(crate) fn break_last(
        &mut self,
        longer: bool,
        marks: usize,
        events: &mut [Event],
    ) -> Result<(), &'static str> {
        let Some(first) = self.last.filter(|_| self.broken.is_none()) else {
            return Err("broken rhythm without a note before it; left out");
        };
        let halvings = 1 << marks.min(MAX_MARKS);
        let long = Duration::new(2 * halvings - 1, halvings);
        let short = Duration::new(1, halvings);
        let (first_factor, next_factor) = if longer { (long, short) } else { (short, long) };
        scale(events.get_mut(first), first_factor);
        self.broken = Some(Broken { first, first_factor, next_factor });
        if marks > MAX_MARKS {
            Err("broken rhythm of more than three marks; read as three")
        } else {
            Ok(())
        }
    }

    /// Nothing before this can be made longer or shorter any more.
    pub(crate) fn forget_last(&mut self) {
        self.last = None;
    }

    /// Ends the bar; what was under way is undone or cut, and named.
    pub(crate) fn end_bar(&mut self, events: &mut [Event]) -> Option<&'static str> {
        self.last = None;
        let cut = self.cut_tuplet(events);
        if let Some(broken) = self.broken.take() {
            scale(events.get_mut(broken.first), Duration::new(1, 1).ratio(broken.first_factor));
            return Some("broken rhythm without a note after it in the bar; left out");
        }
        cut.then_some("a tuplet has fewer notes in its bar than it says; it ends with the bar")
    }
}

fn scale(event: Option<&mut Event>, factor: Duration) {
    match event {
        Some(Event::Note(note)) => note.duration = note.duration * factor,
        Some(Event::Rest(rest)) => rest.duration = rest.duration * factor,
        _ => {}
    }
}
