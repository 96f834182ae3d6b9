"""Draws of a true transformation, from target to source pixels, between images of two sizes."""

import cv2
import numpy

from geometry import between_middles, apply, corners, from_middle, moved, pixels, scaled, shares_in_common, turned

# Pairs have at least this share of one of the two images in common.
COMMON = 0.4


def signed(random, low, high):
    return random.uniform(low, high) * random.choice([-1, 1])


def similarity(random, source, target, turn=(0, 10), scale=(0.7, 1.4), shift=0.25):
    """turn: degrees, either way. scale: even in the logarithm. shift: up to this share of the source's sides."""
    while True:
        x, y = (random.uniform(-shift, shift) * side for side in source)
        factor = numpy.exp(random.uniform(*numpy.log(scale)))
        matrix = between_middles(moved(x, y) @ turned(signed(random, *turn)) @ scaled(factor, factor), source, target)
        if max(shares_in_common(matrix, source, target)) >= COMMON:
            return matrix


def bent(random, matrix, target, bend=0.06):
    """Moves each corner of the target by up to a share of what it shows, along each axis."""
    places = apply(matrix, corners(target))
    sides = numpy.linalg.norm(places[1] - places[0]), numpy.linalg.norm(places[3] - places[0])
    places = places + random.uniform(-bend, bend, (4, 2)) * sides
    return cv2.getPerspectiveTransform(corners(target).astype(numpy.float32), places.astype(numpy.float32)).astype(float)


def homography(random, source, target, bend=0.06, **motion):
    while True:
        matrix = bent(random, similarity(random, source, target, **motion), target, bend)
        if max(shares_in_common(matrix, source, target)) >= COMMON:
            return matrix


def small(random, family, source, target):
    """What a hand moves between two photographs: up to 3 degrees, 3 % of scale, 4 % of the sides."""
    motion = dict(turn=(0, 3), scale=(0.97, 1.03), shift=0.04)
    if family == "homography":
        return homography(random, source, target, bend=0.02, **motion)
    return similarity(random, source, target, **motion)


def with_share(random, family, size, share):
    """A small motion, and with it as much of a shift that this share of the target lies within a source of the same size."""
    matrix = small(random, family, size, size)
    angle = random.uniform(0, 2 * numpy.pi)
    low, high = 0.0, 2.0
    for _ in range(30):
        middle = (low + high) / 2
        shifted = moved(middle * size[0] * numpy.cos(angle), middle * size[1] * numpy.sin(angle)) @ matrix
        low, high = (middle, high) if shares_in_common(shifted, size, size)[0] > share else (low, middle)
    return shifted


def paper_view(random, size, target):
    """Section 6.4 of the paper, as Docs/Results/Protocol.md reads it: a view of the middle half, turned, scaled along each axis and moved."""
    angle, scale_x, scale_y, x, y = random.normal(0, [45, 0.5, 0.5, 0.2, 0.2])
    aspect = size[0] / size[1]
    # Acts where one unit is half the height.
    matrix = moved(x, y) @ turned(angle) @ scaled(0.5 * 2**scale_x, 0.5 * 2**scale_y)
    return pixels(scaled(1 / aspect, 1) @ matrix @ scaled(aspect, 1), size, target)
