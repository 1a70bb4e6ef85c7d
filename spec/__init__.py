"""A Spec is a frozen dataclass of plain values; everything else in the program is derived from it.

This package is the lowest layer. It describes the fields of a Spec (label, symbol, range), checks their values, and
identifies a Spec by its digest. It knows nothing of optimizers, surfaces, networks or pages.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import math
import sys
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from spec.limits import allowed, told
from spec.refusal import N_, Counted, N_n, Refused

__all__ = [
    "N_",
    "Counted",
    "N_n",
    "Refused",
    "Setting",
    "check",
    "digest",
    "listed",
    "same",
    "setting",
    "settings",
    "type_hints",
    "within",
]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Setting:
    """The description of one field of a Spec.

    `low` and `high` bound the slider; `minimum`, `maximum` (inclusive) and `below` (exclusive) bound what is valid.
    `log` asks for a logarithmic scale, `choices` lists the valid values, `optional` also allows None; `examples` are
    some of the valid values of a text. A switch with a `mistake` makes a well-known mistake; contenders that make it
    are named after it. `data` marks what determines the prepared data of a network. `limit` names the limit of this
    server (see `spec.limits`) that bounds the value itself, and `counts` those to which the value contributes.
    """

    label: str
    symbol: str = ""
    help: str = ""
    low: float | None = None
    high: float | None = None
    log: bool = False
    minimum: float | None = None
    maximum: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    optional: bool = False
    mistake: str = ""
    data: bool = False
    limit: str = ""
    counts: tuple[str, ...] = ()

    @property
    def most(self) -> float | None:
        """The largest valid value: `maximum`, or what this server allows."""
        return getattr(allowed(), self.limit) if self.limit else self.maximum

    @property
    def told(self) -> list[tuple[str, int]]:
        """The limits that this server has tightened: a sentence with {limit} in it, and the limit."""
        names = (*((self.limit,) if self.limit else ()), *self.counts)
        return [(told(name), getattr(allowed(), name)) for name in names if allowed().tightened(name)]


def setting(default: Any = dataclasses.MISSING, label: str = "", **facts: Any) -> Any:
    """Return a dataclass field that carries a `Setting(label, **facts)`; mark the label with `N_`."""
    metadata: Mapping[str, Setting] = {"setting": Setting(label, **facts)}
    return dataclasses.field(default=default, metadata=metadata)


def same(spec: type, name: str, default: Any) -> Any:
    """Return a dataclass field with the description of field `name` of another Spec, and a default of its own."""
    metadata = next(field.metadata for field in dataclasses.fields(spec) if field.name == name)
    return dataclasses.field(default=default, metadata=metadata)


def settings(spec: Any) -> dict[str, Setting]:
    """Return the `Setting` of every described field of a Spec (class or instance), in the order of definition.

    A registry entry that is not a dataclass has none.
    """
    return dict(_settings(spec if isinstance(spec, type) else type(spec)))


@functools.cache
def _settings(spec: type) -> dict[str, Setting]:
    if not dataclasses.is_dataclass(spec):
        return {}
    return {f.name: f.metadata["setting"] for f in dataclasses.fields(spec) if "setting" in f.metadata}


@functools.cache
def type_hints(spec: type) -> dict[str, Any]:
    """Return the types of the fields of a Spec's class; cached, as looking them up is too slow for each page run."""
    return typing.get_type_hints(spec)


def check(spec: Any) -> None:
    """Raise `Refused` if a described field has an invalid value; nested Specs check themselves."""
    for name, fact in settings(spec).items():
        _check_value(fact, getattr(spec, name), whole=name in _whole(type(spec)))


@functools.cache
def _whole(spec: type) -> frozenset[str]:
    """Return the fields whose type is int, int or None, or a tuple of int."""
    return frozenset(name for name, hint in type_hints(spec).items() if int in (hint, *typing.get_args(hint)))


def _check_value(fact: Setting, value: Any, *, whole: bool) -> None:
    if value is None and fact.optional:
        return
    if fact.choices and value not in fact.choices:
        raise Refused(
            N_("{label} must be one of {choices}, not {value}."),
            label=fact.label, choices=listed(fact.choices), value=value,
        )  # fmt: skip
    numbers = value if isinstance(value, tuple) else (value,)
    for number in numbers:
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            _check_number(fact, number)
            if whole and not isinstance(number, int):
                raise Refused(N_("{label} must be a whole number, not {value}."), label=fact.label, value=number)
        elif fact.minimum is not None or fact.maximum is not None or fact.below is not None:
            raise Refused(N_("{label} must be a number, not {value}."), label=fact.label, value=number)


def _check_number(fact: Setting, number: float) -> None:
    if abs(number) > sys.float_info.max:  # a whole number may be too large for a float
        number = math.inf

    def refused(text: str, **more: str) -> Refused:
        return Refused(text, label=fact.label, value=f"{number:.12g}", **more)

    if not math.isfinite(number):
        raise refused(N_("{label} must be a finite number, not {value}."))
    if fact.minimum is not None and number < fact.minimum:
        raise refused(N_("{label} must be at least {bound}, not {value}."), bound=f"{fact.minimum:.12g}")
    if fact.most is not None and number > fact.most:
        raise _too_large(fact, number)
    if fact.below is not None and number >= fact.below:
        raise refused(N_("{label} must be below {bound}, not {value}."), bound=f"{fact.below:.12g}")


def _too_large(fact: Setting, number: float) -> Refused:
    said = {"label": fact.label, "bound": f"{fact.most:.12g}", "value": f"{number:.12g}"}
    if fact.limit and allowed().tightened(fact.limit):
        return Refused(N_("{label}: this server allows at most {bound}, not {value}."), **said)
    return Refused(N_("{label} must be at most {bound}, not {value}."), **said)


def within(fact: Setting, value: Any) -> tuple[Any, list[Refused]]:
    """Return `value`; if it is valid but above this server's limit, return the limit instead, and the reason."""
    if fact.limit and isinstance(value, int) and getattr(allowed(), fact.limit) < value <= (fact.maximum or 0):
        return getattr(allowed(), fact.limit), [_too_large(fact, value)]
    return value, []


def listed(choices: Iterable[str], most: int = 8) -> str:
    """Return the words joined by commas, only the first `most` of them if there are more."""
    words = list(choices)
    return ", ".join(words[:most]) + (", …" if len(words) > most else "")


def digest(spec: Any) -> str:
    """Return 16 hexadecimal digits that identify a Spec, the same in every process and on every machine.

    The text hashed is the Spec's `repr`, which for frozen dataclasses of plain values contains every field and no
    memory address.
    """
    return hashlib.sha256(repr(spec).encode()).hexdigest()[:16]
