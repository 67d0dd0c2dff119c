#!/bin/sh
# Runs the tests and ends with `N passed, N failed`, and `, N skipped` if some were: run.sh BUILD [unit]. Every test
# prints a line in TAP: `ok`, `ok ... # SKIP reason` or `not ok`; a program that dies, hangs or says nothing counts as
# one failed test.
set -u
build=$1
what=${2:-all}
log=$build/test.log
export BUILD="$build" BIN="$build/bin" CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}" UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="${TSAN_OPTIONS:-suppressions=$PWD/tests/support/tsan.supp history_size=4}"
: >"$log"

# Runs one program of tests, shows its lines, and notes a death that its own lines do not tell. At the time limit it
# gets what Ctrl-C would send, so that it ends what it has started; in the foreground, so that a real Ctrl-C reaches it.
run() {
    name=$1
    shift
    timeout --foreground --signal=INT --kill-after=60 1200 "$@" >"$log.one" 2>&1
    status=$?
    [ $status -eq 124 ] && echo "not ok - $name: took longer than 1200 s" >>"$log.one"
    if [ $status -ne 0 ] && ! grep -q '^not ok' "$log.one"; then
        echo "not ok - $name: ended with $status" >>"$log.one"
    elif ! grep -Eq '^(not )?ok' "$log.one"; then
        echo "not ok - $name: says nothing of any test" >>"$log.one"
    fi
    if grep -q '^not ok' "$log.one"; then cat "$log.one"; else grep '^ok' "$log.one" | sed "s|^ok [0-9]* *-* *|ok - $name: |"; fi
    cat "$log.one" >>"$log"
    rm -f "$log.one"
}

for source in tests/unit/*/test_*.c; do # not what lies in the build: some of it may have no source any more
    name=${source#tests/unit/}
    run "${name%.c}" "$build/unit/${name%.c}"
done
for test in tests/tools/test_*.sh; do
    run "$(basename "$test" .sh)" sh "$test"
done
if [ "$what" = all ]; then
    for test in tests/e2e/test_*.py tests/crash/test_*.py; do
        run "$(basename "$test" .py)" python3 -B -u "$test"
    done
fi

skipped=$(grep -c '^ok.* # SKIP' "$log")
passed=$(($(grep -c '^ok' "$log") - skipped))
failed=$(grep -c '^not ok' "$log")
echo
if [ "$skipped" -eq 0 ]; then echo "$passed passed, $failed failed"; else echo "$passed passed, $failed failed, $skipped skipped"; fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
