//! t-SNE (van der Maaten and Hinton 2008) over nearest neighbours, repulsion by a quadtree, settings of openTSNE.

use rayon::prelude::*;

use super::quadtree::{Push, Quadtree};
use super::{Place, check_start, rounded, start_of};
use crate::error::{Error, Result};
use crate::neighbours::Neighbours;
use crate::vectors::Vectors;

/// The share of the last step that goes into the next, and bounds on each step (openTSNE 1.0).
const MOMENTUM: f64 = 0.8;
const LEAST_GAIN: f64 = 0.01;
const LONGEST_STEP: f64 = 5.0;

/// How a map is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tsne {
    /// How many neighbours each point feels, roughly; cut to a third of the others where there are few.
    pub perplexity: f64,
    /// How much stronger points attract each other at first, and for how many steps.
    pub exaggeration: (f64, usize),
    /// How many steps follow.
    pub steps: usize,
    /// How wide a far part of the map may look to be felt as one: 0 is exact and slow.
    pub theta: f64,
    /// Seed of the small moves that part equal points.
    pub seed: u64,
}

impl Default for Tsne {
    /// openTSNE's: perplexity 30, exaggeration 12 for 250 steps, 500 steps more, theta 0.5; seed 1.
    fn default() -> Self {
        Self { perplexity: 30.0, exaggeration: (12.0, 250), steps: 500, theta: 0.5, seed: 1 }
    }
}

/// Lays out vectors so that neighbours stay neighbours, from a start: the PCA map, or an earlier map to be followed.
///
/// The rate is N over the exaggeration (Belkina et al. 2019), the start is scaled down (Kobak and Berens 2019).
///
/// # Errors
/// Fewer than 4 vectors, another number of places to start from, or a perplexity below 1.
pub fn tsne(vectors: Vectors<'_>, how: &Tsne, start: &[Place]) -> Result<Vec<Place>> {
    vectors.check_at_least(4, "at least 4")?;
    check_start(vectors, start)?;
    if !(how.perplexity >= 1.0 && how.perplexity.is_finite()) {
        let got = how.perplexity.to_string();
        return Err(Error::Setting { what: "perplexity", expected: "at least 1", got });
    }
    let affinities = Affinities::new(vectors, how.perplexity)?;
    let n = vectors.len();
    let mut descent = Descent {
        places: start_of(start, 1e-4, how.seed),
        steps: vec![[0.0; 2]; n],
        gains: vec![[1.0; 2]; n],
    };
    let (exaggeration, early) = how.exaggeration;
    for (strength, count) in [(exaggeration, early), (1.0, how.steps)] {
        descent.steps.fill([0.0; 2]);
        descent.gains.fill([1.0; 2]);
        for _ in 0..count {
            let slopes = affinities.slopes(&descent.places, strength, how.theta);
            descent.step(&slopes, n as f64 / strength);
        }
    }
    Ok(rounded(&descent.places))
}

/// How strongly each point is drawn to others: p, symmetric, adding up to 1.
struct Affinities {
    /// Where each point's others begin in the lists, and after them their end: (N + 1,).
    starts: Vec<usize>,
    others: Vec<u32>,
    strengths: Vec<f64>,
}

impl Affinities {
    fn new(vectors: Vectors<'_>, perplexity: f64) -> Result<Self> {
        let n = vectors.len();
        let perplexity = perplexity.min((n - 1) as f64 / 3.0).max(1.0);
        let k = ((3.0 * perplexity) as usize).clamp(1, n - 1);
        let neighbours = Neighbours::within(vectors, k)?;
        let one_way: Vec<Vec<f64>> = (0..n)
            .into_par_iter()
            .map(|row| conditional(neighbours.distances(row), perplexity))
            .collect();
        let mut pairs = Vec::with_capacity(2 * n * k);
        for (row, strengths) in one_way.iter().enumerate() {
            for (&other, p) in neighbours.of(row).iter().zip(strengths) {
                let share = p / (2.0 * n as f64);
                pairs.extend([(row as u32, other, share), (other, row as u32, share)]);
            }
        }
        Ok(Self::from_pairs(pairs, n))
    }

    /// Adds up the strengths of equal pairs.
    fn from_pairs(mut pairs: Vec<(u32, u32, f64)>, n: usize) -> Self {
        pairs.par_sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
        pairs.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            kept.2 += if same { next.2 } else { 0.0 };
            same
        });
        let mut starts = vec![0; n + 1];
        for &(row, ..) in &pairs {
            starts[row as usize + 1] += 1;
        }
        for row in 0..n {
            starts[row + 1] += starts[row];
        }
        let (others, strengths) = pairs.into_iter().map(|(_, other, p)| (other, p)).unzip();
        Self { starts, others, strengths }
    }

    /// A quarter of the gradient of the divergence, attraction multiplied by `exaggeration`: (N, 2).
    fn slopes(&self, places: &[[f64; 2]], exaggeration: f64, theta: f64) -> Vec<[f64; 2]> {
        let tree = Quadtree::new(places, theta);
        let pushes: Vec<Push> = (0..places.len()).into_par_iter().map(|at| tree.push(at)).collect();
        let sum: f64 = pushes.iter().map(|push| push.sum).sum();
        let mut slopes = vec![[0.0; 2]; places.len()];
        for (&place, push) in tree.order().iter().zip(&pushes) {
            slopes[place as usize] = push.force.map(|force| -force / sum);
        }
        slopes.par_iter_mut().enumerate().for_each(|(row, slope)| {
            let pull = self.pull(places, row);
            *slope = [0, 1].map(|axis| slope[axis] + exaggeration * pull[axis]);
        });
        slopes
    }

    /// The sum of p q (y - y') over one point's others.
    fn pull(&self, places: &[[f64; 2]], row: usize) -> [f64; 2] {
        let (own, mut pull) = (places[row], [0.0; 2]);
        let range = self.starts[row]..self.starts[row + 1];
        for (&other, p) in self.others[range.clone()].iter().zip(&self.strengths[range]) {
            let other = places[other as usize];
            let (dx, dy) = (own[0] - other[0], own[1] - other[1]);
            let strength = p / (1.0 + dx * dx + dy * dy);
            pull[0] += strength * dx;
            pull[1] += strength * dy;
        }
        pull
    }
}

