#!/usr/bin/env bash
# fuzz.sh [SECONDS [TARGET…]]: tries every reader of files and options on damaged input, each for SECONDS (default 60), under the
# address and undefined-behaviour sanitizers. Fails if anything is found, and says how to replay it. Needs clang:
# scripts/setup.sh --fuzz. New inputs that reach new code are kept in build/fuzz/corpus, for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true

declare -A dictionary=([safetensors]=safetensors [policy]=safetensors [checkpoint]=safetensors [config]=config
    [assignment]=config [expression]=expression [robot]=robot [goals]=csv [results]=csv [curves]=csv [progress]=csv [options]=options
    [image]=image [image_archive]=zip [image_cache]=safetensors [image_lists]=split)
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(cd tests/fuzz && ls fuzz_*.c | sed 's/fuzz_\(.*\)\.c/\1/')

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -- --quiet

found=()
for target in "${targets[@]}"; do
    grown=$PWD/build/fuzz/corpus/$target findings=$PWD/build/fuzz/findings/$target
    mkdir -p "$grown" "$findings"
    log=build/fuzz/$target.log
    echo "== $target, $seconds s"
    if build/fuzz/fuzz/fuzz_"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -max_len=20000 -print_final_stats=1 \
        -dict="tests/fuzz/dictionaries/${dictionary[$target]}.dict" -artifact_prefix="$findings/" \
        "$grown" "$PWD/tests/fuzz/corpus/$target" </dev/null >"$log" 2>&1; then
        grep -E 'number_of_executed_units' "$log" || true
    else
        found+=("$target")
        grep -m 1 -A 12 -E 'ERROR|finding:|runtime error' "$log" || tail -5 "$log"
        grep -o "Test unit written to .*" "$log" | sed 's/Test unit written to \(.*\)/replay: build\/fuzz\/fuzz\/fuzz_'"$target"' \1/' || true
    fi
done
if [ ${#found[@]} -gt 0 ]; then
    echo "fuzz: FOUND something in: ${found[*]}" >&2
    exit 1
fi
