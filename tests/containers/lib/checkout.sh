# A clean checkout, which knows nothing of the caller's settings, and compose in it.

checkout=$work/checkout
objects=$checkout/var/objects/xml-events
spool=/var/lib/eventspool/spool.db

choose_compose() {
    [ -z "${COMPOSE:-}" ] || return 0
    COMPOSE=docker-compose
    ! docker compose version >/dev/null 2>&1 || COMPOSE="docker compose"
}

compose() { (cd "$checkout" && $COMPOSE "$@"); }

# All settings of the file and whatever else would change what it means.
forget_settings() {
    local name
    unset COMPOSE_FILE COMPOSE_PROFILES
    for name in $(grep -oE '[{][A-Z0-9_]+' "$top/docker-compose.yml" | tr -d '{' | sort -u); do unset "$name"; done
    export COMPOSE_PROJECT_NAME=$project EVENTSPOOL_IMAGE=$project SPOOL_VOLUME=$project-spool
    export SENDERS_BRIDGE=es-$$
    export PORT=0                             # any free port of the host
}

# What lets it run beside another installation.
write_override() {
    cat >"$checkout/docker-compose.override.yml" <<EOF
services:
  collector: {build: {context: ., network: $build_network}}
  s3: {image: $project-s3, build: {context: deploy/containers/s3, network: $build_network}}
  prometheus: {image: $project-prometheus, build: {context: deploy/containers/prometheus, network: $build_network}}
EOF
}

make_checkout() {
    mkdir "$checkout"
    tar -C "$top" --exclude=./.git --exclude=./.env --exclude=./build --exclude=./var -c . | tar -C "$checkout" -x
    find "$checkout/secrets" -type f ! -name README.md ! -name .gitignore -delete
    [ "$(id -u)" != 0 ] || chown -R 4242:4242 "$checkout"     # its owner is some person, neither root nor the image's user
    write_override
}

# Of the profiles, too.
remove_services() { COMPOSE_PROFILES=s3,monitoring compose down --volumes --remove-orphans --timeout 10 >/dev/null 2>&1; }

# begin PART: from nothing.
begin() {
    print_line "--- $1"
    remove_services || true
    forget_settings
    rm -rf "$checkout/var" "$checkout/.env"
    find "$checkout/secrets" -type f ! -name README.md ! -name .gitignore -delete
}

inspect() { docker inspect -f "$2" "$(cat "$work/$1.id")"; }
inside() { docker exec "$(cat "$work/$1.id")" "${@:2}"; }
healthy() { same "$(inspect "$1" '{{.State.Health.Status}}')" healthy; }
note_ids() {
    local service
    for service in collector uploader; do compose ps -q "$service" >"$work/$service.id" 2>/dev/null; done
}
all_healthy() { note_ids && healthy collector && healthy uploader; }

# up: starts all, or changes what has changed, waits until both programs say that they live, notes the containers' ids.
up() {
    must compose up -d "$@"
    must until_true 60 all_healthy
}

# restart SERVICE: and waits until it lives again.
restart() {
    local started
    started=$(inspect "$1" '{{.State.StartedAt}}')
    compose restart "$1"
    until_true 60 started_after "$1" "$started"
}
started_after() { [ "$(inspect "$1" '{{.State.StartedAt}}')" != "$2" ] && healthy "$1"; }

environment() { inspect "$1" '{{range .Config.Env}}{{println .}}{{end}}'; }
# From outside: the uploader lets nobody but root look into it.
running_environment() { tr '\0' '\n' <"/proc/$(inspect "$1" '{{.State.Pid}}')/environ"; }
runs_with() { running_environment "$1" | has_line "$2"; }
# The port of the host behind SERVICE's PORT.
published() { compose port "$1" "$2" | sed 's/.*://'; }
address() { inspect "$1" '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' | cut -d' ' -f1; }
gateway() { inspect "$1" '{{range .NetworkSettings.Networks}}{{.Gateway}} {{end}}' | cut -d' ' -f1; }
