//! How much nearer points lie to their own class than to the next (Rousseeuw 1987).

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::vectors::{Labelled, Vectors, squared_distance};

/// What far means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    /// 1 less the cosine. Exact for all points, in time N x classes.
    Cosine,
    /// The straight line. In time N x N, so that points are drawn from many.
    Euclidean,
}

/// How points are drawn where there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// How many are taken at most.
    pub most: usize,
    /// The seed of the draw.
    pub seed: u64,
}

impl Default for Sample {
    /// 5,000 points, seed 1.
    fn default() -> Self {
        Self { most: 5000, seed: 1 }
    }
}

impl Sample {
    /// The places of the drawn of `n` points, ascending.
    pub(crate) fn draw(&self, n: usize) -> Vec<usize> {
        if n <= self.most {
            return (0..n).collect();
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut all: Vec<usize> = (0..n).collect();
        let mut drawn = all.partial_shuffle(&mut rng, self.most).0.to_vec();
        drawn.sort_unstable();
        drawn
    }
}

/// The mean silhouette, -1..=1: for each point (b - a) / max(a, b), a its mean distance to the others of its class, b that
/// to the class that is nearest beside. A point alone in its class counts 0.
///
/// # Errors
/// Fewer than two classes, or as many as points; by cosine a vector of length zero.
pub fn silhouette(points: &Labelled<'_>, distance: Distance, sample: &Sample) -> Result<f64> {
    match distance {
        Distance::Cosine => cosine(points),
        Distance::Euclidean => euclidean(points, &sample.draw(points.labels().len())),
    }
}

/// Classes with their numbers of points, after a check that they can be compared.
fn sizes(labels: &[u32]) -> Result<Vec<usize>> {
    let mut sizes = vec![0; labels.iter().max().map_or(0, |&most| most as usize + 1)];
    for &label in labels {
        sizes[label as usize] += 1;
    }
    let classes = sizes.iter().filter(|&&size| size > 0).count();
    if classes < 2 || classes >= labels.len() {
        let expected = "at least 2 and fewer than points";
        return Err(Error::Setting { what: "classes", expected, got: classes.to_string() });
    }
    Ok(sizes)
}

/// One point's silhouette from the sums of its distances to all points of each class.
fn width(sums: &[f64], sizes: &[usize], own: usize) -> f64 {
    if sizes[own] == 1 {
        return 0.0;
    }
    let a = sums[own] / (sizes[own] - 1) as f64;
    let means = sums.iter().zip(sizes).enumerate().filter(|&(c, (_, &size))| c != own && size > 0);
    let b = means.map(|(_, (sum, &size))| sum / size as f64).fold(f64::INFINITY, f64::min);
    let most = a.max(b);
    if most > 0.0 { (b - a) / most } else { 0.0 }
}

/// By the sums of unit vectors of each class: the sum of cosines with a class is the product with its sum.
fn cosine(points: &Labelled<'_>) -> Result<f64> {
    let (sizes, dim) = (sizes(points.labels())?, points.vectors().dim());
    let units = units(points.vectors())?;
    let mut classes = vec![0.0; sizes.len() * dim]; // (K, D)
    for (unit, &label) in units.chunks_exact(dim).zip(points.labels()) {
        for (sum, value) in classes[label as usize * dim..].iter_mut().zip(unit) {
            *sum += value;
        }
    }
    let widths: Vec<f64> = units
        .par_chunks_exact(dim)
        .zip(points.labels())
        .map(|(unit, &label)| {
            let product = |class: &[f64]| class.iter().zip(unit).map(|(c, u)| c * u).sum::<f64>();
            // To the point itself the distance is 0, so its own class needs no exception.
            let sums: Vec<f64> = classes
                .chunks_exact(dim)
                .zip(&sizes)
                .map(|(class, &size)| (size as f64 - product(class)).max(0.0))
                .collect();
            width(&sums, &sizes, label as usize)
        })
        .collect();
    Ok(widths.iter().sum::<f64>() / widths.len() as f64)
}

fn units(vectors: Vectors<'_>) -> Result<Vec<f64>> {
    let mut units = Vec::with_capacity(vectors.values().len());
    for (row, vector) in vectors.rows().enumerate() {
        let length = vector.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        if length == 0.0 {
            return Err(Error::ZeroLength { id: format!("row {row}") });
        }
        units.extend(vector.iter().map(|&value| f64::from(value) / length));
    }
    Ok(units)
}

fn euclidean(points: &Labelled<'_>, drawn: &[usize]) -> Result<f64> {
    let labels: Vec<u32> = drawn.iter().map(|&point| points.labels()[point]).collect();
    let sizes = sizes(&labels)?;
    let vector = |point: usize| points.vectors().row(point);
    let widths: Vec<f64> = drawn
        .par_iter()
        .zip(&labels)
        .map(|(&point, &own)| {
            let mut sums = vec![0.0; sizes.len()];
            for (&other, &label) in drawn.iter().zip(&labels) {
                sums[label as usize] += squared_distance(vector(point), vector(other)).sqrt();
            }
            width(&sums, &sizes, own as usize)
        })
        .collect();
    Ok(widths.iter().sum::<f64>() / widths.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_class_cannot_be_compared() {
        let data = [1.0, 0.0, 0.0, 1.0];
        let vectors = Vectors::new(2, &data).unwrap();
        for labels in [[3, 3], [0, 1]] {
            let points = Labelled::new(vectors, &labels).unwrap();
            assert!(silhouette(&points, Distance::Cosine, &Sample::default()).is_err());
        }
    }

    #[test]
    fn a_sample_is_of_distinct_points_and_seeded() {
        let sample = Sample { most: 11, seed: 5 };
        let drawn = sample.draw(29);
        assert_eq!(drawn, sample.draw(29));
        assert!(drawn.len() == 11 && drawn.windows(2).all(|pair| pair[0] < pair[1]));
        assert_ne!(drawn, Sample { seed: 6, ..sample }.draw(29));
    }
}
