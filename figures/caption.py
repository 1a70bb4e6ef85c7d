"""The settings of a picture in words, for the caption below it: those that differ from the defaults."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import datasets
import surfaces
from experiments.axes import AXES
from experiments.signals import STARTS
from figures.scene import Say, number, symbol, titled
from optimizers import SCHEDULES, Constant, Optimizer
from spec import N_, Setting, settings
from spec.text import brief

ALWAYS: dict[str, Callable[[str], Any]] = {"surface": surfaces.find, "dataset": datasets.find}
"""Fields that a caption always names, because a picture without its surface or data set means nothing."""
CHOICES: dict[str, Any] = {"decay": SCHEDULES, "starts": STARTS} | dict.fromkeys(("first", "second", "third"), AXES)
"""The titles of the choices of fields that are not axes of a network."""


def words(spec: Any, usual: Any, suggest: Callable[[type[Optimizer]], Optimizer], say: Say) -> list[str]:
    """Return the settings of a Spec that differ from those of `usual`, each in a few words.

    An optimizer is described by its learning rate and by all settings that differ from those of the optimizer that
    `suggest` returns.
    """
    told: list[str] = []
    for name, fact in settings(spec).items():
        value = getattr(spec, name)
        if name in ALWAYS:
            told.append(_entry(ALWAYS[name](value), say))
        elif value != getattr(usual, name):
            rules = value if isinstance(value, tuple) else (value,)
            if rules and all(isinstance(rule, Optimizer) for rule in rules):
                told += [_rule(rule, suggest(type(rule)), say) for rule in rules]
            else:
                told.append(_setting(name, fact, value, say))
    return told


def _entry(entry: Any, say: Say) -> str:
    """Return an entry's title with the settings that differ from its class's defaults, or the user's own formula."""
    usual = _usual(type(entry)) if settings(entry) else entry
    differs = [name for name in settings(entry) if getattr(entry, name) != getattr(usual, name)]
    if "text" in differs:
        return f"f = {entry.text}"
    more = [_setting(name, fact, getattr(entry, name), say) for name, fact in settings(entry).items()
            if name in differs and name != "strokes"]  # fmt: skip
    return " ".join([say(entry.title), *more])


@functools.cache
def _usual(kind: type) -> Any:
    """Return an entry with the default settings of its class, made once, as a user's own surface is analysed first."""
    return kind()


def _rule(rule: Optimizer, usual: Optimizer, say: Say) -> str:
    told = [titled(rule, say), f"η {brief(rule.lr, 6)}"]
    for name, fact in settings(rule).items():
        value = getattr(rule, name)
        if name == "lr" or fact.mistake or value == getattr(usual, name):
            continue
        told.append(AXES[name].label(value, say) if name in AXES else _setting(name, fact, value, say))
    if rule.schedule != Constant() and "schedule" not in settings(rule):
        told.append(AXES["schedule"].label(rule.schedule, say))
    return " ".join(told)


def _setting(name: str, fact: Setting, value: Any, say: Say) -> str:
    """Return a field's label and value; for an axis of networks, its words contain both."""
    label = symbol(fact.symbol) if fact.symbol and isinstance(value, float) else say(fact.label)
    label = label[:1].upper() + label[1:] if len(label) > 2 else label
    if name == "hidden":
        return f"{label} {AXES[name].label(value, say)}"
    if name in AXES:
        return AXES[name].label(value, say)
    if isinstance(value, bool):
        return label if value else say(N_("{setting}: off")).format(setting=label)
    if name in CHOICES and isinstance(value, (str, tuple)):  # "first" means different things on two pages
        chosen = value if isinstance(value, tuple) else (value,)
        return f"{label}: " + ", ".join(say(getattr(CHOICES[name].get(one), "title", one)) for one in chosen)
    return f"{label} {_plain(value, say)}"


def _plain(value: Any, say: Say) -> str:
    if isinstance(value, tuple):
        parts = ", ".join(_plain(one, say) for one in value)
        return parts if len(value) == 1 else f"({parts})"
    if isinstance(value, float):
        return number(value)
    return say(N_("none")) if value in (None, ()) else say(str(value))
