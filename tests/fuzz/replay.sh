#!/bin/sh
# Runs a fuzz target over the samples and, from them, the same 20,000 inputs each time: replay.sh TARGET. Silent unless it fails;
# then the input that failed lies beside the target.
set -eu
target=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/corpus"
"$target" -dict=tests/fuzz/framer.dict -artifact_prefix="$(dirname "$target")/" -max_len=600 -seed=1 -runs=20000 \
    "$work/corpus" tests/data/samples >"$work/log" 2>&1 || { tail -n 60 "$work/log"; exit 1; }
