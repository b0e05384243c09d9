//! All runs of a study judged on the same works, beside the same baselines.

use std::path::{Path, PathBuf};

use retrieval::report::{BothWays, Entry, Role, StudyReport, StudySettings};
use retrieval::{Bootstrap, Truth};
use serde::{Deserialize, Serialize};

use super::config::FusedArms;
use super::workers::side_by_side;
use super::{News, Study, StudyPlace, StudyRun, StudyWatch, study_files};
use crate::baselines::baselines;
use crate::{Error, Experiment, RunDir, Side, load_data, score};

/// A study's report, with what made it: the content of `study.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyVerdict {
    /// Every arm was trained once with each.
    pub seeds: Vec<u64>,
    /// Hash of the corpus.
    pub corpus: String,
    /// Commit of the program that trained the first run.
    pub commit: String,
    /// Machine on which the first run was begun.
    pub machine: String,
    /// Seconds of training, of all runs together.
    pub seconds: f64,
    /// The experiments that were compared, but for their seeds.
    pub arms: Vec<ArmVerdict>,
    /// The fusions that were compared with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fusions: Vec<FusedArms>,
    /// All numbers.
    pub report: StudyReport,
}

/// An arm of a study that was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmVerdict {
    /// Its name.
    pub name: String,
    /// Its seeds, where they are not the study's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<Vec<u64>>,
    /// What was trained, but for the seed.
    pub experiment: Experiment,
}

impl Study {
    /// That no arm learns from the works of a side, by which it could not be judged; to be asked before hours of training.
    ///
    /// # Errors
    /// Names the arm.
    pub fn check_side(&self, side: Side) -> Result<(), Error> {
        let mut arms = self.config.arms.iter().zip(&self.experiments);
        let Some((arm, _)) = arms.find(|(_, experiment)| side.is_learned(experiment)) else {
            return Ok(());
        };
        let why = format!(
            "has the arm `{}` learn from the validation works too: judge the study on the test works",
            arm.name
        );
        Err(Error::value("training.refit", &why))
    }

    /// Judges all runs and fusions on the works of a side, without writing anything.
    ///
    /// # Errors
    /// As [`Study::check_side`]; when a run is not finished, is of another corpus than the others, or lacks a file; when the
    /// arms were judged on different works; when it is asked to stop.
    pub fn judge(
        &self,
        place: &StudyPlace<'_>,
        side: Side,
        watch: &dyn StudyWatch,
    ) -> Result<StudyVerdict, Error> {
        self.check_side(side)?;
        let runs = self.runs(place.folder);
        let manifests = runs.iter().map(finished).collect::<Result<Vec<_>, _>>()?;
        let first = &manifests[0];
        if let Some(other) = manifests.iter().position(|m| m.corpus != first.corpus) {
            let advice = format!("was made from another corpus than {}", runs[0].name);
            return Err(Error::damaged(&runs[other].path, advice));
        }
        let entries = self.entries(&runs, (place, side), watch)?;
        let candidates = entries[0].runs[0].to_title.candidates();
        let settings = StudySettings {
            name: format!("{}, {}", self.config.name, side.name()),
            reference: self.config.reference.clone(),
            bootstrap: Bootstrap::new(self.config.resamples, 1, 0.95)?,
            pooled: candidates != entries[0].runs[0].to_title.values().len(),
        };
        let arms = self.config.arms.iter().zip(&self.experiments);
        Ok(StudyVerdict {
            seeds: self.config.seeds.clone(),
            corpus: first.corpus.clone(),
            commit: first.commit.clone(),
            machine: first.machine.clone(),
            seconds: manifests.iter().map(|manifest| manifest.seconds).sum(),
            arms: arms
                .map(|(arm, experiment)| ArmVerdict {
                    name: arm.name.clone(),
                    seeds: arm.seeds.clone(),
                    experiment: experiment.clone(),
                })
                .collect(),
            fusions: self.config.fusions.clone(),
            report: StudyReport::new(settings, &entries)?,
        })
    }

