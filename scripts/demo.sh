#!/usr/bin/env bash
# demo.sh: from nothing to a policy that learns: sets up, builds, meta-trains on half-cheetah-dir, and shows what 0 to 3 gradient
# steps on a new task are worth to it, as a table, figures, a picture and a video.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "building …"
if ! { cmake --preset release && cmake --build --preset release --target kshot; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
kshot=build/release/bin/kshot

echo "meta-training (configs/demo.yaml):"
"$kshot" train configs/demo.yaml -o runs/demo --force

echo
echo "returns on held-out tasks, before and after gradient steps:"
"$kshot" eval runs/demo -o runs/demo/eval.csv --force
"$kshot" plot runs/demo/eval.csv -o runs/demo/adaptation.png --force
"$kshot" plot runs/demo -o runs/demo/learning.png --force

echo
echo "recording what it does when it is to go forward (no display is needed):"
"$kshot" record runs/demo --task 1 -o runs/demo/contact-sheet.png --force
"$kshot" record runs/demo --task 1 -o runs/demo/adaptation.mp4 --force
echo "look at runs/demo: adaptation.png, learning.png, contact-sheet.png, adaptation.mp4"
