"""Writes the fixture that the fusion of crates/retrieval is tested against, from ranx.

Run from the repository root: python reference/fusion_fixtures.py
"""

import json
import pathlib

import numpy as np
import ranx

OUT = pathlib.Path("crates/retrieval/tests/fixtures/fusion.json")
QUERIES, CANDIDATES, WEIGHTS = 7, 23, (0.5, 0.3, 0.2)


def as_run(scores):
    return ranx.Run({f"q{q:04d}": {f"c{c:04d}": float(s) for c, s in enumerate(row)} for q, row in enumerate(scores)})


def fuse(members, **how):
    """The fused scores in the shape of the members'."""
    run = ranx.fuse([as_run(scores) for scores in members], **how).to_dict()
    return np.array([[run[q][c] for c in sorted(run[q])] for q in sorted(run)])


def main():
    rng = np.random.default_rng(20777)
    # Members of very different scale and level; f32, as the crate holds them, and no ties.
    shape = (QUERIES, CANDIDATES)
    members = [rng.normal(0.1, 0.2, shape), rng.normal(-30, 7, shape), rng.exponential(1000, shape)]
    members = [scores.astype(np.float32) for scores in members]
    rrf = {"norm": None, "method": "rrf", "params": {"k": 60}}
    one_way = fuse(members, **rrf)
    other_way = fuse([scores.T for scores in members], **rrf).T
    value = {
        "members": [scores.tolist() for scores in members],
        "weights": WEIGHTS,
        "z_norm": fuse(members, norm="zmuv", method="wsum", params={"weights": WEIGHTS}).tolist(),
        "reciprocal_rank": one_way.tolist(),
        "reciprocal_rank_both_ways": (one_way + other_way).tolist(),
    }
    OUT.write_text(json.dumps(value, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
