#!/usr/bin/env python3
"""test_step_sizes.py KSHOT: eval adapts by the step sizes of the paper's protocol, or by the best of a list, which it finds on
tasks that are not those that it reports, and which it can keep with the policy."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
from kshot_cli import CONFIGS, Kshot, content, rows, settings
from safetensors import safe_open
from safetensors.numpy import save_file

BAD, FAILED = 2, 1
QUICK = ("--tasks", 1, "--horizon", 2, "-j", 1)


def untrained(kshot, folder, env, **values):
    run = f"{folder}/{env}"
    kshot.done("train", f"{CONFIGS}/{env}.yaml", *settings(iterations=0, policy__hidden="[8]", **values), "-o", run)
    return f"{run}/policy.safetensors"


def changed(path, out, tensors=None, **meta):
    """A copy of a policy file with other tensors and metadata."""
    with safe_open(path, "numpy") as file:
        values = {key: file.get_tensor(key) for key in file.keys()}
        meta = dict(file.metadata(), **meta)
    save_file({**values, **(tensors(values) if tensors else {})}, out, metadata=meta)
    return out


def table(text):
    """Of eval's output: trajectories, and (step size, mean, interval) per number of gradient steps."""
    trajectories = int(re.search(r"(\d+) trajector", text).group(1))
    lines = text[text.index("gradient steps    step size") :].splitlines()[1:]
    return trajectories, [tuple(float(x if x != "-" else 0) for x in line.replace("+-", " ").split()[-4:-1]) for line in lines]


def sizes(kshot, policy, *words):
    return [stage[0] for stage in table(kshot.done("eval", policy, *QUICK, *words))[1][1:]]


def search(text):
    """step size -> return, and the chosen one"""
    tried = re.findall(r"^ +([\d.e+-]+) +(-?[\d.]+|breaks down)(  the best.*)?$", text[: text.index("gradient steps    ")], re.M)
    chosen = [float(lr) for lr, _, best in tried if best]
    return {float(lr): float(value) if value != "breaks down" else None for lr, value, _ in tried}, chosen


def defaults_are_the_papers(kshot, folder):
    """env, trajectories, first step size of a pretrained and of a random policy, factor of later steps"""
    for env, trajectories, pretrained, random, later in (
        ("point", 40, 0.5, 0.5, 0.5),
        ("half-cheetah-vel", 20, 0.02, 0.1, 0.5),
        ("half-cheetah-dir", 20, 0.2, 0.5, 0.5),
        ("ant-vel", 20, 0.2, 1, 0.5),
        ("ant-dir", 40, 0.2, 1, 0.01),
    ):
        policy = untrained(kshot, folder, env, inner__lr=0.3, inner__learned="none")
        of_method = {
            "random": (policy, random),
            "maml": (changed(policy, f"{folder}/a.safetensors", iteration="7"), 0.3),
            "pretrain": (changed(policy, f"{folder}/b.safetensors", iteration="7", method="pretrain"), pretrained),
        }
        for method, (path, first) in of_method.items():
            n, stages = table(kshot.done("eval", path, *QUICK, "--steps", 4))
            wanted = [first] + 3 * [first * later]
            assert n == trajectories and np.allclose([s[0] for s in stages[1:]], wanted), (env, method, n, stages)
    # as many steps of its own size as a policy was trained for; one that was not meta-trained was trained for none
    of_steps = changed(policy, f"{folder}/c.safetensors", iteration="7", inner_steps="3")
    for path, wanted in (
        (of_steps, 3 * [0.3] + 2 * [0.003]),
        (changed(of_steps, f"{folder}/d.safetensors", method="pretrain"), [0.2] + 4 * [0.002]),
        (changed(of_steps, f"{folder}/e.safetensors", iteration="0"), [1] + 4 * [0.01]),
    ):
        assert np.allclose(sizes(kshot, path, "--steps", 5), wanted), (path, wanted)
    point = changed(untrained(kshot, f"{folder}/k", "point", inner__lr=0.3, inner__steps=2), f"{folder}/f.safetensors", iteration="7")
    assert sizes(kshot, point, "--steps", 4) == [0.3, 0.3, 0.15, 0.15]
    own = table(kshot.done("eval", policy, *QUICK, "--trajectories", 3, "--lr", "0.7,0.6", "--steps", 3))
    assert own[0] == 3 and [s[0] for s in own[1][1:]] == [0.7, 0.6, 0.6], "and everything can be said otherwise"


