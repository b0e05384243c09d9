//! A run judged on works that it has not seen, beside its baselines.

use retrieval::baseline::Pairing;
use retrieval::report::{Evaluation, Report, Role, Settings, System};
use retrieval::{Bootstrap, Embeddings, Scores, Truth, trec};
use tokens::Tokens;

use crate::baselines::baselines;
use crate::data::{Dataset, Example};
use crate::fusion::{self, FusedScores, Fusion, Recipe, works};
use crate::run::files;
use crate::scorer::Member;
use crate::{
    Error, EvaluationConfig, Experiment, RunDir, RunKind, Works, dataset, page, relatives,
};

/// Which works a run is judged on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The works on which choices are made.
    Validation,
    /// The works on which results are reported.
    #[default]
    Test,
}

impl Side {
    /// Its works, as a report calls them.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Validation => "validation works",
            Self::Test => "test works",
        }
    }

    /// Whether an experiment learns from its works.
    pub(crate) fn is_learned(self, experiment: &Experiment) -> bool {
        self == Self::Validation && experiment.training.refit
    }

    /// That a run has not learned from its works.
    pub(crate) fn check(self, run: &RunDir, experiment: &Experiment) -> Result<(), Error> {
        if !self.is_learned(experiment) {
            return Ok(());
        }
        let advice =
            "learned from the validation works too (training.refit): judge it on the test works";
        Err(Error::damaged(run.path(), advice))
    }

    /// Its works.
    pub(crate) fn examples(self, data: &Dataset) -> &[Example] {
        match self {
            Self::Validation => &data.validation,
            Self::Test => &data.test,
        }
    }

    /// The same, to take some out.
    fn examples_mut(self, data: &mut Dataset) -> &mut Vec<Example> {
        match self {
            Self::Validation => &mut data.validation,
            Self::Test => &mut data.test,
        }
    }
}

/// A run's scores of the works of a side, melodies by titles, without baselines: what a study needs of each run.
///
/// # Errors
/// When the run lacks a file or one is damaged.
pub fn score(run: &RunDir, side: Side) -> Result<Scores, Error> {
    Ok(Bench::new(run, side, None)?.model)
}

/// What a run is judged with.
struct Bench {
    data: Dataset,
    /// What the run's own system is called.
    name: &'static str,
    /// Its scores, melodies by titles.
    model: Scores,
    /// What it is made of, where it is made of systems.
    members: Vec<(String, Scores)>,
    evaluation: EvaluationConfig,
    seed: u64,
}

impl Bench {
    fn new(run: &RunDir, side: Side, unlike: Option<f32>) -> Result<Self, Error> {
        if run.manifest()?.kind == RunKind::Fusion {
            return Self::of_fusion(run, side, unlike);
        }
        let experiment = run.experiment()?;
        let data = load(run, &experiment, &run.works(&experiment.corpus)?, (side, unlike))?;
        let model = scores(run, side.examples(&data))?;
        let Experiment { evaluation, seed, .. } = experiment;
        Ok(Self { data, name: "model", model, members: Vec::new(), evaluation, seed })
    }

    /// The works are those of the first member, less those that another cannot read.
    fn of_fusion(run: &RunDir, side: Side, unlike: Option<f32>) -> Result<Self, Error> {
        let (recipe, fusion) = (run.recipe()?, Fusion::open(run)?);
        let first = recipe.members.first().map_or("", |member| &member.name);
        let experiment = RunDir::open(&run.member(first))?.experiment()?;
        let loaded = run.works(&experiment.corpus)?;
        let mut data = load(run, &experiment, &loaded, (side, unlike))?;
        let members: Vec<&Member> = fusion.members().collect();
        let readings = works(&members, &loaded.corpus, side.examples_mut(&mut data));
        let examples = side.examples(&data);
        let ids: Vec<String> = examples.iter().map(|example| example.id.clone()).collect();
        let pairing = Pairing { melodies: &ids, titles: &ids };
        let FusedScores { fused, members } =
            fusion.scores(&pairing, &readings, &titles(examples))?;
        let Recipe { evaluation, seed, .. } = recipe;
        Ok(Self { data, name: fusion::NAME, model: fused, members, evaluation, seed })
    }
}

/// The examples of a run, on the side that is judged without those that are like a training work.
fn load(
    run: &RunDir,
    experiment: &Experiment,
    loaded: &Works,
    (side, unlike): (Side, Option<f32>),
) -> Result<Dataset, Error> {
    side.check(run, experiment)?;
    let mut data = dataset(run, experiment, loaded)?;
    if let Some(from) = unlike {
        let mut kept = std::mem::take(side.examples_mut(&mut data));
        relatives::leave_out(&mut kept, data.learned(&experiment.training), from);
        if kept.len() < 2 {
            let left = format!(
                "{} {} are no nearer than {from} to a training work, and 2 are needed; take a greater cosine",
                kept.len(),
                side.name()
            );
            return Err(Error::Data(left));
        }
        *side.examples_mut(&mut data) = kept;
    }
    Ok(data)
}

