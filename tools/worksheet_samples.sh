#!/bin/sh
# Makes the sample objects of the worksheet (sql/snowflake/samples/) anew, with the real programs: worksheet_samples.sh BIN.
# acmsim's made-up people pass through doors, the collector receives it, and the uploader ships a few events in each format. All
# three objects are of one spool, so their names go on from each other, as they do in a bucket. The names, and so the tables of
# docs/snowflake.md, are others each time.
set -eu
bin=$1
samples=sql/snowflake/samples
temp=$(mktemp -d)
trap 'kill "${collector:-}" 2>/dev/null || true; rm -rf "$temp"' EXIT
port=18080
events=16

export SPOOL_PATH="$temp/spool.db" DESTINATION_DIR="$temp/objects" STATUS_PORT=0 NODE_ID=gate-7 EVENT_METADATA=true
env BIND_HOST=127.0.0.1 PORT=$port "$bin/collector" 2>"$temp/log" &
collector=$!

received=0
ship() { # SEED [SETTING=VALUE...]
    seed=$1
    shift
    "$bin/acmsim" --port $port --count $events --seed "$seed" --wait 10 >/dev/null
    received=$((received + events))
    until "$bin/uploader" status --json | tr -d ' \n\t' | grep -q "\"received\":{\"events\":$received,"; do sleep 0.1; done
    env "$@" "$bin/uploader" flush
}
ship 1 OUTPUT_FORMAT=xml
ship 2 OUTPUT_FORMAT=json
ship 3 OUTPUT_FORMAT=ndjson COMPRESSION=gzip

mkdir -p $samples
rm -f $samples/*
cp "$temp"/objects/xml-events/* $samples/
ls -l $samples
