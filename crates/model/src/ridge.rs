//! Ridge regression from sparse and dense features, and by a kernel, to many targets at once, in its dual form
//! (Saunders et al. 1998).
//!
//! With Φ the features of N examples, K a kernel of them and Y their targets, the weights are Φᵀ A of the features and A of
//! the examples themselves, where A = (Φ Φᵀ + K + λ I)⁻¹ Y. The inverse is never made: the method of conjugate gradients (Hestenes and Stiefel 1952) needs products with Φ alone, for all targets
//! together.

use kernels::{View, ViewMut, Write, matmul};
use rayon::prelude::*;

use crate::SparseRows;
use crate::anchors::nearness;

/// The residual at which a target's weights are done, as a share of the target's length.
const TOLERANCE: f64 = 1e-5;

/// Most steps; a problem as well conditioned as a penalty above 1 makes it needs far fewer.
const STEPS: usize = 500;

/// The features of N examples.
#[derive(Clone, Debug, Default)]
pub struct RidgeFeatures {
    /// The sparse features of each example, (N, columns).
    pub sparse: SparseRows,
    /// How many sparse features there are.
    pub columns: usize,
    /// The dense features, (N, S); none where S is 0.
    pub dense: Vec<f32>,
    /// What a kernel makes of every two examples, (N, N); none without one.
    pub kernel: Vec<f32>,
}

/// The weights of all kinds of features for K targets.
#[derive(Clone, Debug, Default)]
pub struct RidgeWeights {
    /// (columns, K)
    pub sparse: Vec<f32>,
    /// (S, K)
    pub dense: Vec<f32>,
    /// Of each example, what the kernel makes of it being the feature: (N, K); none without a kernel.
    pub examples: Vec<f32>,
}

impl RidgeFeatures {
    /// Lets `share` times the nearness of unit vectors, (N, `dims`), be the kernel: exp((cosine - 1) / `width`).
    pub fn compare(&mut self, (vectors, dims): (&[f32], usize), (width, share): (f32, f32)) {
        let n = vectors.len() / dims.max(1);
        self.kernel = vec![0.0; n * n];
        let view = View::new(vectors, n, dims);
        matmul(view, view.t(), ViewMut::new(&mut self.kernel, n, n), Write::Set);
        self.kernel.par_iter_mut().for_each(|cosine| *cosine = share * nearness(*cosine, width));
    }

    /// The weights that foretell `targets`, (N, K), with the least squared error plus `penalty` times their square.
    ///
    /// # Panics
    /// When the shapes do not fit.
    pub fn fit(&self, targets: &[f32], penalty: f64) -> RidgeWeights {
        let n = self.sparse.len();
        let k = targets.len() / n.max(1);
        assert_eq!(targets.len(), n * k, "targets of {n} examples");
        let mut dual = vec![0.0; n * k];
        let mut residual = targets.to_vec();
        let mut direction = residual.clone();
        let mut squares = column_products(&residual, &residual, k);
        let done: Vec<f64> = squares.iter().map(|s| s * TOLERANCE * TOLERANCE).collect();
        for _ in 0..STEPS {
            if squares.iter().zip(&done).all(|(square, done)| square <= done) {
                break;
            }
            let mut moved = self.predict(&self.weights(&direction, k), k);
            add(&mut moved, &direction, &vec![penalty; k]);
            let along = column_products(&direction, &moved, k);
            let step =
                |(square, along): (&f64, &f64)| if *along > 0.0 { square / along } else { 0.0 };
            let steps: Vec<f64> = squares.iter().zip(&along).map(step).collect();
            add(&mut dual, &direction, &steps);
            add(&mut residual, &moved, &steps.iter().map(|step| -step).collect::<Vec<f64>>());
            let next = column_products(&residual, &residual, k);
            let turn: Vec<f64> = next
                .iter()
                .zip(&squares)
                .map(|(a, b)| if *b > 0.0 { a / b } else { 0.0 })
                .collect();
            for (direction, residual) in direction.chunks_mut(k).zip(residual.chunks(k)) {
                for ((d, r), turn) in direction.iter_mut().zip(residual).zip(&turn) {
                    *d = (f64::from(*d) * turn) as f32 + r;
                }
            }
            squares = next;
        }
        self.weights(&dual, k)
    }

