#!/usr/bin/env python3
"""test_cli_errors.py KSHOT: whatever is wrong is said in one line that names it, with the right exit code, and nothing is lost."""

import json
import os
import struct
import sys
import tempfile

from kshot_cli import CONFIGS, SMALL, Kshot, content, settings

BAD, FAILED = 2, 1
POINT = f"{CONFIGS}/point.yaml"


def write(path, text):
    with open(path, "wb" if isinstance(text, bytes) else "w") as file:
        file.write(text)
    return path


def configs(kshot, folder):
    out = f"{folder}/config-run"

    def refused(text, line, *mentions):
        path = write(f"{folder}/bad.yaml", text)
        kshot.refused(BAD, [f"{path}:{line}:", *mentions], "train", path, "-o", out)
        assert not os.path.exists(out), "a refused config leaves no run directory"

    refused("env: point\ntaks: 3\n", 2, "taks", "tasks")
    refused("env: point\ntrpo:\n  max_lk: 1\n", 3, "trpo.max_lk", "trpo.max_kl")
    refused("env: point\ntasks: many\n", 2, "tasks", "many")
    refused("env: point\ntasks: 0\n", 2, "tasks", "1 to")
    refused("env: point\ninner:\n  lr: .nan\n", 3, "inner.lr")
    refused("env: point\ntasks: [1, 2]\n", 2, "tasks")
    refused("env: point\ntasks: 1\ntasks: 2\n", 3, "tasks")
    refused("env: point\n  tasks: 1\n", 2)
    path = write(f"{folder}/env.yaml", "env: half-cheeta-vel\n")
    kshot.refused(BAD, ["half-cheeta-vel", "half-cheetah-vel"], "train", path, "-o", out)
    for setting, mention in [("taks=3", "tasks"), ("tasks", "KEY=VALUE"), ("inner.first_order=2", "inner.first_order")]:
        kshot.refused(BAD, [mention], "train", POINT, "-s", setting, "-o", out)
    for words in (["-e", os.fsdecode(b"\xfcro/env.yaml")], ["-e", "point", "-s", os.fsdecode(b"start_from=\xfc.safetensors")]):
        kshot.refused(BAD, ["\\xfc", "UTF-8"], "train", *words, "-o", out)
    kshot.refused(BAD, [f"{folder}/none.yaml"], "train", f"{folder}/none.yaml", "-o", out)
    kshot.refused(BAD, [folder], "train", folder, "-o", out)


def unread(kshot, folder):
    """A setting of an outer step that is not the run's is said to change nothing, where it was given by hand."""
    words = ["train", POINT, *SMALL, *settings(iterations=1), "-q", "-j", 1]
    warned = kshot(*words, "-s", "adam.lr=0.5", "-o", f"{folder}/unread")
    assert warned.returncode == 0 and warned.stderr.count("\n") == 1 and "-s adam.lr=0.5 changes nothing" in warned.stderr, warned
    assert not kshot(*words, "-s", "trpo.max_kl=0.5", "-o", f"{folder}/read").stderr


