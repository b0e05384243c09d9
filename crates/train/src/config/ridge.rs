//! A ridge regression from titles to melodies, which linear towers start from.

use serde::{Deserialize, Serialize};

use super::{Experiment, Transfer, check_positive};
use crate::Error;

/// A kernel ridge regression from titles to melodies (Saunders et al. 1998), in closed form: what a title foretells of
/// the melody's whitened vector and of its header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RidgeConfig {
    /// Principal components of the language model's pooled states that are foretold, each scaled to a variance of 1;
    /// 0 for the header alone.
    pub components: usize,
    /// What a component counts beside a value of the header, at least 0.
    pub melody_weight: f32,
    /// The penalty on the square of the weights; titles' features have a mean squared length of 1.
    pub penalty: f64,
    /// What of that square belongs to the sentence vector; the rest to words and n-grams. 0 to 1.
    pub sentence_share: f32,
}

impl Default for RidgeConfig {
    fn default() -> Self {
        Self { components: 32, melody_weight: 1.0, penalty: 5.0, sentence_share: 0.7 }
    }
}

impl RidgeConfig {
    pub(super) fn check(&self, experiment: &Experiment) -> Result<(), Error> {
        let melody = &experiment.melody;
        let how = melody.transfer.as_ref().map(|transfer| transfer.how);
        if self.components > 0 && how != Some(Transfer::Frozen) {
            let why = "must be 0 without a frozen language model: name one in [melody.transfer]";
            return Err(Error::value("ridge.components", why));
        }
        if self.components > 0 && melody.pooling != model::Pooling::Statistics {
            let why = "must be \"statistics\" for a ridge regression on a language model's states";
            return Err(Error::value("melody.pooling", why));
        }
        if self.components == 0 && melody.header.is_empty() {
            let why = "is 0 and melody.header is empty: nothing is left to foretell";
            return Err(Error::value("ridge.components", why));
        }
        if !(self.penalty.is_finite() && self.penalty > 0.0) {
            return Err(Error::value("ridge.penalty", "must be above 0"));
        }
        if !(self.melody_weight.is_finite() && self.melody_weight >= 0.0) {
            return Err(Error::value("ridge.melody_weight", "must be 0 or more"));
        }
        if !(0.0..=1.0).contains(&self.sentence_share) {
            return Err(Error::value("ridge.sentence_share", "must be between 0 and 1"));
        }
        check_positive(&[("title.buckets", experiment.title.buckets)])
    }
}
