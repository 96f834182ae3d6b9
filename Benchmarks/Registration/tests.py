#!/usr/bin/env python3
"""Tests of the benchmark itself: that the true transformations are exact, that pairs come out the same again, how results are counted."""

import unittest

import cv2
import numpy

import peers
from cells import CELLS, Draw, changed, clean
from geometry import apply, corner_error, corners, normalized, pixels
from scenes import Pictures
from scoring import Result, score
from world import World

PICTURES = Pictures(None)
# Each is drawn once.
PICTURES.count = 8
CHEAP = [cell for cell in CELLS if cell.name != "4000×3000"]


def pair(cell, number):
    return cell.make(Draw(PICTURES, 0, cell.name, number))


class WorldTests(unittest.TestCase):
    def test_an_image_of_a_ramp_holds_the_coordinates_that_the_matrix_says(self):
        x, y = numpy.meshgrid(numpy.arange(200.0), numpy.arange(150.0))
        world = World(numpy.stack([x, y, x + y], axis=2).astype(numpy.float32))
        matrix = numpy.array([[1.1, -0.3, 40], [0.2, 0.9, 30], [0.0003, -0.0002, 1]])
        image = world.image(matrix, (80, 60))
        column, row = numpy.meshgrid(numpy.arange(80), numpy.arange(60))
        places = apply(matrix, numpy.stack([column.ravel(), row.ravel()], axis=1))
        # A pixel's mean is not quite the value at its middle where the map bends.
        self.assertLess(numpy.abs(image[..., 0].ravel() - places[:, 0]).max(), 1e-3)
        self.assertLess(numpy.abs(image[..., 1].ravel() - places[:, 1]).max(), 1e-3)

    def test_beyond_the_bounds_lies_what_is_asked_for(self):
        image = World(numpy.full((20, 20, 3), 100, numpy.uint8)).image(numpy.eye(3), (30, 20), bounds=(-0.5, -0.5, 9.75, 19.5), outside=0)
        self.assertEqual(image[5, 9, 0], 100)
        self.assertEqual(image[5, 10, 0], 25)
        self.assertEqual(image[5, 11, 0], 0)


class GeometryTests(unittest.TestCase):
    def test_a_normalized_matrix_leads_from_outer_edge_to_outer_edge(self):
        matrix = pixels(numpy.eye(3), (360, 270), (90, 60))
        numpy.testing.assert_allclose(apply(matrix, corners((90, 60))), corners((360, 270)))
        numpy.testing.assert_allclose(normalized(matrix, (360, 270), (90, 60)), numpy.eye(3), atol=1e-12)

    def test_the_corner_error_of_a_shift_is_its_length_and_of_nonsense_infinite(self):
        shifted = numpy.array([[1, 0, 3], [0, 1, 4], [0, 0, 1.0]])
        self.assertAlmostEqual(corner_error(2 * shifted, numpy.eye(3), (100, 50)), 5)
        self.assertEqual(corner_error(numpy.zeros((3, 3)), numpy.eye(3), (100, 50)), float("inf"))


class CellTests(unittest.TestCase):
    def test_a_pair_is_a_function_of_seed_cell_and_number(self):
        for cell in CHEAP:
            first, second = pair(cell, 3), pair(cell, 3)
            self.assertTrue((first.source == second.source).all() and (first.target == second.target).all(), cell.name)
            self.assertEqual(first.source.dtype, numpy.uint8, cell.name)

    def test_truths_belong_to_the_families_that_are_searched(self):
        for cell in CHEAP:
            for number in range(4):
                drawn = pair(cell, number)
                if drawn.truth is None or drawn.family == "homography":
                    continue
                linear = drawn.truth[:2, :2]
                self.assertTrue(numpy.allclose(drawn.truth[2], [0, 0, 1]), cell.name)
                if drawn.family != "affine":
                    scale = numpy.sqrt(numpy.linalg.det(linear))
                    self.assertTrue(numpy.allclose(linear @ linear.T, scale**2 * numpy.eye(2)), cell.name)
                    self.assertTrue(drawn.family == "similarity" or numpy.isclose(scale, 1), cell.name)
                if drawn.family == "translation":
                    self.assertTrue(numpy.allclose(linear, numpy.eye(2)), cell.name)

    def test_peers_find_clean_pairs_of_a_small_motion(self):
        for number in range(2):
            drawn = changed(clean)(Draw(PICTURES, 0, "small motion", number))
            for name, align in peers.PEERS.items():
                if name == "SimpleITK" and drawn.family == "homography":
                    self.assertRaises(peers.NotOffered, align, drawn)
                else:
                    self.assertLess(corner_error(align(drawn), drawn.truth, drawn.target_size), 0.5, f"{name}, {drawn.family}")


class ScoringTests(unittest.TestCase):
    def test_counts_what_is_found_trusted_and_wrong(self):
        def result(error, is_found, verdict):
            return Result(error, is_found, 1.0, 1.0, said=dict(verdict=verdict))

        counted = score([result(0.1, True, "trusted"), result(0.3, True, "doubtful"), result(50, False, "trusted"),
                         result(None, False, "failed"), result(float("inf"), False, "failed")])
        self.assertEqual((counted.pairs, counted.found, counted.median_error), (5, 2, 0.2))
        self.assertEqual((counted.trusted, counted.trusted_wrong, counted.right_untrusted), (2, 1, 1))


if __name__ == "__main__":
    cv2.setNumThreads(1)
    unittest.main()
