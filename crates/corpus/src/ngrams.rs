//! Which melodies are alike: TF-IDF vectors of interval n-grams, every pair above a cosine.
//!
//! All pairs are found exactly without comparing all pairs. Grams are ordered from rare to common,
//! and of each vector only so many grams are indexed that those left out weigh less than the
//! threshold. By Cauchy and Schwarz two vectors that share no indexed gram are then below the
//! threshold (Bayardo, Ma and Srikant, "Scaling up all pairs similarity search", 2007).

use rayon::prelude::*;

/// Intervals in a gram.
pub(crate) const GRAM: usize = 6;

/// Settings are compared in blocks of this many, for parallel work.
const BLOCK: usize = 256;

/// A sparse vector of unit length, sorted by gram from rare to common.
struct Vector {
    /// Gram numbers and weights.
    entries: Vec<(u32, f32)>,
    /// How many entries are indexed.
    indexed: usize,
    /// The length of what is not indexed.
    rest: f32,
}

/// An indexed entry: the vector and the weight that the gram has in it.
type Posting = (u32, f32);

/// Every pair (i, j), i < j, of melodies whose grams have a TF-IDF cosine of at least `threshold`;
/// sorted. `melodies` holds the intervals of each.
pub(crate) fn similar_pairs(melodies: &[Vec<i8>], threshold: f32) -> Vec<(u32, u32)> {
    let counted: Vec<Vec<(u64, u32)>> = melodies.par_iter().map(|m| count_grams(m)).collect();
    let (grams, frequencies) = rare_to_common(&counted);
    let vectors: Vec<Vector> = counted
        .par_iter()
        .map(|counts| vector(counts, &grams, (&frequencies, melodies.len()), threshold))
        .collect();
    let postings = index(&vectors, frequencies.len());
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

/// All grams, sorted, each with its place in the order from rare to common; and the number of
/// melodies at each place.
fn rare_to_common(counted: &[Vec<(u64, u32)>]) -> (Vec<(u64, u32)>, Vec<u32>) {
    let mut all: Vec<u64> = counted.iter().flatten().map(|(gram, _)| *gram).collect();
    all.par_sort_unstable();
    let mut by_frequency: Vec<(u32, u64)> =
        all.chunk_by(|a, b| a == b).map(|run| (run.len() as u32, run[0])).collect();
    by_frequency.par_sort_unstable();
    let places = by_frequency.iter().zip(0..);
    let mut grams: Vec<(u64, u32)> = places.map(|((_, gram), place)| (*gram, place)).collect();
    grams.par_sort_unstable();
    (grams, by_frequency.into_iter().map(|(frequency, _)| frequency).collect())
}

/// The vector of a melody: counts times smoothed inverse document frequency, at unit length.
fn vector(
    counts: &[(u64, u32)],
    grams: &[(u64, u32)],
    (frequencies, melodies): (&[u32], usize),
    threshold: f32,
) -> Vector {
    let mut entries: Vec<(u32, f32)> = counts
        .iter()
        .filter_map(|(gram, count)| {
            let place = grams[grams.binary_search_by_key(gram, |(gram, _)| *gram).ok()?].1;
            let frequency = f64::from(frequencies[place as usize]);
            let rarity = ((1.0 + melodies as f64) / (1.0 + frequency)).ln() + 1.0;
            Some((place, (f64::from(*count) * rarity) as f32))
        })
        .collect();
    entries.sort_unstable_by_key(|(place, _)| *place);
    let length = entries.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
    entries.iter_mut().for_each(|(_, weight)| *weight /= length);
    let mut indexed = entries.len();
    let mut rest = 0.0_f32;
    while indexed > 0 {
        let more = rest + entries[indexed - 1].1.powi(2);
        // A little under the threshold, so that rounding loses no pair.
        if more.sqrt() >= threshold * 0.999 {
            break;
        }
        (rest, indexed) = (more, indexed - 1);
    }
    Vector { entries, indexed, rest: rest.sqrt() }
}

/// For each gram, the vectors that have it indexed.
fn index(vectors: &[Vector], grams: usize) -> Vec<Vec<Posting>> {
    let mut postings: Vec<Vec<Posting>> = vec![Vec::new(); grams];
    for (at, vector) in (0..).zip(vectors) {
        for &(gram, weight) in &vector.entries[..vector.indexed] {
            postings[gram as usize].push((at, weight));
        }
    }
    postings
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
        let vector = &vectors[at];
        for &(gram, weight) in &vector.entries[..vector.indexed] {
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
            let sum = std::mem::take(&mut self.sums[other as usize]);
            let candidate = &vectors[other as usize];
            // What the sum lacks: products in which either side's gram was not indexed.
            let most = sum + vector.rest.max(candidate.rest) + 1e-4;
            if most >= threshold && cosine(vector, candidate) >= threshold {
                pairs.push((other, at as u32));
            }
        }
        pairs
    }
}

fn cosine(a: &Vector, b: &Vector) -> f32 {
    let (mut a, mut b) = (a.entries.as_slice(), b.entries.as_slice());
    let mut sum = 0.0;
    while let (Some((gram, weight)), Some((other_gram, other_weight))) = (a.first(), b.first()) {
        match gram.cmp(other_gram) {
            std::cmp::Ordering::Less => a = &a[1..],
            std::cmp::Ordering::Greater => b = &b[1..],
            std::cmp::Ordering::Equal => {
                sum += weight * other_weight;
                (a, b) = (&a[1..], &b[1..]);
            }
        }
    }
    sum
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
