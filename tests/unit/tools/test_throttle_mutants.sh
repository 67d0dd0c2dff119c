#!/bin/sh
# test_throttle_mutants -- each rule of the throttle is broken in a copy, and random worlds must find it. Every change is
# checked: one that applies no longer fails. Nothing is changed in the tree.
#
#     MUTANT_WORLDS=2000        how many worlds each copy may take until it is caught
set -u
worlds=${MUTANT_WORLDS:-1500}
policy=uploader/ship/throttle_policy.c
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
number=0

# Links the worlds with a policy, and runs them. The exit code is theirs.
run_worlds() { # FILE
    ${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O1 -w -I. -o "$build/worlds" "$1" tests/unit/uploader/test_throttle_worlds.c \
        tests/support/chance.c -lcmocka || return 0
    TEST_SEED=${TEST_SEED:-20140610} THROTTLE_WORLDS=$worlds timeout 120 "$build/worlds" >"$build/log" 2>&1
}

# mutant NAME OLD NEW: the first place of OLD, which must be one line's text, becomes NEW in a copy.
mutant() {
    number=$((number + 1))
    sh tests/support/break_line.sh "$2" "$3" <"$policy" >"$build/copy.c" || {
        echo "not ok $number - mutant $1 no longer applies"
        return
    }
    if run_worlds "$build/copy.c"; then
        echo "not ok $number - mutant $1 is not caught in $worlds worlds"
    else
        promise=$(sed -n 's/.* s: \([^;]*\);.*/\1/p' "$build/log" | head -1)
        echo "ok $number - mutant $1 is caught: ${promise:-it does not run}"
    fi
}

number=1
if run_worlds "$policy"; then echo "ok 1 - the throttle as it is passes"; else echo "not ok 1 - the throttle as it is fails"; fi
mutant idle_is_busy "is_quiet || is_space_low" "is_space_low"
mutant space_unheard "is_quiet || is_space_low" "is_quiet"
mutant never_hurries "policy->is_behind ? THROTTLE_HURRYING" "false ? THROTTLE_HURRYING"
mutant always_hurries "is_growing && backlog->oldest_age" "backlog->oldest_age"
mutant no_floor "policy->floor = policy->share = least" "policy->share = least"
mutant floor_stays "policy->floor -= policy->floor / FLOOR_PARTS;" ""
mutant late_unheard "if (late_us > THROTTLE_LATE_US && share > half)" "if (false)"
mutant never_more "if (late_us <= THROTTLE_TIMELY_US)" "if (false)"
mutant below_the_least "return most(share * 3 / 4, lowest);" "return share * 3 / 4;"
mutant large_steps "THROTTLE_SHARE_ALL / 64" "THROTTLE_SHARE_ALL / 2"

echo "1..$number"
