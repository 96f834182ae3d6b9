#!/usr/bin/env bash
# Fuzzes one target after the other for so many seconds each, and prints executions, covered edges and findings. A finding ends its target;
# the input stays in the folder of findings. Corpora go on from run to run.
#
#     Fuzzing/run.sh PROGRAM SECONDS TARGET...
set -euo pipefail
program=$1 seconds=$2
shift 2
here=$(dirname "$0")
work=$here/../.build-fuzz

# The runtime's backtracer would take the crash from libFuzzer.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS="suppressions='$here/../Tests/sanitize-leaks.txt':print_suppressions=0"

failed=0
for target; do
    corpus=$work/corpus/$target findings=$work/findings/$target log=$work/$target.log
    mkdir -p "$corpus" "$findings"
    dictionary=()
    if [ -e "$here/Dictionaries/$target" ]; then dictionary=("-dict=$here/Dictionaries/$target"); fi
    # More memory and time than any input of these sizes may take: blank rows of a fax take a bit, however long they are.
    limits=(-rss_limit_mb=2048 -malloc_limit_mb=512 -timeout=60)
    if [ "$target" = tiff ]; then limits=(-rss_limit_mb=8192 -malloc_limit_mb=4096 -timeout=60); fi
    # Images may be a thousand times as large as their files.
    case $target in png | jpeg | tiff | webp | netpbm | exif) length=2048 ;; *) length=8192 ;; esac
    status=0
    FUZZ_TARGET=$target "$program" "$corpus" "$here/Seeds/$target" "${limits[@]}" "${dictionary[@]}" -max_len=$length -max_total_time="$seconds" \
        -artifact_prefix="$findings/" -print_final_stats=1 >"$log" 2>&1 || status=$?
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    found=$(find "$findings" -type f | wc -l)
    echo "$target: ${executions:-0} executions, ${covered:-0} edges covered, $found findings"
    if [ "$status" != 0 ] || [ "$found" != 0 ]; then
        failed=1
        grep -m 3 -E '^(==[0-9]+== ?(ERROR|WARNING)|SUMMARY|.*(runtime error|Fatal error|FUZZ_TARGET):)' "$log" || true
        echo "$target: found a failure, expected none; see .build-fuzz/$target.log and .build-fuzz/findings/$target"
    fi
done
exit $failed
