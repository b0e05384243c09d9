"""Draws the validation losses of language models over the seconds of their training, as an SVG.

    python reference/language_curves.py docs/img/pretraining.svg runs/pretrain runs/pretrain-flat

Reads each run's metrics.jsonl; needs nothing but Python.
"""

import json
import pathlib
import sys

COLOURS = ["#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad"]
WIDTH, HEIGHT, MARGIN = 720, 300, 46
PANELS = [("symbol", "symbol, nats"), ("duration", "duration, nats")]


def looks(run):
    lines = (json.loads(line) for line in (pathlib.Path(run) / "metrics.jsonl").open())
    return [line for line in lines if line["kind"] == "validation"]


def ticks(low, high):
    step = next(s for s in [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1] if (high - low) / s <= 6)
    first = int(low / step) + 1
    return [round(i * step, 3) for i in range(first, int(high / step) + 1)]


def panel(key, label, left, runs):
    width = WIDTH / 2 - MARGIN - 12
    values = [look[key] for _, all_looks in runs for look in all_looks]
    low, high = min(values), max(values)
    pad = (high - low) * 0.06
    low, high = low - pad, high + pad
    longest = max(look["seconds"] for _, all_looks in runs for look in all_looks)
    x = lambda s: left + MARGIN + s / longest * width
    y = lambda v: HEIGHT - MARGIN - (v - low) / (high - low) * (HEIGHT - 2 * MARGIN)
    out = [f'<text x="{left + MARGIN}" y="{MARGIN - 14}" font-weight="bold">{label}</text>']
    for tick in ticks(low, high):
        out.append(f'<line x1="{x(0):.1f}" x2="{x(longest):.1f}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{x(0) - 6:.1f}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for minutes in range(0, int(longest / 60) + 1, 5):
        out.append(f'<text x="{x(60 * minutes):.1f}" y="{HEIGHT - MARGIN + 18}" text-anchor="middle">{minutes}</text>')
    out.append(f'<text x="{x(longest / 2):.1f}" y="{HEIGHT - 8}" text-anchor="middle">minutes of training</text>')
    for (name, all_looks), colour in zip(runs, COLOURS):
        points = " ".join(f"{x(look['seconds']):.1f},{y(look[key]):.1f}" for look in all_looks)
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for look in all_looks:
            out.append(f'<circle cx="{x(look["seconds"]):.1f}" cy="{y(look[key]):.1f}" r="2.5" fill="{colour}"/>')
    return out


def main():
    target, *folders = sys.argv[1:]
    runs = [(pathlib.Path(folder).name, looks(folder)) for folder in folders]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">']
    out.append(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>')
    for place, (key, label) in enumerate(PANELS):
        out += panel(key, label, place * WIDTH / 2, runs)
    for place, ((name, _), colour) in enumerate(zip(runs, COLOURS)):
        y = MARGIN + 6 + 18 * place
        out.append(f'<text x="{WIDTH - 14}" y="{y}" text-anchor="end" fill="{colour}">{name}</text>')
    out.append("</svg>\n")
    pathlib.Path(target).write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    main()
