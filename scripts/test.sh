#!/usr/bin/env bash
# test.sh: everything that must hold before a change is shared. Sets up, checks the format of the sources, then builds and runs
# the tests: under the address and undefined-behaviour sanitizers (without those labelled long), as released, and on several
# processes.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh --mpi --browser

failed=()

# check NAME COMMAND…: goes on after a failure, so that one run shows everything
check() {
    local name=$1
    shift
    echo "== $name"
    "$@" || failed+=("$name")
}

format() {
    find kshot.h */ -name '*.[ch]' -not -path 'build/*' -not -path 'runs/*' -print0 | xargs -0 clang-format --dry-run -Werror
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
    cmake --build --preset "$preset" ${target:+--target "$target"} -- --quiet || return 1
    ctest --preset "$preset" -j "$(nproc)" "$@"
}

# several tests share the cores: threads that wait should not spin
export OMP_WAIT_POLICY=passive
export UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1

check format format
check sanitize build_and_test sanitize --label-exclude '^long$'
check release build_and_test release
target=kshot check mpi build_and_test mpi --tests-regex "^mpi"

if [ ${#failed[@]} -gt 0 ]; then
    echo "test: FAILED: ${failed[*]}" >&2
    exit 1
fi
