//! The right-hand matrix of a product, in the order that the tiles read it.

use std::array::from_fn;

use pulp::{Simd, WithSimd};

use super::DEPTH;
use crate::aligned::Aligned;
use crate::path::dispatch;
use crate::{Precision, View};

/// A matrix (K, N) cut into blocks of [`DEPTH`] rows, each block into panels of as many columns as two of the
/// processor's vectors hold, the last one filled up with zeros; within a panel the rows follow each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packed {
    values: Aligned,
    pub(super) rows: usize,
    pub(super) cols: usize,
    /// The columns of a panel.
    pub(super) width: usize,
}

impl Packed {
    /// Packs a matrix, in the memory of the one before.
    pub(crate) fn pack(&mut self, b: View<'_>) {
        dispatch(Pack { b, packed: self });
    }

    /// Rounds the numbers of the packed matrix.
    pub(crate) fn round(&mut self, precision: Precision) {
        precision.round_all(&mut self.values);
    }

    /// Packs a matrix for vectors of this kind.
    pub(super) fn pack_for<S: Simd>(&mut self, b: View<'_>) {
        self.width = 2 * S::F32_LANES;
        (self.rows, self.cols) = (b.rows, b.cols);
        self.values.clear(b.rows * b.cols.next_multiple_of(self.width));
        let mut panels = &mut self.values[..];
        for from in (0..b.rows).step_by(DEPTH) {
            let block = b.rows(from..(from + DEPTH).min(b.rows));
            for from in (0..b.cols).step_by(self.width) {
                let columns = block.columns(from..(from + self.width).min(b.cols));
                let (panel, rest) = panels.split_at_mut(block.rows * self.width);
                fill(columns, panel, self.width);
                panels = rest;
            }
        }
    }

    /// The panels of the block of rows that begins at `from`.
    #[inline(always)]
    pub(super) fn block(&self, from: usize) -> impl Iterator<Item = &[f32]> {
        let depth = DEPTH.min(self.rows - from);
        let columns = self.cols.next_multiple_of(self.width);
        let block = &self.values[from * columns..(from + depth) * columns];
        block.chunks_exact(depth * self.width)
    }
}

/// Numbers on a side of what is turned over at a time.
const SQUARE: usize = 8;

/// Copies at most `width` columns to the rows of a panel.
fn fill(columns: View<'_>, panel: &mut [f32], width: usize) {
    if columns.col_stride == 1 {
        for (p, row) in panel.chunks_exact_mut(width).enumerate() {
            let from = &columns.data[p * columns.row_stride..][..columns.cols];
            row[..columns.cols].copy_from_slice(from);
        }
        return;
    }
    // Squares are turned over, so that what is read lies beside each other, and what is written too.
    let square = if columns.row_stride == 1 { SQUARE } else { usize::MAX };
    let [turned, high] = [columns.cols, columns.rows].map(|size| size / square * square);
    for from in (0..turned).step_by(SQUARE) {
        let lines: [&[f32]; SQUARE] =
            from_fn(|j| &columns.data[(from + j) * columns.col_stride..][..columns.rows]);
        for (at, rows) in panel.chunks_exact_mut(SQUARE * width).enumerate() {
            let square: [[f32; SQUARE]; SQUARE] = from_fn(|j| lines[j].as_chunks().0[at]);
            for (p, row) in rows.chunks_exact_mut(width).enumerate() {
                let turned: [f32; SQUARE] = from_fn(|j| square[j][p]);
                row[from..from + SQUARE].copy_from_slice(&turned);
            }
        }
    }
    for (p, row) in panel.chunks_exact_mut(width).enumerate() {
        let first = if p < high { turned } else { 0 };
        for (j, to) in (first..columns.cols).zip(&mut row[first..]) {
            *to = columns.data[j * columns.col_stride + p * columns.row_stride];
        }
    }
}

struct Pack<'a> {
    b: View<'a>,
    packed: &'a mut Packed,
}

impl WithSimd for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.packed.pack_for::<S>(self.b);
    }
}
