//! Convolution along the steps of sequences: each step from its neighbours and itself.
//!
//! With K taps of which (K - 1) / 2 lie before the step, as PyTorch's "same" padding has them:
//!
//! ```text
//! y[t] = b + Σk Wk x[t + k - (K - 1) / 2]
//! ```
//!
//! What lies outside a sequence counts as zeros. The neighbours of a few hundred rows at a time are gathered beside
//! each other, where they stay in the second cache, and the rest is one matrix product.

mod max_pool;
mod windows;

use rayon::prelude::*;

use crate::gemm::Right;
use crate::pooling::each_row;
use crate::simd::{add_scaled, vectorised};
use crate::{Precision, Sequences, View, ViewMut, Write};

pub use max_pool::MaxPool;
use windows::{Block, Windows};

/// Sums that the gradients of the weights are first taken in: few enough to be cheap, enough for many threads.
const SUMS: usize = 16;

/// The weights of a convolution with a step of 1.
#[derive(Clone, Copy, Debug)]
pub struct ConvolutionWeights<'a> {
    /// W: (O, I, K), as PyTorch's `Conv1d` has it.
    pub weight: &'a [f32],
    /// b: (O).
    pub bias: &'a [f32],
}

/// A layer's weights and the batch that they are applied to.
#[derive(Clone, Copy, Debug)]
pub struct Convolution<'a> {
    /// The weights.
    pub weights: ConvolutionWeights<'a>,
    /// K, the taps: at least 1.
    pub taps: usize,
    /// Where the steps of the batch lie.
    pub sequences: &'a Sequences,
    /// How exactly numbers enter products.
    pub precision: Precision,
}

/// Where the gradients of a convolution's weights are added.
#[derive(Debug)]
pub struct ConvolutionGradients<'a> {
    /// Of W: (O, I, K).
    pub weight: &'a mut [f32],
    /// Of b: (O).
    pub bias: &'a mut [f32],
}

/// What flows through the layer: its input, the gradient that comes in and the one that goes out.
#[derive(Debug)]
pub struct ConvolutionFlow<'a> {
    /// What the layer read, (S, I).
    pub x: &'a [f32],
    /// The gradient of the layer's output, (S, O).
    pub grad_output: &'a [f32],
    /// Where the gradient of `x` is written, (S, I).
    pub grad_x: &'a mut [f32],
}

