//! Standardised vectors, and products with all of them at once.
//!
//! Every sum is taken in one fixed order, whatever the number of threads and the width of the processor's vectors.

use rayon::prelude::*;

use crate::error::{Result, check_length};
use crate::vectors::Vectors;

/// Columns that are multiplied side by side.
const LANES: usize = 8;
/// Sums of each of these columns that stay in registers together.
const TILE: usize = 4;
/// Rows that one task takes; sums over them are added in the order of the tasks.
const TASK: usize = 256;
/// Rows that are read twice while they are in the cache.
const BLOCK: usize = 32;

/// Eight columns side by side: (W, LANES), or (rows of a block, LANES).
type Panel = Vec<[f64; LANES]>;

/// Mean and one over the standard deviation of each component of some vectors, 0 where all are the same: (D,).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scaling(Vec<(f64, f64)>);

impl Scaling {
    /// That of `vectors`.
    pub(super) fn of(vectors: Vectors<'_>) -> Self {
        let mean = vectors.mean();
        let mut squares = vec![0.0; vectors.dim()];
        for row in vectors.rows() {
            for ((square, &value), mean) in squares.iter_mut().zip(row).zip(&mean) {
                *square += (f64::from(value) - mean).powi(2);
            }
        }
        let one_over = |(mean, square): (f64, f64)| {
            let deviation = (square / vectors.len() as f64).sqrt();
            // Beyond f32's precision there is nothing but rounding.
            let constant = deviation <= 1e-7 * mean.abs().max(f64::MIN_POSITIVE);
            (mean, if constant { 0.0 } else { 1.0 / deviation })
        };
        Self(mean.into_iter().zip(squares).map(one_over).collect())
    }
}

/// N standardised vectors, a 1 behind the D components of each, then zeros up to a width W of whole tiles.
pub(super) struct Rows {
    dim: usize,
    width: usize,
    /// (N, W)
    values: Vec<f64>,
}

impl Rows {
    /// Standardises `vectors`.
    ///
    /// # Errors
    /// When the scaling is that of vectors of another dimension.
    pub(super) fn new(vectors: Vectors<'_>, Scaling(scaling): &Scaling) -> Result<Self> {
        check_length("dimensions of the vectors", scaling.len(), vectors.dim())?;
        let dim = scaling.len();
        let width = (dim + 1).next_multiple_of(TILE);
        let mut values = vec![0.0; vectors.len() * width];
        for (out, row) in values.chunks_exact_mut(width).zip(vectors.rows()) {
            for ((out, &v), (mean, by)) in out.iter_mut().zip(row).zip(scaling) {
                *out = (f64::from(v) - mean) * by;
            }
            out[dim] = 1.0;
        }
        Ok(Self { dim, width, values })
    }

    /// N
    pub(super) fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// D, which is also the place of the 1.
    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    /// W
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The sum of the squares of all components, but for the ones.
    pub(super) fn squares(&self) -> f64 {
        self.values.iter().map(|v| v * v).sum::<f64>() - self.len() as f64
    }

    /// The products of all rows with `columns` (K, W): (N, K).
    pub(super) fn times(&self, columns: &[f64]) -> Vec<f64> {
        let panels = panels(columns, self.width);
        let blocks = self.values.par_chunks(BLOCK * self.width);
        blocks.flat_map_iter(|rows| self.products(rows, &panels, columns)).collect()
    }

    /// Multiplies all rows with `columns` (K, W), lets `turn` make of each row's number and its K products K shares and a
    /// value, and hands back the sum of all values and the sums of the rows by their shares: (K, W).
    pub(super) fn through(
        &self,
        columns: &[f64],
        turn: impl Fn(usize, &mut [f64]) -> f64 + Sync,
    ) -> (f64, Vec<f64>) {
        let panels = panels(columns, self.width);
        let task = |(number, rows): (usize, &[f64])| {
            let (mut total, mut sums) = (0.0, vec![vec![[0.0; LANES]; self.width]; panels.len()]);
            for (block, rows) in rows.chunks(BLOCK * self.width).enumerate() {
                let first = number * TASK + block * BLOCK;
                let mut shares = self.products(rows, &panels, columns);
                let count = columns.len() / self.width;
                for (row, shares) in shares.chunks_exact_mut(count).enumerate() {
                    total += turn(first + row, shares);
                }
                for (shares, sums) in packed(&shares, count).iter().zip(&mut sums) {
                    pulp::Arch::new().dispatch(Backward { rows, shares, sums });
                }
            }
            (total, sums)
        };
        let tasks = self.values.par_chunks(TASK * self.width).enumerate();
        let parts: Vec<(f64, Vec<Panel>)> = tasks.map(task).collect();
        let mut sums = vec![0.0; columns.len()];
        sums.par_chunks_exact_mut(self.width).enumerate().for_each(|(column, sums)| {
            for (_, part) in &parts {
                let panel = &part[column / LANES];
                sums.iter_mut().zip(panel).for_each(|(sum, lanes)| *sum += lanes[column % LANES]);
            }
        });
        (parts.iter().map(|(total, _)| total).sum(), sums)
    }

