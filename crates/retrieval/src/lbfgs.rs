//! Minimising a smooth convex function by L-BFGS (Nocedal and Wright 2006, algorithm 7.5), deterministic.

use std::collections::VecDeque;

/// How many steps the curvature is remembered for.
const MEMORY: usize = 10;
/// A step must bring at least this share of the decrease that the slope promises (Armijo).
const ENOUGH: f64 = 1e-4;
/// How often a step is halved before the search gives up: beyond this only rounding is left.
const HALVINGS: usize = 40;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// The greatest gradient component, as a share of the one at the start.
    pub(crate) tolerance: f64,
    pub(crate) iterations: usize,
}

/// Where a search ended.
pub(crate) struct Minimum {
    pub(crate) at: Vec<f64>,
    /// The greatest gradient component there, as a share of the one at the start.
    pub(crate) slope: f64,
}

/// One step taken and how the gradient changed with it.
struct Step {
    moved: Vec<f64>,
    bent: Vec<f64>,
    /// One over their inner product, which is positive.
    curvature: f64,
}

/// Minimises from zero. `evaluate` hands back the value at a point and writes the gradient there.
pub(crate) fn minimise(
    size: usize,
    stop: Stop,
    evaluate: impl Fn(&[f64], &mut [f64]) -> f64,
) -> Minimum {
    let mut here = Point::new(vec![0.0; size], &evaluate);
    let start = greatest(&here.gradient).max(f64::MIN_POSITIVE);
    let mut steps: VecDeque<Step> = VecDeque::with_capacity(MEMORY);
    for _ in 0..stop.iterations {
        if greatest(&here.gradient) <= stop.tolerance * start {
            break;
        }
        let direction = downhill(&here.gradient, &steps);
        let first = if steps.is_empty() { 1.0 / norm(&here.gradient).max(1.0) } else { 1.0 };
        let Some(there) = search(&here, &direction, first, &evaluate) else { break };
        remember(&mut steps, &here, &there);
        here = there;
    }
    Minimum { slope: greatest(&here.gradient) / start, at: here.at }
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
    first: f64,
    evaluate: impl Fn(&[f64], &mut [f64]) -> f64,
) -> Option<Point> {
    let slope = dot(direction, &here.gradient);
    let lengths = std::iter::successors(Some(first), |length| Some(length / 2.0));
    lengths.take(HALVINGS).find_map(|length| {
        let mut at = here.at.clone();
        add_scaled(&mut at, length, direction);
        let there = Point::new(at, &evaluate);
        (there.value <= here.value + ENOUGH * length * slope).then_some(there)
    })
}

/// Less the gradient, bent by the remembered curvature: the two-loop recursion.
fn downhill(gradient: &[f64], steps: &VecDeque<Step>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut shares = Vec::with_capacity(steps.len());
    for step in steps.iter().rev() {
        let share = step.curvature * dot(&step.moved, &direction);
        add_scaled(&mut direction, -share, &step.bent);
        shares.push(share);
    }
    if let Some(last) = steps.back() {
        let scale = 1.0 / (last.curvature * dot(&last.bent, &last.bent));
        direction.iter_mut().for_each(|d| *d *= scale);
    }
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

fn dot(a: &[f64], b: &[f64]) -> f64 {
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

fn norm(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
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
        let minimum = minimise(23, Stop { tolerance: 1e-12, iterations: 300 }, |at, gradient| {
            let mut value = 0.0;
            for (i, (x, g)) in at.iter().zip(gradient).enumerate() {
                let off = x - i as f64;
                *g = stretch(i) * off;
                value += 0.5 * stretch(i) * off * off;
            }
            value
        });
        assert!(minimum.slope <= 1e-12);
        for (i, x) in minimum.at.iter().enumerate() {
            assert!((x - i as f64).abs() < 1e-6, "{i}: {x}");
        }
    }
}
