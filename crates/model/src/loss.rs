//! What the towers learn from: one of three losses.

use serde::{Deserialize, Serialize};

use crate::info_nce::{InfoNce, InfoNceConfig, InfoNceTape, Matched};
use crate::pairwise::{MarginConfig, PairwiseTape, Sigmoid, SigmoidConfig};
use crate::{Error, Param, Parameters};

/// Which loss, with its constants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum LossConfig {
    /// Which of a batch belongs with each: the cross entropy.
    InfoNce(InfoNceConfig),
    /// Whether each pair belongs together: SigLIP's.
    Sigmoid(SigmoidConfig),
    /// That what belongs together is nearer by a margin.
    Margin(MarginConfig),
}

/// A loss, with what of it is learned.
#[derive(Clone, Debug)]
pub enum Loss {
    /// See [`LossConfig::InfoNce`].
    InfoNce(InfoNce),
    /// See [`LossConfig::Sigmoid`].
    Sigmoid(Sigmoid),
    /// See [`LossConfig::Margin`].
    Margin(MarginConfig),
}

impl Parameters for Loss {
    fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &Param)) {
        match self {
            Loss::InfoNce(loss) => loss.visit_at(path, f),
            Loss::Sigmoid(loss) => loss.visit_at(path, f),
            Loss::Margin(_) => (),
        }
    }

    fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Param)) {
        match self {
            Loss::InfoNce(loss) => loss.visit_at_mut(path, f),
            Loss::Sigmoid(loss) => loss.visit_at_mut(path, f),
            Loss::Margin(_) => (),
        }
    }
}

/// What the backward pass needs of the forward pass; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct LossTape {
    info_nce: InfoNceTape,
    pairwise: PairwiseTape,
}

impl Loss {
    /// A loss before its first step.
    ///
    /// # Errors
    /// When a constant is out of range.
    pub fn new(config: LossConfig) -> Result<Self, Error> {
        Ok(match config {
            LossConfig::InfoNce(config) => Loss::InfoNce(InfoNce::new(config)?),
            LossConfig::Sigmoid(config) => Loss::Sigmoid(Sigmoid::new(config)?),
            LossConfig::Margin(config) => Loss::Margin(config.check()?),
        })
    }

    /// What cosines are multiplied by; 1 where nothing is.
    pub fn scale(&self) -> f32 {
        match self {
            Loss::InfoNce(loss) => loss.scale(),
            Loss::Sigmoid(loss) => loss.scale(),
            Loss::Margin(_) => 1.0,
        }
    }

    /// Brings what is learned back within its limits: to be called after each step of an optimiser.
    pub fn clamp(&mut self) {
        if let Loss::InfoNce(loss) = self {
            loss.clamp();
        }
    }

    /// The loss of a batch.
    ///
    /// # Errors
    /// When the shapes differ, a melody or a title has no positive where the loss needs one, or the loss is not finite.
    pub fn forward(&self, batch: Matched<'_>, tape: &mut LossTape) -> Result<f32, Error> {
        match self {
            Loss::InfoNce(loss) => loss.forward(batch, &mut tape.info_nce),
            Loss::Sigmoid(loss) => loss.forward(batch, &mut tape.pairwise),
            Loss::Margin(loss) => loss.forward(batch, &mut tape.pairwise),
        }
    }

    /// Takes the loss back to what it learns and to both sides' embeddings; returns the gradients of the melodies' and
    /// of the titles', (B, D) each.
    ///
    /// # Panics
    /// When the batch is not that of the forward pass.
    pub fn backward<'t>(
        &mut self,
        batch: Matched<'_>,
        tape: &'t mut LossTape,
    ) -> (&'t [f32], &'t [f32]) {
        match self {
            Loss::InfoNce(loss) => {
                loss.backward(batch, &mut tape.info_nce);
                return tape.info_nce.gradients();
            }
            Loss::Sigmoid(loss) => loss.backward(batch, &mut tape.pairwise),
            Loss::Margin(_) => MarginConfig::backward(batch, &mut tape.pairwise),
        }
        (&tape.pairwise.grad_melodies, &tape.pairwise.grad_titles)
    }
}
