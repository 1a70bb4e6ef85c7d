"""What a formula may consist of: its constants, functions and operators, each with its exact slopes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray

TINY = np.finfo(float).tiny  # in a denominator, it makes 0 of 0/0 at a kink


class Operation(NamedTuple):
    """What an operator or a function computes, and its slope in each operand.

    `value(*operands)`; `slopes[i](f, *operands)` is ∂f/∂operand i, given the value f. In `latex` <1> stands for the
    first operand; without it, the name is set before a bracket. `kinks`: the value or the slope jumps, or the slope is
    infinite, somewhere. `many`: it takes any number of operands from two on, two at a time. `alone`: the function that
    is meant where one operand is given.
    """

    value: Callable[..., Any]
    slopes: Sequence[Callable[..., Any]]
    latex: str = ""
    kinks: bool = False
    many: bool = False
    alone: str = ""


def _level(f: Array, *operands: Array) -> float:
    """Return the slope of what is level almost everywhere: 0."""
    return 0.0


def _ahead(a: Array, b: Array) -> Array:
    """Return 1 where a > b, 0 where a < b, and a half of the slope to each where they are equal, as torch does."""
    return np.heaviside(a - b, 0.5)


CONSTANTS = {"pi": math.pi, "e": math.e}

FUNCTIONS = {
    "sin": Operation(np.sin, [lambda f, x: np.cos(x)], r"\sin"),
    "cos": Operation(np.cos, [lambda f, x: -np.sin(x)], r"\cos"),
    "tan": Operation(np.tan, [lambda f, x: 1 + f * f], r"\tan"),
    "cot": Operation(lambda x: 1 / np.tan(x), [lambda f, x: -1 - f * f], r"\cot"),
    "sec": Operation(lambda x: 1 / np.cos(x), [lambda f, x: f * np.tan(x)], r"\sec"),
    "csc": Operation(lambda x: 1 / np.sin(x), [lambda f, x: -f / np.tan(x)], r"\csc"),
    "asin": Operation(np.arcsin, [lambda f, x: 1 / np.sqrt((1 - x) * (1 + x))], r"\arcsin", kinks=True),
    "acos": Operation(np.arccos, [lambda f, x: -1 / np.sqrt((1 - x) * (1 + x))], r"\arccos", kinks=True),
    "atan": Operation(np.arctan, [lambda f, x: 1 / (1 + x * x)], r"\arctan"),
    "sinh": Operation(np.sinh, [lambda f, x: np.cosh(x)], r"\sinh"),
    "cosh": Operation(np.cosh, [lambda f, x: np.sinh(x)], r"\cosh"),
    "tanh": Operation(np.tanh, [lambda f, x: 1 / np.cosh(x) ** 2], r"\tanh"),
    "asinh": Operation(np.arcsinh, [lambda f, x: 1 / np.hypot(x, 1)], r"\operatorname{asinh}"),
    "acosh": Operation(np.arccosh, [lambda f, x: 1 / np.sqrt((x - 1) * (x + 1))], r"\operatorname{acosh}", kinks=True),
    "atanh": Operation(np.arctanh, [lambda f, x: 1 / ((1 - x) * (1 + x))], r"\operatorname{atanh}"),
    "exp": Operation(np.exp, [lambda f, x: f], r"e^{<1>}"),
    "ln": Operation(np.log, [lambda f, x: 1 / x], r"\ln"),
    "log10": Operation(np.log10, [lambda f, x: math.log10(math.e) / x], r"\log_{10}"),
    "log2": Operation(np.log2, [lambda f, x: math.log2(math.e) / x], r"\log_{2}"),
    "sqrt": Operation(np.sqrt, [lambda f, x: 0.5 / f], r"\sqrt{<1>}", kinks=True),
    "cbrt": Operation(np.cbrt, [lambda f, x: 1 / (3 * f * f)], r"\sqrt[3]{<1>}", kinks=True),
    "abs": Operation(np.abs, [lambda f, x: np.sign(x)], r"\left|<1>\right|", kinks=True),
    "sign": Operation(np.sign, [lambda f, x: 0.0], r"\operatorname{sign}", kinks=True),
    "relu": Operation(lambda x: np.maximum(x, 0), [lambda f, x: 1.0 * (x > 0)], r"\operatorname{relu}", kinks=True),
    "sigmoid": Operation(lambda x: 1 / (1 + np.exp(-x)), [lambda f, x: f * (1 - f)], r"\operatorname{sigmoid}"),
    "softplus": Operation(
        lambda x: np.logaddexp(x, 0), [lambda f, x: 1 / (1 + np.exp(-x))], r"\operatorname{softplus}"
    ),
    "floor": Operation(np.floor, [_level], r"\lfloor <1> \rfloor", kinks=True),
    "ceil": Operation(np.ceil, [_level], r"\lceil <1> \rceil", kinks=True),
    "round": Operation(np.round, [_level], r"\operatorname{round}", kinks=True),
    "step": Operation(lambda x: np.heaviside(x, 0.5), [_level], r"\operatorname{step}", kinks=True),
    "log": Operation(
        lambda x, base: np.log(x) / np.log(base),
        [lambda f, x, base: 1 / (x * np.log(base)), lambda f, x, base: -f / (base * np.log(base))],
        r"\log_{<2>}(<1>)", alone="ln",
    ),
    "atan2": Operation(
        np.arctan2,
        [lambda f, y, x: x / np.maximum(x * x + y * y, TINY), lambda f, y, x: -y / np.maximum(x * x + y * y, TINY)],
        r"\operatorname{atan2}", kinks=True,
    ),
    "hypot": Operation(
        np.hypot,
        [lambda f, x, y: x / np.maximum(f, TINY), lambda f, x, y: y / np.maximum(f, TINY)],
        r"\operatorname{hypot}", kinks=True,
    ),
    "mod": Operation(
        np.mod, [lambda f, a, b: 1.0, lambda f, a, b: -np.floor(a / b)], r"\operatorname{mod}", kinks=True
    ),
    "min": Operation(
        np.minimum, [lambda f, a, b: _ahead(b, a), lambda f, a, b: _ahead(a, b)], r"\min", kinks=True, many=True
    ),
    "max": Operation(
        np.maximum, [lambda f, a, b: _ahead(a, b), lambda f, a, b: _ahead(b, a)], r"\max", kinks=True, many=True
    ),
    "clip": Operation(
        lambda x, low, high: np.minimum(np.maximum(x, low), high),
        [
            lambda f, x, low, high: 1.0 * ((x >= low) & (x <= high)),
            lambda f, x, low, high: 1.0 * ((x < low) & (low < high)),
            lambda f, x, low, high: 1.0 * ((x > high) | (high < low)),
        ],
        r"\operatorname{clip}", kinks=True,
    ),
    "where": Operation(
        lambda told, a, b: np.where(np.not_equal(told, 0), a, b),
        [
            _level,
            lambda f, told, a, b: 1.0 * np.not_equal(told, 0),
            lambda f, told, a, b: 1.0 * np.equal(told, 0),
        ],
        r"\operatorname{where}", kinks=True,
    ),
}  # fmt: skip
"""Every function by its name; an entry is all it takes to add one."""


def _power(base: Any, exponent: Any) -> Any:
    """Return base^exponent: for a whole constant exponent of any base; else real only, nan for a negative base.

    0^0 is 1, so that x^0 is 1 everywhere; 0 to a negative power is infinite.
    """
    if not isinstance(exponent, float):
        return np.where(np.greater_equal(base, 0), np.power(np.abs(base), exponent), np.nan)
    if exponent.is_integer():
        return _whole_power(base, int(exponent))
    return np.power(base, exponent)


def _whole_power(base: Any, exponent: int) -> Any:
    """Return base^exponent by squaring; several times faster than `np.power`."""
    if exponent < 0:
        return np.divide(1.0, _whole_power(base, -exponent))
    power = 1.0
    while exponent:
        if exponent & 1:
            power = base if isinstance(power, float) and power == 1 else power * base
        exponent >>= 1
        if exponent:
            base = base * base
    return power


def _slope_in_base(f: Any, base: Any, exponent: Any) -> Any:
    if isinstance(exponent, float):
        return exponent * _power(base, exponent - 1.0) if exponent else 0.0
    return np.where(np.equal(exponent, 0), 0.0, exponent * _power(base, exponent - 1.0))


def _slope_in_exponent(f: Any, base: Any, exponent: Any) -> Any:
    return np.where(np.equal(f, 0), 0.0, f * np.log(base))  # 0^x is 0 for all x > 0


OPERATORS = {
    "+": Operation(np.add, [lambda f, a, b: 1.0, lambda f, a, b: 1.0]),
    "-": Operation(np.subtract, [lambda f, a, b: 1.0, lambda f, a, b: -1.0]),
    "*": Operation(np.multiply, [lambda f, a, b: b, lambda f, a, b: a]),
    "/": Operation(np.divide, [lambda f, a, b: np.divide(1.0, b), lambda f, a, b: -f / b]),
    "^": Operation(_power, [_slope_in_base, _slope_in_exponent]),
    "negative": Operation(np.negative, [lambda f, a: -1.0]),
    "<": Operation(lambda a, b: 1.0 * np.less(a, b), [_level, _level], kinks=True),
    "<=": Operation(lambda a, b: 1.0 * np.less_equal(a, b), [_level, _level], kinks=True),
    ">": Operation(lambda a, b: 1.0 * np.greater(a, b), [_level, _level], kinks=True),
    ">=": Operation(lambda a, b: 1.0 * np.greater_equal(a, b), [_level, _level], kinks=True),
}
COMPARISONS = ("<", "<=", ">", ">=")  # 1 where they hold, else 0
OPERATIONS = OPERATORS | FUNCTIONS


class Node(NamedTuple):
    """One part of a formula: a number, a variable or constant by its name, or an operation on earlier parts."""

    op: str
    operands: tuple[int, ...] = ()
    number: float = 0.0


NUMBER = ""  # the op of a number
