"""The twin of bench_kd.rs in PyTorch eager: same models, weights, batch, loss and orders.

python kd_torch.py [--threads 2] [--loop-adamw] [--device cuda]
"""

import argparse
import json
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

WORDS, HEADS, BATCH, TOKENS, CLASSES = 30_522, 12, 16, 128, 8
TEMPERATURE, ALPHA, RATE = 2.0, 0.5, 1e-4


def numbers(count, seed):
    """Numbers in [0, 1) that both languages can make: an integer hash of the index."""
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint32) + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
        z = (z ^ (z >> np.uint32(16))) * np.uint32(0x21F0AAAD)
        z = (z ^ (z >> np.uint32(15))) * np.uint32(0xD35A2D97)
        z = (z ^ (z >> np.uint32(15))) >> np.uint32(8)
    return z.astype(np.float32) / np.float32(1 << 24)


def shapes(layers, width, inner):
    """The parameters of a BertForSequenceClassification by name."""

    def pair(name, *dims):
        yield f"{name}.weight", dims
        yield f"{name}.bias", dims[:1]

    start = "bert.embeddings"
    yield f"{start}.word_embeddings.weight", (WORDS, width)
    yield f"{start}.position_embeddings.weight", (512, width)
    yield f"{start}.token_type_embeddings.weight", (2, width)
    yield from pair(f"{start}.LayerNorm", width)
    for layer in range(layers):
        at = f"bert.encoder.layer.{layer}"
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            yield from pair(f"{at}.attention.{name}", width, width)
        yield from pair(f"{at}.attention.output.LayerNorm", width)
        yield from pair(f"{at}.intermediate.dense", inner, width)
        yield from pair(f"{at}.output.dense", width, inner)
        yield from pair(f"{at}.output.LayerNorm", width)
    yield from pair("bert.pooler.dense", width, width)
    yield from pair("classifier", CLASSES, width)


class Bert:
    def __init__(self, layers, width, inner, seed, trained, device):
        self.layers, self.width, self.named = layers, width, {}
        for index, (name, dims) in enumerate(sorted(shapes(layers, width, inner))):
            count = int(np.prod(dims))
            if len(dims) == 1:
                values = np.full(count, 1.0 if name.endswith("LayerNorm.weight") else 0.0, dtype=np.float32)
            else:
                values = (numbers(count, seed * 1000 + index) - np.float32(0.5)) * np.float32(0.07)
            tensor = torch.from_numpy(values).reshape(dims).to(device)
            self.named[name] = tensor.requires_grad_(trained)
        self.parameters = list(self.named.values())

    def __call__(self, ids, mask):
        p, start = self.named, "bert.embeddings"
        batch, tokens = ids.shape
        split = lambda x: x.view(batch, tokens, HEADS, -1).transpose(1, 2)
        norm = lambda x, name: F.layer_norm(x, (self.width,), p[f"{name}.weight"], p[f"{name}.bias"], 1e-12)
        linear = lambda x, name: F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])
        table = lambda ids, name: F.embedding(ids, p[f"{start}.{name}_embeddings.weight"])
        x = table(ids, "word") + table(torch.arange(tokens, device=ids.device), "position") + table(torch.zeros_like(ids), "token_type")
        x = norm(x, f"{start}.LayerNorm")
        for layer in range(self.layers):
            at = f"bert.encoder.layer.{layer}"
            q, k, v = (split(linear(x, f"{at}.attention.self.{name}")) for name in ("query", "key", "value"))
            context = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            context = context.transpose(1, 2).reshape(batch, tokens, self.width)
            x = norm(x + linear(context, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
            inner = F.gelu(linear(x, f"{at}.intermediate.dense"))
            x = norm(x + linear(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        return linear(torch.tanh(linear(x[:, 0], "bert.pooler.dense")), "classifier")


class Bench:
    def __init__(self, fused, device):
        self.teacher = Bert(12, 768, 3072, 1, False, device)
        self.student = Bert(4, 312, 1200, 2, True, device)
        decayed = [p for p in self.student.parameters if p.dim() > 1]
        kept = [p for p in self.student.parameters if p.dim() == 1]
        groups = [{"params": decayed, "weight_decay": 0.01}, {"params": kept, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=RATE, fused=fused)
        self.ids = torch.from_numpy((numbers(BATCH * TOKENS, 3) * np.float32(WORDS)).astype(np.int64)).view(BATCH, TOKENS).to(device)
        self.mask = torch.zeros(BATCH, 1, 1, TOKENS, device=device)
        self.labels = torch.arange(BATCH, device=device) % CLASSES
        self.teach()

    def teach(self):
        with torch.inference_mode():
            targets = self.teacher(self.ids, self.mask)
        self.targets = targets.clone()
        return targets.square().sum().item()

    def learn(self):
        logits = self.student(self.ids, self.mask)
        hard = F.cross_entropy(logits, self.labels)
        log_q = F.log_softmax(logits / TEMPERATURE, -1)
        log_p = F.log_softmax(self.targets / TEMPERATURE, -1)
        soft = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True) * TEMPERATURE**2
        loss = ALPHA * hard + (1 - ALPHA) * soft
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.student.parameters, 1.0)
        self.optimizer.step()
        return loss.item()

    def run(self, order, count):
        seconds, value, before = [], 0.0, time.process_time()
        for _ in range(count):
            start = time.perf_counter()
            if order != "student":
                value = self.teach()
            if order != "teacher":
                value = self.learn()
            seconds.append(time.perf_counter() - start)
        return sorted(seconds)[count // 2], (time.process_time() - before) / count, value


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--loop-adamw", action="store_true", help="PyTorch's default AdamW instead of its fused one")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    bench = Bench(None if arguments.loop_adamw else True, arguments.device)
    for line in sys.stdin:
        order, *count = line.split()
        if order == "peak":
            answer = {"peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}
        else:
            seconds, processor, value = bench.run(order, int(count[0]) if count else 1)
            answer = {"seconds": round(seconds, 5), "processor": round(processor, 5), "value": round(value, 6)}
        print(json.dumps(answer), flush=True)


main()
