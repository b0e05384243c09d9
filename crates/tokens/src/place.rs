//! Where in its part and bar each symbol of a tune stands.

use abc::{Duration, Metre};

use crate::metre::MetreName;
use crate::symbol::Symbol;

/// No strength: nothing starts here, or there is no metre.
pub(crate) const NO_STRENGTH: u8 = u8::MAX;

/// A place in a tune, moved on by one symbol after the other.
///
/// It depends on the symbols so far alone, never on those to come, so that a tune that is just
/// being composed has the same places as one that is read.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Parts before this one.
    pub(crate) part: u8,
    /// Full bars since the part began; -1 in a pickup.
    pub(crate) bar: i16,
    /// Time since the bar line, or for a pickup since where the line would be.
    pub(crate) position: Duration,
    /// The part is over unless an ending follows.
    over: bool,
    /// Where the part's first ending began.
    ending: Option<(i16, Duration)>,
    metre: Option<Metre>,
    grid: Option<Grid>,
}

impl Place {
    pub(crate) fn new(metre: MetreName) -> Self {
        let mut place = Self {
            part: 0,
            bar: 0,
            position: Duration::ZERO,
            over: false,
            ending: None,
            metre: None,
            grid: None,
        };
        place.set_metre(metre);
        place
    }

    /// Makes this the place of `symbol`, which stands next.
    pub(crate) fn enter(&mut self, symbol: Symbol, duration: Duration) {
        match symbol {
            Symbol::Ending(_) => self.enter_ending(),
            Symbol::RepeatStart if self.over || self.bar > 0 || !self.position.is_zero() => {
                self.start_part();
            }
            Symbol::End => {}
            _ if self.over => self.start_part(),
            _ => {}
        }
        match symbol {
            Symbol::Metre(metre) => self.set_metre(metre),
            Symbol::Pickup => {
                self.bar = self.bar.saturating_sub(1);
                self.position = self.bar_length().saturating_sub(duration);
            }
            _ => {}
        }
    }

    /// Moves on to where `symbol`, entered before, has ended.
    pub(crate) fn leave(&mut self, symbol: Symbol, duration: Duration) {
        if symbol.is_timed() {
            self.position = self.position + duration;
        } else if symbol.closes_bar() {
            if !self.position.is_zero() {
                self.bar = self.bar.saturating_add(1);
            }
            self.position = Duration::ZERO;
            // A pickup alone is no part: in `d||:gab` all belongs together.
            self.over = symbol.closes_part() && self.bar > 0;
        }
    }

    /// The bar in which the next symbol stands, unless it is one that starts or ends something.
    pub(crate) fn next_bar(&self) -> i16 {
        if self.over { 0 } else { self.bar }
    }

    /// The part in which the next symbol stands, likewise.
    pub(crate) fn next_part(&self) -> u8 {
        self.part.saturating_add(self.over.into())
    }

    /// Strength of the place in the metre, 0..=4, [`NO_STRENGTH`] beyond the bar or without metre.
    pub(crate) fn strength(&self) -> u8 {
        self.grid.as_ref().map_or(NO_STRENGTH, |grid| grid.strength(self.position))
    }

    fn enter_ending(&mut self) {
        self.over = false;
        match self.ending {
            Some((bar, position)) => (self.bar, self.position) = (bar, position),
            None => self.ending = Some((self.bar, self.position)),
        }
    }

    fn start_part(&mut self) {
        self.part = self.part.saturating_add(1);
        self.bar = 0;
        self.position = Duration::ZERO;
        self.over = false;
        self.ending = None;
    }

    fn set_metre(&mut self, metre: MetreName) {
        self.metre = metre.metre();
        self.grid = self.metre.map(Grid::new);
    }

    fn bar_length(&self) -> Duration {
        self.metre.map_or(Duration::ZERO, Metre::bar)
    }
}

/// The lengths into which a metre divides a bar, each level finer than the one before.
#[derive(Clone, Debug)]
struct Grid {
    levels: [Duration; 4],
}

impl Grid {
    fn new(metre: Metre) -> Self {
        let bar = metre.bar();
        let unit = |n: u32, finer: u32| Duration::new(n, metre.denominator.saturating_mul(finer));
        let levels = match (beats(metre), metre.is_compound()) {
            (Some(4), true) => [bar, unit(6, 1), unit(3, 1), unit(1, 1)],
            (Some(4), false) => [bar, unit(2, 1), unit(1, 1), unit(1, 2)],
            (Some(_), true) => [bar, unit(3, 1), unit(1, 1), unit(1, 2)],
            _ => [bar, unit(1, 1), unit(1, 2), unit(1, 4)],
        };
        Self { levels }
    }

    fn strength(&self, position: Duration) -> u8 {
        if position >= self.levels[0] {
            return NO_STRENGTH;
        }
        let level = self.levels.iter().position(|&unit| is_multiple(position, unit));
        level.map_or(0, |level| u8::try_from(4 - level).unwrap_or(0))
    }
}

/// Beats in a bar where the metre has two, three or four; `None` in irregular ones.
pub(crate) fn beats(metre: Metre) -> Option<u32> {
    let beats = if metre.is_compound() { metre.numerator / 3 } else { metre.numerator };
    (2..=4).contains(&beats).then_some(beats)
}

/// Whether `position` is a whole number of `unit`s.
pub(crate) fn is_multiple(position: Duration, unit: Duration) -> bool {
    let a = u64::from(position.num()) * u64::from(unit.den());
    let b = u64::from(unit.num()) * u64::from(position.den());
    b != 0 && a.is_multiple_of(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strengths_fall_off_as_the_bar_divides() {
        check("4/4", 8, "41213121");
        check("2/4", 8, "4232");
        check("3/4", 8, "423232");
        check("6/8", 8, "422322");
        check("9/8", 8, "422322322");
        check("12/8", 8, "411211311211");
        check("2/2", 8, "41213121");
        check("5/4", 8, "4232323232");
        check("3/8", 16, "423232");
        check("4/4", 24, "400100200100300100200100");
    }

    fn check(metre: &str, den: u32, expected: &str) {
        let grid = Grid::new(MetreName::parse(metre).unwrap().metre().unwrap());
        let place = |n: usize| Duration::new(u32::try_from(n).unwrap(), den);
        let found: String =
            (0..expected.len()).map(|n| grid.strength(place(n)).to_string()).collect();
        assert_eq!(found, expected, "{metre}");
        assert_eq!(grid.strength(place(expected.len())), NO_STRENGTH, "{metre}: the bar is full");
    }
}
