"""Converts values to text and back, for links and for the names of surfaces and optimizers with settings.

Nothing is evaluated: a value is a number, a word, or several of these with a separator.
"""

from __future__ import annotations

import dataclasses
import math
import re
import types
import typing
from collections.abc import Sequence
from typing import Any, TypeVar

from spec import N_, N_n, Refused, settings, type_hints

__all__ = ["INNER", "PART", "brief", "read_entry", "read_number", "read_value", "write_entry", "write_value"]

PART = "~"  # separates the parts of a value; like INNER it is never percent-encoded in a URL
INNER = "_"  # separates the parts of a part: numbers of a pair, settings of a schedule
S = TypeVar("S")


def brief(value: float, digits: int = 12) -> str:
    """Return a number with at most so many digits, its power of ten as people write it: 3e-9, not 3e-09."""
    return _shortened(f"{value:.{digits}g}")


def _shortened(number: str) -> str:
    return re.sub(r"e\+?(-?)0*(?=\d)", r"e\1", number)


def read_number(kind: type, text: str) -> Any:
    """Return `text` as an int or a float; raise `ValueError` if it is none, `Refused` if it lies beyond all floats."""
    number = kind(text)
    if isinstance(number, float):
        if math.isinf(number) and "inf" not in text.lower():
            raise Refused(N_("{value} is too large for a floating-point number; the largest is about 1.8e308."),
                          value=text.strip()[:80])  # fmt: skip
        if number == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
            raise Refused(N_("{value} is too small for a floating-point number; the smallest is about 5e-324."),
                          value=text.strip()[:80])  # fmt: skip
    return number


def write_value(value: Any, part: str = PART) -> str:
    """Return a field's value as text; `part` separates several numbers, or an entry and its settings."""
    if isinstance(value, tuple):
        return part.join(write_value(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if hasattr(value, "key"):
        return part.join(write_entry(value, type(value)(), INNER))
    return _shortened(repr(value).removesuffix(".0")) if isinstance(value, float) else str(value)


def read_value(kind: Any, text: str, name: str, part: str = PART) -> Any:
    """Return `text` as a value of type `kind`; raise `Refused` with the field's name if it is not one.

    A class of registry entries has a class method `of(key)`, which returns an entry with its default settings.
    """
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if text == "none":
            return None
        return read_value(next(one for one in inner if one is not types.NoneType), text, name, part)
    if origin is tuple:
        parts = text.split(part) if text else []
        if inner[-1] is not Ellipsis and len(parts) != len(inner):
            text = N_n("The link must give {name} as {number} number.",
                       "The link must give {name} as {number} numbers.", len(inner))  # fmt: skip
            raise Refused(text, name=name, number=len(inner))
        return tuple(read_value(inner[0], one, name) for one in parts)
    if kind is bool:
        if text not in ("yes", "no"):
            raise Refused(N_("The link sets {name} to {value}; it must be yes or no."), name=name, value=text)
        return text == "yes"
    if kind is str:
        return text
    if hasattr(kind, "of"):
        key, *parts = text.split(part)
        return read_entry(parts, kind.of(key), INNER)
    try:
        return read_number(kind, text)
    except Refused:  # it is a ValueError too
        raise
    except ValueError:
        raise Refused(N_("The link sets {name} to {value}; it must be a number."), name=name, value=text) from None


def write_entry(entry: Any, usual: Any, part: str = PART) -> list[str]:
    """Return the entry's key, then name and value of each setting that differs from `usual`, of the same class."""
    parts = [entry.key]
    for name in settings(entry):
        value = getattr(entry, name)
        if value != getattr(usual, name):
            parts += [name, write_value(value, INNER)]
    return parts


def read_entry(parts: Sequence[str], usual: S, part: str = PART) -> S:
    """Return `usual` with the settings in `parts`: name, value, name, value …"""
    entry: Any = usual
    if parts and not settings(entry):
        raise Refused(N_("The link has settings for {entry}, which has none."), entry=entry.title)
    kinds = type_hints(type(entry))
    if len(parts) % 2:
        raise Refused(N_("The link gives no value for {name} of {entry}."), name=parts[-1], entry=entry.title)
    values = {}
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        if name not in settings(entry):
            raise Refused(
                N_("The link sets {name} of {entry}, which has no such setting."), name=name, entry=entry.title
            )
        values[name] = read_value(kinds[name], text, name, INNER)
    return dataclasses.replace(entry, **values)  # at once: settings may depend on each other
