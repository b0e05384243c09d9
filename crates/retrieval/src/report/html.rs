//! A report as one page, and as the sections of a longer one.

use super::chart::{Dots, chart};
use super::grid::{Grid, grids};
use super::page::{Section, escape, page};
use super::{Direction, DirectionReport, Measured, Report, Role};
use crate::metric::{Metric, Metrics};

impl Report {
    /// The report as one self-contained HTML page.
    pub fn to_html(&self) -> String {
        let note = format!("<p class=\"note\">{}</p>\n", escape(&self.note()));
        page(&self.name, &note, &self.sections())
    }

    /// One section a direction: charts of every system, a chart by group, all tables.
    pub fn sections(&self) -> Vec<Section> {
        self.directions.iter().map(section).collect()
    }

    /// How intervals, chance and ties were taken, in a few sentences of plain text.
    pub fn note(&self) -> String {
        format!(
            "[low, high] are {:.0}% percentile bootstrap intervals over queries ({} resamples, seed {}). Chance is exact: \
             the mean over every order of the candidates. Tied candidates count at their mean over every order of them.",
            100.0 * self.bootstrap.level(),
            self.bootstrap.resamples(),
            self.bootstrap.seed()
        )
    }
}

fn section(direction: &DirectionReport) -> Section {
    let charts = systems(direction, "MRR", |metrics| &metrics.mrr)
        + &systems(direction, "DCG", |metrics| &metrics.dcg)
        + &groups(direction);
    let tables: String = grids(direction).iter().map(Grid::to_html).collect();
    let (id, heading) = match direction.direction {
        Direction::MelodyToTitle => ("melody-to-title", "Titles for melodies"),
        Direction::TitleToMelody => ("title-to-melody", "Melodies for titles"),
    };
    Section::new(id, &format!("{heading} ({})", direction.direction), charts + &tables)
}

/// One measure of every system.
fn systems(
    direction: &DirectionReport,
    measure: &str,
    pick: impl Fn(&Metrics) -> &Metric,
) -> String {
    let row = |full: &Measured| *pick(&full.overall);
    let rows = direction.systems.iter().map(|s| (s.name.as_str(), s.role, row(&s.full)));
    let label = format!("{measure}, {}", direction.direction);
    let caption =
        format!("{measure} among all {} candidates, with intervals", direction.candidates);
    chart(&Dots { label, caption, rows: rows.collect() })
}

/// The MRR of every model by group; nothing where the queries have no groups.
fn groups(direction: &DirectionReport) -> String {
    let models = direction.systems.iter().filter(|system| system.role == Role::Model);
    let figure = |system: &super::SystemReport| {
        let groups = &system.full.groups;
        let rows = groups.iter().map(|g| (g.group.as_str(), Role::Model, g.metrics.mrr)).collect();
        let label = format!("MRR of {} by group, {}", system.name, direction.direction);
        let caption = format!("{label}; few queries, wide intervals: n is in the table");
        if groups.is_empty() { String::new() } else { chart(&Dots { label, caption, rows }) }
    };
    models.map(figure).collect()
}
