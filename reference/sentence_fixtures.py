"""Writes what the sentence encoder's tests compare with: a tiny random BERT and MPNet with their vectors in double precision,
and what the tokenizer of all-MiniLM-L6-v2 makes of some titles.

    python reference/sentence_fixtures.py FOLDER

FOLDER holds all-MiniLM-L6-v2 as Hugging Face lays it out (config.json, tokenizer.json, model.safetensors). Of its
vocabulary only the pieces that can occur in the titles are written, under their own numbers.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
from model_fixtures import KERNELS, MODEL, compute, fixture, random, write
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel

TITLES = [
    "Drowsy Maggie", "The Butterfly", "The Kesh", "The Blackbird", "Morrison's", "O'Carolan's Concerto",
    "An Buachaill Caol Dubh", "Port na bPúcaí", "An Chúilfhionn", "Éamonn an Chnoic", "Táimse i mo chodladh",
    "Fáinne Geal an Lae", "An Paistín Fionn", "Tabhair dom do Lámh", "Amhrán na Leabhar", "Caisleán an Óir",
    "Bean Ḋuḃ an Ġleanna", "Gan Ainm", "The Rakes Of Mallow", "Saint Patrick’s Day", "Haste To The Wedding (set dance)",
    "The Cuckoo's Nest #2", "Miss McLeod's", "Miss M’Leod", "Sheebeg & Sheemore", "Sí Bheag, Sí Mhór", "Planxty Irwin",
    "\"The Rights Of Man\"", "Humours of Ballyloughlin, The", "Father O’Flynn — a jig", "¿Qué?", "...", "O", "",
    "Ríl Mhór Bhaile an Chalaidh", "Är det något?", "Straße nach Köln", "Ναυτικός σκοπός", "笛の音", "🎻 the fiddle",
    "The 42nd Highlanders' Farewell", "pneumonoultramicroscopicsilicovolcanoconiosis",
]
REAL = TITLES[:12]


def words_of(tokenizer, titles):
    normal = [tokenizer.normalizer.normalize_str(title) for title in titles]
    return {word for text in normal for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)}


def part_of_vocabulary(vocab, words):
    """The pieces that a search for the longest ones may find in these words."""
    wanted = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    for word in words:
        for start in range(len(word)):
            pieces = (("##" if start else "") + word[start:end] for end in range(start + 1, len(word) + 1))
            wanted.update(pieces)
    return {piece: number for piece, number in sorted(vocab.items(), key=lambda x: x[1]) if piece in wanted}


def embed(model, ids):
    """Each text on its own: no batch, no padding."""
    rows = [model(input_ids=torch.tensor([row])).last_hidden_state[0].mean(0) for row in ids]
    return F.normalize(torch.stack(rows), dim=1)


def write_tokenizer(path, tokenizer, vocab):
    processor = tokenizer["post_processor"]
    if "special_tokens" in processor:
        marks = {mark: part | {"ids": [vocab[mark]]} for mark, part in processor["special_tokens"].items()}
        processor = processor | {"special_tokens": marks}
    tokenizer = tokenizer | {
        "added_tokens": [mark | {"id": vocab[mark["content"]]} for mark in tokenizer["added_tokens"]],
        "post_processor": processor,
        "model": tokenizer["model"] | {"vocab": vocab},
    }
    path.write_text(json.dumps(tokenizer, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def real(folder):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    file = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    vocab = part_of_vocabulary(file["model"]["vocab"], words_of(tokenizer, TITLES))
    write_tokenizer(MODEL / "sentence_tokenizer.json", file, vocab)
    ids = [tokenizer.encode(title).ids for title in TITLES]
    lines = ",\n".join(json.dumps([title, row], ensure_ascii=False) for title, row in zip(TITLES, ids))
    (MODEL / "sentence_titles.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    model = BertModel.from_pretrained(folder, dtype=torch.float64).eval()
    with torch.no_grad():
        exact = embed(model, ids[: len(REAL)])
        single = embed(model.float(), ids[: len(REAL)])
    print(f"all-MiniLM-L6-v2: f32 within {float((single - exact).abs().max()):.1e} of f64")
    write(MODEL, "sentence_real", {"vectors": exact})
    return file


LETTERS = [chr(c) for c in range(ord("a"), ord("z") + 1)]
PIECES = LETTERS + [f"##{c}" for c in LETTERS] + ["'", "the", "##er", "##ly", "an", "butter"]


def tiny(name, model, file, marks):
    """A random model; sizes are distinct primes, but that the heads have to divide the features."""
    vocab = {piece: number for number, piece in enumerate(marks + PIECES)}
    config = model.config
    assert len(vocab) <= config.vocab_size
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter + random(*parameter.shape, scale=0.3))
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        shutil.copy(Path(folder) / "config.json", MODEL / f"{name}_config.json")
        shutil.copy(Path(folder) / "model.safetensors", MODEL / f"{name}.safetensors")
    write_tokenizer(MODEL / f"{name}_tokenizer.json", file, vocab)
    tokenizer = Tokenizer.from_file(str(MODEL / f"{name}_tokenizer.json"))
    tokenizer.no_padding()
    # Two of MPNet's positions are never used.
    tokenizer.enable_truncation(config.max_position_embeddings - 2 * isinstance(config, MPNetConfig))
    ids = [tokenizer.encode(title).ids for title in TITLES]
    with torch.no_grad():
        exact = embed(model.double(), ids)
        single = embed(model.float(), ids)
    print(f"{name}: f32 within {float((single - exact).abs().max()):.1e} of f64")
    arrays = {"vectors": exact.float(), "ids": torch.tensor(sum(ids, []), dtype=torch.int32),
              "lengths": torch.tensor([len(row) for row in ids], dtype=torch.int32)}
    save_file(arrays, MODEL / f"{name}_expected.safetensors")


def tiny_bert(file):
    config = BertConfig(
        vocab_size=67, hidden_size=21, num_hidden_layers=2, num_attention_heads=7, intermediate_size=37,
        max_position_embeddings=23, type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="gelu")
    tiny("sentence_tiny", BertModel(config).eval(), file, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])


def tiny_mpnet(file):
    """Its distances reach into the groups of several; the marks of BERT's are in its vocabulary too."""
    config = MPNetConfig(
        vocab_size=71, hidden_size=15, num_hidden_layers=2, num_attention_heads=5, intermediate_size=29,
        max_position_embeddings=43, layer_norm_eps=1e-5, hidden_act="gelu")
    marks = ["<s>", "<pad>", "</s>", "[PAD]", "[UNK]", "[CLS]", "[SEP]", "<mask>"]
    mark = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    file = file | {
        "added_tokens": [mark | {"content": marks[id]} for id in (0, 1, 2, 4)],
        "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True,
                           "add_prefix_space": False},
    }
    tiny("sentence_tiny_mpnet", MPNetModel(config).eval(), file, marks)


def kernels():
    inputs = {"x": random(101, scale=2.0)}
    fixture(KERNELS, "gelu_erf", lambda p: {"y": F.gelu(p["x"])}, inputs, {"y": random(101)})
    inputs = {"x": random(5, 13), "other": random(5, 13), "scale": random(13), "shift": random(13)}
    # Rows of little variance: there it shows what is added to it.
    inputs["x"][2] = random(13, scale=0.001)
    inputs["other"][2] = random(13, scale=0.001)
    norm = lambda p: {"y": F.layer_norm(p["x"] + p["other"], (13,), p["scale"], p["shift"], eps=1e-7)}
    result = compute("add_and_normalise", norm, inputs, {"y": random(5, 13)})
    write(KERNELS, "add_and_normalise", inputs | {"epsilon": torch.tensor([1e-7]), "y": result["y"]})


def main():
    torch.manual_seed(30_522)
    torch.set_num_threads(1)
    kernels()
    file = real(Path(sys.argv[1]))
    tiny_bert(file)
    tiny_mpnet(file)


if __name__ == "__main__":
    main()
