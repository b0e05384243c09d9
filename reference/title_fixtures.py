"""Writes what the title tower's tests compare with where it reads frozen vectors of titles: PyTorch's embeddings and
gradients in double precision.

    python reference/title_fixtures.py
"""

import torch
import torch.nn.functional as F
from model_fixtures import MODEL, TITLES, compute, head, head_weights, random, title_features, write

CONFIG = {"buckets": 97, "dims": 5, "pooling": "mean", "hidden": 13, "dropout": 0.3, "output": 11, "sentence": 7}


def pooled(table, config):
    """The pooled features of each title."""
    bags = [table[torch.tensor(title_features(title)) % config["buckets"]] for title in TITLES]
    power = 1.0 if config["pooling"] == "mean" else 0.5
    return torch.stack([bag.sum(0) / len(bag) ** power for bag in bags])


def tower(name, config):
    dense = F.normalize(random(len(TITLES), config["sentence"]), dim=1)
    weights = head_weights("", config["dims"] + config["sentence"], config["hidden"], config["output"])
    if config["buckets"]:
        weights = {"table": random(config["buckets"], config["dims"])} | weights

    def function(p):
        parts = [pooled(p["table"], config)] if config["buckets"] else []
        features = torch.cat([*parts, dense.to(p["head.norm.scale"].dtype)], dim=1)
        return {"embeddings": head(p, "", features)}

    grads = {"embeddings": random(len(TITLES), config["output"])}
    result = compute(name, function, weights, grads)
    write(MODEL, f"{name}_weights", weights, config)
    write(MODEL, name, {"dense": dense, "grad_output.embeddings": grads["embeddings"]} | result)


def main():
    torch.manual_seed(384)
    torch.set_num_threads(1)
    tower("title_sentence", CONFIG | {"pooling": "scaled-sum"})
    tower("title_sentence_alone", CONFIG | {"buckets": 0, "dims": 0})


if __name__ == "__main__":
    main()
