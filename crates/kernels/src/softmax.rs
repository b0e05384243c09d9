//! Softmax and the cross entropy between it and a class.

use rayon::prelude::*;

use crate::activation::exp;
use crate::simd::{sum, vectorised};

/// Turns each row of `x`, `columns` wide, into its softmax and returns the log of each row's sum of exponentials.
///
/// A value of minus infinity gets probability 0; at least one value of a row has to be more than that.
///
/// # Panics
/// When `x` is not a whole number of rows.
pub fn softmax_rows(x: &mut [f32], columns: usize) -> Vec<f32> {
    assert_eq!(x.len() % columns.max(1), 0, "rows of {columns}");
    let rows = x.par_chunks_exact_mut(columns.max(1));
    rows.map(|row| {
        vectorised(
            #[inline(always)]
            || softmax(row),
        )
    })
    .collect()
}

/// One row of [`softmax_rows`].
#[inline(always)]
pub(crate) fn softmax(row: &mut [f32]) -> f32 {
    let top = greatest(row);
    for x in row.iter_mut() {
        *x = if *x == f32::NEG_INFINITY { 0.0 } else { exp(*x - top) };
    }
    let total = sum(row);
    for x in row.iter_mut() {
        *x /= total;
    }
    top + total.ln()
}

/// The greatest value, by lanes so that it becomes vector code; what is not a number does not count.
#[inline(always)]
fn greatest(row: &[f32]) -> f32 {
    let greater = |top: f32, x: f32| if x > top { x } else { top };
    let mut tops = [f32::NEG_INFINITY; 32];
    let chunks = row.chunks_exact(tops.len());
    let tail = chunks.remainder().iter().fold(f32::NEG_INFINITY, |top, &x| greater(top, x));
    for chunk in chunks {
        for (top, &x) in tops.iter_mut().zip(chunk) {
            *top = greater(*top, x);
        }
    }
    tops.into_iter().fold(tail, greater)
}

/// The mean cross entropy over rows of logits; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct CrossEntropy {
    probabilities: Vec<f32>,
}

impl CrossEntropy {
    /// The mean over the rows of `logits` (N, C) of minus the log of the probability of the row's class; 0 for no
    /// rows.
    ///
    /// # Panics
    /// When a class is not below C, or `logits` is not one row a class.
    pub fn forward(&mut self, logits: &[f32], classes: &[u32]) -> f32 {
        let c = logits.len() / classes.len().max(1);
        assert_eq!(logits.len(), c * classes.len(), "one row of logits a class");
        self.probabilities.clear();
        self.probabilities.extend_from_slice(logits);
        let sums = softmax_rows(&mut self.probabilities, c);
        let loss = |(row, &class): (usize, &u32)| {
            f64::from(sums[row]) - f64::from(logits[row * c..][..c][class as usize])
        };
        let total: f64 = classes.iter().enumerate().map(loss).sum();
        (total / classes.len().max(1) as f64) as f32
    }

    /// Writes the gradient of the mean, times `scale`, to `grad` (N, C).
    ///
    /// # Panics
    /// When a shape is not that of the forward pass.
    pub fn backward(&self, classes: &[u32], scale: f32, grad: &mut [f32]) {
        let c = grad.len() / classes.len().max(1);
        let factor = scale / classes.len().max(1) as f32;
        assert_eq!(grad.len(), self.probabilities.len(), "one gradient a logit");
        for (grad, p) in grad.iter_mut().zip(&self.probabilities) {
            *grad = p * factor;
        }
        for (row, &class) in classes.iter().enumerate() {
            grad[row * c..][..c][class as usize] -= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_no_probability_and_large_values_do_not_overflow() {
        let mut x = [f32::NEG_INFINITY, 1000.0, 1000.0];
        let sums = softmax_rows(&mut x, 3);
        assert_eq!(x, [0.0, 0.5, 0.5]);
        assert!((sums[0] - 1000.6931).abs() < 1e-3);
    }

    #[test]
    fn a_value_that_is_not_a_number_spoils_its_row() {
        let mut x = [f32::NAN, 1.0, 0.0, 0.0];
        softmax_rows(&mut x, 2);
        assert!(x[0].is_nan() && x[1].is_nan());
        assert_eq!(x[2..], [0.5, 0.5]);
    }
}
