"""Writes the fixtures that the clusters and maps of crates/retrieval are tested against, from scikit-learn and scipy.

Run from the repository root: python reference/map_fixtures.py
"""

import json
import pathlib

import numpy as np
from scipy.spatial import procrustes
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

OUT = pathlib.Path("crates/retrieval/tests/fixtures/maps.json")
POINTS, DIM, CLASSES, K = 131, 7, 5, 3


def sample(rng, points):
    """Overlapping classes, the commonest first; rounded to f32 as the crate reads them."""
    labels = np.sort(rng.choice(CLASSES, points, p=[0.4, 0.25, 0.2, 0.1, 0.05]))
    centres = np.random.default_rng(7).normal(size=(CLASSES, DIM)) * 1.3
    vectors = centres[labels] + rng.normal(size=(points, DIM)) * rng.uniform(0.5, 2, DIM)
    order = rng.permutation(points)
    return np.round(vectors[order], 4).astype(np.float32), labels[order]


def guesses(truth, guessed):
    return {
        "guessed": np.asarray(guessed).tolist(),
        "accuracy": metrics.accuracy_score(truth, guessed),
        "macro_f1": metrics.f1_score(truth, guessed, average="macro"),
    }


def neighbours(train, labels, test, truth):
    """Guesses by the majority of the K nearest, the lowest class of several: left out one by one, and on a test."""
    alone = []
    for left in range(len(train)):
        rest = np.arange(len(train)) != left
        model = KNeighborsClassifier(K).fit(train[rest], labels[rest])
        alone += model.predict(train[[left]]).tolist()
    model = KNeighborsClassifier(K).fit(train, labels)
    return {
        "leave_one_out": guesses(labels, alone),
        "test": guesses(truth, model.predict(test)),
        "majority": guesses(truth, DummyClassifier().fit(train, labels).predict(test)),
    }


def probe(train, labels, test, truth, l2):
    model = LogisticRegression(C=1 / l2, tol=1e-10, max_iter=100_000)
    model = make_pipeline(StandardScaler(), model).fit(train, labels)
    return {
        "l2": l2,
        "log_probabilities": model.predict_log_proba(test).tolist(),
        "test": guesses(truth, model.predict(test)),
    }


def kept(vectors, places):
    of = lambda x: NearestNeighbors(n_neighbors=K).fit(x).kneighbors(return_distance=False)
    return np.mean([len(set(a) & set(b)) / K for a, b in zip(of(vectors), of(places))])


def main():
    rng = np.random.default_rng(20777)
    (train, labels), (test, truth) = sample(rng, POINTS), sample(rng, 61)
    # Both hold what f32 can, so that the crate reads the same numbers, but scikit-learn shall reckon in f64.
    train, test = train.astype(np.float64), test.astype(np.float64)
    kmeans = KMeans(CLASSES, n_init=1000, random_state=1).fit(train)
    pca = PCA(3, svd_solver="full").fit(train)
    places = np.round(pca.transform(train)[:, :2], 4).astype(np.float32)
    other = np.round(places @ [[0.6, -1.1], [1.3, 0.4]] + [3, 5], 4).astype(np.float32)
    fixture = {
        "dim": DIM,
        "classes": CLASSES,
        "k": K,
        "train": train.ravel().tolist(),
        "labels": labels.tolist(),
        "test": test.ravel().tolist(),
        "truth": truth.tolist(),
        "silhouette": {
            metric: metrics.silhouette_score(train, labels, metric=metric)
            for metric in ("cosine", "euclidean")
        },
        "kmeans": {
            "inertia": kmeans.inertia_,
            "labels": kmeans.labels_.tolist(),
            "nmi": metrics.normalized_mutual_info_score(labels, kmeans.labels_),
            "ari": metrics.adjusted_rand_score(labels, kmeans.labels_),
        },
        "neighbours": neighbours(train, labels, test, truth),
        "probe": probe(train, labels, test, truth, 0.7),
        "pca": {
            "components": pca.components_.tolist(),
            "shares": pca.explained_variance_ratio_.tolist(),
            "projected": pca.transform(test).ravel().tolist(),
        },
        "map": {
            "places": places.tolist(),
            "kept": kept(train, places),
            "trustworthiness": trustworthiness(train, places, n_neighbors=K),
            "other": other.tolist(),
            "disparity": procrustes(places, other)[2],
        },
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
