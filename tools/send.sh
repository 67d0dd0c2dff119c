#!/bin/sh
# Sends a handful of realistic events to the collector: send.sh BINDIR. The port, the address and the sender's element are
# what `eventspool` makes of the environment and of .env, as for the collector. The events name the sender of tests, which
# nobody waits for when it is silent, where INDEX_FIELDS looks for the sender. SEND_HOST and COUNT are this script's own.
set -u
settings=$("$1/eventspool" collector config) || exit
value_of() { printf '%s\n' "$settings" | sed -n "s/^$1=//p" | head -n 1; }
port=$(value_of PORT)
host=${SEND_HOST:-$(value_of BIND_HOST)}
host=${host#\[} # around an IPv6 address
host=${host%\]}
case $host in 0.0.0.0 | ::) host=127.0.0.1 ;; esac
# As in `uid=cn, sender=gateway`; of `*:gateway` the name is enough.
element=$(value_of INDEX_FIELDS | tr ',' '\n' | tr -d ' \t\r' | sed -n 's/^sender=\(\*:\)\{0,1\}//p' | tail -n 1)

# Their own element is EVENT.
if ! value_of EVENT_ELEMENT | tr ',' '\n' | grep -qE '^[[:blank:]]*(\*:)?EVENT[[:blank:]]*$'; then
    echo "make send: EVENT_ELEMENT is $(value_of EVENT_ELEMENT), and these events are EVENT: they will be rejects." \
        "\`eventspool verify\` sends one that fits" >&2
fi

report=$("$1/acmsim" --host "$host" --port "$port" --count "${COUNT:-10}" --seed "$$" \
    --sender cn=eventspool-test --sender-element "${element:-plasectrxGatewayDN}" 2>&1)
code=$?
case $code,$report in
0,*) printf '%s\n' "$report" ;;
*"Connection refused"*)
    echo "make send: nothing listens on $host, port $port: start eventspool with \`make run\`, then repeat this" >&2 ;;
*) printf '%s\n' "$report" >&2 ;;
esac
exit $code
