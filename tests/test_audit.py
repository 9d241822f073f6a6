#!/usr/bin/env python3
"""test_audit.py KSHOT: audits of real meta-iterations agree with tests/audit_check.py, and audit_check.py can fail."""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
POINT = ["point", "tasks=4", "trajectories=5", "trpo.curvature_fraction=1"]
SMALL = [*POINT, "horizon=50", "policy.hidden=[20, 11]"]
CHEETAH = ["half-cheetah-vel", "tasks=10", "trajectories=10", "horizon=100"]
ANT = ["ant-vel", "tasks=4", "trajectories=6", "horizon=100"]
CASES = [
    (POINT, ["inner.steps=1"]),
    (POINT, ["inner.steps=2"]),
    (POINT, ["inner.steps=3", "policy.activation=tanh", "policy.hidden=[20, 11, 7]"]),
    (POINT, ["inner.first_order=true", "policy.activation=tanh"]),
    (POINT, ["policy.hidden=[]", "gae_lambda=0.9"]),
    (POINT, ["gae_lambda=0.5", "trpo.gae_lambda=0.95"]),
    (POINT, ["inner.sweep=2.5"]),
    (POINT, ["inner.sweep=0.5", "inner.steps=2"]),
    (POINT, ["inner.loss=ratio"]),
    (POINT, ["inner.loss=ratio", "inner.steps=3", "policy.activation=tanh"]),
    (POINT, ["inner.emaml=0.5"]),
    (POINT, ["inner.emaml=0.2", "inner.sweep=0.5", "inner.steps=2", "inner.loss=ratio"]),
    (POINT, ["method=pretrain", "inner.sweep=1", "inner.emaml=1", "inner.loss=ratio"]),
    (POINT, ["outer=ppo"]),
    (POINT, ["outer=ppo", "inner.steps=3", "inner.loss=ratio", "policy.activation=tanh", "ppo.lr=0.003"]),
    (POINT, ["outer=ppo", "inner.steps=2", "inner.sweep=0.5", "inner.emaml=0.3", "ppo.clip=0.05", "ppo.lr=0.003"]),
    (POINT, ["outer=ppo", "inner.first_order=true", "ppo.max_kl=0.001"]),
    (POINT, ["outer=ppo", "method=oracle"]),
    (POINT, ["method=oracle"]),
    (POINT, ["trpo.curvature_fraction=0.2"]),
    (POINT, ["trpo.curvature_fraction=0.2", "inner.learned=tensor"]),
    # what adapts, and learned step sizes
    (SMALL, ["inner.adapts=head"]),
    (SMALL, ["inner.adapts=body", "inner.steps=2", "policy.activation=tanh"]),
    (SMALL, ["inner.adapts=head", "method=pretrain"]),
    (SMALL, ["inner.adapts=body", "outer=ppo", "ppo.lr=0.003"]),
    (SMALL, ["inner.learned=one"]),
    (SMALL, ["inner.learned=one", "inner.per_step=true", "inner.steps=3", "policy.activation=tanh", "trpo.size_damping=0"]),
    (SMALL, ["inner.learned=tensor", "inner.steps=2", "inner.sweep=0.5", "inner.emaml=0.3", "inner.loss=ratio"]),
    (SMALL, ["inner.learned=tensor", "inner.per_step=true", "inner.adapts=body", "inner.steps=2", "policy.activation=tanh"]),
    (SMALL, ["inner.learned=parameter", "inner.per_step=true"]),
    (SMALL, ["inner.learned=parameter", "inner.adapts=head", "inner.steps=3", "trpo.size_damping=1"]),
    (SMALL, ["inner.learned=parameter", "inner.first_order=true", "inner.steps=2", "policy.activation=tanh"]),
    (SMALL, ["inner.learned=tensor", "trpo.max_kl=100000", "trpo.backtrack_steps=2", "trpo.backtrack_ratio=0.99"]),
    (SMALL, ["outer=ppo", "inner.learned=one", "inner.steps=2", "ppo.lr=0.003", "policy.activation=tanh"]),
    (SMALL, ["outer=ppo", "inner.learned=tensor", "inner.per_step=true", "inner.steps=3", "inner.first_order=true"]),
    (SMALL, ["outer=ppo", "inner.learned=parameter", "inner.adapts=head", "ppo.max_kl=0.001"]),
    # one step of Adam
    (SMALL, ["outer=adam"]),
    (SMALL, ["outer=adam", "method=oracle"]),
    (SMALL, ["outer=adam", "inner.steps=2", "inner.sweep=0.5", "inner.emaml=0.3", "inner.loss=ratio", "adam.lr_halving=1"]),
    (SMALL, ["outer=adam", "inner.learned=one", "inner.adapts=head", "adam.clip=0.001"]),
    (SMALL, ["outer=adam", "inner.learned=tensor", "inner.first_order=true", "inner.steps=2"]),
    (SMALL, ["outer=adam", "inner.learned=parameter", "inner.per_step=true", "inner.steps=3", "policy.activation=tanh"]),
    # Reptile, which takes no derivative of the outer loss
    (SMALL, ["outer=reptile"]),
    (SMALL, ["outer=reptile", "inner.steps=3", "inner.loss=ratio", "policy.activation=tanh", "reptile.step=1"]),
    (SMALL, ["outer=reptile", "inner.sweep=0.5", "inner.emaml=0.3", "inner.adapts=head"]),
    (SMALL, ["outer=reptile", "inner.steps=2", "inner.learned=tensor", "inner.per_step=true", "inner.adapts=body"]),
    (POINT, ["trpo.max_kl=100000", "trpo.backtrack_steps=2", "trpo.backtrack_ratio=0.99"]),
    (CHEETAH, ["inner.steps=1"]),
    (CHEETAH, ["inner.steps=1", "inner.sweep=1"]),
    (CHEETAH, ["inner.steps=2"]),
    (CHEETAH, ["inner.steps=2", "inner.loss=ratio", "inner.emaml=0.3"]),
    (CHEETAH, ["outer=ppo", "inner.loss=ratio"]),
    (CHEETAH, ["inner.learned=tensor", "inner.per_step=true", "inner.steps=2"]),
    (ANT, ["inner.steps=1"]),
    (ANT, ["inner.steps=2"]),
]


