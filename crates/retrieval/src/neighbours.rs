//! Exact nearest neighbours by Euclidean distance, the same whatever the number of threads.
//!
//! For vectors of unit length the order is that of the cosine.

use rayon::prelude::*;

use crate::dot::{Panels, dot};
use crate::error::{Error, Result};
use crate::vectors::{Vectors, squared_distance};

/// Vectors whose distances are taken together.
const BLOCK: usize = 32;
/// How many more candidates than asked for are measured exactly: their first distances are rounded.
const SPARE: usize = 8;

/// The K nearest of each vector, nearest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    k: usize,
    ids: Vec<u32>,
    distances: Vec<f32>,
}

impl Neighbours {
    /// The `k` nearest others of each vector.
    ///
    /// Neighbours equally far come in an order that looks random, for each vector another and always the same: many equal
    /// vectors shall not all have the same few neighbours, nor be strung up in a ring.
    ///
    /// # Errors
    /// When k is 0 or there are not k others.
    pub fn within(vectors: Vectors<'_>, k: usize) -> Result<Self> {
        let own = |row: usize| Some(row);
        search((vectors, vectors), k, own)
    }

    /// The `k` of `vectors` that are nearest to each of `queries`; of those equally far the first come first.
    ///
    /// # Errors
    /// Different dimensions, k of 0, or fewer than k vectors.
    pub fn among(queries: Vectors<'_>, vectors: Vectors<'_>, k: usize) -> Result<Self> {
        if queries.dim() != vectors.dim() {
            return Err(Error::Dimension { queries: queries.dim(), candidates: vectors.dim() });
        }
        search((queries, vectors), k, |_| None)
    }

    /// How many neighbours each has.
    pub fn k(&self) -> usize {
        self.k
    }

    /// How many vectors have neighbours.
    pub fn len(&self) -> usize {
        self.ids.len() / self.k
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The neighbours of one vector by their places in the list, nearest first: (K,).
    ///
    /// # Panics
    /// If there is no such vector.
    pub fn of(&self, row: usize) -> &[u32] {
        &self.ids[row * self.k..(row + 1) * self.k]
    }

    /// How far they are, in the same order: (K,).
    ///
    /// # Panics
    /// If there is no such vector.
    pub fn distances(&self, row: usize) -> &[f32] {
        &self.distances[row * self.k..(row + 1) * self.k]
    }
}

/// Squared distances of blocks of queries to all of some vectors, less what is the same for all vectors of a query.
pub(crate) struct Distances {
    panels: Panels,
    /// Squared lengths of the vectors: (N,).
    lengths: Vec<f32>,
}

impl Distances {
    /// Takes `vectors`: (N, D); those around zero lose least by rounding.
    pub(crate) fn new(vectors: &[f32], dim: usize) -> Self {
        let lengths = vectors.chunks_exact(dim).map(|v| dot(v, v)).collect();
        Self { panels: Panels::new(vectors, dim), lengths }
    }

