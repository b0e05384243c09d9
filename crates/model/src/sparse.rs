//! Matrices of which few entries are not zero, and the directions in which their rows vary most.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::Error;

/// Rounds of orthogonal iteration.
const ROUNDS: usize = 6;

/// Rows that one task sums products of; the sums are added in the order of the tasks.
const TASK: usize = 1024;

/// Sparse rows, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseRows {
    /// The columns of all rows' entries.
    pub columns: Vec<u32>,
    /// Their values.
    pub values: Vec<f32>,
    /// Where the entries of each row end, (N).
    pub ends: Vec<usize>,
}

impl SparseRows {
    /// Adds a row.
    pub fn push(&mut self, entries: impl IntoIterator<Item = (u32, f32)>) {
        for (column, value) in entries {
            self.columns.push(column);
            self.values.push(value);
        }
        self.ends.push(self.columns.len());
    }

    /// N.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The entries of a row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (u32, f32)> {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        let own = start..self.ends[row];
        self.columns[own.clone()].iter().copied().zip(self.values[own].iter().copied())
    }

    /// Of each of `count` columns, how many rows have it.
    pub fn having(&self, count: usize) -> Vec<u32> {
        let (mut having, mut last) = (vec![0; count], vec![usize::MAX; count]);
        for row in 0..self.len() {
            for (column, _) in self.row(row) {
                let column = column as usize;
                if last[column] != row {
                    (having[column], last[column]) = (having[column] + 1, row);
                }
            }
        }
        having
    }

    /// What each of `count` columns counts for: one more than the logarithm of how few rows have it, and 0 where none has.
    pub fn rarities(&self, count: usize) -> Vec<f32> {
        let all = 1.0 + self.len() as f32;
        let rarity = |having| match having {
            0 => 0.0,
            _ => (all / (1.0 + having as f32)).ln() + 1.0,
        };
        self.having(count).into_iter().map(rarity).collect()
    }

    /// Multiplies each column by its factor and brings every row to unit length; a row without a length stays as it is.
    pub fn weigh(&mut self, factors: &[f32]) {
        let mut start = 0;
        for &end in &self.ends {
            let own = &mut self.values[start..end];
            for (value, &column) in own.iter_mut().zip(&self.columns[start..end]) {
                *value *= factors[column as usize];
            }
            let length = own.iter().map(|value| value * value).sum::<f32>().sqrt();
            if length > 0.0 {
                own.iter_mut().for_each(|value| *value /= length);
            }
            start = end;
        }
    }

    /// The `count` columns as rows.
    pub fn turned(&self, count: usize) -> Self {
        let mut places = vec![0; count + 1];
        self.columns.iter().for_each(|&column| places[column as usize + 1] += 1);
        for column in 0..count {
            places[column + 1] += places[column];
        }
        let mut turned = Self {
            columns: vec![0; self.columns.len()],
            values: vec![0.0; self.values.len()],
            ends: places[1..].to_vec(),
        };
        for row in 0..self.len() {
            for (column, value) in self.row(row) {
                let place = &mut places[column as usize];
                (turned.columns[*place], turned.values[*place]) = (row as u32, value);
                *place += 1;
            }
        }
        turned
    }

    /// These rows times a dense matrix, (columns, K): (N, K).
    pub fn times(&self, dense: &[f32], k: usize) -> Vec<f32> {
        let mut out = vec![0.0; self.len() * k];
        self.add_times((dense, k), &mut out);
        out
    }

    /// Adds that product to `out`, (N, K).
    pub(crate) fn add_times(&self, (dense, k): (&[f32], usize), out: &mut [f32]) {
        out.par_chunks_exact_mut(k).enumerate().for_each(|(row, sums)| {
            for (column, value) in self.row(row) {
                let other = &dense[column as usize * k..][..k];
                sums.iter_mut().zip(other).for_each(|(sum, other)| *sum += value * other);
            }
        });
    }

    /// The `k` directions among `count` columns in which the rows are longest, as the columns of an orthonormal matrix,
    /// (columns, K), in no order: by orthogonal iteration from a random start.
    ///
    /// # Errors
    /// When the rows do not span so many directions.
    pub fn directions(&self, (count, k): (usize, usize), seed: u64) -> Result<Vec<f32>, Error> {
        let columns = self.turned(count);
        let mut basis = random(count * k, seed);
        for _ in 0..ROUNDS {
            basis = columns.times(&self.times(&orthonormal(&basis, k)?, k), k);
        }
        orthonormal(&basis, k)
    }

    /// An affine map from a row to `k` whitened components: the table (columns, K) that a row is multiplied by, and the
    /// bias (K). Over these rows the components have mean 0, variance 1 and nothing in common, and span
    /// the space in which the rows vary most; that space is found by orthogonal iteration.
    ///
    /// # Errors
    /// When the rows do not vary in so many directions.
    pub fn whitening(
        &self,
        (count, k): (usize, usize),
        seed: u64,
    ) -> Result<(Vec<f32>, Vec<f32>), Error> {
        // With M the rows less their mean, X an orthonormal basis of the leading space of M Mᵀ and T = Xᵀ M Mᵀ X, the
        // components of a row m are m Mᵀ X T⁻¹ √n: those of M itself are √n X. As the columns of X sum to 0,
        // Mᵀ X is the product with the rows as they are.
        let columns = self.turned(count);
        let mut basis = random(self.len() * k, seed);
        centre(&mut basis, k);
        for _ in 0..ROUNDS {
            basis = self.times(&columns.times(&orthonormal(&basis, k)?, k), k);
            centre(&mut basis, k);
        }
        let mut table = columns.times(&orthonormal(&basis, k)?, k);
        let factor = cholesky(products(&table, k), k)?;
        let root = (self.len() as f64).sqrt();
        table.par_chunks_exact_mut(k).for_each(|row| {
            let mut solved: Vec<f64> = row.iter().map(|x| f64::from(*x) * root).collect();
            forwards(&factor, &mut solved);
            backwards(&factor, &mut solved);
            row.iter_mut().zip(solved).for_each(|(x, solved)| *x = solved as f32);
        });
        let mut bias = vec![0.0_f64; k];
        for row in self.times(&table, k).chunks_exact(k) {
            bias.iter_mut().zip(row).for_each(|(sum, x)| *sum -= f64::from(*x));
        }
        let bias = bias.into_iter().map(|sum| (sum / self.len() as f64) as f32).collect();
        Ok((table, bias))
    }
}

