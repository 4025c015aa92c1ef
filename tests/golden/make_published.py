"""Writes published.json beside this file, for tests/published.rs.

    python make_published.py SHARED

`SHARED` holds `models/configs` and `models/all-MiniLM-L6-v2`. For every published configuration: its
model_type and how many numbers transformers' model for words has (the masked or next one), tied ones
once, or nothing where this program does not know the type. For MiniLM: every 16th number of the
sentence embeddings (mean of the last hidden states, scaled to length 1).
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from transformers import AutoModel, AutoTokenizer

MASKED, NEXT, ANSWER = (
    transformers.AutoModelForMaskedLM,
    transformers.AutoModelForCausalLM,
    transformers.AutoModelForSeq2SeqLM,
)
KNOWN = {
    "bert": MASKED,
    "distilbert": MASKED,
    "roberta": MASKED,
    "gpt2": NEXT,
    "llama": NEXT,
    "mistral": NEXT,
    "qwen2": NEXT,
    "qwen3": NEXT,
    "t5": ANSWER,
}
SENTENCES = ["A man is eating food.", "The spacecraft left its orbit.", "月亮很远。", "a"]
THIN = 16


def size(config):
    kind = KNOWN.get(config.get("model_type"))
    if kind is None:
        return None
    with torch.device("meta"):
        model = kind.from_config(transformers.AutoConfig.for_model(**config))
    # transformers 5 ties the head of every fresh T5; checkpoints of version 1.1 store one of their own.
    own_head = config["model_type"] == "t5" and config.get("tie_word_embeddings") is False
    head = config["vocab_size"] * config["d_model"] if own_head else 0
    return sum(parameter.numel() for parameter in model.parameters()) + head


def embeddings(folder):
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    found = {}
    for sentence in SENTENCES:
        with torch.no_grad():
            states = model(**tokenizer(sentence, return_tensors="pt", padding=False)).last_hidden_state[0]
        whole = torch.nn.functional.normalize(states.mean(0), dim=0)
        found[sentence] = [float(number) for number in whole[::THIN]]
    return found


def main():
    models = Path(sys.argv[1]) / "models"
    configs = {path.name: json.loads(path.read_text()) for path in sorted((models / "configs").glob("*.json"))}
    written = {
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "parameters": {name: [config.get("model_type"), size(config)] for name, config in configs.items()},
        "thin": THIN,
        "embeddings": embeddings(models / "all-MiniLM-L6-v2"),
    }
    (Path(__file__).parent / "published.json").write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n")


main()
