//! Given titles for given tunes, and the reverse, by the joint space of a run.

use abc::Tune;
use model::Embedder;
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
    /// There is nothing to rank.
    #[error("no {0} to rank")]
    Nothing(&'static str),
    /// From the towers.
    #[error(transparent)]
    Model(#[from] model::Error),
}

/// For every tune the titles, best first; none for a tune without a melody.
///
/// # Errors
/// No title, or a tower that fails.
pub fn by_tune(
    towers: &Embedder,
    tunes: &[Tune],
    titles: &[&str],
) -> Result<Vec<Option<Placed>>, RankError> {
    if titles.is_empty() {
        return Err(RankError::Nothing("title"));
    }
    let melodies = Melodies::new(towers, tunes)?;
    let titles = towers.embed_titles(titles);
    let answers = melodies.vectors.chunks_exact(towers.output());
    let mut answers = answers.map(|query| placed(query, &titles));
    Ok(melodies
        .present
        .iter()
        .map(|&present| if present { answers.next() } else { None })
        .collect())
}

/// For every title the tunes, best first; a tune without a melody comes last, with a score of -1.
///
/// # Errors
/// No tune, or a tower that fails.
pub fn by_title(
    towers: &Embedder,
    tunes: &[Tune],
    titles: &[&str],
) -> Result<Vec<Placed>, RankError> {
    if tunes.is_empty() {
        return Err(RankError::Nothing("tune"));
    }
    let melodies = Melodies::new(towers, tunes)?;
    let titles = towers.embed_titles(titles);
    let answers = titles.chunks_exact(towers.output());
    Ok(answers.map(|query| melodies.spread(placed(query, &melodies.vectors))).collect())
}

/// Vectors of the tunes that have a melody.
struct Melodies {
    /// Whether each tune has one.
    present: Vec<bool>,
    /// (those that have one, D)
    vectors: Vec<f32>,
}

impl Melodies {
    fn new(towers: &Embedder, tunes: &[Tune]) -> Result<Self, model::Error> {
        let read = |tune: &Tune| {
            let tokens = Tokens::new(tune, &Facts::default()).ok()?;
            towers.reading.prepare(tokens).ok()
        };
        let tokens: Vec<Option<Tokens>> = tunes.iter().map(read).collect();
        let known: Vec<&Tokens> = tokens.iter().flatten().collect();
        let present = tokens.iter().map(Option::is_some).collect();
        Ok(Self { present, vectors: towers.embed_melodies(&known)? })
    }

    /// Places among the tunes with a melody as places among all tunes.
    fn spread(&self, among_known: Placed) -> Placed {
        let (known, missing): (Vec<usize>, Vec<usize>) =
            (0..self.present.len()).partition(|&tune| self.present[tune]);
        let mut order: Vec<usize> = among_known.order.iter().map(|&place| known[place]).collect();
        let mut scores = among_known.scores;
        scores.resize(self.present.len(), -1.0);
        order.extend(missing);
        Placed { order, scores }
    }
}

/// The rows of `candidates` by their cosine with `query`; all vectors have unit length.
fn placed(query: &[f32], candidates: &[f32]) -> Placed {
    let cosine = |row: &[f32]| query.iter().zip(row).map(|(a, b)| a * b).sum::<f32>();
    let cosines: Vec<f32> = candidates.chunks_exact(query.len()).map(cosine).collect();
    let mut order: Vec<usize> = (0..cosines.len()).collect();
    order.sort_by(|&a, &b| cosines[b].total_cmp(&cosines[a]));
    let scores = order.iter().map(|&place| cosines[place]).collect();
    Placed { order, scores }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_ordered_by_cosine_and_ties_by_place() {
        let answer = placed(&[1.0, 0.0], &[0.6, 0.8, 1.0, 0.0, 0.6, -0.8]);
        assert_eq!(answer.order, [1, 0, 2]);
        assert_eq!(answer.scores, [1.0, 0.6, 0.6]);
    }

    #[test]
    fn tunes_without_a_melody_come_last() {
        let melodies = Melodies { present: vec![false, true, true], vectors: Vec::new() };
        let answer = melodies.spread(Placed { order: vec![1, 0], scores: vec![0.9, 0.1] });
        assert_eq!(answer, Placed { order: vec![2, 1, 0], scores: vec![0.9, 0.1, -1.0] });
    }
}
