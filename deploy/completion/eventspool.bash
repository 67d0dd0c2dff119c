# Completion for bash of `eventspool`: subcommands, their second words, options, words and files. It keeps no list: the
# command itself says what there is (`eventspool --commands`). Installed to share/bash-completion/completions/eventspool;
# without that package, `source` this file.

# The words that may stand next, one a line; FILE: the name of a file. From the table on the standard input.
_eventspool_next() { # PROGRAM FIRST SECOND PREVIOUS: "" for what is not there (yet)
    awk -F '\t' -v program="$1" -v first="$2" -v second="$3" -v previous="$4" '
        $2 != "command" || (program != "" && $1 != program) { next }
        program == "" && $3 == "run" { next } # of a service: it is run by its program
        {
            parts = split($3, name, " ")
            if (first == "") { print name[1]; next }
            if (parts == 2 && name[1] == first && second == "") { print name[2]; next }
            if ($3 != first && $3 != first " " second) next
            count = split($4, word, /[][ ]+/)
            for (i = 1; i <= count; i++) {
                if (word[i] ~ /^-/) options = options "\n" word[i]
                else if (word[i] == "FILE") options = options "\nFILE"
                if (previous !~ /^-/ || word[i] != previous || word[i + 1] ~ /^(-.*)?$/) continue
                value = word[i + 1]
            }
            options = options "\n--help"
        }
        END {
            if (value ~ /[|]/) gsub(/[|]/, "\n", value)
            else if (value != "") value = value == "FILE" ? value : "-" # something that only its writer knows
            print value != "" ? value : options
        }' | sort -u
}

_eventspool() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local at=1 program='' candidates first='' second=''
    COMPREPLY=()

    # Options before the subcommand. bash makes three words of --env-file=FILE.
    while [[ ${COMP_WORDS[at]} == @(--env-file|--defaults) && $at -lt $COMP_CWORD ]]; do
        [[ ${COMP_WORDS[at + 1]} == '=' ]] && at=$((at + 1))
        at=$((at + 2))
    done
    [[ $current == '=' ]] && current=''
    if [[ $at -gt $COMP_CWORD ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi

    local is_first=$((at == COMP_CWORD))
    case ${COMP_WORDS[at]} in
    help) [[ $at -lt $COMP_CWORD ]] && at=$((at + 1)) ;;
    collector | uploader) [[ $at -lt $COMP_CWORD ]] && program=${COMP_WORDS[at]} at=$((at + 1)) ;;
    acmsim) [[ $at -lt $COMP_CWORD ]] && return ;;
    esac
    [[ $at -lt $COMP_CWORD ]] && first=${COMP_WORDS[at]}
    [[ $((at + 1)) -lt $COMP_CWORD ]] && second=${COMP_WORDS[at + 1]}
    candidates=$("${COMP_WORDS[0]/#\~/$HOME}" --commands 2>/dev/null |
        _eventspool_next "$program" "$first" "$second" "$previous")
    [[ $is_first == 1 ]] && candidates+=$'\n--defaults\n--env-file\n--help\n--version'
    if [[ $'\n'$candidates$'\n' == *$'\n'FILE$'\n'* && $current != -* ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi
    candidates=$(grep -vx -e FILE -e - <<<"$candidates")
    mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$current")
}
complete -F _eventspool eventspool
