//! What a training tells while it runs.

use serde::{Deserialize, Serialize};

/// One training step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Steps done, this one included.
    pub step: u64,
    /// Steps of the whole training.
    pub steps: u64,
    /// Epoch of the step, from 1.
    pub epoch: usize,
    /// Loss of the batch, in nats.
    pub loss: f32,
    /// Learning rate of the step.
    pub learning_rate: f32,
    /// Scale of the cosines: the inverse temperature.
    pub scale: f32,
    /// Norm of the gradient of all weights before clipping.
    pub gradient_norm: f32,
    /// Works trained on a second, in this step.
    pub works_per_second: f32,
}

/// One look at the validation works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Steps done.
    pub step: u64,
    /// Epochs done.
    pub epoch: usize,
    /// Mean loss of the training steps since the last look, in nats.
    pub loss: f32,
    /// Mean reciprocal rank, titles for melodies.
    pub melody_to_title: f64,
    /// Mean reciprocal rank, melodies for titles.
    pub title_to_melody: f64,
    /// Works among which each truth is ranked.
    pub candidates: usize,
    /// Mean reciprocal rank of a random order.
    pub chance: f64,
    /// Whether this is the best look so far, by the mean of both directions.
    pub best: bool,
    /// Whether the works were learned from too, so that this tells nothing of others.
    #[serde(default)]
    pub learned: bool,
}

impl Validation {
    /// What decides which weights are kept: the mean reciprocal rank of both directions.
    pub fn merit(&self) -> f64 {
        (self.melody_to_title + self.title_to_melody) / 2.0
    }
}

/// Someone who follows a training that leaves records of type `R`.
pub trait Watch<R> {
    /// After every step and every look at validation.
    fn record(&mut self, _record: &R) {}

    /// Asked after every step: whether to write a checkpoint and stop.
    fn should_stop(&self) -> bool {
        false
    }
}

/// Nobody.
impl<R> Watch<R> for () {}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// It came to its end.
    Finished {
        /// The step whose weights were kept.
        best_step: u64,
        /// Seconds of training, over all sittings.
        seconds: f64,
    },
    /// It was asked to stop, and left a checkpoint.
    Interrupted {
        /// Steps done.
        step: u64,
    },
}
