//! A head that learns by gradients: layer norm, a hidden layer with GELU, a linear layer, unit length.

use kernels::{Activation, normalise_backward, normalise_forward};
use rand::Rng;

use super::HeadConfig;
use crate::layer_norm::LayerNorm;
use crate::linear::Linear;
use crate::mode::{Dropout, Mode};
use crate::param::parameters;

/// Layer norm, a hidden layer with GELU, a linear layer, unit length.
#[derive(Clone, Debug)]
pub(crate) struct Mlp {
    norm: LayerNorm,
    hidden: Linear,
    output: Linear,
    dropout: f32,
}

parameters!(Mlp: norm, hidden, output);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct MlpTape {
    norm: kernels::LayerNormTape,
    /// After the layer norm and its dropout, (B, I).
    normal: Vec<f32>,
    dropouts: [Dropout; 2],
    /// Before and after the activation, (B, hidden).
    hidden: Vec<f32>,
    active: Vec<f32>,
    output: Vec<f32>,
    lengths: Vec<f32>,
    /// Gradients on their way back.
    grads: [Vec<f32>; 3],
}

impl MlpTape {
    /// The unit vectors, (B, D).
    pub(super) fn output(&self) -> &[f32] {
        &self.output
    }
}

impl Mlp {
    pub(super) fn new(config: HeadConfig, rng: &mut impl Rng) -> Self {
        Mlp {
            norm: LayerNorm::new(config.input),
            hidden: Linear::new((config.hidden, config.input), rng),
            output: Linear::new((config.output, config.hidden), rng),
            dropout: config.dropout,
        }
    }

    /// Reads `features` (B, I); the result is [`MlpTape::output`].
    pub(super) fn forward(&self, features: &[f32], mode: &mut Mode<'_>, tape: &mut MlpTape) {
        self.norm.forward(features, &mut tape.normal, &mut tape.norm);
        tape.dropouts[0].forward(self.dropout, mode, &mut tape.normal);
        self.hidden.forward(&tape.normal, &mut tape.hidden);
        tape.active.resize(tape.hidden.len(), 0.0);
        Activation::Gelu.forward(&tape.hidden, &mut tape.active);
        tape.dropouts[1].forward(self.dropout, mode, &mut tape.active);
        self.output.forward(&tape.active, &mut tape.output);
        tape.lengths.resize(tape.output.len() / self.output.outputs(), 0.0);
        normalise_forward(&mut tape.output, &mut tape.lengths);
    }

    /// Takes the gradient of the unit vectors, (B, D), back; returns that of the features, (B, I).
    pub(super) fn backward<'t>(&mut self, grad: &[f32], tape: &'t mut MlpTape) -> &'t [f32] {
        let [of_output, of_hidden, of_features] = &mut tape.grads;
        of_output.clear();
        of_output.extend_from_slice(grad);
        normalise_backward(&tape.output, &tape.lengths, of_output);
        self.output.backward(&tape.active, of_output, of_hidden);
        tape.dropouts[1].backward(of_hidden);
        Activation::Gelu.backward(&tape.hidden, of_hidden);
        self.hidden.backward(&tape.normal, of_hidden, of_features);
        tape.dropouts[0].backward(of_features);
        self.norm.backward(&tape.norm, of_features);
        of_features
    }
}
