"""The same cases in PyTorch. Each function gives a function without arguments that does one repetition and gives its milliseconds."""

import time

import torch
import torch.nn.functional as F
from torch import nn


def milliseconds(body):
    start = time.perf_counter()
    body()
    return (time.perf_counter() - start) * 1e3


def affine_matrices(count):
    generator = torch.Generator().manual_seed(2)
    return torch.eye(2, 3) + 0.2 * torch.rand(count, 2, 3, generator=generator) - 0.1


def pixel_grid(theta, shape, size):
    return F.affine_grid(theta, [shape[0], shape[1], *size], align_corners=False)


def bilinear(image, grid):
    return F.grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


class Linearized(torch.autograd.Function):
    """Linearized multi-sampling (Jiang et al., ICCV 2019) with LinWarp's semantics, written with tensor operations: the noise is added in the target's
    frame, collapse prevention in the source's, samples out of bounds are left out, offsets are measured in source pixels."""

    @staticmethod
    def forward(context, image, grid, samples=8, epsilon=1e-3):
        n, _, height, width = image.shape
        _, h, w, _ = grid.shape
        half = grid.new_tensor([width / 2, height / 2])
        # The grid's Jacobian by target pixel, from differences of neighbours.
        du = torch.gradient(grid, dim=2)[0]
        dv = torch.gradient(grid, dim=1)[0]
        noise = torch.randn(samples - 1, n, h, w, 4)
        moved = grid + noise[..., 0:1] * du + noise[..., 1:2] * dv + noise[..., 2:4] / half
        positions = torch.cat([grid[None], moved])
        inside = (positions.abs() <= 1).all(-1).to(image.dtype)
        values = torch.stack([bilinear(image, p) for p in positions])
        offsets = (positions[1:] - grid) * half
        weight = inside[1:]
        rows = torch.cat([offsets, torch.ones_like(offsets[..., :1])], -1) * weight[..., None]
        differences = (values[1:] - values[0]) * weight[:, :, None]
        left = torch.einsum("knhwi,knhwj->nhwij", rows, rows) + epsilon * torch.eye(3)
        right = torch.einsum("knhwi,knchw->nhwic", rows, differences)
        solution = torch.cholesky_solve(right, torch.linalg.cholesky(left))
        context.save_for_backward(solution[..., :2, :] * half[:, None])
        return values[0] + solution[..., 2, :].permute(0, 3, 1, 2)

    @staticmethod
    def backward(context, cotangent):
        (slopes,) = context.saved_tensors
        return None, torch.einsum("nhwic,nchw->nhwi", slopes, cotangent), None, None


def sampling(sampler, shape, size, direction, of):
    image = torch.rand(*shape)
    theta = affine_matrices(shape[0])
    grid = pixel_grid(theta, shape, size)
    cotangent = 2 * torch.rand(shape[0], shape[1], *size) - 1
    if sampler.startswith("linwarp "):
        from linwarp.torch import sample as linwarp_sample
        sample = lambda image, grid: linwarp_sample(image, grid, sampler=sampler.removeprefix("linwarp "))
    else:
        sample = bilinear if sampler == "bilinear" else Linearized.apply

    def result(variable, image):
        return sample(image, pixel_grid(variable, shape, size) if of == "matrices" else variable)

    start = theta if of == "matrices" else grid
    if direction == "forward":
        with torch.no_grad():
            return lambda: milliseconds(lambda: no_gradient(lambda: result(start, image)))

    def repetition():
        variable = start.detach().clone().requires_grad_()
        source = image.detach().clone().requires_grad_(of == "points+image")
        value = result(variable, source)
        return milliseconds(lambda: value.backward(cotangent))

    return repetition


def no_gradient(body):
    with torch.no_grad():
        body()


def localization_network(channels=3, outputs=5):
    def convolution(inputs, outputs):
        return nn.Conv2d(inputs, outputs, 7, padding=3)

    return nn.Sequential(
        convolution(channels, 4), nn.ReLU(), convolution(4, 8), nn.ReLU(), nn.MaxPool2d(2), convolution(8, 16), nn.ReLU(), nn.MaxPool2d(2),
        convolution(16, 32), nn.ReLU(), nn.MaxPool2d(2), convolution(32, 1024), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(1024, 48),
        nn.ReLU(), nn.Linear(48, outputs))


