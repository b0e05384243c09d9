"""What abc2midi plays for the tunebooks, one JSON object a tune.

    python reference/abc_abc2midi.py --books WHEEL --out abc2midi.jsonl

A line holds the tune's id and `notes` as [midi, onset], the onset a fraction of a whole note from
the start; of notes that start together the highest stands for all. abc2midi (Debian's abcmidi) is
run once a tune, on a text (abc_plain.py) from which everything is gone that it would play in a
manner of its own: fields other than M, L, K, P and V (it swings R:hornpipe), grace notes, rolls,
trills, fermatas and other decorations, slurs, chord names, annotations, lyrics and comments.
`--repeats flat`, the default, turns every repeat and ending into a plain bar line and drops P, so
that the tune sounds once as written; `--repeats played` leaves them. `--show ID` prints the text
that abc2midi gets, and what it says.
"""

import argparse
import json
import struct
import subprocess
import tempfile
from fractions import Fraction

import abc_books
from abc_plain import plain

COMMAND = ["abc2midi", "-", "-silent", "-NGUI", "-NFNP", "-NFER", "-NGRA", "-o"]
SETTINGS = "%%MIDI chordattack 0"


def main() -> None:
    args = arguments()
    sources = abc_books.chosen(args)
    if args.show:
        source = next(s for s in sources if s.id == args.show)
        text = prepared(source.text, args.repeats)
        print(text, run(text)[1], *notes(run(text)[0]), sep="\n")
        return
    with open(args.out, "w", encoding="utf-8") as out:
        for source in sources:
            print(json.dumps({"id": source.id} | play(source.text, args.repeats)), file=out)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    abc_books.add_arguments(parser)
    parser.add_argument("--repeats", choices=("flat", "played"), default="flat")
    parser.add_argument("--out", default="/dev/stdout", help="where the lines go")
    parser.add_argument("--show", metavar="ID", help="one tune for the eye")
    return parser.parse_args()


def play(text: str, repeats: str) -> dict:
    """One tune by abc2midi; its complaints about notes are kept to explain differences."""
    midi, said = run(prepared(text, repeats))
    errors = [line for line in said.splitlines() if line.startswith("Error")]
    return {"notes": [[n, str(t)] for n, t in notes(midi)], "errors": errors}


def prepared(text: str, repeats: str) -> str:
    """The plain tune, with the notes of a chord struck together."""
    head, key, music = plain(text, flat=repeats == "flat").partition("\nK:")
    return f"{head}\n{SETTINGS}{key}{music}"


def run(text: str) -> tuple[bytes, str]:
    """The MIDI file that abc2midi makes of the text, and its messages."""
    with tempfile.NamedTemporaryFile(suffix=".mid") as midi:
        done = subprocess.run(
            [*COMMAND, midi.name], input=text.encode("latin-1", "replace"), stdout=subprocess.PIPE
        )
        return midi.read(), done.stdout.decode("latin-1")


def notes(midi: bytes) -> list[tuple[int, Fraction]]:
    """(pitch, onset in whole notes) of the melody in the first track that sounds.

    Of notes that start together the highest counts, and none does that starts below one that is
    held: there the melody is tied.
    """
    if midi[:4] != b"MThd":
        return []
    division = struct.unpack(">H", midi[12:14])[0]
    for track in tracks(midi):
        melody: dict[int, int] = {}
        held: set[int] = set()
        for tick, pitch, starts in note_events(track):
            if not starts:
                held.discard(pitch)
                continue
            held.add(pitch)
            if pitch == max(held):
                melody[tick] = pitch
        if melody:
            lead = 1  # abc2midi starts every track one tick late
            return [(p, Fraction(t - lead, 4 * division)) for t, p in sorted(melody.items())]
    return []


def tracks(midi: bytes):
    """The content of each `MTrk` chunk of a standard MIDI file."""
    at = 14
    while at + 8 <= len(midi):
        kind, length = struct.unpack(">4sI", midi[at : at + 8])
        if kind == b"MTrk":
            yield midi[at + 8 : at + 8 + length]
        at += 8 + length


def note_events(track: bytes):
    """(tick, pitch, whether it starts) of each note in a track."""
    at, tick, status = 0, 0, 0
    while at < len(track):
        delta, at = variable(track, at)
        tick += delta
        if track[at] & 0x80:
            status, at = track[at], at + 1
        if status in (0xF0, 0xF7, 0xFF):
            length, at = variable(track, at + (status == 0xFF))
            at += length
            continue
        if status >> 4 in (8, 9):
            yield tick, track[at], status >> 4 == 9 and track[at + 1] > 0
        at += 1 if status >> 4 in (0xC, 0xD) else 2


def variable(track: bytes, at: int) -> tuple[int, int]:
    """A variable-length quantity and the place after it."""
    value = 0
    while True:
        value = value << 7 | track[at] & 0x7F
        at += 1
        if not track[at - 1] & 0x80:
            return value, at


if __name__ == "__main__":
    main()
