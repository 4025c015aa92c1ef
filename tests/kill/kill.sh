#!/usr/bin/env bash
# Kills runs at random moments (kill -9), takes them up again with --resume, and compares the students with
# that of a run nobody touched. Each run is killed up to three times: before its first checkpoint, between
# two, while one is written, in its ending. With pruning and a script of knob changes.
#
#   tests/kill/kill.sh [KILLS [JOBS]]
#
# KILLS: how many, 200 if left out. JOBS: runs at a time, 2 if left out.
# RETORT: the program, target/debug/retort if not set. SEED: of the moments, from the clock if not set.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kills=${1:-200} jobs=${2:-2}
export RETORT=${RETORT:-$here/../../target/debug/retort} SESSION=$here/kill.ron RAYON_NUM_THREADS=1
RETORT=$(realpath "$RETORT")
RANDOM=${SEED:-$(date +%s)}
room=$(mktemp -d)
# What went wrong stays to be looked at.
trap '[ $? -eq 0 ] && rm -rf "$room"' EXIT
export room RETORT_CACHE=$room/cache

now() { date +%s%N; }
begun=$(now)
"$RETORT" run "$SESSION" --out "$room/whole" >/dev/null 2>&1
# A second run has the teacher's answers from the cache, as the killed ones have.
begun=$(now)
"$RETORT" run "$SESSION" --out "$room/warm" >/dev/null 2>&1
export whole=$((($(now) - begun) / 1000000))
cmp -s "$room/whole/student/model.safetensors" "$room/warm/student/model.safetensors" || { echo "two whole runs differ"; exit 1; }
echo "an undisturbed run takes $whole ms"

# One run: killed at the given moments (milliseconds, each counted from its start), then brought to its end.
one() {
  local name=$1 out=$room/$1 when log=$room/$1.log killed=0
  shift
  for when in "$@"; do
    local order=("$SESSION")
    [ -e "$out/session.ron" ] && order=(--resume)
    "$RETORT" run "${order[@]}" --out "$out" >>"$log" 2>&1 &
    local pid=$!
    sleep "$(printf '%d.%03d' $((when / 1000)) $((when % 1000)))"
    if kill -9 $pid 2>/dev/null; then killed=$((killed + 1)); fi
    wait $pid 2>/dev/null || true
    [ -e "$out/summary.json" ] && break
  done
  if [ ! -e "$out/summary.json" ]; then
    local order=("$SESSION")
    [ -e "$out/session.ron" ] && order=(--resume)
    # Killed before anything was written down, there is only an empty folder.
    "$RETORT" run "${order[@]}" --out "$out" >>"$log" 2>&1 || { echo "FAILED $name ($*)"; tail -3 "$log"; return; }
  fi
  local file
  for file in "$room"/whole/student/* "$room/whole/metrics.csv"; do
    cmp -s "$file" "$out${file#"$room/whole"}" || { echo "DIFFERS $name ($*): ${file#"$room/whole/"}"; return; }
  done
  echo "equal $killed"
  rm -rf "$out" "$log"
}
export -f one now

# The moments lie from the start to a little behind the end; what is left of a run is shorter.
batch() {
  local i
  for ((i = 0; i < 4 * jobs; i++)); do
    echo "run$((++runs)) $((RANDOM * (whole * 11 / 10) / 32768)) $((RANDOM * (whole * 8 / 10) / 32768)) $((RANDOM * (whole * 6 / 10) / 32768))"
  done >"$room/batch"
  xargs -P "$jobs" -I{} bash -c 'one {}' <"$room/batch" | tee -a "$room/results" | grep -v '^equal' || true
}
runs=0 killed=0
while [ "$killed" -lt "$kills" ]; do
  batch
  killed=$(awk '/^equal/ {n += $2} END {print n + 0}' "$room/results")
  echo "$killed kills" >&2
  if grep -qE '^(DIFFERS|FAILED)' "$room/results"; then
    echo "students or curves differ, or a run could not be taken up again; see $room"
    exit 1
  fi
done
echo "$killed kills in $runs runs: all students and curves equal"