def localization(training):
    network = localization_network()
    images = torch.rand(64, 3, 50, 50)
    if not training:
        return lambda: milliseconds(lambda: no_gradient(lambda: network(images)))

    def repetition():
        network.zero_grad()
        return milliseconds(lambda: network(images).sum().backward())

    return repetition


class TransformerNetwork(nn.Module):
    """The paper's STN or, with several steps, IC-STN at full size: rotation, two scales and translation, then a classifier with one hidden layer of
    128. Each step predicts from the image as transformed so far and composes; the image itself is sampled."""

    def __init__(self, sample, steps):
        super().__init__()
        self.sample, self.steps = sample, steps
        self.localization = localization_network()
        nn.init.zeros_(self.localization[-1].weight)
        nn.init.zeros_(self.localization[-1].bias)
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(7500, 128), nn.ReLU(), nn.Linear(128, 43))

    def matrices(self, x):
        angle, sx, sy, tx, ty = self.localization(x).unbind(1)
        cosine, sine = torch.cos(angle), torch.sin(angle)
        zero, one = torch.zeros_like(angle), torch.ones_like(angle)
        return torch.stack([
            torch.stack([torch.exp(sx) * cosine, -torch.exp(sy) * sine, tx], 1),
            torch.stack([torch.exp(sx) * sine, torch.exp(sy) * cosine, ty], 1), torch.stack([zero, zero, one], 1)], 1)

    def forward(self, x):
        x = x * 2 - 1

        def sampled(matrices):
            return self.sample(x, pixel_grid(matrices[:, :2], x.shape, (50, 50)))

        matrices = self.matrices(x)
        for _ in range(1, self.steps):
            matrices = matrices @ self.matrices(sampled(matrices))
        return self.classifier(sampled(matrices))


def training_step(sampler, steps):
    network = TransformerNetwork(bilinear if sampler == "bilinear" else Linearized.apply, steps)
    optimizer = torch.optim.Adam([
        {"params": network.localization.parameters(), "lr": 1e-5}, {"params": network.classifier.parameters(), "lr": 1e-3}])
    images, labels = torch.rand(64, 3, 50, 50), torch.arange(64) % 43

    def step():
        optimizer.zero_grad()
        F.cross_entropy(network(images), labels).backward()
        optimizer.step()

    return lambda: milliseconds(step)


def convolution(n, c, size, outputs, kernel, padding, stride, training):
    layer = nn.Conv2d(c, outputs, kernel, stride=stride, padding=padding)
    images = torch.rand(n, c, size, size, requires_grad=training)
    if not training:
        return lambda: milliseconds(lambda: no_gradient(lambda: layer(images)))

    def repetition():
        layer.zero_grad()
        images.grad = None
        return milliseconds(lambda: layer(images).sum().backward())

    return repetition


# Of x and y, into new memory or, where `out` is not None, into that.
TENSOR_OPERATIONS = {
    "add": lambda x, y, out: torch.add(x, y, out=out),
    "exp": lambda x, y, out: torch.exp(x, out=out),
    "log": lambda x, y, out: torch.log(x, out=out),
    "tanh": lambda x, y, out: torch.tanh(x, out=out),
    "sigmoid": lambda x, y, out: torch.sigmoid(x, out=out),
    "gelu": lambda x, y, out: F.gelu(x) if out is None else torch._C._nn.gelu(x, out=out),
    "sin": lambda x, y, out: torch.sin(x, out=out),
    "softmax": lambda x, y, out: torch.softmax(x, 1, out=out),
    "maximum": lambda x, y, out: torch.amax(x, 1, out=out),
    "transpose": lambda x, y, out: x.t().contiguous() if out is None else out.copy_(x.t()),
    "sum-1": lambda x, y, out: torch.sum(x, 1, out=out),
    "sum-0": lambda x, y, out: torch.sum(x, 0, out=out),
}


def tensor(name, rows, columns, times, keeps_memory):
    """An operation `times` times. New memory of this size comes from the system each time, and its pages one by one, unless a result's is kept."""
    operation = TENSOR_OPERATIONS[name]
    x = torch.rand(rows, columns)
    x = 0.1 + 3.9 * x if name == "log" else 8 * x - 4
    y = torch.rand(rows, columns)
    out = operation(x, y, None) if keeps_memory else None

    def all_times():
        for _ in range(times):
            operation(x, y, out)

    return lambda: milliseconds(lambda: no_gradient(all_times))
