//! How much each member of a fusion should count, found on queries whose answers are known.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, check_length};
use crate::fusion::{add_up, check};
use crate::outcome::{Measurer, Outcome};
use crate::ranking::Ranking;
use crate::scores::Scores;
use crate::truth::Truth;

/// Distances of the shares that are tried for a member, the coarse ones first.
const STEPS: [f64; 2] = [0.1, 0.05];

/// Rounds over all members at one distance, at most.
const ROUNDS: usize = 20;

/// A smaller gain is none.
const GAIN: f64 = 1e-9;

/// What the weights are chosen by, the mean over the queries of both directions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// The sum of 1 / log2(rank + 1) over the relevant candidates: a gain at any rank counts, the more the earlier.
    #[default]
    Dcg,
    /// 1 / rank of the first relevant candidate: little but the first few ranks counts, so it is the noisiest.
    Mrr,
    /// -log2 of the rank of the first relevant candidate: twice as early is the same gain everywhere.
    LogRank,
}

impl Objective {
    fn of(self, outcome: &Outcome) -> f64 {
        match self {
            Self::Dcg => outcome.dcg,
            Self::Mrr => outcome.reciprocal_rank,
            Self::LogRank => -outcome.rank.log2(),
        }
    }
}

/// Weights and what they achieve on the queries that they were chosen by.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// One a member, 0 or more, 1 in all.
    pub weights: Vec<f64>,
    /// The objective.
    pub value: f64,
}

/// Weights by coordinate ascent: from equal ones, each member in turn is given the best of the shares 0, 0.1, ... 1, the
/// others keeping their proportions, until no share of any member is better; then again among shares 0.05 away.
///
/// Nothing is drawn at random. The result is at least as good, here, as equal weights and as every member alone.
/// `members` are (Q, C) and comparable already.
///
/// # Errors
/// No member, members of different pairs, a truth of another shape or without any relevant candidate.
pub fn choose_weights(members: &[Scores], truth: &Truth, objective: Objective) -> Result<Chosen> {
    let bench = Bench::new(members, truth, objective)?;
    let weights = vec![1.0 / members.len() as f64; members.len()];
    let value = bench.values(std::slice::from_ref(&weights))[0];
    let mut best = Chosen { weights, value };
    for step in STEPS {
        for _ in 0..ROUNDS {
            let before = best.value;
            for member in 0..members.len() {
                best = bench.better(best, (member, step));
            }
            if best.value - before < GAIN {
                break;
            }
        }
    }
    Ok(best)
}

/// The objective that `weights` achieve.
///
/// # Errors
/// As [`choose_weights`], and weights that are not one a member.
pub fn achieved(
    members: &[Scores],
    weights: &[f64],
    truth: &Truth,
    objective: Objective,
) -> Result<f64> {
    check_length("weights of the members", members.len(), weights.len())?;
    Ok(Bench::new(members, truth, objective)?.values(&[weights.to_vec()])[0])
}

/// One direction: each member's scores, and what is right.
struct Way {
    members: Vec<Scores>,
    truth: Truth,
    measurer: Measurer,
}

/// Members, truths and the objective.
struct Bench {
    ways: [Way; 2],
    objective: Objective,
}

impl Bench {
    fn new(members: &[Scores], truth: &Truth, objective: Objective) -> Result<Self> {
        let first = check(members)?;
        truth.check_shape(first.queries().len(), first.candidates().len())?;
        if (0..truth.queries()).all(|query| truth.relevant(query).is_empty()) {
            return Err(Error::NothingToMeasure);
        }
        let way = |members: Vec<Scores>, truth: Truth| {
            let measurer = Measurer::new(truth.candidates());
            Way { members, truth, measurer }
        };
        let back = members.iter().map(Scores::transposed).collect();
        let ways = [way(members.to_vec(), truth.clone()), way(back, truth.transposed())];
        Ok(Self { ways, objective })
    }

    /// `best`, or the best weights that give `member` another share, if those are better.
    fn better(&self, best: Chosen, (member, step): (usize, f64)) -> Chosen {
        let now = best.weights[member];
        let shares = if step == STEPS[0] {
            (0..=10).map(|tenth| f64::from(tenth) / 10.0).collect()
        } else {
            vec![(now - step).max(0.0), (now + step).min(1.0)]
        };
        let tried: Vec<Vec<f64>> =
            shares.into_iter().map(|share| with_share(&best.weights, member, share)).collect();
        let values = self.values(&tried);
        let mut winner = best;
        for (weights, value) in tried.into_iter().zip(values) {
            if value > winner.value + GAIN {
                winner = Chosen { weights, value };
            }
        }
        winner
    }

    /// The objective of each of these weights.
    fn values(&self, tried: &[Vec<f64>]) -> Vec<f64> {
        let ways = self.ways.each_ref().map(|way| way.values(tried, self.objective));
        ways[0].iter().zip(&ways[1]).map(|(a, b)| (a + b) / 2.0).collect()
    }
}

impl Way {
    /// The mean over the queries for each of these weights. All weights are tried on a query while its scores are at hand.
    fn values(&self, tried: &[Vec<f64>], objective: Objective) -> Vec<f64> {
        let asked: Vec<usize> =
            (0..self.truth.queries()).filter(|&q| !self.truth.relevant(q).is_empty()).collect();
        let query = |&query: &usize| -> Vec<f64> {
            let rows: Vec<&[f32]> = self.members.iter().map(|scores| scores.row(query)).collect();
            let mut sums = vec![0.0; self.truth.candidates()];
            let mut value = |weights: &Vec<f64>| {
                add_up(&mut sums, &rows, weights);
                let ranking = Ranking::of_row(&sums, self.truth.relevant(query), 0);
                objective.of(&self.measurer.measure(ranking.standing()))
            };
            tried.iter().map(&mut value).collect()
        };
        let of_queries: Vec<Vec<f64>> = asked.par_iter().map(query).collect();
        let mean = |place: usize| {
            of_queries.iter().map(|values| values[place]).sum::<f64>() / asked.len() as f64
        };
        (0..tried.len()).map(mean).collect()
    }
}

/// The weights with `share` for one member, the others in their old proportions.
fn with_share(weights: &[f64], member: usize, share: f64) -> Vec<f64> {
    let others: f64 = weights.iter().enumerate().filter(|(m, _)| *m != member).map(|w| w.1).sum();
    let rest = 1.0 - share;
    let equal = rest / (weights.len().max(2) - 1) as f64;
    let mut new: Vec<f64> = weights
        .iter()
        .map(|weight| if others > 0.0 { weight * rest / others } else { equal })
        .collect();
    // A member alone has all of the weight.
    new[member] = if weights.len() == 1 { 1.0 } else { share };
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_keep_their_proportions() {
        let close = |got: Vec<f64>, expected: &[f64]| {
            assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{got:?}");
        };
        close(with_share(&[0.2, 0.6, 0.2], 2, 0.6), &[0.1, 0.3, 0.6]);
        close(with_share(&[0.0, 1.0, 0.0], 1, 0.5), &[0.25, 0.5, 0.25]);
        close(with_share(&[0.5, 0.5], 0, 1.0), &[1.0, 0.0]);
        close(with_share(&[1.0], 0, 0.3), &[1.0]);
    }
}
