"""The anatomy of a path: the value of every line of an optimizer's step, computed from the formula that is displayed.

`anatomy(race, descend(race), 0)["mhat"]` is [steps, 2].
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache, reduce
from typing import Any

import numpy as np

from experiments.descend import Descent, Race, noise_of
from optimizers.lines import Line
from spec import settings

Array = np.ndarray
Formula = Callable[[Mapping[str, Any]], Any]

QUANTITY = re.compile(r"<([\w']+)>")
TOKEN = re.compile(r"\s*(<[\w']+>|\d+(?:\.\d*)?|\\[a-z]+|\\,|.)")
COMPARED = {">": operator.gt, "<": operator.lt, "=": operator.eq}


@np.errstate(all="ignore")  # divergence is data
def anatomy(race: Race, run: Descent, contender: int) -> dict[str, Array]:
    """Return the values of all quantities in an optimizer's lines at steps t = 1 ... `steps`, as name -> [steps, 2].

    Besides the lines these are w and g (with the noise, as the optimizer sees it), t, the optimizer's hyperparameters,
    and the value of a line one step before, under its name with a prime. If the optimizer has no lines, there is only
    `step`, the change of w. From the step at which the optimizer diverges on, all values are nan.
    """
    rule = race.contenders[contender]
    path, slots = run.path[contender], run.slots[contender]
    noise = noise_of(race)
    g = run.gradient[contender, :-1] + (0 if noise is None else noise)
    values: dict[str, Array] = {"w": path[:-1], "g": g, "t": np.arange(1.0, race.steps + 1)[:, None]}
    values["lr"] = run.rate[contender, :-1, None]
    numbers = [name for name in settings(rule) if name not in {*values, "schedule"}]
    values |= {name: np.asarray(getattr(rule, name), float) for name in numbers}
    if not rule.lines:
        values["step"] = np.diff(path, axis=0)
    values |= {f"{line.name}'": slots[line.slot][:-1] for line in rule.lines if line.slot}
    for line in rule.lines:
        before = f"{line.name}'"
        if not line.slot and before in QUANTITY.findall(line.formula):
            values[before] = _remembered(line, values, race.steps)
        values[line.name] = compiled(line.formula)(values)
    there = np.isfinite(path[:-1])
    return {name: np.where(there, value, np.nan) for name, value in values.items()}


def _remembered(line: Line, values: Mapping[str, Array], steps: int) -> Array:
    """Return the previous values of a line without a slot, [steps, 2], computed step by step from `line.first`."""
    formula, before = compiled(line.formula), np.full((steps, 2), line.first)
    for t in range(steps - 1):
        now = {name: value[t] if value.ndim else value for name, value in values.items()}
        before[t + 1] = formula(now | {f"{line.name}'": before[t]})
    return before


@lru_cache(maxsize=500)
def compiled(formula: str) -> Formula:
    """Return a formula in the language of `Line` as a function of {name: value}; raise `ValueError` if it is not valid.

    Only the arithmetic operations of that language are executed.
    """
    reader = _Reader(TOKEN.findall(formula))
    whole = reader.sum()
    if reader.next:
        raise ValueError(f"{reader.next!r} is left over in {formula!r}")
    return whole


class _Reader:
    """Reads a formula from left to right: a sum of products of powers."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    @property
    def next(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def take(self, expected: str = "") -> str:
        if not self.tokens or expected not in ("", self.next):
            raise ValueError(f"a formula goes on with {self.next!r} instead of {expected!r}")
        return self.tokens.pop(0)

    def sum(self) -> Formula:
        total = self.product()
        while self.next in ("+", "-"):
            total = _apply(np.add if self.take() == "+" else np.subtract, total, self.product())
        return total

    def product(self) -> Formula:
        if self.next == "-":
            self.take()
            return _apply(np.negative, self.product())
        factors = [self.power()]
        while self.next == r"\,":
            self.take()
            factors.append(self.power())
        return reduce(lambda a, b: _apply(np.multiply, a, b), factors)

    def power(self) -> Formula:
        base = self.atom()
        if self.next != "^":
            return base
        self.take()
        return _apply(np.power, base, self.braced() if self.next == "{" else self.atom())

    def atom(self) -> Formula:
        token = self.take()
        if token[0] == "<":
            name = token[1:-1]
            return lambda values: values[name]
        if token[0].isdigit():
            number = float(token)
            return lambda values: number
        if token == "(":
            return self.until(")")
        if token == "|":
            return _apply(np.abs, self.until("|"))
        if token == r"\frac":
            return _apply(np.divide, self.braced(), self.braced())
        if token == r"\sqrt":
            return _apply(np.sqrt, self.braced())
        if token == r"\sign":
            self.take("(")
            return _apply(np.sign, self.until(")"))
        if token in (r"\max", r"\min"):
            self.take("(")
            return _apply(np.maximum if token == r"\max" else np.minimum, self.until(","), self.until(")"))
        if token == r"\cases":
            then, condition, other = self.braced(), self.condition(), self.braced()
            return _apply(np.where, condition, then, other)
        raise ValueError(f"a formula cannot go on with {token!r}")

    def braced(self) -> Formula:
        self.take("{")
        return self.until("}")

    def condition(self) -> Formula:
        self.take("{")
        left = self.sum()
        compare = COMPARED[self.take()]
        return _apply(compare, left, self.until("}"))

    def until(self, end: str) -> Formula:
        inner = self.sum()
        self.take(end)
        return inner


def _apply(function: Callable[..., Any], *parts: Formula) -> Formula:
    return lambda values: function(*(part(values) for part in parts))
