#!/bin/sh
# Runs test programs, JOBS at once (default: two for each core, as most of them wait), and ends with `N passed, N failed[, N skipped]`.
#
#     tests/run.sh BUILD                         every test
#     tests/run.sh BUILD unit e2e/test_disk      those whose name under tests/ begins so
#
# The longest of the last run start first. BUILD/test.log gets what all have printed, BUILD/test.times how long each took.
# Ctrl-C or SIGTERM is passed on to the programs that run, which then end what they have started; this script waits for them.
set -u
build=$1
shift
jobs=${JOBS:-$((2 * $(nproc)))}
out=$build/test
export BUILD="$build" BIN="$build/bin" CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}" UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="${TSAN_OPTIONS:-suppressions=$PWD/tests/support/tsan.supp history_size=4}"

# From the sources: some of what lies in the build may have no source any more.
list_programs() {
    find tests/crash tests/e2e tests/model tests/unit -name 'test_*.c' -o -name 'test_*.py' -o -name 'test_*.sh' | sed -E 's|^tests/||; s|[.][a-z]+$||' | sort
}

is_wanted() { # NAME PREFIX...; without a prefix, all are
    name=$1
    shift
    [ $# -gt 0 ] || return 0
    for prefix; do
        case $name in "$prefix"*) return 0 ;; esac
    done
    return 1
}

# Of a program that was never run: by the length of its source, and before all others if it starts processes.
last_milliseconds() {
    case $1 in
    crash/* | e2e/* | unit/tools/*) unknown=$((3600000 + $(cat "tests/$1".* | wc -c))) ;;
    *) unknown=0 ;;
    esac
    awk -v name="$1" -v ms=$unknown '$2 == name { ms = $1 } END { print ms }' "$build/test.times"
}

rm -rf "$out"
mkdir -p "$out"
touch "$build/test.times"
for program in $(list_programs); do
    if is_wanted "$program" "$@"; then echo "$(last_milliseconds "$program") $program"; fi
done | sort -k1,1rn -k2 | cut -d' ' -f2 >"$out/queue"
: >"$out/times"
: >"$build/test.log"

stop() {
    trap '' INT TERM
    echo "stopping what runs" | tee "$out/stopped"
    for file in "$out"/*.pid; do
        [ ! -f "$file" ] || kill -INT "$(cat "$file")"
    done
}
trap stop INT TERM
xargs -a "$out/queue" -P "$jobs" -n 1 sh tests/run_one.sh "$build" &
wait $! || wait $! # the first one ends when a signal comes

# Programs that were not run this time keep their times.
cat "$out/times" "$build/test.times" | awk '!seen[$2]++' >"$out/times.all" && mv "$out/times.all" "$build/test.times"
echo
echo "# the slowest:"
sort -rn "$out/times" | head -n 10 | awk '{ printf "# %7.1f s  %s\n", $1 / 1000, $2 }'

skipped=$(grep -c '^ok.* # SKIP' "$build/test.log")
passed=$(($(grep -c '^ok' "$build/test.log") - skipped))
failed=$(grep -c '^not ok' "$build/test.log")
echo
if [ "$skipped" -eq 0 ]; then echo "$passed passed, $failed failed"; else echo "$passed passed, $failed failed, $skipped skipped"; fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] && [ ! -e "$out/stopped" ]
