#!/usr/bin/env bash
# test.sh: everything that must hold before a change is shared. Sets up, checks the format of the sources, then builds and runs
# the tests twice: under the address and undefined-behaviour sanitizers (without those labelled long), and as released.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh

failed=()

# check NAME COMMAND…: goes on after a failure, so that one run shows everything
check() {
    local name=$1
    shift
    echo "== $name"
    "$@" || failed+=("$name")
}

format() {
    # every folder of sources, whatever lies about in .deps and build
    find */ -path build -prune -o -path runs -prune -o -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror
}

# build_and_test PRESET [CTEST OPTION…]
build_and_test() {
    local preset=$1 log
    shift
    log=$(mktemp)
    if ! cmake --preset "$preset" -DKS_WERROR=ON >"$log" 2>&1; then
        cat "$log" && rm "$log"
        return 1
    fi
    rm "$log"
    cmake --build --preset "$preset" -- --quiet || return 1
    ctest --preset "$preset" -j "$(nproc)" "$@"
}

# several tests share the cores: threads that wait should not spin
export OMP_WAIT_POLICY=passive
export UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1

check format format
check sanitize build_and_test sanitize --label-exclude '^long$'
check release build_and_test release

if [ ${#failed[@]} -gt 0 ]; then
    echo "test: FAILED: ${failed[*]}" >&2
    exit 1
fi
