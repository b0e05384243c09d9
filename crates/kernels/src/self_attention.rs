//! Scaled dot-product self-attention of several heads (Vaswani et al., arXiv 1706.03762) within each sequence.
//!
//! For each head, over the rows of one sequence, with d features a head:
//!
//! ```text
//! P = softmax(Q Kᵀ / √d + B)      out = P V
//! ```
//!
//! where B, if there is any, is a number for each distance from query to key.
//!
//! Nothing is kept for the backward pass: it makes the weights P again, which costs less than to store and load them.

mod head;

use rayon::prelude::*;

use crate::{Precision, Sequences, View};
use head::Head;

/// Which rows of its sequence a row looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// All of them.
    None,
    /// Itself and those before it.
    Causal,
}

/// Heads, a mask and the sequences that they are applied to.
#[derive(Clone, Copy, Debug)]
pub struct SelfAttention<'a> {
    /// Where the steps of the batch lie.
    pub sequences: &'a Sequences,
    /// H, the heads among which the features are shared out: each has d = E / H of them.
    pub heads: usize,
    /// Which rows a row looks at.
    pub mask: Mask,
    /// What is added to the scores by the distance from query to key (Raffel et al., arXiv 1910.10683), if anything.
    pub bias: Option<RelativeBias<'a>>,
    /// How exactly numbers enter products.
    pub precision: Precision,
}

/// A number a head for each distance from query to key; it is not learned here.
#[derive(Clone, Copy, Debug)]
pub struct RelativeBias<'a> {
    /// (H, 2L - 1): of distances -(L - 1) to L - 1.
    pub values: &'a [f32],
    /// L, the rows that a sequence has at most.
    pub longest: usize,
}

impl<'a> RelativeBias<'a> {
    /// Those of one head, and which of them is that of distance 0.
    fn of(self, head: usize) -> (&'a [f32], usize) {
        let all = 2 * self.longest - 1;
        (&self.values[head * all..][..all], self.longest - 1)
    }
}

/// What flows through the attention: its input, the gradient that comes in and the one that goes out.
#[derive(Debug)]
pub struct SelfAttentionFlow<'a> {
    /// What the attention read, (S, 3E).
    pub qkv: &'a [f32],
    /// The gradient of its output, (S, E).
    pub grad_output: &'a [f32],
    /// Where the gradient of `qkv` is written, (S, 3E).
    pub grad_qkv: &'a mut [f32],
}

impl<'a> SelfAttention<'a> {
    /// `out` (S, E) becomes the attention's result; rows as the batch's [`Sequences`] has them.
    ///
    /// `qkv`: (S, 3E), the queries, keys and values of a row beside each other, as one linear layer gives them, and the
    /// heads beside each other in each.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn forward(&self, qkv: &[f32], out: &mut [f32]) {
        let d = self.width(qkv.len(), out.len());
        let jobs = self.deal(out, d).into_par_iter().enumerate();
        jobs.for_each_init(
            || Head::new(d, self),
            |head, (job, mut out)| {
                self.load(head, qkv, job);
                head.forward();
                for (out, row) in out.iter_mut().zip(head.out.chunks_exact(d)) {
                    out.copy_from_slice(row);
                }
            },
        );
    }

    /// Takes the gradient of the output back to the queries, keys and values.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn backward(&self, flow: SelfAttentionFlow<'_>) {
        let d = self.width(flow.qkv.len(), flow.grad_output.len());
        assert_eq!(flow.grad_qkv.len(), flow.qkv.len(), "one gradient a value");
        let grad_output = View::new(flow.grad_output, self.sequences.rows(), self.heads * d);
        let jobs = self.deal(flow.grad_qkv, d).into_par_iter().enumerate();
        jobs.for_each_init(
            || Head::new(d, self),
            |head, (job, mut grads)| {
                self.load(head, flow.qkv, job);
                let from = job % self.heads * d;
                let rows = self.sequences.rows_of(job / self.heads);
                gather(grad_output.columns(from..from + d), rows, &mut head.out);
                head.backward();
                for (row, grads) in grads.chunks_exact_mut(3).enumerate() {
                    for (grad, from) in grads.iter_mut().zip(&head.grads) {
                        grad.copy_from_slice(&from[row * d..][..d]);
                    }
                }
            },
        );
    }

    /// Copies to `head` what its rows hold for it. A job is one head of one sequence, the heads of each sequence one
    /// after the other.
    fn load(&self, head: &mut Head<'a>, qkv: &[f32], job: usize) {
        let (b, place, d) = (job / self.heads, job % self.heads, head.d);
        head.bias = self.bias.map(|bias| bias.of(place));
        let qkv = View::new(qkv, self.sequences.rows(), 3 * self.heads * d);
        for (part, to) in head.qkv.iter_mut().enumerate() {
            let from = (part * self.heads + place) * d;
            gather(qkv.columns(from..from + d), self.sequences.rows_of(b), to);
        }
    }

    /// For each job the pieces of the rows that are its to write, d wide, step by step.
    fn deal<'m>(&self, out: &'m mut [f32], d: usize) -> Vec<Vec<&'m mut [f32]>> {
        let pieces = out.len() / (self.sequences.rows() * d).max(1);
        let lengths = self.sequences.lengths();
        let room = |job| Vec::with_capacity(lengths[job / self.heads] * pieces / self.heads);
        let mut jobs: Vec<_> = (0..lengths.len() * self.heads).map(room).collect();
        // The rows of a sequence come in the order of its steps.
        for (row, b) in out.chunks_exact_mut((pieces * d).max(1)).zip(self.sequences.owners()) {
            for (piece, values) in row.chunks_exact_mut(d).enumerate() {
                jobs[b * self.heads + piece % self.heads].push(values);
            }
        }
        jobs
    }

    /// d, the features of a head.
    fn width(&self, qkv: usize, out: usize) -> usize {
        if let Some(RelativeBias { values, longest }) = self.bias {
            assert_eq!(
                values.len(),
                self.heads * (2 * longest - 1),
                "a number a head and distance"
            );
            let most = self.sequences.lengths().iter().max();
            assert!(most.is_none_or(|&most| most <= longest), "distances of all rows");
        }
        let d = (out / (self.sequences.rows() * self.heads).max(1)).max(1);
        assert_eq!(out, self.sequences.rows() * self.heads * d, "rows of {} heads", self.heads);
        assert_eq!(qkv, 3 * out, "queries, keys and values");
        d
    }
}

