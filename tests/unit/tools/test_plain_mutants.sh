#!/bin/sh
# test_plain_mutants -- each rule of the pass over plain events is broken in a copy, and the comparison with libxml2 must find
# it. Every change is checked: one that applies no longer fails. Nothing is changed in the tree.
#
#     MUTANTS="no_nul cr_stays"     only these
#     MUTANTS_PART=1             all; else one of so many (8), MUTANTS_TURN= says which. That each applies is always checked.
set -u
tree=$PWD
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
number=0
seen=0
part=${MUTANTS_PART:-8}
[ -z "${MUTANTS:-}" ] || part=1
turn=${MUTANTS_TURN:-$(($(date +%s) % part))}
[ "$part" -eq 1 ] || echo "# MUTANTS_TURN=$turn of $part"
mutants=0
caught=0
flags="-std=gnu11 -D_GNU_SOURCE -O1 -w -isystem /usr/include/libxml2"
# The comparison is small at first, and as large as in CI where that is not enough.
few="2 2000"
export BIN="${BIN:-build/release/bin}"

# The copies are compiled plainly, whatever MODE is tested: what is shown is that the comparison sees a broken rule.
compile() { # FROM-DIRECTORY INTO-DIRECTORY NAME...
    from=$1
    into=$2
    shift 2
    printf '%s\n' "$@" | xargs -P "$(nproc)" -I {} sh -c "${CC:-gcc} $flags -I'$from' -I'$tree' -c '$from/{}.c' -o '$into/'\$(echo {} | tr / -).o"
}

