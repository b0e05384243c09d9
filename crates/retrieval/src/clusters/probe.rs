//! A linear probe: what a straight look at a vector tells of a class (Alain and Bengio 2016).

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::lbfgs::{Start, Stop, dot, minimise};
use crate::vectors::{Labelled, Vectors};

/// Vectors that one task takes; sums over them are added in the order of the tasks.
const CHUNK: usize = 256;
/// When a fit has converged, and how many steps it has at most.
const STOP: Stop = Stop { tolerance: 1e-6, iterations: 2000 };

/// Multinomial logistic regression on standardised vectors.
///
/// Minimises the sum of the vectors' losses plus `l2 / 2` times the sum of squared weights; the biases are free. That is
/// scikit-learn's LogisticRegression with C = 1 / l2 after a StandardScaler. The fit is deterministic.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Mean and one over the standard deviation of each component, of the vectors it was fitted to: (D,).
    scaling: Vec<(f64, f64)>,
    /// (K, D + 1), the bias of each class last.
    weights: Vec<f64>,
    classes: usize,
}

impl Probe {
    /// Fits a probe to `points` of `classes` classes.
    ///
    /// # Errors
    /// A label that is no class, a penalty that is not positive, or no convergence.
    pub fn fit(points: &Labelled<'_>, classes: usize, l2: f64) -> Result<Self> {
        let refuse = |what, expected, got| Err(Error::Setting { what, expected, got });
        if points.classes() > classes {
            let got = (points.classes() - 1).to_string();
            return refuse("label", "below the number of classes", got);
        }
        if !(l2 > 0.0 && l2.is_finite()) {
            return refuse("l2", "a positive number", l2.to_string());
        }
        let scaling = scaling(points.vectors());
        let rows = scaled(points.vectors(), &scaling);
        let problem = Problem { rows: &rows, labels: points.labels(), classes, l2 };
        let minimum =
            minimise(problem.start(), STOP, |at, gradient| problem.evaluate(at, gradient));
        if minimum.slope > 10.0 * STOP.tolerance {
            let got = format!("a gradient still at {:.1e} of its start", minimum.slope);
            return refuse("probe", "to converge", got);
        }
        Ok(Self { scaling, weights: minimum.at, classes })
    }

    /// Fits one probe a penalty, from the greatest one down until the loss on `validation` has grown for two after the
    /// best, and keeps the one with the least loss; with its penalty.
    ///
    /// # Errors
    /// As [`Probe::fit`]; no penalty to choose from.
    pub fn choose(
        (train, validation): (&Labelled<'_>, &Labelled<'_>),
        classes: usize,
        penalties: &[f64],
    ) -> Result<(Self, f64)> {
        let mut falling = penalties.to_vec();
        falling.sort_by(|a, b| b.total_cmp(a));
        let mut best: Option<(f64, Self, f64)> = None;
        let mut worse = 0;
        for l2 in falling {
            let probe = Self::fit(train, classes, l2)?;
            let loss = probe.loss(validation);
            if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
                (best, worse) = (Some((loss, probe, l2)), 0);
                continue;
            }
            worse += 1;
            if worse == 2 {
                break;
            }
        }
        let none = || Error::Setting { what: "penalties", expected: "some", got: "none".into() };
        best.map(|(_, probe, l2)| (probe, l2)).ok_or_else(none)
    }

    /// ln p(class | vector) for every vector: (N, K).
    pub fn log_probabilities(&self, vectors: Vectors<'_>) -> Vec<f64> {
        let rows = scaled(vectors, &self.scaling);
        let mut out = vec![0.0; vectors.len() * self.classes];
        let width = self.scaling.len();
        out.par_chunks_mut(self.classes)
            .zip(rows.par_chunks(width))
            .for_each(|(logits, row)| log_softmax(row, &self.weights, logits));
        out
    }

    /// The likeliest class of each vector, the first of several: (N,).
    pub fn predict(&self, vectors: Vectors<'_>) -> Vec<u32> {
        let likeliest = |row: &[f64]| {
            let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.iter().position(|&p| p == most).unwrap_or_default() as u32
        };
        self.log_probabilities(vectors).chunks_exact(self.classes).map(likeliest).collect()
    }

    /// The mean of -ln p of the right classes; a class without a weight counts as never foreseen.
    fn loss(&self, points: &Labelled<'_>) -> f64 {
        let all = self.log_probabilities(points.vectors());
        let rows = all.chunks_exact(self.classes).zip(points.labels());
        let losses = rows.map(|(row, &label)| -row.get(label as usize).copied().unwrap_or(-1e3));
        losses.sum::<f64>() / points.labels().len() as f64
    }
}

