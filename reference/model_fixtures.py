"""Writes what the kernels' and the model's tests compare with: PyTorch's results in double precision.

    python reference/model_fixtures.py

Inputs are single-precision numbers; outputs and gradients are computed from them in f64 and written as f32. A gradient
is that of the sum of the output times a fixed random array. Sizes are distinct primes, so that a swapped axis fails.
For each fixture the script prints how far PyTorch's own f32 is from its f64, as a relative L2 distance.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent
KERNELS = ROOT / "crates/kernels/tests/fixtures"
MODEL = ROOT / "crates/model/tests/fixtures"


def random(*shape, scale=1.0):
    return torch.randn(*shape) * scale


def distance(a, b):
    a, b = a.double(), b.double()
    return float((a - b).norm() / b.norm().clamp(min=1e-30))


def vjp(function, inputs, grads):
    """The outputs of a function of named arrays, and the gradients of all of them."""
    leaves = {k: v.clone().requires_grad_(v.is_floating_point()) for k, v in inputs.items()}
    outputs = function(leaves)
    total = sum((outputs[k] * g.to(outputs[k].dtype)).sum() for k, g in grads.items())
    total.backward()
    result = {k: v.detach() for k, v in outputs.items()}
    for key, leaf in leaves.items():
        if leaf.is_floating_point():
            result[f"grad.{key}"] = leaf.grad if leaf.grad is not None else torch.zeros_like(leaf)
    return result


def as_dtype(inputs, dtype):
    return {k: v.to(dtype) if v.is_floating_point() else v for k, v in inputs.items()}


def compute(name, function, inputs, grads):
    """Both precisions; the double one is kept."""
    exact = vjp(function, as_dtype(inputs, torch.float64), grads)
    single = vjp(function, as_dtype(inputs, torch.float32), grads)
    worst = max(distance(single[k], exact[k]) for k in exact)
    print(f"{name}: f32 within {worst:.1e} of f64")
    return exact


def write(folder, name, arrays, config=None):
    folder.mkdir(parents=True, exist_ok=True)
    packed = {}
    for key, value in arrays.items():
        dtype = torch.float32 if value.is_floating_point() else torch.int32
        packed[key] = value.detach().to(dtype).contiguous()
    metadata = None if config is None else {"config": json.dumps(config)}
    save_file(packed, folder / f"{name}.safetensors", metadata=metadata)


def fixture(folder, name, function, inputs, grads):
    """Writes inputs, the gradients of outputs, outputs and the gradients of inputs."""
    result = compute(name, function, inputs, grads)
    incoming = {f"grad_output.{k}": v for k, v in grads.items()}
    write(folder, name, inputs | incoming | result)


def autocast_fixture(name, function, inputs, grads):
    """A kernel's fixture that also says how far each result of PyTorch's bf16 autocast is from f64."""
    exact = compute(name, function, inputs, grads)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = vjp(function, as_dtype(inputs, torch.float32), grads)
    off = {f"autocast.{k}": torch.tensor(distance(found[k], exact[k])) for k in exact}
    print(f"{name}: autocast within {max(off.values()):.1e} of f64")
    incoming = {f"grad_output.{k}": v for k, v in grads.items()}
    write(KERNELS, name, inputs | incoming | exact | off)


def linear_bf16():
    inputs = {"x": random(41, 67), "weight": random(37, 67, scale=0.12), "bias": random(37)}
    function = lambda p: {"y": F.linear(p["x"], p["weight"], p["bias"])}
    autocast_fixture("linear_bf16", function, inputs, {"y": random(41, 37)})


def linear():
    inputs = {"x": random(5, 7), "weight": random(11, 7), "bias": random(11)}
    function = lambda p: {"y": F.linear(p["x"], p["weight"], p["bias"])}
    fixture(KERNELS, "linear", function, inputs, {"y": random(5, 11)})


def embedding():
    ids = torch.stack([torch.randint(13, (19,)), torch.randint(17, (19,))], dim=1)
    inputs = {"ids": ids, "a": random(13, 3), "b": random(17, 5)}
    function = lambda p: {"y": torch.cat([p["a"][ids[:, 0]], p["b"][ids[:, 1]]], dim=1)}
    fixture(KERNELS, "embedding", function, inputs, {"y": random(19, 8)})


def embedding_bag():
    lengths = torch.tensor([3, 0, 7, 1, 2])
    starts = torch.cat([torch.zeros(1, dtype=torch.long), lengths.cumsum(0)[:-1]])
    ids = torch.randint(23, (int(lengths.sum()),))
    inputs = {"ids": ids, "ends": lengths.cumsum(0), "table": random(23, 5)}
    bag = lambda p, mode: F.embedding_bag(ids, p["table"], starts, mode=mode)
    roots = lengths.clamp(min=1).double().sqrt().unsqueeze(1)
    for name, function in {
        "bag_mean": lambda p: {"y": bag(p, "mean")},
        "bag_scaled_sum": lambda p: {"y": bag(p, "sum") / roots.to(p["table"].dtype)},
    }.items():
        fixture(KERNELS, name, function, inputs, {"y": random(5, 5)})


def layer_norm():
    inputs = {"x": random(5, 13) * 3 + 1, "scale": random(13), "shift": random(13)}
    function = lambda p: {"y": F.layer_norm(p["x"], (13,), p["scale"], p["shift"])}
    fixture(KERNELS, "layer_norm", function, inputs, {"y": random(5, 13)})


def activations():
    inputs = {"x": random(101, scale=2.0)}
    function = lambda p: {
        "relu": F.relu(p["x"]),
        "gelu": F.gelu(p["x"], approximate="tanh"),
        "tanh": torch.tanh(p["x"]),
    }
    grads = {k: random(101) for k in ["relu", "gelu", "tanh"]}
    for kind, grad in grads.items():
        single = lambda p, kind=kind: {"y": function(p)[kind]}
        fixture(KERNELS, kind, single, inputs, {"y": grad})


def normalise():
    fixture(KERNELS, "normalise", lambda p: {"y": F.normalize(p["x"], dim=1)},
            {"x": random(5, 11)}, {"y": random(5, 11)})


def cross_entropy():
    classes = torch.randint(13, (7,))
    inputs = {"logits": random(7, 13, scale=3.0), "classes": classes}
    function = lambda p: {"loss": F.cross_entropy(p["logits"], classes)}
    fixture(KERNELS, "cross_entropy", function, inputs, {"loss": torch.tensor(1.0)})


def lengths_of(batch, longest):
    lengths = torch.randint(1, longest + 1, (batch,))
    lengths[0], lengths[1], lengths[2] = longest, 1, 1
    return lengths[torch.randperm(batch)]


def steps_of(padded, lengths):
    """The steps of all sequences one after the other, (S, features), from (B, T, features)."""
    return torch.cat([padded[b, :n] for b, n in enumerate(lengths.tolist())])


def padded_of(steps, lengths):
    return torch.nn.utils.rnn.pad_sequence(steps.split(lengths.tolist()), batch_first=True)


def run_gru(steps, lengths, weights, layers, bidirectional):
    """A GRU by PyTorch over steps one after the other; weights by PyTorch's names."""
    hidden = weights["weight_hh_l0"].shape[1]
    module = torch.nn.GRU(steps.shape[1], hidden, layers, batch_first=True, bidirectional=bidirectional)
    packed = pack_padded_sequence(
        padded_of(steps, lengths), lengths, batch_first=True, enforce_sorted=False
    )
    out, _ = torch.func.functional_call(module.to(steps.dtype), weights, (packed,))
    return steps_of(pad_packed_sequence(out, batch_first=True)[0], lengths)


