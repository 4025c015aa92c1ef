"""Writes pairs.json beside this file, for tests/pairs.rs.

    python make_pairs.py

What transformers makes of two texts: for the tiny encoders with a classifier their AutoTokenizer's ids and kinds of
token, cut by `longest_first` to several lengths, and the model's logits for the pairs as one padded batch. The tiny
BERT's and DistilBERT's `tokenizer.json` has a template for one text only; `post_processor` is what the published
ones have, and is put into a copy for both programs.
"""

import json
import tempfile
from pathlib import Path
from shutil import copy

import tokenizers
import torch
import transformers
from transformers import AutoModelForSequenceClassification, AutoTokenizer

HERE = Path(__file__).parent
SHORT, MIDDLE, LONG = "a goal", "soup with bread, then tea", "the moon and the stars are far out"
PAIRS = [
    [SHORT, MIDDLE],
    [LONG, SHORT],
    [SHORT, LONG],
    [LONG, LONG],
    [LONG, MIDDLE],
    ["", SHORT],
    [SHORT, ""],
    # Marks of special tokens are text in a text.
    ["a [SEP] goal", "tea </s> [CLS] <mask>"],
]
LENGTHS = [48, 30, 25, 24, 9, 8, 5]
MARK = {"bert": ("[CLS]", 2, "[SEP]", 3), "distilbert": ("[CLS]", 2, "[SEP]", 3)}


def template(begin, begin_id, end, end_id):
    """`[CLS] A [SEP] B [SEP]`, as in the tokenizer.json of bert-base-uncased."""
    return tokenizers.processors.TemplateProcessing(
        single=f"{begin}:0 $A:0 {end}:0",
        pair=f"{begin}:0 $A:0 {end}:0 $B:1 {end}:1",
        special_tokens=[(begin, begin_id), (end, end_id)],
    )


def folder_of(name, home):
    """The tiny model, its tokenizer with a template for two texts."""
    for file in ("config.json", "model.safetensors", "tokenizer.json"):
        copy(HERE / name / file, home / file)
    mark = MARK.get(json.loads((home / "config.json").read_text())["model_type"])
    tokenizer = tokenizers.Tokenizer.from_file(str(home / "tokenizer.json"))
    if mark:
        tokenizer.post_processor = template(*mark)
    tokenizer.save(str(home / "tokenizer.json"))
    return json.loads(tokenizer.to_str())["post_processor"] if mark else None


def of(name):
    with tempfile.TemporaryDirectory() as home:
        processor = folder_of(name, Path(home))
        tokenizer = AutoTokenizer.from_pretrained(home, split_special_tokens=True)
        model = AutoModelForSequenceClassification.from_pretrained(home, attn_implementation="eager").eval()
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(model.config.pad_token_id)
    cut = []
    for length in LENGTHS:
        for pair, (first, second) in enumerate(PAIRS):
            # As lists: a single empty second text would count as none.
            found = tokenizer([first], [second], truncation="longest_first", max_length=length)
            kinds = found.get("token_type_ids", [[]])[0]
            cut.append({"pair": pair, "most": length, "ids": found["input_ids"][0], "segments": kinds})
    batch = tokenizer(
        [first for first, _ in PAIRS],
        [second for _, second in PAIRS],
        truncation="longest_first",
        max_length=LENGTHS[0],
        padding=True,
        return_tensors="pt",
    )
    with torch.no_grad():
        logits = model(**batch).logits.tolist()
    print(name, type(tokenizer).__name__, list(batch), batch["input_ids"].shape)
    return {"post_processor": processor, "cut": cut, "logits": logits}


def main():
    names = ["bert_classifier", "distilbert_classifier", "roberta_classifier"]
    written = {
        "versions": {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__,
        },
        "pairs": PAIRS,
        "most": LENGTHS[0],
        "models": {name: of(name) for name in names},
    }
    (HERE / "pairs.json").write_text(json.dumps(written, ensure_ascii=False) + "\n")


main()
