//! The innermost loops of the product: one tile of the result at a time, kept in registers.

use std::array::from_fn;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::{DEPTH, Packed, Write};
use crate::path::dispatch;
use crate::{View, ViewMut};

/// Rows of the left-hand matrix that are worked on at a time: with [`DEPTH`] columns they stay in the second cache.
const ROWS: usize = 96;

/// How far groups of packed rows are apart: more than their depth, or all would fall into one set of the innermost cache.
const SPACING: usize = DEPTH + 2;

/// `out` (M, N) becomes, or gains, `a` (M, K) times the packed matrix (K, N), on the calling thread alone.
pub(crate) fn matmul_packed(a: View<'_>, b: &Packed, out: ViewMut<'_>, write: Write) {
    assert_eq!((a.rows, a.cols, b.cols), (out.rows, b.rows, out.cols), "shapes of a product");
    if out.rows == 1 && a.col_stride == 1 {
        dispatch(Row(Product { a, b, out, write }));
    } else if out.rows > 0 && out.cols > 0 {
        dispatch(Product { a, b, out, write });
    }
}

/// The same for several products with few rows each: the packed matrix comes through the caches once for all.
pub(crate) fn matmul_packed_all(products: Vec<(View<'_>, ViewMut<'_>)>, b: &Packed, write: Write) {
    for (a, out) in &products {
        assert_eq!((a.rows, a.cols, b.cols), (out.rows, b.rows, out.cols), "shapes of a product");
        assert_eq!(a.col_stride, 1, "rows whose columns lie beside each other");
    }
    let each = products.into_iter().map(|(a, out)| Product { a, b, out, write });
    let (rows, products): (Vec<_>, Vec<_>) =
        each.filter(|each| each.out.rows > 0).partition(|each| each.out.rows == 1);
    rows.into_iter().for_each(|row| dispatch(Row(row)));
    dispatch(Products(products));
}

struct Products<'a>(Vec<Product<'a>>);

struct Product<'a> {
    a: View<'a>,
    b: &'a Packed,
    out: ViewMut<'a>,
    write: Write,
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::REGISTER_COUNT {
            0..32 => self.run::<S, 6>(simd),
            _ => self.run::<S, 8>(simd),
        }
    }
}

impl Products<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(mut self, simd: S) {
        let Some(b) = self.0.first().map(|product| product.b) else { return };
        for from in (0..b.rows).step_by(DEPTH) {
            for (j, panel) in b.block(from).enumerate() {
                for product in &mut self.0 {
                    let columns = from..(from + DEPTH).min(b.rows);
                    let left = Left::<R>::Plain(product.a.columns(columns));
                    let rows = 0..product.a.rows;
                    product.times_panel(simd, (&left, rows), (j, panel));
                }
            }
            self.0.iter_mut().for_each(|product| product.write = Write::Add);
        }
    }
}

impl WithSimd for Product<'_> {
    type Output = ();

    /// Sixteen registers hold a tile of 6 by 2 vectors. Of thirty-two, 8 by 2 are enough to hide the latency of a
    /// fused multiplication and addition, and leave no ragged edge in a batch of 32.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::REGISTER_COUNT {
            0..32 => self.run::<S, 6>(simd),
            _ => self.run::<S, 8>(simd),
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(mut self, simd: S) {
        let mut packed = Vec::new();
        for from in (0..self.b.rows).step_by(DEPTH) {
            let depth = DEPTH.min(self.b.rows - from);
            for top in (0..self.a.rows).step_by(ROWS) {
                let rows = self.a.rows(top..(top + ROWS).min(self.a.rows));
                let left = Left::<R>::new(rows.columns(from..from + depth), &mut packed);
                for (j, panel) in self.b.block(from).enumerate() {
                    self.times_panel(simd, (&left, top..top + rows.rows), (j, panel));
                }
            }
            self.write = Write::Add;
        }
    }

    /// Some rows, which are `left`, times panel `j`.
    #[inline(always)]
    fn times_panel<S: Simd, const R: usize>(
        &mut self,
        simd: S,
        (left, rows): (&Left<'_, R>, Range<usize>),
        (j, panel): (usize, &[f32]),
    ) {
        let panel = S::as_simd_f32s(panel).0.as_chunks::<2>().0;
        for i in (0..rows.len()).step_by(R) {
            let sums = left.times::<S>(simd, i, panel);
            let count = R.min(rows.len() - i);
            self.store(simd, (rows.start + i, j * self.b.width), &sums[..count]);
        }
    }

    /// Writes a tile whose first value is at `(row, column)`, or as much of it as the result has columns.
    #[inline(always)]
    fn store<S: Simd>(&mut self, simd: S, (row, column): (usize, usize), sums: &[[S::f32s; 2]]) {
        let width = self.b.width.min(self.out.cols - column);
        for (r, sums) in sums.iter().enumerate() {
            let start = (row + r) * self.out.stride + column;
            let (whole, part) = S::as_mut_simd_f32s(&mut self.out.data[start..start + width]);
            let count = whole.len();
            for (out, &sum) in whole.iter_mut().zip(sums) {
                *out = if self.write == Write::Set { sum } else { simd.add_f32s(*out, sum) };
            }
            if !part.is_empty() {
                let sum = match self.write {
                    Write::Set => sums[count],
                    Write::Add => simd.add_f32s(simd.partial_load_f32s(part), sums[count]),
                };
                simd.partial_store_f32s(part, sum);
            }
        }
    }
}

