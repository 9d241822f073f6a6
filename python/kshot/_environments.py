"""Environments of kshot as Gymnasium has them: one world (make), or many that are stepped together (make_vec)."""

from __future__ import annotations

import ctypes
import dataclasses
import os
import threading
from typing import Any, Sequence

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from . import _library as c
from ._library import BadInput, lib

# a task: one number, all numbers, or some of them by name
Task = "float | Sequence[float] | np.ndarray | dict[str, float]"

_AUTORESET = {AutoresetMode.NEXT_STEP: 0, AutoresetMode.SAME_STEP: 1, AutoresetMode.DISABLED: 2}


@dataclasses.dataclass(frozen=True)
class TaskNumber:
    """One number of a task: its unit, the range that training draws it from, and what it may be at all."""

    name: str
    unit: str
    trained: tuple[float, float]
    known: tuple[float, float]


def environments() -> list[str]:
    """The names of the environments that ship with kshot."""
    names, i = [], 0
    while (name := lib.ks_api_env_name(i)) is not None:
        names.append(name.decode())
        i += 1
    return names


class Description:
    """An open environment: what there is to know of it."""

    def __init__(self, name: Any, append_task: bool = False):
        self.handle: int | None = None
        self.handle = c.call(lib.ks_api_env_open, c.path_bytes(name, "name"), append_task)
        facts = lib.ks_api_env_describe(self.handle)
        self.name, self.summary = facts.name.decode(), facts.summary.decode()
        self.reference = os.fsdecode(facts.file) or self.name  # by which it is opened again
        self.task_summary = (facts.task_summary or b"").decode()
        self.obs_dim, self.act_dim, self.num_actions = facts.obs_dim, facts.act_dim, facts.num_actions
        self.task_dim, self.horizon, self.nq, self.nv, self.dt = facts.task_dim, facts.horizon, facts.nq, facts.nv, facts.dt
        self.task_numbers = self._numbers()

    def _numbers(self) -> list[TaskNumber]:
        numbers, n = [], c.TaskNumber()
        for i in range(self.task_dim):
            if lib.ks_api_env_task_number(self.handle, i, ctypes.byref(n)):
                numbers.append(TaskNumber(n.name.decode(), (n.unit or b"").decode(), tuple(n.trained), tuple(n.known)))
        return numbers

    def held_out(self, count: int, seed: int = 1) -> np.ndarray:
        """(count, task_dim) tasks that follow from the seed alone: those of `kshot eval`."""
        tasks = np.empty((count, self.task_dim))
        lib.ks_api_env_held_out_tasks(self.handle, seed, count, c.pointer(tasks))
        return tasks

    def tasks(self, task: Any, seed: int = 1, argument: str = "task") -> np.ndarray:
        """(n, task_dim) from whatever a task was given as, checked."""
        if isinstance(task, dict):
            task = self._named(task, seed, argument)
        tasks = np.array(task, dtype=np.float64, order="C")
        if tasks.ndim == 0 or (tasks.ndim == 1 and self.task_dim == tasks.size):
            tasks = tasks.reshape(1, -1)
        if tasks.ndim != 2 or tasks.shape[1] != self.task_dim:
            raise BadInput(f"{argument}: an array of {tasks.shape}; a task of {self.name} has {self.task_dim} numbers "
                           f"({self.task_summary})")
        for row in tasks:
            try:
                c.call(lib.ks_api_env_check_task, self.handle, c.pointer(row))
            except BadInput as error:
                raise BadInput(f"{argument}: {error}") from None
        return tasks

    def _named(self, values: dict[str, float], seed: int, argument: str) -> np.ndarray:
        names = [n.name for n in self.task_numbers]
        task = self.held_out(1, seed)
        for name, value in values.items():
            if name not in names:
                raise BadInput(f"{argument}: tasks of {self.name} have no number '{name}'; "
                               f"they have {', '.join(names) or 'no names'}")
            task[0, names.index(name)] = value
        return task

    def spaces(self) -> tuple[gymnasium.Space, gymnasium.Space]:
        """Of observations and actions."""
        observation = gymnasium.spaces.Box(-np.inf, np.inf, (self.obs_dim,), np.float32)
        if self.num_actions > 0:
            return observation, gymnasium.spaces.Discrete(self.num_actions)
        return observation, gymnasium.spaces.Box(-1, 1, (self.act_dim,), np.float32)

    def close(self) -> None:
        if self.handle is not None:
            lib.ks_api_env_close(self.handle)
            self.handle = None

    def __del__(self) -> None:
        self.close()


