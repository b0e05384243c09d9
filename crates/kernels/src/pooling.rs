//! One vector for each sequence: its rows averaged, or their greatest values.

use rayon::prelude::*;

use crate::Sequences;
use crate::simd::{add_scaled, vectorised};

/// Rows a thread takes at a time.
const ROWS: usize = 64;

/// `pooled` (B, D) becomes the mean of the rows of each sequence in `x` (S, D); zeros for an empty one.
///
/// # Panics
/// When a shape does not fit.
pub fn mean_forward(sequences: &Sequences, x: &[f32], pooled: &mut [f32]) {
    let d = width(sequences, x.len(), pooled.len());
    pooled.par_chunks_exact_mut(d).enumerate().for_each(|(b, pooled)| {
        let share = share(sequences, b);
        pooled.fill(0.0);
        vectorised(
            #[inline(always)]
            || {
                for row in sequences.rows_of(b) {
                    add_scaled(pooled, share, &x[row * d..][..d]);
                }
            },
        );
    });
}

/// Writes the gradient of the rows, `grad_x` (S, D), from that of their means, `grad_pooled` (B, D).
///
/// # Panics
/// When a shape does not fit.
pub fn mean_backward(sequences: &Sequences, grad_pooled: &[f32], grad_x: &mut [f32]) {
    let d = width(sequences, grad_x.len(), grad_pooled.len());
    each_row(grad_x, d, |x, row| {
        let b = sequences.owners()[row];
        let share = share(sequences, b);
        for (x, pooled) in x.iter_mut().zip(&grad_pooled[b * d..]) {
            *x = pooled * share;
        }
    });
}

/// `pooled` (B, D) becomes the greatest value of each feature among the rows of each sequence in `x` (S, D); zeros
/// for an empty one. Writes the row that each came from to `winners`, (B, D); the first of equals wins.
///
/// # Panics
/// When a shape does not fit.
pub fn max_forward(sequences: &Sequences, x: &[f32], pooled: &mut [f32], winners: &mut [usize]) {
    let d = width(sequences, x.len(), pooled.len());
    let both = pooled.par_chunks_exact_mut(d).zip(winners.par_chunks_exact_mut(d));
    both.enumerate().for_each(|(b, (pooled, winners))| {
        pooled.fill(0.0);
        for (t, row) in sequences.rows_of(b).enumerate() {
            let found = pooled.iter_mut().zip(winners.iter_mut()).zip(&x[row * d..]);
            for ((best, winner), &x) in found {
                // A value that is not a number wins and stays, so that it shows.
                if t == 0 || x > *best || x.is_nan() {
                    (*best, *winner) = (x, row);
                }
            }
        }
    });
}

/// Writes the gradient of the rows, `grad_x` (S, D), from that of their greatest values, `grad_pooled` (B, D).
///
/// # Panics
/// When a shape does not fit.
pub fn max_backward(
    sequences: &Sequences,
    winners: &[usize],
    grad_pooled: &[f32],
    grad_x: &mut [f32],
) {
    let d = width(sequences, grad_x.len(), grad_pooled.len());
    grad_x.fill(0.0);
    for (b, (winners, grad)) in winners.chunks(d).zip(grad_pooled.chunks(d)).enumerate() {
        if sequences.lengths()[b] > 0 {
            for (feature, (&row, grad)) in winners.iter().zip(grad).enumerate() {
                grad_x[row * d + feature] = *grad;
            }
        }
    }
}

/// D, from the lengths of the rows and of what they are pooled into.
pub(crate) fn width(sequences: &Sequences, rows: usize, pooled: usize) -> usize {
    let d = (pooled / sequences.lengths().len().max(1)).max(1);
    assert_eq!(rows, sequences.rows() * d, "rows of {d} features");
    assert_eq!(pooled, sequences.lengths().len() * d, "one pooled row a sequence");
    d
}

/// Calls `f` with every row of `x`, `width` wide, and its number.
pub(crate) fn each_row(x: &mut [f32], width: usize, f: impl Fn(&mut [f32], usize) + Sync) {
    x.par_chunks_mut(width * ROWS).enumerate().for_each(|(chunk, rows)| {
        vectorised(
            #[inline(always)]
            || {
                for (row, x) in rows.chunks_exact_mut(width).enumerate() {
                    f(x, chunk * ROWS + row);
                }
            },
        );
    });
}

/// What one row of a sequence counts in its mean.
fn share(sequences: &Sequences, b: usize) -> f32 {
    1.0 / sequences.lengths()[b].max(1) as f32
}
