//! Seven convolutions with ReLU between them.

use kernels::{
    Activation, Convolution, ConvolutionFlow, ConvolutionGradients, ConvolutionWeights, Precision,
    Sequences,
};

use crate::Layers;
use crate::param::{Param, noise};

const CHANNELS: usize = 144;
const DEPTH: usize = 7;
const TAPS: usize = 3;

pub(crate) struct ConvolutionStack {
    layers: Vec<[Param; 2]>,
    /// What each layer reads, (S, C) each.
    values: Vec<Vec<f32>>,
    /// What each layer made, before ReLU.
    made: Vec<Vec<f32>>,
    grad_output: Vec<f32>,
    grads: [Vec<f32>; 2],
}

impl ConvolutionStack {
    pub(crate) fn new(rows: usize) -> Self {
        let inputs = CHANNELS * TAPS;
        let layer = |_| [CHANNELS * inputs, CHANNELS].map(|n| Param::new(n, inputs));
        let values = |_| noise(rows * CHANNELS, 1.0);
        ConvolutionStack {
            layers: (0..DEPTH).map(layer).collect(),
            values: (0..DEPTH).map(values).collect(),
            made: (0..DEPTH).map(values).collect(),
            grad_output: noise(rows * CHANNELS, 0.01),
            grads: [vec![0.0; rows * CHANNELS], vec![0.0; rows * CHANNELS]],
        }
    }
}

fn on<'a>(
    [weight, bias]: &'a [Param; 2],
    (sequences, precision): (&'a Sequences, Precision),
) -> Convolution<'a> {
    let weights = ConvolutionWeights { weight: &weight.value, bias: &bias.value };
    Convolution { weights, taps: TAPS, sequences, precision }
}

impl Layers for ConvolutionStack {
    fn run(&mut self, sequences: &Sequences, precision: Precision) {
        let batch = (sequences, precision);
        for depth in 0..DEPTH {
            on(&self.layers[depth], batch).forward(&self.values[depth], &mut self.made[depth]);
            if let Some(next) = self.values.get_mut(depth + 1) {
                Activation::Relu.forward(&self.made[depth], next);
            }
        }
        let [grad, grad_x] = &mut self.grads;
        grad.copy_from_slice(&self.grad_output);
        for (depth, layer) in self.layers.iter_mut().enumerate().rev() {
            if depth + 1 < DEPTH {
                Activation::Relu.backward(&self.made[depth], grad);
            }
            let [mut weight, mut bias] =
                layer.each_mut().map(|param| std::mem::take(&mut param.grad));
            let mut into = ConvolutionGradients { weight: &mut weight, bias: &mut bias };
            let flow = ConvolutionFlow { x: &self.values[depth], grad_output: grad, grad_x };
            on(layer, batch).backward(flow, &mut into);
            layer.iter_mut().zip([weight, bias]).for_each(|(param, grad)| param.grad = grad);
            std::mem::swap(grad, grad_x);
        }
    }

    fn params(&mut self) -> Vec<&mut Param> {
        self.layers.iter_mut().flatten().collect()
    }
}
