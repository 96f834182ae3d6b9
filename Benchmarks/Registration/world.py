"""A continuous picture that images are taken of, so that the transformation between two of them is known exactly.

The picture's pixels are interpolated once, to a finer grid; between that grid's points it is bilinear by definition. A pixel of an image is
the mean over its area: of at least 4x4 points, and of more where the image shrinks the picture."""

import cv2
import numpy

from geometry import apply, corners


class World:
    def __init__(self, picture, fineness=4, least=4):
        """A picture of 8 bits, [height, width, 3]: fineness is the number of grid points a pixel, least the fewest samples, each along an axis."""
        self.size = picture.shape[1], picture.shape[0]
        self.fineness = fineness
        self.least = least
        values = picture.astype(numpy.float32)
        self.fine = cv2.resize(values, None, fx=fineness, fy=fineness, interpolation=cv2.INTER_CUBIC) if fineness > 1 else values

    def at(self, x, y, border=cv2.BORDER_REPLICATE):
        f = numpy.float32(self.fineness)
        return cv2.remap(self.fine, (x + numpy.float32(0.5)) * f - numpy.float32(0.5), (y + numpy.float32(0.5)) * f - numpy.float32(0.5),
                         cv2.INTER_LINEAR, borderMode=border)

    def image(self, matrix, size, bounds=None, outside=None):
        """An image of a size, whose pixels a matrix maps to the picture's: values from 0 to 255, not rounded.

        bounds: left, top, right, bottom of what is shown, in the picture's coordinates (default: all of it).
        outside: what is beyond that, a number or another world, which goes on by reflection (default: the last pixel goes on)."""
        samples = max(self.least, int(numpy.ceil(2 * largest_scale(matrix, size))))
        rows = max(1, 2_000_000 // (size[0] * samples * samples))
        return numpy.vstack([self.rows(matrix, size[0], range(top, min(size[1], top + rows)), samples, bounds, outside)
                             for top in range(0, size[1], rows)])

    def rows(self, matrix, width, rows, samples, bounds, outside):
        column = (numpy.arange(width * samples) + 0.5) / samples - 0.5
        row = (numpy.arange(len(rows) * samples) + 0.5) / samples - 0.5 + rows.start
        m = matrix / matrix[2, 2]
        d = m[2, 0] * column[None, :] + m[2, 1] * row[:, None] + 1
        x = ((m[0, 0] * column[None, :] + m[0, 1] * row[:, None] + m[0, 2]) / d).astype(numpy.float32)
        y = ((m[1, 0] * column[None, :] + m[1, 1] * row[:, None] + m[1, 2]) / d).astype(numpy.float32)
        values = self.at(x, y)
        if outside is not None:
            left, top, right, bottom = bounds or (-0.5, -0.5, self.size[0] - 0.5, self.size[1] - 0.5)
            beyond = (x < left) | (x > right) | (y < top) | (y > bottom)
            if beyond.any():
                values[beyond] = outside.at(x, y, cv2.BORDER_REFLECT)[beyond] if isinstance(outside, World) else outside
        return values.reshape(len(rows), samples, width, samples, 3).mean(axis=(1, 3))


def largest_scale(matrix, size):
    """How many of the picture's pixels a pixel of the image is long, at most."""
    at = corners(size)
    x, y = (apply(matrix, at + step) - apply(matrix, at - step) for step in ([0.5, 0], [0, 0.5]))
    return max(numpy.linalg.norm(x, axis=1).max(), numpy.linalg.norm(y, axis=1).max())
