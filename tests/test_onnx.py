#!/usr/bin/env python3
"""test_onnx.py KSHOT: what `kshot export --onnx` writes is valid, and onnxruntime makes the same of it as kshot's own actions, or as
NumPy in double precision: policies of the zoo, one that has adapted, models with every kind of layer."""

import json
import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from fewshot_reference import Network
from kshot_cli import CONFIGS, Kshot, content, settings
from safetensors import safe_open
from safetensors.numpy import save_file

BAD = 2
ZOO = os.path.join(os.path.dirname(CONFIGS), "zoo")
NEAR = 1e-5  # of the largest output


def load(path):
    with safe_open(path, "numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


def layers_of(meta):
    """A plain network's layers as the list that others have. A pixel may come into a dense layer, which the reference wants flat."""
    if "network" in meta:
        layers = json.loads(meta["network"])
        return [one for layer in layers for one in ([{"type": "flatten"}, layer] if layer["type"] == "dense" else [layer])]
    sizes = [int(meta["obs_dim"]), *[int(n) for n in meta["hidden"].split(",") if n], int(meta["act_dim"])]
    layers = [layer for a, b in zip(sizes, sizes[1:]) for layer in ({"type": "dense", "in": a, "out": b}, {"type": meta["activation"]})]
    return layers[:-1]


def numpy_network(tensors, meta, x):
    """What a policy file says of inputs x, images being rows x channels x height x width."""
    names = [name for name in tensors if name.startswith(("mlp.", "layer."))]
    names.sort(key=lambda name: (int(name.split(".")[1]), {"weight": 0, "scale": 0}.get(name.split(".")[2], 1)))
    theta = np.concatenate([np.zeros(0), *[tensors[name].astype(float).ravel() for name in names]])
    layers = layers_of(meta)
    x = x[:, :, None, None] if layers[0]["type"] == "conv" and x.ndim == 2 else x
    out = Network(json.dumps(layers))(theta, x.astype(float))[0]
    return out if out.ndim == 2 else out.transpose(0, 2, 3, 1).reshape(len(out), -1)


def numpy_outputs(path, x):
    return numpy_network(*load(path), x)


class Exported:
    def __init__(self, kshot, policy, out, *options):
        said = kshot.done("export", policy, "--onnx", "-o", out, *options)
        self.model = onnx.load(out)
        onnx.checker.check_model(self.model, full_check=True)
        quiet = onnxruntime.SessionOptions()
        quiet.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(out, quiet, providers=["CPUExecutionProvider"])
        (self.input,) = self.session.get_inputs()
        self.names = [value.name for value in self.session.get_outputs()]
        shown = [f"{v.name} ({' x '.join(map(str, v.shape))})" for v in [self.input, *self.session.get_outputs()]]
        assert said == f"{out}: {shown[0]} -> {', '.join(shown[1:])}\n", said

    def __call__(self, x):
        return dict(zip(self.names, self.session.run(None, {self.input.name: np.asarray(x, np.float32)})))

    def inputs(self, rows, seed=1):
        assert self.input.shape[0] == "batch", self.input.shape
        return np.random.default_rng(seed).normal(size=(rows, *self.input.shape[1:])).astype(np.float32)


def check_near(a, b, what):
    assert a.shape == b.shape, f"{what}: {a.shape} and {b.shape}"
    off = np.abs(a - b).max() / np.abs(b).max()
    assert off < NEAR, f"{what}: off by {off:.2g} of the largest"


def check_numpy(exported, path, output, what, rows=(1, 7, 64)):
    for n in rows:
        x = exported.inputs(n)
        check_near(exported(x)[output], numpy_outputs(path, x), f"{what}, {n} rows")


# ---- policies ----------------------------------------------------------------------------------------------------------------


def check_acts(kshot, folder, policy, what):
    """The actions of a rollout without noise, and their log-probabilities."""
    exported, rollout = Exported(kshot, policy, f"{folder}/policy.onnx", "--force"), f"{folder}/rollout.safetensors"
    kshot.done("rollout", policy, "--task", -1, "--trajectories", 2, "--horizon", 50, "--deterministic", "--force", "-o", rollout)
    assert (exported.input.name, exported.names) == ("obs", ["mean", "log_std"])
    tensors, _ = load(rollout)
    out = exported(tensors["obs"])
    check_near(out["mean"], tensors["act"], f"{what}: actions")
    logp = -out["log_std"].astype(float).sum() - 0.5 * len(out["log_std"]) * np.log(2 * np.pi)
    check_near(np.full(len(tensors["logp"]), logp), tensors["logp"], f"{what}: log-probabilities")
    check_numpy(exported, policy, "mean", what)
    return exported


def policies_act_as_they_do(kshot, folder):
    cheetah, adapted = f"{ZOO}/half-cheetah-dir/policy.safetensors", f"{folder}/adapted.safetensors"
    task = ("--task", -1, "--steps", 2, "--trajectories", 2, "--horizon", 50)
    kshot.done("adapt", cheetah, *task, "-o", adapted)
    before = check_acts(kshot, folder, cheetah, "half-cheetah-dir")
    after = check_acts(kshot, folder, adapted, "half-cheetah-dir, adapted")
    x = before.inputs(5)
    assert np.abs(before(x)["mean"] - after(x)["mean"]).max() > 1e-3, "it has not adapted"
    tensors, meta = load(cheetah)
    weights = {t.name: onnx.numpy_helper.to_array(t) for t in before.model.graph.initializer}
    for name in set(tensors) - {"log_std"}:
        assert (weights[name] == tensors[name]).all(), f"{name} is not the policy file's"
    kept = {entry.key: entry.value for entry in before.model.metadata_props}
    assert kept == {"format": "kshot.onnx.1", "version": meta["kshot_version"], "env": "half-cheetah-dir", "method": "maml"}, kept
    assert (before.model.producer_name, before.model.ir_version, before.model.opset_import[0].version) == ("kshot", 8, 17)


def point_acts_and_its_log_std_has_a_floor(kshot, folder):
    policy, low = f"{ZOO}/point/policy.safetensors", f"{folder}/low.safetensors"
    exported = Exported(kshot, f"{ZOO}/point", f"{folder}/point.onnx")
    check_numpy(exported, policy, "mean", "point")
    tensors, meta = load(policy)
    check_near(exported(exported.inputs(1))["log_std"], tensors["log_std"], "log_std")
    tensors["log_std"] = np.array([-3, -0.5], np.float32)
    save_file(tensors, low, {**meta, "log_std_min": "-1.25"})
    assert Exported(kshot, low, f"{folder}/low.onnx")(exported.inputs(1))["log_std"].tolist() == [-1.25, -0.5]


def discrete_actions_have_logits(kshot, folder):
    run = f"{folder}/grid"
    small = settings(tasks=4, trajectories=4, horizon=20, policy__hidden="[12, 9]", policy__activation="tanh")
    kshot.done("train", f"{CONFIGS}/grid.yaml", *small, *settings(iterations=1), "-o", run, "-j", 1)
    exported = Exported(kshot, run, f"{folder}/grid.onnx")
    assert (exported.input.name, exported.names) == ("obs", ["logits"])
    check_numpy(exported, f"{run}/policy.safetensors", "logits", "grid")
    rollout = f"{folder}/grid.safetensors"
    kshot.done("rollout", run, "--trajectories", 4, "-o", rollout)
    tensors, _ = load(rollout)
    logits = exported(tensors["obs"])["logits"].astype(float)
    logp = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    check_near(logp[np.arange(len(logp)), tensors["act"][:, 0].astype(int)], tensors["logp"], "grid: log-probabilities")


# ---- models that learn from examples -------------------------------------------------------------------------------------------


def curves_and_images_of_the_zoo(kshot, folder):
    curves = Exported(kshot, f"{ZOO}/sinusoid", f"{folder}/sinusoid.onnx")
    assert (curves.input.name, curves.names) == ("x", ["y"])
    check_numpy(curves, f"{ZOO}/sinusoid/policy.safetensors", "y", "sinusoid")
    path = f"{ZOO}/omniglot-5-way-1-shot/policy.safetensors"
    images = Exported(kshot, path, f"{folder}/omniglot.onnx")
    assert (images.input.name, images.names, images.input.shape) == ("x", ["logits"], ["batch", 1, 28, 28])
    check_numpy(images, path, "logits", "omniglot", rows=(5, 25))
    x = images.inputs(6)
    assert np.abs(images(x)["logits"][:3] - images(x[:3])["logits"]).max() > 1e-3, "batch norm does not see who else is there"
    assert "Batch norm" in images.model.doc_string and "Batch norm" not in curves.model.doc_string


def conv(inputs, out, kernel, stride, pad):
    return {"type": "conv", "in": inputs, "out": out, "kernel": kernel, "stride": stride, "pad": pad}


def dense(inputs, out):
    return {"type": "dense", "in": inputs, "out": out}


def norm(features, scale):
    return {"type": "batch_norm", "features": features, "epsilon": 0.01, "scale": scale}


RELU, TANH, MEAN, FLATTEN = [{"type": kind} for kind in ("relu", "tanh", "mean", "flatten")]
# name: shape of an input, layers
NETWORKS = {
    "pool and flatten": ((2, 9, 11), [conv(2, 5, 3, 1, 1), RELU, {"type": "max_pool", "size": 2}, FLATTEN, dense(100, 3)]),
    "strides": ((3, 10, 7), [conv(3, 4, 3, 2, 0), TANH, conv(4, 6, 2, 1, 1), MEAN, dense(6, 2)]),
    "norms": (
        (2, 6, 6),
        [conv(2, 4, 3, 1, 1), norm(4, True), RELU, FLATTEN, dense(144, 5), norm(5, False), TANH, dense(5, 2), norm(2, True)],
    ),
    "contexts": ((2, 5, 4), [{"type": "context", "size": 3}, conv(5, 4, 2, 1, 0), FLATTEN, {"type": "context", "size": 2}, dense(50, 3)]),
    "an image comes out": ((1, 5, 6), [conv(1, 3, 3, 1, 0)]),
    "a pixel of images": ((2, 4, 4), [conv(2, 4, 4, 1, 0), RELU, dense(4, 2)]),
    "a vector as a pixel": ((6, 1, 1), [conv(6, 4, 1, 1, 0), TANH, {"type": "max_pool", "size": 1}]),
    "what comes in": ((6, 1, 1), [FLATTEN]),
    "one layer": ((6, 1, 1), [dense(6, 2)]),
}


def tensors_of(layers, generator):
    for i, layer in enumerate(layers):
        kind = layer["type"]
        shapes = {}
        if kind in ("dense", "conv"):
            weight = (layer["out"], layer["in"], *[layer[k] for k in ("kernel", "kernel") if kind == "conv"])
            shapes = {"weight": weight, "bias": (layer["out"],)}
        elif kind == "batch_norm":
            shapes = {name: (layer["features"],) for name in ("scale", "shift") if name == "shift" or layer["scale"]}
        elif kind == "context":
            shapes = {"context": (layer["size"],)}
        for name, shape in shapes.items():
            yield f"layer.{i}.{name}", generator.normal(size=shape).astype(np.float32)


def every_kind_of_layer(kshot, folder):
    _, omniglot = load(f"{ZOO}/omniglot-5-way-1-shot/policy.safetensors")
    omniglot = {key: value for key, value in omniglot.items() if not key.startswith(("inner_learned", "eval_lr"))}
    generator = np.random.default_rng(3)
    for name, (shape, layers) in NETWORKS.items():
        path, vector = f"{folder}/model.safetensors", shape[1:] == (1, 1)
        tensors = dict(tensors_of(layers, generator))
        meta = {**omniglot, "network": json.dumps(layers), "input": ",".join(map(str, shape)), "obs_dim": str(np.prod(shape))}
        outputs = numpy_network(tensors, meta, np.zeros((1, shape[0]) if vector else (1, *shape)))
        save_file(tensors or {"none": np.zeros(1, np.float32)}, path, {**meta, "act_dim": str(outputs.shape[1])})
        exported = Exported(kshot, path, f"{folder}/model.onnx", "--force")
        assert exported.input.shape == ["batch", *(shape[:1] if vector else shape)]
        # of few rows batch norm leaves next to nothing
        check_numpy(exported, path, "logits", name, rows=(9, 30) if name == "norms" else (1, 2, 9))


# ---- what is refused -----------------------------------------------------------------------------------------------------------


def bad_input_is_one_line(kshot, folder):
    out, policy = f"{folder}/out.onnx", f"{ZOO}/point/policy.safetensors"

    def refused(mentions, *words):
        kshot.refused(BAD, mentions, "export", *words)
        assert not os.path.exists(out), f"{words}: something was written"

    refused([".onnx", "out.pb"], policy, "--onnx", "-o", f"{folder}/out.pb")
    refused(["-o"], policy, "--onnx")
    refused(["--html", "--onnx"], policy, "--onnx", "--html", "-o", out)
    for option in (("--task", "1,1"), ("--tasks", 2), ("--steps", 1), ("--lr", 0.1), ("--trajectories", 3)):
        refused(["--onnx", option[0]], policy, "--onnx", "-o", out, *option)
    refused(["--onnx", "-s"], f"{ZOO}/sinusoid", "--onnx", "-o", out, "-s", "sinusoid.shots=5")
    refused(["--onnx", "--data"], f"{ZOO}/omniglot-5-way-1-shot", "--onnx", "-o", out, "--data", "strokes")
    refused([f"{folder}/none"], f"{folder}/none", "--onnx", "-o", out)
    with open(f"{folder}/damaged.safetensors", "wb") as file:
        file.write(content(policy)[:-9])
    refused([f"{folder}/damaged"], f"{folder}/damaged.safetensors", "--onnx", "-o", out)
    kshot.done("export", policy, "--onnx", "-o", out)
    first = content(out)
    kshot.refused(BAD, [out, "--force"], "export", f"{ZOO}/sinusoid", "--onnx", "-o", out)
    assert content(out) == first
    kshot.done("export", f"{ZOO}/sinusoid", "--onnx", "-o", out, "--force")
    assert content(out) != first


if __name__ == "__main__":
    program = Kshot(sys.argv[1])
    for test in (
        policies_act_as_they_do,
        point_acts_and_its_log_std_has_a_floor,
        discrete_actions_have_logits,
        curves_and_images_of_the_zoo,
        every_kind_of_layer,
        bad_input_is_one_line,
    ):
        with tempfile.TemporaryDirectory() as folder:
            test(program, folder)
            print(f"{test.__name__}: ok")
