#!/usr/bin/env python3
"""Writes the seeds that fuzzing starts from: Fuzzing/Seeds/TARGET/NAME, small files of every kind that is read.

    swift build -c release --product linwarp && Fuzzing/make_seeds.py .build/release/linwarp

Needs Pillow, for what TIFF and WebP files have that the program does not write.
"""
import base64, gzip, io, json, os, re, shutil, struct, subprocess, sys, tempfile, zipfile, zlib

from PIL import Image

program = os.path.abspath(sys.argv[1])
here = os.path.dirname(os.path.abspath(__file__))
seeds = os.path.join(here, "Seeds")


def write(target, name, data):
    os.makedirs(os.path.join(seeds, target), exist_ok=True)
    with open(os.path.join(seeds, target, name), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def run(*arguments):
    subprocess.run([program, *arguments], check=True, stdout=subprocess.DEVNULL)


# PNG: every colour type and depth, plain and interlaced.
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(color, depth, interlaced):
    width, height = 5, 3
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    rows = b""
    adam7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    for left, top, across, down in adam7 if interlaced else [(0, 0, 1, 1)]:
        columns = len(range(left, width, across))
        if columns:
            for row in range(top, height, down):
                rows += bytes([row % 5]) + bytes((37 * i + 11 * row) % 256 for i in range((columns * bits + 7) // 8))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced))
    if color == 3:
        data += chunk(b"PLTE", bytes(range(3 * (1 << depth) % 256 or 255))) + chunk(b"tRNS", b"\x00\x80")
    if color == 0:
        data += chunk(b"tRNS", b"\x00\x01")
    return data + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


for color, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
    for depth in depths:
        for interlaced in range(2):
            write("png", f"color{color}-depth{depth}{'-interlaced' if interlaced else ''}", png(color, depth, interlaced))

# PNG with a profile, a resolution and an orientation; what they say follows the header.
def exif(turn, order="<"):
    entries = struct.pack(order + "HHIHH", 0x0100, 3, 1, 9, 0) + struct.pack(order + "HHIHH", 0x0112, 3, 1, turn, 0)
    return (b"II" if order == "<" else b"MM") + struct.pack(order + "HIH", 42, 8, 2) + entries + bytes(4)


# The least that a profile is: its header, and no tags.
profile = struct.pack(">I", 132) + bytes(8) + b"mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(92)
extras = chunk(b"iCCP", b"p\0\0" + zlib.compress(profile)) + chunk(b"eXIf", exif(6)) + chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1))
plain = png(2, 8, 0)
write("png", "extras", plain[:33] + extras + plain[33:])


# TIFF: orders of bytes, widths of offsets, depths, what samples are, strips and tiles, planes, two pages.
def tiff(order="<", big=False, bits=8, samples=1, kind=1, photometric=1, compression=1, tile=0, planar=False, turn=1, extra=None, pages=1,
         predictor=1):
    width, height = 7, 5
    planes, each = (samples, 1) if planar else (1, samples)
    across, down = (tile, tile) if tile else (width, 2)
    pieces = planes * -(-width // across) * -(-height // down)
    word = "Q" if big else "I"
    out = (b"II" if order == "<" else b"MM") + (struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HI", 42, 8))
    for page in range(pages):
        size = (across * each * bits + 7) // 8 * down
        data = [bytes((53 * i + 29 * n + page) % 251 for i in range(size)) for n in range(pieces)]
        if compression == 8:
            data = [zlib.compress(piece) for piece in data]
        if compression == 32773:
            data = [b"".join(bytes([len(piece[i:i + 100]) - 1]) + piece[i:i + 100] for i in range(0, size, 100)) for piece in data]
        tags = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * samples), 259: (3, [compression]), 262: (3, [photometric]),
                274: (3, [turn]), 277: (3, [samples]), 282: (5, [72, 1]), 283: (5, [72, 1]), 284: (3, [2 if planar else 1]), 296: (3, [2]),
                317: (3, [predictor]), 339: (3, [kind] * samples), 34675: (7, list(profile))}
        if tile:
            tags |= {322: (4, [tile]), 323: (4, [tile]), 324: (4, []), 325: (4, [len(piece) for piece in data])}
        else:
            tags |= {273: (4, []), 278: (4, [down]), 279: (4, [len(piece) for piece in data])}
        if photometric == 3:
            tags[320] = (3, [(i * 4099) % 65536 for i in range(3 << bits)])
        if extra is not None:
            tags[338] = (3, [extra])
        place = tags[324 if tile else 273][1]
        place += [0] * pieces
        entry = 20 if big else 12
        start = len(out) + (8 if big else 2) + entry * len(tags) + (8 if big else 4)

        # Twice, as the places of the data are known once all else is.
        for _ in range(2):
            entries, rest = b"", b""
            for tag, (type, values) in sorted(tags.items()):
                form = {3: "H", 4: "I", 5: "I", 7: "B"}[type]
                value = struct.pack(order + form * len(values), *values)
                count = len(values) // 2 if type == 5 else len(values)
                if len(value) > (8 if big else 4):
                    at = struct.pack(order + word, start + len(rest))
                    rest += value + bytes(len(value) % 2)
                else:
                    at = value.ljust(8 if big else 4, b"\0")
                entries += struct.pack(order + "HH" + word, tag, type, count) + at
            place[:] = [start + len(rest) + sum(map(len, data[:n])) for n in range(pieces)]
        end = start + len(rest) + sum(map(len, data))
        following = struct.pack(order + word, end if page < pages - 1 else 0)
        out += struct.pack(order + ("Q" if big else "H"), len(tags)) + entries + following + rest + b"".join(data)
    return out


for name, options in {
    "grey1": dict(bits=1), "white4": dict(bits=4, photometric=0), "palette4": dict(bits=4, photometric=3), "grey16": dict(bits=16, order=">"),
    "grey32": dict(bits=32), "float16": dict(bits=16, kind=3), "float32-alpha": dict(bits=32, kind=3, samples=2, extra=2),
    "double": dict(bits=64, kind=3, order=">"), "rgb-planes": dict(samples=3, photometric=2, planar=True, turn=6),
    "rgba-tiles": dict(samples=4, photometric=2, tile=16, extra=1, compression=8), "cmyk": dict(samples=4, photometric=5),
    "lab": dict(samples=3, photometric=8), "signed": dict(bits=16, kind=2), "packbits": dict(compression=32773, samples=3, photometric=2),
    "big": dict(big=True, samples=3, photometric=2), "big-pages": dict(big=True, order=">", pages=2), "pages": dict(pages=3, turn=8),
    "predicted": dict(bits=16, compression=8, predictor=2, samples=3, photometric=2),
    "predicted-float": dict(bits=32, kind=3, compression=8, predictor=3),
}.items():
    write("tiff", name, tiff(**options))

# Netpbm.
for name, data in {
    "p2": b"P2\n# a comment\n3 2\n15\n0 1 2 3 4 15\n", "p3": b"P3 2 2 255 1 2 3 4 5 6 7 8 9 10 11 12 ",
    "p5": b"P5 3 2 255\n\x00\x01\x02\x03\x04\xff", "p5-wide": b"P5 2 1 65535\n\x00\x01\xff\xff", "p6": b"P6 1 2 200\n\x00\x01\x02\x03\x04\xc8",
}.items():
    write("netpbm", name, data)

# EXIF: a directory with the orientation, in both orders of bytes.
for order, mark in ("<", b"II"), (">", b"MM"):
    for turn in range(1, 9):
        write("exif", f"{mark.decode().lower()}-{turn}", exif(turn, order))

# JPEG: the kinds that the tests hold, and those that the program writes.
kinds = re.findall(r'static let (\w+) = """\n(.*?)"""', open(f"{here}/../Tests/ImagesTests/TestJPEG.swift").read(), re.S)
for name, text in kinds:
    write("jpeg", name.lower(), base64.b64decode("".join(text.split())))

directory = tempfile.mkdtemp()
try:
    os.chdir(directory)
    for name, data in ("grey.pgm", b"P5 9 5 255 " + bytes(range(0, 225, 5))), ("color.ppm", b"P6 9 5 255 " + bytes(range(0, 135)) ):
        open(name, "wb").write(data)
        run("warp", name, "--out", "out.jpg")
        write("jpeg", name.split(".")[0], open("out.jpg", "rb").read())

    # What Pillow writes: the compressions of TIFF; WebP with and without loss, alpha, orientation, profile, and as an animation.
    kinds = {"1": Image.frombytes("1", (16, 5), bytes(range(10))), "L": Image.frombytes("L", (9, 5), bytes(range(0, 225, 5))),
             "RGB": Image.frombytes("RGB", (9, 5), bytes(range(135))), "RGBA": Image.frombytes("RGBA", (9, 5), bytes(range(180)))}
    for kind, compressions in {"1": ["group3", "group4", "tiff_ccitt"], "L": ["tiff_lzw", "lzma"],
                               "RGB": ["jpeg", "zstd", "tiff_lzw"], "RGBA": ["tiff_adobe_deflate"]}.items():
        for compression in compressions:
            kinds[kind].save("out.tif", compression=compression)
            write("tiff", f"{kind.lower()}-{compression.removeprefix('tiff_')}", open("out.tif", "rb").read())
    for name, image, options in [
        ("lossy", kinds["RGB"], {}), ("lossy-alpha", kinds["RGBA"], {"exif": b"Exif\0\0" + exif(7)}),
        ("lossless", kinds["RGB"], {"lossless": True, "icc_profile": profile}), ("lossless-alpha", kinds["RGBA"], {"lossless": True}),
        ("lossless-palette", kinds["L"].convert("RGB"), {"lossless": True}),
        ("animation", kinds["RGB"], {"save_all": True, "append_images": [kinds["RGBA"]]}),
    ]:
        image.save("out.webp", **options)
        write("webp", name, open("out.webp", "rb").read())

    # MNIST's layout with images of 9 x 9 pixels, the smallest that a network takes: so checkpoints are small as well.
    def idx(shape, data):
        return bytes([0, 0, 8, len(shape)]) + b"".join(struct.pack(">I", n) for n in shape) + data

    for part in "train", "t10k":
        open(f"{part}-images-idx3-ubyte", "wb").write(idx([24, 9, 9], bytes(i * i // 16 % 256 for i in range(24 * 81))))
        open(f"{part}-labels-idx1-ubyte", "wb").write(idx([24], bytes(i % 10 for i in range(24))))
    run("train", "mnist", "--data", ".", "--network", "none", "--batch", "2", "--iterations", "2", "--interval", "1", "--patience", "9", "--out", "run")
    checkpoint = open("run/checkpoint.safetensors", "rb").read()
    # How fast it was differs from run to run.
    log = re.sub(r"(imagesPerSecond\":)[0-9.]+", r"\g<1>128.5", open("run/log.jsonl").read())
finally:
    shutil.rmtree(directory)

images, labels = idx([2, 3, 2], bytes(range(12))), idx([3], b"\x00\x05\x09")
for name, data in ("images", images), ("labels", labels):
    write("idx", name, data)
    write("idx", name + "-packed", gzip.compress(data, mtime=0))

# Safetensors: headers alone, and whole files.
length = int.from_bytes(checkpoint[:8], "little")
header = checkpoint[8:8 + length]
write("checkpoint", "trained", checkpoint)
small = json.dumps({"__metadata__": {"a\\\"\u00e4": "\t"}, "x": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]},
                    "y": {"dtype": "F32", "shape": [2, 1], "data_offsets": [8, 16]}, "z": {"dtype": "F32", "shape": [0], "data_offsets": [16, 16]}})
write("checkpoint", "small", struct.pack("<Q", len(small)) + small.encode() + bytes(16))
write("safetensors-header", "trained", header)
write("safetensors-header", "small", small)
write("safetensors-header", "empty", "{}")

# NumPy's arrays and archives.
def array(kind, shape, data, order="False"):
    text = f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


def archive(method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as members:
        for name, data in ("a", floats), ("b", array(">i2", "(2, 2)", bytes(range(8)), "True")):
            with members.open(zipfile.ZipInfo(name + ".npy"), "w", force_zip64=True) as member:
                member.write(data)
    return file.getvalue()


floats = array("<f4", "(3,)", struct.pack("<3f", 1, -2, 0.5))
write("numpy", "floats", floats)
write("numpy", "bytes", array("|u1", "()", b"\x07"))
write("numpy", "half", array("<f2", "(1, 2)", b"\x00\x3e\x00\xc0"))
write("numpy", "stored", archive(zipfile.ZIP_STORED))
write("numpy", "deflated", archive(zipfile.ZIP_DEFLATED))

# GTSRB's annotations.
columns = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"
write("gtsrb-csv", "training", f"{columns}\r\n00000_00000.ppm;20;16;2;3;17;12;7\r\n00001_00029.ppm;29;30;5;6;24;25;7\r\n")
write("gtsrb-csv", "test", f"{columns}\n00000.ppm;6;5;1;1;4;4;7\n00001.ppm;6;5;0;0;5;4;42\n")

# Arguments.
for name, text in {
    "affine": "0.5,-0.25,0,0.25,0.5,0.1", "homography": "1,0,0,0,1,0,0.1,0.2,1", "spaces": " 1e-3, 0 ,-.5,0x1p3,1,0", "large": "1e30,0,0,0,1e-30,0",
    "pair": "-0.5,0.25", "number": "0.125", "size": "640x480",
}.items():
    write("matrix", name, text)

# JSON, one of a kind.
metadata = json.loads(header)["__metadata__"]
for key in "network", "random", "earlyStopping":
    write("json", key.lower(), metadata[key])
write("json", "paper", json.dumps(dict(json.loads(metadata["network"]), architecture="paper", transformer="icstn", sampler="linearized", side=50, channels=3)))
write("json", "log", log)
