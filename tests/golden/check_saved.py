"""Opens a saved model in transformers and compares it with what Retort computed from it.

    python check_saved.py MODEL_DIR EXPECTED.safetensors [TOKENIZED.json]

EXPECTED is what `retort probe MODEL_DIR --text … --out EXPECTED.safetensors` writes: input_ids,
logits, attention.L and hidden.L of one text; of an encoder-decoder also written.L, cross.L,
hidden_written.L and, where the answer is not the start token alone, decoder_input_ids. Ends with an error if a number differs by more than
1e-4, if a stored tensor is not used or if one is missing.

TOKENIZED holds `texts`, the `ids` that Retort reads them as, each row as long as it is, the id `pad`
that fills rows, and of a classifier the `logits` of the padded batch. AutoTokenizer has to give the
same ids without a word more than the texts, of a classifier also where a text holds the name of a
special token, and the model to take its batch as it comes.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

NEAR = 1e-4


def check_tokens(folder, model, known):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    batch = tokenizer(known["texts"], padding=True, truncation=True, return_tensors="pt")
    longest = max(map(len, known["ids"]))
    padded = [row + [known["pad"]] * (longest - len(row)) for row in known["ids"]]
    assert batch["input_ids"].tolist() == padded, (batch["input_ids"].tolist(), padded)
    assert batch["attention_mask"].sum(1).tolist() == [len(row) for row in known["ids"]]
    assert tokenizer.model_max_length == longest, "one of the texts is cut"
    if known["mask"] is not None:
        assert tokenizer.mask_token_id == known["mask"]
    if model.config.is_encoder_decoder and known["logits"] is None:
        batch["decoder_input_ids"] = torch.full((len(padded), 1), model.config.decoder_start_token_id)
    with torch.no_grad():
        logits = model(**batch).logits
    if known["logits"] is not None:
        worst = (logits - torch.tensor(known["logits"])).abs().max().item()
        print(f"largest difference {worst:.1e} of the batch that AutoTokenizer made")
        assert worst <= NEAR, worst


def main():
    folder, expected = Path(sys.argv[1]), load_file(sys.argv[2])
    torch.set_num_threads(1)
    kind = json.loads((folder / "config.json").read_text())["architectures"][0]
    model, report = getattr(transformers, kind).from_pretrained(
        folder, attn_implementation="eager", output_loading_info=True
    )
    for part in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not report[part], f"{part}: {report[part]}"
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    ids = expected["input_ids"]
    assert len(tokenizer) <= model.config.vocab_size and int(ids.max()) < model.config.vocab_size
    given = {"input_ids": ids[None]}
    kinds = {"attention": "attentions", "hidden": "hidden_states"}
    if model.config.is_encoder_decoder:
        kinds = {
            "attention": "encoder_attentions",
            "hidden": "encoder_hidden_states",
            "written": "decoder_attentions",
            "cross": "cross_attentions",
            "hidden_written": "decoder_hidden_states",
        }
        if not kind.endswith("ForSequenceClassification"):
            start = torch.tensor([model.config.decoder_start_token_id])
            given["decoder_input_ids"] = expected.get("decoder_input_ids", start)[None]
    with torch.no_grad():
        out = model.eval()(**given, output_attentions=True, output_hidden_states=True)
    found = {"logits": out.logits[0]}
    for name, part in kinds.items():
        found |= {f"{name}.{layer}": tensor[0] for layer, tensor in enumerate(getattr(out, part))}
    asked = expected.keys() - {"input_ids", "decoder_input_ids"}
    assert found.keys() == asked, (sorted(found), sorted(expected))
    worst = {name: (found[name] - expected[name]).abs().max().item() for name in found}
    print(f"{kind}, largest difference {max(worst.values()):.1e} of {len(worst)} tensors")
    assert max(worst.values()) <= NEAR, worst
    if len(sys.argv) > 3:
        check_tokens(folder, model, json.loads(Path(sys.argv[3]).read_text()))


if __name__ == "__main__":
    main()