/// Shares exp(-beta d²) of one point's neighbours, beta such that their entropy is ln of the perplexity.
fn conditional(distances: &[f32], perplexity: f64) -> Vec<f64> {
    let squares: Vec<f64> = distances.iter().map(|&d| f64::from(d).powi(2)).collect();
    let least = squares.iter().copied().fold(f64::INFINITY, f64::min);
    let shares = |beta: f64| {
        let mut p: Vec<f64> = squares.iter().map(|d| (-beta * (d - least)).exp()).collect();
        let sum: f64 = p.iter().sum();
        p.iter_mut().for_each(|p| *p /= sum);
        p
    };
    let entropy = |p: &[f64]| -p.iter().filter(|&&p| p > 0.0).map(|p| p * p.ln()).sum::<f64>();
    let mean = squares.iter().map(|d| d - least).sum::<f64>() / squares.len() as f64;
    let (mut low, mut high, wanted) = (0.0, f64::INFINITY, perplexity.ln());
    let mut beta = if mean > 0.0 { 1.0 / mean } else { 1.0 };
    // Equal distances have one entropy whatever beta is; the search then ends with its rounds.
    for _ in 0..100 {
        let off = entropy(&shares(beta)) - wanted;
        if off.abs() < 1e-8 {
            break;
        }
        if off > 0.0 {
            low = beta;
        } else {
            high = beta;
        }
        let next = if high.is_finite() { (low + high) / 2.0 } else { 2.0 * beta };
        if !next.is_finite() {
            break;
        }
        beta = next;
    }
    shares(beta)
}

/// Gradient descent with momentum and a gain for each coordinate (Jacobs 1988).
struct Descent {
    places: Vec<[f64; 2]>,
    steps: Vec<[f64; 2]>,
    gains: Vec<[f64; 2]>,
}

impl Descent {
    fn step(&mut self, slopes: &[[f64; 2]], rate: f64) {
        for (row, slope) in slopes.iter().enumerate() {
            let (step, gains) = (&mut self.steps[row], &mut self.gains[row]);
            for axis in 0..2 {
                let turned = step[axis].signum() == slope[axis].signum() && step[axis] != 0.0;
                let gain = if turned { gains[axis] * 0.8 } else { gains[axis] + 0.2 };
                gains[axis] = gain.max(LEAST_GAIN);
                step[axis] = MOMENTUM * step[axis] - rate * gains[axis] * slope[axis];
            }
            let length = step[0].hypot(step[1]);
            if length > LONGEST_STEP {
                *step = step.map(|s| s * LONGEST_STEP / length);
            }
            let place = &mut self.places[row];
            *place = [place[0] + step[0], place[1] + step[1]];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_the_wished_perplexity() {
        let distances: Vec<f32> = (1..=90).map(|i| (i as f32).sqrt()).collect();
        let p = conditional(&distances, 30.0);
        let entropy: f64 = -p.iter().map(|p| p * p.ln()).sum::<f64>();
        assert!((entropy.exp() - 30.0).abs() < 1e-5);
        assert!(conditional(&[2.0; 9], 3.0).iter().all(|p| (p - 1.0 / 9.0).abs() < 1e-12));
    }

    #[test]
    fn slopes_are_those_of_the_divergence() {
        let value = |i: usize| ((i * 7919 + 31) % 1009) as f32 / 97.0 - 5.0;
        let data: Vec<f32> = (0..13 * 3).map(value).collect();
        let affinities = Affinities::new(Vectors::new(3, &data).unwrap(), 3.0).unwrap();
        assert!((affinities.strengths.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let places: Vec<[f64; 2]> = (0..13)
            .map(|i| [0.3 * f64::from(value(i + 7)), 0.2 * f64::from(value(i + 90))])
            .collect();
        let divergence = |places: &[[f64; 2]]| {
            let q = |a: [f64; 2], b: [f64; 2]| {
                1.0 / (1.0 + (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2))
            };
            let pairs = (0..13).flat_map(|i| (0..13).map(move |j| (i, j))).filter(|(i, j)| i != j);
            let sum: f64 = pairs.map(|(i, j)| q(places[i], places[j])).sum();
            let term = |i: usize, at: usize| {
                let p = affinities.strengths[at];
                p * (p / (q(places[i], places[affinities.others[at] as usize]) / sum)).ln()
            };
            (0..13)
                .flat_map(|i| {
                    (affinities.starts[i]..affinities.starts[i + 1]).map(move |at| (i, at))
                })
                .map(|(i, at)| term(i, at))
                .sum::<f64>()
        };
        let slopes = affinities.slopes(&places, 1.0, 0.0);
        for (row, slope) in slopes.iter().enumerate() {
            for axis in 0..2 {
                let moved = |by: f64| {
                    let mut places = places.clone();
                    places[row][axis] += by;
                    divergence(&places)
                };
                let wanted = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((4.0 * slope[axis] - wanted).abs() < 1e-6, "{slope:?} {wanted}");
            }
        }
    }
}
