//! One block of a transformer: attention, then feed-forward, each added to what it reads.

use kernels::Sequences;
use rand::Rng;
use rayon::prelude::*;

use super::TransformerConfig;
use super::attention::{Attention, AttentionRoom, AttentionTape};
use super::feed_forward::{FeedForward, FeedForwardRoom, FeedForwardTape};
use crate::mode::{Dropout, Mode};
use crate::param::parameters;

/// Values a thread takes at a time where one array is copied or added to another.
const CHUNK: usize = 1 << 14;

/// The two parts of a block, and the rate of dropout on what they add.
#[derive(Clone, Debug)]
pub(super) struct Block {
    attention: Attention,
    feed_forward: FeedForward,
    dropout: f32,
}

parameters!(Block: attention, feed_forward);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct BlockTape {
    attention: AttentionTape,
    feed_forward: FeedForwardTape,
    dropouts: [Dropout; 2],
}

/// Room for what a block needs only while it runs: all blocks share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    /// What a part adds; on the way back the gradient of that, then of what the part read, (S, E).
    pub(super) part: Vec<f32>,
    attention: AttentionRoom,
    feed_forward: FeedForwardRoom,
}

impl Block {
    pub(super) fn new(config: &TransformerConfig, rng: &mut impl Rng) -> Self {
        Block {
            attention: Attention::new(config, rng),
            feed_forward: FeedForward::new(config, rng),
            dropout: config.dropout,
        }
    }

    /// Adds to the rows of the sequences, (S, E).
    pub(super) fn forward(
        &self,
        (on, stream): (&Sequences, &mut [f32]),
        mode: &mut Mode<'_>,
        (tape, room): (&mut BlockTape, &mut Room),
    ) {
        let [after_attention, after_feed_forward] = &mut tape.dropouts;
        self.attention.forward((on, stream), &mut room.part, &mut tape.attention);
        after_attention.forward(self.dropout, mode, &mut room.part);
        add(stream, &room.part);
        let tapes = (&mut tape.feed_forward, &mut room.feed_forward);
        self.feed_forward.forward(stream, &mut room.part, tapes);
        after_feed_forward.forward(self.dropout, mode, &mut room.part);
        add(stream, &room.part);
    }

    /// Turns the gradient of the rows after the block, (S, E), into that of the rows before it.
    pub(super) fn backward(
        &mut self,
        (on, grad): (&Sequences, &mut [f32]),
        (tape, room): (&BlockTape, &mut Room),
    ) {
        let Room { part, attention, feed_forward } = room;
        let [after_attention, after_feed_forward] = &tape.dropouts;
        part.resize(grad.len(), 0.0);
        copy(part, grad);
        after_feed_forward.backward(part);
        self.feed_forward.backward(part, (&tape.feed_forward, feed_forward));
        add(grad, part);
        copy(part, grad);
        after_attention.backward(part);
        self.attention.backward((on, part), (&tape.attention, attention));
        add(grad, part);
    }
}

/// Makes `part` what `whole` is.
fn copy(part: &mut [f32], whole: &[f32]) {
    let chunks = part.par_chunks_mut(CHUNK).zip(whole.par_chunks(CHUNK));
    chunks.for_each(|(part, whole)| part.copy_from_slice(whole));
}

/// Adds each value of `part` to its like in `whole`.
fn add(whole: &mut [f32], part: &[f32]) {
    whole.par_chunks_mut(CHUNK).zip(part.par_chunks(CHUNK)).for_each(|(whole, part)| {
        whole.iter_mut().zip(part).for_each(|(whole, part)| *whole += part);
    });
}
