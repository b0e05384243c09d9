//! Whether a forward pass is for training.

use rand_chacha::ChaCha8Rng;

/// Training draws what dropout leaves out from the generator; evaluation leaves out nothing.
#[derive(Debug)]
pub enum Mode<'a> {
    /// Dropout is on.
    Train(&'a mut ChaCha8Rng),
    /// Dropout is off: the same batch always gives the same result.
    Evaluate,
}

/// Dropout at a place in a network: does nothing in evaluation or at a rate of 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dropout {
    kernel: kernels::Dropout,
    active: bool,
}

impl Dropout {
    pub(crate) fn forward(&mut self, rate: f32, mode: &mut Mode<'_>, x: &mut [f32]) {
        self.active = false;
        if let (Mode::Train(rng), true) = (mode, rate > 0.0) {
            self.kernel.forward(rate, rng, x);
            self.active = true;
        }
    }

    pub(crate) fn backward(&self, grad: &mut [f32]) {
        if self.active {
            self.kernel.backward(grad);
        }
    }
}
