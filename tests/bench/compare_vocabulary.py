"""Lets bench_vocabulary (ours) and vocabulary_torch.py in its forms take turns on one machine and prints the ratios.

    PYTHON tests/bench/compare_vocabulary.py [ROUNDS] [THREADS]

PYTHON has torch, numpy and transformers. BENCH_VOCABULARY names a program built already; without it cargo builds one.
All stay alive; only the ratios mean anything on a machine that is shared.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FORMS = ["eager", "compiled", "chunked"]


def ours():
    named = os.environ.get("BENCH_VOCABULARY")
    if not named:
        build = ["cargo", "build", "--release", "--no-default-features", "--features", "engine"]
        subprocess.run([*build, "--example", "bench_vocabulary"], cwd=HERE.parent.parent, check=True)
        named = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent.parent / "target"), "release/examples/bench_vocabulary")
    return [str(named)]


class Engine:
    def __init__(self, command, threads):
        environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, env=environment, **pipes)

    def ask(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def main():
    rounds, threads = (int(argument) for argument in [*sys.argv[1:], *["5", "2"][len(sys.argv) - 1 :]])
    torch = lambda form: [sys.executable, str(HERE / "vocabulary_torch.py"), "--threads", str(threads), "--form", form]
    engines = {"ours": Engine(ours(), threads), **{form: Engine(torch(form), threads) for form in FORMS}}
    values = {name: engine.ask("step 2")["value"] for name, engine in engines.items()}
    taken = {name: [] for name in engines}
    for _ in range(rounds):
        for name, engine in engines.items():
            taken[name].append(engine.ask("step 1")["seconds"])
    peaks = {name: engine.ask("peak")["peak_mb"] for name, engine in engines.items()}
    print(f"{'':10}{'s/step':>10}{'theirs/ours':>24}{'peak MB':>10}{'ours/theirs':>13}{'loss':>12}")
    for name, seconds in taken.items():
        ratios = sorted(theirs / mine for theirs, mine in zip(seconds, taken["ours"]))
        ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        size = peaks["ours"] / peaks[name]
        print(f"{name:10}{statistics.median(seconds):10.3f}{ratio:>24}{peaks[name]:10}{size:13.2f}{values[name]:12.5f}")


main()
