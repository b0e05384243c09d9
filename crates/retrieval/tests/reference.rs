//! Measures, pools, tests and classifiers equal pytrec_eval, ranx and scipy, on the fixtures that
//! reference/retrieval_fixtures.py writes.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

use std::collections::BTreeMap;

use retrieval::{Bootstrap, Classifier, Examples, Fit, Outcome, Outcomes, Scores, Truth};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    scores: Vec<Vec<f32>>,
    relevant: Vec<Vec<u32>>,
    /// A query: recip_rank, ndcg, recall at each cut-off.
    #[serde(default)]
    pytrec_eval: Vec<Vec<f64>>,
    /// A query: mrr, dcg, ndcg, recall at each cut-off.
    #[serde(default)]
    ranx: Vec<Vec<f64>>,
    #[serde(default)]
    size: usize,
    /// A query in pools: rank, reciprocal rank, dcg, recall at each cut-off.
    #[serde(default)]
    expected: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Labelled {
    features: Vec<Vec<u32>>,
    labels: Vec<u32>,
    classes: usize,
    l2: f64,
    log_probabilities: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Paired {
    ranks: [Vec<usize>; 2],
    candidates: usize,
    /// Of MRR and DCG.
    p: [f64; 2],
}

fn ids(prefix: &str, n: usize) -> Vec<String> {
    (0..n).map(|i| format!("{prefix}{i}")).collect()
}

fn rankings(scores: &[Vec<f32>], relevant: &[Vec<u32>]) -> retrieval::Rankings {
    let columns = scores[0].len();
    let truth = Truth::new(relevant.to_vec(), columns).unwrap();
    Scores::new(ids("q", scores.len()), ids("c", columns), scores.concat())
        .unwrap()
        .rank(&truth, 10)
        .unwrap()
}

fn same(what: &str, got: &[f64], expected: &[f64], within: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (column, (got, expected)) in got.iter().zip(expected).enumerate() {
        let off = (got - expected).abs();
        assert!(off <= within, "{what}, column {column}: {got} is not {expected}");
    }
}

#[test]
fn measures_equal_pytrec_eval_and_ranx() {
    let text = include_str!("fixtures/metrics.json");
    let cases: BTreeMap<String, Case> = serde_json::from_str(text).unwrap();
    assert_eq!(cases.len(), 4);
    for (name, case) in cases {
        let outcomes = rankings(&case.scores, &case.relevant).outcomes();
        for (q, outcome) in outcomes.values().iter().enumerate() {
            let Outcome { reciprocal_rank, dcg, ndcg, recall, .. } = *outcome;
            let what = format!("{name}, query {q}");
            let trec: Vec<f64> = [reciprocal_rank, ndcg].into_iter().chain(recall).collect();
            same(&format!("{what}, pytrec_eval"), &trec, &case.pytrec_eval[q], 1e-12);
            let ranx: Vec<f64> = [reciprocal_rank, dcg, ndcg].into_iter().chain(recall).collect();
            same(&format!("{what}, ranx"), &ranx, &case.ranx[q], 1e-12);
        }
        same_means(&name, &outcomes, &case.ranx);
    }
}

fn same_means(name: &str, outcomes: &Outcomes, rows: &[Vec<f64>]) {
    let metrics = outcomes.metrics(&Bootstrap::default()).unwrap();
    let got: Vec<f64> = metrics.named()[..7].iter().map(|(_, metric)| metric.value).collect();
    let mean = |c: usize| rows.iter().map(|row| row[c]).sum::<f64>() / rows.len() as f64;
    same(name, &got, &(0..7).map(mean).collect::<Vec<f64>>(), 1e-12);
    assert_eq!(metrics.mrr.n, rows.len());
}

#[test]
fn pools_equal_scipys_hypergeometric_means() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("fixtures/pools.json")).unwrap();
    for (number, case) in cases.iter().enumerate() {
        let outcomes = rankings(&case.scores, &case.relevant).pooled(case.size).unwrap();
        assert_eq!(outcomes.candidates(), case.size);
        for (q, outcome) in outcomes.values().iter().enumerate() {
            let Outcome { rank, reciprocal_rank, dcg, recall, .. } = *outcome;
            let got: Vec<f64> = [rank, reciprocal_rank, dcg].into_iter().chain(recall).collect();
            same(&format!("case {number}, query {q}"), &got, &case.expected[q], 1e-10);
        }
    }
}

#[test]
fn the_classifier_finds_scipys_minimum() {
    let text = include_str!("fixtures/classifier.json");
    let Labelled { features, labels, classes, l2, log_probabilities } =
        serde_json::from_str(text).unwrap();
    let examples = Examples { features: &features, labels: &labels, classes };
    let fit = Fit { l2, tolerance: 1e-9, ..Fit::default() };
    let classifier = Classifier::fit(&examples, &fit).unwrap();
    for (title, expected) in features.iter().zip(&log_probabilities) {
        same("log probabilities", &classifier.log_probabilities(title), expected, 1e-6);
    }
    let shares: Vec<f64> = (0..classes as u32)
        .map(|c| labels.iter().filter(|&&l| l == c).count() as f64 / labels.len() as f64)
        .collect();
    let lift = classifier.log_lift(&features[0]);
    let expected: Vec<f64> =
        log_probabilities[0].iter().zip(&shares).map(|(p, share)| p - share.ln()).collect();
    same("lift", &lift, &expected, 1e-6);
}

#[test]
fn randomisation_tests_approach_scipys_exact_p_values() {
    let tests: Vec<Paired> = serde_json::from_str(include_str!("fixtures/paired.json")).unwrap();
    let bootstrap = Bootstrap::new(100_000, 5, 0.95).unwrap();
    for Paired { ranks, candidates, p } in tests {
        let [a, b] = ranks.map(|ranks| {
            let scores: Vec<Vec<f32>> = ranks.iter().map(|&r| truth_at(r, candidates)).collect();
            rankings(&scores, &vec![vec![0]; ranks.len()]).outcomes()
        });
        let differences = a.differences(&b, &bootstrap).unwrap();
        // Four standard errors of a share of 100,000 draws are below 0.007.
        same("p", &[differences.mrr.p, differences.dcg.p], &p, 0.007);
        let (mrr, opposite) = (differences.mrr, b.differences(&a, &bootstrap).unwrap().mrr);
        assert_eq!((mrr.value, mrr.p), (-opposite.value, opposite.p));
        assert!(mrr.low <= mrr.value && mrr.value <= mrr.high);
    }
}

/// Scores that put candidate 0 at `rank`.
fn truth_at(rank: usize, candidates: usize) -> Vec<f32> {
    let others = (1..candidates).map(|c| -(c as f32));
    std::iter::once(0.5 - rank as f32).chain(others).collect()
}
