//! Nearest vectors, behind an interface narrow enough for a database.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::NameError;

/// Vectors here that are compared with all of several queries before the next are read: as many as a core's cache holds.
const BLOCK: usize = 256;

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

    /// For each of some vectors its cosine with that of every id, where these are 0, 1, 2 and so on, by id.
    ///
    /// # Errors
    /// [`NameError::Dimensions`] or [`NameError::Backend`].
    fn all_cosines(&self, queries: &[Vec<f32>]) -> Result<Vec<Vec<f32>>, NameError>;

    /// Numbers in a vector.
    fn dimensions(&self) -> usize;
}

/// The exact index in memory: every vector is compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExactVectors {
    dimensions: usize,
    ids: Vec<u32>,
    /// The row of each id.
    places: FxHashMap<u32, usize>,
    /// At unit length, row by row; of length zero where that is what was added.
    rows: Vec<f32>,
}

impl ExactVectors {
    /// An empty index of vectors of so many numbers.
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions, ..Self::default() }
    }

    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// For each of some vectors its cosine with each of those here, in the order in which they were added; 0 where one has no
    /// length. The vectors here are read once for all.
    ///
    /// # Errors
    /// [`NameError::Dimensions`].
    pub fn cosines(&self, queries: &[Vec<f32>]) -> Result<Vec<Vec<f32>>, NameError> {
        queries.iter().try_for_each(|query| self.check(query.len()))?;
        let queries: Vec<Vec<f32>> = queries.iter().map(|query| unit(query)).collect();
        let dimensions = self.dimensions.max(1);
        let of_block = |rows: &[f32]| -> Vec<Vec<f32>> {
            let rows = rows.chunks_exact(dimensions);
            let of = |query| rows.clone().map(|row| dot(row, query)).collect();
            queries.iter().map(|query| of(query)).collect()
        };
        let blocks: Vec<Vec<Vec<f32>>> =
            self.rows.par_chunks(BLOCK * dimensions).map(of_block).collect();
        let of_query = |query: usize| blocks.iter().flat_map(move |block| &block[query]).copied();
        Ok((0..queries.len()).map(|query| of_query(query).collect()).collect())
    }

    /// Numbers in a vector, the ids, and the vectors one after another.
    pub(crate) fn parts(&self) -> (usize, &[u32], &[f32]) {
        (self.dimensions, &self.ids, &self.rows)
    }

    /// The index with these parts, if they fit each other.
    pub(crate) fn from_parts(dimensions: usize, ids: Vec<u32>, rows: Vec<f32>) -> Option<Self> {
        let places = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        (ids.len() * dimensions == rows.len()).then_some(Self { dimensions, ids, places, rows })
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
            let place = *self.places.entry(id).or_insert(self.ids.len());
            if place == self.ids.len() {
                self.ids.push(id);
                self.rows.extend(row);
            } else {
                self.rows[place * self.dimensions..][..self.dimensions].copy_from_slice(&row);
            }
        }
        Ok(())
    }

    fn nearest(&self, query: &[f32], k: usize) -> Result<Vec<(u32, f32)>, NameError> {
        let cosines = self.cosines(&[query.to_vec()])?.pop().unwrap_or_default();
        let mut found: Vec<(u32, f32)> = self.ids.iter().copied().zip(cosines).collect();
        let better = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if k < found.len() && k > 0 {
            found.select_nth_unstable_by(k - 1, better);
        }
        found.truncate(k);
        found.sort_unstable_by(better);
        Ok(found)
    }

    fn all_cosines(&self, queries: &[Vec<f32>]) -> Result<Vec<Vec<f32>>, NameError> {
        let cosines = self.cosines(queries)?;
        if (0..).zip(&self.ids).all(|(at, &id)| at == id) {
            return Ok(cosines);
        }
        let by_id = |cosines: Vec<f32>| {
            let of = |id| Some(cosines[*self.places.get(&id)?]);
            (0..cosines.len() as u32).filter_map(of).collect()
        };
        Ok(cosines.into_iter().map(by_id).collect())
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }
}

/// The vector at unit length; one of length zero stays so.
pub(crate) fn unit(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
    vector.iter().map(|x| x * scale).collect()
}

/// The sum of products, in lanes so that it compiles to vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> ExactVectors {
        let mut index = ExactVectors::new(2);
        index.add(&[7, 3, 5], &[1.0, 0.0, 0.0, 2.0, 3.0, 3.0]).unwrap();
        index
    }

    #[test]
    fn the_nearest_come_first_and_equals_by_id() {
        let found = index().nearest(&[5.0, 5.0], 3).unwrap();
        assert_eq!(found.iter().map(|found| found.0).collect::<Vec<_>>(), [5, 3, 7]);
        assert!((found[0].1 - 1.0).abs() < 1e-6);
        assert_eq!(index().nearest(&[1.0, 0.0], 1).unwrap(), [(7, 1.0)]);
        assert_eq!(index().nearest(&[1.0, 0.0], 0).unwrap(), []);
    }

    #[test]
    fn an_id_that_is_added_again_gets_the_new_vector() {
        let mut index = index();
        index.add(&[7], &[0.0, -1.0]).unwrap();
        assert_eq!(index.nearest(&[0.0, -3.0], 1).unwrap(), [(7, 1.0)]);
        assert_eq!(index.cosines(&[vec![0.0, 1.0]]).unwrap()[0][..2], [-1.0, 1.0]);
    }

    #[test]
    fn all_cosines_come_by_id_in_whatever_order_the_vectors_came() {
        let mut index = ExactVectors::new(2);
        index.add(&[2, 0, 1], &[1.0, 0.0, 0.0, 2.0, 0.0, -3.0]).unwrap();
        let found = index.all_cosines(&[vec![0.0, 1.0], vec![-2.0, 0.0]]).unwrap();
        assert_eq!(found, [[1.0, -1.0, 0.0], [0.0, 0.0, -1.0]]);
        assert!(index.all_cosines(&[]).unwrap().is_empty());
    }

    #[test]
    fn many_vectors_are_compared_as_one_by_one() {
        let number = |at: usize| ((at * 7919 + 13) % 101) as f32 / 50.0 - 1.0;
        let (dimensions, rows) = (19, 2 * BLOCK + 37);
        let mut index = ExactVectors::new(dimensions);
        let ids: Vec<u32> = (0..rows as u32).collect();
        index.add(&ids, &(0..rows * dimensions).map(number).collect::<Vec<f32>>()).unwrap();
        let query = |at: usize| (0..dimensions).map(|i| number(at + 31 * i)).collect::<Vec<f32>>();
        let queries: Vec<Vec<f32>> = (0..5).map(query).collect();
        let together = index.all_cosines(&queries).unwrap();
        assert_eq!(together[0].len(), rows);
        for (query, together) in queries.iter().zip(together) {
            let nearest = index.nearest(query, rows).unwrap();
            assert!(nearest.iter().all(|(id, cosine)| together[*id as usize] == *cosine));
            assert_eq!(nearest.len(), rows);
        }
    }

    #[test]
    fn vectors_that_do_not_fit_are_refused() {
        let mut index = index();
        assert!(matches!(index.add(&[1], &[1.0]), Err(NameError::Ids { ids: 1, vectors: 0 })));
        let wrong = index.nearest(&[1.0], 1);
        assert!(matches!(wrong, Err(NameError::Dimensions { expected: 2, found: 1 })));
    }
}
