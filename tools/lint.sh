#!/bin/sh
# The arrows between the rooms, what prints, clang-format, clang-tidy, cppcheck, a build with each compiler, and what `make settings`
# generates: each is quiet, or it fails. Each exception says why here or where it stands in the code.
set -eu

echo "arrows"
sh tools/arrows.sh

echo "printing"
sh tools/printing.sh

sources=$(git ls-files '*.c')
headers=$(git ls-files '*.h')
jobs=${JOBS:-$(nproc)}

echo "clang-format"
clang-format --dry-run --Werror $sources $headers

echo "gcc and clang"
make --no-print-directory -s -j "$jobs" MODE=release CC=gcc all tests
# Only for what it says: `make fuzz-replay` compiles what the programs consist of with clang.
flags=$(make --no-print-directory -s CC=clang flags)
printf '%s\n' $sources | xargs -P "$jobs" -n 16 clang -fsyntax-only $flags

echo "generated documents"
sh tools/settings.sh build/release/bin --check

# clang-tidy, one file a call: version 14 reports a false valist.Uninitialized when several share one. Not asked:
checks='bugprone-*,cert-*,clang-analyzer-*,misc-*,performance-*,portability-*'
checks="$checks,-bugprone-easily-swappable-parameters"      # a matter of taste
checks="$checks,-bugprone-assignment-in-if-condition"        # while ((item = next())) is the language's idiom
checks="$checks,-bugprone-narrowing-conversions"             # -Wconversion does it, without '\xEF' being an int
checks="$checks,-bugprone-implicit-widening-of-multiplication-result" # of constants, all of them
checks="$checks,-bugprone-not-null-terminated-result"        # memcpy of what is no string
checks="$checks,-bugprone-sizeof-expression"                 # sizeof of a pointer is meant: arrays of pointers
checks="$checks,-misc-no-recursion"
checks="$checks,-cert-err33-c"                               # wants every snprintf looked at
checks="$checks,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling" # memcpy_s is not in glibc
echo "clang-tidy"
export checks
git ls-files 'common/*.c' 'collector/*.c' 'uploader/*.c' 'tools/*.c' | xargs -P "$jobs" -n 1 sh -c '
    findings=$(clang-tidy --quiet --checks="$checks" "$1" -- -std=gnu11 -D_GNU_SOURCE -I. -Ibuild/release \
        -isystem /usr/include/libxml2 2>/dev/null | grep -A 3 -E "error:|warning:")
    [ -z "$findings" ] || { echo "$findings"; exit 1; }' tidy

echo "cppcheck"
# uninitvar and ctuuninitvar take an array that is being filled for an array that is read.
cppcheck -j "$jobs" --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr -I. -Ibuild/release \
    --suppress=missingInclude --suppress=uninitvar:uploader/http/sigv4.c --suppress=ctuuninitvar \
    common collector uploader tools/acmsim tools/eventspool
echo "lint: nothing to say"
