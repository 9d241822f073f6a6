#!/usr/bin/env python3
"""test_start_from.py KSHOT: a run that starts from a policy file has its parameters, of all tensors that fit."""

import os
import shutil
import sys
import tempfile

from safetensors.numpy import load_file

from kshot_cli import CONFIGS, SMALL, Kshot, content, same_run, settings

POINT = f"{CONFIGS}/point.yaml"
IMAGES = [f"{CONFIGS}/strokes.yaml", "-j", 1, *settings(policy__filters=4, tasks=2, inner__steps=2, validate_every=0, images__size=14,
                                                 images__train_classes=10, images__validation_classes=5)]
LEARNED = settings(inner__steps=2, inner__learned="parameter", inner__per_step="true")


def parameters(run):
    return load_file(f"{run}/policy.safetensors")


def differing(a, b):
    assert a.keys() == b.keys(), (a.keys(), b.keys())
    return {name for name in a if a[name].tobytes() != b[name].tobytes()}


def all_of_it(kshot, folder):
    """What an hour of training has found is what another one begins with: step sizes, too."""
    kshot.done("train", POINT, "-j", 1, *SMALL, *LEARNED, "-s", "iterations=3", "-o", f"{folder}/first")
    first = f"start_from={folder}/first/policy.safetensors"
    result = kshot("train", POINT, "-j", 1, *SMALL, *LEARNED, "-s", first, "-s", "iterations=0", "-s", "seed=9", "-o", f"{folder}/same")
    assert result.returncode == 0 and "warning" not in result.stderr, result.stderr
    assert not differing(parameters(f"{folder}/first"), parameters(f"{folder}/same"))
    kshot.done("train", POINT, "-j", 1, *SMALL, *LEARNED, "-s", "iterations=0", "-s", "seed=9", "-o", f"{folder}/without")
    assert len(differing(parameters(f"{folder}/without"), parameters(f"{folder}/same"))) == 6
    kshot.done("train", POINT, "-j", 1, *SMALL, *LEARNED, "-s", first, "-s", "iterations=2", "-o", f"{folder}/second")
    assert differing(parameters(f"{folder}/first"), parameters(f"{folder}/second"))
    result = kshot("train", POINT, "-j", 1, *SMALL, "-s", first, "-s", "inner.learned=tensor", "-s", "iterations=0", "-o", f"{folder}/other")
    assert result.returncode == 0 and "what is learned for the inner steps" in result.stderr, result.stderr


def other_last_layer(kshot, folder):
    """More classes: the last layer starts anew, its step sizes, too; norms that every stage has of its own stay."""
    more = settings(inner__learned="parameter", inner__per_step="true", inner__norm_per_step="true")
    kshot.done("train", *IMAGES, *more, *settings(iterations=3, images__ways=3), "-o", f"{folder}/three")
    three, new = parameters(f"{folder}/three"), settings(images__ways=5, iterations=0, seed=4)
    result = kshot("train", *IMAGES, *more, *new, "-s", f"start_from={folder}/three/policy.safetensors", "-o", f"{folder}/five")
    assert result.returncode == 0 and result.stderr.count("warning") == 1, result.stderr
    assert "they start anew: layer.13.weight, layer.13.bias\n" in result.stderr, result.stderr
    kshot.done("train", *IMAGES, *more, *new, "-o", f"{folder}/without-three")
    five, without = parameters(f"{folder}/five"), parameters(f"{folder}/without-three")
    last = {"layer.13.weight", "layer.13.bias"}
    # a step size a parameter, tensor after tensor as in the model, whose last two are the last layer's
    sizes, body = "inner.log_lr", sum(five[name].size for name in five if name.startswith("layer") and name not in last)
    assert five[sizes][:, :body].tobytes() == three[sizes][:, :body].tobytes() != without[sizes][:, :body].tobytes()
    assert five[sizes][:, body:].tobytes() == without[sizes][:, body:].tobytes()
    for name in five.keys() - last - {sizes}:
        assert five[name].tobytes() == three[name].tobytes(), name
    for name in last:
        assert five[name].tobytes() == without[name].tobytes(), name


def where(kshot, folder):
    """The path counts from the config, and from the run directory's config; a run that has begun needs the file no more."""
    os.makedirs(f"{folder}/where")
    shutil.copy(f"{folder}/first/policy.safetensors", f"{folder}/where/it.safetensors")
    with open(f"{folder}/where/here.yaml", "w") as f:
        f.write("env: point\nstart_from: it.safetensors\n")
    run = [f"{folder}/where/here.yaml", "-j", 1, *SMALL, *LEARNED]
    kshot.done("train", *run, "-s", "iterations=2", "-o", f"{folder}/where/run", cwd="/")
    with open(f"{folder}/where/run/config.yaml") as f:
        assert "\nstart_from: ../it.safetensors " in f.read()
    kshot.done("train", f"{folder}/where/run/config.yaml", "-j", 1, "-o", f"{folder}/where/again")
    same_run(f"{folder}/where/run", f"{folder}/where/again")
    kshot.done("train", *run, "-s", "iterations=4", "-o", f"{folder}/where/through")
    os.remove(f"{folder}/where/it.safetensors")
    kshot.done("train", *run, "-s", "iterations=4", "-o", f"{folder}/where/run", "--resume")
    same_run(f"{folder}/where/run", f"{folder}/where/through")


