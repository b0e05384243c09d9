"""Training steps, matrix products and embedding: ours against PyTorch."""

import collections
import os
import statistics
import tempfile
from pathlib import Path

from sides import ROOT, example, median, script

LAYERS = {
    "gru": "GRU 2 x 512, input 512, B=64, T=256",
    "bidirectional": "GRU bidirectional 2 x 128, input 512, B=64, T=256",
    "convolution": "Conv1d 7 x 144, kernel 3, ReLU between, B=64, T=256",
    "attention": "self-attention 6 x 256, 4 heads, projections, B=64, T=256",
}
CASES = {**LAYERS, "language": "melody language model, real batches", "gemm": "products", "embed": "embedding"}

# The products of the first GRU: what its first layer reads, the gradient of that, the gradient of its weights.
PRODUCTS = [
    ("plain", 16384, 512, 1536),
    ("plain", 16384, 1536, 512),
    ("transposed", 1536, 16384, 512),
    ("plain", 1024, 1024, 1024),
]
PRECISIONS = ["f32", "bf16"]


def corpora():
    return Path(os.environ.get("GANAINM_CORPORA", ROOT.parent / "shared" / "corpora"))


def arguments(parser):
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=5, help="steps of one side in one round; their median counts")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--book", type=Path, default=corpora() / "thesession.abc", help="real tunes, in ABC")
    parser.add_argument("--out", type=Path, help="a file that gets the tables as well")


class Times:
    """What was measured, by place in a table; each round adds one number to each."""

    def __init__(self):
        self.all = collections.defaultdict(list)

    def add(self, key, value):
        self.all[key].append(value)

    def of(self, *key):
        return statistics.median(self.all[key])


def language(args, threads, times, folder):
    """Our side first: it leaves the batches for PyTorch's, with the losses in f32, which are to be compared."""
    config = ROOT / "configs" / "pretrain.toml"
    for precision in PRECISIONS:
        call = ("language", args.book.resolve(), config, precision, args.steps, Path(folder) / precision)
        times.add(("language", threads, "ours", precision), median(example("train", "model_speed", *call, threads=threads)))
        theirs = median(script("language_torch.py", Path(folder) / "f32", precision, threads))
        times.add(("language", threads, "torch", precision), theirs)


def one_round(args, threads, times, folder):
    for case in (case for case in LAYERS if case in args.cases):
        for precision in PRECISIONS:
            ours = median(example("kernels", "step_speed", case, precision, args.steps, threads=threads))
            times.add((case, threads, "ours", precision), ours)
            theirs = median(script("step_torch.py", case, precision, threads, args.steps))
            times.add((case, threads, "torch", precision), theirs)
    if "language" in args.cases:
        language(args, threads, times, folder)
    if "gemm" in args.cases:
        times.add(("peak", threads), median(example("kernels", "gemm_speed", "peak", threads=threads)))
        for product in PRODUCTS:
            for precision in PRECISIONS:
                call = (*product, precision)
                ours = median(example("kernels", "gemm_speed", *call, args.steps, threads=threads))
                times.add((product, threads, "ours", precision), ours)
                theirs = median(script("gemm_torch.py", *call, threads, args.steps))
                times.add((product, threads, "torch", precision), theirs)
    if "embed" in args.cases:
        call = ("embed", args.book.resolve(), ROOT / "configs" / "gru.toml", args.steps)
        times.add(("embed", threads), median(example("train", "model_speed", *call, threads=threads)))


def steps_table(args, times):
    yield "| training step | threads | ours f32 | ours bf16 | PyTorch f32 | PyTorch bf16 autocast | f32 / f32 | best / best |"
    yield "|---|---|---|---|---|---|---|---|"
    for case in (case for case in CASES if case in args.cases and (case in LAYERS or case == "language")):
        for threads in args.threads:
            found = {key[2:]: times.of(*key) for key in times.all if key[:2] == (case, threads)}
            best = lambda side: min(ms for (own, _), ms in found.items() if own == side)
            cells = [f"{found[key]:.0f} ms" if key in found else "-"
                     for key in [(side, p) for side in ["ours", "torch"] for p in PRECISIONS]]
            exact = found["ours", "f32"] / found["torch", "f32"]
            yield f"| {CASES[case]} | {threads} | {' | '.join(cells)} | {exact:.2f} | {best('ours') / best('torch'):.2f} |"


def products_table(args, times):
    yield "| product (M x K x N), GFLOP/s | threads | ours f32 | PyTorch f32 | f32 peak | ours / peak | ours bf16 | PyTorch bf16 |"
    yield "|---|---|---|---|---|---|---|---|"
    for product in PRODUCTS:
        for threads in args.threads:
            rate = lambda side, precision: times.of(product, threads, side, precision)
            peak = times.of("peak", threads)
            order, *sizes = product
            name = " x ".join(map(str, sizes)) + (", first transposed" if order == "transposed" else "")
            yield (f"| {name} | {threads} | {rate('ours', 'f32'):.0f} | {rate('torch', 'f32'):.0f} | {peak:.0f} | "
                   f"{rate('ours', 'f32') / peak:.2f} | {rate('ours', 'bf16'):.0f} | {rate('torch', 'bf16'):.0f} |")


def embedding_table(args, times):
    yield "| tunes embedded a second, configs/gru.toml | threads | ours |"
    yield "|---|---|---|"
    for threads in args.threads:
        yield f"| first 2,048 of {args.book.name} | {threads} | {times.of('embed', threads):.0f} |"


def training(args):
    """The tables' lines."""
    if {"language", "embed"} & set(args.cases) and not args.book.exists():
        raise SystemExit(f"{args.book}: no such book; name one with --book, or choose --cases without real tunes")
    times = Times()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(args.rounds):
            for threads in args.threads:
                one_round(args, threads, times, folder)
    if {*LAYERS, "language"} & set(args.cases):
        yield from [*steps_table(args, times), ""]
    if "gemm" in args.cases:
        yield from [*products_table(args, times), ""]
    if "embed" in args.cases:
        yield from embedding_table(args, times)
