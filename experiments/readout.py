"""Numbers in a result, named by text: `test_score[0]`, `loss[1, -1]`. The text is parsed, never evaluated.

The results of all experiments are tuples of named arrays, so one small language serves every page: lessons use it to
name the value to compare with a printed one, and to state their claims.
"""

from __future__ import annotations

import operator
import re
from typing import Any

import numpy as np

from spec import N_, Refused

INDEX = r"-?\d+(?::-?\d+)?"
PLACE = re.compile(rf"(?P<name>[a-z_]+)(?:\[(?P<at>{INDEX}(?:\s*,\s*{INDEX})*)\])?")
CLAIM = re.compile(r"(?P<left>\S.*?)\s*(?P<sign><=|>=|<|>)\s*(?P<right>\S.*)")
TERM = re.compile(r"(?:(?P<times>[\d.]+)\s*\*\s*)?(?:(?P<of>[a-z]+)\((?P<several>.+)\)|(?P<one>.+))")
SIGNS = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
OF = {"min": np.min, "max": np.max, "mean": np.mean, "median": np.median}


def readout(result: Any, place: str) -> float:
    """Return the number at `place` in a result: the name of an array, and its indices, negative ones from the end.

    An array in `records`, or in another dict of arrays, is named like the arrays next to it. Raises `Refused` if the
    result has no such number.
    """
    value = _values(result, place)
    if value.ndim or value.dtype.kind not in "biuf":
        raise _nothing(place)
    return float(value)


def holds(result: Any, claim: str) -> bool:
    """Return whether a claim such as `loss[1, -1] < loss[0, -1]` or `theta[0, -1] > 0.26` is true of a result.

    Each side is a number or a sum of terms, with spaces around the signs: `val_score[0, 9] - val_score[1, 9]`. A term
    may have a factor, `2 * loss[0, -1]`, and may be the min, max, mean or median of several numbers, whose indices are
    slices as in Python: `median(val_loss[0:5, 60])`. Raises `Refused` if the claim is not valid, or names something
    that the result does not have.
    """
    left, sign, right = sides(result, claim)
    return bool(SIGNS[sign](left, right))


def sides(result: Any, claim: str) -> tuple[float, str, float]:
    """Return the number on the left of a claim, its sign, and the number on the right; see `holds`."""
    found = CLAIM.fullmatch(claim.strip())
    if found is None:
        raise Refused(
            N_("{claim} cannot be read as a claim. Write a claim such as loss[1, -1] < loss[0, -1]."), claim=claim[:80]
        )
    return _sum(result, found["left"]), found["sign"], _sum(result, found["right"])


def _sum(result: Any, text: str) -> float:
    first, *others = re.split(r"\s([+-])\s", text)
    signed = zip(others[::2], others[1::2], strict=True)
    return _term(result, first) + sum(_term(result, term) * (1 if sign == "+" else -1) for sign, term in signed)


def _term(result: Any, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        found = TERM.fullmatch(text.strip())
    if found is None or (found["of"] and found["of"] not in OF):
        raise _nothing(text)
    value = OF[found["of"]](_values(result, found["several"])) if found["of"] else readout(result, found["one"])
    return float(found["times"] or 1) * float(value)


def _values(result: Any, place: str) -> np.ndarray:
    found = PLACE.fullmatch(place.strip())
    value = _array(result, found["name"]) if found else None
    if found is None or value is None:
        raise _nothing(place)
    try:
        return np.asarray(np.asarray(value)[tuple(map(_index, found["at"].split(",") if found["at"] else ()))])
    except (IndexError, TypeError):
        raise _nothing(place) from None


def _index(text: str) -> int | slice:
    first, colon, end = text.partition(":")
    return slice(int(first), int(end)) if colon else int(first)


def _array(result: Any, name: str) -> Any:
    if name in getattr(result, "_fields", ()):
        return getattr(result, name)
    inside = [getattr(result, part) for part in getattr(result, "_fields", ())]
    return next((part[name] for part in inside if isinstance(part, dict) and name in part), None)


def _nothing(place: str) -> Refused:
    return Refused(N_("The result has no value named {place}."), place=place[:80])
