#!/bin/sh
# Writes sql/snowflake/worksheet.sql from the numbered files that need no AWS and from sql/snowflake/worksheet/. With --check
# nothing is changed, and a stale worksheet is an error.
set -eu
cd sql/snowflake
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

# The worksheet has a database, a warehouse and a role of its own, which its head chooses once.
part() {
    printf '\n-- From %s.\n' "$1"
    sed -E '/^USE (ROLE|WAREHOUSE|SCHEMA) /d; s/\beventspool\.acm\b/eventspool_trial.acm/g' "$1"
}
copies() { awk '/^COPY INTO raw_events/ { on = 1 } on; on && /;$/ { on = 0; print "" }' 07_copy.sql; }

{
    cat worksheet/head.sql
    for file in 03_file_formats.sql 05_tables.sql 06_functions.sql 09_fields.sql 10_events.sql; do part "$file"; done
    echo
    cat worksheet/upload.sql
    copies
    part questions/list_event_names.sql
    echo
    cat worksheet/tail.sql
} >"$temp/new"

cmp -s worksheet.sql "$temp/new" && exit 0
if [ "${1:-}" = --check ]; then
    diff -u worksheet.sql "$temp/new" || true
    echo "sql/snowflake/worksheet.sql is stale; run \`make worksheet\`" >&2
    exit 1
fi
cat "$temp/new" >worksheet.sql
echo "make worksheet: wrote sql/snowflake/worksheet.sql"
