#!/usr/bin/env bash
# Starts trainings of two processes that must not go on: of other options, other data, other kernels; one that doesn't train; one that is
# killed. Each has to end with an exit code other than 0 and one line of the program within ten seconds of its cause, and leave a checkpoint
# that can be read, or none. Prints a table of what was found; fails where one of these does not hold.
#
#     make mpi && Tests/Acceptance/mpi_disagreement.sh
set -uo pipefail
cd "$(dirname "$0")/../.."

export LINWARP_MPI=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
program="$(swift build -c release --show-bin-path)/linwarp-mpi"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failures=0
cd "$out" || exit 1

# MNIST in small: as many images of noise, from another start.
write_data() {  # DIRECTORY START
    mkdir -p "$1"
    python3 - "$1" "$2" <<'PYTHON'
import sys

folder, start = sys.argv[1], int(sys.argv[2])
for part in ["train", "t10k"]:
    for name, shape, content in [
        ("images-idx3", [48, 28, 28], bytes((start + i * i // 16) % 256 for i in range(48 * 784))),
        ("labels-idx1", [48], bytes(i % 10 for i in range(48))),
    ]:
        with open(f"{folder}/{part}-{name}-ubyte", "wb") as file:
            file.write(bytes([0, 0, 8, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape) + content)
PYTHON
}
write_data data 0
write_data other 1

train=("$program" train mnist --data data --network none --batch 8 --iterations 40 --interval 20 --classifier-rate 0.01 --out run)
end() {  # NAME CODE SECONDS EXPECTED: judges what `output` holds, and prints a line of the table
    local lines verdict=holds
    lines=$(grep -a '^linwarp-mpi: ' output)
    [ "$2" -ne 0 ] && [ "$3" -le "$limit" ] || verdict="does not hold"
    if [ -n "$4" ]; then
        [ "$(grep -ac '^linwarp-mpi: ' output)" = 1 ] && [[ "$lines" == *"$4"* ]] || verdict="does not hold"
    fi
    if [ -e run/checkpoint.safetensors ]; then
        python3 -c '
import json
data = open("run/checkpoint.safetensors", "rb").read()
end = 8 + int.from_bytes(data[:8], "little")
assert max(t["data_offsets"][1] for n, t in json.loads(data[8:end]).items() if n != "__metadata__") == len(data) - end' || verdict="does not hold"
    fi
    [ "$verdict" = holds ] || { failures=$((failures + 1)); cat output >&2; }
    echo "| $1 | $2 | $3 s | ${lines:-none: mpirun says it} | $verdict |"
}

differ() {  # NAME EXPECTED WORD...: process 1 is started by these words instead
    local name=$1 expected=$2 start=$SECONDS
    shift 2
    rm -rf run
    timeout -s KILL 120 mpirun --bind-to none --oversubscribe -n 1 "${train[@]}" : -n 1 "$@" >output 2>&1
    end "$name" $? $((SECONDS - start)) "$expected"
}

limit=10
echo "| process 1 of 2 | exit code | in all | line | |"
echo "|---|---|---|---|---|"
differ "--iterations 20" "process 1: found iterations 20, expected iterations 40, as on process 0" "${train[@]}" --iterations 20
differ "--patience 2" "process 1: found patience 2, expected patience none, as on process 0" "${train[@]}" --patience 2
differ "--interval 10" "process 1: found interval 10, expected interval 20, as on process 0" "${train[@]}" --interval 10
differ "--batch 4" "process 1: found batch 4 of each process, expected batch 8 of each process, as on process 0" "${train[@]}" --batch 4
differ "--clip 1" "process 1: found clip 1.0, expected clip none, as on process 0" "${train[@]}" --clip 1
differ "--schedule cosine" "expected schedule constant, as on process 0" "${train[@]}" --schedule cosine
differ "--seed 1" "process 1: found network.seed 1, " "${train[@]}" --seed 1
differ "--network stn" "network.transformer stn" "${train[@]}" --network stn
differ "--classifier-rate 0.02" "found rates 1e-05, 0.02, expected rates 1e-05, 0.01, " "${train[@]}" --classifier-rate 0.02
differ "other data" "process 1: found test images 48 with digest " "${train[@]}" --data other
differ "another data set" "dataset synthetic" "${train[@]/#mnist/synthetic}"
differ "no data" "process 1: nowhere: found no such directory" "${train[@]}" --data nowhere
differ "LINWARP_KERNELS=baseline" "found kernels baseline" -x LINWARP_KERNELS=baseline "${train[@]}"
differ "--help" "process 1: found at the end of the program, expected at the start of training, as process 0" "$program" train --help
differ "--batch 0" "--batch: found 0, expected a whole number from 1" "${train[@]}" --batch 0
cp "$program" rebuilt && echo >>rebuilt
differ "another build" "process 1: found program " ./rebuilt "${train[@]:1}"
# What never joins is waited for longer than what has been lost.
limit=40
differ "another program, \`true\`" "have not joined within 30 seconds" true
limit=10

# Kills a process once there is a checkpoint; the time is from then on.
kill_one() {  # NAME RANK SIGNAL
    rm -rf run
    mpirun --bind-to none --oversubscribe -n 2 "${train[@]}" --iterations 100000000 >output 2>&1 &
    local job=$! victim="" start
    while ! [ -e run/checkpoint.safetensors ]; do kill -0 $job || break; sleep 0.1; done
    for process in $(pgrep -P $job); do
        tr '\0' '\n' <"/proc/$process/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$2" && victim=$process
    done
    start=$SECONDS
    kill -s "$3" "$victim"
    wait $job
    end "$1" $? $((SECONDS - start)) ""
}
kill_one "killed (KILL)" 1 KILL
kill_one "killed (TERM)" 1 TERM
kill_one "killed: process 0" 0 KILL

# What was killed goes on from its checkpoint, together.
iteration=$(python3 -c '
import json
data = open("run/checkpoint.safetensors", "rb").read()
print(json.loads(data[8:8 + int.from_bytes(data[:8], "little")])["__metadata__"]["iteration"])')
mpirun --bind-to none --oversubscribe -n 2 "${train[@]}" --iterations $((iteration + 20)) --resume >output 2>&1 &&
    grep -q "^$((iteration + 20)) iterations" output || { failures=$((failures + 1)); cat output >&2; }
echo
echo "mpi_disagreement: $failures failures; after the last kill it went on from iteration $iteration"
[ $failures = 0 ]
