#!/usr/bin/env python3
"""test_fewshot_audit.py KSHOT: audits of real meta-iterations on examples agree with tests/fewshot_audit_check.py, at the start and in
the middle of a run, whose next checkpoint has what the audit foresaw; and fewshot_audit_check.py can fail."""

import sys

import numpy as np
from fewshot_audit_check import check, load, report, self_test
from kshot_cli import CONFIGS, Kshot, content, memory_folder, settings
from safetensors.numpy import load_file

SINUSOID = f"{CONFIGS}/sinusoid.yaml"
RUN = {"inner__lr": 0.02, "iterations": 300, "checkpoint_every": 300}
CASES = [
    {},
    {"inner__steps": 3},
    {"inner__steps": 0},
    {"inner__first_order": "true"},
    {"inner__steps": 3, "inner__first_order": "true"},
    {"inner__learned": "one"},
    {"inner__learned": "tensor"},
    {"inner__learned": "parameter"},
    {"inner__learned": "one", "inner__per_step": "true", "inner__steps": 3},
    {"inner__learned": "tensor", "inner__per_step": "true", "inner__steps": 2},
    {"inner__learned": "parameter", "inner__per_step": "true", "inner__steps": 3},
    {"inner__learned": "parameter", "inner__steps": 3},
    {"inner__learned": "tensor", "inner__steps": 2, "inner__first_order": "true"},
    {"inner__adapts": "head"},
    {"inner__adapts": "body", "inner__steps": 2},
    {"inner__adapts": "head", "inner__learned": "tensor", "inner__steps": 2},
    {"inner__adapts": "body", "inner__learned": "parameter", "inner__steps": 2},
    {"policy__activation": "tanh", "policy__hidden": "[9, 7, 5]", "inner__steps": 2},
    {"policy__hidden": "[]", "policy__init": "xavier", "sinusoid__shots": 3, "sinusoid__queries": 17},
    {"adam__clip": 0.001, "adam__lr": 0.01, "adam__beta1": 0.8, "adam__beta2": 0.95, "adam__epsilon": 1e-4},
    {"policy__context": 3, "inner__adapts": "context", "inner__lr": 0.5, "inner__steps": 2},
    {"policy__context": 2, "inner__adapts": "context", "inner__learned": "one"},
    {"inner__steps": 3, "inner__loss_of_all": 900},
    {"inner__steps": 2, "inner__loss_of_all": 900, "inner__learned": "parameter", "inner__per_step": "true"},
    {"outer": "reptile", "inner__steps": 2, "reptile__step": 0.3, "reptile__step_halving": 100},
    {"outer": "reptile", "inner__learned": "tensor", "inner__per_step": "true", "inner__steps": 2, "inner__adapts": "body"},
    {"outer": "reptile", "policy__context": 3, "inner__adapts": "context", "inner__lr": 0.5},
    {"method": "oracle"},
    {"method": "pretrain"},
]


# the networks of the paper with few filters, on characters that are drawn by program: once, since that takes seconds
IMAGES = f"{CONFIGS}/strokes.yaml"
IMAGES_RUN = {"policy__filters": 6, "tasks": 2, "iterations": 4, "checkpoint_every": 4, "validate_every": 0,
              "inner__learned": "none", "images__data": "strokes", "images__train_classes": 20, "images__validation_classes": 5}
IMAGES_CASES = [
    {},
    {"images__norm": "inductive", "inner__steps": 3, "images__queries": 2},
    {"inner__steps": 3, "inner__learned": "parameter", "inner__per_step": "true"},
    {"inner__steps": 2, "inner__first_order": "true", "images__shots": 2},
    {"policy__downsample": "pool", "images__channels": 3, "images__size": 20, "inner__steps": 2},
    {"policy__downsample": "pool", "images__norm": "inductive", "inner__learned": "tensor", "policy__batch_norm": "scale",
     "inner__adapts_norm": "true"},
    {"policy__network": "mlp", "policy__hidden": "[32, 16]", "policy__last_init_std": 0, "images__queries": 3, "images__shots": 2, "inner__steps": 3, "inner__lr": 0.1},
    {"inner__steps": 3, "inner__norm_per_step": "true", "inner__loss_of_all": 20},
    {"inner__steps": 2, "inner__adapts": "context", "policy__context": 3},
    {"inner__adapts": "head", "policy__batch_norm": "none", "inner__lr": 0.3},
    {"outer": "reptile", "inner__steps": 2, "inner__norm_per_step": "true", "images__norm": "inductive"},
]


