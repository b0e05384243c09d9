"""Writes what the language model's tests compare with: PyTorch's losses and gradients in double precision.

    python reference/language_fixtures.py

The model is written out here tune by tune and step by step, with no batch and no padding. Sizes are distinct primes.
"""

import math

import torch
import torch.nn.functional as F

from model_fixtures import MODEL, compute, random, write

BASE = {
    "vocab": [13, 7],
    "dims": [5, 3],
    "symbols": 13,
    "durations": 7,
    "symbol_dims": 3,
    "duration_hidden": 5,
    "dropout": 0.5,
}
HIERARCHICAL = {
    "hierarchical": {
        "note": {"hidden": 7, "layers": 2},
        "bar": {"hidden": 11, "layers": 1},
        "output": {"hidden": 13, "layers": 2},
    }
}
FLAT = {"flat": {"hidden": 11, "layers": 2}}

LENGTHS = [23, 2, 11, 5, 1]
# The bar of every row; those of one tune never fall, and grow by one where a bar is over.
BARS = [
    [0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 4, 4, 4, 4, 4, 5, 5, 6, 7, 8, 8, 9, 9],
    [0, 1],
    [0] * 11,
    [0, 0, 1, 1, 1],
    [0],
]


def stack_weights(path, inputs, stack):
    weights, hidden = {}, stack["hidden"]
    for layer in range(stack["layers"]):
        name = f"{path}.layers.{layer}.forward"
        weights[f"{name}.input"] = random(3 * hidden, inputs, scale=0.4)
        weights[f"{name}.recurrent"] = random(3 * hidden, hidden, scale=0.4)
        weights[f"{name}.input_bias"] = random(3 * hidden, scale=0.4)
        weights[f"{name}.recurrent_bias"] = random(3 * hidden, scale=0.4)
        inputs = hidden
    return weights


def stack(p, path, layers, x):
    """The states of the top layer over the rows of `x` (T, I)."""
    for layer in range(layers):
        w, u, b, c = (p[f"{path}.layers.{layer}.forward.{k}"] for k in ["input", "recurrent", "input_bias", "recurrent_bias"])
        h, states = torch.zeros(u.shape[1], dtype=x.dtype), []
        for row in x:
            xr, xz, xn = (w @ row + b).chunk(3)
            hr, hz, hn = (u @ h + c).chunk(3)
            r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
            n = torch.tanh(xn + r * hn)
            h = n + z * (h - n)
            states.append(h)
        x = torch.stack(states)
    return x


def hierarchy(p, shape, x, bars):
    notes = stack(p, "reader.note", shape["note"]["layers"], x)
    query, bars = p["reader.query"], torch.tensor(bars)
    pooled = []
    for bar in range(int(bars.max()) + 1):
        rows = notes[bars == bar]
        weights = torch.softmax(rows @ query / math.sqrt(len(query)), dim=0)
        pooled.append(weights @ rows)
    over = stack(p, "reader.bar", shape["bar"]["layers"], torch.stack(pooled))
    pooled = torch.stack(pooled)
    back = lambda rows, n: torch.cat([torch.zeros(n, rows.shape[1], dtype=x.dtype), rows])[: len(rows)]
    seen = torch.cat([back(over, 1), back(pooled, 4), back(pooled, 8)], dim=1)
    context = F.linear(seen, p["reader.look.weight"], p["reader.look.bias"])
    return stack(p, "reader.output", shape["output"]["layers"], torch.cat([notes, context[bars]], dim=1))


def states_of(p, structure, x):
    """The states of every tune, from the embedded rows of all of them."""
    tunes = zip(x.split(LENGTHS), BARS)
    if "flat" in structure:
        return [stack(p, "reader", structure["flat"]["layers"], tune) for tune, _ in tunes]
    return [hierarchy(p, structure["hierarchical"], tune, bars) for tune, bars in tunes]


def language_weights(config):
    structure = config["structure"]
    width = sum(config["dims"])
    weights = {f"embeddings.tables.{i}": random(v, d) for i, (v, d) in enumerate(zip(config["vocab"], config["dims"]))}
    if "flat" in structure:
        weights |= stack_weights("reader", width, structure["flat"])
        top = structure["flat"]["hidden"]
    else:
        shape = structure["hierarchical"]
        note, bar, top = (shape[k]["hidden"] for k in ["note", "bar", "output"])
        weights |= stack_weights("reader.note", width, shape["note"])
        weights["reader.query"] = random(note)
        weights |= stack_weights("reader.bar", note, shape["bar"])
        weights["reader.look.weight"] = random(note, bar + 2 * note, scale=0.4)
        weights["reader.look.bias"] = random(note)
        weights |= stack_weights("reader.output", 2 * note, shape["output"])
    joined = top + config["symbol_dims"]
    return weights | {
        "heads.symbol.weight": random(config["symbols"], top),
        "heads.symbol.bias": random(config["symbols"]),
        "heads.seen": random(config["symbols"], config["symbol_dims"]),
        "heads.hidden.weight": random(config["duration_hidden"], joined, scale=0.5),
        "heads.hidden.bias": random(config["duration_hidden"]),
        "heads.duration.weight": random(config["durations"], config["duration_hidden"]),
        "heads.duration.bias": random(config["durations"]),
    }


def language(name, structure):
    config = BASE | {"structure": structure}
    weights = language_weights(config)
    rows = sum(LENGTHS)
    ids = torch.stack([torch.randint(v, (rows,)) for v in config["vocab"]], dim=1)
    symbols = torch.randint(config["symbols"], (rows,))
    # Every third symbol has no duration: 0 is absent.
    durations = torch.where(torch.arange(rows) % 3 == 0, 0, torch.randint(1, config["durations"], (rows,)))

    def function(p):
        x = torch.cat([p[f"embeddings.tables.{i}"][ids[:, i]] for i in range(2)], dim=1)
        states = torch.cat(states_of(p, structure, x))
        logits = F.linear(states, p["heads.symbol.weight"], p["heads.symbol.bias"])
        timed = durations != 0
        seen = torch.cat([states[timed], p["heads.seen"][symbols[timed]]], dim=1)
        hidden = torch.tanh(F.linear(seen, p["heads.hidden.weight"], p["heads.hidden.bias"]))
        lengths = F.linear(hidden, p["heads.duration.weight"], p["heads.duration.bias"])
        return {"symbol": F.cross_entropy(logits, symbols), "duration": F.cross_entropy(lengths, durations[timed])}

    grads = {"symbol": torch.tensor(1.0), "duration": torch.tensor(0.5)}
    result = compute(name, function, weights, grads)
    write(MODEL, f"{name}_weights", weights, config)
    batch = {
        "lengths": torch.tensor(LENGTHS),
        "rows": ids,
        "bars": torch.tensor(sum(BARS, [])),
        "symbols": symbols,
        "durations": durations,
    }
    write(MODEL, name, batch | result)


def main():
    torch.manual_seed(1903)
    torch.set_num_threads(1)
    language("language_hierarchical", HIERARCHICAL)
    language("language_flat", FLAT)


if __name__ == "__main__":
    main()
