//! A system whose score is the product of a tune's and a title's vector.

use std::sync::Arc;

use model::{Embedder, Shared, title_features};
use retrieval::baseline::Pairing;
use retrieval::{Embeddings, Scores};
use tokens::{Tokens, Vocabulary};

use crate::Error;
use crate::baselines::{Evidence, class};

/// A system whose score is the product of a tune's and a title's vector.
#[derive(Debug)]
pub enum Member {
    /// Two towers: unit vectors, so that the product is their cosine.
    Towers(Arc<Embedder>),
    /// What titles tell about the header.
    Header(Header),
}

/// Classifiers from titles to features of the header. A tune's vector has a 1 for its class of each feature, a title's
/// has the logarithms of how much more likely it makes each class.
#[derive(Debug)]
pub struct Header {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) evidence: Vec<Evidence>,
}

/// Vectors of tunes and titles.
pub(crate) struct Vectors {
    /// D, the length of each.
    pub(crate) dim: usize,
    /// (tunes, D)
    pub(crate) melodies: Vec<f32>,
    /// (titles, D)
    pub(crate) titles: Vec<f32>,
}

impl Member {
    /// A tune as the member reads it; none where it cannot.
    pub(crate) fn read(&self, tune: &Tokens) -> Option<Tokens> {
        match self {
            Self::Towers(towers) => towers.reading.prepare(tune.clone()).ok(),
            Self::Header(_) => Some(tune.clone()),
        }
    }

    /// D, the length of the vectors.
    pub(crate) fn dim(&self) -> usize {
        match self {
            Self::Towers(towers) => towers.output(),
            Self::Header(header) => header.evidence.iter().map(|e| e.classifier.classes()).sum(),
        }
    }

    /// The vectors of tunes that it has read, and of titles; among several members, what they have in common is in `shared`.
    pub(crate) fn vectors(
        &self,
        tunes: &[&Tokens],
        titles: &[&str],
        shared: Option<&mut Shared>,
    ) -> Result<Vectors, Error> {
        let (melodies, titles) = match (self, shared) {
            (Self::Towers(towers), None) => {
                (towers.embed_melodies(tunes)?, towers.embed_titles(titles)?)
            }
            (Self::Towers(towers), Some(shared)) => {
                (shared.embed_melodies(towers, tunes)?, shared.embed_titles(towers, titles)?)
            }
            (Self::Header(header), _) => (
                tunes.iter().flat_map(|tune| header.melody(tune)).collect(),
                titles.iter().flat_map(|title| header.title(title)).collect(),
            ),
        };
        Ok(Vectors { dim: self.dim(), melodies, titles })
    }

    /// The score of every pair, with the index that evaluation and search share.
    pub(crate) fn scores(
        &self,
        pairing: &Pairing<'_>,
        vectors: &Vectors,
    ) -> Result<Scores, retrieval::Error> {
        let Vectors { dim, melodies, titles } = vectors;
        let (rows, columns) = (pairing.melodies.to_vec(), pairing.titles.to_vec());
        match self {
            Self::Towers(_) => {
                let melodies = Embeddings::new(rows, *dim, melodies.clone())?;
                Embeddings::new(columns, *dim, titles.clone())?.scores(&melodies)
            }
            Self::Header(_) => Scores::from_fn(rows, columns, |melody, title| {
                let (melody, title) = (&melodies[melody * dim..][..*dim], &titles[title * dim..]);
                melody.iter().zip(title).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
                    as f32
            }),
        }
    }
}

impl Header {
    fn melody(&self, tune: &Tokens) -> Vec<f32> {
        let mut vector = Vec::new();
        for evidence in &self.evidence {
            let first = vector.len();
            vector.resize(first + evidence.classifier.classes(), 0.0);
            if let Some(class) = class(&self.vocabulary, evidence.feature, tune) {
                vector[first + class as usize] = 1.0;
            }
        }
        vector
    }

    fn title(&self, title: &str) -> Vec<f32> {
        let features = title_features(title);
        let lifts = self.evidence.iter().flat_map(|e| e.classifier.log_lift(&features));
        lifts.map(|lift| lift as f32).collect()
    }
}
