"""Banking77: a teacher fine-tuned from MiniLM, and students of three of its untuned layers.

    python tests/figures/banking.py RETORT DATA MINILM [SEEDS]

DATA holds Banking77's train.csv and test.csv, MINILM is the folder all-MiniLM-L6-v2. Runs lie in target/figures/banking
and are not made twice.
"""

import subprocess
import sys
from pathlib import Path

from arms import HERE, folder, interval, over_texts, right, run, spread, student

ALONE = ["teachers=[]", 'recipe.terms=["hard_labels"]']
ARMS = {
    "teacher and 770 labels": [],
    "770 labels alone": ALONE,
    "all labels": [*ALONE, "data.labelled=None"],
}


def main():
    retort, data, minilm = Path(sys.argv[1]).resolve(), Path(sys.argv[2]), Path(sys.argv[3])
    seeds = range(7, 7 + int(sys.argv[4] if len(sys.argv) > 4 else 3))
    sessions = {name: HERE / name for name in ("banking-teacher.ron", "banking.ron")}
    files = {name: data / name for name in ("train.csv", "test.csv")}
    place = folder("banking", {**sessions, **files, "all-MiniLM-L6-v2": minilm})
    baseline = [retort, "baseline", "banking-teacher.ron"]
    print(subprocess.run(baseline, cwd=place, capture_output=True, text=True, check=True).stdout.strip(), flush=True)
    teacher = run(retort, place, "banking-teacher.ron", "teacher")
    runs = {}
    for seed in seeds:
        for number, (arm, settings) in enumerate(ARMS.items()):
            out = f"student-{number}-{seed}"
            runs.setdefault(arm, []).append(run(retort, place, "banking.ron", out, [f"recipe.seed={seed}", *settings]))
    table(teacher, runs)


def table(teacher, runs):
    taught = sum(right(teacher)) / len(right(teacher))
    size = student(teacher)["parameters"]
    print(f"\n{'':26}{'parameters':>12}{'test accuracy':>20}   of the teacher's")
    print(f"{'teacher':26}{size:12}{taught:20.4f}")
    answers = {arm: [right(folder) for folder in folders] for arm, folders in runs.items()}
    for arm, all_seeds in answers.items():
        reached = [sum(of_seed) / len(of_seed) for of_seed in all_seeds]
        own = student(runs[arm][0])["parameters"]
        print(f"{arm:26}{own:12}{spread(reached):>20}   {sum(reached) / len(reached) / taught:.3f}")
    print(f"a student is {own / size:.3f} of the teacher's parameters")
    first, *others = answers
    for other in others:
        mean, low, high = interval(over_texts(answers[first]), over_texts(answers[other]))
        print(f"{first} less {other}: {mean:+.4f}, 95 % of paired bootstraps over texts from {low:+.4f} to {high:+.4f}")


main()
