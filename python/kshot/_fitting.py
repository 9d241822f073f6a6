"""Meta-training on tasks of one's own, as arrays."""

from __future__ import annotations

import ctypes
import itertools
from typing import Any, Callable, Iterable, Iterator, Sequence

import numpy as np

from . import _library as c
from ._library import BadInput, lib
from ._models import Model, examples, numbers

_LEARNED = {False: 0, None: 0, "none": 0, "one": 1, "tensor": 2, "parameter": 3, True: 3}


class _Fit:
    """The object in C, and the shape of its examples."""

    def __init__(self, first: tuple[Any, ...], classes: int | None, hidden: Sequence[int], settings: dict[str, Any]):
        self.classes = classes is not None
        self.inputs = numbers(first[0], "tasks: x").shape[1]
        self.outputs = classes if classes is not None else numbers(first[1], "tasks: y").shape[1]
        self.inner_steps = settings["inner_steps"]
        sizes = (ctypes.c_int * max(1, len(hidden)))(*hidden)
        how = c.FitSettings(self.inputs, self.outputs, len(hidden), sizes, self.classes, **settings)
        self.handle = c.call(lib.ks_api_fit_create, ctypes.byref(how))

    def __del__(self) -> None:
        if getattr(self, "handle", None) is not None:
            lib.ks_api_fit_destroy(self.handle)

    def iterate(self, tasks: list[tuple[Any, ...]]) -> np.ndarray:
        """(inner_steps + 1,) the metric on the query, before and after steps."""
        sets = []
        for s in (0, 2):
            pairs = [examples(t[s], t[s + 1], self.inputs, self.outputs, self.classes) for t in tasks]
            x, y = (np.concatenate(arrays) for arrays in zip(*pairs))
            rows = np.array([len(p[0]) for p in pairs], np.int64)
            sets.append((c.Examples(len(tasks), c.pointer(rows), c.pointer(x), c.pointer(y)), rows, x, y))
        metric = np.zeros(self.inner_steps + 1)
        c.call(lib.ks_api_fit_iterate, self.handle, ctypes.byref(sets[0][0]), ctypes.byref(sets[1][0]), c.pointer(metric))
        return metric

    def model(self, history: np.ndarray) -> Model:
        return Model._of(c.call(lib.ks_api_fit_model, self.handle), history)


def _stream(tasks: Any, seed: int) -> Iterator[tuple[Any, ...]]:
    """One task after another."""
    rng = np.random.default_rng(seed)
    source: Iterator[Any] = iter(lambda: tasks(rng), object()) if callable(tasks) else iter(tasks)
    for number, task in enumerate(source):
        if not isinstance(task, (tuple, list)) or len(task) != 4:
            raise BadInput(f"tasks: task {number} is not (x_support, y_support, x_query, y_query)")
        yield task


def fit(tasks: Callable[[np.random.Generator], tuple[Any, ...]] | Iterable[tuple[Any, ...]], *, iterations: int = 1000,
        classes: int | None = None, hidden: Sequence[int] = (40, 40), activation: str = "relu", inner_steps: int = 1,
        inner_lr: float = 0.01, learn_step_sizes: bool | str = False, per_step: bool = False, first_order: bool = False,
        tasks_per_iteration: int = 25, outer_lr: float = 1e-3, callback: Callable[[dict[str, float]], Any] | None = None,
        seed: int = 1, threads: int | None = None) -> Model:
    """Meta-trains a network, so that `inner_steps` gradient steps on a task's support make it good on the task's query (MAML with exact
    second derivatives, or without them: first_order), by Adam.

    tasks: a function of a numpy.random.Generator that returns a task, or anything that yields tasks; a task is (x_support, y_support,
    x_query, y_query) with x (n, inputs) and y (n, outputs), or with classes, their number, y (n,) whole numbers from 0. n may differ
    from task to task. The loss is the mean squared error, or the cross entropy. If tasks end early, so does training.

    hidden: units of each hidden layer; activation: "relu" or "tanh". learn_step_sizes: also the sizes of the inner steps, from
    inner_lr on: "one", one a "tensor", or one a "parameter" (True); per_step: each step its own. outer_lr: of Adam. callback: gets a
    dict after every iteration, and ends training by returning True: iteration, and mse_0, mse_1, … or accuracy_0, …: on the query
    after so many steps, mean over tasks. history (iterations, inner_steps + 1) of the model has them all."""
    if activation not in ("relu", "tanh"):
        raise BadInput(f"activation: '{activation}' is not one of relu, tanh")
    if learn_step_sizes not in _LEARNED:
        raise BadInput(f"learn_step_sizes: {learn_step_sizes!r} is not one of False, True, one, tensor, parameter")
    iterations, per_iteration = c.whole(iterations, "iterations"), c.whole(tasks_per_iteration, "tasks_per_iteration")
    classes = None if classes is None else c.whole(classes, "classes")
    units = [c.whole(n, "hidden") for n in hidden]
    settings = {"tanh": activation == "tanh", "inner_steps": c.whole(inner_steps, "inner_steps"),
                "learned": _LEARNED[learn_step_sizes], "first_order": first_order, "per_step": per_step, "inner_lr": inner_lr,
                "outer_lr": outer_lr, "seed": c.whole(seed, "seed", 0, 2**63 - 1), "threads": c.thread_count(threads)}
    stream, run, history = _stream(tasks, seed), None, []
    name = "mse" if classes is None else "accuracy"
    for iteration in range(iterations):
        batch = list(itertools.islice(stream, per_iteration))
        if not batch:
            break
        run = run or _Fit(batch[0], classes, units, settings)
        history.append(run.iterate(batch))
        row = {"iteration": iteration, **{f"{name}_{j}": float(v) for j, v in enumerate(history[-1])}}
        if callback is not None and c.is_true(callback(row)):
            break
    if run is None:
        raise BadInput("tasks: there is none")
    return run.model(np.array(history))
