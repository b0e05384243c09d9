//! Where the validation works lay at each look of a training: maps that follow each other.

use retrieval::Vectors;
use retrieval::picture::{Aspect, Picture, View};

use super::layout::{Earlier, lay_out};
use super::{aspects, point};
use crate::looks::{self, LookVectors};
use crate::run::files;
use crate::{Error, RunDir, load_data};

/// Maps of a run's validation works, the views of one step after those of the step before.
#[derive(Clone, Debug)]
pub struct MappedSteps {
    /// Points, classes and maps.
    pub picture: Picture,
}

/// Maps the validation works at every look of a run's training; each map starts where the works were at the look before and
/// is brought back there. `say` hears what is being done.
///
/// # Errors
/// When the run kept no vectors, lacks a file or one is damaged, or there are fewer than 4 works.
pub fn map_steps(run: &RunDir, seed: u64, say: &mut dyn FnMut(&str)) -> Result<MappedSteps, Error> {
    let steps = looks::steps(run)?;
    if steps.is_empty() {
        let advice = "is not there: train the run anew, and its vectors are kept at every look";
        return Err(Error::damaged(&run.file(files::LOOKS), advice));
    }
    let data = load_data(run, &run.experiment()?)?;
    let points: Vec<_> = data.validation.iter().map(point).collect();
    let aspects = aspects(&data).map(|labels| Aspect::new(&labels.name, &labels.of.validation));
    let empty = Picture {
        name: format!("{}, validation works over the training", run.name()),
        points,
        aspects: aspects.to_vec(),
        views: Vec::new(),
    };
    let mut picture = empty.clone();
    let mut earlier: Option<Earlier> = None;
    for step in steps {
        let look = LookVectors::read(run, step)?;
        check((run, step), &look, picture.points.len())?;
        let mut say = |what: &str| say(&format!("step {step}: {what}"));
        let views = at(&look, (seed, earlier.as_ref()), &mut say)?;
        picture.views.extend(views.iter().cloned().map(|view| View { step: Some(step), ..view }));
        earlier = Some(Earlier::new(Picture { views, ..empty.clone() }, &empty.points));
    }
    Ok(MappedSteps { picture })
}

/// That a look is of the works that the run has.
fn check((run, step): (&RunDir, u64), look: &LookVectors, works: usize) -> Result<(), Error> {
    let values = works * look.dim;
    if look.melody.len() == values && look.title.len() == values {
        return Ok(());
    }
    let why = format!("step {step} has not one vector for each of {works} validation works");
    Err(Error::damaged(&run.file(files::LOOKS), why))
}

/// The maps of one look.
fn at(
    look: &LookVectors,
    (seed, earlier): (u64, Option<&Earlier>),
    say: &mut dyn FnMut(&str),
) -> Result<Vec<View>, Error> {
    let mut views = Vec::new();
    for (name, values) in [("melody", &look.melody), ("title", &look.title)] {
        let vectors = Vectors::new(look.dim, values)?;
        let found = lay_out((name, vectors), (seed, earlier), say)?;
        views.extend(found.into_iter().map(|(view, _)| view));
    }
    Ok(views)
}

impl MappedSteps {
    /// Writes `map-steps.json` and `map-steps.html` into the run.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, run: &RunDir) -> Result<(), Error> {
        run.write_json(files::MAP_STEPS, &self.picture)?;
        let remarks = "Each map starts where the works were at the look before, and is turned, scaled and moved to lie \
                       nearest to it, so that what moves has moved among its neighbours.";
        run.write(files::MAP_STEPS_PAGE, self.picture.to_html(&[], remarks)?.as_bytes())
    }
}
