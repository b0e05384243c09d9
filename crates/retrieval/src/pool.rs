//! What a query would achieve among fewer candidates: its relevant ones and a random draw of the rest.
//!
//! Of N candidates R are relevant, so a pool of size P has s = P - R of the M = N - R others. If x of the others stand
//! above a relevant candidate, the number H of them in the pool is hypergeometric (M, x, s), and the rank in the pool of
//! the j-th relevant candidate is j + H: each measure is its mean over H. This replaces drawing pools again and again.

use std::collections::HashMap;

use crate::outcome::{CUTOFFS, Measurer, Outcome, discount};
use crate::ranking::{Standing, Tie};

/// Weights below this share of the greatest are left out; what they add is below rounding.
const NEGLIGIBLE: f64 = 1e-20;

/// The expected measures of one relevant candidate in a pool.
#[derive(Debug, Clone, Copy, Default)]
struct Gain {
    rank: f64,
    reciprocal_rank: f64,
    discount: f64,
    within: [f64; 4],
}

impl Gain {
    fn add(&mut self, weight: f64, other: &Gain) {
        self.rank += weight * other.rank;
        self.reciprocal_rank += weight * other.reciprocal_rank;
        self.discount += weight * other.discount;
        for (sum, value) in self.within.iter_mut().zip(other.within) {
            *sum += weight * value;
        }
    }

    fn at(rank: f64) -> Self {
        Self {
            rank,
            reciprocal_rank: 1.0 / rank,
            discount: discount(rank),
            within: CUTOFFS.map(|k| f64::from(u8::from(rank <= f64::from(k)))),
        }
    }

    fn scaled(&self, by: f64) -> Self {
        let mut scaled = Self::default();
        scaled.add(by, self);
        scaled
    }
}

/// Measures standings as if each query's candidates were a pool.
pub(crate) struct PoolMeasurer {
    size: u32,
    ideal: Measurer,
    /// Gains by (relevant in all, which of them, others above): queries share most of them.
    gains: HashMap<(u32, u32, u32), Gain>,
    /// Outcomes by standing: baselines of few classes have few distinct ones.
    outcomes: HashMap<Standing, Outcome>,
}

impl PoolMeasurer {
    pub(crate) fn new(candidates: usize, size: usize) -> Self {
        Self {
            size: size as u32,
            ideal: Measurer::new(candidates),
            gains: HashMap::new(),
            outcomes: HashMap::new(),
        }
    }

    /// The expected outcome of a standing with R relevant of N candidates, where R <= size <= N.
    pub(crate) fn measure(&mut self, standing: &Standing) -> Outcome {
        if let Some(outcome) = self.outcomes.get(standing) {
            return *outcome;
        }
        let relevant = standing.relevant();
        let draw = Draw {
            others: standing.candidates() - relevant,
            drawn: self.size - relevant,
            relevant,
        };
        let (mut first, mut total, mut earlier) = (None, Gain::default(), 0);
        for tie in standing.ties() {
            for which in 1..=tie.relevant {
                let gain = self.tied_gain(&draw, &Place { tie, earlier, which });
                first.get_or_insert(gain);
                total.add(1.0, &gain);
            }
            earlier += tie.relevant;
        }
        let outcome = self.outcome(first.unwrap_or_default(), &total, relevant);
        self.outcomes.insert(standing.clone(), outcome);
        outcome
    }

    fn outcome(&self, first: Gain, total: &Gain, relevant: u32) -> Outcome {
        Outcome {
            rank: first.rank,
            reciprocal_rank: first.reciprocal_rank,
            dcg: total.discount,
            ndcg: total.discount / self.ideal.ideal(relevant),
            recall: total.within.map(|found| found / f64::from(relevant)),
        }
    }

    /// The mean gain of a relevant candidate of a tie, over every order of the tied candidates.
    ///
    /// With e others and m relevant tied, y others come before the k-th relevant one with probability proportional to
    /// C(y + k - 1, k - 1) C(e - y + m - k, m - k).
    fn tied_gain(&mut self, draw: &Draw, place: &Place<'_>) -> Gain {
        let Place { tie, earlier, which } = *place;
        let others = tie.tied - tie.relevant;
        let above = tie.above - earlier;
        let later = f64::from(tie.relevant - which);
        let (e, k) = (f64::from(others), f64::from(which));
        let bell = Bell {
            low: 0,
            high: others,
            mode: others * (which - 1) / (tie.relevant - 1).max(1),
            rise: |y: u32| {
                let y = f64::from(y);
                (y + k) / (y + 1.0) * (e - y) / (e - y + later)
            },
        };
        bell.mean(|y| self.gain(draw, earlier + which, above + y))
    }

    /// The mean gain of relevant candidate `which` (from 1 among all) with `above` others before it.
    fn gain(&mut self, draw: &Draw, which: u32, above: u32) -> Gain {
        let key = (draw.relevant, which, above);
        *self.gains.entry(key).or_insert_with(|| draw.gain(which, above))
    }
}

/// A relevant candidate of a tie.
struct Place<'a> {
    tie: &'a Tie,
    /// How many relevant candidates earlier ties hold.
    earlier: u32,
    /// Which of the tie's relevant candidates it is, from 1.
    which: u32,
}

/// How a pool is drawn.
struct Draw {
    relevant: u32,
    /// Candidates that are not relevant (M).
    others: u32,
    /// How many of those come into the pool (s).
    drawn: u32,
}

impl Draw {
    fn gain(&self, which: u32, above: u32) -> Gain {
        let (m, x, s) = (f64::from(self.others), f64::from(above), f64::from(self.drawn));
        let bell = Bell {
            low: (self.drawn + above).saturating_sub(self.others),
            high: above.min(self.drawn),
            mode: ((s + 1.0) * (x + 1.0) / (m + 2.0)) as u32,
            rise: |h: u32| {
                let h = f64::from(h);
                (x - h) * (s - h) / ((h + 1.0) * (m - x - s + h + 1.0))
            },
        };
        bell.mean(|h| Gain::at(f64::from(which + h)))
    }
}

/// A distribution with one peak over `low..=high`, known by its rise from each number to the next.
struct Bell<F> {
    low: u32,
    high: u32,
    mode: u32,
    rise: F,
}

impl<F: Fn(u32) -> f64> Bell<F> {
    /// The mean gain, walking from the peak to both sides so that no weight overflows.
    fn mean(&self, mut gain: impl FnMut(u32) -> Gain) -> Gain {
        let mode = self.mode.clamp(self.low, self.high);
        let mut sum = gain(mode);
        let mut total = 1.0;
        let mut weight = 1.0;
        for at in mode..self.high {
            weight *= (self.rise)(at);
            if weight < NEGLIGIBLE {
                break;
            }
            sum.add(weight, &gain(at + 1));
            total += weight;
        }
        weight = 1.0;
        for at in (self.low..mode).rev() {
            weight /= (self.rise)(at);
            if weight < NEGLIGIBLE {
                break;
            }
            sum.add(weight, &gain(at));
            total += weight;
        }
        sum.scaled(1.0 / total)
    }
}
