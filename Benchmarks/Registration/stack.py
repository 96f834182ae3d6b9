"""A burst of frames with known jitter, noise and flicker, some of another scene: how exactly `linwarp stack` brings them together, which it
leaves out, how fast it is beside a loop over OpenCV's ECC, what memory it takes, and whether it goes on after kills to the same bytes.

    python3 stack.py LINWARP [--frames 200] [--size 1920x1080] [--peer-frames 20] [--data DIRECTORY] [--folder DIRECTORY]
"""

import argparse
import csv
import os
import shutil
import subprocess
import tempfile
import threading
import time

import cv2
import numpy

from changes import eight_bits
from geometry import apply, between_middles, corners, moved, scaled, turned
from options import positive
from scenes import Pictures, large_scene
from world import World

STRANGERS = 5
# Standard deviations: of places in pixels, of turns in degrees, of scales, of the exposure, of noise of 255.
JITTER, TURN, SCALE, FLICKER, NOISE = 8, 0.3, 0.002, 0.1, 4


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("linwarp", help="the program")
    parser.add_argument("--frames", type=positive, default=200)
    parser.add_argument("--size", type=lambda text: tuple(int(side) for side in text.split("x")), default=(1920, 1080))
    parser.add_argument("--peer-frames", type=positive, default=20, help="how many of them the loop over ECC gets (default: 20)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=positive, default=os.cpu_count())
    parser.add_argument("--data", default=os.environ.get("LINWARP_DATA"), help="holds VOC2012/JPEGImages (default: LINWARP_DATA; without "
                        "it scenes are drawn)")
    parser.add_argument("--folder", help="keeps the frames (default: a temporary one); those that are there are taken as they are")
    return parser.parse_args()


def make_frames(folder, arguments):
    """Writes the frames. Returns the matrix from the first to each, in pixels; None for one of another scene."""
    random = numpy.random.default_rng([arguments.seed, 29])
    pictures, size = Pictures(arguments.data), arguments.size
    whole = size[0] + size[1] // 5, size[1] + size[1] // 5
    worlds = [World(large_scene(*whole, pictures[n], random), fineness=1, least=2) for n in (arguments.seed, arguments.seed + 1)]
    strangers = set(1 + random.permutation(arguments.frames - 1)[:STRANGERS])
    to_world = between_middles(numpy.eye(3), whole, size)
    truths, paths = [], []
    for number in range(arguments.frames):
        shift, turn, scale, gain = random.normal(size=(2,)) * JITTER, random.normal() * TURN, 1 + random.normal() * SCALE, random.normal()
        motion = moved(*shift) @ turned(turn) @ scaled(scale, scale) if number else numpy.eye(3)
        truth = between_middles(motion, size, size)
        paths.append(os.path.join(folder, f"frame{number:04d}.jpg"))
        truths.append(None if number in strangers else truth)
        noise = random.normal(size=(size[1], size[0], 3)).astype(numpy.float32)
        if os.path.exists(paths[-1]):
            continue
        image = worlds[number in strangers].image(to_world @ numpy.linalg.inv(truth), size) * (1 + FLICKER * gain) + NOISE * noise
        cv2.imwrite(paths[-1], eight_bits(image), [cv2.IMWRITE_JPEG_QUALITY, 95])
    return paths, truths


class Run:
    """The program at work: its time, and the most memory in each quarter of it, in megabytes."""

    def __init__(self, arguments, killed_after=None):
        environment = {**os.environ, "LINWARP_THREADS": str(arguments.threads)}
        start = time.perf_counter()
        process = subprocess.Popen(arguments.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        sizes = []
        thread = threading.Thread(target=self.watch, args=(process, sizes))
        thread.start()
        try:
            self.output, self.error = process.communicate(timeout=killed_after)
        except subprocess.TimeoutExpired:
            process.kill()
            self.output, self.error = process.communicate()
        self.seconds, self.code = time.perf_counter() - start, process.returncode
        thread.join()
        parts = [part for part in numpy.array_split(numpy.array(sizes), 4) if len(part)]
        self.memory = [int(part.max()) for part in parts]

    @staticmethod
    def watch(process, sizes):
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/statm") as file:
                    sizes.append(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6)
            except (OSError, IndexError):
                pass
            time.sleep(0.02)


def stack(arguments, paths, out, *options, killed_after=None):
    arguments.command = [arguments.linwarp, "stack", *paths, "--family", "similarity", "--convention", "skimage", "--combine", "mean",
                         "--out", out, *options]
    return Run(arguments, killed_after)


def placed(out):
    """The matrices that were found; None for a frame that was left out."""
    with open(os.path.join(out, "frames.csv"), newline="") as file:
        return [numpy.array([float(row[f"m{i}{j}"]) for i in range(3) for j in range(3)]).reshape(3, 3) if row["used"] == "yes" else None
                for row in csv.DictReader(file)]


def error(found, truth, size):
    """How far the corners are off, in pixels."""
    return numpy.linalg.norm(apply(found, corners(size)) - apply(truth, corners(size)), axis=1).max()


def ecc_loop(paths, family=cv2.MOTION_AFFINE):
    """What a user would write: ECC of each frame against the first from where the last was found, and the mean of the warped frames."""
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-6)
    found, start = [], time.perf_counter()
    first = cv2.imread(paths[0])
    reference, total = cv2.cvtColor(first, cv2.COLOR_BGR2GRAY), first.astype(numpy.float32)
    for path in paths[1:]:
        frame, matrix = cv2.imread(path), numpy.eye(2, 3, dtype=numpy.float32)
        try:
            _, matrix = cv2.findTransformECC(reference, cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), matrix, family, criteria, None, 5)
        except cv2.error:
            found.append(None)
            continue
        total += cv2.warpAffine(frame.astype(numpy.float32), matrix, first.shape[1::-1], flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
        found.append(numpy.vstack([matrix, [0, 0, 1]]))
    return found, time.perf_counter() - start


def bytes_of(out):
    return {name: open(os.path.join(out, name), "rb").read() for name in ("stack.png", "frames.csv", "drift.csv")}


def main():
    arguments = parsed()
    cv2.setNumThreads(arguments.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or temporary
        os.makedirs(folder, exist_ok=True)
        paths, truths = make_frames(folder, arguments)
        out = os.path.join(temporary, "out")
        few = stack(arguments, paths[:max(8, len(paths) // 10)], out)
        shutil.rmtree(out)
        ours = stack(arguments, paths, out)
        if ours.code:
            raise SystemExit(f"linwarp: exit code {ours.code}: {ours.error}")
        found = placed(out)
        good = [n for n, truth in enumerate(truths) if truth is not None]
        errors = [error(found[n], truths[n], arguments.size) if found[n] is not None else numpy.inf for n in good]
        named = [n for n, truth in enumerate(truths) if truth is None and found[n] is None and os.path.basename(paths[n]) in ours.error]
        print(f"{len(paths)} frames of {arguments.size[0]}x{arguments.size[1]}, {len(paths) - len(good)} of another scene; "
              f"{arguments.threads} threads, seed {arguments.seed}\n")
        print(f"of another scene, named and left out: {len(named)} of {len(paths) - len(good)}")
        print(f"others, corners within 0.1 pixels: {sum(e <= 0.1 for e in errors)} of {len(good)}; worst {max(errors):.3f}, "
              f"median {numpy.median(errors):.3f}")
        print(f"memory in each quarter of the time: {', '.join(map(str, ours.memory))} MB; with {max(8, len(paths) // 10)} frames at most "
              f"{max(few.memory)} MB")
        whole = bytes_of(out)
        shutil.rmtree(out)
        kills = [stack(arguments, paths, out, "--resume", killed_after=ours.seconds * share) for share in (0.3, 0.4)]
        stack(arguments, paths, out, "--resume")
        same = bytes_of(out) == whole
        print(f"killed twice ({', '.join(f'after {kill.seconds:.0f} s' for kill in kills)}) and resumed: {'the same bytes' if same else 'OTHER BYTES'}")
        if not all(kill.code == -9 for kill in kills):
            print("NOT KILLED: a run ended before its time")
        theirs, seconds = ecc_loop(paths[:arguments.peer_frames])
        off = [error(m, truths[n + 1], arguments.size) for n, m in enumerate(theirs) if m is not None and truths[n + 1] is not None]
        rate, other = len(paths) / ours.seconds, min(arguments.peer_frames, len(paths)) / seconds
        print(f"\n| | frames a second | corners within 0.1 pixels | worst |\n|---|---|---|---|")
        print(f"| linwarp stack | {rate:.2f} | {sum(e <= 0.1 for e in errors)} of {len(good)} | {max(errors):.3f} |")
        print(f"| loop over OpenCV's ECC, {len(theirs) + 1} frames | {other:.2f} | {sum(e <= 0.1 for e in off)} of {len(off)} | {max(off):.3f} |")


if __name__ == "__main__":
    main()
