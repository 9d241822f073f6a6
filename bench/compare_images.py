"""One meta-iteration of few-shot classification with exact second derivatives, in PyTorch and by `kshot bench images`, measured in the
same minute: the paper's Omniglot, 5-way and 20-way, and its colour network on 32 x 32 images. Images are noise, which takes as long as
any other. Every measurement is a process of its own, whose peak of memory is told.

usage: compare_images.py [--threads 2] [--rounds 3] [--kshot PATH] [SETTING…]      (pip install torch)
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

# conv4 with max-pool on colour images, else with strides on grey ones; alpha is of the mean loss
SETTINGS = {
    "omniglot-5": dict(ways=5, shots=1, queries=1, tasks=32, steps=1, alpha=2.0, filters=64, pool=False, size=28),
    "omniglot-20": dict(ways=20, shots=1, queries=1, tasks=16, steps=5, alpha=2.0, filters=64, pool=False, size=28),
    "cifar-fs": dict(ways=5, shots=1, queries=15, tasks=4, steps=5, alpha=0.05, filters=32, pool=True, size=32),
}
COLOUR = {"images.channels": 3, "images.size": 32, "policy.downsample": "pool", "policy.filters": 32}
KSHOT = {"omniglot-5": {}, "omniglot-20": {}, "cifar-fs": COLOUR}  # what else the command is told
WAYS = ("loop over tasks", "torch.func vmap")
EPSILON, LR = 1e-3, 1e-3


# ---- PyTorch --------------------------------------------------------------------------------------------------------------------


def initial(s):
    """Weights and biases of four convolutions, each with the shift of its batch norm, and of the last layer."""
    import torch

    params, channels, side = [], 3 if s["pool"] else 1, s["size"]
    for _ in range(4):
        bound = (6 / (9 * (channels + s["filters"]))) ** 0.5
        params += [bound * (2 * torch.rand(s["filters"], channels, 3, 3) - 1), torch.zeros(s["filters"]), torch.zeros(s["filters"])]
        channels, side = s["filters"], side // 2
    inputs = channels * side * side if s["pool"] else channels
    return [p.requires_grad_() for p in [*params, torch.randn(s["ways"], inputs) * inputs**-0.5, torch.zeros(s["ways"])]]


def network(s):
    import torch
    from torch.nn import functional as F

    scale = torch.ones(s["filters"])

    def forward(params, x):
        for w, b, shift in zip(params[0:12:3], params[1:12:3], params[2:12:3]):
            x = F.conv2d(x, w, b, stride=1 if s["pool"] else 2, padding=1)
            x = F.relu(F.batch_norm(x, None, None, scale, shift, training=True, eps=EPSILON))
            x = F.max_pool2d(x, 2) if s["pool"] else x
        x = x.flatten(1) if s["pool"] else x.mean((2, 3))
        return F.linear(x, *params[12:])

    return lambda params, x, y: F.cross_entropy(forward(params, x), y)


def examples(s, count):
    import torch

    shape = (3 if s["pool"] else 1, s["size"], s["size"])
    labels = torch.arange(s["ways"]).repeat_interleave(count).repeat(s["tasks"], 1)
    return torch.rand(s["tasks"], s["ways"] * count, *shape), labels


def meta_loss(s, way):
    import torch
    from torch.func import grad, vmap

    loss = network(s)

    def task_by_vmap(params, xs, ys, xq, yq):
        for _ in range(s["steps"]):
            params = [p - s["alpha"] * g for p, g in zip(params, grad(loss)(params, xs, ys))]
        return loss(params, xq, yq)

    def task_by_loop(params, xs, ys, xq, yq):
        for _ in range(s["steps"]):
            gradients = torch.autograd.grad(loss(params, xs, ys), params, create_graph=True)
            params = [p - s["alpha"] * g for p, g in zip(params, gradients)]
        return loss(params, xq, yq)

    if way == "torch.func vmap":
        return lambda params, *tasks: vmap(task_by_vmap, in_dims=(None, 0, 0, 0, 0))(params, *tasks).mean(), None
    return task_by_loop, s["tasks"]


def iteration(meta, loop, params, tasks):
    """Where tasks are looped over, each is pulled back at once, so that one task's graph is in memory at a time."""
    if loop is None:
        meta(params, *tasks).backward()
    else:
        for task in zip(*tasks):
            (meta(params, *task) / loop).backward()


