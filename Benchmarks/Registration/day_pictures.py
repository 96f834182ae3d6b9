#!/usr/bin/env python3
"""Draws the pictures of the README's table: a part of the first of some noisy frames of a drawn scene beside that of the stack's mean, with
the drift of the frames; and a zone plate made five times smaller, bilinear and as `linwarp warp` does by itself.

    day_pictures.py .build/release/linwarp Docs"""

import os
import subprocess
import sys
import tempfile

import cv2
import numpy

import stack

FRAMES, SIZE, NOISE, PART = 24, (640, 480), 28, (slice(120, 360), slice(160, 480))
PLATE, SMALL = 1200, 240


def beside(path, left, right):
    """Two pictures with a gap between them."""
    gap = numpy.full((left.shape[0], 8, *left.shape[2:]), 255, numpy.uint8)
    cv2.imwrite(path, numpy.concatenate([left, gap, right], axis=1))


def draw_plate(linwarp, folder):
    x = numpy.arange(PLATE) - PLATE / 2 + 0.5
    waves = numpy.cos(0.9 * numpy.pi * (x[None, :] ** 2 + x[:, None] ** 2) / PLATE / 2)
    with tempfile.TemporaryDirectory() as temporary:
        file = lambda name: os.path.join(temporary, name)
        cv2.imwrite(file("plate.png"), (127.5 + 127.5 * waves).round().astype(numpy.uint8))
        pictures = []
        for way in "bilinear", "auto":
            subprocess.run([linwarp, "warp", file("plate.png"), "--scale", "1", "--size", f"{SMALL}x{SMALL}", "--interpolation", way,
                            "--out", file("small.png")], check=True, stdout=subprocess.DEVNULL)
            pictures.append(cv2.imread(file("small.png"), cv2.IMREAD_GRAYSCALE))
    beside(os.path.join(folder, "zone-plate.png"), *pictures)


def draw_stack(linwarp, folder):
    with tempfile.TemporaryDirectory() as temporary:
        stack.NOISE, stack.STRANGERS = NOISE, 1
        sys.argv[1:] = [linwarp, "--frames", str(FRAMES), "--size", "x".join(map(str, SIZE))]
        arguments = stack.parsed()
        arguments.data = None
        paths, _ = stack.make_frames(temporary, arguments)
        out = os.path.join(temporary, "out")
        subprocess.run([linwarp, "stack", *paths, "--crop", "reference", "--combine", "mean", "--out", out, "--quiet"], check=True,
                       stderr=subprocess.DEVNULL)
        pictures = [cv2.imread(path)[PART] for path in (paths[0], os.path.join(out, "stack.png"))]
        beside(os.path.join(folder, "stack.jpg"), *pictures)
        drift = cv2.imread(os.path.join(out, "drift.png"))
        cv2.imwrite(os.path.join(folder, "drift.png"), cv2.resize(drift, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


if __name__ == "__main__":
    draw_plate(*sys.argv[1:3])
    draw_stack(*sys.argv[1:3])