def intervals_are_of_the_mean_over_tasks(kshot, folder, policy):
    out = f"{folder}/eval.csv"
    _, stages = table(kshot.done("eval", policy, "--tasks", 7, "--trajectories", 3, "-o", out))
    for step, (*_, mean, interval) in enumerate(stages):
        x = np.array([float(row["mean_return"]) for row in rows(out) if int(row["gradient_step"]) == step])
        assert len(x) == 7 and abs(x.mean() - mean) < 0.006, (step, mean)
        assert abs(1.96 * x.std(ddof=1) / np.sqrt(7) - interval) < 0.006, (step, interval)


def the_better_step_is_taken(kshot, folder, policy):
    common = ("eval", policy, "--tasks", 5, "--horizon", 40, "--seed", 3)
    outputs = []
    for name, lrs, threads in (("a", "0.6,1e30,20", 1), ("b", "0.6,1e30,20", 2), ("c", "20,1e30,0.6", 1)):
        text = kshot.done(*common, "--search-lr", lrs, "-j", threads, "-o", f"{folder}/{name}.csv")
        tried, chosen = search(text)
        outputs.append((tried, text if name != "c" else None))
        assert chosen == [0.6] and tried[0.6] > tried[20] + 20 and tried[1e30] is None, text
        assert [stage[0] for stage in table(text)[1][1:]] == [0.6, 0.3, 0.3], "later steps are half of it"
    assert outputs[0] == outputs[1], "threads change nothing"
    assert outputs[0][0] == outputs[2][0], "nor does the order"
    kshot.done(*common, "-j", 1, "--lr", "0.6,0.3", "-o", f"{folder}/said.csv")
    assert content(f"{folder}/a.csv") == content(f"{folder}/b.csv") == content(f"{folder}/c.csv") == content(f"{folder}/said.csv"), (
        "what is reported is as if the step had been given")
    tried, _ = search(kshot.done(*common, "-j", 1, "--search-lr", "default"))
    assert {1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2} == set(tried), tried
    own = changed(policy, f"{folder}/own.safetensors", iteration="1", inner_lr="0.37")
    assert 0.37 in search(kshot.done("eval", own, *QUICK, "--search-lr", "default"))[0], "the policy's own step is tried too"


def the_tasks_are_others(kshot, folder, policy):
    """A policy that stays where it is: its return is the goals' distance, and nothing but the tasks makes a difference."""
    still = changed(policy, f"{folder}/still.safetensors",
                    lambda old: {**{k: 0 * v for k, v in old.items()}, "log_std": np.full(2, -13, np.float32)})
    common = ("eval", still, "--search-lr", "1e-20", "--horizon", 1000, "--trajectories", 1, "-j", 1)
    searched, reported = [], []
    for seed in (1, 2, 3):
        text = kshot.done(*common, "--seed", seed)
        searched.append(search(text)[0][1e-20])
        reported.append(table(text)[1][0][1])
    distances = sorted(searched + reported)
    print(f"mean return of standing still, searched {searched}, reported {reported}")
    assert np.diff(distances).min() > 0.02, "six sets of tasks"
    with open(f"{folder}/goals.csv", "w") as file:
        file.write("0.1,0.1\n")
    text = kshot.done(*common, "--seed", 3, "--goals", f"{folder}/goals.csv")
    assert search(text)[0][1e-20] == searched[2], "goals that are given are not searched on"


