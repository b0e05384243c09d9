//! How sure a mean over queries is: the percentile bootstrap, and paired tests between systems.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::outcome::COLUMNS;

/// How intervals are drawn: queries are resampled with replacement (Efron and Tibshirani 1993, chapter 13).
///
/// Each resample has its own stream of random numbers, so results do not depend on the number of threads.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Bootstrap {
    resamples: usize,
    seed: u64,
    level: f64,
}

impl Default for Bootstrap {
    /// 1,000 resamples, seed 1, 95% intervals.
    fn default() -> Self {
        Self { resamples: 1000, seed: 1, level: 0.95 }
    }
}

impl Bootstrap {
    /// Takes the number of resamples, the seed of the draws, and the share of the resamples inside an interval.
    ///
    /// # Errors
    /// No resample, or a level outside (0, 1).
    pub fn new(resamples: usize, seed: u64, level: f64) -> Result<Self> {
        let refuse = |what, expected, got| Err(Error::Setting { what, expected, got });
        if resamples == 0 {
            return refuse("resamples", "at least 1", "0".to_owned());
        }
        if !(level > 0.0 && level < 1.0) {
            return refuse("level", "a share between 0 and 1", level.to_string());
        }
        Ok(Self { resamples, seed, level })
    }

    /// How many resamples are drawn.
    pub fn resamples(&self) -> usize {
        self.resamples
    }

    /// The seed of the draws.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The share of the resamples inside an interval.
    pub fn level(&self) -> f64 {
        self.level
    }

    /// Means of the columns of `rows`, and `median` of the draws, for every resample.
    pub(crate) fn draw(&self, rows: &[[f64; COLUMNS]], median: &Median) -> Vec<Estimate> {
        let one = |counts: &mut Vec<u32>, resample: usize| {
            self.count_draws(rows.len(), resample as u64, counts);
            Estimate { means: weighted_means(rows, counts), median: median.weighted(counts) }
        };
        let resamples = (0..self.resamples).into_par_iter();
        resamples.map_init(Vec::new, one).collect()
    }

    /// What `measure` makes of every resample of `n` things, given how often each is drawn.
    pub(crate) fn resampled<T: Send>(
        &self,
        n: usize,
        measure: impl Fn(&[u32]) -> T + Sync,
    ) -> Vec<T> {
        let one = |counts: &mut Vec<u32>, resample: usize| {
            self.count_draws(n, resample as u64, counts);
            measure(counts)
        };
        (0..self.resamples).into_par_iter().map_init(Vec::new, one).collect()
    }

    /// As [`Bootstrap::draw`] for several sets of rows of the same queries at once: (resamples, sets).
    pub(crate) fn draw_all(
        &self,
        sets: &[Vec<[f64; COLUMNS]>],
        medians: &[Median],
    ) -> Vec<Vec<Estimate>> {
        self.resampled(sets.first().map_or(0, Vec::len), |counts| {
            let estimate = |(rows, median): (&Vec<[f64; COLUMNS]>, &Median)| Estimate {
                means: weighted_means(rows, counts),
                median: median.weighted(counts),
            };
            sets.iter().zip(medians).map(estimate).collect()
        })
    }

    /// `n` of `n` runs, drawn with replacement, in a resample; every `side` has draws of its own.
    pub(crate) fn draw_runs(
        &self,
        n: usize,
        resample: u64,
        side: u64,
    ) -> impl ExactSizeIterator<Item = usize> {
        // Streams beyond those of the queries: runs are drawn independently of them.
        let mut rng = self.stream((1 << 62) | (side << 48) | resample);
        (0..n).map(move |_| rng.random_range(0..n as u32) as usize)
    }

    /// Means of the columns of `rows` with the sign of every row thrown anew, for every resample.
    pub(crate) fn flip_signs(&self, rows: &[[f64; COLUMNS]]) -> Vec<[f64; COLUMNS]> {
        let one = |resample: usize| {
            // Streams beyond those of the resamples: signs are independent of the draws.
            let mut rng = self.stream((1 << 63) | resample as u64);
            let mut sums = [0.0; COLUMNS];
            for chunk in rows.chunks(64) {
                let mut signs: u64 = rng.random();
                for row in chunk {
                    let sign = if signs & 1 == 0 { 1.0 } else { -1.0 };
                    signs >>= 1;
                    add_scaled(&mut sums, sign, row);
                }
            }
            sums.map(|sum| sum / rows.len() as f64)
        };
        (0..self.resamples).into_par_iter().map(one).collect()
    }

