//! The part of a melody tower that reads grams: components of which runs of notes a tune has.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::param::parameters;
use crate::{Error, Param, SparseRows};

/// How a melody tower reads grams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GramsConfig {
    /// How many buckets grams are hashed into.
    pub buckets: usize,
    /// How many components of them are read.
    pub components: usize,
}

impl Default for GramsConfig {
    fn default() -> Self {
        Self { buckets: 16_384, components: 512 }
    }
}

/// Whitened components of the grams of tunes, fitted to tunes and then left as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct GramComponents {
    /// What each bucket counts for: (buckets).
    rarity: Param,
    /// What a weighed and normalised row of buckets is multiplied by: (buckets, components).
    table: Param,
    /// What is added to that: (components).
    bias: Param,
}

parameters!(GramComponents: rarity, table, bias);

impl GramComponents {
    /// Components that are still to be fitted.
    pub(super) fn new(GramsConfig { buckets, components }: GramsConfig) -> Self {
        let fixed = |shape: &[usize]| {
            let mut param = Param::constant(shape, 0.0);
            param.rate = 0.0;
            param
        };
        Self {
            rarity: fixed(&[buckets]),
            table: fixed(&[buckets, components]),
            bias: fixed(&[components]),
        }
    }

    /// Components of works by the grams of all their settings, (sum of `settings`, buckets), work after work; `settings`: how many
    /// each work has, (works). A work counts by the mean of its settings' rows, and its components have mean 0, variance 1 and
    /// nothing in common among the works.
    ///
    /// A row has unit length; what a bucket counts is also weighed by its [`SparseRows::rarities`].
    ///
    /// # Errors
    /// When the works are too few for so many components.
    pub fn fit(
        mut grams: SparseRows,
        settings: &[usize],
        config: GramsConfig,
        seed: u64,
    ) -> Result<Self, Error> {
        let mut fitted = Self::new(config);
        let GramsConfig { buckets, components } = config;
        fitted.rarity.value = grams.rarities(buckets);
        grams.weigh(&fitted.rarity.value);
        let mut means = SparseRows::default();
        let mut start = 0;
        for count in settings {
            means.push(mean(&grams, start..start + count));
            start += count;
        }
        (fitted.table.value, fitted.bias.value) = means.whitening((buckets, components), seed)?;
        Ok(fitted)
    }

    /// Buckets and components.
    pub(super) fn shape(&self) -> &[usize] {
        &self.table.shape
    }

    /// K.
    pub(super) fn width(&self) -> usize {
        self.bias.value.len()
    }

    /// The components of tunes, (B, K), by their grams.
    pub fn of(&self, grams: &SparseRows) -> Vec<f32> {
        let mut grams = grams.clone();
        grams.weigh(&self.rarity.value);
        let mut out = grams.times(&self.table.value, self.width());
        for row in out.chunks_exact_mut(self.width()) {
            row.iter_mut().zip(&self.bias.value).for_each(|(x, bias)| *x += bias);
        }
        out
    }

    /// That every gram has a bucket.
    pub(super) fn check(&self, grams: &SparseRows) -> Result<(), Error> {
        let size = self.rarity.value.len();
        match grams.columns.iter().find(|&&bucket| bucket as usize >= size) {
            Some(&id) => Err(Error::Vocabulary { side: "gram", feature: 0, id, size }),
            None => Ok(()),
        }
    }
}

/// The mean of some rows, its columns ascending.
fn mean(rows: &SparseRows, those: Range<usize>) -> Vec<(u32, f32)> {
    let count = those.len() as f32;
    let mut entries: Vec<(u32, f32)> = those.flat_map(|row| rows.row(row)).collect();
    entries.sort_by_key(|entry| entry.0);
    let sum = |run: &[(u32, f32)]| (run[0].0, run.iter().map(|entry| entry.1).sum::<f32>() / count);
    entries.chunk_by(|a, b| a.0 == b.0).map(sum).collect()
}
