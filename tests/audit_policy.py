"""The policy and the advantages of an audit file, as audit_check.py computes them: NumPy in double, one formula a line."""

import numpy as np

STEP = 1e-30


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

    def tensors(self):
        """(P) which tensor a parameter belongs to: for every layer the weight, then the bias; last the log-std"""
        counts = [n for a, b in zip(self.sizes, self.sizes[1:]) for n in (a * b, b)] + [self.sizes[-1]] * self.gaussian
        return np.repeat(np.arange(len(counts)), counts)

    def adapts(self, what):
        """(P) which parameters inner steps change: all, the head (the last layer and the log-std), or the body (the others)"""
        head = self.tensors() >= 2 * (len(self.sizes) - 2)
        return {"all": head | True, "head": head, "body": ~head}[what]

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
