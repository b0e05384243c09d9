//! Trainable numbers, and numbers to feed them with.

use kernels::Moments;

/// A parameter with its gradient and its moments.
pub(crate) struct Param {
    pub(crate) value: Vec<f32>,
    pub(crate) grad: Vec<f32>,
    pub(crate) moments: Moments,
}

impl Param {
    /// `n` values of about the size of 1/√`inputs`.
    pub(crate) fn new(n: usize, inputs: usize) -> Self {
        let zeros = || vec![0.0; n];
        let moments = Moments { first: zeros(), second: zeros() };
        Param { value: noise(n, 1.0 / (inputs as f32).sqrt()), grad: zeros(), moments }
    }
}

/// Numbers in ±`scale` that look random enough not to be zeros or powers of two.
pub(crate) fn noise(n: usize, scale: f32) -> Vec<f32> {
    let mut state = n as u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| scale * next()).collect()
}
