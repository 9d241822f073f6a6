"""Models and policies: files, acting, adaptation."""

from __future__ import annotations

import copy
import ctypes
import json
import os
import tempfile
import types
import warnings
from typing import Any, Sequence

import numpy as np

from . import _library as c
from ._environments import Description
from ._library import BadInput, lib

_GAUSSIAN, _CATEGORICAL, _SQUARED_ERROR = range(3)


def sampling(steps: int, lr: Any = None, trajectories: int | None = None, horizon: int | None = None,
             gae_lambda: float | None = None, seed: int = 1, threads: int | None = None, deterministic: bool = False) -> c.Sampling:
    """The arguments as C has them; the arrays are kept with it."""
    sizes = np.empty(0) if lr is None else np.array(lr, dtype=np.float64, ndmin=1)
    if lr is not None and (sizes.ndim != 1 or sizes.size == 0):
        raise BadInput(f"lr: an array of {sizes.shape}; a number, or one for each step, is needed")
    counts = [0 if value is None else c.whole(value, name, 1, 10**6)
              for name, value in (("trajectories", trajectories), ("horizon", horizon))]
    if gae_lambda is not None and not 0 <= gae_lambda <= 1:
        raise BadInput(f"gae_lambda: {gae_lambda} is not a number from 0 to 1")
    out = c.Sampling(c.whole(steps, "steps", 0, 64), len(sizes), c.pointer(sizes), *counts,
                     -1 if gae_lambda is None else gae_lambda, c.whole(seed, "seed", 0, 2**63 - 1), c.thread_count(threads),
                     deterministic)
    out.keep = sizes
    return out


def numbers(values: Any, name: str, dtype: Any = None) -> np.ndarray:
    """(n, numbers of a row), n > 0."""
    try:
        array = np.asarray(values, dtype=dtype)
        return array.reshape(len(array), -1)
    except (TypeError, ValueError):
        raise BadInput(f"{name}: it is no array with a row of numbers for each example") from None


def examples(x: Any, y: Any, inputs: int, outputs: int, classes: bool) -> tuple[np.ndarray, np.ndarray]:
    """Examples of a task as C wants them: x (n, inputs) float32, y (n, outputs) or (n,) classes, float32."""
    x, y = np.ascontiguousarray(numbers(x, "x", np.float32)), numbers(y, "y")
    if x.shape[1] != inputs:
        raise BadInput(f"x: {x.shape[1]} numbers of an example; the model takes {inputs}")
    if classes and y.dtype.kind not in "iub":
        raise BadInput(f"y: classes are whole numbers from 0 to {outputs - 1}, not {y.dtype}")
    y = np.ascontiguousarray(numbers(y, "y", np.float32))
    if len(y) != len(x) or y.shape[1] != (1 if classes else outputs):
        raise BadInput(f"y: an array of {y.shape}; {len(x)} x {1 if classes else outputs} is needed")
    return x, y


def one_task(x: np.ndarray, y: np.ndarray) -> c.Examples:
    rows = np.array([len(x)], np.int64)
    out = c.Examples(1, c.pointer(rows), c.pointer(x), c.pointer(y))
    out.keep = rows, x, y
    return out


class _Values:
    """(tasks, steps + 1) arrays that an evaluation fills."""

    def __init__(self, tasks: int, steps: int):
        self.metric, self.length, self.loss = (np.zeros((tasks, steps + 1)) for _ in range(3))
        self.c = c.Values(c.pointer(self.metric), c.pointer(self.length), c.pointer(self.loss))


