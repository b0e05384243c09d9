//! Sums over many rows, taken on all threads in an order that no number of threads changes.

use rayon::prelude::*;

use crate::simd::{add_scaled, vectorised};

/// Sums taken side by side at most: few enough to be cheap, enough for many threads.
const SHARES: usize = 16;

/// Rows of one sum at least: fewer are added sooner than they are dealt out.
const ROWS: usize = 4096;

/// How many of `rows` rows are added one after the other; it depends on nothing else.
pub(crate) fn share(rows: usize) -> usize {
    rows.div_ceil(SHARES).max(ROWS)
}

/// Adds up the rows of `x` (N, D) in `sums` (D).
pub(crate) fn add_rows(x: &[f32], sums: &mut [f32]) {
    let d = sums.len();
    let shares: Vec<Vec<f32>> = x
        .par_chunks(share(x.len() / d) * d)
        .map(|x| {
            let mut sum = vec![0.0; d];
            vectorised(
                #[inline(always)]
                || {
                    x.chunks_exact(d).for_each(
                        #[inline(always)]
                        |row| add_scaled(&mut sum, 1.0, row),
                    )
                },
            );
            sum
        })
        .collect();
    shares.iter().for_each(|share| add_scaled(sums, 1.0, share));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_added_up_the_same_on_any_number_of_threads() {
        for rows in [0, 1, ROWS, 5 * ROWS + 3] {
            let x: Vec<f32> =
                (0..rows * 7).map(|i| (i * 7919 % 1009) as f32 / 504.5 - 1.0).collect();
            let run = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let mut sums = [2.0; 7];
                pool.install(|| add_rows(&x, &mut sums));
                sums
            };
            let found = run(1);
            assert!(found == run(3));
            for (place, &found) in found.iter().enumerate() {
                let column = x.iter().skip(place).step_by(7);
                let expected = 2.0 + column.map(|&x| f64::from(x)).sum::<f64>();
                assert!((f64::from(found) - expected).abs() < 1e-2, "{found} {expected}");
            }
        }
    }
}
