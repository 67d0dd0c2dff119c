#!/bin/sh
# test_scheduler_mutants -- each rule of the scheduler is broken in a copy, and random worlds must find it. Every change is
# checked: one that applies no longer fails. Nothing is changed in the tree.
#
#     MUTANT_WORLDS=2000        how many worlds each copy may take until it is caught
#     MUTANTS="no_floor late_wake"     only these
set -u
worlds=${MUTANT_WORLDS:-1500}
seed=${TEST_SEED:-20140610}
tree=$PWD
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
number=0
flags="-std=gnu11 -D_GNU_SOURCE -O1 -w"

# The copies are compiled plainly, whatever MODE is tested: what is shown is that the worlds see a broken rule.
sources="rest backoff groups scheduler_state scheduler_next scheduler_end"
compile() { # FROM-DIRECTORY INTO-DIRECTORY NAME...
    from=$1
    into=$2
    shift 2
    for name; do ${CC:-gcc} $flags -I"$tree" -c "$from/$name.c" -o "$into/$name.o" || return 1; done
}

mkdir "$build/plain" "$build/copy" "$build/worlds"
compile uploader/ship "$build/plain" $sources || exit 1
compile tests/support/worlds "$build/worlds" draw history pile promises promises_wait view weather world || exit 1
compile tests/support "$build/worlds" chance || exit 1
compile tests/unit/uploader "$build/worlds" test_scheduler_worlds || exit 1

# Links the worlds with the objects of a directory, and runs them. The exit code is theirs.
run_worlds() { # DIRECTORY
    ${CC:-gcc} "$1"/*.o "$build"/worlds/*.o -lcmocka -o "$1/worlds" || return 0
    TEST_SEED=$seed SCHEDULER_WORLDS=$worlds SCHEDULER_STRETCHES=2 SCHEDULER_REFUSED=100 timeout 120 "$1/worlds" >"$1/log" 2>&1
}

# mutant NAME FILE OLD NEW: the first place of OLD, which must be one line's text, becomes NEW in a copy of FILE.
mutant() {
    case " ${MUTANTS:-$1} " in *" $1 "*) ;; *) return ;; esac
    number=$((number + 1))
    rm -rf "${build:?}/copy"
    cp -R "$build/plain" "$build/copy"
    rm "$build/copy/$2.o"
    sh tests/support/break_line.sh "$3" "$4" <"uploader/ship/$2.c" >"$build/copy/$2.c" || {
        echo "not ok $number - mutant $1 no longer applies to $2.c"
        return
    }
    if ! compile "$build/copy" "$build/copy" "$2"; then
        echo "not ok $number - mutant $1 does not compile"
    elif run_worlds "$build/copy"; then
        echo "not ok $number - mutant $1 is not caught in $worlds worlds"
    else
        promise=$(sed -n 's/.* s: \([a-z]*\): .*/\1/p' "$build/copy/log" | sort | uniq -c | sort -rn | awk '{ print $2; exit }')
        echo "ok $number - mutant $1 is caught: ${promise:-it stops}"
    fi
}

if [ -z "${MUTANTS:-}" ]; then
    number=1
    if run_worlds "$build/plain"; then echo "ok 1 - the scheduler as it is passes"; else echo "not ok 1 - the scheduler as it is fails"; fi
fi

# 1. Work-conserving.
mutant no_seal_ahead scheduler_next "if (state->rest.state == REST_WELL && state->scouts.state == REST_WELL) return true;" ""
mutant late_wake scheduler_next "if (at > now && at < *due) *due = at;" "if (at > now && at + 5000 < *due) *due = at + 5000;"
mutant group_left_open scheduler_state "if (group != NO_GROUP) scheduler_close_group(s, group, 0, now);" ""
# 2. Bounded rest.
mutant long_rest rest "rest->until = now + backoff_ms(rest->backoff, rest->failures, failure->any);" \
    "rest->until = now + 2 * backoff_ms(rest->backoff, rest->failures, failure->any);"
