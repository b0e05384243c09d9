//! The greatest eigenvalues of a symmetric matrix, by subspace iteration; small ones by Jacobi's rotations.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::lbfgs::dot;

/// Columns carried along beside those asked for: the more, the faster the asked ones settle.
const SPARE: usize = 8;
/// When eigenvalues count as settled: their greatest change as a share of the first.
const SETTLED: f64 = 1e-13;
/// How many rounds at most.
const ROUNDS: usize = 1000;

/// Eigenvalues, descending, and a unit vector for each.
pub(crate) type Pairs = Vec<(f64, Vec<f64>)>;

/// The `k` greatest eigenvalues of a symmetric, positive semidefinite matrix (D, D), with their vectors.
pub(crate) fn greatest(matrix: &[f64], dim: usize, k: usize) -> Pairs {
    let times = |basis: &[Vec<f64>]| basis.iter().map(|column| image(matrix, column)).collect();
    within(dim, k, ROUNDS, times)
}

/// The same after so many rounds at most, settled or not, of a matrix that is known by what it makes of vectors.
pub(crate) fn within(
    dim: usize,
    k: usize,
    rounds: usize,
    times: impl Fn(&[Vec<f64>]) -> Vec<Vec<f64>>,
) -> Pairs {
    let width = (k + SPARE).min(dim);
    let mut basis = first_basis(dim, width);
    let (mut pairs, mut images) = ritz(&basis, &times(&basis));
    if width < dim {
        for _ in 0..rounds {
            basis = images;
            orthonormalise(&mut basis);
            let (next, turned) = ritz(&basis, &times(&basis));
            let change = next.iter().zip(&pairs).take(k).map(|(a, b)| (a.0 - b.0).abs());
            let settled = change.fold(0.0, f64::max) <= SETTLED * next[0].0.abs();
            (pairs, images) = (next, turned);
            if settled {
                break;
            }
        }
    }
    pairs.truncate(k);
    pairs
}

/// All directions if there are no more than `width`, else random ones.
fn first_basis(dim: usize, width: usize) -> Vec<Vec<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let unit = |at: usize| (0..dim).map(|d| f64::from(u8::from(d == at))).collect();
    let mut random = |_| (0..dim).map(|_| rng.random_range(-1.0..1.0)).collect();
    let mut basis: Vec<Vec<f64>> = if width == dim {
        (0..dim).map(unit).collect()
    } else {
        (0..width).map(&mut random).collect()
    };
    orthonormalise(&mut basis);
    basis
}

fn image(matrix: &[f64], vector: &[f64]) -> Vec<f64> {
    matrix.chunks_exact(vector.len()).map(|row| dot(row, vector)).collect()
}

/// Gram and Schmidt, twice over: once leaves rounding behind where columns are nearly parallel.
fn orthonormalise(basis: &mut [Vec<f64>]) {
    for at in 0..basis.len() {
        let (before, rest) = basis.split_at_mut(at);
        let column = &mut rest[0];
        for _ in 0..2 {
            for other in before.iter() {
                let share = dot(other, column);
                column.iter_mut().zip(other).for_each(|(c, o)| *c -= share * o);
            }
        }
        let length = dot(column, column).sqrt();
        // A direction that the matrix wipes out stays zero: its eigenvalue is zero too.
        let by = if length > f64::MIN_POSITIVE { 1.0 / length } else { 0.0 };
        column.iter_mut().for_each(|c| *c *= by);
    }
}

/// The best eigenvectors within the span of an orthonormal basis, of which the matrix makes `images` (Rayleigh and Ritz);
/// and what it makes of them.
fn ritz(basis: &[Vec<f64>], images: &[Vec<f64>]) -> (Pairs, Vec<Vec<f64>>) {
    let width = basis.len();
    let small: Vec<f64> =
        basis.iter().flat_map(|column| images.iter().map(|image| dot(column, image))).collect();
    let (values, rotation) = jacobi(small, width);
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let turned = |vectors: &[Vec<f64>], column: usize| {
        let mut sum = vec![0.0; vectors[0].len()];
        for (row, vector) in vectors.iter().enumerate() {
            let share = rotation[row * width + column];
            sum.iter_mut().zip(vector).for_each(|(sum, v)| *sum += share * v);
        }
        sum
    };
    let pair = |&column: &usize| (values[column], turned(basis, column));
    (order.iter().map(pair).collect(), order.iter().map(|&c| turned(images, c)).collect())
}

/// All eigenvalues of a symmetric matrix (W, W) and, in the columns of another, their vectors.
fn jacobi(mut a: Vec<f64>, width: usize) -> (Vec<f64>, Vec<f64>) {
    let mut vectors: Vec<f64> =
        (0..width * width).map(|i| f64::from(u8::from(i / width == i % width))).collect();
    let scale: f64 = a.iter().map(|value| value * value).sum();
    for _ in 0..60 {
        let off = |i: &usize| i / width != i % width;
        let rest: f64 = (0..width * width).filter(off).map(|i| a[i] * a[i]).sum();
        if rest <= 1e-30 * scale {
            break;
        }
        for p in 0..width {
            for q in p + 1..width {
                rotate((&mut a, &mut vectors), width, (p, q));
            }
        }
    }
    ((0..width).map(|i| a[i * width + i]).collect(), vectors)
}

/// Turns axes p and q so that their common element vanishes.
fn rotate((a, vectors): (&mut [f64], &mut [f64]), width: usize, (p, q): (usize, usize)) {
    let common = a[p * width + q];
    if common == 0.0 {
        return;
    }
    let half = (a[q * width + q] - a[p * width + p]) / (2.0 * common);
    let tangent = half.signum() / (half.abs() + half.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    let turn = |x: &mut [f64], i: usize, j: usize| {
        (x[i], x[j]) = (cosine * x[i] - sine * x[j], sine * x[i] + cosine * x[j]);
    };
    for k in 0..width {
        turn(a, k * width + p, k * width + q);
    }
    for k in 0..width {
        turn(a, p * width + k, q * width + k);
        turn(vectors, k * width + p, k * width + q);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_stretched_by_their_eigenvalues() {
        for dim in [1, 5, 31] {
            let factor: Vec<f64> =
                (0..dim * dim).map(|i| ((i * 7919 + 31) % 1009) as f64 / 500.0 - 1.0).collect();
            let matrix: Vec<f64> = (0..dim * dim)
                .map(|i| {
                    let row = |r: usize| &factor[r * dim..(r + 1) * dim];
                    dot(row(i / dim), row(i % dim))
                })
                .collect();
            let pairs = greatest(&matrix, dim, 3.min(dim));
            for (value, vector) in &pairs {
                assert!((dot(vector, vector) - 1.0).abs() < 1e-10);
                for (image, v) in image(&matrix, vector).iter().zip(vector) {
                    assert!((image - value * v).abs() < 1e-4 * pairs[0].0, "{image} {v}");
                }
            }
            assert!(pairs.windows(2).all(|two| two[0].0 >= two[1].0));
        }
    }

    #[test]
    fn a_matrix_of_zeros_has_only_zero() {
        assert!(greatest(&[0.0; 400], 20, 2).iter().all(|(value, _)| *value == 0.0));
    }
}
