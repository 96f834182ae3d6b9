"""How near `linwarp warp` comes to the truth, beside OpenCV: the mean of a continuous picture over each target pixel, on a zone plate and on
photographs, shrunk and turned; and magnified. Signal to noise in decibels over what lies inside, and seconds.

    python3 quality.py LINWARP [--pictures 6] [--data DIRECTORY]
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
from geometry import between_middles, scaled, turned  # noqa: E402
from scenes import Pictures  # noqa: E402

SHRINKING, TURN, MAGNIFYING = (1.5, 3, 8), 20, (1.5, 3)
# Points along each axis of a source pixel by which the true picture is known.
FINENESS = 8


def zone_plate(side, fineness):
    """cos(r²), whose waves reach the source's limit at its edges: at any point, so that the truth needs no interpolation."""
    x = (numpy.arange(side * fineness) + 0.5) / fineness - side / 2
    phase = numpy.pi * (x[None, :] ** 2 + x[:, None] ** 2) / (2 * side) * 0.9
    return numpy.repeat((0.5 + 0.5 * numpy.cos(phase)).astype(numpy.float32)[..., None], 3, axis=2)


def pictures(arguments):
    """Name, and the picture at FINENESS points a source pixel."""
    yield "zone plate", zone_plate(512, FINENESS)
    photographs = Pictures(arguments.data)
    for number in range(arguments.pictures):
        picture = photographs[number].astype(numpy.float32) / 255
        yield f"picture {number}", cv2.resize(picture[: picture.shape[0] // 4 * 4, : picture.shape[1] // 4 * 4], None, fx=2, fy=2,
                                              interpolation=cv2.INTER_CUBIC)


def averaged(fine, factor):
    height, width = fine.shape[0] // factor * factor, fine.shape[1] // factor * factor
    return fine[:height, :width].reshape(height // factor, factor, width // factor, factor, 3).mean(axis=(1, 3))


def truth(fine, fineness, matrix, size, samples):
    """The mean over each target pixel; and where all of it lies within the picture."""
    column = (numpy.arange(size[0] * samples) + 0.5) / samples - 0.5
    row = (numpy.arange(size[1] * samples) + 0.5) / samples - 0.5
    x = (matrix[0, 0] * column[None, :] + matrix[0, 1] * row[:, None] + matrix[0, 2]).astype(numpy.float32)
    y = (matrix[1, 0] * column[None, :] + matrix[1, 1] * row[:, None] + matrix[1, 2]).astype(numpy.float32)
    f = numpy.float32(fineness)
    u, v = (x + numpy.float32(0.5)) * f - numpy.float32(0.5), (y + numpy.float32(0.5)) * f - numpy.float32(0.5)
    values = cv2.remap(fine, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    edge = 3 * fineness
    inside = (u > edge) & (v > edge) & (u < fine.shape[1] - 1 - edge) & (v < fine.shape[0] - 1 - edge)
    shape = size[1], samples, size[0], samples
    return values.reshape(*shape, 3).mean(axis=(1, 3)), inside.reshape(shape).all(axis=(1, 3))


def decibels(found, true, inside):
    return -10 * numpy.log10(max(numpy.mean((found[inside] - true[inside]) ** 2), 1e-12))


def ours(arguments, source, matrix, size, interpolation, folder):
    cv2.imwrite(f"{folder}/source.tif", source)
    numbers = ",".join(repr(float(n)) for n in matrix.ravel())
    start = time.perf_counter()
    subprocess.run([arguments.linwarp, "warp", f"{folder}/source.tif", "--matrix", numbers, "--convention", "skimage", "--size",
                    f"{size[0]}x{size[1]}", "--interpolation", interpolation, "--padding", "border", "--out", f"{folder}/out.tif"],
                   check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    return cv2.imread(f"{folder}/out.tif", cv2.IMREAD_UNCHANGED), seconds


def area_after_warp(source, matrix, size, factor):
    """Turned at the source's resolution by warpPerspective, then made smaller by INTER_AREA."""
    large = int(round(size[0] * factor)), int(round(size[1] * factor))
    whole = matrix @ between_middles(numpy.diag([size[0] / large[0], size[1] / large[1], 1]), size, large)
    warped = cv2.warpPerspective(source, whole, large, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(warped, size, interpolation=cv2.INTER_AREA)


def direct(source, matrix, size, how):
    return cv2.warpPerspective(source, matrix, size, flags=how | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)


def timed(work, *given):
    start = time.perf_counter()
    return work(*given), time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("linwarp")
    parser.add_argument("--pictures", type=int, default=6)
    parser.add_argument("--data", default=os.environ.get("LINWARP_DATA"))
    arguments = parser.parse_args()
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, fine in pictures(arguments):
            kind = "zone plate" if name == "zone plate" else "photographs"
            factor = FINENESS if kind == "zone plate" else 4
            source = averaged(fine, factor)
            for shrink in SHRINKING:
                size = tuple(max(8, int(side / shrink * 0.7)) for side in source.shape[1::-1])
                matrix = between_middles(turned(TURN) @ scaled(shrink, shrink), source.shape[1::-1], size)
                true, inside = truth(fine, factor, matrix, size, int(numpy.ceil(shrink * factor)))
                results = {"linwarp auto": ours(arguments, source, matrix, size, "auto", folder)[0],
                           "linwarp bilinear": ours(arguments, source, matrix, size, "bilinear", folder)[0],
                           "warpPerspective, then INTER_AREA": area_after_warp(source, matrix, size, shrink),
                           "warpPerspective, INTER_AREA flag": direct(source, matrix, size, cv2.INTER_AREA)}
                for method, found in results.items():
                    rows.setdefault((f"{kind}, shrunk {shrink}", method), []).append(decibels(found, true, inside))
            for zoom in MAGNIFYING:
                if kind == "zone plate":
                    continue
                # A source four times as coarse, so that the truth has more than it.
                size = tuple(int(side * zoom * 0.6) for side in source.shape[1::-1])
                matrix = between_middles(turned(TURN) @ scaled(1 / zoom, 1 / zoom), source.shape[1::-1], size)
                true, inside = truth(fine, factor, matrix, size, 4)
                results = {"linwarp auto": ours(arguments, source, matrix, size, "auto", folder)[0],
                           "linwarp bilinear": ours(arguments, source, matrix, size, "bilinear", folder)[0],
                           "OpenCV INTER_CUBIC": direct(source, matrix, size, cv2.INTER_CUBIC)}
                for method, found in results.items():
                    rows.setdefault((f"{kind}, magnified {zoom}", method), []).append(decibels(found, true, inside))
    print("| picture | method | dB |\n|---|---|---|")
    for (what, method), values in rows.items():
        print(f"| {what} | {method} | {numpy.mean(values):.2f} |")


if __name__ == "__main__":
    main()
