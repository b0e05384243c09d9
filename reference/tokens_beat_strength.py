"""Writes the beat strengths that crates/tokens is tested against, from music21: by metre, of every
semiquaver of a bar.

Run from the repository root: python reference/tokens_beat_strength.py
"""

import fractions
import json
import pathlib

from music21 import meter, note, stream

OUT = pathlib.Path("crates/tokens/tests/fixtures/beat_strength.json")
METRES = ("2/4", "3/4", "4/4", "2/2", "3/2", "3/8", "6/8", "9/8", "12/8", "5/4")


def strengths(metre):
    bar = stream.Measure()
    bar.timeSignature = meter.TimeSignature(metre)
    for _ in range(int(fractions.Fraction(metre) * 16)):
        bar.append(note.Note(quarterLength=0.25))
    return [n.beatStrength for n in bar.notes]


lines = (f" {json.dumps(metre)}: {json.dumps(strengths(metre))}" for metre in METRES)
OUT.write_text("{\n" + ",\n".join(lines) + "\n}\n")
