#!/bin/sh
# Installs the distribution packages that a step needs: deps.sh STEP, one of those below. Says what it will install first;
# does nothing, fast, when all is there. apt only; sudo when not root.
set -eu

build="gcc make pkg-config libc6-dev libxml2-dev libsqlite3-dev libcurl4-openssl-dev libevent-dev libssl-dev libcjson-dev zlib1g-dev sqlite3 ca-certificates"
unit="$build libcmocka-dev python3 python3-botocore"
test="$unit curl jq libxml2-utils strace openssl procps util-linux python3 ceph-common ceph-mon ceph-osd radosgw faketime prometheus chromium chromium-driver"
command -v npm >/dev/null || test="$test nodejs npm" # where it comes from elsewhere, Debian's would be in its way
swift="$build curl procps python3 swift-proxy swift-account swift-container swift-object memcached"
bench="$build python3 strace valgrind"
containers="curl docker.io docker-compose debootstrap jq python3 sqlite3 procps"
lint="$unit clang clang-format clang-tidy cppcheck"
fuzz="$build clang libclang-rt-dev"
ci="$test $lint $fuzz git"

case ${1:-} in
build) wanted=$build ;;
unit) wanted=$unit ;;
test) wanted=$test ;;
swift) wanted=$swift ;;
bench) wanted=$bench ;;
containers) wanted=$containers ;;
lint) wanted=$lint ;;
fuzz) wanted=$fuzz ;;
ci) wanted=$ci ;;
*) echo "usage: $0 build|unit|test|swift|bench|containers|lint|fuzz|ci" >&2; exit 64 ;;
esac

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
