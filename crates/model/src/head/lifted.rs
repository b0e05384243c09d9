//! A linear head whose products are kept: vectors of any length are lifted to a sphere, four dimensions up.
//!
//! A ridge regression from titles to melodies ranks by y · p - |p|²/2 for a melody y and what a title foretells, p: the
//! less the squared distance, the better the title. Among the melodies of one title the longest, those of rare kinds, would
//! come first by their length alone, so that y · p - |p|²/2 - λ|y|² is what ranks here. Search by cosines wants unit vectors.
//! A melody becomes (y, 1, -λ|y|², m, 0) and a title (p, -|p|²/2, 1, 0, t), each over its side's radius, where m and t are
//! what is missing to the radius: the cosine is that rank's product over both radii.

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{HeadConfig, Side};
use crate::linear::Linear;
use crate::param::parameters;

/// How many dimensions the vectors of linear towers have beside those that they compute.
pub const LIFT: usize = 4;

/// How a linear tower lifts what it computes to a sphere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lift {
    /// The radius of the sphere; longer vectors are cut to it.
    pub radius: f32,
    /// What a vector's squared length takes off all its products with the other side, 0 or more.
    pub penalty: f32,
}

impl Lift {
    /// Whether there is none: a tower that is not linear.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) fn is_none(&self) -> bool {
        *self == Lift::default()
    }

    /// The least radius for vectors of this squared length at most.
    pub fn least_radius(square: f32, penalty: f32) -> f32 {
        (square + 1.0 + (penalty * square).powi(2)).sqrt()
    }

    /// The greatest squared length of a vector that the sphere holds.
    fn most(self) -> f32 {
        // s + 1 + (λs)² = R², solved for s.
        let room = (self.radius * self.radius - 1.0).max(0.0);
        let root = (1.0 + 4.0 * self.penalty * self.penalty * room).sqrt();
        2.0 * room / (1.0 + root)
    }
}

/// The linear layer and the lift.
#[derive(Clone, Debug)]
pub(crate) struct Lifted {
    linear: Linear,
    side: Side,
    lift: Lift,
}

parameters!(Lifted: linear);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct LiftedTape {
    features: Vec<f32>,
    /// Before the lift, cut to the radius, (B, D - 4).
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
        Lifted { linear, side: config.side, lift: config.lift }
    }

    /// Sets what the layer computes: `weight` (D - 4, I), `bias` (D - 4).
    pub(super) fn set(&mut self, weight: Vec<f32>, bias: Vec<f32>) {
        self.linear.set(weight, bias);
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
            let Lift { radius, penalty } = self.lift;
            let taken = -penalty * square;
            let missing = (radius * radius - square - 1.0 - taken * taken).max(0.0).sqrt();
            out[plain..].copy_from_slice(&match self.side {
                Side::Melody => [1.0, taken, missing, 0.0],
                Side::Title => [taken, 1.0, 0.0, missing],
            });
            out.iter_mut().for_each(|x| *x /= radius);
        }
    }

    /// Shortens a vector that would leave the sphere.
    fn cut(&self, x: &mut [f32]) {
        let (square, most) = (length_squared(x), self.lift.most());
        if square > most {
            let shrink = (most / square).sqrt();
            x.iter_mut().for_each(|x| *x *= shrink);
        }
    }

    /// Takes the gradient of the unit vectors, (B, D), back; returns that of the features, (B, I). What is missing to
    /// the radius is no part of any product with the other side, and a cut is taken as a constant.
    pub(super) fn backward<'t>(&mut self, grad: &[f32], tape: &'t mut LiftedTape) -> &'t [f32] {
        let plain = self.linear.outputs();
        let taken = match self.side {
            Side::Melody => plain + 1,
            Side::Title => plain,
        };
        let [of_plain, of_features] = &mut tape.grads;
        of_plain.clear();
        for (grad, x) in grad.chunks_exact(plain + LIFT).zip(tape.plain.chunks_exact(plain)) {
            let through = -2.0 * self.lift.penalty * grad[taken];
            let each = grad[..plain].iter().zip(x);
            of_plain.extend(each.map(|(grad, x)| (grad + through * x) / self.lift.radius));
        }
        self.linear.backward(&tape.features, of_plain, of_features);
        of_features
    }
}

fn length_squared(x: &[f32]) -> f32 {
    x.iter().map(|x| x * x).sum()
}
