#!/bin/sh
# Runs collector and uploader in the foreground, as a trial unless BUCKET_NAME is set: run.sh BINDIR. Every setting is what
# `eventspool` makes of the environment and of .env. Ctrl-C, or SIGTERM, stops both cleanly.
set -u
bin=$1
defaults=$(dirname "$0")/trial.env
is_trial=
collector=
uploader=
is_stopping=
polls_left=30 # for the uploader's start

# The settings of a program, as NAME=value lines. Its messages are shown only if it does not accept them: the programs
# repeat them when they start.
settings_of() { eventspool "$1" config 2>/dev/null || eventspool "$1" config >/dev/null; }
eventspool() { "$bin/eventspool" ${is_trial:+--defaults "$defaults"} "$@"; }
value_of() { printf '%s\n' "$settings" | sed -n "s/^$1=//p" | head -n 1; }

settings=$(settings_of uploader) || exit
[ -n "$(value_of BUCKET_NAME)" ] || is_trial=yes
settings="$(settings_of collector && settings_of uploader)" || exit
port=$(value_of PORT)
spool=$(value_of SPOOL_PATH)

# --- Until both have started

is_running() { kill -0 "$1" 2>/dev/null; }
are_running() { [ -z "$is_stopping" ] && is_running "$collector" && is_running "$uploader"; }

# Does the collector itself listen on the port, on whatever address? Who else accepts there does not count.
collector_listens() {
    inodes=$(awk -v port="$(printf ':%04X$' "$port")" '$4 == "0A" && $2 ~ port { print $10 }' \
        "/proc/$collector/net/tcp" "/proc/$collector/net/tcp6" 2>/dev/null)
    for inode in $inodes; do
        find "/proc/$collector/fd" -lname "socket:\[$inode\]" 2>/dev/null | grep -q . && return 0
    done
    return 1
}

# Has the uploader taken its lock, and begun to ship? What it waits for (keys, a spool that takes long) is its own affair,
# so this does not wait for ever.
uploader_has_started() {
    polls_left=$((polls_left - 1))
    [ "$polls_left" -gt 0 ] || return 0
    read -r owner _ 2>/dev/null <"$spool-uploader.lock" && [ "$owner" = "$uploader" ] || return 1
    ! eventspool uploader healthcheck 2>&1 | grep -q '^uploader: starting:'
}

have_started() { collector_listens && uploader_has_started; }

# --- What is said then

# A name for an address that stands for all of a machine's; brackets around IPv6.
url_host() {
    case $1 in 0.0.0.0 | :: | '[::]') echo 127.0.0.1 ;; \[*) echo "$1" ;; *:*) echo "[$1]" ;; *) echo "$1" ;; esac
}

print_banner() {
    # The command as it is typed here.
    command=$bin/eventspool
    case $command in "$PWD"/*) command=${command#"$PWD"/} ;; esac
    interval=$(value_of ROTATION_INTERVAL)
    case $interval in *ms) ;; *) interval="$interval s" ;; esac
    page="http://$(url_host "$(value_of STATUS_HOST)"):$(value_of STATUS_PORT)/"
    page="$page                     the same as a page, in a browser"
    [ "$(value_of STATUS_PORT)" = 0 ] && page="(no page: STATUS_PORT is 0)"
    bucket=$(value_of BUCKET_NAME)
    directory=$(value_of DESTINATION_DIR)
    where="the bucket $bucket, under $(value_of PREFIX)"
    [ -n "$is_trial" ] && where="ls -l $directory/*/"
    case $spool in *[!A-Za-z0-9_./-]*) spool="'$spool'" ;; esac
    cat <<END

  eventspool listens on port $port and ships every $interval. In a second terminal:

    make send                                  send a handful of realistic events
    $command verify --flush
                                               follow one event from the port to its object
    $where
                                               look at the objects, after $interval
    $command status
                                               is all well, and what to do if not; with --watch again and again
    $page
    sqlite3 -box $spool 'SELECT * FROM backlog'
                                               look at what waits
END
    if [ -n "$is_trial" ] && [ -e .env ]; then
        echo "    in the file .env                           set BUCKET_NAME and the keys, to ship to a real bucket;"
    elif [ -n "$is_trial" ]; then
        echo "    cp .env.example .env                       then set BUCKET_NAME and the keys there, to ship to a bucket;"
    else
        echo "    $command flush"
        echo "                                               ship at once what waits"
    fi
    cat <<END
    $command check
                                               says whether that ${is_trial:+would work}${bucket:+works}

  Ctrl-C stops both programs.

END
}

# --- The run

# Ctrl-C reaches both programs by itself, but is ignored by one that is only just starting.
stop() {
    is_stopping=yes
    kill -TERM $collector $uploader 2>/dev/null
}
trap stop INT TERM HUP PIPE

# Waits for the end of a program, also if a signal comes meanwhile. SIGTERM ends one that was only just starting: it has
# nothing to clean up.
end_of() {
    wait "$1"
    code=$?
    while is_running "$1"; do
        wait "$1"
        code=$?
    done
    [ $code = 143 ] && code=0
    return $code
}

set -- "$bin/eventspool" ${is_trial:+--defaults "$defaults"}
"$@" collector & collector=$!
"$@" uploader & uploader=$!
while are_running && ! have_started; do sleep 0.1; done
if are_running; then print_banner; fi
while are_running; do sleep 0.2; done

# When one has ended by itself, the other one is stopped.
stop
status=0
end_of $collector || status=$?
end_of $uploader || status=$?
exit $status
