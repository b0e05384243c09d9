//! Principal components: the straight view in which vectors differ most.

use rayon::prelude::*;

use super::Place;
use crate::eigen;
use crate::error::{Error, Result};
use crate::vectors::Vectors;

/// Rows of vectors that one task adds up.
const CHUNK: usize = 512;

/// The leading principal components of some vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    mean: Vec<f64>,
    /// (K, D), unit vectors, the one with the greatest variance first.
    components: Vec<Vec<f64>>,
    /// The variance along each component (over N - 1): (K,).
    variances: Vec<f64>,
    total: f64,
}

impl Pca {
    /// Finds the `k` leading components. In each the greatest weight is positive, so that the view never flips.
    ///
    /// # Errors
    /// Fewer than 2 vectors, k of 0, or more components than dimensions.
    pub fn fit(vectors: Vectors<'_>, k: usize) -> Result<Self> {
        vectors.check_at_least(2, "at least 2")?;
        let dim = vectors.dim();
        if k == 0 || k > dim {
            let expected = "at least 1 and no more than dimensions";
            return Err(Error::Setting { what: "components", expected, got: k.to_string() });
        }
        let mean = vectors.mean();
        let covariance = covariance(vectors, &mean);
        let total = (0..dim).map(|d| covariance[d * dim + d]).sum();
        let pairs = eigen::greatest(&covariance, dim, k);
        let (variances, mut components): (Vec<f64>, Vec<Vec<f64>>) = pairs.into_iter().unzip();
        components.iter_mut().for_each(|component| fix_sign(component));
        Ok(Self { mean, components, variances, total })
    }

    /// The share of the variance that each component shows: (K,); 0 where there is none.
    pub fn shares(&self) -> Vec<f64> {
        let share = |variance: &f64| if self.total > 0.0 { variance / self.total } else { 0.0 };
        self.variances.iter().map(share).collect()
    }

    /// The variance along each component: (K,).
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// The components: K unit vectors of length D.
    pub fn components(&self) -> &[Vec<f64>] {
        &self.components
    }

    /// The vectors seen along the components: (N, K).
    ///
    /// # Errors
    /// Another dimension than that of the vectors it was fitted to.
    pub fn project(&self, vectors: Vectors<'_>) -> Result<Vec<f32>> {
        if vectors.dim() != self.mean.len() {
            let (queries, candidates) = (vectors.dim(), self.mean.len());
            return Err(Error::Dimension { queries, candidates });
        }
        let along = |row: &[f32], component: &[f64]| -> f32 {
            let terms = row.iter().zip(&self.mean).zip(component);
            terms.map(|((&v, mean), c)| (f64::from(v) - mean) * c).sum::<f64>() as f32
        };
        let row = |row| self.components.iter().map(move |component| along(row, component));
        Ok(vectors.rows().flat_map(row).collect())
    }
}

/// The map by the first two components; vectors of one dimension lie on a line.
///
/// # Errors
/// Fewer than 2 vectors.
pub fn pca_map(vectors: Vectors<'_>) -> Result<Vec<Place>> {
    let pca = Pca::fit(vectors, vectors.dim().min(2))?;
    let axes = pca.components.len();
    let place = |row: &[f32]| [row[0], row.get(1).copied().unwrap_or(0.0)];
    Ok(pca.project(vectors)?.chunks_exact(axes).map(place).collect())
}

/// The covariance of the components, over N - 1: (D, D).
fn covariance(vectors: Vectors<'_>, mean: &[f64]) -> Vec<f64> {
    let dim = vectors.dim();
    let part = |rows: &[f32]| {
        let (mut sums, mut less) = (vec![0.0; dim * dim], vec![0.0; dim]);
        for row in rows.chunks_exact(dim) {
            let values = less.iter_mut().zip(row).zip(mean);
            values.for_each(|((less, &value), mean)| *less = f64::from(value) - mean);
            for (sums, by) in sums.chunks_exact_mut(dim).zip(&less) {
                sums.iter_mut().zip(&less).for_each(|(sum, value)| *sum += by * value);
            }
        }
        sums
    };
    let parts: Vec<Vec<f64>> = vectors.values().par_chunks(CHUNK * dim).map(part).collect();
    let mut all = vec![0.0; dim * dim];
    for part in parts {
        all.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    all.iter_mut().for_each(|sum| *sum /= (vectors.len() - 1) as f64);
    all
}

fn fix_sign(component: &mut [f64]) {
    let greatest =
        component.iter().fold(0.0f64, |most, &c| if c.abs() > most.abs() { c } else { most });
    if greatest < 0.0 {
        component.iter_mut().for_each(|c| *c = -*c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_on_a_line_lie_along_the_first_component() {
        let data: Vec<f32> = (0..11).flat_map(|i| [3.0 - i as f32, 2.0 * i as f32, 5.0]).collect();
        let vectors = Vectors::new(3, &data).unwrap();
        let pca = Pca::fit(vectors, 2).unwrap();
        assert!((pca.shares()[0] - 1.0).abs() < 1e-9);
        assert!(pca.components()[0][1] > 0.8);
        assert!(pca_map(vectors).unwrap().iter().all(|place| place[1].abs() < 1e-5));
    }

    #[test]
    fn one_dimension_and_equal_points_are_no_trouble() {
        assert_eq!(
            pca_map(Vectors::new(1, &[1.0, 3.0]).unwrap()).unwrap(),
            [[-1.0, 0.0], [1.0, 0.0]]
        );
        assert!(
            pca_map(Vectors::new(2, &[1.0; 8]).unwrap()).unwrap().iter().all(|p| *p == [0.0; 2])
        );
        assert!(pca_map(Vectors::new(2, &[1.0; 2]).unwrap()).is_err());
    }
}
