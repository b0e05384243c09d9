//! How much of the order among vectors a map keeps.

use rayon::prelude::*;

use super::Place;
use crate::clusters::Sample;
use crate::error::{Error, Result, check_length};
use crate::neighbours::{Distances, Neighbours};
use crate::vectors::Vectors;

/// The share of each vector's `k` nearest that are among the `k` nearest of its place on the map: the mean, 0..=1.
///
/// # Errors
/// Another number of places than of vectors, or k out of range.
pub fn neighbours_kept(vectors: Vectors<'_>, map: &[Place], k: usize) -> Result<f64> {
    check_length("places of the map", vectors.len(), map.len())?;
    let high = Neighbours::within(vectors, k)?;
    let low = Neighbours::within(Vectors::new(2, map.as_flattened())?, k)?;
    let kept = |row: usize| high.of(row).iter().filter(|id| low.of(row).contains(id)).count();
    let all: usize = (0..map.len()).map(kept).sum();
    Ok(all as f64 / (k * map.len()) as f64)
}

/// Trustworthiness (Venna and Kaski 2001), 0..=1: 1 less what the neighbours on the map cost that are none among the
/// vectors, each by how far down it stands there. Points are drawn from more than `sample.most`; their neighbours and ranks
/// are among all.
///
/// # Errors
/// Another number of places than of vectors; k of 0, or not below half the number of vectors.
pub fn trustworthiness(
    vectors: Vectors<'_>,
    map: &[Place],
    k: usize,
    sample: &Sample,
) -> Result<f64> {
    let n = vectors.len();
    check_length("places of the map", n, map.len())?;
    if 2 * k >= n {
        let expected = "below half the number of vectors";
        return Err(Error::Setting { what: "neighbours", expected, got: k.to_string() });
    }
    let drawn = sample.draw(n);
    let low = Neighbours::within(Vectors::new(2, map.as_flattened())?, k)?;
    let centred = vectors.less(&vectors.mean());
    let distances = Distances::new(&centred, vectors.dim());
    let costs: Vec<usize> = drawn
        .par_iter()
        .map(|&row| {
            let query = &centred[row * vectors.dim()..(row + 1) * vectors.dim()];
            let row_of = distances.of(query, vectors.dim());
            let cost = |&id: &u32| rank(&row_of, row, id as usize).saturating_sub(k);
            low.of(row).iter().map(cost).sum()
        })
        .collect();
    let cost: usize = costs.iter().sum();
    let (n, k, points) = (n as f64, k as f64, drawn.len() as f64);
    Ok(1.0 - 2.0 / (points * k * (2.0 * n - 3.0 * k - 1.0)) * cost as f64)
}

/// The rank of `id` among the others of `row`, from 1; equally far ones do not push it down.
fn rank(distances: &[f32], row: usize, id: usize) -> usize {
    let nearer = |&(other, &distance): &(usize, &f32)| other != row && distance < distances[id];
    1 + distances.iter().enumerate().filter(nearer).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_that_is_the_vectors_themselves_keeps_all() {
        let map: Vec<Place> =
            (0..31).map(|i| [(i * 17 % 31) as f32, (i * i % 29) as f32 * 1.1]).collect();
        let vectors = Vectors::new(2, map.as_flattened()).unwrap();
        assert_eq!(neighbours_kept(vectors, &map, 5).unwrap(), 1.0);
        assert_eq!(trustworthiness(vectors, &map, 5, &Sample::default()).unwrap(), 1.0);
        assert!(trustworthiness(vectors, &map, 16, &Sample::default()).is_err());
        let shuffled: Vec<Place> = (0..31).map(|i| map[i * 12 % 31]).collect();
        assert!(trustworthiness(vectors, &shuffled, 5, &Sample::default()).unwrap() < 0.7);
    }
}
