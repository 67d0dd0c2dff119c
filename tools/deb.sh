#!/bin/sh
# Builds build/deb/eventspool_VERSION_ARCH.deb out of the files that belong to the sources. DEB_VERSION is the package's
# version where that is not the programs'. For the tests: PROGRAMS, a directory with built programs, saves the build, and
# DEB_OUT is another place than build/deb.
set -eu
cd "$(dirname "$0")/.."
version=${DEB_VERSION:-$(sed -n 's/^#define EVENTSPOOL_VERSION "\(.*\)"$/\1/p' common/command.h)}
out=${DEB_OUT:-build/deb}
source=$out/eventspool-$version

# When the sources changed last: the same in each clone, so that the same sources give the same package.
print_date() {
    git -c safe.directory="$PWD" log -1 --format=%cD 2>/dev/null || LC_ALL=C date -R -r CHANGELOG.md
}

# Of an unpacked archive of the sources, everything but what was built belongs to them.
list_sources() {
    if [ -e .git ]; then
        git -c safe.directory="$PWD" ls-files -z # also for root in another user's checkout
    else
        find . -path ./build -prune -o -path ./var -prune -o -path ./.env -prune -o -type f -print0
    fi
}

rm -rf "$out"
mkdir -p "$source"
list_sources | tar --null -T - --ignore-failed-read -cf - | tar -C "$source" -xf -
cp -R "$source/deploy/debian" "$source/debian"
cat >"$source/debian/changelog" <<END
eventspool ($version) unstable; urgency=medium

  * CHANGELOG.md says what is new.

 -- $(sed -n 's/^Maintainer: //p' deploy/debian/control)  $(print_date)
END
log=$out/build.log
if ! (cd "$source" && dpkg-buildpackage --no-sign --build=binary ${PROGRAMS:+-d}) >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
ls "$out"/eventspool_*.deb
