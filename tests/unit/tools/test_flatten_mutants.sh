#!/bin/sh
# test_flatten_mutants -- what takes an event apart is broken in a copy, and the tests of it must find it: those of its
# results, or the comparison of its two readers. Every change is checked: one that applies no longer fails. Nothing is
# changed in the tree.
#
#     MUTANTS="no_trim short_number"     only these
#     MUTANTS_PART=1             all; else one of so many (6), MUTANTS_TURN= says which. That each applies is always checked.
set -u
tree=$PWD
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
number=0
seen=0
part=${MUTANTS_PART:-6}
[ -z "${MUTANTS:-}" ] || part=1
turn=${MUTANTS_TURN:-$(($(date +%s) % part))}
[ "$part" -eq 1 ] || echo "# MUTANTS_TURN=$turn of $part"
flags="-std=gnu11 -D_GNU_SOURCE -O1 -w -I$tree -isystem /usr/include/libxml2"
tests="test_json test_flatten test_flatten_readers"

compile() { # INTO-DIRECTORY FILE...
    into=$1
    shift
    for file; do ${CC:-gcc} $flags -c "$file" -o "$into/$(basename "$file" .c).o" || return 1; done
}

# The copies are compiled plainly, whatever MODE is tested: what is shown is that the tests see a broken rule.
mkdir "$build/plain" "$build/copy" "$build/tests"
for name in flatten members plain_reader sax_reader shape_json json metadata; do compile "$build/plain" uploader/render/$name.c || exit 1; done
compile "$build/plain" common/buf.c common/why.c common/printable.c common/utf8.c common/clock.c common/xml/plain.c common/xml/shapes.c tests/support/chance.c || exit 1
for name in $tests; do compile "$build/tests" tests/unit/uploader/$name.c || exit 1; done

