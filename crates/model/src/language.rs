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
mod layers;

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
pub use layers::Layer;

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

impl LanguageTape {
    /// The states of the rows that were read last, (S, H), and where they lie.
    pub(crate) fn states(&self) -> Steps<'_> {
        Steps { on: &self.sequences, rows: &self.states }
    }
}

/// Rows of tunes, tune after tune.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    /// How many rows each tune has, (B).
    pub(crate) lengths: &'a [usize],
    /// The ids of their features, (sum of lengths, F).
    pub(crate) ids: &'a [u32],
    /// The bar that each stands in, from 0 in every tune, (sum of lengths).
    pub(crate) bars: &'a [usize],
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

    /// Sets what the learning rate of the parameters that move the states is multiplied by; the heads, which foretell,
    /// stay as they are.
    pub(crate) fn set_rate(&mut self, rate: f32) {
        self.embeddings.visit_mut(&mut |_, param| param.rate = rate);
        self.reader.visit_mut(&mut |_, param| param.rate = rate);
        self.heads.visit_mut(&mut |_, param| param.rate = 0.0);
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
        let rows = Rows { lengths: &batch.lengths, ids: &batch.rows, bars: &batch.bars };
        self.read_rows(rows, &mut mode, tape)?;
        arrange(&tape.sequences, &batch.symbols, 1, &mut tape.symbols);
        arrange(&tape.sequences, &batch.durations, 1, &mut tape.durations);
        tape.output_dropout.forward(self.config.dropout, &mut mode, &mut tape.states);
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
        let mut grad = std::mem::take(&mut tape.heads.grad);
        tape.output_dropout.backward(&mut grad);
        self.read_rows_backward(&grad, tape);
        tape.heads.grad = grad;
    }

    /// Reads rows without foretelling anything; the result is [`LanguageTape::states`].
    ///
    /// # Errors
    /// When the rows do not fit the config.
    pub(crate) fn read_rows(
        &self,
        rows: Rows<'_>,
        mode: &mut Mode<'_>,
        tape: &mut LanguageTape,
    ) -> Result<(), Error> {
        self.check_rows(rows)?;
        tape.sequences = Sequences::new(rows.lengths);
        arrange(&tape.sequences, rows.ids, self.embeddings.features(), &mut tape.ids);
        self.embeddings.forward(&tape.ids, &mut tape.embedded);
        tape.input_dropout.forward(self.config.dropout, mode, &mut tape.embedded);
        let steps = Steps { on: &tape.sequences, rows: &tape.embedded };
        let states = match &self.reader {
            Reader::Flat(gru) => {
                gru.forward(steps, mode, &mut tape.flat);
                tape.flat.output()
            }
            Reader::Hierarchical(hierarchy) => {
                tape.hierarchy.bars = Bars::new(steps.on, rows.bars);
                hierarchy.forward(steps, mode, &mut tape.hierarchy);
                tape.hierarchy.output()
            }
        };
        tape.states.clear();
        tape.states.extend_from_slice(states);
        Ok(())
    }

    /// Takes the gradient of the states, (S, H), back to the parameters.
    pub(crate) fn read_rows_backward(&mut self, grad: &[f32], tape: &mut LanguageTape) {
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

    /// Whether rows fit.
    fn check_rows(&self, rows: Rows<'_>) -> Result<(), Error> {
        let count: usize = rows.lengths.iter().sum();
        let sizes = [
            ("features of rows", count * self.embeddings.features(), rows.ids.len()),
            ("bars", count, rows.bars.len()),
        ];
        for (what, expected, found) in sizes {
            if expected != found {
                return Err(Error::Batch { what, expected, found });
            }
        }
        self.embeddings.check(rows.ids, "row")
    }

    /// Whether what is to be foretold fits.
    fn check(&self, batch: &LanguageBatch) -> Result<(), Error> {
        let expected: usize = batch.lengths.iter().sum();
        for (what, found) in
            [("next symbols", batch.symbols.len()), ("next durations", batch.durations.len())]
        {
            if expected != found {
                return Err(Error::Batch { what, expected, found });
            }
        }
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
