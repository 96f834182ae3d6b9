#!/usr/bin/env python3
"""Aligns photographs with known views of themselves, through the program alone, and says how far off the corners are.

From each photograph a region half as large is cut, turned by 25 degrees, scaled by 1.3 or 1/1.3 and shifted by up to 10 % (for
affine maps with shear, for homographies with perspective). The search starts from the central half. A success is every corner within
one source pixel.

    align_photographs.py LINWARP DIRECTORY [--count 10] [--family similarity affine homography]
"""
import argparse, glob, json, math, os, random, subprocess, tempfile, time


def multiply(a, b):
    return [[sum(a[i][k] * b[k][j] for k in range(3)) for j in range(3)] for i in range(3)]


def apply(m, x, y):
    u, v, d = (sum(row[k] * (x, y, 1)[k] for k in range(3)) for row in m)
    return u / d, v / d


def diagonal(x, y):
    return [[x, 0, 0], [0, y, 0], [0, 0, 1]]


def truth(family, index, width, height, generator):
    """From normalized target to normalized source coordinates."""
    draw = lambda size: generator.uniform(-size, size)
    scale = 0.5 * (1.3 if index % 2 == 0 else 1 / 1.3)
    angle = math.radians(25) * generator.choice([-1, 1])
    c, s = scale * math.cos(angle), scale * math.sin(angle)
    aspect = width / height
    # 10 % of the width and of the height are 0.2 in normalized coordinates; families act where one unit is half the height.
    matrix = [[c, -s, draw(0.2) * aspect], [s, c, draw(0.2)], [0, 0, 1]]
    if family != "similarity":
        matrix = multiply(matrix, [[1, draw(0.15), 0], [draw(0.15), 1, 0], [0, 0, 1]])
    if family == "homography":
        matrix = multiply(matrix, [[1, 0, 0], [0, 1, 0], [draw(0.1), draw(0.1), 1]])
    return multiply(multiply(diagonal(1 / aspect, 1), matrix), diagonal((width // 2) / (height // 2), 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("linwarp")
    parser.add_argument("directory")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--family", nargs="+", default=["similarity", "affine", "homography"])
    options = parser.parse_args()
    photographs = sorted(glob.glob(os.path.join(options.directory, "*.jpg")))[: options.count]
    run = lambda *arguments: subprocess.run([options.linwarp, *arguments], check=True, capture_output=True, text=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        for family in options.family:
            errors, times = [], []
            for index, photograph in enumerate(photographs):
                whole = os.path.join(folder, "whole.ppm")
                run("warp", photograph, "--out", whole)
                with open(whole, "rb") as file:
                    width, height = map(int, file.read(64).split()[1:3])
                matrix = truth(family, index, width, height, random.Random(f"{family} {index}"))
                target = os.path.join(folder, "target.png")
                numbers = ",".join(repr(number) for row in matrix for number in row)
                run("warp", photograph, f"--matrix={numbers}", "--size", f"{width // 2}x{height // 2}", "--out", target)
                start = time.time()
                found = json.loads(run("align", photograph, target, "--family", family, "--initial", "0.5,0,0,0,0.5,0", "--json", "--out", os.path.join(folder, "out")))
                times.append(time.time() - start)
                worst = 0
                for x, y in [(-1, -1), (1, -1), (1, 1), (-1, 1)]:
                    (u, v), (a, b) = apply(found["matrix"], x, y), apply(matrix, x, y)
                    worst = max(worst, math.hypot((u - a) * width / 2, (v - b) * height / 2))
                errors.append(worst)
            good = sum(error < 1 for error in errors)
            print(f"{family}: {good} of {len(errors)} within one source pixel, median {sorted(errors)[len(errors) // 2]:.4f} px, "
                  f"largest {max(errors):.2f} px; {max(times):.2f} s at most, {sum(times) / len(times):.2f} s on average")


if __name__ == "__main__":
    main()
