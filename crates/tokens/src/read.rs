//! From a tune's bars to (symbol, duration) pairs.

use abc::{Bar, BarStyle, Duration, Event, Metre, Tune, Tuplet};

use crate::symbol::{self, Endings, Symbol};

/// Calls `emit` with every symbol of the tune between its start and its end, in written order.
pub(crate) fn symbols(tune: &Tune, mut emit: impl FnMut(Symbol, Duration)) {
    let mut metre = tune.header.metre;
    let mut before = Before { ends_part: true, ..Before::default() };
    for (place, bar) in tune.bars.iter().enumerate() {
        let length: Duration = bar.events.iter().filter_map(time).sum();
        let full = bar_length(metre, bar);
        let last = place > 0 && place + 1 == tune.bars.len();
        let pickup = !last && is_pickup(bar, &before, length, full);
        opening(bar, &mut emit);
        let mut due = pickup.then_some(length);
        for event in &bar.events {
            if let Some(length) = due.take_if(|_| time(event).is_some()) {
                emit(Symbol::Pickup, length);
            }
            event_symbols(event, &mut emit);
            if let Event::Metre(changed) = event {
                metre = *changed;
            }
        }
        closing(bar, !length.is_zero(), &mut emit);
        if !length.is_zero() || bar.close.style != BarStyle::Missing {
            before = Before::new(bar, length, if pickup { Duration::ZERO } else { full });
        }
    }
}

/// What came before a bar, as far as it tells whether the bar is a pickup.
#[derive(Default)]
struct Before {
    ends_part: bool,
    /// No line stands between, so that the bar goes on.
    open: bool,
    /// What the bar before lacked to be full; nothing if it was full, or a pickup.
    lack: Duration,
}

impl Before {
    fn new(bar: &Bar, length: Duration, full: Duration) -> Self {
        Self {
            ends_part: bar.close.repeat_end > 0 || symbol::ends_part(bar.close.style),
            open: bar.close.style == BarStyle::Missing && bar.close.repeat_end == 0,
            lack: full.saturating_sub(length),
        }
    }
}

/// Whether a bar is short because it starts late: at the start of a part, or after a bar that it
/// makes full.
fn is_pickup(bar: &Bar, before: &Before, length: Duration, full: Duration) -> bool {
    if length.is_zero() || length >= full || !bar.ending.is_empty() || bar.close.repeat_end > 0 {
        return false;
    }
    if before.ends_part || bar.repeat_start {
        return true;
    }
    !before.open && before.lack == length
}

/// The length of a full bar in the metre that holds at its first note; zero in free time.
fn bar_length(metre: Option<Metre>, bar: &Bar) -> Duration {
    let before_notes = bar.events.iter().take_while(|event| time(event).is_none());
    let changed = before_notes.filter_map(|event| match event {
        Event::Metre(metre) => Some(*metre),
        _ => None,
    });
    changed.last().unwrap_or(metre).map_or(Duration::ZERO, Metre::bar)
}

/// How long an event lasts; `None` if it is no note or rest.
fn time(event: &Event) -> Option<Duration> {
    match event {
        Event::Note(note) => Some(note.duration),
        Event::Rest(rest) => Some(rest.duration),
        _ => None,
    }
}

fn opening(bar: &Bar, emit: &mut impl FnMut(Symbol, Duration)) {
    if bar.repeat_start {
        emit(Symbol::RepeatStart, Duration::ZERO);
    }
    if !bar.ending.is_empty() {
        emit(Symbol::Ending(Endings::new(&bar.ending)), Duration::ZERO);
    }
}

fn event_symbols(event: &Event, emit: &mut impl FnMut(Symbol, Duration)) {
    match event {
        Event::Note(note) => {
            tuplet(note.tuplet, emit);
            emit(Symbol::Note(note.pitch.midi()), note.duration);
            if note.tied {
                emit(Symbol::Tie, Duration::ZERO);
            }
        }
        Event::Rest(rest) => {
            tuplet(rest.tuplet, emit);
            emit(Symbol::Rest, rest.duration);
        }
        Event::Key(key) => emit(Symbol::Key((*key).into()), Duration::ZERO),
        Event::Metre(metre) => emit(Symbol::Metre((*metre).into()), Duration::ZERO),
        Event::Unit(_) | Event::Part(_) => {}
    }
}

fn tuplet(tuplet: Option<Tuplet>, emit: &mut impl FnMut(Symbol, Duration)) {
    if let Some(Tuplet { p, q, index: 0, length }) = tuplet {
        emit(Symbol::Tuplet { p, q, r: length }, Duration::ZERO);
    }
}

/// The line that closes a bar; a plain one after no note at all says nothing.
fn closing(bar: &Bar, has_notes: bool, emit: &mut impl FnMut(Symbol, Duration)) {
    let line = bar.close;
    if line.repeat_end > 0 {
        emit(Symbol::RepeatEnd(line.repeat_end), Duration::ZERO);
    } else if symbol::ends_part(line.style) || has_notes && line.style != BarStyle::Missing {
        emit(Symbol::Bar(line.style), Duration::ZERO);
    }
}
