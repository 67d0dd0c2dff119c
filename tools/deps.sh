#!/bin/sh
# Installs the distribution packages that a step needs: deps.sh STEP, one of those below. Says what it will install first;
# does nothing, fast, when all is there. apt only; sudo when not root. deps.sh STEP --list prints their names alone.
set -eu

build="gcc make pkg-config libc6-dev libxml2-dev libsqlite3-dev libcurl4-openssl-dev libevent-dev libssl-dev libcjson-dev zlib1g-dev sqlite3 ca-certificates"
unit="$build libcmocka-dev python3 python3-botocore"
test="$unit curl jq libxml2-utils strace openssl procps util-linux python3 ceph-common ceph-mon ceph-osd radosgw faketime prometheus chromium chromium-driver haproxy mandoc stunnel4 e2fsprogs netcat-openbsd debhelper dpkg-dev lintian systemd iproute2 python3-yaml"
command -v npm >/dev/null || test="$test nodejs npm" # where it comes from elsewhere, Debian's would be in its way
demo="$build curl openssl procps python3 util-linux ceph-common ceph-mon ceph-osd radosgw"
swift="$build curl procps python3 swift-proxy swift-account swift-container swift-object memcached"
bench="$build python3 strace valgrind"
peers="$build python3"
containers="curl docker.io docker-compose debootstrap jq python3 sqlite3 procps"
lint="$unit clang clang-format clang-tidy cppcheck"
fuzz="$build clang libclang-rt-dev"
deb="$build debhelper dpkg-dev lintian"
system="$deb systemd-container debootstrap iproute2 util-linux python3 curl openssl ceph-common ceph-mon ceph-osd radosgw"
ci="$test $lint $fuzz git"

case ${1:-} in
build) wanted=$build ;;
unit) wanted=$unit ;;
test) wanted=$test ;;
demo) wanted=$demo ;;
swift) wanted=$swift ;;
bench) wanted=$bench ;;
peers) wanted=$peers ;;
containers) wanted=$containers ;;
lint) wanted=$lint ;;
fuzz) wanted=$fuzz ;;
deb) wanted=$deb ;;
system) wanted=$system ;;
ci) wanted=$ci ;;
*) echo "usage: $0 build|unit|test|demo|swift|bench|peers|containers|lint|fuzz|deb|system|ci" >&2; exit 64 ;;
esac

if [ "${2:-}" = --list ]; then
    echo "$wanted"
    exit 0
fi

missing=
for package in $wanted; do
    case " $missing " in *" $package "*) continue ;; esac
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
    installed) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
echo "Installing distribution packages:$missing"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
