//! The verdict: every system in both directions, overall and by group, with intervals, chance and paired tests.
//!
//! The serialised form is the content of `report.json`; docs/evaluation.md describes it field by field.

mod chart;
mod grid;
mod html;
mod lines;
mod page;
mod study;
mod style;
mod text;

use std::collections::BTreeMap;
use std::fmt;

pub use grid::Grid;
pub use lines::{Axis, Line, Panel, drawing};
pub use page::{Section, escape, page, picture};
use serde::{Deserialize, Serialize};
pub use study::{
    BothWays, Entry, STUDY_FORMAT, StudyComparison, StudyDirection, StudyReport, StudySettings,
    StudySystem,
};

use crate::bootstrap::Bootstrap;
use crate::compare::Differences;
use crate::error::{Error, Result, check_ids, check_length};
use crate::metric::Metrics;
use crate::outcome::Outcomes;
use crate::ranking::Rankings;
use crate::scores::Scores;
use crate::truth::Truth;

/// The number of the form of `report.json`, raised whenever a field changes its meaning.
pub const FORMAT: u32 = 1;

/// What asks and what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A melody looks for its title.
    MelodyToTitle,
    /// A title looks for its melody.
    TitleToMelody,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::MelodyToTitle => "melody→title",
            Direction::TitleToMelody => "title→melody",
        })
    }
}

/// What a system is in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What is being evaluated.
    Model,
    /// What it is compared with.
    Baseline,
}

/// How a report is taken.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Settings {
    /// How intervals and tests are drawn.
    pub bootstrap: Bootstrap,
    /// If given, everything is reported for pools of this size too.
    pub pool: Option<usize>,
}

/// A system's scores of melodies (queries) for titles (candidates).
#[derive(Debug, Clone, PartialEq)]
pub struct System {
    /// Its name, as the report shows it.
    pub name: String,
    /// What it is in the report.
    pub role: Role,
    /// Its scores, melodies by titles.
    pub scores: Scores,
}

/// Systems, truth and groups of one set of melodies and titles.
#[derive(Debug, Clone, Copy)]
pub struct Evaluation<'a> {
    /// Which titles are right for which melody.
    pub truth: &'a Truth,
    /// One group a melody, its dance type; empty for none.
    pub melody_groups: &'a [String],
    /// One group a title; empty for none.
    pub title_groups: &'a [String],
    /// The systems, in the order in which the report shows them.
    pub systems: &'a [System],
}

/// A system's rankings in one direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Its name, as the report shows it.
    pub name: String,
    /// What it is in the report.
    pub role: Role,
    /// Its rankings.
    pub rankings: Rankings,
}

/// Systems side by side in one direction.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// What asks and what is found.
    pub direction: Direction,
    /// One group a query; empty for none.
    pub groups: &'a [String],
    /// The systems, all of the same queries and candidates.
    pub systems: &'a [Ranked],
}

/// The whole verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The form of this report: [`FORMAT`].
    pub format: u32,
    /// What was evaluated, in words.
    pub name: String,
    /// How intervals and tests were drawn.
    pub bootstrap: Bootstrap,
    /// One part a direction.
    pub directions: Vec<DirectionReport>,
}

/// One direction of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DirectionReport {
    /// What asks and what is found.
    pub direction: Direction,
    /// How many queries were ranked, measured or not.
    pub queries: usize,
    /// How many candidates each query had.
    pub candidates: usize,
    /// The systems side by side.
    pub systems: Vec<SystemReport>,
    /// Every model against every baseline and every later model, among all candidates.
    pub comparisons: Vec<Comparison>,
}

/// One system in one direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemReport {
    /// Its name.
    pub name: String,
    /// What it is in the report.
    pub role: Role,
    /// Its measures among all candidates.
    pub full: Measured,
    /// Its expected measures in pools, if pools were asked for.
    pub pool: Option<Measured>,
}

/// Measures among a number of candidates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How many candidates each query was ranked among.
    pub candidates: usize,
    /// Over all queries.
    pub overall: Metrics,
    /// Over the queries of each group, still among candidates of all groups; the largest group first.
    pub groups: Vec<GroupMetrics>,
}

/// Measures over the queries of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupMetrics {
    /// The group.
    pub group: String,
    /// Its measures.
    pub metrics: Metrics,
}

/// Two systems on the same queries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The name of the one.
    pub system: String,
    /// The name of the other, whose measures are subtracted.
    pub baseline: String,
    /// The differences.
    pub differences: Differences,
}

