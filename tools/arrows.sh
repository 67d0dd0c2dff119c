#!/bin/sh
# Checks the arrows between the rooms: arrows.sh [DIRECTORY]. Reports each #include that goes against them, and each circle
# of includes between modules (a module is a .c file and its .h). Prints nothing and exits with 0 if all is well.
set -eu
cd "${1:-.}"

# A file lies in the room of its folder, main.c and settings.[ch] each in a room of their own. A room may include itself
# and all rooms behind its arrows; of the rooms in braces none includes another. The same lines: docs/architecture.md.
arrows='
common
collector  main -> commands -> settings -> {net, spool, status} -> {intake, gate}
collector  {net, intake} -> framing
collector  commands -> status -> gate
uploader   main -> commands -> settings -> ship -> {spool, store} -> {render, credentials} -> http -> batch
tools/acmsim
tools/eventspool
'

find common collector uploader tools/acmsim tools/eventspool -name '*.[ch]' 2>/dev/null | sort | ARROWS="$arrows" xargs awk '
# The room of a path: common, collector/net, uploader/main, tools/acmsim; "" for what lies in none.
function room_of(path,    part) {
    split(path, part, "/")
    if (part[1] == "common") return "common"
    if (part[1] == "tools") return part[1] "/" part[2]
    if (part[1] != "collector" && part[1] != "uploader") return ""
    sub(/\.[ch]$/, "", part[2])
    return part[1] "/" part[2]
}

function read_arrows(    lines, count, line, i, program, steps, step, from, f, to, t) {
    count = split(ENVIRON["ARROWS"], lines, "\n")
    for (line = 1; line <= count; line++) {
        if (split(lines[line], steps, / +/) == 0) continue
        program = steps[1]
        is_room[program] = 1
        step = split(substr(lines[line], length(program) + 1), steps, / *-> */)
        for (i = 1; i <= step; i++) {
            gsub(/[{} ]/, "", steps[i])
            split(steps[i], to, ",")
            for (t in to) {
                is_room[program "/" to[t]] = 1
                if (i == 1) continue
                split(steps[i - 1], from, ",")
                for (f in from) arrow[program "/" from[f], program "/" to[t]] = 1
            }
        }
    }
}

# Does an arrow, or a row of arrows, lead from one room to the other?
function leads(from, to,    room) {
    if (from == to || (from, to) in arrow) return 1
    for (room in is_room) if ((from, room) in arrow && leads(room, to)) return 1
    return 0
}

function may_include(from, to) {
    if (to == "common") return from != "tools/acmsim"
    return leads(from, to)
}

# Follows the includes from a module on; `way` has all modules from the first to this one. An include of one of these
# closes a circle.
function follow(module, way,    list, count, i) {
    state[module] = "open"
    count = split(includes[module], list, " ")
    for (i = 1; i <= count; i++) {
        if (state[list[i]] == "open") {
            print "circle of includes:" substr(way " ", index(way " ", " " list[i] " ")) list[i]
            failed = 1
        } else if (!state[list[i]]) {
            follow(list[i], way " " list[i])
        }
    }
    state[module] = "done"
}

BEGIN { read_arrows() }

/^#include "/ {
    split($0, quoted, "\"")
    included = quoted[2]
    if (included !~ /\//) next # made by the build
    from = room_of(FILENAME)
    to = room_of(included)
    if (!(from in is_room) || !may_include(from, to)) {
        print FILENAME ":" FNR ": room " from " may not include " (to == "" ? included : "room " to)
        failed = 1
    }
    module = FILENAME
    sub(/\.[ch]$/, "", module)
    sub(/\.[ch]$/, "", included)
    if (module == included) next
    if (!includes[module]) modules[++module_count] = module
    includes[module] = includes[module] " " included
}

END {
    for (i = 1; i <= module_count; i++) if (!state[modules[i]]) follow(modules[i], " " modules[i])
    exit failed
}
'
