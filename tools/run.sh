#!/bin/sh
# Runs collector and uploader in the foreground on an embedded default: run.sh BINDIR. Reads .env if there is one, as
# compose does (the environment wins). Ctrl-C, or SIGTERM, stops both cleanly.
set -u
bin=$1

if [ -f .env ]; then
    while IFS= read -r line || [ -n "$line" ]; do
        line=$(printf '%s' "$line" | tr -d '\r')
        name=$(printf '%s' "${line%%=*}" | tr -d '[:blank:]')
        case $line in '' | '#'* | [!A-Za-z_]*) continue ;; *=*) ;; *) continue ;; esac
        case $name in *[!A-Za-z0-9_]*) echo "make run: .env: not understood: ${line%%=*}" >&2; continue ;; esac
        eval "[ -n \"\${$name+set}\" ]" && continue
        value=${line#*=}
        case $value in \"*\" | \'*\') value=${value#?}; value=${value%?} ;; esac
        export "$name=$value"
    done <.env
fi

export SPOOL_PATH="${SPOOL_PATH:-var/spool.db}"
port=${PORT:-8080}
if [ -z "${BUCKET_NAME:-}" ]; then
    export DESTINATION_DIR="${DESTINATION_DIR:-var/objects}"
    export ROTATION_INTERVAL="${ROTATION_INTERVAL:-10}"
    where="ls -l $DESTINATION_DIR/*/"
else
    where="the bucket $BUCKET_NAME, under ${PREFIX:-xml-events/}"
fi

# The command as it is typed here; it reads .env, too.
command=$bin/eventspool
case $command in "$PWD"/*) command=${command#"$PWD"/} ;; esac
page="http://127.0.0.1:${STATUS_PORT:-8081}/                     the same as a page, in a browser"
[ "${STATUS_PORT:-8081}" = 0 ] && page="(no page: STATUS_PORT is 0)"

# Both programs get the terminal's Ctrl-C themselves; this script only waits, and passes SIGTERM on.
trap : INT
"$bin/collector" & collector=$!
"$bin/uploader" & uploader=$!
trap 'kill -TERM $collector $uploader 2>/dev/null' TERM

cat <<EOF

  eventspool listens on port $port and ships every ${ROTATION_INTERVAL:-3600} s. In a second terminal:

    make send                                  send a handful of realistic events
    $where
                                               look at the objects, after ${ROTATION_INTERVAL:-3600} s
    $command status
                                               is all well, and what to do if not; with --watch again and again
    $page
    sqlite3 -box $SPOOL_PATH 'SELECT * FROM backlog'
                                               look at what waits
    cp .env.example .env                       then set BUCKET_NAME and the keys there, to ship to a real bucket;
    $command check
                                               says whether that would work

  Ctrl-C stops both programs.

EOF

# Waits until both have ended; when one ends by itself the other is stopped.
status=0
while kill -0 $collector 2>/dev/null && kill -0 $uploader 2>/dev/null; do sleep 0.2; done
kill -TERM $collector $uploader 2>/dev/null
wait $collector || status=$?
wait $uploader || status=$?
exit $status
