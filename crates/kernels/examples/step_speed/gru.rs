//! Two layers of GRU in one direction or both.

use kernels::{
    Direction, Gru, GruFlow, GruGradients, GruTape, GruWeights, Precision, Sequences, Write,
};

use crate::Layers;
use crate::param::{Param, noise};

/// The width of what the first layer reads.
const INPUT: usize = 512;

/// Where the rows lie, and how exactly their numbers enter products.
type Batch<'a> = (&'a Sequences, Precision);

const WAYS: [Direction; 2] = [Direction::Forward, Direction::Backward];

pub(crate) struct GruStack {
    hidden: usize,
    layers: [Layer; 2],
    x: Vec<f32>,
    /// The gradient that comes in, and then what goes from layer to layer.
    grads: [Vec<f32>; 3],
}

struct Layer {
    cells: Vec<Cell>,
    /// The states of all directions beside each other, (S, ways H).
    output: Vec<f32>,
}

struct Cell {
    params: [Param; 4],
    tape: GruTape,
    /// This direction's part of the gradient of the output, (S, H).
    grad: Vec<f32>,
}

impl Cell {
    fn new(rows: usize, input: usize, h: usize) -> Self {
        let sizes = [3 * h * input, 3 * h * h, 3 * h, 3 * h];
        let params = sizes.map(|n| Param::new(n, h));
        Cell { params, tape: GruTape::default(), grad: vec![0.0; rows * h] }
    }

    fn on<'a>(params: &'a [Param; 4], (on, precision): Batch<'a>, direction: Direction) -> Gru<'a> {
        let [input, recurrent, input_bias, recurrent_bias] =
            params.each_ref().map(|p| &p.value[..]);
        let weights = GruWeights { input, recurrent, input_bias, recurrent_bias };
        Gru { weights, sequences: on, direction, precision }
    }
}

impl GruStack {
    pub(crate) fn new(rows: usize, hidden: usize, ways: usize) -> Self {
        let layer = |input| Layer {
            cells: (0..ways).map(|_| Cell::new(rows, input, hidden)).collect(),
            output: vec![0.0; rows * hidden * ways],
        };
        let grads = [rows * hidden * ways, rows * hidden * ways, rows * INPUT];
        let mut grads = grads.map(|n| vec![0.0; n]);
        grads[0] = noise(grads[0].len(), 0.01);
        let layers = [layer(INPUT), layer(hidden * ways)];
        GruStack { hidden, layers, x: noise(rows * INPUT, 1.0), grads }
    }
}

impl Layer {
    fn forward(&mut self, on: Batch<'_>, x: &[f32], h: usize) {
        let width = self.cells.len() * h;
        for (place, cell) in self.cells.iter_mut().enumerate() {
            Cell::on(&cell.params, on, WAYS[place]).forward(x, &mut cell.tape);
            let rows = self.output.chunks_exact_mut(width);
            for (row, state) in rows.zip(cell.tape.output().chunks_exact(h)) {
                row[place * h..][..h].copy_from_slice(state);
            }
        }
    }

    fn backward(&mut self, on: Batch<'_>, x: &[f32], (grad, grad_x): (&[f32], &mut [f32])) {
        let width = grad.len() / on.0.rows();
        for (place, cell) in self.cells.iter_mut().enumerate() {
            let h = cell.grad.len() / on.0.rows();
            for (own, row) in cell.grad.chunks_exact_mut(h).zip(grad.chunks_exact(width)) {
                own.copy_from_slice(&row[place * h..][..h]);
            }
            let mut grads = cell.params.each_mut().map(|param| std::mem::take(&mut param.grad));
            let [input, recurrent, input_bias, recurrent_bias] = &mut grads;
            let mut into = GruGradients { input, recurrent, input_bias, recurrent_bias };
            let write = [Write::Set, Write::Add][place];
            let flow = GruFlow { x, grad_output: &cell.grad, grad_x, write };
            Cell::on(&cell.params, on, WAYS[place]).backward(&mut cell.tape, flow, &mut into);
            cell.params.iter_mut().zip(grads).for_each(|(param, grad)| param.grad = grad);
        }
    }
}

impl Layers for GruStack {
    fn run(&mut self, on: &Sequences, precision: Precision) {
        let on = (on, precision);
        let ([first, second], [grad_output, between, grad_x]) = (&mut self.layers, &mut self.grads);
        first.forward(on, &self.x, self.hidden);
        second.forward(on, &first.output, self.hidden);
        second.backward(on, &first.output, (grad_output, between));
        first.backward(on, &self.x, (between, grad_x));
    }

    fn params(&mut self) -> Vec<&mut Param> {
        let cells = self.layers.iter_mut().flat_map(|layer| &mut layer.cells);
        cells.flat_map(|cell| &mut cell.params).collect()
    }
}