def found_steps(text):
    """Of --search-each: (size, mean return, without it, better by, standard error) of every step."""
    lines = text[text.index("gradient step    step size") : text.index("step sizes: each found above")].splitlines()[1:]
    return [tuple(map(float, line.split()[1:])) for line in lines if re.match(r" +\d+ ", line)]


def every_step_is_found(kshot, folder):
    """With few trajectories, the second step of the protocol's size makes this policy worse; what is found for each step does not."""
    run, copy = f"{CONFIGS}/../zoo/half-cheetah-vel", f"{folder}/found.safetensors"
    few = ("--trajectories", 5, "--horizon", 50, "-j", 1)
    common = ("eval", f"{run}/policy.safetensors", *few)
    protocol = [stage[1] for stage in table(kshot.done(*common))[1]]
    words = ("--search-lr", "0.02,0.1,1e30", "--search-each")
    text = kshot.done(*common, *words, "-o", f"{folder}/found.csv")
    found, stages = found_steps(text), table(text)[1]
    means = [stage[1] for stage in stages]
    print(f"half-cheetah-vel: by the protocol {protocol}, by what was found {means}")
    assert protocol[2] < protocol[1] - 5 and protocol[3] < protocol[2]
    assert means[1] > means[0] + 2 and means[2] > means[1] - 1 and means[3] > means[2] - 1
    assert [stage[0] for stage in stages[1:]] == [step[0] for step in found] and len(found) == 3
    for lr, mean, without, gain, error in found:
        assert abs(mean - without - gain) < 0.011 and (gain >= error if lr > 0 else gain == error == 0), found
    assert found[0][0] == 0.02 and 0 in [step[0] for step in found], "of the first step the better one; later ones may be none"
    # the first is what is found for one step alone, and the tasks are the same
    tried, chosen = search(kshot.done(*common, "--search-lr", "0.02,0.1,1e30", "--steps", 1))
    assert chosen == [found[0][0]] and tried[found[0][0]] == found[0][1], (tried, found)
    # they are found on other tasks than the reported ones, which change nothing of it
    for other, same in ((("--tasks", 2), True), (("-j", 2), True), (("--seed", 2, "--tasks", 2), False)):
        assert (found_steps(kshot.done(*common, *words, *other)) == found) == same, other
    still = table(kshot.done(*common, "--lr", 0, "--steps", 1))[1][1][1]
    assert abs(still - found[0][2]) > 0.05, "standing still brings other returns where it is reported: the tasks are others"
    lr = ",".join(f"{stage[0]:g}" for stage in stages[1:])
    kshot.done(*common, "--lr", lr, "-o", f"{folder}/said.csv", "--force")
    assert content(f"{folder}/found.csv") == content(f"{folder}/said.csv"), "what is reported is as if the steps had been given"
    # kept and told
    shutil.copy(f"{run}/policy.safetensors", copy)
    said = kshot("eval", copy, *few, *words, "--keep-lr", "--json")
    assert [step["lr"] for step in json.loads(said.stdout)["results"][0]["gradient_steps"]] == [None, *(step[0] for step in found)]
    assert "better by" in said.stderr and sizes(kshot, copy, "--steps", 4) == [*(step[0] for step in found), found[-1][0]]
    kshot.done("eval", copy, *few, "-o", f"{folder}/kept.csv", "--force")
    assert content(f"{folder}/kept.csv") == content(f"{folder}/said.csv")
    # a policy that was trained for two steps takes both
    two = changed(copy, f"{folder}/two.safetensors", inner_steps="2")
    assert [step[0] > 0 for step in found_steps(kshot.done("eval", two, *few, "--search-lr", "2", "--search-each"))] == [True, True, False]