def gru_weights(inputs, hidden, layers, bidirectional, scale=0.4):
    """Random weights by our names: layers.0.forward.input and so on."""
    weights = {}
    directions = ["forward", "backward"] if bidirectional else ["forward"]
    for layer in range(layers):
        width = inputs if layer == 0 else hidden * len(directions)
        for direction in directions:
            at = f"layers.{layer}.{direction}"
            weights[f"{at}.input"] = random(3 * hidden, width, scale=scale)
            weights[f"{at}.recurrent"] = random(3 * hidden, hidden, scale=scale)
            weights[f"{at}.input_bias"] = random(3 * hidden, scale=scale)
            weights[f"{at}.recurrent_bias"] = random(3 * hidden, scale=scale)
    return weights


def torch_names(weights, prefix=""):
    """Our names of a GRU's weights as PyTorch's."""
    parts = {"input": "weight_ih", "recurrent": "weight_hh", "input_bias": "bias_ih",
             "recurrent_bias": "bias_hh"}
    named = {}
    for key, value in weights.items():
        if key.startswith(f"{prefix}layers."):
            _, layer, direction, part = key.removeprefix(prefix).split(".")
            suffix = "_reverse" if direction == "backward" else ""
            named[f"{parts[part]}_l{layer}{suffix}"] = value
    return named


