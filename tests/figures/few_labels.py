"""Few labels and a teacher: a teacher fine-tuned from MiniLM on all labels, and students of three of its untuned layers.

    python tests/figures/few_labels.py banking RETORT BANKING77 MINILM [SEEDS]
    python tests/figures/few_labels.py newsgroups RETORT NEWSGROUPS MINILM [SEEDS]

BANKING77 is a folder with its train.csv and test.csv, NEWSGROUPS one with 20news-bydate.tar.gz, MINILM the folder
all-MiniLM-L6-v2. Runs lie in target/figures, under the data's name, and are not made twice.
"""

import subprocess
import sys
from pathlib import Path

from arms import HERE, folder, interval, over_texts, right, run, spread, student

ALONE = ["teachers=[]", 'recipe.terms=["hard_labels"]']
ARMS = {
    "teacher and few labels": [],
    "few labels alone": ALONE,
    "all labels": [*ALONE, "data.labelled=None"],
}
FILES = {"banking": ["train.csv", "test.csv"], "newsgroups": ["20news-bydate.tar.gz"]}


def main():
    name, retort, data, minilm = sys.argv[1], Path(sys.argv[2]).resolve(), Path(sys.argv[3]), Path(sys.argv[4])
    seeds = range(7, 7 + int(sys.argv[5] if len(sys.argv) > 5 else 3))
    teaches, learns = f"{name}-teacher.ron", f"{name}.ron"
    sessions = {session: HERE / session for session in (teaches, learns)}
    files = {file: data / file for file in FILES[name]}
    place = folder(name, {**sessions, **files, "all-MiniLM-L6-v2": minilm})
    baseline = [retort, "baseline", teaches]
    print(subprocess.run(baseline, cwd=place, capture_output=True, text=True, check=True).stdout.strip(), flush=True)
    teacher = run(retort, place, teaches, "teacher")
    runs = {}
    for seed in seeds:
        for number, (arm, settings) in enumerate(ARMS.items()):
            out = f"student-{number}-{seed}"
            runs.setdefault(arm, []).append(run(retort, place, learns, out, [f"recipe.seed={seed}", *settings]))
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
