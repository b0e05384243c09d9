//! Backward through time on tiles.

use std::ops::Range;

use rayon::prelude::*;

use super::{AT_ONCE, Group, PartTape, Sizes, Tape, gate, right_blocks};
use crate::gru::backward::add;
use crate::gru::{Direction, Gru, GruFlow, GruGradients, PIECE};
use crate::sequences::{PART, Part};
use crate::simd::vectorised;
use crate::tiles::{DEPTH, Line, Lines, Operands, Piece, TILE, multiply, padded};
use crate::{ViewMut, Write};

/// One part in one window.
struct Window<'a> {
    part: &'a Part,
    /// The rows of the window, counted from the part's first.
    rows: Range<usize>,
    /// q, r, z, n, replaced by their gradients.
    gates: &'a mut Lines,
    /// The states of all rows of the part, (rows, H).
    output: &'a [f32],
    /// The gradient of the part's output, (rows, H).
    grad: &'a [f32],
    /// The sums of the gates' gradients, (4H).
    sums: &'a mut [f32],
}

/// What all parts share.
struct Shared<'a> {
    sizes: Sizes,
    /// U's rows for n, r and z.
    recurrent: &'a Lines,
    direction: Direction,
}

impl Gru<'_> {
    /// `output`: what the forward pass gave, (S, H).
    pub(in crate::gru) fn backward_on_tiles(
        &self,
        (tape, output): (&mut Tape, &[f32]),
        flow: GruFlow<'_>,
        grads: &mut GruGradients<'_>,
    ) {
        let (sizes, windows, mut flow) = (Sizes::of(self), self.windows(), flow);
        tape.fit(self.sequences, sizes, windows.len());
        tape.parts.iter_mut().for_each(|part| part.clear_sums(sizes));
        pack(&mut tape.input, self.weights.input, (sizes.hidden, [0, 1, 2]));
        pack(&mut tape.recurrent, self.weights.recurrent, (sizes.hidden, [2, 0, 1]));
        for (number, steps) in windows.iter().enumerate().rev() {
            let Tape { parts, groups, recurrent, .. } = &mut *tape;
            let shared = Shared { sizes, recurrent, direction: self.direction };
            let with_parts = self.sequences.parts().iter().zip(parts);
            let mut of_parts: Vec<Window<'_>> = with_parts
                .map(|(part, tape)| {
                    let all = part.start * sizes.hidden..(part.start + part.rows()) * sizes.hidden;
                    Window {
                        part,
                        rows: part.rows_of(steps),
                        gates: &mut tape.gates[number],
                        output: &output[all.clone()],
                        grad: &flow.grad_output[all],
                        sums: &mut tape.sums,
                    }
                })
                .collect();
            let of_groups = of_parts.par_chunks_mut(self.sequences.parts_a_thread());
            of_groups.zip(groups).for_each(|(parts, group)| {
                self.direction
                    .steps(steps.clone())
                    .rev()
                    .for_each(|t| step(t, parts, group, &shared));
            });
            self.grad_x_on_tiles(tape, (number, steps), &mut flow);
            self.grad_weights_on_tiles((tape, output), (number, steps), (flow.x, grads));
        }
        tape.parts.iter().for_each(|part| add_biases(&part.sums, sizes, grads));
    }

    /// The gradient of `x` in one window.
    fn grad_x_on_tiles(
        &self,
        tape: &Tape,
        (number, steps): (usize, &Range<usize>),
        flow: &mut GruFlow<'_>,
    ) {
        let (i, write, Sizes { blocks, .. }) = (self.input(), flow.write, Sizes::of(self));
        let of_parts = self.sequences.by_part(i, flow.grad_x);
        let parts = self.sequences.parts().par_iter().zip(&tape.parts).zip(of_parts);
        parts.for_each(|((part, tape_of_part), grad_x)| {
            let rows = part.rows_of(steps);
            let grad_x = &mut grad_x[rows.start * i..rows.end * i];
            grad_x.par_chunks_mut((PIECE * i).max(1)).enumerate().for_each(|(piece, out)| {
                let (from, count) = (piece * PIECE, out.len() / i);
                let left = &tape_of_part.gates[number];
                let pieces = [Piece { left, rows: from..from + count, to: 0 }];
                let depth = blocks..4 * blocks;
                let operands = Operands { pieces: &pieces, depth, right: &tape.input };
                multiply(&operands, ViewMut::new(out, count, i), write);
            });
        });
    }

    /// Adds the gradients of W and U in one window.
    fn grad_weights_on_tiles(
        &self,
        (tape, output): (&mut Tape, &[f32]),
        (number, steps): (usize, &Range<usize>),
        (x, grads): (&[f32], &mut GruGradients<'_>),
    ) {
        let (i, sizes) = (self.input(), Sizes::of(self));
        let Tape { parts, turned, read, .. } = tape;
        // Each part begins at a block of its own.
        let spans: Vec<Range<usize>> =
            self.sequences.parts().iter().map(|part| part.rows_of(steps)).collect();
        let depth: usize = spans.iter().map(|rows| rows.len().div_ceil(DEPTH)).sum();
        if depth == 0 {
            return;
        }
        turn_over((parts, number), &spans, (turned, 4 * sizes.columns));
        let [of_x, of_states] = read;
        let parts = || self.sequences.parts().iter().zip(&spans);
        let rows_of_x: Vec<_> = parts()
            .map(|(part, rows)| {
                let all = &x[(part.start + rows.start) * i..(part.start + rows.end) * i];
                all.chunks_exact(i.max(1)).collect()
            })
            .collect();
        let rows_before: Vec<_> = parts()
            .map(|(part, _)| {
                let end = steps.end.min(part.len());
                let all = &output[part.start * sizes.hidden..];
                self.states_before(part, steps.start.min(end)..end, all)
            })
            .collect();
        of_x.pack_rows(&rows_of_x, i);
        of_states.pack_rows(&rows_before, sizes.hidden);
        let product = Turned { turned, depth, sizes };
        product.add_to((&mut grads.input[..], i), of_x, [1, 2, 3]);
        product.add_to((&mut grads.recurrent[..], sizes.hidden), of_states, [1, 2, 0]);
    }
}

