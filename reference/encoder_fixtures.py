"""Writes what the tests of the melody tower's convolutions and transformer compare with: PyTorch's results in f64.

    python reference/encoder_fixtures.py

As in model_fixtures.py; each tune goes through PyTorch alone, so that nothing is padded. The transformer is PyTorch's own
`torch.nn.TransformerEncoder` with norms first.
"""

import torch
import torch.nn.functional as F
from model_fixtures import MODEL, compute, head, head_weights, pool, random, write

NOTE_VOCAB, NOTE_DIMS = [13, 7], [5, 2]
HEADER_VOCAB, HEADER_DIMS = [11, 3], 2
EMBEDDED = sum(NOTE_DIMS)
MLP, OUTPUT = 17, 19


def config(encoder, pooling):
    return {
        "note_vocab": NOTE_VOCAB, "note_dims": NOTE_DIMS,
        "header_vocab": HEADER_VOCAB, "header_dims": HEADER_DIMS,
        "encoder": encoder, "pooling": pooling, "mlp": MLP, "dropout": 0.3, "output": OUTPUT,
        "precision": "f32",
    }


def norm_weights(at, width):
    return {f"{at}.scale": 1 + random(width, scale=0.2), f"{at}.shift": random(width, scale=0.2)}


def linear_weights(at, outputs, inputs, scale=0.3):
    return {f"{at}.weight": random(outputs, inputs, scale=scale), f"{at}.bias": random(outputs, scale=0.2)}


def norm(p, at, x):
    return F.layer_norm(x, x.shape[1:], p[f"{at}.scale"], p[f"{at}.shift"])


def cnn_weights(cnn):
    weights = {}
    for layer in range(cnn["layers"]):
        at = f"notes.cnn.layers.{layer}"
        inputs = EMBEDDED if layer == 0 else cnn["channels"]
        weights[f"{at}.convolution.weight"] = random(cnn["channels"], inputs, cnn["kernel"], scale=0.3)
        weights[f"{at}.convolution.bias"] = random(cnn["channels"], scale=0.2)
        weights |= norm_weights(f"{at}.norm", cnn["channels"])
    return weights


def run_cnn(p, cnn, x):
    """(T, embedded) to (T', channels)."""
    for layer in range(cnn["layers"]):
        at = f"notes.cnn.layers.{layer}"
        weight, bias = p[f"{at}.convolution.weight"], p[f"{at}.convolution.bias"]
        x = F.conv1d(x.T.unsqueeze(0), weight, bias, padding="same").squeeze(0).T
        x = F.relu(norm(p, f"{at}.norm", x))
        if cnn["pool_every"] and (layer + 1) % cnn["pool_every"] == 0:
            x = F.max_pool1d(x.T.unsqueeze(0), 2, ceil_mode=True).squeeze(0).T
    return x


def transformer_weights(shape):
    width, hidden = shape["width"], shape["feed_forward"]
    at = "notes.transformer"
    weights = linear_weights(f"{at}.input", width, EMBEDDED) | norm_weights(f"{at}.input_norm", width)
    for layer in range(shape["layers"]):
        attention, feed_forward = (f"{at}.blocks.{layer}.{part}" for part in ["attention", "feed_forward"])
        weights |= norm_weights(f"{attention}.norm", width)
        weights |= linear_weights(f"{attention}.qkv", 3 * width, width)
        weights |= linear_weights(f"{attention}.output", width, width)
        weights |= norm_weights(f"{feed_forward}.norm", width)
        weights |= linear_weights(f"{feed_forward}.hidden", hidden, width)
        weights |= linear_weights(f"{feed_forward}.output", width, hidden)
    return weights | norm_weights(f"{at}.norm", width)


# Our names of a block's parts, PyTorch's beside them.
PARTS = {
    "attention.norm.scale": "norm1.weight", "attention.norm.shift": "norm1.bias",
    "attention.qkv.weight": "self_attn.in_proj_weight", "attention.qkv.bias": "self_attn.in_proj_bias",
    "attention.output.weight": "self_attn.out_proj.weight", "attention.output.bias": "self_attn.out_proj.bias",
    "feed_forward.norm.scale": "norm2.weight", "feed_forward.norm.shift": "norm2.bias",
    "feed_forward.hidden.weight": "linear1.weight", "feed_forward.hidden.bias": "linear1.bias",
    "feed_forward.output.weight": "linear2.weight", "feed_forward.output.bias": "linear2.bias",
}


