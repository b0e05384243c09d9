//! Scores of several systems for the same pairs, made comparable and added up.
//!
//! A fusion has one score a pair, whichever side asks, as every single system has: what makes scores comparable treats
//! queries and candidates alike where it can. [`choose_weights`] finds how much each system should count.

mod weights;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, check_length};
use crate::scores::Scores;

pub use weights::{Chosen, Objective, achieved, choose_weights};

/// The k of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): the larger, the less the first few ranks
/// stand out.
pub const CORMACK: f64 = 60.0;

/// A deviation below this is taken for none: the scores say nothing.
const LEAST: f64 = 1e-9;

/// Mean and standard deviation of scores, the deviation of a whole population.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation, 0 or more.
    pub deviation: f64,
}

impl Spread {
    /// The spread of these scores; all 0 for none.
    pub fn of(scores: impl Iterator<Item = f32> + Clone) -> Self {
        let n = scores.clone().count().max(1) as f64;
        let mean = scores.clone().map(f64::from).sum::<f64>() / n;
        let squares: f64 = scores.map(|score| (f64::from(score) - mean).powi(2)).sum();
        Self { mean, deviation: (squares / n).sqrt() }
    }

    /// How many deviations a score lies above the mean; 0 where scores do not vary.
    pub fn standard(&self, score: f32) -> f64 {
        if self.deviation < LEAST {
            return 0.0;
        }
        (f64::from(score) - self.mean) / self.deviation
    }
}

/// What scores are held against, by the scores themselves or by those of other pairs.
#[derive(Debug, Clone, PartialEq)]
pub enum Spreads {
    /// One spread for all pairs: order and ties stay as they were, both ways.
    All(Spread),
    /// One a query (zmuv in ranx): order and ties stay as they were for queries, not for candidates that ask in turn.
    Queries(Vec<Spread>),
    /// One a query and one a candidate: the mean of both standard scores (the symmetric score normalisation, S-norm, of
    /// speaker verification; Kenny, Odyssey 2010). A candidate that scores high with everything loses by it.
    Both {
        /// One a query: (Q,).
        queries: Vec<Spread>,
        /// One a candidate: (C,).
        candidates: Vec<Spread>,
    },
}

impl Spreads {
    /// The spread of all of these scores.
    pub fn of_all(scores: &Scores) -> Self {
        Self::All(Spread::of(scores.values().iter().copied()))
    }

    /// The spread of each query's scores.
    pub fn of_queries(scores: &Scores) -> Self {
        Self::Queries(rows(scores))
    }

    /// The spread of each query's and of each candidate's scores.
    pub fn of_both(scores: &Scores) -> Self {
        Self::Both { queries: rows(scores), candidates: rows(&scores.transposed()) }
    }
}

fn rows(scores: &Scores) -> Vec<Spread> {
    let spread = |query| Spread::of(scores.row(query).iter().copied());
    (0..scores.queries().len()).map(spread).collect()
}

/// Standard scores: how far above the mean each pair is, in deviations.
///
/// # Errors
/// Spreads of another number of queries or candidates.
pub fn z_norm(scores: &Scores, spreads: &Spreads) -> Result<Scores> {
    let (rows, columns) = (scores.queries().len(), scores.candidates().len());
    match spreads {
        Spreads::All(spread) => each(scores, |_, _, score| spread.standard(score)),
        Spreads::Queries(queries) => {
            check_length("spreads of the queries", rows, queries.len())?;
            each(scores, |query, _, score| queries[query].standard(score))
        }
        Spreads::Both { queries, candidates } => {
            check_length("spreads of the queries", rows, queries.len())?;
            check_length("spreads of the candidates", columns, candidates.len())?;
            each(scores, |query, candidate, score| {
                let both = queries[query].standard(score) + candidates[candidate].standard(score);
                both / 2.0
            })
        }
    }
}

/// What `change` makes of every score, from the places of its query and candidate.
fn each(scores: &Scores, change: impl Fn(usize, usize, f32) -> f64) -> Result<Scores> {
    let (queries, candidates) = (scores.queries().to_vec(), scores.candidates().to_vec());
    Scores::from_fn(queries, candidates, |q, c| change(q, c, scores.row(q)[c]) as f32)
}

/// 1 / (k + rank) of every candidate among those of its query, ranks from 1; tied ones get the mean over their places.
///
/// # Errors
/// A k below 0 or not finite.
pub fn reciprocal_rank(scores: &Scores, k: f64) -> Result<Scores> {
    if !(k.is_finite() && k >= 0.0) {
        let (expected, got) = ("0 or more", k.to_string());
        return Err(Error::Setting { what: "k of reciprocal rank fusion", expected, got });
    }
    let columns = scores.candidates().len();
    let mut values = vec![0.0; scores.values().len()];
    if columns > 0 {
        let rows = values.par_chunks_mut(columns).zip(scores.values().par_chunks(columns));
        rows.for_each(|(out, row)| reciprocal_ranks(out, row, k));
    }
    Scores::new(scores.queries().to_vec(), scores.candidates().to_vec(), values)
}

