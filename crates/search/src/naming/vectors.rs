//! Nearest vectors, behind an interface narrow enough for a database.

use rayon::prelude::*;

use super::NameError;

/// Keeps vectors under ids and finds those nearest to another.
pub trait VectorIndex: Send + Sync {
    /// Adds vectors: `vectors` holds one of [`VectorIndex::dimensions`] numbers after another, one an id. An id that is
    /// there already gets the new vector.
    ///
    /// # Errors
    /// [`NameError::Ids`], [`NameError::Dimensions`], or [`NameError::Backend`].
    fn add(&mut self, ids: &[u32], vectors: &[f32]) -> Result<(), NameError>;

    /// The `k` ids with the highest cosines to `query`, best first, equal ones by id.
    ///
    /// # Errors
    /// [`NameError::Dimensions`] or [`NameError::Backend`].
    fn nearest(&self, query: &[f32], k: usize) -> Result<Vec<(u32, f32)>, NameError>;

    /// Numbers in a vector.
    fn dimensions(&self) -> usize;
}

/// The exact index in memory: every vector is compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExactVectors {
    dimensions: usize,
    ids: Vec<u32>,
    /// At unit length, row by row; of length zero where that is what was added.
    rows: Vec<f32>,
}

impl ExactVectors {
    /// An empty index of vectors of so many numbers.
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions, ..Self::default() }
    }

    /// Numbers in a vector, the ids, and the vectors one after another.
    pub(crate) fn parts(&self) -> (usize, &[u32], &[f32]) {
        (self.dimensions, &self.ids, &self.rows)
    }

    /// The index with these parts, if they fit each other.
    pub(crate) fn from_parts(dimensions: usize, ids: Vec<u32>, rows: Vec<f32>) -> Option<Self> {
        (ids.len() * dimensions == rows.len()).then_some(Self { dimensions, ids, rows })
    }

    fn check(&self, found: usize) -> Result<(), NameError> {
        let expected = self.dimensions;
        if found == expected { Ok(()) } else { Err(NameError::Dimensions { expected, found }) }
    }
}

impl VectorIndex for ExactVectors {
    fn add(&mut self, ids: &[u32], vectors: &[f32]) -> Result<(), NameError> {
        if ids.is_empty() && vectors.is_empty() {
            return Ok(());
        }
        if vectors.len() != ids.len() * self.dimensions {
            let vectors = vectors.len().checked_div(self.dimensions).unwrap_or(0);
            return Err(NameError::Ids { ids: ids.len(), vectors });
        }
        for (&id, vector) in ids.iter().zip(vectors.chunks_exact(self.dimensions)) {
            let row = unit(vector);
            match self.ids.iter().rposition(|&there| there == id) {
                Some(at) => {
                    self.rows[at * self.dimensions..][..self.dimensions].copy_from_slice(&row);
                }
                None => {
                    self.ids.push(id);
                    self.rows.extend(row);
                }
            }
        }
        Ok(())
    }

    fn nearest(&self, query: &[f32], k: usize) -> Result<Vec<(u32, f32)>, NameError> {
        self.check(query.len())?;
        let query = unit(query);
        let cosine = |row: &[f32]| -> f32 { row.iter().zip(&query).map(|(a, b)| a * b).sum() };
        let rows = self.rows.par_chunks_exact(self.dimensions.max(1));
        let mut found: Vec<(u32, f32)> =
            self.ids.par_iter().zip(rows).map(|(&id, row)| (id, cosine(row))).collect();
        let better = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if k < found.len() && k > 0 {
            found.select_nth_unstable_by(k - 1, better);
        }
        found.truncate(k);
        found.sort_unstable_by(better);
        Ok(found)
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }
}

fn unit(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
    vector.iter().map(|x| x * scale).collect()
}
