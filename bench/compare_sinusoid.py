"""One meta-iteration of the paper's regression (25 tasks, 10 + 10 examples, one inner step, Adam) by other libraries, to be
measured beside `kshot bench sinusoid` in the same minute. What is not installed is passed over.

usage: compare_sinusoid.py [--rounds 5]      (pip install jax torch numpy)
"""
import argparse
import time

import numpy as np

TASKS, SHOTS, HIDDEN, ALPHA, LR = 25, 10, 40, 0.001, 0.001


def start():
    rng = np.random.default_rng(1)
    sizes = [1, HIDDEN, HIDDEN, 1]
    layers = [(rng.normal(size=(o, i)) * 0.01, np.zeros(o)) for i, o in zip(sizes, sizes[1:])]
    return [a.astype(np.float32) for layer in layers for a in layer]


def report(name, seconds, iterations):
    print(f"{name:<28} {1e3 * min(seconds) / iterations:8.3f} ms an iteration")


def by_jax(rounds):
    import jax
    import jax.numpy as jnp

    def net(theta, x):
        h = jax.nn.relu(x @ theta[0].T + theta[1])
        h = jax.nn.relu(h @ theta[2].T + theta[3])
        return h @ theta[4].T + theta[5]

    def loss(theta, x, y):
        return jnp.mean((net(theta, x) - y) ** 2)

    def task_loss(theta, task):
        xs, ys, xq, yq = task
        g = jax.grad(loss)(theta, xs, ys)
        return loss([p - ALPHA * q for p, q in zip(theta, g)], xq, yq)

    def meta_loss(theta, tasks):
        return jnp.mean(jax.vmap(task_loss, in_axes=(None, 0))(theta, tasks))

    def draw(key):
        a, b, c = jax.random.split(key, 3)
        amplitude = jax.random.uniform(a, (TASKS, 1, 1), minval=0.1, maxval=5)
        phase = jax.random.uniform(b, (TASKS, 1, 1), maxval=np.pi)
        x = jax.random.uniform(c, (TASKS, 2 * SHOTS, 1), minval=-5, maxval=5)
        y = amplitude * jnp.sin(x - phase)
        return x[:, :SHOTS], y[:, :SHOTS], x[:, SHOTS:], y[:, SHOTS:]

    def step(carry, key):
        theta, m, v, t = carry
        g = jax.grad(meta_loss)(theta, draw(key))
        m = [0.9 * a + 0.1 * b for a, b in zip(m, g)]
        v = [0.999 * a + 0.001 * b * b for a, b in zip(v, g)]
        c1, c2 = 1 - 0.9 ** (t + 1), 1 - 0.999 ** (t + 1)
        theta = [p - LR * (a / c1) / (jnp.sqrt(b / c2) + 1e-8) for p, a, b in zip(theta, m, v)]
        return (theta, m, v, t + 1), 0.0

    run = jax.jit(lambda carry, keys: jax.lax.scan(step, carry, keys)[0])
    theta = [jnp.asarray(p) for p in start()]
    carry = (theta, [0 * p for p in theta], [0 * p for p in theta], jnp.float32(0))
    keys = jax.random.split(jax.random.PRNGKey(1), 2000)
    jax.block_until_ready(run(carry, keys))
    seconds = []
    for _ in range(rounds):
        begin = time.perf_counter()
        jax.block_until_ready(run(carry, keys))
        seconds.append(time.perf_counter() - begin)
    report(f"JAX {jax.__version__}, vmap and scan", seconds, len(keys))


def by_torch(rounds):
    import torch
    from torch.func import grad, vmap

    def net(theta, x):
        h = torch.relu(x @ theta[0].T + theta[1])
        h = torch.relu(h @ theta[2].T + theta[3])
        return h @ theta[4].T + theta[5]

    def loss(theta, x, y):
        return ((net(theta, x) - y) ** 2).mean()

    def draw():
        amplitude = 0.1 + 4.9 * torch.rand(TASKS, 1, 1)
        phase = np.pi * torch.rand(TASKS, 1, 1)
        x = 10 * torch.rand(TASKS, 2 * SHOTS, 1) - 5
        y = amplitude * torch.sin(x - phase)
        return x[:, :SHOTS], y[:, :SHOTS], x[:, SHOTS:], y[:, SHOTS:]

    def one_task(theta, xs, ys, xq, yq):
        g = grad(loss)(theta, xs, ys)
        return loss(tuple(p - ALPHA * q for p, q in zip(theta, g)), xq, yq)

    def meta_vmap(theta, tasks):
        return vmap(one_task, in_dims=(None, 0, 0, 0, 0))(theta, *tasks).mean()

    def meta_loop(theta, tasks):
        total = 0
        for xs, ys, xq, yq in zip(*tasks):
            g = torch.autograd.grad(loss(theta, xs, ys), theta, create_graph=True)
            total = total + loss(tuple(p - ALPHA * q for p, q in zip(theta, g)), xq, yq)
        return total / TASKS

    for name, meta in (("loop over tasks", meta_loop), ("torch.func vmap", meta_vmap)):
        theta = tuple(torch.tensor(p, requires_grad=True) for p in start())
        adam = torch.optim.Adam(theta, lr=LR)
        seconds = []
        for _ in range(rounds):
            begin = time.perf_counter()
            for _ in range(20):
                adam.zero_grad()
                meta(theta, draw()).backward()
                adam.step()
            seconds.append(time.perf_counter() - begin)
        report(f"PyTorch {torch.__version__}, {name}", seconds, 20)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for measure in (by_jax, by_torch):
        try:
            measure(options.rounds)
        except ImportError as missing:
            print(f"{missing.name}: not installed")
