//! The GRU's backward pass through time.

use std::ops::Range;

use rayon::prelude::*;

use super::{Gru, GruTape, PIECE};
use crate::gemm::{Packed, matmul_packed, matmul_packed_all};
use crate::sequences::Part;
use crate::simd::vectorised;
use crate::{View, ViewMut, Write};

/// Where the gradients of one direction's weights are added; shapes as in [`GruWeights`](super::GruWeights).
#[derive(Debug)]
pub struct GruGradients<'a> {
    /// Of W: (3H, I).
    pub input: &'a mut [f32],
    /// Of U: (3H, H).
    pub recurrent: &'a mut [f32],
    /// Of b: (3H).
    pub input_bias: &'a mut [f32],
    /// Of c: (3H).
    pub recurrent_bias: &'a mut [f32],
}

/// What flows through the layer: its input, the gradient that comes in and the one that goes out.
#[derive(Debug)]
pub struct GruFlow<'a> {
    /// What the layer read, (S, I).
    pub x: &'a [f32],
    /// The gradient of the layer's output, (S, H).
    pub grad_output: &'a [f32],
    /// Where the gradient of `x` goes, (S, I).
    pub grad_x: &'a mut [f32],
    /// Whether that replaces or joins what is there: the other direction's gradient.
    pub write: Write,
}

impl Gru<'_> {
    /// Takes the gradient of the output back to the weights and the input.
    ///
    /// `tape` is as the forward pass over the same input left it; its gates are used up.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn backward(&self, tape: &mut GruTape, flow: GruFlow<'_>, grads: &mut GruGradients<'_>) {
        let (h, i, rows) = (self.hidden(), self.input(), self.sequences.rows());
        assert_eq!(flow.grad_output.len(), rows * h, "the gradient of a GRU's output");
        if self.is_tiled() {
            return self.backward_on_tiles((&mut tape.tiled, &tape.output), flow, grads);
        }
        let GruTape { gates, output, input, recurrent, .. } = tape;
        let weights = View::new(self.weights.recurrent, 3 * h, h);
        self.pack(&mut recurrent[0], weights.rows(0..2 * h));
        self.pack(&mut recurrent[1], weights.rows(2 * h..3 * h));
        self.pack(input, View::new(self.weights.input, 3 * h, i));
        let gates = self.sequences.by_part(4 * h, gates);
        let of_x = self.sequences.by_part(i, flow.grad_x);
        let all = self.sequences.parts().iter().zip(gates.into_iter().zip(of_x));
        let mut parts: Vec<PartRows<'_>> = all
            .map(|(part, (gates, grad_x))| {
                let rows = part.start * h..(part.start + part.rows()) * h;
                let (grad, output) = (&flow.grad_output[rows.clone()], &output[rows]);
                let (sums, carry) = (vec![0.0; 4 * h], vec![0.0; part.members.len() * h]);
                PartRows { part, gates, grad, grad_x, output, previous: Vec::new(), carry, sums }
            })
            .collect();
        for steps in self.windows().iter().rev() {
            let groups = parts.par_chunks_mut(self.sequences.parts_a_thread());
            groups.for_each(|parts| self.run_back(parts, steps, recurrent));
            let each = parts.par_iter_mut();
            each.for_each(|part| self.grad_x(part, steps, (input, flow.write)));
            parts.iter().for_each(|part| self.grad_weights(part, steps, (flow.x, grads)));
        }
        for PartRows { sums, .. } in parts {
            add(&mut grads.input_bias[..], &sums[h..]);
            add(&mut grads.recurrent_bias[..2 * h], &sums[h..3 * h]);
            add(&mut grads.recurrent_bias[2 * h..], &sums[..h]);
        }
    }

    /// The gradient of `x` for some steps of a part.
    fn grad_x(
        &self,
        of: &mut PartRows<'_>,
        steps: &Range<usize>,
        (weights, write): (&Packed, Write),
    ) {
        let (h, i, rows) = (self.hidden(), self.input(), of.part.rows_of(steps));
        let gates = of.gates[rows.start * 4 * h..rows.end * 4 * h].par_chunks(PIECE * 4 * h);
        let grad_x = of.grad_x[rows.start * i..rows.end * i].par_chunks_mut((PIECE * i).max(1));
        gates.zip(grad_x).for_each(|(gates, grad_x)| {
            let rows = gates.len() / (4 * h);
            let gates = View::new(gates, rows, 4 * h).columns(h..4 * h);
            matmul_packed(gates, weights, ViewMut::new(grad_x, rows, i), write);
        });
    }

    /// Adds the gradients of W and U for some steps of a part.
    fn grad_weights(
        &self,
        of: &PartRows<'_>,
        steps: &Range<usize>,
        (x, grads): (&[f32], &mut GruGradients<'_>),
    ) {
        let (h, i, rows) = (self.hidden(), self.input(), of.part.rows_of(steps));
        let matmul = self.precision.matmul();
        let gates = View::new(&of.gates[rows.start * 4 * h..rows.end * 4 * h], rows.len(), 4 * h);
        let (q, rz, rzn) = (gates.columns(0..h), gates.columns(h..3 * h), gates.columns(h..4 * h));
        let x = &x[(of.part.start + rows.start) * i..(of.part.start + rows.end) * i];
        let x = View::new(x, rows.len(), i);
        matmul(rzn.t(), x, ViewMut::new(grads.input, 3 * h, i), Write::Add);
        let previous = View::new(&of.previous, rows.len(), h);
        let (of_rz, of_n) = grads.recurrent.split_at_mut(2 * h * h);
        matmul(rz.t(), previous, ViewMut::new(of_rz, 2 * h, h), Write::Add);
        matmul(q.t(), previous, ViewMut::new(of_n, h, h), Write::Add);
    }

    /// Gathers the state that each row of some steps was made from: the output of the step before, or zeros.
    fn gather_previous(&self, of: &mut PartRows<'_>, steps: &Range<usize>) {
        let h = self.hidden();
        of.previous.clear();
        for t in steps.start..steps.end.min(of.part.len()) {
            let past = self.direction.before(of.part, t);
            of.previous.extend_from_slice(&of.output[past.start * h..past.end * h]);
            let rows = of.part.steps[t + 1] - of.part.rows_of(steps).start;
            of.previous.resize(rows * h, 0.0);
        }
    }

    /// Some steps of some parts, all of them a step at a time, from the step taken last to the first: q, r, z and n
    /// become the gradients of q and of what r, z and n are functions of.
    fn run_back(&self, parts: &mut [PartRows<'_>], steps: &Range<usize>, recurrent: &[Packed; 2]) {
        let h = self.hidden();
        parts.iter_mut().for_each(|part| self.gather_previous(part, steps));
        for t in self.direction.steps(steps.clone()).rev() {
            for rows in parts.iter_mut().filter(|rows| t < rows.part.len()) {
                self.gates_back(rows, t, steps);
            }
            for (columns, weights) in [h..3 * h, 0..h].into_iter().zip(recurrent) {
                let mut products = Vec::with_capacity(parts.len());
                for PartRows { part, gates, carry, .. } in &mut *parts {
                    let carried = self.direction.before(part, t).len();
                    let first = part.steps[t.min(part.len())];
                    let gates = &gates[first * 4 * h..][..carried * 4 * h];
                    let gates = View::new(gates, carried, 4 * h).columns(columns.clone());
                    products.push((gates, ViewMut::new(&mut carry[..carried * h], carried, h)));
                }
                matmul_packed_all(products, weights, Write::Add);
            }
        }
    }

    /// One step of one part, but for what comes through the recurrent product.
    fn gates_back(&self, part: &mut PartRows<'_>, t: usize, window: &Range<usize>) {
        let h = self.hidden();
        let PartRows { part, gates, grad, previous, carry, sums, .. } = part;
        let rows = part.steps[t]..part.steps[t + 1];
        let of_states = rows.start * h..rows.end * h;
        let gates = &mut gates[rows.start * 4 * h..rows.end * 4 * h];
        let carry = &mut carry[..rows.len() * h];
        let before = &previous[(rows.start - part.rows_of(window).start) * h..][..rows.len() * h];
        let (grad, previous) = (&grad[of_states], before);
        vectorised(
            #[inline(always)]
            || {
                gates_back(Rows { gates: &mut *gates, grad, previous, carry }, h);
                gates.chunks_exact(4 * h).for_each(
                    #[inline(always)]
                    |row| add(sums, row),
                );
            },
        );
        self.precision.round_all(gates);
    }
}

#[inline(always)]
pub(super) fn add(sum: &mut [f32], row: &[f32]) {
    for (sum, x) in sum.iter_mut().zip(row) {
        *sum += x;
    }
}

/// The rows of one part on the way back.
struct PartRows<'a> {
    part: &'a Part,
    /// q, r, z and n on entry, their gradients on return: (S, 4H).
    gates: &'a mut [f32],
    /// The gradient of the output, (S, H).
    grad: &'a [f32],
    /// Where the gradient of the input goes, (S, I).
    grad_x: &'a mut [f32],
    /// The states after each step, (S, H).
    output: &'a [f32],
    /// The states before each step of one window, (rows, H).
    previous: Vec<f32>,
    /// The gradient of the states that comes from later steps, (members, H).
    carry: Vec<f32>,
    /// The sums of the gates' gradients, (4H).
    sums: Vec<f32>,
}

