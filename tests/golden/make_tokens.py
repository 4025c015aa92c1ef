"""Writes tokens.json and tokens.safetensors beside this file, for tests/token_golden.rs.

    python make_tokens.py

The tiny models of make_golden.py, read by transformers, over tokens instead of classes: next tokens of a decoder (all
of them, and those behind a prompt), masked tokens of an encoder, and what an encoder-decoder writes. Of each case:

    read, written       token ids of every sample; `written` is what a decoder beside an encoder reads
    rows                sample, place and right token of every row
    ID.ce               transformers' own loss, by `labels`
    ID.kd, .grad.NAME   alpha * CE + (1 - alpha) * T^2 * KL(teacher || student) over the rows, and its gradients
    ID.steps, .final.NAME   20 steps of AdamW on it, and the parameters behind them

The teacher's logits are `((37 i + 11) mod 23) / 4 - 2.5` over all rows and outcomes. Gradients and parameters are
flattened and thinned to every n-th number (`thin`).
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from torch.nn import functional as F

HERE = Path(__file__).parent
ALPHA, TEMPERATURE, RATE, DECAY, CLIP, STEPS, THIN = 0.3, 2.5, 1e-3, 0.5, 1.0, 20, 31
LENGTHS = [9, 4, 7]
IGNORED = -100


def ids(count, vocabulary, salt):
    """Ordinary ids, the same on every machine."""
    return [5 + (salt * 31 + place * 17) % (vocabulary - 6) for place in range(count)]


def padded(rows, fill):
    longest = max(map(len, rows))
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])


def causal(model, behind):
    """Next tokens from the token with number `behind` on."""
    read = [ids(length, model.config.vocab_size, salt) for salt, length in enumerate(LENGTHS)]
    rows = [[s, at - 1, row[at]] for s, row in enumerate(read) for at in range(max(behind, 1), len(row))]
    labels = padded([[IGNORED] * behind + row[behind:] for row in read], IGNORED)
    return {"read": read, "rows": rows}, {"labels": labels}


def masked(model, mask):
    read = [ids(length, model.config.vocab_size, salt) for salt, length in enumerate(LENGTHS)]
    rows = [[s, at, row[at]] for s, row in enumerate(read) for at in range(len(row)) if (at + s) % 3 == 1]
    labels = [[IGNORED] * len(row) for row in read]
    for number, (s, at, token) in enumerate(rows):
        labels[s][at] = token
        # Masked, replaced by another, left as it is.
        read[s][at] = [mask, 6 + number, token][number % 3]
    return {"read": read, "rows": rows}, {"labels": padded(labels, IGNORED)}


def written(model):
    read = [ids(length, model.config.vocab_size, salt) for salt, length in enumerate(LENGTHS)]
    answers = [ids(length - 2, model.config.vocab_size, salt + 7) for salt, length in enumerate(LENGTHS)]
    begun = [[model.config.decoder_start_token_id, *answer[:-1]] for answer in answers]
    rows = [[s, at, token] for s, answer in enumerate(answers) for at, token in enumerate(answer)]
    return {"read": read, "written": begun, "rows": rows}, {"labels": padded(answers, IGNORED)}


def logits_of(model, case):
    """The logits of all rows."""
    lengths = [len(row) for row in case["read"]]
    mask = padded([[1] * length for length in lengths], 0)
    given = {"input_ids": padded(case["read"], 0), "attention_mask": mask}
    if "written" in case:
        given["decoder_input_ids"] = padded(case["written"], 0)
        given["decoder_attention_mask"] = padded([[1] * len(row) for row in case["written"]], 0)
    logits = model(**given).logits
    return torch.stack([logits[sample, at] for sample, at, _ in case["rows"]])


def own_loss(model, case, given):
    mask = padded([[1] * len(row) for row in case["read"]], 0)
    return model(input_ids=padded(case["read"], 0), attention_mask=mask, **given).loss


def distillation(model, case):
    logits = logits_of(model, case)
    count = torch.arange(logits.numel())
    teacher = (((37 * count + 11) % 23) * 0.25 - 2.5).reshape(logits.shape)
    hard = F.cross_entropy(logits, torch.tensor([row[2] for row in case["rows"]]))
    log_q, log_p = F.log_softmax(logits / TEMPERATURE, -1), F.log_softmax(teacher / TEMPERATURE, -1)
    soft = F.kl_div(log_q, log_p, log_target=True, reduction="batchmean")
    return ALPHA * hard + (1 - ALPHA) * TEMPERATURE**2 * soft


def thinned(tensor):
    return tensor.detach().flatten()[::THIN].clone()


def golden(name, model, case, given):
    model.eval()
    found = {"ce": own_loss(model, case, given).detach().reshape(1)}
    loss = distillation(model, case)
    loss.backward()
    found["kd"] = loss.detach().reshape(1)
    for parameter, values in model.named_parameters():
        gradient = torch.zeros_like(values) if values.grad is None else values.grad
        found[f"grad.{parameter}"] = thinned(gradient)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = distillation(model, case)
        loss.backward()
        losses.append(loss.item())
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
    found["steps"] = torch.tensor(losses)
    found |= {f"final.{parameter}": thinned(values) for parameter, values in model.named_parameters()}
    print(name, found["ce"].item(), found["kd"].item(), losses[-1])
    return {f"{name}.{key}": value.contiguous() for key, value in found.items()}


def main():
    kinds = transformers.AutoModelForCausalLM, transformers.AutoModelForMaskedLM, transformers.AutoModelForSeq2SeqLM
    decoder, encoder, both = kinds
    cases = [
        ("gpt2", "gpt2", decoder, lambda model: causal(model, 0)),
        ("gpt2_completion", "gpt2", decoder, lambda model: causal(model, 3)),
        ("llama", "llama", decoder, lambda model: causal(model, 0)),
        ("bert", "bert_masked", encoder, lambda model: masked(model, 4)),
        ("t5", "t5", both, written),
    ]
    tensors, manifest = {}, {}
    for name, folder, kind, make in cases:
        model = kind.from_pretrained(HERE / folder, attn_implementation="eager", dtype=torch.float32)
        case, given = make(model)
        manifest[name] = {"folder": folder, **case}
        tensors |= golden(name, model, case, given)
    numbers = {"alpha": ALPHA, "temperature": TEMPERATURE, "rate": RATE, "decay": DECAY, "clip": CLIP, "thin": THIN}
    text = json.dumps({**numbers, "cases": manifest}, indent=1)
    (HERE / "tokens.json").write_text(text + "\n")
    save_file(tensors, HERE / "tokens.safetensors")
    print((HERE / "tokens.safetensors").stat().st_size, "bytes")


if __name__ == "__main__":
    main()
