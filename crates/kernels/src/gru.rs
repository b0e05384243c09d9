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
//! The products with `x` are one large product for all steps; only those with `h` are taken step by step.

mod backward;

use rayon::prelude::*;

use crate::activation::{sigmoid, tanh};
use crate::gemm::{Packed, matmul_packed};
use crate::sequences::Part;
use crate::simd::vectorised;
use crate::{Sequences, View, ViewMut, Write, matmul};

pub use backward::{GruFlow, GruGradients};

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
}

/// What the backward pass needs of the forward pass; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct GruTape {
    /// q, r, z, n of each row, (S, 4H); the backward pass puts their gradients here.
    gates: Vec<f32>,
    output: Vec<f32>,
    /// The hidden states that the rows were made from, (S, H), gathered for one product.
    previous: Vec<f32>,
    /// Uᵀ going forward; on the way back U's rows for r and z, and those for n.
    recurrent: [Packed; 2],
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
        let (h, rows) = (self.hidden(), self.sequences.rows());
        tape.gates.resize(rows * 4 * h, 0.0);
        tape.output.resize(rows * h, 0.0);
        let i = self.input();
        let projected = ViewMut::new(&mut tape.gates, rows, 4 * h).columns(h..4 * h);
        let weights = View::new(self.weights.input, 3 * h, i);
        matmul(View::new(x, rows, i), weights.t(), projected, Write::Set);
        let biases = &self.biases();
        let recurrent = &mut tape.recurrent[0];
        recurrent.pack(View::new(self.weights.recurrent, 3 * h, h).t());
        let mut jobs = Vec::with_capacity(self.sequences.parts().len());
        let (mut gates, mut output) = (&mut tape.gates[..], &mut tape.output[..]);
        for part in self.sequences.parts() {
            let (own_gates, gates_left) = gates.split_at_mut(part.rows() * 4 * h);
            let (own_output, output_left) = output.split_at_mut(part.rows() * h);
            let rows = PartRows { gates: own_gates, output: own_output, recurrent, biases };
            jobs.push((part, rows));
            (gates, output) = (gates_left, output_left);
        }
        jobs.into_par_iter().for_each(|(part, rows)| self.run(part, rows));
    }

    /// H, the width of the hidden state.
    fn hidden(&self) -> usize {
        self.weights.input_bias.len() / 3
    }

    /// I, the width of the input.
    fn input(&self) -> usize {
        self.weights.input.len() / self.weights.input_bias.len()
    }

    /// The step that is taken before step `t` of a part, if any, and how many sequences come from it.
    fn before(&self, part: &Part, t: usize) -> Option<(usize, usize)> {
        match self.direction {
            Direction::Forward => t.checked_sub(1).map(|s| (s, part.active(t))),
            Direction::Backward => (t + 1 < part.len()).then(|| (t + 1, part.active(t + 1))),
        }
    }

    /// Every step of one part.
    fn run(&self, part: &Part, rows: PartRows<'_>) {
        let h = self.hidden();
        let PartRows { gates, output, recurrent, biases } = rows;
        let (mut product, zeros) = (vec![0.0; part.members.len() * 3 * h], vec![0.0; h]);
        for i in 0..part.len() {
            let t = match self.direction {
                Direction::Forward => i,
                Direction::Backward => part.len() - 1 - i,
            };
            let (out, past) = self.states(part, t, output);
            let product = &mut product[..part.active(t) * 3 * h];
            self.product(past, recurrent, product);
            let gates = &mut gates[part.steps[t] * 4 * h..part.steps[t + 1] * 4 * h];
            let rows = Rows { gates, product, past, out, biases, zeros: &zeros };
            vectorised(
                #[inline(always)]
                || apply_gates(rows),
            );
        }
    }

    /// The states of step `t`, to write, and those they come from, to read: fewer where sequences begin.
    fn states<'s>(
        &self,
        part: &Part,
        t: usize,
        output: &'s mut [f32],
    ) -> (&'s mut [f32], &'s [f32]) {
        let h = self.hidden();
        let Some((s, carried)) = self.before(part, t) else {
            return (&mut output[part.steps[t] * h..part.steps[t + 1] * h], &[]);
        };
        let (head, tail) = output.split_at_mut(part.steps[t.max(s)] * h);
        let head = &mut head[part.steps[t.min(s)] * h..];
        let (own, past) = if t < s { (head, tail) } else { (tail, head) };
        (&mut own[..part.active(t) * h], &past[..carried * h])
    }

    /// U h for the sequences that have a state, zeros for those that begin here.
    fn product(&self, past: &[f32], recurrent: &Packed, product: &mut [f32]) {
        let h = self.hidden();
        let (live, fresh) = product.split_at_mut(past.len() * 3);
        let carried = past.len() / h;
        let live = ViewMut::new(live, carried, 3 * h);
        matmul_packed(View::new(past, carried, h), recurrent, live, Write::Set);
        fresh.fill(0.0);
    }

    /// The biases as the gates lie: of q, of r and z, the input's and the recurrent product's together, and of n.
    fn biases(&self) -> Vec<f32> {
        let (h, b, c) = (self.hidden(), self.weights.input_bias, self.weights.recurrent_bias);
        let both = b.iter().zip(c).map(|(b, c)| b + c).take(2 * h);
        c[2 * h..].iter().copied().chain(both).chain(b[2 * h..].iter().copied()).collect()
    }
}

/// The gates of the rows of one step. Each loop writes to one slice only, or it would not become vector code.
#[inline(always)]
fn apply_gates(rows: Rows<'_>) {
    let h = rows.zeros.len();
    let mut past = rows.past.chunks_exact(h);
    let gates = rows.gates.chunks_exact_mut(4 * h);
    let both = gates.zip(rows.product.chunks_exact(3 * h)).zip(rows.out.chunks_exact_mut(h));
    for ((gates, product), out) in both {
        let past = past.next().unwrap_or(rows.zeros);
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

/// The rows of one part, and what their products are with.
struct PartRows<'a> {
    /// W x on entry, q, r, z and n on return: (S, 4H).
    gates: &'a mut [f32],
    /// The states, (S, H).
    output: &'a mut [f32],
    /// Uᵀ.
    recurrent: &'a Packed,
    /// (4H), as the gates lie.
    biases: &'a [f32],
}

/// The rows of one step.
struct Rows<'a> {
    /// W x on entry, q, r, z and n on return: (n, 4H).
    gates: &'a mut [f32],
    /// U h, (n, 3H).
    product: &'a [f32],
    /// h, (at most n, H): the sequences without begin at this step.
    past: &'a [f32],
    /// h', (n, H).
    out: &'a mut [f32],
    /// (4H), as the gates lie.
    biases: &'a [f32],
    /// (H), the state before a sequence begins.
    zeros: &'a [f32],
}
