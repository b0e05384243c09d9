//! The components of the training melodies' grams.

use model::{GramComponents, MelodyTower, SparseRows};
use rayon::prelude::*;
use tokens::Tokens;

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
    let works: Vec<SparseRows> = train.par_iter().map(|work| of(experiment, work)).collect();
    let fitted = GramComponents::fit(&works, config, experiment.seed).map_err(|error| {
        Error::value("melody.grams.components", &format!("are too many here: {error}"))
    })?;
    Ok(tower.set_grams(fitted)?)
}

/// The mean over each work's settings of a tower's components of grams, (N, K); nothing where it reads none.
pub(crate) fn means(experiment: &Experiment, works: &[Example], tower: &MelodyTower) -> Vec<f32> {
    let Some(components) = tower.grams() else { return Vec::new() };
    let mean = |work: &Example| {
        let (all, count) = (components.of(&of(experiment, work)), work.settings.len());
        crate::components::mean(&all, count)
    };
    works.par_iter().flat_map_iter(mean).collect()
}

/// The grams of each setting of a work.
fn of(experiment: &Experiment, work: &Example) -> SparseRows {
    experiment.melody.reading().grams(&work.settings.iter().collect::<Vec<&Tokens>>())
}
