//! What can be guessed without listening: scores by popularity, and by the attributes in a tune's header.

use crate::classifier::Classifier;
use crate::error::{Result, check_length};
use crate::scores::Scores;

/// The melodies and titles that a baseline scores.
#[derive(Debug, Clone, Copy)]
pub struct Pairing<'a> {
    /// Ids of the melodies, the queries.
    pub melodies: &'a [String],
    /// Ids of the titles, the candidates.
    pub titles: &'a [String],
}

/// One categorical attribute of the melodies: dance type, key, mode, metre.
#[derive(Debug, Clone, Copy)]
pub struct Attribute<'a> {
    /// What a title tells about it.
    pub classifier: &'a Classifier,
    /// The class of each melody; none adds nothing to its scores.
    pub classes: &'a [Option<u32>],
    /// How much it counts, 1 if the attributes told about a title independently.
    pub weight: f64,
}

/// The same score for every pair: all candidates tie, and every measure is exactly that of a random order.
///
/// # Errors
/// Ids that are empty or repeated.
pub fn chance(pairing: &Pairing<'_>) -> Result<Scores> {
    scores(pairing, |_, _| 0.0)
}

/// The more popular first: titles for every melody, and (transposed) melodies for every title.
///
/// A pair's score is the sum of its two popularities: within one query the query's own is the same everywhere and changes
/// no order. Whole numbers below 2^23 keep the sums exact in f32.
///
/// # Errors
/// Lists of other lengths than the ids, ids that are empty or repeated, a popularity that is not finite.
pub fn popularity(pairing: &Pairing<'_>, melodies: &[f32], titles: &[f32]) -> Result<Scores> {
    check_length("popularity of the melodies", pairing.melodies.len(), melodies.len())?;
    check_length("popularity of the titles", pairing.titles.len(), titles.len())?;
    scores(pairing, |m, t| melodies[m] + titles[t])
}

/// How well each title goes with the attributes of each melody: dance type only, or header only (type, key and metre as
/// a joint of independent classifiers).
///
/// A pair's score is the weighted sum over the attributes of ln p(c | t) - ln p(c), where c is the melody's class. It is
/// the right order in both directions. From melody to title, p(t | c) is in proportion to p(c | t) p(t) / p(c), with titles
/// equally likely beforehand and p(c) the same for the whole query. From title to melody, the title's class is c with
/// p(c | t), and each of the melodies of that class, in number proportional to p(c), is equally likely.
///
/// # Errors
/// Lists of other lengths than the ids, a class that its classifier does not have, ids that are empty or repeated.
pub fn attributes(
    pairing: &Pairing<'_>,
    title_features: &[Vec<u32>],
    attributes: &[Attribute<'_>],
) -> Result<Scores> {
    check_length("features of the titles", pairing.titles.len(), title_features.len())?;
    let mut lifts = Vec::with_capacity(attributes.len());
    for attribute in attributes {
        check_length("classes of the melodies", pairing.melodies.len(), attribute.classes.len())?;
        check_classes(attribute)?;
        let of_title = |features: &Vec<u32>| attribute.classifier.log_lift(features);
        lifts.push(title_features.iter().map(of_title).collect::<Vec<_>>());
    }
    scores(pairing, |m, t| {
        let told = attributes.iter().zip(&lifts).filter_map(|(attribute, lift)| {
            let class = attribute.classes[m]?;
            Some(attribute.weight * lift[t][class as usize])
        });
        told.sum::<f64>() as f32
    })
}

fn check_classes(attribute: &Attribute<'_>) -> Result<()> {
    let known = attribute.classifier.classes();
    match attribute.classes.iter().flatten().find(|&&class| class as usize >= known) {
        None => Ok(()),
        Some(class) => Err(crate::Error::Setting {
            what: "class of a melody",
            expected: "a class of its classifier",
            got: class.to_string(),
        }),
    }
}

fn scores(pairing: &Pairing<'_>, score: impl Fn(usize, usize) -> f32) -> Result<Scores> {
    Scores::from_fn(pairing.melodies.to_vec(), pairing.titles.to_vec(), score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::{Examples, Fit};
    use crate::truth::Truth;

    fn ids(prefix: &str, n: usize) -> Vec<String> {
        (0..n).map(|i| format!("{prefix}{i}")).collect()
    }

    #[test]
    fn chance_scores_give_chance_values() {
        let (melodies, titles) = (ids("m", 11), ids("t", 11));
        let pairing = Pairing { melodies: &melodies, titles: &titles };
        let outcomes = chance(&pairing).unwrap().rank(&Truth::diagonal(11), 0).unwrap().outcomes();
        assert_eq!(outcomes.values(), outcomes.chance());
    }

    #[test]
    fn the_popular_come_first_in_both_directions() {
        let (melodies, titles) = (ids("m", 2), ids("t", 3));
        let pairing = Pairing { melodies: &melodies, titles: &titles };
        let scores = popularity(&pairing, &[5.0, 9.0], &[1.0, 7.0, 3.0]).unwrap();
        let order = |scores: Scores, truth: &Truth| -> Vec<u32> {
            let rankings = scores.rank(truth, 9).unwrap();
            rankings.list()[0].hits().iter().map(|hit| hit.candidate).collect()
        };
        let truth = Truth::new(vec![vec![0], vec![1]], 3).unwrap();
        assert_eq!(order(scores.transposed(), &truth.transposed()), [1, 0]);
        assert_eq!(order(scores, &truth), [1, 2, 0]);
    }

    #[test]
    fn titles_of_the_melodys_class_come_first_and_unknown_classes_tie() {
        let features = [vec![1], vec![1], vec![2], vec![2], vec![2]];
        let examples = Examples { features: &features, labels: &[0, 0, 1, 1, 1], classes: 2 };
        let classifier = Classifier::fit(&examples, &Fit::default()).unwrap();
        let (melodies, titles) = (ids("m", 3), ids("t", 2));
        let classes = [Some(0), Some(1), None];
        let attribute = Attribute { classifier: &classifier, classes: &classes, weight: 1.0 };
        let pairing = Pairing { melodies: &melodies, titles: &titles };
        let scores = attributes(&pairing, &[vec![1], vec![2]], &[attribute]).unwrap();
        assert!(scores.row(0)[0] > scores.row(0)[1]);
        assert!(scores.row(1)[0] < scores.row(1)[1]);
        assert_eq!(scores.row(2), [0.0, 0.0]);
        let short = attributes(&pairing, &[vec![1]], &[attribute]);
        assert!(short.is_err());
        let beyond = Attribute { classes: &[None, None, Some(2)], ..attribute };
        assert!(attributes(&pairing, &[vec![1], vec![2]], &[beyond]).is_err());
    }
}
