//! One vector for each sequence: its rows weighted by attention to a learned query.
//!
//! The weight of a row is the softmax, over the rows of its sequence, of its product with the query over √D: the
//! scaled dot product of Vaswani et al. (arXiv 1706.03762) with one query for all.

use rayon::prelude::*;

use crate::pooling::{each_row, width};
use crate::simd::{add_scaled, dot, vectorised};
use crate::softmax::softmax_rows;
use crate::{Sequences, View, ViewMut, Write, matmul};

/// A query and the sequences that it is put to.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// Where the rows of the sequences lie.
    pub sequences: &'a Sequences,
    /// The query, (D).
    pub query: &'a [f32],
}

/// What the backward pass needs of the forward pass; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct AttentionTape {
    /// The weight of each row in its sequence, (S).
    weights: Vec<f32>,
    /// The gradient of each row's score, (S).
    scores: Vec<f32>,
}

impl AttentionTape {
    /// How much each row counts, (S): those of one sequence add up to 1.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }
}

/// What flows through the pooling: its input, the gradient that comes in and the one that goes out.
#[derive(Debug)]
pub struct AttentionFlow<'a> {
    /// The rows that were pooled, (S, D).
    pub x: &'a [f32],
    /// The gradient of the pooled rows, (B, D).
    pub grad_pooled: &'a [f32],
    /// Where the gradient of `x` is written, (S, D).
    pub grad_x: &'a mut [f32],
}

impl Attention<'_> {
    /// `pooled` (B, D) becomes the weighted mean of the rows of each sequence in `x` (S, D); zeros for an empty one.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn forward(&self, x: &[f32], pooled: &mut [f32], tape: &mut AttentionTape) {
        let (sequences, d) = (self.sequences, width(self.sequences, x.len(), pooled.len()));
        tape.weights.resize(sequences.rows(), 0.0);
        let scale = self.scale();
        each_row(&mut tape.weights, 1, |weight, row| {
            weight[0] = dot(&x[row * d..][..d], self.query) * scale;
        });
        for b in 0..sequences.lengths().len() {
            let scores = sequences.rows_of(b).map(|row| tape.weights[row]);
            let mut scores: Vec<f32> = scores.collect();
            softmax_rows(&mut scores, sequences.lengths()[b]);
            for (row, weight) in sequences.rows_of(b).zip(scores) {
                tape.weights[row] = weight;
            }
        }
        let weights = &tape.weights;
        pooled.par_chunks_exact_mut(d).enumerate().for_each(|(b, pooled)| {
            pooled.fill(0.0);
            vectorised(
                #[inline(always)]
                || {
                    for row in sequences.rows_of(b) {
                        add_scaled(pooled, weights[row], &x[row * d..][..d]);
                    }
                },
            );
        });
    }

    /// Takes the gradient of the pooled rows back to the rows, and adds that of the query to `grad_query` (D).
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn backward(
        &self,
        tape: &mut AttentionTape,
        flow: AttentionFlow<'_>,
        grad_query: &mut [f32],
    ) {
        let sequences = self.sequences;
        let d = width(sequences, flow.x.len(), flow.grad_pooled.len());
        self.score_gradients(&flow, tape, d);
        let rows = sequences.rows();
        let scores = View::new(&tape.scores, rows, 1);
        let x = View::new(flow.x, rows, d);
        matmul(scores.t(), x, ViewMut::new(grad_query, 1, d), Write::Add);
        each_row(flow.grad_x, d, |out, row| {
            let grad = &flow.grad_pooled[sequences.owners()[row] * d..][..d];
            let (weight, score) = (tape.weights[row], tape.scores[row]);
            for ((out, g), q) in out.iter_mut().zip(grad).zip(self.query) {
                *out = weight * g + score * q;
            }
        });
    }

    /// The gradient of each row's product with the query.
    fn score_gradients(&self, flow: &AttentionFlow<'_>, tape: &mut AttentionTape, d: usize) {
        let sequences = self.sequences;
        tape.scores.resize(sequences.rows(), 0.0);
        let (weights, scale) = (&tape.weights, self.scale());
        let owners = sequences.owners();
        each_row(&mut tape.scores, 1, |score, row| {
            let grad = &flow.grad_pooled[owners[row] * d..][..d];
            score[0] = dot(&flow.x[row * d..][..d], grad);
        });
        for b in 0..sequences.lengths().len() {
            let mean: f32 = sequences.rows_of(b).map(|row| weights[row] * tape.scores[row]).sum();
            for row in sequences.rows_of(b) {
                tape.scores[row] = weights[row] * (tape.scores[row] - mean) * scale;
            }
        }
    }

    /// 1/√D.
    fn scale(&self) -> f32 {
        1.0 / (self.query.len() as f32).sqrt()
    }
}
