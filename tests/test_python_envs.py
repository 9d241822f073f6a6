#!/usr/bin/env python3
"""test_python_envs.py KSHOT LIBRARIES: kshot's environments as Gymnasium has them: its checkers, seeds, tasks, ends of episodes, threads, pictures,
other processes; and Stable-Baselines3, if it is there."""

import collections
import copy
import multiprocessing
import pickle
import threading
import time
import warnings

from python_package import ROOT, refused

import gymnasium
import numpy as np
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

import kshot


def fails(kind, mentions, call, *arguments, **keywords):
    """A call must raise this kind of error, and no other, which says all of that."""
    try:
        call(*arguments, **keywords)
    except kind as error:
        assert type(error) is kind and all(text in str(error) for text in mentions), repr(error)
        return
    raise AssertionError(f"{call}{arguments}{keywords}: not refused; expected {mentions}")


warnings.simplefilter("ignore")  # Gymnasium's, of observations without bounds


def checkers():
    for name in ("point", "half-cheetah-vel", "bandit-5", "cart-pole-rand", f"{ROOT}/envs/stable/hopper-vel.yaml"):
        env = kshot.make(name, render_mode="rgb_array" if name == "point" else None)
        check_env(env)
        env.close()
    check_env(gymnasium.make("kshot/half-cheetah-vel").unwrapped)
    vector = gymnasium.make_vec("kshot/point", num_envs=3, vectorization_mode="vector_entry_point")
    assert isinstance(vector.unwrapped, kshot.VectorEnv) and vector.spec.id == "kshot/point"
    vector.close()


def play(env, steps, seed):
    """What a vector environment says within so many steps."""
    rng, out = np.random.default_rng(7), [env.reset(seed=seed)[0]]
    for _ in range(steps):
        out += env.step(rng.uniform(-1, 1, env.action_space.shape))[:4]
    return np.concatenate([np.ravel(x) for x in out])


def seeds():
    """A seed says all, for any number of threads; world i is the single environment of seed + i."""
    a, b = (kshot.make_vec("half-cheetah-vel", 5, horizon=7, threads=t) for t in (1, 3))
    first = play(a, 20, 3)
    assert np.array_equal(first, play(b, 20, 3)) and np.array_equal(first, play(a, 20, 3))
    assert not np.array_equal(first, play(a, 20, 4))
    assert np.array_equal(kshot.make_vec("half-cheetah-vel", 5, seed=3).reset()[0], a.reset(seed=3)[0])
    vector = kshot.make_vec("half-cheetah-vel", 3, horizon=5, autoreset_mode=AutoresetMode.SAME_STEP)
    singles = [kshot.make("half-cheetah-vel", horizon=5) for _ in range(3)]
    obs, info = vector.reset(seed=10)
    for i, env in enumerate(singles):
        alone, told = env.reset(seed=10 + i)
        assert np.array_equal(alone, obs[i]) and np.array_equal(told["task"], info["task"][i])
    rng = np.random.default_rng(1)
    for _ in range(12):
        actions = rng.uniform(-1, 1, (3, 6)).astype(np.float32)
        obs, rew, _, truncated, info = vector.step(actions)
        for i, env in enumerate(singles):
            alone, r, _, over, _ = env.step(actions[i])
            assert r == rew[i] and over == truncated[i]
            if over:
                assert np.array_equal(alone, info["final_obs"][i])
                alone, _ = env.reset()
            assert np.array_equal(alone, obs[i])


