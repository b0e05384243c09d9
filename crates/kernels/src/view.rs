//! Matrices as views of plain slices: what every kernel reads and writes.

use std::ops::Range;

/// A matrix to read, (rows, cols), at any two strides: a transpose or a block of columns costs nothing.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) row_stride: usize,
    pub(crate) col_stride: usize,
}

impl<'a> View<'a> {
    /// Sees a row-major slice as (rows, cols).
    ///
    /// # Panics
    /// When the slice does not hold exactly `rows * cols` values.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a {rows} x {cols} matrix");
        View { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The transpose, (cols, rows).
    pub fn t(self) -> Self {
        View {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    /// Some of the columns.
    ///
    /// # Panics
    /// When the range ends past the last column.
    pub fn columns(self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.cols, "columns {range:?}");
        let start = (range.start * self.col_stride).min(self.data.len());
        View { data: &self.data[start..], cols: range.len(), ..self }
    }

    /// Some of the rows.
    ///
    /// # Panics
    /// When the range ends past the last row.
    pub fn rows(self, range: Range<usize>) -> Self {
        self.t().columns(range).t()
    }
}

/// A matrix to write, (rows, cols): row-major, its rows `stride` values apart.
#[derive(Debug)]
pub struct ViewMut<'a> {
    pub(crate) data: &'a mut [f32],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) stride: usize,
}

impl<'a> ViewMut<'a> {
    /// Sees a row-major slice as (rows, cols).
    ///
    /// # Panics
    /// When the slice does not hold exactly `rows * cols` values.
    pub fn new(data: &'a mut [f32], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a {rows} x {cols} matrix");
        ViewMut { data, rows, cols, stride: cols }
    }

    /// Some of the columns.
    ///
    /// # Panics
    /// When the range ends past the last column.
    pub fn columns(self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.cols, "columns {range:?}");
        let start = range.start.min(self.data.len());
        ViewMut { data: &mut self.data[start..], cols: range.len(), ..self }
    }

    /// The same view for a shorter time.
    pub(crate) fn reborrow(&mut self) -> ViewMut<'_> {
        ViewMut { data: self.data, rows: self.rows, cols: self.cols, stride: self.stride }
    }

    /// The first `rows` rows and the others.
    pub(crate) fn split_rows(self, rows: usize) -> (Self, Self) {
        let at = (rows * self.stride).min(self.data.len());
        let (head, tail) = self.data.split_at_mut(at);
        (
            ViewMut { data: head, rows, ..self },
            ViewMut { data: tail, rows: self.rows - rows, ..self },
        )
    }
}
