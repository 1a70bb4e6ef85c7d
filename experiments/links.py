"""A link is a Spec as text: the fields that differ from the page's default, readable, stable, never executed.

``?surface=rosenbrock&rule=sgd~lr~0.001&rule=adam&steps=400``: one parameter a field, `~` between the parts of a value,
and one `rule` parameter for each contender. Text is read field by field; what cannot be read or is
not valid leaves the default in place and becomes a notice, so a broken or old link always opens.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from optimizers import RULES, Optimizer
from spec import N_, Refused, listed, settings, type_hints

Query = Mapping[str, list[str]]
Suggest = Callable[[type[Optimizer]], Optimizer]
S = TypeVar("S")

PART = "~"
LONGEST = 300  # characters of one value: every field of a rule fits, with every digit
FOREIGN = ("embed", "utm_", "fbclid", "gclid")  # parameters that others hang on links


def write(spec: Any, default: Any, suggest: Suggest) -> dict[str, list[str]]:
    """Return the fields of `spec` that differ from `default` (of the same class) as query parameters.

    `suggest` gives the rule that a contender is compared with, so that a rate nobody has touched is left out.
    """
    query: dict[str, list[str]] = {}
    for name in settings(spec):
        value = getattr(spec, name)
        if value != getattr(default, name):
            rules = _rules(value)
            query[_parameter(name, value)] = (
                [_write_rule(rule, suggest) for rule in rules] if rules else [_write_value(value)]
            )
    return query


def read(query: Query, default: S, suggest: Suggest, *, known: tuple[str, ...] = ()) -> tuple[S, list[Refused]]:
    """Return `default` with the fields that a query names, and a notice for everything that could not be used.

    `known` names parameters that somebody else reads. Nothing is evaluated: a value is a number, a word from a list,
    or parts of these.
    """
    notices: list[Refused] = []
    spec: Any = default
    kinds = type_hints(type(default))
    parameters = {_parameter(name, getattr(default, name)): name for name in settings(default)}
    for parameter, name in parameters.items():
        if parameter not in query:
            continue
        try:
            if any(len(text) > LONGEST for text in query[parameter]):
                raise Refused(N_("The link sets {name} to something too long; it was left out."), name=name)
            if isinstance(getattr(default, name), Optimizer):
                new: Any = _read_rule(query[parameter][-1], suggest)
            elif _rules(getattr(default, name)):
                new = tuple(_read_rule(text, suggest) for text in query[parameter])
            else:
                new = _read_value(kinds[name], query[parameter][-1], name)
            spec = dataclasses.replace(spec, **{name: new})
        except Refused as refusal:
            notices.append(refusal)
    for name in query:
        if name not in parameters and name not in known and not name.lower().startswith(FOREIGN):
            text = N_("The link sets {name}, which this page does not know; it was left out.")
            notices.append(Refused(text, name=name[:LONGEST]))
    return spec, notices


def _parameter(name: str, value: Any) -> str:
    """Return what a field is called in a link: a rule, and each of several contenders, is a `rule`."""
    return "rule" if _rules(value) else name


def _rules(value: Any) -> tuple[Optimizer, ...]:
    """Return the rules that a field holds: one, several, or none."""
    rules = value if isinstance(value, tuple) else (value,)
    return tuple(rule for rule in rules if isinstance(rule, Optimizer))


def _write_value(value: Any) -> str:
    if isinstance(value, tuple):
        return PART.join(_write_value(part) for part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    return repr(value) if isinstance(value, float) else str(value)


def _write_rule(rule: Optimizer, suggest: Suggest) -> str:
    usual = suggest(type(rule))
    parts = [rule.key]
    for name in settings(rule):
        if getattr(rule, name) != getattr(usual, name):
            parts += [name, _write_value(getattr(rule, name))]
    return PART.join(parts)


def _read_rule(text: str, suggest: Suggest) -> Optimizer:
    key, *parts = text.split(PART)
    if key not in RULES:
        raise Refused(N_("The link names the rule {name}, which does not exist; choose from {choices}."),
                      name=key, choices=listed(RULES))  # fmt: skip
    rule = suggest(RULES[key])
    kinds = type_hints(type(rule))
    for name, value in zip(parts[::2], parts[1::2], strict=False):
        if name not in settings(rule):
            raise Refused(N_("The link sets {name} of {rule}, which has no such setting."), name=name, rule=rule.title)
        rule = dataclasses.replace(rule, **{name: _read_value(kinds[name], value, name)})
    return rule


def _read_value(kind: Any, text: str, name: str) -> Any:
    """Return `text` as a value of type `kind`; raise Refused with the field's name when it is none."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if text == "none":
            return None
        return _read_value(next(part for part in inner if part is not types.NoneType), text, name)
    if origin is tuple:
        parts = text.split(PART) if text else []
        if inner[-1] is not Ellipsis and len(parts) != len(inner):
            text = N_("The link must give {name} as {number} numbers.")
            raise Refused(text, name=name, number=len(inner))
        return tuple(_read_value(inner[0], part, name) for part in parts)
    if kind is bool:
        if text not in ("yes", "no"):
            raise Refused(N_("The link sets {name} to {value}; it must be yes or no."), name=name, value=text)
        return text == "yes"
    if kind is str:
        return text
    try:
        return kind(text)
    except ValueError:
        raise Refused(N_("The link sets {name} to {value}; it must be a number."), name=name, value=text) from None


def unknown_choice(name: str, value: str, choices: tuple[str, ...]) -> Refused:
    """Return the notice for a word that is none of those a parameter knows."""
    text = N_("The link sets {name} to {value}; it must be one of {choices}.")
    return Refused(text, name=name, value=value[:LONGEST], choices=listed(choices))