def silly(kshot, folder):
    def refused(code, mentions, *words):
        kshot.refused(code, mentions, "train", POINT, "-j", 1, *SMALL, "-s", "iterations=1", *words, "-o", f"{folder}/silly")
        assert not os.path.exists(f"{folder}/silly/policy.safetensors")
        shutil.rmtree(f"{folder}/silly", ignore_errors=True)

    refused(2, ["start_from", "nowhere"], "-s", f"start_from={folder}/nowhere.safetensors")
    refused(2, ["start_from", POINT], "-s", f"start_from={POINT}")
    refused(2, ["start_from", "a directory"], "-s", f"start_from={folder}/first")
    refused(2, ["start_from", "no tensor of a name and shape"], "-s", f"start_from={folder}/three/policy.safetensors")
    kshot.done("train", POINT, "-j", 1, *SMALL, *LEARNED, "-s", "iterations=1", "-o", f"{folder}/begun")
    kshot.refused(2, ["start_from is another than now"], "train", POINT, "-j", 1, *SMALL, *LEARNED, "-s", "iterations=2", "-s",
                  f"start_from={folder}/first/policy.safetensors", "-o", f"{folder}/begun", "--resume")


def force(kshot, folder):
    """What --force is to replace stays where the new run cannot begin; and may be what it starts from."""
    run = f"{folder}/old"
    words = ["train", POINT, "-j", 1, *SMALL, "-s", "iterations=2", "-o", run]
    kshot.done(*words)
    before = {name: content(f"{run}/{name}") for name in os.listdir(run)}
    for wrong in (["-s", f"start_from={run}/polcy.safetensors"], settings(policy__scale_inputs="true", policy__context=3)):
        kshot.refused(2, [], *words, *wrong, "--force")
        assert {name: content(f"{run}/{name}") for name in os.listdir(run)} == before, wrong
    kshot.done(*words, "-s", f"start_from={run}/policy.safetensors", "-s", "iterations=0", "--force")
    assert content(f"{run}/policy.safetensors") != before["policy.safetensors"]  # it says iteration 0
    with open(f"{run}/progress.csv") as f:
        assert len(f.readlines()) == 1
    # what a name may be made of, the config names so that it can be read again
    odd = f"{folder}/a\x7f\tb.safetensors"
    shutil.copy(f"{run}/policy.safetensors", odd)
    kshot.done(*words, "-s", f'start_from="{folder}/a\\x7f\\tb.safetensors"', "--force")
    kshot.done("train", f"{run}/config.yaml", "-s", "iterations=3", "-j", 1, "-o", run, "--resume")


def elsewhere(kshot, folder):
    """A folder of an environment, what was started from and the run is moved as a whole: the run goes on."""
    here = f"{folder}/here"
    os.makedirs(here)
    for name in ("cart-pole-rand.yaml", "cart_pole.xml"):
        shutil.copy(f"{CONFIGS}/../envs/stable/{name}", here)
    words = lambda at: ["train", "-e", f"{at}/cart-pole-rand.yaml", "-j", 1, *SMALL]
    kshot.done(*words(here), "-s", "iterations=0", "-o", f"{folder}/one")
    shutil.copy(f"{folder}/one/policy.safetensors", f"{here}/it.safetensors")
    kshot.done(*words(here), "-s", f"start_from={here}/it.safetensors", "-s", "iterations=2", "-o", f"{folder}/run-of-it")
    kshot.done(*words(here), "-s", f"start_from={here}/it.safetensors", "-s", "iterations=4", "-o", f"{folder}/through-it")
    os.rename(here, f"{folder}/there")
    result = kshot(*words(f"{folder}/there"), "-s", f"start_from={folder}/there/it.safetensors", "-s", "iterations=4",
                   "-o", f"{folder}/run-of-it", "--resume")
    assert result.returncode == 0 and result.stderr.count("warning") == 1 and "does not read" in result.stderr, result.stderr
    for name in ("policy.safetensors", "best.safetensors"):
        one, other = (load_file(f"{folder}/{run}/{name}") for run in ("run-of-it", "through-it"))
        assert all(one[key].tobytes() == other[key].tobytes() for key in one.keys() | other.keys())


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        for test in (all_of_it, other_last_layer, where, silly, force, elsewhere):
            test(kshot, folder)
            print(f"{test.__name__}: ok")


if __name__ == "__main__":
    main()
