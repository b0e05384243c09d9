//! The part of a melody tower that reads notes in their order.

use kernels::Sequences;
use rand::Rng;

use super::config::MelodyConfig;
use super::reader::{Reader, ReaderTape};
use crate::embedding::{Embeddings, arrange};
use crate::gru::Steps;
use crate::mode::{Dropout, Mode};
use crate::param::join;
use crate::pooling::{Pool, PoolTape};
use crate::{Error, Param, Parameters};

/// Embeddings, a reader, pooling.
#[derive(Clone, Debug)]
pub(super) struct Notes {
    embeddings: Embeddings,
    reader: Reader,
    pool: Pool,
    dropout: f32,
    width: usize,
}

impl Parameters for Notes {
    fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &Param)) {
        self.embeddings.visit_at(&join(path, "embeddings"), f);
        // The reader adds its own name.
        self.reader.visit_at(path, f);
        self.pool.visit_at(&join(path, "pool"), f);
    }

    fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Param)) {
        self.embeddings.visit_at_mut(&join(path, "embeddings"), f);
        self.reader.visit_at_mut(path, f);
        self.pool.visit_at_mut(&join(path, "pool"), f);
    }
}

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct NotesTape {
    sequences: Sequences,
    /// The features by row of the sequences, (S, F).
    ids: Vec<u32>,
    embedded: Vec<f32>,
    dropout: Dropout,
    reader: ReaderTape,
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
        let (reader, width) = Reader::new(config, embeddings.width(), rng);
        let pool = Pool::new(config.pooling, width, rng);
        Ok(Notes { embeddings, reader, pool, dropout: config.dropout, width })
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
        self.reader.forward(steps, mode, &mut tape.reader);
        tape.pooled.resize(lengths.len() * self.width, 0.0);
        let read = self.reader.output(steps, &tape.reader);
        self.pool.forward(read, &mut tape.pooled, &mut tape.pool);
        Ok(())
    }

    /// Takes the gradient of the vectors, (B, width), back to the parameters.
    pub(super) fn backward(&mut self, grad: &[f32], tape: &mut NotesTape) {
        let steps = Steps { on: &tape.sequences, rows: &tape.embedded };
        let read = self.reader.output(steps, &tape.reader);
        let grad = self.pool.backward(read, grad, &mut tape.pool);
        let grad = self.reader.backward(steps, grad, &mut tape.reader);
        tape.grad.clear();
        tape.grad.extend_from_slice(grad);
        tape.dropout.backward(&mut tape.grad);
        self.embeddings.backward(&tape.ids, &tape.grad);
    }
}