def gru(folder, name, batch, longest, layers, bidirectional):
    lengths = lengths_of(batch, longest)
    inputs = {"x": random(int(lengths.sum()), 5), "lengths": lengths}
    inputs |= gru_weights(5, 7, layers, bidirectional)
    function = lambda p: {"y": run_gru(p["x"], lengths, torch_names(p), layers, bidirectional)}
    width = 14 if bidirectional else 7
    fixture(folder, name, function, inputs, {"y": random(int(lengths.sum()), width)})


def gru_bf16():
    lengths = lengths_of(11, 17)
    inputs = {"x": random(int(lengths.sum()), 19), "lengths": lengths}
    inputs |= gru_weights(19, 37, 1, True, scale=0.16)
    function = lambda p: {"y": run_gru(p["x"], lengths, torch_names(p), 1, True)}
    autocast_fixture("gru_bf16", function, inputs, {"y": random(int(lengths.sum()), 74)})


def pool(x, lengths, kind, query=None):
    rows = []
    for part in x.split(lengths.tolist()):
        if kind == "mean":
            rows.append(part.mean(0))
        elif kind == "max":
            rows.append(part.max(0).values)
        else:
            weights = torch.softmax(part @ query / math.sqrt(part.shape[1]), 0)
            rows.append(weights @ part)
    return torch.stack(rows)


def pooling():
    lengths = torch.tensor([5, 1, 13, 2, 7])
    x, grad = random(28, 11), random(5, 11)
    for kind in ["attention", "mean", "max"]:
        inputs = {"x": x, "lengths": lengths}
        if kind == "attention":
            inputs["query"] = random(11)
        function = lambda p, kind=kind: {"y": pool(p["x"], lengths, kind, p.get("query"))}
        fixture(KERNELS, f"pool_{kind}", function, inputs, {"y": grad})


def info_nce_loss(melodies, titles, log_scale, pairs):
    """pairs: 1 positive, 0 negative, -1 excluded."""
    scale = log_scale.exp().clamp(1.0, 100.0)
    logits = scale * melodies @ titles.T

    # What is excluded is far below instead of minus infinity: times a target of 0 that would give NaN.
    def one_way(logits, pairs):
        target = (pairs == 1).to(logits.dtype)
        target = target / target.sum(1, keepdim=True)
        logs = torch.log_softmax(logits.masked_fill(pairs == -1, -1e30), 1)
        return -(target * logs).sum(1).mean()

    return (one_way(logits, pairs) + one_way(logits.T, pairs.T)) / 2


def info_nce():
    diagonal = torch.eye(7, dtype=torch.int32)
    several = diagonal.clone()
    several[1, 4] = several[4, 1] = several[2, 5] = 1
    several[0, 3] = several[3, 0] = several[6, 2] = -1
    for name, pairs, log_scale in [
        ("info_nce_diagonal", diagonal, math.log(1 / 0.07)),
        ("info_nce_several", several, 1.5),
        ("info_nce_above", several, 5.0),
        ("info_nce_below", several, -0.5),
    ]:
        inputs = {
            "melodies": F.normalize(random(7, 11), dim=1),
            "titles": F.normalize(random(7, 11), dim=1),
            "log_scale": torch.tensor([log_scale]),
            "pairs": pairs,
        }
        function = lambda p, pairs=pairs: {
            "loss": info_nce_loss(p["melodies"], p["titles"], p["log_scale"], pairs)
        }
        fixture(MODEL, name, function, inputs, {"loss": torch.tensor(1.0)})


