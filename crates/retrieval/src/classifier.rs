//! What a title tells about a class of tunes (dance type, key, metre): logistic regression over title features.

mod bytes;

use rayon::prelude::*;

use crate::error::{Error, Result, check_length};
use crate::features::Vocabulary;
use crate::lbfgs::{Stop, minimise, steepness};

/// Titles or columns that one task takes at least: each is far less work than handing over a task.
const GRAIN: usize = 512;

/// Titles as bags of features, each with the class of its tune.
#[derive(Debug, Clone, Copy)]
pub struct Examples<'a> {
    /// Features of each title, for instance hashed character n-grams, in any order; a repeated one counts more.
    pub features: &'a [Vec<u32>],
    /// The class of each, below `classes`.
    pub labels: &'a [u32],
    /// How many classes there are, seen here or not.
    pub classes: usize,
}

/// How a classifier is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// The penalty: the minimised sum is that of the examples' losses plus `l2 / 2` times the sum of squared weights
    /// (the biases are free). To be chosen on validation tunes; 1 is a fair start.
    pub l2: f64,
    /// How many steps the search may take.
    pub iterations: usize,
    /// The search ends when the greatest gradient component has shrunk to this share of the one at the start.
    pub tolerance: f64,
}

impl Default for Fit {
    /// l2 of 1, up to 1,000 steps, tolerance 1e-4.
    fn default() -> Self {
        Self { l2: 1.0, iterations: 1000, tolerance: 1e-4 }
    }
}

/// Multinomial logistic regression from a title's features to a class.
///
/// A feature's value is (1 + ln count) times ln((1 + N) / (1 + df)) + 1, as df of the N titles have it, and each title's
/// values are scaled to unit length. Features that no example has are passed over. The fit is deterministic.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    vocabulary: Vocabulary,
    /// The classes that examples have, ascending: K of `classes`.
    seen: Vec<u32>,
    classes: usize,
    /// (V + 1, K): one row a column of the vocabulary, the biases last.
    weights: Vec<f64>,
    /// ln of each seen class's share of the examples: (K,).
    log_shares: Vec<f64>,
}

impl Classifier {
    /// Fits a classifier.
    ///
    /// # Errors
    /// No examples, lists of different lengths, a label out of range, a penalty that is not positive, or no convergence
    /// within the allowed steps.
    pub fn fit(examples: &Examples<'_>, fit: &Fit) -> Result<Self> {
        check(examples, fit)?;
        let mut counts = vec![0usize; examples.classes];
        for &label in examples.labels {
            counts[label as usize] += 1;
        }
        let seen: Vec<u32> =
            (0..examples.classes as u32).filter(|&c| counts[c as usize] > 0).collect();
        let share = |&c: &u32| counts[c as usize] as f64 / examples.labels.len() as f64;
        let log_shares: Vec<f64> = seen.iter().map(|c| share(c).ln()).collect();
        let vocabulary = Vocabulary::new(examples.features);
        let problem = Problem::new(&vocabulary, examples, &seen, fit.l2);
        let (start, curvature) = problem.start(&log_shares);
        let evaluate = |at: &[f64], gradient: &mut [f64]| problem.evaluate(at, gradient);
        let steepest = steepness(&start, evaluate).max(f64::MIN_POSITIVE);
        let stop = Stop { gradient: fit.tolerance * steepest, iterations: fit.iterations };
        let unbend = |v: &mut [f64]| v.iter_mut().zip(&curvature).for_each(|(v, c)| *v /= c);
        let minimum = minimise(start, stop, unbend, evaluate);
        if minimum.gradient > stop.gradient {
            let got =
                format!("a gradient still at {:.1e} of its start", minimum.gradient / steepest);
            return Err(Error::Setting { what: "fit", expected: "to converge", got });
        }
        Ok(Self { vocabulary, seen, classes: examples.classes, weights: minimum.at, log_shares })
    }

