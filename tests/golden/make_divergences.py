"""Writes divergences.json beside this file, for tests/divergence_golden.rs.

python make_divergences.py   (made with torch 2.15.0)

What PyTorch makes of every divergence and of its gradient by the student's logits, in double precision, of inputs that
single precision holds. Sizes of logits are drawn log-uniformly up to 200; rows are of students far from the teacher,
near it, with a teacher that rules outcomes out, and with several likely outcomes far from 0. Over the likeliest `k` outcomes the others are one outcome on both
sides, by the sum of their softened probabilities.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F

TEMPERATURES = [0.5, 1.0, 2.0, 8.0]
SHAPES = [(1, 9), (4, 9), (2, 23)]
KEPT = 3
# Smallest log-probability of single precision: what the reverse divergence takes for one that is ruled out.
FLOOR = -87.3
NEVER = -math.inf


def rows_of(count, outcomes, generator):
    """Student's logits, teacher's log-probabilities and right outcomes, as single precision holds them."""
    draw = lambda *dims: torch.rand(*dims, generator=generator, dtype=torch.float64)
    sizes = 10 ** (draw(2, count, 1) * math.log10(200 / 0.01) + math.log10(0.01))
    student, teacher = (draw(2, count, outcomes) * 2 - 1) * sizes
    for row in range(count):
        if row % 3 == 1:
            student[row] = teacher[row] + (draw(outcomes) * 2 - 1) * 0.1
        if row % 3 == 2:
            teacher[row, draw(outcomes) < 0.3] = NEVER
            teacher[row, 0] = 0.0
        if row % 4 == 3:
            # Several likely ones, far from 0.
            student[row, :3], teacher[row, 2:5] = 200 - draw(3), -200 - draw(3)
            teacher[row, :2], teacher[row, 5:] = -300, -400
    if count == 1:
        teacher[0, 2] = NEVER
    truth = torch.randint(outcomes, (count,), generator=generator)
    return student.float().double(), teacher.log_softmax(-1).float().double(), truth


def kl(log_p, log_q):
    return F.kl_div(log_q, log_p.exp(), reduction="none").sum(-1)


def reverse_kl(log_p, log_q, _):
    log_p = torch.where(log_p == NEVER, FLOOR, log_p)
    return (log_q.exp() * (log_q - log_p)).sum(-1)


def mixture(log_p, log_q, teacher):
    return torch.logaddexp(log_p + math.log(teacher), log_q + math.log1p(-teacher))


def jensen_shannon(log_p, log_q, beta):
    """TRL's: the ends are the divergences themselves."""
    if beta == 0.0:
        return kl(log_p, log_q)
    if beta == 1.0:
        return reverse_kl(log_p, log_q, None)
    log_m = mixture(log_p, log_q, beta)
    of_student = F.kl_div(log_m, log_q, reduction="none", log_target=True).sum(-1)
    return beta * kl(log_p, log_m) + (1 - beta) * of_student


def skewed_kl(log_p, log_q, skew):
    return kl(log_p, mixture(log_p, log_q, skew) if skew else log_q)


def skewed_reverse_kl(log_p, log_q, skew):
    if not skew:
        return reverse_kl(log_p, log_q, None)
    log_m = mixture(log_p, log_q, 1 - skew)
    return F.kl_div(log_m, log_q, reduction="none", log_target=True).sum(-1)


def total_variation(log_p, log_q, _):
    return 0.5 * (log_p.exp() - log_q.exp()).abs().sum(-1)


def hellinger(log_p, log_q, _):
    return 0.5 * ((0.5 * log_p).exp() - (0.5 * log_q).exp()).square().sum(-1)


def soft_cross_entropy(log_p, log_q, _):
    return F.cross_entropy(log_q, log_p.exp(), reduction="none")


def logit_mse(log_p, log_q, _):
    def of(p, q):
        counted = p != NEVER
        p, q = p[counted], q[counted]
        return 0.5 * F.mse_loss(q - q.mean(), p - p.mean())

    return torch.stack([of(p, q) for p, q in zip(log_p, log_q)])


