"""Aligns two drawn images, reads the verdict, and brings one to the other's place: needs NumPy and the package, no data.

    pip install ./Python && python3 Examples/python/align.py
"""

import linwarp
import numpy


def scene(x, y):
    """Its brightness at places in pixels, 0 to 1."""
    return 0.5 + 0.2 * numpy.sin(x / 9 + numpy.sin(y / 13)) + 0.2 * numpy.cos(y / 7 - x * y / 900)


y, x = numpy.mgrid[0:120, 0:160].astype(numpy.float32)
source = scene(x, y)
target = scene(0.98 * x + 0.05 * y + 3, -0.05 * x + 0.98 * y + 4)

found = linwarp.align(source, target, family="similarity")
print("verdict:", found.verdict)
print("standard deviations of the corners, in source pixels:", found.corner_deviations)
print("for cv2.warpPerspective:", found.to_opencv().round(4).tolist())

aligned = linwarp.warp(source, found.matrix, size=target.shape)
print("differs by at most", abs(aligned - target)[20:-20, 20:-20].max())

# What cannot be aligned is no error: the verdict says it.
noise = numpy.random.default_rng(0).random(target.shape, dtype=numpy.float32)
print("with noise in place of the target:", linwarp.align(source, noise, family="similarity").verdict)

try:
    linwarp.align(source, target, family="affin")
except linwarp.LinWarpArgumentError as error:
    print("a wrong argument:", error)
