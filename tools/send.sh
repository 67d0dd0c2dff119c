#!/bin/sh
# Sends a handful of realistic events to the running collector: send.sh BINDIR.
set -u
port=${PORT:-$(sed -n 's/^PORT=\([0-9]*\).*/\1/p' .env 2>/dev/null | tail -n 1)}
exec "$1/acmsim" --host "${HOST:-127.0.0.1}" --port "${port:-8080}" --count "${COUNT:-10}" --seed "$$"
