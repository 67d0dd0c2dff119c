# Counts what is claimed, and waits for conditions.

passed=0
failed=0

print_line() { printf '%s\n' "$*"; }

# check SENTENCE COMMAND...: counts, and says what the command printed only when it failed. Not inside an `if`: a command
# of several steps shall end at the first that fails.
check() {
    local sentence=$1 output status
    shift
    set +e
    output=$(set -e; "$@" 2>&1)
    status=$?
    set -e
    if [ $status = 0 ]; then
        passed=$((passed + 1))
        print_line "ok      $sentence"
    else
        failed=$((failed + 1))
        print_line "FAILED  $sentence"
        printf '%.2000s\n' "$output"
    fi
}

# until_true SECONDS COMMAND...: waits for a condition; 1 when the time is over.
until_true() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || { print_line "not in time: $*"; return 1; }
        sleep 0.2
    done
}

# must COMMAND...: without it nothing further makes sense.
must() {
    "$@" >"$work/step.log" 2>&1 && return
    tail -n 40 "$work/step.log"
    print_line "cannot go on: $*"
    exit 1
}

same() { [ "$1" = "$2" ] || { print_line "$1 is not $2"; return 1; }; }
at_most() { [ "$1" -le "$2" ] || { print_line "$1 is more than $2"; return 1; }; }
at_least() { [ "$1" -ge "$2" ] || { print_line "$1 is less than $2"; return 1; }; }
fails() { ! "$@" || { print_line "it succeeded: $*"; return 1; }; }
prints_nothing() {
    local output
    output=$("$@")
    [ -z "$output" ] || { print_line "$output"; return 1; }
}
# lacks FILE GREP_ARGUMENT...: no line of it matches.
lacks() {
    test -s "$1"
    prints_nothing sh -c 'file=$1; shift; grep "$@" "$file" || [ $? = 1 ]' sh "$@"
}
has_line() { grep -xF -- "$1" >/dev/null; }
