#!/usr/bin/env bash
# Trains the paper's network (IC-STN, linearized sampler) on synthetic signs in one process with a batch of 64 and in two with 32 each, and
# goes on with two processes' checkpoint in one. Prints how far apart the parameters are and what the exchange costs; fails above 1e-3 of
# the largest parameter, or where the training that went on has another number of iterations.
#
#     make mpi && Tests/Acceptance/mpi_agreement.sh [ITERATIONS]
set -euo pipefail
cd "$(dirname "$0")/../.."

iterations=${1:-10}
program="$(LINWARP_MPI=1 swift build -c release --show-bin-path)/linwarp-mpi"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
# As root, as in a container, Open MPI has to be told that this is meant.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

train() {  # NAME PROCESSES BATCH ITERATIONS OPTION...
    local name=$1 processes=$2 batch=$3 count=$4
    shift 4
    echo "$name: $processes x $batch"
    local start=$SECONDS
    mpirun --bind-to none --oversubscribe -n "$processes" "$program" train synthetic --network icstn \
        --sampler linearized --downsample 4 --batch "$batch" --iterations "$count" --interval "$count" --out "$out/$name" "$@" |
        sed "s|^|  |; s|; $out.*||"
    echo "  $((SECONDS - start)) s in all"
    tail -n 1 "$out/$name/log.jsonl" | sed 's/^/  /'
}

train one 1 64 "$iterations"
train two 2 32 "$iterations"
cp -r "$out/two" "$out/resumed"
train resumed 1 64 $((iterations + 1)) --interval "$iterations" --resume

python3 - "$out/one/checkpoint.safetensors" "$out/two/checkpoint.safetensors" "$out/resumed/checkpoint.safetensors" "$iterations" <<'PYTHON'
import array, json, sys


def checkpoint(path):
    data = open(path, "rb").read()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    tensors = {}
    for name, entry in header.items():
        if name.startswith("parameters."):
            first, last = entry["data_offsets"]
            tensors[name] = array.array("f", data[end + first:end + last])
    return tensors, header["__metadata__"]


(one, _), (two, _), (_, resumed) = map(checkpoint, sys.argv[1:4])
assert one.keys() == two.keys()
largest = max(abs(x) for tensor in one.values() for x in tensor)
apart = max(abs(x - y) for name in one for x, y in zip(one[name], two[name]))
print(f"{sum(map(len, one.values()))} parameters, the largest {largest:.3f}, at most {apart:.2e} apart: {apart / largest:.1e} of the largest")
sys.exit(apart > 1e-3 * largest or int(resumed["iteration"]) != int(sys.argv[4]) + 1)
PYTHON
