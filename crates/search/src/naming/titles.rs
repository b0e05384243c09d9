//! Titles that would fit a tune, by the joint space of a trained run.

use std::collections::BTreeSet;
use std::path::Path;

use abc::Tune;
use train::{Member, RunDir, Scorer};

use super::NameError;
use super::answer::Suggestion;
use super::vectors::{ExactVectors, VectorIndex};
use crate::rank::{by_tune, prepared};

/// The titles of a corpus, ready to be ordered for a tune.
#[derive(Debug)]
pub(crate) struct Fitting {
    scorer: Scorer,
    titles: Vec<String>,
    /// The vectors of the titles where one run's towers score; several systems have no vectors in common.
    vectors: Option<ExactVectors>,
}

impl Fitting {
    /// The titles of these works with the vectors that a run gives them.
    pub(crate) fn new<'t>(
        run: &Path,
        titles: impl Iterator<Item = &'t str>,
    ) -> Result<Self, NameError> {
        let scorer = Scorer::open(&RunDir::open(run)?)?;
        let titles: BTreeSet<&str> = titles.filter(|title| !title.is_empty()).collect();
        let titles: Vec<String> = titles.into_iter().map(str::to_owned).collect();
        let vectors = match &scorer {
            Scorer::Towers(Member::Towers(towers)) => {
                let names: Vec<&str> = titles.iter().map(String::as_str).collect();
                let mut vectors = ExactVectors::new(towers.output());
                let ids: Vec<u32> = (0..names.len() as u32).collect();
                vectors.add(&ids, &towers.embed_titles(&names).map_err(train::Error::from)?)?;
                Some(vectors)
            }
            Scorer::Towers(Member::Header(_)) | Scorer::Fusion(_) => None,
        };
        Ok(Self { scorer, titles, vectors })
    }

    /// The `k` titles that fit a tune best; none for a tune without a melody.
    pub(crate) fn suggest(&self, tune: &Tune, k: usize) -> Result<Vec<Suggestion>, NameError> {
        let towers = match &self.scorer {
            Scorer::Towers(Member::Towers(towers)) => Some(towers),
            _ => None,
        };
        let (Some(towers), Some(vectors)) = (towers, &self.vectors) else {
            return self.suggest_by_scores(tune, k);
        };
        let Some(reading) = prepared(tune).and_then(|tokens| towers.reading.prepare(tokens).ok())
        else {
            return Ok(Vec::new());
        };
        let vector = towers.embed_melodies(&[&reading]).map_err(train::Error::from)?;
        let found = vectors.nearest(&vector, k)?.into_iter();
        Ok(found.map(|(at, score)| self.suggestion(at as usize, score)).collect())
    }

    fn suggest_by_scores(&self, tune: &Tune, k: usize) -> Result<Vec<Suggestion>, NameError> {
        let titles: Vec<&str> = self.titles.iter().map(String::as_str).collect();
        let answers = by_tune(&self.scorer, std::slice::from_ref(tune), &titles)?;
        let Some(placed) = answers.into_iter().next().flatten() else {
            return Ok(Vec::new());
        };
        let found = placed.order.into_iter().zip(placed.scores).take(k);
        Ok(found.map(|(at, score)| self.suggestion(at, score)).collect())
    }

    fn suggestion(&self, at: usize, score: f32) -> Suggestion {
        Suggestion { title: self.titles[at].clone(), score: f64::from(score) }
    }
}
