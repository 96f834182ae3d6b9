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
cv2.imwrite(sys.argv[2], image, [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444])
"""
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
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("linwarp", help="the program")
    parser.add_argument("--size", type=lambda text: tuple(int(side) for side in text.split("x")), default=(4000, 3000))
    parser.add_argument("--turns", type=positive, default=9)
    parser.add_argument("--data", default=os.environ.get("LINWARP_DATA"), help="holds VOC2012/JPEGImages (default: LINWARP_DATA; without "
                        "it a scene is drawn)")
    arguments = parser.parse_args()
    width, height = arguments.size
    print("| what | files | linwarp, ms | least | OpenCV, ms | least | ratio | quartiles | kB | OpenCV's |\n|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        picture = large_scene(width, height, Pictures(arguments.data)[0], numpy.random.default_rng(41))
        for format in {source for source, _ in FORMATS}:
            cv2.imwrite(f"{folder}/source.{format}", picture)
        for what, (lines, options) in WORK.items():
            for source, target in FORMATS:
                ours, theirs = f"{folder}/ours.{target}", f"{folder}/theirs.{target}"
                commands = (
                    [arguments.linwarp, "warp", f"{folder}/source.{source}", *options(width, height), "--out", ours],
                    [sys.executable, "-c", PEER.format(work=lines), f"{folder}/source.{source}", theirs])
                times = numpy.array([[seconds(command) for command in commands] for _ in range(arguments.turns)])
                (own, other), (least, other_least) = 1000 * numpy.median(times, axis=0), 1000 * times.min(axis=0)
                low, ratio, high = numpy.percentile(times[:, 0] / times[:, 1], [25, 50, 75])
                print(f"| {what} | {source} to {target} | {own:.0f} | {least:.0f} | {other:.0f} | {other_least:.0f} | {ratio:.2f} | "
                      f"{low:.2f}–{high:.2f} | {os.path.getsize(ours) // 1000} | {os.path.getsize(theirs) // 1000} |", flush=True)


if __name__ == "__main__":
    main()
