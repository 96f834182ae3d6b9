"""The cells of the benchmark: each makes pairs of one difficulty. A pair is a function of the seed, the cell and its number alone."""

import dataclasses
import zlib

import cv2
import numpy

import changes
import motions
from geometry import from_middle, moved, pixels, scaled, turned
from scenes import Pictures, large_scene, page, wall
from world import World

# A source shows this share of a photograph's sides, so that a target can show what lies around it.
SHOWN = 0.72


@dataclasses.dataclass
class Pair:
    source: numpy.ndarray
    target: numpy.ndarray
    family: str
    # From target to source pixels; None where nothing is to be found.
    truth: numpy.ndarray | None
    # From target to source pixels; None where nobody says where to start.
    initial: numpy.ndarray | None = None

    @property
    def source_size(self):
        return self.source.shape[1], self.source.shape[0]

    @property
    def target_size(self):
        return self.target.shape[1], self.target.shape[0]


@dataclasses.dataclass
class Cell:
    name: str
    # Of a draw; makes its pair.
    make: object
    # How many pairs there are where a number is asked for.
    count: object = lambda pairs: pairs
    # Whether it counts in the row over all cells: a start is not given and something can be found.
    is_counted: bool = True
    # Whether only LinWarp runs: nothing can be found.
    is_ours_alone: bool = False


