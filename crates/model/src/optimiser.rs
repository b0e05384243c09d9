//! AdamW (Loshchilov and Hutter, arXiv 1711.05101) with the gradient's global norm clipped.

use std::collections::HashSet;

use kernels::{AdamWStep, Moments, squared_norm};
use serde::{Deserialize, Serialize};

use crate::weights::{Archive, Array, serialise};
use crate::{Error, Parameters};

/// The optimiser's constants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamWConfig {
    /// The decay of the mean of gradients and of that of their squares.
    pub betas: (f32, f32),
    /// Added to the root of the mean square.
    pub epsilon: f32,
    /// The weight decay, times the learning rate a step; for matrices only.
    pub decay: f32,
    /// The greatest norm of all gradients together; longer ones are scaled down to it.
    pub clip: Option<f32>,
}

impl Default for AdamWConfig {
    /// PyTorch's `AdamW`, with the norm clipped at 1 as is usual for recurrent networks (Pascanu et al., arXiv
    /// 1211.5063).
    fn default() -> Self {
        AdamWConfig { betas: (0.9, 0.999), epsilon: 1e-8, decay: 0.01, clip: Some(1.0) }
    }
}

/// The optimiser: the constants, the number of steps taken, and two means for each parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct AdamW {
    config: AdamWConfig,
    step: u64,
    /// By parameter, in the order that they are gone through; none before the first step.
    moments: Vec<(String, Moments)>,
}

/// What a file holds besides the moments.
#[derive(Serialize, Deserialize)]
struct Note {
    adamw: AdamWConfig,
    step: u64,
}

impl AdamW {
    /// An optimiser that has taken no step.
    pub fn new(config: AdamWConfig) -> Self {
        AdamW { config, step: 0, moments: Vec::new() }
    }

    /// The number of steps taken.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// Moves every parameter against its gradient at a learning rate; returns the norm of all gradients before it is
    /// clipped.
    ///
    /// # Errors
    /// When a gradient is not finite or the parameters are not those of the steps before; nothing is changed then.
    pub fn step(&mut self, parameters: &mut impl Parameters, rate: f32) -> Result<f32, Error> {
        let norm = gradient_norm(parameters);
        if !norm.is_finite() {
            return Err(Error::NotFinite { what: "gradient" });
        }
        self.prepare(parameters)?;
        self.step += 1;
        let step = self.numbers(norm, rate);
        let mut moments = self.moments.iter_mut();
        parameters.visit_mut(&mut |_, param| {
            let Some((_, moments)) = moments.next() else { return };
            if param.rate == 0.0 {
                return;
            }
            let decay = if param.decay { step.decay } else { 0.0 };
            AdamWStep { decay, rate: step.rate * param.rate, ..step }.apply(
                &mut param.value,
                &param.grad,
                moments,
            );
        });
        Ok(norm as f32)
    }

    /// The optimiser's state as a safetensors file, the same bytes for the same state.
    ///
    /// # Errors
    /// When the format refuses it.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, Error> {
        let array = |(name, moments): &(String, Moments)| {
            let array = |kind, x: &[f32]| Array::new(format!("{kind}.{name}"), &[x.len()], x);
            [array("first", &moments.first), array("second", &moments.second)]
        };
        let note = Note { adamw: self.config, step: self.step };
        let note = serde_json::to_string(&note).map_err(|e| Error::Weights(e.to_string()))?;
        serialise(self.moments.iter().flat_map(array).collect(), Some(note))
    }

    /// The optimiser of a safetensors file, as it was for these parameters: the next step is the same to the last
    /// bit.
    ///
    /// # Errors
    /// When the file is damaged or is not of these parameters.
    pub fn from_safetensors(bytes: &[u8], parameters: &impl Parameters) -> Result<Self, Error> {
        let archive = Archive::open(bytes)?;
        let note = archive.note.as_deref().unwrap_or_default();
        let note: Note = serde_json::from_str(note)
            .map_err(|e| Error::Weights(format!("the optimiser's state: {e}")))?;
        let mut optimiser = AdamW { step: note.step, ..AdamW::new(note.adamw) };
        if note.step == 0 {
            return Ok(optimiser);
        }
        optimiser.prepare(parameters)?;
        let mut names = HashSet::new();
        for (name, moments) in &mut optimiser.moments {
            for (kind, values) in [("first", &mut moments.first), ("second", &mut moments.second)] {
                let name = format!("{kind}.{name}");
                *values = archive.get(&name, &[values.len()])?;
                names.insert(name);
            }
        }
        archive.holds_only(&names)?;
        Ok(optimiser)
    }

    /// Makes the moments at the first step, and sees to it that the parameters stay the same ones.
    fn prepare(&mut self, parameters: &impl Parameters) -> Result<(), Error> {
        let mut shapes = Vec::new();
        parameters.visit(&mut |name, param| shapes.push((name.to_owned(), param.value.len())));
        if self.moments.is_empty() {
            let zeros = |n| Moments { first: vec![0.0; n], second: vec![0.0; n] };
            self.moments = shapes.into_iter().map(|(name, n)| (name, zeros(n))).collect();
            return Ok(());
        }
        let same = |((name, moments), (other, n)): (&(String, Moments), &(String, usize))| {
            name == other && moments.first.len() == *n
        };
        if shapes.len() == self.moments.len() && self.moments.iter().zip(&shapes).all(same) {
            return Ok(());
        }
        Err(Error::Weights("the optimiser's steps were on other parameters".to_owned()))
    }

    fn numbers(&self, norm: f64, rate: f32) -> AdamWStep {
        let AdamWConfig { betas, epsilon, decay, clip } = self.config;
        // As in PyTorch's `clip_grad_norm_`.
        let scale = clip.map_or(1.0, |clip| (f64::from(clip) / (norm + 1e-6)).min(1.0)) as f32;
        AdamWStep { step: self.step, rate, betas, epsilon, decay, scale }
    }
}

/// The norm of all gradients together; not finite if any gradient is not.
pub fn gradient_norm(parameters: &impl Parameters) -> f64 {
    let mut sum = 0.0;
    parameters.visit(&mut |_, param| sum += squared_norm(&param.grad));
    sum.sqrt()
}
