"""PyTorch's side of `crates/kernels/examples/step_speed`: a training step of the same layers.

    python bench/step_torch.py CASE PRECISION THREADS STEPS

PRECISION is f32 or bf16, which is autocast with weights in f32, as PyTorch advises.
"""

import contextlib
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

B, T = 64, 256


def gru(hidden, bidirectional):
    layer = nn.GRU(512, hidden, num_layers=2, batch_first=True, bidirectional=bidirectional)
    return layer, torch.randn(B, T, 512), lambda x: layer(x)[0]


def convolution():
    layers = [nn.Conv1d(144, 144, 3, padding=1) for _ in range(7)]
    stack = nn.Sequential(*[part for layer in layers for part in (layer, nn.ReLU())][:-1])
    return stack, torch.randn(B, 144, T), stack


class Attention(nn.Module):
    """One product for queries, keys and values, and PyTorch's fused attention: faster than nn.MultiheadAttention."""

    def __init__(self):
        super().__init__()
        self.before, self.after = nn.Linear(256, 3 * 256), nn.Linear(256, 256)

    def forward(self, x):
        q, k, v = (part.unflatten(2, (4, 64)).transpose(1, 2) for part in self.before(x).chunk(3, dim=2))
        return x + self.after(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


def attention():
    stack = nn.Sequential(*[Attention() for _ in range(6)])
    return stack, torch.randn(B, T, 256), stack


CASES = {
    "gru": lambda: gru(512, False),
    "bidirectional": lambda: gru(128, True),
    "convolution": convolution,
    "attention": attention,
}


def autocast(precision):
    if precision == "f32":
        return contextlib.nullcontext()
    return torch.autocast("cpu", dtype=torch.bfloat16)


def optimiser_of(module):
    return torch.optim.AdamW(module.parameters(), lr=1e-4, fused=True)


def median_of(step, steps):
    """The median milliseconds of a step, after one that is not counted."""
    times = []
    for _ in range(steps + 1):
        start = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def main():
    case, precision, threads, steps = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    module, x, forward = CASES[case]()
    x.requires_grad_()
    optimiser = optimiser_of(module)
    with autocast(precision):
        grad = torch.randn_like(forward(x)) / 100

    def step():
        optimiser.zero_grad(set_to_none=True)
        x.grad = None
        with autocast(precision):
            y = forward(x)
        y.backward(grad)
        optimiser.step()

    print(f"median {median_of(step, int(steps)):.2f} ms; {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