class _Camera:
    """Pictures of worlds, made in the thread that asked for the first."""

    def __init__(self, description: Description, size: tuple[int, int]):
        self.lib, self.size, self.thread = c.load_camera(), size, threading.get_ident()
        self.description = description
        self.handle = c.call(self.lib.ks_api_camera_create, description.handle, *size)

    def shoot(self, states: np.ndarray, task: np.ndarray) -> np.ndarray:
        rgb = np.empty((self.size[1], self.size[0], 3), np.uint8)
        states, task = np.ascontiguousarray(states, np.float64), np.ascontiguousarray(task, np.float64)
        c.call(self.lib.ks_api_camera_shoot, self.handle, c.pointer(states), len(states), c.pointer(task), c.pointer(rgb))
        return rgb

    def close(self) -> None:
        if self.handle is not None and threading.get_ident() == self.thread:
            self.lib.ks_api_camera_destroy(self.handle)
        self.handle = None


class _Worlds:
    """Worlds in C, and what both kinds of environments do with them."""

    def __init__(self, name: Any, count: int, task: Any, horizon: int | None, render_mode: str | None, threads: int | None,
                 autoreset: AutoresetMode, append_task: bool, size: tuple[int, int]):
        count = c.whole(count, "num_envs", 1, 10**6)
        if render_mode not in (None, "rgb_array"):
            raise BadInput(f"render_mode: '{render_mode}' is neither None nor 'rgb_array'")
        c.thread_count(threads)
        self.handle: int | None = None
        self.camera: _Camera | None = None
        self.description = d = Description(name, append_task)
        # without physics, steps are done before other threads have woken up
        self.threads = 1 if threads is None and d.nq == 0 and count < 4096 else threads
        self.count, self.autoreset, self.size = count, autoreset, _check_size(size)
        self.horizon = d.horizon if horizon is None else c.whole(horizon, "horizon")
        self.handle = c.call(lib.ks_api_worlds_create, d.handle, count, self.horizon, _AUTORESET[autoreset])
        self.task = np.zeros((count, d.task_dim))
        self.done = np.zeros(count, bool)
        self.obs: np.ndarray | None = None
        self.ways: list[list[np.ndarray]] | None = [[] for _ in range(count)] if render_mode else None
        self.set_task(task)

    def open(self, what: str) -> int:
        """The worlds in C, for what is to be done with them."""
        if self.handle is None:
            raise c.Error(f"{what}: the environment is closed")
        return self.handle

    def set_task(self, task: Any) -> None:
        handle = self.open("set_task")
        if task is None:
            for i in range(self.count):
                lib.ks_api_worlds_set_task(handle, i, None)
            return
        tasks = self.description.tasks(task)
        if len(tasks) not in (1, self.count):
            raise BadInput(f"task: {len(tasks)} tasks for {self.count} worlds; one, or one for each")
        for i in range(self.count):
            lib.ks_api_worlds_set_task(handle, i, c.pointer(tasks[i % len(tasks)]))

    def seed(self, world: int, seed: int) -> None:
        lib.ks_api_worlds_seed(self.open("reset"), world, seed & (2**64 - 1))

    def reset(self, mask: np.ndarray | None = None) -> np.ndarray:
        handle = self.open("reset")
        obs = np.empty((self.count, self.description.obs_dim), np.float32)
        marks = None if mask is None else np.ascontiguousarray(mask, np.uint8)
        self.task = np.empty_like(self.task)
        lib.ks_api_worlds_reset(handle, c.pointer(marks), c.pointer(obs), c.pointer(self.task), c.thread_count(self.threads))
        started = np.ones(self.count, bool) if mask is None else mask
        self.done = self.done & ~started
        self._follow(obs, started)
        return obs

    def step(self, act: np.ndarray) -> tuple[np.ndarray, ...]:
        """obs, rewards, terminated, truncated, unstable, task, final_obs"""
        handle = self.open("step")
        if self.obs is None:
            raise c.Error("step: call reset first")
        n, d = self.count, self.description
        act = np.ascontiguousarray(act, np.float32)
        if act.size != n * max(1, d.act_dim) or (act.ndim > 1 and len(act) != n):
            raise BadInput(f"actions: an array of {act.shape}; {n} x {max(1, d.act_dim)} numbers are needed")
        obs, rew = np.empty((n, d.obs_dim), np.float32), np.empty(n)
        flags = np.empty((3, n), np.bool_)
        task = np.empty((n, d.task_dim))
        final = np.empty_like(obs) if self.autoreset is AutoresetMode.SAME_STEP else None
        at = flags.ctypes.data
        out = c.Step(obs.ctypes.data, rew.ctypes.data, at, at + n, at + 2 * n, task.ctypes.data, c.pointer(final))
        lib.ks_api_worlds_step(handle, act.ctypes.data, ctypes.byref(out), c.thread_count(self.threads))
        done = flags[0] | flags[1]
        started = done if final is not None else self.done if self.autoreset is AutoresetMode.NEXT_STEP else np.zeros(n, bool)
        self.task, self.done = task, done
        self._follow(obs, started)
        return obs, rew, flags[0], flags[1], flags[2], task, final

    def check_actions(self, actions: Any) -> np.ndarray:
        actions = np.asarray(actions)
        n = self.description.num_actions
        if n > 0 and not (actions.dtype.kind in "iub" and ((actions >= 0) & (actions < n)).all()):
            raise BadInput(f"actions: {actions} are not all whole numbers from 0 to {n - 1}")
        return actions

    def _follow(self, obs: np.ndarray, started: np.ndarray) -> None:
        """Where the worlds have been since their episodes began, for pictures."""
        self.obs = obs
        if self.ways is None:
            return
        d = self.description
        for i in range(self.count):
            state = obs[i, :2].astype(np.float64)
            if d.nq > 0:
                state, speed = np.empty(d.nq), np.empty(d.nv)
                lib.ks_api_worlds_physics(self.handle, i, c.pointer(state), c.pointer(speed))
            if started[i]:
                self.ways[i] = []
            self.ways[i].append(state)

    def render(self, world: int) -> np.ndarray | None:
        if self.ways is None:
            return None
        self.open("render")
        if self.obs is None:
            raise c.Error("render: call reset first")
        if self.camera is None or self.camera.thread != threading.get_ident():
            self.camera = _Camera(self.description, self.size)
        return self.camera.shoot(np.array(self.ways[world]), self.task[world])

    def fps(self) -> int:
        return max(1, round(1 / self.description.dt)) if self.description.dt > 0 else 20

    def close(self) -> None:
        if self.camera is not None:
            self.camera.close()
            self.camera = None
        if self.handle is not None:
            lib.ks_api_worlds_destroy(self.handle)
            self.handle = None
            self.description.close()

    def __del__(self) -> None:
        if getattr(self, "handle", None) is not None:
            self.close()