def a_search_takes_the_steps_of_training(kshot, folder):
    policy = changed(untrained(kshot, f"{folder}/two", "point", inner__steps=2), f"{folder}/two.safetensors", iteration="7")
    common = ("eval", policy, "--horizon", 40, "--seed", 3, "-j", 1)
    text = kshot.done(*common, "--tasks", 2, "--search-lr", "0.05,0.6", "--steps", 3)
    tried, chosen = search(text)
    assert "after 2 gradient steps" in text and len(chosen) == 1, text
    assert [stage[0] for stage in table(text)[1][1:]] == [chosen[0], chosen[0], chosen[0] / 2], text
    once, _ = search(kshot.done(*common, "--tasks", 2, "--search-lr", "0.05,0.6", "--steps", 1))
    assert all(tried[lr] != once[lr] for lr in tried), "after one step, if there is but one"


def kept_with_the_policy(kshot, folder, policy):
    """--keep-lr changes one key of the metadata and not a byte else; what is kept is then the default, which --lr overrides."""
    run = f"{folder}/keep"
    kshot.done("train", f"{CONFIGS}/point.yaml", *settings(iterations=0, policy__hidden="[8]"), "-o", run)
    with open(f"{run}/policy.safetensors", "rb") as file:
        before = file.read()
    text = kshot.done("eval", run, *QUICK, "--search-lr", "0.7", "--steps", 2, "--keep-lr")
    assert "0.7,0.35" in text and f"{run}/policy.safetensors" in text, text
    old, new = header(before), header(content(f"{run}/policy.safetensors"))
    assert new[0]["__metadata__"].pop("eval_lr") == "0.7,0.35"
    assert old[0] == new[0] and old[1] == new[1], "nothing else has changed"
    assert content(f"{run}/best.safetensors") == before, "nor has the other policy"
    assert re.search(r"eval_lr +0\.7,0\.35", kshot.done("info", run))
    text = kshot.done("eval", run, *QUICK, "--steps", 3)
    assert [stage[0] for stage in table(text)[1][1:]] == [0.7, 0.35, 0.35] and "kept with the policy (eval_lr)" in text
    kshot.done("eval", run, *QUICK, "--lr", "0.7,0.35", "-o", f"{folder}/said.csv", "--force")
    kshot.done("eval", run, *QUICK, "-o", f"{folder}/kept.csv", "--force")
    assert content(f"{folder}/said.csv") == content(f"{folder}/kept.csv")
    for name, words in (("own", ()), ("said", ("--lr", "0.7,0.35")), ("other", ("--lr", "0.5"))):
        kshot.done("rollout", run, "-o", f"{folder}/{name}.rollout", "--steps", 2, "--trajectories", 3, "--horizon", 5, *words)
    assert header(content(f"{folder}/own.rollout"))[1] == header(content(f"{folder}/said.rollout"))[1]
    assert header(content(f"{folder}/own.rollout"))[1] != header(content(f"{folder}/other.rollout"))[1]
    assert sizes(kshot, run, "--lr", "0.1") == [0.1] * 3, "--lr overrides"
    assert sizes(kshot, run, "--search-lr", "0.2") == [0.2, 0.1, 0.1], "and so does --search-lr"
    kshot.done("eval", run, *QUICK, "--best", "--lr", "0,1e-9", "--keep-lr")
    assert sizes(kshot, run, "--best") == [0, 1e-9, 1e-9] and sizes(kshot, run) == [0.7, 0.35, 0.35], "each policy has its own"
    # the parameters are as they were: a run that has nothing to do forgets nothing
    kshot.done("train", f"{CONFIGS}/point.yaml", *settings(iterations=0, policy__hidden="[8]"), "-o", run, "--resume")
    assert sizes(kshot, run) == [0.7, 0.35, 0.35]
    for text in ("", "0.1,", "0.1,-1", "nan", "inf", "x", "0.1 0.2", ",".join(["1"] * 65)):
        other = changed(policy, f"{folder}/damaged.safetensors", eval_lr=text)
        kshot.refused(BAD, ["eval_lr", other], "eval", other)
    kshot.refused(BAD, ["--keep-lr", "--search-lr", "--lr"], "eval", run, "--keep-lr")
    cheetah = untrained(kshot, f"{folder}/cheetah", "half-cheetah-vel")
    kshot.refused(BAD, ["--keep-lr", "half-cheetah-dir"], "eval", cheetah, "-e", "half-cheetah-dir", "--lr", "0.1", "--keep-lr")
    kshot.done("eval", cheetah, *QUICK, "--lr", "0.9", "--keep-lr")
    assert sizes(kshot, cheetah, "-e", "half-cheetah-dir") == [0.5, 0.25, 0.25], "what is kept is for the policy's own environment"


