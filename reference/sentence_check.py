"""Whether our sentence encoder gives the titles of a book the tokens and vectors that the reference gives them.

    python reference/sentence_check.py FOLDER BOOK.abc [--vectors 2000]

FOLDER holds all-MiniLM-L6-v2 or all-mpnet-base-v2 as Hugging Face lays it out. Tokens are compared for every title in the
book, vectors for so many of them, from the shortest to the longest.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from transformers import AutoModel

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ["cargo", "run", "--release", "--quiet", "-p", "train", "--example", "sentence_speed", "--"]


def titles_of(book):
    lines = book.read_text(encoding="utf-8", errors="replace").split("\n")
    return sorted({line[2:].strip() for line in lines if line.startswith("T:")} - {""})


def ours(*args):
    done = subprocess.run([*EXAMPLE, *map(str, args)], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def embed(model, ids):
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(row)) for row in ids], batch_first=True)
    rows = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in ids], batch_first=True)
    states = model(input_ids=rows, attention_mask=mask).last_hidden_state
    return F.normalize((states * mask.unsqueeze(2)).sum(1) / mask.sum(1, keepdim=True), dim=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("book", type=Path)
    parser.add_argument("--vectors", type=int, default=2000)
    args = parser.parse_args()
    titles = titles_of(args.book)
    tokenizer = Tokenizer.from_file(str(args.folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    ids = [tokenizer.encode(title).ids for title in titles]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "titles.txt"
        file.write_text("\n".join(titles) + "\n", encoding="utf-8")
        found = ours("tokens", args.folder.resolve(), file).splitlines()
        different = [title for title, row, line in zip(titles, ids, found, strict=True) if str(row) != line]
        print(f"tokens: {len(titles) - len(different)} of {len(titles)} titles as the reference; others: {different[:9]}")
        chosen = sorted(range(len(titles)), key=lambda i: len(ids[i]))
        chosen = chosen[:: max(1, len(chosen) // args.vectors)]
        file.write_text("\n".join(titles[i] for i in chosen) + "\n", encoding="utf-8")
        ours("vectors", args.folder.resolve(), file, Path(folder) / "out")
        vectors = torch.from_numpy(np.fromfile(Path(folder) / "out", dtype="<f4")).view(len(chosen), -1)
    model = AutoModel.from_pretrained(args.folder).eval()
    with torch.no_grad():
        parts = [embed(model, [ids[i] for i in chosen[at : at + 64]]) for at in range(0, len(chosen), 64)]
    print(f"vectors: {len(chosen)} titles, at most {float((torch.cat(parts) - vectors).abs().max()):.1e} off")


if __name__ == "__main__":
    main()
