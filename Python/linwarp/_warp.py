from __future__ import annotations

from ctypes import byref
from typing import Optional, Sequence

import numpy

from ._library import LinWarpArgumentError, Options, as_image, check, doubles, image_view, library


def warp(
    image: numpy.ndarray, matrix: Sequence[float], *, size: Optional[tuple[int, int]] = None, convention: str = "normalized",
    interpolation: str = "auto", padding: str = "zeros", alpha: bool = False, axes: Optional[str] = None,
    out: Optional[numpy.ndarray] = None,
) -> numpy.ndarray:
    """An image under a transformation.

    image: [H, W], [H, W, C] or [C, H, W], of uint8, uint16, float32 or float64. Whole numbers stand for 0 to 1, and are rounded and clamped.
    matrix: 3 x 3, in the `convention`: from normalized target to normalized source coordinates, or as "opencv", "itk", "skimage" or "torch"
        have it.
    size: height and width of the result; by default those of the image.
    interpolation: "auto" averages where the image shrinks and is cubic elsewhere; "nearest", "bilinear", "cubic" or "area".
    padding: what lies outside, "zeros", "border" or "reflection".
    alpha: whether the last channel is opacity, so that colors of transparent pixels do not come through.
    axes: "HW", "HWC" or "CHW", where the last axis does not show it.
    out: where to write the result; of the image's axes and channels, and any of the types.

    Returns an array of the image's type and axes. Raises LinWarpArgumentError.
    """
    image, axes, view = as_image(image, axes, "image")
    if out is None:
        sizes = dict(zip(axes, image.shape))
        sizes.update(zip("HW", size or (view.height, view.width)))
        out = numpy.empty([sizes[axis] for axis in axes], image.dtype)
    elif not out.flags.writeable or out.ndim != len(axes):
        raise LinWarpArgumentError(f"out: found an array that is read-only or has {out.ndim} axes, expected one to write to, of {axes}")
    numbers = numpy.ascontiguousarray(matrix, dtype=numpy.float64)
    if numbers.size != 9:
        raise LinWarpArgumentError(f"matrix: found the shape {numbers.shape}, expected (3, 3)")
    target = image_view(out, axes, "out")
    with Options(convention=convention, interpolation=interpolation, padding=padding, alpha=alpha) as options:
        check(library.linwarp_warp(options, byref(view), doubles(numbers), byref(target)))
    return out
