#!/bin/sh
# eventspool SUBCOMMAND: finds the program that owns the subcommand.
libexec=@libexec@
case ${1:-} in
flush | status | batches | resolve | reship | alert) exec "$libexec/uploader" "$@" ;;
rejects) case ${2:-} in retry) exec "$libexec/collector" "$@" ;; *) exec "$libexec/uploader" "$@" ;; esac ;;
tail | new-identity) exec "$libexec/collector" "$@" ;;
check | healthcheck)
    case $1 in check) "$libexec/collector" check ;; *) "$libexec/collector" "$@" ;; esac # --read-only is the uploader's
    collector=$?
    "$libexec/uploader" "$@" || exit $?
    exit $collector
    ;;
config) "$libexec/collector" config && exec "$libexec/uploader" config ;;
--version) exec "$libexec/collector" --version ;;
*)
    echo "usage: eventspool check | config | flush | healthcheck | new-identity | status | tail |"
    echo "       reship | batches list | batches show | resolve | alert test |"
    echo "       rejects list | rejects show | rejects export | rejects dismiss | rejects retry"
    [ "${1:-}" = --help ] || exit 64
    ;;
esac
