"""PyTorch's side of `sentence_speed`: titles, one a line, embedded by the same encoder in eager mode.

    python bench/sentence_torch.py FOLDER TITLES PRECISION THREADS ROUNDS

FOLDER holds all-MiniLM-L6-v2 as Hugging Face lays it out. It is run twice, by sentence-transformers as its documentation
says and by transformers with titles sorted by length, and the faster one counts; both with batches of 64, and the time
includes the tokens.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from sentence_transformers import SentenceTransformer
from step_torch import autocast, median_of
from transformers import AutoTokenizer, BertModel

BATCH = 64


def transformers(folder, titles):
    tokenizer, model = AutoTokenizer.from_pretrained(folder), BertModel.from_pretrained(folder).eval()
    order = sorted(range(len(titles)), key=lambda i: len(titles[i]))
    groups = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]

    def embed():
        out = torch.empty(len(titles), model.config.hidden_size)
        for group in groups:
            batch = tokenizer([titles[i] for i in group], padding=True, truncation=True, max_length=256, return_tensors="pt")
            states = model(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(2)
            out[group] = F.normalize((states * mask).sum(1) / mask.sum(1), dim=1).float()
        return out

    return embed


def main():
    folder, titles, precision, threads, rounds = sys.argv[1:]
    torch.set_num_threads(int(threads))
    titles = Path(titles).read_text(encoding="utf-8").splitlines()
    whole = SentenceTransformer(folder, device="cpu")
    sides = {
        "sentence-transformers": lambda: whole.encode(titles, batch_size=BATCH, convert_to_tensor=True),
        "transformers": transformers(folder, titles),
    }
    with torch.inference_mode():
        found = [side() for side in sides.values()]
        assert float((found[0] - found[1]).abs().max()) < 1e-4
        with autocast(precision):
            times = {name: median_of(side, int(rounds)) for name, side in sides.items()}
    best = min(times, key=times.get)
    print(f"median {times[best]:.2f} ms ({best}); {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
