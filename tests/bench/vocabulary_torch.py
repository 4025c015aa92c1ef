"""The twin of bench_vocabulary.rs in PyTorch: same model, weights, batch, targets, loss and orders.

python vocabulary_torch.py [--threads 2] [--form eager|compiled|chunked]

`chunked` applies head and loss to 256 rows at a time under checkpointing, so that the logits are never held whole.
"""

import argparse
import json
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint
from transformers import GPT2Config, GPT2LMHeadModel

WORDS, BATCH, TOKENS, CHUNK = 50_257, 4, 256, 256
TEMPERATURE, ALPHA, RATE = 2.0, 0.5, 1e-4


def numbers(count, seed):
    """Numbers in [0, 1) that both languages can make: an integer hash of the index."""
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint32) + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
        z = (z ^ (z >> np.uint32(16))) * np.uint32(0x21F0AAAD)
        z = (z ^ (z >> np.uint32(15))) * np.uint32(0xD35A2D97)
        z = (z ^ (z >> np.uint32(15))) >> np.uint32(8)
    return z.astype(np.float32) / np.float32(1 << 24)


def sums(logits, targets, truth):
    """The sums over rows of both terms, weighted."""
    hard = F.cross_entropy(logits, truth, reduction="sum")
    log_q = F.log_softmax(logits / TEMPERATURE, -1)
    log_p = F.log_softmax(targets / TEMPERATURE, -1)
    soft = F.kl_div(log_q, log_p, reduction="sum", log_target=True) * TEMPERATURE**2
    return ALPHA * hard + (1 - ALPHA) * soft


class Bench:
    def __init__(self, form):
        config = GPT2Config(
            vocab_size=WORDS, n_positions=TOKENS, n_embd=384, n_layer=6, n_head=6,
            embd_pdrop=0.0, attn_pdrop=0.0, resid_pdrop=0.0, attn_implementation="sdpa",
        )
        self.model, self.form = GPT2LMHeadModel(config), form
        with torch.no_grad():
            for index, (name, values) in enumerate(sorted(self.model.named_parameters())):
                if values.dim() == 1:
                    values.fill_(1.0 if "ln_" in name and name.endswith("weight") else 0.0)
                else:
                    fresh = (numbers(values.numel(), 1000 + index) - np.float32(0.5)) * np.float32(0.07)
                    values.copy_(torch.from_numpy(fresh).reshape(values.shape))
        parameters = list(self.model.parameters())
        decayed, kept = ([p for p in parameters if (p.dim() > 1) == is_matrix] for is_matrix in (True, False))
        groups = [{"params": decayed, "weight_decay": 0.01}, {"params": kept, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=RATE, fused=True)
        id_of = lambda seed: torch.from_numpy((numbers(BATCH * TOKENS, seed) * np.float32(WORDS)).astype(np.int64))
        self.ids, self.truth = id_of(3).view(BATCH, TOKENS), id_of(4)
        self.targets = torch.from_numpy(numbers(BATCH * TOKENS * WORDS, 5) * 8 - 4).view(BATCH * TOKENS, WORDS)
        self.loss = torch.compile(self.whole) if form == "compiled" else self.whole
        if form == "chunked":
            self.loss = self.chunked

    def whole(self):
        logits = self.model(self.ids).logits.view(-1, WORDS)
        return sums(logits, self.targets, self.truth) / len(self.truth)

    def chunked(self):
        states = self.model.transformer(self.ids).last_hidden_state.view(BATCH * TOKENS, -1)
        part = lambda states, targets, truth: sums(self.model.lm_head(states), targets, truth)
        pieces = zip(states.split(CHUNK), self.targets.split(CHUNK), self.truth.split(CHUNK))
        return sum(checkpoint(part, *piece, use_reentrant=False) for piece in pieces) / len(self.truth)

    def step(self):
        loss = self.loss()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return loss.item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--form", default="eager", choices=["eager", "compiled", "chunked"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    bench = Bench(arguments.form)
    for line in sys.stdin:
        order, *count = line.split()
        if order == "peak":
            print(json.dumps({"peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}), flush=True)
            continue
        seconds, value = [], 0.0
        for _ in range(int(count[0]) if count else 1):
            start = time.perf_counter()
            value = bench.step()
            seconds.append(time.perf_counter() - start)
        median = sorted(seconds)[len(seconds) // 2]
        print(json.dumps({"seconds": round(median, 5), "value": round(value, 6)}), flush=True)


main()
