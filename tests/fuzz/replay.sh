#!/bin/sh
# Runs each fuzz target over its samples and, from them, the same inputs each time: replay.sh TARGET... Silent unless one
# fails; then the input that failed lies beside the target.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

replay() { # TARGET SAMPLES OPTION...
    target=$1
    samples=$2
    shift 2
    mkdir "$work/corpus"
    "$target" -artifact_prefix="$target-" -seed=1 "$@" "$work/corpus" "$samples" >"$work/log" 2>&1 ||
        { tail -n 60 "$work/log"; exit 1; }
    rm -r "$work/corpus"
}

for target; do
    name=$(basename "$target")
    case $name in
    framer) replay "$target" tests/data/samples -runs=20000 -max_len=600 -dict=tests/fuzz/framer.dict ;;
    *) replay "$target" "tests/fuzz/corpus/$name" -runs=10000 -max_len=400 -malloc_limit_mb=16 ;;
    esac
done