/// The rows of one step on the way back.
struct Rows<'a> {
    /// q, r, z and n on entry, their gradients on return: (n, 4H).
    gates: &'a mut [f32],
    /// The gradient of the step's output, (n, H).
    grad: &'a [f32],
    /// The states before the step, (n, H).
    previous: &'a [f32],
    /// The gradient of the states that came from later steps; on return, the part of the gradient of the states
    /// before the step that does not come through a product: (n, H).
    carry: &'a mut [f32],
}

#[inline(always)]
fn gates_back(rows: Rows<'_>, h: usize) {
    let states = rows.grad.chunks_exact(h).zip(rows.previous.chunks_exact(h));
    let both = rows.gates.chunks_exact_mut(4 * h).zip(rows.carry.chunks_exact_mut(h));
    for ((gates, carry), (grad, previous)) in both.zip(states) {
        let (q, rest) = gates.split_at_mut(h);
        let (r, rest) = rest.split_at_mut(h);
        let (z, n) = rest.split_at_mut(h);
        let (n, carry) = (&mut n[..h], &mut carry[..h]);
        let (grad, previous) = (&grad[..h], &previous[..h]);
        for j in 0..h {
            let d = grad[j] + carry[j];
            carry[j] = d * z[j];
            let of_n = d * (1.0 - z[j]) * (1.0 - n[j] * n[j]);
            z[j] = d * (previous[j] - n[j]) * z[j] * (1.0 - z[j]);
            n[j] = of_n;
            let of_q = of_n * r[j];
            r[j] = of_n * q[j] * r[j] * (1.0 - r[j]);
            q[j] = of_q;
        }
    }
}
