#!/usr/bin/env bash
# reproduce.sh [DOMAIN…]: the paper's comparison on a domain (default: point): trains MAML, the pretrained policy and the oracle, with
# the same number of environment steps each, evaluates them and an untrained policy on held-out tasks, draws the figures and
# writes a table beside the paper's numbers. Says first how long it will take. Everything goes to runs/reproduce/DOMAIN; stopped by
# Ctrl-C and started again, it goes on where it was.
# ITERATIONS=N: so many of MAML instead of the config's.
set -euo pipefail
cd "$(dirname "$0")/.."
domains=(point half-cheetah-vel half-cheetah-dir ant-vel ant-dir)
methods=(maml pretrained oracle)
kshot=build/release/bin/kshot

fail() {
    echo "reproduce: $*" >&2
    exit 2
}

[ $# -gt 0 ] || set -- point
for domain in "$@"; do
    [[ " ${domains[*]} " == *" $domain "* ]] || fail "there is no domain '$domain'; there are ${domains[*]}"
done
[[ "${ITERATIONS:-1}" =~ ^[1-9][0-9]*$ ]] || fail "ITERATIONS: '$ITERATIONS' is not a number of iterations"
[ -x "$kshot" ] || { scripts/setup.sh && cmake --preset release >/dev/null && cmake --build --preset release --target kshot >/dev/null; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'echo "reproduce: stopped; the same command goes on" >&2; exit 130' INT TERM

# settings METHOD: what it has other than the config. An iteration of MAML samples twice as much as one of the others.
settings() {
    case $1 in
        maml) echo "-s iterations=$iterations" ;;
        random) echo "-s iterations=0" ;;
        pretrained) echo "-s method=pretrain -s iterations=$((2 * iterations)) -s trpo.max_kl=0.01" ;;
        oracle) echo "-s method=oracle -s iterations=$((2 * iterations)) -s trpo.max_kl=0.01" ;;
    esac
}

use() { # DOMAIN
    config=configs/$1.yaml
    dir=runs/reproduce/$1
    iterations=${ITERATIONS:-$(sed -n 's/^iterations: *\([0-9]*\).*/\1/p' "$config")}
}

# seconds_left METHOD: what is left of its training here, by the time of one iteration
seconds_left() {
    local done=0 wanted=$iterations
    [ "$1" = maml ] || wanted=$((2 * iterations))
    [ ! -e "$dir/$1/progress.csv" ] || done=$(($(wc -l <"$dir/$1/progress.csv") - 1))
    [ "$done" -lt "$wanted" ] || { echo 0 && return; }
    # the last setting of a name counts
    # shellcheck disable=SC2046
    "$kshot" train "$config" $(settings "$1") -s iterations=1 -o "$scratch/run" --force >/dev/null 2>"$scratch/messages" ||
        { cat "$scratch/messages" >&2 && exit 1; }
    awk -F, -v left=$((wanted - done)) 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
        NR == 2 { printf "%.1f", left * ($column["sampling_s"] + $column["update_s"]) }' "$scratch/run/progress.csv"
}

long() { # seconds as a person says them
    awk -v s="$1" 'BEGIN { if (s < 90) printf "%.0f s", s; else if (s < 5400) printf "%.0f min", s / 60; else printf "%.1f h", s / 3600 }'
}

estimate() { # of the domain in use
    local text="" total=0 seconds
    for method in "${methods[@]}"; do
        seconds=$(seconds_left "$method")
        text+="$method $(long "$seconds"), "
        total=$(awk -v a="$total" -v s="$seconds" 'BEGIN { print a + s }')
    done
    echo "$domain: $iterations iterations of MAML, and $((2 * iterations)) of half the samples of the others: $(long "$total") are left here (${text%, })"
}

# train METHOD: a run that is done is left alone, one that was stopped goes on
train() {
    # shellcheck disable=SC2046
    "$kshot" train "$config" $(settings "$1") -o "$dir/$1" --resume=auto
}

evaluate() { # METHOD OPTION…: the CSV, and what eval says of it; not again if it is newer than the policy
    local name=$1 label=${1/maml/MAML}
    shift
    if [ ! "$dir/$name.csv" -nt "$dir/$name/policy.safetensors" ]; then
        "$kshot" eval "$dir/$name" --label "$label" -o "$dir/$name.csv" --force "$@" >"$scratch/eval.txt"
        mv "$scratch/eval.txt" "$dir/$name.txt"
    fi
    cat "$dir/$name.txt"
    echo
}

first_step() { # METHOD: its size, as it was used
    awk '/^gradient steps/ { table = 1 } table && $1 == 1 { print $2 }' "$dir/$1.txt"
}

write_table() { # CSV…
    "$kshot" plot "$@" --paper "$domain" -o "$scratch/table.md" --force
    {
        cat "$scratch/table.md"
        echo
        echo "Mean return over 40 held-out tasks after gradient steps, ± 95 % interval; last, what is missing after one step to the oracle."
        echo "The rows of the paper are from its authors' data: other physics (MuJoCo of 2017), and a pretrained policy that had seen one"
        echo "goal per sampling worker, where ours gets a new one for every trajectory. $iterations iterations of MAML, $((2 * iterations)) of half the"
        echo "samples of pretrained and oracle. First step sizes: MAML $(first_step maml), pretrained $(first_step pretrained), random $(first_step random)"
        echo "(of the last two the best of a list, on other tasks)."
    } >"$scratch/whole.md"
    mv "$scratch/whole.md" "$dir/table.md"
}

run() { # all of the domain in use
    mkdir -p "$dir"
    for method in "${methods[@]}" random; do
        train "$method"
    done
    # so that no baseline loses by a badly chosen step size
    evaluate maml --best
    evaluate pretrained --best --search-lr default
    evaluate random --search-lr default
    evaluate oracle --best --steps 0
    local csv=("$dir"/{maml,pretrained,random,oracle}.csv)
    "$kshot" plot "${csv[@]}" --paper "$domain" -o "$dir/adaptation.png" --force
    "$kshot" plot "$dir"/{maml,pretrained,oracle} --label MAML --label pretrained --label oracle --x env-steps -o "$dir/learning.png" --force
    write_table "${csv[@]}"
    cat "$dir/table.md"
    echo "$domain: $dir/table.md, $dir/adaptation.png, $dir/learning.png"
}

echo "measuring an iteration of each method …"
for domain in "$@"; do
    use "$domain"
    estimate
done
echo "and some minutes to evaluate; Ctrl-C stops, and the same command goes on"
for domain in "$@"; do
    use "$domain"
    run
done
