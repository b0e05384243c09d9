//! Given titles for given tunes, and the reverse, by what a run makes of them.

use abc::Tune;
use retrieval::baseline::Pairing;
use retrieval::{Ranking, Scores, Truth};
use tokens::{Facts, Tokens};
use train::{Readings, Scorer};

/// All candidates of one query, best first.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Places of the candidates in their list, from 0, best first; equal scores keep their order.
    pub order: Vec<usize>,
    /// Score of each in `order`: for towers its cosine with the query, -1..=1.
    pub scores: Vec<f32>,
}

/// Why tunes could not be ranked.
#[derive(Debug, thiserror::Error)]
pub enum RankError {
    /// From the run.
    #[error(transparent)]
    Train(#[from] train::Error),
    /// From the index.
    #[error(transparent)]
    Retrieval(#[from] retrieval::Error),
}

/// For every tune the titles, best first; none for a tune without a melody.
///
/// # Errors
/// A scorer that fails.
pub fn by_tune(
    scorer: &Scorer,
    tunes: &[Tune],
    titles: &[&str],
) -> Result<Vec<Option<Placed>>, RankError> {
    let Pairs { present, scores } = Pairs::new(scorer, tunes, titles)?;
    let mut answers = vec![None; tunes.len()];
    for (tune, answer) in present.into_iter().zip(placed(&scores)?) {
        answers[tune] = Some(answer);
    }
    Ok(answers)
}

/// For every title the tunes, best first; a tune without a melody comes last, with a score of -1 or the lowest of the
/// others, if that is less.
///
/// # Errors
/// A scorer that fails.
pub fn by_title(
    scorer: &Scorer,
    tunes: &[Tune],
    titles: &[&str],
) -> Result<Vec<Placed>, RankError> {
    let Pairs { present, scores } = Pairs::new(scorer, tunes, titles)?;
    let answers = placed(&scores.transposed())?;
    Ok(answers.into_iter().map(|answer| spread(answer, &present, tunes.len())).collect())
}

/// A tune as tokens, with what its header states; `None` for one without a melody.
pub(crate) fn prepared(tune: &Tune) -> Option<Tokens> {
    let stated = corpus::stated(tune);
    let key = stated.key_as_played.and_then(|key| key.parse().ok());
    let facts = Facts { dance_type: stated.dance_type.as_deref(), key };
    Tokens::new(tune, &facts).ok()
}

/// Scores of the tunes that have a melody.
struct Pairs {
    /// Their places among all tunes, ascending.
    present: Vec<usize>,
    /// Those tunes by titles.
    scores: Scores,
}

impl Pairs {
    fn new(scorer: &Scorer, tunes: &[Tune], titles: &[&str]) -> Result<Self, RankError> {
        let read = |tune: &Tune| scorer.read(&prepared(tune)?);
        let readings: Vec<Option<Readings>> = tunes.iter().map(read).collect();
        let present: Vec<usize> =
            (0..tunes.len()).filter(|&tune| readings[tune].is_some()).collect();
        let readings: Vec<Readings> = readings.into_iter().flatten().collect();
        let places = |n: usize| (0..n).map(|place| place.to_string()).collect::<Vec<String>>();
        let (melodies, names) = (places(readings.len()), places(titles.len()));
        let pairing = Pairing { melodies: &melodies, titles: &names };
        Ok(Self { present, scores: scorer.scores(&pairing, &readings, titles)? })
    }
}

/// All candidates of every query as evaluation ranks them; equal scores keep their order.
fn placed(scores: &Scores) -> Result<Vec<Placed>, retrieval::Error> {
    let (queries, candidates) = (scores.queries().len(), scores.candidates().len());
    let unknown = Truth::new(vec![Vec::new(); queries], candidates)?;
    let rankings = scores.rank(&unknown, candidates)?;
    let answer = |ranking: &Ranking| Placed {
        order: ranking.hits().iter().map(|hit| hit.candidate as usize).collect(),
        scores: ranking.hits().iter().map(|hit| hit.score).collect(),
    };
    Ok(rankings.list().iter().map(answer).collect())
}

/// Places among the tunes with a melody as places among all `tunes`.
fn spread(among_present: Placed, present: &[usize], tunes: usize) -> Placed {
    let Placed { order, mut scores } = among_present;
    let mut order: Vec<usize> = order.iter().map(|&place| present[place]).collect();
    order.extend((0..tunes).filter(|tune| present.binary_search(tune).is_err()));
    let last = scores.last().map_or(-1.0, |lowest| lowest.min(-1.0));
    scores.resize(tunes, last);
    Placed { order, scores }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_ordered_by_score_and_ties_by_place() {
        let ids = |n: usize| (0..n).map(|place| place.to_string()).collect();
        let scores = Scores::new(ids(1), ids(3), vec![0.6, 1.0, 0.6]).unwrap();
        let answer = Placed { order: vec![1, 0, 2], scores: vec![1.0, 0.6, 0.6] };
        assert_eq!(placed(&scores).unwrap(), [answer]);
    }

    #[test]
    fn tunes_without_a_melody_come_last() {
        let check = |scores: [f32; 2], last: f32| {
            let among = Placed { order: vec![1, 0], scores: scores.to_vec() };
            let scores = scores.into_iter().chain([last]).collect();
            assert_eq!(spread(among, &[1, 2], 3), Placed { order: vec![2, 1, 0], scores });
        };
        check([0.9, 0.1], -1.0);
        check([0.9, -2.5], -2.5);
    }
}
