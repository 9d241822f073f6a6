"""Meta-training into a run directory, as `kshot train` does it."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import warnings
from typing import Any, Callable

from . import _library as c
from ._library import BadInput, lib
from ._models import Model, Policy, load

_STARTS = {False: 0, "force": 1, True: 2, "auto": 3}


class _Session:
    """The callbacks of a run, and Ctrl-C: nothing may be raised through C, so what happens is noted, and the run stopped."""

    def __init__(self, callback: Callable[[dict[str, float]], Any] | None):
        self.callback, self.error, self.interrupted, self.stopped = callback, None, False, False
        self.before: Any = None
        self.main = threading.current_thread() is threading.main_thread()

    def on_signal(self, number: int, frame: Any) -> None:
        self.interrupted = True

    def __enter__(self) -> _Session:
        if self.main:
            self.before = signal.signal(signal.SIGINT, self.on_signal)
        return self

    def __exit__(self, *unused: Any) -> None:
        if self.main:
            signal.signal(signal.SIGINT, self.before if self.before is not None else signal.SIG_DFL)

    def on_row(self, columns: bytes, numbers: Any, count: int) -> bool:
        try:
            names = columns.decode().split(",")
            row = dict(zip(names, numbers[:count]))
            for name in ("iteration", "env_steps", "rejected_samples"):
                if name in row:
                    row[name] = int(row[name])
            if self.callback is not None and c.is_true(self.callback(row)):
                self.stopped = True
        except BaseException as error:  # raised again, when C is done
            self.error = error
        return self.interrupted or self.stopped or self.error is not None

    def on_warning(self, text: bytes) -> None:
        try:
            warnings.warn(c.text_of(text), RuntimeWarning, stacklevel=3)  # where train was called
        except BaseException as error:  # of those who make errors of warnings
            self.error = self.error or error


def train(config: str | os.PathLike | dict[str, Any], out: str | os.PathLike, *,
          callback: Callable[[dict[str, float]], Any] | None = None, resume: bool | str = False, force: bool = False,
          threads: int | None = None, settings: dict[str, Any] | None = None) -> Policy | Model:
    """Meta-trains what a config says into the run directory `out`, and loads the result.

    config: a YAML file, or a dict of its keys, nested or with points: {"env": "point", "inner": {"lr": 0.1}}; docs/manual.md lists
    them. settings: further keys that come before those of the file. callback: gets a dict after every iteration, the row of
    progress.csv; if it returns True, training ends there. Ctrl-C ends it after the iteration under way, with KeyboardInterrupt. In
    both cases the state is saved: resume=True goes on with it, resume="auto" also begins where there is none yet. force: what is
    in `out` is removed."""
    if resume not in (False, True, "auto"):
        raise BadInput(f"resume: {resume!r} is not one of False, True, 'auto'")
    if resume and force:
        raise BadInput("resume and force exclude each other")
    of_file = not isinstance(config, dict)
    texts = ([] if of_file else c.assignments(config)) + c.assignments(settings or {})
    session = _Session(callback)
    keys = c.strings(texts)
    training = c.Training(c.path_bytes(config, "config") if of_file else None, c.path_bytes(out, "out"), keys, len(texts),
                          _STARTS["force" if force else resume], c.thread_count(threads), c.ON_ROW(session.on_row),
                          c.ON_WARNING(session.on_warning))
    error = c.CError()
    with session:
        ok = lib.ks_api_train(ctypes.byref(training), ctypes.byref(error))
    if session.error is not None:
        raise session.error
    if session.interrupted:
        raise KeyboardInterrupt(c.text_of(error.text))
    if not ok and not (session.stopped and error.code == c.INTERRUPTED):
        raise c.error_of(error)
    return load(out)
