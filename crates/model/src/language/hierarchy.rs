//! Rows, bars, and rows again: the reading of a tune at two levels (VirtuosoTune, Jeong 2023).

use kernels::{Attention, AttentionFlow, AttentionTape, Sequences};
use rand::Rng;

use super::bars::{Bars, pick, place};
use super::config::Stack;
use crate::columns::Columns;
use crate::gru::{Gru, GruConfig, GruTape, Steps};
use crate::mode::{Dropout, Mode};
use crate::param::parameters;
use crate::{Param, Precision};

/// The sizes of the three stacks.
#[derive(Clone, Copy, Debug)]
pub(super) struct HierarchyConfig {
    pub(super) input: usize,
    pub(super) note: Stack,
    pub(super) bar: Stack,
    pub(super) output: Stack,
    pub(super) dropout: f32,
    pub(super) precision: Precision,
}

/// The three stacks and what joins them.
#[derive(Clone, Debug)]
pub(super) struct Hierarchy {
    pub(super) note: Gru,
    /// What a bar's rows are asked, (note).
    query: Param,
    pub(super) bar: Gru,
    pub(super) output: Gru,
    pub(super) config: HierarchyConfig,
}

parameters!(Hierarchy: note, query, bar, output);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct HierarchyTape {
    /// The bars of the batch: set before the forward pass.
    pub(super) bars: Bars,
    note: GruTape,
    /// The first stack's states after dropout, (S, note).
    notes: Vec<f32>,
    dropout: Dropout,
    /// The same in the order of bars.
    by_bar: Vec<f32>,
    attention: AttentionTape,
    /// One vector a bar, tune after tune, then as the bars' sequences have them.
    pooled: [Vec<f32>; 2],
    bar: GruTape,
    /// What the last stack reads, (S, note + bar).
    joined: Vec<f32>,
    output: GruTape,
    grads: [Vec<f32>; 2],
    grad_by_bar: Vec<f32>,
}

impl HierarchyTape {
    /// The states of the last stack, (S, output).
    pub(super) fn output(&self) -> &[f32] {
        self.output.output()
    }
}

impl Hierarchy {
    pub(super) fn new(config: HierarchyConfig, rng: &mut impl Rng) -> Self {
        let HierarchyConfig { note, bar, output, dropout, precision, .. } = config;
        let mut stack = |input: usize, Stack { hidden, layers }: Stack| {
            let bidirectional = false;
            let shape = GruConfig { input, hidden, layers, bidirectional, dropout, precision };
            Gru::new(shape, rng)
        };
        let (notes, bars) = (stack(config.input, note), stack(note.hidden, bar));
        let output = stack(note.hidden + bar.hidden, output);
        let query = Param::uniform(&[note.hidden], 1.0 / (note.hidden as f32).sqrt(), rng);
        Hierarchy { note: notes, query, bar: bars, output, config }
    }

    /// Reads a batch whose bars are on the tape; the result is [`HierarchyTape::output`].
    pub(super) fn forward(&self, input: Steps<'_>, mode: &mut Mode<'_>, tape: &mut HierarchyTape) {
        let (width, dropout) = (self.config.note.hidden, self.config.dropout);
        self.note.forward(input, mode, &mut tape.note);
        tape.notes.clear();
        tape.notes.extend_from_slice(tape.note.output());
        tape.dropout.forward(dropout, mode, &mut tape.notes);
        pick(&tape.notes, &tape.bars.from, width, &mut tape.by_bar);
        let [pooled, bars] = &mut tape.pooled;
        pooled.resize(tape.bars.place.len() * width, 0.0);
        let attention = Attention { sequences: &tape.bars.rows, query: &self.query.value };
        attention.forward(&tape.by_bar, pooled, &mut tape.attention);
        place(pooled, &tape.bars.place, width, bars);
        let steps = Steps { on: &tape.bars.tunes, rows: bars };
        self.bar.forward(steps, mode, &mut tape.bar);
        self.join(input.on, tape);
        let steps = Steps { on: input.on, rows: &tape.joined };
        self.output.forward(steps, mode, &mut tape.output);
    }

    /// Sets the states of the rows beside those of the bars that were over before them.
    fn join(&self, on: &Sequences, tape: &mut HierarchyTape) {
        let (note, bar) = (self.config.note.hidden, self.config.bar.hidden);
        tape.joined.resize(on.rows() * (note + bar), 0.0);
        let [of_notes, _] = self.sides();
        of_notes.put(&tape.notes, &mut tape.joined);
        let states = tape.bar.output();
        for (row, before) in tape.joined.chunks_exact_mut(note + bar).zip(&tape.bars.before) {
            match before {
                Some(state) => row[note..].copy_from_slice(&states[state * bar..][..bar]),
                None => row[note..].fill(0.0),
            }
        }
    }

    /// Takes the gradient of the output back; returns that of the input, (S, I).
    pub(super) fn backward<'t>(
        &mut self,
        input: Steps<'_>,
        grad_output: &[f32],
        tape: &'t mut HierarchyTape,
    ) -> &'t [f32] {
        let (note, bar) = (self.config.note.hidden, self.config.bar.hidden);
        let [of_notes, _] = self.sides();
        let [a, b] = &mut tape.grads;
        let steps = Steps { on: input.on, rows: &tape.joined };
        let grad = self.output.backward(steps, grad_output, &mut tape.output);
        // What comes to a bar's state from all rows that look back on it.
        a.clear();
        a.resize(tape.bar.output().len(), 0.0);
        for (row, before) in grad.chunks_exact(note + bar).zip(&tape.bars.before) {
            if let Some(state) = before {
                let sum = a[state * bar..][..bar].iter_mut();
                sum.zip(&row[note..]).for_each(|(sum, x)| *sum += x);
            }
        }
        of_notes.take(grad, b);
        let steps = Steps { on: &tape.bars.tunes, rows: &tape.pooled[1] };
        let grad = self.bar.backward(steps, a, &mut tape.bar);
        pick(grad, &tape.bars.place, note, a);
        tape.grad_by_bar.resize(tape.by_bar.len(), 0.0);
        let attention = Attention { sequences: &tape.bars.rows, query: &self.query.value };
        let flow = AttentionFlow { x: &tape.by_bar, grad_pooled: a, grad_x: &mut tape.grad_by_bar };
        attention.backward(&mut tape.attention, flow, &mut self.query.grad);
        for (grad, &row) in tape.grad_by_bar.chunks_exact(note).zip(&tape.bars.from) {
            let sum = b[row * note..][..note].iter_mut();
            sum.zip(grad).for_each(|(sum, x)| *sum += x);
        }
        tape.dropout.backward(b);
        self.note.backward(input, b, &mut tape.note)
    }

    /// How much a row counts in its bar, before the softmax.
    pub(super) fn score(&self, row: &[f32]) -> f32 {
        let product: f32 = row.iter().zip(&self.query.value).map(|(x, q)| x * q).sum();
        product / (row.len() as f32).sqrt()
    }

    /// Where the states of rows and of bars stand beside each other.
    fn sides(&self) -> [Columns; 2] {
        let (note, bar) = (self.config.note.hidden, self.config.bar.hidden);
        let width = note + bar;
        [Columns { start: 0, count: note, width }, Columns { start: note, count: bar, width }]
    }
}
