# The limits of memory: both programs live with as much as the settings let them take.

is_alive() { # SERVICE: neither killed for memory nor started again
    same "$(inspect "$1" '{{.State.OOMKilled}} {{.RestartCount}} {{.State.Running}}')" "false 0 true"
}
peak_mib() { awk '$1 == "VmHWM:" { print int($2 / 1024) }' "/proc/$(inspect "$1" '{{.State.Pid}}')/status"; }
rejects() { ask_spool "SELECT count(*) FROM rejects"; }

start_store well
export ROTATION_INTERVAL=3600 UPLOADER_STATUS_PORT=0
# 96M of events in an object, two at once: what UPLOADER_MEMORY=256m is said to be enough for. The events of 500,000 bytes make
# as much intake as 64M let in.
export MAX_FILE_SIZE=96M
up
must compose stop uploader
load() { on_host python3 -B "$here/memory_load.py" 127.0.0.1 "$(published collector 8080)" 240 2; }
check "240 senders with 1,000,000 bytes each, all at once and twice" load
check "all are kept" until_true 120 has_received 480
check "none of them is a reject" same "$(rejects)" 0
check "the collector lives at its limit" is_alive collector
print_line "collector: peak $(peak_mib collector) MiB of $(($(inspect collector '{{.HostConfig.Memory}}') / 1048576))"
check "its memory was used" at_least "$(peak_mib collector)" 50
check "it is healthy" healthy collector
must compose start uploader
check "all is shipped, in objects of 96 MiB" until_true 180 inside uploader eventspool flush
check "the uploader lives at its limit" is_alive uploader
print_line "uploader: peak $(peak_mib uploader) MiB of $(($(inspect uploader '{{.HostConfig.Memory}}') / 1048576))"
check "two objects were in its memory" at_least "$(peak_mib uploader)" 190
check "each event is in exactly one object" bucket_has_each_event_once 1
