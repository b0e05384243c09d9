//! The components of the training melodies' grams.

use model::{GramComponents, MelodyTower, SparseRows};
use tokens::Tokens;

use crate::components::mean;
use crate::data::Example;
use crate::{Error, Experiment};

/// Has a tower read the components of the grams of the training works, where it is to.
///
/// # Errors
/// When the works are too few for so many components.
pub(crate) fn fit(
    experiment: &Experiment,
    train: &[Example],
    tower: &mut MelodyTower,
) -> Result<(), Error> {
    let Some(config) = experiment.melody.grams else { return Ok(()) };
    let (grams, settings) = of(experiment, train);
    let fitted =
        GramComponents::fit(grams, &settings, config, experiment.seed).map_err(|error| {
            Error::value("melody.grams.components", &format!("are too many here: {error}"))
        })?;
    Ok(tower.set_grams(fitted)?)
}

/// The mean over each work's settings of a tower's components of grams, (N, K); nothing where it reads none.
pub(crate) fn means(experiment: &Experiment, works: &[Example], tower: &MelodyTower) -> Vec<f32> {
    let Some(components) = tower.grams() else { return Vec::new() };
    let (grams, settings) = of(experiment, works);
    let all = components.of(&grams);
    let width = all.len() / grams.len().max(1);
    let mut rest = &all[..];
    let take = |count: usize| {
        let (own, others) = rest.split_at(count * width);
        rest = others;
        mean(own, count)
    };
    settings.into_iter().flat_map(take).collect()
}

/// The grams of all settings, work after work, and how many settings each work has.
fn of(experiment: &Experiment, works: &[Example]) -> (SparseRows, Vec<usize>) {
    let settings: Vec<&Tokens> = works.iter().flat_map(|work| &work.settings).collect();
    let counts = works.iter().map(|work| work.settings.len()).collect();
    (experiment.melody.reading().grams(&settings), counts)
}
