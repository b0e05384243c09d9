//! UMAP (McInnes, Healy and Melville 2018) over exact neighbours, settings of umap-learn, moves one after the other.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Place, check_start, curve, rounded, start_of};
use crate::error::{Error, Result};
use crate::neighbours::Neighbours;
use crate::vectors::Vectors;

/// No coordinate moves further at once, before the rate.
const LONGEST: f64 = 4.0;
/// Places pushed away for each neighbour that pulls.
const PUSHES: f64 = 5.0;
/// Standard deviation of the start along its first axis: about that of umap-learn's starts.
const SPREAD: f64 = 3.0;

/// How a map is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Umap {
    /// How many neighbours each point has, itself counted; cut where there are fewer points.
    pub neighbours: usize,
    /// How close points may come on the map.
    pub min_dist: f64,
    /// How often the neighbours pull: None for 500 up to 10,000 points, 200 beyond.
    pub rounds: Option<usize>,
    /// Seed of the pushes and of the small moves that part equal points.
    pub seed: u64,
}

impl Default for Umap {
    /// umap-learn's: 15 neighbours, min_dist 0.1; seed 1.
    fn default() -> Self {
        Self { neighbours: 15, min_dist: 0.1, rounds: None, seed: 1 }
    }
}

/// Lays out vectors so that neighbours stay neighbours, from a start: the PCA map, or an earlier map to be followed.
///
/// # Errors
/// Fewer than 4 vectors, another number of places to start from, fewer than 2 neighbours, or a `min_dist` outside 0..=1.
pub fn umap(vectors: Vectors<'_>, how: &Umap, start: &[Place]) -> Result<Vec<Place>> {
    vectors.check_at_least(4, "at least 4")?;
    check_start(vectors, start)?;
    let refuse = |what, expected, got| Err(Error::Setting { what, expected, got });
    if how.neighbours < 2 {
        return refuse("neighbours", "at least 2", how.neighbours.to_string());
    }
    if !(0.0..=1.0).contains(&how.min_dist) {
        return refuse("min_dist", "0 to 1", how.min_dist.to_string());
    }
    let rounds = how.rounds.unwrap_or(if vectors.len() > 10_000 { 200 } else { 500 });
    let pulls = schedule(edges(vectors, how.neighbours.min(vectors.len()))?, rounds);
    let mut layout = Layout {
        places: start_of(start, SPREAD, how.seed),
        curve: curve::fit(1.0, how.min_dist),
        rng: ChaCha8Rng::seed_from_u64(how.seed),
    };
    layout.rng.set_stream(1);
    layout.run(pulls, rounds);
    Ok(rounded(&layout.places))
}

/// The weights of the pairs of points that are neighbours, both ways, in order.
fn edges(vectors: Vectors<'_>, neighbours: usize) -> Result<Vec<(u32, u32, f64)>> {
    let found = Neighbours::within(vectors, neighbours - 1)?;
    let total: f64 = (0..found.len())
        .flat_map(|row| found.distances(row))
        .map(|&distance| f64::from(distance))
        .sum();
    // The point itself counts among the neighbours of a mean distance, as in umap-learn.
    let mean = total / (found.len() * neighbours) as f64;
    let mut pairs = Vec::with_capacity(2 * found.len() * found.k());
    for row in 0..found.len() {
        let weights = memberships(found.distances(row), neighbours, mean);
        for (&other, weight) in found.of(row).iter().zip(weights) {
            pairs.extend([(row as u32, other, weight), (other, row as u32, weight)]);
        }
    }
    pairs.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
    // Near by the measure of the one or of the other: the probabilistic union.
    pairs.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        if same {
            kept.2 += next.2 - kept.2 * next.2;
        }
        same
    });
    Ok(pairs)
}

/// How much each neighbour belongs: 1 for the nearest, falling so fast that all together come to log2 of their number.
fn memberships(distances: &[f32], neighbours: usize, mean_of_all: f64) -> Vec<f64> {
    let wanted = (neighbours as f64).log2();
    let nearest = distances.iter().copied().find(|&d| d > 0.0).map_or(0.0, f64::from);
    let beyond: Vec<f64> = distances.iter().map(|&d| (f64::from(d) - nearest).max(0.0)).collect();
    let sum = |width: f64| beyond.iter().map(|d| (-d / width).exp()).sum::<f64>();
    let (mut low, mut high, mut width) = (0.0, f64::INFINITY, 1.0);
    for _ in 0..64 {
        let off = sum(width) - wanted;
        if off.abs() < 1e-5 {
            break;
        }
        if off > 0.0 {
            high = width;
        } else {
            low = width;
        }
        width = if high.is_finite() { (low + high) / 2.0 } else { 2.0 * width };
    }
    let mean: f64 = distances.iter().map(|&d| f64::from(d)).sum::<f64>() / neighbours as f64;
    let least = 1e-3 * if nearest > 0.0 { mean } else { mean_of_all };
    let width = width.max(least).max(f64::MIN_POSITIVE);
    beyond.iter().map(|d| (-d / width).exp()).collect()
}

