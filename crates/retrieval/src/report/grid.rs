//! The tables of a report, the same for terminals and pages.

use super::{Comparison, DirectionReport, Measured, SystemReport};
use crate::compare::Difference;
use crate::metric::{Metric, Metrics};

/// A table, printed with its columns aligned. The first column names its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// What it shows.
    pub caption: String,
    /// How many of the first columns hold words, aligned to the left; the others hold numbers.
    pub words: usize,
    /// One cell a column.
    pub header: Vec<String>,
    /// As many cells each as the header has.
    pub rows: Vec<Vec<String>>,
}

/// All tables of one direction: systems (in all candidates, in pools), models by group, comparisons.
pub(super) fn grids(direction: &DirectionReport) -> Vec<Grid> {
    let mut grids = vec![systems(direction, |system| Some(&system.full))];
    let pooled = |system: &SystemReport| system.pool.is_some();
    if direction.systems.iter().any(pooled) {
        grids.push(systems(direction, |system| system.pool.as_ref()));
    }
    for system in &direction.systems {
        if system.role == super::Role::Model && !system.full.groups.is_empty() {
            grids.push(groups(system));
        }
    }
    if !direction.comparisons.is_empty() {
        grids.push(comparisons(&direction.comparisons));
    }
    grids
}

fn systems(direction: &DirectionReport, pick: impl Fn(&SystemReport) -> Option<&Measured>) -> Grid {
    let shown: Vec<(&SystemReport, &Measured)> =
        direction.systems.iter().filter_map(|system| Some((system, pick(system)?))).collect();
    let candidates = shown.first().map(|(_, measured)| measured.candidates).unwrap_or_default();
    let pool = if candidates == direction.candidates { "" } else { " (expected in random pools)" };
    let n = shown.first().map(|(_, measured)| measured.overall.mrr.n).unwrap_or_default();
    let mut rows: Vec<Vec<String>> = shown
        .iter()
        .map(|(system, measured)| row(&system.name, &measured.overall, |m| m.value))
        .collect();
    rows.extend(shown.first().map(|(_, measured)| chance_row(&measured.overall)));
    Grid {
        caption: format!("{}: {n} queries, {candidates} candidates{pool}", direction.direction),
        words: 1,
        header: header("system"),
        rows,
    }
}

fn groups(system: &SystemReport) -> Grid {
    let rows = system.full.groups.iter().map(|group| {
        let mut row = row(&group.group, &group.metrics, |m| m.value);
        row.insert(1, group.metrics.mrr.n.to_string());
        row
    });
    let mut header = header("group");
    header.insert(1, "n".to_owned());
    let candidates = system.full.candidates;
    let caption = format!("{} by group, among all {candidates} candidates", system.name);
    Grid { caption, words: 1, header, rows: rows.collect() }
}

fn comparisons(comparisons: &[Comparison]) -> Grid {
    let of = |d: &Difference| [format!("{:+.4} [{:+.4}, {:+.4}]", d.value, d.low, d.high), p(d.p)];
    let rows = comparisons.iter().map(|comparison| {
        let d = &comparison.differences;
        let mut row = vec![format!("{} - {}", comparison.system, comparison.baseline)];
        row.extend([&d.mrr, &d.dcg, &d.recall_at_10].into_iter().flat_map(of));
        row
    });
    let header = ["difference", "MRR", "p", "DCG", "p", "R@10", "p"];
    Grid {
        caption: "Paired differences, with randomisation tests".to_owned(),
        words: 1,
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn header(first: &str) -> Vec<String> {
    let names = [first, "MRR", "DCG", "nDCG", "R@1", "R@5", "R@10", "R@100", "median", "mean rank"];
    names.map(str::to_owned).to_vec()
}

fn row(name: &str, metrics: &Metrics, pick: fn(&Metric) -> f64) -> Vec<String> {
    let short = |m: &Metric| format!("{:.4}", pick(m));
    let long = |m: &Metric| format!("{:.4} [{:.4}, {:.4}]", m.value, m.low, m.high);
    let rank = |m: &Metric| format!("{:.1}", pick(m));
    let m = metrics;
    vec![
        name.to_owned(),
        long(&m.mrr),
        long(&m.dcg),
        short(&m.ndcg),
        short(&m.recall_at_1),
        short(&m.recall_at_5),
        short(&m.recall_at_10),
        short(&m.recall_at_100),
        rank(&m.median_rank),
        rank(&m.mean_rank),
    ]
}

fn chance_row(metrics: &Metrics) -> Vec<String> {
    let mut row = row("chance (exact)", metrics, |m| m.chance);
    row[1] = format!("{:.4}", metrics.mrr.chance);
    row[2] = format!("{:.4}", metrics.dcg.chance);
    row
}

/// A p-value as tables show it.
pub(super) fn p(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}
