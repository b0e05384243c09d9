//! What naming makes of a tune before it is put into an answer.

use super::candidates::Candidate;
use super::evidence::SIGNS;
use super::melody::Melody;

/// How many signs tell whether a tune is known: those of the best candidate's setting, how far the candidate is above
/// the next, how long the query is, and how short.
pub const KNOWN_SIGNS: usize = SIGNS + 3;

/// Steps of two bars of a reel: what is shorter is found in many tunes.
const SHORT: f32 = 16.0;

/// Fewer notes than this are in too many tunes to tell anything.
const FEWEST_NOTES: usize = 8;

/// Candidates further apart than this are as clear as can be.
const CLEAR: f32 = 6.0;

/// A tune as it was read, and the works that it may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hearing {
    pub(crate) melody: Melody,
    /// Best first.
    pub(crate) candidates: Vec<Candidate>,
}

impl Hearing {
    /// The score of the best candidate.
    pub(crate) fn best(&self) -> f32 {
        self.candidates.first().map_or(f32::NEG_INFINITY, |candidate| candidate.score)
    }

    /// What tells whether the tune is known; `None` without a candidate, or with too few notes to tell.
    pub(crate) fn known_signs(&self) -> Option<[f32; KNOWN_SIGNS]> {
        let first = self.candidates.first()?;
        if self.melody.pitches.len() < FEWEST_NOTES {
            return None;
        }
        let mut signs = [0.0; KNOWN_SIGNS];
        signs[..SIGNS].copy_from_slice(&first.best.values);
        let next = self.candidates.get(1).map_or(f32::NEG_INFINITY, |candidate| candidate.score);
        signs[SIGNS] = (first.score - next).min(CLEAR);
        let steps = self.melody.steps.len().max(1) as f32;
        signs[SIGNS + 1] = steps.ln();
        signs[SIGNS + 2] = SHORT / steps;
        Some(signs)
    }

    /// The share of each candidate if one of them is the tune; they add up to 1.
    pub(crate) fn shares(&self) -> Vec<f64> {
        let best = self.best();
        let parts: Vec<f64> =
            self.candidates.iter().map(|c| f64::from(c.score - best).exp()).collect();
        let sum: f64 = parts.iter().sum();
        parts.into_iter().map(|part| part / sum).collect()
    }
}
