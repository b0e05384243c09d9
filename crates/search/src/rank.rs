//! Given titles for given tunes, and the reverse, by the joint space of a run.

use abc::Tune;
use model::Embedder;
use retrieval::{Embeddings, Hit};
use tokens::{Facts, Tokens};

/// All candidates of one query, best first.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Places of the candidates in their list, from 0, best first; equal scores keep their order.
    pub order: Vec<usize>,
    /// Cosine with the query, -1..=1, of each in `order`.
    pub scores: Vec<f32>,
}

/// Why tunes could not be ranked.
#[derive(Debug, thiserror::Error)]
pub enum RankError {
    /// From the towers.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// From the index.
    #[error(transparent)]
    Retrieval(#[from] retrieval::Error),
}

/// For every tune the titles, best first; none for a tune without a melody.
///
/// # Errors
/// A tower that fails.
pub fn by_tune(
    towers: &Embedder,
    tunes: &[Tune],
    titles: &[&str],
) -> Result<Vec<Option<Placed>>, RankError> {
    let melodies = Melodies::new(towers, tunes)?;
    let index = index(towers.output(), towers.embed_titles(titles)?)?;
    let mut answers = vec![None; tunes.len()];
    let queries = melodies.vectors.chunks_exact(towers.output());
    for (&tune, query) in melodies.present.iter().zip(queries) {
        answers[tune] = Some(placed(&index, query)?);
    }
    Ok(answers)
}

/// For every title the tunes, best first; a tune without a melody comes last, with a score of -1.
///
/// # Errors
/// A tower that fails.
pub fn by_title(
    towers: &Embedder,
    tunes: &[Tune],
    titles: &[&str],
) -> Result<Vec<Placed>, RankError> {
    let melodies = Melodies::new(towers, tunes)?;
    let index = index(towers.output(), melodies.vectors.clone())?;
    let titles = towers.embed_titles(titles)?;
    let queries = titles.chunks_exact(towers.output());
    queries.map(|query| Ok(melodies.spread(placed(&index, query)?, tunes.len()))).collect()
}

/// Vectors of the tunes that have a melody.
struct Melodies {
    /// Their places among all tunes, ascending.
    present: Vec<usize>,
    /// (those that have one, D)
    vectors: Vec<f32>,
}

impl Melodies {
    fn new(towers: &Embedder, tunes: &[Tune]) -> Result<Self, model::Error> {
        let read = |tune: &Tune| {
            let stated = corpus::stated(tune);
            let key = stated.key_as_played.and_then(|key| key.parse().ok());
            let facts = Facts { dance_type: stated.dance_type.as_deref(), key };
            towers.reading.prepare(Tokens::new(tune, &facts).ok()?).ok()
        };
        let tokens: Vec<Option<Tokens>> = tunes.iter().map(read).collect();
        let known: Vec<&Tokens> = tokens.iter().flatten().collect();
        let present = (0..tunes.len()).filter(|&tune| tokens[tune].is_some()).collect();
        Ok(Self { present, vectors: towers.embed_melodies(&known)? })
    }

    /// Places among the tunes with a melody as places among all `tunes`.
    fn spread(&self, among_present: Placed, tunes: usize) -> Placed {
        let Placed { order, mut scores } = among_present;
        let mut order: Vec<usize> = order.iter().map(|&place| self.present[place]).collect();
        order.extend((0..tunes).filter(|tune| self.present.binary_search(tune).is_err()));
        scores.resize(tunes, -1.0);
        Placed { order, scores }
    }
}

/// The index that evaluation ranks with, over unit vectors (N, D), by place.
fn index(dim: usize, vectors: Vec<f32>) -> Result<Embeddings, retrieval::Error> {
    let ids = (0..vectors.len() / dim).map(|place| place.to_string()).collect();
    Embeddings::new(ids, dim, vectors)
}

/// All of the index by cosine with `query`; equal cosines keep their order.
fn placed(index: &Embeddings, query: &[f32]) -> Result<Placed, retrieval::Error> {
    let hits = index.nearest(query, index.len())?;
    Ok(Placed {
        order: hits.iter().map(|hit: &Hit| hit.candidate as usize).collect(),
        scores: hits.iter().map(|hit| hit.score).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_ordered_by_cosine_and_ties_by_place() {
        let index = index(2, vec![0.6, 0.8, 1.0, 0.0, 0.6, -0.8]).unwrap();
        let answer = placed(&index, &[1.0, 0.0]).unwrap();
        assert_eq!(answer.order, [1, 0, 2]);
        assert!(answer.scores.iter().zip([1.0, 0.6, 0.6]).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn tunes_without_a_melody_come_last() {
        let melodies = Melodies { present: vec![1, 2], vectors: Vec::new() };
        let answer = melodies.spread(Placed { order: vec![1, 0], scores: vec![0.9, 0.1] }, 3);
        assert_eq!(answer, Placed { order: vec![2, 1, 0], scores: vec![0.9, 0.1, -1.0] });
    }
}
