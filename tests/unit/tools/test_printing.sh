#!/bin/sh
# test_printing -- tools/printing.sh on small made-up trees.
set -u
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
number=0

line() { # FILE LINE: a file of the made-up tree that is this line
    mkdir -p "$tree/$(dirname "$1")"
    printf '%s\n' "$2" >"$tree/$1"
}

# printing.sh must accept the tree ("accepted"), or report exactly this and fail. Then a new tree begins.
expect() {
    number=$((number + 1))
    reported=$(sh tools/printing.sh "$tree" 2>&1) && reported="accepted$reported"
    if [ "$reported" = "$2" ]; then echo "ok $number - $1"; else echo "not ok $number - $1: $reported"; fi
    rm -rf "${tree:?}"/*
}

line common/print.c '    (void)fwrite(line.data, 1, line.len, out);'
line uploader/commands/flush.c '    print_line(stderr, "uploader: %s", why.text);'
line uploader/ship/flush.c '    (void)snprintf(text, sizeof text, "%s", from);'
line collector/main.c '    (void)fputs("Do it? ", stdout);'
expect "lines of print.h, texts in memory and constant texts pass" accepted

line uploader/commands/check.c '    (void)printf("%s", why.text);'
expect "a call of printf is reported" 'uploader/commands/check.c:1:    (void)printf("%s", why.text);'

line collector/net/conn.c 'fputs(text, stderr);'
expect "a foreign text by fputs is reported" 'collector/net/conn.c:1:fputs(text, stderr);'

