//! The melody language model: which row comes next in a tune.
//!
//! Every row of a tune is known by its features; the model reads the rows so far and tells how likely each symbol is to
//! come next, and, once the symbol is known, how long it lasts.

mod bars;
mod batch;
mod config;
mod generation;
mod heads;
mod hierarchy;

use kernels::Sequences;
use rand::Rng;

use crate::embedding::{Embeddings, arrange};
use crate::gru::{Gru, GruConfig, GruTape, Steps};
use crate::mode::{Dropout, Mode};
use crate::param::parameters;
use crate::{Error, Param, Parameters, weights};
use bars::Bars;
pub use batch::LanguageBatch;
pub use config::{LanguageConfig, Stack, Structure};
pub use generation::Generation;
use heads::{Heads, HeadsTape, Next};
use hierarchy::{Hierarchy, HierarchyConfig, HierarchyTape};

/// How well a batch was foretold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LanguageLoss {
    /// Mean cross entropy of the symbols, in nats.
    pub symbol: f32,
    /// Mean cross entropy of the durations of those symbols that have one, in nats.
    pub duration: f32,
    /// How many symbols were foretold.
    pub symbols: usize,
    /// How many durations.
    pub durations: usize,
}

impl LanguageLoss {
    /// What this part of a batch counts in the means over the whole.
    pub fn weight(&self, whole: (usize, usize)) -> LossWeight {
        let share = |part: usize, whole: usize| part as f32 / whole.max(1) as f32;
        LossWeight {
            symbol: share(self.symbols, whole.0),
            duration: share(self.durations, whole.1),
        }
    }
}

/// What the two losses count in their sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossWeight {
    /// The symbols'.
    pub symbol: f32,
    /// The durations'.
    pub duration: f32,
}

impl Default for LossWeight {
    /// Both once.
    fn default() -> Self {
        LossWeight { symbol: 1.0, duration: 1.0 }
    }
}

/// What the backward pass needs of the forward pass; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct LanguageTape {
    sequences: Sequences,
    ids: Vec<u32>,
    symbols: Vec<u32>,
    durations: Vec<u32>,
    embedded: Vec<f32>,
    input_dropout: Dropout,
    flat: GruTape,
    hierarchy: HierarchyTape,
    /// The states that the heads read, (S, H).
    states: Vec<f32>,
    output_dropout: Dropout,
    heads: HeadsTape,
    grad: Vec<f32>,
}

/// The model: features through embeddings, recurrent layers, and a head each for symbol and duration.
#[derive(Clone, Debug)]
pub struct LanguageModel {
    config: LanguageConfig,
    embeddings: Embeddings,
    reader: Reader,
    heads: Heads,
}

parameters!(LanguageModel: embeddings, reader, heads);

/// What reads the rows.
#[derive(Clone, Debug)]
enum Reader {
    Flat(Gru),
    Hierarchical(Box<Hierarchy>),
}

impl Parameters for Reader {
    fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &Param)) {
        match self {
            Reader::Flat(gru) => gru.visit_at(path, f),
            Reader::Hierarchical(hierarchy) => hierarchy.visit_at(path, f),
        }
    }

    fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Param)) {
        match self {
            Reader::Flat(gru) => gru.visit_at_mut(path, f),
            Reader::Hierarchical(hierarchy) => hierarchy.visit_at_mut(path, f),
        }
    }
}

impl LanguageModel {
    /// A model with random weights.
    ///
    /// # Errors
    /// When the config describes no model.
    pub fn new(config: LanguageConfig, rng: &mut impl Rng) -> Result<Self, Error> {
        config.check()?;
        let embeddings = Embeddings::new(&config.tables()?, rng);
        let (input, dropout, precision) = (embeddings.width(), config.dropout, config.precision);
        let (reader, width) = match config.structure {
            Structure::Flat(Stack { hidden, layers }) => {
                let bidirectional = false;
                let shape = GruConfig { input, hidden, layers, bidirectional, dropout, precision };
                (Reader::Flat(Gru::new(shape, rng)), hidden)
            }
            Structure::Hierarchical { note, bar, output } => {
                let shape = HierarchyConfig { input, note, bar, output, dropout, precision };
                (Reader::Hierarchical(Box::new(Hierarchy::new(shape, rng))), output.hidden)
            }
        };
        let heads = Heads::new(&config, width, rng);
        Ok(LanguageModel { config, embeddings, reader, heads })
    }

    /// The config that the model was made from.
    pub fn config(&self) -> &LanguageConfig {
        &self.config
    }

