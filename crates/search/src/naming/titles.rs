//! Titles that would fit a tune, by the joint space of a trained run.

use std::collections::BTreeSet;
use std::sync::Arc;

use abc::Tune;
use model::Embedder;
use tokens::Tokens;
use train::Scorer;

use super::NameError;
use super::answer::Suggestion;
use super::vectors::{ExactVectors, VectorIndex};
use crate::rank::{Placed, by_tune, prepared};
use crate::{Embedded, LoadedRun, Progress};

/// Titles that are embedded at a time.
const PART: usize = 2048;

/// The titles of a corpus, ready to be ordered for a tune.
#[derive(Debug)]
pub(crate) struct Fitting {
    scorer: Arc<Scorer>,
    titles: Vec<String>,
    /// The vectors of the titles where one run's towers score; several systems have no vectors in common.
    vectors: Option<ExactVectors>,
}

impl Fitting {
    /// The titles of these works with the vectors that a run gives them; of many titles and a slow tower `progress` hears.
    pub(crate) fn new<'t>(
        run: &LoadedRun,
        titles: impl Iterator<Item = &'t str>,
        progress: Progress<'_>,
    ) -> Result<Self, NameError> {
        let titles: BTreeSet<&str> = titles.filter(|title| !title.is_empty()).collect();
        let titles: Vec<String> = titles.into_iter().map(str::to_owned).collect();
        let vectors = run.scorer.towers().map(|towers| vectors(&towers, &titles, progress));
        Ok(Self { scorer: Arc::clone(&run.scorer), titles, vectors: vectors.transpose()? })
    }

    /// For every tune the `k` titles that fit it best; none for a tune without a melody.
    pub(crate) fn suggest(
        &self,
        tunes: &[Tune],
        k: usize,
    ) -> Result<Vec<Vec<Suggestion>>, NameError> {
        let (Some(towers), Some(vectors)) = (self.scorer.towers(), &self.vectors) else {
            return self.suggest_by_scores(tunes, k);
        };
        let read = |tune: &Tune| towers.reading.prepare(prepared(tune)?).ok();
        let readings: Vec<Option<Tokens>> = tunes.iter().map(read).collect();
        let present: Vec<&Tokens> = readings.iter().flatten().collect();
        let embedded = towers.embed_melodies(&present).map_err(train::Error::from)?;
        let mut embedded = embedded.chunks_exact(towers.output());
        let titles = |reading: &Option<Tokens>| {
            let vector = reading.as_ref().and_then(|_| embedded.next());
            let found = vector.map_or(Ok(Vec::new()), |vector| vectors.nearest(vector, k))?;
            let found = found.into_iter();
            Ok(found.map(|(at, score)| self.suggestion(at as usize, score)).collect())
        };
        readings.iter().map(titles).collect()
    }

    fn suggest_by_scores(
        &self,
        tunes: &[Tune],
        k: usize,
    ) -> Result<Vec<Vec<Suggestion>>, NameError> {
        let titles: Vec<&str> = self.titles.iter().map(String::as_str).collect();
        let best = |placed: Option<Placed>| {
            let found =
                placed.into_iter().flat_map(|placed| placed.order.into_iter().zip(placed.scores));
            found.take(k).map(|(at, score)| self.suggestion(at, score)).collect()
        };
        Ok(by_tune(&self.scorer, tunes, &titles)?.into_iter().map(best).collect())
    }

    fn suggestion(&self, at: usize, score: f32) -> Suggestion {
        Suggestion { title: self.titles[at].clone(), score: f64::from(score) }
    }
}

/// The vectors of titles, by their places.
fn vectors(
    towers: &Embedder,
    titles: &[String],
    progress: Progress<'_>,
) -> Result<ExactVectors, NameError> {
    let mut vectors = ExactVectors::new(towers.output());
    for (part, some) in titles.chunks(PART).enumerate() {
        progress(Embedded::Titles, part * PART, titles.len());
        let names: Vec<&str> = some.iter().map(String::as_str).collect();
        let ids: Vec<u32> = (0..).skip(part * PART).take(names.len()).collect();
        vectors.add(&ids, &towers.embed_titles(&names).map_err(train::Error::from)?)?;
    }
    progress(Embedded::Titles, titles.len(), titles.len());
    Ok(vectors)
}