/// A pair of which one point is drawn to the other.
struct Pull {
    from: u32,
    to: u32,
    /// Rounds between two pulls.
    every: f64,
    /// The round of the next pull, and of the next push.
    next: f64,
    next_push: f64,
}

/// Strong pairs pull in every round, weaker ones less often, those too weak for a single pull never.
fn schedule(edges: Vec<(u32, u32, f64)>, rounds: usize) -> Vec<Pull> {
    let most = edges.iter().map(|edge| edge.2).fold(0.0, f64::max);
    let often = edges.into_iter().filter(|edge| edge.2 >= most / rounds.max(1) as f64);
    let pull = |(from, to, weight)| {
        let every = most / weight;
        Pull { from, to, every, next: every, next_push: every / PUSHES }
    };
    often.map(pull).collect()
}

struct Layout {
    places: Vec<[f64; 2]>,
    /// a and b.
    curve: (f64, f64),
    rng: ChaCha8Rng,
}

impl Layout {
    fn run(&mut self, mut pulls: Vec<Pull>, rounds: usize) {
        for round in 0..rounds {
            let (now, rate) = (round as f64, 1.0 - round as f64 / rounds as f64);
            for pull in pulls.iter_mut().filter(|pull| pull.next <= now) {
                self.pull(pull.from as usize, pull.to as usize, rate);
                pull.next += pull.every;
                let every = pull.every / PUSHES;
                let pushes = ((now - pull.next_push) / every).max(0.0).floor();
                for _ in 0..pushes as usize {
                    let other = self.rng.random_range(0..self.places.len() as u32);
                    self.push(pull.from as usize, other as usize, rate);
                }
                pull.next_push += pushes * every;
            }
        }
    }

    /// Draws two neighbours together.
    fn pull(&mut self, from: usize, to: usize, rate: f64) {
        let (own, other) = (self.places[from], self.places[to]);
        let square = squared(own, other);
        if square == 0.0 {
            return;
        }
        let (a, b) = self.curve;
        let power = square.powf(b);
        let strength = -2.0 * a * b * power / square / (a * power + 1.0);
        let step = [0, 1].map(|axis| bounded(strength * (own[axis] - other[axis])) * rate);
        self.places[from] = [own[0] + step[0], own[1] + step[1]];
        self.places[to] = [other[0] - step[0], other[1] - step[1]];
    }

    /// Pushes a point away from another, which stays.
    fn push(&mut self, from: usize, other: usize, rate: f64) {
        let (own, other) = (self.places[from], self.places[other]);
        let square = squared(own, other);
        if square == 0.0 {
            return;
        }
        let (a, b) = self.curve;
        let strength = 2.0 * b / ((0.001 + square) * (a * square.powf(b) + 1.0));
        let step = [0, 1].map(|axis| bounded(strength * (own[axis] - other[axis])) * rate);
        self.places[from] = [own[0] + step[0], own[1] + step[1]];
    }
}

fn squared(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)
}

fn bounded(step: f64) -> f64 {
    step.clamp(-LONGEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memberships_come_to_the_logarithm_of_their_number() {
        let distances: Vec<f32> = (1..15).map(|i| i as f32 * 0.3).collect();
        let weights = memberships(&distances, 15, 1.0);
        assert_eq!(weights[0], 1.0);
        assert!((weights.iter().sum::<f64>() - 15f64.log2()).abs() < 1e-4);
        assert!(memberships(&[0.0; 4], 5, 0.0).iter().all(|&weight| weight == 1.0));
    }

    #[test]
    fn bad_settings_are_refused() {
        let data = [0.0, 1.0, 2.0, 4.0, 7.0];
        let vectors = Vectors::new(1, &data).unwrap();
        let start = [[0.0; 2]; 5];
        let with = |neighbours, min_dist| Umap { neighbours, min_dist, ..Umap::default() };
        assert!(umap(vectors, &with(1, 0.1), &start).is_err());
        assert!(umap(vectors, &with(3, 2.0), &start).is_err());
        assert!(umap(vectors, &with(3, 0.1), &start[1..]).is_err());
        assert!(umap(vectors, &with(50, 0.1), &start).is_ok());
    }
}
