#!/bin/sh
# run.sh -- eventspool beside syslog-ng and rsyslog of this distribution, on loopback: what docs/comparison.md shows.
# usage: sh tests/comparison/run.sh [framing] [kills] [outages]
#
# It takes about ten minutes and some hundred MB under build/comparison, which must be a real disk. packages.sh gets the two
# programs. Nothing here is a part of CI: it prints tables and asserts nothing of others.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD

if ! command -v ss >/dev/null; then
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get install -y --no-install-recommends iproute2 >/dev/null
fi
sh tests/comparison/packages.sh

export BUILD="$here/build/release" PYTHONPATH="$here/tests"
cd build/comparison
exec python3 -B -u "$here/tests/comparison/compare.py" "$@"
