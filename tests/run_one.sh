#!/bin/sh
# Runs one test program for run.sh: run_one.sh BUILD NAME. Every test prints a line in TAP: `ok`, `ok ... # SKIP reason` or
# `not ok`; a program that dies, hangs or says nothing of a test counts as one failed test. All lines of a program that
# failed are shown, and of another one those of its tests.
set -u
build=$1
name=$2
out=$build/test
file=$out/$(echo "$name" | tr / -)
limit=1200

[ ! -e "$out/stopped" ] || exit 0
case $name in
unit/tools/*) set -- sh "tests/$name.sh" ;;
unit/*) set -- "$build/$name" ;;
model/*) set -- "$build/model/${name#model/test_}" ;;
*) set -- env PYTHONPATH=tests python3 -B -u "tests/$name.py" ;;
esac

# The program has a directory and a session of its own: a Ctrl-C reaches run.sh alone, which passes it on, once. At the limit
# the program gets what Ctrl-C would send, so that it ends what it has started; what is left after it is killed.
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/eventspool-test.XXXXXX")
chmod 711 "$TMPDIR" # a test may run a program as nobody
export TMPDIR
started=$(date +%s%3N)
setsid timeout --foreground --signal=INT --kill-after=60 $limit "$@" >"$file.log" 2>&1 </dev/null &
session=$!
echo $session >"$file.pid"
wait $session
status=$?
rm "$file.pid"
took=$(($(date +%s%3N) - started))
kill -KILL "-$session" 2>/dev/null
awk -v within="$TMPDIR/" 'index($2, within) == 1 { print $2 }' /proc/mounts | xargs -r umount
rm -rf "$TMPDIR"

if [ $status -eq 124 ] || [ $status -eq 137 ]; then
    echo "not ok - $name: took longer than $limit s" >>"$file.log"
elif [ -e "$out/stopped" ]; then
    echo "not ok - $name: stopped" >>"$file.log"
elif [ $status -ne 0 ] && ! grep -q '^not ok' "$file.log"; then
    echo "not ok - $name: ended with $status" >>"$file.log"
elif ! grep -Eq '^(not )?ok' "$file.log"; then
    echo "not ok - $name: says nothing of any test" >>"$file.log"
fi

report() {
    if grep -q '^not ok' "$file.log"; then
        echo "# $name"
        cat "$file.log"
    else
        sed -n "s|^ok [0-9]* *-* *|ok - $name: |p" "$file.log"
    fi
    echo "$took $name" >>"$out/times"
    { echo "# $name"; cat "$file.log"; } >>"$build/test.log"
}
exec 9>"$out/lock"
flock 9 # one program's lines at a time
report
