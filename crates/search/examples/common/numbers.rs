//! Means with intervals, separation and calibration.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const RESAMPLES: usize = 2000;
const BINS: usize = 15;

/// The mean with its 95 % bootstrap interval over queries.
pub(crate) fn interval(values: &[f64]) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let n = values.len();
    let mean = |sum: f64| sum / n.max(1) as f64;
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| mean((0..n).map(|_| values[rng.random_range(0..n)]).sum()))
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| means[((RESAMPLES - 1) as f64 * share) as usize];
    format!("{:.3} ({:.3}-{:.3})", mean(values.iter().sum()), at(0.025), at(0.975))
}

/// The chance that one of `yes` is above one of `no` (AUROC).
pub(crate) fn separation(yes: &[f64], no: &[f64]) -> f64 {
    let above = |a: f64| -> f64 {
        no.iter()
            .map(|&b| {
                if a > b {
                    1.0
                } else if a == b {
                    0.5
                } else {
                    0.0
                }
            })
            .sum()
    };
    yes.iter().map(|&a| above(a)).sum::<f64>() / (yes.len() * no.len()) as f64
}

/// The expected calibration error over bins of equal width.
pub(crate) fn calibration_error(yes: &[f64], no: &[f64]) -> f64 {
    let mut bins = [(0.0, 0.0, 0.0); BINS];
    let all = yes.iter().map(|p| (*p, 1.0)).chain(no.iter().map(|p| (*p, 0.0)));
    for (probability, truth) in all {
        let bin = &mut bins[((probability * BINS as f64) as usize).min(BINS - 1)];
        *bin = (bin.0 + probability, bin.1 + truth, bin.2 + 1.0);
    }
    let total: f64 = bins.iter().map(|bin| bin.2).sum();
    bins.iter().map(|bin| (bin.0 - bin.1).abs()).sum::<f64>() / total
}
