# The profile monitoring: Prometheus reads both programs, has the rules, and is published for this machine alone.

ask_prometheus() { on_host curl -sf -m 5 "http://127.0.0.1:$PROMETHEUS_PORT/api/v1/$1"; }
targets_up() { ask_prometheus 'query?query=up' | jq -r '[.data.result[] | select(.value[1] == "1")] | length'; }
both_are_up() { same "$(targets_up)" 2; }
rules() { ask_prometheus rules | jq '[.data.groups[].rules[] | select(.health != "err")] | length'; }
received_metric() { ask_prometheus 'query?query=eventspool_events_received_total' | jq -r '.data.result[0].value[1]'; }
has_metric() { same "$(received_metric)" "$1"; }
firing() { ask_prometheus alerts | jq -r '.data.alerts[] | select(.state == "firing") | .labels.alertname'; }

export UPLOADER_STATUS_PORT=8082 PROMETHEUS_PORT=19090
must compose --profile monitoring up -d
must until_true 60 all_healthy
check "Prometheus reads both programs" until_true 60 both_are_up
check "its rules are loaded" at_least "$(rules)" 20
check "events are taken" send --count 25
check "and counted" until_true 60 has_metric 25
check "it is published on 127.0.0.1 alone" same "$(compose --profile monitoring port prometheus 9090)" 127.0.0.1:19090
check "nothing is wrong" prints_nothing firing
