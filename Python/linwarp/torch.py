"""The samplers for PyTorch: `sample` in place of `torch.nn.functional.grid_sample`."""

from __future__ import annotations

from ctypes import byref, c_int64
from typing import Optional

import torch

from ._library import Array, LinWarpArgumentError, Options, check, library

__all__ = ["sample"]


def sample(
    input: torch.Tensor, grid: torch.Tensor, *, size: Optional[tuple[int, int]] = None, sampler: str = "linearized",
    padding: str = "zeros", align_corners: bool = False, seed: int = 0, call: int = 0, samples: int = 8, sigma: float = 1.0,
    noise_frame: str = "target", regularization: float = 1e-3, prevents_collapse: bool = True, bias: str = "included",
    outside: str = "left-out", image_gradient: str = "none", draws: str = "independent", solver: str = "fused",
    sigmas: tuple[float, ...] = (1.0, 5.0, 10.0),
) -> torch.Tensor:
    """Samples images at positions, with gradients by both.

    input: [N, C, H, W], of float32 or float64.
    grid: [N, h, w, 2], x and y in normalized source coordinates as `grid_sample` takes them; or matrices [N, 3, 3] or [N, 2, 3] from
        normalized target to normalized source coordinates, which `affine_grid` would make a grid of. A batch of 1 of input or grid serves all.
    size: of matrices, height and width of the result; by default those of the input.
    sampler: "linearized" (Jiang et al., ICCV 2019), "bilinear" or "multi-scale".
    padding: "zeros", "border" or "reflection".
    seed, call: of the linearized sampler's noise; pass the training step as `call`, so that it differs from step to step.
    samples, sigma, noise_frame, regularization, prevents_collapse, bias, outside, image_gradient, draws, solver: of the linearized sampler; with
        `draws="lattice"` samples are spread evenly, and 5 are as exact as 8; `noise_frame="source"` is the noise of the authors' released code.
    sigmas: of the multi-scale sampler, in pixels.

    Returns [N, C, h, w], which can be differentiated once. The linearized sampler gives the input a gradient where `image_gradient` is
    "centre" or "all-samples". Raises
    LinWarpArgumentError.
    """
    options = {"sampler": sampler, "padding": padding, "align_corners": align_corners, "call": call}
    if sampler == "linearized":
        options.update(seed=seed, samples=samples, sigma=sigma, noise_frame=noise_frame, regularization=regularization,
                       prevents_collapse=prevents_collapse, bias=bias, outside=outside, image_gradient=image_gradient, draws=draws, solver=solver)
    if sampler == "multi-scale":
        options.update(sigmas=sigmas)
    for name, tensor in ("input", input), ("grid", grid):
        if tensor.device.type != "cpu":
            raise LinWarpArgumentError(f"{name}: found a tensor on {tensor.device}, expected one on the CPU")
    return _Sample.apply(input, grid, size, options)


def _view(tensor, name):
    if tensor.dtype not in (torch.float32, torch.float64) or tensor.dim() > 4:
        raise LinWarpArgumentError(f"{name}: found {tensor.dim()} axes of {tensor.dtype}, expected at most 4 of float32 or float64")
    lengths, bytes_apart = list(tensor.shape), [stride * tensor.element_size() for stride in tensor.stride()]
    rest = [0] * (4 - len(lengths))
    # An address even where there is nothing.
    address = tensor.data_ptr() or 1
    return Array(address, 2 if tensor.dtype == torch.float32 else 3, len(lengths), (c_int64 * 4)(*lengths, *rest),
                 (c_int64 * 4)(*bytes_apart, *rest))


class _Sample(torch.autograd.Function):
    @staticmethod
    @torch.compiler.disable
    def forward(context, input, grid, size, options):
        if input.dim() != 4 or grid.dim() not in (3, 4):
            raise LinWarpArgumentError(
                f"grid: found the shape {list(grid.shape)} for an input of {list(input.shape)}, expected [N, h, w, 2], [N, 3, 3] or "
                "[N, 2, 3] for [N, C, H, W]")
        height, width = grid.shape[1:3] if grid.dim() == 4 else size or input.shape[2:]
        values = input.new_empty((max(input.shape[0], grid.shape[0]), input.shape[1], height, width))
        # The linearized sampler's gradient by the grid needs the slopes that its samples give; others compute theirs as they need them.
        keeps_slopes = options["sampler"] == "linearized" and context.needs_input_grad[1]
        slopes = [torch.empty_like(values) for _ in range(2)] if keeps_slopes else []
        with Options(**options) as handle:
            check(library.linwarp_sample(handle, *_views(input=input, grid=grid, values=values), *_slope_views(slopes)))
        context.save_for_backward(input, grid, *slopes)
        context.options = options
        return values

    @staticmethod
    @torch.compiler.disable
    @torch.autograd.function.once_differentiable
    def backward(context, weights):
        input, grid, *slopes = context.saved_tensors
        gradients = [torch.empty_like(tensor, memory_format=torch.contiguous_format) if needed else None
                     for tensor, needed in zip((input, grid), context.needs_input_grad)]
        with Options(**context.options) as handle:
            check(library.linwarp_sample_gradient(
                handle, *_views(input=input, grid=grid, weights=weights), *_slope_views(slopes),
                *_views(input_gradient=gradients[0], grid_gradient=gradients[1])))
        return *gradients, None, None


def _views(**tensors):
    return [None if tensor is None else byref(_view(tensor, name)) for name, tensor in tensors.items()]


def _slope_views(slopes):
    return _views(slopes_x=slopes[0], slopes_y=slopes[1]) if slopes else [None, None]
