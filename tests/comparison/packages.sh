#!/bin/sh
# packages.sh -- syslog-ng and rsyslog of this distribution, unpacked below build/comparison/root and not installed: they
# exclude each other, and the machine may run one of them. The libraries that they need and the machine has not are unpacked
# beside them. Prints the versions; does nothing else when all is there. Only where apt has no lists it needs root, to get them.
set -eu
cd "$(dirname "$0")/../.."
work=$PWD/build/comparison
mkdir -p "$work"
exec 9>"$work/lock"
flock 9 # a test may run beside a benchmark

# The program's package and the libraries that it lacks here, by what an installation would install.
wanted() {
    apt-get -s install --no-install-recommends "$1" | awk -v program="$1" '
        $1 == "Inst" && $2 ~ /^lib/ { print $2 }
        END                         { print program }'
}

fetch() {
    mkdir -p "$work/packages"
    for program in syslog-ng-core rsyslog; do
        # shellcheck disable=SC2046  # a word for each package
        (cd "$work/packages" && apt-get download -qq -o APT::Sandbox::User=root $(wanted $program)) || return 1
    done
}

if [ ! -e "$work/root" ]; then
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    rm -rf "$work/packages" "$work/unpacked"
    fetch >&2 || { $sudo apt-get update -qq >&2 && fetch >&2; }
    for package in "$work"/packages/*.deb; do
        dpkg-deb -x "$package" "$work/unpacked"
    done
    mv "$work/unpacked" "$work/root"
fi
for package in "$work"/packages/syslog-ng-core_*.deb "$work"/packages/rsyslog_*.deb; do
    dpkg-deb --showformat '${Package} ${Version}\n' -W "$package"
done