    /// The outcomes of the runs of every arm and every fusion, and of the baselines.
    fn entries(
        &self,
        runs: &[StudyRun],
        (place, side): (&StudyPlace<'_>, Side),
        watch: &dyn StudyWatch,
    ) -> Result<Vec<Entry>, Error> {
        let arms = self.config.arms.len();
        let fusions = self.fusions(place.folder);
        let trained = runs.iter().map(|run| (run.arm, &run.name, &run.path));
        let fused = fusions.iter().map(|made| (arms + made.fusion, &made.name, &made.path));
        let judged: Vec<(usize, &String, &PathBuf)> = trained.chain(fused).collect();
        let scored = side_by_side(place.jobs, &judged, |&(_, name, path)| {
            if watch.should_stop() {
                return Err(Error::Stopped);
            }
            let scored = self.outcome(path, side)?;
            watch.tell(name, News::Scored);
            Ok(scored)
        })?;
        let scored: Vec<Scored> = scored.into_iter().collect::<Result<_, _>>()?;
        if let Some(other) = scored.iter().position(|run| run.works != scored[0].works) {
            let advice = format!(
                "is judged on other works than {}, so that the two cannot be compared; let their arms agree in split \
                 and corpus",
                judged[0].1
            );
            return Err(Error::damaged(judged[other].2, advice));
        }
        let names = self.config.arms.iter().map(|arm| &arm.name);
        let names = names.chain(self.config.fusions.iter().map(|fusion| &fusion.name));
        let mut entries: Vec<Entry> = names
            .map(|name| Entry { name: name.clone(), role: Role::Model, runs: Vec::new() })
            .collect();
        for ((system, ..), scored) in judged.into_iter().zip(scored) {
            entries[system].runs.push(scored.outcomes);
        }
        entries.extend(self.baselines(runs, side)?);
        Ok(entries)
    }

    fn outcome(&self, run: &Path, side: Side) -> Result<Scored, Error> {
        let scores = score(&RunDir::open(run)?, side)?;
        let works = scores.queries().to_vec();
        let truth = Truth::diagonal(works.len());
        Ok(Scored { outcomes: BothWays::new(&scores, &truth, self.pool(works.len()))?, works })
    }

    /// Those of the reference's first run, but for chance, which every table has exactly.
    fn baselines(&self, runs: &[StudyRun], side: Side) -> Result<Vec<Entry>, Error> {
        let reference = |run: &&StudyRun| self.config.arms[run.arm].name == self.config.reference;
        let Some(run) = runs.iter().find(reference) else { return Ok(Vec::new()) };
        let dir = RunDir::open(&run.path)?;
        let data = load_data(&dir, &dir.experiment()?)?;
        let examples = side.examples(&data);
        let truth = Truth::diagonal(examples.len());
        let systems = baselines(&data, examples)?.into_iter().filter(|s| s.name != "chance");
        systems
            .map(|system| {
                let outcomes = BothWays::new(&system.scores, &truth, self.pool(examples.len()))?;
                // An arm may be called like a baseline.
                let name = format!("{} (baseline)", system.name);
                Ok(Entry { name, role: Role::Baseline, runs: vec![outcomes] })
            })
            .collect()
    }

    /// The size of the pools, where there are more works than that.
    fn pool(&self, works: usize) -> Option<usize> {
        let pool = self.config.pool;
        (pool > 1 && pool < works).then_some(pool)
    }
}

/// What a run achieved, and on which works.
struct Scored {
    works: Vec<String>,
    outcomes: BothWays,
}

/// The manifest of a finished run.
fn finished(run: &StudyRun) -> Result<crate::Manifest, Error> {
    let manifest = RunDir::open(&run.path)?.manifest()?;
    match manifest.finished {
        true => Ok(manifest),
        false => Err(Error::damaged(&run.path, "is not finished; let the study go on first")),
    }
}

impl StudyVerdict {
    /// The verdict as a page of Markdown.
    pub fn to_markdown(&self) -> String {
        let seeds: Vec<String> = self.seeds.iter().map(u64::to_string).collect();
        format!(
            "{}\nCorpus hash `{}`; seeds {}; commit {}; {:.0} s of training in all; {}.\n",
            self.report.to_markdown(),
            self.corpus,
            seeds.join(", "),
            self.commit,
            self.seconds,
            self.machine
        )
    }

    /// Writes the [`study_files`] into the study's folder, each whole or not at all.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(study_files::VERDICT);
        let mut json = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::damaged(&path, error.to_string()))?;
        json.push(b'\n');
        let contents = [
            (study_files::PAGE, self.to_markdown().into_bytes()),
            (study_files::TABLE, self.report.to_csv().into_bytes()),
            (study_files::PICTURE, self.report.to_svg().into_bytes()),
            (study_files::VERDICT, json),
        ];
        for (name, bytes) in contents {
            let path = folder.join(name);
            corpus::atomic_write(&path, |out| {
                out.write_all(&bytes).map_err(|source| Error::io(&path, source))
            })?;
        }
        Ok(())
    }
}
