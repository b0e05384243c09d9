//! The general matrix product on strided f32 views, its rows shared out among the threads.
//!
//! The loops are those of Goto and van de Geijn (ACM TOMS 34:3, 2008): the right-hand matrix is packed in panels a
//! tile wide, block by block, and the tile is as large as the processor has registers for.

mod here;
mod packed;
mod tile;

use crate::path::{self, Path};
use crate::{Precision, View, ViewMut, tiles};
pub(crate) use here::Right;
pub(crate) use packed::Packed;
pub(crate) use tile::{matmul_packed, matmul_packed_all};

/// Rows of the right-hand matrix that are worked on at a time: a panel of them stays in the innermost cache.
const DEPTH: usize = 256;

/// Columns of the right-hand matrix that are worked on at a time: a block of them stays in the second cache.
const COLUMNS: usize = 1024;

/// What becomes of the values that a result meets in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// They are overwritten.
    Set,
    /// The result is added to them.
    Add,
}

/// Below this many multiplications for each thread a split costs more than it saves.
const WORTH_A_THREAD: usize = 1 << 20;

/// The matrix product: `out` (M, N) becomes, or gains, `a` (M, K) times `b` (K, N).
///
/// The work is split by rows of `out`, so the values do not depend on the number of threads.
///
/// # Panics
/// When the shapes do not fit each other.
pub fn matmul(a: View<'_>, b: View<'_>, out: ViewMut<'_>, write: Write) {
    assert_eq!((a.rows, a.cols, b.cols), (out.rows, b.rows, out.cols), "shapes of a product");
    let pieces = pieces(a.rows * a.cols * b.cols, WORTH_A_THREAD);
    split(a, b, out, Split { pieces, write });
}

/// The product of the numbers as [`Precision::Bf16`] rounds them, summed in f32; else as [`matmul`].
///
/// # Panics
/// When the shapes do not fit each other.
pub fn matmul_bf16(a: View<'_>, b: View<'_>, out: ViewMut<'_>, write: Write) {
    assert_eq!((a.rows, a.cols, b.cols), (out.rows, b.rows, out.cols), "shapes of a product");
    if a.cols == 0 {
        return clear(out, write);
    }
    match path::taken() {
        Path::Amx | Path::Avx512Bf16 | Path::TwinOfAmx => {
            // Tiles are that much faster, and a thread has to be worth its start.
            let pieces = pieces(a.rows * a.cols * b.cols, 4 * WORTH_A_THREAD);
            tiles::matmul(a, b, (out, write), pieces);
        }
        Path::Avx512 | Path::Avx2 | Path::Portable => {
            let [mut of_a, mut of_b] = [Vec::new(), Vec::new()];
            matmul(rounded(a, &mut of_a), rounded(b, &mut of_b), out, write);
        }
    }
}

/// A matrix of rounded numbers, in this memory.
fn rounded<'a>(x: View<'a>, memory: &'a mut Vec<f32>) -> View<'a> {
    let last = x.rows.saturating_sub(1) * x.row_stride + x.cols.saturating_sub(1) * x.col_stride;
    let data = &x.data[..(last + 1).min(x.data.len())];
    let data = Precision::Bf16.rounded(data, memory);
    View { data, rows: x.rows, cols: x.cols, row_stride: x.row_stride, col_stride: x.col_stride }
}

/// Into how many pieces so much work is split.
fn pieces(work: usize, worth_a_thread: usize) -> usize {
    (work / worth_a_thread).clamp(1, rayon::current_num_threads())
}

/// The same on the calling thread alone, for work that is already one of several threads.
pub(crate) fn matmul_here(a: View<'_>, b: View<'_>, out: ViewMut<'_>, write: Write) {
    assert_eq!((a.rows, a.cols, b.cols), (out.rows, b.rows, out.cols), "shapes of a product");
    if a.cols == 0 {
        return clear(out, write);
    }
    let (mut packed, mut out) = (Packed::default(), out);
    for from in (0..b.cols).step_by(COLUMNS) {
        let columns = from..(from + COLUMNS).min(b.cols);
        let mut write = write;
        for from in (0..b.rows).step_by(DEPTH) {
            let depth = from..(from + DEPTH).min(b.rows);
            packed.pack(b.rows(depth.clone()).columns(columns.clone()));
            let out = out.reborrow().columns(columns.clone());
            matmul_packed(a.columns(depth), &packed, out, write);
            write = Write::Add;
        }
    }
}

/// What a sum of nothing leaves.
fn clear(out: ViewMut<'_>, write: Write) {
    if write == Write::Set {
        out.data.chunks_mut(out.stride.max(1)).for_each(|row| row[..out.cols].fill(0.0));
    }
}

