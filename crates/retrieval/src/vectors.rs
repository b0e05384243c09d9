//! A view of vectors as they are: what clusters and maps are made of.

use crate::error::{Error, Result, check_length};

/// N vectors of dimension D, row by row, of any length; [`crate::Embeddings`] are those of unit length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vectors<'a> {
    dim: usize,
    values: &'a [f32],
}

impl<'a> Vectors<'a> {
    /// Looks at `values`: (N, D) row by row.
    ///
    /// # Errors
    /// No dimension, a length that is no multiple of D, a value that is not finite (named by its row).
    pub fn new(dim: usize, values: &'a [f32]) -> Result<Self> {
        if dim == 0 {
            return Err(Error::Setting { what: "dim", expected: "at least 1", got: "0".into() });
        }
        check_length("vectors (N x D)", values.len() / dim * dim, values.len())?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite { id: format!("row {}", at / dim), component: at % dim });
        }
        Ok(Self { dim, values })
    }

    /// The dimension D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// How many vectors there are: N.
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Whether there is no vector.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// All values: (N, D).
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// Vector `index` (from 0): (D,).
    ///
    /// # Panics
    /// If there is no such vector.
    pub fn row(&self, index: usize) -> &'a [f32] {
        &self.values[index * self.dim..(index + 1) * self.dim]
    }

    /// All vectors, in order.
    pub fn rows(&self) -> std::slice::ChunksExact<'a, f32> {
        self.values.chunks_exact(self.dim)
    }

    /// The mean vector: (D,).
    pub(crate) fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.dim];
        for row in self.rows() {
            for (sum, &value) in mean.iter_mut().zip(row) {
                *sum += f64::from(value);
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= self.len().max(1) as f64);
        mean
    }

    /// The vectors less `mean`: (N, D).
    pub(crate) fn less(&self, mean: &[f64]) -> Vec<f32> {
        let less = |row: &[f32]| -> Vec<f32> {
            row.iter().zip(mean).map(|(&value, mean)| (f64::from(value) - mean) as f32).collect()
        };
        self.rows().flat_map(less).collect()
    }

    /// Checks that there are at least `least` vectors.
    pub(crate) fn check_at_least(&self, least: usize, expected: &'static str) -> Result<()> {
        if self.len() >= least {
            return Ok(());
        }
        Err(Error::Setting { what: "vectors", expected, got: self.len().to_string() })
    }
}

/// Vectors with a class each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Labelled<'a> {
    vectors: Vectors<'a>,
    labels: &'a [u32],
}

impl<'a> Labelled<'a> {
    /// Takes one class, from 0, a vector.
    ///
    /// # Errors
    /// Another number of classes than of vectors, or none at all.
    pub fn new(vectors: Vectors<'a>, labels: &'a [u32]) -> Result<Self> {
        check_length("labels of the vectors", vectors.len(), labels.len())?;
        vectors.check_at_least(1, "at least 1")?;
        Ok(Self { vectors, labels })
    }

    /// The vectors: (N, D).
    pub fn vectors(&self) -> Vectors<'a> {
        self.vectors
    }

    /// The classes: (N,).
    pub fn labels(&self) -> &'a [u32] {
        self.labels
    }

    /// One more than the greatest class.
    pub fn classes(&self) -> usize {
        self.labels.iter().max().map_or(0, |&most| most as usize + 1)
    }
}

/// The squared distance of two vectors of one dimension.
pub(crate) fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_finite_is_named_by_its_row() {
        let error = Vectors::new(2, &[0.0, 1.0, 2.0, f32::NAN]).unwrap_err();
        assert_eq!(error, Error::NotFinite { id: "row 1".into(), component: 1 });
    }

    #[test]
    fn lengths_must_fit() {
        assert!(Vectors::new(0, &[]).is_err());
        assert!(Vectors::new(2, &[1.0, 2.0, 3.0]).is_err());
        let vectors = Vectors::new(2, &[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!((vectors.len(), vectors.row(1)), (2, &[3.0, 4.0][..]));
        assert!(Labelled::new(vectors, &[0]).is_err());
        assert_eq!(Labelled::new(vectors, &[0, 6]).unwrap().classes(), 7);
    }
}
