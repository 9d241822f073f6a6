#!/usr/bin/env python3
"""Redoes every number of the audit of a supervised meta-iteration (docs/files.md) in double, with derivatives by the library autograd
(fewshot_reference.py).

    fewshot_audit_check.py FILE.safetensors…      prints quantity, error, tolerance; exits 1 if anything is off
    fewshot_audit_check.py --self-test FILE…      damages each quantity in turn and expects to see it
"""

import sys

import numpy as np
from fewshot_reference import Learner, Network
from safetensors import safe_open


def load(path):
    with safe_open(path, "np") as f:
        return dict(f.metadata()), {k: f.get_tensor(k).astype(np.float64) for k in f.keys()}


# ---- one iteration ------------------------------------------------------------------------------------------------------------


class Audit:
    def __init__(self, meta, tensors, lean=0):
        self.meta, self.t = meta, tensors
        self.network = Network(meta["network"], lean)
        self.k = int(meta["inner_steps"])
        self.theta = tensors["theta"]
        self.learned = meta.get("inner_learned", "parameter" if "alpha" in tensors else "none")
        assert meta["format"] == "kshot.audit.fewshot.1" and meta["outer"] in ("adam", "reptile")
        assert meta["norm"] in ("none", "transductive", "inductive") and meta["first_order"] in ("true", "false")
        assert meta["norm"] != "none" or not self.network.has_norm
        assert len(self.theta) == self.network.num_params == len(tensors["adapts"])
        assert (self.learned == "none") == ("alpha" not in tensors)
        given = tensors.get("alpha", np.full(self.network.num_params, float(meta["inner_lr"])))
        self.per_step = given.ndim == 2
        alpha = given if self.per_step else np.tile(given, (self.k, 1))
        assert alpha.shape == (self.k, self.network.num_params)
        weights = [float(w) for w in meta["stage_weights"].split(",")] if "stage_weights" in meta else None
        self.learner = Learner(self.network, meta["loss"], alpha, tensors["adapts"], meta["first_order"] == "true",
                               meta["norm"] == "inductive", weights)
        # context that alone adapts is 0 at the start of every task: the outer step leaves it there
        self.moves = self.network.kind_of != "context" if meta.get("inner_adapts") == "context" else 1
        self.tasks = len(tensors["query.x"])

    def examples(self, name, task):
        """None where nothing is learned from."""
        return tuple(self.t[f"{name}.{part}"][task] if f"{name}.{part}" in self.t else None for part in "xy")

    def shared(self, of_entries):
        """Sums over the entries of alpha that are one number, for each of them (rows x P)."""
        rows = of_entries if self.per_step else of_entries.sum(axis=0, keepdims=True)
        tensor_of = self.network.tensor_of
        group = {"one": np.zeros_like(tensor_of), "tensor": tensor_of}.get(self.learned, np.arange(len(tensor_of)))
        return np.array([np.bincount(group, weights=row)[group] for row in rows])

    def numbers(self):
        """Everything up to the outer step, as the file has it."""
        of_task = self.learner.values if self.meta["outer"] == "reptile" else self.learner.task
        tasks = [of_task(self.theta, self.examples("support", task), self.examples("query", task), self.t.get("norm"))
                 for task in range(self.tasks)]
        if self.meta["outer"] == "reptile":
            adapted, losses = map(np.array, zip(*tasks))
            way = np.mean(adapted[:, -1] - self.theta, axis=0) * self.moves
            return {"query.loss": losses, "outer_loss": np.mean(losses), "adapted.theta": adapted, "way": way}
        adapted, losses, by_theta, by_log_alpha, by_norm = map(np.array, zip(*tasks))
        found = {"query.loss": losses, "outer_loss": np.mean(losses), "meta_gradient": np.mean(by_theta, axis=0) * self.moves}
        if "norm" in self.t:
            found["norm_gradient"] = np.mean(by_norm, axis=0)
        if self.k > 0:
            found["adapted.theta"] = adapted
        if self.learned != "none":
            found["alpha_gradient"] = self.shared(np.mean(by_log_alpha, axis=0)).reshape(self.t["alpha"].shape)
        return found

    def adam(self, x, gradient, m, v):
        s = {key: float(self.meta[key]) for key in ("outer_lr", "adam_beta1", "adam_beta2", "adam_epsilon", "clip")}
        t = int(self.meta["adam_steps"]) + 1
        g = np.clip(gradient, -s["clip"], s["clip"]) if s["clip"] > 0 else gradient
        m = s["adam_beta1"] * m + (1 - s["adam_beta1"]) * g
        v = s["adam_beta2"] * v + (1 - s["adam_beta2"]) * g**2
        m_hat, v_hat = m / (1 - s["adam_beta1"] ** t), v / (1 - s["adam_beta2"] ** t)
        return x - s["outer_lr"] * m_hat / (np.sqrt(v_hat) + s["adam_epsilon"])


