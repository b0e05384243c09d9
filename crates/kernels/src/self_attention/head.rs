//! One head over one sequence.

use std::ops::Range;

use super::{Mask, SelfAttention};
use crate::precision::Matmul;
use crate::simd::{dot, vectorised};
use crate::softmax::softmax;
use crate::{View, ViewMut, Write};

/// Queries worked on at a time: their weights stay in the second cache.
const QUERIES: usize = 256;

/// The rows of one head and one sequence, n of them, and room for what is made of them; used again for the next.
pub(super) struct Head<'a> {
    /// The features of a row.
    pub(super) d: usize,
    mask: Mask,
    matmul: Matmul,
    /// What is added to a score by the distance from query to key, and which of these is that of distance 0.
    pub(super) bias: Option<(&'a [f32], usize)>,
    /// Q, K and V, (n, d) each.
    pub(super) qkv: [Vec<f32>; 3],
    /// P V on the way forward, its gradient on the way back: (n, d).
    pub(super) out: Vec<f32>,
    /// The gradients of Q, K and V, (n, d) each.
    pub(super) grads: [Vec<f32>; 3],
    /// P of some queries, (queries, keys).
    weights: Vec<f32>,
    /// The gradient of their scores, (queries, keys).
    slopes: Vec<f32>,
}

/// Some queries, and how many keys they look at.
struct Block {
    queries: Range<usize>,
    keys: usize,
}

impl<'a> Head<'a> {
    pub(super) fn new(d: usize, of: &SelfAttention<'a>) -> Self {
        let (mask, matmul) = (of.mask, of.precision.matmul_here());
        let (qkv, grads) = Default::default();
        let (out, weights, slopes) = Default::default();
        Head { d, mask, matmul, bias: None, qkv, out, grads, weights, slopes }
    }

    /// Makes `out` of `qkv`.
    pub(super) fn forward(&mut self) {
        self.out.resize(self.qkv[0].len(), 0.0);
        self.scale_queries();
        for block in self.blocks() {
            self.weigh(&block);
            let values = rows(&self.qkv[2], 0..block.keys, self.d);
            let out = rows_mut(&mut self.out, block.queries.clone(), self.d);
            (self.matmul)(block.of(&self.weights), values, out, Write::Set);
        }
    }

    /// Makes `grads` of `qkv` and the gradient in `out`.
    pub(super) fn backward(&mut self) {
        let d = self.d;
        self.grads.iter_mut().for_each(|grad| grad.clear());
        self.grads.iter_mut().for_each(|grad| grad.resize(self.out.len(), 0.0));
        let scale = self.scale_queries();
        for block in self.blocks() {
            self.weigh(&block);
            self.score_gradients(&block);
            let (weights, slopes) = (block.of(&self.weights), block.of(&self.slopes));
            let ([q, k, _], keys) = (&self.qkv, 0..block.keys);
            let [of_q, of_k, of_v] = &mut self.grads;
            let grad = rows(&self.out, block.queries.clone(), d);
            (self.matmul)(weights.t(), grad, rows_mut(of_v, keys.clone(), d), Write::Add);
            let queries = rows(q, block.queries.clone(), d);
            (self.matmul)(slopes.t(), queries, rows_mut(of_k, keys.clone(), d), Write::Add);
            let of_q = rows_mut(of_q, block.queries, d);
            (self.matmul)(slopes, rows(k, keys, d), of_q, Write::Set);
        }
        self.grads[0].iter_mut().for_each(|x| *x *= scale);
    }

    /// Divides the queries by √d, so that no score has to be; returns the factor.
    fn scale_queries(&mut self) -> f32 {
        let scale = 1.0 / (self.d as f32).sqrt();
        self.qkv[0].iter_mut().for_each(|x| *x *= scale);
        scale
    }

    fn blocks(&self) -> impl Iterator<Item = Block> + use<> {
        let (n, mask) = (self.out.len() / self.d, self.mask);
        (0..n).step_by(QUERIES).map(move |from| {
            let to = (from + QUERIES).min(n);
            let keys = match mask {
                Mask::None => n,
                Mask::Causal => to,
            };
            Block { queries: from..to, keys }
        })
    }

    /// P of some queries.
    fn weigh(&mut self, block: &Block) {
        let ([q, k, _], keys) = (&self.qkv, block.keys);
        self.weights.resize(block.queries.len() * keys, 0.0);
        let scores = ViewMut::new(&mut self.weights, block.queries.len(), keys);
        let queries = rows(q, block.queries.clone(), self.d);
        (self.matmul)(queries, rows(k, 0..keys, self.d).t(), scores, Write::Set);
        vectorised(
            #[inline(always)]
            || {
                for (row, query) in self.weights.chunks_exact_mut(keys).zip(block.queries.clone()) {
                    let seen = match self.mask {
                        Mask::None => keys,
                        Mask::Causal => query + 1,
                    };
                    if let Some((values, here)) = self.bias {
                        let values = &values[here - query..];
                        row.iter_mut().zip(values).for_each(|(score, value)| *score += value);
                    }
                    softmax(&mut row[..seen]);
                    row[seen..].fill(0.0);
                }
            },
        );
    }

    /// The gradient of the scores of some queries, from that of `out` and their weights.
    fn score_gradients(&mut self, block: &Block) {
        let keys = block.keys;
        self.slopes.resize(block.queries.len() * keys, 0.0);
        let slopes = ViewMut::new(&mut self.slopes, block.queries.len(), keys);
        let grad = rows(&self.out, block.queries.clone(), self.d);
        (self.matmul)(grad, rows(&self.qkv[2], 0..keys, self.d).t(), slopes, Write::Set);
        let weights = self.weights.chunks_exact(keys);
        vectorised(
            #[inline(always)]
            || {
                for (slopes, weights) in self.slopes.chunks_exact_mut(keys).zip(weights.clone()) {
                    let mean = dot(weights, slopes);
                    for (slope, weight) in slopes.iter_mut().zip(weights) {
                        *slope = weight * (*slope - mean);
                    }
                }
            },
        );
    }
}

impl Block {
    /// What there is for each of the queries and keys.
    fn of<'a>(&self, values: &'a [f32]) -> View<'a> {
        View::new(values, self.queries.len(), self.keys)
    }
}

/// Some rows of a matrix that is `d` wide.
fn rows(x: &[f32], range: Range<usize>, d: usize) -> View<'_> {
    View::new(&x[range.start * d..range.end * d], range.len(), d)
}

/// The same, to write.
fn rows_mut(x: &mut [f32], range: Range<usize>, d: usize) -> ViewMut<'_> {
    ViewMut::new(&mut x[range.start * d..range.end * d], range.len(), d)
}