    /// The percentile interval of numbers, by linear interpolation between order statistics.
    pub(crate) fn interval(&self, numbers: impl Iterator<Item = f64>) -> (f64, f64) {
        let mut sorted: Vec<f64> = numbers.collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - self.level) / 2.0;
        (quantile(&sorted, tail), quantile(&sorted, 1.0 - tail))
    }

    /// How often each of `n` queries is drawn in a resample.
    fn count_draws(&self, n: usize, resample: u64, counts: &mut Vec<u32>) {
        let mut rng = self.stream(resample);
        counts.clear();
        counts.resize(n, 0);
        for _ in 0..n {
            counts[rng.random_range(0..n as u32) as usize] += 1;
        }
    }

    fn stream(&self, number: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(number);
        rng
    }
}

/// What one resample says.
pub(crate) struct Estimate {
    pub(crate) means: [f64; COLUMNS],
    pub(crate) median: f64,
}

/// Numbers in ascending order, to take medians of resamples without sorting again.
pub(crate) struct Median {
    /// (number, its row), ascending.
    sorted: Vec<(f64, usize)>,
}

impl Median {
    pub(crate) fn new(numbers: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<(f64, usize)> = numbers.enumerate().map(|(i, n)| (n, i)).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { sorted }
    }

    /// The median of all numbers; the mean of the middle two if there are evenly many.
    pub(crate) fn value(&self) -> f64 {
        let n = self.sorted.len();
        (self.sorted[(n - 1) / 2].0 + self.sorted[n / 2].0) / 2.0
    }

    /// The median with number i counted `counts[i]` times, `counts` adding up to their length.
    fn weighted(&self, counts: &[u32]) -> f64 {
        let (low, high) = ((counts.len() - 1) / 2, counts.len() / 2);
        let mut passed = 0;
        let mut lower = None;
        for &(number, row) in &self.sorted {
            passed += counts[row] as usize;
            if passed > low && lower.is_none() {
                lower = Some(number);
            }
            if passed > high {
                return (lower.unwrap_or(number) + number) / 2.0;
            }
        }
        lower.unwrap_or_default()
    }
}

fn weighted_means(rows: &[[f64; COLUMNS]], counts: &[u32]) -> [f64; COLUMNS] {
    let mut sums = [0.0; COLUMNS];
    for (row, &count) in rows.iter().zip(counts) {
        add_scaled(&mut sums, f64::from(count), row);
    }
    sums.map(|sum| sum / rows.len() as f64)
}

/// The means of the columns of `rows`.
pub(crate) fn means(rows: &[[f64; COLUMNS]]) -> [f64; COLUMNS] {
    let mut sums = [0.0; COLUMNS];
    for row in rows {
        add_scaled(&mut sums, 1.0, row);
    }
    sums.map(|sum| sum / rows.len() as f64)
}

fn add_scaled(sums: &mut [f64; COLUMNS], by: f64, row: &[f64; COLUMNS]) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += by * value;
    }
}

/// The quantile of ascending numbers, between order statistics where it falls between them (type 7 of Hyndman and Fan).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&sorted, 0.0), 1.0);
        assert_eq!(quantile(&sorted, 0.5), 3.0);
        assert_eq!(quantile(&sorted, 1.0), 8.0);
    }

    #[test]
    fn weighted_medians_equal_medians_of_the_drawn_numbers() {
        let numbers = [5.0, 1.0, 4.0, 2.0, 9.0];
        let check = |counts: [u32; 5], expected: f64| {
            assert_eq!(Median::new(numbers.into_iter()).weighted(&counts), expected, "{counts:?}");
        };
        check([1, 1, 1, 1, 1], 4.0);
        check([0, 5, 0, 0, 0], 1.0);
        check([2, 0, 0, 2, 1], 5.0);
        assert_eq!(Median::new(numbers[..4].iter().copied()).value(), 3.0);
        assert_eq!(Median::new(numbers[..4].iter().copied()).weighted(&[2, 2, 0, 0]), 3.0);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        assert!(Bootstrap::new(0, 1, 0.95).is_err());
        assert!(Bootstrap::new(10, 1, 1.0).is_err());
        assert!(Bootstrap::new(10, 1, f64::NAN).is_err());
    }

    #[test]
    fn intervals_cover_the_true_mean_as_often_as_they_say() {
        let (sets, n, share) = (400, 150, 0.3);
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut covered = 0;
        for set in 0..sets {
            let bootstrap = Bootstrap::new(400, set, 0.95).unwrap();
            let rows: Vec<[f64; COLUMNS]> =
                (0..n).map(|_| [f64::from(u8::from(rng.random_bool(share))); COLUMNS]).collect();
            let draws = bootstrap.draw(&rows, &Median::new(rows.iter().map(|row| row[0])));
            let (low, high) = bootstrap.interval(draws.iter().map(|draw| draw.means[0]));
            covered += usize::from(low <= share && share <= high);
        }
        let rate = covered as f64 / sets as f64;
        assert!((0.91..=0.98).contains(&rate), "covered {rate}");
    }
}
