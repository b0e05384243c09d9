//! Made-up tunes: bars of a corpus, each after one that ended on the same note, as a chain of Markov.

use std::collections::BTreeMap;

use abc::{Bar, Event, Note, Pitch, Pitches, Tune};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Bars of a made-up tune.
const BARS: usize = 16;

/// Bars of one metre by the note before them.
#[derive(Default)]
struct Chain {
    starts: Vec<Bar>,
    after: BTreeMap<u8, Vec<Bar>>,
}

/// What tunes are made of.
pub(crate) struct Chains {
    /// The tune whose head stands for each metre.
    heads: Vec<Tune>,
    chains: Vec<Chain>,
    /// The metre of each tune of the corpus, so that made-up ones are as often in each.
    metres: Vec<usize>,
}

impl Chains {
    /// The chains of these tunes.
    pub(crate) fn new(tunes: &[Tune]) -> Self {
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut all = Self { heads: Vec::new(), chains: Vec::new(), metres: Vec::new() };
        for tune in tunes {
            let metre = format!("{:?} {:?}", tune.header.metre, tune.header.unit);
            let at = *places.entry(metre).or_insert(all.chains.len());
            if at == all.chains.len() {
                let mut head = Tune { bars: Vec::new(), ..tune.clone() };
                head.header.others.clear();
                head.header.key = abc::Key::default();
                all.heads.push(head);
                all.chains.push(Chain::default());
            }
            all.metres.push(at);
            all.chains[at].add(tune);
        }
        all
    }

    /// A tune without a title.
    pub(crate) fn tune(&self, dice: &mut ChaCha8Rng) -> Tune {
        loop {
            let metre = self.metres[dice.random_range(0..self.metres.len())];
            let chain = &self.chains[metre];
            if chain.starts.is_empty() {
                continue;
            }
            let mut bars = vec![chain.starts[dice.random_range(0..chain.starts.len())].clone()];
            while bars.len() < BARS {
                let next = bars.last().and_then(last).and_then(|note| chain.after.get(&note));
                let from = next.unwrap_or(&chain.starts);
                bars.push(from[dice.random_range(0..from.len())].clone());
            }
            let by = dice.random_range(-5..=6);
            bars.iter_mut().for_each(|bar| moved(bar, by));
            return Tune { bars, ..self.heads[metre].clone() };
        }
    }
}

impl Chain {
    fn add(&mut self, tune: &Tune) {
        let mut before = None;
        for bar in &tune.bars {
            let plain = plain(bar);
            if last(&plain).is_none() {
                before = None;
                continue;
            }
            let end = last(&plain);
            match before {
                Some(note) => self.after.entry(note).or_default().push(plain),
                None => self.starts.push(plain),
            }
            before = end;
        }
    }
}

/// A bar with its notes and rests alone.
fn plain(bar: &Bar) -> Bar {
    let events = bar.events.iter().filter_map(|event| match event {
        Event::Note(note) => {
            let (pitch, duration) = (note.pitch, note.duration);
            let (chord, grace) = (Pitches::default(), Pitches::default());
            Some(Event::Note(Note { pitch, duration, tied: false, chord, grace, tuplet: None }))
        }
        Event::Rest(_) => Some(event.clone()),
        _ => None,
    });
    Bar { events: events.collect(), ..Bar::default() }
}

fn last(bar: &Bar) -> Option<u8> {
    bar.notes().last().map(|note| note.pitch.midi())
}

fn moved(bar: &mut Bar, by: i16) {
    for event in &mut bar.events {
        if let Event::Note(note) = event {
            let midi = i16::from(note.pitch.midi()) + by;
            note.pitch = Pitch::from_midi(midi.clamp(36, 108) as u8);
        }
    }
}

/// Another setting of a tune: one note in twelve is another, one bar in eight another of its bars.
pub(crate) fn varied(tune: &Tune, dice: &mut ChaCha8Rng) -> Tune {
    let mut own = tune.clone();
    for at in 0..own.bars.len() {
        if dice.random_bool(0.125) {
            own.bars[at] = tune.bars[dice.random_range(0..tune.bars.len())].clone();
        }
    }
    changed(&mut own, 1.0 / 12.0, dice);
    own
}

/// A tune with every tenth note wrong.
pub(crate) fn noisy(tune: &Tune, dice: &mut ChaCha8Rng) -> Tune {
    let mut own = tune.clone();
    changed(&mut own, 0.1, dice);
    own
}

fn changed(tune: &mut Tune, share: f64, dice: &mut ChaCha8Rng) {
    for event in tune.bars.iter_mut().flat_map(|bar| &mut bar.events) {
        if let Event::Note(note) = event
            && dice.random_bool(share)
        {
            let by = [-3, -2, 2, 3][dice.random_range(0..4)];
            let midi = i16::from(note.pitch.midi()) + by;
            note.pitch = Pitch::from_midi(midi.clamp(36, 108) as u8);
        }
    }
}
