"""A call: one function that a worker computes in one piece while the caller waits for the result."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple

import numpy as np

import runs
from runs.chain import Chain, function
from runs.pool import LIVE

LOOK = 0.1  # seconds between two checks whether the caller still needs the result


class Call(NamedTuple):
    """A function as "package.module:name", and its arguments; different ones need a different `repr` (no arrays)."""

    function: str
    arguments: tuple[Any, ...]


def begin(call: Call) -> Call:
    """Return the initial state, which is the call itself."""
    return call


def advance(call: Call, seconds: float) -> tuple[None, tuple[Any, ...]]:
    """Call the function, however long it takes; its result is reported as bytes."""
    result = function(call.function)(*call.arguments)
    told = np.frombuffer(pickle.dumps(result, pickle.HIGHEST_PROTOCOL), np.uint8)
    return None, (1, 1, {}, {"result": told})


def results(calls: Iterable[Call], who: Hashable, still: Callable[[], object] = lambda: None) -> list[Any]:
    """Return what the calls return; the workers compute them in parallel, in the turns of `who`.

    `still` is called repeatedly meanwhile, and may raise an exception to cancel. Raises `Refused` if a call fails. The
    pool does not keep the results.
    """
    chains = [Chain("runs.call:begin", "runs.call:advance", call) for call in calls]
    found: list[Any] = []
    try:
        for chain in chains:
            runs.start(chain, who)
        for chain in chains:
            while (view := runs.start(chain, who).wait(LOOK, who=who)).state in (*LIVE, "cancelled"):
                still()
            if view.failure is not None:
                raise view.failure
            found.append(pickle.loads(view.result["result"].data))
    finally:
        for chain in chains:
            runs.drop(chain, who)
    return found