def measure(setting, way, threads, rounds):
    """In the child: milliseconds of the best round, those of all its threads together, and resident memory before the first round."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    s = SETTINGS[setting]
    params = initial(s)
    adam = torch.optim.Adam(params, lr=LR)
    tasks = [*examples(s, s["shots"]), *examples(s, s["queries"])]
    meta, loop = meta_loss(s, way)
    with open("/proc/self/statm") as pages:
        before = int(pages.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
    seconds, busy = [], []
    for _ in range(1 + rounds):
        begin, begin_busy = time.perf_counter(), time.process_time()
        adam.zero_grad()
        iteration(meta, loop, params, tasks)
        adam.step()
        seconds.append(time.perf_counter() - begin)
        busy.append(time.process_time() - begin_busy)
    print(json.dumps({"ms": 1e3 * min(seconds[1:]), "busy_ms": 1e3 * min(busy[1:]), "before_mib": before, "version": torch.__version__}))


# ---- the parent -----------------------------------------------------------------------------------------------------------------


def run(command):
    """What it prints as JSON, and its peak of memory in MiB; or None and the last thing that it said, where it fails."""
    with tempfile.TemporaryFile("w+") as complaints:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True)
        said = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        complaints.seek(0)
        last = (complaints.read().strip().splitlines() or [f"exit code {child.returncode}"])[-1]
    return (json.loads(said), usage.ru_maxrss / 2**10) if child.returncode == 0 else (None, last)


def report(name, ms, peak, note=""):
    print(f"  {name:<34} {ms:9.1f} ms an iteration   {peak:6.0f} MiB{note}", flush=True)


def by_torch(setting, o):
    for way in WAYS:
        found, peak = run([sys.executable, __file__, "--measure", way, "--threads", str(o.threads), "--rounds", str(o.rounds), setting])
        if found is None:
            print(f"  PyTorch, {way}: {peak}", flush=True)
        else:
            report(f"PyTorch {found['version'].split('+')[0]}, {way}", found["ms"], peak,
                   f", {found['before_mib']:.0f} before it began; {found['busy_ms']:.0f} ms of processor time")


def by_kshot(setting, o):
    if o.kshot is None:
        print("  kshot: not found; --kshot says where it is")
        return
    s = SETTINGS[setting]
    values = {"tasks": s["tasks"], "inner.steps": s["steps"], "inner.lr": s["alpha"], "images.data": "strokes", "images.ways": s["ways"],
              "images.shots": s["shots"], "images.queries": s["queries"], **KSHOT[setting]}
    words = [word for key, value in values.items() for word in ("-s", f"{key}={value}")]
    found, peak = run([o.kshot, "bench", "images", "--json", "-j", str(o.threads), "--rounds", str(o.rounds), *words])
    if found is None:
        print(f"  {peak}", flush=True)
    else:
        r = found["images"]
        report("kshot", 1e3 * r["seconds"], peak, f", {r['gflop']:.1f} GFLOP at {r['gflops']:.1f} GFLOP/s")


def find_kshot():
    built = pathlib.Path(__file__).resolve().parent.parent / "build/release/bin/kshot"
    return str(built) if built.exists() else shutil.which("kshot")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kshot", default=find_kshot())
    parser.add_argument("--measure", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("settings", nargs="*", metavar="SETTING", help=f"of {', '.join(SETTINGS)}; all where none is named")
    options = parser.parse_args()
    if options.measure:
        measure(options.settings[0], options.measure, options.threads, options.rounds)
        sys.exit()
    for chosen in options.settings or SETTINGS:
        print(f"{chosen}: {json.dumps(SETTINGS[chosen])[1:-1]}, {options.threads} threads")
        by_torch(chosen, options)
        by_kshot(chosen, options)