def positions(steps, width):
    t, feature = torch.arange(steps).double().unsqueeze(1), torch.arange(width)
    angles = t / 10_000 ** ((feature // 2 * 2) / width).double()
    return torch.where(feature % 2 == 0, angles.sin(), angles.cos())


def run_transformer(p, shape, x):
    """(T, embedded) to (T, width)."""
    at, width = "notes.transformer", shape["width"]
    layer = torch.nn.TransformerEncoderLayer(
        width, shape["heads"], shape["feed_forward"], dropout=0.0, batch_first=True, norm_first=True,
        activation=lambda x: F.gelu(x, approximate="tanh"),
    )
    module = torch.nn.TransformerEncoder(
        layer, shape["layers"], norm=torch.nn.LayerNorm(width), enable_nested_tensor=False)
    weights = {"norm.weight": p[f"{at}.norm.scale"], "norm.bias": p[f"{at}.norm.shift"]}
    for place in range(shape["layers"]):
        for ours, theirs in PARTS.items():
            weights[f"layers.{place}.{theirs}"] = p[f"{at}.blocks.{place}.{ours}"]
    x = norm(p, f"{at}.input_norm", F.linear(x, p[f"{at}.input.weight"], p[f"{at}.input.bias"]))
    x = x + positions(len(x), width).to(x.dtype)
    return torch.func.functional_call(module.to(x.dtype), weights, (x.unsqueeze(0),)).squeeze(0)


ENCODERS = {"cnn": (cnn_weights, run_cnn, "channels"),
            "transformer": (transformer_weights, run_transformer, "width")}


def tower(name, encoder, pooling, lengths):
    (kind, shape), = encoder.items()
    make, run, width = ENCODERS[kind]
    lengths = torch.tensor(lengths)
    notes = torch.stack([torch.randint(v, (int(lengths.sum()),)) for v in NOTE_VOCAB], dim=1)
    header = torch.stack([torch.randint(v, (len(lengths),)) for v in HEADER_VOCAB], dim=1)
    weights = {f"notes.embeddings.tables.{i}": random(v, d)
               for i, (v, d) in enumerate(zip(NOTE_VOCAB, NOTE_DIMS))} | make(shape)
    if pooling == "attention":
        weights["notes.pool.query"] = random(shape[width])
    weights |= {f"header.tables.{i}": random(v, HEADER_DIMS) for i, v in enumerate(HEADER_VOCAB)}
    weights |= head_weights("", shape[width] + HEADER_DIMS * len(HEADER_VOCAB), MLP, OUTPUT)

    def function(p):
        tables = [p[f"notes.embeddings.tables.{i}"] for i in range(len(NOTE_VOCAB))]
        steps = torch.cat([table[notes[:, i]] for i, table in enumerate(tables)], dim=1)
        read = [run(p, shape, own) for own in steps.split(lengths.tolist())]
        left = torch.tensor([len(own) for own in read])
        features = [pool(torch.cat(read), left, pooling, p.get("notes.pool.query"))]
        features += [p[f"header.tables.{i}"][header[:, i]] for i in range(len(HEADER_VOCAB))]
        return {"embeddings": head(p, "", torch.cat(features, dim=1))}

    grad = random(len(lengths), OUTPUT)
    result = compute(name, function, weights, {"embeddings": grad})
    write(MODEL, f"{name}_weights", weights, config(encoder, pooling))
    batch = {"lengths": lengths, "notes": notes, "header": header, "grad_output.embeddings": grad}
    write(MODEL, name, batch | result)


def main():
    torch.manual_seed(20_779)
    torch.set_num_threads(1)
    cnn = {"channels": 11, "layers": 3, "kernel": 3, "pool_every": 1}
    tower("encoder_cnn", {"cnn": cnn}, "attention", [7, 1, 13])
    tower("encoder_cnn_second", {"cnn": cnn | {"kernel": 5, "pool_every": 2}}, "mean", [1, 5, 2])
    tower("encoder_cnn_unpooled", {"cnn": cnn | {"layers": 2, "pool_every": 0}}, "max", [11, 3])
    transformer = {"width": 15, "layers": 2, "heads": 3, "feed_forward": 23}
    tower("encoder_transformer", {"transformer": transformer}, "attention", [7, 1, 13])
    tower("encoder_transformer_mean", {"transformer": transformer | {"layers": 1}}, "mean", [1, 5, 2])
    tower("encoder_transformer_max", {"transformer": transformer}, "max", [11, 3])


if __name__ == "__main__":
    main()
