"""A million texts of 20 words of a vocabulary, from CSV to the 20th step of a run: seconds and peak memory.

python first_steps.py RETORT TOKENIZER.JSON [ROWS]

RETORT is the program. The words are those of the tokenizer, so that a word is a token.
"""

import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

program, tokenizer = sys.argv[1:3]
rows = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
draw = random.Random(7)
vocabulary = json.load(open(tokenizer, encoding="utf-8"))["model"]["vocab"]
words = [word for word in vocabulary if word.isalpha() and word.isascii() and len(word) > 1]

SESSION = """(
    version: 4, name: "rows",
    data: (source: Files(train: "rows.csv", roles: (text: ["text"], label: "label"))),
    student: (source: BuiltIn("posts-student"), init: Fresh),
    prompt: (teacher: (template: "{text} {answer}")),
    recipe: (terms: ["hard_labels"], steps: 300, batch: 16, evaluate_every: 0),
)"""


def peak_mb(process):
    try:
        found = re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{process.pid}/status").read())
        return int(found[1]) / 1024 if found else 0
    except OSError:
        return 0


def has_stepped(out):
    try:
        return '"Scalars":{"step":20' in open(f"{out}/journal.jsonl", encoding="utf-8").read()
    except OSError:
        return False


with tempfile.TemporaryDirectory() as folder:
    with open(f"{folder}/rows.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for _ in range(rows):
            writer.writerow([" ".join(draw.choices(words, k=20)), draw.choice(["space", "food", "sport", "drink"])])
    open(f"{folder}/session.ron", "w").write(SESSION)
    out, peak, began = f"{folder}/out", 0, time.monotonic()
    environment = {**os.environ, "RETORT_CACHE": f"{folder}/cache"}
    process = subprocess.Popen(
        [program, "run", f"{folder}/session.ron", "--out", out],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not has_stepped(out):
        peak = max(peak, peak_mb(process))
        time.sleep(0.05)
    print(json.dumps({"rows": rows, "seconds": round(time.monotonic() - began, 1), "peak_mb": round(peak)}))
    process.kill()