def ends():
    """The time limit truncates; what comes next is as the mode says."""
    rest = np.zeros((2, 2), np.float32)
    env = kshot.make_vec("point", 2, horizon=3, seed=1)
    env.reset()
    seen = [env.step(rest) for _ in range(5)]
    assert env.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert [s[3].all() for s in seen] == [False, False, True, False, False] and not any(s[2].any() for s in seen)
    assert (seen[3][1] == 0).all() and (seen[2][4]["task"] != seen[3][4]["task"]).all()
    env = kshot.make_vec("point", 2, horizon=3, autoreset_mode="Disabled")
    env.reset(seed=1)
    for _ in range(3):
        env.step(rest + 1)
    obs, _ = env.reset(options={"reset_mask": np.array([True, False])})
    assert env.step(rest)[3].tolist() == [False, True] and (obs[0] == 0).all() and (obs[1] != 0).any()
    # who has missed the end is told again
    env = kshot.make("point", horizon=2)
    env.reset(seed=1)
    seen = [env.step(rest[0] + 1) for _ in range(5)]
    assert [s[2:4] for s in seen] == [(False, False)] + [(False, True)] * 4
    assert all(s[1] == 0 and np.array_equal(s[0], seen[1][0]) for s in seen[2:])
    env.reset()
    assert env.step(rest[0])[2:4] == (False, False)
    # the cart tips over: that is terminated, not truncated
    env = kshot.make("cart-pole-rand")
    env.reset(seed=1)
    for _ in range(env.horizon):
        _, _, terminated, truncated, _ = env.step(np.ones(env.action_space.shape, np.float32))
        if terminated or truncated:
            break
    assert terminated and not truncated
    assert env.step(np.ones(env.action_space.shape, np.float32))[1:4] == (0, True, False)
    env = kshot.make_vec("half-cheetah-vel", 2)
    env.reset(seed=1)
    obs, rew, terminated, _, info = env.step(np.array([[np.nan] * 6, [0] * 6]))
    assert terminated.tolist() == [True, False] == info["unstable"].tolist() and rew[0] == 0 and np.isfinite(obs).all()


def tasks():
    env = kshot.make_vec("half-cheetah-vel", 4, task=1.5)
    assert (env.reset(seed=1)[1]["task"] == 1.5).all()
    env.set_task(np.arange(4)[:, None] / 2)
    assert (env.reset()[1]["task"][:, 0] == np.arange(4) / 2).all()
    env.set_task({"velocity": 0.25})
    assert (env.reset()[1]["task"] == 0.25).all()
    drawn = env.reset(options={"task": None})[1]["task"]
    assert len(set(drawn[:, 0])) == 4 and (drawn >= 0).all() and (drawn <= 2).all()
    assert env.task_numbers[0].unit == "m/s" and env.task_numbers[0].trained == (0, 2)
    # rewards are for the task: after the same step, the difference is that of |v - goal|
    a, b = (kshot.make("half-cheetah-vel", task=t) for t in (0.0, 2.0))
    for one in (a, b):
        one.reset(seed=3)
    action = np.full(6, 0.5, np.float32)
    (obs_a, rew_a, *_), (obs_b, rew_b, *_) = a.step(action), b.step(action)
    assert np.array_equal(obs_a, obs_b) and rew_a != rew_b
    assert kshot.make("half-cheetah-vel", append_task=True).observation_space.shape[0] == 1 + obs_a.size


def threads():
    """C is called without the GIL: Python goes on, and environments are stepped side by side."""
    env, steps = kshot.make_vec("half-cheetah-vel", 1000, seed=1, threads=1), [0]
    env.reset()
    actions, seen = np.zeros((1000, 6), np.float32), collections.Counter()

    def play_on():
        for _ in range(20):
            env.step(actions)
            steps[0] += 1

    thread = threading.Thread(target=play_on)
    thread.start()
    while steps[0] < 20 and thread.is_alive():
        seen[steps[0]] += 1
        time.sleep(0.0001)
    thread.join()
    assert steps == [20] and max(seen.values()) > 5, seen  # if it were held, one or two looks at most while a step is made
    first = env.step(actions)[0]
    kept = first.copy()
    env.step(actions)
    assert np.array_equal(first, kept)  # arrays are nobody else's
    # a forked process, in which the threads of the parent are not
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(fork_play, ()).get(60) == pool.apply_async(fork_play, ()).get(60)


def fork_play():
    return float(play(kshot.make_vec("half-cheetah-vel", 8, horizon=5), 10, 1).sum())


