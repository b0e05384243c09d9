//! What both towers end in: from features of any width to a unit vector.

mod lifted;
mod mlp;

use rand::Rng;

use crate::mode::Mode;
use crate::{Error, Param, Parameters};
pub use lifted::LIFT;
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
    /// The radius of the sphere that a linear head lifts to.
    pub(crate) radius: f32,
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

    /// Sets what a linear head computes: `weight` (D - 3, I) and `bias` (D - 3), lifted to a sphere of this radius.
    ///
    /// # Errors
    /// When the head has a hidden layer.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub(crate) fn set(
        &mut self,
        weight: Vec<f32>,
        bias: Vec<f32>,
        radius: f32,
    ) -> Result<(), Error> {
        match self {
            Head::Mlp(_) => Err(Error::Config("the head has a hidden layer".to_owned())),
            Head::Lifted(head) => {
                head.set(weight, bias, radius);
                Ok(())
            }
        }
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