class _Base:
    """What policies and other models have in common. copy.copy and copy.deepcopy are copy(); a model that is pickled is its file, which
    other processes can read."""

    _handle: int | None = None

    def __init__(self, *unused: Any, **also: Any):
        raise TypeError(f"a {type(self).__name__} is made by kshot.load, train or fit, and by adapt")

    @classmethod
    def _of(cls, handle: int, history: np.ndarray | None = None) -> Any:
        """What C has made, which it takes over."""
        self = cls.__new__(cls)
        self._handle = handle
        self._facts = lib.ks_api_model_describe(handle)
        self.history = history  # of an adapted one: return, error or accuracy after 0, 1, … gradient steps
        return self

    def __del__(self) -> None:
        if self._handle is not None:
            lib.ks_api_model_destroy(self._handle)
            self._handle = None

    @property
    def info(self) -> dict[str, Any]:
        """How it came to be, and how it is meant to be adapted: what its file says."""
        text = lib.ks_api_model_info(self._handle)
        if not text:
            raise c.Error("not enough memory")
        try:
            return json.loads(ctypes.string_at(text))
        finally:
            lib.ks_api_free(text)

    @property
    def inner_steps(self) -> int:
        """Gradient steps that it was trained for."""
        return self._facts.inner_steps

    def parameters(self) -> dict[str, np.ndarray]:
        """Its tensors by name, float32. They are views: what is written there, the model acts by. "inner.log_lr" are logarithms of
        learned step sizes."""
        size = self._facts.params
        memory = (ctypes.c_float * size).from_address(lib.ks_api_model_params(self._handle))
        memory.owner = self
        flat = np.frombuffer(memory, np.float32)
        out = {}
        for i in range(self._facts.num_tensors):
            t = lib.ks_api_model_tensor(self._handle, i)
            shape = tuple(t.shape[:t.ndim])
            count = int(np.prod(shape))
            out[t.name.decode()] = flat[t.offset:t.offset + count].reshape(shape)
        return out

    def copy(self) -> Any:
        """The same with parameters of its own."""
        return self._of(c.call(lib.ks_api_model_copy, self._handle), copy.copy(self.history))

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.copy()

    def _reference(self) -> str | None:
        """Of the environment that it acts in."""
        return None

    def __reduce__(self) -> tuple[Any, ...]:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.safetensors")
            self.save(path)
            with open(path, "rb") as file:
                data = file.read()
        info = self.info
        return _from_bytes, (data, self._reference(), info["path"], info["directory"], self.history)

    def save(self, path: str | os.PathLike, force: bool = False) -> None:
        """Writes it as a .safetensors file, which the command takes, too. What exists is replaced with force alone."""
        c.call(lib.ks_api_model_save, self._handle, c.path_bytes(path, "path"), force)

    def _forward(self, name: bytes, x: np.ndarray, norm: np.ndarray | None = None) -> np.ndarray:
        """Outputs (n, outputs) of x (n, inputs), which errors call by that name."""
        head = np.empty((len(x), self._facts.outputs), np.float32)
        c.call(lib.ks_api_model_forward, self._handle, name, c.pointer(x), len(x), c.pointer(norm),
               0 if norm is None else len(norm), c.pointer(head))
        return head

    def _rows(self, x: Any, what: str) -> np.ndarray:
        """(n, inputs) float32 of one row or many."""
        rows = np.ascontiguousarray(x, dtype=np.float32)
        inputs = self._facts.inputs
        if rows.ndim == 1 and inputs == rows.size:
            rows = rows[None]
        elif rows.ndim != 2 and rows.ndim > 0:
            rows = rows.reshape(len(rows), -1)
        if rows.ndim != 2 or rows.shape[1] != inputs or len(rows) == 0:
            raise BadInput(f"{what}: an array of {np.shape(x)}; ({inputs},) or (n, {inputs}) is needed")
        return rows

    def to_torch(self) -> Any:
        """A torch.nn.Sequential with copies of its weights, from inputs (n, inputs) to means, logits or predictions (n, outputs); of
        a Gaussian policy it has a parameter log_std. Of plain networks: dense layers, ReLU or tanh."""
        import torch

        info = self.info
        if "hidden" not in info:
            raise BadInput("to_torch: the network is a list of layers; take parameters() and build it")
        own, layers, i = self.parameters(), [], 0
        while f"mlp.{i}.weight" in own:
            weight = own[f"mlp.{i}.weight"]
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(weight.copy()))
                layer.bias.copy_(torch.from_numpy(own[f"mlp.{i}.bias"].copy()))
            layers += [torch.nn.ReLU() if info["activation"] == "relu" else torch.nn.Tanh(), layer] if i else [layer]
            i += 1
        module = torch.nn.Sequential(*layers)
        if "log_std" in own:
            module.register_parameter("log_std", torch.nn.Parameter(torch.from_numpy(own["log_std"].copy())))
        return module


