"""Writes what the tests of the pairwise losses compare with: PyTorch's values and gradients in double precision.

    python reference/loss_fixtures.py

Sizes are distinct primes.
"""

import torch
import torch.nn.functional as F

from model_fixtures import MODEL, fixture, random


def sigmoid_loss(p, pairs):
    """pairs: 1 positive, 0 negative, -1 excluded."""
    logits = p["log_scale"].exp() * p["melodies"] @ p["titles"].T + p["bias"]
    signs = 2 * (pairs == 1).to(logits.dtype) - 1
    return -(F.logsigmoid(signs * logits) * (pairs != -1)).sum() / len(pairs)


def margin_loss(p, pairs, margin, hardest):
    cosines = p["melodies"] @ p["titles"].T

    def one_way(cosines, pairs):
        total = 0
        for row, kinds in zip(cosines, pairs):
            for positive in row[kinds == 1]:
                fails = F.relu(margin - positive + row[kinds == 0])
                total = total + (fails.max() if hardest else fails.sum())
        return total

    return (one_way(cosines, pairs) + one_way(cosines.T, pairs.T)) / (2 * len(pairs))


def main():
    torch.manual_seed(1850)
    torch.set_num_threads(1)
    pairs = torch.eye(7, dtype=torch.int32)
    pairs[1, 4] = pairs[4, 1] = pairs[2, 5] = 1
    pairs[0, 3] = pairs[3, 0] = pairs[6, 2] = -1

    def inputs():
        sides = {k: F.normalize(random(7, 11), dim=1) for k in ["melodies", "titles"]}
        return sides | {"pairs": pairs}

    learned = {"log_scale": torch.tensor([1.3]), "bias": torch.tensor([-0.7])}
    whole = {"loss": torch.tensor(1.0)}
    fixture(MODEL, "sigmoid", lambda p: {"loss": sigmoid_loss(p, pairs)}, inputs() | learned, whole)
    for name, hardest in [("margin_all", False), ("margin_hardest", True)]:
        function = lambda p, hardest=hardest: {"loss": margin_loss(p, pairs, 0.3, hardest)}
        fixture(MODEL, name, function, inputs(), whole)


if __name__ == "__main__":
    main()
