//! How the ranks of the validation works moved over a training.

mod groups;
mod lines;
mod picture;
mod text;

use std::collections::BTreeMap;

use corpus::Telling;
use retrieval::report::Direction;

pub use groups::{By, Group, Level};

use crate::history::{self, Record};
use crate::names::Names;
use crate::predictions::{Prediction, read_predictions};
use crate::run::files;
use crate::{Error, RunDir};

/// Every validation work's rank at every look, both ways.
#[derive(Clone, Debug)]
pub struct Tracks {
    /// Training steps at each of the L looks, ascending.
    pub steps: Vec<u64>,
    /// Place in `steps` of the look whose weights were kept.
    pub kept: usize,
    /// One part a direction.
    pub ways: Vec<Way>,
    names: Names,
}

/// The tracks of one direction.
#[derive(Clone, Debug)]
pub struct Way {
    /// What asks and what is found.
    pub direction: Direction,
    /// One a validation work.
    pub tracks: Vec<Track>,
}

/// One query over the training.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Id of the work.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its dance type, where known.
    pub dance_type: Option<String>,
    /// What its title tells about its music.
    pub telling: Telling,
    /// Expected rank of the truth, from 1, at each look: (L,).
    pub ranks: Vec<f64>,
    /// Ids and cosines of the best candidates at each look, best first: (L,).
    pub tops: Vec<Vec<(String, f32)>>,
}

impl Track {
    /// How often the rank halved from the first look to look `to`: log2 of the first over the later rank. Negative where
    /// the work fell.
    ///
    /// # Panics
    /// If there is no such look.
    pub fn rise(&self, to: usize) -> f64 {
        (self.ranks[0] / self.ranks[to]).log2()
    }
}

impl Way {
    /// The works that rose most from the first look to look `to`, at most `most`, the greatest rise first.
    pub fn risers(&self, to: usize, most: usize) -> Vec<&Track> {
        self.movers(|track| track.rise(to), most)
    }

    /// The works that fell most, as [`Way::risers`].
    pub fn fallers(&self, to: usize, most: usize) -> Vec<&Track> {
        self.movers(|track| -track.rise(to), most)
    }

    fn movers(&self, far: impl Fn(&Track) -> f64, most: usize) -> Vec<&Track> {
        let mut moved: Vec<(f64, &Track)> = self
            .tracks
            .iter()
            .map(|track| (far(track), track))
            .filter(|(far, _)| *far > 0.0)
            .collect();
        moved.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
        moved.into_iter().take(most).map(|(_, track)| track).collect()
    }

    /// The mean rank of a random order.
    pub fn chance(&self) -> f64 {
        (self.tracks.len() as f64 + 1.0) / 2.0
    }
}

impl Tracks {
    /// Those that a run recorded.
    ///
    /// # Errors
    /// When the run has no predictions yet, or a file is damaged.
    pub fn read(run: &RunDir) -> Result<Self, Error> {
        run.expect(crate::RunKind::Towers)?;
        let path = run.file(files::PREDICTIONS);
        if !path.is_file() {
            let advice = "is not there yet: it is written at the first look at validation; let the training get \
                          further with --resume";
            return Err(Error::damaged(&path, advice));
        }
        let tracks = Self::new(read_predictions(&path)?, Names::read(run)?);
        let mut tracks = tracks.map_err(|problem| Error::damaged(&path, problem))?;
        tracks.kept = kept(&history::read(run)?, &tracks.steps);
        Ok(tracks)
    }

