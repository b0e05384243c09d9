//! Operands in the order in which tiles are loaded from them.

use std::ops::Range;

use rayon::prelude::*;

use super::transpose::transpose;
use super::{DEPTH, TILE};
use crate::simd::vectorised;
use crate::{View, bf16};

/// Blocks that one piece of work packs.
const BLOCKS: usize = 16;

/// A row of a tile: 16 pairs of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [u16; 32]);

impl Line {
    pub(crate) const ZERO: Line = Line([0; 32]);

    /// Rounds the numbers of a line.
    #[inline(always)]
    pub(crate) fn round(numbers: &[f32; 32]) -> Self {
        let mut line = Line::ZERO;
        for (to, &x) in line.0.iter_mut().zip(numbers) {
            *to = bf16::bits(x);
        }
        line
    }

    /// The numbers of a line.
    #[inline(always)]
    pub(crate) fn numbers(&self) -> [f32; 32] {
        let mut numbers = [0.0; 32];
        for (to, &bits) in numbers.iter_mut().zip(&self.0) {
            *to = bf16::number(bits);
        }
        numbers
    }

    /// Rounds two rows of 16 numbers to pairs, each of one column.
    #[inline(always)]
    fn pairs(even: &[f32; 16], odd: &[f32; 16]) -> Self {
        let mut line = Line::ZERO;
        for (to, (&even, &odd)) in
            line.0.as_chunks_mut::<2>().0.iter_mut().zip(even.iter().zip(odd))
        {
            *to = [bf16::bits(even), bf16::bits(odd)];
        }
        line
    }
}

/// Blocks of lines: an operand of a product. Lines behind the last one of each block let a tile reach past it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    pub(super) lines: Vec<Line>,
    /// How far the blocks are apart.
    pub(super) stride: usize,
}

impl Lines {
    /// Makes room for blocks of lines, whose values are left open.
    pub(crate) fn resize(&mut self, blocks: usize, lines: usize) {
        // The tiles of neighbouring blocks fall into different sets of the innermost cache.
        self.stride = lines.next_multiple_of(64) + TILE;
        self.lines.resize(blocks * self.stride, Line::ZERO);
    }

    /// The same with zeros in it.
    pub(crate) fn clear(&mut self, blocks: usize, lines: usize) {
        self.lines.clear();
        self.resize(blocks, lines);
    }

    /// The lines of one block.
    #[inline(always)]
    pub(crate) fn block(&self, block: usize) -> &[Line] {
        &self.lines[block * self.stride..][..self.stride]
    }

    /// The lines of one block, to write.
    #[inline(always)]
    pub(crate) fn block_mut(&mut self, block: usize) -> &mut [Line] {
        &mut self.lines[block * self.stride..][..self.stride]
    }

    /// Groups of as many blocks, to be written by several threads.
    pub(crate) fn groups_mut(&mut self, blocks: usize) -> impl Iterator<Item = &mut [Line]> {
        self.lines.chunks_mut(blocks * self.stride)
    }

    /// Becomes the left operand `a` (M, K), filled up with zeros to whole tiles.
    pub(crate) fn pack_left(&mut self, a: View<'_>) {
        self.resize(a.cols.div_ceil(DEPTH), a.rows);
        if a.col_stride != 1 {
            return self.put((0, 0), a, Along::Rows);
        }
        let Lines { lines, stride } = self;
        vectorised(
            #[inline(always)]
            || {
                // Row by row, as the numbers lie.
                for row in 0..a.rows {
                    let numbers = a.data[row * a.row_stride..][..a.cols].chunks(DEPTH);
                    for (block, numbers) in numbers.enumerate() {
                        lines[block * *stride + row] = Line::round(&padded(numbers));
                    }
                }
            },
        );
    }

    /// Becomes the right operand `b` (K, N), filled up with zeros to whole tiles and an even number of blocks.
    pub(crate) fn pack_right(&mut self, b: View<'_>) {
        self.clear(b.cols.div_ceil(2 * TILE) * 2, b.rows.div_ceil(DEPTH) * TILE);
        self.put_right((0, 0), b);
    }

    /// Becomes the right operand made of groups of rows, each filled up with zeros to whole tiles; an empty row is one
    /// of zeros.
    pub(crate) fn pack_rows(&mut self, groups: &[Vec<&[f32]>], width: usize) {
        let depth: usize = groups.iter().map(|rows| rows.len().div_ceil(DEPTH)).sum();
        self.resize(width.div_ceil(2 * TILE) * 2, depth * TILE);
        let stride = self.stride;
        let mut of_threads: Vec<&mut [Line]> = self.groups_mut(BLOCKS).collect();
        of_threads.par_iter_mut().enumerate().for_each(|(at, lines)| {
            vectorised(
                #[inline(always)]
                || put_rows(groups, at * BLOCKS * TILE, (lines, stride)),
            );
        });
    }

    /// Turns at most 32 rows of this left operand over: a line for each of its columns.
    pub(crate) fn turn_over(&self, rows: Range<usize>, to: &mut [Line]) {
        vectorised(
            #[inline(always)]
            || {
                let blocks = self.lines.chunks_exact(self.stride);
                for (block, to) in blocks.zip(to.chunks_exact_mut(DEPTH)) {
                    let mut halves = halves(&block[rows.clone()]);
                    let [even, odd] = &mut halves;
                    transpose(even);
                    transpose(odd);
                    for (j, to) in to.iter_mut().enumerate() {
                        *to = halves[j % 2][j / 2];
                    }
                }
            },
        );
    }

    /// Puts a right operand where a block and a line are the first ones.
    pub(crate) fn put_right(&mut self, at: (usize, usize), b: View<'_>) {
        // What are pairs of rows of a matrix are pairs of columns of its transpose.
        self.put(at, b.t(), Along::Columns);
    }

