//! A system trained several times: how sure its means are, over the runs, over the queries, and over both.

use serde::{Deserialize, Serialize};

use crate::bootstrap::{Bootstrap, Estimate, Median, means};
use crate::compare::share_as_far;
use crate::error::{Error, Result};
use crate::outcome::{COLUMNS, Outcome, Outcomes};
use crate::student;

/// From where to where.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// One measure of a system that was trained several times: the mean over its runs, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The mean over the runs.
    pub value: f64,
    /// Its expected value if the candidates came in random order, in closed form.
    pub chance: f64,
    /// The standard deviation of a run, with n - 1; none for a single run.
    pub deviation: Option<f64>,
    /// Student's interval over the runs, the queries held fixed; none for a single run.
    pub over_runs: Option<Interval>,
    /// The bootstrap interval over the queries, the runs held fixed.
    pub over_queries: Interval,
    /// The bootstrap interval over both: runs and queries drawn again, each by itself (Owen 2007, the pigeonhole
    /// bootstrap).
    pub over_both: Interval,
}

/// The difference of one measure, system less reference, each the mean over its runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SeededDifference {
    /// The difference.
    pub value: f64,
    /// Its paired bootstrap interval over the queries, the runs held fixed.
    pub over_queries: Interval,
    /// Its bootstrap interval over both: the same queries for the two systems, the runs of each drawn by themselves.
    pub over_both: Interval,
    /// Two-sided p-value of the paired randomisation test on each query's mean over the runs.
    pub p: f64,
    /// The same, corrected for the comparisons made beside this one (Holm 1979).
    pub p_holm: f64,
}

/// A measure of a run: one of the means, or the median rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Mrr,
    Dcg,
    RecallAt10,
    MedianRank,
}

impl Measure {
    fn of(self, estimate: &Estimate) -> f64 {
        match self {
            Self::Mrr => estimate.means[0],
            Self::Dcg => estimate.means[1],
            Self::RecallAt10 => estimate.means[5],
            Self::MedianRank => estimate.median,
        }
    }
}

/// The runs of a system, with what each measures on every resample of the queries.
pub(crate) struct Seeded<'a> {
    runs: &'a [Outcomes],
    bootstrap: &'a Bootstrap,
    /// (runs): on the queries themselves.
    own: Vec<Estimate>,
    /// (resamples, runs): on the queries of each resample, which are the same for all systems.
    draws: Vec<Vec<Estimate>>,
}

impl<'a> Seeded<'a> {
    /// Takes the outcomes of each run, all of the same queries and candidates.
    ///
    /// # Errors
    /// No run, no query, runs that cannot be paired.
    pub(crate) fn new(name: &str, runs: &'a [Outcomes], bootstrap: &'a Bootstrap) -> Result<Self> {
        let first = runs.first().filter(|run| !run.values().is_empty());
        let first = first.ok_or(Error::NothingToMeasure)?;
        if !runs.iter().all(|run| run.pairs_with(first)) {
            return Err(Error::Unpaired { left: name.to_owned(), right: name.to_owned() });
        }
        let columns = |run: &Outcomes| run.values().iter().map(Outcome::columns).collect();
        let rows: Vec<Vec<[f64; COLUMNS]>> = runs.iter().map(columns).collect();
        let medians: Vec<Median> =
            runs.iter().map(|run| Median::new(run.values().iter().map(|o| o.rank))).collect();
        let own = rows.iter().zip(&medians);
        Ok(Self {
            own: own.map(|(rows, m)| Estimate { means: means(rows), median: m.value() }).collect(),
            draws: bootstrap.draw_all(&rows, &medians),
            runs,
            bootstrap,
        })
    }

