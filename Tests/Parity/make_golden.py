"""Computes in PyTorch, in double precision, what ParityTests.swift expects of the paper's networks and of other layers: writes golden.json beside this file.

Weights, images and targets come from a formula that both sides compute, so that only results are stored.

    python3 -m venv venv && venv/bin/pip install torch && venv/bin/python Tests/Parity/make_golden.py
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

BATCH, CHANNELS, SIDE, CLASSES, OUTPUTS, STEPS, ENTRIES = 3, 3, 18, 43, 5, 3, 8


def numbers(stream, shape, scale, offset=0.0):
    """offset + scale * sin(k), where k jumps about as a function of the running index and the stream."""
    count = math.prod(shape)
    values = [offset + scale * math.sin((i * i % 65521 * 31 + i * 17 + stream * 1009) % 65521) for i in range(count)]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def shapes():
    """Names and shapes in the order of the Swift modules' specifications."""
    widths = [CHANNELS, 4, 8, 16, 32, 1024]
    for i in range(5):
        yield f"transformer.convolution{i + 1}", [widths[i + 1], widths[i], 7, 7]
    yield "transformer.dense1", [48, 1024]
    yield "transformer.dense2", [OUTPUTS, 48]
    yield "classifier.dense1", [128, CHANNELS * SIDE * SIDE]
    yield "classifier.dense2", [CLASSES, 128]


def initial_parameters():
    parameters = {}
    for layer, shape in shapes():
        # A sine's variance is 1/2, so this is He's initialization.
        scale = 2 / math.sqrt(math.prod(shape[1:]))
        parameters[f"{layer}.weight"] = numbers(len(parameters), shape, scale)
        parameters[f"{layer}.bias"] = numbers(len(parameters), shape[:1], 0.1)
    return {name: tensor.requires_grad_() for name, tensor in parameters.items()}


def localization(p, x):
    for i in range(1, 6):
        x = F.conv2d(x, p[f"transformer.convolution{i}.weight"], p[f"transformer.convolution{i}.bias"], padding=3)
        if i < 5:
            x = F.relu(x)
        if 2 <= i <= 4:
            x = F.max_pool2d(x, 2)
    x = x.amax(dim=(2, 3))
    x = F.relu(F.linear(x, p["transformer.dense1.weight"], p["transformer.dense1.bias"]))
    return F.linear(x, p["transformer.dense2.weight"], p["transformer.dense2.bias"])


def classifier(p, x):
    x = F.relu(F.linear(x.flatten(1), p["classifier.dense1.weight"], p["classifier.dense1.bias"]))
    return F.linear(x, p["classifier.dense2.weight"], p["classifier.dense2.bias"])


def summary(tensor):
    flat = tensor.detach().flatten()
    return {"norm": flat.norm().item(), "entries": [flat[i * len(flat) // ENTRIES].item() for i in range(ENTRIES)]}


def operations():
    """Names, shapes of the operands, and functions."""
    images = [2, 4, 5, 6]
    yield "transposed convolution", [images, [4, 3, 3, 3], [6]], lambda x, weight, bias: F.conv_transpose2d(
        x, weight, bias, stride=2, padding=1, output_padding=1, groups=2
    )
    yield "average pooling", [images], lambda x: F.avg_pool2d(x, 3, stride=2)
    yield "bilinear upsampling", [images], lambda x: F.interpolate(x, size=(9, 17), mode="bilinear", align_corners=False)
    yield "nearest upsampling", [images], lambda x: F.interpolate(x, size=(9, 17), mode="nearest")
    yield "group normalization", [images, [4], [4]], lambda x, weight, bias: F.group_norm(x, 2, weight, bias)
    yield "layer normalization", [images, [5, 6], [5, 6]], lambda x, weight, bias: F.layer_norm(x, [5, 6], weight, bias)
    yield "GELU", [images], F.gelu
    yield "leaky ReLU", [images], lambda x: F.leaky_relu(x, 0.1)


def summaries(shapes, function):
    """Of what a function gives, and of the gradients of its elements' sum with weights."""
    operands = [numbers(200 + i, shape, 2.0).requires_grad_() for i, shape in enumerate(shapes)]
    value = function(*operands)
    (value * numbers(300, value.shape, 1.0)).sum().backward()
    return {"value": summary(value), "gradients": [summary(operand.grad) for operand in operands]}


def main():
    torch.set_num_threads(1)
    p = initial_parameters()
    images = numbers(100, [BATCH, CHANNELS, SIDE, SIDE], 0.5, 0.5)
    targets = numbers(101, [BATCH, OUTPUTS], 0.5)
    labels = torch.tensor([i * 11 % CLASSES for i in range(BATCH)])
    optimizer = torch.optim.Adam(
        [
            {"params": [t for name, t in p.items() if name.startswith("transformer.")], "lr": 1e-5},
            {"params": [t for name, t in p.items() if name.startswith("classifier.")], "lr": 1e-3},
        ]
    )
    golden = {"losses": []}
    for step in range(STEPS):
        predictions, logits = localization(p, images), classifier(p, images)
        loss = F.cross_entropy(logits, labels) + F.mse_loss(predictions, targets)
        optimizer.zero_grad()
        loss.backward()
        golden["losses"].append(loss.item())
        if step == 0:
            golden["predictions"] = predictions.flatten().tolist()
            golden["logits"] = logits.flatten().tolist()
            golden["gradients"] = {name: summary(tensor.grad) for name, tensor in p.items()}
        optimizer.step()
    golden["parameters"] = {name: summary(tensor) for name, tensor in p.items()}
    golden["operations"] = {name: summaries(shapes, function) for name, shapes, function in operations()}
    path = pathlib.Path(__file__).with_name("golden.json")
    path.write_text(json.dumps(golden, indent=1) + "\n")


main()