def _check_seed(seed: Any) -> int:
    return c.whole(seed, "seed", 0, 2**64 - 1)


def _check_size(size: Any) -> tuple[int, int]:
    """(width, height) of pictures, as viewer/plate.h has them."""
    if np.shape(size) != (2,):
        raise BadInput(f"size: {size!r} is not (width, height)")
    return c.whole(size[0], "size", 64, 4096), c.whole(size[1], "size", 64, 4096)


def _not_copied(env: Any) -> Any:
    """Of environments, for copy and pickle."""
    raise TypeError("an environment cannot be copied; make another one")


class VectorEnv(gymnasium.vector.VectorEnv):
    """Many worlds of an environment, stepped by one call on all cores: make_vec makes it.

    Observations are (num_envs, obs_dim) float32, actions (num_envs, act_dim) float32, clipped to [-1, 1] by the environment, or
    (num_envs,) whole numbers, rewards (num_envs,) float64. Arrays are new ones at every step. info["task"] (num_envs, task_dim)
    are the tasks that the rewards are for; info["unstable"] (num_envs,), where it is present, says whose physics broke down: that
    ends the episode (terminated) with reward 0. With AutoresetMode.SAME_STEP, info["final_obs"] and info["final_info"] are of the
    episodes that ended, as Gymnasium has them."""

    def __init__(self, name: Any, num_envs: int, *, task: Any = None, horizon: int | None = None, seed: int | None = None,
                 render_mode: str | None = None, threads: int | None = None,
                 autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP, append_task: bool = False,
                 size: tuple[int, int] = (480, 360)):
        mode = AutoresetMode(autoreset_mode)
        self._worlds = w = _Worlds(name, num_envs, task, horizon, render_mode, threads, mode, append_task, size)
        self.num_envs, self.render_mode, self.horizon = w.count, render_mode, w.horizon
        self.metadata = {"render_modes": ["rgb_array"], "render_fps": w.fps(), "autoreset_mode": mode}
        self.single_observation_space, self.single_action_space = w.description.spaces()
        self.observation_space = batch_space(self.single_observation_space, w.count)
        self.action_space = batch_space(self.single_action_space, w.count)
        self._start_seed = None if seed is None else _check_seed(seed)

    @property
    def name(self) -> str:
        """The environment's."""
        return self._worlds.description.name

    @property
    def task(self) -> np.ndarray:
        """(num_envs, task_dim) the tasks of the episodes under way."""
        return self._worlds.task.copy()

    @property
    def task_numbers(self) -> list[TaskNumber]:
        """What the numbers of a task are."""
        return self._worlds.description.task_numbers

    def set_task(self, task: Any) -> None:
        """From every world's next episode on: one task for all, (num_envs, task_dim), or None: drawn anew for each episode."""
        self._worlds.set_task(task)

    def _seed_worlds(self, seed: Any, mask: np.ndarray | None) -> None:
        if seed is None and self._start_seed is not None:
            seed = self._start_seed
        elif seed is None and self._worlds.obs is None:
            seed = int(self.np_random.integers(2**63))
        self._start_seed = None
        if seed is None:
            return
        if np.ndim(seed) == 0:
            seed = _check_seed(seed)
            super().reset(seed=seed)
            seeds: Sequence[Any] = [seed + i for i in range(self.num_envs)]
        else:
            seeds = list(seed)
        if len(seeds) != self.num_envs:
            raise BadInput(f"seed: {len(seeds)} seeds for {self.num_envs} worlds")
        for i, s in enumerate(seeds):
            if s is not None and (mask is None or mask[i]):
                self._worlds.seed(i, _check_seed(s))

    def reset(self, *, seed: int | Sequence[int | None] | None = None,
              options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict[str, Any]]:
        """Starts episodes in all worlds, or those of options["reset_mask"] (num_envs,). World i of seed s has the tasks and start
        states that make(name) has with seed s + i. options["task"] is as set_task."""
        options = options or {}
        mask = options.get("reset_mask")
        if mask is not None and (not isinstance(mask, np.ndarray) or mask.dtype != bool or mask.shape != (self.num_envs,)):
            raise BadInput(f"options['reset_mask']: an array of {self.num_envs} bools is needed")
        if mask is not None and self._worlds.obs is None:
            mask = None
        if "task" in options:
            self.set_task(options["task"])
        self._seed_worlds(seed, mask)
        obs = self._worlds.reset(mask)
        return obs, {"task": self._worlds.task, "_task": np.ones(self.num_envs, bool)}

    def step(self, actions: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """actions: (num_envs, act_dim) float, or (num_envs,) whole numbers."""
        w = self._worlds
        obs, rew, terminated, truncated, unstable, task, final = w.step(w.check_actions(actions))
        every = np.ones(self.num_envs, bool)
        info: dict[str, Any] = {"task": task, "_task": every}
        if unstable.any():
            info["unstable"], info["_unstable"] = unstable, unstable
        if final is not None and w.done.any():
            ended = np.full(self.num_envs, None, dtype=object)
            for i in np.flatnonzero(w.done):
                ended[i] = final[i]
            info["final_obs"], info["_final_obs"] = ended, w.done
            info["final_info"], info["_final_info"] = {"task": task, "_task": w.done}, w.done
        return obs, rew, terminated, truncated, info

    def render(self) -> tuple[np.ndarray, ...] | None:
        """A picture (height, width, 3) uint8 of each world; None without render_mode."""
        return None if self.render_mode is None else tuple(self._worlds.render(i) for i in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        self._worlds.close()

    __reduce__ = _not_copied

    def __repr__(self) -> str:
        return f"kshot.VectorEnv({self.name!r}, num_envs={self.num_envs})"


class Env(gymnasium.Env):
    """One world: make makes it. Observations are (obs_dim,) float32, actions (act_dim,) float32 or a whole number; info["task"]
    (task_dim,) is the task that rewards are for. After the end of an episode it stays where it is, with reward 0, terminated or
    truncated as at the end, until reset."""

    def __init__(self, name: Any, *, task: Any = None, horizon: int | None = None, render_mode: str | None = None,
                 append_task: bool = False, size: tuple[int, int] = (480, 360)):
        self._worlds = w = _Worlds(name, 1, task, horizon, render_mode, 1, AutoresetMode.DISABLED, append_task, size)
        self.render_mode, self.horizon = render_mode, w.horizon
        self.metadata = {"render_modes": ["rgb_array"], "render_fps": w.fps()}
        self.observation_space, self.action_space = w.description.spaces()

    @property
    def name(self) -> str:
        """The environment's."""
        return self._worlds.description.name

    @property
    def task(self) -> np.ndarray:
        """(task_dim,) the task of the episode under way."""
        return self._worlds.task[0].copy()

    @property
    def task_numbers(self) -> list[TaskNumber]:
        """What the numbers of a task are."""
        return self._worlds.description.task_numbers

    def set_task(self, task: Any) -> None:
        """From the next episode on; None: drawn anew for each."""
        self._worlds.set_task(task)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict[str, Any]]:
        """options["task"] is as set_task."""
        super().reset(seed=None if seed is None else _check_seed(seed))
        if options and "task" in options:
            self.set_task(options["task"])
        if seed is not None:
            self._worlds.seed(0, int(seed))
        elif self._worlds.obs is None:
            self._worlds.seed(0, int(self.np_random.integers(2**63)))
        return self._worlds.reset()[0], {"task": self.task}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """action: (act_dim,) numbers, clipped to [-1, 1] by the environment, or a whole number."""
        w = self._worlds
        obs, rew, terminated, truncated, unstable, task, _ = w.step(w.check_actions(action))
        info: dict[str, Any] = {"task": task[0]}
        if unstable[0]:
            info["unstable"] = True
        return obs[0], float(rew[0]), bool(terminated[0]), bool(truncated[0]), info

    def render(self) -> np.ndarray | None:
        """A picture (height, width, 3) uint8; None without render_mode."""
        return None if self.render_mode is None else self._worlds.render(0)

    def close(self) -> None:
        self._worlds.close()

    __reduce__ = _not_copied


def make_vec(name: Any, num_envs: int, task: Any = None, horizon: int | None = None, seed: int | None = None,
             render_mode: str | None = None, *, threads: int | None = None,
             autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP, append_task: bool = False,
             size: tuple[int, int] = (480, 360)) -> VectorEnv:
    """A Gymnasium VectorEnv of `num_envs` worlds.

    name: of an environment (environments()), or the path of an environment's file. task: one for all worlds, (num_envs, task_dim),
    {"name": value}, or None: drawn anew at each episode from the distribution that training has. horizon: timesteps of an episode
    (default: the environment's). seed: of the first reset, where that gives none. threads: default all cores. append_task:
    observations end with the task, as oracles see it. size: width and height of pictures."""
    return VectorEnv(name, num_envs, task=task, horizon=horizon, seed=seed, render_mode=render_mode, threads=threads,
                     autoreset_mode=autoreset_mode, append_task=append_task, size=size)


def make(name: Any, task: Any = None, horizon: int | None = None, render_mode: str | None = None, *,
         append_task: bool = False, size: tuple[int, int] = (480, 360)) -> Env:
    """A Gymnasium Env of one world; arguments as of make_vec."""
    return Env(name, task=task, horizon=horizon, render_mode=render_mode, append_task=append_task, size=size)


def register() -> None:
    """gymnasium.make("kshot/half-cheetah-vel"), once kshot is imported; those whose names have a / by make alone."""
    for name in environments():
        if "/" not in name:
            gymnasium.register(f"kshot/{name}", entry_point="kshot:Env", vector_entry_point="kshot:VectorEnv",
                               kwargs={"name": name})
