//! A linear probe: what a straight look at a vector tells of a class (Alain and Bengio 2016).

mod bend;
mod rows;

use bend::Bend;
use rows::{Rows, Scaling};

use crate::classifier::log_softmax;
use crate::error::{Error, Result};
use crate::lbfgs::{Stop, minimise, steepness};
use crate::vectors::{Labelled, Vectors};

/// A search ends where no gradient component is greater than this share of the greatest where all weights are zero.
const TOLERANCE: f64 = 1e-6;
/// The same for weights that only tell which penalty is best.
const ROUGH: f64 = 1e-5;
/// How many steps a search has at most.
const ITERATIONS: usize = 2000;

/// Multinomial logistic regression on standardised vectors.
///
/// Minimises the sum of the vectors' losses plus `l2 / 2` times the sum of squared weights; the biases are free. That is
/// scikit-learn's LogisticRegression with C = 1 / l2 after a StandardScaler. The fit is deterministic.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    scaling: Scaling,
    /// (K, W), the bias of each class behind its D weights.
    weights: Vec<f64>,
    classes: usize,
}

impl Probe {
    /// Fits a probe to `points` of `classes` classes.
    ///
    /// # Errors
    /// A label that is no class, a penalty that is not positive, or no convergence.
    pub fn fit(points: &Labelled<'_>, classes: usize, l2: f64) -> Result<Self> {
        let problem = Problem::new(points, classes)?;
        Ok(problem.probe(problem.solve((problem.zeros(), l2), TOLERANCE)?))
    }

    /// Fits one probe a penalty, from the greatest one down until the loss on `validation` grows, and keeps the last one
    /// before that; with its penalty.
    ///
    /// # Errors
    /// As [`Probe::fit`]; no penalty to choose from.
    pub fn choose(
        (train, validation): (&Labelled<'_>, &Labelled<'_>),
        classes: usize,
        penalties: &[f64],
    ) -> Result<(Self, f64)> {
        let problem = Problem::new(train, classes)?;
        let rows = Rows::new(validation.vectors(), &problem.scaling)?;
        let mut falling = penalties.to_vec();
        falling.sort_by(|a, b| b.total_cmp(a));
        let mut best: Option<(f64, Vec<f64>, f64)> = None;
        let mut weights = problem.zeros();
        for l2 in falling {
            weights = problem.solve((weights, l2), ROUGH)?;
            let loss = loss((&rows, validation.labels()), (&weights, classes));
            if best.as_ref().is_some_and(|(least, ..)| loss >= *least) {
                break;
            }
            best = Some((loss, weights.clone(), l2));
        }
        let none = || Error::Setting { what: "penalties", expected: "some", got: "none".into() };
        let (_, weights, l2) = best.ok_or_else(none)?;
        Ok((problem.probe(problem.solve((weights, l2), TOLERANCE)?), l2))
    }

    /// ln p(class | vector) for every vector: (N, K).
    ///
    /// # Errors
    /// Vectors of another dimension.
    pub fn log_probabilities(&self, vectors: Vectors<'_>) -> Result<Vec<f64>> {
        let rows = Rows::new(vectors, &self.scaling)?;
        Ok(log_probabilities(&rows, (&self.weights, self.classes)))
    }

    /// The likeliest class of each vector, the first of several: (N,).
    ///
    /// # Errors
    /// Vectors of another dimension.
    pub fn predict(&self, vectors: Vectors<'_>) -> Result<Vec<u32>> {
        let likeliest = |row: &[f64]| {
            let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.iter().position(|&p| p == most).unwrap_or_default() as u32
        };
        let all = self.log_probabilities(vectors)?;
        Ok(all.chunks_exact(self.classes).map(likeliest).collect())
    }
}

/// ln p of each class of some rows by weights (K, W) of K classes: (N, K).
fn log_probabilities(rows: &Rows, (weights, classes): (&[f64], usize)) -> Vec<f64> {
    let mut all = rows.times(weights);
    all.chunks_exact_mut(classes).for_each(log_softmax);
    all
}

