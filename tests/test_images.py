#!/usr/bin/env python3
"""test_images.py KSHOT: classification of images, on characters that are drawn by program: what evaluations tell, and what they refuse."""

import json
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import time
import zlib

import numpy as np
from kshot_cli import CONFIGS, Kshot, content, memory_folder, rows, same_run, settings
from safetensors import safe_open
from safetensors.numpy import save_file

OMNIGLOT = f"{CONFIGS}/omniglot.yaml"
SMALL = {"images__data": "strokes", "images__train_classes": 60, "images__validation_classes": 20, "images__size": 14,
         "policy__filters": 8, "tasks": 4, "iterations": 30, "checkpoint_every": 10}
STEPS = ("--steps", 3)


def train(kshot, folder, name, **more):
    run = f"{folder}/{name}"
    kshot.done("train", OMNIGLOT, *settings(**{**SMALL, "images__cache": f"{folder}/cache", **more}), "-o", run, "-j", 1)
    return run


def mean(table, column, label, step):
    of = [float(row[column]) for row in table if row["label"] == label and int(row["gradient_step"]) == step]
    return sum(of) / len(of)


def evaluated(kshot, folder):
    """The CSV has what the table says, and is the same for any number of threads; the model learns from its examples."""
    run = train(kshot, folder, "maml", iterations=300, tasks=16)
    text = kshot.done("eval", run, *STEPS, "-j", 1, "-o", f"{folder}/1.csv")
    kshot.done("eval", run, *STEPS, "-j", 2, "-o", f"{folder}/2.csv")
    assert content(f"{folder}/1.csv") == content(f"{folder}/2.csv")
    table = rows(f"{folder}/1.csv")
    assert list(table[0]) == ["label", "env", "task", "goal", "gradient_step", "accuracy", "loss"]
    assert [row["label"] for row in table] == ["maml"] * 2400 + ["maml (inductive)"] * 2400
    assert {(row["env"], row["goal"]) for row in table} == {("images", "")}
    assert {row["accuracy"] for row in table} <= {"0", "0.2", "0.4", "0.6", "0.8", "1"}
    for line in text.splitlines()[-4:]:
        numbers = re.findall(r"[\d.]+", line)
        step, numbers = int(numbers[0]), [float(n) for n in numbers[-6:]]
        for label, (accuracy, error, loss) in (("maml", numbers[:3]), ("maml (inductive)", numbers[3:])):
            assert abs(mean(table, "accuracy", label, step) - accuracy) < 1e-4, line
            assert abs(mean(table, "loss", label, step) - loss) < 1e-3 * loss, line
            assert 0 < error < 0.03, line
    assert mean(table, "accuracy", "maml", 0) < 0.25 and mean(table, "accuracy", "maml", 3) > 0.4
    assert mean(table, "accuracy", "maml", 3) > mean(table, "accuracy", "maml (inductive)", 3)
    assert abs(mean(table, "accuracy", "maml", 0) - 0.2) < 0.03


def chosen(kshot, folder):
    """Norm, split, seed, label and numbers of examples; each is another evaluation."""
    run, few = f"{folder}/maml", ("--steps", 1, "--tasks", 60, "-j", 2)
    both = evaluate(kshot, run, folder, *few)
    assert len(both) == 240 and both[0]["label"] == "maml"
    for norm, label, part in (("transductive", "maml", both[:120]), ("inductive", "maml (inductive)", both[120:])):
        assert evaluate(kshot, run, folder, *few, "--norm", norm) == part and part[0]["label"] == label
    assert evaluate(kshot, run, folder, *few, "--norm", "both") == both
    swapped = evaluate(kshot, run, folder, *few, "-s", "images.norm=inductive")
    assert swapped == both[120:] + both[:120]
    assert {row["label"] for row in evaluate(kshot, run, folder, *few, "--label", "ours")} == {"ours", "ours (inductive)"}
    seen = [both]
    for other in (["--split", "train"], ["--split", "validation"], ["--seed", 2]):
        seen.append(evaluate(kshot, run, folder, *few, *other))
        assert all(seen[-1] != before for before in seen[:-1]), other
    assert evaluate(kshot, run, folder, *few, "--split", "test") == both
    five = evaluate(kshot, run, folder, *few, "-s", "images.shots=5", "-s", "images.queries=10")
    assert mean(five, "accuracy", "maml", 1) > mean(both, "accuracy", "maml", 1)
    assert any(float(row["accuracy"]) * 50 % 10 for row in five)


