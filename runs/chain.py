"""A chain: an experiment cut into pure chunks, each of which takes the previous chunk's state and returns the next.

A chain is two functions, named by dotted path so that only a worker process imports their modules:

    begin(spec)             -> state            the initial state
    advance(state, seconds) -> state, report    as many units of work (epochs, folds ...) as can begin within `seconds`,
                                                at least one

Neither changes its arguments, and the results do not depend on the process or on how the work is cut; only the length
of a chunk does. So a chunk can be repeated after a crash, and a chain can stop and resume later, in any process. A
state is anything that `pickle` can serialize; only `advance` reads it. A report is a tuple with the fields of `Report`.
"""

from __future__ import annotations

import importlib
import pickle
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from spec import N_, Refused

__all__ = ["Answer", "Chain", "Failure", "Report", "answer", "function"]


@dataclass(frozen=True)
class Chain:
    """An experiment that runs chunk by chunk: two functions as "package.module:name", and the Spec for `begin`."""

    begin: str
    advance: str
    spec: Any


class Report(NamedTuple):
    """What a chunk reports: `done` of `total` units, and what is new in the result.

    `grown` holds new columns, which are appended to the earlier ones along the last axis; `latest` holds arrays (or
    numbers) that replace earlier ones of the same name. A chunk sends what it added, never the whole result again.
    """

    done: int
    total: int
    grown: Mapping[str, ArrayLike] = {}
    latest: Mapping[str, ArrayLike] = {}


class Answer(NamedTuple):
    """A completed chunk: its pickled state, its report (as NumPy arrays), and the seconds `advance` took."""

    state: bytes
    report: Report
    seconds: float


class Failure(NamedTuple):
    """A chunk that raised an exception: the reason to show, and the traceback for the log (empty for `Refused`)."""

    reason: Refused
    trace: str


def answer(chain: bytes, state: bytes | None, seconds: float) -> Answer | Failure:
    """Compute one chunk of the pickled `chain` from the pickled `state` (None: from the beginning); runs in a worker.

    Outside the workers the state stays pickled and a report holds NumPy arrays, so the process that keeps them does not
    import the modules that made them.
    """
    try:
        spec: Chain = pickle.loads(chain)
        begin, advance = function(spec.begin), function(spec.advance)
        before = begin(spec.spec) if state is None else pickle.loads(state)
        started = time.perf_counter()
        after, report = advance(before, seconds)
        took = time.perf_counter() - started
        return Answer(pickle.dumps(after, pickle.HIGHEST_PROTOCOL), _plain(Report(*report)), took)
    except Exception as error:  # noqa: BLE001 (any exception of an experiment is returned to the caller)
        return failure(error)


def failure(error: Exception) -> Failure:
    """Return the exception as a `Failure` made of plain text, which any process can read."""
    if isinstance(error, Refused):
        plain = (str, int, float, type(None))
        values = {name: value if type(value) in plain else str(value) for name, value in error.values.items()}
        return Failure(Refused(error.text, **values), "")
    reason = Refused(N_("The computation stopped: {kind}: {message}"), kind=type(error).__name__, message=str(error))
    return Failure(reason, "".join(traceback.format_exception(error)))


def function(path: str) -> Any:
    """Return what a path "package.module:name" names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def _plain(report: Report) -> Report:
    return Report(int(report.done), int(report.total), _arrays(report.grown), _arrays(report.latest))


def _arrays(values: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
    arrays = {name: np.asarray(value) for name, value in values.items()}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"the report's {name!r} is not an array of numbers or text")
    return arrays
