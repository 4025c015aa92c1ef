#!/usr/bin/env bash
# Lets bench_kd (ours) and kd_torch.py (PyTorch) take turns on one machine and prints the ratios.
# Both stay alive; only the ratios mean anything on a machine that is shared.
#
#   tests/bench/compare.sh [PYTHON] [ROUNDS] [THREADS]
#
# CARD=0 lets both compute on that NVIDIA card. PYTHON has torch and numpy. BENCH_KD names a program built already; without it cargo builds one.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${1:-python3}
rounds=${2:-7}
threads=${3:-2}
if [ -z "${BENCH_KD:-}" ]; then
    cargo build --release --no-default-features --features engine${CARD:+,cuda} --example bench_kd
    BENCH_KD=${CARGO_TARGET_DIR:-target}/release/examples/bench_kd
fi

pipes=$(mktemp -d)
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$pipes"' EXIT
mkfifo "$pipes"/{ours,torch}.{in,out}
pids=()
RAYON_NUM_THREADS=$threads "$BENCH_KD" ${CARD:+"Cuda($CARD)"} <"$pipes/ours.in" >"$pipes/ours.out" &
pids+=($!)
"$python" tests/bench/kd_torch.py --threads "$threads" ${CARD:+--device cuda:$CARD} ${TORCH_FLAGS:-} <"$pipes/torch.in" >"$pipes/torch.out" &
pids+=($!)
exec 3>"$pipes/ours.in" 4<"$pipes/ours.out" 5>"$pipes/torch.in" 6<"$pipes/torch.out"

# ask ENGINE ORDER: one line of JSON in $answer
ask() {
    if [ "$1" = ours ]; then
        echo "$2" >&3
        read -r answer <&4
    else
        echo "$2" >&5
        read -r answer <&6
    fi
}

log=$pipes/log
for engine in ours torch; do ask $engine "student 2"; done # warm-up
for round in $(seq "$rounds"); do
    for order in "student 3" "teacher 1"; do
        for engine in ours torch; do
            ask $engine "$order"
            echo "$engine ${order% *} $answer" >>"$log"
        done
    done
done
for engine in ours torch; do
    ask $engine peak
    echo "$engine peak $answer" >>"$log"
done

"$python" - "$log" <<'PYTHON'
import json, statistics, sys

rows = [line.split(" ", 2) for line in open(sys.argv[1])]
take = lambda engine, order, key: [json.loads(text)[key] for e, o, text in rows if (e, o) == (engine, order)]
print(f"{'':20}{'ours':>10}{'PyTorch':>10}   ratio (above 1: ours is faster, or smaller)")
for order in ("student", "teacher"):
    for key, name in (("seconds", "s/step"), ("processor", "cpu s/step")):
        ours, torch = take("ours", order, key), take("torch", order, key)
        ratio = statistics.median(t / o for o, t in zip(ours, torch) if o)
        print(f"{order} {name:12}"[:20].ljust(20) + f"{statistics.median(ours):10.3f}{statistics.median(torch):10.3f}   {ratio:.2f}")
    a, b = take("ours", order, "value")[-1], take("torch", order, "value")[-1]
    print(f"{order + ' value':20}{a:10.5f}{b:10.5f}")
a, b = take("ours", "peak", "peak_mb")[0], take("torch", "peak", "peak_mb")[0]
print(f"{'peak memory MB':20}{a:10.0f}{b:10.0f}   {b / a:.2f}")
PYTHON
