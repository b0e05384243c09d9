//! What each part of a run's language model, and the components of its grams, make of works whose header they are not told.

use model::{LanguageModel, LanguageTape, MelodyTower, Reading};
use tokens::{Tokens, Vocabulary};

use super::genre::{Sides, Space};
use crate::data::{Dataset, Example};
use crate::pretrain::tells_header;
use crate::run::files;
use crate::{Error, Experiment, RunDir, grams};

/// Tunes that are read at a time, of about one length.
const BATCH: usize = 64;

/// The vectors of one part: its name, the length of each, one for each work.
type Part = (String, usize, Vec<f32>);

/// A space for each part of the run's language model and one for all of them together; where the run's tower reads grams, one for their
/// components and one for everything: of each work the mean over its settings.
///
/// # Errors
/// When the run has no language model.
pub(super) fn spaces(
    run: &RunDir,
    (experiment, data): (&Experiment, &Dataset),
    tower: &MelodyTower,
) -> Result<Vec<Space>, Error> {
    if !run.file(files::LANGUAGE).is_file() {
        let why = "is not there: only runs with [melody.transfer] have a language model";
        return Err(Error::damaged(&run.file(files::LANGUAGE), why));
    }
    let model = LanguageModel::from_safetensors(&run.read(files::LANGUAGE)?)?;
    let reading = experiment.melody.reading();
    let withheld = reading.notes.iter().copied().filter(|&f| tells_header(f)).collect();
    let reading = Reading { withheld, ..reading };
    let of = |examples: &[Example]| -> Result<Vec<Part>, Error> {
        let mut parts = parts(&model, (&reading, &data.vocabulary), examples)?;
        let components = grams::means(experiment, examples, tower);
        if let (Some(all), false) = (parts.last(), components.is_empty()) {
            let grams = ("grams".to_owned(), components.len() / examples.len(), components);
            let everything = together("language model and grams", &[all, &grams], examples.len());
            parts.extend([grams, everything]);
        }
        Ok(parts)
    };
    let Sides { train, validation, test } =
        Sides { train: of(&data.train)?, validation: of(&data.validation)?, test: of(&data.test)? };
    let sides = train.into_iter().zip(validation).zip(test);
    let space = |((train, validation), test): ((Part, Part), Part)| Space {
        name: train.0,
        dim: train.1,
        vectors: Sides { train: train.2, validation: validation.2, test: test.2 },
    };
    Ok(sides.map(space).collect())
}

/// What each part of a language model makes of works, one vector a work, and all of them together.
fn parts(
    model: &LanguageModel,
    (reading, vocabulary): (&Reading, &Vocabulary),
    examples: &[Example],
) -> Result<Vec<Part>, Error> {
    let owners: Vec<(usize, &Tokens)> = examples
        .iter()
        .enumerate()
        .flat_map(|(work, example)| example.settings.iter().map(move |tune| (work, tune)))
        .collect();
    let mut order: Vec<&(usize, &Tokens)> = owners.iter().collect();
    order.sort_by_key(|(_, tune)| tune.len());
    let (mut parts, mut tape): (Vec<Part>, _) = (Vec::new(), LanguageTape::default());
    for batch in order.chunks(BATCH) {
        let tunes: Vec<&Tokens> = batch.iter().map(|(_, tune)| *tune).collect();
        let layers = model.layers(&reading.batch(vocabulary, &tunes), &mut tape)?;
        if parts.is_empty() {
            let empty = |dim| vec![0.0; examples.len() * dim];
            let dims = layers.iter().map(|layer| (layer.name, layer.vectors.len() / tunes.len()));
            let named = |(name, dim)| (format!("language model: {name}"), dim, empty(dim));
            parts = dims.map(named).collect();
        }
        for ((_, dim, sums), layer) in parts.iter_mut().zip(&layers) {
            for ((work, _), vector) in batch.iter().zip(layer.vectors.chunks_exact(*dim)) {
                let share = 1.0 / examples[*work].settings.len() as f32;
                let sum = &mut sums[work * *dim..][..*dim];
                sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += share * x);
            }
        }
    }
    if parts.len() > 1 {
        let all: Vec<&Part> = parts.iter().collect();
        parts.push(together("language model: all parts", &all, examples.len()));
    }
    Ok(parts)
}

/// Parts side by side, under a name.
fn together(name: &str, parts: &[&Part], works: usize) -> Part {
    let width: usize = parts.iter().map(|(_, dim, _)| dim).sum();
    let mut all = Vec::with_capacity(works * width);
    for work in 0..works {
        parts.iter().for_each(|(_, dim, rows)| all.extend_from_slice(&rows[work * dim..][..*dim]));
    }
    (name.to_owned(), width, all)
}
