//! Two systems on the same queries: the paired difference of every mean, with an interval and a test.

use serde::{Deserialize, Serialize};

use crate::bootstrap::{Bootstrap, Median, means};
use crate::outcome::{COLUMNS, Outcome, Outcomes};

/// The difference of one measure, system less baseline.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The difference.
    pub value: f64,
    /// The lower end of its paired bootstrap interval.
    pub low: f64,
    /// The upper end of its paired bootstrap interval.
    pub high: f64,
    /// Two-sided p-value of the paired randomisation test (Smucker, Allan and Carterette 2007): how often a difference
    /// at least as far from 0 arises when each query's two outcomes are swapped by the throw of a coin, the observed one
    /// counted in.
    pub p: f64,
}

/// The differences of all means; `n` queries were paired. For `mean_rank` less is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Differences {
    /// How many queries were paired.
    pub n: usize,
    /// Of the mean reciprocal rank.
    pub mrr: Difference,
    /// Of the mean DCG.
    pub dcg: Difference,
    /// Of the mean nDCG.
    pub ndcg: Difference,
    /// Of the recall at 1.
    pub recall_at_1: Difference,
    /// Of the recall at 5.
    pub recall_at_5: Difference,
    /// Of the recall at 10.
    pub recall_at_10: Difference,
    /// Of the recall at 100.
    pub recall_at_100: Difference,
    /// Of the mean rank.
    pub mean_rank: Difference,
}

impl Outcomes {
    /// These outcomes less those of a baseline, query by query.
    ///
    /// None if there is no query, or if the two are not of the same queries and candidates.
    pub fn differences(&self, baseline: &Outcomes, bootstrap: &Bootstrap) -> Option<Differences> {
        if self.values().is_empty() || !self.pairs_with(baseline) {
            return None;
        }
        let pairs = self.values().iter().zip(baseline.values());
        let rows: Vec<[f64; COLUMNS]> = pairs.map(|(a, b)| subtract(a, b)).collect();
        let draws = bootstrap.draw(&rows, &Median::new(std::iter::empty()));
        let flips = bootstrap.flip_signs(&rows);
        let value = means(&rows);
        let column = |c: usize| {
            let (low, high) = bootstrap.interval(draws.iter().map(|draw| draw.means[c]));
            let p = share_as_far(value[c], flips.iter().map(|flip| flip[c]));
            Difference { value: value[c], low, high, p }
        };
        Some(Differences {
            n: rows.len(),
            mrr: column(0),
            dcg: column(1),
            ndcg: column(2),
            recall_at_1: column(3),
            recall_at_5: column(4),
            recall_at_10: column(5),
            recall_at_100: column(6),
            mean_rank: column(7),
        })
    }

    /// Whether the other outcomes are of the same queries and candidates.
    pub(crate) fn pairs_with(&self, other: &Outcomes) -> bool {
        self.candidates() == other.candidates()
            && self.queries() == other.queries()
            && self.relevant() == other.relevant()
    }
}

fn subtract(a: &Outcome, b: &Outcome) -> [f64; COLUMNS] {
    let (a, b) = (a.columns(), b.columns());
    std::array::from_fn(|c| a[c] - b[c])
}

/// The share of the numbers at least as far from 0 as `observed`, which counts among them.
pub(crate) fn share_as_far(observed: f64, numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
    // Sums in another order round differently: as far as, within rounding.
    let far = observed.abs() * (1.0 - 1e-12) - 1e-15;
    let all = numbers.len() + 1;
    let count = 1 + numbers.filter(|number| number.abs() >= far).count();
    count as f64 / all as f64
}
