"""PyTorch's side of `crates/kernels/examples/gemm_speed.rs`.

    python bench/gemm_torch.py plain|transposed M K N PRECISION THREADS ROUNDS
"""

import sys

import torch
from step_torch import median_of


def main():
    order, *sizes, precision, threads, rounds = sys.argv[1:]
    m, k, n = map(int, sizes)
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[precision]
    a = torch.randn(k, m).to(dtype).T if order == "transposed" else torch.randn(m, k).to(dtype)
    b, out = torch.randn(k, n).to(dtype), torch.empty(m, n, dtype=dtype)
    ms = median_of(lambda: torch.mm(a, b, out=out), int(rounds))
    print(f"median {2e-6 * m * k * n / ms:.1f} GFLOP/s; {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
