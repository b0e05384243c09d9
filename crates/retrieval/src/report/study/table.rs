//! A study's tables: for eyes, as Markdown, and as CSV.

use std::fmt::{self, Write as _};

use super::{StudyComparison, StudyDirection, StudyReport, StudySystem};
use crate::report::Role;
use crate::report::grid::{Grid, p};
use crate::seeds::{Interval, SeededDifference, Spread};

impl StudyReport {
    /// The tables of both directions: the systems, how sure their MRR is, and every system less the reference.
    pub fn tables(&self) -> Vec<Grid> {
        let of = |direction: &StudyDirection| {
            let mut grids = vec![self.systems(direction), sureness(direction)];
            for role in [Role::Model, Role::Baseline] {
                grids.extend(self.comparisons(direction, role));
            }
            grids
        };
        self.directions.iter().flat_map(of).collect()
    }

    /// What the numbers in the tables are, in a few sentences of plain text.
    pub fn note(&self) -> String {
        format!(
            "[low, high] are {:.0}% intervals: of values, over runs and queries together; of differences, over queries, \
             paired. Bootstrap with {} resamples, seed {}; over runs alone, Student's. sd: standard deviation of a run. p: \
             paired randomisation test on each query's mean over the runs; p Holm: the same, corrected for all \
             comparisons of its table, measure by measure.",
            100.0 * self.bootstrap.level(),
            self.bootstrap.resamples(),
            self.bootstrap.seed()
        )
    }

    /// The report as a page of Markdown.
    pub fn to_markdown(&self) -> String {
        let tables: String = self.tables().iter().map(markdown).collect();
        format!("# {}\n{tables}\n{}\n", self.name, self.note())
    }

    /// The report as CSV: one row a direction, system and measure; empty where there is nothing to say.
    pub fn to_csv(&self) -> String {
        let mut out = CSV_HEADER.to_owned();
        for direction in &self.directions {
            for system in &direction.systems {
                let comparison = direction.comparisons.iter().find(|c| c.system == system.name);
                csv_rows(&mut out, (direction, system, comparison));
            }
        }
        out
    }

    fn systems(&self, direction: &StudyDirection) -> Grid {
        let mut rows: Vec<Vec<String>> = direction.systems.iter().map(system_row).collect();
        rows.extend(direction.systems.first().map(chance_row));
        let pools = if self.pooled { " (expected in random pools)" } else { "" };
        let StudyDirection { direction, queries, candidates, .. } = direction;
        Grid {
            caption: format!(
                "{direction}: {queries} queries, {candidates} candidates{pools}, means over the runs"
            ),
            words: 1,
            header: ["system", "runs", "MRR", "DCG", "R@10", "median rank"]
                .map(str::to_owned)
                .to_vec(),
            rows,
        }
    }

    /// None where there is nothing to compare.
    fn comparisons(&self, direction: &StudyDirection, role: Role) -> Option<Grid> {
        let family = direction.comparisons.iter().filter(|comparison| comparison.role == role);
        let rows: Vec<Vec<String>> = family.map(comparison_row).collect();
        let what = match role {
            Role::Model => "system",
            Role::Baseline => "baseline",
        };
        let caption = format!(
            "{}: every {what} less `{}`; {} comparisons a measure",
            direction.direction,
            self.reference,
            rows.len()
        );
        let header =
            [what, "MRR", "over both", "p", "p Holm", "DCG", "p", "p Holm", "R@10", "p", "p Holm"];
        let header = header.map(str::to_owned).to_vec();
        (!rows.is_empty()).then_some(Grid { caption, words: 1, header, rows })
    }
}

impl fmt::Display for StudyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        self.tables().iter().try_for_each(|grid| write!(f, "\n{grid}"))?;
        writeln!(f, "\n{}", self.note().replace(". ", ".\n"))
    }
}

fn system_row(system: &StudySystem) -> Vec<String> {
    let rank = &system.median_rank;
    let (low, high) = (rank.over_both.low, rank.over_both.high);
    vec![
        system.name.clone(),
        system.runs.to_string(),
        within(system.mrr.value, &system.mrr.over_both),
        within(system.dcg.value, &system.dcg.over_both),
        within(system.recall_at_10.value, &system.recall_at_10.over_both),
        format!("{:.1} [{low:.1}, {high:.1}]", rank.value),
    ]
}

fn chance_row(system: &StudySystem) -> Vec<String> {
    let exact = |spread: &Spread| format!("{:.4}", spread.chance);
    vec![
        "chance (exact)".to_owned(),
        String::new(),
        exact(&system.mrr),
        exact(&system.dcg),
        exact(&system.recall_at_10),
        format!("{:.1}", system.median_rank.chance),
    ]
}

