//! Vectors of unit length with ids, and their cosines.

use rayon::prelude::*;

use crate::dot::{Panels, dot};
use crate::error::{Error, Result, check_ids, check_length};
use crate::ranking::{Hit, Ranking, Rankings, best};
use crate::scores::Scores;
use crate::truth::Truth;

/// Queries scored together, so that a panel of candidates is read once for all of them.
const BLOCK: usize = 32;

/// N vectors of unit length and dimension D, each with an id.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    ids: Vec<String>,
    dim: usize,
    vectors: Vec<f32>,
}

impl Embeddings {
    /// Takes `vectors`: (N, D) row by row, and scales each to unit length.
    ///
    /// # Errors
    /// Ids that are empty or repeated, a length that is not N x D, a vector with NaN, infinity or all zeros.
    pub fn new(ids: Vec<String>, dim: usize, mut vectors: Vec<f32>) -> Result<Self> {
        check_ids(&ids)?;
        if dim == 0 {
            return Err(Error::Setting { what: "dim", expected: "at least 1", got: "0".into() });
        }
        check_length("vectors (N x D)", ids.len() * dim, vectors.len())?;
        for (id, vector) in ids.iter().zip(vectors.chunks_exact_mut(dim)) {
            normalise(id, vector)?;
        }
        Ok(Self { ids, dim, vectors })
    }

    /// The ids, in order of the rows.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The dimension D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no vector.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// All vectors: (N, D).
    pub fn vectors(&self) -> &[f32] {
        &self.vectors
    }

    /// Vector `index` (from 0): (D,).
    ///
    /// # Panics
    /// If there is no such vector.
    pub fn vector(&self, index: usize) -> &[f32] {
        &self.vectors[index * self.dim..(index + 1) * self.dim]
    }

    /// Cosines of `queries` with these candidates: (Q, C).
    ///
    /// # Errors
    /// Different dimensions.
    pub fn scores(&self, queries: &Embeddings) -> Result<Scores> {
        self.check_dimension(queries)?;
        let panels = Panels::new(&self.vectors, self.dim);
        let mut values = vec![0.0; queries.len() * self.len()];
        if !self.is_empty() {
            values
                .par_chunks_mut(BLOCK * self.len())
                .zip(queries.vectors.par_chunks(BLOCK * self.dim))
                .for_each(|(out, block)| panels.products(block, out));
        }
        Scores::new(queries.ids.clone(), self.ids.clone(), values)
    }

    /// Ranks these candidates for every query without ever holding the (Q, C) scores: the same rankings, to the bit,
    /// as [`Embeddings::scores`] followed by [`Scores::rank`], in memory that grows with Q + C.
    ///
    /// `keep` is how many of the best candidates each ranking lists.
    ///
    /// # Errors
    /// Different dimensions, or a truth of another shape.
    pub fn rank(&self, queries: &Embeddings, truth: &Truth, keep: usize) -> Result<Rankings> {
        self.check_dimension(queries)?;
        truth.check_shape(queries.len(), self.len())?;
        let panels = Panels::new(&self.vectors, self.dim);
        let list: Vec<Ranking> = queries
            .vectors
            .par_chunks(BLOCK * self.dim)
            .enumerate()
            .flat_map_iter(|(block, vectors)| {
                let mut rows = vec![0.0; vectors.len() / self.dim * self.len()];
                panels.products(vectors, &mut rows);
                let rank = |(row, vector)| {
                    let row = &rows[row * self.len()..(row + 1) * self.len()];
                    Ranking::of_row(row, truth.relevant(vector), keep)
                };
                let first = block * BLOCK;
                let rankings: Vec<Ranking> =
                    (0..vectors.len() / self.dim).map(|row| rank((row, first + row))).collect();
                rankings
            })
            .collect();
        Ok(Rankings::new(queries.ids.clone(), self.ids.clone(), list))
    }

    /// The `keep` candidates nearest to one query vector (D,), of any positive length, best first.
    ///
    /// Order and scores are those of [`Embeddings::rank`].
    ///
    /// # Errors
    /// Another dimension, or a query that is not finite or all zeros (named `query` in the message).
    pub fn nearest(&self, query: &[f32], keep: usize) -> Result<Vec<Hit>> {
        if query.len() != self.dim {
            return Err(Error::Dimension { queries: query.len(), candidates: self.dim });
        }
        let mut unit = query.to_vec();
        normalise("query", &mut unit)?;
        let row: Vec<f32> = self.vectors.chunks_exact(self.dim).map(|v| dot(&unit, v)).collect();
        Ok(best(&row, keep))
    }

