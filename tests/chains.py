"""Small chains for the tests of `runs`: they need only NumPy, and a test can pause, observe and break them."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from spec import N_, Refused


@dataclass(frozen=True)
class Walk:
    """Two random walks of `steps` steps; each step waits for the file `gate` and leaves a line in the file `log`.

    The step number n waits until the file `pace` has n bytes.
    """

    name: str = ""
    steps: int = 10
    gate: str = ""
    pace: str = ""
    log: str = ""
    pause: float = 0.0
    deadly: tuple[int, ...] = ()  # steps that kill the worker, once each (marked by files beside the log)


class State(NamedTuple):
    walk: Walk
    step: int
    position: np.ndarray
    random: dict[str, Any]


def begin(walk: Walk) -> State:
    seed = sum(map(ord, walk.name))
    return State(walk, 0, np.zeros(2), np.random.default_rng(seed).bit_generator.state)


def advance(state: State, seconds: float) -> tuple[State, tuple[Any, ...]]:
    walk, step, position, _ = state
    random = np.random.default_rng()
    random.bit_generator.state = state.random
    deadline = time.monotonic() + seconds
    path = [position] if step == 0 else []
    while step < walk.steps and (step == state.step or time.monotonic() < deadline):
        while walk.gate and not Path(walk.gate).exists():
            time.sleep(0.002)
        while walk.pace and Path(walk.pace).stat().st_size <= step:
            time.sleep(0.002)
        time.sleep(walk.pause)
        position = 0.9 * position + random.normal(size=2)
        path.append(position)
        step += 1
        if walk.log:
            with Path(walk.log).open("a") as log:
                log.write(f"{walk.name} {step} {os.getpid()}\n")
        if step in walk.deadly and not (mark := Path(f"{walk.log}.{walk.name}.{step}")).exists():
            mark.touch()
            die(state, seconds)
    report = (step, walk.steps, {"path": np.transpose(path)}, {"last": position, "step": step})
    return State(walk, step, position, random.bit_generator.state), report


def whole(walk: Walk) -> np.ndarray:
    """Return the undisturbed path [2, steps + 1], made here in one piece."""
    _, (_, _, grown, _) = advance(begin(replace(walk, gate="", pace="", log="", pause=0.0, deadly=())), np.inf)
    return grown["path"]


def die(state: Any, seconds: float) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def die_now() -> None:
    die(None, 0.0)


def warm() -> None:
    importlib.import_module("wave")


def spin(state: State, seconds: float) -> Any:
    """Never end, and never give the interpreter back for long; the log tells that it has begun."""
    Path(state.walk.log).touch()
    while True:
        pass


def chatter(state: State, seconds: float) -> Any:
    """Print, as Python does and as a library in C does, and read standard input to its end."""
    print("not an answer")  # noqa: T201
    os.write(1, b"not an answer")
    return advance(state, len(sys.stdin.read()))


def refuse(state: Any, seconds: float) -> Any:
    raise Refused(N_("The rate must be below {bound}, not {value}."), bound=1.5, value=complex(2, 1))


def refuse_until(state: State, seconds: float) -> Any:
    if not Path(state.walk.gate).exists():
        raise Refused(N_("Not yet."))
    return advance(state, seconds)


def crash_until(state: State, seconds: float) -> Any:
    return advance(state, seconds) if Path(state.walk.gate).exists() else crash(state, seconds)


def crash(state: Any, seconds: float) -> Any:
    raise ZeroDivisionError("by nothing")


def stand_still(state: State, seconds: float) -> Any:
    return state, (0, state.walk.steps)


def misfit(state: State, seconds: float) -> Any:
    """Report columns that do not fit those of the chunk before."""
    after, _ = advance(state, 0.0)
    return after, (after.step, state.walk.steps, {"path": np.zeros((after.step, 1))})


def tell_objects(state: State, seconds: float) -> Any:
    return state, (1, 1, {}, {"thing": object()})


def surroundings(state: State, seconds: float) -> Any:
    """Report the names of the modules imported in this process, and its settings for threads."""
    threads = [os.environ[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")]
    return state, (1, 1, {}, {"modules": sorted(sys.modules), "threads": threads, "pid": os.getpid()})
