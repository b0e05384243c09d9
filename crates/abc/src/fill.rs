//! Whether bars fill their metre.

use crate::duration::Duration;
use crate::metre::Metre;
use crate::tune::{Event, Tune};

/// How a bar's length compares with the metre in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fill {
    /// It fills the metre exactly; a rest of whole bars does too.
    Full,
    /// It is shorter, as it may be beside a repeat, an ending, a double bar line, or the start or
    /// end of a part or of the tune.
    Partial,
    /// It is shorter in the middle of a passage.
    Short,
    /// It is longer.
    Long,
    /// No metre is in force.
    Free,
}

impl Fill {
    /// Whether the bar is as long as it should be.
    pub fn is_sound(self) -> bool {
        matches!(self, Self::Full | Self::Partial | Self::Free)
    }
}

impl Tune {
    /// For every bar, how it fills the metre in force.
    ///
    /// ```
    /// use abc::Fill::{Full, Long, Partial};
    /// let tune = abc::read_tune("M:3/4\nL:1/4\nK:C\nE|CDE|CDEF|CD|]");
    /// assert_eq!(tune.fills(), [Partial, Full, Long, Partial]);
    /// ```
    pub fn fills(&self) -> Vec<Fill> {
        let mut metre = self.header.metre;
        let mut fills = Vec::with_capacity(self.bars.len());
        for (index, bar) in self.bars.iter().enumerate() {
            // A change before the first note holds for the bar, a later one for the next.
            let mut next = metre;
            let mut sounding = false;
            for event in &bar.events {
                match event {
                    Event::Metre(changed) if !sounding => (metre, next) = (*changed, *changed),
                    Event::Metre(changed) => next = *changed,
                    _ => sounding |= !event.duration().is_zero(),
                }
            }
            fills.push(self.fill(index, bar.length(), metre));
            metre = next;
        }
        fills
    }

    fn fill(&self, index: usize, length: Duration, metre: Option<Metre>) -> Fill {
        let Some(full) = metre.map(Metre::bar) else { return Fill::Free };
        if length == full {
            return Fill::Full;
        }
        let only_rest = matches!(
            self.bars[index]
                .events
                .iter()
                .filter(|event| !event.duration().is_zero())
                .collect::<Vec<_>>()[..],
            [Event::Rest(_)]
        );
        if length > full {
            return if only_rest && length.rem(full).is_zero() { Fill::Full } else { Fill::Long };
        }
        if self.is_edge(index) || self.is_edge(index + 1) { Fill::Partial } else { Fill::Short }
    }

    /// Whether a passage ends before this bar and another starts.
    fn is_edge(&self, index: usize) -> bool {
        let Some(bar) = self.bars.get(index) else { return true };
        let before = index.checked_sub(1).map(|before| self.bars[before].close);
        bar.repeat_start
            || !bar.ending.is_empty()
            || bar.part().is_some()
            || before.is_none_or(|close| close.repeat_end > 0 || close.style.ends_section())
    }
}
