//! How much each sign counts: fitted numbers, which are kept in `weights.toml` beside this file.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::candidates::WORK_SIGNS;
use super::evidence::SIGNS;
use super::hearing::KNOWN_SIGNS;

/// How much each sign counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Of the signs of a work; the sums of all candidates make a softmax.
    pub ranking: [f32; WORK_SIGNS],
    /// Of the signs that a tune is known; the sum makes a logistic.
    pub known: [f32; KNOWN_SIGNS],
    /// What is added to that sum.
    pub known_bias: f32,
}

impl Weights {
    /// The weights that were fitted on The Session's tunes.
    ///
    /// # Errors
    /// When the file that was compiled in is not what is expected, as a message.
    pub fn fitted() -> Result<Self, String> {
        toml::from_str(include_str!("weights.toml")).map_err(|error| error.to_string())
    }

    /// The text of the file that keeps them.
    pub fn to_toml(&self) -> String {
        let list = |name: &str, numbers: &[f32]| {
            let numbers: Vec<String> = numbers.iter().map(|n| format!("{n:.4}")).collect();
            format!("{name} = [{}]\n", numbers.join(", "))
        };
        let mut text = list("ranking", &self.ranking) + &list("known", &self.known);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "known_bias = {:.4}", self.known_bias);
        text
    }

    /// What speaks for a setting alone.
    pub(crate) fn setting(&self, signs: &[f32; SIGNS]) -> f32 {
        weighted(signs, &self.ranking)
    }

    /// What speaks for a work.
    pub(crate) fn work(&self, signs: &[f32; WORK_SIGNS]) -> f32 {
        weighted(signs, &self.ranking)
    }

    /// The probability that a tune is known.
    pub(crate) fn known(&self, signs: &[f32; KNOWN_SIGNS]) -> f64 {
        let sum = f64::from(self.known_bias + weighted(signs, &self.known));
        1.0 / (1.0 + (-sum).exp())
    }
}

fn weighted(signs: &[f32], weights: &[f32]) -> f32 {
    signs.iter().zip(weights).map(|(sign, weight)| sign * weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_as_they_are_written() {
        let fitted = Weights::fitted().unwrap();
        assert_eq!(toml::from_str::<Weights>(&fitted.to_toml()).unwrap(), fitted);
    }
}
