//! Queries for which the right answer is known: settings of a corpus, hidden while they are asked about.

pub(crate) mod numbers;
pub(crate) mod ranks;

use std::collections::HashMap;

use abc::{Event, Tune};
use corpus::{Corpus, Setting, Split, SplitConfig, Work};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use search::{Heard, IN_PIECES, Namer};

/// Bars of a part of a tune.
const BARS: usize = 8;

/// From this share of the points that a setting could have in pieces, two settings are the same melody.
const SAME_MELODY: f32 = 0.4;

/// What is asked of a hidden setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The whole setting.
    Whole,
    /// Its first eight bars as written.
    First,
    /// Eight bars from anywhere, every tenth note one or two steps of the scale too high or too low.
    Noisy,
    /// Two bars from anywhere.
    Short,
}

/// The kinds that are ranked.
pub(crate) const KINDS: [Kind; 3] = [Kind::Whole, Kind::First, Kind::Noisy];

/// All kinds.
pub(crate) const ALL_KINDS: [Kind; 4] = [Kind::Whole, Kind::First, Kind::Noisy, Kind::Short];

/// A hidden setting and what is asked of it.
pub(crate) struct Asked<'c> {
    pub(crate) work: &'c Work,
    pub(crate) setting: &'c Setting,
    pub(crate) tune: Tune,
}

impl Asked<'_> {
    /// What is heard of it.
    fn heard<'n>(&self, namer: &'n Namer) -> Heard<'n> {
        namer.heard(&self.tune, &|_, id| id == self.setting.id)
    }
}

/// What is heard of each query.
pub(crate) fn hear<'n>(namer: &'n Namer, asked: &[Asked<'_>]) -> Vec<Heard<'n>> {
    asked.par_iter().map(|asked| asked.heard(namer)).collect()
}

/// The queries without their dance types.
pub(crate) fn silent(mut asked: Vec<Asked<'_>>) -> Vec<Asked<'_>> {
    asked.iter_mut().for_each(|asked| asked.tune.header.rhythm = None);
    asked
}

/// The corpus in three parts that share no family: weights are fitted on the first, chosen on the second, and measured on
/// the third, which is large enough for a thousand queries.
pub(crate) fn split(corpus: &Corpus) -> Result<Split, corpus::Error> {
    let shares = SplitConfig { train: 0.6, validation: 0.08, test: 0.32, ..SplitConfig::default() };
    Split::new(corpus, &shares)
}

/// One setting each of at most `count` works that have several.
pub(crate) fn asked<'c>(
    works: &[&'c Work],
    (kind, count, seed): (Kind, usize, u64),
) -> Vec<Asked<'c>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut works: Vec<&Work> = works.iter().copied().filter(|w| w.settings.len() > 1).collect();
    works.shuffle(&mut rng);
    works.truncate(count);
    let ask = |work: &'c Work| {
        let setting = &work.settings[rng.random_range(0..work.settings.len())];
        let tune = part(setting.tune(), kind, &mut rng);
        Asked { work, setting, tune }
    };
    works.into_iter().map(ask).collect()
}

fn part(mut tune: Tune, kind: Kind, rng: &mut ChaCha8Rng) -> Tune {
    match kind {
        Kind::Whole => {}
        Kind::First => tune.bars.truncate(BARS),
        Kind::Noisy => {
            cut(&mut tune, BARS, rng);
            spoil(&mut tune, rng);
        }
        Kind::Short => cut(&mut tune, 2, rng),
    }
    tune
}

/// Keeps so many bars from anywhere.
fn cut(tune: &mut Tune, bars: usize, rng: &mut ChaCha8Rng) {
    let start = rng.random_range(0..=tune.bars.len().saturating_sub(bars));
    tune.bars = tune.bars.split_off(start);
    tune.bars.truncate(bars);
}

/// Moves one note in ten by one or two steps of the scale.
fn spoil(tune: &mut Tune, rng: &mut ChaCha8Rng) {
    let events = tune.bars.iter_mut().flat_map(|bar| &mut bar.events);
    for event in events {
        if let Event::Note(note) = event
            && rng.random_bool(0.1)
        {
            let by = [-2, -1, 1, 2][rng.random_range(0..4)];
            let step = note.pitch.step as i8 + by;
            note.pitch.octave += step.div_euclid(7);
            note.pitch.step = step.rem_euclid(7) as u8;
        }
    }
}

/// Whether another setting of the work is the same melody as the hidden one.
pub(crate) fn has_like(namer: &Namer, asked: &Asked<'_>) -> bool {
    let whole = asked.setting.tune();
    let mut others = asked.work.settings.iter().filter(|other| other.id != asked.setting.id);
    others.any(|other| is_same_melody(namer, &whole, &other.id))
}

/// Whether a setting of the corpus is the same melody as a tune.
pub(crate) fn is_same_melody(namer: &Namer, tune: &Tune, setting: &str) -> bool {
    namer.aligned(tune, setting).is_some_and(|signs| signs[IN_PIECES] >= SAME_MELODY)
}

/// What is heard of the queries whose work has another setting of the same melody, and what is heard of them when their whole
/// families are hidden: of tunes that are known, and of ones that nobody knows.
pub(crate) fn known_and_unknown<'n>(
    namer: &'n Namer,
    corpus: &Corpus,
    asked: &[Asked<'_>],
) -> Vec<(Heard<'n>, Heard<'n>)> {
    let families: HashMap<&str, u32> =
        corpus.works.iter().map(|work| (work.id.as_str(), work.family)).collect();
    let alike = asked.par_iter().filter(|asked| has_like(namer, asked));
    let both = alike.map(|asked| {
        let family = |work: &str, _: &str| families.get(work) == Some(&asked.work.family);
        (asked.heard(namer), namer.heard(&asked.tune, &family))
    });
    both.collect()
}

/// AUROC and expected calibration error of `known` on what [`known_and_unknown`] heard.
pub(crate) fn told_apart(heard: &[(Heard<'_>, Heard<'_>)]) -> (f64, f64) {
    let (yes, no): (Vec<f64>, Vec<f64>) =
        heard.iter().map(|both| (both.0.known, both.1.known)).unzip();
    (numbers::separation(&yes, &no), numbers::calibration_error(&yes, &no))
}
