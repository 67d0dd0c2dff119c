#!/bin/sh
# Brings what repeats the tables of settings (in collector/settings.c and uploader/settings.c) up to date:
# settings.sh BIN, with both programs in BIN. With --check after it nothing is changed, and a stale document is an error.
set -eu
bin=$1
mode=${2:-}
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
tab=$(printf '\t')

for program in collector uploader; do
    "$bin/$program" --settings >"$temp/list"
    sed "s/^/$program$tab/" "$temp/list" >>"$temp/rows"
done

stale=
for document in docs/settings.md .env.example docker-compose.yml deploy/etc/eventspool.env deploy/etc/uploader.env \
        deploy/man/eventspool.env.5; do
    awk -f tools/settings.awk - "$document" <"$temp/rows" >"$temp/new"
    cmp -s "$document" "$temp/new" && continue
    stale="$stale $document"
    if [ "$mode" = --check ]; then
        diff -u "$document" "$temp/new" || true
    else
        cat "$temp/new" >"$document"
        echo "make settings: wrote $document"
    fi
done
if [ "$mode" = --check ] && [ -n "$stale" ]; then
    echo "not what the tables of settings say:$stale; run \`make settings\`" >&2
    exit 1
fi
