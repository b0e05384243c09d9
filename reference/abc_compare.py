"""How the ABC reader agrees with music21 and with abc2midi, book by book.

    cargo build --release -p abc --example dump
    python reference/abc_compare.py target/release/examples/dump --books WHEEL \\
        --music21 music21.jsonl --abc2midi abc2midi.jsonl

The files are what abc_music21.py and abc_abc2midi.py wrote; tunes that they hold and that the
books hold are compared. `--differences FILE` lists every tune that differs and the first place
where it does; `--played` compares with abc2midi's repeats unfolded.

A melody is usable when it has eight notes. Against music21 the written notes are compared, (pitch,
duration) each. Against abc2midi tied notes are joined first and (pitch, onset) compared, within two
ticks of its clock, which has 480 to a quarter and cannot hold a septuplet.
"""

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

import abc_books

TICKS = Fraction(2, 4 * 480)


def main() -> None:
    args = arguments()
    sources = {source.id: source for source in abc_books.chosen(args)}
    ours = read(args.dump, list(sources.values()))
    summary = {book: Reading() for book in args.only}
    for tune_id, tune in ours.items():
        summary[book_of(tune_id)].add(tune)
    print_reading(summary)
    differences = []
    if args.music21:
        differences += against_music21(ours, load(args.music21), 2 if args.rebarred else 0)
    if args.abc2midi:
        differences += against_abc2midi(ours, load(args.abc2midi), args.played, sources)
    if args.differences:
        args.differences.write_text("".join(json.dumps(d) + "\n" for d in differences))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dump", type=Path, help="the reader's example program `dump`, built")
    abc_books.add_arguments(parser)
    parser.add_argument("--music21", type=Path, help="what abc_music21.py wrote")
    parser.add_argument("--rebarred", action="store_true", help="--music21 was made with --rebar")
    parser.add_argument("--abc2midi", type=Path, help="what abc_abc2midi.py wrote")
    parser.add_argument("--played", action="store_true", help="repeats are unfolded in --abc2midi")
    parser.add_argument("--differences", type=Path, help="list each differing tune here")
    return parser.parse_args()


def book_of(tune_id: str) -> str:
    return tune_id.partition(":")[0]