impl Report {
    /// Ranks both ways, melody→title and title→melody, and reports.
    ///
    /// # Errors
    /// As [`Report::new`], and a truth of another shape than the scores.
    pub fn both_ways(name: &str, settings: &Settings, evaluation: &Evaluation<'_>) -> Result<Self> {
        let other_truth = evaluation.truth.transposed();
        let rank = |scores: &Scores, truth: &Truth| scores.rank(truth, 0);
        let ranked = |system: &System, rankings| Ranked {
            name: system.name.clone(),
            role: system.role,
            rankings,
        };
        let mut ways = (Vec::new(), Vec::new());
        for system in evaluation.systems {
            ways.0.push(ranked(system, rank(&system.scores, evaluation.truth)?));
            ways.1.push(ranked(system, rank(&system.scores.transposed(), &other_truth)?));
        }
        let to_title = Trial {
            direction: Direction::MelodyToTitle,
            groups: evaluation.melody_groups,
            systems: &ways.0,
        };
        let to_melody = Trial {
            direction: Direction::TitleToMelody,
            groups: evaluation.title_groups,
            systems: &ways.1,
        };
        Self::new(name, settings, &[to_title, to_melody])
    }

    /// Reports on systems that have been ranked.
    ///
    /// # Errors
    /// Systems of one direction with the same name or with different queries or candidates, groups that are not one a
    /// query, pools that cannot be drawn, no measured query at all.
    pub fn new(name: &str, settings: &Settings, trials: &[Trial<'_>]) -> Result<Self> {
        let directions = trials.iter().map(|trial| direction_report(settings, trial));
        Ok(Self {
            format: FORMAT,
            name: name.to_owned(),
            bootstrap: settings.bootstrap,
            directions: directions.collect::<Result<_>>()?,
        })
    }
}

fn direction_report(settings: &Settings, trial: &Trial<'_>) -> Result<DirectionReport> {
    let first = check(trial)?;
    let outcomes: Vec<Outcomes> = trial.systems.iter().map(|s| s.rankings.outcomes()).collect();
    let systems = trial.systems.iter().zip(&outcomes).map(|(system, full)| {
        let measured = |outcomes: &Outcomes| measured(outcomes, trial.groups, &settings.bootstrap);
        let pooled = settings.pool.map(|size| measured(&system.rankings.pooled(size)?));
        Ok(SystemReport {
            name: system.name.clone(),
            role: system.role,
            full: measured(full)?,
            pool: pooled.transpose()?,
        })
    });
    Ok(DirectionReport {
        direction: trial.direction,
        queries: first.queries().len(),
        candidates: first.candidates().len(),
        systems: systems.collect::<Result<_>>()?,
        comparisons: comparisons(trial.systems, &outcomes, &settings.bootstrap)?,
    })
}

/// Checks that the systems can stand side by side, and hands back the first one's rankings.
fn check<'a>(trial: &Trial<'a>) -> Result<&'a Rankings> {
    let names: Vec<String> = trial.systems.iter().map(|system| system.name.clone()).collect();
    check_ids(&names)?;
    let first = trial.systems.first().ok_or(Error::NothingToMeasure)?;
    for system in trial.systems {
        let (a, b) = (&first.rankings, &system.rankings);
        if a.queries() != b.queries() || a.candidates() != b.candidates() {
            return Err(unpaired(first, system));
        }
    }
    check_length("groups of the queries", first.rankings.queries().len(), trial.groups.len())?;
    Ok(&first.rankings)
}

fn unpaired(left: &Ranked, right: &Ranked) -> Error {
    Error::Unpaired { left: left.name.clone(), right: right.name.clone() }
}

fn measured(outcomes: &Outcomes, groups: &[String], bootstrap: &Bootstrap) -> Result<Measured> {
    let overall = outcomes.metrics(bootstrap).ok_or(Error::NothingToMeasure)?;
    let mut members: BTreeMap<&str, usize> = BTreeMap::new();
    for &query in outcomes.queries() {
        *members.entry(&groups[query as usize]).or_default() += 1;
    }
    members.remove("");
    let mut members: Vec<(&str, usize)> = members.into_iter().collect();
    members.sort_by_key(|&(_, n)| std::cmp::Reverse(n));
    let of = |group: &str| {
        let metrics = outcomes.select(|q| groups[q as usize] == group).metrics(bootstrap)?;
        Some(GroupMetrics { group: group.to_owned(), metrics })
    };
    let groups = members.into_iter().filter_map(|(group, _)| of(group)).collect();
    Ok(Measured { candidates: outcomes.candidates(), overall, groups })
}

/// Every model against every baseline and every later model.
fn comparisons(
    systems: &[Ranked],
    outcomes: &[Outcomes],
    bootstrap: &Bootstrap,
) -> Result<Vec<Comparison>> {
    let mut all = Vec::new();
    for (i, system) in systems.iter().enumerate().filter(|(_, s)| s.role == Role::Model) {
        for (j, other) in systems.iter().enumerate() {
            if i == j || (other.role == Role::Model && j < i) {
                continue;
            }
            let differences = outcomes[i]
                .differences(&outcomes[j], bootstrap)
                .ok_or_else(|| unpaired(system, other))?;
            let (system, baseline) = (system.name.clone(), other.name.clone());
            all.push(Comparison { system, baseline, differences });
        }
    }
    Ok(all)
}
