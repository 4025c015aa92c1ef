"""Serves a tiny Llama of this folder as a real server does, for tests/real_server.rs.

    python serve_gguf.py FOLDER PORT

writes the model in FOLDER (config.json, tokenizer.json, model.safetensors, perhaps
chat_template.jinja) as a GGUF file of f32 numbers into a temporary folder, and becomes the
OpenAI-compatible server of llama-cpp-python on 127.0.0.1. Needs `llama-cpp-python[server]`, gguf and
numpy.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np

NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
PARTS = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def tensors(path):
    """Name and f32 numbers of every tensor of a safetensors file."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            yield name, np.frombuffer(data[start:end], np.float32).reshape(entry["shape"])


def paired(weight, heads):
    """llama.cpp keeps the two numbers of each rotary pair side by side."""
    return weight.reshape(heads, 2, len(weight) // heads // 2, -1).swapaxes(1, 2).reshape(weight.shape)


def vocabulary(writer, folder):
    data = json.loads((folder / "tokenizer.json").read_text())
    words = {id: token for token, id in data["model"]["vocab"].items()}
    added = {entry["id"]: entry["content"] for entry in data["added_tokens"]}
    tokens = [words.get(id) or added[id] for id in range(len(words | added))]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in data["model"]["merges"]]
    rank = {merge.replace(" ", "", 1): -1.0 - place for place, merge in enumerate(merges)}
    kind = gguf.TokenType

    def kind_of(id, token):
        if id in added:
            return kind.UNKNOWN if token == "<unk>" else kind.CONTROL
        return kind.BYTE if token.startswith("<0x") else kind.NORMAL

    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_types([kind_of(id, token) for id, token in enumerate(tokens)])
    writer.add_token_scores([rank.get(token, -1e6) for token in tokens])
    writer.add_bos_token_id(tokens.index("<s>"))
    writer.add_eos_token_id(tokens.index("</s>"))
    writer.add_vocab_size(len(tokens))


def write(folder, out):
    config = json.loads((folder / "config.json").read_text())
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    wide = config.get("head_dim") or config["hidden_size"] // heads
    rope = config.get("rope_theta") or (config.get("rope_parameters") or {}).get("rope_theta", 10000.0)
    writer = gguf.GGUFWriter(out, "llama")
    vocabulary(writer, folder)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(wide)
    writer.add_value_length(wide)
    writer.add_rope_dimension_count(wide)
    writer.add_rope_freq_base(rope)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    template = folder / "chat_template.jinja"
    if template.exists():
        writer.add_chat_template(template.read_text())
    for name, numbers in tensors(folder / "model.safetensors"):
        if name in NAMES:
            writer.add_tensor(NAMES[name], numbers)
            continue
        _, _, layer, part = name.removesuffix(".weight").split(".", 3)
        if part in ("self_attn.q_proj", "self_attn.k_proj"):
            numbers = paired(numbers, heads if part == "self_attn.q_proj" else kv_heads)
        writer.add_tensor(f"blk.{layer}.{PARTS[part]}.weight", np.ascontiguousarray(numbers))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    folder, port = Path(sys.argv[1]), sys.argv[2]
    out = Path(tempfile.mkdtemp()) / "model.gguf"
    write(folder, out)
    options = {"model": out, "host": "127.0.0.1", "port": port, "logits_all": "true", "n_ctx": "256", "n_threads": "1"}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    os.execv(sys.executable, [sys.executable, "-m", "llama_cpp.server", *words])


if __name__ == "__main__":
    main()
