"""PyTorch's side of `crates/kernels/examples/gru_speed.rs`: a training step of the same GRU, in f32.

    python bench/gru_torch.py [THREADS]
"""

import sys
import time

import torch

B, T, H, STEPS = 64, 256, 256, 9


def main():
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    torch.manual_seed(0)
    gru = torch.nn.GRU(H, H, num_layers=2)
    x = torch.randn(T, B, H, requires_grad=True)
    grad = torch.randn(T, B, H) / 100
    optimiser = torch.optim.AdamW(gru.parameters(), lr=1e-4, fused=True)
    times = []
    for _ in range(STEPS):
        start = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        x.grad = None
        y, _ = gru(x)
        forward = time.perf_counter() - start
        y.backward(grad)
        backward = time.perf_counter() - start - forward
        optimiser.step()
        times.append((time.perf_counter() - start, forward, backward))
    times.sort()
    best, forward, backward = (1e3 * t for t in times[0])
    median = 1e3 * times[STEPS // 2][0]
    print(f"fastest of {STEPS}: {best:.0f} ms (forward {forward:.0f}, backward {backward:.0f}); "
          f"median {median:.0f} ms; {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
