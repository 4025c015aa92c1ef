"""Writes tests/golden/gguf, for tests/gguf: files by the gguf package, answers by transformers.

    python make_gguf.py

needs torch, transformers (which wants accelerate for this), tokenizers, safetensors and gguf. Neither this program nor its tests'
own writer has a part in these files: names, the order of rows and the metadata come from here, blocks
from the package's quantisers (kinds it cannot make are filled with random blocks, for every block
means something), and the expected logits from transformers, which opens the file with its own
tables and unpacks every block into numbers.

`answers.safetensors` holds for each file NAME.ids [rows, tokens] and NAME.logits [rows, tokens,
vocabulary]; `answers.json` the texts with the ids of the tokenizer that the vocabulary came from,
and the versions.
"""

import json
import shutil
import sys
from pathlib import Path

import gguf
import numpy as np
import safetensors
import tokenizers
import torch
import transformers
from gguf import GGMLQuantizationType as Kind
from safetensors.torch import save_file

HERE = Path(__file__).parent
OUT = HERE / "gguf"
TEXTS = [
    "",
    "the moon and the stars are far out",
    " it  is   about\tbread,\n\n tea ",
    "月亮和星星很远。",
    "tea 茶🙂 ok, 1234 don't",
    "x</s>y",
]
BLOCK_K = {Kind.Q2_K: (84, [80, 82]), Kind.Q3_K: (110, [108]), Kind.Q4_K: (144, [0, 2]), Kind.Q5_K: (176, [0, 2]), Kind.Q6_K: (210, [208])}
"""Bytes of a block of 256, and where its half-precision scales stand."""

BESIDES = {"qwen3_bf16": {"head_dim": 12}, "gpt2_q8": {"n_positions": 48}}
"""What transformers does not take from these files' metadata."""

rng = np.random.default_rng(11)


