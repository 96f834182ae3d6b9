"""Alignment, warping and stacks of numpy arrays."""

import os
import subprocess
import threading

import numpy
import pytest

import linwarp

TYPES = [numpy.uint8, numpy.uint16, numpy.float32, numpy.float64]


def scene(height, width, channels=3, matrix=numpy.eye(3)):
    """A smooth picture at pixels under a matrix."""
    y, x = numpy.mgrid[:height, :width]
    u, v, w = numpy.tensordot(matrix, numpy.stack([x, y, numpy.ones_like(x)]), 1)
    u, v = u / w, v / w
    planes = [0.5 + 0.2 * numpy.sin(u / 9 + numpy.sin(v / 13) + c) + 0.2 * numpy.cos(v / 7 - u * v / 900 + c) for c in range(channels)]
    return numpy.stack(planes, axis=-1)


def stored(image, dtype):
    dtype = numpy.dtype(dtype)
    return (image * numpy.iinfo(dtype).max).round().astype(dtype) if dtype.kind == "u" else image.astype(dtype)


TRUTH = numpy.array([[0.98, 0.05, 3], [-0.05, 0.98, 4], [0, 0, 1]])
SOURCE, TARGET = scene(120, 160), scene(110, 140, matrix=TRUTH)


def off(found):
    """How far the corners are off, in pixels."""
    corners = numpy.array([[0, 0, 1], [139, 0, 1], [139, 109, 1], [0, 109, 1]]).T
    return numpy.abs(found.to_skimage() @ corners - TRUTH @ corners).max()


@pytest.mark.parametrize("dtype", TYPES)
def test_types_and_layouts(dtype):
    source, target = stored(SOURCE, dtype), stored(TARGET, dtype)
    expected = linwarp.align(source, target, family="similarity")
    assert expected.verdict == "trusted" and expected.status == "converged" and off(expected) < 0.05
    planar, padded = source.transpose(2, 0, 1).copy(), numpy.zeros((130, 180, 4), dtype)
    padded[5:125, 10:170, :3] = source
    flipped = source[::-1].copy()[::-1]
    read_only = source.copy()
    read_only.setflags(write=False)
    for other in planar, padded[5:125, 10:170, :3], flipped, read_only, numpy.asfortranarray(source):
        with_axes = target.transpose(2, 0, 1) if other is planar else target
        found = linwarp.align(other, with_axes, family="similarity", axes="CHW" if other is planar else None)
        assert (found.matrix == expected.matrix).all()
    warped = linwarp.warp(source, expected.matrix, size=target.shape[:2])
    assert warped.dtype == dtype and warped.shape == target.shape
    inner = (slice(12, -12), slice(12, -12))
    scale = numpy.iinfo(dtype).max if numpy.dtype(dtype).kind == "u" else 1
    assert numpy.abs(warped[inner] / scale - TARGET[inner]).max() < 0.01
    assert (linwarp.warp(planar, expected.matrix, size=target.shape[:2]).transpose(1, 2, 0) == warped).all()
    grey = linwarp.align(stored(SOURCE.mean(axis=-1), dtype), target, family="similarity")
    assert grey.verdict == "trusted" and off(grey) < 0.1


def test_results():
    found = linwarp.align(SOURCE, TARGET, family="affine")
    assert found.covariance.shape == (6, 6) and found.parameters.shape == (6,) and found.corner_deviations.shape == (4,)
    assert found.correlation > 0.99 and 0.7 < found.overlap <= 1 and found.gain.shape == found.bias.shape
    assert found.source_size == (120, 160) and found.target_size == (110, 140)
    for convention, matrix in ("opencv", found.to_opencv()), ("skimage", found.to_skimage()), ("torch", numpy.vstack([found.to_torch(), [0, 0, 1]])):
        again = linwarp.align(SOURCE, TARGET, initial=matrix, convention=convention, near=True)
        assert numpy.abs(again.matrix - found.matrix).max() < 1e-4
        a, b = (linwarp.warp(SOURCE, m, size=(110, 140), convention=c) for m, c in ((matrix, convention), (found.matrix, "normalized")))
        assert numpy.abs(a - b).max() < 1e-9
    with pytest.raises(linwarp.LinWarpArgumentError, match="homography"):
        linwarp.align(SOURCE, TARGET, family="homography").to_torch()


def test_other_pictures_are_not_trusted():
    random = numpy.random.default_rng(1)
    assert linwarp.align(random.random((80, 90)), random.random((80, 90))).verdict != "trusted"


def test_masks():
    covered = TARGET.copy()
    covered[:, :60] = numpy.random.default_rng(2).random((110, 60, 3))
    mask = numpy.ones((110, 140), bool)
    mask[:, :60] = False
    plain = linwarp.align(SOURCE, covered, family="similarity", target_mask=mask)
    assert plain.verdict == "trusted" and off(plain) < 0.2
    assert (linwarp.align(SOURCE, covered, family="similarity", target_mask=mask.astype(float)).matrix == plain.matrix).all()


def test_as_the_program(tmp_path):
    """To the bit what `linwarp align` prints, where the program was built."""
    program = os.environ.get("LINWARP")
    if not program:
        pytest.skip("LINWARP does not name the program")
    for name, image in ("source", SOURCE), ("target", TARGET):
        pixels = stored(image, numpy.uint8)
        (tmp_path / f"{name}.ppm").write_bytes(b"P6 %d %d 255\n" % pixels.shape[1::-1] + pixels.tobytes())
    import json

    printed = json.loads(subprocess.run([program, "align", tmp_path / "source.ppm", tmp_path / "target.ppm", "--json", "--out", tmp_path / "out"],
                                        check=True, stdout=subprocess.PIPE).stdout)
    found = linwarp.align(stored(SOURCE, numpy.uint8), stored(TARGET, numpy.uint8))
    assert printed["matrix"] == found.matrix.tolist() and printed["verdict"] == found.verdict


