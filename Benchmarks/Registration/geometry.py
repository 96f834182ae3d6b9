"""Matrices between pixel coordinates, in which (0, 0) is the middle of the upper left pixel. Sizes are (width, height)."""

import numpy


def moved(x, y):
    return numpy.array([[1, 0, x], [0, 1, y], [0, 0, 1]], float)


def scaled(x, y):
    return numpy.diag([x, y, 1.0])


def turned(degrees):
    c, s = numpy.cos(numpy.radians(degrees)), numpy.sin(numpy.radians(degrees))
    return numpy.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def from_middle(size):
    """From coordinates whose zero is the image's middle to pixel coordinates."""
    return moved((size[0] - 1) / 2, (size[1] - 1) / 2)


def from_normalized(size):
    """From -1...1 at the image's outer edges to pixel coordinates."""
    return from_middle(size) @ scaled(size[0] / 2, size[1] / 2)


def between_middles(matrix, source, target):
    """A matrix that acts on pixels counted from the middles of the images of these sizes."""
    return from_middle(source) @ matrix @ numpy.linalg.inv(from_middle(target))


def pixels(normalized, source, target):
    """A matrix in normalized coordinates of both images, as one of pixel coordinates."""
    return from_normalized(source) @ normalized @ numpy.linalg.inv(from_normalized(target))


def normalized(matrix, source, target):
    return numpy.linalg.inv(from_normalized(source)) @ matrix @ from_normalized(target)


def corners(size):
    """The outer corners, one a row."""
    right, bottom = size[0] - 0.5, size[1] - 0.5
    return numpy.array([[-0.5, -0.5], [right, -0.5], [right, bottom], [-0.5, bottom]])


def apply(matrix, points):
    x = numpy.hstack([points, numpy.ones((len(points), 1))]) @ matrix.T
    return x[:, :2] / x[:, 2:]


def corner_error(found, truth, target):
    """The mean distance of the target's corners from their true places, in source pixels."""
    with numpy.errstate(all="ignore"):
        error = numpy.linalg.norm(apply(found, corners(target)) - apply(truth, corners(target)), axis=1).mean()
    return float(error) if numpy.isfinite(error) else float("inf")


def shares_in_common(matrix, source, target):
    """How much of the target lies within the source, and how much of the source within the target."""

    def share(matrix, size, other):
        x, y = numpy.meshgrid((numpy.arange(40) + 0.5) / 40 * size[0] - 0.5, (numpy.arange(40) + 0.5) / 40 * size[1] - 0.5)
        points = apply(matrix, numpy.stack([x.ravel(), y.ravel()], axis=1))
        return float((numpy.abs(points - (numpy.array(other) - 1) / 2) <= numpy.array(other) / 2).all(axis=1).mean())

    return share(matrix, target, source), share(numpy.linalg.inv(matrix), source, target)
