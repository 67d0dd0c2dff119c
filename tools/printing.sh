#!/bin/sh
# Foreign text reaches people through print_line() and print_lines() alone (common/print.h), and through the log. Reports each
# other call that prints: printing.sh [DIRECTORY]. Prints nothing and exits with 0 if there is none.
set -eu
cd "${1:-.}"

# Not asked:
#   common/print.c                   it is the one place
#   common/command.c, common/command_table.c, common/config.c   the tables of the program itself, for --help and other programs
#   tools/eventspool/help.c           likewise, from the programs themselves
#   uploader/commands/rejects.c      --raw prints the bytes of a reject as they are
#   uploader/commands/batches_fetch.c  prints an object's bytes as they are stored
#   uploader/commands/status.c       JSON, whose texts status_json.c has made printable
#   fputs("...")                     a text of the program itself
! find common collector uploader tools/eventspool -name '*.c' 2>/dev/null | sort |
    xargs grep -nE '\b(v?f?d?printf|f?puts|f?putc|putchar|fwrite)\(' /dev/null |
    grep -vE '^(common/(print|command|command_table|config)\.c|tools/eventspool/help\.c|uploader/commands/(batches_fetch|rejects|status)\.c):|fputs\("'
