//! One direction of one GRU layer over a batch of sequences, forward.
//!
//! The equations and the order of the gates are PyTorch's (Cho et al., arXiv 1406.1078, with the reset gate applied
//! after the recurrent product):
//!
//! ```text
//! r = σ(Wr x + br + Ur h + cr)      q = Un h + cn
//! z = σ(Wz x + bz + Uz h + cz)      n = tanh(Wn x + bn + r q)      h' = n + z (h - n)
//! ```
//!
//! The steps are taken in windows, small enough that what one kernel leaves is still in the caches when the next one
//! reads it. Within a window the products with `x`, and on the way back those for the gradients of `x` and of the
//! weights, are large ones; only those with `h` are taken step by step, by all the parts of a thread at once, so that
//! the weights come through the caches once a step.

mod backward;
mod tiled;

use std::ops::Range;

use rayon::prelude::*;

use crate::activation::{sigmoid, tanh};
use crate::gemm::{Packed, matmul_packed, matmul_packed_all};
use crate::path;
use crate::sequences::Part;
use crate::simd::vectorised;
use crate::{Path, Precision, Sequences, View, ViewMut, Write};

pub use backward::{GruFlow, GruGradients};

/// About as many rows are in a window.
const ROWS: usize = 1024;

/// Fewer steps are not worth a window's overhead.
const STEPS: usize = 8;

/// Bytes of W x that stay in the second cache.
const PROJECTED: usize = 3 << 19;

/// Rows that one piece of work has of a large product.
const PIECE: usize = 256;

/// The weights of one direction, gates in the order r, z, n.
#[derive(Clone, Copy, Debug)]
pub struct GruWeights<'a> {
    /// W: (3H, I).
    pub input: &'a [f32],
    /// U: (3H, H).
    pub recurrent: &'a [f32],
    /// b: (3H).
    pub input_bias: &'a [f32],
    /// c: (3H).
    pub recurrent_bias: &'a [f32],
}

/// Which end of a sequence is read first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the first step to the last.
    Forward,
    /// From the last step to the first.
    Backward,
}

/// A layer's weights and the batch that they are applied to.
#[derive(Clone, Copy, Debug)]
pub struct Gru<'a> {
    /// The weights.
    pub weights: GruWeights<'a>,
    /// Where the steps of the batch lie.
    pub sequences: &'a Sequences,
    /// Which end is read first.
    pub direction: Direction,
    /// How exactly numbers enter products.
    pub precision: Precision,
}

/// What the backward pass needs of the forward pass; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct GruTape {
    /// q, r, z, n of each row, (S, 4H); the backward pass puts their gradients here.
    gates: Vec<f32>,
    output: Vec<f32>,
    /// Wᵀ going forward, W on the way back.
    input: Packed,
    /// Uᵀ going forward; on the way back U's rows for r and z, and those for n.
    recurrent: [Packed; 2],
    /// All of this but the output where there are tiles.
    tiled: tiled::Tape,
}

impl GruTape {
    /// The hidden state after each step, (S, H), rows as the batch's [`Sequences`] has them.
    pub fn output(&self) -> &[f32] {
        &self.output
    }
}

