"""Writes the fixtures that crates/retrieval is tested against, from pytrec_eval, ranx and scipy.

Run from the repository root: python reference/retrieval_fixtures.py
"""

import itertools
import json
import math
import pathlib

import numpy as np
import pytrec_eval
import ranx
from scipy import optimize, stats

OUT = pathlib.Path("crates/retrieval/tests/fixtures")
CUTOFFS = (1, 5, 10, 100)
TREC = {"recip_rank", "ndcg", "recall." + ",".join(map(str, CUTOFFS))}


def names(prefix, n):
    return [f"{prefix}{i:04d}" for i in range(n)]


def as_run(scores):
    queries, candidates = names("q", scores.shape[0]), names("c", scores.shape[1])
    return {q: dict(zip(candidates, map(float, row))) for q, row in zip(queries, scores)}


def as_qrels(relevant):
    queries = names("q", len(relevant))
    return {q: {f"c{c:04d}": 1 for c in row} for q, row in zip(queries, relevant)}


def trec_eval(scores, relevant):
    """One row a query: recip_rank, ndcg, recall at each cut-off."""
    evaluator = pytrec_eval.RelevanceEvaluator(as_qrels(relevant), TREC)
    result = evaluator.evaluate(as_run(scores))
    columns = ["recip_rank", "ndcg"] + [f"recall_{k}" for k in CUTOFFS]
    return np.array([[result[q][c] for c in columns] for q in sorted(result)])


def by_ranx(scores, relevant):
    """One row a query: mrr, dcg, ndcg, recall at each cut-off."""
    qrels, run = ranx.Qrels(as_qrels(relevant)), ranx.Run(as_run(scores))
    columns = ["mrr", "dcg", "ndcg"] + [f"recall@{k}" for k in CUTOFFS]
    result = ranx.evaluate(qrels, run, columns, return_mean=False)
    return np.array([result[c] for c in columns]).T


def distinct_scores(rng, queries, candidates):
    return np.array([rng.permutation(candidates) for _ in range(queries)]) - candidates // 2


def some_relevant(rng, queries, candidates, most):
    sizes = rng.integers(1, most + 1, queries)
    return [sorted(rng.choice(candidates, size, replace=False).tolist()) for size in sizes]


def untied(rng, queries, candidates, most):
    scores = distinct_scores(rng, queries, candidates)
    relevant = some_relevant(rng, queries, candidates, most)
    return case(scores, relevant, trec_eval(scores, relevant), by_ranx(scores, relevant))


def harmless_ties(rng, queries, candidates, most):
    """Ties only among candidates that are all relevant or all not: every order of them gives the same values."""
    relevant = some_relevant(rng, queries, candidates, most)
    scores = 2 * rng.integers(0, 5, (queries, candidates))
    for row, right in zip(scores, relevant):
        row[right] += 1
    return case(scores, relevant, trec_eval(scores, relevant), by_ranx(scores, relevant))


def averaged_ties(rng, queries, candidates, most):
    """Ties of every kind: the mean of pytrec_eval and of ranx over every order that respects the scores."""
    relevant = some_relevant(rng, queries, candidates, most)
    scores = rng.integers(0, 3, (queries, candidates))
    orders = list(itertools.permutations(range(candidates)))
    trec, others = [], []
    for row, right in zip(scores, relevant):
        # Sorting by score and then by a permutation visits every order of the ties equally often.
        distinct = np.array([row * candidates + np.array(order) for order in orders])
        distinct = np.unique(distinct.argsort(axis=1).argsort(axis=1), axis=0)
        trec.append(trec_eval(distinct, [right] * len(distinct)).mean(axis=0))
        others.append(by_ranx(distinct, [right] * len(distinct)).mean(axis=0))
    return case(scores, relevant, np.array(trec), np.array(others))


def case(scores, relevant, trec, other):
    return {
        "scores": scores.tolist(),
        "relevant": relevant,
        "pytrec_eval": trec.tolist(),
        "ranx": other.tolist(),
    }