    /// Puts the predictions of all looks together; what is wrong with them where they do not fit. The last look counts as
    /// kept.
    fn new(predictions: Vec<Prediction>, names: Names) -> Result<Self, String> {
        let mut steps: Vec<u64> = predictions.iter().map(|row| row.step).collect();
        steps.sort_unstable();
        steps.dedup();
        if steps.is_empty() {
            return Err(
                "holds no predictions; let the training get further with --resume".to_owned()
            );
        }
        let mut rows: BTreeMap<(String, String), Vec<Prediction>> = BTreeMap::new();
        for row in predictions {
            rows.entry((row.direction.clone(), row.query.clone())).or_default().push(row);
        }
        let mut ways = Vec::new();
        for (name, direction) in [
            ("melody_to_title", Direction::MelodyToTitle),
            ("title_to_melody", Direction::TitleToMelody),
        ] {
            let of = rows.iter_mut().filter(|((direction, _), _)| direction == name);
            let tracks =
                of.map(|((_, id), rows)| track(id, std::mem::take(rows), (&steps, &names)));
            ways.push(Way { direction, tracks: tracks.collect::<Result<_, _>>()? });
        }
        ways.retain(|way| !way.tracks.is_empty());
        Ok(Self { kept: steps.len() - 1, steps, ways, names })
    }

    /// Without the other direction.
    #[must_use]
    pub fn only(mut self, direction: Direction) -> Self {
        self.ways.retain(|way| way.direction == direction);
        self
    }

    /// The ids of the works that are asked for, each by its id or a part of its title; in order of `wanted`.
    ///
    /// # Errors
    /// When no validation work has such an id or title.
    pub fn find(&self, wanted: &[String]) -> Result<Vec<String>, Error> {
        let mut found: Vec<String> = Vec::new();
        let tracks = || self.ways.iter().flat_map(|way| &way.tracks);
        for text in wanted {
            let folded = corpus::fold(text);
            let fits = |track: &&Track| {
                track.id == *text
                    || (!folded.is_empty() && corpus::fold(&track.title).contains(&folded))
            };
            let ids: Vec<String> = tracks().filter(fits).map(|track| track.id.clone()).collect();
            if ids.is_empty() {
                return Err(Error::Data(format!(
                    "no validation work has the id or title `{text}`; only validation works are looked at during a \
                     training, and split.json names them"
                )));
            }
            for id in ids {
                if !found.contains(&id) {
                    found.push(id);
                }
            }
        }
        Ok(found)
    }

    /// Writes the picture of these tracks into the run.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, run: &RunDir, choice: &Choice) -> Result<(), Error> {
        run.write(files::TRACKS_PICTURE, self.to_svg(choice).as_bytes())
    }
}

/// What is shown of the tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Ids of works that are shown one by one, see [`Tracks::find`].
    pub tunes: Vec<String>,
    /// How many risers and fallers are shown.
    pub movers: usize,
}

impl Default for Choice {
    /// No work by itself, five risers and five fallers.
    fn default() -> Self {
        Self { tunes: Vec::new(), movers: 5 }
    }
}

/// One query's rows as a track.
fn track(
    id: &str,
    mut rows: Vec<Prediction>,
    (steps, names): (&[u64], &Names),
) -> Result<Track, String> {
    rows.sort_by_key(|row| row.step);
    if !rows.iter().map(|row| row.step).eq(steps.iter().copied()) {
        return Err(format!("`{id}` is not in every look; train again"));
    }
    let name = names.get(id);
    Ok(Track {
        id: id.to_owned(),
        title: name.title,
        dance_type: name.dance_type,
        telling: name.telling,
        ranks: rows.iter().map(|row| row.rank).collect(),
        tops: rows.into_iter().map(|row| row.top).collect(),
    })
}

/// The look whose weights the run holds: the first of the greatest merit, the last look where none is recorded.
fn kept(records: &[Record], steps: &[u64]) -> usize {
    let mut best: Option<(f64, usize)> = None;
    for record in records {
        let Record::Validation(look) = record else { continue };
        let Ok(place) = steps.binary_search(&look.step) else { continue };
        if best.is_none_or(|(merit, _)| look.merit() > merit) {
            best = Some((look.merit(), place));
        }
    }
    best.map_or(steps.len() - 1, |(_, place)| place)
}

#[cfg(test)]
mod tests;
