//! How often tunes of each mode are played on each tonic, to draw keys from.

use std::collections::BTreeMap;

use abc::Mode;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::key::{self, KeyName, Root};
use crate::tokens::Tokens;

/// Counts of the tonics of each mode, from which to transpose tunes as players do.
///
/// For a corpus in which all was moved to C: count the keys in which its tunes are played, draw
/// one for each tune and epoch, and move the tune there with [`Tokens::to_root`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyStatistics {
    /// Counts by mode, then by root.
    counts: BTreeMap<String, BTreeMap<String, u64>>,
}

impl KeyStatistics {
    /// Counts the keys in which these tunes are played.
    pub fn of<'a>(tunes: impl IntoIterator<Item = &'a Tokens>) -> Self {
        let mut statistics = Self::default();
        for tokens in tunes {
            statistics.add(tokens.played_key());
        }
        statistics
    }

    /// Counts one key more; one without a tonic counts for nothing.
    pub fn add(&mut self, key: KeyName) {
        if let Some(root) = key.root {
            let mode = self.counts.entry(key::mode_name(key.mode).to_owned()).or_default();
            *mode.entry(root.to_string()).or_default() += 1;
        }
    }

    /// How often `key` was counted.
    pub fn count(&self, key: KeyName) -> u64 {
        let mode = self.counts.get(key::mode_name(key.mode));
        let root = key.root.map(|root| root.to_string());
        mode.zip(root).and_then(|(mode, root)| mode.get(&root)).copied().unwrap_or(0)
    }

    /// Draws a tonic for a tune of this mode, as often as it was counted; of a mode never counted
    /// from all modes, and C if nothing was counted at all.
    pub fn sample(&self, rng: &mut impl Rng, mode: Mode) -> Root {
        let drawn = match self.counts.get(key::mode_name(mode)) {
            Some(counts) => draw(rng, counts.iter()),
            None => draw(rng, self.counts.values().flatten()),
        };
        drawn.and_then(Root::parse).unwrap_or(Root::C)
    }
}

fn draw<'a>(
    rng: &mut impl Rng,
    counts: impl Iterator<Item = (&'a String, &'a u64)> + Clone,
) -> Option<&'a str> {
    let total: u64 = counts.clone().map(|(_, count)| count).sum();
    if total == 0 {
        return None;
    }
    let mut left = rng.random_range(0..total);
    for (root, &count) in counts {
        if left < count {
            return Some(root);
        }
        left -= count;
    }
    None
}
