//! The convolution along steps.

use kernels::{ConvolutionFlow, ConvolutionGradients, ConvolutionWeights};
use rand::Rng;

use crate::gru::Steps;
use crate::param::parameters;
use crate::{Param, Precision};

/// Each step from its neighbours and itself; what lies outside a sequence counts as zeros.
#[derive(Clone, Debug)]
pub(crate) struct Convolution {
    weight: Param,
    bias: Param,
    precision: Precision,
}

parameters!(Convolution: weight, bias);

/// The sizes of a convolution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConvolutionConfig {
    /// I, the width of the input.
    pub(crate) input: usize,
    /// O, the width of the output.
    pub(crate) output: usize,
    /// K, the steps that an output is made from.
    pub(crate) taps: usize,
    /// How exactly numbers enter products.
    pub(crate) precision: Precision,
}

impl Convolution {
    /// Uniform on ±1/√(I K), as PyTorch begins.
    pub(crate) fn new(config: ConvolutionConfig, rng: &mut impl Rng) -> Self {
        let ConvolutionConfig { input, output, taps, precision } = config;
        let bound = 1.0 / ((input * taps) as f32).sqrt();
        Convolution {
            weight: Param::uniform(&[output, input, taps], bound, rng),
            bias: Param::uniform(&[output], bound, rng),
            precision,
        }
    }

    /// `y` becomes (S, O) for steps of width I.
    pub(crate) fn forward(&self, x: Steps<'_>, y: &mut Vec<f32>) {
        y.resize(x.on.rows() * self.weight.shape[0], 0.0);
        let (weight, bias) = (&self.weight.value, &self.bias.value);
        let kernel = kernels::Convolution {
            weights: ConvolutionWeights { weight, bias },
            taps: self.weight.shape[2],
            sequences: x.on,
            precision: self.precision.into(),
        };
        kernel.forward(x.rows, y);
    }

    /// `grad_x` becomes the gradient of the steps, (S, I), for `grad_output` (S, O).
    pub(crate) fn backward(&mut self, x: Steps<'_>, grad_output: &[f32], grad_x: &mut Vec<f32>) {
        grad_x.resize(x.rows.len(), 0.0);
        let (weight, bias) = (&self.weight.value, &self.bias.value);
        let kernel = kernels::Convolution {
            weights: ConvolutionWeights { weight, bias },
            taps: self.weight.shape[2],
            sequences: x.on,
            precision: self.precision.into(),
        };
        let (weight, bias) = (&mut self.weight.grad[..], &mut self.bias.grad[..]);
        let flow = ConvolutionFlow { x: x.rows, grad_output, grad_x };
        kernel.backward(flow, &mut ConvolutionGradients { weight, bias });
    }
}