fn sureness(direction: &StudyDirection) -> Grid {
    let interval = |i: &Interval| format!("[{:.4}, {:.4}]", i.low, i.high);
    let row = |system: &StudySystem| {
        let Spread { value, deviation, over_runs, over_queries, over_both, .. } = &system.mrr;
        let deviation = deviation.map(|sd| format!("{sd:.4}")).unwrap_or_default();
        let over_runs = over_runs.as_ref().map(interval).unwrap_or_default();
        let (queries, both) = (interval(over_queries), interval(over_both));
        vec![system.name.clone(), format!("{value:.4}"), deviation, over_runs, queries, both]
    };
    let header = ["system", "MRR", "sd", "over runs", "over queries", "over both"];
    Grid {
        caption: format!("{}: how sure the MRR is", direction.direction),
        words: 1,
        header: header.map(str::to_owned).to_vec(),
        rows: direction.systems.iter().map(row).collect(),
    }
}

fn comparison_row(comparison: &StudyComparison) -> Vec<String> {
    let of = |d: &SeededDifference| {
        let Interval { low, high } = d.over_queries;
        [format!("{:+.4} [{low:+.4}, {high:+.4}]", d.value), p(d.p), p(d.p_holm)]
    };
    let mut row = vec![comparison.system.clone()];
    row.extend(
        [&comparison.mrr, &comparison.dcg, &comparison.recall_at_10].into_iter().flat_map(of),
    );
    let Interval { low, high } = comparison.mrr.over_both;
    row.insert(2, format!("[{low:+.4}, {high:+.4}]"));
    row
}

fn within(value: f64, interval: &Interval) -> String {
    format!("{value:.4} [{:.4}, {:.4}]", interval.low, interval.high)
}

fn markdown(grid: &Grid) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | ").replace('\n', " "));
    let sides: Vec<String> = (0..grid.header.len())
        .map(|column| if column < grid.words { "---" } else { "---:" }.to_owned())
        .collect();
    let rows: String = grid.rows.iter().map(|row| line(row)).collect();
    format!("\n## {}\n\n{}{}{rows}", grid.caption, line(&grid.header), line(&sides))
}

const CSV_HEADER: &str = "direction,system,role,runs,queries,candidates,measure,value,chance,sd,\
over_runs_low,over_runs_high,over_queries_low,over_queries_high,over_both_low,over_both_high,\
difference,difference_over_queries_low,difference_over_queries_high,difference_over_both_low,\
difference_over_both_high,p,p_holm,comparisons\n";

/// One row a measure.
fn csv_rows(
    out: &mut String,
    (direction, system, comparison): (&StudyDirection, &StudySystem, Option<&StudyComparison>),
) {
    let way = if direction.direction == crate::report::Direction::MelodyToTitle {
        "melody_to_title"
    } else {
        "title_to_melody"
    };
    let role = if system.role == Role::Model { "model" } else { "baseline" };
    let measures = [
        ("mrr", &system.mrr, comparison.map(|c| &c.mrr)),
        ("dcg", &system.dcg, comparison.map(|c| &c.dcg)),
        ("recall_at_10", &system.recall_at_10, comparison.map(|c| &c.recall_at_10)),
        ("median_rank", &system.median_rank, None),
    ];
    for (measure, spread, difference) in measures {
        let ends = |interval: Interval| [Some(interval.low), Some(interval.high)];
        let mut numbers = vec![Some(spread.value), Some(spread.chance), spread.deviation];
        numbers.extend(spread.over_runs.map_or([None, None], ends));
        numbers.extend(ends(spread.over_queries).into_iter().chain(ends(spread.over_both)));
        numbers.push(difference.map(|d| d.value));
        numbers.extend(difference.map_or([None, None], |d| ends(d.over_queries)));
        numbers.extend(difference.map_or([None, None], |d| ends(d.over_both)));
        numbers.extend([difference.map(|d| d.p), difference.map(|d| d.p_holm)]);
        let cells: Vec<String> = numbers
            .into_iter()
            .map(|number| number.map(|n| n.to_string()).unwrap_or_default())
            .collect();
        let among = difference.and(comparison).map(|c| c.comparisons.to_string());
        let (queries, candidates) = (direction.queries, direction.candidates);
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{way},{},{role},{},{queries},{candidates},{measure},{},{}",
            quoted(&system.name),
            system.runs,
            cells.join(","),
            among.unwrap_or_default()
        );
    }
}

/// A name as a cell of CSV (RFC 4180).
fn quoted(name: &str) -> String {
    if name.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", name.replace('"', "\"\""));
    }
    name.to_owned()
}
