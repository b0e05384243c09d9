"""Writes the fixture of statistics over runs and queries that crates/retrieval is tested against, from scipy and
statsmodels.

Run from the repository root: python reference/study_fixtures.py
"""

import json
import math
import pathlib

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

OUT = pathlib.Path("crates/retrieval/tests/fixtures/study.json")
CANDIDATES = 31
QUERIES = 13
LEVEL = 0.9
RESAMPLES = 400_000


def holm(rng):
    """Corrected p-values of families of several sizes, ties among them."""
    families = [rng.random(n) ** 3 for n in (1, 2, 5, 11)] + [np.array([0.01, 0.01, 0.04, 0.5, 0.04, 0.7])]
    return [
        {"p": p.tolist(), "corrected": multipletests(p, method="holm")[1].tolist()} for p in families
    ]


def gains(ranks):
    """Reciprocal rank, DCG, recall at 10: (3, runs, queries)."""
    return np.array([1 / ranks, 1 / np.log2(ranks + 1), (ranks <= 10).astype(float)])


def ends(numbers):
    return np.percentile(numbers, [50 * (1 - LEVEL), 50 * (1 + LEVEL)]).tolist()


def drawn(rng, values, counts):
    """Means of (runs, queries) over runs drawn again, for each row of how often each query is drawn."""
    runs = len(values)
    weights = rng.multinomial(runs, np.full(runs, 1 / runs), len(counts)) / runs
    return np.einsum("br,bq,rq->b", weights, counts / QUERIES, values, optimize=True)


def over_queries(values):
    """scipy's percentile interval of the mean over queries of each query's mean over the runs."""
    result = stats.bootstrap(
        (values.mean(axis=0),), np.mean, confidence_level=LEVEL, method="percentile", n_resamples=RESAMPLES,
        batch=RESAMPLES // 10, rng=np.random.default_rng(3),
    )
    return list(map(float, result.confidence_interval))


def spread(rng, values):
    means = values.mean(axis=1)
    runs = len(means)
    over_runs = stats.t.interval(LEVEL, runs - 1, means.mean(), stats.sem(means))
    counts = rng.multinomial(QUERIES, np.full(QUERIES, 1 / QUERIES), RESAMPLES)
    return {
        "value": float(means.mean()),
        "deviation": float(means.std(ddof=1)),
        "over_runs": list(map(float, over_runs)),
        "over_queries": over_queries(values),
        "over_both": ends(drawn(rng, values, counts)),
    }


def difference(rng, ours, theirs):
    pair = ours.mean(axis=0), theirs.mean(axis=0)
    exact = stats.permutation_test(
        pair, lambda a, b, axis: (a - b).mean(axis=axis), permutation_type="samples", vectorized=True,
        n_resamples=math.inf,
    )
    counts = rng.multinomial(QUERIES, np.full(QUERIES, 1 / QUERIES), RESAMPLES)
    return {
        "value": float((pair[0] - pair[1]).mean()),
        "over_queries": over_queries((pair[0] - pair[1])[None]),
        "over_both": ends(drawn(rng, ours, counts) - drawn(rng, theirs, counts)),
        "p": float(exact.pvalue),
    }


def main():
    rng = np.random.default_rng(20777)
    better = rng.integers(1, 12, (5, QUERIES))
    reference = rng.integers(1, CANDIDATES + 1, (3, QUERIES))
    ours, theirs = gains(better), gains(reference)
    fixture = {
        "holm": holm(rng),
        "level": LEVEL,
        "candidates": CANDIDATES,
        "system": better.tolist(),
        "reference": reference.tolist(),
        "median_rank": float(np.median(better, axis=1).mean()),
        "spreads": [spread(rng, values) for values in ours],
        "differences": [difference(rng, a, b) for a, b in zip(ours, theirs)],
    }
    OUT.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
