//! What the rows of a tune in one key and metre can be, by the ids of a vocabulary.

use abc::Duration;
use tokens::{Endings, Feature, KeyName, Symbol, Value, Vocabulary};

/// A time in parts of a whole note that halves, thirds and their halves are whole numbers of.
pub(super) type Ticks = u32;

/// Ticks of a whole note: 64ths and the notes of triplets of 32nds are whole.
const WHOLE: u32 = 192;

/// The shortest last note of a bar that comes home: a quaver.
pub(super) const QUAVER: Ticks = WHOLE / 8;

/// Lowest and highest note: the fiddle's open G to the flute's high E, two octaves and a sixth.
const RANGE: std::ops::RangeInclusive<u8> = 55..=88;

/// What a vocabulary offers to a tune in one key and metre.
#[derive(Debug)]
pub(super) struct Rules {
    /// By id.
    symbols: Vec<Option<Symbol>>,
    /// By id, with the length in ticks.
    durations: Vec<Option<(Duration, Ticks)>>,
    /// Which lengths can be filled with plain notes, from nothing to a full bar.
    fillable: Vec<bool>,
    pub(super) bar: Ticks,
    key: KeyName,
    pub(super) repeats: bool,
    pub(super) endings: bool,
}

impl Rules {
    /// The rules of tunes in this key and in bars of this length; `None` where the vocabulary
    /// cannot fill and close such bars.
    pub(super) fn new(vocabulary: &Vocabulary, key: KeyName, bar: Duration) -> Option<Self> {
        let symbol = |id| match vocabulary.value(Feature::Symbol, id) {
            Some(Value::Symbol(symbol)) => Some(symbol),
            _ => None,
        };
        let duration = |id| match vocabulary.value(Feature::Duration, id) {
            Some(Value::Duration(duration)) => Some((duration, ticks(duration)?)),
            _ => None,
        };
        let symbols: Vec<_> = ids(vocabulary, Feature::Symbol).map(symbol).collect();
        let durations: Vec<_> = ids(vocabulary, Feature::Duration).map(duration).collect();
        let has = |symbol| symbols.contains(&Some(symbol));
        let ending = |number| has(Symbol::Ending(Endings::new(&[number])));
        let repeats = has(Symbol::RepeatEnd(1));
        let endings = repeats && ending(1) && ending(2);
        let line = has(Symbol::Bar(abc::BarStyle::Thin)) && has(Symbol::End);
        let bar = ticks(bar).filter(|&bar| bar > QUAVER)?;
        let fillable = fillable(&durations, bar);
        let rules = Self { symbols, durations, fillable, bar, key, repeats, endings };
        let comes_home = rules.symbols.iter().flatten().any(|&symbol| rules.is_home(symbol));
        (line && comes_home && rules.fills(bar) && rules.fills(QUAVER)).then_some(rules)
    }

    pub(super) fn symbol(&self, id: usize) -> Option<Symbol> {
        self.symbols.get(id).copied().flatten()
    }

    pub(super) fn duration(&self, id: usize) -> Option<(Duration, Ticks)> {
        self.durations.get(id).copied().flatten()
    }

    /// All lengths of the vocabulary.
    pub(super) fn lengths(&self) -> impl Iterator<Item = Ticks> {
        self.durations.iter().flatten().map(|&(_, ticks)| ticks)
    }

    /// Whether plain notes can take just this time.
    pub(super) fn fills(&self, time: Ticks) -> bool {
        self.fillable.get(time as usize).copied().unwrap_or(false)
    }

    /// Whether a symbol is a note of the tonic's chord.
    pub(super) fn is_home(&self, symbol: Symbol) -> bool {
        matches!(symbol, Symbol::Note(midi) if tokens::is_home(self.key, midi))
    }
}

/// Whether instruments have this note.
pub(super) fn is_in_range(midi: u8) -> bool {
    RANGE.contains(&midi)
}

/// A length in ticks, where they have it exactly.
fn ticks(duration: Duration) -> Option<Ticks> {
    let scaled = duration * Duration::new(WHOLE, 1);
    (scaled.den() == 1 && scaled.num() > 0).then_some(scaled.num())
}

/// Whether a note of so many ticks is written without a tuplet: 64ths and their multiples.
pub(super) fn is_plain(ticks: Ticks) -> bool {
    ticks > 0 && ticks.is_multiple_of(WHOLE / 64)
}

/// The length of each of the `p` equal notes in the time of `q` that are written as plain ones.
pub(super) fn is_in_tuplet(ticks: Ticks, (p, q): (u8, u8)) -> bool {
    let written = ticks * u32::from(p);
    let whole = q > 0 && written.is_multiple_of(u32::from(q));
    whole && is_plain(written / u32::from(q).max(1))
}

fn ids(vocabulary: &Vocabulary, feature: Feature) -> impl Iterator<Item = u32> {
    (0..).take(vocabulary.size(feature))
}

fn fillable(durations: &[Option<(Duration, Ticks)>], bar: Ticks) -> Vec<bool> {
    let plain: Vec<Ticks> =
        durations.iter().flatten().map(|&(_, ticks)| ticks).filter(|&t| is_plain(t)).collect();
    let mut fillable = vec![true];
    for time in 1..=bar {
        let last = |length: &Ticks| time.checked_sub(*length).is_some_and(|t| fillable[t as usize]);
        let fills = plain.iter().any(last);
        fillable.push(fills);
    }
    fillable
}
