"""PyTorch's side of `model_speed language`: a training step of the same melody language model on the same batches.

    python bench/language_torch.py FOLDER PRECISION THREADS

FOLDER is what our side left: its weights, its batches and its losses on the first of them, which have to be the same
here. Batches are padded or packed, whichever is faster; what padding needs to know is made before the clock runs.
"""

import json
import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from step_torch import autocast, median_of, optimiser_of
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

ABSENT = 0


class Stack(nn.Module):
    """GRU layers in one direction, over padded or packed sequences."""

    def __init__(self, weights, dropout):
        super().__init__()
        width, (_, hidden) = weights["layers.0.forward.input"].shape[1], weights["layers.0.forward.recurrent"].shape
        layers = len(weights) // 4
        self.gru = nn.GRU(width, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        names = {"weight_ih": "input", "weight_hh": "recurrent", "bias_ih": "input_bias", "bias_hh": "recurrent_bias"}
        for layer in range(layers):
            for theirs, ours in names.items():
                getattr(self.gru, f"{theirs}_l{layer}").data.copy_(weights[f"layers.{layer}.forward.{ours}"])

    def forward(self, x, lengths, packed):
        if not packed:
            return self.gru(x)[0]
        x = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.gru(x)[0], batch_first=True)[0]


class Batch:
    """A batch with the places of its rows and bars; -1 as a place is a row of zeros."""

    def __init__(self, lengths, rows, bars, symbols, durations):
        self.lengths = torch.tensor(lengths)
        ids = torch.tensor(rows).view(len(symbols), -1)
        self.ids = pad_sequence(ids.split(lengths), batch_first=True)
        bars = [part for part in torch.tensor(bars).split(lengths)]
        longest = self.ids.shape[1]
        places = [b * longest + torch.arange(n) for b, n in enumerate(lengths)]
        self.valid = torch.cat(places)
        # The rows of each bar, the bars of each tune, and for each row the bars that were over before it.
        of_bar = [p[own == m] for p, own in zip(places, bars) for m in range(int(own[-1]) + 1)]
        self.rows_of_bars = pad_sequence(of_bar, batch_first=True, padding_value=-1)
        self.counts = torch.tensor([int(own[-1]) + 1 for own in bars])
        self.bars_of_tunes = pad_sequence(
            torch.arange(len(of_bar)).split(self.counts.tolist()), batch_first=True, padding_value=-1)
        self.over = pad_sequence(bars, batch_first=True)
        self.symbols, durations = torch.tensor(symbols), torch.tensor(durations)
        self.timed = (durations != ABSENT).nonzero().squeeze(1)
        self.durations = durations[self.timed]


def at(x, places):
    """The rows of x at these places; zeros for -1."""
    return torch.where((places >= 0).unsqueeze(-1), x[places.clamp(min=0)], 0.0)


class LanguageModel(nn.Module):
    def __init__(self, weights, config):
        super().__init__()
        part = lambda prefix: {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
        tables = [weights[f"embeddings.tables.{i}"] for i in range(len(config["vocab"]))]
        self.tables = nn.ParameterList(tables)
        self.dropout = config["dropout"]
        if "hierarchical" in config["structure"]:
            self.note, self.bar, self.output = (
                Stack(part(f"reader.{name}."), self.dropout) for name in ["note", "bar", "output"])
            self.query = nn.Parameter(weights["reader.query"])
            self.look = nn.ParameterDict({k: v for k, v in part("reader.look.").items()})
        else:
            self.output, self.query = Stack(part("reader."), self.dropout), None
        self.heads = nn.ParameterDict({k.replace(".", "_"): v for k, v in part("heads.").items()})

    def drop(self, x):
        return F.dropout(x, self.dropout, self.training)

    def joined(self, x, batch, packed):
        """The states of the rows beside what is seen of the bars that were over before them."""
        notes = self.drop(self.note(x, batch.lengths, packed))
        rows = at(notes.flatten(0, 1), batch.rows_of_bars)
        scores = (rows @ self.query / math.sqrt(rows.shape[2])).masked_fill(batch.rows_of_bars < 0, -1e30)
        pooled = (torch.softmax(scores, 1).unsqueeze(1).to(rows.dtype) @ rows).squeeze(1)
        pooled = at(pooled, batch.bars_of_tunes)
        bars = self.bar(pooled, batch.counts, packed)
        back = lambda x, n: F.pad(x, (0, 0, n, 0))[:, : x.shape[1]]
        seen = torch.cat([back(bars, 1), back(pooled, 4), back(pooled, 8)], 2)
        context = F.linear(seen, self.look["weight"], self.look["bias"])
        over = batch.over.unsqueeze(2).expand(-1, -1, context.shape[2])
        return torch.cat([notes, context.gather(1, over)], 2)

    def forward(self, batch, packed):
        x = torch.cat([table[batch.ids[:, :, i]] for i, table in enumerate(self.tables)], 2)
        x = self.drop(x)
        if self.query is not None:
            x = self.joined(x, batch, packed)
        states = self.output(x, batch.lengths, packed).flatten(0, 1)[batch.valid]
        states, heads = self.drop(states), self.heads
        symbol = F.linear(states, heads["symbol_weight"], heads["symbol_bias"])
        seen = torch.cat([states[batch.timed], heads["seen"][batch.symbols[batch.timed]]], 1)
        hidden = torch.tanh(F.linear(seen, heads["hidden_weight"], heads["hidden_bias"]))
        duration = F.linear(hidden, heads["duration_weight"], heads["duration_bias"])
        return F.cross_entropy(symbol, batch.symbols), F.cross_entropy(duration, batch.durations)


def check(model, batch, losses):
    """Whether this is the same model."""
    model.eval()
    for packed in [False, True]:
        with torch.no_grad():
            found = [float(loss) for loss in model(batch, packed)]
        assert all(abs(x - y) < 1e-4 for x, y in zip(found, losses)), (found, losses)
    model.train()


def main():
    folder, precision, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    left = json.loads((Path(folder) / "batches.json").read_text())
    with safe_open(Path(folder) / "model.safetensors", "pt") as file:
        weights, config = {k: file.get_tensor(k) for k in file.keys()}, json.loads(file.metadata()["config"])
    model = LanguageModel(weights, config)
    batches = [Batch(*batch) for batch in left["batches"]]
    check(model, batches[0], left["losses"])
    optimiser = optimiser_of(model)

    def median(packed):
        order = iter([batches[0], *batches])

        def step():
            batch = next(order)
            optimiser.zero_grad(set_to_none=True)
            with autocast(precision):
                symbol, duration = model(batch, packed)
            (symbol + duration).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()

        return median_of(step, len(batches))

    padded, packed = median(False), median(True)
    kind = "padded" if padded <= packed else "packed"
    print(f"median {min(padded, packed):.2f} ms ({kind}); {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
