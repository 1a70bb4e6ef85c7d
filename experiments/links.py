"""A link is a Spec as text: the fields that differ from the page's default, readable, stable, never executed.

``?surface=rosenbrock&rule=sgd~lr~0.001&rule=adam&steps=400``: one parameter per field, `~` between the parts of a
value, and one `rule` parameter for each contender. Each field is parsed separately; a value that cannot be parsed or is
not valid is replaced by the default and reported in a notice, so a broken or old link always opens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from optimizers import RULES, Optimizer
from spec import N_, Refused, listed, settings, type_hints, within
from spec.text import PART, read_entry, read_value, write_entry, write_value
from surfaces import mended

Query = Mapping[str, list[str]]
Suggest = Callable[[type[Optimizer]], Optimizer]
S = TypeVar("S")

LONGEST = 1000  # characters of one value: enough for every field of an optimizer, with all digits, and for a drawing
FOREIGN = ("embed", "utm_", "fbclid", "gclid")  # parameters that other programs append to links


def write(spec: Any, default: Any, suggest: Suggest) -> dict[str, list[str]]:
    """Return the fields of `spec` that differ from `default` (of the same class) as query parameters.

    `suggest` gives the optimizer with which a contender is compared, so that an unchanged learning rate is omitted.
    """
    query: dict[str, list[str]] = {}
    for name in settings(spec):
        value = getattr(spec, name)
        if value != getattr(default, name):
            query[_parameter(name, value)] = _spell(value, suggest)
    return query


def named(query: Query, spec: Any) -> bool:
    """Return whether a query names any field of a Spec."""
    return any(_parameter(name, getattr(spec, name)) in query for name in settings(spec))


def read(query: Query, default: S, suggest: Suggest, *, known: tuple[str, ...] = ()) -> tuple[S, list[Refused]]:
    """Return `default` with the fields that a query names, and a notice for every value that could not be used.

    `known` names parameters that are read elsewhere. Nothing is evaluated: a value is a number, a word from a list, or
    parts of these.
    """
    notices: list[Refused] = []
    values: dict[str, Any] = {}
    kinds = type_hints(type(default))
    parameters = {_parameter(name, getattr(default, name)): name for name in settings(default)}
    for parameter, name in parameters.items():
        if parameter not in query:
            continue
        try:
            if any(len(text) > LONGEST for text in query[parameter]):
                raise Refused(N_("The value of {name} in the link is too long and was ignored."), name=name)
            if isinstance(getattr(default, name), Optimizer):
                values[name] = _read_rule(query[parameter][-1], suggest)
            elif _rules(getattr(default, name)):
                values[name] = tuple(_read_rule(text, suggest) for text in query[parameter])
            else:
                value = read_value(kinds[name], query[parameter][-1], name)
                values[name], tightened = within(settings(default)[name], value)
                notices += tightened
        except Refused as refusal:
            notices.append(refusal)
    spec, refusals = _replaced(default, values)
    notices += refusals
    for name in query:
        if name not in parameters and name not in known and not name.lower().startswith(FOREIGN):
            text = N_("The link sets {name}, but this page has no such setting. It was ignored.")
            notices.append(Refused(text, name=name[:LONGEST]))
    return spec, notices


def _replaced(default: Any, values: dict[str, Any]) -> tuple[Any, list[Refused]]:
    """Return `default` with those values that are valid together, and the reasons why the others were refused.

    Fields depend on each other (no more hits than throws), so a refused value is tried again after the others.
    """
    spec, left = default, dict(values)
    refusals: dict[str, Refused] = {}
    while left:
        try:
            return dataclasses.replace(spec, **left), []
        except Refused:
            before = len(left)
        for name in list(left):
            try:
                spec = dataclasses.replace(spec, **{name: left[name]})
                del left[name]
            except Refused as refusal:
                refusals[name] = refusal
        if len(left) == before:
            break
    return spec, [refusals[name] for name in left]


def spelled(spec: Any, parameter: str, suggest: Suggest) -> list[str]:
    """Return a parameter of the link with the current value of its field, even if that is the default.

    Return [] if the Spec has no such field.
    """
    for name in settings(spec):
        value = getattr(spec, name)
        if _parameter(name, value) == parameter:
            return _spell(value, suggest)
    return []


def _spell(value: Any, suggest: Suggest) -> list[str]:
    rules = _rules(value)
    return [_write_rule(rule, suggest) for rule in rules] if rules else [write_value(value)]


def _parameter(name: str, value: Any) -> str:
    """Return the name of a field in a link: an optimizer, and each of several contenders, is a `rule`."""
    return "rule" if _rules(value) else name


def _rules(value: Any) -> tuple[Optimizer, ...]:
    """Return the optimizers that a field holds: one, several, or none."""
    rules = value if isinstance(value, tuple) else (value,)
    return tuple(rule for rule in rules if isinstance(rule, Optimizer))


def _write_rule(rule: Optimizer, suggest: Suggest) -> str:
    return PART.join(write_entry(rule, suggest(type(rule))))


def _read_rule(text: str, suggest: Suggest) -> Optimizer:
    key, *parts = text.split(PART)
    if key not in RULES:
        raise Refused(N_("The link contains the optimizer {name}, which does not exist. Choose from {choices}."),
                      name=key, choices=listed(RULES))  # fmt: skip
    return read_entry(parts, suggest(RULES[key]))


def surface(anchors: Mapping[str, str], usual: str) -> str:
    """Return the name of the surface that a link gives; `usual` if it gives none, or one that does not exist.

    Of one with a setting that is refused, such as a formula, the rest is kept.
    """
    try:
        return mended(anchors.get("surface", usual)[:LONGEST])[0].name
    except Refused:  # `read` raises the same error and reports it
        return usual


def unknown_choice(name: str, value: str, choices: tuple[str, ...]) -> Refused:
    """Return the notice for a value that is not one of a parameter's choices."""
    text = N_("The link sets {name} to {value}, but it must be one of {choices}.")
    return Refused(text, name=name, value=value[:LONGEST], choices=listed(choices))