def run(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return result.returncode, result.stdout


def audit(kshot, path, config, settings, *more):
    options = [word for setting in config[1:] + settings for word in ("-s", setting)]
    return run(kshot, "audit", f"{HERE}/../configs/{config[0]}.yaml", "-o", path, *options, *more)


# with what three iterations have left in step sizes and moments, and then every quantity damaged in turn
LEARNED = [
    ["inner.learned=tensor", "inner.per_step=true", "inner.steps=2", "inner.adapts=head"],
    ["outer=ppo", "inner.learned=parameter", "ppo.clip=0.05", "ppo.lr=0.003"],
    ["outer=adam", "inner.learned=one", "inner.steps=2", "adam.clip=0.003"],
    ["outer=reptile", "inner.learned=parameter", "inner.steps=2", "reptile.step=0.3", "reptile.step_halving=2"],
]


def learned(kshot, check, folder, settings):
    path, options = f"{folder}/audit.safetensors", [word for s in SMALL[1:] + settings for word in ("-s", s)]
    code, text = run(kshot, "train", f"{HERE}/../configs/point.yaml", "-o", f"{folder}/run", "--force", "-s", "iterations=3", *options)
    if code == 0:
        code, text = audit(kshot, path, SMALL, settings, "--force", "--from", f"{folder}/run")
    return run(*check, "--self-test", path) if code == 0 else (code, text)


def main():
    kshot, failures = sys.argv[1], 0
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    cases = CASES[::6] if "--short" in sys.argv else CASES  # under sanitizers, where each takes ten times as long
    check = [sys.executable, f"{HERE}/audit_check.py"]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/audit.safetensors"
        for config, settings in cases:
            code, text = audit(kshot, path, config, settings, "--force")
            if code == 0:
                code, text = run(*check, path)
            print("ok  " if code == 0 else "FAIL", config[0], *settings)
            if code != 0:
                print(text)
                failures += 1
        # from parameters that have been trained, and with every quantity damaged in turn
        policy = f"{folder}/run"
        short = ["-s", "tasks=4", "-s", "trajectories=5", "-s", "iterations=3"]
        code, text = run(kshot, "train", f"{HERE}/../configs/point.yaml", "-o", policy, *short)
        if code == 0:
            # of iteration 3: max_kl has halved three times
            settings = ["trpo.max_kl_halving=1", "inner.sweep=0.3", "inner.emaml=0.3", "inner.loss=ratio"]
            code, text = audit(kshot, path, POINT, settings, "--force", "--from", policy)
        if code == 0:
            code, text = run(*check, "--self-test", path)
        if code == 0:
            settings = ["outer=ppo", "inner.sweep=0.3", "inner.emaml=0.3", "inner.loss=ratio", "ppo.clip=0.05", "ppo.lr=0.003"]
            code, text = audit(kshot, path, POINT, settings, "--force", "--from", f"{policy}/policy.safetensors")
        if code == 0:
            code, text = run(*check, "--self-test", path)
        # with what Adam remembers of three iterations
        if code == 0:
            code, text = run(kshot, "train", f"{HERE}/../configs/point.yaml", "-o", policy, "--force", *short, "-s", "outer=ppo")
        if code == 0:
            code, text = audit(kshot, path, POINT, ["outer=ppo"], "--force", "--from", policy)
        if code == 0:
            code, text = run(*check, path)
        print("ok  " if code == 0 else "FAIL", "a trained policy, and damaged files")
        if code != 0:
            print(text)
            failures += 1
        for settings in LEARNED:
            code, text = learned(kshot, check, folder, settings)
            print("ok  " if code == 0 else "FAIL", "damaged files of", *settings)
            if code != 0:
                print(text)
                failures += 1
    print(f"{len(cases) + 1 + len(LEARNED) - failures} passed, {failures} failed")
    sys.exit(1 if failures else 0)


main()
