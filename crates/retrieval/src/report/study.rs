//! Systems side by side, each trained several times: means over the runs, how sure they are, and every system against
//! one of them.
//!
//! The serialised form is the content of `study.json`; docs/study.md describes it.

mod picture;
mod table;

use serde::{Deserialize, Serialize};

use super::{Direction, Role};
use crate::bootstrap::Bootstrap;
use crate::error::{Error, Result, check_ids};
use crate::holm::holm;
use crate::outcome::Outcomes;
use crate::scores::Scores;
use crate::seeds::{Measure, Seeded, SeededDifference, Spread};
use crate::truth::Truth;

/// The number of the form of `study.json`, raised whenever a field changes its meaning.
pub const STUDY_FORMAT: u32 = 1;

/// What a run achieved in both directions.
#[derive(Debug, Clone, PartialEq)]
pub struct BothWays {
    /// Titles for melodies.
    pub to_title: Outcomes,
    /// Melodies for titles.
    pub to_melody: Outcomes,
}

impl BothWays {
    /// Measures the scores of melodies (queries) for titles (candidates), among all of them or expected in random pools
    /// of a size.
    ///
    /// # Errors
    /// A truth of another shape, a pool that cannot be drawn.
    pub fn new(scores: &Scores, truth: &Truth, pool: Option<usize>) -> Result<Self> {
        let measured = |scores: &Scores, truth: &Truth| {
            let rankings = scores.rank(truth, 0)?;
            pool.map_or_else(|| Ok(rankings.outcomes()), |size| rankings.pooled(size))
        };
        Ok(Self {
            to_title: measured(scores, truth)?,
            to_melody: measured(&scores.transposed(), &truth.transposed())?,
        })
    }

    fn outcomes(&self, direction: Direction) -> &Outcomes {
        match direction {
            Direction::MelodyToTitle => &self.to_title,
            Direction::TitleToMelody => &self.to_melody,
        }
    }
}

/// A system with all of its runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name, as the report shows it.
    pub name: String,
    /// What it is in the report.
    pub role: Role,
    /// What each of its runs achieved, on the same melodies and titles as all others.
    pub runs: Vec<BothWays>,
}

/// How a study is reported.
#[derive(Debug, Clone, PartialEq)]
pub struct StudySettings {
    /// What was studied, in words.
    pub name: String,
    /// The name of the system that all others are compared with.
    pub reference: String,
    /// How intervals and tests are drawn.
    pub bootstrap: Bootstrap,
    /// Whether the candidates are those of random pools rather than all that there are.
    pub pooled: bool,
}

/// The verdict of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyReport {
    /// The form of this report: [`STUDY_FORMAT`].
    pub format: u32,
    /// What was studied, in words.
    pub name: String,
    /// The name of the system that all others are compared with.
    pub reference: String,
    /// How intervals and tests were drawn.
    pub bootstrap: Bootstrap,
    /// Whether the candidates are those of random pools, the values being expectations over them.
    pub pooled: bool,
    /// One part a direction.
    pub directions: Vec<StudyDirection>,
}

/// One direction of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyDirection {
    /// What asks and what is found.
    pub direction: Direction,
    /// How many queries were measured.
    pub queries: usize,
    /// How many candidates each query was ranked among.
    pub candidates: usize,
    /// The systems side by side.
    pub systems: Vec<StudySystem>,
    /// Every other system against the reference.
    pub comparisons: Vec<StudyComparison>,
}

/// One system in one direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudySystem {
    /// Its name.
    pub name: String,
    /// What it is in the report.
    pub role: Role,
    /// How many runs it has.
    pub runs: usize,
    /// Mean reciprocal rank.
    pub mrr: Spread,
    /// Mean DCG.
    pub dcg: Spread,
    /// Recall at 10.
    pub recall_at_10: Spread,
    /// Median over the queries of the rank of the first relevant candidate.
    pub median_rank: Spread,
}

/// A system less the reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyComparison {
    /// The name of the system.
    pub system: String,
    /// What it is in the report.
    pub role: Role,
    /// For how many comparisons its `p_holm` are corrected: those of all systems of its role, measure by measure and
    /// direction by direction.
    pub comparisons: usize,
    /// Of the mean reciprocal rank.
    pub mrr: SeededDifference,
    /// Of the mean DCG.
    pub dcg: SeededDifference,
    /// Of the recall at 10.
    pub recall_at_10: SeededDifference,
}

