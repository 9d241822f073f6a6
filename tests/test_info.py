#!/usr/bin/env python3
"""test_info.py KSHOT: what `kshot info` says of image sets, run directories and files, as text and as JSON."""

import io
import json
import pathlib
import sys
import tempfile
import zipfile

import numpy as np
from kshot_cli import CONFIGS, Kshot
from PIL import Image

kshot = Kshot(sys.argv[1])
rng = np.random.default_rng(1)


def png(height, width, *channels):
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (height, width, *channels)).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def said(path):
    return json.loads(kshot.done("info", "--json", path))


def image_sets(folder):
    files = {f"{split}/{name}/{i}.png": png(5 + i, 8, 3) for split, names in (("train", "abc"), ("val", "d"), ("test", "ef"))
             for name in names for i in range(1 + (name == "a"))}
    files["test/e/0.png"] = png(5, 9)
    for name, data in files.items():
        path = folder / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    with zipfile.ZipFile(folder / "set.zip", "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
    (folder / "no suffix").write_bytes((folder / "set.zip").read_bytes())
    expected = {
        "format": "images", "kind": "images in folders of splits and classes", "classes": 6, "images": 7,
        "images_per_class": [1, 2], "own_splits": True,
        "splits": {"train": {"classes": 3, "images": 4, "images_per_class": [1, 2]},
                   "validation": {"classes": 1, "images": 1, "images_per_class": [1, 1]},
                   "test": {"classes": 2, "images": 2, "images_per_class": [1, 1]}},
        "width": [8, 9], "height": [5, 6], "coloured": 6, "grey": 1,
    }
    for path in ("set", "set.zip", "no suffix"):
        assert said(folder / path) == {"path": str(folder / path), **expected}
    text = kshot.done("info", folder / "set")
    for line in ("set: images in folders of splits and classes", "train               3         4  1 to 2", "height       5 to 6 pixels",
                 "colours      6 images in colour, 1 grey"):
        assert line in text, text
    for k in range(20):
        path = folder / f"classes/c{k}/1.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(png(3, 3))
    assert "at random, by default 13 classes for training, 3 for validation, 4 for tests" in kshot.done("info", folder / "classes")
    assert said(folder / "classes")["splits"] == {"train": {"classes": 13}, "validation": {"classes": 3}, "test": {"classes": 4}}
    drawn = said("strokes")
    assert drawn["classes"] == 1623 and drawn["splits"]["test"]["images"] == 8460 and drawn["width"] == [105, 105]
    large = folder / "set/train/b/0.png"  # its size stands behind much else
    image = Image.fromarray(rng.integers(0, 256, (5, 8, 3)).astype(np.uint8))
    image.save(large, "JPEG", icc_profile=bytes(rng.integers(0, 256, 20000).astype(np.uint8)))
    assert said(folder / "set") == {"path": str(folder / "set"), **expected}
    large.write_bytes(large.read_bytes()[:6000])
    kshot.refused(2, ["set/train/b/0.png", "JPEG"], "info", folder / "set")


def others(folder):
    kshot.done("train", f"{CONFIGS}/sinusoid.yaml", "-s", "iterations=0", "-o", folder / "run")
    of_run, of_file = said(folder / "run"), said(folder / "run/policy.safetensors")
    assert of_run == of_file and of_run["format"] == "kshot.policy.1" and of_run["metadata"]["problem"] == "sinusoid"
    assert of_run["tensors"][0] == {"name": "mlp.0.weight", "dtype": "F32", "shape": [40, 1]}
    assert kshot.done("info", folder / "run").startswith(f"{folder}/run/policy.safetensors: kshot.policy.1\n")
    (folder / "run/policy.safetensors").unlink()
    kshot.refused(2, ["run/policy.safetensors"], "info", folder / "run")
    (folder / "empty").mkdir()
    kshot.refused(2, ["empty", "run directory", "image set"], "info", folder / "empty")
    kshot.refused(2, ["nowhere"], "info", folder / "nowhere")
    (folder / "broken.zip").write_text("PK")
    kshot.refused(2, ["broken.zip", "not a zip file"], "info", folder / "broken.zip")
    (folder / "text").write_text("no tensors")
    kshot.refused(2, ["text"], "info", folder / "text")
    kshot.refused(2, ["--color"], "info", "--color", "strokes")


with tempfile.TemporaryDirectory() as name:
    image_sets(pathlib.Path(name))
    others(pathlib.Path(name))
