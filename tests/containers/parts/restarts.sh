# Fair weather: each service is restarted and gets other settings while a sender goes on that sends again what was not taken.

# It sends from another machine, or on a person's host from there.
start_sender() {
    local port run=become_on_host
    port=$(published collector 8080)
    if is_own_engine; then run=become_in_world; fi
    rm -f "$work/sender.stop"
    : >"$work/taken"
    $run python3 -B "$here/sender.py" "$(host_address)" "$port" "$work/taken" "$work/sender.stop" &
    sender=$!
}
stop_sender() {
    touch "$work/sender.stop"
    wait $sender
}
taken() { wc -l <"$work/taken"; }
has_taken() { at_least "$(taken)" "$1"; }
more_are_taken() { must until_true 60 has_taken $(($(taken) + 100)); }
# Each event that was acknowledged by the end of its connection is in the spool.
all_taken_are_kept() {
    ask_spool "SELECT uid FROM events" | sort -u >"$work/kept"
    prints_nothing sh -c "sort -u '$work/taken' | comm -23 - '$work/kept' | head -n 5"
}
all_received_is_shipped() { same "$(shipped 1)" "$(received)"; }

export ROTATION_INTERVAL=1 PORT=18080       # a port that stays the same in a new container
up
start_sender
more_are_taken
check "the collector restarts while events flow" restart collector
more_are_taken
check "the uploader restarts" restart uploader
more_are_taken
export SILENCE_ALERT=12h
up
check "a changed setting reaches the collector" runs_with collector SILENCE_ALERT=12h
more_are_taken
export MAX_FILE_SIZE=20K
up
check "a changed setting reaches the uploader" runs_with uploader MAX_FILE_SIZE=20K
more_are_taken
must compose up -d --force-recreate
must until_true 60 all_healthy
more_are_taken
must stop_sender
print_line "$(taken) events were taken, $(received) received"
check "all that was read is kept" all_taken_are_kept
check "all is shipped" until_true 60 all_received_is_shipped
check "each event is in exactly one object" each_event_in_one_object 1
