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
RADIUS = 5.0


def statistics(tune):
    """Mean, deviation, greatest and last value of each feature."""
    deviation = (tune.var(0, unbiased=False) + 1e-5).sqrt()
    return torch.cat([tune.mean(0), deviation, tune.max(0).values, tune[-1]])


def lifted(x):
    """A melody's vector on the sphere: itself, 1, and what is missing to the radius."""
    most = RADIUS**2 - 1
    square = (x * x).sum(1, keepdim=True)
    x = x * (most / square).sqrt().clamp(max=1.0).detach()
    square = (x * x).sum(1, keepdim=True)
    one, nothing = torch.ones_like(square), torch.zeros_like(square)
    # No product with a title sees what is missing.
    missing = (RADIUS**2 - square - 1).clamp(min=0).sqrt().detach()
    return torch.cat([x, one, missing, nothing], dim=1) / RADIUS


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
        plain = OUTPUT - 3
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
    } | ({"radius": RADIUS} if linear else {})
    write(MODEL, f"{name}_weights", weights, config)
    batch = {"lengths": lengths, "notes": ids, "bars": torch.tensor(sum(BARS, [])), "header": header,
             "grad_output.embeddings": grad}
    write(MODEL, name, batch | result)


def linear_title():
    """A linear title tower with n-grams and sentence vectors, the radius beyond all of them."""
    buckets, plain, sentence, radius = 97, 7, 5, 61.0
    weights = {"table": random(buckets, plain), "head.linear.weight": random(plain, plain + sentence, scale=0.5),
               "head.linear.bias": random(plain)}
    dense = random(len(TITLES), sentence)

    def function(p):
        bags = [torch.tensor(title_features(title)) % buckets for title in TITLES]
        pooled = torch.stack([p["table"][bag].sum(0) / len(bag) ** 0.5 for bag in bags])
        features = torch.cat([pooled, dense.to(pooled.dtype)], dim=1)
        x = F.linear(features, p["head.linear.weight"], p["head.linear.bias"])
        square = (x * x).sum(1, keepdim=True)
        missing = (radius**2 - square - square**2 / 4).clamp(min=0).sqrt().detach()
        return {"embeddings": torch.cat([x, -square / 2, torch.zeros_like(square), missing], dim=1) / radius}

    grad = random(len(TITLES), plain + 3)
    result = compute("linear_title", function, weights, {"embeddings": grad})
    config = {"buckets": buckets, "dims": plain, "pooling": "scaled-sum", "hidden": 0, "dropout": 0.5,
              "output": plain + 3, "sentence": sentence, "radius": radius}
    write(MODEL, "linear_title_weights", weights, config)
    write(MODEL, "linear_title", result | {"dense": dense, "grad_output.embeddings": grad})


def main():
    torch.manual_seed(1724)
    torch.set_num_threads(1)
    tower("transfer_fine_tuned", "statistics")
    tower("transfer_recurrent", "attention", recurrent={"hidden": 5, "layers": 1}, frozen=True)
    tower("transfer_frozen", "statistics", frozen=True)
    tower("transfer_linear", "statistics", frozen=True, linear=True)
    linear_title()


if __name__ == "__main__":
    main()
