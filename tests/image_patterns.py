"""image_patterns.py: an image set made of noise, in which every image is known by its pixels, models for it, and what tests read out
of pictures of it."""

import os
import struct
import zlib

import numpy as np
from kshot_cli import CONFIGS, settings
from safetensors import safe_open

RIGHT, WRONG = (0, 140, 105), (214, 94, 0)
MOST = 200  # of a pixel: what is lighter belongs to the page


def png(image):
    """A file's bytes, of an image (height x width) or (height x width x 3)."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = image.shape[:2]
    head = struct.pack(">IIBBBBB", width, height, 8, 2 if image.ndim == 3 else 0, 0, 0, 0)
    lines = b"".join(b"\0" + line.astype(np.uint8).tobytes() for line in image)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


class Patterns:
    """A folder SPLIT/CLASS/*.png: images of a class are alike."""

    def __init__(self, root, side, colour=False, classes=8, images=6):
        noise, self.root, self.side = np.random.default_rng(3), root, side
        shape = (side, side, 3) if colour else (side, side)
        self.images = {}
        for split in ("train", "test"):
            for c in range(classes):
                own = noise.integers(0, MOST, shape)
                os.makedirs(f"{root}/{split}/{split}{c}")
                for i in range(images):
                    self.images[f"{split}{c}", i] = image = (2 * own + noise.integers(0, MOST, shape)) // 3
                    with open(f"{root}/{split}/{split}{c}/{i}.png", "wb") as file:
                        file.write(png(image))

    def find(self, picture, place):
        """Class, number and pixels of the image that is shown at a place (left, top, side), every pixel larger than it was."""
        left, top, side = place
        at = ((np.arange(self.side) + 0.5) * side / self.side)
        small = picture[(top + at).astype(int)][:, (left + at).astype(int)]
        far = {name: np.abs(small - (image if image.ndim == 3 else image[..., None])).max() for name, image in self.images.items()}
        name = min(far, key=far.get)
        assert far[name] <= 2, f"nothing like it is in the set: {far[name]}"
        return *name, self.images[name]

    def settings(self, **more):
        return settings(**{"images__data": self.root, "images__split": "own", "images__train_classes": 0,
                           "images__validation_classes": 0, "images__invert": "false", "images__size": self.side,
                           "images__rotate": "false", "images__ways": 4, "tasks": 2, **more})


def linear_model(kshot, patterns, run, **more):
    """A model of one layer, as it comes: what it learns, NumPy can say."""
    kshot.done("train", f"{CONFIGS}/omniglot.yaml", *patterns.settings(
        iterations=0, policy__network="mlp", policy__hidden="[]", policy__last_init_std=0.2, policy__batch_norm="none",
        inner__lr=0.02, **more), "-o", run, "-j", 1)
    return run


class Linear:
    """The same in NumPy."""

    def __init__(self, run):
        with safe_open(f"{run}/policy.safetensors", "numpy") as file:
            tensors = {name: file.get_tensor(name).astype(float) for name in file.keys()}
        (self.weight,) = [t for t in tensors.values() if t.ndim == 2]
        (self.bias,) = [t for t in tensors.values() if t.ndim == 1]

    @staticmethod
    def inputs(images):
        """Channel by channel, as the layer in front has them."""
        x = np.asarray(images) / 255
        return np.moveaxis(x, 3, 1).reshape(len(x), -1) if x.ndim == 4 else x.reshape(len(x), -1)

    def __call__(self, images):
        z = self.inputs(images) @ self.weight.T + self.bias
        p = np.exp(z - z.max(1, keepdims=True))
        return p / p.sum(1, keepdims=True)

    def step(self, images, labels, lr):
        x = self.inputs(images)
        delta = (self(images) - np.eye(len(self.bias))[labels]) / len(images)
        self.weight, self.bias = self.weight - lr * delta.T @ x, self.bias - lr * delta.sum(0)


def is_colour(picture, colour):
    return np.abs(picture - np.array(colour)).max(-1) <= 2


def runs(mask):
    """First and behind the last of every run of a line."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return list(zip(edges[::2], edges[1::2]))


class Frame:
    """A query: its place as a column and a line, and whether it is framed as right. Edges may lie on half a pixel."""

    def __init__(self, picture, left, top, end, bottom, right):
        def half(at):
            return 0.5 if 10 < np.abs(picture[at] - 255).max() < 245 and not is_colour(picture[at], RIGHT if right else WRONG) else 0

        middle = (top + bottom) // 2, (left + end) // 2
        self.left, self.top = left - half((middle[0], left - 1)), top - half((top - 1, middle[1]))
        self.side, self.right = end + half((middle[0], end)) - self.left, right

    def inside(self, border):
        return self.left + border, self.top + border, self.side - 2 * border


def framed(picture, least=30):
    """Frames of queries, column by column; the picture in numbers up to 255."""
    found = []
    for right, colour in ((True, RIGHT), (False, WRONG)):
        mask = is_colour(picture, colour)
        for top in range(1, len(mask)):
            for left, end in runs(mask[top]):
                side = end - left
                if side < least or mask[top - 1, left:end].all():
                    continue
                bottom = top + next(stop for start, stop in runs(mask[top:, left]) if start == 0)
                if abs(bottom - top - side) <= 1 and mask[bottom - 1, left:end].all() and mask[top:bottom, end - 1].all():
                    found.append(Frame(picture, left, top, end, bottom, right))
    return sorted(found, key=lambda frame: (frame.left, frame.top))


def darker(picture, left, right, top, bottom):
    """Squares of images without a frame: left, top, side; what is between them is light."""
    part = picture[top:bottom, left:right].max(-1) <= MOST + 2
    found = []
    for a, b in runs(part.any(0)):
        for c, d in runs(part[:, a:b].any(1)):
            if min(b - a, d - c) >= 20:
                found.append((left + a, top + c, b - a))
    return found
