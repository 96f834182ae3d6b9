"""LinWarp's side: a process that aligns one pair at a time."""

import json
import os
import select
import subprocess

import cv2
import numpy

from geometry import normalized, pixels

# No pair takes so long, in seconds.
LIMIT = 300


class Worker:
    def __init__(self, package, threads, folder):
        build = ["swift", "build", "-c", "release", "--package-path", package]
        subprocess.run(build + ["--product", "registration-worker"], check=True, stdout=subprocess.DEVNULL)
        bin = subprocess.run(build + ["--show-bin-path"], check=True, capture_output=True, text=True).stdout.strip()
        self.command = os.path.join(bin, "registration-worker")
        self.threads, self.folder = threads, folder
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, LINWARP_THREADS=str(self.threads)))
        self.description = self.process.stdout.readline().strip()

    def align(self, pair):
        """The matrix from target to source pixels or None, seconds, and all else that the worker said."""
        paths = {}
        for name, image in (("source", pair.source), ("target", pair.target)):
            paths[name] = os.path.join(self.folder, f"{name}.png")
            cv2.imwrite(paths[name], image, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        request = dict(paths, family=pair.family)
        if pair.initial is not None:
            request["initial"] = normalized(pair.initial, pair.source_size, pair.target_size).ravel().tolist()
        answer = self.ask(request)
        matrix = answer["found"].pop("matrix", None)
        if matrix is not None:
            matrix = pixels(numpy.array(matrix).reshape(3, 3), pair.source_size, pair.target_size)
        return dict(matrix=matrix, seconds=answer["seconds"], processor_seconds=answer["processorSeconds"],
                    peak_megabytes=answer.get("peakMegabytes"), said=answer["found"])

    def ask(self, request):
        """A crash and an answer that does not come are results too; the next pair gets a new process."""
        print(json.dumps(request), file=self.process.stdin, flush=True)
        came = select.select([self.process.stdout], [], [], LIMIT)[0]
        line = self.process.stdout.readline() if came else ""
        if line:
            return json.loads(line)
        if not came:
            self.process.kill()
        status = f"crashed, exit code {self.process.wait()}" if came else f"took more than {LIMIT} s"
        self.start()
        return dict(found=dict(status=status), seconds=float("nan"), processorSeconds=float("nan"))

    def close(self):
        self.process.stdin.close()
        self.process.wait()
