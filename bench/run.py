"""Ours against peers: interleaved rounds in one run, medians, and the ratio.

    python bench/run.py reading BOOK.abc [--tunes 200] [--rounds 5]
    python bench/run.py training [--threads 1 2] [--rounds 5] [--steps 5] [--cases gru ...] [--out FILE]
    python bench/run.py sentence ENCODER [--threads 1 2] [--rounds 5] [--titles 2048] [--out FILE]

Needs the packages of reference/requirements.txt and a quiet machine. Prints Markdown tables.
"""

import argparse
import re
import statistics
import time
from pathlib import Path

import sentence
import training
from sides import commit, example, machine, number


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
    yield from ["| reading ABC, one thread | MB/s |", "|---|---|"]
    yield f"| ours, whole book (best of 5 a round) | {ours:.1f} |"
    yield f"| music21 {music21.__version__}, its first {len(tunes)} tunes | {theirs:.3f} |"
    yield f"| ratio | {ours / theirs:.0f} |"


def facts(args):
    """The machine, the two sides and how often each was measured."""
    import torch

    peer = f"PyTorch {torch.__version__}; " if args.run in [training.training, sentence.sentence] else ""
    return f"{machine()}; {peer}ours at {commit()}; medians of {args.rounds} interleaved rounds"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("reading")
    command.add_argument("book")
    command.add_argument("--tunes", type=int, default=200)
    command.add_argument("--rounds", type=int, default=5)
    command.set_defaults(run=reading, out=None)
    command = commands.add_parser("training")
    training.arguments(command)
    command.set_defaults(run=training.training)
    command = commands.add_parser("sentence")
    sentence.arguments(command)
    command.set_defaults(run=sentence.sentence)
    args = parser.parse_args()
    lines = [facts(args), "", *args.run(args)]
    print("\n".join(lines))
    if args.out:
        args.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
