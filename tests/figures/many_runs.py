"""How long a workspace of many runs takes to list: without an index, with one, filtered, grouped, and as memory.

    python tests/figures/many_runs.py RETORT RUN [COUNT]

RUN is the folder of a run that came to its end; COUNT copies of it (1000), each with a seed of its own, ten seeds to a
learning rate, are laid into target/figures/many_runs. Every command runs three times; the median counts.
"""

import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from arms import HERE

FILES = ["journal.jsonl", "session.ron", "summary.json", "run.lock", "metrics.csv"]
INDEX = ".run_index.json"


def main():
    retort, run = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    workspace = HERE.parent.parent / "target" / "figures" / "many_runs"
    shutil.rmtree(workspace, ignore_errors=True)
    for number in range(count):
        copy(run, workspace / f"run-{number:04}", number)
    size = sum(file.stat().st_size for file in workspace.rglob("*") if file.is_file())
    print(f"{count} runs, {size / 1e6:.0f} MB")
    listing = [retort, "list", "runs", "--workspace", workspace, "--json"]
    cases = {
        "without an index": listing,
        "with it": listing,
        "filtered": [*listing, "--where", "accuracy > 0 and seed = 7"],
        "seeds together": [*listing, "--group"],
    }
    for what, command in cases.items():
        print(f"{what:20}{statistics.median(seconds(command, workspace, what) for _ in range(3)):8.3f} s")


def copy(run, folder, number):
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(run / name, folder / name)
    session = (folder / "session.ron").read_text()
    session = re.sub(r"seed: \d+", f"seed: {number % 10}", session.replace("split_seed", "split_s"))
    session = re.sub(r'"optimizer.learning_rate": [\d.e-]+', f'"optimizer.learning_rate": {0.001 + number // 10 / 1e5}', session)
    (folder / "session.ron").write_text(session.replace("split_s", "split_seed"))


def seconds(command, workspace, what):
    if what == "without an index":
        (workspace / INDEX).unlink(missing_ok=True)
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


main()