# The comparison as a program of what lies in a directory.
link() { # DIRECTORY
    ${CC:-gcc} "$1"/*.o -lcmocka -lxml2 -o "$1/plain"
}

# Until the first test that fails. The exit code is 0 only if none does.
run() { # DIRECTORY [SIZES]
    program=$1/plain
    shift
    {
        CMOCKA_TEST_ABORT=1 timeout 120 "$program" "$@" 2>&1
        echo "ended $?"
    } | LC_ALL=C awk '{ print } /^\[  ERROR/ || /^ended [^0]/ { exit 1 }' >>"$build/log"
}

mkdir "$build/plain" "$build/copy"
sources=$(ls collector/framing/*.c common/xml/*.c | sed 's/\.c$//')
compile "$tree" "$build/plain" $sources common/buf common/utf8 common/why common/printable \
    tests/support/chance tests/support/segments tests/support/account tests/support/pieces \
    tests/model/test_plain tests/model/comparison tests/model/outcome tests/model/plain_stream tests/model/plain_strings \
    tests/model/plain_tree tests/model/portable_event tests/model/portable_plain tests/model/portable_shapes &&
    link "$build/plain" || exit 1

# What is compiled again when a file changes.
needs() { # FILE
    case $1 in
    common/xml/plain.h)
        echo common/xml/plain tests/model/portable_plain common/xml/shapes tests/model/portable_shapes \
            collector/framing/plain_event tests/model/portable_event
        ;;
    common/xml/shapes.c) echo common/xml/shapes tests/model/portable_shapes ;;
    collector/framing/column_text.h)
        echo collector/framing/column_text collector/framing/columns collector/framing/parser \
            collector/framing/plain_event tests/model/portable_event
        ;;
    common/xml/*) echo common/xml/plain tests/model/portable_plain ;;
    collector/framing/plain_event.c) echo collector/framing/plain_event tests/model/portable_event ;;
    *) echo "${1%.c}" ;;
    esac
}

# The first thing that the comparison has found; a crash says nothing.
explain() { # LOG
    said=$(grep -aEo '(^input [0-9]+: |in a stream: ).*' "$1" | sed 's/^input [0-9]*: //' | head -n 1)
    echo "${said:-it stops}"
}

# mutant NAME FILE OLD NEW: the first place of OLD, which must be one line's text, becomes NEW in a copy of FILE.
mutant() {
    case " ${MUTANTS:-$1} " in *" $1 "*) ;; *) return ;; esac
    seen=$((seen + 1))
    copy=$build/copy
    rm -rf "${copy:?}"
    mkdir -p "$copy/objects" "$copy/common/xml" "$copy/collector/framing" "$copy/tests/model"
    sh tests/support/break_line.sh "$3" "$4" <"$2" >"$copy/$2" || {
        number=$((number + 1))
        echo "not ok $number - mutant $1 no longer applies to $2"
        return
    }
    [ $((seen % part)) -eq "$turn" ] || return
    number=$((number + 1))
    mutants=$((mutants + 1))
    for name in $(needs "$2"); do [ -f "$copy/$name.c" ] || cp "$name.c" "$copy/$name.c"; done
    cp "$build"/plain/*.o "$copy/objects"
    : >"$build/log"
    if ! compile "$copy" "$copy/objects" $(needs "$2") || ! link "$copy/objects"; then
        echo "not ok $number - mutant $1 does not compile"
    elif run "$copy/objects" $few && run "$copy/objects"; then
        echo "not ok $number - mutant $1 is not caught"
    else
        caught=$((caught + 1))
        echo "ok $number - mutant $1 is caught: $(explain "$build/log")"
    fi
}

if [ -z "${MUTANTS:-}" ]; then
    number=1
    if run "$build/plain" $few; then
        echo "ok 1 - the pass as it is agrees with libxml2"
    else
        echo "not ok 1 - the pass as it is differs from libxml2"
        cat "$build/log"
    fi
fi

plain=common/xml/plain.c
limits=common/xml/plain.h
scan=common/xml/scan.h
shapes=common/xml/shapes.c
event=collector/framing/plain_event.c
column=collector/framing/column_text.c
inside=collector/framing/inside.c

# Limits.
mutant longer_element $plain "(len < XML_PLAIN_MAX ? len : XML_PLAIN_MAX)" "(len <= XML_PLAIN_MAX ? len : XML_PLAIN_MAX + 1)"
mutant shorter_element $limits "XML_PLAIN_MAX       65536" "XML_PLAIN_MAX       65535"
mutant deeper $plain "p->depth < XML_PLAIN_DEPTH_MAX" "p->depth <= XML_PLAIN_DEPTH_MAX"
mutant less_deep $plain "p->depth < XML_PLAIN_DEPTH_MAX" "p->depth < XML_PLAIN_DEPTH_MAX - 1"
mutant longer_name $plain "len <= XML_PLAIN_NAME_MAX" "len <= XML_PLAIN_NAME_MAX + 1"
mutant shorter_name $plain "len <= XML_PLAIN_NAME_MAX" "len < XML_PLAIN_NAME_MAX"
mutant eleven_digits $plain "at - first <= XML_PLAIN_DIGITS_MAX" "at - first <= XML_PLAIN_DIGITS_MAX + 1"
# References.
mutant low_controls $plain "return character == '\\t' || character == '\\n' || character == '\\r' ||" "return character < 0x20 ||"
mutant no_tab $plain "return character == '\\t' || " "return "
mutant unit_separator $plain "(character >= 0x20 &&" "(character >= 0x1F &&"
mutant no_blank $plain "(character >= 0x20 &&" "(character > 0x20 &&"
mutant first_surrogate $plain "character <= 0xD7FF" "character <= 0xD800"
mutant last_surrogate $plain "character >= 0xE000" "character >= 0xDFFF"
mutant no_private_use $plain "character >= 0xE000" "character > 0xE000"
mutant fffe $plain "character <= 0xFFFD" "character <= 0xFFFE"
mutant no_fffd $plain "character <= 0xFFFD" "character < 0xFFFD"
mutant ffff $plain "character >= 0x10000 " "character >= 0xFFFF "
mutant overflow $plain "if (*character > 0x10FFFF) return NULL;" ""
mutant hexadecimal_always $plain "read_number(at + 2, end, 10, character)" "read_number(at + 2, end, 16, character)"
mutant large_x $plain "at[2] == 'x' ?" "(at[2] | 0x20) == 'x' ?"
mutant no_semicolon $plain "at < end && *at == ';'" "at < end"
mutant small_digits_only $plain "(uint32_t)(c - 'A') + 10" "(uint32_t)(c - 'A') + 9"
mutant other_entity $plain '{"&gt;", 4, '"'>'}" '{"&gt;", 4, '"'<'}"
mutant entity_of_html $plain '{"&lt;", 4, '"'<'}," '{"&nbsp;", 6, '"' '}, {\"&lt;\", 4, '<'},"
mutant entity_unfinished $plain '{"&amp;", 5, ' '{"&amp", 4, ' 
mutant utf8_of_three $plain "character < 0x800 ? 2" "character <= 0x800 ? 2"
mutant utf8_first_byte $plain "0xF00 >> len" "0xE00 >> len"
# Tags.
mutant anything_begins $plain "len > 0 && *text == '<' ? XML_PLAIN_READING : XML_PLAIN_NOT_SURE" "len > 0 ? XML_PLAIN_READING : XML_PLAIN_NOT_SURE"
mutant end_of_memory $plain "if (p->at + 1 == p->end) return NULL;" ""
mutant end_by_length $plain "|| memcmp(at + 2, name, len) != 0) return NULL;" ") return NULL;"
mutant end_by_beginning $plain "|| memcmp(at + 2, name, len) != 0" "|| memcmp(at + 2, name, len - 1) != 0"
mutant end_unclosed $plain "|| at[2 + len] != '>' " ""
mutant empty_unclosed $plain "return at[1] == '>' ? at + 2 : NULL;" "return at + 2;"
mutant ends_early $plain "if (p->depth > 0) return read_between" "if (p->depth > 1) return read_between"
mutant name_start $plain "return c >= 'A';" "return true;"
# Text.
mutant no_bracket $plain "? NULL : at + 1; /* 2.4 forbids it */" "? at + 1 : at + 1;"
mutant bracket_overread $plain "p->end - at >= 3 && at[1]" "at[1]"
mutant no_controls $plain "default: return (unsigned char)*at < 0x20 ? NULL" "default: return *at == 0 ? NULL : (unsigned char)*at < 0x20 ? at + 1"
mutant nul $plain "default: return" "case 0: return at + 1; default: return"
mutant raw_fffe $plain "if (len == 0 || xml_forbidden_len(at, len) > 0) return NULL;" "if (len == 0) return NULL;"
mutant invalid_utf8 $plain "if (len == 0 || xml_forbidden_len(at, len) > 0) return NULL;" "if (len == 0) len = 1;"
mutant character_cut_by_the_end $plain "utf8_char_len(at, (size_t)(p->end - at))" "utf8_char_len(at, 4)"
mutant cr_between_stays $plain "has_cr |= *at == '\\r';" ";"
mutant ascii_unnoticed $plain "p->is_ascii = false;" ""
mutant cr_stays $plain "case '\\r': *is_literal = false; return at + 1;" "case '\\r': return at + 1;"
mutant reference_stays $plain "case '&': *is_literal = false;" "case '&':"
mutant crlf_is_two $plain "at[1] == '\\n' ? 2 : 1" "at[1] == '\\n' ? 1 : 1"
mutant cr_takes_all $plain "at[1] == '\\n' ? 2 : 1" "at[1] > 0 ? 2 : 1"
# Columns.
mutant column_longer collector/framing/column_text.h "text[EVENT_FIELD_MAX]" "text[EVENT_FIELD_MAX + 1]"
mutant column_shorter $column "size_t space = sizeof column->text - column->len;" "size_t space = sizeof column->text - 1 - column->len;"
mutant column_cut_inside $column "if (column->is_cut) len = utf8_whole_len(text, space);" "if (column->is_cut) len = space;"
mutant column_cut_goes_on $column "column->is_cut = len > space;" "column->is_cut = false; if (len > space) len = utf8_whole_len(text, space);"
mutant column_front_untrimmed $column "while (len > 0 && xml_is_space(*text)) text++, len--;" ";"
mutant column_end_untrimmed $column "while (len > 0 && xml_is_space(column->text[len - 1])) len--;" ""
mutant column_trimmed_always $column "if (column->len == 0)" "if (true)"
mutant last_child_counts $event "|| plain->filled[i]) continue;" ") continue;"
mutant one_column_each $event "plain->filled[i] = text;" "plain->filled[i] = text; break;"
mutant column_of_grandchild $event "} else if (depth == CHILD_DEPTH) {" "} else if (depth > EVENT_DEPTH) {"
mutant text_behind_a_leaf $event "if (column) add_run(column, &tag->content);" "if (column) add_run(column, &tag->content), add_run(column, &tag->text);"
mutant text_of_a_child_lost $event "if (plain->open) add_run(plain->open, &tag->text);" ""
mutant names_by_length $event "if (memcmp(name->text, tag->name, name->len) != 0) continue;" ""
mutant any_prefix_unread $event "if (strncmp(element, \"*:\", 2) == 0) element += 2;" ""
mutant last_column_only $event "plain->may_fill[hash_of(element, strlen(element))] = true;" "plain->may_fill[hash_of(element, strlen(element))] = i == 0;"
mutant old_columns $event "memset(plain->filled, 0, sizeof plain->filled);" ""
# In a stream.
mutant own_name_is_no_mark $event "bool is_own = tag.name == text + 1;" "bool is_own = tag.name_len == 5;"
mutant marks_unseen $event "if (marks && !is_own && tag.kind != XML_PLAIN_END && is_mark(marks, &tag)) return 0;" ""
mutant any_encoding $event "if (!transcode_is_utf8(encoding) && !is_ascii_name(encoding)) return 0;" ""
mutant ascii_with_high_bytes $event "return is_ascii || !is_ascii_name(encoding) ? event_len : 0;" "return event_len;"
mutant beyond_the_ceiling $inside "text.len < most ? text.len : (size_t)most" "text.len"
mutant behind_a_doctype $inside "|| f->event.has_doctype || f->reader.coding" "|| f->reader.coding"
# Shapes that are known.
mutant shape_by_length $shapes "&& memcmp(at, markup + nodes[child].at, len) == 0" ""
mutant shape_by_beginning $shapes "memcmp(at, markup + nodes[child].at, len) == 0" "memcmp(at, markup + nodes[child].at, len - 1) == 0"
mutant shape_read_behind $shapes "len <= (size_t)(end - at) && " ""
mutant shape_ascii_unnoticed $event "is_known ? shaped.is_ascii :" "is_known ? true :"
mutant shape_parent_fills $event "if (text && number == XML_SHAPES_NONE) xml_shapes_give_up(plain->shapes);" ""
mutant shape_old_columns $event "if (!is_there) plain->next.texts[i] = XML_SHAPES_NONE;" ""
mutant shape_column_stays $event "if (known->texts[i] != XML_SHAPES_NONE) fill" "if (known->texts[i] != XML_SHAPES_NONE && i > 0) fill"
# Both forms of the scan.
mutant text_ampersand $scan "c != '<' && c != '&' && c != ']'" "c != '<' && c != ']'"
mutant text_delete $scan "(unsigned char)c < 0x80 && c != '<'" "(unsigned char)c != 0x80 && c != '<'"
mutant name_colon $scan "c == '-' || c == '.';" "c == '-' || c == '.' || c == ':';"
if echo | ${CC:-gcc} -dM -E - | grep -q __SSE2__; then
    mutant sse2_brace $scan "'a', 'z');" "'a', '{');"
    mutant sse2_comma $scan "'-', '9'));" "',', '9'));"
    mutant sse2_slash $scan "_mm_andnot_si128(_mm_cmpeq_epi8(bytes, xml_scan_all('/')), " "_mm_and_si128(xml_scan_all(-1), "
    mutant sse2_letter_case $scan "_mm_or_si128(bytes, xml_scan_all(0x20)), 'a', 'z')" "_mm_or_si128(bytes, xml_scan_all(0x60)), 'a', 'z')"
    mutant sse2_controls $scan "_mm_cmplt_epi8(bytes, xml_scan_all(' '))" "_mm_cmplt_epi8(bytes, xml_scan_all('\\x1F'))"
    mutant sse2_bracket $scan "_mm_cmpeq_epi8(bytes, xml_scan_all(']'))" "_mm_cmpeq_epi8(bytes, xml_scan_all('['))"
    mutant sse2_last_byte $scan "_mm_movemask_epi8(named) & 0xFFFF" "_mm_movemask_epi8(named) & 0x7FFF"
fi
mutant portable_high_name $scan "(~named | word) & XML_SCAN_HIGH" "~named & XML_SCAN_HIGH"
mutant portable_high_text $scan "(word & XML_SCAN_HIGH));" "0);"
mutant portable_mask $scan "(word - XML_SCAN_ONES * limit) & ~word & XML_SCAN_HIGH" "(word - XML_SCAN_ONES * limit) & XML_SCAN_HIGH & 0x0080808080808080u"
mutant portable_limit $scan "xml_scan_find_less(word, ' ')" "xml_scan_find_less(word, '\\x1F')"
mutant portable_digits $scan "xml_scan_find_range(ascii, '0', '9')" "xml_scan_find_range(ascii, '/', '9')"
mutant portable_range $scan "(0x7F - last)" "(0x7E - last)"
mutant reads_behind $scan "while (end - at >= XML_SCAN_BYTES) {" "while (end - at >= XML_SCAN_BYTES - 1) {"

echo "# $caught of $mutants are caught"
echo "1..$number"
