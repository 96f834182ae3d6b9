#!/usr/bin/env python3
"""Times LinWarp against PyTorch (and OpenCV) on the same cases, in turns, and prints medians and ratios.

    python3 -m venv peers && peers/bin/pip install -r Benchmarks/Peers/requirements.txt ./Python
    peers/bin/python Benchmarks/Peers/compare.py

A ratio is LinWarp's time by the other's: lower is better. Run it on an otherwise idle machine."""

import argparse
import os
import statistics
import time

import torch
import torch_cases
from worker import Worker

SHAPES = [((64, 3, 50, 50), (50, 50)), ((64, 3, 50, 50), (7, 7)), ((8, 3, 512, 512), (256, 256)), ((16, 64, 56, 56), (28, 28))]


def sampler_rows():
    """What, LinWarp's case, and the peer's."""
    for shape, size in SHAPES:
        name = "x".join(map(str, shape)) + " to " + "x".join(map(str, size))
        words = " ".join(map(str, shape + size))
        for direction in ["forward", "backward"]:
            for of in ["points", "matrices"] + (["points+image"] if direction == "backward" else []):
                peer = ("sampling", "bilinear", shape, size, direction, of)
                for sampler in ["bilinear", "linearized"] + (["lattice"] if direction == "forward" else []):
                    yield f"{name}, {sampler} {direction}, {of} / torch bilinear", f"sample {sampler} {words} {direction} {of}", peer
            yield (f"{name}, linearized {direction}, points / torch linearized", f"sample linearized {words} {direction} points",
                   ("sampling", "linearized", shape, size, direction, "points"))


def python_rows():
    """linwarp.torch.sample, of the installed Python package, in place of grid_sample."""
    for shape, size in SHAPES:
        name = "x".join(map(str, shape)) + " to " + "x".join(map(str, size))
        for direction in ["forward", "backward"]:
            for ours, theirs in [("bilinear", "bilinear"), ("linearized", "bilinear"), ("linearized", "linearized")]:
                yield (f"{name}, linwarp.torch.sample, {ours} {direction} / torch {theirs}",
                       ("sampling", "linwarp " + ours, shape, size, direction, "points"), ("sampling", theirs, shape, size, direction, "points"))


def network_rows():
    yield "localization network forward", "localization", ("localization", False)
    yield "localization network forward and backward", "localization training", ("localization", True)
    for ours, theirs in [("bilinear", "bilinear"), ("linearized", "bilinear"), ("linearized", "linearized")]:
        yield f"training step, {ours} / torch {theirs}", f"step stn {ours}", ("training_step", theirs, 1)
    for ours in ["bilinear", "linearized"]:
        yield f"IC-STN training step, {ours} / torch bilinear", f"step icstn {ours}", ("training_step", "bilinear", 4)


def convolution_rows():
    for lengths in [(16, 64, 56, 64, 3, 1, 1), (16, 128, 28, 128, 3, 1, 1), (16, 256, 14, 256, 3, 1, 1), (32, 512, 7, 512, 1, 0, 1),
                    (4, 3, 224, 64, 7, 3, 2), (8, 96, 40, 160, 3, 1, 1), (32, 32, 32, 64, 5, 2, 1), (64, 16, 32, 32, 3, 1, 2),
                    (16, 256, 28, 64, 1, 0, 1), (16, 192, 14, 64, 5, 2, 1), (16, 64, 56, 128, 3, 1, 2), (16, 256, 14, 256, 3, 1, 2),
                    (100, 1, 28, 4, 7, 0, 1), (100, 1, 28, 3, 9, 0, 1), (64, 3, 50, 16, 3, 1, 1), (8, 3, 224, 32, 3, 1, 1),
                    (8, 1, 128, 64, 5, 2, 1), (16, 64, 56, 3, 3, 1, 1)]:
        words = "convolution " + " ".join(map(str, lengths))
        yield f"convolution {lengths} forward", words, ("convolution", *lengths, False)
        yield f"convolution {lengths} forward and backward", words + " training", ("convolution", *lengths, True)


def thread_rows():
    """What LinWarp does on all threads against itself on one."""
    cases = [f"sample {sampler} {' '.join(map(str, shape + size))} {direction} points" for shape, size in (SHAPES[0], SHAPES[2])
             for sampler in ["bilinear", "linearized", "lattice"] for direction in ["forward", "backward"]]
    cases += [case for _, case, _ in network_rows()]
    cases += [case for _, case, _ in convolution_rows()]
    cases += [f"tensor {operation} 1000 10000 1" for operation in torch_cases.TENSOR_OPERATIONS]
    for case in dict.fromkeys(cases):
        yield f"{case} / one thread", case, ("one thread", case)