impl Gru<'_> {
    /// Runs over every sequence of the batch, each from a hidden state of zeros; the result is
    /// [`GruTape::output`].
    ///
    /// `x`: (S, I), rows as the batch's [`Sequences`] has them.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn forward(&self, x: &[f32], tape: &mut GruTape) {
        let (h, i, rows) = (self.hidden(), self.input(), self.sequences.rows());
        let x = View::new(x, rows, i);
        tape.output.resize(rows * h, 0.0);
        if self.is_tiled() {
            return self.forward_on_tiles(x.data, &mut tape.tiled, &mut tape.output);
        }
        tape.gates.resize(rows * 4 * h, 0.0);
        let GruTape { gates, output, input, recurrent: [recurrent, _], .. } = tape;
        self.pack(input, View::new(self.weights.input, 3 * h, i).t());
        self.pack(recurrent, View::new(self.weights.recurrent, 3 * h, h).t());
        let biases = &self.biases();
        let gates = self.sequences.by_part(4 * h, gates);
        let outputs = self.sequences.by_part(h, output);
        let both = self.sequences.parts().iter().zip(gates.into_iter().zip(outputs));
        let mut parts: Vec<PartRows<'_>> = both
            .map(|(part, (gates, output))| {
                let [product, rounded] = [Vec::new(), Vec::new()];
                PartRows { part, gates, output, product, rounded }
            })
            .collect();
        let windows = self.windows().into_iter();
        for steps in windows.flat_map(|window| self.projections(&window, h)) {
            parts.par_iter_mut().for_each(|part| self.project(part, x, (input, &steps)));
            let groups = parts.par_chunks_mut(self.sequences.parts_a_thread());
            groups.for_each(|parts| self.run(parts, &steps, (recurrent, biases)));
        }
    }

    /// A right operand as it enters products.
    fn pack(&self, packed: &mut Packed, matrix: View<'_>) {
        packed.pack(matrix);
        packed.round(self.precision);
    }

    /// The windows in the order in which the forward pass takes them.
    fn windows(&self) -> Vec<Range<usize>> {
        let longest = self.sequences.parts().iter().map(Part::len).max().unwrap_or(0);
        let steps = ROWS / self.sequences.lengths().len().max(1);
        self.direction.cut(0..longest, steps.max(STEPS))
    }

    /// A window cut up so that W x of one piece, its gates as wide as said, stays in the second cache until it is read.
    fn projections(&self, window: &Range<usize>, columns: usize) -> Vec<Range<usize>> {
        let of_step = self.sequences.lengths().len() * 3 * columns * size_of::<f32>();
        self.direction.cut(window.clone(), PROJECTED / of_step.max(1))
    }

    /// W x for the rows of some steps of a part.
    fn project(
        &self,
        of: &mut PartRows<'_>,
        x: View<'_>,
        (weights, steps): (&Packed, &Range<usize>),
    ) {
        let (h, i, rows) = (self.hidden(), x.cols, of.part.rows_of(steps));
        let x = x.rows(of.part.start + rows.start..of.part.start + rows.end).data;
        let gates = &mut of.gates[rows.start * 4 * h..rows.end * 4 * h];
        gates.par_chunks_mut(PIECE * 4 * h).enumerate().for_each(|(piece, gates)| {
            let (mut rounded, count) = (Vec::new(), gates.len() / (4 * h));
            let x = self.precision.rounded(&x[piece * PIECE * i..][..count * i], &mut rounded);
            let out = ViewMut::new(gates, count, 4 * h).columns(h..4 * h);
            matmul_packed(View::new(x, count, i), weights, out, Write::Set);
        });
    }

    /// Whether the products are taken on tiles.
    fn is_tiled(&self) -> bool {
        let tiles = matches!(path::taken(), Path::Amx | Path::Avx512Bf16 | Path::TwinOfAmx);
        tiles && self.precision == Precision::Bf16
    }

    /// H, the width of the hidden state.
    fn hidden(&self) -> usize {
        self.weights.input_bias.len() / 3
    }

    /// I, the width of the input.
    fn input(&self) -> usize {
        self.weights.input.len() / self.weights.input_bias.len()
    }

    /// Some steps of some parts, all of them a step at a time: U comes through the caches once for all.
    fn run(
        &self,
        parts: &mut [PartRows<'_>],
        steps: &Range<usize>,
        (recurrent, biases): (&Packed, &[f32]),
    ) {
        let h = self.hidden();
        let zeros = vec![0.0; 3 * h];
        for t in self.direction.steps(steps.clone()) {
            let mut products = Vec::with_capacity(parts.len());
            for rows in &mut *parts {
                let past = self.direction.before(rows.part, t);
                rows.product.resize(past.len() * 3 * h, 0.0);
                let states = &rows.output[past.start * h..past.end * h];
                let states = self.precision.rounded(states, &mut rows.rounded);
                let product = ViewMut::new(&mut rows.product, past.len(), 3 * h);
                products.push((View::new(states, past.len(), h), product));
            }
            matmul_packed_all(products, recurrent, Write::Set);
            for rows in parts.iter_mut().filter(|rows| t < rows.part.len()) {
                let steps = &rows.part.steps;
                let gates = &mut rows.gates[steps[t] * 4 * h..steps[t + 1] * 4 * h];
                let (out, past) = self.states(rows.part, t, rows.output);
                let product = &rows.product;
                let mut rows =
                    Rows { gates: &mut *gates, product, past, out, biases, zeros: &zeros };
                vectorised(
                    #[inline(always)]
                    || apply_gates(&mut rows),
                );
                self.precision.round_all(gates);
            }
        }
    }

    /// The states of step `t`, to write, and those they come from, to read: fewer where sequences begin.
    fn states<'s>(
        &self,
        part: &Part,
        t: usize,
        output: &'s mut [f32],
    ) -> (&'s mut [f32], &'s [f32]) {
        let (h, past) = (self.hidden(), self.direction.before(part, t));
        let (own, count) = (part.steps[t], part.active(t));
        let (head, tail) = output.split_at_mut(own.max(past.start) * h);
        match own < past.start {
            true => (&mut head[own * h..][..count * h], &tail[..past.len() * h]),
            false => (&mut tail[..count * h], &head[past.start * h..past.end * h]),
        }
    }

    /// The biases as the gates lie: of q, of r and z, the input's and the recurrent product's together, and of n.
    fn biases(&self) -> Vec<f32> {
        let (h, b, c) = (self.hidden(), self.weights.input_bias, self.weights.recurrent_bias);
        let both = b.iter().zip(c).map(|(b, c)| b + c).take(2 * h);
        c[2 * h..].iter().copied().chain(both).chain(b[2 * h..].iter().copied()).collect()
    }
}