mutant asked_for_hours rest "failure->asked_ms < REST_ASKED_MAX_MS ? failure->asked_ms : REST_ASKED_MAX_MS;" "failure->asked_ms;"
mutant asked_unheard rest "if (asked_ms > 0 && now + asked_ms > rest->asked_until)" "if (asked_ms < 0)"
mutant refusal_keeps_outage scheduler_end "return answer->is_from_store ? LEARN_WORKS : LEARN_NOTHING;" "return LEARN_NOTHING;"
mutant signature_unseen scheduler_end "return answer->is_authentic ? LEARN_WORKS : LEARN_NOTHING;" "return LEARN_NOTHING;"
mutant old_silence rest "(failure->is_silent && a_try->began < rest->well_at);" "false;"
# 3. Groups.
mutant group_never_opens groups "rest_succeed(&group->rest, a_try, now);" ""
mutant group_never_closes groups "group->refused > group->taken" "false"
mutant group_without_rest groups "rest_fail(&group->rest, a_try, &(struct rest_failure){.any = any}, now);" ";"
mutant same_representative scheduler_next "if (!b || a->tried != b->tried) return !b || a->tried < b->tried;" "if (!b) return true;"
mutant blame_everybody scheduler_end "if (entry->failures == 0 || entry->failed_scope != scope) return scope;" ""
mutant blame_nobody scheduler_end "return taken_began >= entry->ended_at ? SCOPE_BATCH : scope;" "return scope;"
mutant blame_by_old scheduler_end "if (r->a_try.began > s->taken_began) s->taken_began = r->a_try.began;" "s->taken_began = now;"
mutant known_trouble_spreads scheduler_end "|| is_known_trouble(s, r, &answer->cause)) return" ") return"
# 4. Order.
mutant newest_first scheduler_next "return a->first_id != b->first_id ? a->first_id < b->first_id" \
    "return a->first_id != b->first_id ? a->first_id > b->first_id"
mutant no_turn scheduler_next "if (s->kinds[kind].starts >= GROUP_TURN - 1) entry = refused;" ""
mutant always_their_turn scheduler_next "if (s->kinds[kind].starts >= GROUP_TURN - 1) entry = refused;" "entry = refused;"
mutant off_kind_sent scheduler_next "(!s->options.is_on[entry->kind] && !entry->may_be_stored)" "false"
# 5. Floor.
mutant no_floor rest "if (rest->state == REST_RESTING) return rest->until;" "if (rest->state == REST_RESTING) return rest->failed_at;"
mutant hurry_unheard scheduler_state "rest_hurry(&s->endpoint, now);" ""
# 6. Probes.
mutant probes_at_once rest "return rest->state == REST_PROBING ? rest->probe_until : INT64_MIN;" "return INT64_MIN;"
mutant probe_for_ever rest "rest->probe_until = now + REST_PROBE_MS;" "rest->probe_until = now + 100 * REST_PROBE_MS;"
mutant no_spare scheduler_next "return latest + REST_PROBE_MS;" "return INT64_MAX;"
mutant two_spares scheduler_next "if (scheduler_running_count(s) > s->options.workers) return INT64_MAX;" ""
# 7. Scouts.
mutant no_scouts scheduler_next "return c->ahead == c->held && rest_may_try(&state->scouts, now);" "return false;"
mutant scouts_at_once scheduler_next "return c->ahead == c->held && rest_may_try(&state->scouts, now);" "return c->ahead == c->held;"
mutant scouts_beside scheduler_next "return c->ahead == c->held && rest_may_try(&state->scouts, now);" "return rest_may_try(&state->scouts, now);"
mutant too_many_ahead scheduler_next "c->ahead - c->held >= s->options.ahead" "c->ahead - c->held > s->options.ahead"
mutant held_scout scheduler_next "return c->ahead == c->held &&" "return c->ahead == 0 &&"
# Proofs.
mutant no_proof scheduler_next "return has_errand || choose_proof(s, now, step);" "return has_errand;"
mutant proof_too_often scheduler_next "state->rest.state == REST_WELL && now < state->prove_due;" "state->rest.state == REST_WELL && false;"
# Rare: all batches that may be sealed are among those that never get an answer.
usual_seed=$seed usual_worlds=$worlds
seed=20150000 worlds=$((worlds * 4))
mutant no_proof_in_outage scheduler_next "== PROOF_TURN - 1 && choose_proof(s, now, step)) return true;" "== PROOF_TURN) return true;"
seed=$usual_seed worlds=$usual_worlds
# Others.
mutant tried_twice scheduler_next "if (entry->is_running || " "if ("
mutant errand_unasked scheduler_next "bool has_errand = s->errands > 0;" "bool has_errand = s->errands > 0 || now % 1000 == 7;"
mutant settled_stays scheduler_end "if (answer->is_settled) scheduler_forget(s, entry);" ""

echo "1..$number"
