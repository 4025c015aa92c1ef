"""Writes optim.json: 20 steps of PyTorch's optimisers on fixed gradients, for tests/optim.rs; those of AdamW also with
a factor of the rate for each of two groups.

python make_optim.py   (made with torch 2.15.0; f32 throughout)
"""

import json
from pathlib import Path

import torch

STEPS, DECAY, CLIP = 20, 0.1, 1.0
SHAPES = {"bias": [4], "weight": [3, 4]}
KINDS = {
    "Sgd": lambda groups: torch.optim.SGD(groups, lr=1.0, momentum=0.9),
    "Adam": lambda groups: torch.optim.Adam(groups, lr=1.0, betas=(0.9, 0.999), eps=1e-8),
    "AdamW": lambda groups: torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.999), eps=1e-8),
}


def rate(step):
    return 0.02 * (1 - step / 40)


def run(make, start, gradients, factors=(1.0, 1.0)):
    variables = {name: start[name].clone().requires_grad_() for name in SHAPES}
    decayed = [v for v in variables.values() if v.dim() > 1]
    kept = [v for v in variables.values() if v.dim() == 1]
    optimizer = make([{"params": decayed, "weight_decay": DECAY}, {"params": kept, "weight_decay": 0.0}])
    trail, norms = [], []
    for step in range(STEPS):
        for name, variable in variables.items():
            variable.grad = gradients[name][step].clone()
        norms.append(torch.nn.utils.clip_grad_norm_(list(variables.values()), CLIP).item())
        for group, factor in zip(optimizer.param_groups, factors):
            group["lr"] = rate(step) * factor
        optimizer.step()
        trail.append({name: variable.detach().flatten().tolist() for name, variable in variables.items()})
    return trail, norms


def main():
    torch.manual_seed(20)
    start = {name: torch.randn(dims) for name, dims in SHAPES.items()}
    sizes = torch.rand(STEPS) * 0.6  # some gradients are longer than the clip, some shorter
    gradients = {name: torch.stack([torch.randn(dims) * size for size in sizes]) for name, dims in SHAPES.items()}
    data = {
        "torch": torch.__version__,
        "decay": DECAY,
        "clip": CLIP,
        "rates": [rate(step) for step in range(STEPS)],
        "shapes": SHAPES,
        "start": {name: value.flatten().tolist() for name, value in start.items()},
        "gradients": {name: value.flatten(1).tolist() for name, value in gradients.items()},
        "after": {},
    }
    for kind, make in KINDS.items():
        data["after"][kind], data["norms"] = run(make, start, gradients)
    data["factors"] = {"weight": 0.25, "bias": 3.0}
    data["grouped"], _ = run(KINDS["AdamW"], start, gradients, (0.25, 3.0))
    path = Path(__file__).with_name("optim.json")
    path.write_text(json.dumps(data, separators=(",", ":")) + "\n")
    print(path.stat().st_size, "bytes")


main()
