//! How the loss of a probe bends, roughly, so that its search takes few steps.

use rayon::prelude::*;

use super::rows::Rows;
use crate::eigen::{Pairs, within};
use crate::lbfgs::dot;

/// Directions in which the vectors vary most whose bend is told apart.
const DIRECTIONS: usize = 128;
/// How often they are made better: rough ones do.
const ROUNDS: usize = 3;

/// How vectors vary: much in some directions, and in all the others as in the mean of these.
///
/// The second derivative of the loss is at most that of the vectors' squares in the same direction times
/// (1 - 1/K) / K, where all K classes are equally likely. Parts of a language model vary ten thousand times more in some
/// directions than in others; a search that took all for alike would zigzag between them.
pub(super) struct Bend {
    /// The vectors' sum of squares along each direction, and the direction: of length W.
    leading: Pairs,
    /// The mean sum of squares along any other direction.
    rest: f64,
    /// N, the sum of squares of the ones.
    ones: f64,
    dim: usize,
}

impl Bend {
    pub(super) fn of(rows: &Rows) -> Self {
        let width = rows.width();
        let squared = |basis: &[Vec<f64>]| -> Vec<Vec<f64>> {
            let columns: Vec<f64> =
                basis.iter().flat_map(|column| less_one(column, rows)).collect();
            let (_, images) = rows.through(&columns, |_, _| 0.0);
            images.chunks_exact(width).map(|image| less_one(image, rows)).collect()
        };
        let leading = within(width, DIRECTIONS.min(rows.dim()), ROUNDS, squared);
        let told: f64 = leading.iter().map(|(squares, _)| squares).sum();
        let others = rows.dim().saturating_sub(leading.len()).max(1);
        let rest = ((rows.squares() - told) / others as f64).max(0.0);
        Self { leading, rest, ones: rows.len() as f64, dim: rows.dim() }
    }

    /// Divides `values` (K, W) by the bend of the loss of K classes with a penalty.
    pub(super) fn divide(&self, values: &mut [f64], width: usize, l2: f64) {
        let classes = (values.len() / width) as f64;
        let share = (1.0 - 1.0 / classes) / classes;
        let bend = |squares: f64| share * squares + l2;
        values.par_chunks_exact_mut(width).for_each(|row| {
            let along: Vec<f64> = self.leading.iter().map(|(_, u)| dot(u, row)).collect();
            row.iter_mut().for_each(|value| *value /= bend(self.rest));
            row[self.dim] *= bend(self.rest) / (share * self.ones + f64::MIN_POSITIVE);
            for ((squares, direction), along) in self.leading.iter().zip(along) {
                let more = along * (1.0 / bend(*squares) - 1.0 / bend(self.rest));
                row.iter_mut().zip(direction).for_each(|(value, u)| *value += more * u);
            }
        });
    }
}

/// A column without what stands beside the vectors' components.
fn less_one(column: &[f64], rows: &Rows) -> Vec<f64> {
    let mut less = column.to_vec();
    less[rows.dim()..].fill(0.0);
    less
}