impl Direction {
    /// Pieces of at most so many steps, in the order in which they are taken.
    fn cut(self, steps: Range<usize>, size: usize) -> Vec<Range<usize>> {
        let (end, size) = (steps.end, size.max(1));
        let pieces = steps.step_by(size).map(|from| from..(from + size).min(end));
        match self {
            Direction::Forward => pieces.collect(),
            Direction::Backward => pieces.rev().collect(),
        }
    }

    /// Steps in the order in which they are taken.
    fn steps(self, steps: Range<usize>) -> impl DoubleEndedIterator<Item = usize> {
        let ends = steps.start + steps.end;
        steps.map(move |t| if self == Direction::Backward { ends - 1 - t } else { t })
    }

    /// The rows of a part that its sequences come from at step `t`, none where all begin or there is no such step.
    fn before(self, part: &Part, t: usize) -> Range<usize> {
        let (from, carried) = match self {
            Direction::Forward => (t.max(1) - 1, if t > 0 { part.active(t) } else { 0 }),
            Direction::Backward => (t + 1, part.active(t + 1)),
        };
        if carried == 0 { 0..0 } else { part.steps[from]..part.steps[from] + carried }
    }
}

/// The gates of the rows of one step. Each loop writes to one slice only, or it would not become vector code.
#[inline(always)]
fn apply_gates(rows: &mut Rows<'_>) {
    let h = rows.zeros.len() / 3;
    let (mut past, mut products) = (rows.past.chunks_exact(h), rows.product.chunks_exact(3 * h));
    for (gates, out) in rows.gates.chunks_exact_mut(4 * h).zip(rows.out.chunks_exact_mut(h)) {
        let product = products.next().unwrap_or(rows.zeros);
        let past = past.next().unwrap_or(&rows.zeros[..h]);
        let (q, rest) = gates.split_at_mut(h);
        let (rz, n) = rest.split_at_mut(2 * h);
        for ((rz, bias), product) in rz.iter_mut().zip(&rows.biases[h..]).zip(product) {
            *rz = sigmoid(*rz + bias + product);
        }
        for ((q, bias), product) in q.iter_mut().zip(rows.biases).zip(&product[2 * h..]) {
            *q = product + bias;
        }
        let (r, z) = rz.split_at(h);
        for ((n, bias), (r, q)) in n.iter_mut().zip(&rows.biases[3 * h..]).zip(r.iter().zip(&*q)) {
            *n = tanh(*n + bias + r * q);
        }
        for ((out, past), (z, n)) in out.iter_mut().zip(past).zip(z.iter().zip(&*n)) {
            *out = n + z * (past - n);
        }
    }
}

/// The rows of one part.
struct PartRows<'a> {
    part: &'a Part,
    /// W x on entry, q, r, z and n on return: (S, 4H).
    gates: &'a mut [f32],
    /// The states, (S, H).
    output: &'a mut [f32],
    /// U h of one step, (n, 3H), and h as it enters the product.
    product: Vec<f32>,
    rounded: Vec<f32>,
}

/// The rows of one step.
struct Rows<'a> {
    /// W x on entry, q, r, z and n on return: (n, 4H).
    gates: &'a mut [f32],
    /// U h, (at most n, 3H): of the sequences that do not begin at this step.
    product: &'a [f32],
    /// h, (at most n, H): of the same.
    past: &'a [f32],
    /// h', (n, H).
    out: &'a mut [f32],
    /// (4H), as the gates lie.
    biases: &'a [f32],
    /// (3H), in the place of the state before a sequence begins and of its product.
    zeros: &'a [f32],
}
