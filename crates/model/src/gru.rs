//! GRU layers on top of each other, in one direction or both.

mod step;

use kernels::{Direction, GruFlow, GruGradients, GruWeights, Sequences, Write};
use rand::Rng;

use crate::columns::Columns;
use crate::mode::{Dropout, Mode};
use crate::param::{join, parameters};
use crate::{Param, Parameters, Precision};

/// The sizes of a stack of GRU layers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GruConfig {
    /// I, the width of the input.
    pub(crate) input: usize,
    /// H, the width of each direction's state.
    pub(crate) hidden: usize,
    /// How many layers.
    pub(crate) layers: usize,
    /// Whether each layer also reads from the end.
    pub(crate) bidirectional: bool,
    /// The rate of dropout between layers.
    pub(crate) dropout: f32,
    /// How exactly numbers enter products.
    pub(crate) precision: Precision,
}

/// The stack: each layer reads the states of the one below, both directions side by side.
#[derive(Clone, Debug)]
pub(crate) struct Gru {
    layers: Vec<Layer>,
    dropout: f32,
    precision: Precision,
}

parameters!(Gru: layers);

/// One layer: a cell a direction.
#[derive(Clone, Debug)]
struct Layer {
    cells: Vec<(Direction, Cell)>,
}

impl Parameters for Layer {
    fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &Param)) {
        for (direction, cell) in &self.cells {
            cell.visit_at(&join(path, name(*direction)), f);
        }
    }

    fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Param)) {
        for (direction, cell) in &mut self.cells {
            cell.visit_at_mut(&join(path, name(*direction)), f);
        }
    }
}

fn name(direction: Direction) -> &'static str {
    match direction {
        Direction::Forward => "forward",
        Direction::Backward => "backward",
    }
}

#[derive(Clone, Debug)]
struct Cell {
    input: Param,
    recurrent: Param,
    input_bias: Param,
    recurrent_bias: Param,
}

parameters!(Cell: input, recurrent, input_bias, recurrent_bias);

impl Cell {
    /// Uniform on ±1/√H, as PyTorch begins.
    fn new(input: usize, hidden: usize, rng: &mut impl Rng) -> Self {
        let bound = 1.0 / (hidden as f32).sqrt();
        Cell {
            input: Param::uniform(&[3 * hidden, input], bound, rng),
            recurrent: Param::uniform(&[3 * hidden, hidden], bound, rng),
            input_bias: Param::uniform(&[3 * hidden], bound, rng),
            recurrent_bias: Param::uniform(&[3 * hidden], bound, rng),
        }
    }

    /// H.
    fn hidden(&self) -> usize {
        self.recurrent.shape[1]
    }

    fn weights_and_gradients(&mut self) -> (GruWeights<'_>, GruGradients<'_>) {
        let weights = GruWeights {
            input: &self.input.value,
            recurrent: &self.recurrent.value,
            input_bias: &self.input_bias.value,
            recurrent_bias: &self.recurrent_bias.value,
        };
        let gradients = GruGradients {
            input: &mut self.input.grad,
            recurrent: &mut self.recurrent.grad,
            input_bias: &mut self.input_bias.grad,
            recurrent_bias: &mut self.recurrent_bias.grad,
        };
        (weights, gradients)
    }

    fn weights(&self) -> GruWeights<'_> {
        GruWeights {
            input: &self.input.value,
            recurrent: &self.recurrent.value,
            input_bias: &self.input_bias.value,
            recurrent_bias: &self.recurrent_bias.value,
        }
    }
}

/// The steps of a batch of sequences.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps<'a> {
    /// Where the steps lie.
    pub(crate) on: &'a Sequences,
    /// What was read at each, (S, I).
    pub(crate) rows: &'a [f32],
}

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct GruTape {
    layers: Vec<LayerTape>,
    /// One direction's part of a gradient, (S, H).
    part: Vec<f32>,
    /// The gradient of a layer's output, then of its input.
    grad: Vec<f32>,
    below: Vec<f32>,
}

#[derive(Clone, Debug, Default)]
struct LayerTape {
    cells: [kernels::GruTape; 2],
    /// Both directions' states side by side, after dropout, (S, width).
    output: Vec<f32>,
    dropout: Dropout,
}

impl GruTape {
    /// The states of the top layer, (S, width).
    pub(crate) fn output(&self) -> &[f32] {
        self.layers.last().map_or(&[], |layer| &layer.output)
    }
}

impl Gru {
    pub(crate) fn new(config: GruConfig, rng: &mut impl Rng) -> Self {
        let directions: &[Direction] = match config.bidirectional {
            false => &[Direction::Forward],
            true => &[Direction::Forward, Direction::Backward],
        };
        let width = config.hidden * directions.len();
        let mut layer = |depth| {
            let input = if depth == 0 { config.input } else { width };
            let cell = |&direction| (direction, Cell::new(input, config.hidden, rng));
            Layer { cells: directions.iter().map(cell).collect() }
        };
        let GruConfig { dropout, precision, .. } = config;
        Gru { layers: (0..config.layers).map(&mut layer).collect(), dropout, precision }
    }

