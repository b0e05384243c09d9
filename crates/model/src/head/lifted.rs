//! A linear head whose products are kept: vectors of any length are lifted to a sphere, one dimension up.
//!
//! A ridge regression from titles to melodies ranks by y · p - |p|²/2 for a melody y and what a title foretells, p: the
//! less the squared distance, the better. Search by cosines wants unit vectors. A melody becomes (y, 1, m, 0) and a title
//! (p, -|p|²/2, 0, t), each over its side's radius, where m and t are what is missing to the radius: the cosine is that
//! rank's product over both radii, so the order is the same in both directions.

use rand::Rng;

use super::{HeadConfig, Side};
use crate::linear::Linear;
use crate::param::parameters;

/// How many dimensions the vectors of linear towers have beside those that they compute.
pub const LIFT: usize = 3;

/// The linear layer and the lift.
#[derive(Clone, Debug)]
pub(crate) struct Lifted {
    linear: Linear,
    side: Side,
    /// The length of what is scaled to a unit vector; longer ones are cut to it.
    radius: f32,
}

parameters!(Lifted: linear);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct LiftedTape {
    features: Vec<f32>,
    /// Before the lift, cut to the radius, (B, D - 3).
    plain: Vec<f32>,
    /// The unit vectors, (B, D).
    output: Vec<f32>,
    grads: [Vec<f32>; 2],
}

impl LiftedTape {
    /// The unit vectors, (B, D).
    pub(super) fn output(&self) -> &[f32] {
        &self.output
    }
}

impl Lifted {
    pub(super) fn new(config: &HeadConfig, rng: &mut impl Rng) -> Self {
        let linear = Linear::new((config.output - LIFT, config.input), rng);
        Lifted { linear, side: config.side, radius: config.radius }
    }

    /// Sets what the layer computes: `weight` (D - 3, I), `bias` (D - 3).
    pub(super) fn set(&mut self, weight: Vec<f32>, bias: Vec<f32>, radius: f32) {
        self.linear.set(weight, bias);
        self.radius = radius;
    }

    pub(super) fn forward(&self, features: &[f32], tape: &mut LiftedTape) {
        tape.features.clear();
        tape.features.extend_from_slice(features);
        self.linear.forward(features, &mut tape.plain);
        let plain = self.linear.outputs();
        tape.output.resize(tape.plain.len() / plain * (plain + LIFT), 0.0);
        let rows = tape.plain.chunks_exact_mut(plain);
        for (x, out) in rows.zip(tape.output.chunks_exact_mut(plain + LIFT)) {
            self.cut(x);
            out[..plain].copy_from_slice(x);
            let square = length_squared(x);
            let (added, missing) = match self.side {
                Side::Melody => (1.0, 1),
                Side::Title => (-square / 2.0, 2),
            };
            let rest = self.radius * self.radius - square - added * added;
            out[plain..].fill(0.0);
            out[plain] = added;
            out[plain + missing] = rest.max(0.0).sqrt();
            out.iter_mut().for_each(|x| *x /= self.radius);
        }
    }

    /// Shortens a vector that would leave the sphere.
    fn cut(&self, x: &mut [f32]) {
        let (square, radius) = (length_squared(x), self.radius * self.radius);
        let most = match self.side {
            Side::Melody => radius - 1.0,
            // s + s²/4 = R², solved for s.
            Side::Title => 2.0 * ((1.0 + radius).sqrt() - 1.0),
        };
        if square > most {
            let shrink = (most / square).sqrt();
            x.iter_mut().for_each(|x| *x *= shrink);
        }
    }

    /// Takes the gradient of the unit vectors, (B, D), back; returns that of the features, (B, I). What is missing to
    /// the radius is no part of any product with the other side, and a cut is taken as a constant.
    pub(super) fn backward<'t>(&mut self, grad: &[f32], tape: &'t mut LiftedTape) -> &'t [f32] {
        let plain = self.linear.outputs();
        let [of_plain, of_features] = &mut tape.grads;
        of_plain.clear();
        for (grad, x) in grad.chunks_exact(plain + LIFT).zip(tape.plain.chunks_exact(plain)) {
            let through = match self.side {
                Side::Melody => 0.0,
                Side::Title => -grad[plain],
            };
            let each = grad[..plain].iter().zip(x);
            of_plain.extend(each.map(|(grad, x)| (grad + through * x) / self.radius));
        }
        self.linear.backward(&tape.features, of_plain, of_features);
        of_features
    }
}

fn length_squared(x: &[f32]) -> f32 {
    x.iter().map(|x| x * x).sum()
}
