//! What a pretraining records.

use serde::{Deserialize, Serialize};

use crate::history::Logged;

/// A line of a pretraining's `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LanguageRecord {
    /// A training step.
    Step(LanguageStep),
    /// A look at the validation tunes.
    Validation(LanguageLook),
}

/// One training step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LanguageStep {
    /// Steps done, this one included.
    pub step: u64,
    /// Steps of the whole training.
    pub steps: u64,
    /// Epoch of the step, from 1.
    pub epoch: usize,
    /// Mean cross entropy of the batch's symbols, in nats.
    pub symbol: f32,
    /// Mean cross entropy of its durations, in nats.
    pub duration: f32,
    /// Learning rate of the step.
    pub learning_rate: f32,
    /// Norm of the gradient of all weights before clipping.
    pub gradient_norm: f32,
    /// Rows trained on a second, in this step.
    pub rows_per_second: f32,
}

/// How well tunes that were not learned from are foretold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Foretold {
    /// Mean cross entropy of the symbols, in nats.
    pub symbol: f64,
    /// Mean cross entropy of the durations of those symbols that have one, in nats.
    pub duration: f64,
    /// e to the symbols' cross entropy: among how many equally likely ones the model hesitates.
    pub symbol_perplexity: f64,
    /// The same of durations.
    pub duration_perplexity: f64,
    /// How many symbols were foretold.
    pub symbols: usize,
    /// How many durations.
    pub durations: usize,
}

impl Foretold {
    /// From the sums of the cross entropies.
    pub(super) fn new(
        (symbol, symbols): (f64, usize),
        (duration, durations): (f64, usize),
    ) -> Self {
        let mean = |sum: f64, count: usize| sum / count.max(1) as f64;
        let (symbol, duration) = (mean(symbol, symbols), mean(duration, durations));
        Self {
            symbol,
            duration,
            symbol_perplexity: symbol.exp(),
            duration_perplexity: duration.exp(),
            symbols,
            durations,
        }
    }

    /// Nats for each row, its symbol and its duration together.
    pub fn nats(&self) -> f64 {
        self.symbol + self.duration * self.durations as f64 / self.symbols.max(1) as f64
    }
}

/// One look at the validation tunes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LanguageLook {
    /// Steps done.
    pub step: u64,
    /// Epochs done.
    pub epoch: usize,
    /// Seconds of training so far, looks included.
    pub seconds: f64,
    /// How well they are foretold.
    #[serde(flatten)]
    pub foretold: Foretold,
    /// Whether this is the best look so far, by nats a row.
    pub best: bool,
}

impl Logged for LanguageRecord {
    fn step(&self) -> u64 {
        match self {
            Self::Step(step) => step.step,
            Self::Validation(look) => look.step,
        }
    }

    fn merit(&self) -> Option<f64> {
        match self {
            Self::Step(_) => None,
            Self::Validation(look) => Some(-look.foretold.nats()),
        }
    }

    fn scalars(&self) -> Vec<(&'static str, f32)> {
        match self {
            Self::Step(step) => vec![
                ("train/symbol", step.symbol),
                ("train/duration", step.duration),
                ("train/learning_rate", step.learning_rate),
                ("train/gradient_norm", step.gradient_norm),
                ("train/rows_per_second", step.rows_per_second),
            ],
            Self::Validation(look) => vec![
                ("validation/symbol", look.foretold.symbol as f32),
                ("validation/duration", look.foretold.duration as f32),
                ("validation/symbol_perplexity", look.foretold.symbol_perplexity as f32),
                ("validation/duration_perplexity", look.foretold.duration_perplexity as f32),
            ],
        }
    }
}
