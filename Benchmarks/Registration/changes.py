"""What happens to a picture between two photographs of it. Images are [height, width, 3] from 0 to 255, not rounded."""

import cv2
import numpy


def exposure(random, image):
    return numpy.exp(random.uniform(*numpy.log([0.6, 1.5]))) * image + 255 * random.uniform(-0.2, 0.2)


def gamma(random, image):
    return 255 * (numpy.clip(image, 0, 255) / 255) ** (random.uniform(1.5, 2.2) ** random.choice([-1, 1]))


def blur(random, image, sigma=3):
    return cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)


def noise(random, image, sigma=25):
    return image + random.normal(0, sigma, image.shape)


def vignette(random, image):
    """Down to between a half and a fifth in the corners, about a place near the middle."""
    height, width = image.shape[:2]
    x, y = numpy.meshgrid((numpy.arange(width) + 0.5) / width * 2 - 1, (numpy.arange(height) + 0.5) / height * 2 - 1)
    squared = ((x - random.uniform(-0.2, 0.2)) ** 2 + (y - random.uniform(-0.2, 0.2)) ** 2) / 2
    return image * numpy.maximum(0, 1 - random.uniform(0.5, 0.8) * squared)[..., None]


def inverted(random, image):
    return 255 - image


def grey(random, image):
    return cv2.cvtColor(numpy.clip(image, 0, 255).astype(numpy.float32), cv2.COLOR_BGR2GRAY)


def red_band(random, image):
    return image[..., 2]


def sensor(random, image):
    """Another sensor's curve: grey, smooth, with one or two turning points."""
    half_turns, phase = random.uniform(1.1, 1.9), random.uniform()
    return 127.5 + 120 * numpy.cos(numpy.pi * (half_turns * grey(random, image) / 255 + phase))


def jpeg(random, image, quality=10):
    encoded = cv2.imencode(".jpg", eight_bits(image), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED).astype(numpy.float32)


def patch(random, image, share=0.2):
    """Where a patch of this share lies, of a drawn place and shape."""
    height, width = image.shape[:2]
    stretch = numpy.exp(random.uniform(*numpy.log([0.6, 1.6])))
    w, h = (min(side, int(round(numpy.sqrt(share) * side * s))) for side, s in ((width, stretch), (height, 1 / stretch)))
    x, y = random.integers(0, width - w + 1), random.integers(0, height - h + 1)
    return slice(y, y + h), slice(x, x + w)


def flat_patch(random, image, share=0.2):
    image = image.copy()
    image[patch(random, image, share)] = random.uniform(0, 255, 3)
    return image


def other_picture(random, image, other, share=0.2):
    """A part of another picture lies on it, of the same number of pixels."""
    image = image.copy()
    place = patch(random, image, share)
    h, w = image[place].shape[:2]
    other = cv2.resize(other, None, fx=(s := max(1, h / other.shape[0], w / other.shape[1])), fy=s, interpolation=cv2.INTER_CUBIC)
    y, x = random.integers(0, other.shape[0] - h + 1), random.integers(0, other.shape[1] - w + 1)
    image[place] = other[y:y + h, x:x + w]
    return image


def black_border(image, width=12):
    image = image.copy()
    image[:width], image[-width:], image[:, :width], image[:, -width:] = 0, 0, 0, 0
    return image


def transparent_border(image, width=12):
    """Black below, as most programs save it, with an alpha channel."""
    alpha = black_border(numpy.full(image.shape[:2] + (1,), 255, image.dtype), width)
    return numpy.concatenate([black_border(image, width), alpha], axis=2)


def eight_bits(image):
    return numpy.clip(numpy.rint(image), 0, 255).astype(numpy.uint8)
