//! Words in, tunes out: by the text of titles, misspelt or not, and by the music that a run expects of them.

mod filter;
mod music;
mod spelling;
mod text;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use corpus::{Corpus, Store, TitleKind, Work};
use serde::Serialize;

pub use filter::{Filter, FilterError};

use crate::{LoadedRun, Progress};
use music::Music;
use text::{Text, TextHit};

/// How many works each way of searching brings.
const CANDIDATES: usize = 200;

/// Added to a place before it is inverted, so that the first few places of a list weigh nearly alike.
const DAMPING: f32 = 10.0;

/// Weight of a place in the list by music beside one in the list by text: words that are in a title are the better
/// reason, so that a dozen such titles come before the first tune whose music alone fits.
const MUSIC_WEIGHT: f32 = 0.5;

/// What is searched for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Words of a title, or of what the tune should be like; without any, the best known tunes come first.
    pub words: String,
    /// Which tunes come into question.
    pub filter: Filter,
    /// How many are wanted.
    pub most: usize,
}

/// A tune that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// Id of the work.
    pub tune: String,
    /// Its name, or its id where it has none.
    pub title: String,
    /// The greater, the earlier it comes; comparable within one answer only.
    pub score: f32,
    /// Dance type of most of its settings.
    #[serde(rename = "type")]
    pub dance_type: Option<String>,
    /// Key, in words, of the setting that is shown for it: the first in the metre of most that pass the filter.
    pub key: Option<String>,
    /// Metre of that setting.
    pub metre: Option<String>,
    /// Id of that setting.
    pub setting: String,
    /// How many settings it has.
    pub settings: usize,
    /// Why it was found, the better reason first; none where no words were asked for.
    pub why: Vec<Reason>,
}

/// Why a tune was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub enum Reason {
    /// Its name matches.
    Title {
        /// How well.
        matched: Matched,
        /// 0..=1, 1 for the same words.
        likeness: f32,
    },
    /// Another of its titles matches.
    Alias {
        /// That title.
        text: String,
        /// How well.
        matched: Matched,
        /// 0..=1, 1 for the same words.
        likeness: f32,
    },
    /// Its melody lies near to the words in a run's joint space.
    Music {
        /// The cosine, -1..=1.
        cosine: f32,
        /// Its place among all melodies, from 1.
        place: usize,
    },
}

/// How a title matches words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Matched {
    /// It is these words and no others.
    Whole,
    /// It has all of these words, or words that begin so.
    Words,
    /// It has some of these words.
    Partly,
    /// It is spelt nearly so.
    Spelling,
}

/// Why nothing could be searched.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// From the store.
    #[error(transparent)]
    Corpus(#[from] corpus::Error),
    /// From the run.
    #[error(transparent)]
    Train(#[from] train::Error),
}

/// Finds tunes for words.
#[derive(Debug)]
pub struct Finder {
    corpus: Arc<Corpus>,
    text: Text,
    music: Option<Music>,
}

impl Finder {
    /// Opens the store at `db`, and a run's joint space where a run is given; the first time that takes a while, of which
    /// `progress` hears.
    ///
    /// # Errors
    /// When there is no store, or the run has no towers or is damaged.
    pub fn open(
        db: &Path,
        run: Option<&LoadedRun>,
        progress: Progress<'_>,
    ) -> Result<Self, FindError> {
        let store = Store::open_existing(db)?;
        let corpus = store.load_without_families()?;
        let music = run.map(|run| Music::open(run, &corpus, progress)).transpose()?;
        let text = Text::open(store, &corpus)?;
        Ok(Self { corpus: Arc::new(corpus), text, music })
    }

    /// The works that are searched, without their families.
    pub fn corpus(&self) -> &Arc<Corpus> {
        &self.corpus
    }

    /// Whether words are also searched in a joint space.
    pub fn has_music(&self) -> bool {
        self.music.is_some()
    }

    /// Tunes for words, best first.
    ///
    /// # Errors
    /// When the store is damaged, or the run's title tower fails.
    pub fn find(&self, query: &Query) -> Result<Vec<Found>, FindError> {
        let words = query.words.trim();
        if words.is_empty() {
            return Ok(self.best_known(query));
        }
        let mut merged: BTreeMap<usize, (f32, Vec<Reason>)> = BTreeMap::new();
        let mut add = |work: usize, score: f32, reason: Reason| {
            let entry = merged.entry(work).or_default();
            entry.0 += score;
            entry.1.push(reason);
        };
        let passes = |work: usize| query.filter.passes(&self.corpus.works[work]);
        let text =
            self.text.find(words, &self.corpus)?.into_iter().filter(|h| passes(h.place.work));
        for (place, hit) in text.take(CANDIDATES).enumerate() {
            let score = hit.likeness / (DAMPING + place as f32);
            add(hit.place.work, score, self.reason(&hit));
        }
        if let Some(music) = &self.music {
            let near = music.nearest(words)?.into_iter().enumerate();
            let near = near.filter(|(_, (work, _))| passes(*work)).take(CANDIDATES);
            for (row, (all, (work, cosine))) in near.enumerate() {
                let score = MUSIC_WEIGHT / (DAMPING + row as f32);
                add(work, score, Reason::Music { cosine, place: all + 1 });
            }
        }
        let mut found: Vec<_> = merged.into_iter().collect();
        found.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(&b.0)));
        found.truncate(query.most);
        let entry = |(work, (score, why))| self.found(&query.filter, work, (score, why));
        Ok(found.into_iter().map(entry).collect())
    }

    /// Tunes that pass the filter, those in most tunebooks first.
    fn best_known(&self, query: &Query) -> Vec<Found> {
        let works = &self.corpus.works;
        let mut order: Vec<usize> =
            (0..works.len()).filter(|&work| query.filter.passes(&works[work])).collect();
        order.sort_by_key(|&work| (std::cmp::Reverse(works[work].popularity), work));
        let score = |work: usize| works[work].popularity.unwrap_or(0) as f32;
        let found = order.into_iter().take(query.most);
        found.map(|work| self.found(&query.filter, work, (score(work), Vec::new()))).collect()
    }

    fn reason(&self, hit: &TextHit) -> Reason {
        let title = &self.corpus.works[hit.place.work].titles[hit.place.title];
        let TextHit { matched, likeness, .. } = *hit;
        match title.kind {
            TitleKind::Name => Reason::Title { matched, likeness },
            TitleKind::Alias => Reason::Alias { text: title.text.clone(), matched, likeness },
        }
    }

    fn found(&self, filter: &Filter, work: usize, (score, why): (f32, Vec<Reason>)) -> Found {
        let work: &Work = &self.corpus.works[work];
        let setting = filter.shown(work);
        Found {
            tune: work.id.clone(),
            title: work.titles.first().map_or(&work.id, |title| &title.text).clone(),
            score,
            dance_type: work.dance_type.clone(),
            key: setting.key_as_played.clone(),
            metre: setting.metre.clone(),
            setting: setting.id.clone(),
            settings: work.settings.len(),
            why,
        }
    }
}

#[cfg(test)]
mod tests;