/// The mean of -ln p of the right classes; a class without a weight counts as never foreseen.
fn loss((rows, labels): (&Rows, &[u32]), probe: (&[f64], usize)) -> f64 {
    let all = log_probabilities(rows, probe);
    let each = all.chunks_exact(probe.1).zip(labels);
    let losses = each.map(|(row, &label)| -row.get(label as usize).copied().unwrap_or(-1e3));
    losses.sum::<f64>() / labels.len() as f64
}

/// Vectors and their classes made ready for any penalty.
struct Problem<'a> {
    scaling: Scaling,
    rows: Rows,
    bend: Bend,
    labels: &'a [u32],
    classes: usize,
    /// The greatest gradient component where all weights are zero.
    steepest: f64,
}

impl<'a> Problem<'a> {
    fn new(points: &Labelled<'a>, classes: usize) -> Result<Self> {
        if points.classes() > classes {
            let got = (points.classes() - 1).to_string();
            let expected = "below the number of classes";
            return Err(Error::Setting { what: "label", expected, got });
        }
        let scaling = Scaling::of(points.vectors());
        let rows = Rows::new(points.vectors(), &scaling)?;
        let bend = Bend::of(&rows);
        let mut made =
            Self { scaling, rows, bend, labels: points.labels(), classes, steepest: 0.0 };
        let evaluate = |at: &[f64], gradient: &mut [f64]| made.evaluate(at, gradient, 0.0);
        made.steepest = steepness(&made.zeros(), evaluate);
        Ok(made)
    }

    fn zeros(&self) -> Vec<f64> {
        vec![0.0; self.classes * self.rows.width()]
    }

    fn probe(&self, weights: Vec<f64>) -> Probe {
        Probe { scaling: self.scaling.clone(), weights, classes: self.classes }
    }

    /// The best weights for a penalty, searched for from others on.
    fn solve(&self, (start, l2): (Vec<f64>, f64), tolerance: f64) -> Result<Vec<f64>> {
        let refuse = |what, expected, got| Err(Error::Setting { what, expected, got });
        if !(l2 > 0.0 && l2.is_finite()) {
            return refuse("l2", "a positive number", l2.to_string());
        }
        let stop = Stop { gradient: tolerance * self.steepest, iterations: ITERATIONS };
        let minimum = minimise(
            start,
            stop,
            |values| self.bend.divide(values, self.rows.width(), l2),
            |at, gradient| self.evaluate(at, gradient, l2),
        );
        if minimum.gradient > 10.0 * stop.gradient {
            let share = minimum.gradient / self.steepest;
            let got = format!("a gradient still at {share:.1e} of its start");
            return refuse("probe", "to converge", got);
        }
        Ok(minimum.at)
    }

    /// The penalised loss at `weights` (K, W); writes the gradient, of the same shape.
    fn evaluate(&self, weights: &[f64], gradient: &mut [f64], l2: f64) -> f64 {
        let (mut loss, sums) = self.rows.through(weights, |row, logits| {
            let label = self.labels[row] as usize;
            log_softmax(logits);
            let loss = -logits[label];
            logits.iter_mut().for_each(|l| *l = l.exp());
            logits[label] -= 1.0;
            loss
        });
        gradient.copy_from_slice(&sums);
        let (width, dim) = (self.rows.width(), self.rows.dim());
        for (sums, row) in gradient.chunks_exact_mut(width).zip(weights.chunks_exact(width)) {
            for (sum, weight) in sums.iter_mut().zip(&row[..dim]) {
                *sum += l2 * weight;
                loss += 0.5 * l2 * weight * weight;
            }
        }
        loss
    }
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
            Probe::fit(&points, 2, 1.0).unwrap().log_probabilities(vectors).unwrap()
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
