//! Losses of single pairs: SigLIP's, and the margin ranking loss.

use kernels::{View, ViewMut, Write, matmul};
use serde::{Deserialize, Serialize};

use crate::info_nce::{Matched, Pair, Pairs};
use crate::param::parameters;
use crate::{Error, Param};

/// What the backward pass needs of the forward pass; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct PairwiseTape {
    /// (B, B)
    cosines: Vec<f32>,
    /// The gradient of the loss by those, (B, B).
    grad_cosines: Vec<f32>,
    /// The gradients of the loss by the logarithm of the scale and by the bias.
    slopes: (f64, f64),
    /// The gradient of the loss by the embeddings, (B, D).
    pub(crate) grad_melodies: Vec<f32>,
    pub(crate) grad_titles: Vec<f32>,
}

impl PairwiseTape {
    /// The cosines of a batch; the gradient starts at zero.
    fn begin(&mut self, batch: Matched<'_>) -> Result<usize, Error> {
        let b = batch.pairs.size();
        let (expected, found) = (batch.melodies.len(), batch.titles.len());
        if expected != found || b == 0 || expected % b != 0 {
            return Err(Error::Batch { what: "embedded titles", expected, found });
        }
        let d = expected / b;
        self.cosines.resize(b * b, 0.0);
        self.grad_cosines.clear();
        self.grad_cosines.resize(b * b, 0.0);
        self.slopes = (0.0, 0.0);
        let (melodies, titles) = (View::new(batch.melodies, b, d), View::new(batch.titles, b, d));
        matmul(melodies, titles.t(), ViewMut::new(&mut self.cosines, b, b), Write::Set);
        // A loss that compares nothing, as a margin without negatives, would not show them.
        if self.cosines.iter().any(|cosine| !cosine.is_finite()) {
            return Err(Error::NotFinite { what: "loss" });
        }
        Ok(b)
    }

    /// Takes the gradient of the cosines back to both sides' embeddings.
    fn take_back(&mut self, batch: Matched<'_>) {
        let (b, d) = (batch.pairs.size(), batch.melodies.len() / batch.pairs.size().max(1));
        let grad = View::new(&self.grad_cosines, b, b);
        for (out, view, other) in [
            (&mut self.grad_melodies, grad, batch.titles),
            (&mut self.grad_titles, grad.t(), batch.melodies),
        ] {
            out.resize(b * d, 0.0);
            matmul(view, View::new(other, b, d), ViewMut::new(out, b, d), Write::Set);
        }
    }
}

fn finite(loss: f64) -> Result<f32, Error> {
    if loss.is_finite() { Ok(loss as f32) } else { Err(Error::NotFinite { what: "loss" }) }
}

/// SigLIP's first scale and bias.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SigmoidConfig {
    /// The scale at first, above 0.
    pub scale: f32,
    /// The bias at first: far below 0, as most pairs of a batch do not belong together.
    pub bias: f32,
}

impl Default for SigmoidConfig {
    /// The paper's (arXiv 2303.15343, section 3.2).
    fn default() -> Self {
        SigmoidConfig { scale: 10.0, bias: -10.0 }
    }
}

/// The pairwise sigmoid loss (SigLIP: Zhai et al., arXiv 2303.15343): each pair by itself is positive or negative.
#[derive(Clone, Debug)]
pub struct Sigmoid {
    log_scale: Param,
    bias: Param,
}

parameters!(Sigmoid: log_scale, bias);

impl Sigmoid {
    /// A loss at the config's first scale and bias.
    ///
    /// # Errors
    /// When the scale is not above 0 or a number is not finite.
    pub fn new(config: SigmoidConfig) -> Result<Self, Error> {
        let SigmoidConfig { scale, bias } = config;
        if !(scale > 0.0 && scale.is_finite() && bias.is_finite()) {
            return Err(Error::Config(format!("a scale of {scale} with a bias of {bias}")));
        }
        let log_scale = Param::constant(&[1], scale.ln());
        Ok(Sigmoid { log_scale, bias: Param::constant(&[1], bias) })
    }

    /// What cosines are multiplied by.
    pub fn scale(&self) -> f32 {
        self.log_scale.value[0].exp()
    }

