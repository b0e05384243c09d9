//! Studies: statistics over runs and queries equal scipy's and statsmodels', on the fixture that
//! reference/study_fixtures.py writes; what a report holds and how it looks.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

use retrieval::report::{BothWays, Entry, Role, StudyReport, StudySettings};
use retrieval::{Bootstrap, Error, Interval, Scores, SeededDifference, Spread, Truth, holm};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    holm: Vec<Family>,
    level: f64,
    candidates: usize,
    /// Ranks, (runs, queries).
    system: Vec<Vec<usize>>,
    reference: Vec<Vec<usize>>,
    median_rank: f64,
    /// Of MRR, DCG and R@10.
    spreads: [Expected; 3],
    differences: [Expected; 3],
}

#[derive(Deserialize)]
struct Family {
    p: Vec<f64>,
    corrected: Vec<f64>,
}

#[derive(Deserialize)]
struct Expected {
    value: f64,
    #[serde(default)]
    deviation: f64,
    #[serde(default)]
    over_runs: [f64; 2],
    over_queries: [f64; 2],
    over_both: [f64; 2],
    #[serde(default)]
    p: f64,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("fixtures/study.json")).unwrap()
}

/// A run whose query q has its truth, candidate q, at these ranks among all candidates.
fn run(ranks: &[usize], candidates: usize) -> BothWays {
    let ids = |prefix: &str, n: usize| (0..n).map(|i| format!("{prefix}{i}")).collect();
    let others = |q: usize, c: usize| -(((c + candidates - q) % candidates) as f32);
    let score = |q: usize, c: usize| if c == q { 0.5 - ranks[q] as f32 } else { others(q, c) };
    let scores = (0..ranks.len()).flat_map(|q| (0..candidates).map(move |c| score(q, c)));
    let truth = Truth::new((0..ranks.len() as u32).map(|q| vec![q]).collect(), candidates).unwrap();
    let scores = Scores::new(ids("m", ranks.len()), ids("t", candidates), scores.collect());
    BothWays::new(&scores.unwrap(), &truth, None).unwrap()
}

fn entry(name: &str, role: Role, runs: &[Vec<usize>], candidates: usize) -> Entry {
    let runs = runs.iter().map(|ranks| run(ranks, candidates)).collect();
    Entry { name: name.to_owned(), role, runs }
}

fn report(resamples: usize, level: f64) -> StudyReport {
    let Fixture { system, reference, candidates, .. } = fixture();
    let entries = [
        entry("plain", Role::Model, &reference, candidates),
        entry("ours, \"new\"", Role::Model, &system, candidates),
        entry("other", Role::Model, &system[..2], candidates),
        entry("header only", Role::Baseline, &reference[1..2], candidates),
    ];
    let settings = StudySettings {
        name: "two systems".to_owned(),
        reference: "plain".to_owned(),
        bootstrap: Bootstrap::new(resamples, 5, level).unwrap(),
        pooled: false,
    };
    StudyReport::new(settings, &entries).unwrap()
}

/// Ends of two bootstraps are as good as equal within a fiftieth of the width.
fn near(what: &str, got: Interval, [low, high]: [f64; 2]) {
    let room = (high - low) / 50.0 + 1e-12;
    let fits = (got.low - low).abs() <= room && (got.high - high).abs() <= room;
    assert!(fits, "{what}: {got:?} is not [{low}, {high}]");
}

#[test]
fn corrected_p_values_equal_those_of_statsmodels() {
    for Family { p, corrected } in fixture().holm {
        let got = holm(&p);
        assert!(got.iter().zip(&corrected).all(|(a, b)| (a - b).abs() < 1e-15), "{p:?}: {got:?}");
    }
}

#[test]
fn means_and_intervals_equal_those_of_scipy() {
    let Fixture { spreads, median_rank, level, .. } = fixture();
    let report = report(20_000, level);
    let system = &report.directions[0].systems[1];
    let got = [&system.mrr, &system.dcg, &system.recall_at_10];
    for (number, (got, expected)) in got.into_iter().zip(spreads).enumerate() {
        let Spread { value, deviation, over_runs, over_queries, over_both, .. } = *got;
        assert!((value - expected.value).abs() < 1e-12);
        assert!((deviation.unwrap() - expected.deviation).abs() < 1e-12);
        let (t, [low, high]) = (over_runs.unwrap(), expected.over_runs);
        assert!((t.low - low).abs() < 1e-12 && (t.high - high).abs() < 1e-12, "{t:?}");
        near(&format!("measure {number} over queries"), over_queries, expected.over_queries);
        near(&format!("measure {number} over both"), over_both, expected.over_both);
    }
    assert!((system.median_rank.value - median_rank).abs() < 1e-12);
}

