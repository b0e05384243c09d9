"""The tunebooks that the ABC reader is measured on, cut into tunes.

`thesession` lies in the corpora folder (environment variable GANAINM_CORPORA); the three printed
books ship inside music21's wheel, which is a zip archive and is read as one.
"""

import os
import random
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

WHEEL_FOLDERS = {
    "oneills": "music21/corpus/oneills1850/",
    "ryans": "music21/corpus/ryansMammoth/",
    "airds": "music21/corpus/airdsAirs/",
}
BOOKS = ("thesession", *WHEEL_FOLDERS)


@dataclass(frozen=True)
class Source:
    """A tune cut out of a book: its place in the book, from 0, and its text."""

    book: str
    index: int
    text: str

    @property
    def id(self) -> str:
        return f"{self.book}:{self.index}"


def add_arguments(parser) -> None:
    """The options with which every script here finds and samples the books."""
    parser.add_argument("--books", type=Path, help="music21's wheel, for the printed books")
    parser.add_argument("--only", choices=BOOKS, nargs="+", default=list(BOOKS), help="which books")
    parser.add_argument("--sample", type=int, default=0, help="tunes a book; 0 takes all")
    parser.add_argument("--seed", type=int, default=2, help="seed of the sample")


def chosen(args) -> list[Source]:
    """The sampled tunes of every chosen book, in the order of the books."""
    return [
        source
        for book in args.only
        for source in sample(book, tunes(book_text(book, args.books)), args)
    ]


def book_text(book: str, wheel: Path | None) -> str:
    """A whole book as one text; the files of a printed book follow each other by name."""
    if book == "thesession":
        folder = Path(os.environ.get("GANAINM_CORPORA", "../shared/corpora"))
        return decode((folder / "thesession.abc").read_bytes())
    if wheel is None:
        raise SystemExit(f"{book} is inside music21's wheel: give --books PATH")
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(archive.namelist())
        files = [n for n in names if n.startswith(WHEEL_FOLDERS[book]) and n.endswith(".abc")]
        return "\n\n".join(decode(archive.read(name)) for name in files)


def decode(raw: bytes) -> str:
    """UTF-8 where it is, otherwise Latin-1; line ends become `\\n`."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def tunes(text: str) -> list[str]:
    """Everything from one `X:` field to the next."""
    starts = [match.start() for match in re.finditer(r"^X:", text, re.MULTILINE)]
    return [text[a:b].strip() + "\n" for a, b in zip(starts, [*starts[1:], len(text)])]


def sample(book: str, texts: list[str], args) -> list[Source]:
    """A seeded sample in the book's order, or the whole book."""
    indices = range(len(texts))
    if args.sample and args.sample < len(texts):
        generator = random.Random(f"{args.seed}:{book}")
        indices = sorted(generator.sample(indices, args.sample))
    return [Source(book, index, texts[index]) for index in indices]
