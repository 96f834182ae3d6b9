#!/usr/bin/env python3
"""Runs the lines of Docs/Conventions.md for each program that is installed and compares what they give with what linwarp wrote.

    Tests/Acceptance/conventions.py .build/release/linwarp"""

import importlib
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Docs", "Conventions.md")
PROGRAMS = {"OpenCV": ("opencv", ["cv2"]), "scikit-image": ("skimage", ["skimage.transform"]), "SimpleITK": ("itk", ["SimpleITK"]),
            "PyTorch": ("torch", ["torch"])}


def written(path, image):
    with open(path, "wb") as file:
        file.write(b"P5 %d %d 255\n" % image.shape[::-1] + numpy.clip(image * 255 + 0.5, 0, 255).astype(numpy.uint8).tobytes())


def read(path):
    with open(path, "rb") as file:
        kind, width, height, _, pixels = re.match(rb"(P5)\s+(\d+)\s+(\d+)\s+(\d+)\s(.*)", file.read(), re.DOTALL).groups()
    return numpy.frombuffer(pixels, numpy.uint8).reshape(int(height), int(width)) / 255.0


def scene(height, width):
    y, x = numpy.mgrid[:height, :width] / 40.0
    return 0.5 + 0.2 * numpy.sin(3 * x + numpy.sin(2 * y)) + 0.2 * numpy.cos(2.2 * y - x * y / 3)


def main(linwarp):
    text = open(DOCUMENT).read()
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        run = lambda *arguments: subprocess.run([linwarp, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout
        written(at("source.pgm"), scene(150, 200))
        run("warp", at("source.pgm"), "--rotate", "9", "--scale", "0.8", "--size", "130x110", "--out", at("target.pgm"))
        for name, (convention, modules) in PROGRAMS.items():
            lines = re.search(re.escape(name) + r":\n\n```python\n(.*?)```", text, re.DOTALL).group(1)
            try:
                loaded = [importlib.import_module(module) for module in modules]
            except ImportError:
                print(f"{name}: not installed")
                continue
            result = json.loads(run("align", at("source.pgm"), at("target.pgm"), "--family", "similarity", "--convention", convention,
                                    "--out", at("out"), "--json"))
            source = read(at("source.pgm"))
            # What linwarp makes of the same matrix.
            matrix = ",".join(str(m) for row in result["matrix"] for m in row)
            run("warp", at("source.pgm"), "--matrix", matrix, "--convention", convention, "--size", "130x110", "--out", at("aligned.pgm"))
            expected = read(at("aligned.pgm"))
            place = {"numpy": numpy, "result": result, "width": 130, "height": 110, "source": source}
            for module, value in zip(modules, loaded):
                place[module.split(".")[0]] = sys.modules[module.split(".")[0]]
            if name == "SimpleITK":
                place.update(sitk=loaded[0], source=loaded[0].GetImageFromArray(source))
            if name == "PyTorch":
                place["source"] = loaded[0].tensor(source, dtype=loaded[0].float32)[None, None]
            exec(lines, place)
            aligned = place["aligned"]
            if name == "SimpleITK":
                aligned = loaded[0].GetArrayFromImage(aligned)
            aligned = numpy.asarray(aligned).reshape(expected.shape)
            # Borders are each program's own.
            difference = numpy.abs(aligned - expected)[3:-3, 3:-3].max()
            print(f"{name}: differs by at most {difference:.4f}")
            assert difference < 0.01, name


if __name__ == "__main__":
    main(sys.argv[1])
