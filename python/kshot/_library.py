"""The shared library, the types of python/kshot_api.h, and errors."""

from __future__ import annotations

import ctypes
import importlib.util
import json
import operator
import os
import pathlib
import re
from ctypes import POINTER, Structure, c_bool, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint8, c_uint64, c_void_p
from typing import Any

import numpy as np

MUJOCO = "4.0.1"


class Error(Exception):
    """What went wrong, in one line: the same that the command prints, with arguments of Python for its options."""


class BadInput(Error, ValueError):
    """An Error about what was handed in: a setting, a file, a task."""


class CError(Structure):
    _fields_ = [("code", c_int), ("text", ctypes.c_char * 1024)]


FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


# ---- loading -------------------------------------------------------------------------------------------------------------------

def _check_processor() -> None:
    try:
        flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return
    if "avx2" not in flags or "fma" not in flags:
        raise ImportError("this processor has no AVX2 and FMA, which kshot needs")


def _folder() -> pathlib.Path:
    """Of the libraries: beside this file, or, to try a build without installing it, where KSHOT_LIBRARY says."""
    return pathlib.Path(os.environ.get("KSHOT_LIBRARY") or pathlib.Path(__file__).parent)


def _load_mujoco() -> None:
    """The one of the package mujoco-core, which the library then takes, as its name is the one that it asks for."""
    spec = importlib.util.find_spec("mujoco")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        path = pathlib.Path(place) / f"libmujoco.so.{MUJOCO}"
        if path.exists():
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
            return
    found = f"{places[0]} is another version" if places else "there is no package mujoco"
    raise ImportError(f"kshot needs MuJoCo {MUJOCO}, and {found}: pip install mujoco-core=={MUJOCO}")


def _load() -> ctypes.CDLL:
    _check_processor()
    _load_mujoco()
    # the threads of OpenMP read this when they are loaded: those that wait sleep, since between two calls Python works, and where
    # others want the cores spinning costs far more than waking up
    ours = "OMP_WAIT_POLICY" not in os.environ
    if ours:
        os.environ["OMP_WAIT_POLICY"] = "passive"
    try:
        # its functions are there for environments in shared libraries, which call those of whoever loads them
        return ctypes.CDLL(str(_folder() / "libkshot_python.so"), mode=ctypes.RTLD_GLOBAL)
    finally:
        if ours:
            del os.environ["OMP_WAIT_POLICY"]


def load_camera() -> ctypes.CDLL:
    """The library for pictures, when one is asked for: it needs libEGL."""
    global _camera
    if _camera is None:
        try:
            _camera = ctypes.CDLL(str(_folder() / "libkshot_python_camera.so"))
        except OSError as error:
            raise Error(f"pictures need EGL, which is not here (Debian: libegl1 and libgl1-mesa-dri): {error}") from None
        declare(_camera, "ks_api_camera_create", c_void_p, c_void_p, c_int, c_int, POINTER(CError))
        declare(_camera, "ks_api_camera_destroy", None, c_void_p)
        declare(_camera, "ks_api_camera_shoot", c_bool, c_void_p, c_void_p, c_size_t, c_void_p, c_void_p, POINTER(CError))
    return _camera


