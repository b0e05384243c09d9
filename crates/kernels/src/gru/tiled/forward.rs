//! Forward through time on tiles.

use std::ops::Range;

use rayon::prelude::*;

use super::{AT_ONCE, Group, PartTape, Sizes, Tape, gate, right_blocks};
use crate::activation::{sigmoid, tanh};
use crate::gru::{Gru, PIECE};
use crate::sequences::{PART, Part};
use crate::simd::vectorised;
use crate::tiles::{DEPTH, Line, Lines, Operands, Piece, TILE, multiply, padded};
use crate::{View, ViewMut, Write};

/// One part in one window.
struct Window<'a> {
    part: &'a Part,
    /// The first row of the window, and that of the steps that `projected` has, counted from the part's first.
    firsts: (usize, usize),
    gates: &'a mut Lines,
    /// W x, (rows of some steps of the window, 3H).
    projected: &'a [f32],
    /// The states of all rows of the part, (rows, H).
    output: &'a mut [f32],
}

/// What all parts share.
struct Shared<'a> {
    sizes: Sizes,
    /// Uᵀ, gates r, z, n.
    recurrent: &'a Lines,
    /// Of q, r, z, n.
    biases: [Vec<f32>; 4],
}

impl Gru<'_> {
    /// The states after each step go to `output`, (S, H).
    pub(in crate::gru) fn forward_on_tiles(&self, x: &[f32], tape: &mut Tape, output: &mut [f32]) {
        let (sizes, windows) = (Sizes::of(self), self.windows());
        tape.fit(self.sequences, sizes, windows.len());
        let Tape { parts, groups, input, recurrent, .. } = tape;
        pack(input, self.weights.input, sizes);
        pack(recurrent, self.weights.recurrent, sizes);
        let shared = Shared { sizes, recurrent, biases: self.padded_biases(sizes) };
        for (number, window) in windows.iter().enumerate() {
            for steps in self.projections(window, sizes.columns) {
                self.project_on_tiles(x, input, (parts, &steps));
                let outputs = self.sequences.by_part(sizes.hidden, output);
                let with_parts = self.sequences.parts().iter().zip(outputs).zip(&mut *parts);
                let mut of_parts: Vec<Window<'_>> = with_parts
                    .map(|((part, output), tape)| {
                        let PartTape { gates, projected, .. } = tape;
                        let (rows, gates) = (part.rows_of(window), &mut gates[number]);
                        gates.resize(4 * sizes.blocks, rows.len());
                        let firsts = (rows.start, part.rows_of(&steps).start);
                        Window { part, firsts, gates, projected, output }
                    })
                    .collect();
                let of_groups = of_parts.par_chunks_mut(self.sequences.parts_a_thread());
                of_groups.zip(&mut *groups).for_each(|(parts, group)| {
                    let steps = self.direction.steps(steps.clone());
                    steps.for_each(|t| step(t, parts, group, &shared));
                });
            }
        }
    }

    /// W x for the rows of some steps.
    fn project_on_tiles(
        &self,
        x: &[f32],
        weights: &Lines,
        (tapes, steps): (&mut [PartTape], &Range<usize>),
    ) {
        let (i, width) = (self.input(), 3 * Sizes::of(self).columns);
        let parts = self.sequences.parts().par_iter().zip(tapes);
        parts.for_each(|(part, tape)| {
            let rows = part.rows_of(steps);
            let x = &x[(part.start + rows.start) * i..(part.start + rows.end) * i];
            tape.projected.resize(rows.len() * width);
            let pieces = tape.projected.par_chunks_mut(PIECE * width).enumerate();
            pieces.for_each(|(piece, out)| {
                let (mut left, count) = (Lines::default(), out.len() / width);
                left.pack_left(View::new(&x[piece * PIECE * i..][..count * i], count, i));
                let pieces = [Piece { left: &left, rows: 0..count, to: 0 }];
                let depth = 0..i.div_ceil(DEPTH);
                let operands = Operands { pieces: &pieces, depth, right: weights };
                multiply(&operands, ViewMut::new(out, count, width), Write::Set);
            });
        });
    }

    fn padded_biases(&self, sizes: Sizes) -> [Vec<f32>; 4] {
        let all = self.biases();
        [0, 1, 2, 3].map(|gate| {
            let mut bias = all[gate * sizes.hidden..][..sizes.hidden].to_vec();
            bias.resize(sizes.columns, 0.0);
            bias
        })
    }
}

/// The transpose of a matrix of three gates as a right operand.
fn pack(lines: &mut Lines, weights: &[f32], sizes: Sizes) {
    let depth = weights.len() / (3 * sizes.hidden);
    lines.clear(right_blocks(3 * sizes.columns), depth.div_ceil(DEPTH) * TILE);
    for number in 0..3 {
        let first = number * sizes.columns / TILE;
        lines.put_right((first, 0), gate(weights, sizes.hidden, number).t());
    }
}

