#!/usr/bin/env python3
"""Redoes every number of an audit file (docs/files.md) in the slow and obvious way: NumPy in double, one formula a line.

    audit_check.py FILE.safetensors…      prints quantity, error, tolerance; exits 1 if anything is off
    audit_check.py --self-test FILE…      damages each quantity in turn and expects to see it

Nothing is shared with the C code, and second derivatives are found in another way: by complex-step differentiation, which takes
the derivative of a gradient g along v as Im g(θ + i h v) / h. With h = 1e-30 this has no rounding error to speak of.
"""

import sys

import numpy as np
from safetensors import safe_open

STEP = 1e-30


def load(path):
    with safe_open(path, "np") as f:
        return dict(f.metadata()), {k: f.get_tensor(k) for k in f.keys()}


# ---- the policy: everything works on complex θ too ------------------------------------------------------------------------


class Policy:
    def __init__(self, meta):
        hidden = [int(w) for w in meta["hidden"].split(",") if w]
        self.sizes = [int(meta["obs_dim"])] + hidden + [int(meta["act_dim"])]
        self.tanh = meta["activation"] == "tanh"
        self.gaussian = meta["head"] == "gaussian"
        self.floor = float(meta["log_std_min"])

    def num_params(self):
        n = sum((a + 1) * b for a, b in zip(self.sizes, self.sizes[1:]))
        return n + (self.sizes[-1] if self.gaussian else 0)

    def unpack(self, theta):
        layers, at = [], 0
        for a, b in zip(self.sizes, self.sizes[1:]):
            layers.append((theta[at : at + a * b].reshape(b, a), theta[at + a * b : at + a * b + b]))
            at += a * b + b
        return layers, theta[at:]

    def forward(self, theta, obs):
        """All activations, the last being the head's parameters."""
        layers, _ = self.unpack(theta)
        xs = [obs]
        for i, (w, b) in enumerate(layers):
            z = xs[-1] @ w.T + b
            if i + 1 < len(layers):
                z = np.tanh(z) if self.tanh else np.where(z.real > 0, z, 0)
            xs.append(z)
        return xs

    def log_std(self, theta):
        s = self.unpack(theta)[1]
        below = s.real < self.floor
        return np.where(below, self.floor, s), ~below

    def log_probs(self, logits):
        m = logits - logits.real.max(axis=1, keepdims=True)
        return m - np.log(np.exp(m).sum(axis=1, keepdims=True))

    def logp(self, theta, obs, act):
        out = self.forward(theta, obs)[-1]
        if not self.gaussian:
            return self.log_probs(out)[np.arange(len(act)), act[:, 0].astype(int)]
        s, _ = self.log_std(theta)
        z = (act - out) * np.exp(-s)
        return (-0.5 * z * z - s - 0.5 * np.log(2 * np.pi)).sum(axis=1)

    def backward(self, theta, xs, d, grad_s):
        layers, _ = self.unpack(theta)
        parts = []
        for i in reversed(range(len(layers))):
            parts.append(d.sum(axis=0))
            parts.append((d.T @ xs[i]).reshape(-1))
            if i > 0:
                d = d @ layers[i][0]
                d = d * ((1 - xs[i] ** 2) if self.tanh else (xs[i].real > 0))
        return np.concatenate(parts[::-1] + ([grad_s] if self.gaussian else []))

    def nll_grad(self, theta, obs, act, weight):
        """Gradient of mean_n w_n (-log π(a_n|s_n))."""
        xs, n = self.forward(theta, obs), len(obs)
        if not self.gaussian:
            d = np.exp(self.log_probs(xs[-1]))
            d[np.arange(n), act[:, 0].astype(int)] -= 1
            return self.backward(theta, xs, d * weight[:, None] / n, None)
        s, live = self.log_std(theta)
        z = (act - xs[-1]) * np.exp(-s)
        grad_s = live * (-(z * z - 1) * weight[:, None]).sum(axis=0) / n
        return self.backward(theta, xs, -z * np.exp(-s) * weight[:, None] / n, grad_s)

    def kl(self, old, theta, obs):
        """mean KL(π_old ‖ π_θ)"""
        a, b = self.forward(old, obs)[-1], self.forward(theta, obs)[-1]
        if not self.gaussian:
            p, q = self.log_probs(a), self.log_probs(b)
            return (np.exp(p) * (p - q)).sum(axis=1).mean()
        s, t = self.log_std(old)[0], self.log_std(theta)[0]
        return (t - s + (np.exp(2 * s) + (a - b) ** 2) / (2 * np.exp(2 * t)) - 0.5).sum(axis=1).mean()

    def kl_grad(self, old, theta, obs):
        """Gradient of it with respect to θ."""
        a, xs, n = self.forward(old, obs)[-1], self.forward(theta, obs), len(obs)
        if not self.gaussian:
            return self.backward(theta, xs, (np.exp(self.log_probs(xs[-1])) - np.exp(self.log_probs(a))) / n, None)
        s, (t, live) = self.log_std(old)[0], self.log_std(theta)
        r = np.exp(-2 * t)
        grad_s = live * (1 - (np.exp(2 * s) + (a - xs[-1]) ** 2) * r).sum(axis=0) / n
        return self.backward(theta, xs, (xs[-1] - a) * r / n, grad_s)


