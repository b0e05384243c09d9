//! The part of a melody tower that reads notes in their order.

use kernels::Sequences;
use rand::Rng;

use super::config::{Encoder, MelodyConfig};
use crate::embedding::{Embeddings, arrange};
use crate::gru::{Gru, GruConfig, GruTape, Steps};
use crate::mode::{Dropout, Mode};
use crate::param::parameters;
use crate::pooling::{Pool, PoolTape};
use crate::{Error, Precision};

/// Embeddings, encoder, pooling.
#[derive(Clone, Debug)]
pub(super) struct Notes {
    embeddings: Embeddings,
    gru: Gru,
    pool: Pool,
    dropout: f32,
    width: usize,
}

parameters!(Notes: embeddings, gru, pool);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct NotesTape {
    sequences: Sequences,
    /// The features by row of the sequences, (S, F).
    ids: Vec<u32>,
    embedded: Vec<f32>,
    dropout: Dropout,
    gru: GruTape,
    pool: PoolTape,
    pooled: Vec<f32>,
    grad: Vec<f32>,
}

impl NotesTape {
    /// One vector a tune, (B, width).
    pub(super) fn pooled(&self) -> &[f32] {
        &self.pooled
    }
}

impl Notes {
    pub(super) fn new(config: &MelodyConfig, rng: &mut impl Rng) -> Result<Self, Error> {
        let embeddings = Embeddings::new(&config.note_shapes()?, rng);
        let Encoder::Gru { hidden, layers, bidirectional } = config.encoder;
        let (input, dropout) = (embeddings.width(), config.dropout);
        let precision = Precision::F32;
        let shape = GruConfig { input, hidden, layers, bidirectional, dropout, precision };
        let gru = Gru::new(shape, rng);
        let width = if bidirectional { 2 * hidden } else { hidden };
        let pool = Pool::new(config.pooling, width, rng);
        Ok(Notes { embeddings, gru, pool, dropout, width })
    }

    /// The width of what [`NotesTape::pooled`] holds for each tune.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Reads tunes of these lengths, their notes' features one after the other, (sum of lengths, F).
    pub(super) fn forward(
        &self,
        (lengths, notes): (&[usize], &[u32]),
        mode: &mut Mode<'_>,
        tape: &mut NotesTape,
    ) -> Result<(), Error> {
        let (features, rows) = (self.embeddings.features(), lengths.iter().sum::<usize>());
        let (expected, found) = (rows * features, notes.len());
        if expected != found {
            return Err(Error::Batch { what: "note features", expected, found });
        }
        self.embeddings.check(notes, "note")?;
        tape.sequences = Sequences::new(lengths);
        arrange(&tape.sequences, notes, features, &mut tape.ids);
        self.embeddings.forward(&tape.ids, &mut tape.embedded);
        tape.dropout.forward(self.dropout, mode, &mut tape.embedded);
        let steps = Steps { on: &tape.sequences, rows: &tape.embedded };
        self.gru.forward(steps, mode, &mut tape.gru);
        tape.pooled.resize(lengths.len() * self.width, 0.0);
        let steps = Steps { on: &tape.sequences, rows: tape.gru.output() };
        self.pool.forward(steps, &mut tape.pooled, &mut tape.pool);
        Ok(())
    }

    /// Takes the gradient of the vectors, (B, width), back to the parameters.
    pub(super) fn backward(&mut self, grad: &[f32], tape: &mut NotesTape) {
        let steps = Steps { on: &tape.sequences, rows: tape.gru.output() };
        let grad = self.pool.backward(steps, grad, &mut tape.pool);
        let steps = Steps { on: &tape.sequences, rows: &tape.embedded };
        let grad = self.gru.backward(steps, grad, &mut tape.gru);
        tape.grad.clear();
        tape.grad.extend_from_slice(grad);
        tape.dropout.backward(&mut tape.grad);
        self.embeddings.backward(&tape.ids, &tape.grad);
    }
}
