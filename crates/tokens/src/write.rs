//! From tokens back to a tune.

use abc::{Bar, BarLine, BarStyle, Duration, Event, Header, Note, Pitch, Rest, Tune, Tuplet};

use crate::key::KeyName;
use crate::symbol::Symbol;
use crate::tokens::Tokens;

impl Tokens {
    /// The tune that these rows stand for, without number and title.
    ///
    /// It plays the same as the tune that was read: same pitches, durations, ties, repeats and
    /// endings. What tokens do not hold is gone: chords, grace notes, named parts and their order,
    /// and how notes were spelt; they are spelt as the key has them, else with sharps in sharp
    /// keys and flats in flat ones.
    pub fn to_tune(&self) -> Tune {
        let head = self.head();
        let mut writer = Writer::new(head.key);
        for (symbol, duration) in self.pairs() {
            writer.add(symbol, duration);
        }
        let header = Header {
            rhythm: head.dance_type.map(String::from),
            metre: head.metre.metre(),
            unit: head.unit,
            key: head.key.to_key(),
            ..Header::default()
        };
        Tune { header, bars: writer.finish(), ..Tune::default() }
    }
}

struct Writer {
    bars: Vec<Bar>,
    bar: Bar,
    key: KeyName,
    /// The tuplet that is open, with the place of its next note.
    tuplet: Option<Tuplet>,
}

impl Writer {
    fn new(key: KeyName) -> Self {
        Self { bars: Vec::new(), bar: Bar::default(), key, tuplet: None }
    }

    fn add(&mut self, symbol: Symbol, duration: Duration) {
        match symbol {
            Symbol::Start | Symbol::End | Symbol::Pickup => {}
            Symbol::Note(midi) => self.note(midi, duration),
            Symbol::Rest => {
                let tuplet = self.next_in_tuplet();
                self.bar.events.push(Event::Rest(Rest { duration, visible: true, tuplet }));
            }
            Symbol::Tie => {
                if let Some(Event::Note(note)) = self.bar.events.last_mut() {
                    note.tied = true;
                }
            }
            Symbol::Bar(style) => self.close(BarLine { style, repeat_end: 0 }),
            Symbol::RepeatEnd(times) => {
                self.close(BarLine { style: BarStyle::Thin, repeat_end: times.max(1) });
            }
            Symbol::RepeatStart => {
                self.split();
                self.bar.repeat_start = true;
            }
            Symbol::Ending(endings) => {
                self.split();
                self.bar.ending = endings.numbers().collect();
            }
            Symbol::Tuplet { p, q, r } => {
                self.tuplet = (r > 0).then_some(Tuplet { p, q, index: 0, length: r });
            }
            Symbol::Key(key) => {
                self.key = key;
                self.bar.events.push(Event::Key(key.to_key()));
            }
            Symbol::Metre(metre) => self.bar.events.push(Event::Metre(metre.metre())),
        }
    }

    fn note(&mut self, midi: u8, duration: Duration) {
        let note = Note {
            pitch: spelt(midi, self.key),
            duration,
            tied: false,
            chord: Default::default(),
            grace: Default::default(),
            tuplet: self.next_in_tuplet(),
        };
        self.bar.events.push(Event::Note(note));
    }

    fn next_in_tuplet(&mut self) -> Option<Tuplet> {
        let now = self.tuplet?;
        let next = Tuplet { index: now.index + 1, ..now };
        self.tuplet = (next.index < next.length).then_some(next);
        Some(now)
    }

    /// Ends a bar that goes on behind a mark without a line between.
    fn split(&mut self) {
        if !self.bar.events.is_empty() {
            self.close(BarLine { style: BarStyle::Missing, repeat_end: 0 });
        }
    }

    fn close(&mut self, close: BarLine) {
        let bar = std::mem::take(&mut self.bar);
        self.bars.push(Bar { close, ..bar });
    }

    fn finish(mut self) -> Vec<Bar> {
        self.split();
        self.bars
    }
}

/// The pitch with this MIDI number as `key` spells it.
fn spelt(midi: u8, key: KeyName) -> Pitch {
    const NATURAL: [u8; 7] = [0, 2, 4, 5, 7, 9, 11];
    let signature = key.to_key().signature;
    let class = i16::from(midi % 12);
    let is_at = |step: usize, alter: i8| {
        (i16::from(NATURAL[step]) + i16::from(alter)).rem_euclid(12) == class
    };
    let lean = if key.sharps < 0 { -1 } else { 1 };
    let in_key = (0..7).map(|step| (step, signature[step]));
    let natural = (0..7).map(|step| (step, 0));
    let leaning = (0..7).map(|step| (step, lean));
    let found = in_key.chain(natural).chain(leaning).find(|&(step, alter)| is_at(step, alter));
    let (step, alter) = found.unwrap_or((0, 0));
    // C flat belongs to the octave above its sound, B sharp to the one below.
    let octave = (i16::from(midi) - i16::from(alter)).div_euclid(12) - 1;
    Pitch {
        step: u8::try_from(step).unwrap_or(0),
        alter,
        octave: i8::try_from(octave).unwrap_or(4),
    }
}
