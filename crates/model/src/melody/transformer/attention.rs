//! The part of a block in which the notes of a tune look at each other.

use kernels::{LayerNormTape, Mask, SelfAttention, SelfAttentionFlow, Sequences};
use rand::Rng;

use super::TransformerConfig;
use crate::Precision;
use crate::layer_norm::LayerNorm;
use crate::linear::Linear;
use crate::param::parameters;

/// A norm, self-attention of several heads, and a linear layer over what they found.
#[derive(Clone, Debug)]
pub(super) struct Attention {
    norm: LayerNorm,
    /// Queries, keys and values beside each other.
    qkv: Linear,
    output: Linear,
    heads: usize,
    precision: Precision,
}

parameters!(Attention: norm, qkv, output);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct AttentionTape {
    norm: LayerNormTape,
    /// After the norm, (S, E).
    normal: Vec<f32>,
    /// (S, 3E).
    qkv: Vec<f32>,
    /// What the heads found, (S, E).
    found: Vec<f32>,
}

/// Gradients of what a tape has of the same name, needed only on the way back.
#[derive(Clone, Debug, Default)]
pub(super) struct AttentionRoom {
    qkv: Vec<f32>,
    found: Vec<f32>,
}

impl Attention {
    pub(super) fn new(config: &TransformerConfig, rng: &mut impl Rng) -> Self {
        let (width, heads, precision) = (config.width, config.heads, config.precision);
        Attention {
            norm: LayerNorm::new(width),
            qkv: config.linear((3 * width, width), rng),
            output: config.linear((width, width), rng),
            heads,
            precision,
        }
    }

    /// `out` becomes (S, E) for the rows of the sequences, (S, E).
    pub(super) fn forward(
        &self,
        (on, x): (&Sequences, &[f32]),
        out: &mut Vec<f32>,
        tape: &mut AttentionTape,
    ) {
        self.norm.forward(x, &mut tape.normal, &mut tape.norm);
        self.qkv.forward(&tape.normal, &mut tape.qkv);
        tape.found.resize(x.len(), 0.0);
        self.kernel(on).forward(&tape.qkv, &mut tape.found);
        self.output.forward(&tape.found, out);
    }

    /// Turns the gradient of the output, (S, E), into that of the rows.
    pub(super) fn backward(
        &mut self,
        (on, grad): (&Sequences, &mut Vec<f32>),
        (tape, room): (&AttentionTape, &mut AttentionRoom),
    ) {
        self.output.backward(&tape.found, grad, &mut room.found);
        room.qkv.resize(tape.qkv.len(), 0.0);
        let (grad_output, grad_qkv) = (&room.found[..], &mut room.qkv[..]);
        self.kernel(on).backward(SelfAttentionFlow { qkv: &tape.qkv, grad_output, grad_qkv });
        self.qkv.backward(&tape.normal, &room.qkv, grad);
        self.norm.backward(&tape.norm, grad);
    }

    fn kernel<'s>(&self, sequences: &'s Sequences) -> SelfAttention<'s> {
        let (heads, precision) = (self.heads, self.precision.into());
        SelfAttention { sequences, heads, mask: Mask::None, bias: None, precision }
    }
}
