#!/bin/sh
# Copies standard input, and the first place of OLD, which must be one line's text, becomes NEW. The exit code is 1 if there is none.
#
#     break_line.sh OLD NEW <FILE >COPY
OLD=$1 NEW=$2 awk '
    { at = done ? 0 : index($0, ENVIRON["OLD"]) }
    at { $0 = substr($0, 1, at - 1) ENVIRON["NEW"] substr($0, at + length(ENVIRON["OLD"])); done = 1 }
    { print }
    END { exit !done }'
