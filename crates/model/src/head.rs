//! What both towers end in: from features of any width to a unit vector.

mod lifted;
mod mlp;

use rand::Rng;

use crate::mode::Mode;
use crate::{Error, LinearLayer, Param, Parameters, weights};
pub use lifted::{LIFT, Lift};
use lifted::{Lifted, LiftedTape};
use mlp::{Mlp, MlpTape};

/// Whose head it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Melody,
    Title,
}

/// The sizes of a head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadConfig {
    /// The width of the features.
    pub(crate) input: usize,
    /// The width of the hidden layer; 0 for a linear head.
    pub(crate) hidden: usize,
    /// D, the width of the embedding.
    pub(crate) output: usize,
    /// The rate of dropout before each linear layer.
    pub(crate) dropout: f32,
    /// How a linear head lifts.
    pub(crate) lift: Lift,
    pub(crate) side: Side,
}

impl HeadConfig {
    /// Whether the numbers describe a head.
    pub(crate) fn check(hidden: usize, output: usize) -> Result<(), Error> {
        let least = if hidden == 0 { LIFT + 1 } else { 1 };
        if output >= least {
            return Ok(());
        }
        Err(Error::Config(format!("output has to be at least {least}")))
    }
}

/// A hidden layer, or a linear layer alone.
#[derive(Clone, Debug)]
pub(crate) enum Head {
    Mlp(Box<Mlp>),
    Lifted(Lifted),
}

impl Parameters for Head {
    fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &Param)) {
        match self {
            Head::Mlp(head) => head.visit_at(path, f),
            Head::Lifted(head) => head.visit_at(path, f),
        }
    }

    fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Param)) {
        match self {
            Head::Mlp(head) => head.visit_at_mut(path, f),
            Head::Lifted(head) => head.visit_at_mut(path, f),
        }
    }
}

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadTape {
    mlp: MlpTape,
    lifted: LiftedTape,
    is_lifted: bool,
}

impl HeadTape {
    /// The unit vectors, (B, D).
    pub(crate) fn output(&self) -> &[f32] {
        if self.is_lifted { self.lifted.output() } else { self.mlp.output() }
    }
}

impl Head {
    pub(crate) fn new(config: HeadConfig, rng: &mut impl Rng) -> Self {
        match config.hidden {
            0 => Head::Lifted(Lifted::new(&config, rng)),
            _ => Head::Mlp(Box::new(Mlp::new(config, rng))),
        }
    }

    /// A linear head that computes what the layer says.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub(crate) fn linear((input, side): (usize, Side), layer: LinearLayer) -> Self {
        let LinearLayer { weight, bias, lift } = layer;
        let output = bias.len() + LIFT;
        let config = HeadConfig { input, hidden: 0, output, dropout: 0.0, lift, side };
        let mut head = Lifted::new(&config, &mut weights::placeholder());
        head.set(weight, bias);
        Head::Lifted(head)
    }

    /// Reads `features` (B, I); the result is [`HeadTape::output`].
    pub(crate) fn forward(&self, features: &[f32], mode: &mut Mode<'_>, tape: &mut HeadTape) {
        tape.is_lifted = matches!(self, Head::Lifted(_));
        match self {
            Head::Mlp(head) => head.forward(features, mode, &mut tape.mlp),
            Head::Lifted(head) => head.forward(features, &mut tape.lifted),
        }
    }

    /// Takes the gradient of the unit vectors, (B, D), back; returns that of the features, (B, I).
    pub(crate) fn backward<'t>(&mut self, grad: &[f32], tape: &'t mut HeadTape) -> &'t [f32] {
        match self {
            Head::Mlp(head) => head.backward(grad, &mut tape.mlp),
            Head::Lifted(head) => head.backward(grad, &mut tape.lifted),
        }
    }
}
