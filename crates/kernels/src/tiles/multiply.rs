//! The loops around the tiles: which of them are multiplied when, and where the sums go.

use std::ops::Range;

use super::twin::Twin;
use super::{Lines, TILE};
use crate::{ViewMut, Write};

/// Blocks of depth that are worked on at a time: the panel of the right operand stays in the second cache.
const STRIP: usize = 32;

/// Blocks of 32 rows that are multiplied by a panel of the right operand while it is at hand.
const TALL: usize = 8;

/// Rows of a left operand and where their results go.
#[derive(Clone, Debug)]
pub(crate) struct Piece<'a> {
    /// The left operand.
    pub(crate) left: &'a Lines,
    /// Some of its rows.
    pub(crate) rows: Range<usize>,
    /// The first row of the result that they give.
    pub(crate) to: usize,
}

/// The operands of a product.
#[derive(Clone, Debug)]
pub(crate) struct Operands<'a> {
    /// The rows; only the results that they give are written.
    pub(crate) pieces: &'a [Piece<'a>],
    /// The blocks of the left operands that take part; the right operand begins with the first of them.
    pub(crate) depth: Range<usize>,
    /// The right operand, as many columns as the result has.
    pub(crate) right: &'a Lines,
}

/// The rows of `out` that pieces name become, or gain, their product with the right operand, on this thread alone.
pub(crate) fn multiply(operands: &Operands<'_>, out: ViewMut<'_>, write: Write) {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    if crate::path::taken() == crate::Path::Amx {
        return run(&super::instructions::Tiles::configure(), operands, out, write);
    }
    #[cfg(target_arch = "x86_64")]
    if crate::path::taken() == crate::Path::Avx512Bf16 {
        return run(&super::vectors::Vectors::new(), operands, out, write);
    }
    run(&Twin, operands, out, write);
}

/// What multiplies tiles.
pub(super) trait Engine {
    /// One or two tiles of rows times two tiles of columns, summed over their depth.
    fn times(&self, block: &Block<'_>, target: Target<'_>);
}

/// The operands of a block of the result: 16 or 32 rows by 32 columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    /// Lines of the left operand from the first row on.
    pub(super) left: &'a [super::Line],
    /// How far blocks of the left operand are apart.
    pub(super) stride: usize,
    /// How many tiles of rows: 1 or 2.
    pub(super) tiles: usize,
    /// Lines of the right operand, for the left and the right half of the columns.
    pub(super) right: [&'a [super::Line]; 2],
    /// How many tiles are summed over: at least 1.
    pub(super) depth: usize,
}

/// Where a block of the result goes: all rows of its tiles, 32 columns.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) out: &'a mut [f32],
    pub(super) stride: usize,
    pub(super) write: Write,
}

/// At most 32 rows of a piece: which piece, the first row in it, and how many.
type Rows = (usize, usize, usize);

fn run(engine: &impl Engine, operands: &Operands<'_>, mut out: ViewMut<'_>, write: Write) {
    let of_piece = |(at, piece): (usize, &Piece<'_>)| {
        let end = piece.rows.end;
        piece.rows.clone().step_by(2 * TILE).map(move |row| (at, row, (end - row).min(2 * TILE)))
    };
    let rows: Vec<Rows> = operands.pieces.iter().enumerate().flat_map(of_piece).collect();
    if operands.depth.is_empty() && write == Write::Set {
        for &(piece, row, count) in &rows {
            let Piece { rows, to, .. } = &operands.pieces[piece];
            let first = (to + row - rows.start) * out.stride;
            let rows = out.data[first..].chunks_mut(out.stride).take(count);
            rows.for_each(|row| row[..out.cols].fill(0.0));
        }
    }
    let mut write = write;
    for from in operands.depth.clone().step_by(STRIP) {
        let strip = from..(from + STRIP).min(operands.depth.end);
        for rows in rows.chunks(TALL) {
            for column in (0..out.cols).step_by(2 * TILE) {
                for &rows in rows {
                    let strip = strip.clone();
                    Place { engine, operands, rows, column, strip }.fill(&mut out, write);
                }
            }
        }
        write = Write::Add;
    }
}

/// A block of the result, and the part of the sums that is added.
struct Place<'a, E: Engine> {
    engine: &'a E,
    operands: &'a Operands<'a>,
    rows: Rows,
    column: usize,
    strip: Range<usize>,
}

impl<E: Engine> Place<'_, E> {
    #[inline(always)]
    fn fill(&self, out: &mut ViewMut<'_>, write: Write) {
        let (piece, row, count) = self.rows;
        let Piece { left, rows, to } = &self.operands.pieces[piece];
        let width = (out.cols - self.column).min(2 * TILE);
        let start = (to + row - rows.start) * out.stride + self.column;
        let (stride, values) = (out.stride, &mut out.data[start..]);
        let block = self.block(left, (row, count.div_ceil(TILE)));
        if width == 2 * TILE && count == block.tiles * TILE {
            return self.engine.times(&block, Target { out: values, stride, write });
        }
        // A ragged edge goes through a whole block.
        let mut whole = [0.0; 4 * TILE * TILE];
        let target = Target { out: &mut whole, stride: 2 * TILE, write: Write::Set };
        self.engine.times(&block, target);
        for (whole, values) in
            whole.chunks_exact(2 * TILE).zip(values.chunks_mut(stride)).take(count)
        {
            for (value, sum) in values[..width].iter_mut().zip(whole) {
                *value = if write == Write::Set { *sum } else { *value + sum };
            }
        }
    }

    /// Tiles of the left operand from a row on, and those of the right one.
    #[inline(always)]
    fn block<'b>(&'b self, left: &'b Lines, (row, tiles): (usize, usize)) -> Block<'b> {
        let (strip, stride) = (&self.strip, left.stride);
        let first = (strip.start - self.operands.depth.start) * TILE;
        let panel = |side| &self.operands.right.block(self.column / TILE + side)[first..];
        let left = &left.lines[strip.start * stride + row..];
        Block { left, stride, tiles, right: [panel(0), panel(1)], depth: strip.len() }
    }
}
