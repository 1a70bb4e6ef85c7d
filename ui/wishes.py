"""Parse the events of the stage, such as clicks, as the browser reports them; no other module does.

A browser may send anything. Each function takes what was sent and returns a typed value, or raises `Refused` with a
sentence for the reader.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from figures.contract import Paint, PickCell, PickContender, PickPlace, PickStep, Start
from spec import N_, Refused
from ui.page_state import PageState

W = TypeVar("W")
MOST = 60  # points of a stroke; the browser sends no more
LARGEST = 10**9  # the largest count or index


def taking(state: PageState, read: Callable[[object], W], act: Callable[[W], None]) -> Callable[[object], None]:
    """Return a handler that calls `act` with the event parsed by `read`; the page shows a refusal."""

    def take(value: object) -> None:
        try:
            act(read(value))
        except Refused as refusal:
            state.refuse(refusal)

    return take


def start(value: object) -> Start:
    """Return the starting point that was clicked or dragged to. Raises Refused."""
    refusal = Refused(N_("The starting point must be two numbers."))
    return {"at": _point(_field(value, "at", refusal), refusal), "dragging": _field(value, "dragging", None) is True}


def place(value: object) -> PickPlace:
    """Return the place on a map that was clicked. Raises Refused."""
    refusal = Refused(N_("The cell must be given by two numbers."))
    return {"at": _point(_field(value, "at", refusal), refusal)}


def cell(value: object) -> PickCell:
    """Return the cell of a search that was clicked, counted from 1. Raises Refused."""
    refusal = Refused(N_("The combination must be given by its number."))
    return {"cell": _count(_field(value, "cell", refusal), 1, refusal)}


def step(value: object) -> PickStep:
    """Return the step at which the reader has stopped, counted from 1. Raises Refused."""
    refusal = Refused(N_("The step must be given by its number."))
    return {"at": _count(_field(value, "at", refusal), 1, refusal)}


def contender(value: object) -> PickContender:
    """Return the contender whose card was clicked, counted from 0. Raises Refused."""
    refusal = Refused(N_("The optimizer must be given by its number."))
    return {"contender": _count(_field(value, "contender", refusal), 0, refusal)}


def paint(value: object) -> Paint:
    """Return a stroke of the brush. Raises Refused."""
    refusal = Refused(N_("The drawing could not be read."))
    points = _field(value, "points", refusal)
    if not isinstance(points, list) or len(points) > MOST:
        raise refusal
    return {"points": [_point(point, refusal) for point in points], "up": _field(value, "up", None) is True}


def _field(value: object, name: str, refusal: Refused | None) -> object:
    """Return a field of an object; if it is missing, raise the given refusal or, without one, return None."""
    if isinstance(value, dict) and name in value:
        return value[name]
    if refusal is not None:
        raise refusal
    return None


def _number(value: object, refusal: Refused) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise refusal
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond the largest float
        raise refusal from None
    if not math.isfinite(number):
        raise refusal
    return number


def _point(value: object, refusal: Refused) -> list[float]:
    if not isinstance(value, list) or len(value) != 2:
        raise refusal
    return [_number(part, refusal) for part in value]


def _count(value: object, least: int, refusal: Refused) -> int:
    number = _number(value, refusal)
    if number != int(number) or not least <= number <= LARGEST:
        raise refusal
    return int(number)