/// Mean and one over the standard deviation of each component; 1 where all are the same.
fn scaling(vectors: Vectors<'_>) -> Vec<(f64, f64)> {
    let mean = vectors.mean();
    let mut squares = vec![0.0; vectors.dim()];
    for row in vectors.rows() {
        for ((square, &value), mean) in squares.iter_mut().zip(row).zip(&mean) {
            *square += (f64::from(value) - mean).powi(2);
        }
    }
    let one_over = |(mean, square): (f64, f64)| {
        let deviation = (square / vectors.len() as f64).sqrt();
        // Beyond f32's precision there is nothing but rounding.
        let constant = deviation <= 1e-7 * mean.abs().max(f64::MIN_POSITIVE);
        (mean, if constant { 1.0 } else { 1.0 / deviation })
    };
    mean.into_iter().zip(squares).map(one_over).collect()
}

fn scaled(vectors: Vectors<'_>, scaling: &[(f64, f64)]) -> Vec<f64> {
    let row = |row: &'_ [f32]| -> Vec<f64> {
        row.iter().zip(scaling).map(|(&v, (mean, by))| (f64::from(v) - mean) * by).collect()
    };
    vectors.rows().flat_map(row).collect()
}

/// The function to minimise.
struct Problem<'a> {
    /// Standardised vectors: (N, D).
    rows: &'a [f64],
    labels: &'a [u32],
    classes: usize,
    l2: f64,
}

impl Problem<'_> {
    fn dim(&self) -> usize {
        self.rows.len() / self.labels.len()
    }

    /// All weights zero. The squares of a standardised component sum to N.
    fn start(&self) -> Start {
        let (k, n) = (self.classes, self.labels.len() as f64);
        let spread = n * (1.0 - 1.0 / k as f64) / k as f64 + f64::MIN_POSITIVE;
        let mut row = vec![spread + self.l2; self.dim()];
        row.push(spread);
        Start { at: vec![0.0; k * row.len()], curvature: row.repeat(k) }
    }

    /// The penalised loss at `weights` (K, D + 1); writes the gradient, of the same shape.
    fn evaluate(&self, weights: &[f64], gradient: &mut [f64]) -> f64 {
        let parts: Vec<(f64, Vec<f64>)> = self
            .rows
            .par_chunks(CHUNK * self.dim())
            .zip(self.labels.par_chunks(CHUNK))
            .map(|(rows, labels)| self.part(weights, rows, labels))
            .collect();
        gradient.fill(0.0);
        let mut loss = 0.0;
        for (part, sums) in &parts {
            loss += part;
            gradient.iter_mut().zip(sums).for_each(|(sum, part)| *sum += part);
        }
        let width = self.dim() + 1;
        for (sums, row) in gradient.chunks_exact_mut(width).zip(weights.chunks_exact(width)) {
            for (sum, weight) in sums.iter_mut().zip(&row[..width - 1]) {
                *sum += self.l2 * weight;
                loss += 0.5 * self.l2 * weight * weight;
            }
        }
        loss
    }

    /// Loss and gradient of some rows.
    fn part(&self, weights: &[f64], rows: &[f64], labels: &[u32]) -> (f64, Vec<f64>) {
        let width = self.dim() + 1;
        let (mut loss, mut sums) = (0.0, vec![0.0; weights.len()]);
        let mut errors = vec![0.0; self.classes];
        for (row, &label) in rows.chunks_exact(self.dim()).zip(labels) {
            log_softmax(row, weights, &mut errors);
            loss -= errors[label as usize];
            errors.iter_mut().for_each(|e| *e = e.exp());
            errors[label as usize] -= 1.0;
            for (sums, &error) in sums.chunks_exact_mut(width).zip(&errors) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += error * value;
                }
                sums[width - 1] += error;
            }
        }
        (loss, sums)
    }
}

/// ln p of each class for one row (D,) by weights (K, D + 1).
fn log_softmax(row: &[f64], weights: &[f64], out: &mut [f64]) {
    let width = row.len() + 1;
    for (logit, weights) in out.iter_mut().zip(weights.chunks_exact(width)) {
        *logit = weights[width - 1] + dot(&weights[..width - 1], row);
    }
    let most = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log_sum = most + out.iter().map(|l| (l - most).exp()).sum::<f64>().ln();
    out.iter_mut().for_each(|l| *l -= log_sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_component_changes_nothing() {
        let plain = [1.0, 2.0, -1.0, -2.5, 0.5];
        let beside: Vec<f32> = plain.iter().flat_map(|&v| [v, 7.3]).collect();
        let labels = [0, 0, 1, 1, 0];
        let fit = |dim, values: &[f32]| {
            let vectors = Vectors::new(dim, values).unwrap();
            let points = Labelled::new(vectors, &labels).unwrap();
            Probe::fit(&points, 2, 1.0).unwrap().log_probabilities(vectors)
        };
        for (a, b) in fit(1, &plain).iter().zip(fit(2, &beside)) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }

    #[test]
    fn bad_settings_are_refused() {
        let points = Labelled::new(Vectors::new(1, &[1.0, 2.0]).unwrap(), &[0, 2]).unwrap();
        assert!(Probe::fit(&points, 2, 1.0).is_err());
        assert!(Probe::fit(&points, 3, 0.0).is_err());
        assert!(Probe::choose((&points, &points), 3, &[]).is_err());
        assert_eq!(Probe::choose((&points, &points), 3, &[10.0, 0.1]).unwrap().1, 0.1);
    }
}