    /// Reads a batch; the result is [`GruTape::output`].
    pub(crate) fn forward(&self, input: Steps<'_>, mode: &mut Mode<'_>, tape: &mut GruTape) {
        let precision = self.precision.into();
        tape.layers.resize_with(self.layers.len(), LayerTape::default);
        let top = self.layers.len() - 1;
        for (depth, layer) in self.layers.iter().enumerate() {
            let (below, own) = tape.layers.split_at_mut(depth);
            let (x, own) = (below.last().map_or(input.rows, |layer| &layer.output), &mut own[0]);
            let width = layer.cells.iter().map(|(_, cell)| cell.hidden()).sum();
            own.output.resize(input.on.rows() * width, 0.0);
            for (place, (direction, cell)) in layer.cells.iter().enumerate() {
                let tape = &mut own.cells[place];
                let weights = cell.weights();
                let (sequences, direction) = (input.on, *direction);
                let gru = kernels::Gru { weights, sequences, direction, precision };
                gru.forward(x, tape);
                let columns = Columns { start: place * cell.hidden(), count: cell.hidden(), width };
                columns.put(tape.output(), &mut own.output);
            }
            let rate = if depth == top { 0.0 } else { self.dropout };
            own.dropout.forward(rate, mode, &mut own.output);
        }
    }

    /// Takes the gradient of the output, (S, width), back; returns that of the input, (S, I).
    pub(crate) fn backward<'t>(
        &mut self,
        input: Steps<'_>,
        grad_output: &[f32],
        tape: &'t mut GruTape,
    ) -> &'t [f32] {
        let GruTape { layers, part, grad, below } = tape;
        let precision = self.precision.into();
        grad.clear();
        grad.extend_from_slice(grad_output);
        for (depth, layer) in self.layers.iter_mut().enumerate().rev() {
            let (lower, own) = layers.split_at_mut(depth);
            let (x, own) = (lower.last().map_or(input.rows, |layer| &layer.output), &mut own[0]);
            own.dropout.backward(grad);
            below.resize(x.len(), 0.0);
            let width = layer.cells.iter().map(|(_, cell)| cell.hidden()).sum();
            for (place, (direction, cell)) in layer.cells.iter_mut().enumerate() {
                let columns = Columns { start: place * cell.hidden(), count: cell.hidden(), width };
                columns.take(grad, part);
                let (weights, mut gradients) = cell.weights_and_gradients();
                let write = if place == 0 { Write::Set } else { Write::Add };
                let (sequences, direction) = (input.on, *direction);
                let gru = kernels::Gru { weights, sequences, direction, precision };
                let flow = GruFlow { x, grad_output: part, grad_x: below, write };
                gru.backward(&mut own.cells[place], flow, &mut gradients);
            }
            std::mem::swap(grad, below);
        }
        grad
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::fixture::Fixture;

    /// Copies rows that lie sequence after sequence to where the layout has them, or back.
    fn rows(on: &Sequences, x: &[f32], to: impl Fn(&mut [f32], usize, usize)) -> Vec<f32> {
        let mut out = x.to_vec();
        let rows = (0..on.lengths().len()).flat_map(|b| on.rows_of(b));
        rows.enumerate().for_each(|(at, row)| to(&mut out, at, row));
        out
    }

    fn arranged(on: &Sequences, x: &[f32]) -> Vec<f32> {
        let d = x.len() / on.rows();
        rows(on, x, |out, at, row| out[row * d..][..d].copy_from_slice(&x[at * d..][..d]))
    }

    fn in_order(on: &Sequences, x: &[f32]) -> Vec<f32> {
        let d = x.len() / on.rows();
        rows(on, x, |out, at, row| out[at * d..][..d].copy_from_slice(&x[row * d..][..d]))
    }

    fn check(name: &str, layers: usize, bidirectional: bool) {
        let fixture = Fixture::open(name);
        let on = Sequences::new(&fixture.sizes("lengths"));
        let (dropout, precision) = (0.5, Precision::F32);
        let config = GruConfig { input: 5, hidden: 7, layers, bidirectional, dropout, precision };
        let mut gru = Gru::new(config, &mut ChaCha8Rng::seed_from_u64(3));
        gru.visit_mut(&mut |name, param| param.value = fixture.floats(name));
        let x = arranged(&on, &fixture.floats("x"));
        let steps = Steps { on: &on, rows: &x };
        let mut tape = GruTape::default();
        gru.forward(steps, &mut Mode::Evaluate, &mut tape);
        fixture.check_output("y", &in_order(&on, tape.output()));
        let grad = arranged(&on, &fixture.floats("grad_output.y"));
        let grad_x = gru.backward(steps, &grad, &mut tape).to_vec();
        fixture.check_gradient("x", &in_order(&on, &grad_x));
        gru.visit(&mut |name, param| fixture.check_gradient(name, &param.grad));
    }

    #[test]
    fn stacks_in_one_or_both_directions_equal_pytorch() {
        check("gru_1_one_way", 1, false);
        check("gru_1_two_way", 1, true);
        check("gru_2_one_way", 2, false);
        check("gru_2_two_way", 2, true);
    }
}