class Policy(_Base):
    """A policy, which acts in an environment. load makes it."""

    _env: Description

    @classmethod
    def _of(cls, handle: int, history: np.ndarray | None = None, description: Description | None = None) -> Any:
        self = super()._of(handle, history)
        if description is None:
            info = self.info
            description = Description(info["env_file"] or info["env"])
        self._env = description
        return self

    def copy(self) -> Policy:
        """The same with parameters of its own."""
        return self._of(c.call(lib.ks_api_model_copy, self._handle), copy.copy(self.history), self._env)

    def _reference(self) -> str | None:
        return self._env.reference

    @property
    def env(self) -> str:
        """The environment's name."""
        return self._env.name

    def forward(self, obs: Any) -> np.ndarray:
        """Means of the actions (n, act_dim), or logits (n, actions), of observations (n, obs_dim)."""
        return self._forward(b"obs", self._rows(obs, "obs"))

    def act(self, obs: Any, deterministic: bool = False, rng: np.random.Generator | int | None = None) -> np.ndarray:
        """Actions (n, act_dim) float32, not clipped, or (n,) int64 of discrete ones, for observations (n, obs_dim); without n for one
        observation (obs_dim,). deterministic: the mean, or the likeliest. rng: a generator, or a seed."""
        rows = self._rows(obs, "obs")
        n, f = len(rows), self._facts
        head, logp = self._forward(b"obs", rows), np.empty(n, np.float32)
        act, noise = np.empty((n, f.act_cols), np.float32), None
        if not deterministic:
            generator = np.random.default_rng(rng)
            draw = generator.standard_normal if f.head == _GAUSSIAN else generator.random
            noise = draw((n, f.noise_cols), dtype=np.float32)
        lib.ks_api_model_sample(self._handle, c.pointer(head), n, c.pointer(noise), c.pointer(act), c.pointer(logp))
        if f.head == _CATEGORICAL:
            act = act[:, 0].astype(np.int64)
        return act[0] if np.ndim(obs) == 1 else act

    def _task(self, task: Any, seed: int) -> np.ndarray:
        if task is None:
            return self._env.held_out(1, seed)
        tasks = self._env.tasks(task, seed)
        if len(tasks) != 1:
            raise BadInput(f"task: {len(tasks)} tasks; one is needed")
        return tasks

    def adapt(self, task: Any = None, *, rollouts: dict[str, np.ndarray] | Sequence[dict[str, np.ndarray]] | None = None,
              steps: int | None = None, lr: float | Sequence[float] | None = None, trajectories: int | None = None,
              horizon: int | None = None, gae_lambda: float | None = None, seed: int = 1, threads: int | None = None) -> Policy:
        """The policy after gradient steps: the same numbers as `kshot adapt`.

        task: its numbers, {"name": value}, or None: the first held-out one of the seed. For each of `steps` (default: as many as it
        was trained for, or 1), `trajectories` are sampled from the policy as it then is. Where rollouts are given, one for each step,
        nothing is sampled: dicts as rollout() returns, of which obs, act, rew, traj_start and terminated are read; they may come from
        a robot, as long as the policy has acted. lr: the size of each step, of learned step sizes a factor; the last serves all
        further ones. What is not given is as the environment's protocol has it. history (steps + 1,) of the new one: mean returns;
        None with rollouts."""
        if rollouts is not None:
            if task is not None:
                raise BadInput("adapt: give a task or rollouts")
            if trajectories is not None or horizon is not None:
                raise BadInput("adapt: trajectories and horizon are of what is sampled, and rollouts are given")
            rollouts = [rollouts] if isinstance(rollouts, dict) else list(rollouts)
            if not rollouts:
                raise BadInput("rollouts: there is none; each step takes one")
            if steps is not None and steps != len(rollouts):
                raise BadInput(f"adapt: {len(rollouts)} rollouts for {steps} steps; each step takes one")
            policy = self
            for j, rollout in enumerate(rollouts):
                how = sampling(j + 1, lr, None, None, gae_lambda, seed, threads)
                policy = policy._step_on(rollout, j, how)
            return policy
        steps = (self.inner_steps or 1) if steps is None else steps
        how = sampling(steps, lr, trajectories, horizon, gae_lambda, seed, threads)
        values, adapted = _Values(1, how.steps), ctypes.c_void_p()
        c.call(lib.ks_api_evaluate_policy, self._handle, c.pointer(self._task(task, seed)), 1, ctypes.byref(how),
               ctypes.byref(values.c), ctypes.byref(adapted))
        return Policy._of(adapted.value, values.metric[0], self._env)

    def _step_on(self, rollout: dict[str, np.ndarray], step: int, how: c.Sampling) -> Policy:
        kinds = {"obs": np.float32, "act": np.float32, "rew": np.float32, "traj_start": np.int64, "terminated": np.bool_}
        try:
            given = {name: np.asarray(rollout[name]) for name in kinds}
            arrays = [np.ascontiguousarray(given[name], kind) for name, kind in kinds.items()]
        except (KeyError, TypeError, ValueError):
            raise BadInput(f"rollouts: a dict with arrays {', '.join(kinds)} is needed") from None
        for name in ("traj_start", "terminated"):
            if given[name].dtype.kind not in "iub":
                raise BadInput(f"rollouts: {name} has whole numbers, not {given[name].dtype}")
        obs, act, rew, start, terminated = arrays
        obs = self._rows(obs, "obs")
        n, f = len(obs), self._facts
        if act.ndim == 1 and act.size == n * f.act_cols:
            act = act.reshape(n, -1)
        if act.shape != (n, f.act_cols) or rew.shape != (n,) or len(start) < 2 or terminated.shape != (len(start) - 1,):
            raise BadInput(f"rollouts: obs {obs.shape}, act {act.shape}, rew {rew.shape}, traj_start {start.shape} and "
                           f"terminated {terminated.shape} do not fit each other")
        data = c.Trajectories(len(start) - 1, n, c.pointer(start), c.pointer(obs), c.pointer(act), c.pointer(rew),
                              c.pointer(terminated))
        handle = c.call(lib.ks_api_adapt_to_trajectories, self._handle, ctypes.byref(data), step, ctypes.byref(how))
        return Policy._of(handle, None, self._env)

    def rollout(self, task: Any = None, trajectories: int | None = None, *, steps: int = 0, horizon: int | None = None,
                deterministic: bool = False, lr: float | Sequence[float] | None = None, gae_lambda: float | None = None,
                seed: int = 1, threads: int | None = None) -> dict[str, np.ndarray]:
        """Trajectories of a task, after `steps` gradient steps on it, as `kshot rollout` writes them.

        Trajectory i is the timesteps traj_start[i] … traj_start[i + 1] - 1 of obs (T, obs_dim), act (T, act_dim), rew (T,), logp (T,),
        head (T, outputs: means or logits), and with physics qpos (T, nq), qvel (T, nv), before each action, qpos_last and qvel_last
        (n, …), after the last. terminated (n,): 1 where the environment ended it, 0 the time limit. task (n, task_dim). If some broke
        down, there is a RuntimeWarning."""
        how = sampling(steps, lr, trajectories, horizon, gae_lambda, seed, threads, deterministic)
        handle = c.call(lib.ks_api_rollout_create, self._handle, c.pointer(self._task(task, seed)), ctypes.byref(how))
        try:
            a, e, f = lib.ks_api_rollout_get(handle), self._env, self._facts
            shapes = {"traj_start": (a.n + 1,), "obs": (a.rows, f.inputs), "act": (a.rows, f.act_cols), "rew": (a.rows,),
                      "logp": (a.rows,), "head": (a.rows, f.outputs), "terminated": (a.n,), "task": (a.n, e.task_dim),
                      "qpos": (a.rows, e.nq), "qvel": (a.rows, e.nv), "qpos_last": (a.n, e.nq), "qvel_last": (a.n, e.nv)}
            kinds = {"traj_start": np.int64, "terminated": np.uint8, "task": np.float64}
            out = {}
            for name, shape in shapes.items():
                if getattr(a, name):
                    kind = np.dtype(kinds.get(name, np.float64 if name[0] == "q" else np.float32))
                    data = ctypes.string_at(getattr(a, name), int(np.prod(shape)) * kind.itemsize)
                    out[name] = np.frombuffer(bytearray(data), kind).reshape(shape)
            if a.broken > 0:
                warnings.warn(f"{a.broken} of {a.n} trajectories broke down and end there: the physics did, or a number was not finite",
                              RuntimeWarning, stacklevel=2)
            return out
        finally:
            lib.ks_api_rollout_destroy(handle)

    def __repr__(self) -> str:
        return f"kshot.Policy(env={self.env!r}, {self._facts.theta} parameters)"


