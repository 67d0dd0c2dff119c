#!/bin/bash
# Plays a person with a clean checkout and `docker compose up`: events in, objects under var/objects, a restart and a kill
# of the uploader under load, stop, start again, the way to a bucket. Ends with a line `N passed, N failed`.
#
#   tests/containers/run.sh            with the engine that answers; as root it starts one of its own when none does
#   COMPOSE=docker-compose ...         with this flavour of compose instead of the newest that is there
#   SEED=123 ...                       kills the uploader at the same moments again
#   BUILD_NETWORK=host ...             where a build reaches the packages only by the host's network
#
# Needs docker and either flavour of compose, and debootstrap where no registry can be reached. Works under a project, an
# image and a directory of its own, and removes all three; other containers are never looked at.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/eventspool-containers.XXXXXX")
project=eventspool-test-$$
checkout=$work/checkout
objects=$checkout/var/objects/xml-events
build_network=${BUILD_NETWORK:-default}
engine=             # process id of our own engine; empty: a person's
store=              # process id of the S3 server of the last part
passed=0
failed=0

# --- Helpers

print_line() { printf '%s\n' "$*"; }

# check SENTENCE COMMAND...: counts, and says what the command printed only when it failed. Not inside an `if`: a command
# of several steps shall end at the first that fails.
check() {
    local sentence=$1 output status
    shift
    set +e
    output=$(set -e; "$@" 2>&1)
    status=$?
    set -e
    if [ $status = 0 ]; then
        passed=$((passed + 1))
        print_line "ok      $sentence"
    else
        failed=$((failed + 1))
        print_line "FAILED  $sentence"
        printf '%.2000s\n' "$output"
    fi
}

# until_true SECONDS COMMAND...: waits for a condition; 1 when the time is over.
until_true() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || { print_line "not in time: $*"; return 1; }
        sleep 0.2
    done
}

# must COMMAND...: without it nothing further makes sense.
must() {
    "$@" >"$work/step.log" 2>&1 && return
    tail -n 40 "$work/step.log"
    print_line "cannot go on: $*"
    exit 1
}

compose() { (cd "$checkout" && $COMPOSE "$@"); }
container() { compose ps -q "$1" 2>/dev/null; }
inspect() { docker inspect -f "$2" "$(cat "$work/$1.id")"; }
inside() { docker exec "$(cat "$work/$1.id")" "${@:2}"; }
same() { [ "$1" = "$2" ] || { print_line "$1 is not $2"; return 1; }; }
prints_nothing() {
    local output
    output=$("$@")
    [ -z "$output" ] || { print_line "$output"; return 1; }
}
at_most() { [ "$1" -le "$2" ] || { print_line "$1 is more than $2"; return 1; }; }

