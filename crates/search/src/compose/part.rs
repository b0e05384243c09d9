//! The part of a tune that is being written: how long it is, and how its bars may close.

use super::rules::Ticks;

/// No part starts after so many bars; with what was begun, a tune has at most 64.
pub(super) const LAST_START: u32 = 48;
/// Bars of a part.
const PART: u32 = 8;
/// Bars of the longest part that is repeated.
const LONG_PART: u32 = 16;
/// Bars of the longest passage without signs.
const LONG_PASSAGE: u32 = 32;

/// The part under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Bars of this pass that are over, a pickup not counted.
    pub(super) bars: u32,
    /// Length of the pickup that it starts with; `None` as long as that is open.
    pub(super) lead: Option<Ticks>,
    /// It starts with a `|:`.
    pub(super) marked: bool,
    pub(super) ending: Option<Ending>,
    /// It is the tune's first.
    first: bool,
}

/// The ending under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub(super) second: bool,
    /// Bars of the part before its endings.
    pub(super) common: u32,
    /// Bars of the part with one of them.
    pub(super) whole: u32,
}

impl Ending {
    pub(super) fn ends_at(self, bars: u32) -> bool {
        bars == self.whole
    }
}

/// How a bar may close.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    /// With `:|`, lacking the pickup to which it goes back.
    pub(super) repeat: bool,
    /// With a line of two strokes, full or lacking the part's pickup.
    pub(super) double: bool,
    /// With a single line, full.
    pub(super) thin: bool,
    /// The tune may end with it, if it comes home.
    pub(super) last: bool,
    /// It has to come home.
    pub(super) comes_home: bool,
}

impl Closing {
    /// A bar in the middle of a part.
    pub(super) const PLAIN: Self =
        Self { repeat: false, double: false, thin: true, last: false, comes_home: false };
}

impl Part {
    /// A part before its first bar; `None` for a lead leaves it open, as it is where a tune starts.
    pub(super) fn new(lead: Option<Ticks>) -> Self {
        Self { bars: 0, lead, marked: false, first: lead.is_none(), ending: None }
    }

    /// Length of the pickup that it starts with.
    pub(super) fn lead(&self) -> Ticks {
        self.lead.unwrap_or(0)
    }

    /// Whether its repeat may go back behind its pickup: no `|:` says where to.
    pub(super) fn goes_back_behind_pickup(&self) -> bool {
        self.first && !self.marked
    }

    /// The part with a bar more.
    pub(super) fn after_bar(self) -> Self {
        Self { bars: self.bars + 1, ..self }
    }

    /// For how many parts of eight bars, or of four that are repeated, it stands.
    pub(super) fn worth(&self) -> u32 {
        (self.bars / PART).max(1)
    }

    /// Whether it may be over without a sign.
    pub(super) fn may_end_unmarked(&self) -> bool {
        let eights = self.bars > 0 && self.bars.is_multiple_of(PART);
        eights && !self.marked && self.ending.is_none()
    }

    /// Whether it may have another bar in a tune of `bars` bars so far.
    pub(super) fn goes_on(&self, bars: u32) -> bool {
        match self.ending {
            Some(ending) => !ending.ends_at(self.bars),
            None if self.bars == 0 || !self.bars.is_multiple_of(PART) => true,
            None if self.marked => self.bars < LONG_PART,
            None => self.bars < LONG_PASSAGE && bars <= LAST_START,
        }
    }

    /// The first ending that may start here: it fills up a part of 4, 8 or 16 bars.
    pub(super) fn with_ending(&self) -> Option<Ending> {
        let whole = match self.bars {
            3 => 4,
            6 | 7 => 8,
            14 | 15 => 16,
            _ => return None,
        };
        let ending = Ending { second: false, common: self.bars, whole };
        self.ending.is_none().then_some(ending)
    }

    /// How the next bar may close, in a tune of `parts` parts so far.
    pub(super) fn closing(&self, parts: u32, repeats: bool) -> Closing {
        let part = self.after_bar();
        let last = parts + part.worth() >= 2;
        match self.ending {
            Some(ending) if !ending.ends_at(part.bars) => Closing::PLAIN,
            Some(Ending { second: false, .. }) => {
                Closing { repeat: true, thin: false, ..Closing::PLAIN }
            }
            Some(_) => Closing { double: true, last, comes_home: last, ..Closing::PLAIN },
            None => {
                let eights = part.bars.is_multiple_of(PART);
                let repeat = repeats && [4, PART, LONG_PART].contains(&part.bars);
                Closing {
                    repeat,
                    double: eights && !self.marked,
                    thin: !(self.marked && part.bars == LONG_PART),
                    last: last && (repeat || eights),
                    comes_home: last && eights,
                }
            }
        }
    }
}
