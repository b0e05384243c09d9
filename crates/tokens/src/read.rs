//! From a tune's bars to (symbol, duration) pairs.

use abc::{Bar, BarLine, BarStyle, Duration, Event, Key, Metre, Tune, Tuplet};

use crate::symbol::{Endings, Symbol};

/// A bar on its way through the tune, with the marks that it has there.
#[derive(Clone, Copy)]
struct Step<'a> {
    bar: &'a Bar,
    /// A repeat starts with it.
    repeat_start: bool,
    ending: &'a [u8],
    close: BarLine,
    /// Key and metre to go back to before it, where the way led back behind a change.
    back_to: Option<Force>,
}

/// What is in force.
#[derive(Clone, Copy, PartialEq)]
struct Force {
    key: Key,
    metre: Option<Metre>,
}

/// Calls `emit` with every symbol of the tune between its start and its end, in written order.
pub(crate) fn in_written_order(tune: &Tune, emit: impl FnMut(Symbol, Duration)) {
    let steps = tune.bars.iter().map(|bar| Step {
        bar,
        repeat_start: bar.repeat_start,
        ending: &bar.ending,
        close: bar.close,
        back_to: None,
    });
    symbols(tune.header.metre, steps, emit);
}

/// Calls `emit` with every symbol in playing order: repeats are written out, and where a passage
/// starts again or a repeat begins, a double bar parts it from what was before.
pub(crate) fn in_playing_order(tune: &Tune, emit: impl FnMut(Symbol, Duration)) {
    let order = tune.unfold();
    let force = forces(tune);
    let steps = order.iter().enumerate().map(|(place, &index)| {
        let bar = &tune.bars[index];
        let came_from = if place > 0 { order[place - 1] + 1 } else { 0 };
        let parted = bar.close.repeat_end > 0
            || order
                .get(place + 1)
                .is_some_and(|&next| next <= index || tune.bars[next].repeat_start);
        let style = if parted && !bar.close.style.ends_section() {
            BarStyle::Double
        } else {
            bar.close.style
        };
        Step {
            bar,
            repeat_start: false,
            ending: &[],
            close: BarLine { style, repeat_end: 0 },
            back_to: (force[index] != force[came_from]).then_some(force[index]),
        }
    });
    symbols(tune.header.metre, steps, emit);
}

/// What is in force at the start of each bar as written, and after the last one.
fn forces(tune: &Tune) -> Vec<Force> {
    let mut now = Force { key: tune.header.key, metre: tune.header.metre };
    let mut forces = vec![now];
    for bar in &tune.bars {
        for event in &bar.events {
            match event {
                Event::Key(key) => now.key = *key,
                Event::Metre(metre) => now.metre = *metre,
                _ => {}
            }
        }
        forces.push(now);
    }
    forces
}

fn symbols<'a>(
    mut metre: Option<Metre>,
    steps: impl Iterator<Item = Step<'a>>,
    mut emit: impl FnMut(Symbol, Duration),
) {
    let mut before = Before::default();
    let mut steps = steps.peekable();
    while let Some(step) = steps.next() {
        metre = step.back_to.map_or(metre, |force| force.metre);
        let bar = Length { is: step.bar.length(), full: bar_length(metre, step.bar) };
        let pickup = before.is_made_full_by(&step, bar)
            || before.lets_start_late(&step, bar) && steps.peek().is_some();
        opening(&step, &mut emit);
        let mut due = pickup.then_some(bar.is);
        for event in &step.bar.events {
            if let Some(length) = due.take_if(|_| !event.duration().is_zero()) {
                emit(Symbol::Pickup, length);
            }
            event_symbols(event, &mut emit);
            if let Event::Metre(changed) = event {
                metre = *changed;
            }
        }
        closing(&step, &mut emit);
        before.pass(&step, bar, pickup);
    }
}

/// How long a bar is, and would be if it were full; zero in free time.
#[derive(Clone, Copy)]
struct Length {
    is: Duration,
    full: Duration,
}

/// What came before a bar, as far as it tells whether the bar is a pickup: a bar that is short
/// because it starts late.
struct Before {
    ends_part: bool,
    rest: Rest,
    /// The same before the part's first ending, as the further ones come after it too.
    at_ending: Option<Rest>,
}

/// What the bar before has left to the next one.
#[derive(Clone, Copy, Default)]
struct Rest {
    /// What it lacked to be full; nothing if it was full, or a pickup.
    lack: Duration,
    /// Its length where no line closes it, so that the next one goes on with it.
    open: Duration,
}

impl Default for Before {
    /// Before the tune.
    fn default() -> Self {
        Self { ends_part: true, rest: Rest::default(), at_ending: None }
    }
}

impl Before {
    /// Whether this bar and the one before make a full one.
    fn is_made_full_by(&self, step: &Step<'_>, bar: Length) -> bool {
        let Rest { lack, open } = self.rest_before(step);
        open.is_zero() && !lack.is_zero() && bar.is == lack && bar.is < bar.full
    }

    /// Whether this bar is short at the start of a part, rather than cut off by a repeat.
    fn lets_start_late(&self, step: &Step<'_>, bar: Length) -> bool {
        (self.ends_part || step.repeat_start)
            && (bar.is < bar.full && !bar.is.is_zero())
            && (step.ending.is_empty() && step.close.repeat_end == 0)
    }

    fn pass(&mut self, step: &Step<'_>, bar: Length, pickup: bool) {
        let before = self.rest_before(step);
        if !step.ending.is_empty() {
            self.at_ending = Some(before);
        } else if self.ends_part || step.repeat_start {
            self.at_ending = None;
        }
        let length = before.open + bar.is;
        let open = step.close == BarLine { style: BarStyle::Missing, repeat_end: 0 };
        self.ends_part = step.close.repeat_end > 0 || step.close.style.ends_section();
        self.rest = Rest {
            lack: if pickup { Duration::ZERO } else { bar.full.saturating_sub(length) },
            open: if open { length } else { Duration::ZERO },
        };
    }

    fn rest_before(&self, step: &Step<'_>) -> Rest {
        self.at_ending.filter(|_| !step.ending.is_empty()).unwrap_or(self.rest)
    }
}

/// The length of a full bar in the metre that holds at its first note; zero in free time.
fn bar_length(metre: Option<Metre>, bar: &Bar) -> Duration {
    let before_notes = bar.events.iter().take_while(|event| event.duration().is_zero());
    let changed = before_notes.filter_map(|event| match event {
        Event::Metre(metre) => Some(*metre),
        _ => None,
    });
    changed.last().unwrap_or(metre).map_or(Duration::ZERO, Metre::bar)
}

fn opening(step: &Step<'_>, emit: &mut impl FnMut(Symbol, Duration)) {
    if step.repeat_start {
        emit(Symbol::RepeatStart, Duration::ZERO);
    }
    if !step.ending.is_empty() {
        emit(Symbol::Ending(Endings::new(step.ending)), Duration::ZERO);
    }
    if let Some(Force { key, metre }) = step.back_to {
        emit(Symbol::Key(key.into()), Duration::ZERO);
        emit(Symbol::Metre(metre.into()), Duration::ZERO);
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

fn closing(step: &Step<'_>, emit: &mut impl FnMut(Symbol, Duration)) {
    match step.close {
        BarLine { repeat_end: 0, style: BarStyle::Missing } => {}
        BarLine { repeat_end: 0, style } => emit(Symbol::Bar(style), Duration::ZERO),
        BarLine { repeat_end, .. } => emit(Symbol::RepeatEnd(repeat_end), Duration::ZERO),
    }
}
