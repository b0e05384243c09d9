//! What one query achieved, exactly, by every measure; ties at their expected value.
//!
//! With t tied candidates, m of them relevant, each order of the t is equally likely, and every measure is its mean over
//! those orders. A random order of all candidates is the special case where all of them tie, which is how chance is
//! computed: its closed forms (H_N / N for MRR, k / N for recall and so on) fall out of the same sums.

use std::collections::BTreeMap;

use crate::ranking::{Standing, Tie};

/// The cut-offs k at which recall is measured.
pub const CUTOFFS: [u32; 4] = [1, 5, 10, 100];

/// How many numbers an [`Outcome`] holds.
pub(crate) const COLUMNS: usize = 8;

/// What one query achieved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Rank, from 1, of the best-ranked relevant candidate.
    pub rank: f64,
    /// One over that rank.
    pub reciprocal_rank: f64,
    /// Sum over the relevant candidates of 1 / log2(rank + 1).
    pub dcg: f64,
    /// `dcg` over its greatest possible value, all relevant candidates first.
    pub ndcg: f64,
    /// The share of the relevant candidates among the first k, for each of [`CUTOFFS`].
    pub recall: [f64; 4],
}

impl Outcome {
    /// The numbers in a fixed order: reciprocal rank, DCG, nDCG, recalls, rank.
    pub(crate) fn columns(&self) -> [f64; COLUMNS] {
        let [r1, r5, r10, r100] = self.recall;
        [self.reciprocal_rank, self.dcg, self.ndcg, r1, r5, r10, r100, self.rank]
    }
}

/// What every measured query achieved among a number of candidates.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcomes {
    candidates: usize,
    queries: Vec<u32>,
    relevant: Vec<u32>,
    values: Vec<Outcome>,
}

impl Outcomes {
    /// Takes (query, how many are relevant to it, outcome) for every measured query.
    pub(crate) fn new(candidates: usize, measured: Vec<(u32, u32, Outcome)>) -> Self {
        Self {
            candidates,
            queries: measured.iter().map(|m| m.0).collect(),
            relevant: measured.iter().map(|m| m.1).collect(),
            values: measured.iter().map(|m| m.2).collect(),
        }
    }

    /// How many candidates each query was ranked among (the size of the pools, if pooled).
    pub fn candidates(&self) -> usize {
        self.candidates
    }

    /// The measured queries, by index from 0 in the rankings, ascending.
    pub fn queries(&self) -> &[u32] {
        &self.queries
    }

    /// How many candidates are relevant to each measured query.
    pub fn relevant(&self) -> &[u32] {
        &self.relevant
    }

    /// The outcome of each measured query.
    pub fn values(&self) -> &[Outcome] {
        &self.values
    }

    /// Only the queries (by index in the rankings) that `keep` names.
    pub fn select(&self, keep: impl Fn(u32) -> bool) -> Self {
        let rows = self.queries.iter().zip(&self.relevant).zip(&self.values);
        let kept = rows.filter(|((query, _), _)| keep(**query));
        Self::new(self.candidates, kept.map(|((&q, &r), &value)| (q, r, value)).collect())
    }

    /// What each measured query would achieve on average if the candidates came in random order.
    pub fn chance(&self) -> Vec<Outcome> {
        let measurer = Measurer::new(self.candidates);
        let mut known = BTreeMap::new();
        let level = |relevant| measurer.measure(&Standing::level(self.candidates as u32, relevant));
        self.relevant.iter().map(|&r| *known.entry(r).or_insert_with(|| level(r))).collect()
    }
}

/// Measures standings among at most so many candidates.
pub(crate) struct Measurer {
    /// `reciprocals[n]`: sum of 1 / r over the ranks r from 1 to n.
    reciprocals: Vec<f64>,
    /// `discounts[n]`: sum of 1 / log2(r + 1) over the ranks r from 1 to n.
    discounts: Vec<f64>,
}

impl Measurer {
    pub(crate) fn new(candidates: usize) -> Self {
        let ranks = || (1..=candidates).map(|r| r as f64);
        Self {
            reciprocals: running_sums(ranks().map(|r| 1.0 / r)),
            discounts: running_sums(ranks().map(discount)),
        }
    }

