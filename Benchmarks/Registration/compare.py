#!/usr/bin/env python3
"""Aligns pairs of images whose true transformation is known, with LinWarp and with what else a user would try, in turns, and prints a table.

    make bench-registration
    compare.py --pairs 4 --only linwarp                            # a quick look
    compare.py --cells panorama noise --peers-cache peers.json     # the other programs' results are kept, and read the next time

Found is a mean error of the target's corners below 1 % of the source's width; px is the median of that error over the pairs found, in
source pixels; s is the median of the seconds a pair. The column "verdict": of those trusted, how many are wrong; of those found, how many are
not trusted."""

import argparse
import dataclasses
import hashlib
import json
import os
import sys
import tempfile
import time

import cv2
import numpy
import SimpleITK

import peers
from cells import CELLS, pairs
from scenes import Pictures
from scoring import result
from table import OURS, behind, processor_line, table, verdict_lines
from worker import Worker


class Cache:
    """Results of the other programs, by the pair's pixels, the program's version and the number of threads."""

    def __init__(self, path, threads):
        self.path = path
        self.versions = f"{cv2.__version__} {SimpleITK.Version.VersionString()} {threads}"
        self.matrices = {}
        if path and os.path.exists(path):
            with open(path) as file:
                self.matrices = json.load(file)

    def key(self, name, pair):
        hash = hashlib.sha256(f"{name} {self.versions} {pair.family} {pair.source.shape} {pair.target.shape}".encode())
        for array in (pair.source, pair.target, pair.initial):
            if array is not None:
                hash.update(array.tobytes())
        return hash.hexdigest()[:32]

    def run(self, name, pair):
        """The matrix, seconds and processor seconds; None where the program has no such family."""
        key = self.key(name, pair)
        if key not in self.matrices:
            self.matrices[key] = run_peer(name, pair)
        return self.matrices[key]

    def save(self):
        if self.path:
            with open(self.path + ".new", "w") as file:
                json.dump(self.matrices, file)
            os.replace(self.path + ".new", self.path)


def run_peer(name, pair):
    start, processor_start = time.perf_counter(), time.process_time()
    try:
        matrix = peers.PEERS[name](pair)
    except peers.NotOffered:
        return None
    seconds, processor_seconds = time.perf_counter() - start, time.process_time() - processor_start
    return dict(matrix=None if matrix is None else matrix.tolist(), seconds=seconds, processor_seconds=processor_seconds)


def run_ours(worker, pair):
    matrix, answer = worker.align(pair)
    found = answer["found"]
    return result(pair, matrix, seconds=answer["seconds"], processor_seconds=answer["processorSeconds"], status=found["status"],
                  verdict=found.get("verdict"), peak_megabytes=answer.get("peakMegabytes"))


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    methods = [OURS.lower(), *[name.lower() for name in peers.PEERS]]
    parser.add_argument("--cells", nargs="+", metavar="TEXT", default=[""], help="those whose name contains one of these")
    parser.add_argument("--pairs", type=int, default=16, help="in a cell")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", default=os.environ.get("LINWARP_DATA"), help="holds VOC2012/JPEGImages (default: LINWARP_DATA; without "
                        "it scenes are drawn)")
    parser.add_argument("--only", nargs="+", choices=methods, default=methods, help="default: all")
    parser.add_argument("--peers-cache", metavar="FILE", help="keeps the other programs' results; their seconds are those of the first run")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", metavar="DIRECTORY", help="writes registration.md, and registration.json with each pair's result")
    arguments = parser.parse_args()
    chosen = [cell for cell in CELLS if any(text in cell.name for text in arguments.cells)]
    if not chosen:
        parser.error(f"--cells: found {arguments.cells}, expected parts of: {', '.join(cell.name for cell in CELLS)}")
    for name in ("pairs", "threads"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name}: found {getattr(arguments, name)}, expected at least 1")
    return arguments, chosen


def main():
    arguments, cells = parsed()
    pictures = Pictures(arguments.data)
    peers.set_threads(arguments.threads)
    names = [name for name in peers.PEERS if name.lower() in arguments.only]
    methods = [OURS] * (OURS.lower() in arguments.only) + names
    cache = Cache(arguments.peers_cache, arguments.threads)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        package = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
        worker = Worker(package, arguments.threads, folder) if OURS in methods else None
        print(f"OpenCV {cv2.__version__}, SimpleITK {SimpleITK.Version.VersionString()}, {arguments.threads} threads; {pictures.description}, "
              f"seed {arguments.seed}" + (f"; {OURS}: {worker.description}" if worker else ""), file=sys.stderr)
        for cell in cells:
            results[cell.name] = {method: [] for method in methods}
            for pair in pairs(cell, pictures, arguments.seed, arguments.pairs):
                # In turns on the same pair.
                if worker:
                    results[cell.name][OURS].append(run_ours(worker, pair))
                for name in names if not cell.is_ours_alone else []:
                    found = cache.run(name, pair)
                    if found is not None:
                        results[cell.name][name].append(result(pair, **found_matrix(found)))
            cache.save()
            print("\n".join(table([cell], results, methods)[2:]), file=sys.stderr, flush=True)
        if worker:
            worker.close()
    lines = table(cells, results, methods) + [""]
    if OURS in methods:
        lines += verdict_lines(cells, results) + (behind(cells, results) if "SIFT + ECC" in methods else [])
    lines.append(processor_line(cells, results, methods))
    print("\n".join(lines))
    if arguments.out:
        write(arguments.out, lines, results)


def found_matrix(found):
    return dict(found, matrix=None if found["matrix"] is None else numpy.array(found["matrix"]))


def write(directory, lines, results):
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "registration.md"), "w") as file:
        file.write("\n".join(lines) + "\n")
    with open(os.path.join(directory, "registration.json"), "w") as file:
        json.dump({cell: {method: [dataclasses.asdict(r) for r in rows] for method, rows in of.items()} for cell, of in results.items()}, file)


if __name__ == "__main__":
    main()
