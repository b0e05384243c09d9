//! Convolutions along the notes, each layer over what the one below made of its surroundings.
//!
//! A layer is a convolution, a layer norm, ReLU, and in some layers max-pooling of two steps into one:
//!
//! ```text
//! y = pool(relu(norm(conv(x))))
//! ```
//!
//! The norm is over the features of each step (Ba et al., arXiv 1607.06450) and not over the batch (Ioffe and Szegedy,
//! arXiv 1502.03167): batch norm would make an embedding depend on the tunes that are embedded beside it. The greatest of
//! several values after ReLU is ReLU of the greatest, so that pooling comes first here: the result is the same, and
//! half as many values are left to go through.

use kernels::{Activation, LayerNormTape, MaxPool, Sequences};
use rand::Rng;

use crate::Precision;
use crate::convolution::{Convolution, ConvolutionConfig};
use crate::gru::Steps;
use crate::layer_norm::LayerNorm;
use crate::mode::{Dropout, Mode};
use crate::param::parameters;

/// The steps that max-pooling makes one of.
const WINDOW: usize = 2;

/// The sizes of a stack of convolutions.
#[derive(Clone, Copy, Debug)]
pub(super) struct CnnConfig {
    /// I, the width of the input.
    pub(super) input: usize,
    /// C, the width of each layer's output.
    pub(super) channels: usize,
    /// How many layers.
    pub(super) layers: usize,
    /// The steps that an output is made from.
    pub(super) kernel: usize,
    /// After every how many layers steps are pooled; 0: after none.
    pub(super) pool_every: usize,
    /// The rate of dropout between layers.
    pub(super) dropout: f32,
    /// How exactly numbers enter products.
    pub(super) precision: Precision,
}

/// The stack.
#[derive(Clone, Debug)]
pub(super) struct Cnn {
    layers: Vec<Layer>,
    channels: usize,
    dropout: f32,
}

parameters!(Cnn: layers);

#[derive(Clone, Debug)]
struct Layer {
    convolution: Convolution,
    norm: LayerNorm,
    pools: bool,
}

parameters!(Layer: convolution, norm);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct CnnTape {
    layers: Vec<LayerTape>,
    /// A layer's output before the norm, (S, C).
    raw: Vec<f32>,
    /// The gradient of a layer's output, then of its input.
    grad: Vec<f32>,
    below: Vec<f32>,
}

#[derive(Clone, Debug, Default)]
struct LayerTape {
    norm: LayerNormTape,
    /// After the norm, (S, C).
    normal: Vec<f32>,
    /// None where the layer does not pool.
    pool: Option<MaxPool>,
    /// After pooling, (S', C); not used where the layer does not pool.
    pooled: Vec<f32>,
    /// After the activation and dropout, (S', C).
    output: Vec<f32>,
    dropout: Dropout,
}

/// What a layer reads: the output of the topmost of those below it, on what is left of the sequences there.
fn input_of<'t>(layers: &'t [LayerTape], input: Steps<'t>) -> Steps<'t> {
    let pooled = layers.iter().rev().find_map(|layer| layer.pool.as_ref());
    let on: &Sequences = pooled.map_or(input.on, MaxPool::pooled);
    Steps { on, rows: layers.last().map_or(input.rows, |layer| &layer.output) }
}

impl CnnTape {
    /// What the top layer made of `input`, on what is left of its sequences.
    pub(super) fn output<'t>(&'t self, input: Steps<'t>) -> Steps<'t> {
        input_of(&self.layers, input)
    }
}

impl Cnn {
    pub(super) fn new(config: CnnConfig, rng: &mut impl Rng) -> Self {
        let CnnConfig { channels, kernel: taps, precision, pool_every, .. } = config;
        let mut layer = |depth: usize| {
            let input = if depth == 0 { config.input } else { channels };
            let shape = ConvolutionConfig { input, output: channels, taps, precision };
            Layer {
                convolution: Convolution::new(shape, rng),
                norm: LayerNorm::new(channels),
                pools: pool_every > 0 && (depth + 1).is_multiple_of(pool_every),
            }
        };
        let layers = (0..config.layers).map(&mut layer).collect();
        Cnn { layers, channels, dropout: config.dropout }
    }

    /// Reads a batch; the result is [`CnnTape::output`].
    pub(super) fn forward(&self, input: Steps<'_>, mode: &mut Mode<'_>, tape: &mut CnnTape) {
        let CnnTape { layers, raw, .. } = tape;
        layers.resize_with(self.layers.len(), LayerTape::default);
        let top = self.layers.len() - 1;
        for (depth, layer) in self.layers.iter().enumerate() {
            let (below, own) = layers.split_at_mut(depth);
            let x = input_of(below, input);
            let LayerTape { norm, normal, pool, pooled, output, dropout } = &mut own[0];
            layer.convolution.forward(x, raw);
            layer.norm.forward(raw, normal, norm);
            *pool = layer.pools.then(|| MaxPool::new(x.on, WINDOW));
            let inactive = match pool {
                None => &*normal,
                Some(pool) => {
                    pooled.resize(pool.pooled().rows() * self.channels, 0.0);
                    pool.forward(normal, pooled);
                    pooled
                }
            };
            output.resize(inactive.len(), 0.0);
            Activation::Relu.forward(inactive, output);
            let rate = if depth == top { 0.0 } else { self.dropout };
            dropout.forward(rate, mode, output);
        }
    }

    /// Takes the gradient of the output, (S', C), back; returns that of the input, (S, I).
    pub(super) fn backward<'t>(
        &mut self,
        input: Steps<'_>,
        grad_output: &[f32],
        tape: &'t mut CnnTape,
    ) -> &'t [f32] {
        let CnnTape { layers, grad, below, .. } = tape;
        grad.clear();
        grad.extend_from_slice(grad_output);
        for (depth, layer) in self.layers.iter_mut().enumerate().rev() {
            let (lower, own) = layers.split_at_mut(depth);
            let (x, own) = (input_of(lower, input), &own[0]);
            own.dropout.backward(grad);
            let inactive = if own.pool.is_some() { &own.pooled } else { &own.normal };
            Activation::Relu.backward(inactive, grad);
            if let Some(pool) = &own.pool {
                below.resize(own.normal.len(), 0.0);
                pool.backward(&own.normal, grad, below);
                std::mem::swap(grad, below);
            }
            layer.norm.backward(&own.norm, grad);
            layer.convolution.backward(x, grad, below);
            std::mem::swap(grad, below);
        }
        grad
    }
}
