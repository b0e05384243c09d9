//! From a state to the symbol that comes next and to how long it lasts.

use kernels::{Activation, CrossEntropy, Table, TableMut, gather, scatter_add};
use rand::Rng;

use super::LossWeight;
use super::config::LanguageConfig;
use crate::Param;
use crate::columns::Columns;
use crate::linear::Linear;
use crate::param::parameters;

/// One head for the symbol, and one for the duration that knows the symbol: VirtuosoTune's "pitch first".
#[derive(Clone, Debug)]
pub(super) struct Heads {
    symbol: Linear,
    /// How the duration's head sees the symbol, (S, E).
    seen: Param,
    hidden: Linear,
    duration: Linear,
}

parameters!(Heads: symbol, seen, hidden, duration);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct HeadsTape {
    symbol_logits: Vec<f32>,
    symbol_loss: CrossEntropy,
    /// The rows whose next symbol has a duration.
    timed: Vec<usize>,
    timed_symbols: Vec<u32>,
    timed_durations: Vec<u32>,
    states: Vec<f32>,
    symbols: Vec<f32>,
    joined: Vec<f32>,
    hidden: Vec<f32>,
    active: Vec<f32>,
    duration_logits: Vec<f32>,
    duration_loss: CrossEntropy,
    grads: [Vec<f32>; 2],
    /// Of the states, (N, width).
    pub(super) grad: Vec<f32>,
}

/// What comes next, by row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next<'a> {
    /// The next row's symbol, (N).
    pub(super) symbols: &'a [u32],
    /// Its duration; [`tokens::ABSENT`] where it has none, (N).
    pub(super) durations: &'a [u32],
}

impl Heads {
    pub(super) fn new(config: &LanguageConfig, width: usize, rng: &mut impl Rng) -> Self {
        let joined = width + config.symbol_dims;
        let mut heads = Heads {
            symbol: Linear::new((config.symbols, width), rng),
            seen: Param::table((config.symbols, config.symbol_dims), rng),
            hidden: Linear::new((config.duration_hidden, joined), rng),
            duration: Linear::new((config.durations, config.duration_hidden), rng),
        };
        for layer in [&mut heads.symbol, &mut heads.hidden, &mut heads.duration] {
            layer.precision = config.precision;
        }
        heads
    }

    /// Mean cross entropies of symbols and of durations, in nats, and the number of durations.
    pub(super) fn forward(
        &self,
        states: &[f32],
        next: Next<'_>,
        tape: &mut HeadsTape,
    ) -> (f32, f32, usize) {
        if next.symbols.is_empty() {
            return (0.0, 0.0, 0);
        }
        self.symbol.forward(states, &mut tape.symbol_logits);
        let symbol = tape.symbol_loss.forward(&tape.symbol_logits, next.symbols);
        let timed = (0..next.symbols.len()).filter(|&row| next.durations[row] != tokens::ABSENT);
        tape.timed = timed.collect();
        tape.timed_symbols = tape.timed.iter().map(|&row| next.symbols[row]).collect();
        tape.timed_durations = tape.timed.iter().map(|&row| next.durations[row]).collect();
        let width = states.len() / next.symbols.len();
        super::bars::pick(states, &tape.timed, width, &mut tape.states);
        self.durations(width, tape);
        let duration = tape.duration_loss.forward(&tape.duration_logits, &tape.timed_durations);
        (symbol, duration, tape.timed.len())
    }

    /// Fills the logits of the durations from the states and symbols of timed rows.
    fn durations(&self, width: usize, tape: &mut HeadsTape) {
        let dims = self.seen.shape[1];
        let rows = tape.timed_symbols.len();
        tape.symbols.resize(rows * dims, 0.0);
        let table = Table { values: &self.seen.value, dims };
        gather(&[table], &tape.timed_symbols, &mut tape.symbols);
        tape.joined.resize(rows * (width + dims), 0.0);
        let [of_states, of_symbols] = sides(width, dims);
        of_states.put(&tape.states, &mut tape.joined);
        of_symbols.put(&tape.symbols, &mut tape.joined);
        self.hidden.forward(&tape.joined, &mut tape.hidden);
        tape.active.resize(tape.hidden.len(), 0.0);
        Activation::Tanh.forward(&tape.hidden, &mut tape.active);
        self.duration.forward(&tape.active, &mut tape.duration_logits);
    }

    /// [`HeadsTape::grad`] becomes the gradient of the weighted losses by the states, (N, width).
    pub(super) fn backward(
        &mut self,
        (states, next): (&[f32], Next<'_>),
        weight: LossWeight,
        tape: &mut HeadsTape,
    ) {
        let grad = &mut tape.grad;
        let [a, b] = &mut tape.grads;
        a.resize(tape.symbol_logits.len(), 0.0);
        tape.symbol_loss.backward(next.symbols, weight.symbol, a);
        self.symbol.backward(states, a, grad);
        if tape.timed.is_empty() {
            return;
        }
        a.resize(tape.duration_logits.len(), 0.0);
        tape.duration_loss.backward(&tape.timed_durations, weight.duration, a);
        self.duration.backward(&tape.active, a, b);
        Activation::Tanh.backward(&tape.hidden, b);
        self.hidden.backward(&tape.joined, b, a);
        let (width, dims) = (states.len() / next.symbols.len(), self.seen.shape[1]);
        let [of_states, of_symbols] = sides(width, dims);
        of_symbols.take(a, b);
        let mut tables = [TableMut { values: &mut self.seen.grad, dims }];
        scatter_add(&mut tables, &tape.timed_symbols, b);
        of_states.take(a, b);
        for (&row, part) in tape.timed.iter().zip(b.chunks_exact(width)) {
            let whole = grad[row * width..][..width].iter_mut();
            whole.zip(part).for_each(|(whole, part)| *whole += part);
        }
    }

    /// The logits of the next symbol, (N, S).
    pub(super) fn symbol_logits(&self, states: &[f32], logits: &mut Vec<f32>) {
        self.symbol.forward(states, logits);
    }

    /// The logits of the duration of each symbol, (N, D), in the memory of a tape.
    pub(super) fn duration_logits<'t>(
        &self,
        states: &[f32],
        symbols: &[u32],
        tape: &'t mut HeadsTape,
    ) -> &'t [f32] {
        tape.states.clear();
        tape.states.extend_from_slice(states);
        tape.timed_symbols.clear();
        tape.timed_symbols.extend_from_slice(symbols);
        self.durations(states.len() / symbols.len().max(1), tape);
        &tape.duration_logits
    }
}

/// Where state and symbol stand beside each other.
fn sides(width: usize, dims: usize) -> [Columns; 2] {
    let whole = width + dims;
    [
        Columns { start: 0, count: width, width: whole },
        Columns { start: width, count: dims, width: whole },
    ]
}
