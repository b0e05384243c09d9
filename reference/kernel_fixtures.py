"""Writes what the tests of the kernels over neighbouring steps compare with: PyTorch's results in double precision.

    python reference/kernel_fixtures.py

As in model_fixtures.py; each sequence goes through PyTorch alone, so that nothing is padded.
"""

import torch
import torch.nn.functional as F
from model_fixtures import KERNELS, fixture, lengths_of, random


def each(function, x, lengths):
    """A function of (features, T) applied to each sequence of steps that lie one after the other, (S, features)."""
    return torch.cat([function(part.T.unsqueeze(0)).squeeze(0).T for part in x.split(lengths.tolist())])


def convolution():
    # 37 sequences are more than one part of the layout holds.
    lengths = lengths_of(37, 13)
    for taps in [3, 4]:
        inputs = {"x": random(int(lengths.sum()), 5), "lengths": lengths,
                  "weight": random(11, 5, taps, scale=0.4), "bias": random(11)}
        function = lambda p: {"y": each(
            lambda x: F.conv1d(x, p["weight"], p["bias"], padding="same"), p["x"], lengths)}
        fixture(KERNELS, f"convolution_{taps}", function, inputs, {"y": random(len(inputs["x"]), 11)})


def max_pool():
    lengths = lengths_of(37, 13)
    inputs = {"x": random(int(lengths.sum()), 5), "lengths": lengths}
    function = lambda p: {"y": each(lambda x: F.max_pool1d(x, 2, ceil_mode=True), p["x"], lengths)}
    fixture(KERNELS, "max_pool", function, inputs, {"y": random(int(((lengths + 1) // 2).sum()), 5)})


def attend(qkv, heads, causal):
    """(T, 3E) to (T, E)."""
    q, k, v = (part.unflatten(1, (heads, -1)).transpose(0, 1) for part in qkv.chunk(3, dim=1))
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(0, 1).flatten(1)


def self_attention():
    lengths = lengths_of(37, 13)
    for name, causal in [("self_attention", False), ("self_attention_causal", True)]:
        inputs = {"qkv": random(int(lengths.sum()), 3 * 3 * 5), "lengths": lengths}
        function = lambda p: {"y": torch.cat(
            [attend(part, 3, causal) for part in p["qkv"].split(lengths.tolist())])}
        fixture(KERNELS, name, function, inputs, {"y": random(len(inputs["qkv"]), 3 * 5)})


def main():
    torch.manual_seed(20_778)
    torch.set_num_threads(1)
    convolution()
    max_pool()
    self_attention()


if __name__ == "__main__":
    main()
