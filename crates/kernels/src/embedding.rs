//! Rows of tables by number: one a feature side by side, or many of one table pooled into a bag.

use rayon::prelude::*;

use crate::simd::add_scaled;

/// Rows a thread takes at a time.
const ROWS: usize = 64;

/// An embedding table, (V, D).
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// The rows of the table one after the other.
    pub values: &'a [f32],
    /// D.
    pub dims: usize,
}

/// Where the gradient of an embedding table is added, (V, D).
#[derive(Debug)]
pub struct TableMut<'a> {
    /// The rows of the gradient one after the other.
    pub values: &'a mut [f32],
    /// D.
    pub dims: usize,
}

/// Looks up one row in each of F tables and sets them side by side: `ids` (N, F), `out` (N, sum of D).
///
/// # Panics
/// When a number is past the end of its table or a shape does not fit.
pub fn gather(tables: &[Table<'_>], ids: &[u32], out: &mut [f32]) {
    let width: usize = tables.iter().map(|table| table.dims).sum();
    if tables.is_empty() || width == 0 {
        return;
    }
    assert_eq!(out.len() / width * tables.len(), ids.len(), "one number a feature");
    let chunks = out.par_chunks_mut(width * ROWS).zip(ids.par_chunks(tables.len() * ROWS));
    chunks.for_each(|(out, ids)| {
        let rows = out.chunks_exact_mut(width).zip(ids.chunks_exact(tables.len()));
        for (mut out, ids) in rows {
            for (table, &id) in tables.iter().zip(ids) {
                let (own, rest) = out.split_at_mut(table.dims);
                own.copy_from_slice(&table.values[id as usize * table.dims..][..table.dims]);
                out = rest;
            }
        }
    });
}

/// The backward pass of [`gather`]: adds each row of `grad` (N, sum of D) to the rows that it was made of.
///
/// Rows are added in their order, so the sums do not depend on the number of threads.
///
/// # Panics
/// When a number is past the end of its table or a shape does not fit.
pub fn scatter_add(tables: &mut [TableMut<'_>], ids: &[u32], grad: &[f32]) {
    let width: usize = tables.iter().map(|table| table.dims).sum();
    let features = tables.len();
    if features == 0 || width == 0 {
        return;
    }
    assert_eq!(grad.len() / width * features, ids.len(), "one number a feature");
    let starts = tables.iter().scan(0, |start, table| {
        *start += table.dims;
        Some(*start - table.dims)
    });
    let starts: Vec<usize> = starts.collect();
    tables.par_iter_mut().enumerate().for_each(|(feature, table)| {
        let dims = table.dims;
        for (ids, grad) in ids.chunks_exact(features).zip(grad.chunks_exact(width)) {
            let row = &mut table.values[ids[feature] as usize * dims..][..dims];
            add_scaled(row, 1.0, &grad[starts[feature]..][..dims]);
        }
    });
}

/// Bags of numbers of rows, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Bags<'a> {
    /// The numbers of all bags.
    pub ids: &'a [u32],
    /// Where each bag ends, (B).
    pub ends: &'a [usize],
    /// What the sum over a bag of n rows is divided by: n to the power of this.
    pub power: f32,
}

impl Bags<'_> {
    /// `out` (B, D) becomes the pooled rows of each bag; zeros for an empty one.
    ///
    /// # Panics
    /// When a number is past the end of the table or a shape does not fit.
    pub fn forward(&self, table: Table<'_>, out: &mut [f32]) {
        assert_eq!(out.len(), self.ends.len() * table.dims, "one row a bag");
        out.par_chunks_exact_mut(table.dims).enumerate().for_each(|(bag, out)| {
            out.fill(0.0);
            let (ids, factor) = self.bag(bag);
            for &id in ids {
                add_scaled(out, factor, &table.values[id as usize * table.dims..][..table.dims]);
            }
        });
    }

    /// Adds the gradient of each bag, `grad` (B, D), to that of the rows in it.
    ///
    /// # Panics
    /// When a number is past the end of the table or a shape does not fit.
    pub fn backward(&self, table: TableMut<'_>, grad: &[f32]) {
        assert_eq!(grad.len(), self.ends.len() * table.dims, "one row a bag");
        for (bag, grad) in grad.chunks_exact(table.dims).enumerate() {
            let (ids, factor) = self.bag(bag);
            for &id in ids {
                let row = &mut table.values[id as usize * table.dims..][..table.dims];
                add_scaled(row, factor, grad);
            }
        }
    }

    /// The numbers in a bag and what each row in it is multiplied by.
    fn bag(&self, bag: usize) -> (&[u32], f32) {
        let start = bag.checked_sub(1).map_or(0, |before| self.ends[before]);
        let ids = &self.ids[start..self.ends[bag]];
        (ids, (ids.len().max(1) as f32).powf(-self.power))
    }
}
