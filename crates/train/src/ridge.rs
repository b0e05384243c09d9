//! Linear towers in closed form: the title tower is a ridge regression from titles to melodies.
//!
//! A melody becomes the whitened principal components of what the frozen language model makes of it and of its grams, and
//! the values of its header, each less its mean and over the root of its frequency. The title tower foretells that
//! vector, from words and n-grams and from how near the title's sentence vector is to those of the training titles; a
//! pair is the better, the nearer the two are.

mod melodies;
mod titles;

use model::{Lift, LinearLayer, Towers};

use crate::data::Dataset;
use crate::foundation::Seen;
use crate::{Error, Experiment, grams};
use melodies::Melodies;
use titles::Titles;

/// How much longer than the longest training vector the radii of the spheres are.
const ROOM: f32 = 1.5;

/// Half the square of what a title foretells comes off its products: titles are ranked by their distance.
const TITLE_PENALTY: f32 = 0.5;

/// Sets both towers to the ridge regression over the training works, of which the towers have `seen` what is given.
///
/// # Errors
/// When the towers are not linear.
pub(crate) fn fit(
    experiment: &Experiment,
    (data, seen): (&Dataset, &Seen),
    towers: &mut Towers,
) -> Result<(), Error> {
    let Some(ridge) = &experiment.ridge else { return Ok(()) };
    let grams = grams::means(experiment, &data.train, &towers.melody);
    let melodies = Melodies::new((ridge, &experiment.melody.header), (data, seen, grams))?;
    let targets = melodies.targets();
    let k = melodies.width();
    let titles = Titles::new(experiment.title.buckets, &data.train, (ridge, &seen.sentences));
    let weights = titles.features.fit(&targets, ridge.penalty);
    let lift = lift(&titles.features.predict(&weights, k), (k, TITLE_PENALTY));
    towers.title.set_linear(titles.layers((weights, k), lift))?;
    let lift = self::lift(&targets, (k, ridge.melody_penalty));
    let (header, weight, bias) = melodies.layers();
    Ok(towers.melody.set_linear(header, LinearLayer { weight, bias, lift })?)
}

/// A sphere for vectors, (N, K), with [`ROOM`] for longer ones.
fn lift(vectors: &[f32], (k, penalty): (usize, f32)) -> Lift {
    Lift { radius: ROOM * Lift::least_radius(longest(vectors, k), penalty), penalty }
}

/// The greatest squared length of the vectors, (N, K).
fn longest(vectors: &[f32], k: usize) -> f32 {
    let squares = vectors.chunks_exact(k).map(|row| row.iter().map(|x| x * x).sum::<f32>());
    squares.fold(f32::MIN_POSITIVE, f32::max)
}
