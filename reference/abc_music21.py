"""What music21 reads in a sample of the tunebooks, one JSON object a tune.

    python reference/abc_music21.py --books WHEEL --sample 500 --out music21.jsonl

A line holds the tune's id, `notes` as [midi, duration] in written order (ties kept apart, no grace
notes, the top note of a chord; durations are fractions of a whole note), and `bars` as
[length, metre's length]. music21 follows ABC 2.1 for accidentals only when the file says that it
is ABC 2.1, so `--version 2.1`, the default, puts that line before each tune; `--version none`
leaves the text alone. `--without` first takes things out that music21 trips over (abc_plain.py),
or all of them where nothing is named, to see which of them account for differences. `--rebar` keeps music21's own splitting of overfull bars, which otherwise is
switched off to see the bars as they are written.
"""

import argparse
import json
import sys
import warnings
from fractions import Fraction

import abc_books
import abc_plain
from music21 import chord, converter, note, stream
from music21.abcFormat import translate


def main() -> None:
    args = arguments()
    if not args.rebar:
        translate.reBar = lambda part, inPlace=False: None
    prefix = "" if args.version == "none" else f"%abc-{args.version}\n"
    with open(args.out, "w", encoding="utf-8") as out:
        for source in abc_books.chosen(args):
            text = source.text
            if args.without is not None:
                text = abc_plain.plain(text, args.without or abc_plain.STEPS)
            print(json.dumps({"id": source.id} | read(prefix + text)), file=out)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    abc_books.add_arguments(parser)
    parser.add_argument("--version", default="2.1", help="ABC version to declare, or none")
    parser.add_argument("--without", nargs="*", choices=abc_plain.STEPS, help="what to leave out")
    parser.add_argument("--rebar", action="store_true", help="let music21 split overfull bars")
    parser.add_argument("--out", default="/dev/stdout", help="where the lines go")
    return parser.parse_args()


def read(text: str) -> dict:
    """One tune by music21, or the error that it ended in."""
    try:
        score = converter.parseData(text, format="abc")
    except Exception as error:  # music21 raises whatever comes up
        print(f"{text.splitlines()[1]}: {error!r}", file=sys.stderr)
        return {"error": f"{type(error).__name__}: {error}"[:200], "notes": [], "bars": []}
    part = score.parts.first() if score.parts else score
    return {"notes": [describe(n) for n in sounding(part)], "bars": bars(part)}


def sounding(part: stream.Stream) -> list[note.GeneralNote]:
    """Notes and chords in written order, without grace notes and chord symbols."""
    kinds = (note.Note, chord.Chord)
    found = [n for n in part.recurse().notes if isinstance(n, kinds)]
    return [n for n in found if not n.duration.isGrace and "ChordSymbol" not in n.classes]


def describe(n: note.Note | chord.Chord) -> list:
    pitches = n.pitches if isinstance(n, chord.Chord) else [n.pitch]
    return [max(p.midi for p in pitches), whole(n.duration.quarterLength)]


def bars(part: stream.Stream) -> list[list[str]]:
    """Length of each measure and of the metre that holds in it."""
    metre = None
    found = []
    for measure in part.getElementsByClass(stream.Measure):
        metre = measure.timeSignature or metre
        length = sum((Fraction(n.quarterLength) for n in measure.notesAndRests), Fraction(0))
        full = metre.barDuration.quarterLength if metre else 0
        found.append([whole(length), whole(full)])
    return found


def whole(quarters) -> str:
    """Quarter notes as an exact fraction of a whole note."""
    return str(Fraction(quarters).limit_denominator(10_000) / 4)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
