//! Mean, standard deviation, greatest and last value of each feature of a sequence, side by side.

use kernels::{max_backward, max_forward, mean_backward, mean_forward};

use crate::columns::Columns;
use crate::gru::Steps;

/// Added to the variance, so that the deviation of what never changes has a gradient: layer norm's.
const EPSILON: f32 = 1e-5;

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(super) struct StatisticsTape {
    mean: Vec<f32>,
    deviation: Vec<f32>,
    winners: Vec<usize>,
    /// One of the four, (B, D).
    part: Vec<f32>,
    grad: Vec<f32>,
}

/// `pooled` (B, 4 D) gets the four of each sequence of `input` (S, D); zeros for an empty one.
pub(super) fn forward(input: Steps<'_>, pooled: &mut [f32], tape: &mut StatisticsTape) {
    let tunes = input.on.lengths().len();
    let width = pooled.len() / 4 / tunes.max(1);
    let columns = |which| Columns { start: which * width, count: width, width: 4 * width };
    pooled.fill(0.0);
    tape.mean.resize(tunes * width, 0.0);
    mean_forward(input.on, input.rows, &mut tape.mean);
    columns(0).put(&tape.mean, pooled);
    deviation(input, tape);
    columns(1).put(&tape.deviation, pooled);
    tape.part.resize(tunes * width, 0.0);
    tape.winners.resize(tunes * width, 0);
    max_forward(input.on, input.rows, &mut tape.part, &mut tape.winners);
    columns(2).put(&tape.part, pooled);
    for (b, pooled) in pooled.chunks_exact_mut(4 * width).enumerate() {
        if let Some(row) = input.on.rows_of(b).last() {
            pooled[3 * width..].copy_from_slice(&input.rows[row * width..][..width]);
        }
    }
}

/// The root of the mean square distance from the mean, and of a little more.
fn deviation(input: Steps<'_>, tape: &mut StatisticsTape) {
    tape.deviation.clear();
    tape.deviation.resize(tape.mean.len(), 0.0);
    let tunes = input.on.lengths().len();
    let width = tape.mean.len() / tunes.max(1);
    for (b, sums) in tape.deviation.chunks_exact_mut(width.max(1)).enumerate() {
        let rows = input.on.lengths()[b];
        if rows == 0 {
            continue;
        }
        let mean = &tape.mean[b * width..][..width];
        for row in input.on.rows_of(b) {
            let values = input.rows[row * width..][..width].iter().zip(mean);
            sums.iter_mut().zip(values).for_each(|(sum, (x, mean))| *sum += (x - mean).powi(2));
        }
        sums.iter_mut().for_each(|sum| *sum = (*sum / rows as f32 + EPSILON).sqrt());
    }
}

/// Writes the gradient of the steps, `grad_x` (S, D), from that of the four, `grad_pooled` (B, 4 D).
pub(super) fn backward(
    input: Steps<'_>,
    grad_pooled: &[f32],
    tape: &mut StatisticsTape,
    grad_x: &mut [f32],
) {
    let width = tape.mean.len() / input.on.lengths().len().max(1);
    let columns = |which| Columns { start: which * width, count: width, width: 4 * width };
    columns(0).take(grad_pooled, &mut tape.part);
    mean_backward(input.on, &tape.part, grad_x);
    columns(2).take(grad_pooled, &mut tape.part);
    tape.grad.resize(grad_x.len(), 0.0);
    max_backward(input.on, &tape.winners, &tape.part, &mut tape.grad);
    grad_x.iter_mut().zip(&tape.grad).for_each(|(sum, grad)| *sum += grad);
    for (b, grad) in grad_pooled.chunks_exact(4 * width.max(1)).enumerate() {
        let share = 1.0 / input.on.lengths()[b].max(1) as f32;
        let (mut last, of_deviation) = (None, &grad[width..2 * width]);
        for row in input.on.rows_of(b) {
            last = Some(row);
            for (feature, grad) in of_deviation.iter().enumerate() {
                let (x, pooled) = (input.rows[row * width + feature], b * width + feature);
                let distance = x - tape.mean[pooled];
                grad_x[row * width + feature] += grad * share * distance / tape.deviation[pooled];
            }
        }
        if let Some(row) = last {
            let own = &mut grad_x[row * width..][..width];
            own.iter_mut().zip(&grad[3 * width..]).for_each(|(sum, grad)| *sum += grad);
        }
    }
}
