#!/usr/bin/env python3
"""Redoes every number of an audit file (docs/files.md) in the slow and obvious way: NumPy in double, one formula a line.

    audit_check.py FILE.safetensors…      prints quantity, error, tolerance; exits 1 if anything is off
    audit_check.py --self-test FILE…      damages each quantity in turn and expects to see it

Nothing is shared with the C code, and second derivatives are found in another way: by complex-step differentiation, which takes
the derivative of a gradient g along v as Im g(θ + i h v) / h. With h = 1e-30 this has no rounding error to speak of.
"""

import sys

import numpy as np
from audit_policy import STEP, Policy, advantages, along
from safetensors import safe_open


def load(path):
    with safe_open(path, "np") as f:
        return dict(f.metadata()), {k: f.get_tensor(k) for k in f.keys()}


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
        self.kind = meta.get("outer", "trpo")
        self.ppo = self.kind == "ppo"
        self.read_step_sizes()

    # z = (θ, a): parameters, then the learned step sizes as a = log α, one entry for each number that several may share

    def read_step_sizes(self):
        p = self.policy.num_params()
        self.learned, self.per_step = self.meta.get("inner_learned", "none"), self.meta.get("inner_per_step") == "true"
        self.mask = self.policy.adapts(self.meta.get("inner_adapts", "all"))
        kinds = {"none": np.zeros(p, int), "one": np.zeros(p, int), "tensor": self.policy.tensors(), "parameter": np.arange(p)}
        self.number = kinds[self.learned]  # (P) which number of its set a parameter has
        self.sets = 0 if self.learned == "none" else self.k if self.per_step else 1
        self.count = self.sets * (self.number[-1] + 1)
        # whether a number moves any parameter at all: if not, nothing says what it is
        self.live = np.tile(np.isin(np.arange(self.number[-1] + 1), self.number[self.mask]), self.sets)

    def numbers(self, of_parameters, mask):
        """(count) the numbers that parameters share, of (P, or k x P); 0 where the mask leaves none"""
        rows = np.atleast_2d(of_parameters)[: self.sets]
        out = np.zeros((self.sets, self.number[-1] + 1))
        out[:, self.number[mask]] = rows[:, mask]
        return out.reshape(-1)

    def spread(self, numbers):
        """(k x P) the number of every step and parameter"""
        rows = numbers.reshape(self.sets, -1)[:, self.number]
        return rows if self.per_step else np.tile(rows, (self.k, 1))

    def summed(self, of_parameters):
        """(count) sums over the parameters, and steps, that share a number, of (k x P)"""
        if self.count == 0:
            return np.zeros(0)
        rows = of_parameters if self.per_step else of_parameters.sum(axis=0, keepdims=True)
        return np.concatenate([np.bincount(self.number, weights=row) for row in rows])

    def z_of(self, theta, alpha):
        if self.count == 0:
            return self.x[theta]
        with np.errstate(all="ignore"):  # of a damaged file
            return np.concatenate([self.x[theta], self.numbers(np.log(self.x[alpha]), self.mask)])

    def with_alpha(self, theta, alpha):
        """what is said of θ, then of a, where both are in the shape of parameters"""
        if self.count == 0:
            return self.x[theta]
        return np.concatenate([self.x[theta], self.numbers(self.x[alpha], self.mask | True)])

    def rows_of(self, theta, alpha):
        return np.concatenate([self.x[theta], self.x[alpha]], axis=-1) if self.count else self.x[theta]

    def read_parameters(self):
        self.z, self.z_new = self.z_of("theta", "alpha"), self.z_of("theta_new", "alpha_new")
        if self.kind != "reptile":
            self.gradient = self.with_alpha("meta_gradient", "alpha_gradient")
        self.alpha = self.step_sizes(self.parts(self.z)[1])

    def parts(self, z):
        return z[: self.policy.num_params()], z[self.policy.num_params() :]

    def step_sizes(self, a):
        """(k x P) α of every step and parameter"""
        return self.mask * (np.exp(self.spread(a)) if self.count else np.full((self.k, 1), self.lr))

    def compare(self, name, got, want, tolerance, scale=None):
        got, want = np.atleast_1d(got), np.atleast_1d(want)
        if got.shape != want.shape or not np.isfinite(got).all():
            error = np.inf
        else:
            norm = np.linalg.norm(want) if scale is None else scale
            error = np.linalg.norm(got - want) / max(norm, 1e-30)
            error = error if np.isfinite(error) else np.inf  # report() takes the largest
        self.rows.append((name, error, tolerance))

    def compare_parts(self, name, got, want, tolerance):
        """of θ, and by themselves of step sizes"""
        self.compare(name, self.parts(got)[0], self.parts(want)[0], tolerance)
        if self.count:
            self.compare(f"{name}, step sizes", self.parts(got)[1], self.parts(want)[1], tolerance)

    def compare_log_alpha(self, name, got, want):
        """of how far a = log α went: α is in single precision"""
        got, want = got[self.live], want[self.live]
        self.compare(name, got, want, 1e-3, np.linalg.norm(want) + 3e-4 * np.sqrt(len(want)))

    def ok(self, name, is_so):
        self.rows.append((name, 0.0 if is_so else np.inf, 0))

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

    def inner_step(self, j, g, theta, alpha):
        """θ_j+1; first order: how the gradient changes with θ_j does not count, and that is all that is complex of θ_j"""
        return theta - alpha[j] * self.inner_grad(j, g, theta.real if self.first_order else theta)

    def adapt(self, z, g):
        """θ and the parameters after every inner step from it, on the recorded timesteps"""
        theta, a = self.parts(z)
        thetas, alpha = [theta], self.step_sizes(a)
        for j in range(self.k):
            thetas.append(self.inner_step(j, g, thetas[-1], alpha))
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
        trpo = self.kind == "trpo"
        own = {"trpo": ("meta_gradient", "direction"), "reptile": ("way",)}.get(self.kind, ("meta_gradient", "adam.m", "adam.v"))
        sizes = {name: (p,) for name in ("theta", "theta_new", *own)}
        if self.count:
            like = (self.k, p) if self.per_step else (p,)
            own = {"trpo": ("alpha_gradient",), "reptile": ()}.get(self.kind, ("alpha_gradient", "adam.alpha_m", "adam.alpha_v"))
            sizes |= {name: like for name in ("alpha", "alpha_new", *own)}
        if self.count and trpo:
            sizes |= {"alpha_direction": (self.count,), "size_rms": (self.count,), "cg.alpha_p": (len(self.x["cg.p"]), self.count)}
        if self.count and self.ppo:
            sizes |= {name: (len(self.x["ppo.theta"]), self.count) for name in ("ppo.alpha_gradient", "ppo.log_alpha")}
        for name, shape in sizes.items():
            self.compare(f"{name} shape", np.array(self.x[name].shape, float), np.array(shape, float), 0)
        if any(error > 0 for _, error, _ in self.rows):
            return
        plain = self.k == 0 or (self.count == 0 and self.mask.all())
        self.ok("adapts", "adapts" not in self.x if plain else np.array_equal(self.x["adapts"], self.mask))
        for name, shape in sizes.items():
            if "alpha" in name and shape == like:
                mask = self.mask if name in ("alpha", "alpha_new") else self.mask | True
                want = self.numbers(self.x[name], mask).reshape(self.sets, -1)[:, self.number] * mask
                self.ok(f"{name} is shared", np.array_equal(np.atleast_2d(self.x[name]), want))
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
                step = self.inner_step(j - 1, g, before, self.alpha) - before
                self.ok(f"{s}theta of what does not adapt of task {g}", np.array_equal(theta[~self.mask], before[~self.mask]))
                scale = np.linalg.norm(step) + 1e-5 * np.linalg.norm(theta)
                self.compare(f"{s}theta of task {g}", theta - before, step, 1e-3 * self.slack, scale)

    def pull_back(self, g, u, thetas, alpha):
        """From ∇ outer loss at θ_k to that at (θ, a): u_j = u_j+1 - H_j (α_j ∘ u_j+1) and dL/da_j = -α_j ∘ g_j ∘ u_j+1."""
        by_size = np.zeros((self.k, len(u)))
        for j in reversed(range(self.k)):
            by_size[j] = -alpha[j] * self.inner_grad(j, g, thetas[j]) * u
            if not self.first_order:
                u = u - along(lambda t: self.inner_grad(j, g, t), thetas[j], alpha[j] * u)
        return np.concatenate([u, self.summed(by_size)])

    def task_gradient(self, g):
        obs, act, adv, _ = self.group(self.k, g)
        thetas = [self.x[f"stage.{j}.theta"][g] for j in range(self.k + 1)]
        u = self.pull_back(g, self.policy.nll_grad(thetas[-1], obs, act, adv), thetas, self.alpha)
        if self.extra(g) is not None:
            obs, act, _, _ = self.group(0, g)
            theta, a = self.parts(u)
            u = np.concatenate([theta + self.policy.nll_grad(self.x["theta"], obs, act, self.extra(g)), a])
        return u

    def meta_gradient(self):
        return np.mean([self.task_gradient(g) for g in range(self.groups)], axis=0)

    def check_meta_gradient(self):
        tasks = np.array([self.task_gradient(g) for g in range(self.groups)])
        self.compare_parts("meta_gradient", self.gradient, tasks.mean(axis=0), 1e-3 * self.slack)
        if self.count and self.kind == "trpo":
            self.rms = np.sqrt((self.parts(tasks.T)[1].T ** 2).mean(axis=0))
            if float(self.meta["size_damping"]) > 0:
                self.compare("size_rms", self.x["size_rms"], self.rms, 1e-3 * self.slack)
        # and in another way: the outer loss itself, as a function of θ and a, along random directions
        rng = np.random.default_rng(1)
        for part, name in enumerate(("θ", "a")[: 1 + (self.count > 0)]):
            for _ in range(3):
                v = np.zeros_like(self.z)
                self.parts(v)[part][:] = rng.standard_normal(len(self.parts(v)[part]))
                slope = self.outer(self.z + 1j * STEP * v)[0].imag / STEP
                scale = np.linalg.norm(self.parts(self.gradient)[part])
                self.compare(f"the outer loss along a random {name}", self.gradient @ v, slope, 3e-3 * self.slack, scale)

    def curvature(self, v):
        """the Hessian of the mean KL at (θ, a), times v, and the metric of step sizes"""
        total = 0
        for g in range(self.groups):
            thetas = [self.x[f"stage.{j}.theta"][g] for j in range(self.k + 1)]
            u, a = self.parts(v)
            for j in range(self.k):  # how θ_j+1 moves where θ_j and a do
                alpha = self.step_sizes(self.parts(self.z)[1] + 1j * STEP * a)
                u = self.inner_step(j, g, thetas[j] + 1j * STEP * u, alpha).imag / STEP
            obs = self.group(self.k, g)[0]
            u = along(lambda t: self.policy.kl_grad(thetas[-1], t, obs), thetas[-1], u)
            total = total + self.pull_back(g, u, thetas, self.alpha) / self.groups
        if self.count:
            self.parts(total)[1][:] += float(self.meta["size_damping"]) * self.rms * self.parts(v)[1]
        return total

    def outer(self, z):
        """outer loss and KL of a candidate"""
        loss = kl = 0.0
        for g in range(self.groups):
            obs, act, adv, (_, _, a, b) = self.group(self.k, g)
            adapted, old = self.adapt(z, g)[-1], self.x[f"stage.{self.k}.theta"][g]
            ratio = np.exp(self.policy.logp(adapted, obs, act) - self.x[f"stage.{self.k}.logp"][a:b])
            loss -= self.surrogate(ratio, adv).mean() / self.groups
            kl += self.policy.kl(old, adapted, obs) / self.groups
            if self.extra(g) is not None:
                obs, act, _, (_, _, a, b) = self.group(0, g)
                ratio = np.exp(self.policy.logp(self.parts(z)[0], obs, act) - self.x["stage.0.logp"][a:b])
                loss -= self.surrogate(ratio, self.extra(g)).mean() / self.groups
        return loss, kl

    # ---- TRPO

    def check_direction(self):
        damping, g = float(self.meta["cg_damping"]), self.gradient
        p, d = self.rows_of("cg.p", "cg.alpha_p"), self.rows_of("direction", "alpha_direction")
        self.compare_parts("cg.p[0] is the gradient", p[0], g, 1e-6)
        if float(self.meta["curvature_fraction"]) < 1:
            self.ok("direction descends", g @ d > 0)
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
                self.compare_parts(f"cg.p[{i + 1}]", p[i + 1], r + (r @ r) / rr * pi, 2e-2 * self.slack)
            elif i + 1 < int(self.meta["cg_iterations"]):
                self.rows.append(("cg ended early with reason", float(r @ r), 2e-10))
        self.compare_parts("direction", d, x, 2e-2 * self.slack)
        return d @ (self.curvature(d) + damping * d)

    def check_step(self, curvature):
        theta, new, d = self.x["theta"], self.x["theta_new"], self.x["direction"]
        whole = self.rows_of("direction", "alpha_direction")
        before, _ = self.outer(self.z)
        self.compare("surrogate_before", float(self.meta["surrogate_before"]), before, 1e-4, 1)
        accepted = self.meta["accepted"] == "true"
        backtracks, ratio = int(self.meta["backtracks"]), float(self.meta["backtrack_ratio"])
        delta = float(self.meta["max_kl"])
        if not accepted:
            for name in ("theta", "alpha")[: 1 + (self.count > 0)]:
                self.ok(f"{name} kept bit for bit", self.f32[name].tobytes() == self.f32[f"{name}_new"].tobytes())
        scale = np.sqrt(2 * delta / curvature) if curvature else None
        if accepted:
            step = theta - new
            self.compare("step along the direction", step / np.linalg.norm(step), d / np.linalg.norm(d), 1e-3)
            if scale:
                self.compare("step length", np.linalg.norm(step), ratio**backtracks * scale * np.linalg.norm(d), 1e-2 * self.slack)
            loss, kl = self.outer(self.z_new)
            self.compare("surrogate_after", float(self.meta["surrogate_after"]), loss, 1e-4, 1)
            self.compare("kl", float(self.meta["kl"]), kl, 1e-3)
            self.ok("accepted with reason", kl <= delta * (1 + 1e-3) and loss < before + 1e-5)
            length = np.linalg.norm(step) / np.linalg.norm(d)
            if self.count:
                self.compare_log_alpha("step of step sizes", self.parts(self.z - self.z_new)[1], length * self.parts(whole)[1])
            scale = length / ratio**backtracks
        for n in range(backtracks if scale else 0):
            loss, kl = self.outer(self.z - ratio**n * scale * whole)
            self.ok(f"candidate {n} refused with reason", loss > before - 1e-5 or kl > delta * (1 - 1e-3))

    # ---- Adam, once or several times

    def adam(self, g, m, v, t):
        """the step number t, and Adam's moments after it"""
        lr, b1, b2, epsilon = (float(self.meta[name]) for name in ("outer_lr", "adam_beta1", "adam_beta2", "adam_epsilon"))
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        return -lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + epsilon), m, v

    def compare_adam(self, name, after, before, step):
        want, theta = self.parts(step)[0], self.parts(before)[0]
        scale = np.linalg.norm(want) + 1e-6 * np.linalg.norm(theta)
        self.compare(name, self.parts(after)[0] - theta, want, 1e-3, scale)
        if self.count:
            self.compare_log_alpha(f"{name}, step sizes", self.parts(after - before)[1], self.parts(step)[1])

    def check_adam(self):
        bound = float(self.meta["clip"])
        g = np.clip(self.gradient, -bound, bound) if bound > 0 else self.gradient
        m, v = self.with_alpha("adam.m", "adam.alpha_m"), self.with_alpha("adam.v", "adam.alpha_v")
        self.compare("outer_loss", float(self.meta["outer_loss"]), self.outer(self.z)[0], 1e-4, 1)
        self.compare_adam("theta_new", self.z_new, self.z, self.adam(g, m, v, int(self.meta["adam_steps"]) + 1)[0])

    def moved_gradient(self, z):
        """gradient of the clipped outer loss at any z, through inner steps from there; and whether a unit is near its kink"""
        total, near = 0, False
        for g in range(self.groups):
            thetas = self.adapt(z, g)
            near = near or any(self.near_kink(t, j, g) for j, t in enumerate(thetas))
            u = self.surrogate_grad(thetas[-1], self.k, g, self.group(self.k, g)[2])
            u = self.pull_back(g, u, thetas, self.step_sizes(self.parts(z)[1]))
            if self.extra(g) is not None:
                self.parts(u)[0][:] += self.surrogate_grad(thetas[0], 0, g, self.extra(g))
            total = total + u / self.groups
        return total, near

    def check_ppo(self):
        limit, epochs = float(self.meta["max_kl"]), int(self.meta["epochs"])
        z, t = self.z, int(self.meta["adam_steps"])
        m, v = self.with_alpha("adam.m", "adam.alpha_m"), self.with_alpha("adam.v", "adam.alpha_v")
        path, gradients = self.rows_of("ppo.theta", "ppo.log_alpha"), self.rows_of("ppo.gradient", "ppo.alpha_gradient")
        loss, kl = self.outer(z)
        self.compare("surrogate_before", float(self.meta["surrogate_before"]), loss, 1e-4, 1)
        for e, after in enumerate(path):
            want, near = self.moved_gradient(z)
            self.compare_parts(f"ppo.gradient[{e}]", gradients[e], want, 1e-3 * (20 if near else 1))
            t += 1
            step, m, v = self.adam(gradients[e], m, v, t)
            self.compare_adam(f"ppo.theta[{e}]", after, z, step)
            z = after
            loss, kl = self.outer(z)
            if limit and e + 1 < len(path):
                self.ok(f"epoch {e + 1} began with reason", kl <= limit * (1 + 1e-3))
        self.ok("the epochs ended with reason", len(path) == epochs or (limit and 0 < len(path) < epochs and kl >= limit * (1 - 1e-3)))
        last = self.f32["ppo.theta"][-1] if len(path) else self.f32["theta"]
        self.ok("theta_new is the last", last.tobytes() == self.f32["theta_new"].tobytes())
        if self.count:
            self.compare("alpha_new is the last", self.parts(self.z_new)[1][self.live], self.parts(z)[1][self.live], 1e-6)
        self.compare("surrogate_after", float(self.meta["surrogate_after"]), loss, 1e-4, 1)
        self.compare("kl", float(self.meta["kl"]), kl, 1e-3)

    # ---- Reptile

    def check_reptile(self):
        """θ goes a share of the mean way to the adapted parameters. Step sizes stay; nothing else of an outer step is in the file."""
        way = self.x["way"]
        size = np.linalg.norm(self.x["theta"])
        want = np.mean([self.x[f"stage.{self.k}.theta"][g] - self.x["theta"] for g in range(self.groups)], axis=0)
        self.compare("way", way, want, 1e-5)
        # and from the timesteps alone, as an inner step is compared
        want = np.mean([self.adapt(self.z, g)[-1] for g in range(self.groups)], axis=0) - self.x["theta"]
        self.compare("way on the recorded timesteps", way, want, 1e-3 * self.slack, np.linalg.norm(want) + 1e-5 * size)
        self.compare("distance", float(self.meta["distance"]), np.linalg.norm(way), 1e-5)
        self.compare("outer_loss", float(self.meta["outer_loss"]), self.outer(self.z)[0], 1e-4, 1)
        want = float(self.meta["outer_lr"]) * way
        self.compare("theta_new", self.x["theta_new"] - self.x["theta"], want, 1e-3, np.linalg.norm(want) + 1e-4 * size)
        if self.count:
            self.ok("alpha kept bit for bit", self.f32["alpha"].tobytes() == self.f32["alpha_new"].tobytes())
        others = [name for name in self.x if name.startswith(("adam.", "cg.", "ppo.")) or name.endswith("gradient")]
        self.ok("nothing of another outer step", not others)

    def check(self):
        self.check_structure()
        if any(not error <= tolerance for _, error, tolerance in self.rows):
            return self.rows
        self.read_parameters()
        # a single unit on the other side of its kink changes one row of one task's derivatives
        self.slack = 20 if self.near_kinks() else 1
        self.check_stages()
        if self.kind == "reptile":
            self.check_reptile()
            return self.rows
        self.check_meta_gradient()
        if self.kind == "trpo":
            self.check_step(self.check_direction())
        elif self.ppo:
            self.check_ppo()
        else:
            self.check_adam()
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

    def with_meta(key, value):
        return {**meta, key: str(value)}, x

    yield "an advantage with the wrong sign", changed("stage.0.adv", lambda a: -a)
    yield "log-probabilities averaged over actions", changed(f"stage.{k}.logp", lambda a: a / int(meta["act_dim"]))
    yield "rewards of another run", changed(f"stage.{k}.rew", lambda a: a[::-1])
    if "meta_gradient" in x:
        yield "a meta-gradient without second order", (meta, {**x, "meta_gradient": first_order_gradient(meta, x)})
    yield "a step that is too long", changed("theta_new", lambda a: x["theta"] + 1.3 * (a - x["theta"]))
    if meta.get("outer") == "ppo":
        yield "gradients without adapting anew", changed("ppo.gradient", lambda a: np.broadcast_to(a[0], a.shape))
        yield "parameters of another order", changed("ppo.theta", lambda a: a[::-1])
        yield "another clip", with_meta("clip", 0.02)
        yield "moments of another run", changed("adam.m", lambda a: a + 0.01)
        yield "epochs that are missing", with_meta("epochs", int(meta["epochs"]) + 1)
    elif meta.get("outer") == "adam":
        yield "moments of another run", changed("adam.m", lambda a: a + 0.01)
        yield "squares of another run", changed("adam.v", lambda a: a + 0.01)
        yield "another number of steps", with_meta("adam_steps", int(meta["adam_steps"]) + 1)
        yield "another step size of Adam", with_meta("outer_lr", 1.01 * float(meta["outer_lr"]))
        yield "another clip", with_meta("clip", 1e-8 if float(meta["clip"]) == 0 else 0)
        yield "a wrong loss", with_meta("outer_loss", float(meta["outer_loss"]) + 0.01)
    elif meta.get("outer") == "reptile":
        yield "a sum over tasks", changed("way", lambda a: len(x[f"stage.{k}.theta"]) * a)
        yield "the way of one task", changed("way", lambda a: x[f"stage.{k}.theta"][0] - x["theta"])
        yield "another share of the way", with_meta("outer_lr", 1.1 * float(meta["outer_lr"]))
        yield "a step back", changed("theta_new", lambda a: 2 * x["theta"] - a)
        yield "another distance", with_meta("distance", 1.01 * float(meta["distance"]))
        yield "a wrong loss", with_meta("outer_loss", float(meta["outer_loss"]) + 0.01)
    else:
        yield "a direction that is the gradient", changed("direction", lambda a: x["meta_gradient"].copy())
        yield "directions of CG in another order", changed("cg.p", lambda a: np.concatenate([a[:1], a[:0:-1]]))
    if meta.get("outer", "trpo") in ("trpo", "ppo"):
        yield "a wrong kl", with_meta("kl", 2 * float(meta["kl"]))
        yield "a wrong surrogate", with_meta("surrogate_after", float(meta["surrogate_after"]) - 0.01)
    if "adapts" in x:
        yield "another mask", changed("adapts", lambda a: 1 - a)
    if "inner_adapts" in meta:
        yield "a mask of everything", ({m: v for m, v in meta.items() if m != "inner_adapts"}, x)
    if "alpha" in x:
        yield from mutations_of_step_sizes(meta, x, changed, with_meta)
    if "sweep" in meta:
        yield "a sweep without its weight", with_meta("sweep", 1)
        yield "a sweep for rewards of another run", changed("stage.0.sweep_rew", lambda a: a[::-1])
    if "inner_loss" in meta:
        yield "an inner loss of log-probabilities", ({m: v for m, v in meta.items() if m != "inner_loss"}, x)
    if "emaml" in meta:
        yield "a sampling term without its weight", with_meta("emaml", 2)
        yield "no sampling term", ({m: v for m, v in meta.items() if m != "emaml"}, x)
    if k > 0 and len(x["task"]) > 1:
        yield "tasks with each other's parameters", changed(f"stage.{k}.theta", lambda a: a[::-1])
        yield "inner steps that are twice as long", changed(f"stage.{k}.theta", lambda a: 2 * a - x["theta"])


