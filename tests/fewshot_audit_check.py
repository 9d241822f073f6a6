#!/usr/bin/env python3
"""Redoes every number of the audit of a supervised meta-iteration (docs/files.md) in the slow and obvious way: NumPy in double, one
formula a line.

    fewshot_audit_check.py FILE.safetensors…      prints quantity, error, tolerance; exits 1 if anything is off
    fewshot_audit_check.py --self-test FILE…      damages each quantity in turn and expects to see it

Nothing is shared with the C code. Second derivatives are found by complex-step differentiation: the derivative of a gradient g along
v is Im g(θ + i h v) / h, with h = 1e-30 and no rounding error to speak of.
"""

import json
import sys

import numpy as np
from safetensors import safe_open

STEP = 1e-30


def load(path):
    with safe_open(path, "np") as f:
        return dict(f.metadata()), {k: f.get_tensor(k).astype(np.float64) for k in f.keys()}


# ---- the model: everything works on complex θ too --------------------------------------------------------------------------


class Model:
    def __init__(self, network, loss):
        self.layers = json.loads(network)
        self.loss_name = loss
        kinds = {layer["type"] for layer in self.layers}
        assert kinds <= {"dense", "relu", "tanh"}, kinds
        self.names, self.num_params = [], 0  # the tensor of each parameter
        for layer in self.layers:
            if layer["type"] == "dense":
                for count in (layer["in"] * layer["out"], layer["out"]):
                    self.names += [len(set(self.names))] * count
                    self.num_params += count
        self.names = np.array(self.names)

    def forward(self, theta, x):
        """What goes into every layer, and in the end comes out; and the weights of dense layers."""
        at, values, weights = 0, [x], []
        for layer in self.layers:
            x = values[-1]
            if layer["type"] == "dense":
                n, m = layer["in"], layer["out"]
                w, b = theta[at : at + n * m].reshape(m, n), theta[at + n * m : at + n * m + m]
                at += n * m + m
                weights.append(w)
                values.append(x @ w.T + b)
            else:
                weights.append(None)
                values.append(np.tanh(x) if layer["type"] == "tanh" else np.where(x.real > 0, x, 0))
        return values, weights

    def loss(self, theta, x, y):
        out = self.forward(theta, x)[0][-1]
        if self.loss_name == "mse":
            return np.mean((out - y) ** 2)
        log_p = out - np.log(np.sum(np.exp(out), axis=1, keepdims=True))
        return -np.mean(log_p[np.arange(len(y)), y.astype(int)])

    def gradient(self, theta, x, y):
        values, weights = self.forward(theta, x)
        out = values[-1]
        if self.loss_name == "mse":
            d = 2 * (out - y) / out.size
        else:
            p = np.exp(out) / np.sum(np.exp(out), axis=1, keepdims=True)
            p[np.arange(len(y)), y.astype(int)] -= 1
            d = p / len(y)
        parts = []
        for i in reversed(range(len(self.layers))):
            kind, x, out = self.layers[i]["type"], values[i], values[i + 1]
            if kind == "dense":
                parts = [(d.T @ x).ravel(), d.sum(axis=0)] + parts
                d = d @ weights[i]
            else:
                d = d * (1 - out**2) if kind == "tanh" else np.where(x.real > 0, d, 0)
        return np.concatenate(parts)

    def hessian_product(self, theta, v, x, y):
        return self.gradient(theta + 1j * STEP * v, x, y).imag / STEP


# ---- one iteration ------------------------------------------------------------------------------------------------------------


class Audit:
    def __init__(self, meta, tensors):
        self.meta, self.t = meta, tensors
        self.model = Model(meta["network"], meta["loss"])
        self.k = int(meta["inner_steps"])
        self.theta = tensors["theta"]
        self.learned = meta.get("inner_learned", "none")
        assert len(self.theta) == self.model.num_params == len(tensors["adapts"])
        assert meta["format"] == "kshot.audit.fewshot.1" and meta["outer"] == "adam" and meta["norm"] == "none"
        assert (self.learned == "none") == ("alpha" not in tensors)
        given = tensors.get("alpha", np.full(self.model.num_params, float(meta["inner_lr"])))
        self.per_step = given.ndim == 2
        self.alpha = given if self.per_step else np.tile(given, (max(self.k, 1), 1))
        self.tasks = len(tensors["query.x"])

    def adapt(self, task):
        """Parameters before and after each inner step, and the steps' gradients."""
        thetas, gradients = [self.theta], []
        for j in range(self.k):
            g = self.model.gradient(thetas[-1], self.t["support.x"][task], self.t["support.y"][task])
            gradients.append(g)
            thetas.append(thetas[-1] - self.alpha[j] * self.t["adapts"] * g)
        return thetas, gradients

    def pull_back(self, task, thetas, gradients):
        """The gradient of the query loss with respect to θ, and to log α of every step and parameter."""
        u = self.model.gradient(thetas[-1], self.t["query.x"][task], self.t["query.y"][task])
        log_alpha = np.zeros((max(self.k, 1), len(u)))
        for j in reversed(range(self.k)):
            step = self.alpha[j] * self.t["adapts"]
            log_alpha[j] = -step * gradients[j] * u
            if self.meta["first_order"] == "false":
                u = u - self.model.hessian_product(thetas[j], step * u, self.t["support.x"][task], self.t["support.y"][task])
        return u, log_alpha

    def shared(self, of_entries):
        """Sums over the entries of alpha that are one number, for each of them (rows x P)."""
        rows = of_entries if self.per_step else of_entries.sum(axis=0, keepdims=True)
        group = {"one": np.zeros_like(self.model.names), "tensor": self.model.names}.get(
            self.learned, np.arange(self.model.num_params))
        return np.array([np.bincount(group, weights=row)[group] for row in rows])

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
    if got.shape != want.shape:
        return np.inf
    digits = 1e-7 * np.linalg.norm(before)
    return max(0, np.linalg.norm(got - want) - digits) / max(np.linalg.norm(want - before), 1e-30)


