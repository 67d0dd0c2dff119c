#!/bin/bash
# OpenStack Swift with its S3 interface on 127.0.0.1, one server of each kind, from Debian's packages.
# usage: swift.sh start|wipe DIR; SWIFT_PORT and the four ports after it are used. S3 signatures must name the region
# SWIFT_REGION (default RegionOne).
set -eu
CMD=$1; D=$(realpath -m "$2"); PORT=${SWIFT_PORT:-7490}; REGION=${SWIFT_REGION:-RegionOne}
KINDS="account container object proxy"
if [ "$CMD" = wipe ]; then
  for kind in $KINDS cache; do
    [ -s "$D/$kind.pid" ] && kill -9 -- "-$(cat "$D/$kind.pid")" 2>/dev/null || true
  done
  rm -rf "$D"
  exit 0
fi
mkdir -p "$D/disk/d1" "$D/cache"
cat > "$D/swift.conf" <<C
[swift-hash]
swift_hash_path_suffix = spool
C
port=$PORT
for kind in account container object; do
  port=$((port + 1))
  swift-ring-builder "$D/$kind.builder" create 2 1 0 >/dev/null
  swift-ring-builder "$D/$kind.builder" add "r1z1-127.0.0.1:$port/d1" 1 >/dev/null
  swift-ring-builder "$D/$kind.builder" rebalance >/dev/null
  cat > "$D/$kind.conf" <<C
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
workers = 0
user = $(id -un)
swift_dir = $D
devices = $D/disk
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = $kind-server
[app:$kind-server]
use = egg:swift#$kind
C
done
cat > "$D/proxy.conf" <<C
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $PORT
workers = 0
user = $(id -un)
swift_dir = $D
[pipeline:main]
pipeline = catch_errors cache s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$((PORT + 4))
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:s3api]
use = egg:swift#s3api
location = $REGION
s3_acl = false
dns_compliant_bucket_names = false
C
start() { # name, command: in a group of its own, so that its children end with it
  local name=$1; shift
  setsid "$@" >"$D/$name.log" 2>&1 </dev/null & echo $! >"$D/$name.pid"
}
start cache memcached -u "$(id -un)" -l 127.0.0.1 -p $((PORT + 4))
for kind in $KINDS; do
  start "$kind" "swift-$kind-server" "$D/$kind.conf" -v
done
listens() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
for port in $(seq "$PORT" $((PORT + 4))); do
  for _ in $(seq 150); do listens "$port" && continue 2; sleep 0.2; done
  echo "swift.sh: nothing listens on port $port" >&2; tail -n 20 "$D"/*.log >&2; exit 1
done
