"""A call: one function, computed by a worker in one piece, whose caller waits for what it returns."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple

import numpy as np

import runs
from runs.chain import Chain, function
from runs.pool import LIVE

LOOK = 0.1  # seconds between two looks whether whoever waits still wants it


class Call(NamedTuple):
    """A function as "package.module:name", and its arguments; their `repr` must tell them apart (arrays' does not)."""

    function: str
    arguments: tuple[Any, ...]


def begin(call: Call) -> Call:
    """Return the state before the call, which is the call."""
    return call


def advance(call: Call, seconds: float) -> tuple[None, tuple[Any, ...]]:
    """Call the function, whatever time it takes; its result is reported as bytes."""
    result = function(call.function)(*call.arguments)
    told = np.frombuffer(pickle.dumps(result, pickle.HIGHEST_PROTOCOL), np.uint8)
    return None, (1, 1, {}, {"result": told})


def results(calls: Iterable[Call], who: Hashable, still: Callable[[], object] = lambda: None) -> list[Any]:
    """Return what the calls return; the workers compute them side by side, in the turns of `who`.

    `still` is called meanwhile, and may raise an exception to give up. Raises `Refused` where a call fails. Results are
    not kept by the pool.
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