def adamw():
    """Five steps with given gradients, clipped; the matrix decays, the vector does not."""
    start = {"matrix": random(5, 7), "vector": random(11)}
    rates = [1e-3, 3e-3, 1e-2, 5e-3, 1e-3]
    grads = [{k: random(*v.shape, scale=s) for k, v in start.items()} for s in [0.01, 3, 0.5, 0.1, 1]]
    params = {k: v.double().requires_grad_() for k, v in start.items()}
    groups = [{"params": [params["matrix"]], "weight_decay": 0.1},
              {"params": [params["vector"]], "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, betas=(0.8, 0.95), eps=1e-6)
    arrays = {f"start.{k}": v for k, v in start.items()} | {"rates": torch.tensor(rates)}
    for step, rate in enumerate(rates):
        for key, param in params.items():
            param.grad = grads[step][key].double()
            arrays[f"grad.{step}.{key}"] = grads[step][key]
        arrays[f"norm.{step}"] = torch.nn.utils.clip_grad_norm_(params.values(), 1.0).reshape(1)
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()
        arrays |= {f"value.{step}.{k}": v.detach().clone() for k, v in params.items()}
    write(MODEL, "adamw", arrays)


def head_weights(prefix, width, hidden, output):
    return {
        f"{prefix}head.norm.scale": 1 + random(width, scale=0.2),
        f"{prefix}head.norm.shift": random(width, scale=0.2),
        f"{prefix}head.hidden.weight": random(hidden, width, scale=0.4),
        f"{prefix}head.hidden.bias": random(hidden, scale=0.2),
        f"{prefix}head.output.weight": random(output, hidden, scale=0.4),
        f"{prefix}head.output.bias": random(output, scale=0.2),
    }


def head(p, prefix, features):
    at = lambda name: p[f"{prefix}head.{name}"]
    x = F.layer_norm(features, (features.shape[1],), at("norm.scale"), at("norm.shift"))
    x = F.gelu(F.linear(x, at("hidden.weight"), at("hidden.bias")), approximate="tanh")
    return F.normalize(F.linear(x, at("output.weight"), at("output.bias")), dim=1)


def melody_config(**changes):
    config = {
        "note_vocab": [13, 7],
        "note_dims": [5, 3],
        "header_vocab": [11, 3],
        "header_dims": 2,
        "encoder": {"gru": {"hidden": 7, "layers": 2, "bidirectional": True}},
        "pooling": "attention",
        "mlp": 17,
        "dropout": 0.3,
        "output": 11,
    }
    return config | changes


TITLE_CONFIG = {"buckets": 97, "dims": 5, "pooling": "mean", "hidden": 13, "dropout": 0.3, "output": 11}


def melody_weights(config):
    weights, width = {}, 2 * len(config["header_vocab"])
    if config["note_vocab"]:
        gru = config["encoder"]["gru"]
        for i, shape in enumerate(zip(config["note_vocab"], config["note_dims"])):
            weights[f"notes.embeddings.tables.{i}"] = random(*shape)
        sizes = (sum(config["note_dims"]), gru["hidden"], gru["layers"], gru["bidirectional"])
        weights |= {f"notes.gru.{k}": v for k, v in gru_weights(*sizes).items()}
        states = gru["hidden"] * (2 if gru["bidirectional"] else 1)
        if config["pooling"] == "attention":
            weights["notes.pool.query"] = random(states)
        width += states
    for i, size in enumerate(config["header_vocab"]):
        weights[f"header.tables.{i}"] = random(size, config["header_dims"])
    return weights | head_weights("", width, config["mlp"], config["output"])


def melody_tower(p, config, lengths, notes, header):
    """p: the tower's weights by name, with `melody.` before each."""
    features = []
    if config["note_vocab"]:
        tables = [p[f"melody.notes.embeddings.tables.{i}"] for i in range(len(config["note_vocab"]))]
        steps = torch.cat([table[notes[:, i]] for i, table in enumerate(tables)], dim=1)
        gru = config["encoder"]["gru"]
        weights = torch_names(p, "melody.notes.gru.")
        states = run_gru(steps, lengths, weights, gru["layers"], gru["bidirectional"])
        query = p.get("melody.notes.pool.query")
        features.append(pool(states, lengths, config["pooling"], query))
    for i in range(len(config["header_vocab"])):
        features.append(p[f"melody.header.tables.{i}"][header[:, i]])
    return head(p, "melody.", torch.cat(features, dim=1))


def title_tower(p, titles):
    """titles: the hashed features of each."""
    table = p["title.table"]
    pooled = torch.stack([table[torch.tensor(ids) % TITLE_CONFIG["buckets"]].mean(0) for ids in titles])
    return head(p, "title.", pooled)


def fnv1a(data):
    """The published 64-bit FNV-1a hash, its halves combined."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return (value >> 32) ^ (value & 0xFFFFFFFF)


def title_features(title):
    """Of a title that is folded already."""
    features = []
    for word in title.split():
        features.append(fnv1a(f"={word}".encode()))
        marked = f"<{word}>"
        for length in range(3, 6):
            for start in range(len(marked) - length + 1):
                features.append(fnv1a(marked[start:start + length].encode()))
    return features


TITLES = ["drowsy maggie", "the butterfly", "an buachaill caol dubh", "a fig for a kiss", "o"]


def towers(name, config):
    lengths = torch.tensor([5, 1, 11, 3, 7])
    notes = torch.stack([torch.randint(v, (27,)) for v in [13, 7]], dim=1)
    header = torch.stack([torch.randint(v, (5,)) for v in [11, 3]], dim=1)
    pairs = torch.eye(5, dtype=torch.int32)
    pairs[0, 2], pairs[3, 1] = 1, -1
    title = {"table": random(97, 5)} | head_weights("", 5, 13, 11)
    melody = melody_weights(config)
    weights = {f"melody.{k}": v for k, v in melody.items()} | {f"title.{k}": v for k, v in title.items()}
    weights["loss.log_scale"] = torch.tensor([1.7])

    def function(p):
        melodies = melody_tower(p, config, lengths, notes, header)
        titles = title_tower(p, [title_features(t) for t in TITLES])
        return {
            "melodies": melodies,
            "titles": titles,
            "loss": info_nce_loss(melodies, titles, p["loss.log_scale"], pairs),
        }

    result = compute(name, function, weights, {"loss": torch.tensor(1.0)})
    write(MODEL, f"{name}_melody", melody, config)
    write(MODEL, f"{name}_title", title, TITLE_CONFIG)
    batch = {"lengths": lengths, "notes": notes, "header": header, "pairs": pairs}
    write(MODEL, name, batch | result | {"log_scale": weights["loss.log_scale"]})


def main():
    torch.manual_seed(20_777)
    torch.set_num_threads(1)
    linear()
    embedding()
    embedding_bag()
    layer_norm()
    activations()
    normalise()
    cross_entropy()
    pooling()
    # 37 sequences are more than one part of the layout holds.
    gru(KERNELS, "gru", batch=37, longest=13, layers=1, bidirectional=True)
    for layers in [1, 2]:
        for bidirectional in [False, True]:
            name = f"gru_{layers}_{'two' if bidirectional else 'one'}_way"
            gru(MODEL, name, batch=5, longest=11, layers=layers, bidirectional=bidirectional)
    info_nce()
    adamw()
    towers("towers_full", melody_config())
    one_way = {"gru": {"hidden": 7, "layers": 1, "bidirectional": False}}
    towers("towers_one_way", melody_config(encoder=one_way, pooling="max"))
    towers("towers_notes", melody_config(pooling="mean", header_vocab=[]))
    towers("towers_header", melody_config(note_vocab=[], note_dims=[]))
    linear_bf16()
    gru_bf16()


if __name__ == "__main__":
    main()
