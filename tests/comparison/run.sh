#!/bin/sh
# run.sh -- eventspool beside syslog-ng and rsyslog of this distribution, on loopback: what docs/comparison.md shows.
# usage: sh tests/comparison/run.sh [framing] [kills] [outages]
#
# It takes about ten minutes and some hundred MB under build/comparison, which must be a real disk. The two packages are
# downloaded and unpacked there, not installed, as they exclude each other and the machine may run one of them; only the
# libraries that they need are installed. Nothing here is a part of CI: it prints tables and asserts nothing of others.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD
work=$here/build/comparison
mkdir -p "$work/packages" "$work/root"

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
$sudo apt-get install -y --no-install-recommends \
    iproute2 libestr0 libfastjson4 libivykis0 libjson-c5 liblognorm5 libnet1 libwrap0 >/dev/null
cd "$work/packages"
ls syslog-ng-core_*.deb rsyslog_*.deb >/dev/null 2>&1 || apt-get download syslog-ng-core rsyslog
for package in *.deb; do
    dpkg-deb -x "$package" "$work/root"
    dpkg-deb -f "$package" Package Version
done

export PACKAGES="$work/root" BUILD="$here/build/release" PYTHONPATH="$here/tests:$here/tests/comparison"
cd "$work"
exec python3 -B -u "$here/tests/comparison/compare.py" "$@"
