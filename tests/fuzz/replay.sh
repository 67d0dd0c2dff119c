#!/bin/sh
# Runs each fuzz target over its samples and, from them, the same inputs each time: replay.sh TARGET..., as many at once as
# there are processors. Silent unless one fails; then the input that failed lies beside the target.
set -eu
if [ $# -gt 1 ]; then
    printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 sh "$0"
    exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/corpus"
target=$1
name=$(basename "$target")
case $name in
framer) set -- -runs=20000 -max_len=600 -dict=tests/fuzz/framer.dict "$work/corpus" tests/data/samples ;;
*) set -- -runs=10000 -max_len=400 -malloc_limit_mb=16 "$work/corpus" "tests/fuzz/corpus/$name" ;;
esac
"$target" -artifact_prefix="$target-" -seed=1 "$@" >"$work/log" 2>&1 || {
    tail -n 60 "$work/log"
    exit 1
}
