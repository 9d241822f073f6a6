#!/usr/bin/env python3
"""test_image_files.py TEST_IMAGE_SET: image sets of every kind, made here. What Pillow decodes and resizes, kshot decodes and resizes to
the same bytes; where classes belong is what folders, tables and split files say; and what is damaged, missing or not to be had is one
line that names the file. usage: see above; TEST_IMAGE_SET is the test program, which opens a set on request."""

import contextlib
import io
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

import numpy as np
from PIL import Image
from safetensors import safe_open

PROGRAM = sys.argv[1]
DATA = pathlib.Path(os.environ.get("KSHOT_TEST_DATA", pathlib.Path(__file__).parents[2] / "shared/data"))
rng = np.random.default_rng(1)


class Set:
    """A set that was opened: {split: {class: [image, …]}}"""

    def __init__(self, lines, cache):
        self.splits = {"train": {}, "validation": {}, "test": {}}
        if cache is not None:
            with safe_open(cache, "np") as file:
                images = file.get_tensor("images")
        first = 0
        for line in lines:
            split, name, count = line.split("\t")
            self.splits[split][name] = images[first : first + int(count)] if cache is not None else int(count)
            first += int(count)
        assert cache is None or first == len(images)

    def names(self):
        return [list(self.splits[split]) for split in ("train", "validation", "test")]

    def only(self):
        """The one image."""
        (classes,) = [c for c in self.splits.values() if c]
        (images,) = classes.values()
        assert len(images) == 1
        return images[0]


def run(data, **settings):
    words = [f"{key}={value}" for key, value in {"data": data, **settings}.items()]
    return subprocess.run([PROGRAM, *words], capture_output=True, timeout=300)


def opened(data, images=True, **settings):
    with tempfile.TemporaryDirectory() as folder:
        cache = f"{folder}/cache" if images else None
        result = run(data, **({"cache": cache} if images else {}), **settings)
        assert result.returncode == 0, (data, settings, result.returncode, result.stdout, result.stderr[-2000:])
        return Set(result.stdout.decode(errors="surrogateescape").splitlines(), cache)


def refused(data, *mentions, code=2, **settings):
    result = run(data, **settings)
    said = result.stdout.decode()
    assert result.returncode == code, f"{data}: exit code {result.returncode}: {said} {result.stderr[-2000:]}"
    assert said.count("\n") == 1, said
    for text in mentions:
        assert str(text) in said, f"{text!r} is not in {said!r}"


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory() as name:
        yield pathlib.Path(name)


def noise(*shape):
    return rng.integers(0, 256, shape).astype(np.uint8)


def photo(height, width, channels=3):
    """Smooth, so that JPEG does it little harm."""
    small = Image.fromarray(noise(5, 5, 3)).resize((width, height), Image.BICUBIC)
    return small if channels == 3 else small.convert("L")


