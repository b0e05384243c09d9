//! Lengths of vectors: rows brought to unit length, and the norm of a gradient.

use rayon::prelude::*;

use crate::simd::{dot, vectorised};

/// A row shorter than this is divided by this, as in PyTorch's `normalize`.
const SHORTEST: f32 = 1e-12;

/// Values summed before the sums are summed.
const CHUNK: usize = 1 << 12;

/// Brings each row of `x` (N, D) to unit length and writes what it was divided by to `lengths` (N).
///
/// # Panics
/// When `x` does not hold D values for each length.
pub fn normalise_forward(x: &mut [f32], lengths: &mut [f32]) {
    let d = x.len() / lengths.len().max(1);
    assert_eq!(x.len(), d * lengths.len(), "rows to normalise");
    for (row, length) in x.chunks_exact_mut(d.max(1)).zip(lengths) {
        *length = dot(row, row).sqrt().max(SHORTEST);
        row.iter_mut().for_each(|x| *x /= *length);
    }
}

/// Turns `grad` (N, D), the gradient of the unit rows `y`, into that of the rows before.
///
/// # Panics
/// When the shapes differ.
pub fn normalise_backward(y: &[f32], lengths: &[f32], grad: &mut [f32]) {
    assert_eq!(y.len(), grad.len(), "one gradient a value");
    let d = (y.len() / lengths.len().max(1)).max(1);
    for ((y, grad), &length) in y.chunks_exact(d).zip(grad.chunks_exact_mut(d)).zip(lengths) {
        // Below the shortest length the divisor is a constant.
        let along = if length > SHORTEST { dot(y, grad) } else { 0.0 };
        for (grad, y) in grad.iter_mut().zip(y) {
            *grad = (*grad - y * along) / length;
        }
    }
}

/// The sum of squares, in f64 and in an order that depends on the length alone; not finite if any value is not.
pub fn squared_norm(x: &[f32]) -> f64 {
    let sums: Vec<f64> = x
        .par_chunks(CHUNK)
        .map(|chunk| {
            vectorised(
                #[inline(always)]
                || sum_of_squares(chunk),
            )
        })
        .collect();
    sums.iter().sum()
}

#[inline(always)]
fn sum_of_squares(x: &[f32]) -> f64 {
    let mut sums = [0.0f64; 16];
    let chunks = x.chunks_exact(sums.len());
    let tail: f64 = chunks.remainder().iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    for chunk in chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(x) * f64::from(x);
        }
    }
    sums.iter().sum::<f64>() + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_zeros_stays_and_gives_a_finite_gradient() {
        let (mut x, mut lengths) = (vec![0.0, 0.0, 3.0, 4.0], [0.0; 2]);
        normalise_forward(&mut x, &mut lengths);
        assert_eq!(x, [0.0, 0.0, 0.6, 0.8]);
        let mut grad = vec![1.0; 4];
        normalise_backward(&x, &lengths, &mut grad);
        assert!(grad.iter().all(|g| g.is_finite()));
    }

    #[test]
    fn one_value_that_is_not_finite_shows_in_the_norm() {
        let mut x = vec![1.0; 10_007];
        assert_eq!(squared_norm(&x), 10_007.0);
        x[9001] = f32::NAN;
        assert!(!squared_norm(&x).is_finite());
    }
}
