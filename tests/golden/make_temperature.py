"""Writes temperature.json beside this file, for tests/temperature.rs.

python make_temperature.py   (made with torch 2.15.0)

What PyTorch's LBFGS finds for the temperature of logits (Guo et al. 2017, arXiv 1706.04599; the loss and the 15 bins are
those of the authors' temperature_scaling.py), in double precision, of logits that single precision holds: answers that
are too sure, not sure enough, and right; of 2 to 40 classes.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

# Classes, rows, by how much the logits are too large, seed.
CASES = [(2, 40, 3.0, 1), (3, 60, 0.4, 2), (5, 80, 1.0, 3), (10, 120, 6.0, 4), (40, 120, 0.2, 5)]


def ece(logits, truth, bins=15):
    confidence, answer = logits.softmax(-1).max(-1)
    total = torch.zeros(())
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64)
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            gap = (confidence[inside].mean() - (answer == truth)[inside].double().mean()).abs()
            total = total + gap * inside.double().mean()
    return total.item()


def fitted(logits, truth):
    log_t = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [log_t], lr=1, max_iter=500, tolerance_grad=1e-14, tolerance_change=1e-16, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(logits / log_t.exp(), truth)
        loss.backward()
        return loss

    optimizer.step(closure)
    return log_t.exp().item()


def case(classes, rows, size, seed):
    generator = torch.Generator().manual_seed(seed)
    true = torch.randn(2 * rows, classes, generator=generator, dtype=torch.float64) * 2
    truth = torch.multinomial(true.softmax(-1), 1, generator=generator).squeeze(-1)
    written = (true * size * 1000).round() / 1000
    logits = written.float().double()
    rows_of = lambda z: [[round(value, 3) for value in row] for row in z.tolist()]
    part = lambda of: {"gold": truth[of].tolist(), "rows": rows_of(written[of])}
    temperature = fitted(logits[:rows], truth[:rows])
    test, gold = logits[rows:], truth[rows:]
    figures = lambda z: {"loss": F.cross_entropy(z, gold).item(), "ece": ece(z, gold)}
    return {
        "classes": classes,
        "validation": part(slice(None, rows)),
        "test": part(slice(rows, None)),
        "temperature": temperature,
        "before": figures(test),
        "after": figures(test / temperature),
    }


if __name__ == "__main__":
    told = {"torch": torch.__version__, "cases": [case(*of) for of in CASES]}
    Path(__file__).with_name("temperature.json").write_text(json.dumps(told) + "\n")
