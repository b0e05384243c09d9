//! Which rows may come next in a tune that is being written, so that its form closes.
//!
//! The grammar holds what [`tokens::form`] asks for, and leaves all else to the model: how parts
//! are repeated, with which endings, how many there are, which pickup they have. It is stricter in
//! small things: key and metre do not change, tuplets have equal notes, an ending starts with a
//! bar. At every row something is allowed, and every way leads to an end.

use abc::BarStyle;
use tokens::{Endings, Symbol};

use super::part::{Closing, Ending, LAST_START, Part};
use super::rules::{QUAVER, Rules, Ticks, is_in_range, is_in_tuplet, is_plain};

/// A tune that is being written, as far as its form goes.
#[derive(Clone, Debug)]
pub(super) struct Grammar<'r> {
    rules: &'r Rules,
    place: Place,
    part: Part,
    bar: OpenBar,
    last: Last,
    tuplet: Option<Tuplet>,
    /// Bars written in all, pickups not counted.
    bars: u32,
    /// Parts that are over, of eight bars or of four that are repeated.
    parts: u32,
    /// The bar that was closed last came home.
    home: bool,
}

/// Where the next row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A part starts.
    Start,
    /// A bar starts within a part.
    Line,
    /// A bar is under way.
    Bar,
    /// The second ending has to follow.
    SecondEnding,
    /// The tune is over.
    Over,
}

/// The bar under way; at its start as [`OpenBar::default`] is.
#[derive(Clone, Copy, Debug, Default)]
struct OpenBar {
    used: Ticks,
    /// Its length where it is a pickup.
    pickup: Option<Ticks>,
    /// The tonic was on a main beat.
    tonic: bool,
    /// The last note belongs to the tonic's chord.
    home: bool,
}

/// The last row, as far as a tie is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Note(u8),
    Tied(u8),
    Other,
}

#[derive(Clone, Copy, Debug)]
struct Tuplet {
    ratio: (u8, u8),
    left: u8,
    /// Length of each of its notes, once the first is known.
    length: Option<Ticks>,
}

