//! Rows, bars, and rows again: the reading of a tune at two levels (VirtuosoTune, Jeong 2023).

use kernels::{Attention, AttentionFlow, AttentionTape};
use rand::Rng;

use super::bars::{Bars, pick, place};
use super::config::Stack;
use crate::columns::Columns;
use crate::gru::{Gru, GruConfig, GruTape, Steps};
use crate::linear::Linear;
use crate::mode::{Dropout, Mode};
use crate::param::parameters;
use crate::{Param, Precision};

/// How many bars back a bar is also looked at by itself: phrases have four bars and parts eight, and what comes in one
/// is most like what came at the same place of the one before.
pub(super) const LOOK_BACK: [usize; 2] = [4, 8];

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
    /// From what is seen of the bars that are over to what the rows of a bar read of it, as wide as a row's state.
    look: Linear,
    pub(super) output: Gru,
    pub(super) config: HierarchyConfig,
}

parameters!(Hierarchy: note, query, bar, look, output);

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
    /// What is seen of the bars before each bar, (bars, seen).
    seen: Vec<f32>,
    /// What the rows of each bar read of that, (bars, note).
    context: Vec<f32>,
    /// What the last stack reads, (S, 2 note).
    joined: Vec<f32>,
    output: GruTape,
    grads: [Vec<f32>; 3],
    grad_by_bar: Vec<f32>,
}

impl HierarchyTape {
    /// The states of the last stack, (S, output).
    pub(super) fn output(&self) -> &[f32] {
        self.output.output()
    }

    /// The states of the first stack, (S, note).
    pub(super) fn notes(&self) -> &[f32] {
        &self.notes
    }