def along(gradient, theta, v):
    """Derivative of gradient(θ) along v."""
    return gradient(theta + 1j * STEP * v).imag / STEP


# ---- advantages --------------------------------------------------------------------------------------------------------------


def advantages(obs, rew, starts, gamma, lam):
    features, returns = [], []
    for a, b in zip(starts, starts[1:]):
        o, t = np.clip(obs[a:b], -10, 10), np.arange(b - a)[:, None] / 100
        features.append(np.concatenate([o, o**2, t, t**2, t**3, np.ones_like(t)], axis=1))
        g = 0.0
        out = []
        for r in rew[a:b][::-1]:
            g = r + gamma * g
            out.append(g)
        returns.append(np.array(out[::-1]))
    phi, ret = np.concatenate(features), np.concatenate(returns)
    ridge = 1e-5
    for _ in range(6):
        try:
            w = np.linalg.solve(phi.T @ phi + ridge * np.eye(phi.shape[1]), phi.T @ ret)
        except np.linalg.LinAlgError:
            w = np.full(phi.shape[1], np.nan)
        if np.isfinite(w).all():
            break
        ridge *= 10
    value = phi @ w
    adv = np.zeros(len(rew))
    for a, b in zip(starts, starts[1:]):
        v = np.append(value[a:b], 0.0)
        delta = rew[a:b] + gamma * v[1:] - v[:-1]
        g = 0.0
        for t in reversed(range(b - a)):
            g = delta[t] + gamma * lam * g
            adv[a + t] = g
    return (adv - adv.mean()) / (adv.std() + 1e-8)


# ---- one meta-iteration ---------------------------------------------------------------------------------------------------------


