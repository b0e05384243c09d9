//! Forward through time on tiles.

use std::ops::Range;

use rayon::prelude::*;

use super::{Group, PIECE, PartTape, Sizes, Tape, by_part, gate, right_blocks};
use crate::activation::{sigmoid, tanh};
use crate::gru::Gru;
use crate::sequences::{PART, Part};
use crate::simd::vectorised;
use crate::tiles::{DEPTH, Line, Lines, Operands, Piece, TILE, multiply, padded};
use crate::{View, ViewMut, Write};

/// One part in one window.
struct Window<'a> {
    part: &'a Part,
    /// The first row of the window, counted from the part's first.
    first: usize,
    gates: &'a mut Lines,
    /// W x, (rows of the window, 3H).
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
        let (sizes, windows) = (Sizes::of(self), self.windows_in_order());
        tape.fit(self.sequences, sizes, windows.len());
        let Tape { parts, groups, input, recurrent, .. } = tape;
        pack(input, self.weights.input, sizes);
        pack(recurrent, self.weights.recurrent, sizes);
        let shared = Shared { sizes, recurrent, biases: self.padded_biases(sizes) };
        for (number, steps) in windows.iter().enumerate() {
            self.project(x, input, (parts, steps));
            let outputs = by_part(self.sequences, sizes.hidden, output);
            let with_parts = self.sequences.parts().iter().zip(outputs).zip(&mut *parts);
            let mut of_parts: Vec<Window<'_>> = with_parts
                .map(|((part, output), tape)| {
                    let PartTape { gates, projected, .. } = tape;
                    let (rows, gates) = (part.rows_of(steps), &mut gates[number]);
                    gates.resize(4 * sizes.blocks, rows.len());
                    Window { part, first: rows.start, gates, projected, output }
                })
                .collect();
            let of_groups = of_parts.par_chunks_mut(self.sequences.parts_a_thread());
            of_groups.zip(&mut *groups).for_each(|(parts, group)| {
                self.direction.steps(steps.clone()).for_each(|t| step(t, parts, group, &shared));
            });
        }
    }

    /// W x for the rows of some steps.
    fn project(
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
            tape.projected.resize(rows.len() * width, 0.0);
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
            let rows = Rows { t, place: at * PART, state, product, lines };
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
    fn gates(self, window: &mut Window<'_>, shared: &Shared<'_>) {
        let Sizes { hidden, blocks, columns } = shared.sizes;
        let steps = &window.part.steps;
        let (row, count) = (steps[self.t] - window.first, steps[self.t + 1] - steps[self.t]);
        let projected = &window.projected[row * 3 * columns..][..count * 3 * columns];
        let output = &mut window.output[steps[self.t] * hidden..][..count * hidden];
        for block in 0..blocks {
            let (at, own) = (block * DEPTH, shared.sizes.of_block(block));
            let biases = shared.biases.each_ref().map(|bias| padded::<DEPTH>(&bias[at..]));
            let rows =
                projected.chunks_exact(3 * columns).zip(self.product.chunks_exact(3 * columns));
            let states = self.state.chunks_exact_mut(columns).zip(output.chunks_exact_mut(hidden));
            for (i, ((x, h), (state, output))) in rows.zip(states).enumerate() {
                let state = &mut state[at..at + DEPTH];
                let of = |all: &[f32], gate: usize| padded::<DEPTH>(&all[gate * columns + at..]);
                let x = [of(x, 0), of(x, 1), of(x, 2)];
                let h = [of(h, 0), of(h, 1), of(h, 2)];
                let cell = cell(&x, &h, &biases, &padded(state));
                for (gate, values) in cell.gates.iter().enumerate() {
                    window.gates.block_mut(gate * blocks + block)[row + i] = Line::round(values);
                }
                // Columns past the last one stay zero, whatever was multiplied by their weights of zero.
                let mut after = cell.state;
                after[own.len()..].fill(0.0);
                state.copy_from_slice(&after);
                output[own.clone()].copy_from_slice(&after[..own.len()]);
                self.lines.block_mut(block)[self.place + i] = Line::round(&after);
            }
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
