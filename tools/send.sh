#!/bin/sh
# Sends a handful of realistic events to the running collector: send.sh BINDIR. They name the sender of tests, which
# nobody waits for when it is silent, where INDEX_FIELDS looks for the sender.
set -u
setting() { sed -n "s/^$1=//p" .env 2>/dev/null | tail -n 1; }
port=${PORT:-$(setting PORT | sed 's/^\([0-9]*\).*/\1/')}
# As in `uid=cn, sender=gateway`; of `*:gateway` the name is enough.
element=$(printf '%s' "${INDEX_FIELDS:-$(setting INDEX_FIELDS)}" | tr ',' '\n' | tr -d ' \t\r' |
    sed -n 's/^sender=\(\*:\)\{0,1\}//p' | tail -n 1)
exec "$1/acmsim" --host "${HOST:-127.0.0.1}" --port "${port:-8080}" --count "${COUNT:-10}" --seed "$$" \
    --sender cn=eventspool-test --sender-element "${element:-plasectrxGatewayDN}"
