# Two identities: what each program is, holds, reads and reaches.

# Process 1 is the program itself, is nobody of importance and cannot become anybody.
is_confined() { # SERVICE UID GROUPS
    inside "$1" cat /proc/1/status >"$work/status"
    same "$(awk '$1 == "Name:" { print $2 }' "$work/status")" "$1"
    same "$(awk '$1 == "Uid:" || $1 == "Gid:" { print $2, $3, $4, $5 }' "$work/status" | sort -u)" "$2 $2 $2 $2"
    same "$(awk '$1 == "Groups:" { $1 = ""; print }' "$work/status" | xargs -n 1 | sort -u | xargs)" "$3"
    same "$(awk '/^Cap/ { print $2 }' "$work/status" | sort -u)" 0000000000000000
    same "$(awk '$1 == "NoNewPrivs:" { print $2 }' "$work/status")" 1
    same "$(inspect "$1" '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Privileged}}')" "true false"
    at_least "$(inspect "$1" '{{.HostConfig.Memory}}')" 100000000
    same "$(inspect "$1" '{{.HostConfig.PidsLimit}}')" 128
}
writes_nowhere_else() { fails inside "$1" sh -c "echo >/usr/local/bin/x || echo >/etc/x || echo >/x"; }
uploader_has_keys() {
    environment uploader | has_line AWS_ACCESS_KEY_ID=a-key-of-the-test
    has_key_file uploader
}
has_key_file() { same "$(inside "$1" cat /run/secrets/aws_secret_access_key)" a-secret-in-a-file; }
collector_has_none() {
    environment collector >"$work/environment"
    running_environment collector >>"$work/environment"
    has_line SPOOL_PATH=$spool <"$work/environment"
    prints_nothing awk '/^(AWS_|ALERT_|HEARTBEAT_)/' "$work/environment"
    prints_nothing inside collector sh -c "ls /run/secrets 2>/dev/null || true"
    prints_nothing inspect collector '{{range .Mounts}}{{if ne .Destination "/var/lib/eventspool"}}{{.Destination}}{{end}}{{end}}'
}
# Nobody in the collector's container sees a process of the uploader, root of that container neither.
sees_no_uploader() { prints_nothing inside collector sh -c "cat /proc/[0-9]*/comm | grep uploader || true"; }
# The exit of a connection attempt from SERVICE to ADDRESS PORT is 0 if somebody answers.
connects() { timeout 10 docker exec "$(cat "$work/$1.id")" timeout 3 bash -c "</dev/tcp/$2/$3" 2>/dev/null; }
looks_up() { timeout 20 docker exec "$(cat "$work/$1.id")" timeout 15 getent hosts "$2"; }
# What is planted in the spool's folder, where both may write, is nobody's home and nobody's working directory.
planted_files_are_ignored() {
    inside collector sh -c "mkdir -p /var/lib/eventspool/.aws && cd /var/lib/eventspool &&
        echo 'LOG_LEVEL=planted' >.env && echo '.shell touch /tmp/planted' >.sqliterc &&
        printf '[default]\nregion = planted\n' | tee .aws/config >.aws/credentials"
    inside uploader eventspool config >"$work/config"
    lacks "$work/config" -i planted
    inside uploader sqlite3 -readonly $spool "SELECT 1" >/dev/null
    fails inside uploader test -e /tmp/planted
}

same_source() { same "$(ask_spool "SELECT source FROM events ORDER BY id DESC LIMIT 1")" "$1"; }

# A listener in the network namespace by which it is reached: it says nothing.
listen_at() { # in_world|on_host ADDRESS
    become_$1 python3 -c "import socket, time
s = socket.create_server(('$2', 9999))
while True: s.accept()[0].close()" &
    listeners="$listeners $!"
    until_true 10 $1 bash -c "</dev/tcp/$2/9999"
}
listeners=

echo a-secret-in-a-file >"$checkout/secrets/aws_secret_access_key"
export BUCKET_NAME=a-bucket AWS_REGION=eu-central-1 AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_ACCESS_KEY_ID=a-key-of-the-test
up
check "the collector is process 1, without privileges" is_confined collector 10001 10001
check "the uploader is process 1, without privileges, and another user" is_confined uploader 10002 "10001 10002"
check "the collector writes nowhere but into the spool's folder" writes_nowhere_else collector
check "nor does the uploader" writes_nowhere_else uploader
check "the uploader gets the credentials" uploader_has_keys
check "the collector gets none" collector_has_none
check "the collector's container shows no process of the uploader" sees_no_uploader
check "files that one program plants in the spool's folder are nobody's settings" planted_files_are_ignored
check "with a bucket the program's own interval applies" runs_with uploader ROTATION_INTERVAL=
check "a bucket that does not answer leaves the uploader alive" same "$(inspect uploader '{{.RestartCount}}')" 0
check "the collector does not reach the uploader" fails connects collector "$(address uploader)" 8082
check "the collector looks up no names" fails looks_up collector www.example.com
if is_own_engine; then
    must listen_at in_world 192.0.2.2
    must listen_at on_host 192.0.2.1
    check "the uploader reaches other machines" connects uploader 192.0.2.2 9999
    check "the collector does not" fails connects collector 192.0.2.2 9999
    check "an appliance of another machine reaches the collector" \
        in_world bash -c "echo '<EVENT><cn>ffff000000000002</cn></EVENT>' >/dev/tcp/192.0.2.1/$(published collector 8080)"
    check "and is known by its own address, so ALLOW_FROM works" until_true 10 \
        same_source 192.0.2.2
    check "the status is not published to other machines" \
        fails in_world timeout 3 bash -c "</dev/tcp/192.0.2.1/$(published collector 8081)"
    # docs/containers.md says so, and which two rules end it.
    check "without a rule of the packet filter the collector reaches what listens on this host" connects collector 192.0.2.1 9999
    on_host iptables -I DOCKER-USER -i "$SENDERS_BRIDGE" ! -o "$SENDERS_BRIDGE" -m conntrack --ctstate NEW -j DROP
    on_host iptables -I INPUT -i "$SENDERS_BRIDGE" -m conntrack --ctstate NEW -j DROP
    check "with it, it does not" fails connects collector 192.0.2.1 9999
    check "nor by its gateway" fails connects collector "$(gateway collector)" 9999
    check "and other machines neither" fails connects collector 192.0.2.2 9999
    check "events still arrive from the host" send_from_host
    check "and from other machines" \
        in_world bash -c "echo '<EVENT><cn>ffff000000000003</cn></EVENT>' >/dev/tcp/192.0.2.1/$(published collector 8080)"
    check "all of them are events" until_true 10 has_received 3
fi
kill $listeners 2>/dev/null || true