    /// The products of some rows with all columns: (rows, K).
    fn products(&self, rows: &[f64], panels: &[Panel], columns: &[f64]) -> Vec<f64> {
        let count = columns.len() / self.width;
        let mut all = vec![0.0; rows.len() / self.width * count];
        let mut out = vec![[0.0; LANES]; rows.len() / self.width];
        for (number, panel) in panels.iter().enumerate() {
            pulp::Arch::new().dispatch(Forward { rows, panel, out: &mut out });
            let first = number * LANES;
            let used = LANES.min(count - first);
            for (all, lanes) in all.chunks_exact_mut(count).zip(&out) {
                all[first..][..used].copy_from_slice(&lanes[..used]);
            }
        }
        all
    }
}

/// Columns (K, W) in panels of (W, LANES), the last filled up with zeros.
fn panels(columns: &[f64], width: usize) -> Vec<Panel> {
    let panel = |columns: &[f64]| {
        let mut panel = vec![[0.0; LANES]; width];
        for (lane, column) in columns.chunks_exact(width).enumerate() {
            panel.iter_mut().zip(column).for_each(|(lanes, &value)| lanes[lane] = value);
        }
        panel
    };
    columns.chunks(LANES * width).map(panel).collect()
}

/// The shares of some rows (rows, K) in panels of (rows, LANES), the last filled up with zeros.
fn packed(shares: &[f64], count: usize) -> Vec<Panel> {
    let panel = |first: usize| {
        let used = LANES.min(count - first);
        let lanes = |row: &[f64]| {
            let mut lanes = [0.0; LANES];
            lanes[..used].copy_from_slice(&row[first..][..used]);
            lanes
        };
        shares.chunks_exact(count).map(lanes).collect()
    };
    (0..count).step_by(LANES).map(panel).collect()
}

/// The products of some rows (rows, W) with a panel (W, LANES), to be compiled for each width of vectors.
struct Forward<'a> {
    rows: &'a [f64],
    panel: &'a [[f64; LANES]],
    out: &'a mut [[f64; LANES]],
}

impl pulp::WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let width = self.panel.len();
        for (rows, out) in self.rows.chunks(TILE * width).zip(self.out.chunks_mut(TILE)) {
            let last = out.len() - 1;
            // A tile that lacks rows has its last one several times.
            let [a, b, c, d]: [&[f64]; TILE] =
                std::array::from_fn(|row| &rows[row.min(last) * width..][..width]);
            let mut sums = [[0.0; LANES]; TILE];
            for ((((&a, &b), &c), &d), lanes) in a.iter().zip(b).zip(c).zip(d).zip(self.panel) {
                add_scaled(&mut sums[0], a, lanes);
                add_scaled(&mut sums[1], b, lanes);
                add_scaled(&mut sums[2], c, lanes);
                add_scaled(&mut sums[3], d, lanes);
            }
            out.copy_from_slice(&sums[..=last]);
        }
    }
}

/// Adds some rows (rows, W) by their shares (rows, LANES) to sums (W, LANES).
struct Backward<'a> {
    rows: &'a [f64],
    shares: &'a [[f64; LANES]],
    sums: &'a mut [[f64; LANES]],
}

impl pulp::WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let width = self.sums.len();
        for (tile, out) in self.sums.as_chunks_mut::<TILE>().0.iter_mut().enumerate() {
            let mut sums = *out;
            for (row, lanes) in self.rows.chunks_exact(width).zip(self.shares) {
                let [a, b, c, d] = row.as_chunks::<TILE>().0[tile];
                add_scaled(&mut sums[0], a, lanes);
                add_scaled(&mut sums[1], b, lanes);
                add_scaled(&mut sums[2], c, lanes);
                add_scaled(&mut sums[3], d, lanes);
            }
            *out = sums;
        }
    }
}

#[inline(always)]
fn add_scaled(sum: &mut [f64; LANES], by: f64, lanes: &[f64; LANES]) {
    for (sum, lane) in sum.iter_mut().zip(lanes) {
        *sum += by * lane;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + 31) % 1009) as f32 / 97.0 - 5.0).collect()
    }

    fn close(got: &[f64], expected: &[f64]) {
        assert_eq!(got.len(), expected.len());
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{got} {expected}");
        }
    }

    #[test]
    fn products_and_sums_equal_plain_loops() {
        for (n, dim, count) in [(1, 1, 1), (31, 3, 2), (37, 11, 8), (263, 13, 19)] {
            let vectors = values(n * dim);
            let vectors = Vectors::new(dim, &vectors).unwrap();
            let rows = Rows::new(vectors, &Scaling::of(vectors)).unwrap();
            let width = rows.width();
            let columns: Vec<f64> = values(count * width).iter().map(|&v| v.into()).collect();
            let products: Vec<f64> = rows
                .values
                .chunks_exact(width)
                .flat_map(|row| columns.chunks_exact(width).map(|c| crate::lbfgs::dot(row, c)))
                .collect();
            close(&rows.times(&columns), &products);
            let (total, sums) = rows.through(&columns, |row, shares| {
                shares.iter_mut().for_each(|share| *share -= row as f64);
                shares[0]
            });
            let share = |row: usize, column: usize| products[row * count + column] - row as f64;
            let plain = |i: usize| {
                let (column, at) = (i / width, i % width);
                (0..n).map(|row| share(row, column) * rows.values[row * width + at]).sum()
            };
            close(&sums, &(0..count * width).map(plain).collect::<Vec<f64>>());
            close(&[total], &[(0..n).map(|row| share(row, 0)).sum()]);
        }
    }
}