impl<'r> Grammar<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        Self {
            rules,
            place: Place::Start,
            part: Part::new(None),
            bar: OpenBar::default(),
            last: Last::Other,
            tuplet: None,
            bars: 0,
            parts: 0,
            home: false,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.place == Place::Over
    }

    /// Whether a row may come next.
    pub(super) fn allows(&self, symbol: Symbol) -> bool {
        match (self.place, self.last) {
            (Place::Over, _) => false,
            (Place::SecondEnding, _) => symbol == Symbol::Ending(Endings::new(&[2])),
            (Place::Start, _) => self.allows_at_start(symbol),
            (Place::Line, Last::Tied(_)) => self.sounds(symbol),
            (Place::Line, _) => self.allows_at_line(symbol),
            (Place::Bar, _) => self.allows_in_bar(symbol),
        }
    }

    fn allows_at_start(&self, symbol: Symbol) -> bool {
        let goes_on = self.part.marked || self.bars <= LAST_START;
        match symbol {
            Symbol::End => !self.part.marked && self.parts >= 2 && self.home,
            Symbol::RepeatStart => goes_on && !self.part.marked && self.rules.repeats,
            Symbol::Pickup => goes_on && self.rules.lengths().any(|p| self.is_pickup(p)),
            _ => goes_on && self.part.lead() == 0 && self.sounds(symbol),
        }
    }

    fn allows_at_line(&self, symbol: Symbol) -> bool {
        let part = &self.part;
        let ends = part.may_end_unmarked();
        match symbol {
            Symbol::End => ends && self.parts + part.worth() >= 2 && self.home,
            Symbol::RepeatStart => {
                let after_pickup = part.bars == 0 && !part.marked;
                self.rules.repeats && (after_pickup || ends && self.bars <= LAST_START)
            }
            Symbol::Ending(endings) => {
                let first = endings == Endings::new(&[1]) && self.rules.endings;
                first && part.with_ending().is_some()
            }
            _ => part.goes_on(self.bars) && self.sounds(symbol),
        }
    }

    fn allows_in_bar(&self, symbol: Symbol) -> bool {
        let closing = self.closing();
        let (used, full) = (self.bar.used, self.rules.bar);
        let lacks_lead = used + self.part.lead() == full;
        let is_free = self.tuplet.is_none() && !matches!(self.last, Last::Tied(_));
        let closes = is_free && (!closing.last || self.is_home());
        match symbol {
            Symbol::Tie => self.allows_tie(),
            Symbol::Bar(BarStyle::Thin) => {
                let free = is_free || self.tuplet.is_none() && self.goes_on_after_bar();
                closing.thin && free && used == self.bar.pickup.unwrap_or(full)
            }
            Symbol::Bar(BarStyle::Double | BarStyle::Final) => {
                closing.double && closes && (used == full || lacks_lead)
            }
            Symbol::RepeatEnd(1) => {
                let back = lacks_lead || used == full && self.part.goes_back_behind_pickup();
                closing.repeat && closes && back
            }
            _ => self.sounds(symbol),
        }
    }

    /// A note may be held on where the next one can follow, and where it need not come home.
    fn allows_tie(&self) -> bool {
        let follows = self.left() > 0 || self.closing().thin && self.goes_on_after_bar();
        matches!(self.last, Last::Note(_)) && follows && !self.must_come_home()
    }

    /// Whether a note can follow the bar line that closes this bar.
    fn goes_on_after_bar(&self) -> bool {
        self.bar.pickup.is_some() || self.part.after_bar().goes_on(self.bars + 1)
    }

    /// Whether a row may be next in which time passes, or which starts such rows.
    fn sounds(&self, symbol: Symbol) -> bool {
        match (symbol, self.last, self.tuplet) {
            (Symbol::Note(midi), Last::Tied(tied), _) if midi != tied => false,
            (Symbol::Note(midi), ..) if !is_in_range(midi) => false,
            (Symbol::Note(_), ..) | (Symbol::Rest, Last::Note(_) | Last::Other, None) => {
                self.rules.lengths().any(|length| self.allows_length(symbol, length))
            }
            (Symbol::Tuplet { p, q, r }, Last::Note(_) | Last::Other, None) => {
                let fits = |length| self.fits_tuplet((p, q), length);
                p == r && (2..=9).contains(&p) && self.rules.lengths().any(fits)
            }
            _ => false,
        }
    }

    /// Whether a row of this symbol, which is allowed, may have this length.
    pub(super) fn allows_length(&self, symbol: Symbol, length: Ticks) -> bool {
        if symbol == Symbol::Pickup {
            return self.is_pickup(length);
        }
        match self.tuplet {
            Some(Tuplet { length: Some(others), .. }) => length == others,
            Some(Tuplet { ratio, .. }) => self.fits_tuplet(ratio, length),
            None => is_plain(length) && self.fits(length, self.rules.is_home(symbol)),
        }
    }

    /// Whether all notes of a tuplet may have this length.
    fn fits_tuplet(&self, ratio: (u8, u8), length: Ticks) -> bool {
        is_in_tuplet(length, ratio) && self.fits(length * Ticks::from(ratio.0), false)
    }

    /// Whether so much time leaves a rest of the bar that can be filled, and in which the bar can
    /// come home if it does not do so now.
    fn fits(&self, time: Ticks, home: bool) -> bool {
        let Some(rest) = self.left().checked_sub(time) else { return false };
        self.rules.fills(rest) && (home || rest >= QUAVER || !self.must_come_home())
    }

    fn is_pickup(&self, length: Ticks) -> bool {
        let full = self.rules.bar;
        match self.part.lead {
            Some(lead) => length == lead,
            None if 2 * length > full => false,
            None => is_plain(length) && self.rules.fills(length) && self.rules.fills(full - length),
        }
    }

    /// Time left in the bar.
    fn left(&self) -> Ticks {
        let closing = self.closing();
        let full = self.rules.bar;
        let length = match self.bar.pickup {
            Some(pickup) => pickup,
            None if closing.thin || self.part.goes_back_behind_pickup() => full,
            None => full - self.part.lead(),
        };
        length - self.bar.used
    }

    fn closing(&self) -> Closing {
        match self.bar.pickup {
            Some(_) => Closing::PLAIN,
            None => self.part.closing(self.parts, self.rules.repeats),
        }
    }

    fn must_come_home(&self) -> bool {
        self.closing().comes_home && !self.bar.tonic
    }

    fn is_home(&self) -> bool {
        self.bar.tonic || self.bar.home
    }

    /// Takes a row that is allowed, with its length; `tonic` tells whether it is the tonic on a main
    /// beat.
    pub(super) fn advance(&mut self, symbol: Symbol, length: Ticks, tonic: bool) {
        match symbol {
            Symbol::Start | Symbol::Key(_) | Symbol::Metre(_) => {}
            Symbol::End => self.place = Place::Over,
            Symbol::RepeatStart => self.mark(),
            Symbol::Pickup => {
                self.part.lead = Some(length);
                self.bar.pickup = Some(length);
                self.place = Place::Bar;
            }
            Symbol::Ending(_) => self.enter_ending(),
            Symbol::Tuplet { p, q, r } => {
                self.enter_bar();
                self.last = Last::Other;
                self.tuplet = Some(Tuplet { ratio: (p, q), left: r, length: None });
            }
            Symbol::Note(midi) => {
                self.pass(length);
                self.bar.tonic |= tonic;
                self.bar.home = self.rules.is_home(symbol);
                self.last = Last::Note(midi);
                self.advance_tuplet(length);
            }
            Symbol::Rest => {
                self.pass(length);
                self.last = Last::Other;
            }
            Symbol::Tie => {
                if let Last::Note(midi) = self.last {
                    self.last = Last::Tied(midi);
                }
            }
            Symbol::Bar(_) | Symbol::RepeatEnd(_) => self.close(symbol),
        }
    }

    fn enter_bar(&mut self) {
        self.place = Place::Bar;
        self.part.lead.get_or_insert(0);
    }

    fn pass(&mut self, length: Ticks) {
        self.enter_bar();
        self.bar.used += length;
    }

    fn advance_tuplet(&mut self, length: Ticks) {
        let Some(tuplet) = &mut self.tuplet else { return };
        self.last = Last::Other;
        tuplet.length = Some(length);
        tuplet.left -= 1;
        if tuplet.left == 0 {
            self.tuplet = None;
        }
    }

    /// A `|:`, which may end a part without signs, or come after a pickup that stays outside.
    fn mark(&mut self) {
        if self.place == Place::Line {
            if self.part.bars > 0 {
                self.end_part(0);
            }
            self.part.lead = Some(0);
        }
        self.part.marked = true;
        self.place = Place::Start;
    }

    fn enter_ending(&mut self) {
        self.part.ending = match self.part.ending {
            None => self.part.with_ending(),
            Some(ending) => Some(Ending { second: true, ..ending }),
        };
        self.place = Place::Line;
    }

    fn close(&mut self, symbol: Symbol) {
        let closed = std::mem::take(&mut self.bar);
        self.place = Place::Line;
        if symbol != Symbol::Bar(BarStyle::Thin) || !matches!(self.last, Last::Tied(_)) {
            self.last = Last::Other;
        }
        if closed.pickup.is_some() {
            return;
        }
        self.part = self.part.after_bar();
        self.bars += 1;
        self.home = closed.tonic || closed.home;
        let lacks = self.rules.bar - closed.used;
        match (symbol, self.part.ending) {
            (Symbol::RepeatEnd(_), Some(ending)) => {
                self.part.bars = ending.common;
                self.place = Place::SecondEnding;
            }
            (Symbol::Bar(BarStyle::Thin), Some(ending)) if !ending.ends_at(self.part.bars) => {}
            (Symbol::Bar(BarStyle::Thin), None) => {}
            _ => self.end_part(lacks),
        }
    }

    /// Ends the part with a bar that lacks some time, which the next part's pickup has.
    fn end_part(&mut self, lacks: Ticks) {
        self.parts += self.part.worth();
        self.part = Part::new(Some(lacks));
        self.place = Place::Start;
    }
}
