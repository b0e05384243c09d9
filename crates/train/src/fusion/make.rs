//! From runs to a run of their fusion.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use corpus::{Corpus, Split, Work};
use model::Shared;
use rayon::prelude::*;
use retrieval::fusion::{Spread, achieved, choose_weights, weighted_sum};
use retrieval::{Scores, Truth};

use crate::baselines::{DANCE_TYPE_ONLY, Evidence, HEADER, HEADER_ONLY, NAMES};
use crate::data::{Dataset, Example, settings};
use crate::fusion::folder::{complete, write_member};
use crate::fusion::{
    Cohort, FusionConfig, MemberRecipe, Method, Normalisation, Part, Recipe, Rule, Weighting,
};
use crate::run::files;
use crate::scorer::{Header, Member, Readings, read};
use crate::sentence::SentenceEncoders;
use crate::{Error, Experiment, RunDir, RunKind, dataset};

/// What a fusion is called in its reports.
pub(crate) const NAME: &str = "fusion";

/// Fuses trained runs into a new one at `path`, whole or not at all. It holds all that it needs of them.
///
/// # Errors
/// When `path` is taken, a run trained no towers or lacks a file, the runs are of different corpora or splits, fewer than
/// two members come together, or a file cannot be written.
pub fn fuse(runs: &[RunDir], config: &FusionConfig, path: &Path) -> Result<RunDir, Error> {
    let began = Instant::now();
    RunDir::check_free(path)?;
    let [first, others @ ..] = runs else { return Err(too_few()) };
    let experiment = first.experiment()?;
    check_same(first, others)?;
    if let Some(run) = runs.iter().find(|run| run.experiment().is_ok_and(|e| e.training.refit)) {
        let advice = "learned from the validation works too (training.refit), by which runs are weighed: fuse it with the \
                      weights of another fusion (--like)";
        return Err(Error::damaged(run.path(), advice));
    }
    let loaded = first.works(&experiment.corpus)?;
    let mut data = dataset(first, &experiment, &loaded)?;
    let mut members = towers(runs)?;
    if config.classifiers {
        members.extend(headers(&data)?);
    }
    if members.len() < 2 {
        return Err(too_few());
    }
    let all: Vec<&Member> = members.iter().map(|(_, member)| member).collect();
    let readings = works(&all, &loaded.corpus, &mut data.validation);
    let alike = alike(runs, members.len())?;
    let (parts, recipe) =
        weigh(members, &alike, (&data.validation, &readings), (config, &experiment))?;
    RunDir::create(path, |run| {
        for (place, (part, member)) in parts.iter().zip(&recipe.members).enumerate() {
            let folder = RunDir::at(run.member(&member.name));
            write_member(&folder, part, runs.get(place))?;
        }
        complete(run, first, (&recipe, began))
    })
}

fn too_few() -> Error {
    let advice = "a fusion needs two members or more: name another run, or add --classifiers";
    Error::Config(advice.to_owned())
}

/// That all runs were made from one corpus, shared out in one way.
pub(super) fn check_same(first: &RunDir, others: &[RunDir]) -> Result<(), Error> {
    let (hash, split) = (first.manifest()?.corpus, first.read_json::<Split>(files::SPLIT)?);
    for run in others {
        run.expect(RunKind::Towers)?;
        let same_corpus = run.manifest()?.corpus == hash;
        if !same_corpus || run.read_json::<Split>(files::SPLIT)? != split {
            let what = if same_corpus {
                "shares out the corpus otherwise"
            } else {
                "was made from another corpus"
            };
            let advice = format!(
                "{what} than {}; what one learned from, the other would be judged on: fuse runs of one corpus and one \
                 [split]",
                first.path().display()
            );
            return Err(Error::damaged(run.path(), advice));
        }
    }
    Ok(())
}

/// The towers of each run, named after its folder.
fn towers(runs: &[RunDir]) -> Result<Vec<(String, Member)>, Error> {
    let mut taken: HashSet<String> = NAMES.map(folder_name).into();
    taken.insert(NAME.to_owned());
    let mut members = Vec::with_capacity(runs.len());
    let mut encoders = SentenceEncoders::default();
    for run in runs {
        let folder = run.path().file_name().unwrap_or(run.path().as_os_str()).to_string_lossy();
        let mut name = folder.to_string();
        let mut number = 2;
        while !taken.insert(folder_name(&name)) {
            name = format!("{folder}-{number}");
            number += 1;
        }
        members.push((name, Member::Towers(Arc::new(run.embedder_among(&mut encoders)?))));
    }
    Ok(members)
}

/// Which members count alike, group by group: the runs of one config that differ in the seed alone; all others by themselves.
fn alike(runs: &[RunDir], members: usize) -> Result<Vec<Vec<usize>>, Error> {
    let mut groups: Vec<(Experiment, Vec<usize>)> = Vec::new();
    for (place, run) in runs.iter().enumerate() {
        let experiment = Experiment { seed: 0, ..run.experiment()? };
        match groups.iter_mut().find(|(other, _)| *other == experiment) {
            Some((_, group)) => group.push(place),
            None => groups.push((experiment, vec![place])),
        }
    }
    let classifiers = (runs.len()..members).map(|place| vec![place]);
    Ok(groups.into_iter().map(|(_, group)| group).chain(classifiers).collect())
}

fn folder_name(name: &str) -> String {
    name.replace(' ', "-")
}

