#!/usr/bin/env bash
# reproduce.sh [DOMAIN…]: the paper's comparison on a domain (default: point): trains MAML, the pretrained policy and the oracle, with
# the same number of environment steps each, evaluates them and an untrained policy on held-out tasks, draws the figure and
# writes a table. Everything goes to runs/reproduce/DOMAIN; started again, it goes on where it was stopped.
# ITERATIONS=N: so many of MAML instead of the config's.
set -euo pipefail
cd "$(dirname "$0")/.."
domains=(point half-cheetah-vel half-cheetah-dir ant-vel ant-dir)
kshot=build/release/bin/kshot

fail() {
    echo "reproduce: $*" >&2
    exit 2
}

[ -x "$kshot" ] || { scripts/setup.sh && cmake --preset release >/dev/null && cmake --build --preset release --target kshot >/dev/null; }
[ $# -gt 0 ] || set -- point
for domain in "$@"; do
    [[ " ${domains[*]} " == *" $domain "* ]] || fail "there is no domain '$domain'; there are ${domains[*]}"
done

# train NAME CONFIG SETTING…: a run that is done is left alone, one that was stopped goes on
train() {
    local run=$dir/$1 config=$2 options=() resume=()
    shift 2
    for setting in "$@"; do options+=(-s "$setting"); done
    [ ! -e "$run/config.yaml" ] || resume=(--resume)
    "$kshot" train "$config" "${options[@]}" -o "$run" "${resume[@]}"
}

evaluate() { # NAME LABEL OPTION…
    local name=$1 label=$2
    shift 2
    "$kshot" eval "$dir/$name" --label "$label" -o "$dir/$name.csv" --force "$@"
}

estimate() { # seconds of an iteration here, by measuring one
    "$kshot" bench iteration -e "$1" --rounds 1 -s horizon="$2" --json | sed -n 's/.*"seconds":[[:space:]]*\([0-9.]*\).*/\1/p' | head -1
}

for domain in "$@"; do
    config=configs/$domain.yaml
    dir=runs/reproduce/$domain
    mkdir -p "$dir"
    iterations=${ITERATIONS:-$(sed -n 's/^iterations: //p' "$config")}
    horizon=$(sed -n 's/^horizon: //p' "$config")
    seconds=$(estimate "$domain" "$horizon")
    awk -v d="$domain" -v n="$iterations" -v s="$seconds" 'BEGIN { printf "%s: %d iterations of MAML, twice as many of the others: about %.0f minutes here\n", d, n, n * s * 1.8 / 60 }'
    # an iteration of MAML samples twice as much as one of the others
    train maml "$config" iterations="$iterations"
    train pretrained "$config" method=pretrain iterations=$((2 * iterations)) trpo.max_kl=0.01
    train oracle "$config" method=oracle iterations=$((2 * iterations)) trpo.max_kl=0.01
    train random "$config" iterations=0
    evaluate maml MAML --best
    evaluate pretrained pretrained --best
    evaluate random random
    evaluate oracle oracle --best --steps 0
    "$kshot" plot "$dir"/{maml,pretrained,random,oracle}.csv --paper "$domain" -o "$dir/adaptation.png" --force
    "$kshot" plot "$dir"/{maml,pretrained,oracle} --x env-steps -o "$dir/learning.png" --force
    echo "$domain: $dir/adaptation.png, $dir/learning.png"
done
