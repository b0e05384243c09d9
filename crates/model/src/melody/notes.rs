//! The part of a melody tower that reads notes in their order.

use kernels::Sequences;
use rand::Rng;

use super::MelodyBatch;
use super::config::{Encoder, MelodyConfig};
use super::reader::{Reader, ReaderTape};
use crate::embedding::{Embeddings, arrange};
use crate::gru::Steps;
use crate::language::Rows;
use crate::linear::Linear;
use crate::mode::{Dropout, Mode};
use crate::param::join;
use crate::pooling::{Pool, PoolTape};
use crate::{Error, LanguageModel, LanguageTape, Param, Parameters};

/// What embeds notes, what reads them, and pooling.
#[derive(Clone, Debug)]
pub(super) struct Notes {
    /// None where a language model embeds them.
    embeddings: Option<Embeddings>,
    language: Option<LanguageModel>,
    reader: Reader,
    pool: Pool,
    dropout: f32,
    /// Whether the language model stays as it is.
    frozen: bool,
    /// The width of what is pooled.
    pooled: usize,
    /// What the tower reads of that, in place of all of it.
    components: Option<Linear>,
}

impl Parameters for Notes {
    fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &Param)) {
        self.embeddings.visit_at(&join(path, "embeddings"), f);
        self.language.visit_at(&join(path, "language"), f);
        // The reader adds its own name.
        self.reader.visit_at(path, f);
        self.pool.visit_at(&join(path, "pool"), f);
        self.components.visit_at(&join(path, "components"), f);
    }

    fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Param)) {
        self.embeddings.visit_at_mut(&join(path, "embeddings"), f);
        self.language.visit_at_mut(&join(path, "language"), f);
        self.reader.visit_at_mut(path, f);
        self.pool.visit_at_mut(&join(path, "pool"), f);
        self.components.visit_at_mut(&join(path, "components"), f);
    }
}

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct NotesTape {
    sequences: Sequences,
    /// The features by row of the sequences, (S, F).
    ids: Vec<u32>,
    /// What the reader reads.
    embedded: Vec<f32>,
    dropout: Dropout,
    language: LanguageTape,
    reader: ReaderTape,
    pool: PoolTape,
    pooled: Vec<f32>,
    components: Vec<f32>,
    grad: Vec<f32>,
}

impl NotesTape {
    /// What is pooled of each tune.
    pub(super) fn pooled(&self) -> &[f32] {
        &self.pooled
    }
}

impl Notes {
    pub(super) fn new(config: &MelodyConfig, rng: &mut impl Rng) -> Result<Self, Error> {
        let (mut embeddings, mut language, mut frozen) = (None, None, false);
        let mut count = 0;
        let input = match &config.encoder {
            Encoder::Language { model, frozen: stays, components, .. } => {
                (frozen, count) = (*stays, *components);
                let model = language.insert(LanguageModel::new(model.clone(), rng)?);
                if frozen {
                    model.set_rate(0.0);
                }
                model.config().structure.width()
            }
            _ => embeddings.insert(Embeddings::new(&config.note_shapes()?, rng)).width(),
        };
        let (reader, states) = Reader::new(config, input, rng);
        let pool = Pool::new(config.pooling, states, rng);
        let pooled = states * config.pooling.factor();
        let components = (count > 0).then(|| fixed((count, pooled), rng));
        let dropout = config.dropout;
        Ok(Notes { embeddings, language, reader, pool, dropout, frozen, pooled, components })
    }

    /// The width of what the tower reads of each tune.
    pub(super) fn width(&self) -> usize {
        self.components.as_ref().map_or(self.pooled, Linear::outputs)
    }

