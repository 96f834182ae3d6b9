"""What a user would try instead: each a few lines. Of 8-bit images to a matrix from target to source pixels; None where nothing is found."""

import cv2
import numpy
import SimpleITK

from geometry import between_middles, pixels

MOTIONS = {"translation": cv2.MOTION_TRANSLATION, "euclidean": cv2.MOTION_EUCLIDEAN, "similarity": cv2.MOTION_AFFINE,
           "affine": cv2.MOTION_AFFINE, "homography": cv2.MOTION_HOMOGRAPHY}
ISOMETRIES = ("translation", "euclidean")
LEVELS = 4
# The shortest side of a pyramid's coarsest level.
SHORTEST = 12


class NotOffered(Exception):
    """The library has no such family."""


def grey(image):
    return image if image.ndim == 2 else cv2.cvtColor(image[..., :3], cv2.COLOR_BGR2GRAY)


def identity(pair):
    """Where a search starts that knows no better: the same pixels about the middle, or the same share of both images."""
    if pair.initial is not None:
        return pair.initial
    if pair.family in ISOMETRIES:
        return between_middles(numpy.eye(3), pair.source_size, pair.target_size)
    return pixels(numpy.eye(3), pair.source_size, pair.target_size)


def refined(source, target, matrix, family, iterations=60):
    rows = 3 if family == "homography" else 2
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, iterations, 1e-6)
    _, found = cv2.findTransformECC(target, source, (matrix / matrix[2, 2])[:rows].astype(numpy.float32), MOTIONS[family], criteria, None, 5)
    return numpy.vstack([found, [0, 0, 1]])[:3].astype(float)


def ecc(pair):
    """ECC in a pyramid, from the identity or from the start that is given."""
    sources, targets = [grey(pair.source)], [grey(pair.target)]
    while len(sources) < LEVELS and min(sources[-1].shape + targets[-1].shape) >= 2 * SHORTEST:
        sources.append(cv2.pyrDown(sources[-1]))
        targets.append(cv2.pyrDown(targets[-1]))
    matrix = identity(pair)
    for level in reversed(range(len(sources))):
        # pyrDown keeps every second pixel, from the first on.
        down = numpy.diag([0.5**level, 0.5**level, 1])
        try:
            there = refined(sources[level], targets[level], down @ matrix @ numpy.linalg.inv(down), pair.family)
            matrix = numpy.linalg.inv(down) @ there @ down
        except cv2.error:
            pass
    return matrix


def sift(pair):
    """SIFT, the ratio test, and a robust fit."""
    finder = cv2.SIFT_create(2000)
    (at_source, source), (at_target, target) = (finder.detectAndCompute(grey(image), None) for image in (pair.source, pair.target))
    if source is None or target is None or min(len(source), len(target)) < 4:
        return None
    good = [a for a, b in cv2.BFMatcher().knnMatch(target, source, k=2) if a.distance < 0.8 * b.distance]
    if len(good) < 4:
        return None
    x = numpy.float32([at_target[match.queryIdx].pt for match in good])
    y = numpy.float32([at_source[match.trainIdx].pt for match in good])
    if pair.family == "homography":
        return cv2.findHomography(x, y, cv2.USAC_MAGSAC, 3)[0]
    if pair.family == "affine":
        found, inliers = cv2.estimateAffine2D(x, y, method=cv2.USAC_MAGSAC, ransacReprojThreshold=3)
    else:
        found, inliers = cv2.estimateAffinePartial2D(x, y, ransacReprojThreshold=3)
    if found is None:
        return None
    if pair.family in ISOMETRIES:
        inliers = inliers.ravel().astype(bool)
        found = isometry(x[inliers], y[inliers], found, pair.family)
    return numpy.vstack([found, [0, 0, 1]])


def isometry(x, y, similarity, family):
    turn = similarity[:, :2] / numpy.sqrt(numpy.linalg.det(similarity[:, :2])) if family == "euclidean" else numpy.eye(2)
    return numpy.hstack([turn, (y - x @ turn.T).mean(axis=0)[:, None]])


def sift_ecc(pair):
    """SIFT, then ECC at full size."""
    matrix = sift(pair)
    if matrix is None:
        return None
    try:
        return refined(grey(pair.source), grey(pair.target), matrix, pair.family)
    except cv2.error:
        return matrix


def simple_itk(pair):
    """Mutual information in a pyramid, from the identity or from the start that is given."""
    kinds = {"translation": SimpleITK.TranslationTransform, "euclidean": SimpleITK.Euler2DTransform,
             "similarity": SimpleITK.Similarity2DTransform, "affine": SimpleITK.AffineTransform}
    if pair.family not in kinds:
        raise NotOffered
    source, target = (SimpleITK.GetImageFromArray(grey(image).astype(numpy.float32)) for image in (pair.source, pair.target))
    transform = kinds[pair.family](2) if pair.family in ("translation", "affine") else kinds[pair.family]()
    start = identity(pair)
    if pair.family == "translation":
        transform.SetOffset(start[:2, 2].tolist())
    else:
        # A matrix acts about the target's middle.
        middle = (numpy.array(pair.target_size) - 1) / 2
        transform.SetCenter(middle.tolist())
        if pair.family == "similarity":
            transform.SetScale(float(numpy.sqrt(numpy.linalg.det(start[:2, :2]))))
        elif pair.family == "affine":
            transform.SetMatrix(start[:2, :2].ravel().tolist())
        transform.SetTranslation((start[:2] @ [*middle, 1] - middle).tolist())
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(learningRate=2, minStep=1e-3, numberOfIterations=100)
    method.SetOptimizerScalesFromPhysicalShift()
    levels = [level for level in (3, 2, 1, 0) if level == 0 or min(pair.source_size + pair.target_size) >= SHORTEST * 2**level]
    method.SetShrinkFactorsPerLevel([2**level for level in levels])
    method.SetSmoothingSigmasPerLevel([2**level / 2 if level else 0 for level in levels])
    method.SetInitialTransform(transform, inPlace=True)
    try:
        method.Execute(target, source)
    except RuntimeError:
        return None
    zero, x, y = (numpy.array(transform.TransformPoint(point)) for point in ((0, 0), (1, 0), (0, 1)))
    return numpy.vstack([numpy.column_stack([x - zero, y - zero, zero]), [0, 0, 1]])


PEERS = {"ECC": ecc, "SIFT": sift, "SIFT + ECC": sift_ecc, "SimpleITK": simple_itk}


def set_threads(count):
    cv2.setNumThreads(count)
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(count)