    /// How many runs there are.
    pub(crate) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// The outcomes of the first run, for what all runs share.
    pub(crate) fn first(&self) -> &'a Outcomes {
        &self.runs[0]
    }

    /// The value of a measure with its chance, and how sure it is.
    pub(crate) fn spread(&self, measure: Measure) -> Spread {
        let values: Vec<f64> = self.own.iter().map(|run| measure.of(run)).collect();
        let value = mean(values.iter().copied());
        let deviation = deviation(&values);
        let resamples = 0..self.draws.len();
        let level = self.bootstrap.level();
        Spread {
            value,
            chance: measure.of(&self.chance()),
            deviation,
            over_runs: deviation.map(|deviation| {
                let half = student::two_sided(level, values.len() - 1) * deviation
                    / (values.len() as f64).sqrt();
                Interval { low: value - half, high: value + half }
            }),
            over_queries: self.interval(resamples.clone().map(|r| self.fixed(r, measure))),
            over_both: self.interval(resamples.map(|r| self.drawn(r, measure, 0))),
        }
    }

    /// These runs less those of a reference, for MRR, DCG and R@10; not yet corrected for other comparisons.
    pub(crate) fn less(&self, reference: &Self) -> [SeededDifference; 3] {
        let (ours, theirs) = (self.by_query(), reference.by_query());
        let pairs = ours.iter().zip(&theirs);
        let rows: Vec<[f64; COLUMNS]> =
            pairs.map(|(a, b)| std::array::from_fn(|c| a[c] - b[c])).collect();
        let flipped = |means| Estimate { means, median: 0.0 };
        let flips: Vec<Estimate> =
            self.bootstrap.flip_signs(&rows).into_iter().map(flipped).collect();
        [Measure::Mrr, Measure::Dcg, Measure::RecallAt10].map(|measure| {
            let mean_of = |of: &Self| mean(of.own.iter().map(|run| measure.of(run)));
            let value = mean_of(self) - mean_of(reference);
            let resamples = 0..self.draws.len();
            let fixed = |r| self.fixed(r, measure) - reference.fixed(r, measure);
            let drawn = |r| self.drawn(r, measure, 0) - reference.drawn(r, measure, 1);
            let p = share_as_far(value, flips.iter().map(|flip| measure.of(flip)));
            SeededDifference {
                value,
                over_queries: self.interval(resamples.clone().map(fixed)),
                over_both: self.interval(resamples.map(drawn)),
                p,
                p_holm: p,
            }
        })
    }

    /// The mean over the runs on the queries of a resample.
    fn fixed(&self, resample: usize, measure: Measure) -> f64 {
        mean(self.draws[resample].iter().map(|run| measure.of(run)))
    }

    /// The mean over runs drawn with replacement on the queries of a resample. Each `side` of a difference has draws of
    /// its own.
    fn drawn(&self, resample: usize, measure: Measure, side: u64) -> f64 {
        let runs = &self.draws[resample];
        let chosen = self.bootstrap.draw_runs(runs.len(), resample as u64, side);
        mean(chosen.map(|run| measure.of(&runs[run])))
    }

    /// Each query's outcome, the mean over the runs.
    fn by_query(&self) -> Vec<[f64; COLUMNS]> {
        let mut sums = vec![[0.0; COLUMNS]; self.first().values().len()];
        for run in self.runs {
            for (sum, outcome) in sums.iter_mut().zip(run.values()) {
                let columns = outcome.columns();
                *sum = std::array::from_fn(|c| sum[c] + columns[c]);
            }
        }
        let runs = self.runs.len() as f64;
        sums.iter().map(|sum| sum.map(|value| value / runs)).collect()
    }

    fn chance(&self) -> Estimate {
        let chance: Vec<_> = self.first().chance().iter().map(Outcome::columns).collect();
        Estimate { means: means(&chance), median: self.first().median_by_chance() }
    }

    fn interval(&self, numbers: impl Iterator<Item = f64>) -> Interval {
        let (low, high) = self.bootstrap.interval(numbers);
        Interval { low, high }
    }
}

fn mean(numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = numbers.len() as f64;
    numbers.sum::<f64>() / n
}

/// The standard deviation with n - 1; none of a single number.
fn deviation(numbers: &[f64]) -> Option<f64> {
    if numbers.len() < 2 {
        return None;
    }
    let mean = mean(numbers.iter().copied());
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    Some((squares / (numbers.len() - 1) as f64).sqrt())
}