/// Copies some rows of a matrix to `to`, one after the other.
fn gather(from: View<'_>, rows: impl Iterator<Item = usize>, to: &mut Vec<f32>) {
    to.clear();
    for row in rows {
        to.extend_from_slice(&from.data[row * from.row_stride..][..from.cols]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 31 + 13) % 1009) as f32 / 504.5 - 1.0).collect()
    }

    fn layer(sequences: &Sequences, heads: usize, mask: Mask) -> SelfAttention<'_> {
        let precision = Precision::F32;
        SelfAttention { sequences, heads, mask, bias: None, precision }
    }

    fn check(found: &[f32], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (at, (x, y)) in found.iter().zip(expected).enumerate() {
            assert!((f64::from(*x) - y).abs() < 1e-5 * y.abs().max(1.0), "[{at}]: {x} {y}");
        }
    }

    /// The result and the gradient by plain loops in double precision.
    fn plain(layer: SelfAttention<'_>, d: usize, (qkv, grad): (&[f32], &[f32])) -> [Vec<f64>; 2] {
        let (rows, heads) = (layer.sequences.rows(), layer.heads);
        let (mut out, mut grad_qkv) = (vec![0.0; rows * heads * d], vec![0.0; qkv.len()]);
        for (b, head) in
            (0..layer.sequences.lengths().len()).flat_map(|b| (0..heads).map(move |h| (b, h)))
        {
            let at = |part: usize, row: usize| ((row * 3 + part) * heads + head) * d;
            let inner = |x: &[f32], i: usize, y: &[f32], j: usize| -> f64 {
                (0..d).map(|f| f64::from(x[i + f]) * f64::from(y[j + f])).sum()
            };
            let all: Vec<usize> = layer.sequences.rows_of(b).collect();
            for (t, &row) in all.iter().enumerate() {
                let seen = if layer.mask == Mask::Causal { &all[..=t] } else { &all[..] };
                let to = (row * heads + head) * d;
                let root = (d as f64).sqrt();
                let added = |key: usize| {
                    layer.bias.map_or(0.0, |added| {
                        let (values, here) = added.of(head);
                        f64::from(values[here + key - t])
                    })
                };
                let scores = seen.iter().enumerate().map(|(key, &other)| {
                    inner(qkv, at(0, row), qkv, at(1, other)) / root + added(key)
                });
                let weights: Vec<f64> = scores.map(f64::exp).collect();
                let total: f64 = weights.iter().sum();
                let weights: Vec<f64> = weights.iter().map(|w| w / total).collect();
                let slopes: Vec<f64> =
                    seen.iter().map(|&other| inner(grad, to, qkv, at(2, other))).collect();
                let mean: f64 = weights.iter().zip(&slopes).map(|(w, s)| w * s).sum();
                for ((&other, w), slope) in seen.iter().zip(&weights).zip(&slopes) {
                    let slope = w * (slope - mean) / root;
                    for f in 0..d {
                        out[to + f] += w * f64::from(qkv[at(2, other) + f]);
                        grad_qkv[at(0, row) + f] += slope * f64::from(qkv[at(1, other) + f]);
                        grad_qkv[at(1, other) + f] += slope * f64::from(qkv[at(0, row) + f]);
                        grad_qkv[at(2, other) + f] += w * f64::from(grad[to + f]);
                    }
                }
            }
        }
        [out, grad_qkv]
    }

    fn run(layer: SelfAttention<'_>, qkv: &[f32], grad_output: &[f32]) -> [Vec<f32>; 2] {
        let (mut out, mut grad_qkv) =
            (vec![f32::NAN; grad_output.len()], vec![f32::NAN; qkv.len()]);
        layer.forward(qkv, &mut out);
        layer.backward(SelfAttentionFlow { qkv, grad_output, grad_qkv: &mut grad_qkv });
        [out, grad_qkv]
    }

    #[test]
    fn attention_equals_the_plain_loops_on_sequences_of_any_length() {
        let many: Vec<usize> = (0..37).map(|b| (b * 29) % 11).collect();
        for lengths in [&many[..], &[0, 1, 2], &[1], &[521, 3], &[0, 0], &[]] {
            let sequences = &Sequences::new(lengths);
            for (heads, d, mask) in [(3, 5, Mask::None), (2, 7, Mask::Causal), (1, 1, Mask::Causal)]
            {
                let qkv = noise(sequences.rows() * 3 * heads * d, 1);
                let grad = noise(sequences.rows() * heads * d, 2);
                let values = noise(heads * (2 * 523 - 1), 3);
                for bias in [None, Some(RelativeBias { values: &values, longest: 523 })] {
                    let layer = SelfAttention { bias, ..layer(sequences, heads, mask) };
                    let [out, grad_qkv] = plain(layer, d, (&qkv, &grad));
                    let [found, found_grad] = run(layer, &qkv, &grad);
                    check(&found, &out);
                    check(&found_grad, &grad_qkv);
                }
            }
        }
    }

    #[test]
    fn no_value_depends_on_the_number_of_threads_or_on_the_other_sequences() {
        let lengths: Vec<usize> = (1..40).collect();
        let sequences = &Sequences::new(&lengths);
        let layer = layer(sequences, 2, Mask::None);
        let (qkv, grad) = (noise(sequences.rows() * 30, 1), noise(sequences.rows() * 10, 2));
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| run(layer, &qkv, &grad))
        };
        let all = on(1);
        assert!(all == on(3));
        let own = |x: &[f32], width| -> Vec<f32> {
            sequences.rows_of(17).flat_map(|row| x[row * width..][..width].to_vec()).collect()
        };
        let alone = &Sequences::new(&[18]);
        let alone = SelfAttention { sequences: alone, ..layer };
        let found = run(alone, &own(&qkv, 30), &own(&grad, 10));
        assert!(found == [own(&all[0], 10), own(&all[1], 30)]);
    }

    #[test]
    fn scores_too_large_for_an_exponential_give_finite_results() {
        let sequences = &Sequences::new(&[5]);
        let layer = layer(sequences, 1, Mask::None);
        let qkv: Vec<f32> = noise(5 * 9, 1).iter().map(|x| 1e4 * x).collect();
        let found = run(layer, &qkv, &noise(5 * 3, 2));
        assert!(found.iter().flatten().all(|x| x.is_finite()));
    }

    #[test]
    fn in_bf16_every_result_is_near_that_of_f32() {
        let sequences = &Sequences::new(&[0, 37, 5, 1, 12]);
        let (qkv, grad) = (noise(sequences.rows() * 3 * 38, 1), noise(sequences.rows() * 38, 2));
        let [exact, rough] = [Precision::F32, Precision::Bf16].map(|precision| {
            let layer = layer(sequences, 2, Mask::Causal);
            run(SelfAttention { precision, ..layer }, &qkv, &grad)
        });
        for (rough, exact) in rough.iter().zip(&exact) {
            let off: f32 = rough.iter().zip(exact).map(|(a, b)| (a - b) * (a - b)).sum();
            let size: f32 = exact.iter().map(|x| x * x).sum();
            assert!((off / size).sqrt() < 6e-3, "{}", (off / size).sqrt());
        }
    }
}
