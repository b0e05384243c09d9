//! The bars of a tune as they are played: whether they are full, and how many make a part.

use std::collections::BTreeSet;

use abc::{Bar, BarStyle, Duration, Metre, Tune};

use super::fault::{Fault, FaultKind};
use super::{PART, Part};

/// The parts that are played, and the bars that are not full.
pub(super) fn walk(tune: &Tune) -> (Vec<Part>, Vec<Fault>) {
    let mut walk = Walk { tune, metres: tune.metres(), ..Walk::new(tune) };
    let order = tune.unfold();
    walk.returns = order.windows(2).filter(|two| two[1] <= two[0]).map(|two| two[1]).collect();
    for (place, &bar) in order.iter().enumerate() {
        let before = place.checked_sub(1).map(|place| order[place]);
        if before.is_none_or(|before| walk.starts_pass(before, bar)) {
            walk.passes.push(Pass { first: bar, bars: 0 });
        }
        walk.bar(bar, order.get(place + 1).copied());
    }
    walk.end();
    (parts(&walk.passes), walk.faults)
}

/// A passage that is played without going back.
#[derive(Clone, Copy)]
struct Pass {
    first: usize,
    bars: usize,
}

struct Walk<'a> {
    tune: &'a Tune,
    metres: Vec<Option<Metre>>,
    /// Bars to which a repeat goes back: parts start there, be it without a sign.
    returns: BTreeSet<usize>,
    passes: Vec<Pass>,
    faults: Vec<Fault>,
    /// Length of the bar that a seam has cut, and its full length; none when all is full.
    cut: Option<Cut>,
    /// Length of the pickup with which the tune starts.
    pickup: Duration,
}

/// A bar that goes on behind a seam.
#[derive(Clone, Copy)]
struct Cut {
    bar: usize,
    is: Duration,
    metre: Metre,
}

impl Cut {
    fn full(self) -> Duration {
        self.metre.bar()
    }

    fn fault(self) -> FaultKind {
        FaultKind::BarLength { is: self.is, metre: self.metre }
    }
}

impl<'a> Walk<'a> {
    fn new(tune: &'a Tune) -> Self {
        Self {
            tune,
            metres: Vec::new(),
            returns: BTreeSet::new(),
            passes: Vec::new(),
            faults: Vec::new(),
            cut: None,
            pickup: Duration::ZERO,
        }
    }

    /// Whether a pass ends with the bar `before` and another starts with `bar`.
    fn starts_pass(&self, before: usize, bar: usize) -> bool {
        let (close, next) = (self.tune.bars[before].close, &self.tune.bars[bar]);
        let parted = close.repeat_end > 0 || close.style.ends_section();
        let marked = next.repeat_start || (parted && next.ending.is_empty());
        bar <= before || marked || self.returns.contains(&bar)
    }

    /// Whether a bar may be cut between these two, to go on in the second: where a part or an
    /// ending begins, marked or not.
    fn is_seam(&self, Cut { bar, is, metre }: Cut, next: Option<usize>) -> bool {
        let bars = &self.tune.bars;
        let (open, Some(next)) = (bars[bar].close.style == BarStyle::Missing, next) else {
            return true;
        };
        let parts = self.starts_pass(bar, next) || !bars[next].ending.is_empty();
        open || parts || is + bars[next].length() == metre.bar()
    }

    fn bar(&mut self, bar: usize, next: Option<usize>) {
        let Some(metre) = self.metres[bar] else {
            return self.fault(bar, FaultKind::NoMetre);
        };
        let (length, full) = (self.tune.bars[bar].length(), metre.bar());
        if let Some(cut) = self.cut.take() {
            if cut.is + length <= full {
                return self.go_on(Cut { is: cut.is + length, metre, bar }, next);
            }
            self.fault(cut.bar, cut.fault());
        }
        let leads_in = bar == 0 && length < full && self.tune.bars[bar].close.repeat_end == 0;
        if leads_in && (self.passes.len() == 1 || !self.tune.bars[bar].repeat_start) {
            // A repeat without a `|:` whose last bar is full goes back behind the pickup.
            self.pickup = length;
            return;
        }
        let whole = Cut { is: length, metre, bar };
        let late = length < full && !self.is_seam(whole, next);
        if let Some(pass) = self.passes.last_mut() {
            // A pickup that no bar has left room for is a fault, but no bar of the part.
            pass.bars += usize::from(pass.bars > 0 || !late);
        }
        self.go_on(whole, next);
    }

    /// A bar as far as it has come.
    fn go_on(&mut self, bar: Cut, next: Option<usize>) {
        if bar.is < bar.full() && self.is_seam(bar, next) {
            self.cut = Some(bar);
        } else if bar.is != bar.full() && !rests(&self.tune.bars[bar.bar], bar.full()) {
            self.fault(bar.bar, bar.fault());
        }
    }

    /// The last bar may lack the pickup of the tune, or of the part that it ends.
    fn end(&mut self) {
        let Some(cut) = self.cut.take() else { return };
        let part = self.passes.last().map_or(0, |pass| pass.first);
        let part = self.tune.bars.get(part).map_or(Duration::ZERO, Bar::length);
        let lacks = cut.full() - cut.is;
        if lacks != self.pickup && lacks != part {
            self.fault(cut.bar, cut.fault());
        }
    }

    fn fault(&mut self, bar: usize, kind: FaultKind) {
        let fault = Fault::at(bar, kind);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// Whether a bar holds nothing but a rest of several bars.
fn rests(bar: &Bar, full: Duration) -> bool {
    bar.notes().next().is_none() && (bar.length() % full).is_zero() && !bar.length().is_zero()
}

/// Passes that start with the same bar are one part. Where a part's last ending has no line at its
/// end, the next part belongs to the last pass.
fn parts(passes: &[Pass]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    // A pickup before the first repeat sign is no part.
    for group in passes.chunk_by(|a, b| a.first == b.first).filter(|group| group[0].bars > 0) {
        let Pass { first, bars } = group[0];
        parts.push(Part { first, bars, passes: group.len() });
        for pass in group.iter().filter(|pass| pass.bars != bars) {
            let more = pass.bars.saturating_sub(bars);
            parts.push(if more > 0 && more.is_multiple_of(PART) {
                Part { first: first + bars, bars: more, passes: 1 }
            } else {
                Part { first, bars: pass.bars, passes: 1 }
            });
        }
    }
    parts
}
