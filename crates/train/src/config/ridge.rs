//! A ridge regression from titles to melodies, which linear towers start from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tokens::Feature;

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
    /// What a component of the grams (`[melody.grams]`) counts, at least 0.
    pub gram_weight: f32,
    /// The penalty on the square of the weights; titles' features have a mean squared length of 1.
    pub penalty: f64,
    /// What of that square belongs to the sentence vector; the rest to words and n-grams. 0 to 1.
    pub sentence_share: f32,
    /// The width of the Gaussian kernel that compares sentence vectors: the cosine distance at which the nearness of two
    /// has fallen to 1/e. 0 for none: they are compared by their cosine.
    pub sentence_kernel: f32,
    /// What features of the header count; 1 where nothing is said.
    pub header_weights: BTreeMap<Feature, f32>,
    /// What a melody's squared length takes off its products with titles: among the melodies for one title, those of
    /// rare kinds have longer vectors. At least 0.
    pub melody_penalty: f32,
}

impl Default for RidgeConfig {
    fn default() -> Self {
        Self {
            components: 32,
            melody_weight: 1.0,
            gram_weight: 0.5,
            penalty: 5.0,
            sentence_share: 0.65,
            sentence_kernel: 0.3,
            header_weights: BTreeMap::new(),
            melody_penalty: 0.02,
        }
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
        if self.components == 0 && melody.header.is_empty() && melody.grams.is_none() {
            let why = "is 0, melody.header is empty and there is no [melody.grams]: nothing is left to foretell";
            return Err(Error::value("ridge.components", why));
        }
        if !(self.penalty.is_finite() && self.penalty > 0.0) {
            return Err(Error::value("ridge.penalty", "must be above 0"));
        }
        let not_negative = |value: &f32| value.is_finite() && *value >= 0.0;
        if !self.header_weights.values().all(not_negative) {
            return Err(Error::value("ridge.header_weights", "must be 0 or more"));
        }
        for (name, value) in [
            ("ridge.melody_weight", self.melody_weight),
            ("ridge.gram_weight", self.gram_weight),
            ("ridge.sentence_kernel", self.sentence_kernel),
            ("ridge.melody_penalty", self.melody_penalty),
        ] {
            if !not_negative(&value) {
                return Err(Error::value(name, "must be 0 or more"));
            }
        }
        if !(0.0..=1.0).contains(&self.sentence_share) {
            return Err(Error::value("ridge.sentence_share", "must be between 0 and 1"));
        }
        check_positive(&[("title.buckets", experiment.title.buckets)])
    }
}
