//! Clusters, probes and maps equal scikit-learn and scipy, on the fixture that reference/map_fixtures.py writes; and they
//! are the same whatever the number of threads.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

use std::collections::BTreeMap;

use retrieval::clusters::{
    Distance, Guesses, Kmeans, Probe, Sample, agreement, by_neighbours, kmeans, leave_one_out,
    majority, silhouette,
};
use retrieval::maps::{
    Pca, Place, Tsne, Umap, align, neighbours_kept, pca_map, trustworthiness, tsne, umap,
};
use retrieval::{Bootstrap, Labelled, Vectors};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    dim: usize,
    classes: usize,
    k: usize,
    train: Vec<f32>,
    labels: Vec<u32>,
    test: Vec<f32>,
    truth: Vec<u32>,
    silhouette: BTreeMap<String, f64>,
    kmeans: Clusters,
    neighbours: BTreeMap<String, Guessed>,
    probe: Fitted,
    pca: Components,
    map: Laid,
}

#[derive(Deserialize)]
struct Clusters {
    inertia: f64,
    labels: Vec<u32>,
    nmi: f64,
    ari: f64,
}

#[derive(Deserialize)]
struct Guessed {
    guessed: Vec<u32>,
    accuracy: f64,
    macro_f1: f64,
}

#[derive(Deserialize)]
struct Fitted {
    l2: f64,
    log_probabilities: Vec<Vec<f64>>,
    test: Guessed,
}

#[derive(Deserialize)]
struct Components {
    components: Vec<Vec<f64>>,
    shares: Vec<f64>,
    projected: Vec<f64>,
}

#[derive(Deserialize)]
struct Laid {
    places: Vec<Place>,
    kept: f64,
    trustworthiness: f64,
    other: Vec<Place>,
    disparity: f64,
}

impl Fixture {
    fn read() -> Self {
        serde_json::from_str(include_str!("fixtures/maps.json")).unwrap()
    }

    fn train(&self) -> Labelled<'_> {
        Labelled::new(Vectors::new(self.dim, &self.train).unwrap(), &self.labels).unwrap()
    }

    fn test(&self) -> Vectors<'_> {
        Vectors::new(self.dim, &self.test).unwrap()
    }
}

fn same(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{what}: {got}, expected {expected}");
}

fn same_guesses(what: &str, truth: &[u32], got: &[u32], expected: &Guessed) {
    assert_eq!(got, expected.guessed, "{what}");
    let guesses = Guesses::new(truth, got, &Bootstrap::default()).unwrap();
    same(what, guesses.accuracy.value, expected.accuracy, 1e-12);
    same(what, guesses.macro_f1.value, expected.macro_f1, 1e-12);
}

#[test]
fn silhouettes_equal_scikit_learns() {
    let fixture = Fixture::read();
    for (name, distance) in [("cosine", Distance::Cosine), ("euclidean", Distance::Euclidean)] {
        let got = silhouette(&fixture.train(), distance, &Sample::default()).unwrap();
        same(name, got, fixture.silhouette[name], 1e-9);
    }
}

#[test]
fn clusters_are_as_tight_as_scikit_learns_and_agreement_is_measured_alike() {
    let fixture = Fixture::read();
    let vectors = fixture.train().vectors();
    let found = kmeans(vectors, &Kmeans { restarts: 200, ..Kmeans::new(fixture.classes) }).unwrap();
    let Clusters { inertia, labels, nmi, ari } = &fixture.kmeans;
    assert!(found.inertia <= inertia * (1.0 + 1e-6), "{} {inertia}", found.inertia);
    let measured = agreement(&fixture.labels, labels).unwrap();
    same("nmi", measured.nmi, *nmi, 1e-12);
    same("ari", measured.ari, *ari, 1e-12);
    let to_theirs = agreement(&found.labels, labels).unwrap();
    same("our clusters and theirs", to_theirs.ari, 1.0, 1e-12);
}

#[test]
fn neighbours_guess_as_scikit_learns_do() {
    let fixture = Fixture::read();
    let (train, truth) = (fixture.train(), &fixture.truth);
    let alone = leave_one_out(&train, fixture.k).unwrap();
    same_guesses("one out", &fixture.labels, &alone, &fixture.neighbours["leave_one_out"]);
    let test = by_neighbours(&train, fixture.test(), fixture.k).unwrap();
    same_guesses("test", truth, &test, &fixture.neighbours["test"]);
    let blind = vec![majority(&fixture.labels); truth.len()];
    same_guesses("majority", truth, &blind, &fixture.neighbours["majority"]);
}

