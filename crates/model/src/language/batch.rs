//! Tunes as what a language model learns from.

use rayon::prelude::*;
use tokens::{Feature, Tokens, UNKNOWN, Vocabulary};

use crate::reading::bars;

/// Tunes to learn from: all rows but the last are read, all but the first foretold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LanguageBatch {
    /// The number of rows that are read of each tune, (B).
    pub lengths: Vec<usize>,
    /// The features of those rows, tune after tune, (sum of lengths, F).
    pub rows: Vec<u32>,
    /// The bar that each of them stands in, from 0 in every tune, (sum of lengths).
    pub bars: Vec<usize>,
    /// The symbol of the row after each of them, (sum of lengths).
    pub symbols: Vec<u32>,
    /// Its duration; [`tokens::ABSENT`] where it has none, (sum of lengths).
    pub durations: Vec<u32>,
}

impl LanguageBatch {
    /// Tunes as ids of the features that a model reads.
    pub fn new(vocabulary: &Vocabulary, features: &[Feature], tunes: &[&Tokens]) -> Self {
        let singles: Vec<Self> =
            tunes.par_iter().map(|tune| single(vocabulary, features, tune)).collect();
        let mut batch = LanguageBatch::default();
        for single in singles {
            batch.lengths.extend(single.lengths);
            batch.rows.extend(single.rows);
            batch.bars.extend(single.bars);
            batch.symbols.extend(single.symbols);
            batch.durations.extend(single.durations);
        }
        batch
    }

    /// Makes one value of every row of a tune unknown: that of the feature at `column` of (.., F).
    ///
    /// # Panics
    /// When there is no such tune or feature.
    pub fn withhold(&mut self, tune: usize, column: usize) {
        let features = self.rows.len() / self.bars.len().max(1);
        assert!(column < features, "feature {column} of {features}");
        let first: usize = self.lengths[..tune].iter().sum();
        let rows = self.rows.chunks_exact_mut(features).skip(first);
        rows.take(self.lengths[tune]).for_each(|row| row[column] = UNKNOWN);
    }
}

fn single(vocabulary: &Vocabulary, features: &[Feature], tune: &Tokens) -> LanguageBatch {
    let mut rows = vocabulary.encode(tune, features).ids;
    let pairs = vocabulary.encode(tune, &[Feature::Symbol, Feature::Duration]);
    let read = pairs.rows.saturating_sub(1);
    rows.truncate(read * features.len());
    let next = || pairs.ids.chunks_exact(2).skip(1);
    LanguageBatch {
        lengths: vec![read],
        rows,
        bars: bars(tune, read),
        symbols: next().map(|pair| pair[0]).collect(),
        durations: next().map(|pair| pair[1]).collect(),
    }
}