impl Convolution<'_> {
    /// `y` (S, O) becomes the convolution of `x` (S, I), rows as the batch's [`Sequences`] has them.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn forward(&self, x: &[f32], y: &mut [f32]) {
        let (o, i, k) = self.shape();
        assert_eq!(x.len(), self.sequences.rows() * i, "the input of a convolution");
        let mut weights = vec![0.0; k * i * o];
        self.each_weight(|(out, input, tap), w| weights[(tap * i + input) * o + out] = w);
        let weights = View::new(&weights, k * i, o);
        self.multiply((x, self.windows()), weights, y);
        let bias = self.weights.bias;
        each_row(y, o, |y, _| add_scaled(y, 1.0, bias));
    }

    /// Takes the gradient of the output back to the weights and the input.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn backward(&self, flow: ConvolutionFlow<'_>, grads: &mut ConvolutionGradients<'_>) {
        let (o, i, k) = self.shape();
        let rows = self.sequences.rows();
        assert_eq!(flow.x.len(), rows * i, "the input of a convolution");
        assert_eq!(flow.grad_output.len(), rows * o, "the gradient of a convolution's output");
        // A step counts in the outputs of its neighbours: the same taps in the reverse order.
        let mut weights = vec![0.0; k * o * i];
        self.each_weight(|(out, input, tap), w| weights[((k - 1 - tap) * o + out) * i + input] = w);
        let windows = Windows { taps: k, before: k / 2, width: o };
        self.multiply((flow.grad_output, windows), View::new(&weights, k * o, i), flow.grad_x);
        self.weight_gradients(&flow, grads);
    }

    /// `out` (S, N) becomes the windows of `x`, (S, K F), times `weights` (K F, N).
    fn multiply(&self, (x, windows): (&[f32], Windows), weights: View<'_>, out: &mut [f32]) {
        let (n, weights) = (weights.cols, Right::new(weights, self.precision));
        let mut jobs = Vec::new();
        let mut left = out;
        for block in Block::all(self.sequences) {
            let (own, rest) = left.split_at_mut(block.rows() * n);
            jobs.push((block, own));
            left = rest;
        }
        assert!(left.is_empty(), "{} rows too many", left.len() / n);
        jobs.into_par_iter().for_each_init(Vec::new, |area, (block, out)| {
            block.gather(x, windows, area);
            weights.multiply(area, ViewMut::new(out, block.rows(), n), Write::Set);
        });
    }

    /// Adds up the gradients of W and b in a fixed number of sums, so that no value depends on the threads.
    fn weight_gradients(&self, flow: &ConvolutionFlow<'_>, grads: &mut ConvolutionGradients<'_>) {
        let (_, i, k) = self.shape();
        let blocks = Block::all(self.sequences);
        let shares = blocks.par_chunks(blocks.len().div_ceil(SUMS).max(1));
        let sums: Vec<_> = shares.map(|blocks| self.sum(flow, blocks)).collect();
        sums.iter().for_each(|(_, of_bias)| add_scaled(grads.bias, 1.0, of_bias));
        grads.weight.par_chunks_exact_mut((i * k).max(1)).enumerate().for_each(|(out, grad)| {
            for (of_weight, _) in &sums {
                let sum = &of_weight[out * k * i..][..k * i];
                for (tap, sum) in sum.chunks_exact(i).enumerate() {
                    grad[tap..].iter_mut().step_by(k).zip(sum).for_each(|(grad, sum)| *grad += sum);
                }
            }
        });
    }

    /// The gradients of W, as (O, K, I), and of b over some of the rows.
    fn sum(&self, flow: &ConvolutionFlow<'_>, blocks: &[Block<'_>]) -> (Vec<f32>, Vec<f32>) {
        let (o, i, k) = self.shape();
        let (mut of_weight, mut of_bias) = (vec![0.0; o * k * i], vec![0.0; o]);
        let mut area = Vec::new();
        for block in blocks {
            block.gather(flow.x, self.windows(), &mut area);
            let grad = &flow.grad_output[block.start() * o..][..block.rows() * o];
            let windows = View::new(&area, block.rows(), k * i);
            let out = ViewMut::new(&mut of_weight, o, k * i);
            let grads = View::new(grad, block.rows(), o).t();
            self.precision.matmul_here()(grads, windows, out, Write::Add);
            vectorised(
                #[inline(always)]
                || {
                    grad.chunks_exact(o).for_each(
                        #[inline(always)]
                        |row| add_scaled(&mut of_bias, 1.0, row),
                    )
                },
            );
        }
        (of_weight, of_bias)
    }

    /// Calls `f` with every value of W and its place: output, input, tap.
    fn each_weight(&self, mut f: impl FnMut((usize, usize, usize), f32)) {
        let (_, i, k) = self.shape();
        for (out, weights) in self.weights.weight.chunks_exact((i * k).max(1)).enumerate() {
            for (input, weights) in weights.chunks_exact(k).enumerate() {
                weights.iter().enumerate().for_each(|(tap, &w)| f((out, input, tap), w));
            }
        }
    }

    /// What an output is made from.
    fn windows(&self) -> Windows {
        let (_, width, taps) = self.shape();
        Windows { taps, before: (taps - 1) / 2, width }
    }

    /// (O, I, K).
    fn shape(&self) -> (usize, usize, usize) {
        let (o, k) = (self.weights.bias.len(), self.taps);
        let i = self.weights.weight.len() / (o * k).max(1);
        assert_eq!(self.weights.weight.len(), o * i * k, "the weights of a convolution");
        (o, i, k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 31 + 13) % 1009) as f32 / 504.5 - 1.0).collect()
    }

    fn check(found: &[f32], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (at, (x, y)) in found.iter().zip(expected).enumerate() {
            assert!((f64::from(*x) - y).abs() < 1e-4 * y.abs().max(1.0), "[{at}]: {x} {y}");
        }
    }

    /// Every pair of a step and a neighbour, as rows, and the tap between them.
    fn pairs(sequences: &Sequences, taps: usize) -> Vec<(usize, usize, usize)> {
        let mut found = Vec::new();
        for (b, &length) in sequences.lengths().iter().enumerate() {
            for t in 0..length {
                for tap in 0..taps {
                    let at = (t + tap).checked_sub((taps - 1) / 2).filter(|&at| at < length);
                    found.extend(at.map(|at| (sequences.row(b, t), sequences.row(b, at), tap)));
                }
            }
        }
        found
    }

    /// The plain loops, beside the fast ones.
    fn compare(lengths: &[usize], (i, o, k): (usize, usize, usize)) {
        let sequences = &Sequences::new(lengths);
        let rows = sequences.rows();
        let (x, grad_output) = (noise(rows * i, 1), noise(rows * o, 2));
        let (weight, bias) = (noise(o * i * k, 3), noise(o, 4));
        let mut y: Vec<f64> = (0..rows * o).map(|at| f64::from(bias[at % o])).collect();
        let (mut of_x, mut of_weight) = (vec![0.0; rows * i], vec![1.0; o * i * k]);
        let mut of_bias = vec![1.0; o];
        for (to, from, tap) in pairs(sequences, k) {
            for (a, b) in (0..o).flat_map(|a| (0..i).map(move |b| (a, b))) {
                let at = (a * i + b) * k + tap;
                let (w, x) = (f64::from(weight[at]), f64::from(x[from * i + b]));
                let grad = f64::from(grad_output[to * o + a]);
                y[to * o + a] += w * x;
                of_x[from * i + b] += w * grad;
                of_weight[at] += grad * x;
            }
        }
        grad_output.iter().enumerate().for_each(|(at, g)| of_bias[at % o] += f64::from(*g));

        let weights = ConvolutionWeights { weight: &weight, bias: &bias };
        let layer = Convolution { weights, taps: k, sequences, precision: Precision::F32 };
        let (mut found, mut grad_x) = (vec![f32::NAN; rows * o], vec![f32::NAN; rows * i]);
        let (mut grad_weight, mut grad_bias) = (vec![1.0; o * i * k], vec![1.0; o]);
        layer.forward(&x, &mut found);
        check(&found, &y);
        let flow = ConvolutionFlow { x: &x, grad_output: &grad_output, grad_x: &mut grad_x };
        let mut grads = ConvolutionGradients { weight: &mut grad_weight, bias: &mut grad_bias };
        layer.backward(flow, &mut grads);
        check(&grad_x, &of_x);
        check(&grad_weight, &of_weight);
        check(&grad_bias, &of_bias);
    }

    #[test]
    fn a_convolution_equals_the_plain_loops_on_sequences_of_any_length() {
        let many: Vec<usize> = (0..71).map(|b| (b * 29) % 23).collect();
        for lengths in [&many[..], &[0, 1, 2], &[1], &[700, 3], &[0, 0], &[]] {
            for k in 1..=5 {
                compare(lengths, (5, 7, k));
            }
        }
        compare(&[2, 0, 3], (1, 1, 11));
    }

    #[test]
    fn no_value_depends_on_the_number_of_threads() {
        let lengths: Vec<usize> = (0..40).map(|b| 20 + b).collect();
        let sequences = &Sequences::new(&lengths);
        let (x, grad_output) = (noise(sequences.rows() * 5, 1), noise(sequences.rows() * 7, 2));
        let (weight, bias) = (noise(7 * 5 * 3, 3), noise(7, 4));
        let run = |threads, precision| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let weights = ConvolutionWeights { weight: &weight, bias: &bias };
            let layer = Convolution { weights, taps: 3, sequences, precision };
            let (mut y, mut grad_x) = (vec![0.0; grad_output.len()], vec![0.0; x.len()]);
            let (mut of_weight, mut of_bias) = (vec![0.0; weight.len()], vec![0.0; 7]);
            pool.install(|| {
                layer.forward(&x, &mut y);
                let flow =
                    ConvolutionFlow { x: &x, grad_output: &grad_output, grad_x: &mut grad_x };
                let (weight, bias) = (&mut of_weight[..], &mut of_bias[..]);
                layer.backward(flow, &mut ConvolutionGradients { weight, bias });
            });
            (y, grad_x, of_weight, of_bias)
        };
        for precision in [Precision::F32, Precision::Bf16] {
            assert!(run(1, precision) == run(3, precision));
        }
    }

    #[test]
    fn in_bf16_every_result_is_near_that_of_f32() {
        let sequences = &Sequences::new(&[0, 37, 5, 1, 12]);
        let (x, grad_output) = (noise(sequences.rows() * 19, 1), noise(sequences.rows() * 23, 2));
        let (weight, bias) = (noise(23 * 19 * 3, 3), noise(23, 4));
        let run = |precision| {
            let weights = ConvolutionWeights { weight: &weight, bias: &bias };
            let layer = Convolution { weights, taps: 3, sequences, precision };
            let (mut y, mut grad_x) = (vec![0.0; grad_output.len()], vec![0.0; x.len()]);
            let (mut of_weight, mut of_bias) = (vec![0.0; weight.len()], vec![0.0; 23]);
            layer.forward(&x, &mut y);
            let flow = ConvolutionFlow { x: &x, grad_output: &grad_output, grad_x: &mut grad_x };
            let mut grads = ConvolutionGradients { weight: &mut of_weight, bias: &mut of_bias };
            layer.backward(flow, &mut grads);
            [y, grad_x, of_weight, of_bias]
        };
        for (rough, exact) in run(Precision::Bf16).iter().zip(&run(Precision::F32)) {
            let off: f32 = rough.iter().zip(exact).map(|(a, b)| (a - b) * (a - b)).sum();
            let size: f32 = exact.iter().map(|x| x * x).sum();
            assert!((off / size).sqrt() < 6e-3, "{}", (off / size).sqrt());
        }
    }
}
