//! The general product on tiles, its rows shared out among the threads.

use super::{Lines, Operands, Piece, multiply};
use crate::{View, ViewMut, Write};

/// How much of the depth is packed at a time: the right operand of a usual layer then stays in the outer caches.
const SLAB: usize = 1024;

/// Rows that are packed at a time; with a slab's depth they stay in the second cache.
const ROWS: usize = 256;

/// `out` (M, N) becomes, or gains, `a` (M, K) times `b` (K, N), both rounded, in as many pieces.
pub(crate) fn matmul(a: View<'_>, b: View<'_>, (out, write): (ViewMut<'_>, Write), pieces: usize) {
    let (mut right, mut out, mut write) = (Lines::default(), out, write);
    for from in (0..b.rows).step_by(SLAB) {
        let slab = from..(from + SLAB).min(b.rows);
        right.pack_right(b.rows(slab.clone()));
        split(a.columns(slab), &right, (out.reborrow(), write), pieces);
        write = Write::Add;
    }
}

fn split(a: View<'_>, right: &Lines, (out, write): (ViewMut<'_>, Write), pieces: usize) {
    if pieces < 2 || out.rows < 2 {
        return matmul_packed(a, right, out, write);
    }
    let (left, rows) = (pieces / 2, out.rows);
    let at = (rows * left / pieces).next_multiple_of(32).min(rows);
    let (head, tail) = out.split_rows(at);
    rayon::join(
        || split(a.rows(0..at), right, (head, write), left),
        || split(a.rows(at..rows), right, (tail, write), pieces - left),
    );
}

/// `out` (M, N) becomes, or gains, `a` (M, K), rounded, times a packed matrix (K, N), on the calling thread alone.
pub(crate) fn matmul_packed(a: View<'_>, right: &Lines, out: ViewMut<'_>, write: Write) {
    let (mut left, mut rest) = (Lines::default(), out);
    for from in (0..a.rows).step_by(ROWS) {
        let rows = from..(from + ROWS).min(a.rows);
        left.pack_left(a.rows(rows.clone()));
        let (out, below) = rest.split_rows(rows.len());
        let pieces = [Piece { left: &left, rows: 0..rows.len(), to: 0 }];
        let depth = 0..a.cols.div_ceil(super::DEPTH);
        multiply(&Operands { pieces: &pieces, depth, right }, out, write);
        rest = below;
    }
}