def kept_with_no_other_policy(kshot, folder):
    """Step sizes are not kept with a policy that is being trained, nor with one that has taken the place of the one tried."""
    run, config = f"{folder}/trained", f"{CONFIGS}/point.yaml"
    small = settings(tasks=2, trajectories=2, horizon=5, policy__hidden="[4]", checkpoint_every=1)
    words = ["eval", run, *QUICK, "--lr", "0.5", "--steps", 1, "--keep-lr"]
    training = subprocess.Popen(kshot.command("train", config, *small, *settings(iterations=1000000), "-o", run, "-j", 1), stderr=subprocess.DEVNULL)
    while not os.path.exists(f"{run}/policy.safetensors"):
        time.sleep(0.01)
    os.symlink(run, f"{folder}/trained-too")
    for name in (run, f"{folder}/trained-too", f"{run}/policy.safetensors"):
        kshot.refused(BAD, ["--keep-lr", f"process {training.pid} "], "eval", name, *words[2:])
    training.terminate()
    training.wait()
    os.mkfifo(f"{folder}/goals")
    goals = os.open(f"{folder}/goals", os.O_RDWR)
    process = subprocess.Popen(kshot.command(*words, "--goals", f"{folder}/goals"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not any(os.path.realpath(f"/proc/{process.pid}/fd/{fd}") == os.path.realpath(f"{folder}/goals") for fd in os.listdir(f"/proc/{process.pid}/fd")):
        time.sleep(0.01)  # it has the policy, and waits for tasks
    untrained(kshot, f"{folder}/another", "point", seed=7)
    os.replace(f"{folder}/another/point/policy.safetensors", f"{run}/policy.safetensors")
    before = content(f"{run}/policy.safetensors")
    os.write(goals, b"0.1,0.2\n")
    os.close(goals)
    said = process.communicate()[1]
    assert process.returncode == FAILED and f"{run}/policy.safetensors: has changed" in said, said
    assert content(f"{run}/policy.safetensors") == before and not os.path.exists(f"{run}/.kshot.lock")


def parts_are_told(kshot, folder, policy):
    """Trajectories that end early since a number was not finite: their returns are those of a part, and that is said."""
    steep = changed(policy, f"{folder}/steep.safetensors", lambda v: {"mlp.0.weight": np.full_like(v["mlp.0.weight"], 3e38)})
    commands = [["rollout", "-o", f"{folder}/parts.safetensors"]]
    if "record" in kshot.done("--help"):
        commands.append(["record", "-o", f"{folder}/parts.png"])
    for name, *words in commands:
        for path, broken in ((steep, True), (policy, False)):
            result = kshot(name, path, *words, "--steps", 1, "--lr", 0.1, "--trajectories", 5, "--force", "-j", 1)
            assert result.returncode == 0 and ("broke down" in result.stderr) == broken, (name, result.stderr)


def header(data):
    """Of a safetensors file: the header and the tensors' bytes."""
    n = int.from_bytes(data[:8], "little")
    assert n % 8 == 0
    return json.loads(data[8 : 8 + n]), data[8 + n :]


def bad_sizes(kshot, policy):
    for words in (["--lr=-0.1"], ["--lr", "0.1,-1"]):
        kshot.refused(BAD, ["--lr", "above 0"], "eval", policy, *words)
        kshot.refused(BAD, ["--lr", "above 0"], "rollout", policy, *words, "-o", f"{policy}.rollout")
    kshot.refused(BAD, ["inner.lr"], "train", f"{CONFIGS}/point.yaml", "-s", "inner.lr=-0.1", "-o", f"{policy}.run")
    assert sizes(kshot, policy, "--lr", "0") == [0] * 3
    # too large a step, on an environment without any physics
    task = ("--task", "0.1,0.2", "--lr", "1e30")
    kshot.refused(FAILED, ["point", "step size 1e+30", "gradient step 1", "task 0"], "eval", policy, "--lr", "1e30")
    kshot.refused(FAILED, ["step size 1e+30", "(0.1 0.2)"], "rollout", policy, *task, "--steps", 1, "-o", f"{policy}.rollout")
    kshot.refused(FAILED, ["step size 1e+30", "(0.1 0.2)"], "plot", "--trajectories", policy, *task, "-o", f"{policy}.svg")


def another_lambda(kshot, policy):
    """What is adapted by may have another lambda than training had: 0.97 is this policy's own."""
    own, same, other = (kshot.done("eval", policy, "--tasks", 3, *words).splitlines()
                        for words in ((), ("--gae-lambda", 0.97), ("--gae-lambda", 0.5)))
    assert same == own and other[4] == own[4] and other[5] != own[5], (own, other)


def bad_lists(kshot, policy):
    for words, mentions in (
        (["--gae-lambda", "1.5"], ["--gae-lambda", "1.5", "0 to 1"]),
        (["--gae-lambda", "nan"], ["--gae-lambda"]),
        (["--search-lr", ""], ["--search-lr"]),
        (["--search-lr", "0.1,,1"], ["--search-lr", "0.1,,1"]),
        (["--search-lr", "0.1,fast"], ["--search-lr", "fast"]),
        (["--search-lr", "0.1,0"], ["--search-lr", "above 0"]),
        (["--search-lr=-1"], ["--search-lr", "above 0"]),
        (["--search-lr", "inf"], ["--search-lr"]),
        (["--search-lr", ",".join(["1"] * 33)], ["--search-lr", "32"]),
        (["--search-lr", "0.1", "--lr", "0.1"], ["--search-lr", "--lr"]),
        (["--search-lr", "0.1", "--steps", "0"], ["--search-lr", "--steps"]),
        (["--search-lr"], ["--search-lr"]),
        (["--search-each"], ["--search-each", "--search-lr"]),
        (["--search-each", "--lr", "0.1"], ["--search-each", "--search-lr"]),
    ):
        kshot.refused(BAD, mentions, "eval", policy, *words)
    kshot.refused(FAILED, ["--search-lr", "step size 1e+31"], "eval", policy, "--search-lr", "1e30,1e31")
    kshot.refused(FAILED, ["--search-lr", "no step size"], "eval", policy, "--search-lr", "1e30,1e31", "--search-each")
    kshot.refused(BAD, ["--search-each", "sinusoid"], "eval", f"{CONFIGS}/../zoo/sinusoid", "--search-lr", "default", "--search-each")


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        defaults_are_the_papers(kshot, folder)
        policy = f"{folder}/point/policy.safetensors"
        intervals_are_of_the_mean_over_tasks(kshot, folder, policy)
        the_better_step_is_taken(kshot, folder, policy)
        the_tasks_are_others(kshot, folder, policy)
        every_step_is_found(kshot, folder)
        a_search_takes_the_steps_of_training(kshot, folder)
        kept_with_the_policy(kshot, folder, policy)
        kept_with_no_other_policy(kshot, folder)
        parts_are_told(kshot, folder, policy)
        another_lambda(kshot, policy)
        bad_sizes(kshot, policy)
        bad_lists(kshot, policy)


main()