    /// Φᵀ x for `x` (N, K).
    fn weights(&self, x: &[f32], k: usize) -> RidgeWeights {
        let mut sparse = vec![0.0; self.columns * k];
        for (example, x) in x.chunks_exact(k).enumerate() {
            for (column, value) in self.sparse.row(example) {
                let out = &mut sparse[column as usize * k..][..k];
                out.iter_mut().zip(x).for_each(|(out, x)| *out += value * x);
            }
        }
        let (n, s) = self.shape();
        let mut dense = vec![0.0; s * k];
        if s > 0 {
            let features = View::new(&self.dense, n, s);
            matmul(features.t(), View::new(x, n, k), ViewMut::new(&mut dense, s, k), Write::Set);
        }
        let examples = if self.kernel.is_empty() { Vec::new() } else { x.to_vec() };
        RidgeWeights { sparse, dense, examples }
    }

    /// What weights for `k` targets foretell of the examples, (N, K).
    ///
    /// # Panics
    /// When the shapes do not fit.
    pub fn predict(&self, weights: &RidgeWeights, k: usize) -> Vec<f32> {
        let (n, s) = self.shape();
        let mut out = vec![0.0; n * k];
        if s > 0 {
            let features = View::new(&self.dense, n, s);
            let weights = View::new(&weights.dense, s, k);
            matmul(features, weights, ViewMut::new(&mut out, n, k), Write::Set);
        }
        if !self.kernel.is_empty() {
            let (kernel, examples) =
                (View::new(&self.kernel, n, n), View::new(&weights.examples, n, k));
            matmul(kernel, examples, ViewMut::new(&mut out, n, k), Write::Add);
        }
        self.sparse.add_times((&weights.sparse, k), &mut out);
        out
    }

    /// (N, S).
    fn shape(&self) -> (usize, usize) {
        (self.sparse.len(), self.dense.len() / self.sparse.len().max(1))
    }
}

/// The product of each column of `a` with that of `b`, both (N, K): (K).
fn column_products(a: &[f32], b: &[f32], k: usize) -> Vec<f64> {
    let mut sums = vec![0.0; k];
    for (a, b) in a.chunks_exact(k).zip(b.chunks_exact(k)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += f64::from(*a) * f64::from(*b);
        }
    }
    sums
}

/// Adds `x` (N, K) to `sum`, each column times its factor.
fn add(sum: &mut [f32], x: &[f32], factors: &[f64]) {
    let k = factors.len();
    for (sum, x) in sum.chunks_exact_mut(k).zip(x.chunks_exact(k)) {
        for ((sum, x), factor) in sum.iter_mut().zip(x).zip(factors) {
            *sum += (factor * f64::from(*x)) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seven examples of five sparse and two dense features, with three targets each.
    fn features() -> RidgeFeatures {
        RidgeFeatures {
            sparse: SparseRows {
                columns: vec![0, 2, 1, 4, 3, 0, 1, 2, 3, 4, 1],
                values: vec![1.0, 0.5, 2.0, 1.5, 0.7, 1.1, 0.3, 0.9, 1.0, 0.2, 1.3],
                ends: vec![2, 3, 5, 6, 8, 9, 11],
            },
            columns: 5,
            dense: (0..14).map(|i| ((i * 5) % 7) as f32 / 3.0 - 1.0).collect(),
            ..RidgeFeatures::default()
        }
    }

    #[test]
    fn at_the_solution_the_gradient_of_the_penalised_error_vanishes() {
        let (features, k, penalty) = (features(), 3, 0.5);
        let targets: Vec<f32> = (0..21).map(|i| ((i * 11) % 13) as f32 / 6.0 - 1.0).collect();
        let weights = features.fit(&targets, penalty);
        let mut error = targets.clone();
        let predicted = features.predict(&weights, k);
        error.iter_mut().zip(&predicted).for_each(|(error, predicted)| *error -= predicted);
        let pull = features.weights(&error, k);
        let pairs = pull.sparse.iter().zip(&weights.sparse);
        for (pull, weight) in pairs.chain(pull.dense.iter().zip(&weights.dense)) {
            assert!((f64::from(*pull) - penalty * f64::from(*weight)).abs() < 1e-4);
        }
    }

    #[test]
    fn a_great_penalty_leaves_hardly_any_weight() {
        let targets = vec![1.0; 21];
        let weights = features().fit(&targets, 1e6);
        assert!(weights.sparse.iter().chain(&weights.dense).all(|weight| weight.abs() < 1e-4));
    }
}
