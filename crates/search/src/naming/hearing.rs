//! What naming makes of a tune before it is put into an answer.

use super::candidates::Candidate;
use super::evidence::SIGNS;
use super::melody::Melody;

/// How many signs tell whether a tune is known: those of the best candidate's setting, how far the candidate is above
/// the others, how long the query is, and how short.
pub const KNOWN_SIGNS: usize = SIGNS + 3;

/// Steps of two bars of a reel: what is shorter is found in many tunes.
const SHORT: f32 = 16.0;

/// Fewer notes than this are in too many tunes to tell anything.
const FEWEST_NOTES: usize = 8;

/// Which of the other candidates, from 0, stands for them: those nearer to the best may be the same melody under other ids. Of
/// fewer it is the first, which is about as near to a tune that nobody knows.
const OTHER: usize = 8;

/// What such a candidate scores about in a large corpus, in place of one where there is no other.
const STRANGER: f32 = 8.0;

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
        let others = &self.candidates[1..];
        let other = others.get(OTHER).or(others.first());
        let above = first.score - other.map_or(STRANGER, |other| other.score);
        signs[SIGNS] = above.max(0.0).ln_1p();
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

#[cfg(test)]
mod tests {
    use super::super::candidates::WORK_SIGNS;
    use super::super::evidence::Signs;
    use super::*;

    /// How far above the others the best of candidates with these scores is said to be.
    fn above(scores: &[f32]) -> f32 {
        let best = Signs { setting: 0, transposition: 0, values: [0.0; SIGNS] };
        let candidate = |&score: &f32| Candidate { work: 0, best, signs: [0.0; WORK_SIGNS], score };
        let melody = Melody { pitches: vec![60; FEWEST_NOTES], ..Melody::default() };
        let hearing = Hearing { melody, candidates: scores.iter().map(candidate).collect() };
        hearing.known_signs().unwrap()[SIGNS]
    }

    #[test]
    fn the_same_melody_under_other_ids_does_not_make_a_tune_less_known() {
        let mut scores = [9.0; 20];
        scores[0] = 20.0;
        let one_id = above(&scores);
        scores[1..9].fill(19.0);
        assert_eq!(above(&scores), one_id);
        scores[9] = 19.0;
        assert!(above(&scores) < one_id);
    }

    #[test]
    fn of_few_candidates_the_next_stands_for_the_others() {
        assert_eq!(above(&[20.0, 9.0, 3.0]), above(&[20.0, 9.0]));
        assert!(above(&[20.0]) > above(&[9.0]));
        assert_eq!(above(&[5.0]), 0.0);
    }
}
