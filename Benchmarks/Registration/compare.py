#!/usr/bin/env python3
"""Aligns pairs of images whose true transformation is known, with LinWarp and with what else a user would try, in turns, and prints a table.

    make bench-registration
    compare.py --pairs 4 --only linwarp                            # a quick look
    compare.py --cells panorama noise --peers-cache peers.json     # the other programs' results are kept, and read the next time

Found is a mean error of the target's corners below 1 % of the source's width; px is the median of that error over the pairs found, in
source pixels; s is the median of the seconds a pair. The column "verdict": of those trusted, how many are wrong; of those found, how many are
not trusted."""

import dataclasses
import json
import os
import sys
import tempfile

import options
from cells import CELLS, pairs
from runner import OURS, Runner
from scenes import Pictures
from scoring import result
from table import table, notes


def parsed():
    parser = options.parser(__doc__, pairs=16)
    parser.add_argument("--cells", nargs="+", metavar="TEXT", default=[""], help="those whose name contains one of these")
    parser.add_argument("--out", metavar="DIRECTORY", help="writes registration.md, and registration.json with each pair's result")
    arguments = parser.parse_args()
    chosen = [cell for cell in CELLS if any(text in cell.name for text in arguments.cells)]
    if not chosen:
        parser.error(f"--cells: found {arguments.cells}, expected parts of: {', '.join(cell.name for cell in CELLS)}")
    return arguments, chosen


def main():
    arguments, cells = parsed()
    pictures = Pictures(arguments.data)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(arguments.only, arguments.threads, arguments.peers_cache, folder)
        methods = runner.methods
        heading = f"{runner.description}; {pictures.description}, seed {arguments.seed}"
        print(heading, file=sys.stderr)
        for cell in cells:
            results[cell.name] = {method: [] for method in methods}
            for pair in pairs(cell, pictures, arguments.seed, arguments.pairs):
                # In turns on the same pair.
                for method in methods:
                    found = None if cell.is_ours_alone and method != OURS else runner.run(method, pair)
                    if found is not None:
                        results[cell.name][method].append(result(pair, **found))
            runner.cache.save()
            print("\n".join(table([cell], results, methods)[2:]), file=sys.stderr, flush=True)
        runner.close()
    lines = [*table(cells, results, methods), "", *notes(cells, results, methods)]
    print("\n".join(lines))
    if arguments.out:
        write(arguments.out, [heading, "", *lines], results)


def write(directory, lines, results):
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "registration.md"), "w") as file:
        file.write("\n".join(lines) + "\n")
    with open(os.path.join(directory, "registration.json"), "w") as file:
        json.dump({cell: {method: [dataclasses.asdict(r) for r in rows] for method, rows in of.items()} for cell, of in results.items()}, file)


if __name__ == "__main__":
    main()