def command_lines(kshot, policy):
    kshot.refused(BAD, ["trian"], "trian")
    kshot.refused(BAD, ["--colour"], "eval", "--colour", policy)
    for words in (["--task", "1"], ["--task=1"], ["--traj", "3"], ["--jso"]):  # elsewhere --task is another option
        kshot.refused(BAD, [words[0].split("=")[0], "did you mean --"], "eval", policy, *words)
    kshot.done("eval", "--tasks", 1, policy, "--steps=0", "-q")
    assert "+-" not in kshot.done("eval", policy, "--tasks", 1, "--steps", 0) and "1 task," in kshot.done("eval", policy, "--tasks", 1, "--steps", 0)
    assert json.loads(kshot.done("eval", policy, "--tasks", 1, "--steps", 0, "--json"))["results"][0]["gradient_steps"][0]["interval"] == [None, None]
    kshot.refused(BAD, ["--terms", "--json"], "envs", "--json", "--terms")
    kshot.refused(BAD, ["robot.xml", "model:"], "check", "robot.xml")
    kshot.refused(BAD, ["/robot.urdf", "model: robot.urdf"], "train", "-e", "./robot.urdf", "-o", f"{policy}.out")
    kshot.refused(BAD, ["-o"], "audit", POINT)
    kshot.refused(BAD, ["no checkpoint", "policy.safetensors"], "audit", POINT, "--from", f"{CONFIGS}/../zoo/point", "-o", f"{policy}.audit")
    kshot.refused(BAD, ["CONFIG"], "train")
    kshot.refused(BAD, ["POLICY"], "eval")
    kshot.refused(BAD, ["more"], "eval", policy, "more")
    kshot.refused(BAD, ["-j"], "eval", policy, "-j", "0")
    kshot.refused(BAD, ["--lr"], "eval", policy, "--lr", "fast")
    kshot.refused(BAD, ["--tasks"], "eval", policy, "--tasks", "-3")
    kshot.refused(BAD, ["--task"], "rollout", policy, "--task", "1,2,3", "-o", f"{policy}.rollout")
    kshot.refused(BAD, ["-o -"], "rollout", policy, "-o", "-")
    kshot.refused(BAD, ["-o -"], "audit", POINT, "-o", "-")
    kshot.refused(BAD, ["warp"], "bench", "warp")
    kshot.refused(BAD, ["kshot bench sinusoid"], "bench", "update", "-s", "problem=sinusoid")
    kshot.refused(BAD, ["trop.max_kl"], "train", "-s", "trop.max_kl=1", "--help")
    text = kshot.done("train", "--help", "-s", "problem=sinusoid", "-s", "outer=reptile")
    assert "shots: 10" in text and "step_halving: 0" in text and "\ntrpo:" not in text, text


def files(kshot, folder, policy):
    good = content(policy)
    header = struct.unpack("<Q", good[:8])[0]
    meta = json.loads(good[8 : 8 + header])
    assert meta["__metadata__"]["format"] == "kshot.policy.1"
    damaged = {
        "empty": b"",
        "short": good[: len(good) // 2],
        "headless": good[:6],
        "lying": struct.pack("<Q", 1 << 62) + good[8:],
        "text": b"a policy should be here, but is not\n" * 10,
        "flipped": good[:20] + bytes([good[20] ^ 1]) + good[21:],
        "foreign": struct.pack("<Q", 2) + b"{}",
    }
    for name, data in damaged.items():
        path = write(f"{folder}/{name}.safetensors", data)
        kshot.refused(BAD, [path], "eval", path)
        kshot.refused(BAD, [path], "audit", POINT, "--from", path, "-o", f"{folder}/audit.safetensors")
    kshot.refused(BAD, [f"{folder}/none"], "eval", f"{folder}/none")
    kshot.refused(BAD, ["half-cheetah-vel"], "eval", policy, "-e", "half-cheetah-vel")
    kshot.refused(BAD, ["pint", "point"], "eval", policy, "-e", "pint")

    goals = write(f"{folder}/goals.csv", "0.1,0.2\n0.3\n")
    kshot.refused(BAD, [f"{goals}:2"], "eval", policy, "--goals", goals)
    goals = write(f"{folder}/goals.csv", "0.1,0.2\n0.3,x\n")
    kshot.refused(BAD, [f"{goals}:2"], "eval", policy, "--goals", goals)
    kshot.refused(BAD, ["none.csv"], "eval", policy, "--goals", f"{folder}/none.csv")


def rebuilt(good, change):
    """A policy's bytes after change(header, tensors): header is the JSON, tensors a list of [name, type, shape, bytes]."""
    length = struct.unpack("<Q", good[:8])[0]
    header, data = json.loads(good[8 : 8 + length]), good[8 + length :]
    tensors = [[k, v["dtype"], v["shape"], data[slice(*v["data_offsets"])]] for k, v in header.items() if k[0] != "_"]
    tensors.sort(key=lambda t: header[t[0]]["data_offsets"])
    header = {"__metadata__": header["__metadata__"]}
    change(header["__metadata__"], tensors)
    at, out = 0, b""
    for name, dtype, shape, content_of in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(content_of)]}
        at, out = at + len(content_of), out + content_of
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + out


