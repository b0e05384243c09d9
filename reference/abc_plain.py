"""Tunes without what other readers trip over and what does not change their notes.

Each name in `STEPS` takes one kind of thing out of the music; `flat` turns repeats and endings into
plain bar lines. Fields that do not bear on the notes, comments and line continuations always go.
"""

import re

STEPS = ("fermatas", "quoted", "decorations", "graces", "slurs")
BEARING = "MLKVP"
FIELD = re.compile(r"[A-Za-z+]:")
MUSIC_FIELD = re.compile(r"[A-Za-z+]:(?![|:\]])")
TOKEN = re.compile(
    r"""(?P<field>\[[A-Za-z]:[^\]]*\])
    |(?P<chord>\[(?=[^|:\]]*[A-Ga-gxz])(?!\s*[0-9"])[^|:\]\[]*\])
    |(?P<ending>\[\s*[0-9][0-9,\-]*)
    |(?P<bar>(?::*\[\||[|:]+\||\|\]?|::+|:\])[|:\]]*(?:\[\|\]?)*[|:\]]*(?:\s*\[?[0-9][0-9,\-]*)?)
    |(?P<plus>\+[_^=]*[A-G][_^=A-Ga-g0-9/,']*\+)
    |(?P<quoted>"[^"]*"?)
    |(?P<grace>\{[^}]*\})
    |(?P<fermata>H|!fermata!)
    |(?P<decoration>![^!|]*!|\+[a-zA-Z.()<>]+\+|[!~.I-WYh-w*])
    |(?P<tuplet>\([0-9][0-9:]*)
    |(?P<slur>[()])
    |(?P<dots>:+)
    |(?P<nothing>y[0-9/]*|`|\\|%.*)
    |(?P<other>.)""",
    re.VERBOSE,
)
LETTER_DECORATIONS = re.compile(r"[~.H-Wh-w]")


def plain(text: str, steps=STEPS, flat: bool = False) -> str:
    """The tune as `X:1` and what bears on its notes, without the kinds of things in `steps`."""
    fields = BEARING.replace("P", "") if flat else BEARING
    lines = ["X:1"]
    for line in text.splitlines()[1:]:
        in_music = any(kept.startswith("K:") for kept in lines)
        if in_music and not line.strip():
            break
        if (MUSIC_FIELD if in_music else FIELD).match(line):
            if line[0] in fields:
                lines.append(line.partition("%")[0].rstrip())
        elif not line.startswith("%"):
            kept = (token(match, steps, flat, fields) for match in TOKEN.finditer(line))
            lines.append("".join(kept).rstrip())
    # An empty line would end the tune.
    return "\n".join(filter(None, lines)) + "\n"


def token(match: re.Match, steps, flat: bool, fields: str) -> str:
    """What is left of one token of music."""
    text = match.group()
    kind = match.lastgroup
    if kind == "nothing" or f"{kind}s" in steps or kind in steps:
        return ""
    if kind == "field":
        return text if text[1] in fields else ""
    if kind == "plus":
        return f"[{text[1:-1]}]"
    if kind == "chord" and "decorations" in steps:
        return LETTER_DECORATIONS.sub("", text)
    if kind in ("bar", "ending", "dots") and flat:
        return "|"
    return text
