"""The samplers in PyTorch, where it is installed."""

import pytest

torch = pytest.importorskip("torch")

import linwarp  # noqa: E402
from linwarp.torch import sample  # noqa: E402


def arguments(dtype=torch.float64, seed=0):
    random = torch.Generator().manual_seed(seed)
    image = torch.rand((2, 3, 9, 11), dtype=dtype, generator=random)
    points = 1.6 * torch.rand((2, 5, 6, 2), dtype=dtype, generator=random) - 0.8
    matrices = torch.tensor([[[0.7, 0.1, 0.05], [-0.1, 0.8, 0.1]]], dtype=dtype)
    return image, points, matrices


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align_corners", [False, True])
def test_bilinear_as_grid_sample(padding, align_corners):
    image, points, matrices = arguments()
    for grid in points, torch.nn.functional.affine_grid(matrices.expand(2, 2, 3), (2, 3, 7, 8), align_corners=align_corners):
        tensors = [image.clone().requires_grad_(), grid.clone().requires_grad_()]
        others = [tensor.detach().clone().requires_grad_() for tensor in tensors]
        found = sample(*tensors, sampler="bilinear", padding=padding, align_corners=align_corners)
        expected = torch.nn.functional.grid_sample(*others, padding_mode=padding, align_corners=align_corners)
        assert torch.allclose(found, expected, atol=1e-12)
        weights = torch.rand_like(found)
        (found * weights).sum().backward()
        (expected * weights).sum().backward()
        for a, b in zip(tensors, others):
            assert torch.allclose(a.grad, b.grad, atol=1e-10)


def test_matrices():
    image, _, matrices = arguments()
    square = torch.cat([matrices, torch.tensor([[[0.0, 0, 1]]], dtype=torch.float64)], dim=1)
    grid = torch.nn.functional.affine_grid(matrices.expand(2, 2, 3), (2, 3, 7, 8), align_corners=False)
    for sampler in "bilinear", "multi-scale":
        expected = sample(image, grid, sampler=sampler)
        for given in matrices, square:
            assert torch.allclose(sample(image, given, size=(7, 8), sampler=sampler), expected, atol=1e-12)
    assert sample(image, matrices).shape == image.shape


def test_gradients():
    image, points, matrices = (tensor.requires_grad_() for tensor in arguments())
    for sampler in "bilinear", "multi-scale":
        for grid in points, matrices:
            assert torch.autograd.gradcheck(lambda i, g: sample(i, g, size=(4, 5), sampler=sampler, sigmas=(1, 2)), (image, grid))
    # The linearized sampler's gradient by the grid is a plane's slope, by design not the derivative of its values; that by the image is.
    for grid in points, matrices:
        for image_gradient, bias in ("all-samples", "included"), ("centre", "excluded"):
            constant = grid.detach()
            assert torch.autograd.gradcheck(
                lambda i: sample(i, constant, size=(4, 5), image_gradient=image_gradient, bias=bias, seed=3), (image,))
        assert torch.autograd.gradcheck(
            lambda i: sample(i, constant, size=(4, 5), image_gradient="all-samples", bias="mean", noise_frame="source", outside="counted"),
            (image,))


def test_once_differentiable():
    image, points, _ = arguments()
    points.requires_grad_()
    first, = torch.autograd.grad((sample(image, points, sampler="bilinear") ** 2).sum(), points, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_linearized_slopes():
    """On a plane every slope is exact."""
    y, x = torch.meshgrid(torch.arange(40.0, dtype=torch.float64), torch.arange(50.0, dtype=torch.float64), indexing="ij")
    image = (0.3 * x - 0.2 * y)[None, None]
    grid = (torch.rand((1, 6, 7, 2), dtype=torch.float64) - 0.5).requires_grad_()
    sample(image, grid, regularization=1e-9, sigma=0.3).sum().backward()
    assert torch.allclose(grid.grad[..., 0], torch.full((1, 6, 7), 0.3 * 25, dtype=torch.float64), atol=1e-4)
    assert torch.allclose(grid.grad[..., 1], torch.full((1, 6, 7), -0.2 * 20, dtype=torch.float64), atol=1e-4)


def test_noise_is_repeatable():
    image, points, _ = arguments(torch.float32)
    one = sample(image, points, seed=5, call=2)
    assert torch.equal(one, sample(image, points, seed=5, call=2))
    assert not torch.equal(one, sample(image, points, seed=5, call=3))
    for options in {"noise_frame": "source"}, {"bias": "mean"}, {"outside": "counted"}:
        assert not torch.equal(one, sample(image, points, seed=5, call=2, **options)), options


def test_strides():
    image, points, _ = arguments()
    expected = sample(image, points)
    channels_last = image.to(memory_format=torch.channels_last)
    assert torch.equal(sample(channels_last, points.transpose(1, 2).contiguous().transpose(1, 2)), expected)


def test_training_step():
    """A transformer that learns a shift."""
    image, _, _ = arguments(torch.float32)
    image = torch.nn.functional.interpolate(image, (40, 50), mode="bicubic")
    target = sample(image, torch.tensor([[[1.0, 0, 0.1], [0, 1, -0.1]]]), sampler="bilinear")
    shift = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.Adam([shift], lr=0.01)
    for step in range(80):
        matrix = torch.cat([torch.eye(2), shift[:, None]], dim=1)[None]
        loss = ((sample(image, matrix, call=step, bias="excluded") - target) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert torch.allclose(shift.detach(), torch.tensor([0.1, -0.1]), atol=0.02)


class Warped(torch.utils.data.Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, index):
        image, points, _ = arguments(torch.float32, index)
        return sample(image, points, seed=index)


def test_workers():
    expected = [Warped()[n] for n in range(6)]
    for context in "fork", "spawn":
        loader = torch.utils.data.DataLoader(Warped(), batch_size=None, num_workers=2, multiprocessing_context=context)
        assert all(torch.equal(a, b) for a, b in zip(loader, expected))


def test_compile():
    image, points, _ = arguments(torch.float32)
    compiled = torch.compile(lambda i, g: 2 * sample(i, g, seed=1), backend="eager")
    assert torch.equal(compiled(image, points), 2 * sample(image, points, seed=1))


def test_bad_input():
    image, points, _ = arguments()
    for wrong, named in [((image[0], points), "grid"), ((image, points[..., :1]), "grid"), ((image.half(), points), "input"),
                         ((image, points.float()), "grid.type"), ((image, points[:1].expand(3, 5, 6, 2)), "grid")]:
        with pytest.raises(linwarp.LinWarpArgumentError, match=named):
            sample(*wrong)
    with pytest.raises(linwarp.LinWarpArgumentError, match="option samples"):
        sample(image, points, samples=1)
    with pytest.raises(linwarp.LinWarpArgumentError, match="option sampler"):
        sample(image, points, sampler="nearest")
