//! A [`Tune`] back to ABC.

use std::fmt::Write;

use crate::accidentals::{Accidentals, Reach};
use crate::duration::Duration;
use crate::key::{LETTERS, accidental};
use crate::metre::Metre;
use crate::notes::default_q;
use crate::pitch::Pitch;
use crate::text::{encode, without_comment};
use crate::tie::Tie;
use crate::tune::{Bar, BarLine, BarStyle, Event, Header, Note, Rest, Tune};
use crate::voice::Setup;

/// Bars on a line of music.
const BARS_ON_LINE: usize = 4;

/// Writes a tune as ABC 2.1 that reads back as the same bars and notes.
///
/// Lengths are written out in full, so broken rhythm is gone; accidentals stand where the key and
/// the bar need them. Reading the text and writing it again gives the same text.
///
/// ```
/// let tune = abc::read_tune("X:1\nT:Drowsy Maggie\nM:4/4\nL:1/8\nK:Edor\n|:E2BE dEBE|E2BE AFDF:|");
/// let text = abc::write(&tune);
/// assert!(text.ends_with("K:Edor\n|:E2BE dEBE|E2BE AFDF :|\n"));
/// assert_eq!(abc::read_tune(&text).melody(), tune.melody());
/// ```
pub fn write(tune: &Tune) -> String {
    let skip = leading_changes(tune);
    let setup = skip.setup;
    let mut writer = Writer {
        out: String::with_capacity(64 + tune.bars.len() * 24),
        setup,
        accidentals: Accidentals::new(setup.key.signature, Reach::default()),
        tie: Tie::default(),
        tuplet: 0,
    };
    writer.header(&tune.header);
    writer.body(tune, skip.events);
    writer.out
}

/// Changes before the first note, which belong to the header.
struct Leading {
    setup: Setup,
    events: usize,
}

fn leading_changes(tune: &Tune) -> Leading {
    let Header { key, metre, unit, .. } = tune.header;
    let mut setup = Setup { key, metre, unit: usable(unit, metre) };
    let events = tune.bars.first().map_or(&[][..], |bar| &bar.events);
    let sounds = |event: &Event| matches!(event, Event::Note(_) | Event::Rest(_));
    let leading = events.iter().position(sounds).unwrap_or(events.len());
    for event in &events[..leading] {
        match event {
            Event::Key(key) => setup.key = *key,
            Event::Metre(metre) => setup.metre = *metre,
            Event::Unit(unit) => setup.unit = usable(*unit, setup.metre),
            Event::Note(_) | Event::Rest(_) | Event::Part(_) => {}
        }
    }
    Leading { setup, events: leading }
}

/// The unit note length, or the metre's default in place of one that `L:` cannot say.
fn usable(unit: Duration, metre: Option<Metre>) -> Duration {
    let sound = |part| (1..=1024).contains(&part);
    if sound(unit.num()) && sound(unit.den()) {
        unit
    } else {
        metre.map_or(Duration::new(1, 8), Metre::default_unit)
    }
}

struct Writer {
    out: String,
    setup: Setup,
    accidentals: Accidentals,
    tie: Tie,
    /// Notes that the tuplet under way still has.
    tuplet: u8,
}

impl Writer {
    fn header(&mut self, header: &Header) {
        // The number stands as it is, without escapes.
        let number = without_comment(header.number.lines().next().unwrap_or_default());
        self.field('X', if number.is_empty() { "1" } else { number });
        for title in &header.titles {
            self.text_field('T', title);
        }
        for composer in &header.composers {
            self.text_field('C', composer);
        }
        if let Some(rhythm) = &header.rhythm {
            self.text_field('R', rhythm);
        }
        for (letter, text) in &header.others {
            // Letters with a meaning of their own would change what is read.
            if letter.is_ascii_alphabetic() && !"CIKLMPRTUVXm".contains(*letter) {
                self.text_field(*letter, text);
            }
        }
        self.field('M', &metre_text(self.setup.metre));
        self.field('L', &self.setup.unit.to_string());
        if let Some(parts) = &header.parts {
            self.text_field('P', parts);
        }
        self.field('K', &self.setup.key.to_string());
    }

    fn text_field(&mut self, letter: char, text: &str) {
        let text = encode(text);
        if !text.is_empty() {
            self.field(letter, &text);
        }
    }

