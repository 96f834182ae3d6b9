"""Image alignment, warping and stacking on CPUs. `linwarp.torch` has the samplers for networks."""

from ._align import Alignment, align
from ._library import LinWarpArgumentError, LinWarpError, LinWarpMemoryError, check, library
from ._stack import Stack, StackedFrame, stack
from ._warp import warp

__version__: str = library.linwarp_version().decode()

__all__ = ["Alignment", "LinWarpArgumentError", "LinWarpError", "LinWarpMemoryError", "Stack", "StackedFrame", "align", "set_threads", "stack",
           "threads", "warp"]


def threads() -> int:
    """How many threads work: at the start LINWARP_THREADS of the environment, or as many as there are processors."""
    return library.linwarp_threads()


def set_threads(count: int) -> None:
    """Sets how many threads work. Results are the same to the bit whatever it is."""
    check(library.linwarp_set_threads(count))
