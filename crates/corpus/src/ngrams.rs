//! Which melodies are alike: TF-IDF vectors of interval n-grams, every pair above a cosine.
//!
//! An inverted index from grams to melodies leads each melody to just those before it that share a
//! gram, and the products of their weights add up to the exact cosines. Most grams are rare, so most
//! pairs are never touched.

use rayon::prelude::*;

/// Intervals in a gram.
pub(crate) const GRAM: usize = 6;

/// Settings are compared in blocks of this many, for parallel work.
const BLOCK: usize = 256;

/// A sparse vector of unit length: gram numbers and weights.
type Vector = Vec<(u32, f32)>;

/// An entry of the index: the vector and the weight that the gram has in it.
type Posting = (u32, f32);

/// Every pair (i, j), i < j, of melodies whose grams have a TF-IDF cosine of at least `threshold`;
/// sorted. `melodies` holds the intervals of each.
pub(crate) fn similar_pairs(melodies: &[Vec<i8>], threshold: f32) -> Vec<(u32, u32)> {
    let (vectors, postings) = index(melodies);
    let blocks = vectors.len().div_ceil(BLOCK);
    let found: Vec<Vec<(u32, u32)>> = (0..blocks)
        .into_par_iter()
        .map(|block| {
            let mut sums = Sums::new(vectors.len());
            let range = block * BLOCK..((block + 1) * BLOCK).min(vectors.len());
            range.flat_map(|at| sums.pairs_of(at, (&vectors, &postings), threshold)).collect()
        })
        .collect();
    let mut pairs: Vec<_> = found.into_iter().flatten().collect();
    pairs.sort_unstable();
    pairs
}

/// The grams of a melody with their counts, sorted by gram.
fn count_grams(intervals: &[i8]) -> Vec<(u64, u32)> {
    let pack = |gram: &[i8]| gram.iter().fold(0_u64, |packed, &i| packed << 8 | u64::from(i as u8));
    let mut grams: Vec<u64> = intervals.windows(GRAM).map(pack).collect();
    grams.sort_unstable();
    let runs = grams.chunk_by(|a, b| a == b);
    runs.map(|run| (run[0], run.len() as u32)).collect()
}

/// The vector of each melody, counts times smoothed inverse document frequency at unit length, and for each gram the vectors
/// that have it, in order. Grams of one melody alone count for its length, and are in neither.
fn index(melodies: &[Vec<i8>]) -> (Vec<Vector>, Vec<Vec<Posting>>) {
    let counted = |(at, melody): (usize, &Vec<i8>)| {
        count_grams(melody).into_iter().map(move |(gram, count)| (gram, at as u32, count))
    };
    let mut all: Vec<(u64, u32, u32)> =
        melodies.par_iter().enumerate().flat_map_iter(counted).collect();
    all.par_sort_unstable();
    let runs = || all.chunk_by(|a, b| a.0 == b.0);
    let rarity = |having: usize| ((1.0 + melodies.len() as f64) / (1.0 + having as f64)).ln() + 1.0;
    let mut lengths = vec![0.0; melodies.len()];
    for run in runs() {
        let rarity = rarity(run.len());
        for &(_, at, count) in run {
            lengths[at as usize] += (f64::from(count) * rarity).powi(2);
        }
    }
    lengths.iter_mut().for_each(|length| *length = length.sqrt());
    let mut vectors: Vec<Vector> = vec![Vec::new(); melodies.len()];
    let mut postings = Vec::new();
    for run in runs().filter(|run| run.len() > 1) {
        let rarity = rarity(run.len());
        let weight =
            |at: u32, count: u32| (f64::from(count) * rarity / lengths[at as usize]) as f32;
        let posting: Vec<Posting> =
            run.iter().map(|&(_, at, count)| (at, weight(at, count))).collect();
        for &(at, weight) in &posting {
            vectors[at as usize].push((postings.len() as u32, weight));
        }
        postings.push(posting);
    }
    (vectors, postings)
}

/// Sums of products of one vector with all before it.
struct Sums {
    sums: Vec<f32>,
    touched: Vec<u32>,
}

impl Sums {
    fn new(vectors: usize) -> Self {
        Self { sums: vec![0.0; vectors], touched: Vec::new() }
    }

    /// The pairs of vector `at` with those before it.
    fn pairs_of(
        &mut self,
        at: usize,
        (vectors, postings): (&[Vector], &[Vec<Posting>]),
        threshold: f32,
    ) -> Vec<(u32, u32)> {
        for &(gram, weight) in &vectors[at] {
            for &(other, other_weight) in &postings[gram as usize] {
                if other as usize >= at {
                    break;
                }
                let sum = &mut self.sums[other as usize];
                if *sum == 0.0 {
                    self.touched.push(other);
                }
                *sum += weight * other_weight;
            }
        }
        let mut pairs = Vec::new();
        for other in self.touched.drain(..) {
            if std::mem::take(&mut self.sums[other as usize]) >= threshold {
                pairs.push((other, at as u32));
            }
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use std::collections::BTreeMap;

    /// All pairs by comparing all pairs, in double precision.
    fn plain_pairs(melodies: &[Vec<i8>], threshold: f64) -> Vec<(u32, u32)> {
        let counts: Vec<BTreeMap<&[i8], f64>> = melodies
            .iter()
            .map(|melody| {
                let mut counts = BTreeMap::new();
                melody.windows(GRAM).for_each(|gram| *counts.entry(gram).or_insert(0.0) += 1.0);
                counts
            })
            .collect();
        let rarity = |gram: &[i8]| {
            let frequency = counts.iter().filter(|c| c.contains_key(gram)).count() as f64;
            ((1.0 + melodies.len() as f64) / (1.0 + frequency)).ln() + 1.0
        };
        let dot = |a: &BTreeMap<&[i8], f64>, b: &BTreeMap<&[i8], f64>| -> f64 {
            let both = a.iter().filter_map(|(gram, x)| Some((gram, x, b.get(gram)?)));
            both.map(|(gram, x, y)| x * y * rarity(gram).powi(2)).sum()
        };
        let mut pairs = Vec::new();
        for (j, b) in counts.iter().enumerate() {
            for (i, a) in counts[..j].iter().enumerate() {
                if dot(a, b) / (dot(a, a) * dot(b, b)).sqrt() >= threshold {
                    pairs.push((i as u32, j as u32));
                }
            }
        }
        pairs.sort_unstable();
        pairs
    }

    #[test]
    fn the_index_finds_exactly_the_pairs_of_a_full_comparison() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let mut melodies: Vec<Vec<i8>> = Vec::new();
        for at in 0..83 {
            let mut melody: Vec<i8> = match at % 4 {
                0 => (0..rng.random_range(0..61)).map(|_| rng.random_range(-2..3)).collect(),
                _ => melodies[at - 1].clone(),
            };
            for interval in &mut melody {
                if rng.random_bool(0.06) {
                    *interval = rng.random_range(-7..8);
                }
            }
            melodies.push(melody);
        }
        let pairs = similar_pairs(&melodies, 0.45);
        assert_eq!(pairs, plain_pairs(&melodies, 0.45));
        assert!(pairs.len() > 20, "{}", pairs.len());
    }

    #[test]
    fn short_and_empty_melodies_are_like_nothing() {
        let melodies = [vec![], vec![2, 2, 1], vec![], vec![2, 2, 1]];
        assert_eq!(similar_pairs(&melodies, 0.45), []);
    }
}
