#!/bin/sh
# test_arrows -- tools/arrows.sh on small made-up trees.
set -u
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
number=0

# A file of the made-up tree that includes these.
file() {
    mkdir -p "$tree/$(dirname "$1")"
    for included in $2; do echo "#include \"$included\""; done >"$tree/$1"
}

# arrows.sh must accept the tree ("accepted"), or report exactly this and fail. Then a new tree begins.
expect() {
    number=$((number + 1))
    reported=$(sh tools/arrows.sh "$tree" 2>&1) && reported="accepted$reported"
    if [ "$reported" = "$2" ]; then echo "ok $number - $1"; else echo "not ok $number - $1: $reported"; fi
    rm -rf "${tree:?}"/*
}

file uploader/main.c "common/log.h uploader/commands/run.h uploader/settings.h"
file uploader/settings.c "uploader/settings.h uploader/store/tags.h"
file uploader/ship/queue.c "uploader/ship/queue.h uploader/batch/batch.h sql_names.h"
file collector/net/conn.c "collector/framing/framer.h"
expect "includes along the arrows pass, over any number of rooms" accepted

file uploader/http/http.c "common/buf.h uploader/ship/queue.h"
expect "an include upwards is reported" "uploader/http/http.c:2: room uploader/http may not include room uploader/ship"

file uploader/store/s3.h "uploader/spool/spool.h"
expect "an include of a neighbour is reported" "uploader/store/s3.h:1: room uploader/store may not include room uploader/spool"

file uploader/store/s3.h "uploader/settings.h"
expect "an include of the settings by a room is reported" \
    "uploader/store/s3.h:1: room uploader/store may not include room uploader/settings"

file common/log.c "collector/net/conn.h"
expect "an include by common of a program is reported" "common/log.c:1: room common may not include room collector/net"

file collector/spool/seal.c "uploader/batch/batch.h"
expect "an include of the other program is reported" \
    "collector/spool/seal.c:1: room collector/spool may not include room uploader/batch"

file tools/acmsim/run.c "common/buf.h"
expect "an include of common by acmsim is reported" "tools/acmsim/run.c:1: room tools/acmsim may not include room common"

file uploader/attic/old.c "common/buf.h"
expect "a room without arrows is reported" "uploader/attic/old.c:1: room uploader/attic may not include room common"

file common/a.h "common/b.h"
file common/b.c "common/b.h common/c.h"
file common/c.h "common/a.h"
expect "a circle of modules is reported" "circle of includes: common/a common/b common/c common/a"
