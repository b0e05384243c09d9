"""Ours against peers: interleaved rounds in one run, medians, and the ratio.

    python bench/run.py reading BOOK.abc [--tunes 200] [--rounds 5]
    python bench/run.py gru [--threads 1] [--rounds 3]

Needs the packages of reference/requirements.txt and a quiet machine. Prints a Markdown table.
"""

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def example(package, name, *args, env=None):
    """What one of our examples prints, built with optimisation."""
    command = ["cargo", "run", "--release", "--quiet", "-p", package, "--example", name, "--", *args]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(env or {})}, check=True, capture_output=True, text=True
    ).stdout


def number(pattern, text):
    return float(re.search(pattern, text).group(1))


def music21_rate(text):
    """Megabytes a second of music21 reading a book from memory."""
    from music21 import converter

    start = time.perf_counter()
    converter.parse(text, format="abc")
    return len(text.encode()) / 1e6 / (time.perf_counter() - start)


def reading(args):
    import music21

    book = str(Path(args.book).resolve())
    whole = Path(book).read_text(encoding="utf-8", errors="replace")
    tunes = re.split(r"\n(?=X:)", whole)[: args.tunes]
    part = "\n".join(tunes)
    example("abc", "throughput", book, "1")
    rounds = []
    for _ in range(args.rounds):
        ours = number(r"runs: best ([\d.]+)", example("abc", "throughput", book, "5"))
        rounds.append((ours, music21_rate(part)))
    ours, theirs = (statistics.median(column) for column in zip(*rounds))
    print("| reading ABC, one thread | MB/s |\n|---|---|")
    print(f"| ours, whole book (best of 5 a round) | {ours:.1f} |")
    print(f"| music21 {music21.__version__}, its first {len(tunes)} tunes | {theirs:.3f} |")
    print(f"| ratio | {ours / theirs:.0f} |")


def gru(args):
    import torch

    env = {"RAYON_NUM_THREADS": str(args.threads)}
    example("kernels", "gru_speed", env=env)
    script = str(ROOT / "bench" / "gru_torch.py")
    rounds = []
    for _ in range(args.rounds):
        ours = number(r"median (\d+) ms", example("kernels", "gru_speed", env=env))
        peer = subprocess.run(
            [sys.executable, script, str(args.threads)], check=True, capture_output=True, text=True
        ).stdout
        rounds.append((ours, number(r"median (\d+) ms", peer)))
    ours, theirs = (statistics.median(column) for column in zip(*rounds))
    print(f"| training step, GRU 2 x 256, B=64, T=256, f32, {args.threads} threads | ms |\n|---|---|")
    print(f"| ours | {ours:.0f} |\n| PyTorch {torch.__version__} | {theirs:.0f} |\n| ratio | {ours / theirs:.2f} |")


def machine():
    cpuinfo = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*:\s*(.*)", cpuinfo.read_text()) if cpuinfo.exists() else None
    return f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, {platform.system()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("reading")
    command.add_argument("book")
    command.add_argument("--tunes", type=int, default=200)
    command.add_argument("--rounds", type=int, default=5)
    command.set_defaults(run=reading)
    command = commands.add_parser("gru")
    command.add_argument("--threads", type=int, default=1)
    command.add_argument("--rounds", type=int, default=3)
    command.set_defaults(run=gru)
    args = parser.parse_args()
    print(f"{machine()}; medians of {args.rounds} interleaved rounds\n")
    args.run(args)


if __name__ == "__main__":
    main()
