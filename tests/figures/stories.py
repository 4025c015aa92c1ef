"""Stories: a GPT-2 of 4 layers × 256 as teacher, and one of 2 × 128 that learns from it, or from the text alone.

    python tests/figures/stories.py RETORT STORIES GPT2 [SEEDS]

STORIES is tinystories_sample.txt, GPT2 a folder with GPT-2's tokenizer.json. Runs lie in target/figures/stories and are
not made twice. Behind them stands what of the teacher's rows is kept at some k, as the check-up measures it.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

from arms import HERE, folder, run, spread, student

ARMS = {"teacher and text": [], "text alone": ["teachers=[]", "recipe.teacher_rows=Live", 'recipe.terms=["hard_labels"]']}
KEPT = [16, 50, 128, 512]
TEMPERATURES = [1.0, 2.0]


def main():
    retort, stories, gpt2 = Path(sys.argv[1]).resolve(), Path(sys.argv[2]), Path(sys.argv[3])
    seeds = range(7, 7 + int(sys.argv[4] if len(sys.argv) > 4 else 3))
    files = {name: HERE / name for name in ("stories-teacher.ron", "stories.ron")}
    for size in ("gpt2-4x256", "gpt2-2x128"):
        files[f"{size}/config.json"] = HERE / f"{size}.json"
        files[f"{size}/tokenizer.json"] = gpt2 / "tokenizer.json"
    place = folder("stories", {**files, "tinystories_sample.txt": stories})
    teacher = run(retort, place, "stories-teacher.ron", "teacher")
    runs = {}
    for seed in seeds:
        for number, (arm, settings) in enumerate(ARMS.items()):
            out = f"student-{number}-{seed}"
            runs.setdefault(arm, []).append(run(retort, place, "stories.ron", out, [f"recipe.seed={seed}", *settings]))
    table(teacher, runs)
    kept(retort, place)


def table(teacher, runs):
    print(f"\n{'nats a token of held-out stories':34}{'loss':>18}{'top-1':>18}")
    of = lambda folder, measure: student(folder)["test"][measure]
    print(f"{'teacher':34}{of(teacher, 'loss'):18.4f}{of(teacher, 'accuracy'):18.4f}")
    for arm, folders in runs.items():
        columns = [spread([of(folder, measure) for folder in folders]) for measure in ("loss", "accuracy")]
        print(f"{arm:34}{columns[0]:>18}{columns[1]:>18}")
    ours, theirs = ([of(folder, "loss") for folder in folders] for folders in runs.values())
    differences = [b - a for a, b in zip(ours, theirs)]
    print(f"text alone less teacher and text, seed by seed: {spread(differences)}")
    print(f"that is {statistics.mean(differences) / statistics.stdev(differences):.1f} times their standard deviation")


def kept(retort, place):
    print(f"\n{'k':>5}{'T':>5}{'mass':>9}{'lost':>9}{'cosine':>9}{'bytes':>9}   of a student that is trained")
    for k in KEPT:
        for temperature in TEMPERATURES:
            (place / "kept.ron").write_text(of_trained((place / "stories.ron").read_text(), k, temperature))
            told = subprocess.run([retort, "doctor", "kept.ron", "--json"], cwd=place, capture_output=True)
            findings = json.loads(told.stdout)["findings"]
            (figures,) = [found["figures"] for found in findings if found["subject"] == "KeptRows"]
            columns = [f"{figures[name]:9.4f}" for name in ("mass", "lost", "cosine")]
            print(f"{k:5}{temperature:5.1f}{''.join(columns)}{figures['bytes']:9.1f}")


def of_trained(session, k, temperature):
    """The session with the first trained student and so many tokens kept."""
    for before, behind in {
        "TopK(128)": f"TopK({k})",
        '"soft_targets.temperature": 1.0': f'"soft_targets.temperature": {temperature}',
        '(source: Folder("gpt2-2x128"), init: Fresh': '(source: Folder("student-0-7/student")',
    }.items():
        assert before in session, before
        session = session.replace(before, behind)
    return session


main()
