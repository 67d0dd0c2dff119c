# Events that are sent, what the spool says of them, and where they are.

send() { inside collector acmsim --wait 10 "$@" >/dev/null; }

# One event by the published port, as an appliance would.
send_from_host() {
    on_host bash -c "echo '<EVENT><cn>ffff000000000001</cn></EVENT>' >/dev/tcp/127.0.0.1/$(published collector 8080)"
}

# As a person reads it while all goes on: in the container of the collector or of the uploader, and on the volume's path.
ask_inside() { inside "$1" sqlite3 -readonly $spool "$2"; }
ask_spool() { ask_inside collector "$1"; }
ask_from_host() {
    sqlite3 -readonly "$(docker volume inspect -f '{{.Mountpoint}}' "$SPOOL_VOLUME")/spool.db" "$1"
}
backlog() { ask_spool "SELECT count(*) FROM backlog"; }
is_empty() { same "$(backlog)" 0; }
received() { ask_spool "SELECT coalesce(max(id), 0) FROM events"; }
has_received() { at_least "$(received)" "$1"; }
# All three see this many events wait.
backlog_is_readable() {
    local count="SELECT count(*) FROM backlog"
    same "$(ask_inside collector "$count")" "$1"
    same "$(ask_inside uploader "$count")" "$1"
    [ "$(id -u)" != 0 ] || same "$(ask_from_host "$count")" "$1"
}

# The objects of the trial that begin at event id $1 or later, by id: "first last" a line.
list_objects() {
    find "$objects" -type f -name '*.xml' |
        sed -nE 's|^.*/[0-9]{8}_[0-9]{6}-[0-9a-f]{10}-([0-9]{10,})-([0-9]{10,})[.]xml$|\1 \2|p' |
        sort -n | awk -v from="$1" '$1 + 0 >= from'
}
shipped() { list_objects "$1" | awk '{ n += $2 - $1 + 1 } END { print n + 0 }'; }
all_shipped() { at_least "$(shipped "$1")" "$2"; }
last_id() { list_objects 1 | awk 'END { print $2 + 0 }'; }

# From event id $1 on: each event is in exactly one object, and each object is whole. With $2 and $3: those are the events of
# $2 senders with $3 each.
each_event_in_one_object() { python3 -B "$top/tests/support/ledger.py" "$objects" "$@"; }
