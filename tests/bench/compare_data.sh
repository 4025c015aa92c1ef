#!/usr/bin/env bash
# Lets bench_data (ours) and data_datasets.py (Hugging Face's datasets) take turns on the same table, each time in a
# process of its own, and prints medians and ratios. Only the ratios mean anything on a machine that is shared.
#
#   tests/bench/compare_data.sh PYTHON TOKENIZER_FOLDER [ROUNDS]
#
# PYTHON has datasets and transformers; the folder holds tokenizer.json and vocab.txt. BENCH_DATA names a program built
# already; without it cargo builds one. ROWS says how many rows the table has.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=$1
tokenizer=$2
rounds=${3:-5}
if [ -z "${BENCH_DATA:-}" ]; then
    cargo build --release --locked --example bench_data
    BENCH_DATA=${CARGO_TARGET_DIR:-target}/release/examples/bench_data
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" tests/bench/make_table.py "$work" "$tokenizer/vocab.txt" "${ROWS:-100000}"
for kind in csv parquet; do
    for _ in $(seq "$rounds"); do
        echo "$kind ours $("$BENCH_DATA" "$work/rows.$kind" "$tokenizer/tokenizer.json")" >>"$work/log"
        echo "$kind theirs $("$python" tests/bench/data_datasets.py "$work/rows.$kind" "$tokenizer" 2>/dev/null)" >>"$work/log"
    done
done

"$python" - "$work/log" <<'PYTHON'
import json, statistics, sys

rows = [line.split(" ", 2) for line in open(sys.argv[1])]
sums = {json.loads(text)["sum"] for _, _, text in rows}
assert len(sums) == 1, f"not the same tokens: {sums}"
print(f"{'':22}{'ours':>9}{'datasets':>9}   theirs / ours of each pair: median (least to most)")
for kind in ("csv", "parquet"):
    for key, name in (("seconds", "seconds"), ("read", "reading alone"), ("peak_mb", "peak MB")):
        ours, theirs = ([json.loads(text)[key] for k, who, text in rows if (k, who) == (kind, wanted)] for wanted in ("ours", "theirs"))
        ratios = sorted(t / o for o, t in zip(ours, theirs))
        print(f"{kind + ' ' + name:22}{statistics.median(ours):9.2f}{statistics.median(theirs):9.2f}   {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
PYTHON
