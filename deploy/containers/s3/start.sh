#!/bin/bash
# Runs Ceph's radosgw with one monitor and one store under /var/lib/s3, until it gets SIGTERM or one of them ends. At its
# first start it makes the store, the user whose keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are, and BUCKET_NAME.
set -eu
dir=/var/lib/s3
store=$dir/store
export CEPH_CONF=$store/ceph.conf
admin() { ceph --connect-timeout 2 "$@"; }

# until_true WHAT COMMAND...: tries for a minute.
until_true() {
    local what=$1 _
    shift
    for _ in $(seq 300); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.2
    done
    echo "s3: $what does not come up" >&2
    exit 1
}

write_configuration() {
    cat >"$CEPH_CONF" <<C
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = [v2:127.0.0.1:3300,v1:127.0.0.1:6789]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth allow insecure global id reclaim = false
keyring = $store/admin.keyring
run dir = /tmp/s3
admin socket = /tmp/s3/\$name.\$pid.asok
log to file = false
log to stderr = false
mon cluster log to file = false
err to stderr = true
ms bind ipv6 = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
[mon]
keyring = $store/mon/keyring
mon data = $store/mon
mon data avail crit = 1
mon data avail warn = 2
[osd]
keyring = $store/osd/keyring
osd data = $store/osd
osd objectstore = bluestore
bluestore block size = ${S3_SIZE:-10737418240}
bluestore block create = true
bluestore block path =
osd memory target = 939524096
bluestore cache size = 67108864
osd op num shards = 2
osd class update on start = false
osd numa auto affinity = false
osd fast shutdown = false
[client]
rgw frontends = beast endpoint=0.0.0.0:7480
rgw thread pool size = 32
rgw data = $store/rgw
C
}

make_keyrings() {
    ceph-authtool --create-keyring "$store/mon.keyring" --gen-key -n mon. --cap mon 'allow *'
    ceph-authtool --create-keyring "$store/admin.keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' \
        --cap mgr 'allow *'
    ceph-authtool "$store/mon.keyring" --import-keyring "$store/admin.keyring"
    ceph-mon --mkfs -i a --keyring "$store/mon.keyring" \
        --fsid "$(awk '$1 == "fsid" { print $3 }' "$CEPH_CONF")"
}

make_osd() {
    local id
    id=$(cat /proc/sys/kernel/random/uuid)
    admin osd new "$id" 0
    admin auth get-or-create osd.0 mon 'allow profile osd' osd 'allow *' mgr 'allow profile osd' -o "$store/osd/keyring"
    ceph-osd -i 0 --mkfs --osd-uuid "$id"
    admin osd crush add osd.0 1.0 host=s3 root=default
}

make_bucket() {
    radosgw-admin user create --uid=eventspool --display-name=eventspool --access-key="$AWS_ACCESS_KEY_ID" \
        --secret-key="$AWS_SECRET_ACCESS_KEY" >/dev/null
    curl -sf -o /dev/null -X PUT -H "x-amz-content-sha256: $(printf '' | sha256sum | cut -d' ' -f1)" \
        --aws-sigv4 aws:amz:us-east-1:s3 -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" "http://127.0.0.1:7480/$BUCKET_NAME"
}

stop() {
    local pid
    trap - TERM INT
    for pid in $rgw $osd $mon; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    exit "$1"
}

mon='' osd='' rgw=''
trap 'stop 0' TERM INT
mkdir -p /tmp/s3
[ -e "$dir/complete" ] || rm -rf "$store"       # the first start was interrupted
is_new=
if [ ! -e "$CEPH_CONF" ]; then
    is_new=yes
    mkdir -p "$store"/{mon,osd,rgw}
    write_configuration
    make_keyrings
fi
ceph-mon -i a -f &
mon=$!
until_true "the monitor (ceph-mon)" admin mon stat
[ -z "$is_new" ] || make_osd
ceph-osd -i 0 -f &
osd=$!
until_true "the store (ceph-osd)" sh -c 'ceph --connect-timeout 2 osd stat | grep -q "1 up"'
radosgw -n client.admin -f &
rgw=$!
until_true "the gateway (radosgw)" curl -s -o /dev/null http://127.0.0.1:7480/
if [ -n "$is_new" ]; then
    make_bucket
    touch "$dir/complete"
fi
echo "s3: ready, bucket $BUCKET_NAME"
wait -n || true
echo "s3: a part of it has ended" >&2
stop 1
