# An engine: a person's, if one answers, else one of our own, which leaves the host as it was. That one lives in one
# directory. It builds in the host's network, with no bridge and no rule of the packet filter. Then it is started again in a
# network namespace of its own, where it has all of these as on a person's host, and beside it there is a second namespace
# that plays the rest of the world:
#
#     the host's namespace, where the engine is    192.0.2.1
#     the world                                    192.0.2.2
#
# All of that goes with the processes that hold the namespaces.

engine=             # process id of our own engine; empty: a person's
host=               # process id that holds the network namespace of our engine
world=              # process id that holds the world's
build_network=${BUILD_NETWORK:-default}
engine_dir=${ENGINE_DIR:-$work/engine}

is_own_engine() { [ -n "$engine" ]; }
# on_host COMMAND..., in_world COMMAND...: in the network of the engine's host, and in that of another machine.
on_host() { if [ -n "$host" ]; then nsenter --net="/proc/$host/ns/net" "$@"; else "$@"; fi; }
in_world() { nsenter --net="/proc/$world/ns/net" "$@"; }
# The same for a process in the background, which `kill $!` then ends: it takes the place of the shell.
become_on_host() { if [ -n "$host" ]; then exec nsenter --net="/proc/$host/ns/net" "$@"; else exec "$@"; fi; }
become_in_world() { exec nsenter --net="/proc/$world/ns/net" "$@"; }
# An address of the host that is not its loopback: the engine passes on what comes to it without its proxy.
host_address() { if [ -n "$host" ]; then echo 192.0.2.1; else hostname -I | cut -d' ' -f1; fi; }

run_dockerd() {
    on_host setsid dockerd --data-root "$engine_dir/data" --exec-root "$engine_dir/run" -p "$engine_dir/pid" \
        -H "$DOCKER_HOST" "$@" >"$engine_dir/log" 2>&1 &
    until_true 60 docker version || { tail -n 5 "$engine_dir/log"; exit 1; }
    engine=$(cat "$engine_dir/pid")
}
stop_dockerd() {
    kill "$engine" 2>/dev/null || true
    until_true 30 test ! -e "/proc/$engine" || kill -9 "$engine"
    engine=
}

import_base() {
    ! docker image inspect debian:bookworm-slim >/dev/null 2>&1 || return 0
    if [ -n "${BASE_TAR:-}" ]; then
        must sh -c "docker import - debian:bookworm-slim <'$BASE_TAR'"
        return
    fi
    ! docker pull -q debian:bookworm-slim >/dev/null 2>&1 || return 0
    print_line "no registry answers: making debian:bookworm-slim with debootstrap"
    must debootstrap --variant=minbase bookworm "$work/base"
    must sh -c "tar -C '$work/base' -c . | docker import - debian:bookworm-slim"
    rm -rf "$work/base"
}

# start_engine: one that can build.
start_engine() {
    ! docker version >/dev/null 2>&1 || return 0
    if [ "$(id -u)" != 0 ] || ! command -v dockerd >/dev/null; then
        print_line "no engine answers, and starting one takes root and dockerd"
        exit 1
    fi
    print_line "no engine answers: starting one in $engine_dir"
    mkdir -p "$engine_dir"
    export DOCKER_HOST=unix://$engine_dir/docker.sock
    run_dockerd --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false
    build_network=host      # having no bridge, it lets no build reach the packages else
    import_base
}

holds_namespace() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

# isolate_engine: all is built; our own engine goes on in a network of its own.
isolate_engine() {
    is_own_engine || return 0
    stop_dockerd
    unshare --net sleep infinity &
    host=$!
    unshare --net sleep infinity &
    world=$!
    must until_true 10 holds_namespace $host
    must until_true 10 holds_namespace $world
    on_host sh -euc "ip link set lo up; ip link add lan type veth peer name lan netns $world
        ip addr add 192.0.2.1/24 dev lan; ip link set lan up; ip route add default via 192.0.2.2"
    in_world sh -euc "ip link set lo up; ip addr add 192.0.2.2/24 dev lan; ip link set lan up"
    run_dockerd
}

end_engine() {
    is_own_engine || return 0
    docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1 || true
    docker network prune -f >/dev/null 2>&1 || true
    stop_dockerd
    [ -z "$host" ] || kill "$host" "$world"
    awk -v dir="$engine_dir/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount || true
}