def pictures():
    env = kshot.make_vec("half-cheetah-vel", 2, render_mode="rgb_array", size=(160, 120), task=[[0.5], [1.5]])
    env.reset(seed=1)
    before = env.render()
    for _ in range(10):
        env.step(env.action_space.sample())
    after = env.render()
    assert len(after) == 2 and after[0].shape == (120, 160, 3) and after[0].dtype == np.uint8
    assert (before[0] != after[0]).any() and (after[0] != after[1]).any() and after[0].std() > 10
    # another one draws, and goes: each has its own pictures
    other = kshot.make("point", render_mode="rgb_array", size=(200, 100))
    other.reset(seed=1)
    theirs = other.render()
    assert np.array_equal(env.render(), after) and np.array_equal(other.render(), theirs)
    other.close()
    assert np.array_equal(env.render(), after)
    env.close()
    assert kshot.make("point").render() is None


def closed():
    """Nothing is done with an environment that is closed, or was copied."""
    single = kshot.make("point", render_mode="rgb_array")
    with kshot.make("point") as left:
        left.reset(seed=1)
    vector = kshot.make_vec("point", 2, render_mode="rgb_array")
    for env, action in ((single, np.zeros(2)), (left, np.zeros(2)), (vector, np.zeros((2, 2)))):
        env.reset(seed=1) if env is not left else None
        for again in (copy.copy, copy.deepcopy, pickle.dumps):
            fails(TypeError, ["cannot be copied; make another"], again, env)
        env.close()
        env.close()
        fails(kshot.Error, ["step: the environment is closed"], env.step, action)
        fails(kshot.Error, ["reset: the environment is closed"], env.reset)
        fails(kshot.Error, ["reset: the environment is closed"], env.reset, seed=1)
        fails(kshot.Error, ["set_task: the environment is closed"], env.set_task, (1, 1))
        fails(kshot.Error, ["set_task: the environment is closed"], env.reset, options={"task": None})
        if env.render_mode:
            fails(kshot.Error, ["render: the environment is closed"], env.render)


def refusals():
    env = kshot.make_vec("half-cheetah-vel", 2)
    refused(["half-cheetah-veel", "half-cheetah-vel"], kshot.make, "half-cheetah-veel")
    refused(["task", "1 numbers"], kshot.make, "half-cheetah-vel", task=[1, 2])
    refused(["velocity", "1e+09"], kshot.make, "half-cheetah-vel", task=1e9)
    refused(["num_envs"], kshot.make_vec, "point", 0)
    refused(["horizon"], kshot.make_vec, "point", 1, horizon=0)
    refused(["render_mode", "human"], kshot.make, "point", render_mode="human")
    refused(["threads"], kshot.make_vec, "point", 1, threads=0)
    env.reset()
    refused(["actions", "2 x 6"], env.step, np.zeros((2, 5)))
    refused(["actions", "(6, 2)", "2 x 6"], env.step, np.zeros((6, 2)))
    refused(["seed"], env.reset, seed=-1)
    refused(["3 tasks for 2 worlds"], env.set_task, np.zeros((3, 1)))
    bandit = kshot.make("bandit-5")
    bandit.reset()
    refused(["0 to 4"], bandit.step, 5)
    # sizes are taken as they are, or not at all
    for name, call in (("horizon", lambda n: kshot.make("point", horizon=n)), ("num_envs", lambda n: kshot.make_vec("point", n)),
                       ("threads", lambda n: kshot.make_vec("point", 1, threads=n)), ("seed", lambda n: env.reset(seed=n)),
                       ("size", lambda n: kshot.make("point", size=(n, 100)))):
        refused([f"{name}: {2**64 + 1} is not from"], call, 2**64 + 1)
        for wrong in (1.9, "3"):
            fails(TypeError, [f"{name}: {wrong!r} is no whole number"], call, wrong)
    refused(["size: 0 is not from 64"], kshot.make, "point", size=(0, 0))
    refused(["size", "(width, height)"], kshot.make, "point", size=100)
    refused(["name", "zero byte"], kshot.make, "point\0")


def baselines():
    try:
        from stable_baselines3 import PPO
    except ImportError:
        print("stable_baselines3 is not here: not tried")
        return
    model = PPO("MlpPolicy", kshot.make("half-cheetah-vel", task=1.0), n_steps=256, device="cpu", seed=1)
    model.learn(1024)


for test in (checkers, seeds, ends, tasks, threads, pictures, closed, refusals, baselines):
    began = time.monotonic()
    test()
    print(f"{test.__name__}: {time.monotonic() - began:.2f} s")
