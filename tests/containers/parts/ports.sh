# Ports that are taken: another port for the page, and a clear refusal for the one of events.

# A program of the host takes PORT.
take() {
    become_on_host python3 -c "import socket, time
s = socket.create_server(('$1', $2))
time.sleep(600)" &
    taker=$!
    must until_true 10 on_host bash -c "</dev/tcp/127.0.0.1/$2"
}
page_answers() { same "$(on_host curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$1/")" 200; }
status_answers() { on_host curl -sf -m 5 -o /dev/null "http://127.0.0.1:$1/livez"; }
says_where() { compose logs prepare 2>&1 | grep -F "docker compose port collector 8081"; }
is_refused() {
    compose up -d >"$work/up.log" 2>&1 && return 1
    cat "$work/up.log"
    grep -E "$1.*(address already in use|port is already allocated)" "$work/up.log"
}

is_another() { at_least "$1" 8082 && at_most "$1" 8090; }

taker=
if is_own_engine; then take 127.0.0.1 8081; fi      # on a person's host something else may have it
up
port=$(published collector 8081)
if is_own_engine; then check "a taken port 8081 does not stop it: another one is used" is_another "$port"; fi
check "the page answers there" page_answers "$port"
check "the log says how to find it" says_where
check "all binds to 127.0.0.1" same "$(compose port collector 8081)" "127.0.0.1:$port"
check "a second up changes nothing" compose up -d
check "the container is the same" same "$(compose ps -q collector)" "$(cat "$work/collector.id")"
check "a restart works" restart collector
check "the page answers" until_true 10 status_answers "$(published collector 8081)"
[ -z "$taker" ] || kill $taker
export STATUS_PORT=18099 PORT=18080
up
check "a STATUS_PORT of one's own is the one" status_answers 18099
check "so is a PORT" same "$(published collector 8080)" 18080
must compose down
take 0.0.0.0 18080
check "a taken port of events is an error that names it" is_refused 18080
kill $taker
check "and nothing is left to be undone" compose up -d
check "it comes up once the port is free" until_true 60 all_healthy
