"""Writes what the tests of towers on a language model, and of linear towers, compare with: PyTorch in double precision.

    python reference/transfer_fixtures.py

Sizes are distinct primes.
"""

import torch
import torch.nn.functional as F

from language_fixtures import BARS, BASE, HIERARCHICAL, LENGTHS, language_weights, states_of
from model_fixtures import (
    MODEL, TITLES, compute, gru_weights, head, head_weights, pool, random, run_gru, title_features, torch_names, write
)

LANGUAGE = BASE | {"structure": HIERARCHICAL}
STATES = HIERARCHICAL["hierarchical"]["output"]["hidden"]
HEADER_VOCAB, HEADER_DIMS = [11, 3], 2
MLP, OUTPUT = 17, 19
RADIUS, PENALTY = 9.0, 0.125


def statistics(tune):
    """Mean, deviation, greatest and last value of each feature."""
    deviation = (tune.var(0, unbiased=False) + 1e-5).sqrt()
    return torch.cat([tune.mean(0), deviation, tune.max(0).values, tune[-1]])


def lifted(x):
    """A melody's vector on the sphere: itself, 1, what its length takes off, and what is missing to the radius."""
    most = ((1 + 4 * PENALTY**2 * (RADIUS**2 - 1)) ** 0.5 - 1) / (2 * PENALTY**2)
    square = (x * x).sum(1, keepdim=True)
    x = x * (most / square).sqrt().clamp(max=1.0).detach()
    square = (x * x).sum(1, keepdim=True)
    one, nothing = torch.ones_like(square), torch.zeros_like(square)
    # No product with a title sees what is missing.
    missing = (RADIUS**2 - square - 1 - (PENALTY * square) ** 2).clamp(min=0).sqrt().detach()
    return torch.cat([x, one, -PENALTY * square, missing, nothing], dim=1) / RADIUS


def tower(name, pooling, recurrent=None, frozen=False, linear=False):
    weights = {f"notes.language.{k}": v for k, v in language_weights(LANGUAGE).items()}
    states = STATES
    if recurrent:
        sizes = (STATES, recurrent["hidden"], recurrent["layers"], True)
        weights |= {f"notes.gru.{k}": v for k, v in gru_weights(*sizes).items()}
        states = 2 * recurrent["hidden"]
    if pooling == "attention":
        weights["notes.pool.query"] = random(states)
    weights |= {f"header.tables.{i}": random(v, HEADER_DIMS) for i, v in enumerate(HEADER_VOCAB)}
    width = states * (4 if pooling == "statistics" else 1) + HEADER_DIMS * len(HEADER_VOCAB)
    if linear:
        plain = OUTPUT - 4
        weights |= {"head.linear.weight": random(plain, width, scale=0.1), "head.linear.bias": random(plain)}
    else:
        weights |= head_weights("", width, MLP, OUTPUT)
    ids = torch.stack([torch.randint(v, (sum(LENGTHS),)) for v in LANGUAGE["vocab"]], dim=1)
    header = torch.stack([torch.randint(v, (len(LENGTHS),)) for v in HEADER_VOCAB], dim=1)
    lengths = torch.tensor(LENGTHS)

    def function(p):
        model = {k.removeprefix("notes.language."): v for k, v in p.items()}
        if frozen:
            model = {k: v.detach() for k, v in model.items()}
        x = torch.cat([model[f"embeddings.tables.{i}"][ids[:, i]] for i in range(2)], dim=1)
        tunes = states_of(model, HIERARCHICAL, x)
        if recurrent:
            own = torch_names(p, "notes.gru.")
            tunes = run_gru(torch.cat(tunes), lengths, own, recurrent["layers"], True).split(LENGTHS)
        if pooling == "statistics":
            pooled = torch.stack([statistics(tune) for tune in tunes])
        else:
            pooled = pool(torch.cat(list(tunes)), lengths, pooling, p.get("notes.pool.query"))
        features = torch.cat([pooled] + [p[f"header.tables.{i}"][header[:, i]] for i in range(2)], dim=1)
        if linear:
            x = F.linear(features, p["head.linear.weight"], p["head.linear.bias"])
            return {"embeddings": lifted(x)}
        return {"embeddings": head(p, "", features)}

    grad = random(len(LENGTHS), OUTPUT)
    result = compute(name, function, weights, {"embeddings": grad})
    config = {
        "note_vocab": LANGUAGE["vocab"],
        "note_dims": 2,
        "header_vocab": HEADER_VOCAB,
        "header_dims": HEADER_DIMS,
        "encoder": {"language": {"model": LANGUAGE, "frozen": frozen, "head": recurrent}},
        "pooling": pooling,
        "mlp": 0 if linear else MLP,
        "dropout": 0.5,
        "output": OUTPUT,
    } | ({"lift": {"radius": RADIUS, "penalty": PENALTY}} if linear else {})
    write(MODEL, f"{name}_weights", weights, config)
    batch = {"lengths": lengths, "notes": ids, "bars": torch.tensor(sum(BARS, [])), "header": header,
             "grad_output.embeddings": grad}
    write(MODEL, name, batch | result)


def linear_title(name, anchors=0):
    """A linear title tower with n-grams and sentence vectors, or their nearness to anchors; the radius beyond them all."""
    buckets, plain, sentence, radius, penalty, kernel = 97, 7, 5, 61.0, 0.5, 0.7
    weights = {"table": random(buckets, plain)}
    if anchors:
        weights["anchors.vectors"] = F.normalize(random(anchors, sentence), dim=1)
    weights |= {"head.linear.weight": random(plain, plain + (anchors or sentence), scale=0.5),
                "head.linear.bias": random(plain)}
    dense = F.normalize(random(len(TITLES), sentence), dim=1)

    def function(p):
        bags = [torch.tensor(title_features(title)) % buckets for title in TITLES]
        pooled = torch.stack([p["table"][bag].sum(0) / len(bag) ** 0.5 for bag in bags])
        vectors = dense.to(pooled.dtype)
        if anchors:
            vectors = ((vectors @ p["anchors.vectors"].detach().T - 1) / kernel).exp()
        features = torch.cat([pooled, vectors], dim=1)
        x = F.linear(features, p["head.linear.weight"], p["head.linear.bias"])
        square = (x * x).sum(1, keepdim=True)
        missing = (radius**2 - square - 1 - (penalty * square) ** 2).clamp(min=0).sqrt().detach()
        one, nothing = torch.ones_like(square), torch.zeros_like(square)
        return {"embeddings": torch.cat([x, -penalty * square, one, nothing, missing], dim=1) / radius}

    grad = random(len(TITLES), plain + 4)
    result = compute(name, function, weights, {"embeddings": grad})
    config = {"buckets": buckets, "dims": plain, "pooling": "scaled-sum", "hidden": 0, "dropout": 0.5,
              "output": plain + 4, "sentence": sentence, "lift": {"radius": radius, "penalty": penalty}}
    config |= {"anchors": {"count": anchors, "width": kernel}} if anchors else {}
    write(MODEL, f"{name}_weights", weights, config)
    write(MODEL, name, result | {"dense": dense, "grad_output.embeddings": grad})


def main():
    torch.manual_seed(1724)
    torch.set_num_threads(1)
    tower("transfer_fine_tuned", "statistics")
    tower("transfer_recurrent", "attention", recurrent={"hidden": 5, "layers": 1}, frozen=True)
    tower("transfer_frozen", "statistics", frozen=True)
    tower("transfer_linear", "statistics", frozen=True, linear=True)
    linear_title("linear_title")
    linear_title("linear_title_anchors", anchors=11)


if __name__ == "__main__":
    main()