# Runs the tests with the objects of a directory, and prints the first one that fails. The exit code is 0 if all pass.
run_tests() { # DIRECTORY
    for name in $tests; do
        ${CC:-gcc} "$1"/*.o "$build/tests/$name.o" -lcmocka -lxml2 -o "$1/$name" || return 0
        CMOCKA_MESSAGE_OUTPUT=STDOUT FLATTEN_TOKENS=2 FLATTEN_MUTATIONS=2000 timeout 60 "$1/$name" >"$1/log" 2>&1 && continue
        echo "$name: $(sed -n 's/^\[  FAILED  \] \([a-z_0-9]*\)$/\1/p' "$1/log" | head -n 1)"
        return 1
    done
}

# mutant NAME FILE OLD NEW: the first place of OLD, which must be one line's text, becomes NEW in a copy of FILE.
mutant() {
    case " ${MUTANTS:-$1} " in *" $1 "*) ;; *) return ;; esac
    seen=$((seen + 1))
    rm -rf "${build:?}/copy"
    cp -R "$build/plain" "$build/copy"
    copy=$build/copy/$(basename "$2")
    sh tests/support/break_line.sh "$3" "$4" <"$2" >"$copy" || {
        number=$((number + 1))
        echo "not ok $number - mutant $1 no longer applies to $2"
        return
    }
    [ $((seen % part)) -eq "$turn" ] || return
    number=$((number + 1))
    if ! compile "$build/copy" "$copy"; then
        echo "not ok $number - mutant $1 does not compile"
    elif caught=$(run_tests "$build/copy"); then
        echo "not ok $number - mutant $1 is not caught"
    else
        echo "ok $number - mutant $1 is caught by $caught"
    fi
}

if [ -z "${MUTANTS:-}" ]; then
    number=1
    if run_tests "$build/plain"; then echo "ok 1 - all as it is passes"; else echo "not ok 1 - something as it is fails"; fi
fi

reader=uploader/render/plain_reader.c
mutant rest_ignored $reader "xml_plain_len(&plain) == len" "xml_plain_len(&plain) > 0"
mutant guess_believed $reader "return len > 0 && xml_plain_len(&plain) == len;" "return len > 0;"
mutant references_kept $reader "if (content->is_literal) return" "if (true) return"
mutant text_behind_lost $reader "add_run(members, &tag->text);" ";"
mutant between_kept_raw $reader "if (!run->is_literal)" "if (false)"
mutant never_closed $reader "case XML_PLAIN_END: members_end_element(members); break;" "case XML_PLAIN_END: break;"

gather=uploader/render/flatten.c
mutant half_cleared $gather "if (*is_plain) return true;" "return *is_plain || sax_reader_read(f->sax, xml);"
mutant learned_always $gather "if (is_plain) shape_json_learn" "shape_json_learn"
mutant growth $gather "FLATTEN_GROWTH * len + FLATTEN_SLACK" "FLATTEN_GROWTH * len + FLATTEN_SLACK + 1"
mutant work $gather "FLATTEN_GROWTH * len + WORK_SLACK" "FLATTEN_GROWTH * len + WORK_SLACK - 1"

members=uploader/render/members.c
mutant no_trim $members "xml_trim(text, len);" "*len = xml_len_without_end(*text, *len);"
mutant space_is_less $members "|| xml_len_without_end(text, len) > 0" "|| (len > 0 && text[len - 1] != ' ')"
mutant value_free $members "    m->bytes += len;" ""
mutant key_hashed_only $members "entry->key.len == len && memcmp(" "entry->key.len == len || memcmp("
mutant stale_count $members "    m->event++;" "    m->event = 1;"
mutant lost_when_grown $members "if (old[i].event != m->event) continue;" "if (i % 2) continue;"
mutant short_number $members "if (nth > 1)" "if (nth > 2)"
mutant number_from_zero $members '"[%zu]", nth' '"[%zu]", nth - 1'
mutant no_slash $members 'extend_key(m, key, "/", 1);' ';'
mutant renamed_inside $members "m->depth <= 1 && !name->prefix" "!name->prefix"
mutant root_not_renamed $members "m->depth <= 1 && !name->prefix" "m->depth == 1 && !name->prefix"
mutant prefix_renamed $members "m->depth <= 1 && !name->prefix" "m->depth <= 1"
mutant pieces_joined_wrong $members "last->at + last->len == m->own.len" "true"
mutant piece_lost $members "for (size_t i = entry->first_more; i != NONE;" "for (size_t i = entry->last_more; i != NONE;"
mutant parent_always_member $members "(index != ROOT && !entry->has_children)" "index != ROOT"
mutant root_member $members "(index != ROOT && !entry->has_children)" "!entry->has_children"
mutant limit_key $members "return m->bytes <= m->most_bytes;" "return m->bytes < m->most_bytes;"
mutant limit_written $members "if (bytes <= most_bytes) return true;" "if (bytes < most_bytes) return true;"
mutant comma_left $members "    *to = object_before;" ""
mutant bytes_left $members "    to->out->len = len_before;" ""

shape=uploader/render/shape_json.c
mutant shape_untrimmed $shape "    xml_trim(&text, &len);" ""
mutant shape_references_kept $shape "if (!run->is_literal) {" "if (false) {"
mutant shape_old_text $shape "        buf_clear(&s->scratch);" ""
mutant shape_behind_the_quote $shape "(uint32_t)known->json.len - 1;" "(uint32_t)known->json.len;"
mutant shape_comma $shape "to->is_empty ? 1 : 0" "0"
mutant shape_rest_ignored $shape "|| event.len != len) return false;" ") return false;"
mutant shape_growth $shape "known->key_bytes + len <= most_bytes" "true"
mutant shape_renames $shape "known->renames_collisions == renames_collisions && " ""
mutant shape_pretty $shape "&& known->is_pretty == to->is_pretty" ""
mutant shape_parent_member $shape "if (entry.has_children) continue;" ""
mutant shape_text_of_another $shape "if (tag->kind != XML_PLAIN_END) s->elements++;" "if (tag->kind == XML_PLAIN_LEAF) s->elements++;"
mutant shape_keys_unbounded $shape "known->key_bytes <= SHAPE_JSON_KEYS_MAX" "true"
mutant shape_tail_lost $shape "known->json.len - at);" "1);"
mutant shape_alone common/xml/shapes.c "if (is_alone || !is_white(&tag->text))" "if (!is_white(&tag->text))"
mutant shape_of_mixed_text common/xml/shapes.c "if (is_alone || !is_white(&tag->text))" "if (is_alone)"

json=uploader/render/json.c
mutant quote_raw $json "| find_less(word ^ ONES * '\"', 1)" ""
mutant backslash_raw $json "| find_less(word ^ ONES * '\\\\', 1)" ""
mutant control_raw $json "find_less(word, ' ')" "find_less(word, 0x1F)"
mutant end_unread $json "load_word(text + len - sizeof(uint64_t))" "load_word(text)"

echo "1..$number"
