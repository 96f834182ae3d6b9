"""The functions of linwarp.h, as ctypes calls them: without the GIL."""

import ctypes
import os
from ctypes import POINTER, byref, c_char_p, c_double, c_int, c_int64, c_void_p

import numpy


class LinWarpError(Exception):
    """Work that can't be done, as with a stack none of whose frames fit. The text says what was found and what was expected."""


class LinWarpArgumentError(LinWarpError, ValueError):
    """An argument is not what the function takes; the text names it."""


class LinWarpMemoryError(LinWarpError, MemoryError):
    """The system has not as much memory as the work needs."""


class Image(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("type", c_int), ("channels", c_int64), ("height", c_int64), ("width", c_int64),
                ("channel_stride", c_int64), ("row_stride", c_int64), ("column_stride", c_int64)]


class Array(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("type", c_int), ("rank", c_int64), ("shape", c_int64 * 4), ("strides", c_int64 * 4)]


FRAME = ctypes.CFUNCTYPE(c_int, c_void_p, c_int64, POINTER(Image))
RELEASE = ctypes.CFUNCTYPE(None, c_void_p, c_int64, POINTER(Image))


class Frames(ctypes.Structure):
    _fields_ = [("count", c_int64), ("frame", FRAME), ("release", RELEASE), ("context", c_void_p)]


TYPES = {"uint8": 0, "uint16": 1, "float32": 2, "float64": 3}
ABI = 1
ERRORS = {1: LinWarpArgumentError, 3: LinWarpMemoryError}


def _loaded():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "liblinwarp.so")
    library = ctypes.CDLL(path)
    if library.linwarp_abi_version() != ABI:
        raise ImportError(f"{path}: found the ABI {library.linwarp_abi_version()}, expected {ABI}")
    for name, result, arguments in [
        ("version", c_char_p, []), ("last_error", c_char_p, []), ("threads", c_int, []), ("set_threads", c_int, [c_int]),
        ("options_create", c_void_p, []), ("options_destroy", None, [c_void_p]),
        ("options_set_text", c_int, [c_void_p, c_char_p, c_char_p]),
        ("options_set_numbers", c_int, [c_void_p, c_char_p, POINTER(c_double), c_int64]),
        ("options_set_image", c_int, [c_void_p, c_char_p, POINTER(Image)]),
        ("align", c_int, [c_void_p, POINTER(Image), POINTER(Image), POINTER(c_void_p)]), ("alignment_destroy", None, [c_void_p]),
        ("alignment_matrix", c_int, [c_void_p, c_char_p, POINTER(c_double)]),
        ("alignment_text", c_int, [c_void_p, c_char_p, POINTER(c_char_p)]),
        ("alignment_numbers", c_int, [c_void_p, c_char_p, POINTER(c_double), c_int64, POINTER(c_int64)]),
        ("warp", c_int, [c_void_p, POINTER(Image), POINTER(c_double), POINTER(Image)]),
        ("sample", c_int, [c_void_p] + 5 * [POINTER(Array)]), ("sample_gradient", c_int, [c_void_p] + 7 * [POINTER(Array)]),
        ("stack_align", c_int, [c_void_p, POINTER(Frames), POINTER(c_void_p)]), ("stack_destroy", None, [c_void_p]),
        ("stack_frame", c_int, [c_void_p, c_int64, POINTER(c_double), POINTER(c_double), POINTER(c_char_p)]),
        ("stack_window", c_int, [c_void_p, c_char_p, POINTER(c_int64)]),
        ("stack_combine", c_int, [c_void_p, c_char_p, POINTER(c_int64), POINTER(Image)]),
    ]:
        function = getattr(library, f"linwarp_{name}")
        function.restype, function.argtypes = result, arguments
    return library


library = _loaded()


def check(status):
    """Raises what a status stands for."""
    if status:
        raise ERRORS.get(status, LinWarpError)(library.linwarp_last_error().decode(errors="replace"))


class Options:
    """A handle of options while a `with` statement lasts. Names are Python's: `source_mask` is "source-mask"; None is left out."""

    def __init__(self, **values):
        self.values = values

    def __enter__(self):
        self.handle = library.linwarp_options_create()
        try:
            for name, value in self.values.items():
                if value is not None:
                    self._set(name.replace("_", "-").encode(), value)
        except BaseException:
            self.__exit__()
            raise
        return self.handle

    def __exit__(self, *_):
        library.linwarp_options_destroy(self.handle)

    def _set(self, name, value):
        if isinstance(value, (bool, numpy.bool_)):
            value = "yes" if value else "no"
        if isinstance(value, str):
            check(library.linwarp_options_set_text(self.handle, name, value.encode()))
            return
        array = numpy.asarray(value)
        if name.endswith(b"mask"):
            if array.ndim != 2:
                raise LinWarpArgumentError(f"{name.decode()}: found the shape {list(array.shape)}, expected [H, W]")
            mask = numpy.ascontiguousarray(array > 0.5 if array.dtype.kind == "f" else array != 0).astype(numpy.uint8) * 255
            view = image_view(mask, "HW", name.decode())
            check(library.linwarp_options_set_image(self.handle, name, byref(view)))
            return
        numbers = numpy.ascontiguousarray(array, dtype=numpy.float64).ravel()
        check(library.linwarp_options_set_numbers(self.handle, name, doubles(numbers), numbers.size))


def doubles(numbers):
    return numbers.ctypes.data_as(POINTER(c_double))


def layout(array, axes, name):
    """The axes of an image: HW, HWC or CHW. Where they are not said, the last one is channels if it has at most four."""
    if axes is None:
        axes = "HW" if array.ndim == 2 else "HWC" if array.ndim == 3 and array.shape[2] <= 4 else "CHW"
    if axes not in ("HW", "HWC", "CHW") or array.ndim != len(axes):
        raise LinWarpArgumentError(f"{name}: found an array of {array.ndim} axes as {axes}, expected HW, HWC or CHW")
    return axes


def image_view(array, axes, name):
    """The image that an array holds, without a copy of it."""
    if array.dtype.name not in TYPES or not array.dtype.isnative:
        raise LinWarpArgumentError(f"{name}: found numbers of {array.dtype}, expected uint8, uint16, float32 or float64")
    sizes, strides = dict(zip(axes, array.shape)), dict(zip(axes, array.strides))
    return Image(array.ctypes.data, TYPES[array.dtype.name], sizes.get("C", 1), sizes["H"], sizes["W"], strides.get("C", 0), strides["H"],
                 strides["W"])


def as_image(array, axes, name):
    """An array, its axes and its view; the view lives as long as the array."""
    array = numpy.asarray(array)
    if array.dtype == numpy.bool_:
        array = array.view(numpy.uint8) * numpy.uint8(255)
    axes = layout(array, axes, name)
    return array, axes, image_view(array, axes, name)
