from __future__ import annotations

from ctypes import byref, c_char_p, c_int64, c_void_p
from dataclasses import dataclass
from typing import Optional, Sequence

import numpy

from ._library import LinWarpArgumentError, Options, as_image, check, doubles, library


@dataclass(frozen=True, eq=False)
class Alignment:
    """What an alignment has found.

    `matrix` goes from normalized target to normalized source coordinates: x to the right, y down, -1 and 1 at the outer edges of the border
    pixels. `to_opencv()` and its like give it as other programs have it.
    """

    #: 3 x 3.
    matrix: numpy.ndarray
    #: "trusted": the images agree in far more places than chance would have them. "doubtful", or "failed".
    verdict: str
    #: Why the search stopped: "converged", "iteration-limit", "no-overlap", "not-finite" or "no-contrast".
    status: str
    #: The family that was searched.
    family: str
    #: The family's parameters.
    parameters: numpy.ndarray
    #: Of the parameters; None where they are not determined.
    covariance: Optional[numpy.ndarray]
    #: Standard deviations of where the target's corners (upper left, upper right, lower right, lower left) lie, in source pixels.
    corner_deviations: Optional[numpy.ndarray]
    #: Of the warped source with the target, tile by tile.
    correlation: Optional[float]
    #: The share of the target's pixels that lie in the source and count in both.
    overlap: Optional[float]
    #: The share of the target's tiles with structure that would not move on their own.
    steady_tiles: Optional[float]
    #: The evidence for the second best place over that for the best.
    runner_up: Optional[float]
    #: Of each channel that was compared at the end: target = gain * source + bias.
    gain: numpy.ndarray
    #: The other part of it.
    bias: numpy.ndarray
    #: Mean squared differences.
    losses: numpy.ndarray
    #: Height and width in pixels.
    source_size: tuple[int, int]
    #: The same of the target.
    target_size: tuple[int, int]

    #: The matrix by the names of conventions; a text that says why where one has none.
    _conventions: dict

    def _as(self, convention) -> numpy.ndarray:
        found = self._conventions[convention]
        if isinstance(found, str):
            raise LinWarpArgumentError(found)
        return found.copy()

    def to_skimage(self) -> numpy.ndarray:
        """For `skimage.transform.warp(source, matrix, output_shape=target_size)`: from the target's pixels to the source's."""
        return self._as("skimage")

    def to_opencv(self) -> numpy.ndarray:
        """For `cv2.warpPerspective(source, matrix, (width, height))`: from the source's pixels to the target's."""
        return self._as("opencv")

    def to_torch(self) -> numpy.ndarray:
        """For `torch.nn.functional.affine_grid(matrix[None], size, align_corners=False)`: 2 x 3. Of affine maps only."""
        return self._as("torch")[:2]


def align(
    source: numpy.ndarray, target: numpy.ndarray, *, family: str = "affine", initial: Optional[Sequence[float]] = None, near: bool = False,
    comparing: str = "auto", convention: str = "normalized", source_mask: Optional[numpy.ndarray] = None,
    target_mask: Optional[numpy.ndarray] = None, axes: Optional[str] = None,
) -> Alignment:
    """Finds the transformation that, applied to `source`, gives `target`: whatever the turn, scale and exposure.

    source, target: images [H, W], [H, W, C] or [C, H, W], of uint8, uint16, float32 or float64, of any sizes and strides. One may have a
        single channel where the other has several.
    family: "translation", "euclidean", "similarity", "rotation-scale-translation", "affine" or "homography".
    initial: where to begin, a 3 x 3 matrix in the `convention` ("normalized", "opencv", "itk", "skimage" or "torch").
    near: begin at `initial`, or the identity, and nowhere else: the fastest.
    comparing: "auto", "intensity", or "structure" for images of different sensors.
    source_mask, target_mask: [H, W]; pixels count where they are true, whole numbers other than 0, or floats above one half.
    axes: "HW", "HWC" or "CHW", where the last axis does not show it.

    Raises LinWarpArgumentError. An alignment that can't be trusted is no error: see its `verdict`.
    """
    source, _, source_view = as_image(source, axes if numpy.ndim(source) == 3 else None, "source")
    target, _, target_view = as_image(target, axes if numpy.ndim(target) == 3 else None, "target")
    handle = c_void_p()
    with Options(family=family, initial=initial, near=near, comparing=comparing, convention=convention, source_mask=source_mask,
                 target_mask=target_mask) as options:
        check(library.linwarp_align(options, byref(source_view), byref(target_view), byref(handle)))
    try:
        return _alignment(handle, (source_view.height, source_view.width), (target_view.height, target_view.width))
    finally:
        library.linwarp_alignment_destroy(handle)


def _alignment(handle, source_size, target_size):
    def text(name):
        value = c_char_p()
        check(library.linwarp_alignment_text(handle, name.encode(), byref(value)))
        return value.value.decode()

    def numbers(name):
        count = c_int64()
        check(library.linwarp_alignment_numbers(handle, name.encode(), None, 0, byref(count)))
        values = numpy.empty(count.value)
        check(library.linwarp_alignment_numbers(handle, name.encode(), doubles(values), count.value, byref(count)))
        return values

    def known(name):
        values = numbers(name)
        return values if len(values) else None

    def number(name) -> Optional[float]:
        values = numbers(name)
        return float(values[0]) if len(values) else None

    def written(convention):
        matrix = numpy.empty((3, 3))
        try:
            check(library.linwarp_alignment_matrix(handle, convention.encode(), doubles(matrix)))
        except LinWarpArgumentError as error:
            return str(error)
        return matrix

    parameters, covariance = numbers("parameters"), known("covariance")
    return Alignment(
        written("normalized"), text("verdict"), text("status"), text("family"), parameters,
        None if covariance is None else covariance.reshape(len(parameters), len(parameters)), known("corner-deviations"),
        number("correlation"), number("overlap"), number("steady-tiles"), number("runner-up"), numbers("gain"), numbers("bias"),
        numbers("losses"), source_size, target_size, {name: written(name) for name in ("opencv", "skimage", "torch")})