    /// |v|² - 2 q·v for each query (B, D) and vector: (B, N).
    pub(crate) fn of(&self, queries: &[f32], dim: usize) -> Vec<f32> {
        let n = self.lengths.len();
        let mut rows = vec![0.0; queries.len() / dim * n];
        self.panels.products(queries, &mut rows);
        for row in rows.chunks_exact_mut(n.max(1)) {
            for (product, length) in row.iter_mut().zip(&self.lengths) {
                *product = length - 2.0 * *product;
            }
        }
        rows
    }
}

/// Neighbours of all `queries`; `own` is the place of a query itself in the list, if it is there.
fn search(
    (queries, vectors): (Vectors<'_>, Vectors<'_>),
    k: usize,
    own: impl Fn(usize) -> Option<usize> + Sync,
) -> Result<Neighbours> {
    let others = vectors.len() - usize::from(own(0).is_some() && !vectors.is_empty());
    if k == 0 || k > others {
        let expected = "at least 1 and no more than there are other vectors";
        return Err(Error::Setting { what: "neighbours", expected, got: k.to_string() });
    }
    let (dim, mean) = (vectors.dim(), vectors.mean());
    let distances = Distances::new(&vectors.less(&mean), dim);
    let queries_centred = queries.less(&mean);
    let found: Vec<(u32, f32)> = queries_centred
        .par_chunks(BLOCK * dim)
        .enumerate()
        .flat_map_iter(|(block, part)| {
            let rows = distances.of(part, dim);
            let nearest = |(row, distances): (usize, &[f32])| {
                let query = block * BLOCK + row;
                let rough = roughly_nearest(distances, k + SPARE, own(query));
                exactly_nearest((queries.row(query), vectors), rough, k)
            };
            rows.chunks_exact(vectors.len()).enumerate().flat_map(nearest).collect::<Vec<_>>()
        })
        .collect();
    let (ids, distances) = found.into_iter().unzip();
    Ok(Neighbours { k, ids, distances })
}

/// The places of the `count` least distances, with the order in which equal ones come.
fn roughly_nearest(distances: &[f32], count: usize, own: Option<usize>) -> Vec<(u32, u32)> {
    let n = distances.len();
    let order = |place: usize| own.map_or(place as u32, |own| mixed(own as u32, place as u32));
    let mut all: Vec<(f32, u32, u32)> = (0..n)
        .filter(|&place| Some(place) != own)
        .map(|place| (distances[place], order(place), place as u32))
        .collect();
    if count < all.len() {
        all.select_nth_unstable_by(count - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        all.truncate(count);
    }
    all.into_iter().map(|(_, order, place)| (order, place)).collect()
}

/// A number that looks random, from two; for one `own` all places have different ones.
fn mixed(own: u32, place: u32) -> u32 {
    let mut x = place ^ own.wrapping_mul(0x9e37_79b9);
    // The finaliser of MurmurHash3, which maps no two numbers to one.
    x = (x ^ x >> 16).wrapping_mul(0x85eb_ca6b);
    x = (x ^ x >> 13).wrapping_mul(0xc2b2_ae35);
    x ^ x >> 16
}

/// The `k` nearest of some candidates (order, place), by distances in full precision.
fn exactly_nearest(
    (query, vectors): (&[f32], Vectors<'_>),
    candidates: Vec<(u32, u32)>,
    k: usize,
) -> Vec<(u32, f32)> {
    let exact = |(order, place): (u32, u32)| {
        (squared_distance(query, vectors.row(place as usize)), order, place)
    };
    let mut all: Vec<(f64, u32, u32)> = candidates.into_iter().map(exact).collect();
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all.into_iter().take(k).map(|(square, _, place)| (place, square.sqrt() as f32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + 31) % 1009) as f32 / 97.0 - 5.0).collect()
    }

    #[test]
    fn neighbours_are_those_of_brute_force() {
        let (data, queries) = (values(113 * 7), values(11 * 7));
        let vectors = Vectors::new(7, &data).unwrap();
        let found = Neighbours::within(vectors, 5).unwrap();
        for row in 0..113 {
            let mut all: Vec<usize> = (0..113).filter(|&other| other != row).collect();
            let distance = |&o: &usize| squared_distance(vectors.row(row), vectors.row(o));
            let turn = |&o: &usize| mixed(row as u32, o as u32);
            let order = |a: &usize, b: &usize| {
                distance(a).total_cmp(&distance(b)).then(turn(a).cmp(&turn(b)))
            };
            all.sort_by(order);
            let got: Vec<usize> = found.of(row).iter().map(|&id| id as usize).collect();
            assert_eq!(got, all[..5], "row {row}");
            assert!((f64::from(found.distances(row)[4]) - distance(&all[4]).sqrt()).abs() < 1e-4);
        }
        let queries = Vectors::new(7, &queries).unwrap();
        assert_eq!(Neighbours::among(queries, vectors, 1).unwrap().of(3), [3]);
    }

    #[test]
    fn equal_vectors_do_not_all_have_the_same_neighbours() {
        let data = [1.0; 2 * 101];
        let found = Neighbours::within(Vectors::new(2, &data).unwrap(), 3).unwrap();
        let mut seen: Vec<u32> = (0..101).flat_map(|row| found.of(row)).copied().collect();
        assert!((0..101).all(|row| !found.of(row).contains(&(row as u32))));
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() > 80, "{}", seen.len());
    }

    #[test]
    fn more_neighbours_than_there_are_others_are_refused() {
        let data = values(10);
        let vectors = Vectors::new(2, &data).unwrap();
        assert!(Neighbours::within(vectors, 5).is_err());
        assert!(Neighbours::within(vectors, 0).is_err());
        assert!(Neighbours::among(vectors, vectors, 5).is_ok());
    }
}
