//! The affine layer y = x Wᵀ + b.

use crate::pooling::each_row;
use crate::sums::add_rows;
use crate::{Precision, View, ViewMut, Write};

/// The weights of an affine layer.
#[derive(Clone, Copy, Debug)]
pub struct LinearWeights<'a> {
    /// W: (O, I).
    pub weight: &'a [f32],
    /// b: (O).
    pub bias: &'a [f32],
    /// How exactly numbers enter products.
    pub precision: Precision,
}

/// Where the gradients of an affine layer's weights are added.
#[derive(Debug)]
pub struct LinearGradients<'a> {
    /// Of W: (O, I).
    pub weight: &'a mut [f32],
    /// Of b: (O).
    pub bias: &'a mut [f32],
}

/// What flows through the layer: its input, the gradient that comes in and the one that goes out.
#[derive(Debug)]
pub struct LinearFlow<'a> {
    /// What the layer read, (N, I).
    pub x: &'a [f32],
    /// The gradient of the layer's output, (N, O).
    pub grad_output: &'a [f32],
    /// Where the gradient of `x` is written, (N, I).
    pub grad_x: &'a mut [f32],
}

impl LinearWeights<'_> {
    /// `y` (N, O) becomes `x` (N, I) Wᵀ + b.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn forward(&self, x: &[f32], y: &mut [f32]) {
        let (o, i) = self.shape();
        let rows = y.len() / o;
        each_row(y, o, |row, _| row.copy_from_slice(self.bias));
        let weight = View::new(self.weight, o, i).t();
        self.precision.matmul()(
            View::new(x, rows, i),
            weight,
            ViewMut::new(y, rows, o),
            Write::Add,
        );
    }

    /// Takes the gradient of the output back to the weights and the input.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn backward(&self, flow: LinearFlow<'_>, grads: &mut LinearGradients<'_>) {
        let (o, i) = self.shape();
        let (rows, matmul) = (flow.grad_output.len() / o, self.precision.matmul());
        let grad = View::new(flow.grad_output, rows, o);
        let weight = View::new(self.weight, o, i);
        matmul(grad, weight, ViewMut::new(flow.grad_x, rows, i), Write::Set);
        let x = View::new(flow.x, rows, i);
        matmul(grad.t(), x, ViewMut::new(grads.weight, o, i), Write::Add);
        add_rows(flow.grad_output, grads.bias);
    }

    /// (O, I).
    fn shape(&self) -> (usize, usize) {
        (self.bias.len(), self.weight.len() / self.bias.len().max(1))
    }
}
