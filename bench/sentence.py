"""Titles embedded by the sentence encoder: ours against sentence-transformers and transformers."""

import tempfile
import zipfile
from pathlib import Path

from sides import example, median, script
from training import PRECISIONS, Times, corpora


def arguments(parser):
    parser.add_argument("encoder", type=Path, help="all-MiniLM-L6-v2: a folder as Hugging Face lays it out, or an archive")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3, help="repetitions of one side in one round; their median counts")
    parser.add_argument("--titles", type=int, default=2048)
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=["f32"])
    parser.add_argument("--book", type=Path, default=corpora() / "thesession.abc", help="real titles, in ABC")
    parser.add_argument("--out", type=Path, help="a file that gets the table as well")


def folder_of(encoder, room):
    """The encoder as a folder, which is what the peers read."""
    if encoder.is_dir():
        return encoder.resolve()
    with zipfile.ZipFile(encoder) as archive:
        inner = [name for name in archive.namelist() if name.endswith(".zip")]
        archive.extractall(room)
    if inner:
        return folder_of(Path(room) / inner[0], Path(room) / "inner")
    return next(Path(room).rglob("model.safetensors")).parent


def first_titles(book, count):
    lines = book.read_text(encoding="utf-8", errors="replace").split("\n")
    titles = dict.fromkeys(line[2:].strip() for line in lines if line.startswith("T:"))
    return [title for title in titles if title][:count]


def sentence(args):
    """The table's lines."""
    times, titles = Times(), first_titles(args.book, args.titles)
    with tempfile.TemporaryDirectory() as room:
        folder, file = folder_of(args.encoder, Path(room) / "encoder"), Path(room) / "titles.txt"
        file.write_text("\n".join(titles) + "\n", encoding="utf-8")
        for _ in range(args.rounds):
            for threads in args.threads:
                for precision in args.precisions:
                    call = ("speed", folder, file, precision, args.steps)
                    ours = median(example("train", "sentence_speed", *call, threads=threads))
                    times.add((threads, precision, "ours"), ours)
                    theirs = median(script("sentence_torch.py", folder, file, precision, threads, args.steps))
                    times.add((threads, precision, "torch"), theirs)
    yield f"| titles embedded a second, first {len(titles)} of {args.book.name} | threads | ours | PyTorch | ours / PyTorch |"
    yield "|---|---|---|---|---|"
    for precision in args.precisions:
        for threads in args.threads:
            rate = lambda side: 1e3 * len(titles) / times.of(threads, precision, side)
            ratio = rate("ours") / rate("torch")
            yield f"| {precision} | {threads} | {rate('ours'):.0f} | {rate('torch'):.0f} | {ratio:.2f} |"
