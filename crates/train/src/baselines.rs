//! Systems that look at the header alone, for the model to be measured against.

use model::title_features;
use retrieval::baseline::{self, Attribute, Pairing};
use retrieval::report::{Role, System};
use retrieval::{Classifier, Examples, Fit, Scores, Truth};
use tokens::{Feature, Tokens, UNKNOWN, Vocabulary};

use crate::Error;
use crate::data::{Dataset, Example};

/// Penalties that are tried on the validation works.
const PENALTIES: [f64; 3] = [0.3, 1.0, 3.0];

/// The baseline that looks at the dance type.
pub(crate) const DANCE_TYPE_ONLY: &str = "dance type only";

/// The baseline that looks at all of [`HEADER`].
pub(crate) const HEADER_ONLY: &str = "header only";

/// The names of all baselines.
pub(crate) const NAMES: [&str; 4] = ["chance", "popularity", DANCE_TYPE_ONLY, HEADER_ONLY];

/// What the header baseline sees: type, key and metre.
pub(crate) const HEADER: [Feature; 3] = [Feature::DanceType, Feature::PlayedKey, Feature::Metre];

/// All baselines that the works allow, ready for a report on `examples`.
///
/// # Errors
/// When a classifier finds nothing to learn from.
pub(crate) fn baselines(data: &Dataset, examples: &[Example]) -> Result<Vec<System>, Error> {
    let ids = ids(examples);
    let pairing = Pairing { melodies: &ids, titles: &ids };
    let system =
        |name: &str, scores| System { name: name.to_owned(), role: Role::Baseline, scores };
    let mut systems = vec![system("chance", baseline::chance(&pairing)?)];
    if examples.iter().any(|example| example.popularity.is_some()) {
        let known: Vec<f32> =
            examples.iter().map(|example| example.popularity.unwrap_or(0) as f32).collect();
        systems.push(system("popularity", baseline::popularity(&pairing, &known, &known)?));
    }
    let mut fits = Vec::new();
    for feature in HEADER {
        fits.extend(Evidence::fit(data, feature)?);
    }
    let dance = fits.iter().position(|fit| fit.feature == Feature::DanceType);
    if let Some(at) = dance {
        systems.push(system(DANCE_TYPE_ONLY, scores(data, &fits[at..=at], examples)?));
    }
    if !fits.is_empty() {
        systems.push(system(HEADER_ONLY, scores(data, &fits, examples)?));
    }
    Ok(systems)
}

/// What titles tell about one feature of the header.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) feature: Feature,
    pub(crate) classifier: Classifier,
}

impl Evidence {
    /// Fits one classifier a penalty and keeps the best on validation; none where the training
    /// works have fewer than two values.
    pub(crate) fn fit(data: &Dataset, feature: Feature) -> Result<Option<Self>, Error> {
        let (mut features, mut labels) = (Vec::new(), Vec::new());
        for example in &data.train {
            if let Some(class) = class(&data.vocabulary, feature, example.query()) {
                labels.push(class);
                features.push(title_features(&example.title));
            }
        }
        if labels.iter().all(|label| Some(label) == labels.first()) {
            return Ok(None);
        }
        let classes = data.vocabulary.size(feature);
        let examples = Examples { features: &features, labels: &labels, classes };
        let mut best: Option<(f64, Self)> = None;
        for l2 in PENALTIES {
            let classifier = Classifier::fit(&examples, &Fit { l2, ..Fit::default() })?;
            let tried = Self { feature, classifier };
            let merit = merit(&scores(data, std::slice::from_ref(&tried), &data.validation)?)?;
            if best.as_ref().is_none_or(|(most, _)| merit > *most) {
                best = Some((merit, tried));
            }
        }
        Ok(best.map(|(_, evidence)| evidence))
    }
}

fn scores(data: &Dataset, fits: &[Evidence], examples: &[Example]) -> Result<Scores, Error> {
    let ids = ids(examples);
    let titles: Vec<Vec<u32>> = examples.iter().map(|e| title_features(&e.title)).collect();
    let classes: Vec<Vec<Option<u32>>> = fits
        .iter()
        .map(|fit| {
            examples.iter().map(|e| class(&data.vocabulary, fit.feature, e.query())).collect()
        })
        .collect();
    let attributes: Vec<Attribute<'_>> = fits
        .iter()
        .zip(&classes)
        .map(|(fit, classes)| Attribute { classifier: &fit.classifier, classes, weight: 1.0 })
        .collect();
    Ok(baseline::attributes(&Pairing { melodies: &ids, titles: &ids }, &titles, &attributes)?)
}

/// Mean reciprocal rank, melody to title and title to melody together.
fn merit(scores: &Scores) -> Result<f64, Error> {
    let truth = Truth::diagonal(scores.queries().len());
    let mut sum = 0.0;
    for outcomes in
        [scores.rank(&truth, 0)?.outcomes(), scores.transposed().rank(&truth, 0)?.outcomes()]
    {
        let ranks = outcomes.values().iter().map(|outcome| outcome.reciprocal_rank);
        sum += ranks.sum::<f64>() / outcomes.values().len() as f64;
    }
    Ok(sum / 2.0)
}

/// The class of a tune, or none where it is absent or unknown.
pub(crate) fn class(vocabulary: &Vocabulary, feature: Feature, tune: &Tokens) -> Option<u32> {
    let id = vocabulary.encode_header(tune, &[feature])[0];
    (id > UNKNOWN).then_some(id)
}

fn ids(examples: &[Example]) -> Vec<String> {
    examples.iter().map(|example| example.id.clone()).collect()
}