/// Panels that a single row is multiplied by at a time, so that enough sums go on beside each other.
const PANELS: usize = 4;

/// A product of a single row.
struct Row<'a>(Product<'a>);

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Row(mut product) = self;
        let b = product.b;
        for from in (0..b.rows).step_by(DEPTH) {
            let row = &product.a.data[from..(from + DEPTH).min(b.rows)];
            let mut panels = b.block(from).map(|panel| S::as_simd_f32s(panel).0.as_chunks::<2>().0);
            let mut column = 0;
            while let Some(first) = panels.next() {
                // Of fewer panels the first fills up the places of the others, and is not written again.
                let mut together = [first; PANELS];
                let others = together[1..].iter_mut().zip(&mut panels);
                let count = 1 + others.map(|(to, panel)| *to = panel).count();
                let sums = row_times::<S>(simd, row, together);
                for sums in &sums[..count] {
                    product.store(simd, (0, column), std::slice::from_ref(sums));
                    column += b.width;
                }
            }
            product.write = Write::Add;
        }
    }
}

/// The products of a row with panels as high as it is long.
#[inline(always)]
fn row_times<S: Simd>(
    simd: S,
    row: &[f32],
    panels: [&[[S::f32s; 2]]; PANELS],
) -> [[S::f32s; 2]; PANELS] {
    let mut sums = [[simd.splat_f32s(0.0); 2]; PANELS];
    let (steps, rest) = row.as_chunks::<STEP>();
    for (at, step) in steps.iter().enumerate() {
        let right: [&[[S::f32s; 2]; STEP]; PANELS] = from_fn(|q| &panels[q].as_chunks().0[at]);
        for (p, &x) in step.iter().enumerate() {
            for (sums, right) in sums.iter_mut().zip(right) {
                add::<S, 1>(simd, std::array::from_mut(sums), [x], &right[p]);
            }
        }
    }
    for (p, &x) in (steps.len() * STEP..).zip(rest) {
        for (sums, panel) in sums.iter_mut().zip(panels) {
            add::<S, 1>(simd, std::array::from_mut(sums), [x], &panel[p]);
        }
    }
    sums
}