    /// Puts the lines of the left operand `a`, or of the right operand that is its transpose.
    fn put(&mut self, (block, line): (usize, usize), a: View<'_>, along: Along) {
        let stride = self.stride;
        let lines = &mut self.lines[block * stride + line..];
        vectorised(
            #[inline(always)]
            || {
                for row in (0..a.rows).step_by(TILE) {
                    for column in (0..a.cols).step_by(DEPTH) {
                        let rows = row..(row + TILE).min(a.rows);
                        let columns = column..(column + DEPTH).min(a.cols);
                        let tile = tile(a.rows(rows).columns(columns), along);
                        let at = match along {
                            Along::Rows => column / DEPTH * stride + row,
                            Along::Columns => row / TILE * stride + column / 2,
                        };
                        lines[at..at + TILE].copy_from_slice(&tile);
                    }
                }
            },
        );
    }
}

/// Puts rows as pairs, from one of their columns on.
#[inline(always)]
fn put_rows(groups: &[Vec<&[f32]>], from: usize, (lines, stride): (&mut [Line], usize)) {
    let mut line = 0;
    for rows in groups {
        for pair in 0..rows.len().div_ceil(DEPTH) * TILE {
            let even = rows.get(2 * pair).copied().unwrap_or_default();
            let odd = rows.get(2 * pair + 1).copied().unwrap_or_default();
            for (block, lines) in lines.chunks_exact_mut(stride).enumerate() {
                let from = from + block * TILE;
                lines[line] = Line::pairs(&columns(even, from), &columns(odd, from));
            }
            line += 1;
        }
    }
}

/// Some columns of a row, zeros past its last.
#[inline(always)]
fn columns(row: &[f32], from: usize) -> [f32; TILE] {
    padded(&row[from.min(row.len())..(from + TILE).min(row.len())])
}

/// The even and the odd columns of at most 32 rows, in pairs of rows.
#[inline(always)]
fn halves(rows: &[Line]) -> [[Line; TILE]; 2] {
    let mut halves = [[Line::ZERO; TILE]; 2];
    for (p, pair) in rows.chunks(2).enumerate() {
        let (even, odd) = (&pair[0], pair.get(1).unwrap_or(&Line::ZERO));
        for (half, tile) in halves.iter_mut().enumerate() {
            let to = tile[p].0.as_chunks_mut::<2>().0;
            for (j, to) in to.iter_mut().enumerate() {
                *to = [even.0[2 * j + half], odd.0[2 * j + half]];
            }
        }
    }
    halves
}

/// What a line holds a piece of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Along {
    /// A row: the matrix is a left operand.
    Rows,
    /// Two columns: its transpose is a right operand.
    Columns,
}

/// At most 16 rows and 32 columns as a tile.
#[inline(always)]
fn tile(a: View<'_>, along: Along) -> [Line; TILE] {
    // Numbers are read in the order in which they lie; a tile of the other order is then transposed.
    let (mut tile, lies) = match a.col_stride {
        1 => (rows_of(a), Along::Rows),
        _ => (pairs_of(a.t()), Along::Columns),
    };
    if lies != along {
        transpose(&mut tile);
    }
    tile
}

/// A line for each row.
#[inline(always)]
fn rows_of(a: View<'_>) -> [Line; TILE] {
    let mut tile = [Line::ZERO; TILE];
    for (i, line) in tile[..a.rows].iter_mut().enumerate() {
        *line = Line::round(&padded(&a.data[i * a.row_stride..][..a.cols]));
    }
    tile
}

/// A line for each pair of rows.
#[inline(always)]
fn pairs_of(a: View<'_>) -> [Line; TILE] {
    let mut tile = [Line::ZERO; TILE];
    for (p, line) in tile[..a.rows.div_ceil(2)].iter_mut().enumerate() {
        let even = padded(&a.data[2 * p * a.row_stride..][..a.cols]);
        let odd = match 2 * p + 1 < a.rows {
            true => padded(&a.data[(2 * p + 1) * a.row_stride..][..a.cols]),
            false => [0.0; 16],
        };
        *line = Line::pairs(&even, &odd);
    }
    tile
}

/// Numbers filled up with zeros.
#[inline(always)]
pub(crate) fn padded<const N: usize>(numbers: &[f32]) -> [f32; N] {
    if let Some(all) = numbers.first_chunk() {
        return *all;
    }
    let mut padded = [0.0; N];
    padded[..numbers.len()].copy_from_slice(numbers);
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize) -> Vec<f32> {
        (0..n).map(|i| i as f32 - 17.0).collect()
    }

    #[test]
    fn a_left_operand_has_its_rows_in_lines_and_a_right_one_pairs_of_its_rows() {
        for (m, k) in [(1, 1), (2, 33), (17, 32), (37, 71)] {
            let x = numbers(m * k);
            let (plain, swapped) = (View::new(&x, m, k), View::new(&x, k, m).t());
            for (a, at) in [(plain, [k, 1]), (swapped, [1, m])] {
                let (mut left, mut right) = (Lines::default(), Lines::default());
                left.pack_left(a);
                right.pack_right(a.t());
                for i in 0..m {
                    for p in 0..k.next_multiple_of(32) {
                        let inside = if p < k { x[i * at[0] + p * at[1]] } else { 0.0 };
                        let line = left.block(p / 32)[i].0;
                        assert_eq!(bf16::number(line[p % 32]), bf16::round(inside));
                        let line = right.block(i / 16)[p / 2].0;
                        assert_eq!(bf16::number(line[i % 16 * 2 + p % 2]), bf16::round(inside));
                    }
                }
            }
        }
    }
}
