//! Tracks for machines: one JSON object a line.

use corpus::Telling;
use retrieval::report::Direction;
use serde::Serialize;

use super::{By, Choice, Group, Level, Track, Tracks, Way};
use crate::Error;

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Entry<'a> {
    Looks {
        steps: &'a [u64],
        kept_step: u64,
    },
    Group {
        direction: Direction,
        by: By,
        group: &'a str,
        n: usize,
        candidates: usize,
        median_rank: Vec<f64>,
        mean_rank: Vec<f64>,
        mrr: Vec<f64>,
    },
    Track {
        direction: Direction,
        id: &'a str,
        title: &'a str,
        dance_type: Option<&'a str>,
        title_tells: Telling,
        ranks: &'a [f64],
        rise_to_kept: f64,
        rise_to_last: f64,
        top: Vec<Top<'a>>,
    },
}

/// The best candidates at one look.
#[derive(Serialize)]
struct Top<'a> {
    step: u64,
    best: Vec<Candidate<'a>>,
}

#[derive(Serialize)]
struct Candidate<'a> {
    id: &'a str,
    title: &'a str,
    score: f32,
}

impl Tracks {
    /// One line on the looks, one a group, one a work: the chosen ones, or all where none is chosen. docs/tracking.md names
    /// the fields.
    ///
    /// # Errors
    /// When a rank is not a finite number.
    pub fn to_json_lines(&self, choice: &Choice) -> Result<String, Error> {
        let mut lines = String::new();
        let mut put = |entry: &Entry<'_>| {
            let line =
                serde_json::to_string(entry).map_err(|error| Error::Data(error.to_string()))?;
            lines += &(line + "\n");
            Ok::<(), Error>(())
        };
        put(&Entry::Looks { steps: &self.steps, kept_step: self.steps[self.kept] })?;
        for way in &self.ways {
            for by in [By::Everything, By::DanceType, By::TitleWords] {
                for group in &way.groups(by) {
                    put(&group_entry(way, by, group))?;
                }
            }
            for track in &way.tracks {
                if choice.tunes.is_empty() || choice.tunes.contains(&track.id) {
                    put(&self.track_entry(way.direction, track))?;
                }
            }
        }
        Ok(lines)
    }

    fn track_entry<'a>(&'a self, direction: Direction, track: &'a Track) -> Entry<'a> {
        let top = |look: usize| {
            let candidate = |(id, score): &'a (String, f32)| Candidate {
                id,
                title: self.names.title(id),
                score: *score,
            };
            Top { step: self.steps[look], best: track.tops[look].iter().map(candidate).collect() }
        };
        Entry::Track {
            direction,
            id: &track.id,
            title: &track.title,
            dance_type: track.dance_type.as_deref(),
            title_tells: track.telling,
            ranks: &track.ranks,
            rise_to_kept: track.rise(self.kept),
            rise_to_last: track.rise(self.steps.len() - 1),
            top: self.marked().into_iter().map(|(look, _)| top(look)).collect(),
        }
    }

    /// First, kept and last look, each once, with what it is.
    pub(super) fn marked(&self) -> Vec<(usize, &'static str)> {
        let last = self.steps.len() - 1;
        let mut looks = vec![(0, "first"), (self.kept, "kept"), (last, "last")];
        if self.kept == 0 || self.kept == last {
            let both = if self.kept == 0 { "first, kept" } else { "last, kept" };
            looks = vec![(0, "first"), (last, "last")];
            looks[usize::from(self.kept != 0)].1 = both;
        }
        if last == 0 {
            looks = vec![(0, "only")];
        }
        looks
    }
}

fn group_entry<'a>(way: &Way, by: By, group: &'a Group) -> Entry<'a> {
    let all = |pick: fn(&Level) -> f64| group.looks.iter().map(pick).collect();
    Entry::Group {
        direction: way.direction,
        by,
        group: &group.name,
        n: group.n,
        candidates: way.tracks.len(),
        median_rank: all(|level| level.median_rank),
        mean_rank: all(|level| level.mean_rank),
        mrr: all(|level| level.mrr),
    }
}
