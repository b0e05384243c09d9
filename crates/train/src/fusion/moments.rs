//! The validation works as a crowd to hold scores against: how a vector's products with all of theirs are spread.

use retrieval::fusion::{Spread, Spreads};
use serde::{Deserialize, Serialize};

use crate::scorer::Vectors;

/// Mean and covariance of vectors of length D: all that the spread of products with them depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Moments {
    /// (D)
    mean: Vec<f64>,
    /// (D, D)
    covariance: Vec<f64>,
}

/// The moments of the validation works, as one member embeds them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cohort {
    melodies: Moments,
    titles: Moments,
}

impl Cohort {
    pub(crate) fn new(works: &Vectors) -> Self {
        let of = |vectors| Moments::new(works.dim, vectors);
        Self { melodies: of(&works.melodies), titles: of(&works.titles) }
    }

    /// How each tune's scores are spread over the cohort's titles, and each title's over its tunes.
    pub(crate) fn spreads(&self, vectors: &Vectors) -> Spreads {
        let of = |moments: &Moments, vectors: &[f32], dim| {
            vectors.chunks_exact(dim).map(|vector| moments.spread(vector)).collect()
        };
        Spreads::Both {
            queries: of(&self.titles, &vectors.melodies, vectors.dim),
            candidates: of(&self.melodies, &vectors.titles, vectors.dim),
        }
    }

    /// Whether it is of vectors of length `dim`.
    pub(crate) fn fits(&self, dim: usize) -> bool {
        [&self.melodies, &self.titles]
            .into_iter()
            .all(|moments| moments.mean.len() == dim && moments.covariance.len() == dim * dim)
    }
}

impl Moments {
    fn new(dim: usize, vectors: &[f32]) -> Self {
        let n = (vectors.len() / dim).max(1) as f64;
        let mut mean = vec![0.0; dim];
        for vector in vectors.chunks_exact(dim) {
            for (sum, &value) in mean.iter_mut().zip(vector) {
                *sum += f64::from(value) / n;
            }
        }
        let mut covariance = vec![0.0; dim * dim];
        for vector in vectors.chunks_exact(dim) {
            let centred: Vec<f64> =
                vector.iter().zip(&mean).map(|(&value, mean)| f64::from(value) - mean).collect();
            for (row, a) in covariance.chunks_exact_mut(dim).zip(&centred) {
                for (sum, b) in row.iter_mut().zip(&centred) {
                    *sum += a * b / n;
                }
            }
        }
        Self { mean, covariance }
    }

    /// Mean and deviation of a vector's products with all vectors: m·v, and the root of vᵀCv.
    fn spread(&self, vector: &[f32]) -> Spread {
        let dot = |row: &[f64]| row.iter().zip(vector).map(|(a, &b)| a * f64::from(b)).sum::<f64>();
        let rows = self.covariance.chunks_exact(self.mean.len());
        let variance: f64 = rows.zip(vector).map(|(row, &v)| f64::from(v) * dot(row)).sum();
        Spread { mean: dot(&self.mean), deviation: variance.max(0.0).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_of_products_is_that_of_the_products_taken_one_by_one() {
        let value = |place: usize| ((place * 7919 + 13) % 101) as f32 / 50.0 - 1.0;
        let works = Vectors {
            dim: 5,
            melodies: (0..5 * 17).map(value).collect(),
            titles: (200..200 + 5 * 13).map(value).collect(),
        };
        let new = Vectors {
            dim: 5,
            melodies: (700..700 + 5 * 2).map(value).collect(),
            titles: (900..900 + 5 * 3).map(value).collect(),
        };
        let cohort = Cohort::new(&works);
        assert!(cohort.fits(5) && !cohort.fits(7));
        let Spreads::Both { queries, candidates } = cohort.spreads(&new) else { panic!() };
        let check = |spreads: &[Spread], vectors: &[f32], crowd: &[f32]| {
            assert_eq!(spreads.len(), vectors.len() / 5);
            for (spread, vector) in spreads.iter().zip(vectors.chunks_exact(5)) {
                let product = |other: &[f32]| vector.iter().zip(other).map(|(a, b)| a * b).sum();
                let plain = Spread::of(crowd.chunks_exact(5).map(product));
                assert!((spread.mean - plain.mean).abs() < 1e-6, "{spread:?} {plain:?}");
                assert!((spread.deviation - plain.deviation).abs() < 1e-6, "{spread:?} {plain:?}");
            }
        };
        check(&queries, &new.melodies, &works.titles);
        check(&candidates, &new.titles, &works.melodies);
    }

    #[test]
    fn a_vector_of_zeros_has_no_spread() {
        let works = Vectors { dim: 2, melodies: vec![1.0, 0.5], titles: vec![0.2, 0.1, 0.4, 0.3] };
        let new = Vectors { dim: 2, melodies: vec![0.0, 0.0], titles: Vec::new() };
        let Spreads::Both { queries, .. } = Cohort::new(&works).spreads(&new) else { panic!() };
        assert_eq!(queries, [Spread { mean: 0.0, deviation: 0.0 }]);
    }
}