def relative(got, want):
    got, want = np.atleast_1d(got), np.atleast_1d(want)
    if got.shape != want.shape or not np.all(np.isfinite(got)):
        return np.inf
    return np.linalg.norm(got - want) / max(np.linalg.norm(want), 1e-30)


def of_step(got, want, before):
    """The same of how far parameters went: θ itself has no more than seven digits."""
    got, want, before = np.ravel(got), np.ravel(want), np.ravel(before)
    if got.shape != want.shape or not np.all(np.isfinite(got)):
        return np.inf
    digits = 1e-7 * np.linalg.norm(before)
    return max(0, np.linalg.norm(got - want) - digits) / max(np.linalg.norm(want - before), 1e-30)


TOLERANCE = {"way": 1e-4, "adapted.theta": 1e-4, "query.loss": 1e-5, "outer_loss": 1e-5, "meta_gradient": 1e-4, "alpha_gradient": 1e-4,
             "norm_gradient": 1e-4}


def differences(a, got, want):
    """Of the numbers of an iteration, up to its outer step."""
    start = a.theta[None, None, :]
    errors = {}
    for name, number in want.items():
        if name == "adapted.theta":
            errors[name] = of_step(got[name], number, np.broadcast_to(start, number.shape))
        elif name == "way":
            errors[name] = of_step(a.theta + got[name], a.theta + number, a.theta)
        else:
            errors[name] = relative(got[name], number)
    return errors


def check_iteration(a):
    """As check(), up to the outer step. What is off may be so by as much as it depends on which side of a kink numbers lie on, as long
    as that is little."""
    want = a.numbers()
    errors = differences(a, {**a.t, "outer_loss": float(a.meta["outer_loss"])}, want)
    results = [(name, error, TOLERANCE[name]) for name, error in errors.items()]
    if any(not error <= tolerance for _, error, tolerance in results):
        lower, upper = [Audit(a.meta, a.t, lean).numbers() for lean in (-1, 1)]
        unsure = differences(a, lower, upper)
        results = [(name, error, tolerance + (unsure[name] if unsure[name] < 0.01 else 0)) for name, error, tolerance in results]
    return results


def check_adam(a):
    """Adam takes the file's own gradient: where that is next to 0, its sign decides."""
    t = a.t
    new = a.adam(a.theta, t["meta_gradient"], t["adam.m"], t["adam.v"])
    yield "theta_new", of_step(t["theta_new"], new, a.theta), 1e-3
    if "norm" in t:
        new = a.adam(t["norm"], t["norm_gradient"], t["adam.norm_m"], t["adam.norm_v"])
        yield "norm_new", of_step(t["norm_new"], new, t["norm"]), 1e-3
    if a.learned != "none":
        moves = t["alpha"] > 0
        before = np.log(t["alpha"][moves])
        new = a.adam(before, t["alpha_gradient"][moves], t["adam.alpha_m"][moves], t["adam.alpha_v"][moves])
        yield "alpha_new", of_step(np.log(t["alpha_new"][moves]), new, before), 1e-3
        yield "alpha of what does not adapt", np.abs(t["alpha_new"][~moves]).sum(), 0
        yield "adapts", np.abs(np.atleast_2d(moves) - t["adapts"]).sum(), 0


