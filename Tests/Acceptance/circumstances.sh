#!/usr/bin/env bash
# Runs the whole suite in circumstances that it must not depend on: beside other work, on one core, at the lowest priority, with temporary
# files elsewhere, in a path with blanks and umlauts, as another user than root, with LINWARP_DATA set, unset, empty and wrong, and without the
# heap's pad. Prints a line of a table after each; fails where a test does.
#
#     Tests/Acceptance/circumstances.sh DATA [NUMBER...]
#
# DATA is a directory that holds data sets. Numbers choose circumstances, as the table counts them. It builds the package twice, once in
# the other path, and needs root and stress-ng (`apt-get install stress-ng`).
set -uo pipefail
cd "$(dirname "$0")/../.."

data=$(realpath "${1:?circumstances: expected the directory that holds the data sets}")
shift
chosen=" ${*:-1 2 3 4 5 6 7 8 9 10 11 12} "
swift build -c release --build-tests >/dev/null || exit 1
work=$(mktemp -d)
chmod 755 "$work"
place="$work/ein Pfad mit Umlauten, äöü ß"
mkdir "$place"
helper=0
trap '[ $helper = 0 ] || kill $helper; rm -rf "$work"' EXIT
failures=0
# Nothing of this shell's but what programs need.
clean=(env -i PATH="$PATH" HOME="$HOME")

suite() {  # ROOT: the tests that were built there
    local bin
    bin=$(cd "$1" && swift build -c release --show-bin-path)
    ls "$bin"/*.xctest
}
tests=$(suite .)
# As an ordinary user's shell has it; root may have more.
ulimit -n 1024

circumstance() {  # NUMBER NAME BESIDE WORD...: runs the words, which run the suite
    local number=$1 name=$2 beside=$3 code executed
    shift 3
    [[ $chosen == *" $number "* ]] || return 0
    if [ -n "$beside" ]; then
        $beside >/dev/null 2>&1 &
        helper=$!
    fi
    "$@" >"$work/log-$number" 2>&1
    code=$?
    if [ -n "$beside" ]; then
        kill $helper
        wait $helper 2>/dev/null
        helper=0
    fi
    executed=$(grep -a '^\s*Executed [0-9]* test' "$work/log-$number" | tail -n 1 | sed 's/^\s*Executed //; s/ (.*//; s/ in [0-9.]* .*//')
    echo "| $number | $name | ${beside:-nothing of ours}; load $(cut -d ' ' -f 1 /proc/loadavg) | ${executed:-none} | $code |"
    if [ $code != 0 ]; then
        failures=$((failures + 1))
        grep -a 'error:' "$work/log-$number" >&2
    fi
}

cores=$(nproc)
work_of_all_kinds="stress-ng --cpu $cores --vm 1 --vm-bytes 256M --hdd 1 --io 1 --temp-path $work"
# One processor is left: beside as much work on each, the lowest priority would get next to nothing of them for hours.
work_of_processors="stress-ng --cpu $((cores > 1 ? cores - 1 : 1))"

echo "| | circumstance | beside it | tests executed | exit code |"
echo "|---|---|---|---|---|"
circumstance 1 "beside other work of all kinds" "$work_of_all_kinds" "${clean[@]}" "$tests"
circumstance 2 "\`nice -n 19\`" "$work_of_processors" "${clean[@]}" nice -n 19 "$tests"
circumstance 3 "one core (\`taskset -c 0\`)" "" "${clean[@]}" taskset -c 0 "$tests"
mkdir "$work/zeitweilige Dateien, höher"
circumstance 4 "\`TMPDIR\` elsewhere, with blanks and umlauts" "" "${clean[@]}" TMPDIR="$work/zeitweilige Dateien, höher" "$tests"
circumstance 5 "\`LINWARP_DATA\` set" "" "${clean[@]}" LINWARP_DATA="$data" "$tests"
circumstance 6 "\`LINWARP_DATA\` unset" "" "${clean[@]}" "$tests"
circumstance 7 "\`LINWARP_DATA\` empty" "" "${clean[@]}" LINWARP_DATA= "$tests"
circumstance 8 "\`LINWARP_DATA\` wrong" "" "${clean[@]}" LINWARP_DATA=/nowhere "$tests"
circumstance 9 "\`GLIBC_TUNABLES=glibc.malloc.top_pad=0\`" "" "${clean[@]}" GLIBC_TUNABLES=glibc.malloc.top_pad=0 "$tests"
circumstance 10 "\`HOME\` unset, \`umask 077\`" "" env -i PATH="$PATH" sh -c 'umask 077; exec "$0"' "$tests"
if [[ $chosen == *" 11 "* || $chosen == *" 12 "* ]]; then
    git clone -q . "$place/linwarp"
    # What it depends on need not be fetched anew.
    mkdir "$place/linwarp/.build"
    cp -r .build/repositories .build/checkouts .build/workspace-state.json "$place/linwarp/.build" 2>/dev/null
    (cd "$place/linwarp" && swift build -c release --build-tests >"$work/log-build" 2>&1) || tail "$work/log-build" >&2
    there=$(suite "$place/linwarp")
    circumstance 11 "in a path with blanks and umlauts" "" "${clean[@]}" "$there"
    circumstance 12 "the same, as the user nobody" "" "${clean[@]}" HOME=/nonexistent runuser -u nobody -- "$there"
fi
echo
echo "circumstances: $failures failures"
[ $failures = 0 ]