class Model(_Base):
    """A model that learns from examples. load and fit make it."""

    @property
    def classifies(self) -> bool:
        """Whether it tells classes apart; else it predicts numbers."""
        return self._facts.head == _CATEGORICAL

    def forward(self, x: Any, norm: Any = None) -> np.ndarray:
        """Predictions or logits (n, outputs) for x (n, inputs), without n for one x (inputs,). norm (m, inputs): of models with batch
        norm, the examples whose statistics it takes (those that were learned from: inductive); default: x itself (transductive)."""
        rows = self._rows(x, "x")
        out = self._forward(b"x", rows, None if norm is None else self._rows(norm, "norm"))
        return out[0] if np.ndim(x) == 1 and self._facts.inputs == np.size(x) else out

    def predict(self, x: Any, norm: Any = None) -> np.ndarray:
        """Predictions (n, outputs), or the likeliest classes (n,) int64, for x (n, inputs). norm: as of forward."""
        out = self.forward(x, norm)
        return out.argmax(-1) if self.classifies else out

    def predict_proba(self, x: Any, norm: Any = None) -> np.ndarray:
        """Probabilities (n, classes) for x (n, inputs). norm: as of forward."""
        if not self.classifies:
            raise BadInput("predict_proba: the model predicts numbers, not classes")
        logits = self.forward(x, norm).astype(np.float64)
        out = np.exp(logits - logits.max(-1, keepdims=True))
        return out / out.sum(-1, keepdims=True)

    def adapt(self, x: Any = None, y: Any = None, steps: int | None = None, lr: float | Sequence[float] | None = None, *,
              task: Sequence[float] | None = None, settings: dict[str, Any] | None = None, data: str | os.PathLike | None = None,
              seed: int = 1, threads: int | None = None) -> Model:
        """The model after gradient steps on examples x (n, inputs) and y (n, outputs), or classes (n,) from 0.

        Without x, its own problem draws a task, as `kshot adapt` does: of the seed, or `task`: (amplitude, phase) of a sine curve;
        settings: of the problem ({"sinusoid.shots": 5}); data: where images are. steps: default as many as it was trained for. lr: the
        size of each step, of learned step sizes a factor. history (steps + 1,) of the new one: with x the loss on these examples, else
        the problem's metric on others."""
        steps = (self.inner_steps or 1) if steps is None else steps
        how = sampling(steps, lr, seed=seed, threads=threads)
        if x is None:
            return self._adapt_to_drawn(how, settings, data, task)
        if y is None or task is not None or settings or data is not None:
            raise BadInput("adapt: give x and y, or what its own problem is to draw")
        pair = examples(x, y, self._facts.inputs, self._facts.outputs, self.classifies)
        support = one_task(*pair)
        loss = np.zeros(how.steps + 1)
        handle = c.call(lib.ks_api_adapt_to_examples, self._handle, ctypes.byref(support), ctypes.byref(how), c.pointer(loss))
        return Model._of(handle, loss)

    def _adapt_to_drawn(self, how: c.Sampling, settings: Any, data: Any, task: Any) -> Model:
        values, adapted, problem = _Values(1, how.steps), ctypes.c_void_p(), drawn_problem(settings, data, task=task)
        c.call(lib.ks_api_evaluate_examples, self._handle, ctypes.byref(problem), 1, ctypes.byref(how), ctypes.byref(values.c),
               ctypes.byref(adapted))
        return Model._of(adapted.value, values.metric[0])

    def __repr__(self) -> str:
        kind = "classes" if self.classifies else "outputs"
        return f"kshot.Model({self._facts.inputs} inputs, {self._facts.outputs} {kind}, {self._facts.theta} parameters)"


