//! How often classes are guessed right: accuracy and macro F1 with intervals.

use serde::{Deserialize, Serialize};

use crate::bootstrap::Bootstrap;
use crate::error::{Error, Result, check_length};

/// A share with its bootstrap interval over the guesses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The share, 0..=1.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
}

/// How good guesses of classes are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Guesses {
    /// How many were made.
    pub n: usize,
    /// The share that is right.
    pub accuracy: Share,
    /// The mean, over the classes that are there or were guessed, of each class's F1: rare classes count as much as
    /// common ones.
    pub macro_f1: Share,
}

impl Guesses {
    /// Compares guesses with the truth.
    ///
    /// # Errors
    /// Lists of different lengths, or nothing to compare.
    pub fn new(truth: &[u32], guessed: &[u32], bootstrap: &Bootstrap) -> Result<Self> {
        check_length("guesses", truth.len(), guessed.len())?;
        if truth.is_empty() {
            return Err(Error::NothingToMeasure);
        }
        let all = vec![1; truth.len()];
        let (accuracy, macro_f1) = measures(truth, guessed, &all);
        let draws = bootstrap.resampled(truth.len(), |counts| measures(truth, guessed, counts));
        let share = |value, numbers: &mut dyn Iterator<Item = f64>| {
            let (low, high) = bootstrap.interval(numbers);
            Share { value, low, high }
        };
        Ok(Self {
            n: truth.len(),
            accuracy: share(accuracy, &mut draws.iter().map(|draw| draw.0)),
            macro_f1: share(macro_f1, &mut draws.iter().map(|draw| draw.1)),
        })
    }
}

/// Accuracy and macro F1 with guess i counted `counts[i]` times.
fn measures(truth: &[u32], guessed: &[u32], counts: &[u32]) -> (f64, f64) {
    let classes = truth.iter().chain(guessed).max().map_or(0, |&most| most as usize + 1);
    let (mut hits, mut there, mut said) = (vec![0u32; classes], vec![0; classes], vec![0; classes]);
    for ((&truth, &guess), &count) in truth.iter().zip(guessed).zip(counts) {
        there[truth as usize] += count;
        said[guess as usize] += count;
        hits[truth as usize] += if truth == guess { count } else { 0 };
    }
    let right: u32 = hits.iter().sum();
    let f1: Vec<f64> = (0..classes)
        .filter(|&c| there[c] + said[c] > 0)
        .map(|c| 2.0 * f64::from(hits[c]) / f64::from(there[c] + said[c]))
        .collect();
    let all: u32 = counts.iter().sum();
    (f64::from(right) / f64::from(all), f1.iter().sum::<f64>() / f1.len() as f64)
}

/// The commonest class, the lowest of several: what one guesses who sees nothing. 0 for no labels.
pub fn majority(labels: &[u32]) -> u32 {
    let mut counts = vec![0usize; labels.iter().max().map_or(1, |&most| most as usize + 1)];
    for &label in labels {
        counts[label as usize] += 1;
    }
    commonest(&counts)
}

/// The place of the greatest count, the first of several.
pub(super) fn commonest(counts: &[usize]) -> u32 {
    let most = counts.iter().copied().max().unwrap_or_default();
    counts.iter().position(|&count| count == most).unwrap_or_default() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_classes_count_as_much_as_common_ones() {
        let truth = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let guesses = Guesses::new(&truth, &[0; 10], &Bootstrap::default()).unwrap();
        assert_eq!(guesses.accuracy.value, 0.9);
        assert!((guesses.macro_f1.value - (1.8 / 1.9) / 2.0).abs() < 1e-12);
        assert!(guesses.accuracy.low < 0.9 && guesses.accuracy.high > 0.9);
    }

    #[test]
    fn the_majority_is_the_lowest_of_equals() {
        assert_eq!(majority(&[2, 1, 2, 1, 0]), 1);
        assert_eq!(majority(&[]), 0);
    }
}