def random_blocks(kind, shape, spread):
    """Any bytes are a block; its scales are set so that the numbers have about the wanted spread."""
    size, scales = BLOCK_K[kind]
    blocks = rng.integers(0, 256, (shape[0] * shape[1] // 256, size), dtype=np.uint8)
    for at in scales:
        blocks[:, at : at + 2] = np.frombuffer(np.float16(0.001).tobytes(), np.uint8)
    raw = gguf.quants.dequantize(blocks.reshape(shape[0], -1), kind)
    factor = spread / raw.std()
    for at in scales:
        wanted = np.float16(0.001 * factor * rng.uniform(0.7, 1.3, len(blocks)))
        blocks[:, at : at + 2] = wanted.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(shape[0], -1)


def paired(weight, heads):
    """llama.cpp keeps the two numbers of each rotary pair side by side."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


class File:
    def __init__(self, name, architecture):
        self.name = name
        self.writer = gguf.GGUFWriter(OUT / f"{name}.gguf", architecture)

    def norm(self, name, width, bias=False):
        self.writer.add_tensor(f"{name}.weight", (1 + 0.3 * rng.standard_normal(width)).astype(np.float32))
        if bias:
            self.bias(name, width)

    def bias(self, name, width, heads=None):
        values = (0.3 * rng.standard_normal(width)).astype(np.float32)
        self.writer.add_tensor(f"{name}.bias", values if heads is None else paired(values, heads))

    def matrix(self, name, rows, width, kind, heads=None, spread=None):
        """`heads`: rows are kept as rotary pairs."""
        spread = spread or 1.3 / width**0.5
        if kind in BLOCK_K:  # random rows stay random in any order
            self.writer.add_tensor(f"{name}.weight", random_blocks(kind, (rows, width), spread), raw_dtype=kind)
            return
        values = (spread * rng.standard_normal((rows, width))).astype(np.float32)
        values = values if heads is None else paired(values, heads)
        self.writer.add_tensor(f"{name}.weight", gguf.quants.quantize(values, kind), raw_dtype=kind)

    def tokenizer(self, folder):
        """The vocabulary of a golden folder's tokenizer.json."""
        data = json.loads((HERE / folder / "tokenizer.json").read_text())
        vocabulary = {id: token for token, id in data["model"]["vocab"].items()}
        added = {entry["id"]: entry for entry in data["added_tokens"]}
        tokens = [vocabulary.get(id) or added[id]["content"] for id in range(len(vocabulary | added))]
        merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in data["model"]["merges"]]
        sentence_piece = data["model"]["byte_fallback"]
        kinds = []
        for id, token in enumerate(tokens):
            special = gguf.TokenType.UNKNOWN if token == "<unk>" else gguf.TokenType.CONTROL
            byte = sentence_piece and token.startswith("<0x")
            kinds.append(special if id in added else gguf.TokenType.BYTE if byte else gguf.TokenType.NORMAL)
        self.writer.add_tokenizer_model("llama" if sentence_piece else "gpt2")
        self.writer.add_token_list(tokens)
        self.writer.add_token_types(kinds)
        if sentence_piece:
            rank = {merge.replace(" ", "", 1): -1.0 - i for i, merge in enumerate(merges)}
            self.writer.add_token_scores([rank.get(token, -1e6) for token in tokens])
        else:
            self.writer.add_tokenizer_pre("gpt-2")
            self.writer.add_token_merges(merges)
        self.writer.add_bos_token_id(tokens.index("<s>") if "<s>" in tokens else 0)
        self.writer.add_eos_token_id(tokens.index("</s>") if "</s>" in tokens else 0)
        self.rows = len(tokens)
        tokenizer = tokenizers.Tokenizer.from_file(str(HERE / folder / "tokenizer.json"))
        return [tokenizer.encode(text).ids for text in TEXTS]

    def sizes(self, context, width, layers, inner, heads):
        for add, value in [
            (self.writer.add_context_length, context),
            (self.writer.add_embedding_length, width),
            (self.writer.add_block_count, layers),
            (self.writer.add_feed_forward_length, inner),
            (self.writer.add_head_count, heads),
        ]:
            add(value)

    def close(self):
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()


def llama(name, architecture, folder, width, inner, heads, kv_heads, wide, kinds, tied=False):
    """`kinds`: of embedding, head, queries, keys, values, output, gate, up, down."""
    file = File(name, architecture)
    ids = file.tokenizer(folder)
    file.sizes(64, width, 1, inner, heads)
    writer = file.writer
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(wide)
    writer.add_value_length(wide)
    writer.add_rope_dimension_count(wide)
    writer.add_rope_freq_base(500.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(file.rows)
    kinds = dict(zip("embedding head q k v o gate up down".split(), kinds))
    permuted = architecture == "llama"
    file.matrix("token_embd", file.rows, width, kinds["embedding"], spread=1.0)
    file.norm("output_norm", width)
    if not tied:
        file.matrix("output", file.rows, width, kinds["head"])
    file.norm("blk.0.attn_norm", width)
    for part, count in [("q", heads), ("k", kv_heads), ("v", kv_heads)]:
        turned = count if permuted and part != "v" else None
        file.matrix(f"blk.0.attn_{part}", count * wide, width, kinds[part], heads=turned)
        if architecture == "qwen2":
            file.bias(f"blk.0.attn_{part}", count * wide)
        if architecture == "qwen3" and part != "v":
            file.norm(f"blk.0.attn_{part}_norm", wide)
    file.matrix("blk.0.attn_output", width, heads * wide, kinds["o"])
    file.norm("blk.0.ffn_norm", width)
    file.matrix("blk.0.ffn_gate", inner, width, kinds["gate"])
    file.matrix("blk.0.ffn_up", inner, width, kinds["up"])
    file.matrix("blk.0.ffn_down", width, inner, kinds["down"])
    file.close()
    return ids


def gpt2(name, kind):
    width = 32
    file = File(name, "gpt2")
    ids = file.tokenizer("gpt2")
    file.sizes(48, width, 1, 4 * width, 4)
    file.writer.add_layer_norm_eps(1e-5)
    file.matrix("token_embd", file.rows, width, kind, spread=0.7)
    file.matrix("position_embd", 48, width, Kind.F32, spread=0.3)
    file.norm("output_norm", width, bias=True)
    file.norm("blk.0.attn_norm", width, bias=True)
    file.norm("blk.0.ffn_norm", width, bias=True)
    for part, rows, columns in [
        ("attn_qkv", 3 * width, width),
        ("attn_output", width, width),
        ("ffn_up", 4 * width, width),
        ("ffn_down", width, 4 * width),
    ]:
        file.matrix(f"blk.0.{part}", rows, columns, kind)
        file.bias(f"blk.0.{part}", rows)
    file.close()
    return ids


def logits(name, answers):
    """What transformers makes of the file."""
    path = {"gguf_file": f"{name}.gguf"}
    config = transformers.AutoConfig.from_pretrained(OUT, **path)
    for field, value in BESIDES.get(name, {}).items():
        setattr(config, field, value)
    model = transformers.AutoModelForCausalLM.from_pretrained(OUT, **path, config=config, dtype=torch.float32)
    model.eval()
    ids = torch.tensor(rng.integers(3, model.config.vocab_size, (2, 12)))
    with torch.no_grad():
        answers[f"{name}.logits"] = model(ids).logits.contiguous()
    answers[f"{name}.ids"] = ids.to(torch.int64)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    mixed = [Kind.Q6_K, Kind.Q5_K, Kind.Q4_K, Kind.Q5_K, Kind.Q6_K, Kind.Q8_0, Kind.Q4_K, Kind.Q3_K, Kind.Q2_K]
    ids = {
        "llama_f16": llama("llama_f16", "llama", "llama", 32, 48, 4, 2, 8, [Kind.F16] * 9),
        "llama_q8": llama("llama_q8", "llama", "llama", 64, 96, 4, 2, 16, [Kind.Q8_0] * 9),
        "llama_k": llama("llama_k", "llama", "llama", 256, 256, 2, 1, 16, mixed),
        "qwen2_q4": llama("qwen2_q4", "qwen2", "qwen2", 64, 64, 4, 2, 16, [Kind.Q4_0, None, Kind.Q4_1, Kind.Q5_0, Kind.Q5_1, Kind.Q4_0, Kind.Q5_0, Kind.Q4_0, Kind.Q5_1], tied=True),
        "qwen3_bf16": llama("qwen3_bf16", "qwen3", "qwen3", 32, 48, 4, 2, 12, [Kind.BF16] * 9),
        "gpt2_q8": gpt2("gpt2_q8", Kind.Q8_0),
    }
    answers = {}
    for name in ids:
        logits(name, answers)
    save_file(answers, OUT / "answers.safetensors")
    versions = {
        "gguf": __import__("importlib.metadata").metadata.version("gguf"),
        **{module.__name__: module.__version__ for module in (torch, transformers, tokenizers, safetensors, np)},
    }
    text = json.dumps({"versions": versions, "texts": TEXTS, "ids": ids}, ensure_ascii=False)
    (OUT / "answers.json").write_text(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
