//! Whether bars fill their metre.

use crate::duration::Duration;
use crate::metre::Metre;
use crate::tune::{Bar, BarStyle, Event, Tune};

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
    /// For every bar, the metre in force. A change before its first note holds for the bar, a
    /// later one from the next bar on.
    pub fn metres(&self) -> Vec<Option<Metre>> {
        let mut now = self.header.metre;
        let mut metres = Vec::with_capacity(self.bars.len());
        for bar in &self.bars {
            let mut next = now;
            let mut sounding = false;
            for event in &bar.events {
                match event {
                    Event::Metre(changed) if !sounding => (now, next) = (*changed, *changed),
                    Event::Metre(changed) => next = *changed,
                    _ => sounding |= is_sound(event),
                }
            }
            metres.push(now);
            now = next;
        }
        metres
    }

    /// For every bar, how it fills the metre in force.
    ///
    /// ```
    /// use abc::Fill::{Full, Long, Partial};
    /// let tune = abc::read_tune("M:3/4\nL:1/4\nK:C\nE|CDE|CDEF|CD|]");
    /// assert_eq!(tune.fills(), [Partial, Full, Long, Partial]);
    /// ```
    pub fn fills(&self) -> Vec<Fill> {
        let metres = self.metres();
        metres.into_iter().enumerate().map(|(index, metre)| self.fill(index, metre)).collect()
    }

    fn fill(&self, index: usize, metre: Option<Metre>) -> Fill {
        let Some(full) = metre.map(Metre::bar) else { return Fill::Free };
        let length = self.bars[index].length();
        if length == full {
            Fill::Full
        } else if length > full {
            let rest = is_rest(&self.bars[index]) && length % full == Duration::ZERO;
            if rest { Fill::Full } else { Fill::Long }
        } else if self.is_edge(index) || self.is_edge(index + 1) {
            Fill::Partial
        } else {
            Fill::Short
        }
    }

    /// Whether a passage ends before this bar and another starts.
    fn is_edge(&self, index: usize) -> bool {
        let Some(bar) = self.bars.get(index) else { return true };
        let before = index.checked_sub(1).map(|before| self.bars[before].close);
        bar.repeat_start
            || !bar.ending.is_empty()
            || bar.part().is_some()
            || before.is_none_or(|close| {
                let ends = close.style.ends_section() || close.style == BarStyle::Missing;
                close.repeat_end > 0 || ends
            })
    }
}

fn is_sound(event: &Event) -> bool {
    matches!(event, Event::Note(_) | Event::Rest(_))
}

/// Whether the bar holds a single rest and nothing else that sounds.
fn is_rest(bar: &Bar) -> bool {
    let mut sounds = bar.events.iter().filter(|event| is_sound(event));
    matches!((sounds.next(), sounds.next()), (Some(Event::Rest(_)), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(abc: &str, expected: &[Fill]) {
        let tune = crate::read_tune(&format!("M:2/4\nL:1/4\nK:C\n{abc}"));
        assert_eq!(tune.fills(), expected, "{abc}");
    }

    #[test]
    fn short_bars_are_sound_at_edges_only() {
        use Fill::{Full, Long, Partial, Short};
        check("C|CD|C:|", &[Partial, Full, Partial]);
        check("CD|C|CD|CD|", &[Full, Short, Full, Full]);
        check("CD|C||D|CD|", &[Full, Partial, Partial, Full]);
        check("CD|C [1 D:|[2 D2|]", &[Full, Partial, Partial, Full]);
        check("CD|CDE|CD", &[Full, Long, Full]);
    }

    #[test]
    fn rests_of_whole_bars_fill_them() {
        check("Z4|CD|z2|z4|zz2|", &[Fill::Full, Fill::Full, Fill::Full, Fill::Full, Fill::Long]);
    }

    #[test]
    fn metre_changes_hold_from_their_place() {
        check(
            "CD|[M:3/4]CDE|CD[M:2/4]E|CD|[M:none]CDEFG|",
            &[Fill::Full, Fill::Full, Fill::Full, Fill::Full, Fill::Free],
        );
    }
}