def mutations_of_step_sizes(meta, x, changed, with_meta):
    yield "other step sizes", changed("alpha", lambda a: 1.01 * a)
    yield "step sizes that went elsewhere", changed("alpha_new", lambda a: 1.01 * a)
    if "alpha_gradient" not in x:
        return
    yield "step sizes that stayed", changed("alpha_new", lambda a: x["alpha"])
    yield "derivatives by step sizes with the wrong sign", changed("alpha_gradient", lambda a: -a)
    yield "derivatives by step sizes, not by their logarithms", changed("alpha_gradient", lambda a: a / np.maximum(x["alpha"], 0.01))
    if meta["inner_learned"] != "parameter":
        yield "a shared number that is another somewhere", changed("alpha_gradient", lambda a: a + 0.01 * (np.arange(a.shape[-1]) == 1))
    if meta.get("outer") == "ppo":
        yield "derivatives by step sizes without adapting anew", changed("ppo.alpha_gradient", lambda a: np.broadcast_to(a[0], a.shape))
        yield "step sizes that went elsewhere in between", changed("ppo.log_alpha", lambda a: a + 0.01)
    elif meta.get("outer", "trpo") == "trpo":
        yield "a direction of step sizes that is the gradient's", changed("alpha_direction", lambda a: x["cg.alpha_p"][0])
        yield "directions of CG without step sizes", changed("cg.alpha_p", lambda a: np.concatenate([a[:1], 0 * a[1:]]))
        yield "another metric of step sizes", changed("size_rms", lambda a: 1.05 * a)
        yield "no metric of step sizes", with_meta("size_damping", 0)
        yield "a metric of another weight", with_meta("size_damping", 2 * float(meta["size_damping"]))
    if "adam.m" in x:
        yield "moments of step sizes of another run", changed("adam.alpha_m", lambda a: a + 0.01)
        yield "squares of step sizes of another run", changed("adam.alpha_v", lambda a: a + 0.01)


def first_order_gradient(meta, x):
    audit = Audit({**meta, "first_order": "true"}, x)
    audit.read_parameters()
    return audit.parts(audit.meta_gradient())[0].astype(np.float32)


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