/// The gradients of all gates of a window, a line for each column and 32 rows.
struct Turned<'a> {
    turned: &'a Lines,
    depth: usize,
    sizes: Sizes,
}

impl Turned<'_> {
    /// Adds their product with what the rows were made from to the gradient of three gates' weights, (3H, width).
    fn add_to(&self, (grads, width): (&mut [f32], usize), right: &Lines, gates: [usize; 3]) {
        let Sizes { hidden, columns, .. } = self.sizes;
        if width == 0 {
            return;
        }
        let rows = (hidden / 8).next_multiple_of(2 * TILE).clamp(2 * TILE, PIECE);
        let of_gates = grads.par_chunks_exact_mut(hidden * width).zip(gates);
        of_gates.for_each(|(grads, gate)| {
            grads.par_chunks_mut(rows * width).enumerate().for_each(|(piece, out)| {
                let (from, count) = (gate * columns + piece * rows, out.len() / width);
                let pieces = [Piece { left: self.turned, rows: from..from + count, to: 0 }];
                let operands = Operands { pieces: &pieces, depth: 0..self.depth, right };
                multiply(&operands, ViewMut::new(out, count, width), Write::Add);
            });
        });
    }
}

impl PartTape {
    fn clear_sums(&mut self, sizes: Sizes) {
        self.sums.clear();
        self.sums.resize(4 * sizes.columns, 0.0);
    }
}

/// A matrix of three gates, in another order, as a right operand.
fn pack(lines: &mut Lines, weights: &[f32], (hidden, order): (usize, [usize; 3])) {
    let (width, blocks) = (weights.len() / (3 * hidden), hidden.div_ceil(DEPTH));
    lines.clear(right_blocks(width), 3 * blocks * TILE);
    for (place, number) in order.into_iter().enumerate() {
        lines.put_right((0, place * blocks * TILE), gate(weights, hidden, number));
    }
}

/// Turns the gates of all parts over, each part's from a block of its own on.
fn turn_over(
    (parts, number): (&[PartTape], usize),
    spans: &[Range<usize>],
    (turned, columns): (&mut Lines, usize),
) {
    let depths = spans.iter().map(|rows| rows.len().div_ceil(DEPTH));
    turned.resize(depths.clone().sum(), columns);
    let with_rows = parts.iter().zip(spans).zip(depths);
    let blocks: Vec<_> = with_rows
        .flat_map(|((part, rows), depth)| {
            let end = rows.len();
            (0..depth).map(move |block| {
                (&part.gates[number], block * DEPTH..((block + 1) * DEPTH).min(end))
            })
        })
        .collect();
    let to: Vec<&mut [Line]> = turned.groups_mut(1).collect();
    to.into_par_iter().zip(blocks).for_each(|(to, (gates, rows))| gates.turn_over(rows, to));
}

/// The sums of a part, q, r, z, n, are those of the biases' gradients.
fn add_biases(sums: &[f32], sizes: Sizes, grads: &mut GruGradients<'_>) {
    let h = sizes.hidden;
    let gates = [0, 1, 2, 3].map(|gate| &sums[gate * sizes.columns..][..h]);
    for (to, gate) in [1, 2, 3].into_iter().enumerate() {
        add(&mut grads.input_bias[to * h..][..h], gates[gate]);
    }
    for (to, gate) in [1, 2, 0].into_iter().enumerate() {
        add(&mut grads.recurrent_bias[to * h..][..h], gates[gate]);
    }
}

