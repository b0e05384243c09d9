//! The symmetric contrastive loss with a learned temperature: InfoNCE (van den Oord et al., arXiv 1807.03748) in both
//! directions, as CLIP has it (Radford et al., arXiv 2103.00020).
//!
//! Several positives share the target evenly, which is the loss "outside the log" of supervised contrastive learning
//! (Khosla et al., arXiv 2004.11362).

use kernels::{View, ViewMut, Write, matmul, softmax_rows};
use serde::{Deserialize, Serialize};

use crate::param::parameters;
use crate::{Error, Param};

/// The temperature's limits: similarities are multiplied by a learned scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InfoNceConfig {
    /// The scale at first.
    pub initial: f32,
    /// The least scale.
    pub min: f32,
    /// The greatest scale.
    pub max: f32,
}

impl Default for InfoNceConfig {
    /// CLIP's (arXiv 2103.00020, section 2.5): 1/0.07 at first and 100 at most.
    fn default() -> Self {
        InfoNceConfig { initial: 1.0 / 0.07, min: 1.0, max: 100.0 }
    }
}

/// What a melody and a title are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// They belong together.
    Positive,
    /// They do not.
    Negative,
    /// They might: the loss does not look at them.
    Excluded,
}

/// What every melody and every title of a batch are to each other, (B, B).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs {
    size: usize,
    kinds: Vec<Pair>,
}

impl Pairs {
    /// The i-th melody belongs with the i-th title, and with no other.
    pub fn diagonal(size: usize) -> Self {
        let mut pairs = Pairs { size, kinds: vec![Pair::Negative; size * size] };
        (0..size).for_each(|i| pairs.set(i, i, Pair::Positive));
        pairs
    }

    /// As [`Pairs::diagonal`]; other pairs from one group, such as a family of tunes, are `within`.
    pub fn grouped(groups: &[usize], within: Pair) -> Self {
        let mut pairs = Pairs::diagonal(groups.len());
        for (i, a) in groups.iter().enumerate() {
            for (j, b) in groups.iter().enumerate() {
                if i != j && a == b {
                    pairs.set(i, j, within);
                }
            }
        }
        pairs
    }

    /// Says what a melody and a title are to each other.
    ///
    /// # Panics
    /// When the batch has no such melody or title.
    pub fn set(&mut self, melody: usize, title: usize, kind: Pair) {
        assert!(title < self.size, "title {title} of {}", self.size);
        self.kinds[melody * self.size + title] = kind;
    }

    /// B.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// All pairs, melody by melody, (B, B).
    pub(crate) fn kinds(&self) -> &[Pair] {
        &self.kinds
    }

    /// The same with melodies and titles exchanged.
    fn transposed(&self) -> Self {
        let kinds =
            (0..self.kinds.len()).map(|at| self.kinds[at % self.size * self.size + at / self.size]);
        Pairs { size: self.size, kinds: kinds.collect() }
    }
}

/// What the backward pass needs of the forward pass; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct InfoNceTape {
    /// Similarities times the scale, (B, B).
    logits: Vec<f32>,
    /// The gradient of the loss by those, (B, B).
    grad_logits: Vec<f32>,
    /// The gradient of the loss by the embeddings, (B, D).
    grad_melodies: Vec<f32>,
    grad_titles: Vec<f32>,
}

impl InfoNceTape {
    /// The gradients of the loss by the melodies' and by the titles' embeddings, (B, D) each, after the backward
    /// pass.
    pub fn gradients(&self) -> (&[f32], &[f32]) {
        (&self.grad_melodies, &self.grad_titles)
    }
}

/// The embeddings of a batch and what they are to each other.
#[derive(Clone, Copy, Debug)]
pub struct Matched<'a> {
    /// The melodies' unit vectors, (B, D).
    pub melodies: &'a [f32],
    /// The titles' unit vectors, (B, D).
    pub titles: &'a [f32],
    /// What they are to each other.
    pub pairs: &'a Pairs,
}

/// The loss and its temperature.
#[derive(Clone, Debug)]
pub struct InfoNce {
    config: InfoNceConfig,
    log_scale: Param,
}

parameters!(InfoNce: log_scale);

impl InfoNce {
    /// A loss at the config's first temperature.
    ///
    /// # Errors
    /// When the limits are not positive or the first scale is outside them.
    pub fn new(config: InfoNceConfig) -> Result<Self, Error> {
        let InfoNceConfig { initial, min, max } = config;
        if !(0.0 < min && min <= initial && initial <= max && max.is_finite()) {
            let message = format!("a scale of {initial} is not within {min} to {max}");
            return Err(Error::Config(message));
        }
        Ok(InfoNce { config, log_scale: Param::constant(&[1], initial.ln()) })
    }

    /// What similarities are multiplied by.
    pub fn scale(&self) -> f32 {
        self.log_scale.value[0].exp().clamp(self.config.min, self.config.max)
    }

    /// Brings the learned scale back within its limits: to be called after each step of an optimiser, as beyond them
    /// it has no gradient.
    pub fn clamp(&mut self) {
        let (low, high) = (self.config.min.ln(), self.config.max.ln());
        self.log_scale.value[0] = self.log_scale.value[0].clamp(low, high);
    }