def other_policies(kshot, folder, policy):
    """Policies that other programs have touched work as before, or are refused by name of what does not fit."""
    good, path, out = content(policy), f"{folder}/other.safetensors", f"{folder}/other.csv"
    run = ("eval", path, "--tasks", 2, "--steps", 1, "--trajectories", 2, "-j", 1, "-o", out, "--force")
    kshot.done("eval", policy, *run[2:])
    want = content(out)

    def more(meta, tensors):
        meta["note"] = meta["eval_lr"] = "0.5"
        tensors[:0] = [["flag", "BOOL", [3], b"\1\0\1"], ["tiny", "F8_E4M3", [1, 1, 1, 1, 1, 2], b"ab"]]
        tensors += [["step", "I32", [], b"\5\0\0\0"], ["new", "F4_X", [3], b"ab"], ["half", "BF16", [1], b"ab"]]

    def wide(meta, tensors):
        for t in tensors:
            numbers = struct.unpack(f"<{len(t[3]) // 4}f", t[3])
            t[1], t[3] = "F64", struct.pack(f"<{len(numbers)}d", *numbers)

    def integers(meta, tensors):
        tensors[1][1] = "I32"

    def turned(meta, tensors):
        tensors[0][2] = tensors[0][2][::-1]

    write(path, rebuilt(good, more))
    kshot.done(*run)
    assert content(out) == want, "surplus tensors and metadata change nothing, nor does where the others lie"
    assert "F8_E4M3" in kshot.done("info", path)
    write(path, rebuilt(good, wide))
    result = kshot(*run)
    assert result.returncode == 0 and "F64" in result.stderr and path in result.stderr, result
    assert content(out) == want
    for change, *mentions in [(integers, "mlp.0.bias", "I32"), (turned, "mlp.0.weight", "2 x 8", "8 x 2")]:
        write(path, rebuilt(good, change))
        kshot.refused(BAD, [path, *mentions], *run)
    for key, value, *mentions in [("gamma", "5", "0 to 1"), ("inner_lr", "-1", "0 to 1000"), ("horizon", "0", "from 1")]:
        write(path, rebuilt(good, lambda meta, _: meta.update({key: value})))
        kshot.refused(BAD, [path, key, *mentions], *run)
    write(path, good[:-1])
    kshot.refused(BAD, [path, "cut off"], *run)


def learned_step_sizes(kshot, folder):
    """Policies whose step sizes were learned are used with them, or refused by name of what does not fit."""
    run, path = f"{folder}/learned", f"{folder}/learned.safetensors"
    kshot.done("train", POINT, *SMALL, *settings(iterations=2, inner__learned="tensor", inner__per_step="true", inner__steps=2),
               "-o", run)
    good = content(f"{run}/policy.safetensors")
    evaluate = ("eval", path, "--tasks", 2, "--steps", 3, "--trajectories", 2, "-j", 1, "-o", f"{folder}/learned.csv", "--force")

    def numbers(*values):
        def change(meta, tensors):
            (t,) = [t for t in tensors if t[0] == "inner.log_lr"]
            t[3] = struct.pack("<10f", *(list(values) * 10)[:10])
        return change

    def flat(meta, tensors):
        tensors[-1][2] = [10]

    def gone(meta, tensors):
        tensors[:] = [t for t in tensors if t[0] != "inner.log_lr"]

    write(path, good)
    kshot.done(*evaluate)
    want = content(f"{folder}/learned.csv")
    write(path, rebuilt(good, numbers(-2)))
    kshot.done(*evaluate)
    assert content(f"{folder}/learned.csv") != want, "their step sizes are not read"
    for change, *mentions in [(numbers(float("nan")), "inner.log_lr", "not finite"), (gone, "inner.log_lr"),
                              (flat, "inner.log_lr", "2 x 5"),
                              (lambda meta, _: meta.update(inner_learned="one"), "inner.log_lr", "2 x 1"),
                              (lambda meta, _: meta.update(inner_learned="all"), "inner_learned", "none, one, tensor or parameter"),
                              (lambda meta, _: meta.update(inner_per_step="2"), "inner_per_step", "false or true"),
                              (lambda meta, _: meta.update(inner_adapts="feet"), "inner_adapts", "all, head, body or context"),
                              (lambda meta, _: meta.update(inner_steps="0"), "inner_learned", "no inner step")]:
        write(path, rebuilt(good, change))
        kshot.refused(BAD, [path, *mentions], *evaluate)
    write(path, rebuilt(good, numbers(80)))  # a number that a float holds, and a step that no policy survives
    kshot.refused(FAILED, ["too large", "gradient step 1"], *evaluate)


