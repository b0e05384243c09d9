//! Layer normalisation.

use crate::Param;
use crate::param::parameters;

/// Each row less its mean, over its deviation, scaled and shifted by learned amounts.
#[derive(Clone, Debug)]
pub(crate) struct LayerNorm {
    scale: Param,
    shift: Param,
}

parameters!(LayerNorm: scale, shift);

impl LayerNorm {
    /// Over D features, beginning with a scale of 1 and a shift of 0.
    pub(crate) fn new(dims: usize) -> Self {
        LayerNorm { scale: Param::constant(&[dims], 1.0), shift: Param::constant(&[dims], 0.0) }
    }

    /// `y` becomes (N, D) for `x` (N, D).
    pub(crate) fn forward(&self, x: &[f32], y: &mut Vec<f32>, tape: &mut kernels::LayerNormTape) {
        y.resize(x.len(), 0.0);
        self.kernel().forward(x, y, tape);
    }

    /// Turns the gradient of the output, (N, D), into that of the input.
    pub(crate) fn backward(&mut self, tape: &kernels::LayerNormTape, grad: &mut [f32]) {
        let kernel = kernels::LayerNorm { scale: &self.scale.value, shift: &self.shift.value };
        kernel.backward(tape, grad, (&mut self.scale.grad, &mut self.shift.grad));
    }

    fn kernel(&self) -> kernels::LayerNorm<'_> {
        kernels::LayerNorm { scale: &self.scale.value, shift: &self.shift.value }
    }
}
