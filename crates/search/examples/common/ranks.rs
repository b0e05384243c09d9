//! Where the right work stands among the candidates.

use search::{Heard, Weighed};

use super::Asked;

/// What orders the candidates, by its name.
pub(crate) type System = (&'static str, fn(&Weighed<'_>) -> f32);

/// The order of answers.
pub(crate) const ALL: System = ("all, weighed", |found| found.score);

/// The reciprocal rank of each query's work by what was heard of the query.
pub(crate) fn reciprocals(asked: &[Asked<'_>], heard: &[Heard<'_>], system: System) -> Vec<f64> {
    let both = asked.iter().zip(heard);
    both.map(|(asked, heard)| reciprocal(heard, system, &|id| id == asked.work.id)).collect()
}

/// The reciprocal rank of the best right work; of several with the same value each place is as likely.
pub(crate) fn reciprocal(heard: &Heard<'_>, system: System, right: &dyn Fn(&str) -> bool) -> f64 {
    let values = heard.works.iter().map(|found| ((system.1)(found), right(found.tune)));
    let values: Vec<(f32, bool)> = values.collect();
    let best = values.iter().filter(|v| v.1).map(|v| v.0).fold(f32::NEG_INFINITY, f32::max);
    if best == f32::NEG_INFINITY {
        return 0.0;
    }
    let above = values.iter().filter(|v| v.0 > best).count();
    let beside = values.iter().filter(|v| v.0 == best && !v.1).count();
    1.0 / (1.0 + above as f64 + beside as f64 / 2.0)
}
