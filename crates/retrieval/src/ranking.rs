//! From one query's scores to where its relevant candidates stand, and who came first.

use std::cmp::Ordering;

use crate::error::{Error, Result};
use crate::outcome::{Measurer, Outcomes};
use crate::pool::PoolMeasurer;

/// A candidate in a ranking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The index of the candidate, from 0.
    pub candidate: u32,
    /// Its score.
    pub score: f32,
}

/// Candidates with one and the same score, at least one of them relevant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tie {
    /// How many candidates score strictly higher.
    pub above: u32,
    /// How many candidates have this score.
    pub tied: u32,
    /// How many of those are relevant, at least 1.
    pub relevant: u32,
}

/// Where a query's relevant candidates stand: all that any metric needs to know.
///
/// Ties are kept as ties, so that a metric can take its expected value over every order of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Standing {
    candidates: u32,
    ties: Vec<Tie>,
}

impl Standing {
    /// Takes the ties of the relevant candidates among all `candidates`, best first.
    pub(crate) fn new(candidates: u32, ties: Vec<Tie>) -> Self {
        Self { candidates, ties }
    }

    /// All `candidates` tied, `relevant` of them relevant: a random order.
    pub(crate) fn level(candidates: u32, relevant: u32) -> Self {
        Self::new(candidates, vec![Tie { above: 0, tied: candidates, relevant }])
    }

    /// How many candidates were ranked.
    pub fn candidates(&self) -> u32 {
        self.candidates
    }

    /// The ties that hold the relevant candidates, best first.
    pub fn ties(&self) -> &[Tie] {
        &self.ties
    }

    /// How many candidates are relevant.
    pub fn relevant(&self) -> u32 {
        self.ties.iter().map(|tie| tie.relevant).sum()
    }

    /// The expected rank, from 1, of the best-ranked relevant candidate; none without a relevant candidate.
    ///
    /// Of t tied candidates, m of them relevant, the first relevant one is at (t + 1) / (m + 1) on average.
    pub fn rank(&self) -> Option<f64> {
        let first = self.ties.first()?;
        let within = f64::from(first.tied + 1) / f64::from(first.relevant + 1);
        Some(f64::from(first.above) + within)
    }
}

/// One query's ranking: where the truth stands, and the best candidates.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    standing: Standing,
    hits: Vec<Hit>,
}

impl Ranking {
    /// Ranks one row of scores (C,), all finite.
    pub(crate) fn of_row(row: &[f32], relevant: &[u32], keep: usize) -> Self {
        let standing = Standing::new(row.len() as u32, ties(row, relevant));
        Self { standing, hits: best(row, keep) }
    }

    /// Where the relevant candidates stand.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The expected rank, from 1, of the best-ranked relevant candidate; none without a relevant candidate.
    pub fn rank(&self) -> Option<f64> {
        self.standing.rank()
    }

    /// The best candidates, best first; tied ones in order of the candidates.
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }
}

/// The rankings of all queries over the same candidates.
#[derive(Debug, Clone, PartialEq)]
pub struct Rankings {
    queries: Vec<String>,
    candidates: Vec<String>,
    list: Vec<Ranking>,
}

impl Rankings {
    pub(crate) fn new(queries: Vec<String>, candidates: Vec<String>, list: Vec<Ranking>) -> Self {
        Self { queries, candidates, list }
    }

    /// The ids of the queries.
    pub fn queries(&self) -> &[String] {
        &self.queries
    }

    /// The ids of the candidates.
    pub fn candidates(&self) -> &[String] {
        &self.candidates
    }

    /// The id of the candidate of a hit.
    ///
    /// # Panics
    /// If the hit is of other candidates.
    pub fn id(&self, hit: Hit) -> &str {
        &self.candidates[hit.candidate as usize]
    }

    /// One ranking a query, in their order.
    pub fn list(&self) -> &[Ranking] {
        &self.list
    }

    /// What every query with a relevant candidate achieved among all candidates.
    pub fn outcomes(&self) -> Outcomes {
        let measurer = Measurer::new(self.candidates.len());
        let measured = self.measured().map(|(query, s)| (query, s.relevant(), measurer.measure(s)));
        Outcomes::new(self.candidates.len(), measured.collect())
    }

