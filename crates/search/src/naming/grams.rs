//! N-grams of intervals: which settings share them with a tune, as TF-IDF cosines by an inverted index.

use rayon::prelude::*;

use super::melody::{Melody, pitch};

/// Counts of a gram in one setting are kept up to this.
const MOST: u32 = 255;

/// For each gram the settings that have it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Grams {
    /// Hashes of the grams, ascending.
    pub(crate) keys: Vec<u32>,
    /// Where each gram's postings start, and the end of all.
    pub(crate) starts: Vec<u32>,
    /// A setting and how often it has the gram: `setting << 8 | count`.
    pub(crate) postings: Vec<u32>,
    /// The length of each setting's vector.
    pub(crate) norms: Vec<f32>,
}

impl Grams {
    /// The grams of one kind of these settings.
    pub(crate) fn new(kind: Kind, settings: &[Melody]) -> Self {
        let posting = |(setting, melody): (usize, &Melody)| {
            let entry = move |(key, count): (u32, u32)| {
                u64::from(key) << 32 | (setting as u64) << 8 | u64::from(count)
            };
            kind.counts(melody).into_iter().map(entry)
        };
        let mut all: Vec<u64> = settings.par_iter().enumerate().flat_map_iter(posting).collect();
        all.par_sort_unstable();
        let mut grams = Self { norms: vec![0.0; settings.len()], ..Self::default() };
        for run in all.chunk_by(|a, b| a >> 32 == b >> 32) {
            let rarity = rarity(settings.len(), run.len());
            grams.keys.push((run[0] >> 32) as u32);
            grams.starts.push(grams.postings.len() as u32);
            for &entry in run {
                let posting = entry as u32;
                grams.postings.push(posting);
                grams.norms[(posting >> 8) as usize] += (weight(posting & 255) * rarity).powi(2);
            }
        }
        grams.starts.push(grams.postings.len() as u32);
        grams.norms.iter_mut().for_each(|norm| *norm = norm.sqrt());
        grams
    }

    /// The cosine of a tune with every setting, 0..=1.
    pub(crate) fn cosines(&self, counts: &[(u32, u32)]) -> Vec<f32> {
        let settings = self.norms.len();
        let mut sums = vec![0.0_f32; settings];
        let mut norm = 0.0_f32;
        for &(key, count) in counts {
            let Ok(at) = self.keys.binary_search(&key) else {
                norm += (weight(count) * rarity(settings, 1)).powi(2);
                continue;
            };
            let postings = &self.postings[self.starts[at] as usize..self.starts[at + 1] as usize];
            let rarity = rarity(settings, postings.len());
            norm += (weight(count) * rarity).powi(2);
            let factor = weight(count) * rarity * rarity;
            let weights: [f32; 8] = std::array::from_fn(|count| factor * weight(count as u32));
            for &posting in postings {
                let count = posting & 255;
                let weight =
                    if count < 8 { weights[count as usize] } else { factor * weight(count) };
                sums[(posting >> 8) as usize] += weight;
            }
        }
        let norm = norm.sqrt();
        for (sum, &other) in sums.iter_mut().zip(&self.norms) {
            let product = norm * other;
            *sum = if product > 0.0 { *sum / product } else { 0.0 };
        }
        sums
    }
}

/// What a gram counts for that a setting has so often: little more than once, for parts are repeated or not.
fn weight(count: u32) -> f32 {
    (count as f32).powf(0.25)
}

/// What a gram counts for that so many of the settings have.
fn rarity(settings: usize, having: usize) -> f32 {
    ((1.0 + settings as f32) / (1.0 + having as f32)).ln() + 1.0
}

/// What a gram is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// So many intervals from note to note.
    Notes(u32),
    /// The intervals between the steps of the grid that lie so far behind a first one (a spaced seed, Ma, Tromp and Li 2002): what
    /// lies between may change, as ornaments do.
    Steps(&'static [usize]),
}

impl Kind {
    /// The grams of a melody as hashes, each with its count, ascending.
    pub(crate) fn counts(self, melody: &Melody) -> Vec<(u32, u32)> {
        let mut keys: Vec<u32> = match self {
            Self::Notes(length) => {
                let notes = melody.pitches.windows(length as usize + 1);
                notes.map(|window| key(window.iter().copied())).collect()
            }
            Self::Steps(behind) => {
                let steps = melody.steps.windows(behind.last().map_or(1, |last| last + 1));
                let taken = |window: &[i16]| {
                    let first = std::iter::once(&0);
                    key(first.chain(behind).map(|&at| pitch(window[at]) as u8))
                };
                steps.map(taken).collect()
            }
        };
        keys.sort_unstable();
        keys.chunk_by(|a, b| a == b).map(|run| (run[0], (run.len() as u32).min(MOST))).collect()
    }
}

/// The hash of the intervals between these notes, whatever their octaves (FNV-1a with a final mix).
fn key(mut pitches: impl Iterator<Item = u8>) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    let mut last = pitches.next().unwrap_or(0);
    for pitch in pitches {
        let interval = (120 + u32::from(pitch) - u32::from(last)) % 12;
        hash = (hash ^ interval).wrapping_mul(0x0100_0193);
        last = pitch;
    }
    hash ^= hash >> 15;
    hash.wrapping_mul(0x85eb_ca6b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_the_steps_of_a_seed_does_not_matter() {
        let melody = |pitches: [i16; 6]| Melody {
            steps: pitches.map(|pitch| 4 * pitch + 1).to_vec(),
            ..Melody::default()
        };
        let seed = Kind::Steps(&[2, 5]);
        let plain = seed.counts(&melody([62, 62, 66, 66, 69, 74]));
        assert_eq!(plain.len(), 1);
        assert_eq!(plain, seed.counts(&melody([62, 64, 66, 67, 71, 74])));
        assert_eq!(plain, seed.counts(&melody([64, 62, 68, 66, 69, 64])));
        assert_ne!(plain, seed.counts(&melody([62, 62, 67, 66, 69, 74])));
        assert!(Kind::Steps(&[6]).counts(&melody([62; 6])).is_empty());
    }
}
