//! A study as a picture: the MRR of every system in both directions, with intervals over runs and queries.

use super::{StudyDirection, StudyReport};
use crate::metric::Metric;
use crate::report::chart::{Dots, file};

impl StudyReport {
    /// The MRR of every system, points with intervals, one panel a direction: an SVG file.
    pub fn to_svg(&self) -> String {
        let panels: Vec<Dots<'_>> = self.directions.iter().map(|d| self.panel(d)).collect();
        file(&panels)
    }

    fn panel<'a>(&self, direction: &'a StudyDirection) -> Dots<'a> {
        let rows = direction.systems.iter().map(|system| {
            let (spread, n) = (&system.mrr, direction.queries);
            let (low, high) = (spread.over_both.low, spread.over_both.high);
            let metric = Metric { value: spread.value, n, chance: spread.chance, low, high };
            (system.name.as_str(), system.role, metric)
        });
        let label = format!(
            "{}, {}: MRR among {}, intervals over runs and queries",
            self.name, direction.direction, direction.candidates
        );
        Dots { caption: label.clone(), label, rows: rows.collect() }
    }
}
