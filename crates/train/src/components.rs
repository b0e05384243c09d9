//! The leading components of what is pooled of the training melodies.

use model::MelodyTower;
use retrieval::Vectors;
use retrieval::maps::Pca;

use crate::data::Example;
use crate::foundation::Seen;
use crate::{Error, TransferConfig};

/// Has a tower read the components of what its language model makes of the training works, where it is to.
///
/// # Errors
/// When the works are too few for so many components.
pub(crate) fn fit(
    transfer: Option<&TransferConfig>,
    (train, seen): (&[Example], &Seen),
    tower: &mut MelodyTower,
) -> Result<(), Error> {
    let count = transfer.map_or(0, |transfer| transfer.components);
    if count == 0 {
        return Ok(());
    }
    let means = means(train, seen);
    let (weight, bias): (Vec<Vec<f32>>, Vec<f32>) =
        whiten(&means, means.len() / train.len().max(1), (count, 1.0))?.into_iter().unzip();
    Ok(tower.set_components(weight.concat(), bias)?)
}

/// The mean over each work's settings of what is pooled, (N, width).
pub(crate) fn means(works: &[Example], seen: &Seen) -> Vec<f32> {
    let works = works.iter().zip(seen.pooled.iter().flatten());
    works.flat_map(|(work, own)| mean(own, work.settings.len())).collect()
}

/// The mean of `count` vectors that lie one after the other.
pub(crate) fn mean(vectors: &[f32], count: usize) -> Vec<f32> {
    let width = vectors.len() / count;
    let mut mean = vec![0.0; width];
    for vector in vectors.chunks_exact(width) {
        mean.iter_mut().zip(vector).for_each(|(mean, x)| *mean += x / count as f32);
    }
    mean
}

/// The leading principal components of standardised vectors, (N, width), each scaled to a deviation of `weight`, as
/// products with the vectors themselves and what is added to them.
pub(crate) fn whiten(
    vectors: &[f32],
    width: usize,
    (count, weight): (usize, f32),
) -> Result<Vec<(Vec<f32>, f32)>, Error> {
    let n = vectors.len() / width.max(1);
    let mut sums = vec![(0.0_f64, 0.0_f64); width];
    for row in vectors.chunks_exact(width) {
        for ((sum, square), &x) in sums.iter_mut().zip(row) {
            *sum += f64::from(x);
            *square += f64::from(x).powi(2);
        }
    }
    let moments: Vec<(f32, f32)> = sums
        .iter()
        .map(|(sum, square)| {
            let mean = sum / n as f64;
            let deviation = (square / n as f64 - mean * mean).max(0.0).sqrt();
            (mean as f32, deviation as f32 + 1e-4)
        })
        .collect();
    let standard: Vec<f32> = vectors
        .chunks_exact(width)
        .flat_map(|row| {
            row.iter().zip(&moments).map(|(x, (mean, deviation))| (x - mean) / deviation)
        })
        .collect();
    let pca = Pca::fit(Vectors::new(width, &standard)?, count)?;
    let scaled = pca.components().iter().zip(pca.variances()).map(|(component, variance)| {
        let scale = weight / variance.max(1e-12).sqrt() as f32;
        let product: Vec<f32> =
            component.iter().zip(&moments).map(|(&c, (_, d))| c as f32 * scale / d).collect();
        let bias = -product.iter().zip(&moments).map(|(c, (mean, _))| c * mean).sum::<f32>();
        (product, bias)
    });
    Ok(scaled.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitened_components_have_unit_variance_and_nothing_in_common() {
        let n = 40;
        let vectors: Vec<f32> = (0..n)
            .flat_map(|i| {
                let (a, b, c) = ((i as f32).sin(), (i as f32 * 1.7).cos(), (i % 7) as f32);
                [a, 3.0 * a + b, c, b - 2.0 * c]
            })
            .collect();
        let components = whiten(&vectors, 4, (3, 2.0)).unwrap();
        let values: Vec<Vec<f32>> = components
            .iter()
            .map(|(product, bias)| {
                let value =
                    |row: &[f32]| bias + row.iter().zip(product).map(|(x, p)| x * p).sum::<f32>();
                vectors.chunks_exact(4).map(value).collect()
            })
            .collect();
        for (i, a) in values.iter().enumerate() {
            assert!(a.iter().sum::<f32>().abs() < 1e-3);
            for (j, b) in values.iter().enumerate() {
                let product = a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>() / (n - 1) as f32;
                let expected = if i == j { 4.0 } else { 0.0 };
                assert!((product - expected).abs() < 0.02, "{i} {j}: {product}");
            }
        }
    }
}