def models_that_do_not_act(kshot, folder):
    run = f"{folder}/sinusoid"
    kshot.done("train", f"{CONFIGS}/sinusoid.yaml", *settings(iterations=2), "-o", run)
    kshot.refused(BAD, [f"{run}/policy.safetensors", "sinusoid"], "rollout", run, "-o", f"{folder}/none")
    kshot.refused(BAD, [f"{run}/policy.safetensors"], "rollout", run, "-e", "point", "-o", f"{folder}/none")


def texts(kshot, folder, policy):
    """Every text is read whole, as other programs save it, or refused with the reason; never half of it."""
    goals, table, out = f"{folder}/goals.csv", f"{folder}/table.csv", f"{folder}/table.md"
    eval_goals = ("eval", policy, "--goals", goals, "--steps", 0, "--trajectories", 1, "-j", 1)
    for text in [
        b"\xef\xbb\xbf0.1,0.2\r\n0.3,0.1\r\n",
        b"0.1 ,0.2\n 0.3\t, 0.1 ",
        b'"0.1","0.2"\r\r"0.3" , "0.1"\r',
        b"\n0.1,0.2\n\n0.3,0.1\n,\n  \n",
    ]:
        write(goals, text)
        assert " 2 tasks" in kshot.done(*eval_goals), text
    for text, *mentions in [
        (b"0.1,0.2\n0.1,0.2\0and more\n0.3,0.4\n", ":2: ", "zero byte"),
        ("0.1,0.2\n".encode("utf-16-le"), "UTF-16", "UTF-8"),
        ("0.1,0.2\n".encode("utf-16-be"), "UTF-16", "UTF-8"),
        ("0.1,0.2\n".encode("utf-16"), "UTF-16", "UTF-8"),
        (b"0.1,0.2\n\n0.1,\xe40.2\n", ":3: ", "0xe4", "UTF-8"),
        ("0.1,0.2\n0.3,\u00a00.1\n".encode(), ":2: ", "no-break space", "column 5"),
        ("0.1,\u22120.2\n".encode(), ":1: ", "minus sign"),
        (b"0,1;0,2\n", ":1: ", "semicolons"),
        (b'"0.1,0.2\n', ":1: "),
        (b"0.1,0.2,0.3\n", ":1: "),
        (b"0.1,\n", ":1: "),
        (b"0.1,nan\n", ":1: "),
        (b"0.1,0x1\n", ":1: "),
        (b"x,y\n0.1,0.2\n", ":1: "),
        (b"\n\n", "no task"),
        (b"", "no task"),
    ]:
        write(goals, text)
        kshot.refused(BAD, [goals, *mentions], *eval_goals)

    kshot.done("eval", policy, "--tasks", 2, "--steps", 1, "--trajectories", 1, "-j", 1, "-o", table)
    good = content(table)
    lines = [line.split(b",") for line in good.splitlines()]
    quoted = b"".join(b",".join(b'"' + f + b'"' for f in line) + b"\r\n" for line in lines)
    spaced = b"\r".join(b" , ".join(line) for line in lines)
    kshot.done("plot", table, "-o", out)
    want = content(out)
    for text in [b"\xef\xbb\xbf" + good, good + b"\n\n", good + b",,,,,,,\r\n", quoted, spaced, good[:-1]]:
        write(table, text)
        kshot.done("plot", table, "-o", out, "--force")
        assert content(out) == want, text
    label = lines[1][0]
    write(table, good.replace(b"\n" + label, b'\n"a ""b"", c"'))
    kshot.done("plot", table, "-o", out, "--force")
    assert b'a "b", c' in content(out)
    write(table, good.replace(b"\n" + label, b"\n"))
    kshot.done("plot", table, "-o", out, "--force")
    for text, *mentions in [
        (good.replace(b"point", b"po\0nt"), ":2: ", "zero byte"),
        (good.decode().encode("utf-16-le"), "UTF-16"),
        (good.replace(b"point", b"p\xf6int"), ":2: ", "0xf6"),
        (good.replace(b"point", b'"point', 1), ":2: ", "quote"),
        (good.replace(b"point", b'"po"int', 1), ":2: ", "quote"),
        (b"\n\n", "names of the columns"),
        (b"", "names of the columns"),
    ]:
        write(table, text)
        kshot.refused(BAD, [table, *mentions], "plot", table, "-o", out, "--force")


