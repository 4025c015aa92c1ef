"""The twin of bench_data.rs with `datasets` and the fast tokenizer of `transformers`, both as they are by default.

python data_datasets.py TABLE TOKENIZER_FOLDER
"""

import json
import os
import resource
import sys
import tempfile
import time

cache = tempfile.TemporaryDirectory()
os.environ.update(HF_HOME=cache.name, HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

import datasets
from transformers import AutoTokenizer

datasets.disable_progress_bars()
table, folder = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder)
started = time.perf_counter()
kind = "parquet" if table.endswith(".parquet") else "csv"
parts = datasets.load_dataset(kind, data_files=table, split="train").train_test_split(test_size=0.1, seed=7)
read = time.perf_counter() - started
parts = parts.map(lambda rows: tokenizer(rows["text"], truncation=True, max_length=64), batched=True)
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
total = sum(sum(ids) for part in parts.values() for ids in part["input_ids"])
rows = [len(parts["train"]), len(parts["test"])]
print(json.dumps({"seconds": round(seconds, 3), "read": round(read, 3), "peak_mb": round(peak), "rows": rows, "sum": total}))