def load(path: Path) -> dict[str, dict]:
    """JSON lines by the tune's id."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {tune["id"]: tune for tune in map(json.loads, lines)}


def read(dump: Path, sources: list[abc_books.Source]) -> dict[str, dict]:
    """Each tune as our reader reads it, all of them as one book."""
    with tempfile.NamedTemporaryFile("w", suffix=".abc", encoding="utf-8") as book:
        book.write("\n".join(source.text for source in sources))
        book.flush()
        done = subprocess.run([dump, book.name], stdout=subprocess.PIPE, check=True, text=True)
    lines = done.stdout.splitlines()
    if len(lines) != len(sources):
        raise SystemExit(f"{len(sources)} tunes went in and {len(lines)} came out")
    return {source.id: json.loads(line) for source, line in zip(sources, lines)}


@dataclass
class Reading:
    """What the reader makes of a book, without any reference."""

    tunes: int = 0
    with_melody: int = 0
    notes_untouched: int = 0
    complaints: Counter = field(default_factory=Counter)

    def add(self, tune: dict) -> None:
        self.tunes += 1
        self.with_melody += usable(tune)
        self.notes_untouched += not any(c["touches_notes"] for c in tune["complaints"])
        self.complaints.update(complaint["kind"] for complaint in tune["complaints"])


def usable(tune: dict) -> bool:
    """A melody to learn from: at least eight notes."""
    return len(tune["written"]) >= 8


def print_reading(summary: dict[str, Reading]) -> None:
    print("| book | tunes | usable melody | no complaint that touches notes | complaints |")
    print("|---|---|---|---|---|")
    for book, r in summary.items():
        kinds = ", ".join(f"{kind} {n}" for kind, n in sorted(r.complaints.items())) or "none"
        parts = [book, str(r.tunes), percent(r.with_melody, r.tunes)]
        print(f"| {' | '.join([*parts, percent(r.notes_untouched, r.tunes), kinds])} |")


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}% ({part})" if whole else "-"


def against_music21(ours: dict, theirs: dict, overfull: int) -> list[dict]:
    """The table of agreement with music21, and the tunes that differ.

    Where music21 has cut overfull bars in two, and given each rest a metre of its own that it
    fills, ours count as two that fill as well: `overfull` is 2, and otherwise 0.
    """
    tables: dict[str, Counter] = {}
    differences = []
    for tune_id in filter(theirs.get, ours):
        table = tables.setdefault(book_of(tune_id), Counter())
        a, b = written(ours[tune_id]), [(p, Fraction(d)) for p, d in theirs[tune_id]["notes"]]
        same = matching(a, b)
        table.update(tunes=1, same=a == b, notes=max(len(a), len(b)), matching=same)
        table["failed"] += "error" in theirs[tune_id]
        if has_one_voice(ours[tune_id]):
            table["our full bars"] += sum(full(bar, overfull) for bar in ours[tune_id]["bars"])
            table["their full bars"] += sum(d == m for d, m in theirs[tune_id]["bars"] if m != "0")
        if a != b:
            differences.append(difference("music21", tune_id, a, b, theirs[tune_id].get("error")))
    head = ("tunes", "same", "notes", "matching", "failed", "our full bars", "their full bars")
    print_tables(head, tables)
    return differences


def written(tune: dict) -> list[tuple[int, Fraction]]:
    return [(n[0], Fraction(n[3], n[4])) for n in tune["written"]]


def has_one_voice(tune: dict) -> bool:
    """Of several voices we keep one where music21 counts the bars of all."""
    return all(complaint["kind"] != "voice" for complaint in tune["complaints"])


def full(bar: list, overfull: int) -> int:
    """1 for a bar as long as the metre in force in it, `overfull` for a longer one, otherwise 0."""
    length, metre = bar[:2], bar[3:]
    if metre[1] == 0:
        return 0
    length, metre = Fraction(*length), Fraction(*metre)
    return overfull if length > metre else int(length == metre)


def matching(a: list, b: list) -> int:
    """Notes that stand in the same order in both, as the longest matching blocks find them."""
    if a == b:
        return len(a)
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks)


def against_abc2midi(ours: dict, theirs: dict, played: bool, sources: dict) -> list[dict]:
    """The table of agreement with abc2midi, and the tunes that differ."""
    tables: dict[str, Counter] = {}
    differences = []
    for tune_id in filter(theirs.get, ours):
        table = tables.setdefault(book_of(tune_id), Counter())
        tune = ours[tune_id]
        a = [(n[0], Fraction(n[1], n[2])) for n in (tune["played"] if played else joined(tune))]
        b = [(p, Fraction(t)) for p, t in theirs[tune_id]["notes"]]
        same = all(x and y and near(x, y) for x, y in zip_longest(a, b))
        table.update(tunes=1, same=same)
        if not same:
            said = "; ".join(theirs[tune_id]["errors"][:2])
            differences.append(difference("abc2midi", tune_id, a, b, said))
    print_tables(("tunes", "same"), tables)
    return differences


def joined(tune: dict) -> list[list]:
    """Written notes with each tie to a following note of the same pitch worked in."""
    notes: list[list] = []
    end, tied = Fraction(-1), False
    for note in tune["written"]:
        onset = Fraction(note[1], note[2])
        if not (tied and onset == end and notes[-1][0] == note[0]):
            notes.append(note)
        end, tied = onset + Fraction(note[3], note[4]), bool(note[6])
    return notes


def near(x: tuple[int, Fraction], y: tuple[int, Fraction]) -> bool:
    return x[0] == y[0] and abs(x[1] - y[1]) <= TICKS


def difference(reference: str, tune_id: str, a: list, b: list, said: str | None) -> dict:
    """The first place where two readings part, for the eye and for counting."""
    at = next((i for i, (x, y) in enumerate(zip_longest(a, b)) if not x or not y or x != y), 0)
    ours, theirs = ([(p, str(t)) for p, t in notes[at : at + 4]] for notes in (a, b))
    found = {"against": reference, "id": tune_id, "note": at, "of": [len(a), len(b)]}
    return found | {"ours": ours, "theirs": theirs, "said": said}


def print_tables(head: tuple[str, ...], tables: dict[str, Counter]) -> None:
    print(f"\n| book | {' | '.join(head)} |")
    print("|" + "---|" * (len(head) + 1))
    for book, table in tables.items():
        cells = [str(table[name]) for name in head]
        if "same" in head:
            cells[head.index("same")] = percent(table["same"], table["tunes"])
        if "matching" in head:
            cells[head.index("matching")] = percent(table["matching"], table["notes"])
        print(f"| {book} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
