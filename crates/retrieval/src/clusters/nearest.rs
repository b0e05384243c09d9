//! Classes guessed from those of the nearest neighbours.

use crate::error::Result;
use crate::neighbours::Neighbours;
use crate::vectors::{Labelled, Vectors};

use super::guess::commonest;

/// Guesses each vector's class from its `k` nearest others.
///
/// The commonest class among them wins, the lowest number of several: number classes by how common they are.
///
/// # Errors
/// When k is 0 or there are not k others.
pub fn leave_one_out(points: &Labelled<'_>, k: usize) -> Result<Vec<u32>> {
    Ok(votes(&Neighbours::within(points.vectors(), k)?, points))
}

/// Guesses the class of each of `queries` from the `k` nearest known points, as [`leave_one_out`] does.
///
/// # Errors
/// Different dimensions, k of 0, or fewer than k known points.
pub fn by_neighbours(known: &Labelled<'_>, queries: Vectors<'_>, k: usize) -> Result<Vec<u32>> {
    Ok(votes(&Neighbours::among(queries, known.vectors(), k)?, known))
}

fn votes(neighbours: &Neighbours, known: &Labelled<'_>) -> Vec<u32> {
    let mut counts = vec![0; known.classes()];
    let vote = |row| {
        counts.fill(0);
        for &neighbour in neighbours.of(row) {
            counts[known.labels()[neighbour as usize] as usize] += 1;
        }
        commonest(&counts)
    };
    (0..neighbours.len()).map(vote).collect()
}