def check_reptile(a):
    """θ goes a share of the mean way to the file's own adapted parameters; all else stays."""
    t = a.t
    yield "way is the mean way", relative(t["way"], np.mean(t["adapted.theta"][:, -1] - a.theta, axis=0) * a.moves), 1e-5
    yield "distance", relative(float(a.meta["distance"]), np.linalg.norm(t["way"])), 1e-5
    yield "theta_new", of_step(t["theta_new"], a.theta + float(a.meta["outer_lr"]) * t["way"], a.theta), 1e-3
    for name in ("alpha", "norm"):
        if name in t:
            yield f"{name} stays", np.abs(t[f"{name}_new"] - t[name]).max(), 0
    if a.learned != "none":
        yield "adapts", np.abs(np.atleast_2d(t["alpha"] > 0) - t["adapts"]).sum(), 0


def check_labels(a):
    if a.meta["loss"] == "cross_entropy":
        labels = np.concatenate([a.t[name].ravel() for name in ("support.y", "query.y") if name in a.t])
        yield "labels are whole numbers", np.abs(labels - np.round(labels)).max(), 0


def check(meta, tensors):
    """(quantity, error, tolerance) of all that can be redone."""
    a = Audit(meta, tensors)
    return [*check_labels(a), *check_iteration(a), *(check_adam(a) if meta["outer"] == "adam" else check_reptile(a))]


def report(path, results):
    bad = [name for name, error, tolerance in results if not error <= tolerance]
    for name, error, tolerance in results:
        print(f"{path}: {name:30} {error:10.3g}  (at most {tolerance:g}){'  OFF' if name in bad else ''}")
    return not bad


def damage(name, tensor):
    if name == "adapts":
        return 1 - tensor
    if name.endswith((".x", ".y")):
        return np.roll(tensor, 1, axis=1)
    return tensor * 1.05 + 0.01 * np.abs(tensor).max()


def self_test(path):
    """Every quantity that is checked, damaged."""
    np.seterr(all="ignore")  # of what the damage makes infinite
    meta, tensors = load(path)
    missed = []
    adam = meta["outer"] == "adam"
    names = ["adapted.theta", "query.loss", "theta_new", "theta", "support.x", "support.y", "query.x", "query.y", "adapts"]
    names += ["meta_gradient", "adam.m", "adam.v"] if adam else ["way"]
    names += [name for name in ("alpha", "alpha_new", "alpha_gradient", "adam.alpha_m", "adam.alpha_v", "norm", "norm_new",
                               "norm_gradient", "adam.norm_m", "adam.norm_v") if name in tensors]
    for name in names:
        damaged = dict(tensors)
        damaged[name] = damage(name, tensors[name])
        if all(error <= tolerance for _, error, tolerance in check(meta, damaged)):
            missed.append(name)
    values = [("outer_loss", float(meta["outer_loss"]) * 1.01), ("outer_lr", float(meta["outer_lr"]) * 1.01)]
    if adam:
        values += [("adam_steps", int(meta["adam_steps"]) + 1), ("adam_beta1", 0.5), ("adam_beta2", 0.5), ("clip", 1e-6),
                   ("first_order", "false" if meta["first_order"] == "true" else "true")]
    else:
        values.append(("distance", float(meta["distance"]) * 1.01))
    if "alpha" not in tensors:
        values.append(("inner_lr", float(meta["inner_lr"]) * 1.01))
    if meta["norm"] != "none":
        values.append(("norm", "inductive" if meta["norm"] == "transductive" else "transductive"))
    for key, value in values:
        if all(error <= tolerance for _, error, tolerance in check({**meta, key: str(value)}, tensors)):
            missed.append(key)
    if missed:
        print(f"{path}: damage is not seen: {missed}")
    return not missed


def main():
    words = sys.argv[1:]
    damages = words[:1] == ["--self-test"]
    good = [self_test(path) if damages else report(path, check(*load(path))) for path in words[damages:]]
    sys.exit(0 if good and all(good) else 1)


if __name__ == "__main__":
    main()