def test_warp_into():
    out = numpy.zeros((2, 110, 140, 3), numpy.uint16)
    linwarp.warp(SOURCE, numpy.eye(3), out=out[1])
    assert (out[0] == 0).all() and (out[1] != 0).any()
    assert (linwarp.warp(SOURCE, numpy.eye(3)) == SOURCE).all()


def test_stack():
    random = numpy.random.default_rng(3)
    shifts = [(0, 0), (3, -2), (-4, 1), (2, 5)]
    frames = [scene(90, 120, matrix=numpy.array([[1, 0, x + 10], [0, 1, y + 10], [0, 0, 1]])) for x, y in shifts]
    frames = [stored(numpy.clip(frame + 0.03 * random.normal(size=frame.shape), 0, 1), numpy.uint8) for frame in frames]
    frames.insert(2, stored(random.random((90, 120, 3)), numpy.uint8))
    frames.append(numpy.zeros((50, 60, 3), numpy.uint8))
    stack = linwarp.stack(frames, family="translation")
    assert [frame.reason is None for frame in stack.frames] == [True, True, False, True, True, False]
    assert "60x50" in stack.frames[5].reason
    for frame, (x, y) in zip([f for f in stack.frames if f.reason is None], shifts):
        assert abs(frame.matrix[0, 2] * 60 + x) < 0.1 or abs(frame.matrix[0, 2] * 60 - x) < 0.1
    x, y, width, height = stack.window("common")
    mean = stack.combine("mean", crop="common")
    assert mean.shape == (height, width, 3) and mean.dtype == numpy.uint8
    clean = scene(90, 120, matrix=numpy.array([[1, 0, 10], [0, 1, 10], [0, 0, 1]]))[y:y + height, x:x + width]
    assert numpy.std(mean / 255 - clean) < 0.7 * numpy.std(frames[0][y:y + height, x:x + width] / 255 - clean)

    class Lazy:
        def __len__(self):
            return 2

        def __getitem__(self, index):
            if index == 1:
                raise OSError("there is no such file")
            return frames[index]

    with pytest.raises(linwarp.LinWarpError):
        linwarp.stack(Lazy(), family="translation")

    class Broken(Lazy):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return frames[3] if index == 2 else super().__getitem__(index)

    assert linwarp.stack(Broken(), family="translation").frames[1].reason == "OSError: there is no such file"
    planes = [frames[0], numpy.ascontiguousarray(numpy.moveaxis(frames[1], 2, 0)).astype(numpy.float32) / 255, frames[3]]
    assert linwarp.stack(planes, family="translation").combine("mean").dtype == numpy.uint8


def test_threads():
    """Sixteen at once, each as it would be alone."""
    expected = linwarp.align(SOURCE, TARGET).matrix
    found = [None] * 16

    def work(n):
        found[n] = linwarp.align(SOURCE, TARGET).matrix
        with pytest.raises(linwarp.LinWarpArgumentError, match=f"famly{n}"):
            linwarp.align(SOURCE, TARGET, family=f"famly{n}")

    workers = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all((matrix == expected).all() for matrix in found)
    count = linwarp.threads()
    linwarp.set_threads(1)
    try:
        assert linwarp.threads() == 1 and (linwarp.align(SOURCE, TARGET).matrix == expected).all()
    finally:
        linwarp.set_threads(count)


@pytest.mark.parametrize("arguments, options, named", [
    ((SOURCE, TARGET), {"family": "oval"}, "option family"), ((SOURCE[:0], TARGET), {}, "source.height"),
    ((SOURCE, TARGET[:, :, :2]), {}, "target.channels"), ((SOURCE.astype(numpy.complex64), TARGET), {}, "source"),
    ((SOURCE[None], TARGET), {}, "source"), ((SOURCE, TARGET), {"initial": [1, 2]}, "option initial"),
    ((SOURCE, TARGET), {"initial": [float("nan")] * 9}, "option initial"), ((SOURCE, TARGET), {"axes": "WHC"}, "WHC"),
    ((SOURCE, TARGET), {"target_mask": numpy.ones((3, 3))}, "mask"),
    ((SOURCE, TARGET), {"target_mask": numpy.ones((110, 140, 3))}, "mask"), ((SOURCE, TARGET), {"target_mask": numpy.zeros((110, 140))}, "mask"),
])
def test_bad_input(arguments, options, named):
    with pytest.raises(linwarp.LinWarpArgumentError, match=named):
        linwarp.align(*arguments, **options)


def test_bad_warps():
    for matrix, options, named in [(numpy.zeros((3, 3)), {}, "matrix"), (numpy.full((3, 3), numpy.nan), {}, "matrix"), (numpy.eye(2), {}, "matrix"),
                                   (numpy.eye(3), {"padding": "wrap"}, "option padding"), (numpy.eye(3), {"size": (0, 4)}, "height")]:
        with pytest.raises(linwarp.LinWarpArgumentError, match=named):
            linwarp.warp(SOURCE, matrix, **options)
    read_only = numpy.zeros_like(SOURCE)
    read_only.setflags(write=False)
    with pytest.raises(linwarp.LinWarpArgumentError, match="read-only"):
        linwarp.warp(SOURCE, numpy.eye(3), out=read_only)
    with pytest.raises(ValueError):
        linwarp.set_threads(0)