#[derive(Clone, Copy)]
struct Split {
    pieces: usize,
    write: Write,
}

fn split(a: View<'_>, b: View<'_>, out: ViewMut<'_>, how: Split) {
    if how.pieces < 2 || out.rows < 2 {
        return matmul_here(a, b, out, how.write);
    }
    let (left, rows) = (how.pieces / 2, out.rows);
    // A whole number of the micro-kernel's rows, so that only the last piece has a ragged edge.
    let at = (rows * left / how.pieces).next_multiple_of(8).min(rows);
    let (head, tail) = out.split_rows(at);
    rayon::join(
        || split(a.rows(0..at), b, head, Split { pieces: left, ..how }),
        || split(a.rows(at..rows), b, tail, Split { pieces: how.pieces - left, ..how }),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 37 + 11) % 101) as f32 / 50.0 - 1.0).collect()
    }

    fn plain(a: View<'_>, b: View<'_>, out: &mut [f32]) {
        for i in 0..a.rows {
            for j in 0..b.cols {
                let term = |k: usize| {
                    let left = a.data[i * a.row_stride + k * a.col_stride];
                    f64::from(left * b.data[k * b.row_stride + j * b.col_stride])
                };
                out[i * b.cols + j] += (0..a.cols).map(term).sum::<f64>() as f32;
            }
        }
    }

    fn check(a: View<'_>, b: View<'_>) {
        let start = numbers(a.rows * b.cols);
        let (mut fast, mut slow) = (start.clone(), start);
        matmul(a, b, ViewMut::new(&mut fast, a.rows, b.cols), Write::Add);
        plain(a, b, &mut slow);
        for (x, y) in fast.iter().zip(&slow) {
            assert!((x - y).abs() < 2e-5 * a.cols as f32, "{x} {y}");
        }
    }

    #[test]
    fn a_product_equals_the_plain_triple_loop_in_every_orientation() {
        for (m, k, n) in [
            (2, 5, 7),
            (11, 1, 13),
            (1, 17, 1),
            (1, 523, 211),
            (67, 71, 73),
            (131, 523, 37),
            (3, 5, 1031),
        ] {
            let (a, b) = (numbers(m * k), numbers(k * n));
            check(View::new(&a, m, k), View::new(&b, k, n));
            check(View::new(&a, m, k), View::new(&b, n, k).t());
            check(View::new(&a, k, m).t(), View::new(&b, k, n));
            check(View::new(&a, k, m).t(), View::new(&b, n, k).t());
        }
    }

    #[test]
    fn a_product_is_the_same_bit_for_bit_however_many_pieces_it_is_split_into() {
        let (m, k, n) = (211, 307, 101);
        let (a, b) = (numbers(m * k), numbers(k * n));
        let run = |pieces| {
            let mut out = vec![f32::NAN; m * n];
            let how = Split { pieces, write: Write::Set };
            split(View::new(&a, m, k), View::new(&b, k, n), ViewMut::new(&mut out, m, n), how);
            out
        };
        let whole = run(1);
        for pieces in [2, 3, 5, 16] {
            assert_eq!(whole, run(pieces), "{pieces} pieces");
        }
    }

    #[test]
    fn a_matrix_packed_once_gives_the_same_bits() {
        let (m, k, n) = (37, 523, 101);
        let (a, b) = (numbers(m * k), numbers(k * n));
        let (a, b) = (View::new(&a, m, k), View::new(&b, n, k).t());
        let (mut here, mut packed) = (vec![0.0; m * n], vec![0.0; m * n]);
        matmul_here(a, b, ViewMut::new(&mut here, m, n), Write::Set);
        let mut once = Packed::default();
        once.pack(b);
        matmul_packed(a, &once, ViewMut::new(&mut packed, m, n), Write::Set);
        assert_eq!(here, packed);
    }

    #[test]
    fn a_block_of_columns_is_written_and_its_neighbours_are_left_alone() {
        let (a, b) = (numbers(6), numbers(6));
        let mut out = vec![9.0; 2 * 5];
        let block = ViewMut::new(&mut out, 2, 5).columns(1..3);
        matmul(View::new(&a, 2, 3), View::new(&b, 3, 2), block, Write::Set);
        for at in [0, 3, 4, 5, 8, 9] {
            assert_eq!(out[at], 9.0);
        }
        assert_ne!(out[1], 9.0);
    }

    #[test]
    fn an_empty_sum_is_zero() {
        let mut out = vec![3.0; 4];
        matmul(
            View::new(&[], 2, 0),
            View::new(&[], 0, 2),
            ViewMut::new(&mut out, 2, 2),
            Write::Set,
        );
        assert_eq!(out, [0.0; 4]);
    }
}