class Draw:
    """What one pair is drawn from."""

    def __init__(self, pictures, seed, cell, number):
        self.random = numpy.random.default_rng([seed, zlib.crc32(cell.encode()), number])
        self.pictures, self.number = pictures, number
        # Each cell goes through the pictures from a place of its own.
        self.first = zlib.crc32(cell.encode()) + number
        self.family = ["similarity", "homography"][number % 2]

    def picture(self, further=0):
        return self.pictures[self.first + further]

    def views(self, matrix, size, target_size=None, world=None, **outside):
        """The source, of a size, from the middle of a picture, and the target that a matrix maps to it; what lies beyond is another picture."""
        world = world or World(self.picture())
        # By whole pixels: sharp as the photograph is.
        corner = [(a - b) // 2 for a, b in zip(world.size, size)]
        place = moved(*corner)
        outside = outside or dict(outside=World(self.picture(self.pictures.count // 2), fineness=1))
        return world.image(place, size), world.image(place @ matrix, target_size or size, **outside)


def shown_size(picture):
    return tuple(int(round(SHOWN * side)) for side in picture.shape[1::-1])


def motion(family, **how):
    """Another place, nothing else."""

    def make(draw):
        size = shown_size(draw.picture())
        matrix = getattr(motions, family)(draw.random, size, size, **how)
        source, target = draw.views(matrix, size)
        return Pair(changes.eight_bits(source), changes.eight_bits(target), family, matrix)

    return make


def changed(target_change, source_change=lambda random, image: image, picture_change=lambda random, picture: picture):
    """A small motion, and a change of the target, of the source, or of the picture before both are taken."""

    def make(draw):
        picture = picture_change(draw.random, draw.picture())
        size = shown_size(picture)
        matrix = motions.small(draw.random, draw.family, size, size)
        source, target = draw.views(matrix, size, world=World(picture))
        return Pair(changes.eight_bits(source_change(draw.random, source)), changes.eight_bits(target_change(draw.random, target)),
                    draw.family, matrix)

    return make


def clean(random, image):
    return image


def grey_against_colour(draw):
    pair = changed(clean)(draw)
    # Two of four pairs each way, of either family.
    if draw.number % 4 < 2:
        pair.target = cv2.cvtColor(pair.target, cv2.COLOR_BGR2GRAY)
    else:
        pair.source = cv2.cvtColor(pair.source, cv2.COLOR_BGR2GRAY)
    return pair


def covered_by_another(draw):
    return changed(lambda random, image: changes.other_picture(random, image, draw.picture(draw.pictures.count // 3)))(draw)


def outside(colour):
    """Two fifths of the target lie beyond the source and have one colour."""

    def make(draw):
        world = World(draw.picture())
        size = shown_size(draw.picture())
        matrix = motions.with_share(draw.random, draw.family, size, 0.6)
        corner = [(a - b) // 2 for a, b in zip(world.size, size)]
        bounds = (corner[0] - 0.5, corner[1] - 0.5, corner[0] + size[0] - 0.5, corner[1] + size[1] - 0.5)
        source, target = draw.views(matrix, size, world=world, bounds=bounds, outside=colour)
        return Pair(changes.eight_bits(source), changes.eight_bits(target), draw.family, matrix)

    return make


def panorama(draw):
    """Two photographs side by side along the longer side, with 40 to 50 % in common."""
    world = World(draw.picture())
    along = int(world.size[1] > world.size[0])
    share = draw.random.uniform(0.4, 0.5)
    size = [int(0.8 * side) for side in world.size]
    size[along] = int(0.95 * world.size[along] / (2 - share))
    shift = [0, 0]
    shift[along] = (1 - share) * size[along]
    source_place = moved(*[(side - own - by) // 2 for side, own, by in zip(world.size, size, shift)])
    matrix = moved(*shift) @ motions.small(draw.random, draw.family, size, size)
    order = [(source_place, source_place @ matrix, matrix), (source_place @ matrix, source_place, numpy.linalg.inv(matrix))]
    beyond = World(draw.picture(draw.pictures.count // 2), fineness=1)
    # The target to the right of the source, or to the left.
    first, second, truth = order[draw.number // 2 % 2]
    source, target = (changes.eight_bits(world.image(place, size, outside=beyond)) for place in (first, second))
    return Pair(source, target, draw.family, truth / truth[2, 2])


def another_size(draw):
    """Half to twice as large, of another aspect."""
    size = shown_size(draw.picture())
    factor = numpy.exp(draw.random.uniform(*numpy.log([0.5, 2])))
    stretch = numpy.exp(draw.random.uniform(*numpy.log([0.75, 1.33])))
    target = tuple(int(round(side * factor * s)) for side, s in zip(size, (stretch, 1 / stretch)))
    how = dict(turn=(0, 10), scale=(0.8 / factor, 1.2 / factor), shift=0.15)
    matrix = getattr(motions, draw.family)(draw.random, size, target, **how)
    source, target = draw.views(matrix, size, target)
    return Pair(changes.eight_bits(source), changes.eight_bits(target), draw.family, matrix)


def low_texture(random, picture):
    """Smooth, and a fifth of the contrast."""
    smooth = cv2.GaussianBlur(picture.astype(numpy.float32), (0, 0), 4)
    return numpy.clip(smooth.mean() + 0.2 * (smooth - smooth.mean()), 0, 255)


def repetitive(draw):
    world = World(wall(500, 375, draw.random))
    size = (360, 270)
    matrix = getattr(motions, draw.family)(draw.random, size, size, **dict(scale=(0.9, 1.1), shift=0.1),
                                           **dict(bend=0.02) if draw.family == "homography" else {})
    source, target = draw.views(matrix, size, world=world)
    return Pair(changes.eight_bits(source), changes.eight_bits(target), draw.family, matrix)


def mixed(draw):
    """A little of everything at once."""
    random = draw.random
    size = shown_size(draw.picture())
    target_size = tuple(int(round(side * random.uniform(0.8, 1.25))) for side in size)
    scale = size[0] / target_size[0]
    bend = dict(bend=0.03) if draw.family == "homography" else {}
    matrix = getattr(motions, draw.family)(random, size, target_size, turn=(0, 20), scale=(0.8 * scale, 1.25 * scale), shift=0.15, **bend)
    source, target = draw.views(matrix, size, target_size)
    other = draw.picture(draw.pictures.count // 3)
    target = changes.other_picture(random, target, other, 0.1) if draw.number // 2 % 2 else changes.flat_patch(random, target, 0.1)
    target = changes.exposure(random, changes.vignette(random, changes.blur(random, target, 1)))
    target = changes.jpeg(random, changes.noise(random, numpy.clip(target, 0, 255), 8), 40)
    if draw.number % 3 == 0:
        target = changes.grey(random, target)
    return Pair(changes.eight_bits(changes.noise(random, source, 8)), changes.eight_bits(target), draw.family, matrix)


def zoom(draw):
    """Scales up to four: a small copy of the whole, a detail of the source, or a source that is a detail of the target."""
    random = draw.random
    world = World(draw.picture())
    factor = numpy.exp(random.uniform(0, numpy.log(4)))
    size = shown_size(draw.picture())
    whole = from_middle(world.size) @ scaled(0.95 / SHOWN, 0.95 / SHOWN) @ numpy.linalg.inv(from_middle(size))
    if draw.number % 3 == 0:
        target_size = tuple(int(round(side / factor)) for side in size)
        how = dict(turn=(0, 10), scale=(0.95 * factor, 1.05 * factor), shift=0.05)
    else:
        target_size = size
        how = dict(turn=(0, 10), scale=(1 / factor, 1 / factor), shift=0.45 * (1 - 1 / factor))
    matrix = getattr(motions, draw.family)(random, size, target_size, **how, **dict(bend=0.03) if draw.family == "homography" else {})
    beyond = World(draw.picture(draw.pictures.count // 2), fineness=1)
    source = changes.eight_bits(world.image(whole, size, outside=beyond))
    target = changes.eight_bits(world.image(whole @ matrix, target_size, outside=beyond))
    if draw.number % 3 == 2:
        source, target, matrix = target, source, numpy.linalg.inv(matrix)
    return Pair(source, target, draw.family, matrix / matrix[2, 2])


def text(degrees):
    """A page turned by so much and shifted by up to 6 pixels, in a photograph of it that shows white beyond."""

    def make(draw):
        family = ["euclidean", "affine", "homography", "similarity"][draw.number % 4]
        size = (400, 300)
        x, y = (motions.signed(draw.random, 3, 6) for _ in range(2))
        turn = turned(degrees * draw.random.choice([-1, 1]))
        matrix = moved(x, y) @ from_middle(size) @ turn @ numpy.linalg.inv(from_middle(size))
        source, target = draw.views(matrix, size, world=World(page(*size, draw.random)), outside=255)
        return Pair(changes.eight_bits(source), changes.eight_bits(target), family, matrix)

    return make


def same_border(border):
    def make(draw):
        pair = changed(clean)(draw)
        pair.source, pair.target = border(pair.source), border(pair.target)
        return pair

    return make


def crop(family):
    """A part of the source at its own scale; with a turn where the family has one."""

    def make(draw):
        random = draw.random
        size = shown_size(draw.picture())
        target_size = tuple(int(round(random.uniform(0.35, 0.6) * side)) for side in size)
        turn = random.uniform(-10, 10) if family == "euclidean" else 0
        matrix = moved(*[random.uniform(-0.4, 0.4) * (a - b) for a, b in zip(size, target_size)]) @ turned(turn)
        matrix = from_middle(size) @ matrix @ numpy.linalg.inv(from_middle(target_size))
        source, target = draw.views(matrix, size, target_size)
        return Pair(changes.eight_bits(source), changes.eight_bits(target), family, matrix)

    return make


def paper(downsampling):
    """The paper's protocol: a start is given."""

    def make(draw):
        world = World(draw.picture())
        target_size = tuple(max(1, int(round(0.5 * side / downsampling))) for side in world.size)
        matrix = motions.paper_view(draw.random, world.size, target_size)
        source = changes.eight_bits(world.image(numpy.eye(3), world.size))
        target = changes.eight_bits(world.image(matrix, target_size, outside=0))
        return Pair(source, target, "affine", matrix, initial=pixels(scaled(0.5, 0.5), world.size, target_size))

    return make


def large(draw):
    size = (4000, 3000)
    world = World(large_scene(4400, 3300, draw.picture(), draw.random), fineness=1, least=2)
    matrix = motions.homography(draw.random, size, size, bend=0.02, turn=(2, 3), scale=(0.98, 1.02), shift=0.03)
    source, target = draw.views(matrix, size, world=world)
    return Pair(changes.eight_bits(source), changes.eight_bits(target), "homography", matrix)


def different(draw):
    """Two photographs that show different things."""
    pair = changed(clean)(draw)
    other = draw.picture(draw.pictures.count // 2)
    size = shown_size(other)
    corner = [(a - b) // 2 for a, b in zip(other.shape[1::-1], size)]
    return Pair(pair.source, other[corner[1]:corner[1] + size[1], corner[0]:corner[0] + size[0]], pair.family, None)


def constant(draw):
    values = draw.random.integers(0, 256, 2) if draw.number % 2 else [draw.random.integers(0, 256)] * 2
    source, target = (numpy.full((270, 360, 3), value, numpy.uint8) for value in values)
    return Pair(source, target, draw.family, None)


TURNS = [(0, 10), (10, 30), (30, 90), (90, 180)]
CELLS = [
    *[Cell(f"{family}, turned {low}–{high}°", motion(family, turn=(low, high))) for family in ("similarity", "homography") for low, high in TURNS],
    Cell("small motion", changed(clean)),
    Cell("exposure", changed(changes.exposure)),
    Cell("gamma", changed(changes.gamma)),
    Cell("blur", changed(changes.blur)),
    Cell("noise", changed(changes.noise, changes.noise)),
    Cell("vignette", changed(changes.vignette)),
    Cell("inverted", changed(changes.inverted)),
    Cell("another sensor", changed(changes.sensor)),
    Cell("40 % outside, black", outside(0)),
    Cell("40 % outside, white", outside(255)),
    Cell("panorama", panorama),
    Cell("JPEG quality 10", changed(changes.jpeg, changes.jpeg)),
    Cell("grey against colour", grey_against_colour),
    Cell("red band", changed(changes.red_band)),
    Cell("another size and aspect", another_size),
    Cell("low texture", changed(clean, picture_change=low_texture)),
    Cell("repetitive texture", repetitive),
    Cell("covered by a flat patch", changed(changes.flat_patch)),
    Cell("covered by another picture", covered_by_another),
    Cell("mixed", mixed),
    Cell("scale a quarter to four", zoom),
    Cell("text turned by 1°", text(1)),
    Cell("text turned by 10°", text(10)),
    Cell("same black border", same_border(changes.black_border)),
    Cell("same transparent border", same_border(changes.transparent_border)),
    Cell("crop, translation", crop("translation")),
    Cell("crop, euclidean", crop("euclidean")),
    *[Cell(f"paper's protocol, {d}×", paper(d), is_counted=False) for d in (1, 4, 8, 16)],
    Cell("4000×3000", large, count=lambda pairs: max(1, pairs // 8), is_counted=False),
    Cell("different photographs", different, count=lambda pairs: min(100, 7 * pairs), is_counted=False, is_ours_alone=True),
    Cell("constant images", constant, count=lambda pairs: min(4, pairs), is_counted=False, is_ours_alone=True),
]


def pairs(cell, pictures: Pictures, seed, count):
    for number in range(cell.count(count)):
        yield cell.make(Draw(pictures, seed, cell.name, number))
