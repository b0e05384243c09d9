//! The part of a block that works on each note by itself.

use kernels::{Activation, LayerNormTape};
use rand::Rng;

use super::TransformerConfig;
use crate::layer_norm::LayerNorm;
use crate::linear::Linear;
use crate::param::parameters;

/// A norm, a wide hidden layer with GELU, and a linear layer.
#[derive(Clone, Debug)]
pub(super) struct FeedForward {
    norm: LayerNorm,
    hidden: Linear,
    output: Linear,
}

parameters!(FeedForward: norm, hidden, output);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct FeedForwardTape {
    norm: LayerNormTape,
    /// After the norm, (S, E).
    normal: Vec<f32>,
    /// Before the activation, (S, feed-forward).
    hidden: Vec<f32>,
}

/// Room for what the part needs only while it runs, (S, feed-forward) each.
#[derive(Clone, Debug, Default)]
pub(super) struct FeedForwardRoom {
    /// After the activation; made again on the way back, which costs little beside the products and saves a good part
    /// of a tape's memory.
    active: Vec<f32>,
    /// The gradient of the hidden layer.
    grad: Vec<f32>,
}

impl FeedForward {
    pub(super) fn new(config: &TransformerConfig, rng: &mut impl Rng) -> Self {
        let (width, hidden) = (config.width, config.feed_forward);
        FeedForward {
            norm: LayerNorm::new(width),
            hidden: config.linear((hidden, width), rng),
            output: config.linear((width, hidden), rng),
        }
    }

    /// `out` becomes (S, E) for `x` (S, E).
    pub(super) fn forward(
        &self,
        x: &[f32],
        out: &mut Vec<f32>,
        (tape, room): (&mut FeedForwardTape, &mut FeedForwardRoom),
    ) {
        self.norm.forward(x, &mut tape.normal, &mut tape.norm);
        self.hidden.forward(&tape.normal, &mut tape.hidden);
        room.active.resize(tape.hidden.len(), 0.0);
        Activation::Gelu.forward(&tape.hidden, &mut room.active);
        self.output.forward(&room.active, out);
    }

    /// Turns the gradient of the output, (S, E), into that of the input.
    pub(super) fn backward(
        &mut self,
        grad: &mut Vec<f32>,
        (tape, room): (&FeedForwardTape, &mut FeedForwardRoom),
    ) {
        room.active.resize(tape.hidden.len(), 0.0);
        Activation::Gelu.forward(&tape.hidden, &mut room.active);
        self.output.backward(&room.active, grad, &mut room.grad);
        Activation::Gelu.backward(&tape.hidden, &mut room.grad);
        self.hidden.backward(&tape.normal, &room.grad, grad);
        self.norm.backward(&tape.norm, grad);
    }
}