    /// What every query would achieve on average in pools of `size`: its relevant candidates, and as many others as
    /// fit, drawn at random without replacement from the rest. Exact, by the hypergeometric distribution.
    ///
    /// # Errors
    /// A pool larger than the candidates or too small for the relevant ones.
    pub fn pooled(&self, size: usize) -> Result<Outcomes> {
        let mut measurer = PoolMeasurer::new(self.candidates.len(), size);
        let mut measured = Vec::new();
        for (query, standing) in self.measured() {
            let relevant = standing.relevant();
            if size > self.candidates.len() || size < relevant as usize {
                return Err(Error::Pool {
                    size,
                    query: self.queries[query as usize].clone(),
                    relevant: relevant as usize,
                    candidates: self.candidates.len(),
                });
            }
            measured.push((query, relevant, measurer.measure(standing)));
        }
        Ok(Outcomes::new(size, measured))
    }

    fn measured(&self) -> impl Iterator<Item = (u32, &Standing)> {
        let standings = self.list.iter().map(Ranking::standing);
        standings.enumerate().filter(|(_, s)| !s.ties.is_empty()).map(|(q, s)| (q as u32, s))
    }
}

/// The ties of the relevant candidates in a row of scores, best first.
fn ties(row: &[f32], relevant: &[u32]) -> Vec<Tie> {
    let mut scores: Vec<f32> = relevant.iter().map(|&c| row[c as usize]).collect();
    scores.sort_unstable_by(|a, b| descending(*a, *b));
    let tie = |same: &[f32]| {
        // Counted in u32 without branches, so that the loop vectorises.
        let above = row.iter().map(|&v| u32::from(v > same[0])).sum();
        let tied = row.iter().map(|&v| u32::from(v == same[0])).sum();
        Tie { above, tied, relevant: same.len() as u32 }
    };
    scores.chunk_by(|a, b| a == b).map(tie).collect()
}

/// The `keep` best of a row of scores, best first, tied ones in order of the candidates.
pub(crate) fn best(row: &[f32], keep: usize) -> Vec<Hit> {
    let order =
        |a: &Hit, b: &Hit| descending(a.score, b.score).then_with(|| a.candidate.cmp(&b.candidate));
    let mut hits: Vec<Hit> = Vec::with_capacity(row.len().min(keep.saturating_mul(2)));
    // Once `keep` hits are known, a later candidate gets in only by a strictly higher score.
    let mut floor = if keep == 0 { f32::INFINITY } else { f32::NEG_INFINITY };
    for (candidate, &score) in row.iter().enumerate() {
        if score > floor {
            hits.push(Hit { candidate: candidate as u32, score });
            if hits.len() == keep.saturating_mul(2) {
                hits.select_nth_unstable_by(keep - 1, order);
                hits.truncate(keep);
                floor = hits[keep - 1].score;
            }
        }
    }
    hits.sort_unstable_by(order);
    hits.truncate(keep);
    hits
}

/// Higher scores first; scores are finite, so every two compare.
fn descending(a: f32, b: f32) -> Ordering {
    b.partial_cmp(&a).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_in_order_of_score_then_of_candidate() {
        let row = [1.0, 3.0, 2.0, 3.0, -0.0, 0.0, 3.0];
        let mut order: Vec<u32> = (0..7).collect();
        order.sort_by(|&a, &b| descending(row[a as usize], row[b as usize]));
        for keep in 0..9 {
            let got: Vec<u32> = best(&row, keep).iter().map(|hit| hit.candidate).collect();
            assert_eq!(got, order[..keep.min(7)], "the best {keep}");
        }
    }

    #[test]
    fn ties_are_counted_not_broken() {
        let ranking = Ranking::of_row(&[1.0, 3.0, 2.0, 3.0, 2.0, 2.0], &[2, 4, 0], 1);
        let expected =
            [Tie { above: 2, tied: 3, relevant: 2 }, Tie { above: 5, tied: 1, relevant: 1 }];
        assert_eq!(ranking.standing().ties(), expected);
        assert_eq!(ranking.rank(), Some(2.0 + 4.0 / 3.0));
        assert_eq!(ranking.standing().relevant(), 3);
    }

    #[test]
    fn a_query_without_truth_has_no_rank() {
        assert_eq!(Ranking::of_row(&[1.0, 2.0], &[], 1).rank(), None);
    }
}
