"""Whether the MIDI files that we write play what abc2midi plays, tune by tune.

    cargo build --release -p abc --example midi
    python reference/midi_compare.py target/release/examples/midi BOOK.abc --every 20

Ours are read twice, by the plain reader of abc_abc2midi.py and, for one tune in ten, by music21;
abc2midi plays the same texts with its repeats. Pitches and onsets are compared, within two ticks of
480 to a quarter. abc2midi does not play every sloppy repeat as players do, so tunes whose repeats
it complains about or that have no plain form are counted apart.
"""

import argparse
import re
import subprocess
import tempfile
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

import music21
from abc_abc2midi import note_events, notes, prepared, run, tracks

TICKS = Fraction(2, 4 * 480)


def main() -> None:
    args = arguments()
    texts = re.split(r"\n\s*\n", args.book.read_text("utf-8").strip())[:: args.every]
    same, others, read = 0, [], 0
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "book.abc"
        book.write_text("\n\n".join(texts) + "\n")
        subprocess.run([args.program, book, folder], check=True)
        for place, text in enumerate(texts):
            path = Path(folder) / f"{place + 1}.mid"
            ours = melody(path.read_bytes())
            theirs, said = run(prepared(text, "played"))
            agree = equal(ours, notes(theirs))
            same += agree
            if not agree:
                others.append((text.split("\n")[0], "Error" in said or "Warning" in said))
            if place % 10 == 0:
                assert equal(ours, by_music21(path)), f"music21 reads {text} otherwise"
                read += 1
    complained = sum(said for _, said in others)
    print(f"{len(texts)} tunes, {same} the same, {len(others)} not,", end=" ")
    print(f"{complained} of these with complaints of abc2midi; {read} read alike by music21")
    print(*(name for name, said in others if not said))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path, help="the example program `midi`, built")
    parser.add_argument("book", type=Path, help="a tunebook in UTF-8")
    parser.add_argument("--every", type=int, default=1, help="compare each so many-th tune")
    return parser.parse_args()


def melody(midi: bytes) -> list[tuple[int, Fraction]]:
    """(pitch, onset in whole notes) of our single track."""
    (track,) = tracks(midi)
    return [(p, Fraction(t, 4 * 480)) for t, p, starts in note_events(track) if starts]


def by_music21(path: Path) -> list[tuple[int, Fraction]]:
    """The same as music21 reads the file's events."""
    midi = music21.midi.MidiFile()
    midi.open(path)
    midi.read()
    midi.close()
    now, found = 0, []
    for event in midi.tracks[0].events:
        if event.isDeltaTime():
            now += event.time
        elif event.isNoteOn():
            found.append((event.pitch, Fraction(now, 4 * midi.ticksPerQuarterNote)))
    return found


def equal(ours: list, theirs: list) -> bool:
    pairs = zip_longest(ours, theirs, fillvalue=(-1, Fraction(0)))
    return all(a[0] == b[0] and abs(a[1] - b[1]) <= TICKS for a, b in pairs)


if __name__ == "__main__":
    main()