def encoded(image, kind="PNG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def grey(value=0, size=4):
    return encoded(Image.fromarray(np.full((size, size), value, np.uint8)))


def write(root, files):
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def zipped(path, files, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


def one(data, name="x.png", **settings):
    """The set of one image, through kshot."""
    with folder() as root:
        return opened(write(root, {f"train/cat/{name}": data}), **settings).only()


def same(got, image, **settings):
    expected = np.asarray(image)
    expected = expected[..., None] if expected.ndim == 2 else expected
    assert got.shape == expected.shape, (got.shape, expected.shape)
    assert (got == expected).all(), f"{settings}: differs by {np.abs(got.astype(int) - expected).max()}"


# ---- decoding and resizing -------------------------------------------------------------------------------------------------------


def test_resize():
    """To the byte, larger and smaller, in one direction or both, grey and coloured."""
    for height, width, size in ((105, 105, 28), (32, 32, 84), (500, 375, 84), (28, 50, 28), (50, 28, 28), (28, 28, 28), (1, 1, 7),
                                (3, 200, 5), (200, 3, 64), (7, 5, 1)):
        for channels in (1, 3):
            image = Image.fromarray(noise(height, width, 3)) if channels == 3 else Image.fromarray(noise(height, width))
            same(one(encoded(image), size=size, channels=channels), image.resize((size, size), Image.LANCZOS), of=(height, width, size))


def test_channels():
    image = Image.fromarray(noise(9, 9, 3))
    same(one(encoded(image), channels=1), image.convert("L"))
    same(one(encoded(image), channels=3, invert=1), 255 - np.asarray(image))
    flat = image.convert("L")
    same(one(encoded(flat)), flat)
    same(one(encoded(flat), channels=3), flat.convert("RGB"))
    same(one(encoded(flat.convert("RGB"))), flat)  # grey by its pixels
    with folder() as root:  # coloured if any is
        found = opened(write(root, {"train/a/1.png": encoded(flat), "train/b/2.png": encoded(image)})).splits["train"]
        same(found["a"][0], flat.convert("RGB"))
        same(found["b"][0], image)


def test_png_kinds():
    rgb, flat = Image.fromarray(noise(33, 33, 3)), Image.fromarray(noise(33, 33))
    bits = Image.fromarray(noise(33, 33) > 128)
    same(one(encoded(bits)), bits.convert("L"))
    palette = rgb.quantize(7)
    same(one(encoded(palette, bits=4)), palette.convert("RGB"))
    same(one(encoded(rgb), name="x.jpg"), rgb)  # its content says what it is
    same(one(encoded(rgb), name="x.PNG"), rgb)
    alpha = Image.fromarray(noise(33, 33, 4))
    white = Image.new("RGBA", alpha.size, "white")
    assert np.abs(one(encoded(alpha)).astype(int) - np.asarray(Image.alpha_composite(white, alpha).convert("RGB"))).max() <= 1
    ink = np.zeros((33, 33, 2), np.uint8)
    ink[..., 1] = noise(33, 33)
    same(one(encoded(Image.merge("LA", [Image.fromarray(ink[..., k]) for k in (0, 1)]))), 255 - ink[..., 1])
    glass = rgb.quantize(7)
    see_through = encoded(glass, transparency=0)
    pixels = np.asarray(glass.convert("RGB")).copy()
    pixels[np.asarray(glass) == 0] = 255
    same(one(see_through), pixels)
    deep = rng.integers(0, 65536, (33, 33)).astype(np.uint16)
    same(one(encoded(Image.fromarray(deep))), ((deep.astype(np.int64) * 255 + 32895) >> 16).astype(np.uint8))
    pictures = [Image.fromarray(noise(8, 8, 3)) for _ in range(3)]
    same(one(encoded(pictures[0], save_all=True, append_images=pictures[1:], duration=100)), pictures[0])  # animated
    same(one(interlaced(np.asarray(rgb))), rgb)
    same(one(encoded(flat, icc_profile=b"no profile" * 10)), flat)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = b"\x89PNG\r\n\x1a\n"


def png(width, height, rows, bits=8, colour=0, interlace=0, extra=b""):
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    return PNG + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def interlaced(pixels):
    """Adam7, which Pillow does not write."""
    rows = b""
    for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        for row in pixels[y::dy, x::dx]:
            rows += b"\0" + row.tobytes() if row.size else b""
    return png(pixels.shape[1], pixels.shape[0], rows, colour=2, interlace=1)


def test_jpeg_kinds():
    image, flat = photo(40, 40), photo(40, 40, 1)

    def as_pillow(data, **settings):
        same(one(data, name="x.jpg", **settings), Image.open(io.BytesIO(data)))

    as_pillow(encoded(image, "JPEG"))
    as_pillow(encoded(image, "JPEG", progressive=True, quality=95))
    as_pillow(encoded(image, "JPEG", subsampling=0))
    as_pillow(encoded(flat, "JPEG"), channels=1)
    same(one(encoded(image, "JPEG"), name="x.png"), Image.open(io.BytesIO(encoded(image, "JPEG"))))
    same(one(encoded(image, "JPEG"), name="x.JPEG"), Image.open(io.BytesIO(encoded(image, "JPEG"))))
    inks = encoded(image.convert("CMYK"), "JPEG", quality=100)
    assert np.abs(one(inks, name="x.jpg").astype(int) - np.asarray(Image.open(io.BytesIO(inks)).convert("RGB"))).max() <= 1
    large = photo(300, 400)
    data = encoded(large, "JPEG")
    same(one(data, name="x.jpg", size=84), Image.open(io.BytesIO(data)).resize((84, 84), Image.LANCZOS))


# ---- damage --------------------------------------------------------------------------------------------------------------------------


def test_damaged_images():
    whole_png, whole_jpeg = encoded(photo(40, 40)), encoded(photo(40, 40), "JPEG")
    bomb = png(30000, 30000, b"")
    text_bomb = png(1, 1, b"\0\0", extra=chunk(b"zTXt", b"x\0\0" + zlib.compress(b"a" * (64 << 20))))
    damaged_pixels = bytearray(whole_png)
    damaged_pixels[len(whole_png) // 2] ^= 255
    cases = [
        ("x.png", b"", "an empty file"),
        ("x.png", whole_png[: len(whole_png) // 2], "damaged PNG"),
        ("x.png", whole_png[:-6], "cut off"),
        ("x.png", whole_png[:20], "damaged PNG"),
        ("x.png", bytes(damaged_pixels), "damaged PNG"),
        ("x.png", bomb, "30000 x 30000"),
        ("x.png", png(100000, 1, b"\0"), "100000 x 1"),
        ("x.png", png(1 << 30, 1 << 30, b""), "1073741824 x 1073741824"),
        ("x.png", png(5, 0, b""), "damaged PNG"),
        ("x.png", png(5, 5, b"\0"), "damaged PNG"),
        ("x.jpg", whole_jpeg[: len(whole_jpeg) // 2], "damaged JPEG"),
        ("x.jpg", whole_jpeg[:-2], "damaged JPEG"),
        ("x.jpg", whole_jpeg[:30], "damaged JPEG"),
        ("x.jpg", b"\xff\xd8\xff" + b"nothing" * 10, "damaged JPEG"),
        ("x.jpg", encoded(photo(40, 40), "GIF"), "a GIF image"),
        ("x.jpg", encoded(photo(40, 40), "BMP"), "a BMP image"),
        ("x.jpg", encoded(photo(40, 40), "TIFF"), "a TIFF image"),
        ("x.png", b"RIFF\x10\0\0\0WEBPVP8 ", "a WebP image"),
        ("x.png", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        ("x.png", b"<html>404</html>", "neither a PNG nor a JPEG"),
    ]
    for name, data, says in cases:
        with folder() as root:
            write(root, {f"train/cat/{name}": data, "train/ant/1.png": grey()})
            refused(root, f"{root}/train/cat/{name}: ", says, size=4)
            archive = zipped(root / "set.zip", {f"train/cat/{name}": data, "train/ant/1.png": grey()})
            refused(archive, f"{archive}: train/cat/{name}: ", says, size=4)
    same(one(text_bomb), np.zeros((1, 1), np.uint8)) # the pixels are whole
    same(one(whole_png + b"behind the end"), Image.open(io.BytesIO(whole_png)))


def scans_bomb():
    """A progressive JPEG whose first scan is there 3,000 times."""
    data = encoded(photo(64, 64), "JPEG", progressive=True)
    start = data.index(b"\xff\xda")
    end = min(at for marker in (b"\xff\xda", b"\xff\xc4") if (at := data.find(marker, start + 2)) > 0)
    return data[:start] + data[start:end] * 3000 + data[end:]


def test_many_scans():
    with folder() as root:
        refused(write(root, {"train/cat/x.jpg": scans_bomb()}), "too many scans")


def test_first_wrong_is_named():
    """Whatever the threads are at."""
    files = {f"train/c{i:02}/{k}.png": grey(i) for i in range(20) for k in range(10)}
    with folder() as root:
        write(root, files)
        for name in ("train/c07/3.png", "train/c07/4.png", "train/c11/0.png", "train/c19/9.png"):
            (root / name).write_bytes(b"no image")
        for threads in (1, 2, 3, 8) * 3:
            refused(root, "train/c07/3.png", threads=threads, size=4)


def test_sizes():
    with folder() as root:
        write(root, {"train/a/1.png": grey(size=4), "train/a/2.png": grey(size=5)})
        refused(root, "train/a/2.png", "5 x 5", "4 x 4")
        assert opened(root, size=6).splits["train"]["a"].shape == (2, 6, 6, 1)
        write(root, {"train/a/0.png": encoded(Image.fromarray(noise(4, 6)))})
        refused(root, "train/a/0.png", "6 x 4")
        refused(root, "2000", size=2000)
        refused(root, "channels", channels=2, size=4)
        refused(root, "less than no", size=4, train=-1)
    with folder() as root:
        refused(write(root, {"train/a/1.png": grey(size=1025)}), "1025 x 1025")


def test_damaged_archives():
    files = {"train/cat/1.png": encoded(photo(40, 40)), "train/cat/2.png": encoded(photo(40, 40))}
    with folder() as root:
        archive = zipped(root / "set.zip", files)
        whole = archive.read_bytes()
        for cut in (0, 10, len(whole) // 2, len(whole) - 10):
            archive.write_bytes(whole[:cut])
            refused(archive, f"{archive}: ")
        at = whole.index(b"train/cat/2.png") + 200  # in its data
        archive.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        refused(archive, f"{archive}: train/cat/2.png: ")
        central = whole.rindex(b"train/cat/2.png") - 46
        claims = bytearray(whole)
        struct.pack_into("<I", claims, central + 24, 0xFFFFFF00)  # 4 GB
        archive.write_bytes(claims)
        refused(archive, f"{archive}: train/cat/2.png: ", "bytes")
        struct.pack_into("<I", claims, central + 24, 20)  # fewer than there are
        archive.write_bytes(claims)
        refused(archive, f"{archive}: train/cat/2.png: ")
        claims = bytearray(whole)
        claims[central + 16] ^= 1  # another checksum
        archive.write_bytes(claims)
        refused(archive, f"{archive}: train/cat/2.png: ", "CRC")
        claims = bytearray(whole)
        struct.pack_into("<H", claims, central + 8, 1)  # encrypted
        archive.write_bytes(claims)
        refused(archive, f"{archive}: train/cat/2.png: ")
        (root / "text.zip").write_text("no archive at all")
        refused(root / "text.zip", "text.zip: not a zip file")
        zipped(root / "none.zip", {})
        refused(root / "none.zip", "none.zip", "no image")
        import warnings

        with warnings.catch_warnings(), zipfile.ZipFile(root / "twice.zip", "w") as file:
            warnings.simplefilter("ignore")
            for _ in range(2):
                file.writestr("train/cat/1.png", grey())
        refused(root / "twice.zip", "train/cat/1.png", "twice")
        refused(root / "missing", "missing")
        os.mkfifo(root / "pipe")
        refused(root / "pipe", "neither a folder nor a zip file")
        refused("", "no image set")


# ---- where images and classes are --------------------------------------------------------------------------------------------------


def test_layouts():
    splits = {f"{split}/{name}/{i}.png": grey(i) for split, names in (("train", "ab"), ("val", "c"), ("test", "d"))
              for name in names for i in range(2)}
    expected = [["a", "b"], ["c"], ["d"]]
    with folder() as root:
        assert opened(write(root / "plain", splits)).names() == expected
        assert opened(f"{root}/plain///").names() == expected
        assert opened(write(root / "outer", {f"my set/v1/{n}": d for n, d in splits.items()})).names() == expected
        assert opened(zipped(root / "s.zip", splits)).names() == expected
        assert opened(zipped(root / "w.zip", {f"set\\{n}".replace("/", "\\"): d for n, d in splits.items()})).names() == expected
        for other in ("validation", "valid"):
            files = {n.replace("val/", f"{other}/"): d for n, d in splits.items()}
            assert opened(write(root / other, files)).names() == expected
        mixed = write(root / "mixed", {**splits, "extra/e/1.png": grey()})
        refused(mixed, "mixed/extra/e/1.png", "none of the folders train, val and test")
        loose = write(root / "loose", {**splits, "train/1.png": grey()})
        refused(loose, "loose/train/1.png", "no class")
        twice = write(root / "twice", {**splits, "test/a/9.png": grey()})
        refused(twice, "twice/test/a/9.png", "class a", "train", "test")
        flat = write(root / "flat", {"1.png": grey(), "a/2.png": grey()})
        refused(flat, "flat/1.png", "no class")
        only = opened(write(root / "only", {"test/x/1.png": grey(7)}))
        assert only.names() == [[], [], ["x"]] and (only.only() == 7).all()
        # a class may be called train, as one of CIFAR-100's is
        assert opened(write(root / "named", {f"{n}/1.png": grey() for n in ("train", "test", "ant")}), train=3).names()[0] == \
            ["ant", "test", "train"]
        assert opened(write(root / "deep", {"train/Greek/character01/1.png": grey()})).names()[0] == ["Greek/character01"]
        assert opened(root / "plain", split="random", train=4).names() == [["a", "b", "c", "d"], [], []]


def test_odd_neighbours():
    """Hidden files, other files, empty folders, links."""
    with folder() as root:
        data = write(root / "set", {"train/a/1.png": grey(1), "train/b/1.png": grey(2), "train/.DS_Store": b"x", "train/a/._1.png": b"x",
                                    ".git/train/x/1.png": b"x", "__MACOSX/train/a/1.png": b"x", "README.md": b"x", "train/a/x.txt": b"x",
                                    "train/a/Thumbs.db": b"x", "elsewhere/c/9.png": grey(9)})
        (data / "train/empty").mkdir()
        (root / "outside").mkdir()
        (data / "elsewhere").rename(root / "outside/set")
        (data / "train/linked").symlink_to(root / "outside/set/c")
        (data / "train/b/2.png").symlink_to(data / "train/a/1.png")
        (data / "train/b/loop").symlink_to(data)
        (data / "train/b/same").symlink_to(".")
        found = opened(data).splits["train"]
        assert {name: [int(image[0, 0, 0]) for image in images] for name, images in found.items()} == {"a": [1], "b": [2, 1], "linked": [9]}
        (root / "link").symlink_to(data)
        assert opened(root / "link").names() == [["a", "b", "linked"], [], []]
        (data / "train/b/3.png").symlink_to("nowhere")
        refused(data, "set/train/b/3.png")
        os.remove(data / "train/b/3.png")
        archive = {path.relative_to(data).as_posix(): path.read_bytes() for path in data.rglob("*") if path.is_file() and "b" not in path.parts}
        assert opened(zipped(root / "x.zip", archive)).names() == [["a"], [], []]
        deep = write(root / "abyss", {"/".join("abcdefghijklmnopqrstuvwxyz") + "/1.png": grey()})
        refused(deep, "more than 16 folders")
        os.mkfifo(data / "train/a/pipe.png")  # passed over, not waited for
        opened(data)
        if os.geteuid() != 0:
            (data / "train/a").chmod(0)
            refused(data, "train/a", "Permission")
            (data / "train/a").chmod(0o700)


def test_names_of_any_bytes():
    with folder() as root:
        write(root, {"train/caf\u00e9/1.png": grey()})
        os.makedirs(os.fsencode(root) + b"/train/\xff\xfe")
        with open(os.fsencode(root) + b"/train/\xff\xfe/1.png", "wb") as file:
            file.write(grey())
        assert opened(root).names()[0] == ["caf\u00e9", os.fsdecode(b"\xff\xfe")]
        with open(os.fsencode(root) + b"/train/\xff\xfe/1.png", "wb") as file:
            file.write(b"")
        refused(root, r"/train/\xff\xfe/1.png: an empty file")


def test_random_split():
    names = [f"class{i:03}" for i in range(100)]
    with folder() as root:
        write(root, {f"{name}/1.png": grey() for name in names})
        first = opened(root, images=False).names()
        assert [len(part) for part in first] == [64, 16, 20] and sorted(sum(first, [])) == names
        assert all(part == sorted(part) for part in first)
        assert opened(root, images=False, seed=1).names() != first
        shuffled = list(names)
        random.Random(1).shuffle(shuffled)
        archive = zipped(root / "s.zip", {f"{name}/1.png": grey() for name in shuffled})
        assert opened(archive, images=False).names() == first
        assert [len(part) for part in opened(archive, images=False, train=10, validation=0).names()] == [10, 0, 90]
        refused(archive, "90 classes", "20", "100 in all", train=90, validation=20)


def test_split_files():
    with folder() as root:
        data = write(root / "set", {f"{name}/1.png": grey() for name in ("ant", "bee", "Greek/alpha", "Greek/beta", "unused")})
        split = root / "split.json"

        def says(content):
            split.write_text(content if isinstance(content, str) else json.dumps(content))
            return split

        good = {"train": ["bee", "ant"], "val": [], "test": {"Greek": ["beta", "alpha"]}}
        assert opened(data, split=says(good)).names() == [["ant", "bee"], [], ["Greek/alpha", "Greek/beta"]]
        assert opened(data, split=says("\ufeff" + json.dumps(good))).names()[0] == ["ant", "bee"]
        assert opened(data, split=says({"validation": ["ant"]})).names() == [[], ["ant"], []]
        for content, *mentions in (
            ({"train": ["cow"]}, "class cow"),
            ({"train": ["ant"], "test": ["ant"]}, "class ant", "train already"),
            ({"train": ["ant", "ant"]}, "class ant", "train already"),
            ({"vali": ["ant"]}, "'vali'", "no split"),
            ({"train": "ant"}, "train is no list"),
            ({"train": [1]}, "something else than names"),
            ({"train": {"Greek": "alpha"}}, "something else than names"),
            (["ant"], "not an object"),
            ('{"train": ["ant",\n\n', ":3: not JSON"),
            ("", "not JSON"),
            ({}, "no class"),
            ('{"train": ' + "[" * 5000, "not JSON"),
            ({"train": ["x" * 2000]}, "name of more than"),
            ("{}\n\0 \n", ":2: a zero byte"),
        ):
            refused(data, *mentions, split=says(content))
        refused(data, "nowhere.json", split=root / "nowhere.json")
        refused(data, "vinyals-train.json", split="vinyals")
        refused(data, "vinyals-train.json", split=root)


def omniglot(root, archives=True):
    """A small one of its shape, and Vinyals' split of it."""
    parts = {"background": {"Greek": 3, "Latin": 2}, "evaluation": {"Runes": 2}}
    for part, alphabets in parts.items():
        files = {f"images_{part}/{alphabet}/character{c:02}/{c:04}_{i:02}.png": grey(i)
                 for alphabet, count in alphabets.items() for c in range(1, count + 1) for i in range(2)}
        if archives:
            zipped(root / f"images_{part}.zip", files)
        else:
            write(root, files)
    for part, content in (("train", {"background": {"Greek": ["character01", "character02"]}, "evaluation": {}}),
                          ("val", {"background": {"Greek": ["character03"], "Latin": ["character01"]}}),
                          ("test", {"background": {"Latin": ["character02"]}, "evaluation": {"Runes": ["character01", "character02"]}})):
        (root / f"vinyals-{part}.json").write_text(json.dumps(content))
    return root


def test_omniglot_like():
    expected = [["Greek/character01", "Greek/character02"], ["Greek/character03", "Latin/character01"],
                ["Latin/character02", "Runes/character01", "Runes/character02"]]
    for archives in (True, False):
        with folder() as root:
            omniglot(root, archives)
            assert opened(root, split="vinyals").names() == expected
            assert opened(root, split=root).names() == expected
            all_of_it = {"train": {"images_background": {"Greek": ["character01"]}}, "test": ["Runes/character02"]}
            (root / "mine.json").write_text(json.dumps(all_of_it))
            assert opened(root, split=root / "mine.json").names() == [["Greek/character01"], [], ["Runes/character02"]]
            assert [len(part) for part in opened(root).names()] == [4, 1, 2]
            if archives:
                assert sorted(sum(opened(root / "images_evaluation.zip").names(), [])) == ["character01", "character02"]
                (root / "images_evaluation.zip").unlink()
                refused(root, "images_background.zip, but not images_evaluation.zip")


def table(rows, head="filename,label"):
    return "\n".join([head, *rows, ""]).encode()


def test_tables():
    images = {f"images/{name}{i}.jpg": encoded(Image.fromarray(np.full((4, 4), 40 * i, np.uint8)), "JPEG", quality=100)
              for name in "abc" for i in range(3)}
    rows = {"train": [f"a{i}.jpg,n01" for i in range(3)], "val": [f"b{i}.jpg,n02" for i in range(3)],
            "test": [f"c{i}.jpg,n03" for i in range(3)]}
    tables = {f"{split}.csv": table(lines) for split, lines in rows.items()}
    with folder() as root:
        data = write(root / "set", {**images, **tables})
        found = opened(data)
        assert found.names() == [["n01"], ["n02"], ["n03"]]
        assert np.abs(found.splits["train"]["n01"][:, 0, 0, 0].astype(int) - [0, 40, 80]).max() <= 1
        assert opened(zipped(root / "s.zip", {f"mini/{n}": d for n, d in {**images, **tables}.items()})).names() == found.names()
        beside = write(root / "beside", {**{n.removeprefix("images/"): d for n, d in images.items()}, **tables})
        assert opened(beside).names() == found.names()
        odd = table(['0, "a0.jpg" ,"n01"', "", "1,a1.jpg,n01"], head="\ufeff,filename,label").replace(b"\n", b"\r\n")
        write(data, {"train.csv": odd})
        assert len(opened(data).splits["train"]["n01"]) == 2
        for content, *mentions in (
            (table(["a0.jpg,n01", "missing.jpg,n01"]), "train.csv:3", "missing.jpg"),
            (table(["a0.jpg,n01", "a0.jpg,n01"]), "images/a0.jpg", "twice"),
            (table(["a0.jpg,n01", "b0.jpg,n01"]), "images/b0.jpg", "twice"),
            (table(["a0.jpg,n02"]), "class n02", "train", "validation"),
            (table(["a0.jpg"]), "train.csv:2", "fewer columns"),
            (table(["a0.jpg,"]), "train.csv:2", "empty label"),
            (table(['"a0.jpg,n01']), "train.csv:2", "does not end"),
            (table(["a0.jpg,n01"], head="file,class"), "filename and label"),
            (b"", "filename and label"),
            (b"filename,label\n\xff.jpg,n01\n", "train.csv:2", "not UTF-8"),
        ):
            write(data, {"train.csv": content})
            refused(data, *mentions)


def test_cifar_fs():
    path = DATA / "cifar-fs-150.zip"
    if not path.exists():
        print(f"skipped: there is no {path}; KSHOT_TEST_DATA names the folder that it is in")
        return
    found = opened(path, threads=2)
    assert [len(part) for part in found.names()] == [64, 16, 20]
    with zipfile.ZipFile(path) as file:
        for split, classes in found.splits.items():
            name, images = next(iter(classes.items()))
            for i in (0, 77, 149):
                same(images[i], Image.open(file.open(f"{split.replace('idation', '')}/{name}/{i:03}.png")))


# ---- the cache -----------------------------------------------------------------------------------------------------------------------


def test_cache():
    files = {f"{split}/{name}/{i}.png": grey(i) for split, names in (("train", "ab"), ("test", "c")) for name in names for i in range(3)}
    with folder() as root:
        data, cache = write(root / "set", files), root / "cache"
        archive = zipped(root / "set.zip", files)
        split = root / "split.json"

        def made(**settings):
            """Is the cache made anew? It must then be what is read without."""
            before = cache.read_bytes() if cache.exists() else None
            number = cache.stat().st_ino if cache.exists() else None
            settings = {"data": data, "size": 3, **settings}
            with_cache = run(**settings, cache=cache)
            assert with_cache.returncode == 0, with_cache.stdout
            assert with_cache.stdout == run(**settings).stdout
            anew = number is None or cache.stat().st_ino != number
            assert anew or cache.read_bytes() == before
            return anew

        for source in ({"data": data}, {"data": archive}):
            assert made(**source)
            assert not made(**source) and not made(**source)
        assert made()
        for other in ({"size": 4}, {"channels": 3}, {"invert": 1}, {"split": "random"}, {"split": "random", "seed": 1},
                      {"split": "random", "train": 1}, {"split": "random", "validation": 1}):
            assert made(**other), other
            assert not made(**other), other
        split.write_text('{"train": ["a"]}')
        assert made(split=split) and not made(split=split)
        split.write_text('{"train": ["b", "c"]}')
        assert made(split=split) and not made(split=split)
        assert made() and not made()
        (data / "train/a/0.png").write_bytes(grey(99))  # the same length
        assert made() and not made()
        (data / "train/a/9.png").write_bytes(grey(99))
        assert made() and not made()
        (data / "train/a/9.png").rename(data / "train/a/8.png")
        assert made() and not made()
        (data / "train/a/8.png").unlink()
        assert made() and not made()
        (data / "notes.txt").write_text("of no concern")
        assert not made()
        whole = cache.read_bytes()
        for i in range(0, len(whole), max(1, len(whole) // 60)):  # every kind of damage
            for damage in (whole[:i], whole[:i] + bytes([whole[i] ^ 4]) + whole[i + 1 :]):
                cache.write_bytes(damage)
                assert run(data, size=3, cache=cache).stdout == run(data, size=3).stdout
        cache.write_bytes(whole[: len(whole) // 2])
        assert made() and cache.read_bytes() == whole
        cache.write_bytes(b"")
        assert made() and cache.read_bytes() == whole
        cache.write_bytes(b"somebody's diary")  # is not ours to replace
        assert run(data, size=3, cache=cache).returncode == 0 and cache.read_bytes() == b"somebody's diary"
        for nowhere in (root / "no/such/folder", root, "/dev/null", "/proc/cache"):
            assert run(data, size=3, cache=nowhere).returncode == 0
        inside = data / "cache"  # in the folder that it is checked against
        for _ in range(2):
            assert run(data, size=3, cache=inside).returncode == 0
        number = inside.stat().st_ino
        assert run(data, size=3, cache=inside).returncode == 0 and inside.stat().st_ino == number
        assert not list(root.rglob("*.tmp"))
        (data / "train/a/1.png").write_bytes(b"no image")
        refused(data, "train/a/1.png", size=3, cache=cache)


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