/// The cosines of a run's towers for all pairs of the examples.
fn scores(run: &RunDir, examples: &[Example]) -> Result<Scores, Error> {
    let embedder = run.embedder()?;
    let melodies: Vec<&Tokens> = examples.iter().map(Example::query).collect();
    let vectors = (embedder.embed_melodies(&melodies)?, embedder.embed_titles(&titles(examples))?);
    cosines(examples, embedder.output(), vectors)
}

/// Judges a run, without writing anything. With `unlike`, works count alone that share little with any training work: that
/// have a lower cosine of their grams with each setting.
///
/// # Errors
/// When the run lacks a file or one is damaged.
pub fn evaluate(run: &RunDir, side: Side, unlike: Option<f32>) -> Result<Judged, Error> {
    let Bench { data, name, model, members, evaluation, seed } = Bench::new(run, side, unlike)?;
    let examples = side.examples(&data);
    let mut systems = baselines(&data, examples)?;
    for (name, scores) in members {
        // The classifiers of a fusion are baselines anyway.
        if systems.iter().all(|system| system.name != name) {
            systems.push(System { name, role: Role::Baseline, scores });
        }
    }
    let scores = model.clone();
    systems.push(System { name: name.to_owned(), role: Role::Model, scores: model });
    let groups: Vec<String> =
        examples.iter().map(|example| example.dance_type.clone().unwrap_or_default()).collect();
    let pool = evaluation.pool;
    let settings = Settings {
        bootstrap: Bootstrap::new(evaluation.resamples, seed, 0.95)?,
        pool: (pool > 1 && pool < examples.len()).then_some(pool),
    };
    let truth = Truth::diagonal(examples.len());
    let evaluation = Evaluation {
        truth: &truth,
        melody_groups: &groups,
        title_groups: &groups,
        systems: &systems,
    };
    let folder = run.path().file_name().unwrap_or(run.path().as_os_str());
    let those = unlike.map_or_else(String::new, |from| {
        format!(" that are no nearer than {from} to a training work")
    });
    let name = format!("{}, {}{those}", folder.to_string_lossy(), side.name());
    let report = Report::both_ways(&name, &settings, &evaluation)?;
    Ok(Judged { report, scores })
}

/// A run's report, with the scores behind it.
#[derive(Debug)]
pub struct Judged {
    /// The model beside its baselines.
    pub report: Report,
    /// The model's scores, melodies by titles.
    pub scores: Scores,
}

impl Judged {
    /// Writes `report.json`, `report.html`, `run.trec`, `run-titles.trec` and `qrels.trec` into the
    /// run.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, run: &RunDir) -> Result<(), Error> {
        run.write_json(files::REPORT, &self.report)?;
        run.write(files::REPORT_PAGE, page::page(run, self)?.as_bytes())?;
        let truth = Truth::diagonal(self.scores.queries().len());
        let failed = |source| Error::io(run.path(), source);
        let directions =
            [(files::TREC_RUN, &self.scores), (files::TREC_RUN_TITLES, &self.scores.transposed())];
        for (name, scores) in directions {
            let rankings = scores.rank(&truth, scores.candidates().len())?;
            let (mut lines, mut qrels) = (Vec::new(), Vec::new());
            trec::write_run(&mut lines, &rankings, "ganainm").map_err(failed)?;
            run.write(name, &lines)?;
            // The truth is the same both ways: a work's melody and title share its id.
            trec::write_qrels(&mut qrels, &rankings, &truth).map_err(failed)?;
            run.write(files::TREC_QRELS, &qrels)?;
        }
        Ok(())
    }
}

/// Cosines of the examples' melodies with their titles, whose vectors have length `dim`.
pub(crate) fn cosines(
    examples: &[Example],
    dim: usize,
    (melodies, titles): (Vec<f32>, Vec<f32>),
) -> Result<Scores, Error> {
    let ids = || examples.iter().map(|example| example.id.clone()).collect();
    let melodies = Embeddings::new(ids(), dim, melodies)?;
    Ok(Embeddings::new(ids(), dim, titles)?.scores(&melodies)?)
}

/// The names of the examples.
pub(crate) fn titles(examples: &[Example]) -> Vec<&str> {
    examples.iter().map(|example| example.title.as_str()).collect()
}
