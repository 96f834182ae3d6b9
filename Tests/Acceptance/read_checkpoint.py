#!/usr/bin/env python3
"""Opens a checkpoint with the Python package safetensors, lists its tensors, and fails where one holds a NaN or an infinity.

    python3 -m venv venv && venv/bin/pip install safetensors numpy
    venv/bin/python read_checkpoint.py CHECKPOINT
"""
import argparse

import numpy
from safetensors import safe_open

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("checkpoint")
path = parser.parse_args().checkpoint

numbers, damaged = 0, []
with safe_open(path, framework="numpy") as file:
    for name, value in sorted(file.metadata().items()):
        print(f"{name}: {value}")
    for name in sorted(file.keys()):
        tensor = file.get_tensor(name)
        numbers += tensor.size
        if not numpy.isfinite(tensor).all():
            damaged.append(name)
        print(f"{name}  {tensor.dtype} {list(tensor.shape)}  {tensor.min():.4g} to {tensor.max():.4g}")
    print(f"{len(file.keys())} tensors, {numbers} numbers")
if damaged:
    raise SystemExit(f"{path}: found numbers that are not finite in {', '.join(damaged)}, expected finite ones")