    /// The mean of both directions' cross entropies.
    ///
    /// # Errors
    /// When the shapes differ, a melody or a title has no positive, or the loss is not finite.
    pub fn forward(&self, batch: Matched<'_>, tape: &mut InfoNceTape) -> Result<f32, Error> {
        let b = batch.pairs.size;
        let (expected, found) = (batch.melodies.len(), batch.titles.len());
        if expected != found || b == 0 || expected % b != 0 {
            return Err(Error::Batch { what: "embedded titles", expected, found });
        }
        let d = expected / b;
        tape.logits.resize(b * b, 0.0);
        let (melodies, titles) = (View::new(batch.melodies, b, d), View::new(batch.titles, b, d));
        matmul(melodies, titles.t(), ViewMut::new(&mut tape.logits, b, b), Write::Set);
        let scale = self.scale();
        tape.logits.iter_mut().for_each(|x| *x *= scale);
        let (by_melody, grad) = one_way(&tape.logits, batch.pairs, "melody")?;
        let (by_title, other) =
            one_way(&transpose(&tape.logits, b), &batch.pairs.transposed(), "title")?;
        tape.grad_logits = grad;
        for (grad, other) in tape.grad_logits.iter_mut().zip(transpose(&other, b)) {
            *grad = (*grad + other) / 2.0;
        }
        let loss = ((by_melody + by_title) / 2.0) as f32;
        if loss.is_finite() { Ok(loss) } else { Err(Error::NotFinite { what: "loss" }) }
    }

    /// Takes the loss back to the scale and to both sides' embeddings: [`InfoNceTape::gradients`].
    ///
    /// # Panics
    /// When the batch is not that of the forward pass.
    pub fn backward(&mut self, batch: Matched<'_>, tape: &mut InfoNceTape) {
        let (b, d) = (batch.pairs.size, batch.melodies.len() / batch.pairs.size.max(1));
        let along = |(grad, logit): (&f32, &f32)| f64::from(*grad) * f64::from(*logit);
        let slope: f64 = tape.grad_logits.iter().zip(&tape.logits).map(along).sum();
        let raw = self.log_scale.value[0].exp();
        // A clamp lets the gradient through up to the limits themselves; rounding may put a limit's logarithm just
        // outside.
        let slack = 1e-6 * raw;
        if raw >= self.config.min - slack && raw <= self.config.max + slack {
            self.log_scale.grad[0] += slope as f32;
        }
        let scale = self.scale();
        tape.grad_logits.iter_mut().for_each(|grad| *grad *= scale);
        let grad = View::new(&tape.grad_logits, b, b);
        for (out, view, other) in [
            (&mut tape.grad_melodies, grad, batch.titles),
            (&mut tape.grad_titles, grad.t(), batch.melodies),
        ] {
            out.resize(b * d, 0.0);
            matmul(view, View::new(other, b, d), ViewMut::new(out, b, d), Write::Set);
        }
    }
}

/// One direction's mean cross entropy over the rows of `logits` (B, B), and its gradient.
fn one_way(logits: &[f32], pairs: &Pairs, side: &'static str) -> Result<(f64, Vec<f32>), Error> {
    let b = pairs.size;
    let seen =
        |(&x, kind): (&f32, &Pair)| if *kind == Pair::Excluded { f32::NEG_INFINITY } else { x };
    let mut grad: Vec<f32> = logits.iter().zip(&pairs.kinds).map(seen).collect();
    let sums = softmax_rows(&mut grad, b);
    let mut loss = 0.0;
    for (place, kinds) in pairs.kinds.chunks_exact(b).enumerate() {
        let positives = kinds.iter().filter(|&&kind| kind == Pair::Positive).count();
        if positives == 0 {
            return Err(Error::NoPositive { side, place });
        }
        let share = 1.0 / positives as f32;
        for (other, _) in kinds.iter().enumerate().filter(|(_, kind)| **kind == Pair::Positive) {
            let at = place * b + other;
            loss += f64::from(share) * (f64::from(sums[place]) - f64::from(logits[at]));
            grad[at] -= share;
        }
    }
    grad.iter_mut().for_each(|grad| *grad /= b as f32);
    Ok((loss / b as f64, grad))
}

/// The transpose of a (B, B) matrix.
fn transpose(x: &[f32], b: usize) -> Vec<f32> {
    (0..x.len()).map(|at| x[at % b * b + at / b]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_melody_without_a_positive_is_named() {
        let mut pairs = Pairs::diagonal(3);
        pairs.set(1, 1, Pair::Negative);
        let loss = InfoNce::new(InfoNceConfig::default()).unwrap();
        let side = [1.0; 3 * 2];
        let batch = Matched { melodies: &side, titles: &side, pairs: &pairs };
        let error = loss.forward(batch, &mut InfoNceTape::default()).unwrap_err();
        assert_eq!(error.to_string(), "batch: melody 1 has no positive pair");
    }

    #[test]
    fn a_loss_that_is_not_finite_is_an_error() {
        let loss = InfoNce::new(InfoNceConfig::default()).unwrap();
        let (side, pairs) = ([f32::NAN; 3 * 2], Pairs::diagonal(3));
        let batch = Matched { melodies: &side, titles: &side, pairs: &pairs };
        let error = loss.forward(batch, &mut InfoNceTape::default()).unwrap_err();
        assert!(matches!(error, Error::NotFinite { .. }));
    }

    #[test]
    fn embeddings_that_say_nothing_cost_the_logarithm_of_the_batch() {
        let loss = InfoNce::new(InfoNceConfig::default()).unwrap();
        let (side, pairs) = ([0.5; 7 * 4], Pairs::diagonal(7));
        let batch = Matched { melodies: &side, titles: &side, pairs: &pairs };
        let value = loss.forward(batch, &mut InfoNceTape::default()).unwrap();
        assert!((value - 7.0f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn a_scale_is_brought_back_within_its_limits() {
        let mut loss = InfoNce::new(InfoNceConfig::default()).unwrap();
        loss.log_scale.value[0] = 9.0;
        assert_eq!(loss.scale(), 100.0);
        loss.clamp();
        assert!((loss.log_scale.value[0] - 100.0f32.ln()).abs() < 1e-6);
    }
}
