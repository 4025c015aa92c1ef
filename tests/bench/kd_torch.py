"""The twin of bench_kd.rs in PyTorch eager: same models, weights, batch, loss and orders.

python kd_torch.py [--threads 2] [--loop-adamw]
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
    yield "words", (WORDS, width)
    yield "places", (512, width)
    yield "start.gamma", (width,)
    yield "start.beta", (width,)
    for layer in range(layers):
        for name in ("query", "key", "value", "output"):
            yield f"{layer}.{name}.weight", (width, width)
            yield f"{layer}.{name}.bias", (width,)
        yield f"{layer}.attention_norm.gamma", (width,)
        yield f"{layer}.attention_norm.beta", (width,)
        yield f"{layer}.up.weight", (inner, width)
        yield f"{layer}.up.bias", (inner,)
        yield f"{layer}.down.weight", (width, inner)
        yield f"{layer}.down.bias", (width,)
        yield f"{layer}.output_norm.gamma", (width,)
        yield f"{layer}.output_norm.beta", (width,)
    yield "head.weight", (CLASSES, width)
    yield "head.bias", (CLASSES,)


class Bert:
    def __init__(self, layers, width, inner, seed, trained):
        self.layers, self.width, self.parameters = layers, width, []
        for index, (name, dims) in enumerate(shapes(layers, width, inner)):
            count = int(np.prod(dims))
            if len(dims) == 1:
                values = np.full(count, 1.0 if name.endswith("gamma") else 0.0, dtype=np.float32)
            else:
                values = (numbers(count, seed * 1000 + index) - np.float32(0.5)) * np.float32(0.07)
            tensor = torch.from_numpy(values).reshape(dims)
            self.parameters.append(tensor.requires_grad_(trained))

    def __call__(self, ids, mask):
        p = iter(self.parameters)
        batch, tokens = ids.shape
        split = lambda x: x.view(batch, tokens, HEADS, -1).transpose(1, 2)
        norm = lambda x: F.layer_norm(x, (self.width,), next(p), next(p), 1e-12)
        linear = lambda x: F.linear(x, next(p), next(p))
        x = norm(F.embedding(ids, next(p)) + F.embedding(torch.arange(tokens), next(p)))
        for _ in range(self.layers):
            q, k, v = (split(linear(x)) for _ in range(3))
            context = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            x = norm(x + linear(context.transpose(1, 2).reshape(batch, tokens, self.width)))
            x = norm(x + linear(F.gelu(linear(x))))
        return linear(x[:, 0])


class Bench:
    def __init__(self, fused):
        self.teacher = Bert(12, 768, 3072, 1, False)
        self.student = Bert(4, 312, 1200, 2, True)
        decayed = [p for p in self.student.parameters if p.dim() > 1]
        kept = [p for p in self.student.parameters if p.dim() == 1]
        groups = [{"params": decayed, "weight_decay": 0.01}, {"params": kept, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=RATE, fused=fused)
        self.ids = torch.from_numpy((numbers(BATCH * TOKENS, 3) * np.float32(WORDS)).astype(np.int64)).view(BATCH, TOKENS)
        self.mask = torch.zeros(BATCH, 1, 1, TOKENS)
        self.labels = torch.arange(BATCH) % CLASSES
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
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    bench = Bench(None if arguments.loop_adamw else True)
    for line in sys.stdin:
        order, *count = line.split()
        if order == "peak":
            answer = {"peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}
        else:
            seconds, processor, value = bench.run(order, int(count[0]) if count else 1)
            answer = {"seconds": round(seconds, 5), "processor": round(processor, 5), "value": round(value, 6)}
        print(json.dumps(answer), flush=True)


main()