#[test]
fn the_probe_finds_scikit_learns_minimum() {
    let fixture = Fixture::read();
    let probe = Probe::fit(&fixture.train(), fixture.classes, fixture.probe.l2).unwrap();
    let got = probe.log_probabilities(fixture.test()).unwrap();
    for (got, expected) in got.iter().zip(fixture.probe.log_probabilities.iter().flatten()) {
        same("log probability", *got, *expected, 1e-3);
    }
    same_guesses(
        "probe",
        &fixture.truth,
        &probe.predict(fixture.test()).unwrap(),
        &fixture.probe.test,
    );
}

#[test]
fn principal_components_equal_scikit_learns_sign_and_all() {
    let fixture = Fixture::read();
    let pca = Pca::fit(fixture.train().vectors(), 3).unwrap();
    let components = pca.components().iter().flatten().zip(fixture.pca.components.iter().flatten());
    components.for_each(|(got, expected)| same("component", *got, *expected, 1e-6));
    let shares = pca.shares().into_iter().zip(&fixture.pca.shares);
    shares.for_each(|(got, expected)| same("share", got, *expected, 1e-9));
    let projected = pca.project(fixture.test()).unwrap();
    let projected = projected.iter().zip(&fixture.pca.projected);
    projected.for_each(|(&got, expected)| same("projection", f64::from(got), *expected, 1e-5));
}

#[test]
fn measures_of_maps_equal_scikit_learns() {
    let fixture = Fixture::read();
    let (vectors, map) = (fixture.train().vectors(), &fixture.map);
    let kept = neighbours_kept(vectors, &map.places, fixture.k).unwrap();
    same("neighbours kept", kept, map.kept, 1e-12);
    let trust = trustworthiness(vectors, &map.places, fixture.k, &Sample::default()).unwrap();
    same("trustworthiness", trust, map.trustworthiness, 1e-9);
}

#[test]
fn aligning_leaves_scipys_disparity() {
    let Laid { places, other, disparity, .. } = Fixture::read().map;
    let motion = align(&other, &places).unwrap();
    let moved: Vec<Place> = other.iter().map(|&place| motion.apply(place)).collect();
    let n = places.len() as f64;
    let mean = [0, 1].map(|axis| places.iter().map(|p| f64::from(p[axis])).sum::<f64>() / n);
    let (mut off, mut all) = (0.0, 0.0);
    for (a, b) in moved.iter().zip(&places) {
        for axis in 0..2 {
            off += f64::from(a[axis] - b[axis]).powi(2);
            all += (f64::from(b[axis]) - mean[axis]).powi(2);
        }
    }
    same("disparity", off / all, disparity, 1e-5);
}

#[test]
fn nothing_depends_on_the_number_of_threads() {
    let fixture = Fixture::read();
    let all = || {
        let (train, vectors) = (fixture.train(), fixture.train().vectors());
        let start = pca_map(vectors).unwrap();
        let how = Tsne { exaggeration: (12.0, 50), steps: 100, ..Tsne::default() };
        (
            kmeans(vectors, &Kmeans::new(3)).unwrap(),
            Probe::fit(&train, fixture.classes, 1.0).unwrap(),
            tsne(vectors, &how, &start).unwrap(),
            umap(vectors, &Umap { rounds: Some(100), ..Umap::default() }, &start).unwrap(),
            start,
        )
    };
    let with = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(all)
    };
    assert!(with(1) == with(3));
}

#[test]
fn maps_keep_more_neighbours_than_a_straight_view() {
    let fixture = Fixture::read();
    let vectors = fixture.train().vectors();
    let start = pca_map(vectors).unwrap();
    let kept = |map: &[Place]| neighbours_kept(vectors, map, 5).unwrap();
    let (straight, settings) = (kept(&start), (Tsne::default(), Umap::default()));
    let (bent, joined) =
        (tsne(vectors, &settings.0, &start).unwrap(), umap(vectors, &settings.1, &start).unwrap());
    assert!(kept(&bent) > straight + 0.1, "{} {straight}", kept(&bent));
    assert!(kept(&joined) > straight + 0.1, "{} {straight}", kept(&joined));
}