SPLITS = types.MappingProxyType({"train": 0, "validation": 1, "test": 2})


def drawn_problem(settings: dict[str, Any] | None, data: Any, split: str = "test", task: Any = None) -> c.Problem:
    """What a model's own problem is to draw, as C has it."""
    if split not in SPLITS:
        raise BadInput(f"split: '{split}' is not one of train, validation, test")
    curve = None if task is None else np.array(task, dtype=np.float64)
    if curve is not None and curve.shape != (2,):
        raise BadInput(f"task: an array of {curve.shape}; a sine curve has 2 numbers (amplitude, phase)")
    if curve is not None and not np.isfinite(curve).all():
        raise BadInput(f"task: {task!r} has a number that is not finite")
    texts = c.assignments(settings or {})
    place = None if data is None else c.path_bytes(data, "data")
    out = c.Problem(c.strings(texts), len(texts), place, SPLITS[split], c.pointer(curve))
    out.keep = curve
    return out


def load(path: str | os.PathLike, best: bool = False, env: str | os.PathLike | None = None) -> Policy | Model:
    """Reads a model file, or of a run directory policy.safetensors, with best its best.safetensors. env: another environment than
    the policy's own, by name or file."""
    handle = c.call(lib.ks_api_model_load, c.path_bytes(path, "path"), best, None if env is None else c.path_bytes(env, "env"))
    if not lib.ks_api_model_describe(handle).acts:
        return Model._of(handle)
    return Policy._of(handle, None, None if env is None else Description(env))


def _from_bytes(data: bytes, env: str | None, path: str, directory: str, history: np.ndarray | None) -> Policy | Model:
    """A model that was pickled: its file, and what does not stand there."""
    with tempfile.TemporaryDirectory() as folder:
        copied = os.path.join(folder, "model.safetensors")
        with open(copied, "wb") as file:
            file.write(data)
        model = load(copied, env=env)
    lib.ks_api_model_set_place(model._handle, os.fsencode(path), os.fsencode(directory))
    model.history = history
    return model