def declare(library: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> None:
    function = getattr(library, name)
    function.restype = result
    function.argtypes = arguments


# ---- types of kshot_api.h ----------------------------------------------------------------------------------------------------------

class EnvFacts(Structure):
    _fields_ = [(n, c_char_p) for n in ("name", "file", "summary", "task_summary")] + [
        (n, c_int) for n in ("obs_dim", "act_dim", "num_actions", "task_dim", "horizon", "nq", "nv")] + [("dt", c_double)]


class TaskNumber(Structure):
    _fields_ = [("name", c_char_p), ("unit", c_char_p), ("trained", c_double * 2), ("known", c_double * 2)]


class Step(Structure):
    _fields_ = [(n, c_void_p) for n in ("obs", "rew", "terminated", "truncated", "unstable", "task", "final_obs")]


class ModelFacts(Structure):
    _fields_ = [(n, c_int) for n in ("inputs", "outputs", "head", "act_cols", "noise_cols", "inner_steps")] + [
        ("acts", c_bool)] + [(n, c_size_t) for n in ("theta", "params", "num_tensors")]


class Tensor(Structure):
    _fields_ = [("name", ctypes.c_char * 32), ("ndim", c_int), ("shape", c_size_t * 4), ("offset", c_size_t)]


class Sampling(Structure):
    _fields_ = [("steps", c_int), ("num_lr", c_int), ("lr", c_void_p), ("trajectories", c_int64), ("horizon", c_int64),
                ("gae_lambda", c_double), ("seed", c_int64), ("threads", c_int), ("deterministic", c_bool)]


class Values(Structure):
    _fields_ = [("metric", c_void_p), ("length", c_void_p), ("loss", c_void_p)]


class Problem(Structure):
    _fields_ = [("settings", POINTER(c_char_p)), ("count", c_int), ("data", c_char_p), ("split", c_int), ("curve", c_void_p)]


class Examples(Structure):
    _fields_ = [("tasks", c_size_t), ("rows", c_void_p), ("x", c_void_p), ("y", c_void_p)]


class Trajectories(Structure):
    _fields_ = [("n", c_size_t), ("rows", c_size_t)] + [(n, c_void_p) for n in ("traj_start", "obs", "act", "rew", "terminated")]


class RolloutArrays(Structure):
    _fields_ = [(n, c_size_t) for n in ("n", "rows", "broken")] + [
        (n, c_void_p) for n in ("traj_start", "obs", "act", "head", "logp", "rew", "terminated", "qpos", "qvel", "qpos_last",
                                "qvel_last", "task")]


ON_ROW = ctypes.CFUNCTYPE(c_bool, c_char_p, POINTER(c_double), c_size_t)
ON_WARNING = ctypes.CFUNCTYPE(None, c_char_p)


class Training(Structure):
    _fields_ = [("config", c_char_p), ("directory", c_char_p), ("settings", POINTER(c_char_p)), ("count", c_int),
                ("start", c_int), ("threads", c_int), ("on_row", ON_ROW), ("on_warning", ON_WARNING)]


class FitSettings(Structure):
    _fields_ = [("inputs", c_int), ("outputs", c_int), ("num_hidden", c_int), ("hidden", POINTER(c_int)), ("classes", c_bool),
                ("tanh", c_bool), ("inner_steps", c_int), ("learned", c_int), ("first_order", c_bool), ("per_step", c_bool),
                ("inner_lr", c_double), ("outer_lr", c_double), ("seed", c_int64), ("threads", c_int)]


# ---- functions of kshot_api.h -------------------------------------------------------------------------------------------------------

_camera: ctypes.CDLL | None = None
lib = _load()
_E, _P = POINTER(CError), c_void_p
for _name, _result, *_arguments in (
    ("ks_api_cores", c_int),
    ("ks_api_env_name", c_char_p, c_size_t),
    ("ks_api_env_open", _P, c_char_p, c_bool, _E),
    ("ks_api_env_close", None, _P),
    ("ks_api_env_describe", EnvFacts, _P),
    ("ks_api_env_task_number", c_bool, _P, c_int, POINTER(TaskNumber)),
    ("ks_api_env_check_task", c_bool, _P, _P, _E),
    ("ks_api_env_held_out_tasks", None, _P, c_uint64, c_size_t, _P),
    ("ks_api_worlds_create", _P, _P, c_size_t, c_size_t, c_int, _E),
    ("ks_api_worlds_destroy", None, _P),
    ("ks_api_worlds_seed", None, _P, c_size_t, c_uint64),
    ("ks_api_worlds_set_task", None, _P, c_size_t, _P),
    ("ks_api_worlds_reset", None, _P, _P, _P, _P, c_int),
    ("ks_api_worlds_step", None, _P, _P, POINTER(Step), c_int),
    ("ks_api_worlds_physics", None, _P, c_size_t, _P, _P),
    ("ks_api_model_load", _P, c_char_p, c_bool, c_char_p, _E),
    ("ks_api_model_destroy", None, _P),
    ("ks_api_model_copy", _P, _P, _E),
    ("ks_api_model_save", c_bool, _P, c_char_p, c_bool, _E),
    ("ks_api_model_set_place", None, _P, c_char_p, c_char_p),
    ("ks_api_model_describe", ModelFacts, _P),
    ("ks_api_model_info", _P, _P),
    ("ks_api_free", None, _P),
    ("ks_api_model_params", _P, _P),
    ("ks_api_model_tensor", Tensor, _P, c_size_t),
    ("ks_api_model_forward", c_bool, _P, c_char_p, _P, c_size_t, _P, c_size_t, _P, _E),
    ("ks_api_model_sample", None, _P, _P, c_size_t, _P, _P, _P),
    ("ks_api_evaluate_policy", c_bool, _P, _P, c_size_t, POINTER(Sampling), POINTER(Values), POINTER(_P), _E),
    ("ks_api_evaluate_examples", c_bool, _P, POINTER(Problem), c_size_t, POINTER(Sampling), POINTER(Values), POINTER(_P), _E),
    ("ks_api_adapt_to_examples", _P, _P, POINTER(Examples), POINTER(Sampling), _P, _E),
    ("ks_api_adapt_to_trajectories", _P, _P, POINTER(Trajectories), c_int, POINTER(Sampling), _E),
    ("ks_api_rollout_create", _P, _P, _P, POINTER(Sampling), _E),
    ("ks_api_rollout_destroy", None, _P),
    ("ks_api_rollout_get", RolloutArrays, _P),
    ("ks_api_train", c_bool, POINTER(Training), _E),
    ("ks_api_fit_create", _P, POINTER(FitSettings), _E),
    ("ks_api_fit_destroy", None, _P),
    ("ks_api_fit_iterate", c_bool, _P, POINTER(Examples), POINTER(Examples), _P, _E),
    ("ks_api_fit_model", _P, _P, _E),
):
    declare(lib, _name, _result, *_arguments)


# options of the command that its messages name
_ARGUMENTS = {"--resume=auto": 'resume="auto"', "--resume": "resume=True", "--force": "force=True", "--best": "best=True",
              "--data": "data", "-o": "out", "-e": "env", "-s": "settings", "`kshot envs`": "kshot.environments()"}
_OPTION = re.compile(rf"(?<![^\s(])({'|'.join(map(re.escape, _ARGUMENTS))})(?![^\s:,;)])( [A-Z]+\b)?")


def text_of(text: bytes) -> str:
    """A message of the command in Python's words: "-o DIR" is out=DIR, "-s KEY=VALUE" the setting alone."""
    said = re.sub(r"(?<!\S)-s (?=\S+=)", "", text.decode(errors="replace"))
    return _OPTION.sub(lambda found: _ARGUMENTS[found[1]] + (found[2] or "").replace(" ", "="), said)


def error_of(error: CError) -> Error:
    return (BadInput if error.code == BAD_INPUT else Error)(text_of(error.text))


def call(function: Any, *arguments: Any) -> Any:
    """What the function gives; its error is raised. The GIL is not held meanwhile."""
    error = CError()
    result = function(*arguments, ctypes.byref(error))
    if not result:
        raise error_of(error)
    return result


def _plain(value: Any) -> Any:
    """What JSON does not know: numbers and arrays of NumPy, and paths."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError


def assignments(settings: dict[str, Any], prefix: str = "") -> list[str]:
    """ "KEY=YAML" of every setting; {"inner": {"lr": 0.1}} is {"inner.lr": 0.1}. """
    out = []
    for key, value in settings.items():
        if isinstance(value, dict):
            out += assignments(value, f"{prefix}{key}.")
            continue
        try:
            # as it is typed, since YAML does not read all that JSON escapes
            out.append(f"{prefix}{key}={json.dumps(value, ensure_ascii=False, default=_plain)}")
        except (TypeError, ValueError):
            raise BadInput(f"{prefix}{key}: {value!r} is no value of a setting") from None
    return out


def _whole_text(text: bytes, name: str) -> bytes:
    """For C, where a text ends at its first zero byte."""
    if b"\0" in text:
        raise BadInput(f"{name}: {os.fsdecode(text)!r} has a zero byte")
    return text


def strings(texts: list[str]) -> Any:
    return (c_char_p * max(1, len(texts)))(*[_whole_text(t.encode(), "settings") for t in texts])


def path_bytes(path: Any, name: str) -> bytes:
    return _whole_text(os.fsencode(path), name)


def whole(value: Any, name: str, low: int = 1, high: int = 2**31 - 1) -> int:
    """A whole number from low to high."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: {value!r} is no whole number") from None
    if not low <= number <= high:
        raise BadInput(f"{name}: {number} is not from {low} to {high}")
    return number


def is_true(value: Any) -> bool:
    """Whether a callback ends training: only by True, Python's or NumPy's, since it may return anything."""
    return isinstance(value, (bool, np.bool_)) and bool(value)


def pointer(array: np.ndarray | None) -> int | None:
    """Of a C-contiguous array, which the caller keeps."""
    return None if array is None else array.ctypes.data


# ---- threads ------------------------------------------------------------------------------------------------------------------------

_forked = False


def _after_fork() -> None:
    global _forked
    _forked = True


os.register_at_fork(after_in_child=_after_fork)


_CORES = lib.ks_api_cores()


def thread_count(threads: int | None) -> int:
    """How many threads to use. A forked process has 1, since OpenMP does not survive a fork."""
    count = _CORES if threads is None else whole(threads, "threads", 1, 1024)
    return 1 if _forked else count
