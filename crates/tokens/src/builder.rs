//! Tokens made one row at a time.

use abc::{Duration, Event, Tune};

use crate::error::Error;
use crate::place::{NO_STRENGTH, Place};
use crate::symbol::Symbol;
use crate::tokens::{Echo, Facts, Head, NO_INTERVAL, Row, Tokens};

/// Bars of a phrase.
const PHRASE: i16 = 4;

/// Tokens that grow by one (symbol, duration) pair at a time, as a language model makes them.
///
/// The features of a row are known as soon as it is pushed, and never change after.
#[derive(Clone, Debug)]
pub struct Builder {
    tokens: Tokens,
    place: Place,
    last: Option<u8>,
}

impl Builder {
    /// A tune of which only the start row is there.
    pub fn new(head: Head) -> Self {
        let place = Place::new(head.metre);
        let (keys, metres) = (vec![head.key], vec![head.metre]);
        let tokens = Tokens { head, rows: Vec::new(), keys, metres, shift: 0 };
        let mut builder = Self { tokens, place, last: None };
        builder.push(Symbol::Start, Duration::ZERO);
        builder
    }

    /// The start of a tune that is read, with room for its rows.
    pub(crate) fn of_tune(tune: &Tune, facts: &Facts<'_>) -> Result<Self, Error> {
        let events = || tune.bars.iter().flat_map(|bar| &bar.events);
        if !events().any(|event| matches!(event, Event::Note(_))) {
            return Err(Error::NoMelody);
        }
        let mut builder = Self::new(Head::new(tune, facts));
        builder.tokens.rows.reserve(events().count() + 2 * tune.bars.len() + 4);
        Ok(builder)
    }

    /// Adds a row; a duration that the symbol cannot have is dropped.
    pub fn push(&mut self, symbol: Symbol, duration: Duration) {
        let duration = if symbol.has_duration() { duration } else { Duration::ZERO };
        self.place.enter(symbol, duration);
        let (key, metre) = self.in_force(symbol);
        let (bar, part, position) = (self.place.bar, self.place.part, self.place.position);
        let timed = symbol.is_timed();
        let strength = if timed { self.place.strength() } else { NO_STRENGTH };
        let interval = self.interval(symbol);
        self.place.leave(symbol, duration);
        let (next_bar, next_strength) = (self.place.next_bar(), self.place.strength());
        let echoes = self.echoes();
        self.tokens.rows.push(Row {
            symbol,
            duration,
            position,
            bar,
            next_bar,
            key,
            metre,
            part,
            interval,
            strength,
            next_strength,
            echoes,
        });
    }

    /// The rows that stood where the next one will: a phrase before it in its part, and in the part before. Of several
    /// at one place the last is the note; signs without length come before it.
    fn echoes(&self) -> [Echo; 2] {
        let (part, bar) = (self.place.next_part(), self.place.next_bar());
        let stood = |part: Option<u8>, bar: i16| {
            let position = self.place.position;
            let at =
                |row: &Row| Some(row.part) == part && row.bar == bar && row.position == position;
            Echo::of(self.tokens.rows.iter().rposition(at))
        };
        [stood(Some(part), bar.saturating_sub(PHRASE)), stood(part.checked_sub(1), bar)]
    }

    /// The rows so far.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The rows, whether or not the end row is there.
    pub fn finish(self) -> Tokens {
        self.tokens
    }

    fn in_force(&mut self, symbol: Symbol) -> (u16, u16) {
        let (key, metre) = self.tokens.rows.last().map_or((0, 0), |row| (row.key, row.metre));
        match symbol {
            Symbol::Key(name) => (place_of(&mut self.tokens.keys, name), metre),
            Symbol::Metre(name) => (key, place_of(&mut self.tokens.metres, name)),
            _ => (key, metre),
        }
    }

    fn interval(&mut self, symbol: Symbol) -> i8 {
        let Symbol::Note(midi) = symbol else { return NO_INTERVAL };
        let last = self.last.replace(midi);
        last.map_or(NO_INTERVAL, |last| (i16::from(midi) - i16::from(last)).clamp(-127, 127) as i8)
    }
}

/// Where `item` stands in `items`, added at the end if need be; there are fewer than 65,536
/// different keys and metres.
fn place_of<T: Copy + PartialEq>(items: &mut Vec<T>, item: T) -> u16 {
    let place = items.iter().position(|&i| i == item).unwrap_or_else(|| {
        items.push(item);
        items.len() - 1
    });
    u16::try_from(place).unwrap_or(0)
}
