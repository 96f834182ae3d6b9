"""How fast `linwarp warp` is from file to file, beside a Python script with OpenCV: whole processes, in turns. A picture is turned by a few
degrees (both cubic) and shrunk to a quarter of its sides (OpenCV: INTER_AREA). JPEG has the same quality and sampling of colour in both; PNG is
compressed as each program does by itself, so sizes of files are shown too.

    python3 speed.py LINWARP [--size 4000x3000] [--turns 9] [--data DIRECTORY]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

import cv2
import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Registration"))
from options import positive  # noqa: E402
from scenes import Pictures, large_scene  # noqa: E402

DEGREES, SHRINK = 3, 4
PEER = """
import sys, cv2
image = cv2.imread(sys.argv[1])
height, width = image.shape[:2]
{work}
cv2.imwrite(sys.argv[2], image, {options})
"""
OPTIONS = {"jpg": "[cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]", "png": "[]"}
# What is done: OpenCV's lines, and linwarp's options for a size.
WORK = {
    f"turned {DEGREES}°": (
        f"matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), {DEGREES}, 1)\n"
        "image = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_CUBIC)",
        lambda width, height: ["--rotate", str(DEGREES), "--interpolation", "cubic"]),
    f"shrunk to 1/{SHRINK}": (
        f"image = cv2.resize(image, (width // {SHRINK}, height // {SHRINK}), interpolation=cv2.INTER_AREA)",
        lambda width, height: ["--scale", "1", "--size", f"{width // SHRINK}x{height // SHRINK}"]),
}
FORMATS = [("jpg", "jpg"), ("png", "png"), ("jpg", "png")]


def seconds(command):
    """By the clock, and of all processors together: on a shared machine the latter varies less."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command[0]}: found the status {status}, expected 0")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("linwarp", help="the program")
    parser.add_argument("--size", type=lambda text: tuple(int(side) for side in text.split("x")), default=(4000, 3000))
    parser.add_argument("--turns", type=positive, default=9)
    parser.add_argument("--data", default=os.environ.get("LINWARP_DATA"), help="holds VOC2012/JPEGImages (default: LINWARP_DATA; without "
                        "it a scene is drawn)")
    arguments = parser.parse_args()
    width, height = arguments.size
    print("Milliseconds: the median, the least, and of all processors; the ratio of each turn's times: median and quartiles; kB written.\n")
    print("| what | files | linwarp | OpenCV | ratio | quartiles | kB | OpenCV's |\n|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        picture = large_scene(width, height, Pictures(arguments.data)[0], numpy.random.default_rng(41))
        for format in {source for source, _ in FORMATS}:
            cv2.imwrite(f"{folder}/source.{format}", picture)
        for what, (lines, options) in WORK.items():
            for source, target in FORMATS:
                ours, theirs = f"{folder}/ours.{target}", f"{folder}/theirs.{target}"
                commands = (
                    [arguments.linwarp, "warp", f"{folder}/source.{source}", *options(width, height), "--out", ours],
                    [sys.executable, "-c", PEER.format(work=lines, options=OPTIONS[target]), f"{folder}/source.{source}", theirs])
                times = 1000 * numpy.array([[seconds(command) for command in commands] for _ in range(arguments.turns)])
                medians, least = numpy.median(times, axis=0), times[:, :, 0].min(axis=0)
                shown = [f"{medians[i, 0]:.0f}, {least[i]:.0f}, {medians[i, 1]:.0f}" for i in range(2)]
                low, ratio, high = numpy.percentile(times[:, 0, 0] / times[:, 1, 0], [25, 50, 75])
                print(f"| {what} | {source} to {target} | {shown[0]} | {shown[1]} | {ratio:.2f} | {low:.2f}–{high:.2f} | "
                      f"{os.path.getsize(ours) // 1000} | {os.path.getsize(theirs) // 1000} |", flush=True)


if __name__ == "__main__":
    main()