    fn check_dimension(&self, queries: &Embeddings) -> Result<()> {
        if queries.dim == self.dim {
            Ok(())
        } else {
            Err(Error::Dimension { queries: queries.dim, candidates: self.dim })
        }
    }
}

/// Scales `vector` to unit length; the length is taken in f64, so no finite vector overflows.
fn normalise(id: &str, vector: &mut [f32]) -> Result<()> {
    if let Some(component) = vector.iter().position(|v| !v.is_finite()) {
        return Err(Error::NotFinite { id: id.to_owned(), component });
    }
    let length = vector.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
    if length == 0.0 {
        return Err(Error::ZeroLength { id: id.to_owned() });
    }
    for value in vector {
        *value = (f64::from(*value) / length) as f32;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(prefix: &str, n: usize) -> Vec<String> {
        (0..n).map(|i| format!("{prefix}{i}")).collect()
    }

    fn some(prefix: &str, n: usize, dim: usize) -> Embeddings {
        let salt = prefix.len() * 131;
        let vectors = (0..n * dim).map(|i| ((i + salt) * 7919 % 1013) as f32 - 500.0).collect();
        Embeddings::new(ids(prefix, n), dim, vectors).unwrap()
    }

    #[test]
    fn vectors_are_scaled_to_unit_length() {
        let e = Embeddings::new(ids("t", 2), 2, vec![3.0, 4.0, 0.0, f32::MIN_POSITIVE]).unwrap();
        assert_eq!(e.vectors(), [0.6, 0.8, 0.0, 1.0]);
        assert_eq!(e.vector(1), [0.0, 1.0]);
    }

    #[test]
    fn a_vector_without_direction_is_refused_by_name() {
        let of = |v: Vec<f32>| Embeddings::new(ids("t", 2), 2, v).unwrap_err();
        let nan = Error::NotFinite { id: "t1".into(), component: 0 };
        assert_eq!(of(vec![1.0, 1.0, f32::NAN, 1.0]), nan);
        assert_eq!(of(vec![1.0, 1.0, f32::INFINITY, 1.0]), nan);
        assert_eq!(of(vec![1.0, 1.0, 0.0, 0.0]), Error::ZeroLength { id: "t1".into() });
        assert_eq!(
            of(vec![1.0; 3]),
            Error::Length { what: "vectors (N x D)", expected: 4, got: 3 }
        );
    }

    #[test]
    fn ids_must_be_there_and_distinct() {
        let of = |a: &str, b: &str| Embeddings::new(vec![a.into(), b.into()], 1, vec![1.0, 1.0]);
        assert_eq!(of("a", "a"), Err(Error::DuplicateId { id: "a".into() }));
        assert_eq!(of("a", ""), Err(Error::EmptyId { position: 1 }));
    }

    #[test]
    fn streamed_ranking_equals_ranking_of_the_whole_matrix() {
        let (queries, candidates) = (some("q", 71, 13), some("cc", 103, 13));
        let relevant = (0..71).map(|q| vec![q, (q * 5 + 2) % 103]).collect::<Vec<_>>();
        let relevant = relevant
            .into_iter()
            .map(|mut r| {
                r.dedup();
                r
            })
            .collect();
        let truth = Truth::new(relevant, 103).unwrap();
        let whole = candidates.scores(&queries).unwrap().rank(&truth, 7).unwrap();
        assert_eq!(candidates.rank(&queries, &truth, 7).unwrap(), whole);
        assert_eq!(candidates.nearest(queries.vector(5), 7).unwrap(), whole.list()[5].hits());
    }

    #[test]
    fn different_dimensions_are_refused() {
        let error = Error::Dimension { queries: 3, candidates: 5 };
        assert_eq!(some("c", 2, 5).scores(&some("q", 2, 3)).unwrap_err(), error);
        assert_eq!(some("c", 2, 5).nearest(&[1.0; 3], 1).unwrap_err(), error);
    }
}