    /// How many classes there are, seen or not.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// ln p(class | title) for every class; negative infinity for a class that no example had.
    pub fn log_probabilities(&self, features: &[u32]) -> Vec<f64> {
        let mut all = vec![f64::NEG_INFINITY; self.classes];
        for (&class, value) in self.seen.iter().zip(self.seen_log_probabilities(features)) {
            all[class as usize] = value;
        }
        all
    }

    /// ln p(class | title) - ln p(class) for every class: how much more likely the title makes it, from the share that
    /// the class had among the examples. 0, no evidence, for a class that no example had.
    pub fn log_lift(&self, features: &[u32]) -> Vec<f64> {
        let mut all = vec![0.0; self.classes];
        let log_probabilities = self.seen_log_probabilities(features);
        for ((&class, p), share) in self.seen.iter().zip(log_probabilities).zip(&self.log_shares) {
            all[class as usize] = p - share;
        }
        all
    }

    fn seen_log_probabilities(&self, features: &[u32]) -> Vec<f64> {
        let row = self.vocabulary.row(features);
        let mut logits = logits(&row, &self.weights, self.seen.len());
        log_softmax(&mut logits);
        logits
    }
}

fn check(examples: &Examples<'_>, fit: &Fit) -> Result<()> {
    check_length("labels of the examples", examples.features.len(), examples.labels.len())?;
    let refuse = |what, expected, got| Err(Error::Setting { what, expected, got });
    if examples.labels.is_empty() {
        return refuse("examples", "at least 1", "0".to_owned());
    }
    if let Some(label) = examples.labels.iter().find(|&&l| l as usize >= examples.classes) {
        return refuse("label", "below the number of classes", label.to_string());
    }
    if !(fit.l2 > 0.0 && fit.l2.is_finite()) {
        return refuse("l2", "a positive number", fit.l2.to_string());
    }
    Ok(())
}

/// The function to minimise: the examples both by title and by column, so that every sum has one writer and one order.
struct Problem {
    titles: Vec<Vec<(usize, f64)>>,
    /// For each column (title, value), and last the biases, which every title has with value 1.
    by_column: Vec<Vec<(usize, f64)>>,
    /// Position of each title's class among the seen ones.
    labels: Vec<usize>,
    classes: usize,
    l2: f64,
}

impl Problem {
    fn new(vocabulary: &Vocabulary, examples: &Examples<'_>, seen: &[u32], l2: f64) -> Self {
        let titles: Vec<_> = examples.features.iter().map(|f| vocabulary.row(f)).collect();
        let mut by_column = vec![Vec::new(); vocabulary.width() + 1];
        for (title, row) in titles.iter().enumerate() {
            for &(column, value) in row {
                by_column[column].push((title, value));
            }
            by_column[vocabulary.width()].push((title, 1.0));
        }
        let position = |label: &u32| seen.binary_search(label).unwrap_or_default();
        let labels = examples.labels.iter().map(position).collect();
        Self { titles, by_column, labels, classes: seen.len(), l2 }
    }

    /// All weights zero, the biases at the shares of the classes: the best without any feature; and a rough second
    /// derivative in each component.
    fn start(&self, log_shares: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let k = self.classes;
        let mut at = vec![0.0; self.by_column.len() * k];
        let biases = at.len() - k;
        at[biases..].copy_from_slice(log_shares);
        let spread = (1.0 - log_shares.iter().map(|s| s.exp().powi(2)).sum::<f64>()) / k as f64;
        let rows = self.by_column.iter().enumerate().map(|(v, titles)| {
            let penalty = if v * k < biases { self.l2 } else { 0.0 };
            let squares = titles.iter().map(|(_, value)| value * value).sum::<f64>();
            (penalty + spread * squares).max(f64::MIN_POSITIVE)
        });
        (at, rows.flat_map(|row| std::iter::repeat_n(row, k)).collect())
    }