#[test]
fn differences_and_their_tests_equal_those_of_scipy() {
    let Fixture { differences, level, .. } = fixture();
    let report = report(20_000, level);
    let comparison = &report.directions[0].comparisons[0];
    let got = [&comparison.mrr, &comparison.dcg, &comparison.recall_at_10];
    for (number, (got, expected)) in got.into_iter().zip(differences).enumerate() {
        let SeededDifference { value, over_queries, over_both, p, .. } = *got;
        assert!((value - expected.value).abs() < 1e-12);
        near(&format!("difference {number} over queries"), over_queries, expected.over_queries);
        near(&format!("difference {number} over both"), over_both, expected.over_both);
        // Four standard errors of a share of 20,000 draws are below 0.015.
        assert!((p - expected.p).abs() < 0.015, "{p} is not {}", expected.p);
    }
}

#[test]
fn every_system_is_compared_with_the_reference_among_those_of_its_role() {
    let report = report(200, 0.95);
    for direction in &report.directions {
        let of = |c: &retrieval::report::StudyComparison| (c.system.clone(), c.comparisons);
        let pairs: Vec<(String, usize)> = direction.comparisons.iter().map(of).collect();
        let expected = [("ours, \"new\"", 2), ("other", 2), ("header only", 1)];
        assert_eq!(pairs, expected.map(|(name, among)| (name.to_owned(), among)));
        let p: Vec<f64> = direction.comparisons[..2].iter().map(|c| c.mrr.p).collect();
        let corrected: Vec<f64> = direction.comparisons[..2].iter().map(|c| c.mrr.p_holm).collect();
        assert_eq!(corrected, holm(&p));
        assert_eq!(direction.comparisons[2].mrr.p, direction.comparisons[2].mrr.p_holm);
    }
}

#[test]
fn a_single_run_has_no_interval_over_runs_and_that_over_both_is_that_over_queries() {
    let report = report(300, 0.95);
    let single = &report.directions[0].systems[3].mrr;
    assert_eq!((single.deviation, single.over_runs), (None, None));
    assert_eq!(single.over_both, single.over_queries);
}

#[test]
fn runs_add_to_the_width() {
    let report = report(2_000, 0.95);
    let Spread { over_queries, over_both, .. } = report.directions[0].systems[0].mrr;
    assert!(over_both.high - over_both.low > over_queries.high - over_queries.low);
}

#[test]
fn a_report_reads_back_as_written_and_shows_every_system() {
    let report = report(200, 0.95);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<StudyReport>(&text).unwrap(), report);
    for shown in [report.to_string(), report.to_markdown()] {
        for word in ["plain", "ours", "chance (exact)", "p Holm", "2 comparisons", "over both"] {
            assert!(shown.contains(word), "no {word} in\n{shown}");
        }
    }
    let csv = report.to_csv();
    let mut lines = csv.lines();
    let columns = lines.next().unwrap().split(',').count();
    assert_eq!(lines.clone().count(), 2 * 4 * 4);
    for line in lines {
        let line = line.replace("\"ours, \"\"new\"\"\"", "ours");
        assert_eq!(line.split(',').count(), columns, "{line}");
    }
    let svg = report.to_svg();
    assert!(svg.starts_with("<svg xmlns") && svg.matches("<circle").count() == 8);
    assert!(svg.contains("ours, &quot;new&quot;") && !svg.contains("NaN"));
}

#[test]
fn what_cannot_be_compared_is_refused_by_name() {
    let settings = |reference: &str| StudySettings {
        name: "s".to_owned(),
        reference: reference.to_owned(),
        bootstrap: Bootstrap::default(),
        pooled: false,
    };
    let a = entry("a", Role::Model, &[vec![1, 2, 3]], 7);
    let short = entry("b", Role::Model, &[vec![1, 2]], 7);
    let empty = Entry { runs: Vec::new(), ..a.clone() };
    let refused = |reference: &str, entries: &[Entry]| {
        StudyReport::new(settings(reference), entries).unwrap_err()
    };
    let unknown = Error::UnknownId { id: "c".into(), among: "systems" };
    assert_eq!(refused("c", std::slice::from_ref(&a)), unknown);
    let unpaired = Error::Unpaired { left: "b".into(), right: "a".into() };
    assert_eq!(refused("a", &[a.clone(), short]), unpaired);
    assert_eq!(refused("a", &[empty]), Error::NothingToMeasure);
    assert_eq!(refused("a", &[a.clone(), a]), Error::DuplicateId { id: "a".into() });
}
