//! Layer normalisation (Ba et al., arXiv 1607.06450).

use rayon::prelude::*;

use crate::simd::{add_scaled, dot, sum, vectorised};
use crate::sums::share;

/// Added to the variance, as in PyTorch.
const EPSILON: f32 = 1e-5;

/// Rows a thread takes at a time.
const ROWS: usize = 64;

/// Scale and shift of a layer norm over D features.
#[derive(Clone, Copy, Debug)]
pub struct LayerNorm<'a> {
    /// γ: (D).
    pub scale: &'a [f32],
    /// β: (D).
    pub shift: &'a [f32],
}

/// What the backward pass needs of the forward pass; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct LayerNormTape {
    /// (x - mean) / deviation, (N, D).
    normal: Vec<f32>,
    /// 1 / deviation, (N).
    inverse: Vec<f32>,
}

impl LayerNorm<'_> {
    /// `y` (N, D) becomes the rows of `x` (N, D), each with its own mean and deviation taken out.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn forward(&self, x: &[f32], y: &mut [f32], tape: &mut LayerNormTape) {
        let d = self.scale.len();
        assert_eq!(x.len(), y.len(), "one result a value");
        tape.normal.resize(x.len(), 0.0);
        tape.inverse.resize(x.len() / d, 0.0);
        let rows = x.par_chunks(d * ROWS).zip(y.par_chunks_mut(d * ROWS));
        let tapes = tape.normal.par_chunks_mut(d * ROWS).zip(tape.inverse.par_chunks_mut(ROWS));
        rows.zip(tapes).for_each(|((x, y), (normal, inverse))| {
            vectorised(
                #[inline(always)]
                || {
                    let rows = x.chunks_exact(d).zip(y.chunks_exact_mut(d));
                    let tapes = normal.chunks_exact_mut(d).zip(&mut *inverse);
                    for ((x, y), (normal, inverse)) in rows.zip(tapes) {
                        *inverse = normalise(x, normal);
                        for j in 0..d {
                            y[j] = normal[j] * self.scale[j] + self.shift[j];
                        }
                    }
                },
            );
        });
    }

    /// Replaces the rows of `x` (N, D) by the layer norm of their sums with those of `other`, `epsilon` being added to the
    /// variance; nothing is kept for a backward pass.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn add_and_normalise(&self, x: &mut [f32], other: &[f32], epsilon: f32) {
        let d = self.scale.len();
        assert_eq!(x.len(), other.len(), "one summand a value");
        x.par_chunks_mut(d * ROWS).zip(other.par_chunks(d * ROWS)).for_each(|(x, other)| {
            vectorised(
                #[inline(always)]
                || {
                    for (x, other) in x.chunks_exact_mut(d).zip(other.chunks_exact(d)) {
                        add_scaled(x, 1.0, other);
                        let mean = sum(x) / d as f32;
                        x.iter_mut().for_each(
                            #[inline(always)]
                            |x| *x -= mean,
                        );
                        let inverse = 1.0 / (dot(x, x) / d as f32 + epsilon).sqrt();
                        for ((x, scale), shift) in x.iter_mut().zip(self.scale).zip(self.shift) {
                            *x = *x * inverse * scale + shift;
                        }
                    }
                },
            );
        });
    }

    /// Takes the gradient of the output, `grad` (N, D), back to γ, β and, in its place, the input.
    ///
    /// `grads` is where the gradients of γ and β are added, (D) each.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn backward(
        &self,
        tape: &LayerNormTape,
        grad: &mut [f32],
        grads: (&mut [f32], &mut [f32]),
    ) {
        let d = self.scale.len();
        assert_eq!(grad.len(), tape.normal.len(), "the gradient of a layer norm's output");
        let share = share(tape.inverse.len());
        let rows = grad.par_chunks_mut(share * d).zip(tape.normal.par_chunks(share * d));
        let rows = rows.zip(tape.inverse.par_chunks(share));
        let sums: Vec<_> =
            rows.map(|((grad, normal), inverse)| self.share(grad, normal, inverse)).collect();
        for (of_scale, of_shift) in &sums {
            add_scaled(grads.0, 1.0, of_scale);
            add_scaled(grads.1, 1.0, of_shift);
        }
    }

    /// Takes the gradient of some rows back; returns their part of those of γ and β.
    fn share(&self, grad: &mut [f32], normal: &[f32], inverse: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let d = self.scale.len();
        let (mut of_scale, mut of_shift) = (vec![0.0; d], vec![0.0; d]);
        vectorised(
            #[inline(always)]
            || {
                let (of_scale, of_shift) = (&mut of_scale[..d], &mut of_shift[..d]);
                let rows = grad.chunks_exact_mut(d).zip(normal.chunks_exact(d));
                for ((grad, normal), &inverse) in rows.zip(inverse) {
                    for j in 0..d {
                        of_scale[j] += grad[j] * normal[j];
                        of_shift[j] += grad[j];
                        grad[j] *= self.scale[j];
                    }
                    project(grad, normal, inverse);
                }
            },
        );
        (of_scale, of_shift)
    }
}

/// Writes the normal form of a row and returns 1 / deviation.
#[inline(always)]
fn normalise(x: &[f32], normal: &mut [f32]) -> f32 {
    let count = x.len() as f32;
    let mean = sum(x) / count;
    for (normal, x) in normal.iter_mut().zip(x) {
        *normal = x - mean;
    }
    let inverse = 1.0 / (dot(normal, normal) / count + EPSILON).sqrt();
    normal.iter_mut().for_each(
        #[inline(always)]
        |x| *x *= inverse,
    );
    inverse
}

/// Takes out of a row's gradient what would change its mean or its deviation.
#[inline(always)]
fn project(grad: &mut [f32], normal: &[f32], inverse: f32) {
    let count = grad.len() as f32;
    let mean = sum(grad) / count;
    let along = dot(grad, normal) / count;
    for (grad, normal) in grad.iter_mut().zip(normal) {
        *grad = (*grad - mean - normal * along) * inverse;
    }
}
