#!/usr/bin/env python3
"""Compares `linwarp warp --interpolation bilinear` of a float image with OpenCV's `remap` and PyTorch's `grid_sample`, where they are installed;
OpenCV, which also reads and writes the images, for both.

    Tests/Acceptance/bilinear.py .build/release/linwarp"""

import importlib
import subprocess
import sys
import tempfile

import numpy

HEIGHT, WIDTH, ROWS, COLUMNS = 90, 120, 70, 100
# From normalized target to normalized source coordinates: parts of the target lie outside.
MATRICES = [[0.9, -0.2, 0.1, 0.15, 0.8, -0.05, 0, 0, 1], [0.9, -0.2, 0.1, 0.15, 0.8, -0.05, 0.05, -0.1, 1], [1.3, 0.1, 0.2, -0.1, 1.2, 0, 0, 0, 1]]
PADDINGS = "zeros", "border", "reflection"


def grid(matrix):
    """Where the target's pixels lie, in normalized source coordinates: x, then y."""
    v, u = numpy.meshgrid((2 * numpy.arange(ROWS) + 1) / ROWS - 1, (2 * numpy.arange(COLUMNS) + 1) / COLUMNS - 1, indexing="ij")
    x, y, w = numpy.tensordot(numpy.array(matrix).reshape(3, 3), numpy.stack([u, v, numpy.ones_like(u)]), 1)
    return x / w, y / w


def of_opencv(cv2, source, matrix, padding):
    x, y = grid(matrix)
    maps = [((a + 1) * size / 2 - 0.5).astype(numpy.float32) for a, size in ((x, WIDTH), (y, HEIGHT))]
    border = {"zeros": cv2.BORDER_CONSTANT, "border": cv2.BORDER_REPLICATE, "reflection": cv2.BORDER_REFLECT}[padding]
    return cv2.remap(source, *maps, cv2.INTER_LINEAR, borderMode=border)


def of_torch(torch, source, matrix, padding):
    places = torch.tensor(numpy.stack(grid(matrix), axis=-1))[None]
    image = torch.tensor(source.transpose(2, 0, 1), dtype=torch.float64)[None]
    found = torch.nn.functional.grid_sample(image, places, mode="bilinear", padding_mode=padding, align_corners=False)
    return found[0].numpy().transpose(1, 2, 0)


def main(linwarp):
    y, x = numpy.mgrid[:HEIGHT, :WIDTH] / 40.0
    source = numpy.stack([0.5 + 0.2 * numpy.sin(3 * x + numpy.sin(2 * y) + c) + 0.2 * numpy.cos(2.2 * y - c) for c in range(3)], axis=-1)
    source = source.astype(numpy.float32)
    with tempfile.TemporaryDirectory() as folder:
        for name, module, warped, bound in ("OpenCV", "cv2", of_opencv, 1e-4), ("PyTorch", "torch", of_torch, 1e-6):
            try:
                images, library = importlib.import_module("cv2"), importlib.import_module(module)
            except ImportError:
                print(f"{name}: not installed")
                continue
            images.imwrite(f"{folder}/source.tif", source[..., ::-1])
            worst = 0
            for matrix in MATRICES:
                for padding in PADDINGS:
                    subprocess.run(
                        [linwarp, "warp", f"{folder}/source.tif", "--matrix", ",".join(map(str, matrix)), "--size", f"{COLUMNS}x{ROWS}",
                         "--interpolation", "bilinear", "--padding", padding, "--out", f"{folder}/out.tif"], check=True, stdout=subprocess.DEVNULL)
                    found = images.imread(f"{folder}/out.tif", images.IMREAD_UNCHANGED)[..., ::-1]
                    worst = max(worst, numpy.abs(found - warped(library, source, matrix, padding)).max())
            print(f"{name}: differs by at most {worst:.1e}")
            assert worst <= bound, name


if __name__ == "__main__":
    main(sys.argv[1])