class Audit:
    def __init__(self, meta, tensors):
        self.meta, self.rows = meta, []
        self.x = {k: v.astype(np.float64) if v.dtype.kind == "f" else v for k, v in tensors.items()}
        self.f32 = tensors
        self.policy = Policy(meta)
        self.k, self.lr = int(meta["inner_steps"]), float(meta["inner_lr"])
        self.slack = 1
        self.first_order = meta["first_order"] == "true"
        self.groups = len(self.x["stage.0.task_start"]) - 1
        self.sweep = float(meta.get("sweep", 0))
        self.ratio = meta.get("inner_loss", "score") == "ratio"
        self.emaml = float(meta.get("emaml", 0))
        self.credit = self.outcomes() if self.emaml else None
        self.ppo = meta.get("outer", "trpo") == "ppo"

    def compare(self, name, got, want, tolerance, scale=None):
        got, want = np.atleast_1d(got), np.atleast_1d(want)
        if got.shape != want.shape or not np.isfinite(got).all():
            error = np.inf
        else:
            norm = np.linalg.norm(want) if scale is None else scale
            error = np.linalg.norm(got - want) / max(norm, 1e-30)
        self.rows.append((name, error, tolerance))

    def group(self, stage, g):
        """obs, act, adv of one task, and its timesteps"""
        s = f"stage.{stage}."
        first, last = self.x[s + "task_start"][g : g + 2]
        a, b = self.x[s + "traj_start"][[first, last]]
        return self.x[s + "obs"][a:b], self.x[s + "act"][a:b], self.x[s + "adv"][a:b], (first, last, a, b)

    def outcomes(self):
        """of every task: its mean return after adaptation, less the mean over tasks, divided by the standard deviation"""
        returns = []
        for g in range(self.groups):
            first, last, a, b = self.group(self.k, g)[3]
            returns.append(self.x[f"stage.{self.k}.rew"][a:b].sum() / (last - first))
        return (np.array(returns) - np.mean(returns)) / (np.std(returns) + 1e-8)

    def extra(self, g):
        """what the timesteps before adaptation weigh in the outer loss by themselves, or None"""
        a, b = self.group(0, g)[3][2:]
        weight = np.zeros(b - a)
        if self.sweep:
            weight += self.sweep * self.x["stage.0.sweep_adv"][a:b]
        if self.emaml:
            weight += self.emaml * self.credit[g]
        return weight if self.sweep or self.emaml else None

    def inner_grad(self, j, g, theta):
        """Gradient of the task's inner loss on the timesteps of stage j, at any θ. With ratios the loss is mean_n -A_n π(a_n|s_n)/π_j(a_n|s_n),
        and ∇π = π ∇log π."""
        obs, act, adv, (_, _, a, b) = self.group(j, g)
        if self.ratio:
            adv = adv * np.exp(self.policy.logp(theta, obs, act) - self.x[f"stage.{j}.logp"][a:b])
        return self.policy.nll_grad(theta, obs, act, adv)

    def near_kinks(self):
        """Is a ReLU's input anywhere so close to 0 that float and double may see it on different sides?"""
        return any(self.near_kink(self.x[f"stage.{j}.theta"][g], j, g) for j in range(self.k + 1) for g in range(self.groups))

    def near_kink(self, theta, j, g):
        x = self.group(j, g)[0]
        for w, b in self.policy.unpack(theta)[0][:-1] if not self.policy.tanh else []:
            z, size = x @ w.T + b, np.abs(x) @ np.abs(w).T + np.abs(b)
            if ((np.abs(z) < 3e-7 * size) & (size > 0)).any():
                return True
            x = np.maximum(z, 0)
        return False

    def adapt(self, theta, g):
        """θ and the parameters after every inner step from it, on the recorded timesteps"""
        thetas = [theta]
        for j in range(self.k):
            thetas.append(thetas[-1] - self.lr * self.inner_grad(j, g, thetas[-1]))
        return thetas

    def surrogate(self, ratio, weight):
        """what timesteps add to an objective"""
        if not self.ppo:
            return ratio * weight
        clip = float(self.meta["clip"])
        return np.minimum(ratio * weight, np.clip(ratio, 1 - clip, 1 + clip) * weight)

    def surrogate_grad(self, theta, j, g, weight):
        """Gradient of mean_n -surrogate: a timestep that is clipped adds nothing."""
        obs, act, _, (_, _, a, b) = self.group(j, g)
        ratio = np.exp(self.policy.logp(theta, obs, act) - self.x[f"stage.{j}.logp"][a:b])
        live = self.surrogate(ratio, weight) >= ratio * weight
        return self.policy.nll_grad(theta, obs, act, np.where(live, ratio * weight, 0))

    def check_structure(self):
        p = self.policy.num_params()
        sizes = {name: (p,) for name in ("theta", "theta_new", "meta_gradient", *(("adam.m", "adam.v") if self.ppo else ("direction",)))}
        for name, shape in sizes.items():
            self.compare(f"{name} shape", np.array(self.x[name].shape, float), np.array(shape, float), 0)
        for j in range(self.k + 1):
            s = f"stage.{j}."
            t, n = len(self.x[s + "rew"]), len(self.x[s + "terminated"])
            ok = (
                self.x[s + "traj_start"][0] == 0
                and self.x[s + "traj_start"][-1] == t
                and len(self.x[s + "traj_start"]) == n + 1
                and (np.diff(self.x[s + "traj_start"]) >= 0).all()
                and (np.diff(self.x[s + "traj_start"]) <= int(self.meta["horizon"])).all()
                and self.x[s + "task_start"][0] == 0
                and self.x[s + "task_start"][-1] == n
                and self.x[s + "theta"].shape == (self.groups, p)
                and len(self.x[s + "obs"]) == len(self.x[s + "act"]) == len(self.x[s + "logp"]) == t
            )
            # only the time limit ends a trajectory that the environment did not end
            lengths = np.diff(self.x[s + "traj_start"])
            ok = ok and (lengths[self.x[s + "terminated"] == 0] == int(self.meta["horizon"])).all()
            self.rows.append((f"{s}layout", 0.0 if ok else np.inf, 0))

    def check_stages(self):
        gamma = float(self.meta["gamma"])
        for j in range(self.k + 1):
            lam = float(self.meta["trpo_gae_lambda" if j == self.k else "gae_lambda"])
            s = f"stage.{j}."
            for g in range(self.groups):
                obs, act, adv, (first, last, a, b) = self.group(j, g)
                theta = self.x[s + "theta"][g]
                starts = self.x[s + "traj_start"][first : last + 1] - a
                want = advantages(obs, self.x[s + "rew"][a:b], starts, gamma, lam)
                self.compare(f"{s}adv of task {g}", adv, want, 1e-3)
                self.compare(f"{s}logp of task {g}", self.x[s + "logp"][a:b], self.policy.logp(theta, obs, act), 1e-4)
                if j == 0 and self.sweep:
                    want = advantages(obs, self.x[s + "sweep_rew"][a:b], starts, gamma, lam)
                    self.compare(f"{s}sweep_adv of task {g}", self.x[s + "sweep_adv"][a:b], want, 1e-3)
                if j == 0:
                    self.compare(f"{s}theta of task {g}", theta, self.x["theta"], 0)
                    continue
                # compared as the way that the parameters went, not as where they are
                before = self.x[f"stage.{j - 1}.theta"][g]
                step = -self.lr * self.inner_grad(j - 1, g, before)
                scale = np.linalg.norm(step) + 1e-5 * np.linalg.norm(theta)
                self.compare(f"{s}theta of task {g}", theta - before, step, 1e-3 * self.slack, scale)

    def step_product(self, j, g, v, theta=None):
        """(I - αH_j) v, where stage j was sampled or at another θ_j"""
        theta = self.x[f"stage.{j}.theta"][g] if theta is None else theta
        return v - self.lr * along(lambda t: self.inner_grad(j, g, t), theta, v)

    def meta_gradient(self):
        total = 0
        for g in range(self.groups):
            obs, act, adv, _ = self.group(self.k, g)
            u = self.policy.nll_grad(self.x[f"stage.{self.k}.theta"][g], obs, act, adv)
            for j in [] if self.first_order else reversed(range(self.k)):
                u = self.step_product(j, g, u)
            if self.extra(g) is not None:
                obs, act, _, _ = self.group(0, g)
                u = u + self.policy.nll_grad(self.x["theta"], obs, act, self.extra(g))
            total = total + u / self.groups
        return total

    def curvature(self, v):
        total = 0
        for g in range(self.groups):
            u = v
            for j in [] if self.first_order else range(self.k):
                u = self.step_product(j, g, u)
            obs, theta = self.group(self.k, g)[0], self.x[f"stage.{self.k}.theta"][g]
            u = along(lambda t: self.policy.kl_grad(theta, t, obs), theta, u)
            for j in [] if self.first_order else reversed(range(self.k)):
                u = self.step_product(j, g, u)
            total = total + u / self.groups
        return total

    def outer(self, theta):
        """outer loss and KL of a candidate"""
        loss = kl = 0.0
        for g in range(self.groups):
            obs, act, adv, (_, _, a, b) = self.group(self.k, g)
            adapted, old = self.adapt(theta, g)[-1], self.x[f"stage.{self.k}.theta"][g]
            ratio = np.exp(self.policy.logp(adapted, obs, act) - self.x[f"stage.{self.k}.logp"][a:b])
            loss -= self.surrogate(ratio, adv).mean() / self.groups
            kl += self.policy.kl(old, adapted, obs) / self.groups
            if self.extra(g) is not None:
                obs, act, _, (_, _, a, b) = self.group(0, g)
                ratio = np.exp(self.policy.logp(theta, obs, act) - self.x["stage.0.logp"][a:b])
                loss -= self.surrogate(ratio, self.extra(g)).mean() / self.groups
        return loss, kl

    def check_direction(self):
        damping, g = float(self.meta["cg_damping"]), self.x["meta_gradient"]
        p, d = self.x["cg.p"], self.x["direction"]
        self.compare("cg.p[0] is the gradient", p[0], g, 1e-6)
        if float(self.meta["curvature_fraction"]) < 1:
            self.rows.append(("direction descends", 0.0 if g @ d > 0 else np.inf, 0))
            return None
        # CG's own recurrence along the recorded directions, with our products: in exact arithmetic every p follows from the
        # ones before it; in float they lose orthogonality slowly, so each is compared with what its predecessors give
        r, x = g.copy(), np.zeros_like(g)
        for i, pi in enumerate(p):
            ap = self.curvature(pi) + damping * pi
            rr = r @ r
            alpha = rr / (pi @ ap)
            x, r = x + alpha * pi, r - alpha * ap
            if i + 1 < len(p):
                self.compare(f"cg.p[{i + 1}]", p[i + 1], r + (r @ r) / rr * pi, 2e-2 * self.slack)
            elif i + 1 < int(self.meta["cg_iterations"]):
                self.rows.append(("cg ended early with reason", float(r @ r), 2e-10))
        self.compare("direction", d, x, 2e-2 * self.slack)
        return d @ (self.curvature(d) + damping * d)

    def check_step(self, curvature):
        theta, new, d = self.x["theta"], self.x["theta_new"], self.x["direction"]
        before, _ = self.outer(theta)
        self.compare("surrogate_before", float(self.meta["surrogate_before"]), before, 1e-4, 1)
        accepted = self.meta["accepted"] == "true"
        backtracks, ratio = int(self.meta["backtracks"]), float(self.meta["backtrack_ratio"])
        delta = float(self.meta["max_kl"])
        if not accepted:
            same = self.f32["theta"].tobytes() == self.f32["theta_new"].tobytes()
            self.rows.append(("theta kept bit for bit", 0.0 if same else np.inf, 0))
        scale = np.sqrt(2 * delta / curvature) if curvature else None
        if accepted:
            step = theta - new
            self.compare("step along the direction", step / np.linalg.norm(step), d / np.linalg.norm(d), 1e-3)
            if scale:
                self.compare("step length", np.linalg.norm(step), ratio**backtracks * scale * np.linalg.norm(d), 1e-2 * self.slack)
            loss, kl = self.outer(new)
            self.compare("surrogate_after", float(self.meta["surrogate_after"]), loss, 1e-4, 1)
            self.compare("kl", float(self.meta["kl"]), kl, 1e-3)
            ok = kl <= delta * (1 + 1e-3) and loss < before + 1e-5
            self.rows.append(("accepted with reason", 0.0 if ok else np.inf, 0))
            scale = np.linalg.norm(step) / np.linalg.norm(d) / ratio**backtracks
        for n in range(backtracks if scale else 0):
            loss, kl = self.outer(theta - ratio**n * scale * d)
            refused = loss > before - 1e-5 or kl > delta * (1 - 1e-3)
            self.rows.append((f"candidate {n} refused with reason", 0.0 if refused else np.inf, 0))

    def moved_gradient(self, theta):
        """gradient of the clipped outer loss at any θ, through inner steps from there; and whether a unit is near its kink"""
        total, near = 0, False
        for g in range(self.groups):
            thetas = self.adapt(theta, g)
            near = near or any(self.near_kink(t, j, g) for j, t in enumerate(thetas))
            u = self.surrogate_grad(thetas[-1], self.k, g, self.group(self.k, g)[2])
            for j in [] if self.first_order else reversed(range(self.k)):
                u = self.step_product(j, g, u, thetas[j])
            if self.extra(g) is not None:
                u = u + self.surrogate_grad(theta, 0, g, self.extra(g))
            total = total + u / self.groups
        return total, near

    def check_ppo(self):
        value = {name: float(self.meta[name]) for name in ("outer_lr", "adam_beta1", "adam_beta2", "adam_epsilon", "max_kl")}
        b1, b2, limit = value["adam_beta1"], value["adam_beta2"], value["max_kl"]
        theta, m, v, t = self.x["theta"], self.x["adam.m"], self.x["adam.v"], int(self.meta["adam_steps"])
        path, epochs = self.x["ppo.theta"], int(self.meta["epochs"])
        loss, kl = self.outer(theta)
        self.compare("surrogate_before", float(self.meta["surrogate_before"]), loss, 1e-4, 1)
        for e, after in enumerate(path):
            g = self.x["ppo.gradient"][e]
            want, near = self.moved_gradient(theta)
            self.compare(f"ppo.gradient[{e}]", g, want, 1e-3 * (20 if near else 1))
            t, m, v = t + 1, b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
            step = -value["outer_lr"] * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + value["adam_epsilon"])
            self.compare(f"ppo.theta[{e}]", after - theta, step, 1e-3, np.linalg.norm(step) + 1e-6 * np.linalg.norm(theta))
            theta = after
            loss, kl = self.outer(theta)
            if limit and e + 1 < len(path):
                self.rows.append((f"epoch {e + 1} began with reason", 0.0 if kl <= limit * (1 + 1e-3) else np.inf, 0))
        enough = len(path) == epochs or (limit and 0 < len(path) < epochs and kl >= limit * (1 - 1e-3))
        self.rows.append(("the epochs ended with reason", 0.0 if enough else np.inf, 0))
        last = self.f32["ppo.theta"][-1] if len(path) else self.f32["theta"]
        self.rows.append(("theta_new is the last", 0.0 if last.tobytes() == self.f32["theta_new"].tobytes() else np.inf, 0))
        self.compare("surrogate_after", float(self.meta["surrogate_after"]), loss, 1e-4, 1)
        self.compare("kl", float(self.meta["kl"]), kl, 1e-3)

    def check(self):
        self.check_structure()
        if any(error > tolerance for _, error, tolerance in self.rows):
            return self.rows
        # a single unit on the other side of its kink changes one row of one task's derivatives
        self.slack = 20 if self.near_kinks() else 1
        self.check_stages()
        self.compare("meta_gradient", self.x["meta_gradient"], self.meta_gradient(), 1e-3 * self.slack)
        if self.ppo:
            self.check_ppo()
        else:
            self.check_step(self.check_direction())
        return self.rows