    /// The penalised loss at `weights` (V + 1, K); writes the gradient, of the same shape.
    fn evaluate(&self, weights: &[f64], gradient: &mut [f64]) -> f64 {
        let k = self.classes;
        let mut errors = vec![0.0; self.titles.len() * k];
        let losses: Vec<f64> = errors
            .par_chunks_mut(k)
            .zip(&self.titles)
            .zip(&self.labels)
            .with_min_len(GRAIN)
            .map(|((error, title), &label)| {
                error.copy_from_slice(&logits(title, weights, k));
                log_softmax(error);
                let loss = -error[label];
                error.iter_mut().for_each(|e| *e = e.exp());
                error[label] -= 1.0;
                loss
            })
            .collect();
        let penalised = weights.len() - k;
        let columns = gradient.par_chunks_mut(k).zip(&self.by_column).enumerate();
        columns.with_min_len(GRAIN).for_each(|(v, (sums, titles))| {
            let penalty = if v * k < penalised { self.l2 } else { 0.0 };
            for (sum, weight) in sums.iter_mut().zip(&weights[v * k..]) {
                *sum = penalty * weight;
            }
            for &(title, value) in titles {
                add_scaled(sums, value, &errors[title * k..]);
            }
        });
        let squares = weights[..penalised].iter().map(|w| w * w).sum::<f64>();
        losses.iter().sum::<f64>() + 0.5 * self.l2 * squares
    }
}

/// A title's logits: (K,).
fn logits(row: &[(usize, f64)], weights: &[f64], classes: usize) -> Vec<f64> {
    let mut sums = weights[weights.len() - classes..].to_vec();
    for &(column, value) in row {
        add_scaled(&mut sums, value, &weights[column * classes..]);
    }
    sums
}

fn add_scaled(sums: &mut [f64], by: f64, values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += by * value;
    }
}

/// Logits to ln p of each class.
pub(crate) fn log_softmax(logits: &mut [f64]) {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log_sum = most + logits.iter().map(|l| (l - most).exp()).sum::<f64>().ln();
    logits.iter_mut().for_each(|l| *l -= log_sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(l2: f64) -> Classifier {
        // Features 10 and 11 speak for class 0, 20 for class 2; class 1 has no example.
        let features = [vec![10, 30], vec![10, 11], vec![20, 30], vec![20, 20], vec![10]];
        let examples = Examples { features: &features, labels: &[0, 0, 2, 2, 0], classes: 3 };
        Classifier::fit(&examples, &Fit { l2, ..Fit::default() }).unwrap()
    }

    #[test]
    fn a_feature_of_a_class_speaks_for_it() {
        let classifier = fitted(0.1);
        assert!(classifier.log_lift(&[11])[0] > 0.1);
        assert!(classifier.log_lift(&[20])[2] > 0.1);
        let p: f64 = classifier.log_probabilities(&[10, 20]).iter().map(|p| p.exp()).sum();
        assert!((p - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_class_without_examples_gets_no_evidence() {
        let classifier = fitted(1.0);
        assert_eq!(classifier.log_lift(&[10])[1], 0.0);
        assert_eq!(classifier.log_probabilities(&[10])[1], f64::NEG_INFINITY);
    }

    #[test]
    fn a_strong_penalty_leaves_only_the_shares_of_the_classes() {
        let lift = fitted(1e7).log_lift(&[10]);
        assert!(lift.iter().all(|l| l.abs() < 1e-4), "{lift:?}");
    }

    #[test]
    fn order_and_unknown_features_change_nothing() {
        let classifier = fitted(1.0);
        assert_eq!(classifier.log_lift(&[30, 10, 99]), classifier.log_lift(&[10, 30]));
    }

    #[test]
    fn bad_examples_are_refused() {
        let fit = |features: &[Vec<u32>], labels: &[u32]| {
            Classifier::fit(&Examples { features, labels, classes: 2 }, &Fit::default()).is_err()
        };
        assert!(fit(&[], &[]));
        assert!(fit(&[vec![1]], &[2]));
        assert!(fit(&[vec![1]], &[0, 1]));
        assert!(!fit(&[vec![1]], &[1]));
    }
}
