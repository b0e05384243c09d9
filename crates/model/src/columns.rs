//! Blocks of columns: where parts of a vector lie side by side.

/// `count` columns from `start` on, in rows that are `width` wide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    pub(crate) start: usize,
    pub(crate) count: usize,
    pub(crate) width: usize,
}

impl Columns {
    /// Copies `part` (N, count) into its columns of `whole` (N, width).
    pub(crate) fn put(self, part: &[f32], whole: &mut [f32]) {
        let rows = whole.chunks_exact_mut(self.width).zip(part.chunks_exact(self.count));
        rows.for_each(|(whole, part)| whole[self.start..][..self.count].copy_from_slice(part));
    }

    /// `part` becomes its columns, (N, count), of `whole` (N, width).
    pub(crate) fn take(self, whole: &[f32], part: &mut Vec<f32>) {
        part.clear();
        let rows = whole.chunks_exact(self.width);
        rows.for_each(|whole| part.extend_from_slice(&whole[self.start..][..self.count]));
    }
}
