//! The part of a melody tower that reads notes in their order.

use kernels::Sequences;
use rand::Rng;

use super::MelodyBatch;
use super::config::{Encoder, MelodyConfig};
use crate::embedding::{Embeddings, arrange};
use crate::gru::{Gru, GruConfig, GruTape, Steps};
use crate::language::Rows;
use crate::mode::{Dropout, Mode};
use crate::param::parameters;
use crate::pooling::{Pool, PoolTape};
use crate::{Error, LanguageModel, LanguageTape, Precision};

/// What embeds notes, what reads them, and pooling.
#[derive(Clone, Debug)]
pub(super) struct Notes {
    /// None where a language model embeds them.
    embeddings: Option<Embeddings>,
    language: Option<LanguageModel>,
    gru: Option<Gru>,
    pool: Pool,
    dropout: f32,
    /// Whether the language model stays as it is.
    frozen: bool,
    width: usize,
}

parameters!(Notes: embeddings, language, gru, pool);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct NotesTape {
    sequences: Sequences,
    /// The features by row of the sequences, (S, F).
    ids: Vec<u32>,
    /// What the GRU reads, or what is pooled where there is none.
    embedded: Vec<f32>,
    dropout: Dropout,
    language: LanguageTape,
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
        let (dropout, precision) = (config.dropout, Precision::F32);
        let (mut embeddings, mut language, mut is_frozen) = (None, None, false);
        let stack = match &config.encoder {
            &Encoder::Gru { hidden, layers, bidirectional } => {
                let tables = Embeddings::new(&config.note_shapes()?, rng);
                let input = embeddings.insert(tables).width();
                Some(GruConfig { input, hidden, layers, bidirectional, dropout, precision })
            }
            Encoder::Language { model, frozen, head } => {
                let mut reader = LanguageModel::new(model.clone(), rng)?;
                is_frozen = *frozen;
                if is_frozen {
                    reader.set_rate(0.0);
                }
                language = Some(reader);
                head.map(|head| GruConfig {
                    input: model.structure.width(),
                    hidden: head.hidden,
                    layers: head.layers,
                    bidirectional: true,
                    dropout,
                    precision,
                })
            }
        };
        let gru = stack.map(|stack| Gru::new(stack, rng));
        let states = config.encoder.width();
        let pool = Pool::new(config.pooling, states, rng);
        let width = states * config.pooling.factor();
        Ok(Notes { embeddings, language, gru, pool, dropout, frozen: is_frozen, width })
    }

    /// The width of what [`NotesTape::pooled`] holds for each tune.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The language model that reads the notes.
    pub(super) fn language(&mut self) -> Option<&mut LanguageModel> {
        self.language.as_mut()
    }

    /// Whether what is pooled of a tune never changes in training.
    pub(super) fn is_fixed(&self) -> bool {
        self.frozen && self.gru.is_none() && !matches!(self.pool, Pool::Attention { .. })
    }

    /// Reads the notes of a batch, or takes what was pooled of them before.
    pub(super) fn forward(
        &self,
        batch: &MelodyBatch,
        mode: &mut Mode<'_>,
        tape: &mut NotesTape,
    ) -> Result<(), Error> {
        if self.is_fixed() && !batch.pooled.is_empty() {
            let (expected, found) = (batch.lengths.len() * self.width, batch.pooled.len());
            if expected != found {
                return Err(Error::Batch { what: "pooled states", expected, found });
            }
            tape.pooled.clone_from(&batch.pooled);
            return Ok(());
        }
        self.embed(batch, mode, tape)?;
        tape.dropout.forward(self.dropout, mode, &mut tape.embedded);
        let steps = Steps { on: &tape.sequences, rows: &tape.embedded };
        let rows = match &self.gru {
            Some(gru) => {
                gru.forward(steps, mode, &mut tape.gru);
                tape.gru.output()
            }
            None => &tape.embedded,
        };
        tape.pooled.resize(batch.lengths.len() * self.width, 0.0);
        let steps = Steps { on: &tape.sequences, rows };
        self.pool.forward(steps, &mut tape.pooled, &mut tape.pool);
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
        let rows = match &self.gru {
            Some(_) => tape.gru.output(),
            None => &tape.embedded,
        };
        let steps = Steps { on: &tape.sequences, rows };
        let grad = self.pool.backward(steps, grad, &mut tape.pool);
        tape.grad.clear();
        match &mut self.gru {
            Some(gru) => {
                let steps = Steps { on: &tape.sequences, rows: &tape.embedded };
                tape.grad.extend_from_slice(gru.backward(steps, grad, &mut tape.gru));
            }
            None => tape.grad.extend_from_slice(grad),
        }
        tape.dropout.backward(&mut tape.grad);
        if let Some(tables) = &mut self.embeddings {
            tables.backward(&tape.ids, &tape.grad);
        }
        if let Some(model) = self.language.as_mut().filter(|_| !self.frozen) {
            model.read_rows_backward(&tape.grad, &mut tape.language);
        }
    }
}
