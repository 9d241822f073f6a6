"""How fast a model learns, on tasks that it was not trained on."""

from __future__ import annotations

import ctypes
import dataclasses
import os
from typing import Any, Sequence

import numpy as np

from . import _library as c
from ._library import lib
from ._models import Model, Policy, _Values, drawn_problem, sampling


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What kshot.evaluate found."""

    metric: str
    """what value is: "return", "mse" or "accuracy" """
    task: np.ndarray | None
    """(tasks, task_dim); None of models that learn from examples"""
    gradient_step: np.ndarray
    """(steps + 1,) 0, 1, …"""
    value: np.ndarray
    """(tasks, steps + 1)"""
    length: np.ndarray
    """(tasks, steps + 1) mean number of timesteps of a trajectory; 0 where there are none"""
    loss: np.ndarray
    """(tasks, steps + 1) of the examples that it is judged on; 0 of policies"""

    def mean(self) -> np.ndarray:
        """(steps + 1,) over tasks."""
        return self.value.mean(axis=0)

    def interval(self) -> np.ndarray:
        """(steps + 1,) half of a 95 % interval of the mean over tasks."""
        n = len(self.value)
        return 1.96 * self.value.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.zeros(self.value.shape[1])

    def to_pandas(self) -> Any:
        """A DataFrame with a row for each task and gradient step."""
        import pandas

        tasks, columns = self.value.shape
        data: dict[str, Any] = {"task": np.repeat(np.arange(tasks), columns)}
        for d in range(0 if self.task is None else self.task.shape[1]):
            data[f"goal_{d}"] = np.repeat(self.task[:, d], columns)
        data["gradient_step"] = np.tile(self.gradient_step, tasks)
        data[self.metric] = self.value.ravel()
        if self.length.any():
            data["length"] = self.length.ravel()
        if self.loss.any():
            data["loss"] = self.loss.ravel()
        return pandas.DataFrame(data)


def evaluate(model: Policy | Model, tasks: int | Any = None, steps: int | None = None, *, trajectories: int | None = None,
             seed: int = 1, lr: float | Sequence[float] | None = None, horizon: int | None = None,
             gae_lambda: float | None = None, threads: int | None = None, settings: dict[str, Any] | None = None,
             data: str | os.PathLike | None = None, split: str | None = None) -> Evaluation:
    """A model's return, error or accuracy after 0 … `steps` gradient steps: the numbers of `kshot eval`.

    tasks: how many held-out ones, which follow from the seed (default 40, of models that learn from examples 600), or of policies
    (n, task_dim) tasks. steps: default 3, of models that learn from examples 10. lr: the size of each step, of learned step sizes a
    factor; the last serves all further ones; default: the policy's own, or what its environment's protocol says. trajectories: per
    task and step; it, horizon and gae_lambda are of policies. settings: of models that learn from examples, as of Model.adapt. data,
    split: of models of images, as of `kshot eval`: "train", "validation" or "test" (default)."""
    if not isinstance(model, (Policy, Model)):
        raise TypeError(f"model: {model!r} is no model; kshot.load(path) reads one")
    policy = isinstance(model, Policy)
    if policy:
        _refuse("models that learn from examples, and this is a policy", settings=settings, data=data, split=split)
    else:
        _refuse("policies, and this model learns from examples", trajectories=trajectories, horizon=horizon, gae_lambda=gae_lambda)
    if split is not None and model.info["problem"] != "images":
        _refuse(f"models of images, and this one is of problem: {model.info['problem']}", split=split)
    steps = (3 if policy else 10) if steps is None else steps
    how = sampling(steps, lr, trajectories, horizon, gae_lambda, seed, threads)
    if policy:
        env = model._env
        number = np.ndim(tasks) == 0 and not isinstance(tasks, dict)
        chosen = env.held_out(_count(tasks, 40), seed) if number else env.tasks(tasks, seed, "tasks")
        values = _Values(len(chosen), how.steps)
        c.call(lib.ks_api_evaluate_policy, model._handle, c.pointer(chosen), len(chosen), ctypes.byref(how),
               ctypes.byref(values.c), None)
        return Evaluation("return", chosen, np.arange(how.steps + 1), values.metric, values.length, values.loss)
    count, problem = _count(tasks, 600), drawn_problem(settings, data, "test" if split is None else split)
    values = _Values(count, how.steps)
    c.call(lib.ks_api_evaluate_examples, model._handle, ctypes.byref(problem), count, ctypes.byref(how), ctypes.byref(values.c),
           None)
    return Evaluation("accuracy" if model.classifies else "mse", None, np.arange(how.steps + 1), values.metric, values.length,
                      values.loss)


def _count(tasks: Any, default: int) -> int:
    return c.whole(default if tasks is None else tasks, "tasks", 1, 10**6)


def _refuse(whose: str, **arguments: Any) -> None:
    """Arguments that only other models take."""
    for name, value in arguments.items():
        if value is not None:
            raise c.BadInput(f"{name} is for {whose}")
