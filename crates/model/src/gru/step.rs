//! One step at a time, for tunes that are being written.

use kernels::{Activation, View, ViewMut, Write, matmul};

use super::{Cell, Gru, Layer};
use crate::Param;

impl Gru {
    /// The states before the first step: zeros, (N, H) for each layer.
    pub(crate) fn start(&self, n: usize) -> Vec<Vec<f32>> {
        let hidden = |layer: &Layer| layer.cells.first().map_or(0, |(_, cell)| cell.hidden());
        self.layers.iter().map(|layer| vec![0.0; n * hidden(layer)]).collect()
    }

    /// Moves the states of all layers on by one step over `x` (N, I). Stacks in both directions have no single steps:
    /// only their forward direction is taken.
    pub(crate) fn step(&self, x: &[f32], states: &mut [Vec<f32>]) {
        let mut below: &[f32] = x;
        for (layer, state) in self.layers.iter().zip(states) {
            if let Some((_, cell)) = layer.cells.first() {
                cell.step(below, state);
            }
            below = state;
        }
    }
}

impl Cell {
    /// h becomes h', as the equations of [`kernels::Gru`] have it.
    fn step(&self, x: &[f32], state: &mut [f32]) {
        let h = self.hidden();
        let mut of_x = affine(x, &self.input, &self.input_bias);
        let mut of_h = affine(state, &self.recurrent, &self.recurrent_bias);
        let gates = of_x.chunks_exact_mut(3 * h).zip(of_h.chunks_exact_mut(3 * h));
        for ((of_x, of_h), state) in gates.zip(state.chunks_exact_mut(h)) {
            let (rz, n) = of_x.split_at_mut(2 * h);
            let (of_rz, q) = of_h.split_at_mut(2 * h);
            // σ(x) = (1 + tanh(x/2)) / 2.
            of_rz.iter_mut().zip(&*rz).for_each(|(sum, x)| *sum = 0.5 * (*sum + x));
            Activation::Tanh.forward(of_rz, rz);
            rz.iter_mut().for_each(|gate| *gate = 0.5 + 0.5 * *gate);
            let (r, z) = rz.split_at(h);
            q.iter_mut().zip(&*n).zip(r).for_each(|((q, n), r)| *q = n + r * *q);
            Activation::Tanh.forward(q, n);
            for ((h, n), z) in state.iter_mut().zip(&*n).zip(z) {
                *h = n + z * (*h - n);
            }
        }
    }
}

/// `x` (N, I) times the transpose of the weights (O, I), plus the bias: (N, O).
fn affine(x: &[f32], weight: &Param, bias: &Param) -> Vec<f32> {
    let (outputs, inputs) = (weight.shape[0], weight.shape[1]);
    let rows = x.len() / inputs;
    let mut y = bias.value.repeat(rows);
    let weight = View::new(&weight.value, outputs, inputs).t();
    matmul(View::new(x, rows, inputs), weight, ViewMut::new(&mut y, rows, outputs), Write::Add);
    y
}
