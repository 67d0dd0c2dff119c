#!/bin/bash
# Plays a person with a clean checkout and `docker compose up`, in parts that each begin from nothing: parts/*.sh say in
# their first line what they are about. Ends with a line `N passed, N failed`.
#
#   tests/containers/run.sh [PART...]  all parts, or these; with the engine that answers, or as root one of its own
#   COMPOSE=docker-compose ...         with this flavour of compose instead of the newest that is there
#   SEED=123 ...                       kills the uploader at the same moments again
#   BUILD_NETWORK=host ...             where a build reaches the packages only by the host's network
#   BASE_TAR=base.tar ...              the root of the base image, where no registry is reached (else debootstrap makes it)
#   ENGINE_DIR=directory ...           keeps what our own engine has built, so that the next run is fast
#
# Needs docker and either flavour of compose, and debootstrap where no registry can be reached. Works under a project, a
# volume, images and a directory of its own, and removes all of them; other containers are never looked at.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/tests/containers
work=$(mktemp -d "${TMPDIR:-/tmp}/eventspool-containers.XXXXXX")
project=eventspool-test-$$
parts=("$@")
[ $# -gt 0 ] || parts=(trial kills identities secrets ports restarts outage upgrade memory image s3 monitoring)

. "$here/lib/checks.sh"
. "$here/lib/engine.sh"
. "$here/lib/checkout.sh"
. "$here/lib/events.sh"
. "$here/lib/store.sh"

remove_images() {
    if [ -n "${ENGINE_DIR:-}" ] && is_own_engine; then return 0; fi     # they are what it keeps
    docker image rm "$project" "$project-kept" "$project-s3" "$project-prometheus" >/dev/null 2>&1 || true
}
clean_up() {
    local status=$?
    trap - EXIT INT TERM
    set +e              # whatever fails, the rest is removed
    [ ! -f "$work/collector.id" ] || [ "$failed$status" = 00 ] || compose logs --tail=30 2>&1 || true
    if [ -f "$checkout/docker-compose.override.yml" ]; then
        remove_services
        remove_images
    fi
    stop_store
    end_engine
    rm -rf "$work" || print_line "left behind: $work"
    [ $status = 0 ] || failed=$((failed + 1))
    print_line "$passed passed, $failed failed"
    [ $failed = 0 ] && exit 0 || exit 1
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What `make image` does, under a name that is not `eventspool`, which may be a person's.
save_image() { (cd "$checkout" && IMAGE=$project-image BUILD_NETWORK=$build_network sh tools/image.sh); }
build() {
    local since=$SECONDS
    must compose build
    print_line "image built in $((SECONDS - since)) s, $(($(docker image inspect -f '{{.Size}}' "$project") / 1000000)) MB"
    case " ${parts[*]} " in *" image "*) must save_image ;; esac
    case " ${parts[*]} " in *" s3 "*) must compose --profile s3 build s3 ;; esac
    case " ${parts[*]} " in *" monitoring "*) must compose --profile monitoring build prometheus ;; esac
}

start_engine
choose_compose
print_line "engine $(docker version -f '{{.Server.Version}}'), $($COMPOSE version --short) as \`$COMPOSE\`"
make_checkout
forget_settings
build
isolate_engine
for part in "${parts[@]}"; do
    begin "$part"
    . "$here/parts/$part.sh"
    stop_store
done