    /// Foretells every row of a batch from those before it.
    ///
    /// # Errors
    /// When the batch does not fit the config, or the loss is not finite.
    pub fn forward(
        &self,
        batch: &LanguageBatch,
        mut mode: Mode<'_>,
        tape: &mut LanguageTape,
    ) -> Result<LanguageLoss, Error> {
        self.check(batch)?;
        let on = Sequences::new(&batch.lengths);
        arrange(&on, &batch.rows, self.embeddings.features(), &mut tape.ids);
        arrange(&on, &batch.symbols, 1, &mut tape.symbols);
        arrange(&on, &batch.durations, 1, &mut tape.durations);
        tape.sequences = on;
        self.embeddings.forward(&tape.ids, &mut tape.embedded);
        let rate = self.config.dropout;
        tape.input_dropout.forward(rate, &mut mode, &mut tape.embedded);
        let steps = Steps { on: &tape.sequences, rows: &tape.embedded };
        let states = match &self.reader {
            Reader::Flat(gru) => {
                gru.forward(steps, &mut mode, &mut tape.flat);
                tape.flat.output()
            }
            Reader::Hierarchical(hierarchy) => {
                tape.hierarchy.bars = Bars::new(steps.on, &batch.bars);
                hierarchy.forward(steps, &mut mode, &mut tape.hierarchy);
                tape.hierarchy.output()
            }
        };
        tape.states.clear();
        tape.states.extend_from_slice(states);
        tape.output_dropout.forward(rate, &mut mode, &mut tape.states);
        let next = Next { symbols: &tape.symbols, durations: &tape.durations };
        let (symbol, duration, durations) = self.heads.forward(&tape.states, next, &mut tape.heads);
        if !(symbol + duration).is_finite() {
            return Err(Error::NotFinite { what: "loss" });
        }
        Ok(LanguageLoss { symbol, duration, symbols: batch.symbols.len(), durations })
    }

    /// Takes the gradient of the weighted sum of both losses back to the parameters.
    ///
    /// `tape` is as the forward pass left it, and is used up.
    pub fn backward(&mut self, weight: LossWeight, tape: &mut LanguageTape) {
        if tape.symbols.is_empty() {
            return;
        }
        let next = Next { symbols: &tape.symbols, durations: &tape.durations };
        self.heads.backward((&tape.states, next), weight, &mut tape.heads);
        let grad = &mut tape.heads.grad;
        tape.output_dropout.backward(grad);
        let steps = Steps { on: &tape.sequences, rows: &tape.embedded };
        let grad = match &mut self.reader {
            Reader::Flat(gru) => gru.backward(steps, grad, &mut tape.flat),
            Reader::Hierarchical(hierarchy) => hierarchy.backward(steps, grad, &mut tape.hierarchy),
        };
        tape.grad.clear();
        tape.grad.extend_from_slice(grad);
        tape.input_dropout.backward(&mut tape.grad);
        self.embeddings.backward(&tape.ids, &tape.grad);
    }

    /// The weights, with the config, as a safetensors file.
    ///
    /// # Errors
    /// When the format refuses them.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, Error> {
        weights::save_with(self, &self.config)
    }

    /// The model of a safetensors file.
    ///
    /// # Errors
    /// When the file is damaged, has no config, or lacks a weight or has one too many or of another shape.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, Error> {
        let mut model = LanguageModel::new(weights::config(bytes)?, &mut weights::placeholder())?;
        weights::load_parameters(&mut model, bytes)?;
        Ok(model)
    }

    /// Whether the batch fits.
    fn check(&self, batch: &LanguageBatch) -> Result<(), Error> {
        let rows: usize = batch.lengths.iter().sum();
        let sizes = [
            ("features of rows", rows * self.embeddings.features(), batch.rows.len()),
            ("bars", rows, batch.bars.len()),
            ("next symbols", rows, batch.symbols.len()),
            ("next durations", rows, batch.durations.len()),
        ];
        for (what, expected, found) in sizes {
            if expected != found {
                return Err(Error::Batch { what, expected, found });
            }
        }
        self.embeddings.check(&batch.rows, "row")?;
        let targets = [
            (&batch.symbols, self.config.symbols, "next symbol"),
            (&batch.durations, self.config.durations, "next duration"),
        ];
        for (ids, size, side) in targets {
            if let Some(&id) = ids.iter().find(|&&id| id as usize >= size) {
                return Err(Error::Vocabulary { side, feature: 0, id, size });
            }
        }
        Ok(())
    }
}
