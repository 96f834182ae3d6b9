#!/usr/bin/env python3
"""What aligning a pair of large NumPy arrays takes in memory: beside the arrays themselves, how much NumPy takes for copies of them, how much their
numbers take in 32 bits, and the most that the process grew by. The library copies what is not planes of 32-bit floats already, once, into such planes;
the rest is what alignment makes of them.

    pip install ./Python && Benchmarks/Registration/memory.py
"""
import multiprocessing, tracemalloc

import linwarp
import numpy

HEIGHT, WIDTH = 3000, 4000


def status(name):
    """A line of /proc/self/status, in MB."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) * 1024 / 1e6


def scene(channels, kind):
    """Blocks of random brightness, and the same a few pixels further."""
    blocks = numpy.random.default_rng(1).random((HEIGHT // 40, WIDTH // 40, channels))
    image = numpy.repeat(numpy.repeat((blocks * (255 if kind == "uint8" else 1)).astype(kind), 40, 0), 40, 1)
    return image, numpy.ascontiguousarray(numpy.roll(image, (7, -12), (0, 1)))


def measure(channels, kind):
    source, target = scene(channels, kind)
    # Peaks count from here.
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = status("VmRSS")
    tracemalloc.start()
    alignment = linwarp.align(source, target)
    copied = tracemalloc.get_traced_memory()[1] / 1e6
    size = 2 * source.size * 4 / 1e6
    print(f"{WIDTH}x{HEIGHT}x{channels} {kind}, {alignment.verdict}: two arrays {2 * source.nbytes / 1e6:.0f} MB, copied by NumPy {copied:.1f} MB, "
          f"their numbers in 32 bits {size:.0f} MB, grew by {status('VmHWM') - before:.0f} MB at most",
          flush=True)


if __name__ == "__main__":
    for case in (1, "uint8"), (1, "float32"), (3, "uint8"), (3, "float32"):
        # A process each: what one took, another would find.
        process = multiprocessing.get_context("spawn").Process(target=measure, args=case)
        process.start()
        process.join()
