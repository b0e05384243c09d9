//! Minimising a smooth convex function by L-BFGS (Nocedal and Wright 2006, algorithm 7.5), deterministic.

use std::collections::VecDeque;

/// How many steps the curvature is remembered for.
const MEMORY: usize = 10;
/// A step must bring at least this share of the decrease that the slope promises (Armijo).
const ENOUGH: f64 = 1e-4;
/// How far a value may rise, as a share of itself: sums of many terms round, and near the minimum only the gradient can
/// still tell where to go.
const ROUNDING: f64 = 1e-14;
/// How often a step is halved before the search gives up: beyond this only rounding is left.
const HALVINGS: usize = 40;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// The greatest gradient component that counts as none.
    pub(crate) gradient: f64,
    pub(crate) iterations: usize,
}

/// Where a search ended.
pub(crate) struct Minimum {
    pub(crate) at: Vec<f64>,
    /// The greatest gradient component there.
    pub(crate) gradient: f64,
}

/// One step taken and how the gradient changed with it.
struct Step {
    moved: Vec<f64>,
    bent: Vec<f64>,
    /// One over their inner product, which is positive.
    curvature: f64,
}

/// Minimises from `start` on; `evaluate` hands back the value at a point and writes the gradient there, `unbend` divides
/// a vector by a rough second derivative, symmetric and positive: steps are scaled by it.
pub(crate) fn minimise(
    start: Vec<f64>,
    stop: Stop,
    unbend: impl Fn(&mut [f64]),
    evaluate: impl Fn(&[f64], &mut [f64]) -> f64,
) -> Minimum {
    let mut here = Point::new(start, &evaluate);
    let mut steps: VecDeque<Step> = VecDeque::with_capacity(MEMORY);
    for _ in 0..stop.iterations {
        if greatest(&here.gradient) <= stop.gradient {
            break;
        }
        let direction = downhill(&here.gradient, &steps, &unbend);
        let Some(there) = search(&here, &direction, &evaluate) else { break };
        remember(&mut steps, &here, &there);
        here = there;
    }
    Minimum { gradient: greatest(&here.gradient), at: here.at }
}

/// The greatest component of the gradient at a point.
pub(crate) fn steepness(at: &[f64], evaluate: impl Fn(&[f64], &mut [f64]) -> f64) -> f64 {
    let mut gradient = vec![0.0; at.len()];
    evaluate(at, &mut gradient);
    greatest(&gradient)
}

/// A point with the function's value and gradient there.
struct Point {
    at: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl Point {
    fn new(at: Vec<f64>, evaluate: impl Fn(&[f64], &mut [f64]) -> f64) -> Self {
        let mut gradient = vec![0.0; at.len()];
        let value = evaluate(&at, &mut gradient);
        Self { at, value, gradient }
    }
}

/// The first point along `direction` that is low enough, each try at half the length of the one before.
fn search(
    here: &Point,
    direction: &[f64],
    evaluate: impl Fn(&[f64], &mut [f64]) -> f64,
) -> Option<Point> {
    let slope = dot(direction, &here.gradient);
    let slack = ROUNDING * here.value.abs();
    let lengths = std::iter::successors(Some(1.0), |length| Some(length / 2.0));
    lengths.take(HALVINGS).find_map(|length| {
        let mut at = here.at.clone();
        add_scaled(&mut at, length, direction);
        let there = Point::new(at, &evaluate);
        (there.value <= here.value + ENOUGH * length * slope + slack).then_some(there)
    })
}

/// Less the gradient, bent by the remembered curvature: the two-loop recursion.
fn downhill(gradient: &[f64], steps: &VecDeque<Step>, unbend: impl Fn(&mut [f64])) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut shares = Vec::with_capacity(steps.len());
    for step in steps.iter().rev() {
        let share = step.curvature * dot(&step.moved, &direction);
        add_scaled(&mut direction, -share, &step.bent);
        shares.push(share);
    }
    let scale = steps.back().map_or(1.0, |last| {
        let mut unbent = last.bent.clone();
        unbend(&mut unbent);
        1.0 / (last.curvature * dot(&last.bent, &unbent))
    });
    unbend(&mut direction);
    direction.iter_mut().for_each(|d| *d *= scale);
    for (step, share) in steps.iter().zip(shares.into_iter().rev()) {
        let back = step.curvature * dot(&step.bent, &direction);
        add_scaled(&mut direction, share - back, &step.moved);
    }
    direction
}

fn remember(steps: &mut VecDeque<Step>, here: &Point, there: &Point) {
    let moved = difference(&there.at, &here.at);
    let bent = difference(&there.gradient, &here.gradient);
    let product = dot(&moved, &bent);
    // Near the minimum rounding can turn the curvature negative; such a step would spoil the direction.
    if product <= 1e-12 * dot(&bent, &bent) {
        return;
    }
    if steps.len() == MEMORY {
        steps.pop_front();
    }
    steps.push_back(Step { moved, bent, curvature: 1.0 / product });
}

/// The inner product of two vectors.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Four sums side by side: one alone waits for every addition.
    let (a4, a_rest) = a.as_chunks::<4>();
    let (b4, b_rest) = b.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in a4.iter().zip(b4) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

fn add_scaled(sum: &mut [f64], by: f64, values: &[f64]) {
    for (s, v) in sum.iter_mut().zip(values) {
        *s += by * v;
    }
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn greatest(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |most, x| x.abs().max(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_of_a_stretched_bowl_is_found() {
        let stretch = |i: usize| 10f64.powi(i as i32 % 5);
        let evaluate = |at: &[f64], gradient: &mut [f64]| {
            let mut value = 0.0;
            for (i, (x, g)) in at.iter().zip(gradient).enumerate() {
                let off = x - i as f64;
                *g = stretch(i) * off;
                value += 0.5 * stretch(i) * off * off;
            }
            value
        };
        let unbend = |v: &mut [f64]| v.iter_mut().for_each(|x| *x /= 3.0);
        let stop = Stop { gradient: 1e-7, iterations: 300 };
        let minimum = minimise(vec![0.5; 23], stop, unbend, evaluate);
        assert!(minimum.gradient <= stop.gradient);
        assert_eq!(minimum.gradient, steepness(&minimum.at, evaluate));
        for (i, x) in minimum.at.iter().enumerate() {
            assert!((x - i as f64).abs() < 1e-6, "{i}: {x}");
        }
    }
}
