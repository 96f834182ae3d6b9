from __future__ import annotations

import threading
import weakref
from ctypes import byref, c_char_p, c_int64, c_void_p
from dataclasses import dataclass
from typing import Optional, Sequence

import numpy

from ._library import FRAME, RELEASE, Frames, Options, as_image, check, doubles, image_view, library


@dataclass(frozen=True, eq=False)
class StackedFrame:
    """Where a frame lies, or why it does not belong to the stack."""

    #: Of the frame among those that were given, from 0.
    index: int
    #: 3 x 3, from normalized coordinates of the reference to those of the frame; None where nothing was found.
    matrix: Optional[numpy.ndarray]
    #: Standard deviations of the places of the reference's corners, in pixels; None where nothing was found.
    corner_deviations: Optional[numpy.ndarray]
    #: Why the frame is left out; None where it belongs to the stack.
    reason: Optional[str]


class Stack:
    """Frames that were aligned to each other: made by `linwarp.stack`."""

    def __init__(self, frames: Sequence[numpy.ndarray], axes: Optional[str], options: dict):
        self._frames, self._axes = frames, axes
        self._held: dict = {}
        self._layouts: dict = {}
        self._failures: dict = {}
        self._lock = threading.Lock()
        # The library keeps these as long as the stack lives.
        self._calls = FRAME(self._frame), RELEASE(self._release)
        self._source = Frames(len(frames), *self._calls, None)
        handle = c_void_p()
        with Options(**options) as given:
            check(library.linwarp_stack_align(given, byref(self._source), byref(handle)))
        self._handle = handle
        self._finalizer = weakref.finalize(self, library.linwarp_stack_destroy, handle)
        #: Of each frame, in order.
        self.frames: list[StackedFrame] = [self._stacked(index) for index in range(len(frames))]

    def _frame(self, _, index, image):
        # What is raised here can't pass through the library: the frame is left out, and says why.
        try:
            array, axes, view = as_image(self._frames[index], self._axes, f"frame {index}")
            with self._lock:
                self._held.setdefault(index, []).append(array)
                self._layouts[index] = axes, array.dtype, view.channels
                self._failures.pop(index, None)
            image[0] = view
            return 0
        except Exception as error:
            with self._lock:
                self._failures[index] = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            return 1

    def _release(self, _, index, image):
        with self._lock:
            self._held[index].pop()

    def _stacked(self, index):
        matrix, deviations, reason = numpy.empty((3, 3)), numpy.empty(4), c_char_p()
        check(library.linwarp_stack_frame(self._handle, index, doubles(matrix), doubles(deviations), byref(reason)))
        is_known = not numpy.isnan(matrix).any()
        why = reason.value.decode(errors="replace")
        return StackedFrame(index, matrix if is_known else None, deviations if is_known else None,
                            self._failures.get(index, why) if why else None)

    def window(self, crop: str = "common") -> tuple[int, int, int, int]:
        """The part of the reference's plane that a crop ("common", "reference" or "all") stands for: x, y, width and height in pixels."""
        window = (c_int64 * 4)()
        check(library.linwarp_stack_window(self._handle, crop.encode(), window))
        return tuple(window)

    def combine(self, combination: str = "mean", crop: str = "common") -> numpy.ndarray:
        """The frames that belong to the stack as one image: their "mean", "median" or "sharpest" parts, with the axes and the type of
        the first of them."""
        x, y, width, height = self.window(crop)
        axes, dtype, channels = self._layouts[next(frame.index for frame in self.frames if frame.reason is None)]
        sizes = {"C": channels, "H": height, "W": width}
        out = numpy.empty([sizes[axis] for axis in axes], dtype)
        view = image_view(out, axes, "out")
        check(library.linwarp_stack_combine(self._handle, combination.encode(), (c_int64 * 4)(x, y, width, height), byref(view)))
        return out


def stack(
    frames: Sequence[numpy.ndarray], *, reference: str = "first", family: str = "affine", mask: Optional[numpy.ndarray] = None,
    axes: Optional[str] = None,
) -> Stack:
    """Aligns frames of one scene: a burst, a time lapse.

    frames: a sequence of images of one size, or anything with `len` and an index that gives one: it is asked when the frame is needed, more
        than once and from several threads, and a few are in memory at a time.
    reference: "first", "previous", "mean", or a frame's number from 0.
    family: as of `linwarp.align`.
    mask: [H, W], which pixels of every frame count, as of `linwarp.align`.
    axes: "HW", "HWC" or "CHW", where the last axis does not show it.

    Returns the stack; frames that don't belong to it have a `reason`. Raises LinWarpError where none does.
    """
    return Stack(frames, axes, {"reference": str(reference), "family": family, "mask": mask})