def no_files(kshot, folder, policy):
    """What is there, but is no file to read, is refused at once and not waited for."""
    pipe, sparse, locked = f"{folder}/pipe", f"{folder}/sparse", f"{folder}/locked"
    os.mkfifo(pipe)
    with open(sparse, "wb") as file:
        file.truncate(1 << 40)
    with open(locked, "wb") as file:
        os.chmod(locked, 0)
    odd = [pipe, sparse, folder, "/dev/zero", f"{folder}/none", f"{policy}/below"]
    for path in odd + ([locked] if os.geteuid() != 0 else []):
        commands = [
            ("train", path, "-o", f"{folder}/odd-run"),
            ("eval", policy, "--goals", path),
            ("plot", path, "-o", f"{folder}/odd.md"),
        ]
        for words in commands + [("eval", path), ("info", path)]:
            if path == sparse and words[0] in ("eval", "info") and words[1] == path:
                continue  # a tensor file may be long
            kshot.refused(BAD, [path], *words)
    write(f"{folder}/two.csv", "0.1,0.2\n0.3,0.1\n")
    reading = f"cat {folder}/two.csv | {kshot.path} eval {policy} --goals /dev/stdin --steps 0 --trajectories 1 -j 1"
    assert " 2 tasks" in os.popen(reading).read(), "a pipe that somebody writes to is a text as any other"


def nothing_is_lost(kshot, folder, run, policy):
    before = content(policy)
    kshot.refused(BAD, [run, "--resume", "--force"], "train", POINT, *SMALL, "-o", run)
    kshot.refused(BAD, ["tasks"], "train", POINT, *SMALL, "-s", "tasks=5", "-o", run, "--resume")
    kshot.refused(BAD, [f"{folder}/new"], "train", POINT, *SMALL, "-o", f"{folder}/new", "--resume")
    assert content(policy) == before
    path = write(f"{folder}/mine.csv", "mine")
    kshot.refused(BAD, [path, "--force"], "eval", policy, "-o", path)
    kshot.refused(BAD, [path, "--force"], "rollout", policy, "-o", path)
    kshot.refused(BAD, [path, "--force"], "audit", POINT, "-o", path)
    assert content(path) == b"mine"
    # places that cannot be written to, for root as well: below a file
    kshot.refused(FAILED, [path], "train", POINT, *SMALL, "-o", f"{path}/run")
    kshot.refused(FAILED, [path], "rollout", policy, "--trajectories", 1, "-o", f"{path}/rollout.safetensors")
    # a damaged checkpoint is not resumed from, nor replaced
    checkpoint = f"{run}/checkpoint.safetensors"
    good = content(checkpoint)
    bad = good[:-3] + bytes([good[-3] ^ 4]) + good[-2:]
    write(checkpoint, bad)
    kshot.refused(BAD, [checkpoint], "train", POINT, *SMALL, "-s", "iterations=9", "-o", run, "--resume")
    assert content(checkpoint) == bad
    write(checkpoint, good)


def pointers(kshot, folder):
    """What a clone without Git LFS has in place of a policy."""
    path = write(f"{folder}/pointer.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1234\n")
    for command in (["info"], ["eval", "--tasks", 1]):
        kshot.refused(BAD, [path, "git lfs pull"], command[0], path, *command[1:])


def main():
    kshot = Kshot(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        run = f"{folder}/run"
        kshot.done("train", POINT, *SMALL, *settings(iterations=4), "-o", run)
        policy = f"{run}/policy.safetensors"
        configs(kshot, folder)
        command_lines(kshot, policy)
        unread(kshot, folder)
        files(kshot, folder, policy)
        other_policies(kshot, folder, policy)
        learned_step_sizes(kshot, folder)
        models_that_do_not_act(kshot, folder)
        pointers(kshot, folder)
        texts(kshot, folder, policy)
        no_files(kshot, folder, policy)
        nothing_is_lost(kshot, folder, run, policy)


main()
