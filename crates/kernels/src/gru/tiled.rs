//! The GRU on tiles of bf16: what [`Gru`] does in [`Precision::Bf16`](crate::Precision) where there are tiles.
//!
//! Windows and parts are as there. The gates are saved as the lines that the tiles are loaded from,
//! and the backward pass puts their gradients in their place. Every gate has a whole number of 32 columns, zeros
//! after its own.

mod backward;
mod forward;

use std::ops::Range;

use super::Gru;
use crate::aligned::Aligned;
use crate::sequences::{PART, Part};
use crate::tiles::{DEPTH, Lines, TILE};
use crate::{Sequences, View};

/// Rows whose gates are worked on at once: few enough pages for the processor to see what will be read next.
const AT_ONCE: usize = 16;

/// What is kept between the passes, and memory that is used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Tape {
    parts: Vec<PartTape>,
    groups: Vec<Group>,
    /// Right operands: W's and U's, in one order going forward and in another on the way back.
    input: Lines,
    recurrent: Lines,
    /// The gradients of a window's gates, turned over, and what they are multiplied by: `x` and the states before.
    turned: Lines,
    read: [Lines; 2],
}

/// What belongs to one part of the batch.
#[derive(Clone, Debug, Default)]
struct PartTape {
    /// By window: q, r, z and n, later their gradients, a left operand with a line for each row.
    gates: Vec<Lines>,
    /// W x of the window's rows, (rows, 3H).
    projected: Aligned,
    /// The sums of the gradients of q, r, z and n over all rows, (4H).
    sums: Vec<f32>,
}

/// The parts that one thread takes through time together, places for as many sequences in each.
#[derive(Clone, Debug, Default)]
struct Group {
    /// h, or its gradient: (places, H).
    state: Aligned,
    /// h as a left operand.
    lines: Lines,
    /// U h: (places, 3H).
    product: Aligned,
}

/// Sizes, filled up to whole blocks.
#[derive(Clone, Copy)]
struct Sizes {
    /// H.
    hidden: usize,
    /// Blocks of 32 columns that hold H.
    blocks: usize,
    /// Their columns.
    columns: usize,
}

impl Sizes {
    fn of(gru: &Gru<'_>) -> Self {
        let hidden = gru.hidden();
        let blocks = hidden.div_ceil(DEPTH);
        Sizes { hidden, blocks, columns: blocks * DEPTH }
    }

    /// The columns of a block that are not filled up, and how many.
    fn of_block(&self, block: usize) -> Range<usize> {
        block * DEPTH..((block + 1) * DEPTH).min(self.hidden)
    }
}

impl Tape {
    /// Makes room for a batch.
    fn fit(&mut self, sequences: &Sequences, sizes: Sizes, windows: usize) {
        self.parts.resize_with(sequences.parts().len(), PartTape::default);
        for part in &mut self.parts {
            part.gates.resize_with(windows, Lines::default);
        }
        let size = sequences.parts_a_thread();
        self.groups.resize_with(self.parts.len().div_ceil(size), Group::default);
        for group in &mut self.groups {
            let places = size * PART;
            group.state.clear(places * sizes.columns);
            group.lines.clear(sizes.blocks, places);
            group.product.resize(places * 3 * sizes.columns);
        }
    }
}

impl Gru<'_> {
    /// The states that the rows of some steps of a part come from, empty for those that begin; `states`: (rows, H).
    fn states_before<'s>(
        &self,
        part: &Part,
        steps: Range<usize>,
        states: &'s [f32],
    ) -> Vec<&'s [f32]> {
        let h = self.hidden();
        let mut all = Vec::with_capacity(part.rows_of(&steps).len());
        for t in steps {
            let past = self.direction.before(part, t);
            all.extend(states[past.start * h..past.end * h].chunks_exact(h));
            all.extend((past.len()..part.active(t)).map(|_| &[][..]));
        }
        all
    }
}

/// The rows of one gate in a matrix of three.
fn gate(weights: &[f32], hidden: usize, gate: usize) -> View<'_> {
    let width = weights.len() / (3 * hidden);
    View::new(weights, 3 * hidden, width).rows(gate * hidden..(gate + 1) * hidden)
}

/// Blocks of a right operand that hold as many columns: an even number.
fn right_blocks(columns: usize) -> usize {
    columns.div_ceil(2 * TILE) * 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Direction, GruFlow, GruGradients, GruTape, GruWeights, Precision, Sequences, Write,
    };

    fn noise(n: usize, scale: f32) -> Vec<f32> {
        (0..n).map(|i| scale * (((i * 7919 + 13) % 1009) as f32 / 504.5 - 1.0)).collect()
    }

    /// The output and the gradients of W, U, b, c and x, on tiles or by the loops of other processors.
    fn run(gru: &Gru<'_>, x: &[f32], on_tiles: bool) -> [Vec<f32>; 6] {
        let (mut tape, mut tiled) = (GruTape::default(), Tape::default());
        let (i, h) = (gru.input(), gru.hidden());
        let mut output = vec![0.0; gru.sequences.rows() * h];
        let mut grads = [3 * h * i, 3 * h * h, 3 * h, 3 * h, x.len()].map(|n| vec![0.0; n]);
        let [input, recurrent, input_bias, recurrent_bias, grad_x] = &mut grads;
        let mut into = GruGradients { input, recurrent, input_bias, recurrent_bias };
        let grad_output = &noise(output.len(), 1.0);
        let flow = GruFlow { x, grad_output, grad_x, write: Write::Set };
        if on_tiles {
            gru.forward_on_tiles(x, &mut tiled, &mut output);
            gru.backward_on_tiles((&mut tiled, &output), flow, &mut into);
        } else {
            gru.forward(x, &mut tape);
            gru.backward(&mut tape, flow, &mut into);
            output.copy_from_slice(tape.output());
        }
        let [a, b, c, d, e] = grads;
        [output, a, b, c, d, e]
    }

    #[test]
    fn tiles_give_what_the_loops_of_other_processors_give() {
        let many: Vec<usize> = (0..71).map(|b| 1 + (b * 29) % 37).collect();
        let cases =
            [(5, 7, vec![5, 1, 7]), (33, 45, many), (64, 32, vec![130, 2]), (3, 70, vec![1])];
        for ((i, h, lengths), direction) in
            cases.iter().flat_map(|case| [(case, Direction::Forward), (case, Direction::Backward)])
        {
            let sequences = &Sequences::new(lengths);
            let scale = 1.0 / (*h as f32).sqrt();
            let weights = [3 * h * i, 3 * h * h, 3 * h, 3 * h].map(|n| noise(n, scale));
            let [input, recurrent, input_bias, recurrent_bias] = &weights;
            let weights = GruWeights { input, recurrent, input_bias, recurrent_bias };
            let gru = Gru { weights, sequences, direction, precision: Precision::Bf16 };
            let x = noise(sequences.rows() * i, 1.0);
            let (found, expected) = (run(&gru, &x, true), run(&gru, &x, false));
            for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let square = |x: f32| f64::from(x).powi(2);
                let off: f64 = found.iter().zip(expected).map(|(x, y)| square(x - y)).sum();
                let size: f64 = expected.iter().map(|&y| square(y)).sum();
                let off = (off / size.max(1e-30)).sqrt();
                assert!(off < 1e-3, "array {at} of I {i}, H {h}, {direction:?}: {off}");
            }
        }
    }
}
