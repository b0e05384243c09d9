//! The affine layer.

use kernels::{LinearFlow, LinearGradients, LinearWeights};
use rand::Rng;

use crate::param::parameters;
use crate::{Param, Precision};

/// y = x Wᵀ + b.
#[derive(Clone, Debug)]
pub(crate) struct Linear {
    weight: Param,
    bias: Param,
    /// How exactly numbers enter its products: as they are, unless it is set otherwise.
    pub(crate) precision: Precision,
}

parameters!(Linear: weight, bias);

impl Linear {
    /// `shape`: (O, I). Uniform on ±1/√I, as PyTorch begins.
    pub(crate) fn new((outputs, inputs): (usize, usize), rng: &mut impl Rng) -> Self {
        let bound = 1.0 / (inputs as f32).sqrt();
        Linear {
            weight: Param::uniform(&[outputs, inputs], bound, rng),
            bias: Param::uniform(&[outputs], bound, rng),
            precision: Precision::F32,
        }
    }

    /// Sets both arrays.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub(crate) fn set(&mut self, weight: Vec<f32>, bias: Vec<f32>) {
        let sizes = (self.weight.value.len(), self.bias.value.len());
        assert_eq!((weight.len(), bias.len()), sizes, "a linear layer's weight and bias");
        (self.weight.value, self.bias.value) = (weight, bias);
    }

    /// O.
    pub(crate) fn outputs(&self) -> usize {
        self.weight.shape[0]
    }

    /// `y` becomes (N, O) for `x` (N, I).
    pub(crate) fn forward(&self, x: &[f32], y: &mut Vec<f32>) {
        let [outputs, inputs] = [self.weight.shape[0], self.weight.shape[1]];
        y.resize(x.len() / inputs * outputs, 0.0);
        let (weight, bias) = (&self.weight.value, &self.bias.value);
        LinearWeights { weight, bias, precision: self.precision.into() }.forward(x, y);
    }

    /// `grad_x` becomes the gradient of `x`, (N, I), for `grad_output` (N, O).
    pub(crate) fn backward(&mut self, x: &[f32], grad_output: &[f32], grad_x: &mut Vec<f32>) {
        grad_x.resize(x.len(), 0.0);
        let (weight, bias) = (&self.weight.value, &self.bias.value);
        let weights = LinearWeights { weight, bias, precision: self.precision.into() };
        let mut grads =
            LinearGradients { weight: &mut self.weight.grad, bias: &mut self.bias.grad };
        weights.backward(LinearFlow { x, grad_output, grad_x }, &mut grads);
    }
}
