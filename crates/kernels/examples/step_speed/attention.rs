//! Six layers of self-attention with a projection before and after it, each added to what it read.

use kernels::{
    LinearFlow, LinearGradients, LinearWeights, Mask, Precision, SelfAttention, SelfAttentionFlow,
    Sequences,
};

use crate::Layers;
use crate::param::{Param, noise};

const WIDTH: usize = 256;
const HEADS: usize = 4;
const DEPTH: usize = 6;

pub(crate) struct AttentionStack {
    layers: Vec<Layer>,
    /// What each layer reads, and the last one's output: (S, E) each.
    values: Vec<Vec<f32>>,
    grad_output: Vec<f32>,
    /// The gradient that goes from layer to layer, and two on the way through one: (S, E) each.
    grads: [Vec<f32>; 3],
    grad_qkv: Vec<f32>,
}

struct Layer {
    /// Weight and bias: of queries, keys and values, and of the output.
    projections: [[Param; 2]; 2],
    qkv: Vec<f32>,
    attended: Vec<f32>,
}

impl AttentionStack {
    pub(crate) fn new(rows: usize) -> Self {
        let projection = |outputs: usize| [outputs * WIDTH, outputs].map(|n| Param::new(n, WIDTH));
        let layer = |_| Layer {
            projections: [projection(3 * WIDTH), projection(WIDTH)],
            qkv: vec![0.0; rows * 3 * WIDTH],
            attended: vec![0.0; rows * WIDTH],
        };
        AttentionStack {
            layers: (0..DEPTH).map(layer).collect(),
            values: (0..=DEPTH).map(|_| noise(rows * WIDTH, 1.0)).collect(),
            grad_output: noise(rows * WIDTH, 0.01),
            grads: [0; 3].map(|_| vec![0.0; rows * WIDTH]),
            grad_qkv: vec![0.0; rows * 3 * WIDTH],
        }
    }
}

fn linear([weight, bias]: &[Param; 2], precision: Precision) -> LinearWeights<'_> {
    LinearWeights { weight: &weight.value, bias: &bias.value, precision }
}

fn linear_back(params: &mut [Param; 2], precision: Precision, flow: LinearFlow<'_>) {
    let [mut weight, mut bias] = params.each_mut().map(|param| std::mem::take(&mut param.grad));
    let mut into = LinearGradients { weight: &mut weight, bias: &mut bias };
    linear(params, precision).backward(flow, &mut into);
    params.iter_mut().zip([weight, bias]).for_each(|(param, grad)| param.grad = grad);
}

fn add(sum: &mut [f32], x: &[f32]) {
    sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
}

impl Layers for AttentionStack {
    fn run(&mut self, sequences: &Sequences, precision: Precision) {
        let attention =
            SelfAttention { sequences, heads: HEADS, mask: Mask::None, bias: None, precision };
        for (depth, layer) in self.layers.iter_mut().enumerate() {
            let (read, made) = self.values.split_at_mut(depth + 1);
            let (x, y) = (&read[depth], &mut made[0]);
            linear(&layer.projections[0], precision).forward(x, &mut layer.qkv);
            attention.forward(&layer.qkv, &mut layer.attended);
            linear(&layer.projections[1], precision).forward(&layer.attended, y);
            add(y, x);
        }
        let [grad, of_attended, grad_x] = &mut self.grads;
        grad.copy_from_slice(&self.grad_output);
        for (depth, layer) in self.layers.iter_mut().enumerate().rev() {
            let [before, after] = &mut layer.projections;
            let flow = LinearFlow { x: &layer.attended, grad_output: grad, grad_x: of_attended };
            linear_back(after, precision, flow);
            let (qkv, grad_qkv) = (&layer.qkv, &mut self.grad_qkv[..]);
            attention.backward(SelfAttentionFlow { qkv, grad_output: of_attended, grad_qkv });
            let x = &self.values[depth];
            linear_back(before, precision, LinearFlow { x, grad_output: &self.grad_qkv, grad_x });
            add(grad, grad_x);
        }
    }

    fn params(&mut self) -> Vec<&mut Param> {
        self.layers.iter_mut().flat_map(|layer| &mut layer.projections).flatten().collect()
    }
}