fn random(count: usize, seed: u64) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

/// Takes its mean off each column of (N, K).
fn centre(matrix: &mut [f32], k: usize) {
    let mut sums = vec![0.0_f64; k];
    for row in matrix.chunks_exact(k) {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    let rows = (matrix.len() / k) as f64;
    for row in matrix.chunks_exact_mut(k) {
        row.iter_mut().zip(&sums).for_each(|(x, sum)| *x -= (sum / rows) as f32);
    }
}

/// The columns of (N, K) made orthonormal, twice by Cholesky's factor of their products, in double precision.
fn orthonormal(matrix: &[f32], k: usize) -> Result<Vec<f32>, Error> {
    let mut matrix = matrix.to_vec();
    for _ in 0..2 {
        let factor = cholesky(products(&matrix, k), k)?;
        matrix.par_chunks_exact_mut(k).for_each(|row| {
            let mut solved: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
            forwards(&factor, &mut solved);
            row.iter_mut().zip(solved).for_each(|(x, solved)| *x = solved as f32);
        });
    }
    Ok(matrix)
}

/// Aᵀ A of A (N, K): its lower triangle, (K, K).
fn products(matrix: &[f32], k: usize) -> Vec<f64> {
    let part = |rows: &[f32]| {
        let mut sums = vec![0.0_f64; k * k];
        for row in rows.chunks_exact(k) {
            for (i, sums) in sums.chunks_exact_mut(k).enumerate() {
                let a = f64::from(row[i]);
                let pairs = sums[..=i].iter_mut().zip(row);
                pairs.for_each(|(sum, b)| *sum += a * f64::from(*b));
            }
        }
        sums
    };
    let parts: Vec<Vec<f64>> = matrix.par_chunks(TASK * k).map(part).collect();
    let mut all = vec![0.0; k * k];
    for part in parts {
        all.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    all
}

/// The lower triangle L of L Lᵀ = A, (K, K), for the lower triangle of A.
fn cholesky(mut a: Vec<f64>, k: usize) -> Result<Vec<f64>, Error> {
    for i in 0..k {
        for j in 0..=i {
            let known: f64 = (0..j).map(|m| a[i * k + m] * a[j * k + m]).sum();
            let left = a[i * k + j] - known;
            if i > j {
                a[i * k + j] = left / a[j * k + j];
            } else if left > 0.0 {
                a[i * k + i] = left.sqrt();
            } else {
                let what = format!("the rows vary in {i} directions, and {k} are asked for");
                return Err(Error::Config(what));
            }
        }
    }
    Ok(a)
}

/// Solves L y = x in place.
fn forwards(factor: &[f64], x: &mut [f64]) {
    let k = x.len();
    for j in 0..k {
        let known: f64 = x[..j].iter().zip(&factor[j * k..]).map(|(x, l)| x * l).sum();
        x[j] = (x[j] - known) / factor[j * k + j];
    }
}

/// Solves Lᵀ y = x in place.
fn backwards(factor: &[f64], x: &mut [f64]) {
    let k = x.len();
    for j in (0..k).rev() {
        x[j] /= factor[j * k + j];
        let (own, row) = (x[j], &factor[j * k..][..j]);
        x[..j].iter_mut().zip(row).for_each(|(x, l)| *x -= own * l);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: usize = 23;

    /// Rows that vary much along their first columns and little along the others.
    fn rows() -> SparseRows {
        let mut random = ChaCha8Rng::seed_from_u64(9);
        let mut rows = SparseRows::default();
        for _ in 0..211 {
            let value = |column: usize| {
                let spread = if column < 4 { 5.0 } else { 0.2 };
                (column as u32, random.random_range(-spread..spread) + 0.1)
            };
            let entries: Vec<(u32, f32)> = (0..COLUMNS).map(value).collect();
            rows.push(entries.into_iter().filter(|(_, value)| value.abs() > 0.1));
        }
        rows
    }

    #[test]
    fn directions_are_orthonormal_and_those_of_the_longest_rows() {
        let directions = rows().directions((COLUMNS, 4), 1).unwrap();
        for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))) {
            let product: f32 = directions.chunks_exact(4).map(|row| row[i] * row[j]).sum();
            assert!((product - f32::from(u8::from(i == j))).abs() < 1e-5, "{i} {j} {product}");
        }
        let squares: f32 = directions[..16].iter().map(|x| x * x).sum();
        assert!(squares > 3.9, "{squares}");
    }

    #[test]
    fn whitened_components_have_unit_variance_and_nothing_in_common() {
        let rows = rows();
        let (table, bias) = rows.whitening((COLUMNS, 4), 1).unwrap();
        let mut components = rows.times(&table, 4);
        components.chunks_exact_mut(4).for_each(|row| {
            row.iter_mut().zip(&bias).for_each(|(x, bias)| *x += bias);
        });
        let n = rows.len() as f32;
        for i in 0..4 {
            let sum: f32 = components.chunks_exact(4).map(|row| row[i]).sum();
            assert!((sum / n).abs() < 1e-4);
            for j in 0..4 {
                let product: f32 = components.chunks_exact(4).map(|row| row[i] * row[j]).sum();
                let expected = f32::from(u8::from(i == j));
                assert!((product / n - expected).abs() < 1e-3, "{i} {j} {}", product / n);
            }
        }
    }

    #[test]
    fn more_directions_than_there_are_is_an_error() {
        let mut rows = SparseRows::default();
        (0..9).for_each(|row| rows.push([(row % 2, 1.0)]));
        let error = rows.whitening((COLUMNS, 3), 1).unwrap_err().to_string();
        assert!(error.contains("and 3 are asked for"), "{error}");
    }

    #[test]
    fn columns_turned_twice_are_the_rows() {
        let rows = rows();
        assert_eq!(rows.turned(COLUMNS).turned(rows.len()), rows);
        let column = |c: u32| (0..rows.len()).filter(|&r| rows.row(r).any(|e| e.0 == c)).count();
        let expected: Vec<u32> = (0..COLUMNS as u32).map(|c| column(c) as u32).collect();
        assert_eq!(rows.having(COLUMNS), expected);
    }
}
