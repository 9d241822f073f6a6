"""Python's safetensors opens what kshot writes, and kshot opens what it writes.

usage: safetensors_python.py TEST_SAFETENSORS   (the test program, which writes and reads a file on request)
"""
import math
import subprocess
import sys
import tempfile

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

program = sys.argv[1]
DTYPES = {"F32": "f4", "F64": "f8", "F16": "f2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1", "U8": "u1", "U16": "u2"}


def ours_in_python(path):
    subprocess.run([program, "write", path], check=True)
    with safe_open(path, "np") as f:
        meta = f.metadata()
        t = {name: f.get_tensor(name) for name in f.keys()}
    assert meta["format"] == "kshot.test.1", meta
    assert meta["text"] == 'tab\t quote" back\\slash caf\u00e9', meta
    assert float(meta["third"]) == 1 / 3 and int(meta["least"]) == -(2**63), meta
    assert sorted(t) == ["bytes", "doubles", "empty", "floats", "ints", "real32", "real64", "scalar"], sorted(t)
    assert t["bytes"].dtype == np.uint8 and t["bytes"].tolist() == [0, 1, 127, 128, 255]
    assert t["floats"].shape == (2, 3) and t["floats"].dtype == np.float32 and t["floats"][0, 1] == -1.5
    assert t["doubles"].shape == (1, 3, 1) and t["doubles"].dtype == np.float64 and t["doubles"][0, 0, 0] == 0.1
    assert t["ints"].tolist() == [-(2**63), 2**63 - 1]
    assert t["empty"].shape == (0, 7) and t["scalar"].shape == () and t["scalar"] == -1.5
    assert math.isclose(t["real64"][0], 0.1, rel_tol=1e-7)


def theirs_in_kshot(path):
    rng = np.random.default_rng(1)
    tensors = {
        "u": rng.integers(0, 256, 5).astype(np.uint8),
        "a.weight": rng.normal(size=(3, 4)).astype(np.float32),
        "d": rng.normal(size=(2, 1, 2, 2)),
        "i": rng.integers(-(2**62), 2**62, 3),
        "none": np.zeros((0, 3), np.float32),
        "one": np.array(2.5, np.float32),
        "many": rng.normal(size=(1, 2, 1, 1, 3, 1)).astype(np.float16),
        "words": rng.integers(-9, 9, 3).astype(np.int32),
        "shorts": rng.integers(0, 9, 3).astype(np.uint16),
    }
    save_file(tensors, path, {"made": "elsewhere"})
    out = subprocess.run([program, "read", path], check=True, capture_output=True, text=True).stdout
    found = {}
    for line in out.splitlines():
        name, dtype, shape, data = (line.split(" ") + [""])[:4]
        shape = tuple(int(n) for n in shape.strip("()").split(",") if n)
        found[name] = np.frombuffer(bytes.fromhex(data), DTYPES[dtype]).reshape(shape)
    assert sorted(found) == sorted(tensors), sorted(found)
    for name, want in tensors.items():
        assert found[name].dtype == want.dtype and found[name].shape == want.shape, name
        assert np.array_equal(found[name], want), name


with tempfile.TemporaryDirectory() as folder:
    ours_in_python(folder + "/ours.safetensors")
    theirs_in_kshot(folder + "/theirs.safetensors")
print("ok")
