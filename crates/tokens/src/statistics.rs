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

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn statistics() -> KeyStatistics {
        let mut statistics = KeyStatistics::default();
        for (key, times) in [("Gmaj", 300), ("Dmaj", 100), ("Ador", 50), ("none", 7)] {
            (0..times).for_each(|_| statistics.add(KeyName::parse(key).unwrap()));
        }
        statistics
    }

    #[test]
    fn tonics_are_drawn_as_often_as_they_were_counted() {
        let (statistics, mut rng) = (statistics(), ChaCha8Rng::seed_from_u64(7));
        let mut draw = |mode| statistics.sample(&mut rng, mode).to_string();
        let g = (0..4000).filter(|_| draw(Mode::Ionian) == "G").count();
        assert!((2880..3120).contains(&g), "{g} of 3000 expected");
        assert!((0..100).all(|_| draw(Mode::Dorian) == "A"));
        let a = (0..4500).filter(|_| draw(Mode::Phrygian) == "A").count();
        assert!((420..580).contains(&a), "never counted, so from all modes: {a} of 500");
    }

    #[test]
    fn nothing_counted_leaves_c() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        assert_eq!(KeyStatistics::default().sample(&mut rng, Mode::Ionian), Root::C);
    }

    #[test]
    fn counts_read_back() {
        let json = serde_json::to_string(&statistics()).unwrap();
        assert_eq!(json, r#"{"dor":{"A":50},"maj":{"D":100,"G":300}}"#);
        assert_eq!(serde_json::from_str::<KeyStatistics>(&json).unwrap(), statistics());
        assert_eq!(statistics().count(KeyName::parse("Dmaj").unwrap()), 100);
        assert_eq!(statistics().count(KeyName::parse("Dmin").unwrap()), 0);
    }
}
