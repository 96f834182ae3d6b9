#!/usr/bin/env python3
"""Draws the three pictures of Docs/Registration.md: drawn scenes and what `linwarp align` makes of them.

    pictures.py .build/release/linwarp Docs"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

import cv2
import numpy

from cells import CELLS, pairs
from scenes import Pictures
from scoring import result

# The file, the cell and the pair's number.
PICTURES = [("registration-turned", "similarity, turned 90–180°", 0), ("registration-covered", "covered by another picture", 2),
            ("registration-tiny", "paper's protocol, 16×", 4)]


def main(linwarp, directory):
    pictures = Pictures(None)
    for name, cell, number in PICTURES:
        cell = next(one for one in CELLS if one.name == cell)
        pair = list(pairs(cell, pictures, 0, number + 1))[number]
        start = [] if pair.initial is None else ["--initial", ",".join(str(m) for m in pair.initial.ravel())]
        with tempfile.TemporaryDirectory() as folder:
            source, target = (os.path.join(folder, file) for file in ("source.png", "target.png"))
            cv2.imwrite(source, pair.source)
            cv2.imwrite(target, pair.target)
            out = subprocess.run(
                [linwarp, "align", source, target, "--family", pair.family, *start, "--convention", "skimage", "--out", folder, "--json"],
                check=True, stdout=subprocess.PIPE).stdout
            found = json.loads(out)
            error = result(pair, numpy.array(found["matrix"]), seconds=0, processor_seconds=0).error
            print(f"{name}: {found['verdict']}, {error:.3f} pixels from the truth, target of {pair.target_size[0]}x{pair.target_size[1]}")
            shutil.copy(os.path.join(folder, "figure.png"), os.path.join(directory, name + ".png"))


if __name__ == "__main__":
    main(*sys.argv[1:])
