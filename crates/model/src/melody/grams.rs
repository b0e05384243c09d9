//! The part of a melody tower that reads grams: components of which runs of notes a tune has.

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

    /// Components of works, each of which has the grams of one or more settings: (works, settings, buckets). A work counts by the
    /// mean of its settings' rows, and its components have mean 0, variance 1 and nothing in common among the works.
    ///
    /// A row has unit length; what a bucket counts is also weighed by its [`rarities`] among the settings.
    ///
    /// # Errors
    /// When the works are too few for so many components.
    pub fn fit(works: &[SparseRows], config: GramsConfig, seed: u64) -> Result<Self, Error> {
        let mut fitted = Self::new(config);
        let GramsConfig { buckets, components } = config;
        fitted.rarity.value = rarities(works, buckets);
        let mut means = SparseRows::default();
        for work in works {
            let mut work = work.clone();
            work.weigh(&fitted.rarity.value);
            means.push(mean(&work));
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

/// What each of some buckets counts for: one more than the logarithm of how few of the rows have it, and 0 where none has.
pub fn rarities<'r>(parts: impl IntoIterator<Item = &'r SparseRows>, buckets: usize) -> Vec<f32> {
    let (mut having, mut rows) = (vec![0_u32; buckets], 0);
    for part in parts {
        having.iter_mut().zip(part.having(buckets)).for_each(|(sum, own)| *sum += own);
        rows += part.len();
    }
    let rarity = |having| match having {
        0 => 0.0,
        _ => ((1.0 + rows as f32) / (1.0 + having as f32)).ln() + 1.0,
    };
    having.into_iter().map(rarity).collect()
}

/// The mean of some rows, its columns ascending.
fn mean(rows: &SparseRows) -> Vec<(u32, f32)> {
    let mut entries: Vec<(u32, f32)> = (0..rows.len()).flat_map(|row| rows.row(row)).collect();
    entries.sort_by_key(|entry| entry.0);
    let sum = |run: &[(u32, f32)]| {
        (run[0].0, run.iter().map(|entry| entry.1).sum::<f32>() / rows.len() as f32)
    };
    entries.chunk_by(|a, b| a.0 == b.0).map(sum).collect()
}
