#!/bin/bash
# The package in a fresh Debian 12 under a real systemd (systemd-nspawn), as root. Ends with `N passed, N failed`.
#
#     tests/system/run.sh [MODULE...]      of tests/system/test_*.py, without `test_`; default: all
#
# SYSTEM_BASE=DIRECTORY  a tree of debootstrap instead of build/system/base, which is made where it is not there (2 minutes)
# SYSTEM_DEB=FILE        a package instead of one that is built here
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || exec sudo --preserve-env=SYSTEM_BASE,SYSTEM_DEB "$0" "$@"

out=$PWD/build/system
base=$out/base
packages=systemd,systemd-sysv,dbus,python3-minimal,iproute2,procps,ca-certificates
typed="sudo git make netcat-openbsd sqlite3 nftables" # what a person installs in tests/system/test_quickstart.py
version=$(sed -n 's/^#define EVENTSPOOL_VERSION "\(.*\)"$/\1/p' common/command.h)

# Into a directory of another name first: what was interrupted is no base.
make_base() {
    [ ! -d "$base" ] || return 0
    mkdir -p "$out"
    rm -rf "$base.new"
    if [ -n "${SYSTEM_BASE:-}" ]; then
        cp -a "$SYSTEM_BASE" "$base.new"
    else
        debootstrap --variant=minbase --include=$packages bookworm "$base.new" >"$out/debootstrap.log"
    fi
    mv "$base.new" "$base"
}

# The machine has no way to the distribution's servers: what the package needs lies in apt's cache, and what the quick start
# installs, with all that comes with it where a person types the command.
fill_cache() { # PACKAGE
    local needs since=$SECONDS
    needs="$(dpkg-deb --field "$1" Depends) $typed $(sh tools/deps.sh build --list)"
    [ "$(cat "$out/cached" 2>/dev/null)" != "$needs" ] || return 0
    cp "$1" "$base/root/eventspool.deb"
    chroot "$base" apt-get update -qq
    # shellcheck disable=SC2086 # names
    chroot "$base" apt-get install -y -qq --download-only /root/eventspool.deb $typed >/dev/null
    # shellcheck disable=SC2046
    chroot "$base" apt-get install -y -qq --no-install-recommends --download-only $(sh tools/deps.sh build --list) >/dev/null
    rm "$base/root/eventspool.deb"
    echo "$needs" >"$out/cached"
    echo "apt: $(du -sm "$base/var/cache/apt/archives" | cut -f1) MB in $((SECONDS - since)) s, for all tests" >"$out/downloads"
}

build_packages() {
    if [ -n "${SYSTEM_DEB:-}" ]; then
        package=$SYSTEM_DEB
    else
        make --no-print-directory deb
        package=$(ls "$PWD"/build/deb/eventspool_"$version"_*.deb)
    fi
    rm -rf "$out/bin"
    mkdir -p "$out/bin"
    dpkg-deb --fsys-tarfile "$package" | tar -C "$out/bin" --strip-components=4 -xf - ./usr/libexec/eventspool
    dpkg-deb --fsys-tarfile "$package" | tar -C "$out/bin" --strip-components=3 -xf - ./usr/bin/eventspool
    DEB_VERSION=$version+next DEB_OUT=build/system/newer PROGRAMS=$out/bin sh tools/deb.sh >/dev/null
    newer=$(ls "$out"/newer/eventspool_*.deb)
}

make_base
build_packages
fill_cache "$package"
scratch=$(mktemp -d "$out/run.XXXXXX")
end() {
    [ -z "${test:-}" ] || kill "$test" 2>/dev/null || true
    [ -z "${test:-}" ] || wait "$test" || true
    rm -rf --one-file-system "$scratch"
}
trap end EXIT
trap 'exit 143' INT TERM
cp -a "$base" "$scratch/root"
ln -s "$base" "$scratch/fresh"
git -c safe.directory="$PWD" clone --quiet --bare . "$scratch/eventspool.git"
[ ! -e "$out/downloads" ] || echo "downloads: $(cat "$out/downloads")"
BUILD=$out PYTHONPATH=tests:tests/system unshare --net sh -c 'ip link set lo up && exec python3 -B -u "$@"' run \
    tests/system/main.py "$scratch" "$package" "$newer" "$@" &
test=$!
wait "$test"