/// One step of the parts of a group.
fn step(t: usize, parts: &mut [Window<'_>], group: &mut Group, shared: &Shared<'_>) {
    let Sizes { hidden, blocks, columns } = shared.sizes;
    for (part, carry) in parts.iter_mut().zip(group.state.chunks_exact_mut(PART * columns)) {
        if t < part.part.len() {
            vectorised(
                #[inline(always)]
                || part.gates_back(t, carry, shared),
            );
        }
    }
    let mut pieces = Vec::with_capacity(parts.len());
    for (at, window) in parts.iter().enumerate() {
        let first = window.part.steps[t.min(window.part.len())] - window.rows.start;
        let rows = first..first + window.part.active(t);
        pieces.push(Piece { left: window.gates, rows, to: at * PART });
    }
    let rows = group.state.len() / columns;
    let out = ViewMut::new(&mut group.state, rows, columns).columns(0..hidden);
    let operands = Operands { pieces: &pieces, depth: 0..3 * blocks, right: shared.recurrent };
    multiply(&operands, out, Write::Add);
}

impl Window<'_> {
    /// Replaces the gates of step `t` by their gradients; `carry`, (places, H), is the gradient of the states after
    /// the step on entry, and what of that reaches the states before it directly on return.
    #[inline(always)]
    fn gates_back(&mut self, t: usize, carry: &mut [f32], shared: &Shared<'_>) {
        let count = self.part.active(t);
        for from in (0..count).step_by(AT_ONCE) {
            for block in 0..shared.sizes.blocks {
                self.block_back((t, from..(from + AT_ONCE).min(count)), block, (carry, shared));
            }
        }
    }

    /// 32 columns of some rows of a step.
    #[inline(always)]
    fn block_back(
        &mut self,
        (t, rows): (usize, Range<usize>),
        block: usize,
        (carry, shared): (&mut [f32], &Shared<'_>),
    ) {
        let Sizes { hidden, blocks, columns } = shared.sizes;
        let (at, own) = (block * DEPTH, shared.sizes.of_block(block));
        let (row, before) = (self.part.steps[t], shared.direction.before(self.part, t));
        let mut sums = [[0.0; DEPTH]; 4];
        for (gate, sum) in sums.iter_mut().enumerate() {
            *sum = padded(&self.sums[gate * columns + at..]);
        }
        for i in rows {
            let carry = &mut carry[i * columns + at..][..DEPTH];
            let grad = &self.grad[(row + i) * hidden..][own.clone()];
            let past = match i < before.len() {
                true => padded(&self.output[(before.start + i) * hidden..][own.clone()]),
                false => [0.0; DEPTH],
            };
            let line = row - self.rows.start + i;
            let mut gates = [[0.0; DEPTH]; 4];
            for (gate, values) in gates.iter_mut().enumerate() {
                *values = self.gates.block(gate * blocks + block)[line].numbers();
            }
            let mut cell = Cell { gates, carry: padded(carry) };
            cell.back(&padded(grad), &past);
            for (gate, (values, sum)) in cell.gates.iter_mut().zip(&mut sums).enumerate() {
                values[own.len()..].fill(0.0);
                for (sum, value) in sum.iter_mut().zip(&*values) {
                    *sum += value;
                }
                self.gates.block_mut(gate * blocks + block)[line] = Line::round(values);
            }
            carry.copy_from_slice(&cell.carry);
        }
        for (gate, sum) in sums.iter().enumerate() {
            self.sums[gate * columns + at..][..DEPTH].copy_from_slice(sum);
        }
    }
}

/// 32 columns of one row.
struct Cell {
    /// q, r, z, n, replaced by their gradients.
    gates: [[f32; DEPTH]; 4],
    carry: [f32; DEPTH],
}

impl Cell {
    #[inline(always)]
    fn back(&mut self, grad: &[f32; DEPTH], past: &[f32; DEPTH]) {
        let [q, r, z, n] = self.gates;
        for j in 0..DEPTH {
            let d = grad[j] + self.carry[j];
            let of_n = d * (1.0 - z[j]) * (1.0 - n[j] * n[j]);
            self.carry[j] = d * z[j];
            self.gates[0][j] = of_n * r[j];
            self.gates[1][j] = of_n * q[j] * r[j] * (1.0 - r[j]);
            self.gates[2][j] = d * (past[j] - n[j]) * z[j] * (1.0 - z[j]);
            self.gates[3][j] = of_n;
        }
    }
}
