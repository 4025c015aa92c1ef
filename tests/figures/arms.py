"""Runs of one session that differ in what is set, and what they reach: for the scripts beside this file."""

import csv
import json
import random
import shutil
import statistics
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
# A newsgroup message may be longer than what the csv module takes for a cell.
csv.field_size_limit(1 << 30)


def folder(name, files):
    """The working folder `name` under target, with the files {name there: path} laid into it."""
    place = HERE.parent.parent / "target" / "figures" / name
    place.mkdir(parents=True, exist_ok=True)
    for there, path in files.items():
        target = place / there
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink() or target.is_file():
            target.unlink()
        if Path(path).is_dir():
            target.symlink_to(Path(path).resolve())
        else:
            shutil.copyfile(path, target)
    return place


def run(retort, place, session, out, settings=()):
    """The folder of a run; one that has come to its end already is taken as it is, and that is said. One that was
    stopped on its way is begun anew: its figures are those of fewer steps."""
    folder = place / out
    summary = folder / "summary.json"
    if summary.exists() and json.loads(summary.read_text())["reason"] != "stopped":
        print(f"{out}: taken from an earlier run", flush=True)
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    sets = [argument for setting in settings for argument in ("--set", setting)]
    command = [retort, "run", session, "--out", out, *sets]
    with open(place / f"{out}.log", "w") as log:
        subprocess.run(command, cwd=place, stdout=log, stderr=log, check=True)
    print(f"{out}: done", flush=True)
    return folder


def student(folder):
    """What the summary says of a run's student."""
    return json.loads((folder / "summary.json").read_text())["student"]


def right(folder, side="student"):
    """Of every test text, in its order, whether it was told right."""
    with open(folder / "predictions.csv", newline="") as table:
        return [row[side] == row["gold"] for row in csv.DictReader(table)]


def spread(values):
    """Mean ± sample standard deviation."""
    sd = statistics.stdev(values) if len(values) > 1 else float("nan")
    return f"{statistics.mean(values):.4f} ± {sd:.4f}"


def over_texts(arms):
    """The mean over seeds of every text."""
    return [statistics.mean(column) for column in zip(*arms)]


def interval(ours, theirs, draws=2000):
    """Difference of two lists of figures, text by text, and its 95 % interval by a paired bootstrap over texts."""
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    rng, count = random.Random(0), len(differences)
    means = sorted(statistics.fmean(rng.choices(differences, k=count)) for _ in range(draws))
    low, high = means[int(0.025 * draws)], means[int(0.975 * draws) - 1]
    return statistics.fmean(differences), low, high
