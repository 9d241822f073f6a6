#!/usr/bin/env bash
# demo.sh: from nothing to a policy that learns: sets up, builds, meta-trains on half-cheetah-dir, and shows what 0 to 3 gradient
# steps on a new task are worth to it, as a table, figures, a picture and a video. Stopped by Ctrl-C and started again, it goes on
# where it was; when it is done, it shows what it has.
set -euo pipefail
cd "$(dirname "$0")/.."
config=configs/demo.yaml
dir=runs/demo
kshot=build/release/bin/kshot

setting() { # of the config, as it stands there
    sed -n "s/^$1: *\([^ #]*\).*/\1/p" "$config"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'echo "demo: stopped; the same command goes on" >&2; exit 130' INT TERM

# before anything takes its time: what this is, how large, on how many threads, how long, and where it goes
threads=$(nproc)
iterations=$(setting iterations)
left=$iterations
if [ -e "$dir/progress.csv" ]; then
    left=$((iterations - $(wc -l <"$dir/progress.csv") + 1))
fi
minutes=$(awk -v n="$left" -v t="$threads" 'BEGIN { printf "%.1f", n * 1.9 / t / 60 }') # 1.9 core-seconds an iteration
cat <<END
kshot demo: MAML on $(setting env)
  sizes      $(setting tasks) tasks x $(setting trajectories) trajectories x $(setting horizon) timesteps, before and after a gradient step
  iterations $iterations, of which $left are left
  threads    $threads
  time       about $minutes minutes of training, after one of setting up and building the first time
  directory  $dir
END
if [ -e "$dir/config.yaml" ]; then
    echo "  goes on with what $dir holds; remove it to start anew"
fi

scripts/setup.sh
echo "building …"
if ! { cmake --preset release && cmake --build --preset release --target kshot; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi

echo "meta-training ($config):"
"$kshot" train "$config" -o "$dir" --resume=auto

echo
echo "returns on held-out tasks, before and after gradient steps:"
"$kshot" eval "$dir" -o "$dir/eval.csv" --force
"$kshot" plot "$dir/eval.csv" -o "$dir/adaptation.png" --force
"$kshot" plot "$dir" -o "$dir/learning.png" --force

echo
echo "recording what it does when it is to go forward (no display is needed):"
"$kshot" record "$dir" --task 1 -o "$dir/contact-sheet.png" --force
"$kshot" record "$dir" --task 1 -o "$dir/adaptation.mp4" --force
echo "look at $dir: adaptation.png, learning.png, contact-sheet.png, adaptation.mp4"