def report(path):
    worst = {}
    for name, error, tolerance in Audit(*load(path)).check():
        key = name.split(" of task")[0]
        if key not in worst or error - tolerance > worst[key][0] - worst[key][1]:
            worst[key] = (error, tolerance)
    bad = [k for k, (e, t) in worst.items() if not e <= t]
    print(path)
    for key, (error, tolerance) in worst.items():
        print(f"  {key:34s} {error:10.2e}  (at most {tolerance:g}){'' if error <= tolerance else '  WRONG'}")
    return not bad


# ---- can the check fail? ---------------------------------------------------------------------------------------------------------


def mutations(meta, x):
    """name -> damaged (meta, tensors)"""
    k = int(meta["inner_steps"])

    def changed(name, f):
        return meta, {**x, name: f(x[name].copy()).astype(x[name].dtype)}

    yield "an advantage with the wrong sign", changed("stage.0.adv", lambda a: -a)
    yield "log-probabilities averaged over actions", changed(f"stage.{k}.logp", lambda a: a / int(meta["act_dim"]))
    yield "rewards of another run", changed(f"stage.{k}.rew", lambda a: a[::-1])
    yield "a meta-gradient without second order", (
        meta,
        {**x, "meta_gradient": first_order_gradient(meta, x)},
    )
    yield "a step that is too long", changed("theta_new", lambda a: x["theta"] + 1.3 * (a - x["theta"]))
    if meta.get("outer") == "ppo":
        yield "gradients without adapting anew", changed("ppo.gradient", lambda a: np.broadcast_to(a[0], a.shape))
        yield "parameters of another order", changed("ppo.theta", lambda a: a[::-1])
        yield "another clip", ({**meta, "clip": "0.02"}, x)
        yield "moments of another run", changed("adam.m", lambda a: a + 0.01)
        yield "epochs that are missing", ({**meta, "epochs": str(int(meta["epochs"]) + 1)}, x)
    else:
        yield "a direction that is the gradient", changed("direction", lambda a: x["meta_gradient"].copy())
    yield "a wrong kl", ({**meta, "kl": repr(2 * float(meta["kl"]))}, x)
    yield "a wrong surrogate", ({**meta, "surrogate_after": repr(float(meta["surrogate_after"]) - 0.01)}, x)
    if "sweep" in meta:
        yield "a sweep without its weight", ({**meta, "sweep": "1"}, x)
        yield "a sweep for rewards of another run", changed("stage.0.sweep_rew", lambda a: a[::-1])
    if "inner_loss" in meta:
        yield "an inner loss of log-probabilities", ({m: v for m, v in meta.items() if m != "inner_loss"}, x)
    if "emaml" in meta:
        yield "a sampling term without its weight", ({**meta, "emaml": "2"}, x)
        yield "no sampling term", ({m: v for m, v in meta.items() if m != "emaml"}, x)
    if k > 0 and len(x["task"]) > 1:
        yield "tasks with each other's parameters", changed(f"stage.{k}.theta", lambda a: a[::-1])
        yield "inner steps that are twice as long", changed(f"stage.{k}.theta", lambda a: 2 * a - x["theta"])


def first_order_gradient(meta, x):
    audit = Audit({**meta, "first_order": "true"}, x)
    return audit.meta_gradient().astype(np.float32)


def self_test(path):
    meta, x = load(path)
    ok = report(path)
    for name, (m, t) in mutations(meta, x):
        seen = any(not error <= tolerance for _, error, tolerance in Audit(m, t).check())
        print(f"  {'seen' if seen else 'NOT SEEN'}: {name}")
        ok = ok and seen
    return ok


def main():
    args = sys.argv[1:]
    test = self_test if args[:1] == ["--self-test"] else report
    files = args[1:] if test is self_test else args
    if not files:
        sys.exit(__doc__)
    sys.exit(0 if all([test(path) for path in files]) else 1)


if __name__ == "__main__":
    main()