    /// The negative log likelihood of all pairs, over the batch's size.
    pub(crate) fn forward(
        &self,
        batch: Matched<'_>,
        tape: &mut PairwiseTape,
    ) -> Result<f32, Error> {
        let b = tape.begin(batch)?;
        let (scale, bias) = (self.scale(), self.bias.value[0]);
        let mut loss = 0.0;
        let cells = tape.cosines.iter().zip(&mut tape.grad_cosines).zip(batch.pairs.kinds());
        for ((&cosine, grad), kind) in cells {
            let sign = match kind {
                Pair::Positive => 1.0,
                Pair::Negative => -1.0,
                Pair::Excluded => continue,
            };
            // -log σ(x) = log(1 + e^-x), without overflow.
            let x = f64::from(sign * (scale * cosine + bias));
            loss += (-x.abs()).exp().ln_1p() + (-x).max(0.0);
            let of_logit = -f64::from(sign) / (1.0 + x.exp()) / b as f64;
            tape.slopes.0 += of_logit * f64::from(scale * cosine);
            tape.slopes.1 += of_logit;
            *grad = of_logit as f32 * scale;
        }
        finite(loss / b as f64)
    }

    pub(crate) fn backward(&mut self, batch: Matched<'_>, tape: &mut PairwiseTape) {
        self.log_scale.grad[0] += tape.slopes.0 as f32;
        self.bias.grad[0] += tape.slopes.1 as f32;
        tape.take_back(batch);
    }
}

/// The margin ranking loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MarginConfig {
    /// By how much the cosine of what belongs together is to exceed that of what does not, above 0.
    pub margin: f32,
    /// Whether only the hardest negative of each positive counts (VSE++: Faghri et al., arXiv 1707.05612), not all of
    /// them (Kiros et al., arXiv 1411.2539).
    pub hardest: bool,
}

impl Default for MarginConfig {
    /// The papers' margin, and all negatives.
    fn default() -> Self {
        MarginConfig { margin: 0.2, hardest: false }
    }
}

impl MarginConfig {
    /// Whether the margin is one.
    pub(crate) fn check(self) -> Result<Self, Error> {
        if self.margin > 0.0 && self.margin.is_finite() {
            return Ok(self);
        }
        Err(Error::Config(format!("a margin of {} is not above 0", self.margin)))
    }

    /// The sum of what positives fail the margin by, both ways, over twice the batch's size.
    pub(crate) fn forward(self, batch: Matched<'_>, tape: &mut PairwiseTape) -> Result<f32, Error> {
        let b = tape.begin(batch)?;
        let mut loss = 0.0;
        for query in 0..b {
            let along = [(query * b, 1), (query, b)];
            for (side, (first, stride)) in ["melody", "title"].into_iter().zip(along) {
                let line = Line { pairs: batch.pairs, first, stride };
                let found = self.line(&line, tape);
                loss += found.ok_or(Error::NoPositive { side, place: query })?;
            }
        }
        let share = 1.0 / (2.0 * b as f32);
        tape.grad_cosines.iter_mut().for_each(|grad| *grad *= share);
        finite(loss * f64::from(share))
    }

    /// One query's part of the sum; none if nothing belongs with it.
    fn line(self, line: &Line<'_>, tape: &mut PairwiseTape) -> Option<f64> {
        let mut loss = None;
        for positive in line.cells(Pair::Positive) {
            let fails =
                |negative: usize| self.margin - tape.cosines[positive] + tape.cosines[negative];
            let mut failed: Vec<(usize, f32)> =
                line.cells(Pair::Negative).map(|at| (at, fails(at))).collect();
            if self.hardest {
                let worst = failed.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
                failed = worst.into_iter().collect();
            }
            let sum = loss.get_or_insert(0.0);
            // What is not a number counts, so that it shows.
            for (negative, by) in failed.into_iter().filter(|(_, by)| *by > 0.0 || by.is_nan()) {
                *sum += f64::from(by);
                tape.grad_cosines[positive] -= 1.0;
                tape.grad_cosines[negative] += 1.0;
            }
        }
        loss
    }

    pub(crate) fn backward(batch: Matched<'_>, tape: &mut PairwiseTape) {
        tape.take_back(batch);
    }
}

/// A row or a column of the pairs.
struct Line<'a> {
    pairs: &'a Pairs,
    first: usize,
    stride: usize,
}

impl Line<'_> {
    /// Its cells of a kind, as places among all.
    fn cells(&self, kind: Pair) -> impl Iterator<Item = usize> + '_ {
        let all = (0..self.pairs.size()).map(|i| self.first + i * self.stride);
        all.filter(move |&at| self.pairs.kinds()[at] == kind)
    }
}