/// Some rows of the left-hand matrix, R of them at a time.
enum Left<'a, const R: usize> {
    /// As they are, their columns beside each other.
    Plain(View<'a>),
    /// Copied, column after column of the first R rows, then of the next.
    Packed(&'a [[f32; R]]),
}

impl<'a, const R: usize> Left<'a, R> {
    #[inline(always)]
    fn new(rows: View<'a>, packed: &'a mut Vec<[f32; R]>) -> Self {
        if rows.col_stride == 1 {
            return Left::Plain(rows);
        }
        packed.resize(ROWS.div_ceil(R) * SPACING, [0.0; R]);
        for p in 0..rows.cols {
            let column = &rows.data[p * rows.col_stride..];
            let mut groups = packed[p..].iter_mut().step_by(SPACING);
            if rows.row_stride == 1 {
                let (whole, rest) = column[..rows.rows].as_chunks();
                whole.iter().zip(&mut groups).for_each(|(from, to)| *to = *from);
                groups
                    .zip(rest.chunks(R))
                    .for_each(|(to, from)| to[..from.len()].copy_from_slice(from));
                continue;
            }
            for (to, i) in groups.zip((0..rows.rows).step_by(R)) {
                for (to, r) in to.iter_mut().zip(i..rows.rows) {
                    *to = column[r * rows.row_stride];
                }
            }
        }
        Left::Packed(packed)
    }

    /// R rows from `i` on, the last one again where there are fewer, times a panel.
    #[inline(always)]
    fn times<S: Simd>(&self, simd: S, i: usize, panel: &[[S::f32s; 2]]) -> [[S::f32s; 2]; R] {
        match self {
            Left::Plain(all) => {
                let rows: [&[f32]; R] = from_fn(|r| {
                    let row = (i + r).min(all.rows - 1);
                    &all.data[row * all.row_stride..][..panel.len()]
                });
                rows_times::<S, R>(simd, rows, panel)
            }
            Left::Packed(groups) => {
                let columns = &groups[i / R * SPACING..][..panel.len()];
                let mut sums = [[simd.splat_f32s(0.0); 2]; R];
                for (column, right) in columns.iter().zip(panel) {
                    add::<S, R>(simd, &mut sums, *column, right);
                }
                sums
            }
        }
    }
}

/// Columns of plain rows that are multiplied between two looks at where the rows end.
const STEP: usize = 8;

/// The products of R rows, as long as the panel, with it.
#[inline(always)]
fn rows_times<S: Simd, const R: usize>(
    simd: S,
    rows: [&[f32]; R],
    panel: &[[S::f32s; 2]],
) -> [[S::f32s; 2]; R] {
    let mut sums = [[simd.splat_f32s(0.0); 2]; R];
    let (steps, rest) = panel.as_chunks::<STEP>();
    for (at, step) in steps.iter().enumerate() {
        let columns: [&[f32; STEP]; R] = from_fn(|r| &rows[r].as_chunks().0[at]);
        for (p, right) in step.iter().enumerate() {
            add::<S, R>(simd, &mut sums, from_fn(|r| columns[r][p]), right);
        }
    }
    for (p, right) in rest.iter().enumerate() {
        add::<S, R>(simd, &mut sums, from_fn(|r| rows[r][steps.len() * STEP + p]), right);
    }
    sums
}

/// Adds the product of a column of R numbers with a row of a panel.
#[inline(always)]
fn add<S: Simd, const R: usize>(
    simd: S,
    sums: &mut [[S::f32s; 2]; R],
    column: [f32; R],
    right: &[S::f32s; 2],
) {
    for (sums, x) in sums.iter_mut().zip(column) {
        let x = simd.splat_f32s(x);
        sums[0] = simd.mul_add_e_f32s(x, right[0], sums[0]);
        sums[1] = simd.mul_add_e_f32s(x, right[1], sums[1]);
    }
}

#[cfg(test)]
mod tests {
    use pulp::Scalar;

    use super::*;

    #[test]
    fn a_processor_without_vectors_gets_the_same_product() {
        let (m, k, n) = (13, 263, 37);
        let numbers = |n: usize| -> Vec<f32> {
            (0..n).map(|i| ((i * 37 + 11) % 101) as f32 / 50.0 - 1.0).collect()
        };
        let (a, b) = (numbers(m * k), numbers(k * n));
        for a in [View::new(&a, m, k), View::new(&a, k, m).t()] {
            let (mut wide, mut plain) = (numbers(m * n), numbers(m * n));
            let mut packed = Packed::default();
            packed.pack(View::new(&b, k, n));
            matmul_packed(a, &packed, ViewMut::new(&mut wide, m, n), Write::Add);
            packed.pack_for::<Scalar>(View::new(&b, k, n));
            let out = ViewMut::new(&mut plain, m, n);
            Product { a, b: &packed, out, write: Write::Add }.with_simd(Scalar::new());
            for (x, y) in wide.iter().zip(&plain) {
                assert!((x - y).abs() < 1e-4, "{x} {y}");
            }
        }
    }
}
