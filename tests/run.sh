#!/bin/sh
# Runs the tests and ends with `N passed, N failed`: run.sh BUILD [unit]. Every test prints a line in TAP: `ok` or
# `not ok`; a program that dies counts as one failed test.
set -u
build=$1
what=${2:-all}
log=$build/test.log
export BUILD="$build" BIN="$build/bin" CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}" UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="${TSAN_OPTIONS:-suppressions=tests/support/tsan.supp history_size=4}"
: >"$log"

# Runs one program of tests, shows its lines, and notes a death that its own lines do not tell.
run() {
    name=$1
    shift
    "$@" >"$log.one" 2>&1
    status=$?
    if [ $status -ne 0 ] && ! grep -q '^not ok' "$log.one"; then
        echo "not ok - $name: ended with $status" >>"$log.one"
    fi
    if grep -q '^not ok' "$log.one"; then cat "$log.one"; else grep '^ok' "$log.one" | sed "s|^ok [0-9]* *-* *|ok - $name: |"; fi
    cat "$log.one" >>"$log"
    rm -f "$log.one"
}

for test in "$build"/unit/test_*; do
    case $test in *.d | *.o) continue ;; esac
    run "$(basename "$test")" "$test"
done
if [ "$what" = all ]; then
    for test in tests/e2e/test_*.py tests/crash/test_*.py; do
        run "$(basename "$test" .py)" python3 -B -u "$test"
    done
fi

passed=$(grep -c '^ok' "$log")
failed=$(grep -c '^not ok' "$log")
echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
