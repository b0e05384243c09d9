//! A transformer's encoder (Vaswani et al., arXiv 1706.03762): every note sees every other of its tune at once.
//!
//! Norms come before what they feed (Xiong et al., arXiv 2002.04745), which trains without a long warm-up:
//!
//! ```text
//! x = norm(linear(notes)) + positions
//! x = x + dropout(attention(norm(x)))      in each block,
//! x = x + dropout(feed_forward(norm(x)))   both
//! y = norm(x)
//! ```
//!
//! The norm after the first linear layer is for the positions' sake: with D dimensions a feature the layer begins with
//! values near 1/√(3D), about 0.1, which sines and cosines, near 1/√2, would drown.

mod attention;
mod block;
mod feed_forward;
mod positions;

use kernels::LayerNormTape;
use rand::Rng;

use crate::Precision;
use crate::gru::Steps;
use crate::layer_norm::LayerNorm;
use crate::linear::Linear;
use crate::mode::Mode;
use crate::param::parameters;
use block::{Block, BlockTape, Room};
use positions::Positions;

/// The sizes of a transformer.
#[derive(Clone, Copy, Debug)]
pub(super) struct TransformerConfig {
    /// I, the width of the input.
    pub(super) input: usize,
    /// E, the width of each step in all blocks.
    pub(super) width: usize,
    /// How many blocks.
    pub(super) layers: usize,
    /// The heads that share the width among them.
    pub(super) heads: usize,
    /// The width of the hidden layer of each block's feed-forward part.
    pub(super) feed_forward: usize,
    /// The rate of dropout on what each part of a block adds.
    pub(super) dropout: f32,
    /// How exactly numbers enter products.
    pub(super) precision: Precision,
}

impl TransformerConfig {
    /// An affine layer in the transformer's precision; `shape`: (O, I).
    fn linear(&self, shape: (usize, usize), rng: &mut impl Rng) -> Linear {
        let mut linear = Linear::new(shape, rng);
        linear.precision = self.precision;
        linear
    }
}

/// The blocks and what is before and after them.
#[derive(Clone, Debug)]
pub(super) struct Transformer {
    input: Linear,
    input_norm: LayerNorm,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

parameters!(Transformer: input, input_norm, blocks, norm);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct TransformerTape {
    positions: Positions,
    input_norm: LayerNormTape,
    blocks: Vec<BlockTape>,
    norm: LayerNormTape,
    /// What the blocks add to, (S, E).
    stream: Vec<f32>,
    output: Vec<f32>,
    /// The gradient of the stream, then of the first linear layer's output, (S, E).
    grad: Vec<f32>,
    grad_input: Vec<f32>,
    room: Room,
}

impl TransformerTape {
    /// One row a step, (S, E).
    pub(super) fn output(&self) -> &[f32] {
        &self.output
    }
}

impl Transformer {
    pub(super) fn new(config: TransformerConfig, rng: &mut impl Rng) -> Self {
        Transformer {
            input: config.linear((config.width, config.input), rng),
            input_norm: LayerNorm::new(config.width),
            blocks: (0..config.layers).map(|_| Block::new(&config, rng)).collect(),
            norm: LayerNorm::new(config.width),
        }
    }

    /// Reads a batch; the result is [`TransformerTape::output`].
    pub(super) fn forward(
        &self,
        input: Steps<'_>,
        mode: &mut Mode<'_>,
        tape: &mut TransformerTape,
    ) {
        let TransformerTape { positions, blocks, stream, room, .. } = tape;
        blocks.resize_with(self.blocks.len(), BlockTape::default);
        self.input.forward(input.rows, &mut room.part);
        self.input_norm.forward(&room.part, stream, &mut tape.input_norm);
        positions.add_to(input.on, stream);
        for (block, tape) in self.blocks.iter().zip(blocks) {
            block.forward((input.on, stream), mode, (tape, room));
        }
        self.norm.forward(stream, &mut tape.output, &mut tape.norm);
    }

    /// Takes the gradient of the output, (S, E), back; returns that of the input, (S, I).
    pub(super) fn backward<'t>(
        &mut self,
        input: Steps<'_>,
        grad_output: &[f32],
        tape: &'t mut TransformerTape,
    ) -> &'t [f32] {
        let TransformerTape { blocks, grad, grad_input, room, .. } = tape;
        grad.clear();
        grad.extend_from_slice(grad_output);
        self.norm.backward(&tape.norm, grad);
        for (block, tape) in self.blocks.iter_mut().zip(blocks).rev() {
            block.backward((input.on, grad), (tape, room));
        }
        self.input_norm.backward(&tape.input_norm, grad);
        self.input.backward(input.rows, grad, grad_input);
        grad_input
    }
}