def pooled(rng, queries, candidates, size, most):
    """Every measure's mean over pools, from scipy's hypergeometric distribution: one row a query of rank, reciprocal
    rank, dcg, recall at each cut-off."""
    scores = distinct_scores(rng, queries, candidates)
    relevant = some_relevant(rng, queries, candidates, most)
    rows = []
    for row, right in zip(scores, relevant):
        others, drawn = candidates - len(right), size - len(right)
        order = [c for c in np.argsort(-row) if c in right]
        sums = np.zeros(3 + len(CUTOFFS))
        for j, c in enumerate(order, 1):
            above = int((row > row[c]).sum()) - (j - 1)
            hidden = np.arange(drawn + 1)
            weight = stats.hypergeom(others, above, drawn).pmf(hidden)
            rank = j + hidden
            if j == 1:
                sums[0] = (weight * rank).sum()
                sums[1] = (weight / rank).sum()
            sums[2] += (weight / np.log2(rank + 1)).sum()
            for k, cutoff in enumerate(CUTOFFS):
                sums[3 + k] += weight[rank <= cutoff].sum() / len(right)
        rows.append(sums.tolist())
    return {"scores": scores.tolist(), "relevant": relevant, "size": size, "expected": rows}


def classifier(rng, examples, features, classes, l2):
    """Penalised logistic regression by scipy's optimiser, on dense features weighted as documented."""
    bags = [rng.integers(0, features, rng.integers(1, 9)).tolist() for _ in range(examples)]
    labels = rng.integers(0, classes, examples)
    bags = [bag + [int(label)] * 2 for bag, label in zip(bags, labels)]
    counts = np.array([np.bincount(bag, minlength=features) for bag in bags], dtype=float)
    rarity = np.log((1 + examples) / (1 + (counts > 0).sum(axis=0))) + 1
    values = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0) * rarity
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    one_hot = np.eye(classes)[labels]

    def loss(flat):
        weights, bias = flat[:-classes].reshape(features, classes), flat[-classes:]
        logits = values @ weights + bias
        logits -= logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        error = np.exp(log_p) - one_hot
        gradient = np.concatenate([(values.T @ error + l2 * weights).ravel(), error.sum(axis=0)])
        return -(log_p * one_hot).sum() + l2 / 2 * (weights**2).sum(), gradient

    start = np.zeros((features + 1) * classes)
    options = {"gtol": 1e-10, "ftol": 1e-16, "maxiter": 5000, "maxfun": 10000}
    best = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    logits = values @ best[:-classes].reshape(features, classes) + best[-classes:]
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return {
        "features": bags,
        "labels": labels.tolist(),
        "classes": classes,
        "l2": l2,
        "log_probabilities": log_p.tolist(),
    }


def paired(rng, queries, candidates):
    """Exact two-sided p-values of the paired randomisation test over all sign patterns, for MRR and DCG."""
    tests = []
    for last in (candidates, 5):
        ranks = rng.integers(1, last + 1, queries), rng.integers(1, candidates + 1, queries)
        gains = [(1 / r, 1 / np.log2(r + 1)) for r in ranks]
        p = [
            stats.permutation_test(
                pair, lambda a, b, axis: (a - b).mean(axis=axis), permutation_type="samples",
                vectorized=True, n_resamples=math.inf,
            ).pvalue
            for pair in zip(*gains)
        ]
        tests.append({"ranks": [r.tolist() for r in ranks], "candidates": candidates, "p": p})
    return tests


def write(name, value):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


def main():
    rng = np.random.default_rng(20777)
    write(
        "metrics.json",
        {
            "one relevant": untied(rng, 13, 127, 1),
            "several relevant": untied(rng, 17, 131, 7),
            "harmless ties": harmless_ties(rng, 11, 109, 5),
            "averaged ties": averaged_ties(rng, 11, 7, 3),
        },
    )
    write("pools.json", [pooled(rng, 7, 113, 61, 1), pooled(rng, 11, 103, 37, 5)])
    write("classifier.json", classifier(rng, 53, 29, 5, 0.7))
    write("paired.json", paired(rng, 11, 31))


if __name__ == "__main__":
    main()