impl StudyReport {
    /// Measures systems side by side in both directions.
    ///
    /// # Errors
    /// Names that are empty or repeated, a reference that is none of them, a system without a run, runs of other queries
    /// or candidates.
    pub fn new(settings: StudySettings, entries: &[Entry]) -> Result<Self> {
        let names: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
        check_ids(&names)?;
        let unknown = Error::UnknownId { id: settings.reference.clone(), among: "systems" };
        let reference = names.iter().position(|name| *name == settings.reference).ok_or(unknown)?;
        let part = |direction: Direction| {
            let outcomes = |entry: &Entry| {
                entry.runs.iter().map(|run| run.outcomes(direction).clone()).collect()
            };
            let trial = Trial { entries, runs: entries.iter().map(outcomes).collect(), reference };
            trial.report(direction, &settings.bootstrap)
        };
        let ways = [Direction::MelodyToTitle, Direction::TitleToMelody];
        Ok(Self {
            format: STUDY_FORMAT,
            directions: ways.into_iter().map(part).collect::<Result<_>>()?,
            name: settings.name,
            reference: settings.reference,
            bootstrap: settings.bootstrap,
            pooled: settings.pooled,
        })
    }
}

/// All systems in one direction.
struct Trial<'a> {
    entries: &'a [Entry],
    /// The outcomes of each entry's runs.
    runs: Vec<Vec<Outcomes>>,
    /// Which entry the others are compared with.
    reference: usize,
}

impl Trial<'_> {
    fn report(&self, direction: Direction, bootstrap: &Bootstrap) -> Result<StudyDirection> {
        let named = self.entries.iter().zip(&self.runs);
        let seeded = named
            .map(|(entry, runs)| Seeded::new(&entry.name, runs, bootstrap))
            .collect::<Result<Vec<Seeded<'_>>>>()?;
        let first = seeded[self.reference].first();
        for (entry, other) in self.entries.iter().zip(&seeded) {
            if !other.first().pairs_with(first) {
                let right = self.entries[self.reference].name.clone();
                return Err(Error::Unpaired { left: entry.name.clone(), right });
            }
        }
        let systems = self.entries.iter().zip(&seeded).map(|(entry, runs)| StudySystem {
            name: entry.name.clone(),
            role: entry.role,
            runs: runs.runs(),
            mrr: runs.spread(Measure::Mrr),
            dcg: runs.spread(Measure::Dcg),
            recall_at_10: runs.spread(Measure::RecallAt10),
            median_rank: runs.spread(Measure::MedianRank),
        });
        Ok(StudyDirection {
            direction,
            queries: first.values().len(),
            candidates: first.candidates(),
            systems: systems.collect(),
            comparisons: self.comparisons(&seeded),
        })
    }

    /// Every system less the reference, corrected among those of its role.
    fn comparisons(&self, seeded: &[Seeded<'_>]) -> Vec<StudyComparison> {
        let others = self.entries.iter().zip(seeded).enumerate();
        let mut all: Vec<StudyComparison> = others
            .filter(|(at, _)| *at != self.reference)
            .map(|(_, (entry, runs))| {
                let [mrr, dcg, recall_at_10] = runs.less(&seeded[self.reference]);
                let (system, role) = (entry.name.clone(), entry.role);
                StudyComparison { system, role, comparisons: 0, mrr, dcg, recall_at_10 }
            })
            .collect();
        for role in [Role::Model, Role::Baseline] {
            let mut family: Vec<&mut StudyComparison> =
                all.iter_mut().filter(|comparison| comparison.role == role).collect();
            correct(&mut family);
        }
        all
    }
}

/// Corrects the comparisons of one role, each measure by itself.
fn correct(family: &mut [&mut StudyComparison]) {
    let measures: [fn(&mut StudyComparison) -> &mut SeededDifference; 3] =
        [|c| &mut c.mrr, |c| &mut c.dcg, |c| &mut c.recall_at_10];
    for measure in measures {
        let p: Vec<f64> = family.iter_mut().map(|comparison| measure(comparison).p).collect();
        for (comparison, p) in family.iter_mut().zip(holm(&p)) {
            measure(comparison).p_holm = p;
        }
    }
    let comparisons = family.len();
    family.iter_mut().for_each(|comparison| comparison.comparisons = comparisons);
}