def remap_rows():
    """OpenCV's remap, one image at a time, forward: of floats from planes and from interleaved channels, and of bytes, which OpenCV gives as bytes
    and LinWarp as floats."""
    for shape, size in SHAPES:
        if shape[1] <= 4:
            name = f"{'x'.join(map(str, shape))} to {size[0]}x{size[1]}, bilinear forward"
            words = " ".join(map(str, shape + size))
            yield f"{name} / OpenCV remap", f"sample bilinear {words} forward points", ("remap", shape, size, "float32")
            yield f"{name}, interleaved floats / OpenCV remap", f"interleaved floats {words}", ("remap", shape, size, "float32")
            yield f"{name}, interleaved bytes / OpenCV remap of bytes", f"interleaved bytes {words}", ("remap", shape, size, "uint8")


def remap(shape, size, elements):
    import cv2
    import numpy
    grid = torch_cases.pixel_grid(torch_cases.affine_matrices(shape[0]), shape, size).numpy()
    scale = 255 if elements == "uint8" else 1
    images = [(scale * torch.rand(shape[2], shape[3], shape[1]).numpy()).astype(elements) for _ in range(shape[0])]
    maps = [(numpy.ascontiguousarray((g[..., 0] + 1) * shape[3] / 2 - 0.5), numpy.ascontiguousarray((g[..., 1] + 1) * shape[2] / 2 - 0.5))
            for g in grid]
    cv2.setNumThreads(torch.get_num_threads())

    def all_images():
        for image, (x, y) in zip(images, maps):
            cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)

    return lambda: torch_cases.milliseconds(all_images)


def solve_rows():
    """A million 3x3 systems: the batched kernel against a call of LAPACKE for each."""
    yield "a million 3x3 solves / LAPACKE posv", "solve batched 1000000", ("worker", "solve lapack 1000000")


def tensor_rows():
    """Operations on 10^7 numbers, and a thousand times on 64x16."""
    for rows, columns, times, keeps in [(1000, 10000, 1, False), (1000, 10000, 1, True), (64, 16, 1000, False)]:
        for operation in torch_cases.TENSOR_OPERATIONS:
            yield (f"{rows}x{columns}, {operation}" + (" / torch, into memory that it has" if keeps else ""),
                   f"tensor {operation} {rows} {columns} {times}", ("tensor", operation, rows, columns, times, keeps))


GROUPS = {"samplers": sampler_rows, "python": python_rows, "networks": network_rows, "convolutions": convolution_rows, "remap": remap_rows, "solves": solve_rows,
          "tensors": tensor_rows, "threads": thread_rows}


def find_case(worker, single, case):
    """What does one repetition of a case, and gives its milliseconds. LinWarp's are the worker's words, but for those of its Python package; `single` is
    a worker of one thread."""
    if isinstance(case, str):
        return lambda: worker.time(case)
    function, *operands = case
    if function in ["worker", "one thread"]:
        return lambda: (worker if function == "worker" else single).time(*operands)
    if function == "remap":
        return remap(*operands)
    return getattr(torch_cases, function)(*operands)


def in_a_row(repetition):
    """The median of a few repetitions, so that what the other library left in the caches does not count; of fewer where they are long. A pause
    first: OpenMP's threads keep turning for some 10 ms after their work, and would take a core from the other library."""
    time.sleep(0.02)
    times = []
    while len(times) < 5 and sum(times) < 100:
        times.append(repetition())
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", default=list(GROUPS), help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--turns", type=int, default=11, help="of each, of up to five repetitions")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    for group in arguments.groups:
        if group not in GROUPS:
            parser.error(f"found the group {group!r}, expected of {', '.join(GROUPS)}")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    package = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    worker, single = Worker(package, arguments.threads), Worker(package, 1)
    print(f"PyTorch {torch.__version__}, {arguments.threads} threads; LinWarp: {worker.description}")
    print(f"{'LinWarp ms':>10} {'peer ms':>9} {'ratio':>6} {'(quartiles)':>14}  what")
    for group in arguments.groups:
        for what, ours, theirs in GROUPS[group]():
            mine, peer = find_case(worker, single, ours), find_case(worker, single, theirs)
            pairs = []
            for turn in range(arguments.turns + 1):
                pair = in_a_row(mine), in_a_row(peer)
                if turn > 0:
                    pairs.append(pair)
            ratios = sorted(a / b for a, b in pairs)
            quartiles = f"({ratios[len(ratios) // 4]:.2f}-{ratios[3 * len(ratios) // 4]:.2f})"
            print(f"{statistics.median(a for a, _ in pairs):10.3f} {statistics.median(b for _, b in pairs):9.3f} "
                  f"{statistics.median(ratios):6.2f} {quartiles:>14}  {what}", flush=True)
    worker.close()
    single.close()


if __name__ == "__main__":
    main()