    /// The states of the bars.
    pub(super) fn of_bars(&self) -> Steps<'_> {
        Steps { on: &self.bars.tunes, rows: self.bar.output() }
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
        let output = stack(2 * note.hidden, output);
        let query = Param::uniform(&[note.hidden], 1.0 / (note.hidden as f32).sqrt(), rng);
        let mut look = Linear::new((note.hidden, config.seen()), rng);
        look.precision = precision;
        Hierarchy { note: notes, query, bar: bars, look, output, config }
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
        self.look_back(tape);
        tape.joined.resize(input.on.rows() * 2 * width, 0.0);
        let rows = tape.joined.chunks_exact_mut(2 * width).zip(tape.notes.chunks_exact(width));
        for ((row, note), bar) in rows.zip(&tape.bars.of_row) {
            row[..width].copy_from_slice(note);
            row[width..].copy_from_slice(&tape.context[bar * width..][..width]);
        }
        let steps = Steps { on: input.on, rows: &tape.joined };
        self.output.forward(steps, mode, &mut tape.output);
    }

    /// Brings together what each bar's rows read of the bars that are over.
    fn look_back(&self, tape: &mut HierarchyTape) {
        let (note, bar, seen) =
            (self.config.note.hidden, self.config.bar.hidden, self.config.seen());
        tape.seen.clear();
        tape.seen.resize(tape.bars.place.len() * seen, 0.0);
        let (states, pooled) = (tape.bar.output(), &tape.pooled[0]);
        for (at, row) in tape.seen.chunks_exact_mut(seen).enumerate() {
            let before = tape.bars.number[at];
            let (own, others) = row.split_at_mut(bar);
            if before > 0 {
                own.copy_from_slice(&states[tape.bars.place[at - 1] * bar..][..bar]);
            }
            for (to, back) in others.chunks_exact_mut(note).zip(LOOK_BACK) {
                if before >= back {
                    to.copy_from_slice(&pooled[(at - back) * note..][..note]);
                }
            }
        }
        self.look.forward(&tape.seen, &mut tape.context);
    }

    /// Takes the gradient of the output back; returns that of the input, (S, I).
    pub(super) fn backward<'t>(
        &mut self,
        input: Steps<'_>,
        grad_output: &[f32],
        tape: &'t mut HierarchyTape,
    ) -> &'t [f32] {
        let width = self.config.note.hidden;
        let steps = Steps { on: input.on, rows: &tape.joined };
        let grad = self.output.backward(steps, grad_output, &mut tape.output);
        let [of_notes, of_context, of_seen] = &mut tape.grads;
        // What comes to a bar's context from all its rows.
        of_context.clear();
        of_context.resize(tape.context.len(), 0.0);
        for (row, bar) in grad.chunks_exact(2 * width).zip(&tape.bars.of_row) {
            add(&mut of_context[bar * width..][..width], &row[width..]);
        }
        Columns { start: 0, count: width, width: 2 * width }.take(grad, of_notes);
        self.look.backward(&tape.seen, of_context, of_seen);
        self.look_back_backward(tape);
        let [of_notes, of_pooled, _] = &mut tape.grads;
        tape.grad_by_bar.resize(tape.by_bar.len(), 0.0);
        let attention = Attention { sequences: &tape.bars.rows, query: &self.query.value };
        let grad_x = &mut tape.grad_by_bar;
        let flow = AttentionFlow { x: &tape.by_bar, grad_pooled: of_pooled, grad_x };
        attention.backward(&mut tape.attention, flow, &mut self.query.grad);
        for (grad, &row) in tape.grad_by_bar.chunks_exact(width).zip(&tape.bars.from) {
            add(&mut of_notes[row * width..][..width], grad);
        }
        tape.dropout.backward(of_notes);
        self.note.backward(input, of_notes, &mut tape.note)
    }

    /// From the gradient of what is seen, the third of the tape's, to that of the pooled bars, which becomes the
    /// second.
    fn look_back_backward(&mut self, tape: &mut HierarchyTape) {
        let (note, bar, seen) =
            (self.config.note.hidden, self.config.bar.hidden, self.config.seen());
        let [_, of_pooled, of_seen] = &mut tape.grads;
        let mut of_states = vec![0.0; tape.bar.output().len()];
        for (at, row) in of_seen.chunks_exact(seen).enumerate() {
            if tape.bars.number[at] > 0 {
                // Each state is seen by the bar after it alone.
                of_states[tape.bars.place[at - 1] * bar..][..bar].copy_from_slice(&row[..bar]);
            }
        }
        let steps = Steps { on: &tape.bars.tunes, rows: &tape.pooled[1] };
        let grad = self.bar.backward(steps, &of_states, &mut tape.bar);
        pick(grad, &tape.bars.place, note, of_pooled);
        for (at, row) in of_seen.chunks_exact(seen).enumerate() {
            for (grad, back) in row[bar..].chunks_exact(note).zip(LOOK_BACK) {
                if tape.bars.number[at] >= back {
                    add(&mut of_pooled[(at - back) * note..][..note], grad);
                }
            }
        }
    }

    /// How much a row counts in its bar, before the softmax.
    pub(super) fn score(&self, row: &[f32]) -> f32 {
        let product: f32 = row.iter().zip(&self.query.value).map(|(x, q)| x * q).sum();
        product / (row.len() as f32).sqrt()
    }

    /// What the rows of a bar read of the bars before it: `state` (bar) is the bar stack's after the last of them, and
    /// `bars` are all of them, pooled.
    pub(super) fn context(&self, state: &[f32], bars: &[Vec<f32>]) -> Vec<f32> {
        let mut seen = vec![0.0; self.config.seen()];
        let (own, others) = seen.split_at_mut(state.len());
        own.copy_from_slice(state);
        for (to, back) in others.chunks_exact_mut(self.config.note.hidden).zip(LOOK_BACK) {
            if let Some(at) = bars.len().checked_sub(back) {
                to.copy_from_slice(&bars[at]);
            }
        }
        let mut context = Vec::new();
        self.look.forward(&seen, &mut context);
        context
    }
}

impl HierarchyConfig {
    /// The width of what is seen of the bars that are over.
    fn seen(&self) -> usize {
        self.bar.hidden + LOOK_BACK.len() * self.note.hidden
    }
}

fn add(sum: &mut [f32], x: &[f32]) {
    sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
}
