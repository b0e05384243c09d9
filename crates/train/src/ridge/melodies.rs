//! The melodies' side: whitened components of pooled states and of grams, and scaled values of the header.

use tokens::Feature;

use crate::data::Dataset;
use crate::foundation::Seen;
use crate::{Error, RidgeConfig, components};

/// Added to the frequency of a value before its root: rare values are not blown up without limit.
const RARE: f32 = 0.003;

/// Training works that must have a value of the header for it to count.
const FEWEST: usize = 3;

/// An affine map from what a melody tower pools, and its header, to K targets.
pub(super) struct Melodies {
    /// One row a component, (components, width of what is pooled), and what is added to each product.
    components: Vec<(Vec<f32>, f32)>,
    /// Width of what is pooled.
    pooled: usize,
    /// The components of grams, and what one counts.
    grams: usize,
    gram_weight: f32,
    /// Scale and frequency of each value, feature after feature.
    values: Vec<(f32, f32)>,
    /// How many values each feature has.
    sizes: Vec<usize>,
    /// The mean over each training work's settings, (N, width).
    means: Vec<f32>,
    /// The mean over each training work's settings of the components of their grams, (N, grams).
    gram_means: Vec<f32>,
    /// The ids of each training work's header, (N, H).
    header: Vec<u32>,
    /// N.
    works: usize,
}

impl Melodies {
    pub(super) fn new(
        (ridge, features): (&RidgeConfig, &[Feature]),
        (data, seen, gram_means): (&Dataset, &Seen, Vec<f32>),
    ) -> Result<Self, Error> {
        let header: Vec<u32> = data
            .train
            .iter()
            .flat_map(|work| data.vocabulary.encode_header(work.query(), features))
            .collect();
        let sizes: Vec<usize> = features.iter().map(|&f| data.vocabulary.size(f)).collect();
        let means = components::means(&data.train, seen);
        let works = data.train.len();
        let (pooled, grams) = (means.len() / works.max(1), gram_means.len() / works.max(1));
        let components = match ridge.components {
            0 => Vec::new(),
            count => components::whiten(&means, pooled, (count, ridge.melody_weight))?,
        };
        let weight = |feature| ridge.header_weights.get(feature).copied().unwrap_or(1.0);
        let weights: Vec<f32> = features.iter().map(weight).collect();
        let values = frequencies(&header, (&sizes, &weights));
        let gram_weight = ridge.gram_weight;
        Ok(Self {
            components,
            pooled,
            grams,
            gram_weight,
            values,
            sizes,
            means,
            gram_means,
            header,
            works,
        })
    }

    /// K.
    pub(super) fn width(&self) -> usize {
        self.components.len() + self.grams + self.values.len()
    }

    /// The targets of the training works, (N, K).
    pub(super) fn targets(&self) -> Vec<f32> {
        let mut targets = Vec::with_capacity(self.works * self.width());
        for work in 0..self.works {
            let own = &self.means[work * self.pooled..][..self.pooled];
            for (component, bias) in &self.components {
                targets.push(bias + component.iter().zip(own).map(|(c, x)| c * x).sum::<f32>());
            }
            let grams = &self.gram_means[work * self.grams..][..self.grams];
            targets.extend(grams.iter().map(|x| self.gram_weight * x));
            let start = targets.len();
            targets.extend(self.values.iter().map(|(scale, frequency)| -scale * frequency));
            let mut first = start;
            for (&id, size) in self.header[work * self.sizes.len()..].iter().zip(&self.sizes) {
                let at = first + id as usize;
                targets[at] += self.values[at - start].0;
                first += size;
            }
        }
        targets
    }

    /// The tables of the header, one row a value; weight (K, pooled + grams + values) and bias (K) of the layer that reads them.
    pub(super) fn layers(self) -> (Vec<Vec<f32>>, Vec<f32>, Vec<f32>) {
        let tables = self.sizes.iter().map(|&size| {
            let mut table = vec![0.0; size * size];
            (0..size).for_each(|value| table[value * size + value] = 1.0);
            table
        });
        let width = self.pooled + self.grams + self.values.len();
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        for (component, own) in &self.components {
            weight.extend_from_slice(component);
            weight.resize(weight.len() + self.grams + self.values.len(), 0.0);
            bias.push(*own);
        }
        for gram in 0..self.grams {
            let start = weight.len();
            weight.resize(start + width, 0.0);
            weight[start + self.pooled + gram] = self.gram_weight;
            bias.push(0.0);
        }
        for (value, (scale, frequency)) in self.values.iter().enumerate() {
            let start = weight.len();
            weight.resize(start + width, 0.0);
            weight[start + self.pooled + self.grams + value] = *scale;
            bias.push(-scale * frequency);
        }
        (tables.collect(), weight, bias)
    }
}

/// The scale and the frequency of every value of each feature; a scale of 0 for those that hardly any work has.
fn frequencies(header: &[u32], (sizes, weights): (&[usize], &[f32])) -> Vec<(f32, f32)> {
    let mut values = Vec::new();
    let works = header.len().checked_div(sizes.len()).unwrap_or(0);
    for (feature, (&size, weight)) in sizes.iter().zip(weights).enumerate() {
        let mut counts = vec![0; size];
        let ids = header.iter().skip(feature).step_by(sizes.len());
        ids.for_each(|&id| counts[id as usize] += 1);
        values.extend(counts.iter().map(|&count| {
            let frequency = count as f32 / works.max(1) as f32;
            let scale = if count < FEWEST { 0.0 } else { weight / (frequency + RARE).sqrt() };
            (scale, frequency)
        }));
    }
    values
}