    /// What the tower reads of each tune, (B, width).
    pub(super) fn output<'t>(&self, tape: &'t NotesTape) -> &'t [f32] {
        if self.components.is_some() { &tape.components } else { &tape.pooled }
    }

    /// The layer that what is pooled goes through, where there is one.
    pub(super) fn components(&mut self) -> Option<&mut Linear> {
        self.components.as_mut()
    }

    /// The language model that reads the notes.
    pub(super) fn language(&mut self) -> Option<&mut LanguageModel> {
        self.language.as_mut()
    }

    /// Whether what is pooled of a tune never changes in training.
    pub(super) fn is_fixed(&self) -> bool {
        let is_plain = matches!(self.reader, Reader::Plain);
        self.frozen && is_plain && !matches!(self.pool, Pool::Attention { .. })
    }

    /// Whether another's language model has the same build and the same weights.
    pub(super) fn reads_like(&self, other: &Self) -> bool {
        let values = |model: &LanguageModel| {
            let mut values = Vec::with_capacity(model.count());
            model.visit(&mut |_, param| values.extend_from_slice(&param.value));
            values
        };
        match (&self.language, &other.language) {
            (Some(own), Some(others)) => {
                own.config() == others.config() && values(own) == values(others)
            }
            _ => false,
        }
    }

    /// Reads the notes of a batch, or takes what was pooled of them before; the result is [`Notes::output`].
    pub(super) fn forward(
        &self,
        batch: &MelodyBatch,
        mode: &mut Mode<'_>,
        tape: &mut NotesTape,
    ) -> Result<(), Error> {
        self.pool(batch, mode, tape)?;
        if let Some(components) = &self.components {
            components.forward(&tape.pooled, &mut tape.components);
        }
        Ok(())
    }

    /// Pools what is read of the notes; the result is [`NotesTape::pooled`].
    pub(super) fn pool(
        &self,
        batch: &MelodyBatch,
        mode: &mut Mode<'_>,
        tape: &mut NotesTape,
    ) -> Result<(), Error> {
        if self.is_fixed() && !batch.pooled.is_empty() {
            let (expected, found) = (batch.lengths.len() * self.pooled, batch.pooled.len());
            if expected != found {
                return Err(Error::Batch { what: "pooled states", expected, found });
            }
            tape.pooled.clone_from(&batch.pooled);
            return Ok(());
        }
        self.embed(batch, mode, tape)?;
        tape.dropout.forward(self.dropout, mode, &mut tape.embedded);
        let steps = Steps { on: &tape.sequences, rows: &tape.embedded };
        self.reader.forward(steps, mode, &mut tape.reader);
        tape.pooled.resize(batch.lengths.len() * self.pooled, 0.0);
        let read = self.reader.output(steps, &tape.reader);
        self.pool.forward(read, &mut tape.pooled, &mut tape.pool);
        Ok(())
    }

    /// Brings every note to a vector: its embeddings, or the language model's state.
    fn embed(
        &self,
        batch: &MelodyBatch,
        mode: &mut Mode<'_>,
        tape: &mut NotesTape,
    ) -> Result<(), Error> {
        let MelodyBatch { lengths, notes, bars, .. } = batch;
        if let Some(model) = &self.language {
            let rows = Rows { lengths, ids: notes, bars };
            let mode = if self.frozen { &mut Mode::Evaluate } else { mode };
            model.read_rows(rows, mode, &mut tape.language)?;
            let states = tape.language.states();
            tape.sequences = states.on.clone();
            tape.embedded.clear();
            tape.embedded.extend_from_slice(states.rows);
        }
        if let Some(tables) = &self.embeddings {
            let (features, rows) = (tables.features(), lengths.iter().sum::<usize>());
            let (expected, found) = (rows * features, notes.len());
            if expected != found {
                return Err(Error::Batch { what: "note features", expected, found });
            }
            tables.check(notes, "note")?;
            tape.sequences = Sequences::new(lengths);
            arrange(&tape.sequences, notes, features, &mut tape.ids);
            tables.forward(&tape.ids, &mut tape.embedded);
        }
        Ok(())
    }

    /// Takes the gradient of the vectors, (B, width), back to the parameters.
    pub(super) fn backward(&mut self, grad: &[f32], tape: &mut NotesTape) {
        if self.is_fixed() {
            return;
        }
        let steps = Steps { on: &tape.sequences, rows: &tape.embedded };
        let read = self.reader.output(steps, &tape.reader);
        let grad = self.pool.backward(read, grad, &mut tape.pool);
        let grad = self.reader.backward(steps, grad, &mut tape.reader);
        tape.grad.clear();
        tape.grad.extend_from_slice(grad);
        tape.dropout.backward(&mut tape.grad);
        if let Some(tables) = &mut self.embeddings {
            tables.backward(&tape.ids, &tape.grad);
        }
        if let Some(model) = self.language.as_mut().filter(|_| !self.frozen) {
            model.read_rows_backward(&tape.grad, &mut tape.language);
        }
    }
}

/// A layer that stays as it is set.
fn fixed(shape: (usize, usize), rng: &mut impl Rng) -> Linear {
    let mut layer = Linear::new(shape, rng);
    layer.visit_mut(&mut |_, param| param.rate = 0.0);
    layer
}
