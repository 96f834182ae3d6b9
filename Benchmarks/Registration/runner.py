"""Gives a pair to one method after the other."""

import hashlib
import json
import os
import time

import cv2
import numpy
import SimpleITK

import peers
from worker import Worker

OURS = "LinWarp"
PACKAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


class Runner:
    """names: the methods, by their names in lower case. cache: where the other programs' results are kept, or None."""

    def __init__(self, names, threads, cache, folder):
        self.methods = [name for name in (OURS, *peers.PEERS) if name.lower() in names]
        peers.set_threads(threads)
        self.cache = Cache(cache, threads)
        self.worker = Worker(PACKAGE, threads, folder) if OURS in self.methods else None
        self.description = f"OpenCV {cv2.__version__}, SimpleITK {SimpleITK.Version.VersionString()}, {threads} threads" + (
            f"; {OURS}: {self.worker.description}" if self.worker else "")

    def run(self, method, pair):
        """The matrix from target to source pixels or None, seconds, processor seconds and what else is said; None where the method has no such family."""
        return self.worker.align(pair) if method == OURS else self.cache.run(method, pair)

    def close(self):
        self.cache.save()
        if self.worker:
            self.worker.close()


class Cache:
    """Results of the other programs, by the pair's pixels, the program's version and the number of threads."""

    def __init__(self, path, threads):
        self.path = path
        self.versions = f"{cv2.__version__} {SimpleITK.Version.VersionString()} {threads}"
        self.results = {}
        if path and os.path.exists(path):
            with open(path) as file:
                self.results = json.load(file)

    def key(self, name, pair):
        hash = hashlib.sha256(f"{name} {self.versions} {pair.family} {pair.source.shape} {pair.target.shape}".encode())
        for array in (pair.source, pair.target, pair.initial):
            if array is not None:
                hash.update(array.tobytes())
        return hash.hexdigest()[:32]

    def run(self, name, pair):
        """The matrix, seconds and processor seconds; None where the program has no such family."""
        key = self.key(name, pair)
        if key not in self.results:
            self.results[key] = run_peer(name, pair)
        found = self.results[key]
        if found is None:
            return None
        return dict(found, matrix=None if found["matrix"] is None else numpy.array(found["matrix"]))

    def save(self):
        if self.path:
            with open(self.path + ".new", "w") as file:
                json.dump(self.results, file)
            os.replace(self.path + ".new", self.path)


def run_peer(name, pair):
    start, processor_start = time.perf_counter(), time.process_time()
    try:
        matrix = peers.PEERS[name](pair)
    except peers.NotOffered:
        return None
    seconds, processor_seconds = time.perf_counter() - start, time.process_time() - processor_start
    return dict(matrix=None if matrix is None else matrix.tolist(), seconds=seconds, processor_seconds=processor_seconds)
