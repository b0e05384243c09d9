//! A score for every query and candidate, from embeddings or from any baseline.

use rayon::prelude::*;

use crate::error::{Error, Result, check_ids, check_length};
use crate::ranking::{Ranking, Rankings};
use crate::truth::Truth;

/// Scores of Q queries for C candidates; a higher score ranks earlier.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    queries: Vec<String>,
    candidates: Vec<String>,
    values: Vec<f32>,
}

impl Scores {
    /// Takes `values`: (Q, C) row by row.
    ///
    /// # Errors
    /// Ids that are empty or repeated, a length that is not Q x C, a score that is NaN or infinite.
    pub fn new(queries: Vec<String>, candidates: Vec<String>, values: Vec<f32>) -> Result<Self> {
        check_ids(&queries)?;
        check_ids(&candidates)?;
        check_length("scores (Q x C)", queries.len() * candidates.len(), values.len())?;
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            let query = queries[at / candidates.len()].clone();
            let candidate = candidates[at % candidates.len()].clone();
            return Err(Error::ScoreNotFinite { query, candidate });
        }
        Ok(Self { queries, candidates, values })
    }

    /// Computes every score from the indices (from 0) of its query and candidate.
    ///
    /// # Errors
    /// As [`Scores::new`].
    pub fn from_fn(
        queries: Vec<String>,
        candidates: Vec<String>,
        score: impl Fn(usize, usize) -> f32,
    ) -> Result<Self> {
        let (rows, columns) = (queries.len(), candidates.len());
        let pairs = (0..rows).flat_map(|q| (0..columns).map(move |c| (q, c)));
        let values = pairs.map(|(q, c)| score(q, c)).collect();
        Self::new(queries, candidates, values)
    }

    /// The ids of the queries, in order of the rows.
    pub fn queries(&self) -> &[String] {
        &self.queries
    }

    /// The ids of the candidates, in order of the columns.
    pub fn candidates(&self) -> &[String] {
        &self.candidates
    }

    /// All scores: (Q, C).
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The scores of one query (from 0): (C,).
    ///
    /// # Panics
    /// If there is no such query.
    pub fn row(&self, query: usize) -> &[f32] {
        let columns = self.candidates.len();
        &self.values[query * columns..(query + 1) * columns]
    }

    /// The same scores read in the other direction: candidates as queries, (C, Q).
    pub fn transposed(&self) -> Self {
        let (rows, columns) = (self.queries.len(), self.candidates.len());
        let cells = (0..columns).flat_map(|c| (0..rows).map(move |q| q * columns + c));
        Self {
            queries: self.candidates.clone(),
            candidates: self.queries.clone(),
            values: cells.map(|at| self.values[at]).collect(),
        }
    }

    /// Ranks the candidates for every query; each ranking lists the `keep` best (C or more: the full order).
    ///
    /// # Errors
    /// A truth of another shape.
    pub fn rank(&self, truth: &Truth, keep: usize) -> Result<Rankings> {
        truth.check_shape(self.queries.len(), self.candidates.len())?;
        let list = (0..self.queries.len())
            .into_par_iter()
            .map(|q| Ranking::of_row(self.row(q), truth.relevant(q), keep))
            .collect();
        Ok(Rankings::new(self.queries.clone(), self.candidates.clone(), list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(prefix: &str, n: usize) -> Vec<String> {
        (0..n).map(|i| format!("{prefix}{i}")).collect()
    }

    #[test]
    fn transposing_swaps_queries_and_candidates() {
        let scores = Scores::from_fn(ids("q", 2), ids("c", 3), |q, c| (10 * q + c) as f32).unwrap();
        let other = scores.transposed();
        assert_eq!(other.queries(), ids("c", 3));
        assert_eq!(other.values(), [0.0, 10.0, 1.0, 11.0, 2.0, 12.0]);
        assert_eq!(other.transposed(), scores);
    }

    #[test]
    fn a_score_that_is_not_finite_is_refused_by_name() {
        let error = Scores::new(ids("q", 2), ids("c", 2), vec![0.0, 1.0, 2.0, f32::NAN]);
        let expected = Error::ScoreNotFinite { query: "q1".into(), candidate: "c1".into() };
        assert_eq!(error, Err(expected));
    }
}