    fn field(&mut self, letter: char, text: &str) {
        self.out.extend([letter, ':']);
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn body(&mut self, tune: &Tune, leading: usize) {
        let mut on_line = 0;
        for (index, bar) in tune.bars.iter().enumerate() {
            if index == 0 && bar.repeat_start {
                self.out.push_str("|:");
            }
            if let Some(name) = bar.part() {
                self.end_line();
                self.text_field('P', name);
                on_line = 0;
            }
            self.ending(&bar.ending);
            self.events(tune, index, if index == 0 { leading } else { 0 });
            let next = tune.bars.get(index + 1);
            self.close(bar.close, next);
            on_line += 1;
            let section = bar.close.repeat_end > 0 || bar.close.style.ends_section();
            if section || on_line >= BARS_ON_LINE {
                self.end_line();
                on_line = 0;
            }
        }
        self.end_line();
    }

    fn end_line(&mut self) {
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn ending(&mut self, numbers: &[u8]) {
        if let Some((first, rest)) = numbers.split_first() {
            let _ = write!(self.out, " [{first}");
            for number in rest {
                let _ = write!(self.out, ",{number}");
            }
            self.out.push(' ');
        }
    }

    /// The line after a bar, with the dots of a repeat that starts behind it.
    fn close(&mut self, close: BarLine, next: Option<&Bar>) {
        let start = next.is_some_and(|next| next.repeat_start);
        let ending = next.is_some_and(|next| !next.ending.is_empty());
        let part = next.is_some_and(|next| next.part().is_some());
        let dots = usize::from(close.repeat_end);
        let line = match close.style {
            BarStyle::Thin => "|",
            BarStyle::Double => "||",
            BarStyle::Final => "|]",
            BarStyle::Heavy => "[|",
            BarStyle::Faint if dots == 0 && !start => ".|",
            BarStyle::Missing if dots == 0 && !start && (next.is_none() || ending || part) => "",
            BarStyle::Faint | BarStyle::Missing => "|",
        };
        if dots > 0 {
            // A note right before a colon at the start of a line would look like a field.
            self.out.push(' ');
            self.out.extend(std::iter::repeat_n(':', dots));
        }
        self.out.push_str(line);
        if start {
            self.out.push(':');
        }
        // Where an ending divides a bar, its accidentals go on.
        if !(line.is_empty() && ending && !part) {
            self.accidentals.end_bar();
        }
    }

    fn events(&mut self, tune: &Tune, bar: usize, skip: usize) {
        let events = &tune.bars[bar].events;
        let sounds = |event: &&Event| matches!(event, Event::Note(_) | Event::Rest(_));
        let sounding = events.iter().filter(sounds).count();
        let mut now = Duration::ZERO;
        for (index, event) in events.iter().enumerate().skip(skip) {
            let grouped = now.is_zero() || !(now % self.group()).is_zero();
            if sounds(&event) && !grouped {
                self.out.push(' ');
            }
            self.start_tuplet(&events[index..]);
            match event {
                Event::Note(note) => self.note(note, ties_on(tune, bar, index)),
                Event::Rest(rest) => self.rest(rest, sounding == 1),
                Event::Part(_) => {}
                change => self.change(change),
            }
            now = now + event.duration();
        }
    }

    /// How much is written without a gap: a beat, or half a bar of four or two halves.
    fn group(&self) -> Duration {
        match self.setup.metre {
            Some(
                Metre { numerator: 4, denominator: 4 } | Metre { numerator: 2, denominator: 2 },
            ) => Duration::new(1, 2),
            Some(metre) => metre.beat(),
            None => Duration::new(1, 4),
        }
    }

    fn change(&mut self, event: &Event) {
        let (letter, text) = match event {
            Event::Key(key) => {
                self.setup.key = *key;
                self.accidentals.set_signature(key.signature);
                ('K', key.to_string())
            }
            Event::Metre(metre) => {
                self.setup.metre = *metre;
                ('M', metre_text(*metre))
            }
            Event::Unit(unit) => {
                self.setup.unit = usable(*unit, self.setup.metre);
                ('L', self.setup.unit.to_string())
            }
            Event::Note(_) | Event::Rest(_) | Event::Part(_) => return,
        };
        let _ = write!(self.out, "[{letter}:{text}]");
    }

    /// Writes the sign of a tuplet where all of its notes follow; otherwise they are written with
    /// the lengths that they have.
    fn start_tuplet(&mut self, events: &[Event]) {
        let Some(first) = events.first().and_then(Event::tuplet).filter(|_| self.tuplet == 0)
        else {
            return;
        };
        let members =
            events.iter().filter(|event| matches!(event, Event::Note(_) | Event::Rest(_)));
        let whole = (0..first.length)
            .zip(members.map(Event::tuplet))
            .take_while(|&(index, place)| place == Some(crate::Tuplet { index, ..first }))
            .count();
        if first.p < 2 || first.q == 0 || first.length == 0 || whole < usize::from(first.length) {
            return;
        }
        self.tuplet = first.length;
        let usual = default_q(u32::from(first.p), self.setup.metre) == u32::from(first.q);
        let _ = match usual && first.length == first.p {
            true => write!(self.out, "({}", first.p),
            false => write!(self.out, "({}:{}:{}", first.p, first.q, first.length),
        };
    }

    fn note(&mut self, note: &Note, tied: bool) {
        if !note.grace.is_empty() {
            self.out.push('{');
            for &pitch in &note.grace {
                self.pitch(pitch);
            }
            self.out.push('}');
        }
        if note.chord.is_empty() {
            self.pitch(note.pitch);
        } else {
            self.out.push('[');
            for &pitch in &note.chord {
                self.pitch(pitch);
            }
            self.pitch(note.pitch);
            self.out.push(']');
        }
        self.length(note.duration, note.tuplet);
        self.tie.end(None);
        if tied {
            self.out.push('-');
            self.tie.begin((0, 0), note.pitch, &note.chord);
        }
    }

    fn rest(&mut self, rest: &Rest, alone: bool) {
        self.tie.end(None);
        let bars =
            self.setup.metre.map_or(Duration::ZERO, |metre| rest.duration.ratio(metre.bar()));
        if alone && rest.tuplet.is_none() && bars.den() == 1 && bars.num() > 1 {
            let _ = write!(self.out, "{}{}", if rest.visible { 'Z' } else { 'X' }, bars.num());
            return;
        }
        self.out.push(if rest.visible { 'z' } else { 'x' });
        self.length(rest.duration, rest.tuplet);
    }

    fn length(&mut self, sounding: Duration, tuplet: Option<crate::Tuplet>) {
        let mut length = sounding.ratio(self.setup.unit);
        if let Some(tuplet) = tuplet.filter(|_| self.tuplet > 0) {
            self.tuplet -= 1;
            length = length.ratio(tuplet.factor());
        }
        let _ = match (length.num(), length.den()) {
            (1, 1) => Ok(()),
            (num, 1) => write!(self.out, "{num}"),
            (1, den) => write!(self.out, "/{den}"),
            (num, den) => write!(self.out, "{num}/{den}"),
        };
    }

    /// A pitch with the accidental that it needs here.
    fn pitch(&mut self, pitch: Pitch) {
        let Pitch { step, alter, octave } = pitch;
        let step = step % 7;
        let carried = self.tie.carries(step, octave);
        let plain = carried.unwrap_or_else(|| self.accidentals.plain(step, octave));
        if plain != alter {
            self.out.push_str(accidental(alter));
            self.accidentals.write(step, octave, alter);
        }
        let letter = char::from(LETTERS[usize::from(step)]);
        self.out.push(if octave > 4 { letter.to_ascii_lowercase() } else { letter });
        let (mark, marks) = if octave > 4 { ('\'', octave - 5) } else { (',', 4 - octave) };
        self.out.extend(std::iter::repeat_n(mark, usize::try_from(marks).unwrap_or(0)));
    }
}

fn metre_text(metre: Option<Metre>) -> String {
    metre.map_or_else(|| "none".to_owned(), |metre| metre.to_string())
}

/// Whether a note is tied to something: the next note in writing, or one behind a repeat.
fn ties_on(tune: &Tune, bar: usize, index: usize) -> bool {
    let Some(Event::Note(note)) = tune.bars[bar]
        .events
        .get(index)
        .filter(|event| matches!(event, Event::Note(note) if note.tied))
    else {
        return false;
    };
    let mut from = index + 1;
    for (at, here) in tune.bars.iter().enumerate().skip(bar) {
        let next = here.events.iter().skip(from).find_map(|event| match event {
            Event::Note(next) => Some(next.pitch.sounds_like(note.pitch)),
            Event::Rest(_) => Some(false),
            _ => None,
        });
        if let Some(same) = next {
            return same;
        }
        let after = tune.bars.get(at + 1);
        let starts = |bar: &Bar| bar.repeat_start || !bar.ending.is_empty();
        if here.close.repeat_end > 0 || after.is_some_and(starts) {
            return true;
        }
        from = 0;
    }
    false
}