clean_up() {
    local status=$?
    trap - EXIT INT TERM
    [ ! -f "$work/collector.id" ] || [ "$failed$status" = 00 ] || compose logs --tail=30 2>&1 || true
    if [ -f "$checkout/docker-compose.override.yml" ]; then
        compose down --volumes --timeout 5 >/dev/null 2>&1 || true
        docker image rm "$project" >/dev/null 2>&1 || true
    fi
    [ -z "$store" ] || kill "$store" 2>/dev/null || true
    if [ -n "$engine" ]; then
        docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1 || true
        docker network prune -f >/dev/null 2>&1 || true
        kill "$engine" 2>/dev/null || true
        wait "$engine" 2>/dev/null || true
        awk -v dir="$work/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount || true
    fi
    rm -rf "$work" || print_line "left behind: $work"
    [ $status = 0 ] || failed=$((failed + 1))
    print_line "$passed passed, $failed failed"
    [ $failed = 0 ] && exit 0 || exit 1
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- An engine and a base image

# Our own engine leaves the host as it was: it lives in one directory, makes no bridge but the project's (which go with
# it) and touches no packet filter rule and no kernel setting. Published ports still work from the host by its proxy.
start_engine() {
    if [ "$(id -u)" != 0 ] || ! command -v dockerd >/dev/null; then
        print_line "no engine answers, and starting one takes root and dockerd"
        exit 1
    fi
    print_line "no engine answers: starting one in $work/engine"
    mkdir "$work/engine"
    export DOCKER_HOST=unix://$work/engine/docker.sock
    setsid dockerd --data-root "$work/engine/data" --exec-root "$work/engine/run" -p "$work/engine/pid" -H "$DOCKER_HOST" \
        --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false >"$work/engine/log" 2>&1 &
    engine=$!
    build_network=host      # having no bridge, it lets no build reach the packages else
    until_true 30 docker version || { tail -n 5 "$work/engine/log"; exit 1; }
    docker pull -q debian:bookworm-slim >/dev/null 2>&1 && return
    print_line "no registry answers: making debian:bookworm-slim with debootstrap"
    must debootstrap --variant=minbase bookworm "$work/base"
    must sh -c "tar -C '$work/base' -c . | docker import - debian:bookworm-slim"
    rm -rf "$work/base"
}

docker version >/dev/null 2>&1 || start_engine
if [ -z "${COMPOSE:-}" ]; then
    COMPOSE=docker-compose
    ! docker compose version >/dev/null 2>&1 || COMPOSE="docker compose"
fi
print_line "engine $(docker version -f '{{.Server.Version}}'), $($COMPOSE version --short) as \`$COMPOSE\`"

# --- A clean checkout, which knows nothing of the caller's settings

mkdir "$checkout"
tar -C "$top" --exclude=./.git --exclude=./.env --exclude=./build --exclude=./var -c . | tar -C "$checkout" -x
[ "$(id -u)" != 0 ] || chown -R 4242:4242 "$checkout"     # its owner is some person, neither root nor the image's user
unset COMPOSE_FILE COMPOSE_PROFILES
for name in $(grep -oE '[{][A-Z0-9_]+' "$top/docker-compose.yml" | tr -d '{' | sort -u); do unset "$name"; done
export COMPOSE_PROJECT_NAME=$project
export PORT=0                             # any free port of the host
export AWS_ACCESS_KEY_ID=a-key-of-the-test
cat >"$checkout/docker-compose.override.yml" <<EOF
services:
  collector: {image: $project, build: {context: ., network: $build_network}}
  uploader: {image: $project}
  objects-dir: {image: $project}
EOF

# --- What the checks ask

healthy() { same "$(inspect "$1" '{{.State.Health.Status}}')" healthy; }

# up: starts all, waits until both programs say that they live, notes the containers' ids.
up() {
    local service
    must compose up -d
    for service in collector uploader; do
        container "$service" >"$work/$service.id"
        must until_true 60 healthy "$service"
    done
}

# The objects that begin at event id $1 or later, by id: "first last spool path" a line.
list_objects() {
    find "$objects" -type f -name '*.xml' | sed -nE \
        's|^(.*/[0-9]{8}_[0-9]{6}-([0-9a-f]{10})-([0-9]{10,})-([0-9]{10,})\.xml)$|\3 \4 \2 \1|p' |
        sort -n | awk -v from="$1" '$1 + 0 >= from'
}
shipped() { list_objects "$1" | awk '{ n += $2 - $1 + 1 } END { print n + 0 }'; }
all_shipped() { [ "$(shipped "$1")" -ge "$2" ]; }
last_id() { list_objects 1 | awk 'END { print $2 + 0 }'; }

# From event id $1 on: each event is in exactly one object, and each object is whole. With $2 and $3: those are the events of
# $2 senders with $3 each.
each_event_in_one_object() { python3 -B "$top/tests/support/ledger.py" "$objects" "$@"; }

environment() { inspect "$1" '{{range .Config.Env}}{{println .}}{{end}}'; }
# From outside: the uploader lets nobody but root look into it.
running_environment() { tr '\0' '\n' <"/proc/$(inspect "$1" '{{.State.Pid}}')/environ"; }
has_line() { grep -xF -- "$1" >/dev/null; }
has_no_aws() {
    environment collector >"$work/environment"
    running_environment collector >>"$work/environment"
    has_line SPOOL_PATH=/var/lib/eventspool/spool.db <"$work/environment"
    prints_nothing awk '/^AWS_/' "$work/environment"
}
uploader_has_aws() { environment uploader | has_line AWS_ACCESS_KEY_ID=a-key-of-the-test; }
runs_with() { running_environment uploader | has_line "$1"; }

# Process 1 is the program itself, is nobody of importance and cannot become anybody.
is_confined() {
    inside "$1" cat /proc/1/status >"$work/status"
    same "$(awk '$1 == "Name:" { print $2 }' "$work/status")" "$1"
    same "$(awk '$1 == "Uid:" || $1 == "Gid:" { print $2, $3, $4, $5 }' "$work/status" | sort -u)" "10001 10001 10001 10001"
    same "$(awk '/^Cap/ { print $2 }' "$work/status" | sort -u)" 0000000000000000
    same "$(awk '$1 == "NoNewPrivs:" { print $2 }' "$work/status")" 1
    same "$(inspect "$1" '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Privileged}}')" "true false"
}
folder_is_private() { same "$(inside collector stat -c '%a %u %g' /var/lib/eventspool)" "2770 10001 10001"; }
folders_belong_to_checkout() {
    prints_nothing find "$checkout/var" -type d ! -uid "$(stat -c %u "$checkout/Dockerfile")"
}
objects_belong_to_owner() {
    folders_belong_to_checkout
    prints_nothing find "$objects" -type f ! -perm -o+r
}
ended_by_itself() { same "$1 $(inspect "$1" '{{.State.ExitCode}}')" "$1 0"; }
send() { inside collector acmsim --wait 10 "$@" >/dev/null; }

# One event by the published port, as an appliance would.
send_from_host() {
    local port
    port=$(compose port collector 8080 | sed 's/.*://')
    print_line "<EVENT><cn>ffff000000000001</cn></EVENT>" >"/dev/tcp/127.0.0.1/$port"
}

# --- Up, from nothing

since=$SECONDS
must compose build
print_line "image built in $((SECONDS - since)) s, $(($(docker image inspect -f '{{.Size}}' "$project") / 1000000)) MB"
since=$SECONDS
up
print_line "both programs healthy after $((SECONDS - since)) s"
check "the collector is process 1, without privileges" is_confined collector
check "the uploader is process 1, without privileges" is_confined uploader
check "the uploader gets the credentials" uploader_has_aws
check "the collector gets none" has_no_aws
check "the spool's folder is open to its group alone" folder_is_private
check "the folders on the host belong to the owner of the checkout" folders_belong_to_checkout
check "a trial ships after ten seconds" runs_with ROTATION_INTERVAL=10

check "the command for people is on the PATH, and finds both programs" inside uploader eventspool config
check "events are taken" send --count 300
check "the port is published" send_from_host
check "objects appear under var/objects" until_true 45 all_shipped 1 301
check "each event is in one object, and objects are whole" each_event_in_one_object 1
check "the owner of the checkout can read and delete them" objects_belong_to_owner

# --- The uploader is restarted and killed while events flow

RANDOM=${SEED:=$$}
print_line "the uploader is killed at moments drawn with SEED=$SEED"
export ROTATION_INTERVAL=1
up
check "a setting reaches the program" runs_with ROTATION_INTERVAL=1
base=$(last_id)
send --connections 3 --count 30000 --rate 600 &
sender=$!
must until_true 30 all_shipped $((base + 1)) 500
check "the uploader restarts" docker restart -t 30 "$(cat "$work/uploader.id")"
for progress in 1500 2500 3500 4500 5500 6500; do
    must until_true 30 all_shipped $((base + 1)) $progress
    sleep "$((RANDOM % 2)).$((RANDOM % 10))"      # not always the same moment between two objects
    must docker kill "$(cat "$work/uploader.id")"
    must docker start "$(cat "$work/uploader.id")"
done
check "it was killed six times while events flowed" kill -0 $sender
must wait $sender
check "all is shipped" until_true 60 all_shipped $((base + 1)) 30000
check "each event is in one object across restarts" each_event_in_one_object 1
check "no event is lost or doubled" each_event_in_one_object $((base + 1)) 3 5000

# --- Down and up again

since=$SECONDS
check "everything stops" compose stop
check "stopping takes a moment, not the grace period" at_most $((SECONDS - since)) 10
check "the collector ended by itself" ended_by_itself collector
check "the uploader ended by itself" ended_by_itself uploader
base=$(last_id)
sha256sum "$objects"/*.xml >"$work/before"
must compose down
up
check "events are taken again" send --count 50
check "they are shipped" until_true 30 all_shipped $((base + 1)) 50
check "ids go on in the same spool" each_event_in_one_object 1
check "the new events are the new ids" each_event_in_one_object $((base + 1)) 1 50
check "what was shipped stays as it was" sha256sum --check --quiet "$work/before"

# --- Towards a bucket (nobody answers there)

unset ROTATION_INTERVAL
export BUCKET_NAME=a-bucket AWS_SECRET_ACCESS_KEY=a-secret AWS_REGION=eu-central-1 AWS_ENDPOINT_URL=http://127.0.0.1:9
up
check "with a bucket the program's own interval applies" runs_with ROTATION_INTERVAL=
check "a bucket that does not answer leaves the uploader alive" same "$(inspect uploader '{{.RestartCount}}')" 0
check "the collector still gets no credentials" has_no_aws

# --- A bucket whose server loses its answers: restart, and other settings, while outcomes are unknown

# The server listens where containers reach the host: on the gateway of the uploader's network.
start_store() {
    local gateway
    gateway=$(docker network inspect -f '{{(index .IPAM.Config 0).Gateway}}' "${project}_default")
    mkdir -p "$s3/objects"
    echo lost >"$s3/mode"
    : >"$s3/requests"
    : >"$s3/kept"
    PYTHONPATH=$top/tests:$top/tests/e2e python3 -B "$top/tests/containers/s3_store.py" "$gateway" "$s3" >"$s3/log" 2>&1 &
    store=$!
    until_true 30 test -s "$s3/url"
}
stored() { wc -l <"$s3/kept"; }
has_stored() { [ "$(stored)" -ge "$1" ]; }
ask_spool() { inside collector sqlite3 -readonly /var/lib/eventspool/spool.db "$1"; }
# From the container's side, as a person reads it while all goes on.
backlog() { ask_spool "SELECT count(*) FROM backlog"; }
unknown_outcomes() { ask_spool "SELECT count(*) FROM batches WHERE state IN ('sealed', 'blocked') AND may_be_stored = 1"; }
has_unknown_outcomes() { [ "$(unknown_outcomes)" -ge 1 ]; }
backlog_is_readable() {
    same "$(backlog)" "$1"
    same "$(ask_spool "SELECT id FROM backlog LIMIT 1")" "$((base + 1))"
}
is_empty() { same "$(backlog)" 0; }
runs_again() { [ "$(inspect uploader '{{.State.StartedAt}}')" != "$1" ] && healthy uploader; }
stored_once() { prints_nothing sh -c "sort '$s3/kept' | uniq -d"; }
bucket_has_each_event_once() { python3 -B "$top/tests/support/ledger.py" "$s3/bucket" "$@"; }
# The bucket's objects, and before them those of the trial: together one sequence of ids.
gather() {
    mkdir -p "$s3/bucket/xml-events"
    cp "$objects"/*.xml "$s3/bucket/xml-events/"
    find "$s3/objects" -name '*.xml' ! -path '*rejected*' -exec cp {} "$s3/bucket/xml-events/" ';'
}

s3=$work/s3
base=$(last_id)
must start_store
export BUCKET_NAME=stub-bucket AWS_REGION=us-east-1 ROTATION_INTERVAL=1 MAX_FILE_SIZE=20K
AWS_ENDPOINT_URL=$(cat "$s3/url")
export AWS_ENDPOINT_URL
up
check "events are taken during the outage" send --count 200
check "uploads are stored whose answers are lost" until_true 60 has_stored 1
check "their outcomes are unknown" until_true 30 has_unknown_outcomes
check "sqlite3 reads the backlog meanwhile" backlog_is_readable 200
started=$(inspect uploader '{{.State.StartedAt}}')
check "the uploader restarts during the outage" compose restart uploader
check "and lives" until_true 60 runs_again "$started"
check "sqlite3 reads the backlog after the restart" backlog_is_readable 200
export MAX_FILE_SIZE=40K OUTPUT_FORMAT=xml UPLOAD_CONCURRENCY=4
up
check "a changed setting reaches the uploader during the outage" runs_with MAX_FILE_SIZE=40K
check "what is of unknown outcome stays so" has_unknown_outcomes
check "more events are taken" send --count 100
check "sqlite3 reads all of the backlog" backlog_is_readable 300
echo away >"$s3/mode"
check "the uploader restarts while the server is away" compose restart uploader
echo well >"$s3/mode"
check "all is shipped within a rest" until_true 90 is_empty
check "each object was stored once" stored_once
must gather
check "each event is in exactly one object" bucket_has_each_event_once 1
check "they are those that were sent" same "$(($(ask_spool 'SELECT max(id) FROM events') - base))" 300
