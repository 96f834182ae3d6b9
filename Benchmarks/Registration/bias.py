#!/usr/bin/env python3
"""Whether what is found lies off on one side: the mean error over many clean pairs of small motion, with its standard error.

    bias.py --only linwarp

Errors are those of the source's place under the target: of its scale in parts of a million, of its turn in thousandths of a degree, and of its
shift in thousandths of a source pixel. A mean of more than two standard errors is marked."""

import tempfile

import numpy

import changes
import motions
import options
from cells import Draw, Pair, shown_size
from geometry import apply, corner_error
from runner import Runner
from scenes import Pictures
from scoring import FOUND


def clean_similarity(draw):
    size = shown_size(draw.picture())
    matrix = motions.small(draw.random, "similarity", size, size)
    source, target = draw.views(matrix, size)
    return Pair(changes.eight_bits(source), changes.eight_bits(target), "similarity", matrix)


def errors(found, pair):
    """Of scale, turn, shift along x and y."""
    difference = found @ numpy.linalg.inv(pair.truth)
    difference /= difference[2, 2]
    linear = difference[:2, :2]
    middle = apply(pair.truth, (numpy.array([pair.target_size]) - 1) / 2)
    shift = apply(difference, middle)[0] - middle[0]
    turn = numpy.degrees(numpy.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1]))
    return 1e6 * (numpy.sqrt(abs(numpy.linalg.det(linear))) - 1), 1e3 * turn, *(1e3 * shift)


def main():
    arguments = options.parser(__doc__, pairs=200).parse_args()
    pictures = Pictures(arguments.data)
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(arguments.only, arguments.threads, arguments.peers_cache, folder)
        for number in range(arguments.pairs):
            pair = clean_similarity(Draw(pictures, arguments.seed, "bias", number))
            for method in runner.methods:
                found = runner.run(method, pair)["matrix"]
                if found is not None and corner_error(found, pair.truth, pair.target_size) < FOUND * pair.source_size[0]:
                    rows.setdefault(method, []).append(errors(found, pair))
        runner.close()
    print(f"{runner.description}; {pictures.description}, seed {arguments.seed}\n")
    print("| mean ± its standard error | found | scale, 1e-6 | turn, 1e-3° | x, 1e-3 px | y, 1e-3 px |\n|---|---|---|---|---|---|")
    for method, values in rows.items():
        mean, deviation = numpy.mean(values, axis=0), numpy.std(values, axis=0, ddof=1) / numpy.sqrt(len(values))
        print(f"| {method} | {len(values)} of {arguments.pairs} | " + " | ".join(
            f"{m:.2f} ± {d:.2f}{' (off)' if abs(m) > 2 * d else ''}" for m, d in zip(mean, deviation)) + " |")


if __name__ == "__main__":
    main()