    /// The expected outcome of a standing that has at least one relevant candidate.
    pub(crate) fn measure(&self, standing: &Standing) -> Outcome {
        let relevant = standing.relevant();
        let ties = standing.ties();
        let dcg = ties.iter().map(|tie| self.dcg(tie)).sum();
        let found = |k| ties.iter().map(|tie| found_within(tie, k)).sum::<f64>();
        Outcome {
            rank: standing.rank().unwrap_or_default(),
            reciprocal_rank: ties.first().map(|tie| self.reciprocal_rank(tie)).unwrap_or_default(),
            dcg,
            ndcg: dcg / self.ideal(relevant),
            recall: CUTOFFS.map(|k| found(k) / f64::from(relevant)),
        }
    }

    /// DCG with all `relevant` candidates first.
    pub(crate) fn ideal(&self, relevant: u32) -> f64 {
        self.discounts[relevant as usize]
    }

    /// Expected discount of one tied candidate, times the relevant ones.
    fn dcg(&self, tie: &Tie) -> f64 {
        let (from, to) = (tie.above as usize, (tie.above + tie.tied) as usize);
        let mean = (self.discounts[to] - self.discounts[from]) / f64::from(tie.tied);
        f64::from(tie.relevant) * mean
    }

    /// Expected 1 / rank of the first relevant of the tied candidates.
    ///
    /// It comes i-th with probability C(t - i, m - 1) / C(t, m), which starts at m / t and shrinks by
    /// (t - i - m + 1) / (t - i) with every step.
    fn reciprocal_rank(&self, tie: &Tie) -> f64 {
        let (above, t, m) = (tie.above as usize, tie.tied as usize, tie.relevant as usize);
        if m == 1 {
            return (self.reciprocals[above + t] - self.reciprocals[above]) / t as f64;
        }
        let mut probability = m as f64 / t as f64;
        let mut sum = 0.0;
        for i in 1..=t - m + 1 {
            sum += probability / (above + i) as f64;
            if i < t {
                probability *= (t + 1 - i - m) as f64 / (t - i) as f64;
            }
        }
        sum
    }
}

/// Expected number of the tie's relevant candidates among the first `k`.
fn found_within(tie: &Tie, k: u32) -> f64 {
    let inside = k.saturating_sub(tie.above).min(tie.tied);
    f64::from(tie.relevant) * f64::from(inside) / f64::from(tie.tied)
}

/// The gain of a relevant candidate at `rank` (from 1): 1 / log2(rank + 1).
pub(crate) fn discount(rank: f64) -> f64 {
    1.0 / (rank + 1.0).log2()
}

fn running_sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let sums = values.scan(0.0, |sum, value| {
        *sum += value;
        Some(*sum)
    });
    std::iter::once(0.0).chain(sums).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(candidates: u32, relevant: u32) -> Outcome {
        Measurer::new(candidates as usize).measure(&Standing::level(candidates, relevant))
    }

    #[test]
    fn chance_has_the_known_closed_forms() {
        let n = 630;
        let outcome = level(n, 1);
        let ranks = || (1..=n).map(f64::from);
        let mean = |f: fn(f64) -> f64| ranks().map(f).sum::<f64>() / f64::from(n);
        assert!((outcome.reciprocal_rank - mean(|r| 1.0 / r)).abs() < 1e-14);
        assert!((outcome.reciprocal_rank - 0.011_15).abs() < 1e-5);
        assert!((outcome.dcg - mean(|r| 1.0 / (r + 1.0).log2())).abs() < 1e-13);
        assert_eq!(outcome.ndcg, outcome.dcg);
        assert_eq!(outcome.rank, 315.5);
        assert_eq!(outcome.recall, CUTOFFS.map(|k| f64::from(k) / f64::from(n)));
    }

    #[test]
    fn recall_beyond_the_candidates_is_one() {
        assert_eq!(level(7, 3).recall, [1.0 / 7.0, 5.0 / 7.0, 1.0, 1.0]);
    }

    #[test]
    fn a_perfect_order_of_several_relevant_has_ndcg_one() {
        let tie = Tie { above: 0, tied: 3, relevant: 3 };
        let outcome = Measurer::new(11).measure(&Standing::new(11, vec![tie]));
        assert_eq!((outcome.rank, outcome.reciprocal_rank, outcome.ndcg), (1.0, 1.0, 1.0));
        assert_eq!(outcome.recall, [1.0 / 3.0, 1.0, 1.0, 1.0]);
    }
}