def agrees(path):
    results = check(*load(path))
    if not all(error <= tolerance for _, error, tolerance in results):
        report(path, results)
        return False
    return True


def params(path):
    """θ and learned step sizes, as one vector."""
    tensors = load_file(path)
    order = ["weight", "bias", "scale", "shift", "context"]
    names = [name for name in tensors if name.startswith(("mlp.", "layer."))]
    names.sort(key=lambda name: (int(name.split(".")[1]), order.index(name.split(".")[2])))
    return np.concatenate([tensors[name].ravel() for name in names]), tensors.get("inner.log_lr")


def one_case(kshot, folder, config, options, iterations):
    """At the start; after some iterations, by the moments of the checkpoint; and the run that goes on does the same."""
    run, now, later = f"{folder}/run", f"{folder}/now", f"{folder}/later"
    case, options = options, settings(**options)
    kshot.done("audit", config, *options, "-o", now, "--force", "-j", 1)
    kshot.done("train", config, *options, "-o", run, "--force", "-j", 1)
    kshot.done("audit", config, *options, "--from", run, "-o", later, "--force", "-j", 2)
    meta, tensors = load(later)
    assert meta["iteration"] == str(iterations)
    if meta["outer"] == "adam":
        assert meta["adam_steps"] == str(iterations) and np.abs(tensors["adam.m"]).max() > 0
    kshot.done("train", config, *options, *settings(iterations=iterations + 1), "-o", run, "--resume", "-j", 1)
    theta, log_lr = params(f"{run}/checkpoint.safetensors")
    foreseen = load_file(later)
    assert np.array_equal(theta, foreseen["theta_new"]), "the run went elsewhere"
    if log_lr is not None and case.get("inner__learned") == "parameter":
        moves = foreseen["alpha"] > 0
        assert np.allclose(np.exp(log_lr)[moves], foreseen["alpha_new"][moves], rtol=1e-6)
    return agrees(now) and agrees(later)


def from_other_files(kshot, folder):
    """A policy file has no moments; another thread count, the same bytes; what does not fit is refused."""
    run, path = f"{folder}/other", f"{folder}/audit"
    same = settings(inner__lr=0.02, inner__learned="tensor", tasks=6)
    kshot.done("train", SINUSOID, *same, *settings(iterations=300, checkpoint_every=300), "-o", run, "-j", 1)
    kshot.done("audit", SINUSOID, *same, "--from", f"{run}/policy.safetensors", "-o", path, "-j", 1)
    meta, tensors = load(path)
    assert meta["iteration"] == "300" and meta["adam_steps"] == "0" and not tensors["adam.m"].any() and agrees(path)
    for threads in (1, 3):
        kshot.done("audit", SINUSOID, *same, "--from", run, "-o", f"{path}{threads}", "-j", threads)
    assert content(f"{path}1") == content(f"{path}3")
    for other, says in ((settings(inner__learned="parameter"), "step sizes"), (settings(policy__hidden="[40]"), "network"),
                        (settings(policy__activation="tanh"), "policy.activation")):
        kshot.refused(2, [says, run], "audit", SINUSOID, *same, *other, "--from", run, "-o", f"{folder}/none")
    assert self_test(f"{path}3"), "fewshot_audit_check.py does not see damage"
    kshot.done("audit", SINUSOID, *same, *settings(outer="reptile", reptile__step=0.3), "-o", f"{path}4")
    assert self_test(f"{path}4"), "fewshot_audit_check.py does not see damage of Reptile"


def main():
    kshot, failures = Kshot(sys.argv[1]), 0
    short = "--short" in sys.argv  # under sanitizers, where each takes ten times as long
    with memory_folder() as folder:
        cases = [(SINUSOID, {**RUN, "tasks": 6, **case}, RUN["iterations"], case) for case in CASES[:: 5 if short else 1]]
        for case in IMAGES_CASES[:: 4 if short else 1]:
            drawn = f"{folder}/drawn-{case.get('images__size', 28)}"
            cases.append((IMAGES, {**IMAGES_RUN, "images__cache": drawn, **case}, IMAGES_RUN["iterations"], case))
        for config, options, iterations, case in cases:
            good = one_case(kshot, folder, config, options, iterations)
            print("ok  " if good else "FAIL", " ".join(f"{k.replace('__', '.')}={v}" for k, v in case.items()))
            failures += not good
        from_other_files(kshot, folder)
    print(f"{len(cases) + 1 - failures} passed, {failures} failed")
    sys.exit(1 if failures else 0)


main()
