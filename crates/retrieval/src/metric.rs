//! The measures of a set of queries, each with its chance value and interval.

use serde::{Deserialize, Serialize};

use crate::bootstrap::{Bootstrap, Estimate, Median, means};
use crate::outcome::{COLUMNS, Outcome, Outcomes};

/// One measure of a set of queries.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its value.
    pub value: f64,
    /// How many queries it was taken over.
    pub n: usize,
    /// Its expected value if the candidates came in random order, in closed form.
    pub chance: f64,
    /// The lower end of its bootstrap interval.
    pub low: f64,
    /// The upper end of its bootstrap interval.
    pub high: f64,
}

/// All measures of a set of queries.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Mean over the queries of 1 / rank of the best-ranked relevant candidate.
    pub mrr: Metric,
    /// Mean discounted cumulative gain, each relevant candidate gaining 1 / log2(rank + 1).
    pub dcg: Metric,
    /// Mean over the queries of DCG over its greatest possible value.
    pub ndcg: Metric,
    /// Mean share of the relevant candidates at rank 1.
    pub recall_at_1: Metric,
    /// Mean share of the relevant candidates among the first 5.
    pub recall_at_5: Metric,
    /// Mean share of the relevant candidates among the first 10.
    pub recall_at_10: Metric,
    /// Mean share of the relevant candidates among the first 100.
    pub recall_at_100: Metric,
    /// Median over the queries of the (expected) rank of the best-ranked relevant candidate.
    pub median_rank: Metric,
    /// Mean over the queries of the (expected) rank of the best-ranked relevant candidate.
    pub mean_rank: Metric,
}

impl Metrics {
    /// All measures by name, in the order of the fields; the names are those of `report.json`.
    pub fn named(&self) -> [(&'static str, &Metric); 9] {
        [
            ("mrr", &self.mrr),
            ("dcg", &self.dcg),
            ("ndcg", &self.ndcg),
            ("recall_at_1", &self.recall_at_1),
            ("recall_at_5", &self.recall_at_5),
            ("recall_at_10", &self.recall_at_10),
            ("recall_at_100", &self.recall_at_100),
            ("median_rank", &self.median_rank),
            ("mean_rank", &self.mean_rank),
        ]
    }
}

impl Outcomes {
    /// The measures over all queries; none if there is no query.
    pub fn metrics(&self, bootstrap: &Bootstrap) -> Option<Metrics> {
        if self.values().is_empty() {
            return None;
        }
        let rows: Vec<[f64; COLUMNS]> = self.values().iter().map(Outcome::columns).collect();
        let chance: Vec<[f64; COLUMNS]> = self.chance().iter().map(Outcome::columns).collect();
        let median = Median::new(self.values().iter().map(|outcome| outcome.rank));
        let draws = bootstrap.draw(&rows, &median);
        let (value, chance) = (means(&rows), means(&chance));
        let metric = |value, chance, pick: &dyn Fn(&Estimate) -> f64| {
            let (low, high) = bootstrap.interval(draws.iter().map(pick));
            Metric { value, n: rows.len(), chance, low, high }
        };
        let column = |c: usize| metric(value[c], chance[c], &|draw| draw.means[c]);
        Some(Metrics {
            mrr: column(0),
            dcg: column(1),
            ndcg: column(2),
            recall_at_1: column(3),
            recall_at_5: column(4),
            recall_at_10: column(5),
            recall_at_100: column(6),
            median_rank: metric(median.value(), self.median_by_chance(), &|draw| draw.median),
            mean_rank: column(7),
        })
    }

    /// The median of the first relevant rank of a query picked at random, its candidates in random order.
    ///
    /// With R of N candidates relevant, the first one comes after rank r with probability C(N - r, R) / C(N, R); the
    /// median is halfway between the first rank that at least half of the queries reach and the first that more do.
    pub(crate) fn median_by_chance(&self) -> f64 {
        let n = self.candidates() as f64;
        let mut shares = std::collections::BTreeMap::new();
        for &relevant in self.relevant() {
            *shares.entry(relevant).or_insert(0.0) += 1.0 / self.relevant().len() as f64;
        }
        let mut later: Vec<(f64, f64)> =
            shares.into_iter().map(|(r, share)| (f64::from(r), share)).collect();
        let mut lower = None;
        for rank in 1..=self.candidates() {
            let left = n - rank as f64 + 1.0;
            for (relevant, share) in &mut later {
                *share *= (left - *relevant).max(0.0) / left;
            }
            let after: f64 = later.iter().map(|(_, share)| share).sum();
            // The products above round: half is met within a few units of rounding a rank.
            if after <= 0.5 + 1e-9 {
                lower.get_or_insert(rank as f64);
            }
            if after < 0.5 - 1e-9 {
                return (lower.unwrap_or(rank as f64) + rank as f64) / 2.0;
            }
        }
        n
    }
}