def ranking(log_p, log_q, _):
    def of(p, q):
        first = p.argmax()
        others = torch.arange(len(p)) != first
        teacher, student = (p[first] - p)[others], (q[first] - q)[others]
        targets = teacher.sigmoid()
        cross = F.binary_cross_entropy_with_logits(student, targets, reduction="none")
        least = torch.special.entr(targets) + torch.special.entr((-teacher).sigmoid())
        return (cross - least).mean()

    return torch.stack([of(p, q) for p, q in zip(log_p, log_q)])


# Function and parameters; whether it is defined over the likeliest outcomes and the others as one.
SOFT = {
    "soft_targets": (lambda p, q, _: kl(p, q), [0.0], True),
    "reverse_kl": (reverse_kl, [0.0], True),
    "jensen_shannon": (jensen_shannon, [0.0, 0.1, 0.5, 0.9, 1.0], True),
    "skewed_kl": (skewed_kl, [0.0, 0.1, 0.5], True),
    "skewed_reverse_kl": (skewed_reverse_kl, [0.0, 0.1, 0.5], True),
    "total_variation": (total_variation, [0.0], True),
    "hellinger": (hellinger, [0.0], True),
    "soft_cross_entropy": (soft_cross_entropy, [0.0], True),
    "ranking": (ranking, [0.0], False),
}
SMOOTHINGS = [0.0, 0.1]


def with_others_as_one(values, kept, temperature):
    """Softened logits of the kept outcomes, and the log-sum of the others'."""
    softened = values / temperature
    others = softened.scatter(-1, kept, NEVER)
    return torch.cat([softened.gather(-1, kept), others.logsumexp(-1, keepdim=True)], -1)


def expected(loss, parameter, temperature, k, student, of):
    student = student.clone().requires_grad_()
    value = of(student).mean()
    (gradient,) = torch.autograd.grad(value, student)
    assert value.isfinite() and gradient.isfinite().all(), (loss, parameter, temperature)
    return {
        "loss": loss,
        "parameter": parameter,
        "temperature": temperature,
        "k": k,
        "value": shown(value.item()),
        "gradient": [shown(slope) for slope in gradient.flatten().tolist()],
    }


def shown(value):
    return float(f"{value:.8g}")


def soft(student, teacher):
    for temperature in TEMPERATURES:
        for loss, (of, parameters, reduces) in SOFT.items():
            for parameter in parameters:
                whole = lambda s: temperature**2 * of(
                    (teacher / temperature).log_softmax(-1), (s / temperature).log_softmax(-1), parameter
                )
                yield expected(loss, parameter, temperature, None, student, whole)
                if reduces and parameter in (0.0, 0.1, 0.5):
                    kept = teacher.topk(KEPT).indices
                    reduced = lambda v: with_others_as_one(v, kept, temperature).log_softmax(-1)
                    over = lambda s: temperature**2 * of(reduced(teacher), reduced(s), parameter)
                    yield expected(loss, parameter, temperature, KEPT, student, over)


def unsoftened(student, teacher, truth):
    yield expected("logit_mse", 0.0, 1.0, None, student, lambda s: logit_mse(teacher, s, None))
    for smoothing in SMOOTHINGS:
        labels = lambda s: F.cross_entropy(s, truth, label_smoothing=smoothing, reduction="none")
        yield expected("hard_labels", smoothing, 1.0, None, student, labels)


def main():
    generator = torch.Generator().manual_seed(27)
    cases = []
    for count, outcomes in SHAPES:
        student, teacher, truth = rows_of(count, outcomes, generator)
        cases.append(
            {
                "rows": count,
                "outcomes": outcomes,
                "student": [float(f"{value:.9g}") for value in student.flatten().tolist()],
                "teacher": [None if v == NEVER else float(f"{v:.9g}") for v in teacher.flatten().tolist()],
                "truth": truth.tolist(),
                "expected": [*soft(student, teacher), *unsoftened(student, teacher, truth)],
            }
        )
    path = Path(__file__).with_name("divergences.json")
    path.write_text(json.dumps({"torch": torch.__version__.split("+")[0], "cases": cases}, separators=(",", ":")) + "\n")
    print(path.stat().st_size, "bytes")


main()
