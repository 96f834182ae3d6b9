"""Where pictures come from: photographs, or scenes drawn from a seed where there are none; pages of text and walls of bricks."""

import functools
import glob
import os

import cv2
import numpy

# Without photographs: how many scenes are drawn.
SCENES = 100
# Some pairs are made of several photographs.
LEAST = 8


class Pictures:
    """Pictures by number, photographs of a directory or drawn scenes; BGR of 8 bits."""

    def __init__(self, data):
        self.paths = sorted(glob.glob(os.path.join(data, "VOC2012", "JPEGImages", "*.jpg"))) if data else []
        if data and len(self.paths) < LEAST:
            raise SystemExit(f"--data: found {len(self.paths)} photographs VOC2012/JPEGImages/*.jpg in {data!r}, expected at least {LEAST}")
        self.count = len(self.paths) or SCENES
        self.description = f"{self.count} photographs" if self.paths else f"{self.count} drawn scenes"

    def __getitem__(self, number):
        return self.load(number % self.count)

    @functools.lru_cache(maxsize=16)
    def load(self, number):
        return cv2.imread(self.paths[number], cv2.IMREAD_COLOR) if self.paths else scene(500, 375, number)


def clouds(random, width, height, first=2.0, falloff=0.75):
    """Noise of every size, the strength falling with the frequency; about -1...1."""
    sum, strength, frequency = numpy.zeros((height, width, 3), numpy.float32), 0.45, first
    while frequency < height / 2:
        cells = int(numpy.ceil(frequency * width / height)) + 3, int(numpy.ceil(frequency)) + 3
        grid = random.uniform(-1, 1, (cells[1], cells[0], 3)).astype(numpy.float32)
        step = numpy.float32(frequency / height)
        # Not from the grid's first lines: so that no lines of two frequencies lie on each other.
        x, y = numpy.meshgrid(numpy.arange(width, dtype=numpy.float32) * step + numpy.float32(random.uniform(0.5, 1.5)),
                              numpy.arange(height, dtype=numpy.float32) * step + numpy.float32(random.uniform(0.5, 1.5)))
        sum += numpy.float32(strength) * cv2.remap(grid, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        strength *= falloff
        frequency *= 2.1
    return sum


def scene(width, height, seed):
    """Clouds, over which lie discs and bars with sharp edges."""
    random = numpy.random.default_rng([17, seed])
    picture = numpy.clip(128 + 110 * clouds(random, width, height), 0, 255)
    for _ in range(40):
        place, angle = random.uniform([0, 0], [width, height]), random.uniform(0, 180)
        size = height * (0.02 + 0.13 * random.uniform() ** 2)
        colour = random.uniform(0, 255, 3).tolist()
        over = picture.astype(numpy.uint8)
        # In sixteenths of a pixel.
        if random.uniform() < 0.5:
            cv2.circle(over, tuple((16 * place).astype(int)), int(16 * size), colour, -1, cv2.LINE_AA, 4)
        else:
            bar = cv2.boxPoints((tuple(place), (4 * size, size / 2), angle))
            cv2.fillPoly(over, [(16 * bar).astype(int)], colour, cv2.LINE_AA, 4)
        picture = 0.35 * picture + 0.65 * over
    return numpy.clip(numpy.rint(picture), 0, 255).astype(numpy.uint8)


def page(width, height, random):
    """A page of text: lines of words of random letters, black on white."""
    scale = 4
    page = numpy.full((height * scale, width * scale), 255, numpy.uint8)
    margin, line = 0.08 * width, height / 22
    y = margin + line
    while y < height - margin:
        x, end = margin, width - margin - random.choice([0, 0, 0, 0.4]) * width * random.uniform()
        while x < end:
            word = "".join(random.choice(list("aaabcdeeeefghiiklmnnoooprrsstttuvwy"), random.integers(2, 10)))
            (length, _), _ = cv2.getTextSize(word, cv2.FONT_HERSHEY_COMPLEX, line * scale / 48, 4)
            if x + length / scale > end:
                break
            cv2.putText(page, word, (int(x * scale), int(y * scale)), cv2.FONT_HERSHEY_COMPLEX, line * scale / 48, 0, 4, cv2.LINE_AA)
            x += length / scale + line / 3
        y += line * (1 if random.uniform() < 0.85 else 1.7)
    return cv2.cvtColor(cv2.resize(page, (width, height), interpolation=cv2.INTER_AREA), cv2.COLOR_GRAY2BGR)


def wall(width, height, random):
    """Bricks, all of one size and nearly of one colour."""
    scale, brick, course = 4, random.uniform(28, 40), random.uniform(12, 18)
    picture = numpy.full((height * scale, width * scale, 3), 170, numpy.float32)
    for row in range(-1, int(height / course) + 2):
        for column in range(-1, int(width / brick) + 2):
            x, y = (column + 0.5 * (row % 2)) * brick, row * course
            colour = numpy.array([70, 85, 150]) + random.uniform(-14, 14) + random.uniform(-4, 4, 3)
            cv2.rectangle(picture, (int((x + 1) * scale), int((y + 1) * scale)),
                          (int((x + brick - 1) * scale), int((y + course - 1) * scale)), colour.tolist(), -1)
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA) + 14 * clouds(random, width, height, first=40)
    return numpy.clip(numpy.rint(picture), 0, 255).astype(numpy.uint8)


def large_scene(width, height, picture, random):
    """A picture enlarged, with noise of its own in what enlarging leaves smooth."""
    enlarged = cv2.resize(picture.astype(numpy.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    detail = cv2.GaussianBlur(clouds(random, width, height, first=100, falloff=0.8), (0, 0), 1)
    return numpy.clip(numpy.rint(enlarged + 60 * detail), 0, 255).astype(numpy.uint8)
