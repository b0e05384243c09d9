//! Clusters around means (Lloyd 1982), started by k-means++ (Arthur and Vassilvitskii 2007).

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::neighbours::Distances;
use crate::vectors::{Vectors, squared_distance};

/// Points whose nearest means are sought together.
const BLOCK: usize = 64;

/// How clusters are sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kmeans {
    /// How many clusters there shall be.
    pub clusters: usize,
    /// How many times it is started anew; the tightest clusters are kept.
    pub restarts: usize,
    /// How many rounds each start has at most.
    pub rounds: usize,
    /// The seed of the starts.
    pub seed: u64,
}

impl Kmeans {
    /// So many clusters, 10 starts of up to 300 rounds, seed 1.
    pub fn new(clusters: usize) -> Self {
        Self { clusters, restarts: 10, rounds: 300, seed: 1 }
    }
}

/// Points divided into clusters.
#[derive(Debug, Clone, PartialEq)]
pub struct Clustering {
    /// The cluster of each point, from 0: (N,).
    pub labels: Vec<u32>,
    /// The means: (K, D).
    pub centres: Vec<f32>,
    /// The sum of squared distances of the points to their means.
    pub inertia: f64,
}

/// Divides `vectors` into clusters; the same for one seed, whatever the number of threads.
///
/// # Errors
/// No cluster, no start, or fewer points than clusters.
pub fn kmeans(vectors: Vectors<'_>, how: &Kmeans) -> Result<Clustering> {
    if how.clusters == 0 || how.restarts == 0 {
        let got = format!("{} clusters, {} starts", how.clusters, how.restarts);
        return Err(Error::Setting { what: "k-means", expected: "at least 1 of each", got });
    }
    vectors.check_at_least(how.clusters, "at least as many as clusters")?;
    // Around zero, distances lose least by rounding.
    let mean = vectors.mean();
    let centred = vectors.less(&mean);
    let points = Vectors::new(vectors.dim(), &centred)?;
    let mut best = start(points, how, 0);
    for restart in 1..how.restarts {
        let tried = start(points, how, restart as u64);
        if tried.inertia < best.inertia {
            best = tried;
        }
    }
    for centre in best.centres.chunks_exact_mut(vectors.dim()) {
        centre.iter_mut().zip(&mean).for_each(|(c, mean)| *c = (f64::from(*c) + mean) as f32);
    }
    Ok(best)
}

/// One start and the rounds until no point moves.
fn start(points: Vectors<'_>, how: &Kmeans, restart: u64) -> Clustering {
    let mut rng = ChaCha8Rng::seed_from_u64(how.seed);
    rng.set_stream(restart);
    let mut centres = spread(points, how.clusters, &mut rng);
    let mut labels = assign(points, &centres);
    for _ in 0..how.rounds {
        centres = means(points, &labels, how.clusters);
        let moved = assign(points, &centres);
        if moved == labels {
            break;
        }
        labels = moved;
    }
    let of = |(point, &label): (&[f32], &u32)| {
        squared_distance(point, &centres[label as usize * points.dim()..][..points.dim()])
    };
    let inertia = points.rows().zip(&labels).map(of).sum();
    Clustering { labels, centres, inertia }
}

/// First means far apart: each is a point, drawn in proportion to its squared distance to those before.
fn spread(points: Vectors<'_>, clusters: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut centres = points.row(rng.random_range(0..points.len())).to_vec();
    let mut nearest = vec![f64::INFINITY; points.len()];
    for _ in 1..clusters {
        let last = &centres[centres.len() - points.dim()..];
        for (least, point) in nearest.iter_mut().zip(points.rows()) {
            *least = least.min(squared_distance(point, last));
        }
        let mut left = rng.random_range(0.0..1.0) * nearest.iter().sum::<f64>();
        let drawn = nearest.iter().position(|distance| {
            left -= distance;
            left < 0.0
        });
        let drawn = drawn.unwrap_or_else(|| farthest(&nearest));
        centres.extend_from_slice(points.row(drawn));
    }
    centres
}

/// The nearest mean of each point, the first of several.
fn assign(points: Vectors<'_>, centres: &[f32]) -> Vec<u32> {
    let dim = points.dim();
    let (distances, clusters) = (Distances::new(centres, dim), centres.len() / dim);
    let nearest = |row: &[f32]| {
        let least = row.iter().copied().fold(f32::INFINITY, f32::min);
        row.iter().position(|&distance| distance == least).unwrap_or_default() as u32
    };
    points
        .values()
        .par_chunks(BLOCK * dim)
        .flat_map_iter(|part| {
            let rows = distances.of(part, dim);
            rows.chunks_exact(clusters).map(nearest).collect::<Vec<u32>>()
        })
        .collect()
}

/// The means of the clusters; an empty one gets the point that is farthest from its own mean.
fn means(points: Vectors<'_>, labels: &[u32], clusters: usize) -> Vec<f32> {
    let dim = points.dim();
    let (mut sums, mut sizes) = (vec![0.0f64; clusters * dim], vec![0usize; clusters]);
    for (point, &label) in points.rows().zip(labels) {
        sizes[label as usize] += 1;
        for (sum, &value) in sums[label as usize * dim..].iter_mut().zip(point) {
            *sum += f64::from(value);
        }
    }
    let mut centres: Vec<f32> = sums
        .chunks_exact(dim)
        .zip(&sizes)
        .flat_map(|(sum, &size)| sum.iter().map(move |s| (s / size.max(1) as f64) as f32))
        .collect();
    if sizes.contains(&0) {
        fill_empty(points, (labels, &sizes), &mut centres);
    }
    centres
}

fn fill_empty(points: Vectors<'_>, (labels, sizes): (&[u32], &[usize]), centres: &mut [f32]) {
    let dim = points.dim();
    let own = |label: u32| label as usize * dim..(label as usize + 1) * dim;
    let pairs = points.rows().zip(labels);
    let mut distances: Vec<f64> =
        pairs.map(|(point, &label)| squared_distance(point, &centres[own(label)])).collect();
    for empty in (0..sizes.len()).filter(|&cluster| sizes[cluster] == 0) {
        let taken = farthest(&distances);
        distances[taken] = 0.0;
        centres[empty * dim..(empty + 1) * dim].copy_from_slice(points.row(taken));
    }
}

/// The place of the greatest distance, the first of several.
fn farthest(distances: &[f64]) -> usize {
    let most = distances.iter().copied().fold(0.0, f64::max);
    distances.iter().position(|&distance| distance == most).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_points_and_more_clusters_than_places_are_no_trouble() {
        let data = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 5.0, 5.0];
        let found = kmeans(Vectors::new(2, &data).unwrap(), &Kmeans::new(3)).unwrap();
        assert_eq!(found.inertia, 0.0);
        assert_eq!(found.labels[0], found.labels[2]);
        assert_ne!(found.labels[0], found.labels[3]);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let vectors = Vectors::new(1, &[1.0, 2.0]).unwrap();
        assert!(kmeans(vectors, &Kmeans::new(0)).is_err());
        assert!(kmeans(vectors, &Kmeans::new(3)).is_err());
        assert!(kmeans(vectors, &Kmeans { restarts: 0, ..Kmeans::new(1) }).is_err());
    }
}
