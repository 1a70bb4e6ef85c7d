"""Presets: experiments that start with one click, if this server's limits allow them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, NamedTuple, TypeVar

from spec import Refused
from spec.limits import allowed

S = TypeVar("S")


class Preset(NamedTuple, Generic[S]):
    """An experiment that starts with one click: its title, what it shows, its settings, and how the page shows them."""

    title: str
    note: str
    spec: S
    view: str = ""


def offered(presets: Mapping[str, Callable[[], Preset[S]]]) -> dict[str, Preset[S]]:
    """Return the presets, without those that exceed this server's limits."""
    tightened = any(allowed().tightened(name) for name in ("epochs", "seconds", "weights"))
    found = {}
    for key, make in presets.items():
        try:
            found[key] = make()
        except Refused:
            if not tightened:
                raise
    return found