def check(meta, tensors):
    """(quantity, error, tolerance) of all that can be redone."""
    a = Audit(meta, tensors)
    results = []
    adapted, losses, gradients, log_alphas = [], [], [], []
    for task in range(a.tasks):
        thetas, steps = a.adapt(task)
        u, log_alpha = a.pull_back(task, thetas, steps)
        adapted.append(thetas[1:])
        losses.append(a.model.loss(thetas[-1], tensors["query.x"][task], tensors["query.y"][task]))
        gradients.append(u)
        log_alphas.append(log_alpha)
    if a.k > 0:
        start = np.broadcast_to(a.theta, tensors["adapted.theta"].shape)
        results.append(("adapted.theta", of_step(tensors["adapted.theta"], adapted, start), 1e-4))
    results.append(("query.loss", relative(tensors["query.loss"], losses), 1e-5))
    results.append(("outer_loss", relative(float(meta["outer_loss"]), np.mean(losses)), 1e-5))
    results.append(("meta_gradient", relative(tensors["meta_gradient"], np.mean(gradients, axis=0)), 1e-4))
    # Adam takes the file's own gradient: where that is next to 0, its sign decides
    new = a.adam(a.theta, tensors["meta_gradient"], tensors["adam.m"], tensors["adam.v"])
    results.append(("theta_new", of_step(tensors["theta_new"], new, a.theta), 1e-3))
    if a.learned != "none":
        total = a.shared(np.mean(log_alphas, axis=0)).reshape(tensors["alpha"].shape)
        results.append(("alpha_gradient", relative(tensors["alpha_gradient"], total), 1e-4))
        moves = tensors["alpha"] > 0
        log_new = a.adam(np.log(tensors["alpha"][moves]), tensors["alpha_gradient"][moves], tensors["adam.alpha_m"][moves],
                         tensors["adam.alpha_v"][moves])
        results.append(("alpha_new", relative(tensors["alpha_new"][moves], np.exp(log_new)), 1e-5))
        results.append(("alpha of what does not adapt", np.abs(tensors["alpha_new"][~moves]).sum(), 0))
        results.append(("adapts", np.abs(np.atleast_2d(moves) - tensors["adapts"]).sum(), 0))
    return results


def report(path, results):
    bad = [name for name, error, tolerance in results if not error <= tolerance]
    for name, error, tolerance in results:
        print(f"{path}: {name:30} {error:10.3g}  (at most {tolerance:g}){'  OFF' if name in bad else ''}")
    return not bad


def self_test(path):
    """Every quantity that is checked, damaged."""
    meta, tensors = load(path)
    missed = []
    names = ["adapted.theta", "query.loss", "meta_gradient", "theta_new", "adam.m", "adam.v", "theta", "support.x", "support.y",
             "query.x", "query.y", "adapts"]
    names += [name for name in ("alpha", "alpha_new", "alpha_gradient", "adam.alpha_m", "adam.alpha_v") if name in tensors]
    for name in names:
        damaged = dict(tensors)
        damaged[name] = 1 - tensors[name] if name == "adapts" else tensors[name] * 1.05 + 0.01 * np.abs(tensors[name]).max()
        if all(error <= tolerance for _, error, tolerance in check(meta, damaged)):
            missed.append(name)
    for key, value in (("outer_loss", float(meta["outer_loss"]) * 1.01), ("adam_steps", int(meta["adam_steps"]) + 1),
                       ("outer_lr", float(meta["outer_lr"]) * 1.01), ("adam_beta1", 0.5), ("adam_beta2", 0.5), ("clip", 1e-6),
                       ("first_order", "false" if meta["first_order"] == "true" else "true")):
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
