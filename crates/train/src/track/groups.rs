//! Ranks of many queries at each look, as three numbers.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use corpus::Telling;
use serde::Serialize;

use super::{Track, Way};

/// What puts queries together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// All of them.
    Everything,
    /// Their dance type.
    DanceType,
    /// What their title tells about the music.
    TitleWords,
}

/// Queries that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What they share.
    pub name: String,
    /// How many they are.
    pub n: usize,
    /// Where they stood at each look: (L,).
    pub looks: Vec<Level>,
}

/// Where a group stood at one look.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Level {
    /// Median of the expected ranks.
    pub median_rank: f64,
    /// Mean of the expected ranks.
    pub mean_rank: f64,
    /// Mean of 1 / expected rank. Where candidates tie this is below the report's mean reciprocal rank, which is the mean
    /// over every order of them.
    pub mrr: f64,
}

impl Way {
    /// The groups of its queries, largest first; by words of the title in the order of [`Telling::ALL`]. Queries without
    /// a dance type are in no group of dance types.
    pub fn groups(&self, by: By) -> Vec<Group> {
        match by {
            By::Everything => vec![group("all", self.tracks.iter().collect())],
            By::DanceType => {
                let mut members: BTreeMap<&str, Vec<&Track>> = BTreeMap::new();
                for track in &self.tracks {
                    if let Some(dance) = &track.dance_type {
                        members.entry(dance).or_default().push(track);
                    }
                }
                let mut groups: Vec<Group> =
                    members.into_iter().map(|(name, tracks)| group(name, tracks)).collect();
                groups.sort_by_key(|group| Reverse(group.n));
                groups
            }
            By::TitleWords => {
                let of = |telling| self.tracks.iter().filter(move |track| track.telling == telling);
                let groups =
                    Telling::ALL.map(|telling| group(telling.name(), of(telling).collect()));
                groups.into_iter().filter(|group| group.n > 0).collect()
            }
        }
    }
}

fn group(name: &str, tracks: Vec<&Track>) -> Group {
    let looks = tracks.first().map_or(0, |track| track.ranks.len());
    let level = |look: usize| level(tracks.iter().map(|track| track.ranks[look]).collect());
    Group { name: name.to_owned(), n: tracks.len(), looks: (0..looks).map(level).collect() }
}

fn level(mut ranks: Vec<f64>) -> Level {
    ranks.sort_by(f64::total_cmp);
    let n = ranks.len();
    let mean = |value: fn(f64) -> f64| ranks.iter().copied().map(value).sum::<f64>() / n as f64;
    Level {
        median_rank: (ranks[(n - 1) / 2] + ranks[n / 2]) / 2.0,
        mean_rank: mean(|rank| rank),
        mrr: mean(|rank| 1.0 / rank),
    }
}