/// The sum of [`reciprocal_rank`] in both directions: a pair counts by how early its candidate comes for its query and
/// its query for its candidate.
///
/// # Errors
/// As [`reciprocal_rank`].
pub fn reciprocal_rank_both_ways(scores: &Scores, k: f64) -> Result<Scores> {
    let back = reciprocal_rank(&scores.transposed(), k)?.transposed();
    weighted_sum(&[reciprocal_rank(scores, k)?, back], &[1.0, 1.0])
}

fn reciprocal_ranks(out: &mut [f32], row: &[f32], k: f64) {
    let mut order: Vec<usize> = (0..row.len()).collect();
    order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
    let mut above = 0;
    for tied in order.chunk_by(|&a, &b| row[a] == row[b]) {
        let places = above + 1..=above + tied.len();
        let sum: f64 = places.map(|rank| 1.0 / (k + rank as f64)).sum();
        for &candidate in tied {
            out[candidate] = (sum / tied.len() as f64) as f32;
        }
        above += tied.len();
    }
}

/// The sum of the members' scores, each times its weight.
///
/// # Errors
/// No member, members of different queries or candidates, a weight that is missing or not finite.
pub fn weighted_sum(members: &[Scores], weights: &[f64]) -> Result<Scores> {
    let first = check(members)?;
    check_length("weights of the members", members.len(), weights.len())?;
    let rows: Vec<&[f32]> = members.iter().map(Scores::values).collect();
    let mut values = vec![0.0; first.values().len()];
    add_up(&mut values, &rows, weights);
    Scores::new(first.queries().to_vec(), first.candidates().to_vec(), values)
}

/// Checks that the members' scores are of the same pairs, and hands back the first one's.
fn check(members: &[Scores]) -> Result<&Scores> {
    let Some(first) = members.first() else {
        let (expected, got) = ("at least 1", "0".to_owned());
        return Err(Error::Setting { what: "members of a fusion", expected, got });
    };
    for (place, other) in members.iter().enumerate() {
        if other.queries() != first.queries() || other.candidates() != first.candidates() {
            let (left, right) = ("member 0".to_owned(), format!("member {place}"));
            return Err(Error::Unpaired { left, right });
        }
    }
    Ok(first)
}

/// Writes the weighted sum of `rows` to `out`; all have the same length.
fn add_up(out: &mut [f32], rows: &[&[f32]], weights: &[f64]) {
    out.fill(0.0);
    for (row, &weight) in rows.iter().zip(weights) {
        for (sum, score) in out.iter_mut().zip(*row) {
            *sum += weight as f32 * score;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(rows: &[&[f32]]) -> Scores {
        let ids = |prefix: &str, n: usize| (0..n).map(|i| format!("{prefix}{i}")).collect();
        Scores::new(ids("q", rows.len()), ids("c", rows[0].len()), rows.concat()).unwrap()
    }

    #[test]
    fn scores_that_do_not_vary_say_nothing() {
        let flat = scores(&[&[3.0, 3.0], &[3.0, 3.0]]);
        for spreads in [Spreads::of_all(&flat), Spreads::of_queries(&flat), Spreads::of_both(&flat)]
        {
            assert_eq!(z_norm(&flat, &spreads).unwrap().values(), [0.0; 4]);
        }
    }

    #[test]
    fn tied_candidates_get_the_mean_over_their_places() {
        let got = reciprocal_rank(&scores(&[&[0.5, 2.0, 0.5]]), 60.0).unwrap();
        let tied = ((1.0 / 62.0 + 1.0 / 63.0) / 2.0) as f32;
        assert_eq!(got.values(), [tied, (1.0f64 / 61.0) as f32, tied]);
    }

    #[test]
    fn a_candidate_that_everything_likes_loses_by_normalisation_both_ways() {
        // Candidate 1 scores high with both; candidate 0 is query 0's by contrast alone.
        let hub = scores(&[&[0.8, 0.9, -0.5], &[0.1, 0.9, 0.2], &[0.0, 0.8, 0.9]]);
        let both = z_norm(&hub, &Spreads::of_both(&hub)).unwrap();
        assert!(both.row(0)[0] > both.row(0)[1]);
        let plain = z_norm(&hub, &Spreads::of_all(&hub)).unwrap();
        assert!(plain.row(0)[0] < plain.row(0)[1]);
    }

    #[test]
    fn members_of_other_pairs_are_refused() {
        let (a, b) = (scores(&[&[1.0, 2.0]]), scores(&[&[1.0], &[2.0]]));
        assert!(weighted_sum(&[a.clone(), b], &[0.5, 0.5]).is_err());
        assert!(weighted_sum(&[], &[]).is_err());
        assert!(weighted_sum(std::slice::from_ref(&a), &[]).is_err());
        assert!(z_norm(&a, &Spreads::Queries(Vec::new())).is_err());
        assert!(reciprocal_rank(&a, -1.0).is_err());
    }
}
