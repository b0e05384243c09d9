//! One fused AdamW step (Loshchilov and Hutter, arXiv 1711.05101), as PyTorch takes it.

use rayon::prelude::*;

use crate::simd::vectorised;

/// Values a thread takes at a time.
const CHUNK: usize = 1 << 14;

/// The numbers of one step.
#[derive(Clone, Copy, Debug)]
pub struct AdamWStep {
    /// The step's number, from 1.
    pub step: u64,
    /// The learning rate.
    pub rate: f32,
    /// The decay of the mean of gradients and of that of their squares.
    pub betas: (f32, f32),
    /// Added to the root of the mean square.
    pub epsilon: f32,
    /// The weight decay, times the rate a step.
    pub decay: f32,
    /// What the gradients are multiplied by first: less than 1 where their norm is clipped.
    pub scale: f32,
}

/// The running means of one parameter's gradients and of their squares, each as long as the parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    /// The mean of gradients.
    pub first: Vec<f32>,
    /// The mean of their squares.
    pub second: Vec<f32>,
}

/// The factors that are the same for every value.
#[derive(Clone, Copy)]
struct Factors {
    shrink: f32,
    rate: f32,
    root: f32,
}

impl AdamWStep {
    /// Moves `value` against its gradient.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn apply(&self, value: &mut [f32], grad: &[f32], moments: &mut Moments) {
        let n = value.len();
        let lengths = (grad.len(), moments.first.len(), moments.second.len());
        assert_eq!(lengths, (n, n, n), "a parameter's gradient and moments");
        let factors = self.factors();
        let values = value.par_chunks_mut(CHUNK).zip(grad.par_chunks(CHUNK));
        let (first, second) = (&mut moments.first, &mut moments.second);
        let moments = first.par_chunks_mut(CHUNK).zip(second.par_chunks_mut(CHUNK));
        values.zip(moments).for_each(|((value, grad), (first, second))| {
            vectorised(
                #[inline(always)]
                || {
                    let moments = first.iter_mut().zip(&mut *second);
                    for ((p, &g), (m, v)) in value.iter_mut().zip(grad).zip(moments) {
                        let g = g * self.scale;
                        *m += (g - *m) * (1.0 - self.betas.0);
                        *v = *v * self.betas.1 + g * g * (1.0 - self.betas.1);
                        let root = v.sqrt() * factors.root + self.epsilon;
                        *p = *p * factors.shrink - factors.rate * (*m / root);
                    }
                },
            );
        });
    }

    fn factors(&self) -> Factors {
        let corrected = |beta: f32| 1.0 - f64::from(beta).powf(self.step as f64);
        Factors {
            shrink: 1.0 - self.rate * self.decay,
            rate: (f64::from(self.rate) / corrected(self.betas.0)) as f32,
            root: (1.0 / corrected(self.betas.1).sqrt()) as f32,
        }
    }
}
