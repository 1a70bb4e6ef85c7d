"""A number in a result, named by text: `test_score[0]`, `loss[1, -1]`. Read, never evaluated.

The results of all experiments are tuples of named arrays, so one small language serves every page: lessons name with
it the figure that stands beside a printed one, and what they claim.
"""

from __future__ import annotations

import operator
import re
from typing import Any

import numpy as np

from spec import N_, Refused

PLACE = re.compile(r"(?P<name>[a-z_]+)(?:\[(?P<at>-?\d+(?:\s*,\s*-?\d+)*)\])?")
CLAIM = re.compile(r"(?P<left>\S.*?)\s*(?P<sign><=|>=|<|>)\s*(?P<right>\S.*)")
SIGNS = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


def readout(result: Any, place: str) -> float:
    """Return the number at `place` in a result: the name of an array, and its indices, from the end where negative.

    A part of `records` or another dict of arrays is named like the arrays beside it. Raises `Refused` where the result
    has no such number.
    """
    found = PLACE.fullmatch(place.strip())
    value = _array(result, found["name"]) if found else None
    if found is None or value is None:
        raise Refused(N_("The result has nothing called {place}."), place=place[:80])
    at = tuple(int(part) for part in found["at"].split(",")) if found["at"] else ()
    try:
        return float(np.asarray(value)[at])
    except (IndexError, TypeError):
        raise Refused(N_("The result has nothing called {place}."), place=place[:80]) from None


def _array(result: Any, name: str) -> Any:
    if name in getattr(result, "_fields", ()):
        return getattr(result, name)
    inside = [getattr(result, part) for part in getattr(result, "_fields", ())]
    return next((part[name] for part in inside if isinstance(part, dict) and name in part), None)


def holds(result: Any, claim: str) -> bool:
    """Return whether a claim such as `loss[1, -1] < loss[0, -1]` or `theta[0, -1] > 0.26` is true of a result.

    Raises `Refused` where it is no claim, or names what the result does not have.
    """
    found = CLAIM.fullmatch(claim.strip())
    if found is None:
        raise Refused(N_("{claim} is no claim; write one such as loss[1, -1] < loss[0, -1]."), claim=claim[:80])
    left, right = (_number(result, found[side]) for side in ("left", "right"))
    return bool(SIGNS[found["sign"]](left, right))


def _number(result: Any, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return readout(result, text)