def evaluate(kshot, run, folder, *words):
    kshot.done("eval", run, *words, "-o", f"{folder}/some.csv", "--force")
    return rows(f"{folder}/some.csv")


def searched(kshot, folder):
    """The step size with the best accuracy, on validation classes where there are any; and it is kept."""
    run = train(kshot, folder, "searched")
    text = kshot.done("eval", run, *STEPS, "--tasks", 5, "--search-lr", "0.001,1,2", "--keep-lr", "-j", 2)
    assert "mean accuracy after 3 gradient steps on 200 tasks of validation classes" in text
    found = {float(lr): float(accuracy) for lr, accuracy in re.findall(r"^ +([\d.]+) +([\d.]+)$", text, re.M)}
    assert len(found) == 3
    best = max(found, key=found.get)
    assert f"step sizes {best:g}\n" in text
    assert re.findall(r"^ +1 +([\d.]+)", kshot.done("eval", run, "--steps", 1, "--tasks", 5, "-j", 1), re.M) == [f"{best:g}"]
    text = kshot.done("eval", run, "--steps", 1, "--tasks", 5, "--search-lr", "1", "-s", "images.validation_classes=0")
    assert "on 200 other tasks" in text


def png(image):
    """A grey image as a file."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", *image.shape[::-1], 8, 0, 0, 0, 0)
    lines = b"".join(b"\0" + line.astype(np.uint8).tobytes() for line in image)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def draw(root, seed=5):
    """A folder SPLIT/CLASS/*.png of noise: every class has a picture of its own."""
    noise = np.random.default_rng(seed)
    for split, classes in (("train", 8), ("val", 6), ("test", 7)):
        for c in range(classes):
            os.makedirs(f"{root}/{split}/{split}{c}")
            own = noise.integers(0, 256, (14, 14))
            for i in range(4):
                with open(f"{root}/{split}/{split}{c}/{i}.png", "wb") as file:
                    file.write(png((3 * own + noise.integers(0, 256, own.shape)) // 4))


def moved(kshot, folder):
    """No model says where its images were; a run directory's config does, and where they have moved, --data."""
    draw(f"{folder}/here")
    run = train(kshot, folder, "files", images__data=f"{folder}/here", images__split="own", images__train_classes=0,
                images__validation_classes=0, images__cache="''")
    for name in ("policy", "best", "checkpoint"):
        assert folder.encode() not in content(f"{run}/{name}.safetensors"), name
    few = ("--steps", 1, "--tasks", 20)
    first = evaluate(kshot, run, folder, *few)
    model = f"{run}/policy.safetensors"
    kshot.refused(2, [model, "--data"], "eval", model)
    kshot.refused(2, [model, "--data"], "adapt", model, "-o", f"{folder}/adapted")
    assert evaluate(kshot, model, folder, *few, "--data", f"{folder}/here") == first
    assert evaluate(kshot, model, folder, *few, "-s", f"images.data={folder}/here") == first
    os.rename(f"{folder}/here", f"{folder}/there")
    assert folder.encode() not in content(f"{run}/images.safetensors")
    assert evaluate(kshot, run, folder, *few) == first  # by the images that the run has kept
    kshot.done("train", f"{run}/config.yaml", "-s", "iterations=31", "-o", run, "--resume")
    os.rename(f"{run}/images.safetensors", f"{folder}/copy")
    kshot.refused(2, [f"{run}/config.yaml", f"{folder}/here", "--data"], "eval", run)
    kshot.refused(2, [f"{run}/config.yaml", f"{folder}/here", "--data"], "eval", run, "-s", "images.invert=false")
    first = evaluate(kshot, run, folder, *few, "--data", f"{folder}/there")
    assert not os.path.exists(f"{run}/images.safetensors")
    shutil.copy(f"{folder}/copy", f"{run}/images.safetensors")
    kshot.refused(2, [f"{run}/config.yaml", f"{folder}/here", "--data"], "eval", run, "-s", "images.invert=false")
    assert evaluate(kshot, run, folder, *few) == first
    kshot.refused(2, ["there", "shots"], "eval", run, "--data", f"{folder}/there", "-s", "images.shots=4")
    kshot.done("adapt", run, "--data", f"{folder}/there", "-o", f"{folder}/adapted")
    kshot.done("eval", f"{folder}/adapted", *few, "--data", f"{folder}/there")
    split = train(kshot, folder, "split", images__data=f"{folder}/there", images__split_file=listed(folder), images__split="own",
                  images__train_classes=0, images__validation_classes=0, images__cache="''")
    assert evaluate(kshot, split, folder, *few)
    kshot.refused(2, ["images.split_file", "-s"], "eval", f"{split}/policy.safetensors", "--data", f"{folder}/there")


def elsewhere(kshot, folder):
    """A run goes on where its images are somewhere else, packed or not, and is the same; with others it does not."""
    draw(f"{folder}/origin")
    words = {"images__data": f"{folder}/origin", "images__split": "own", "images__train_classes": 0, "images__validation_classes": 0,
             "images__cache": "''"}
    run = train(kshot, folder, "unmoved", **words)
    copy = train(kshot, folder, "half", **words, iterations=20)
    config = f"{folder}/passed-on.yaml"  # as of a model that is passed on: it names no place
    with open(f"{copy}/config.yaml") as file:
        text = re.sub(r"data: \S+", "data: somewhere", file.read()).replace("iterations: 20", "iterations: 30")
    with open(config, "w") as file:
        file.write(text)
    shutil.copy(config, f"{copy}/config.yaml")
    os.remove(f"{copy}/images.safetensors")
    resume = ("train", config, "-o", copy, "--resume", "-j", 1, "-s")
    kshot.refused(2, ["somewhere"], *resume[:-1])
    os.makedirs(f"{folder}/new/place")
    os.rename(f"{folder}/origin", f"{folder}/new/place/set")
    others = {"fewer": lambda root: os.remove(f"{root}/test/test6/3.png"),
              "renamed": lambda root: os.rename(f"{root}/val/val3", f"{root}/val/another"),
              "moved-over": lambda root: os.rename(f"{root}/val/val3", f"{root}/train/val3"),
              "repainted": lambda root: shutil.copy(f"{root}/val/val4/0.png", f"{root}/val/val3/0.png")}
    before = {name: content(f"{copy}/{name}") for name in sorted(os.listdir(copy))}
    for name, change in others.items():
        shutil.copytree(f"{folder}/new/place/set", f"{folder}/{name}")
        change(f"{folder}/{name}")
        kshot.refused(2, [f"{copy}/checkpoint.safetensors", "8, 6 and 7 classes, 84 images"], *resume, f"images.data={folder}/{name}")
    assert {name: content(f"{copy}/{name}") for name in sorted(os.listdir(copy))} == before
    shutil.make_archive(f"{folder}/packed", "zip", f"{folder}/new/place/set")
    for name in ("quarter", "older"):
        shutil.copytree(copy, f"{folder}/{name}")
    kshot.done(*resume, f"images.data={folder}/new/place/set")
    same_run(run, copy)
    assert f"data: {folder}/new/place/set " in content(f"{copy}/config.yaml").decode()
    kshot.done(*resume[:3], f"{folder}/quarter", *resume[4:], f"images.data={folder}/packed.zip", "-j", 3)
    same_run(run, f"{folder}/quarter")
    # a checkpoint of an earlier version, which does not say what it learned from
    with safe_open(f"{folder}/older/checkpoint.safetensors", "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        meta = {key: value for key, value in file.metadata().items() if key not in ("problem_content", "crc32")}
    save_file(tensors, f"{folder}/older/checkpoint.safetensors", meta)
    result = kshot(*resume[:3], f"{folder}/older", *resume[4:], f"images.data={folder}/new/place/set")
    assert result.returncode == 0 and "kshot: warning" in result.stderr and "8, 6 and 7 classes, 84 images" in result.stderr, result
    same_run(run, f"{folder}/older")


def kept(kshot, folder):
    """What was kept serves as long as the images are the same; no other run's is touched; and it can be left out."""
    draw(f"{folder}/set")
    words = {"images__data": f"{folder}/set", "images__split": "own", "images__train_classes": 0,
             "images__validation_classes": 0, "images__cache": "''"}
    run = train(kshot, folder, "keeps", **words)
    before = content(f"{run}/images.safetensors")
    draw(f"{folder}/other", 6)
    kshot.refused(2, ["--resume"], "train", f"{run}/config.yaml", "-s", f"images.data={folder}/other", "-o", run)
    kshot.refused(2, ["images.data", "8, 6 and 7 classes, 84 images"], "train", f"{run}/config.yaml", "-s", f"images.data={folder}/other",
                  "-o", run, "--resume")
    assert content(f"{run}/images.safetensors") == before
    first = evaluate(kshot, run, folder, "--steps", 1, "--tasks", 20)
    shutil.rmtree(f"{folder}/set")
    draw(f"{folder}/set", 6)
    assert evaluate(kshot, run, folder, "--steps", 1, "--tasks", 20) != first
    assert content(f"{run}/images.safetensors") == before
    kshot.done("train", f"{run}/config.yaml", "-o", run, "--force")
    assert content(f"{run}/images.safetensors") != before
    for name, more in (("nowhere", {**words, "images__cache": "none"}), ("drawn", {"images__cache": "''"})):
        assert not os.path.exists(f"{train(kshot, folder, name, **more)}/images.safetensors"), name


def listed(folder):
    """A split file: what were test classes are trained on."""
    with open(f"{folder}/split.json", "w") as file:
        json.dump({"train": [f"test{c}" for c in range(7)], "test": [f"train{c}" for c in range(8)]}, file)
    return f"{folder}/split.json"


VALIDATED = {"iterations": 60, "validate_every": 20, "validation_tasks": 50, "checkpoint_every": 15}


def notes(run, name):
    with safe_open(f"{run}/{name}.safetensors", "np") as file:
        return file.metadata()


def note(run, name, key):
    return notes(run, name)[key]


def validated(kshot, folder):
    """What is measured on validation classes stands in progress.csv, is what `eval` finds there, and chooses the best."""
    run = train(kshot, folder, "validated", **VALIDATED)
    table = rows(f"{run}/progress.csv")
    assert list(table[0])[-1] == "validation_accuracy"
    found = {int(row["iteration"]) + 1: row["validation_accuracy"] for row in table if row["validation_accuracy"]}
    assert sorted(found) == [20, 40, 60] and len(table) == 60
    assert int(note(run, "best", "iteration")) == max(found, key=lambda i: (float(found[i]), -i))
    words = ("--split", "validation", "--steps", 1, "--tasks", 50, "--norm", "transductive")
    for name, iteration in (("policy", 60), ("best", int(note(run, "best", "iteration")))):
        values = [float(row["accuracy"]) for row in evaluate(kshot, f"{run}/{name}.safetensors", folder, *words)][1::2]
        assert len(values) == 50 and abs(sum(values) / 50 - float(found[iteration])) < 1e-8
    for count in (2, 3):
        kshot.done("train", f"{run}/config.yaml", "-o", f"{folder}/threads{count}", "-j", count)
        same_run(run, f"{folder}/threads{count}")
    never = train(kshot, folder, "never", **{**VALIDATED, "validate_every": 0})
    assert {row["validation_accuracy"] for row in rows(f"{never}/progress.csv")} == {""}
    assert content(f"{never}/policy.safetensors") == content(f"{run}/policy.safetensors")


def resumed(kshot, folder):
    """Killed and resumed, or extended, a run is the whole one; it may begin to be validated, also one of an earlier version."""
    words = [OMNIGLOT, *settings(**{**SMALL, "images__cache": f"{folder}/cache", **VALIDATED}), "-o", f"{folder}/parts"]
    random.seed(3)
    for _ in range(5):
        process = subprocess.Popen(kshot.command("train", *words, "--resume=auto", "-j", 1), stderr=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL)
        time.sleep(random.uniform(0.05, 0.7))
        process.kill()
        process.wait()
    kshot.done("train", *words, "--resume=auto", "-j", 2)
    same_run(f"{folder}/validated", f"{folder}/parts")
    short = train(kshot, folder, "short", **{**VALIDATED, "iterations": 30})
    kshot.done("train", *words[:-1], short, "--resume", "-j", 1)
    same_run(f"{folder}/validated", short)
    old = train(kshot, folder, "old", **{**VALIDATED, "iterations": 30, "validate_every": 0})
    for name, change in (("progress.csv", lambda line: line.rpartition(",")[0]),
                         ("config.yaml", lambda line: "" if line.startswith("valid") else line)):
        with open(f"{old}/{name}") as file:
            lines = [change(line.rstrip("\n")) for line in file]
        with open(f"{old}/{name}", "w") as file:
            file.write("".join(line + "\n" for line in lines if line))
    kshot.done("train", *words[:-1], old, "--resume", "-j", 1)
    table, whole = rows(f"{old}/progress.csv"), rows(f"{folder}/validated/progress.csv")
    assert [row["validation_accuracy"] for row in table[:30]] == [""] * 30
    for row, other in zip(table[30:], whole[30:]):
        assert row["accuracy_1"] == other["accuracy_1"] and row["validation_accuracy"] == other["validation_accuracy"]
    assert content(f"{old}/policy.safetensors") == content(f"{folder}/validated/policy.safetensors")
    kshot.refused(2, ["progress.csv", "line 1"], "train", *words[:-1], broken(folder, old), "--resume", "-j", 1)


def broken(folder, run):
    """The same with a column of somebody else's."""
    shutil.copytree(run, f"{folder}/broken")
    with open(f"{folder}/broken/progress.csv") as file:
        text = file.read().replace("outer_loss", "loss", 1)
    with open(f"{folder}/broken/progress.csv", "w") as file:
        file.write(text)
    return f"{folder}/broken"


def pretrained(kshot, folder):
    """A classifier of all training classes, which gets a last layer for others; nearest neighbours by it, and by pixels."""
    more = {"method": "pretrain", "iterations": 300, "tasks": 8, "adam__lr": 0.01, "validate_every": 100, "validation_tasks": 50, "policy__last_init_std": 0.5}
    run = train(kshot, folder, "pretrained", **more)
    kshot.done("train", f"{run}/config.yaml", "-o", f"{folder}/again", "-j", 2)
    same_run(run, f"{folder}/again")
    table = rows(f"{run}/progress.csv")
    assert note(run, "policy", "act_dim") == "60" and "policy.last_init_std=0.5" in note(run, "policy", "problem_settings")
    assert float(table[-1]["outer_loss"]) < 0.9 * float(table[0]["outer_loss"]) and "accuracy_1" not in table[0]
    near = nearest(kshot, run, folder, "--split", "validation", "--tasks", 50)
    assert abs(near["pretrain (nearest)"] - float(table[-1]["validation_accuracy"])) < 1e-8
    assert near["pretrain (nearest)"] > 0.3 and near["pixels (nearest)"] > 0.3
    maml = nearest(kshot, f"{folder}/maml", folder, "--split", "validation", "--tasks", 50)
    assert maml["pixels (nearest)"] == near["pixels (nearest)"] and "maml (nearest)" in maml
    twenty = nearest(kshot, run, folder, "--tasks", 50, "-s", "images.ways=10")
    assert twenty["pretrain (nearest)"] < nearest(kshot, run, folder, "--tasks", 50)["pretrain (nearest)"]
    words = ("--steps", 5, "--lr", 1, "--tasks", 200, "--norm", "transductive")
    table = evaluate(kshot, run, folder, *words)
    assert abs(mean(table, "accuracy", "pretrain", 0) - 0.2) < 0.04 and mean(table, "accuracy", "pretrain", 5) > 0.3
    kshot.done("eval", run, *words, "-j", 1, "-o", f"{folder}/one")
    assert content(f"{folder}/one") == content(f"{folder}/some.csv")
    kshot.done("eval", run, "--steps", 3, "--tasks", 5, "--search-lr", "0.1,1", "--keep-lr")
    assert "eval_lr" in notes(run, "policy")
    kshot.done("adapt", run, "--steps", 3, "-o", f"{folder}/adapted-classifier")
    assert len(evaluate(kshot, f"{folder}/adapted-classifier", folder, "--tasks", 5, "--steps", 0)) == 10
    kshot.refused(2, ["5 classes"], "eval", f"{folder}/maml", "-s", "images.ways=10")
    kshot.refused(2, ["method: oracle", "maml and pretrain"], "train", OMNIGLOT, *settings(**SMALL), "-s", "method=oracle", "-o", f"{folder}/no")


def nearest(kshot, run, folder, *words):
    """Accuracies of nearest neighbours, by their labels."""
    text = kshot.done("eval", run, "--steps", 0, "--nearest", *words, "-o", f"{folder}/nearest.csv", "--force")
    table = [row for row in rows(f"{folder}/nearest.csv") if "nearest" in row["label"]]
    assert {(row["gradient_step"], row["loss"]) for row in table} == {("0", "nan")}
    found = {label: mean(table, "accuracy", label, 0) for label in dict.fromkeys(row["label"] for row in table)}
    told = [float(line.split()[-3]) for line in text.splitlines()[-2:]]
    assert len(found) == 2 and np.allclose(list(found.values()), told, atol=1e-4)
    return found


def omniglot(kshot, folder):
    """The data set itself, where it is: characters of the test split are told apart, by pixels as often as by anybody."""
    data = pathlib.Path(os.environ.get("KSHOT_TEST_DATA", pathlib.Path(__file__).parents[2] / "shared/data")) / "omniglot"
    if not data.is_dir():
        print(f"skipped: there is no {data}; KSHOT_TEST_DATA names the folder that it is in")
        return
    run = f"{folder}/omniglot"
    kshot.done("train", OMNIGLOT, *settings(images__data=data, policy__filters=32, iterations=150, validate_every=150, tasks=16),
               "-o", run)
    assert float(rows(f"{run}/progress.csv")[-1]["validation_accuracy"]) > 0.35
    text = kshot.done("eval", run, "--steps", 1, "--nearest", "-o", f"{folder}/omniglot.csv")
    assert "600 tasks of 5 ways, 1 shot and 1 query, from test classes" in text
    table = rows(f"{folder}/omniglot.csv")
    assert mean(table, "accuracy", "maml", 1) > 0.35 and 0.5 < mean(table, "accuracy", "pixels (nearest)", 0) < 0.57
    for name in ("policy", "best", "checkpoint", "images"):
        assert str(data).encode() not in content(f"{run}/{name}.safetensors"), name


def refused(kshot, folder):
    for words, mentions in (
        (["-s", "images.ways=30"], ["validation", "20", "30"]),
        (["-s", "validation_tasks=0"], ["validation_tasks", "out of range"]),
    ):
        kshot.refused(2, mentions, "train", OMNIGLOT, *settings(**SMALL), *words, "-o", f"{folder}/refused")
    result = kshot("train", OMNIGLOT, *settings(**{**SMALL, "images__validation_classes": 0}), "-o", f"{folder}/unvalidated")
    assert result.returncode == 0 and "kshot: warning: there are no validation classes" in result.stderr
    run = f"{folder}/maml"
    for words, mentions in (
        (["-s", "images.ways=20"], ["images.ways: 20", "policy.safetensors", "5 classes"]),
        (["-s", "images.shots=30"], ["20 images", "31"]),
        (["-s", "images.size=28"], ["196", "28 x 28"]),
        (["--norm", "none"], ["--norm", "transductive, inductive, both"]),
        (["--split", "valid"], ["--split", "train, validation, test"]),
        (["--split", "validation", "-s", "images.validation_classes=0"], ["no validation classes"]),
        (["--goals", "x"], ["--goals"]),
        (["--trajectories", 3], ["--trajectories"]),
        (["--data", f"{folder}/nowhere"], ["nowhere"]),
        (["-s", "sinusoid.shots=3"], ["sinusoid.shots", "images"]),
    ):
        kshot.refused(2, mentions, "eval", run, *words)
    plain = train(kshot, folder, "plain", policy__batch_norm="none", policy__last_init_std=0)
    kshot.refused(2, ["--norm", "batch norm", "plain"], "eval", plain, "--norm", "both")
    assert {row["label"] for row in evaluate(kshot, plain, folder, "--tasks", 3)} == {"maml"}
    for model in ("point", "sinusoid"):
        for option in (["--data", "x"], ["--split", "test"], ["--norm", "both"]):
            kshot.refused(2, [option[0], "images"], "eval", f"{CONFIGS}/../zoo/{model}", *option)


def main():
    with memory_folder() as folder:
        for test in (evaluated, chosen, searched, moved, elsewhere, kept, validated, resumed, pretrained, omniglot, refused):
            test(Kshot(sys.argv[1]), folder)
            print("ok", test.__name__)


main()