/// One step of the parts of a group.
fn step(t: usize, parts: &mut [Window<'_>], group: &mut Group, shared: &Shared<'_>) {
    let columns = shared.sizes.columns;
    let Group { state, lines, product } = group;
    let mut pieces = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        let first = at * PART;
        pieces.push(Piece { left: lines, rows: first..first + part.part.active(t), to: first });
    }
    let (rows, depth) = (state.len() / columns, 0..shared.sizes.blocks);
    let operands = Operands { pieces: &pieces, depth, right: shared.recurrent };
    multiply(&operands, ViewMut::new(product, rows, 3 * columns), Write::Set);
    let places =
        state.chunks_exact_mut(PART * columns).zip(product.chunks_exact(PART * 3 * columns));
    for (at, (part, (state, product))) in parts.iter_mut().zip(places).enumerate() {
        if t < part.part.len() {
            let mut rows = Rows { t, place: at * PART, state, product, lines };
            vectorised(
                #[inline(always)]
                || rows.gates(part, shared),
            );
        }
    }
}

/// One step of one part.
struct Rows<'a> {
    t: usize,
    /// The part's first place in its group.
    place: usize,
    /// h on entry, h' on return, (places, H).
    state: &'a mut [f32],
    /// U h, (places, 3H).
    product: &'a [f32],
    /// h' as a left operand of the group.
    lines: &'a mut Lines,
}

impl Rows<'_> {
    #[inline(always)]
    fn gates(&mut self, window: &mut Window<'_>, shared: &Shared<'_>) {
        let count = window.part.active(self.t);
        for from in (0..count).step_by(AT_ONCE) {
            for block in 0..shared.sizes.blocks {
                self.block(window, shared, (block, from..(from + AT_ONCE).min(count)));
            }
        }
    }

    /// 32 columns of some rows.
    #[inline(always)]
    fn block(
        &mut self,
        window: &mut Window<'_>,
        shared: &Shared<'_>,
        (block, rows): (usize, Range<usize>),
    ) {
        let Sizes { hidden, blocks, columns } = shared.sizes;
        let (at, own) = (block * DEPTH, shared.sizes.of_block(block));
        let row = window.part.steps[self.t];
        let mut biases = [[0.0; DEPTH]; 4];
        for (to, bias) in biases.iter_mut().zip(&shared.biases) {
            *to = padded(&bias[at..]);
        }
        for i in rows {
            let x = &window.projected[(row - window.firsts.1 + i) * 3 * columns..][..3 * columns];
            let h = &self.product[i * 3 * columns..][..3 * columns];
            let [mut of_x, mut of_h] = [[[0.0; DEPTH]; 3]; 2];
            for gate in 0..3 {
                of_x[gate] = padded(&x[gate * columns + at..]);
                of_h[gate] = padded(&h[gate * columns + at..]);
            }
            let state = &mut self.state[i * columns + at..][..DEPTH];
            let cell = cell(&of_x, &of_h, &biases, &padded(state));
            for (gate, values) in cell.gates.iter().enumerate() {
                let lines = window.gates.block_mut(gate * blocks + block);
                lines[row - window.firsts.0 + i] = Line::round(values);
            }
            // Columns past the last one stay zero, whatever was multiplied by their weights of zero.
            let mut after = cell.state;
            after[own.len()..].fill(0.0);
            state.copy_from_slice(&after);
            let output = &mut window.output[(row + i) * hidden..][..hidden];
            output[own.clone()].copy_from_slice(&after[..own.len()]);
            self.lines.block_mut(block)[self.place + i] = Line::round(&after);
        }
    }
}

/// 32 columns of one row after a step.
struct Cell {
    /// q, r, z, n.
    gates: [[f32; DEPTH]; 4],
    state: [f32; DEPTH],
}

/// `x`, `h`: W x and U h for r, z, n; biases of q, r, z, n.
#[inline(always)]
fn cell(
    x: &[[f32; DEPTH]; 3],
    h: &[[f32; DEPTH]; 3],
    biases: &[[f32; DEPTH]; 4],
    state: &[f32; DEPTH],
) -> Cell {
    let mut cell = Cell { gates: [[0.0; DEPTH]; 4], state: [0.0; DEPTH] };
    for j in 0..DEPTH {
        let q = h[2][j] + biases[0][j];
        let r = sigmoid(x[0][j] + biases[1][j] + h[0][j]);
        let z = sigmoid(x[1][j] + biases[2][j] + h[1][j]);
        let n = tanh(x[2][j] + biases[3][j] + r * q);
        cell.state[j] = n + z * (state[j] - n);
        cell.gates[0][j] = q;
        cell.gates[1][j] = r;
        cell.gates[2][j] = z;
        cell.gates[3][j] = n;
    }
    cell
}
