#!/bin/sh
# Runs the demo of `make demo`: demo.sh BUILD. Its environment is clean: no setting, no key and no .env of yours reaches
# it. Its small disk is a file system in memory that only the demo and what it starts can see, in a mount namespace,
# which ends with them. Where the system gives it no namespace, the spool is on the disk as it is, the floor high.
set -eu
build=$1
directory=${DEMO_DIRECTORY:-build/demo}

mkdir -p "$directory"
directory=$(realpath "$directory")
if [ -n "$(ls -A "$directory")" ] && [ ! -f "$directory/demo.lock" ]; then
    echo "make demo: $directory holds other files, which a demo would delete; DEMO_DIRECTORY names another one" >&2
    exit 64
fi
exec 9>>"$directory/demo.lock"
flock -n 9 || { echo "make demo: another demo runs in $directory" >&2; exit 75; }
find "$directory" -mindepth 1 ! -name demo.lock -delete # what the last one has left

can_mount() { "$@" sh -c 'mount -t tmpfs tmpfs "$1"' sh "$directory" >/dev/null 2>&1; }
disk=${DEMO_DISK:-small}
if [ "$disk" != small ]; then set --
elif can_mount unshare --mount; then set -- unshare --mount
elif can_mount unshare --user --map-root-user --mount; then set -- unshare --user --map-root-user --mount
else disk=floor; set --; fi

exec env -i PATH="$PATH:/usr/sbin:/sbin" LANG=C.UTF-8 TERM="${TERM:-dumb}" HOME="$directory" \
    DEMO_DIRECTORY="$directory" DEMO_DISK="$disk" DEMO_EVENTS="${DEMO_EVENTS:-100000}" \
    DEMO_SECONDS="${DEMO_SECONDS:-65}" DEMO_STAY="${DEMO_STAY:-}" DEMO_SEED="${DEMO_SEED:-}" \
    ${ASAN_OPTIONS:+"ASAN_OPTIONS=$ASAN_OPTIONS"} ${UBSAN_OPTIONS:+"UBSAN_OPTIONS=$UBSAN_OPTIONS"} \
    ${TSAN_OPTIONS:+"TSAN_OPTIONS=$TSAN_OPTIONS"} BUILD="$build" PYTHONPATH=tests \
    "$@" python3 -B -u tools/demo/demo.py
