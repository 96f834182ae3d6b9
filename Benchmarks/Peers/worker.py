"""LinWarp's side of a comparison: a process that times one repetition of a case at a time."""

import os
import subprocess


class Worker:
    def __init__(self, package, threads):
        build = ["swift", "build", "-c", "release", "--package-path", package]
        subprocess.run(build + ["--product", "peer-worker"], check=True, stdout=subprocess.DEVNULL)
        folder = subprocess.run(build + ["--show-bin-path"], check=True, capture_output=True, text=True).stdout.strip()
        self.process = subprocess.Popen(
            [os.path.join(folder, "peer-worker")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, LINWARP_THREADS=str(threads)))
        self.description = self.process.stdout.readline().strip()

    def time(self, case):
        """Milliseconds of one repetition."""
        print(case, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().strip()
        try:
            return float(answer)
        except ValueError:
            raise SystemExit(f"peer-worker: found the answer {answer!r} to {case!r}, expected milliseconds")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