/// The classifiers from titles to the dance type, and to the header.
fn headers(data: &Dataset) -> Result<Vec<(String, Member)>, Error> {
    let mut members = Vec::new();
    for (name, features) in [(DANCE_TYPE_ONLY, &HEADER[..1]), (HEADER_ONLY, &HEADER[..])] {
        let fits = features.iter().filter_map(|&feature| Evidence::fit(data, feature).transpose());
        let evidence = fits.collect::<Result<Vec<Evidence>, Error>>()?;
        if !evidence.is_empty() {
            let vocabulary = data.vocabulary.clone();
            members.push((name.to_owned(), Member::Header(Header { vocabulary, evidence })));
        }
    }
    Ok(members)
}

/// How all members read the works; works that one of them cannot read are taken out of `examples`.
pub(crate) fn works(
    members: &[&Member],
    corpus: &Corpus,
    examples: &mut Vec<Example>,
) -> Vec<Readings> {
    let ids: HashSet<&str> = examples.iter().map(|example| example.id.as_str()).collect();
    let found = corpus.works.par_iter().filter(|work| ids.contains(work.id.as_str()));
    let read = |work: &Work| {
        let readings = settings(work).find_map(|tune| read(members.iter().copied(), &tune))?;
        Some((work.id.clone(), readings))
    };
    let mut known: std::collections::HashMap<String, Readings> = found.filter_map(read).collect();
    let mut readings = Vec::with_capacity(examples.len());
    examples.retain(|example| {
        let found = known.remove(&example.id);
        let there = found.is_some();
        readings.extend(found);
        there
    });
    readings
}

/// The members with their weights, found on the validation works.
fn weigh(
    members: Vec<(String, Member)>,
    alike: &[Vec<usize>],
    (examples, readings): (&[Example], &[Readings]),
    (config, experiment): (&FusionConfig, &Experiment),
) -> Result<(Vec<Part>, Recipe), Error> {
    let ids: Vec<String> = examples.iter().map(|example| example.id.clone()).collect();
    let titles = crate::evaluate::titles(examples);
    let pairing = retrieval::baseline::Pairing { melodies: &ids, titles: &ids };
    let (mut parts, mut comparable) = (Vec::new(), Vec::new());
    let mut shared = Shared::default();
    for (place, (name, member)) in members.into_iter().enumerate() {
        let vectors = member.vectors(&Readings::of(readings, place), &titles, Some(&mut shared))?;
        let scores = member.scores(&pairing, &vectors)?;
        let rule = match (config.method, config.normalisation) {
            (Method::ReciprocalRank, _) => Rule::Ranks,
            (Method::ZNorm, Normalisation::Both) => Rule::Both(Box::new(Cohort::new(&vectors))),
            (Method::ZNorm, Normalisation::All) => {
                Rule::All(Spread::of(scores.values().iter().copied()))
            }
        };
        comparable.push(rule.comparable(&scores, &vectors)?);
        parts.push(Part { name, member, rule, weight: 0.0 });
    }
    let truth = Truth::diagonal(examples.len());
    let (weights, validation) = weights(&comparable, alike, &truth, config)?;
    let mut recipe = Recipe {
        method: config.method,
        normalisation: config.normalisation,
        weighting: config.weighting,
        objective: config.objective,
        like: None,
        validation,
        seed: experiment.seed,
        evaluation: experiment.evaluation.clone(),
        members: Vec::new(),
    };
    for ((part, weight), scores) in parts.iter_mut().zip(weights).zip(&comparable) {
        part.weight = weight;
        let alone = achieved(std::slice::from_ref(scores), &[1.0], &truth, config.objective)?;
        recipe.members.push(part.recipe(alone));
    }
    Ok((parts, recipe))
}

/// The members' weights, and what they achieve on the validation works. What a group is given is shared out alike in it.
fn weights(
    comparable: &[Scores],
    alike: &[Vec<usize>],
    truth: &Truth,
    config: &FusionConfig,
) -> Result<(Vec<f64>, f64), Error> {
    let weights = match config.weighting {
        Weighting::Chosen => {
            let mean = |group: &Vec<usize>| {
                let members: Vec<Scores> =
                    group.iter().map(|&place| comparable[place].clone()).collect();
                weighted_sum(&members, &vec![1.0 / group.len() as f64; group.len()])
            };
            let means = alike.iter().map(mean).collect::<Result<Vec<Scores>, _>>()?;
            let chosen = choose_weights(&means, truth, config.objective)?;
            let mut weights = vec![0.0; comparable.len()];
            for (group, weight) in alike.iter().zip(chosen.weights) {
                for &place in group {
                    weights[place] = weight / group.len() as f64;
                }
            }
            weights
        }
        Weighting::Equal => vec![1.0 / comparable.len() as f64; comparable.len()],
    };
    let value = achieved(comparable, &weights, truth, config.objective)?;
    Ok((weights, value))
}

impl Part {
    fn recipe(&self, validation: f64) -> MemberRecipe {
        MemberRecipe {
            name: self.name.clone(),
            weight: self.weight,
            validation,
            classifiers: match &self.member {
                Member::Towers(_) => Vec::new(),
                Member::Header(header) => header.evidence.iter().map(|e| e.feature).collect(),
            },
            spread: match self.rule {
                Rule::All(spread) => Some(spread),
                Rule::Both(_) | Rule::Ranks => None,
            },
        }
    }
}
