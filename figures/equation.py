"""The equation of an optimizer's step, line by line, as MathML: in symbols, and with the numbers of each step."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
from latex2mathml.converter import convert

from experiments.anatomy import QUANTITY
from figures.contract import Line as DrawnLine
from figures.contract import Lines
from figures.scene import Say
from optimizers import Optimizer
from optimizers.lines import Line
from spec import N_, settings

NOT = {">": r"\le", "<": r"\ge", "=": r"\ne"}  # the opposite conditions, for the other case
ACCENTS = {r"\hat": "\u0302", r"\tilde": "\u0303", r"\bar": "\u0304"}
LETTERS = {"Delta": "Δ", "eta": "η", "infty": "∞", "lambda": "λ", "mu": "μ", "rho": "ρ"}


def equation(rule: Optimizer, values: dict[str, np.ndarray], noisy: bool, say: Say) -> Lines:
    """Return an optimizer's lines for the stage: first the gradient, then the lines of the step.

    Each line has MathML in symbols, and in numbers for x and for y. For every number of the step, the MathML has an
    element with the classes `q` and `q<i>`: `numbers[i]` holds the values, one per step. The class `held` means that a
    negative number needs brackets; `base` (of a power) that a number with a power of ten needs them too.
    """
    gradient = N_("The gradient: the direction in which f grows fastest, and how fast.")
    if noisy:
        gradient = N_("The gradient that the optimizer gets, with noise.")
    own = rule.lines or (Line("step", r"\Delta w", "", rule.sentence, "step"),)  # an optimizer without lines
    lines = (Line("g", "g", r"\nabla f(w)", gradient, "pull"), *own)
    symbols = _symbols(rule, lines)
    roles = {line.name: line.role for line in lines} | {f"{line.name}'": line.role for line in lines}
    constant = _constants(rule, values)
    numbers: list[np.ndarray] = []
    places: dict[tuple[str, int], int] = {}

    def number(name: str, axis: int, held: str = "") -> str:
        if name in constant:
            return _constant(constant[name], held)
        if name == "t" or name in settings(rule):
            axis = 0  # the same for both coordinates
        if (name, axis) not in places:
            places[name, axis] = len(numbers)
            numbers.append(values[name][:, axis])
        return rf"\class{{q q{places[name, axis]} {roles.get(name, 'plain')} {held}}}{{0}}"

    shown: list[DrawnLine] = []
    for line in lines:
        bar = values[line.name]
        sign = r"\leftarrow" if line.slot or f"<{line.name}'>" in line.formula else "="
        right = fill(line.formula, lambda name, held: painted(symbols[name], roles.get(name, "plain")))
        row: DrawnLine = {
            "role": line.role, "sentence": say(line.sentence),
            "symbols": mathml(painted(line.symbol, line.role) + (f" {sign} {right}" if right else "")),
            "x": bar[:, 0], "y": bar[:, 1], "most": float(np.max(np.abs(bar[np.isfinite(bar)]), initial=0.0)),
            "numbers": [], "wide": len(QUANTITY.findall(line.formula)) > 3,
        }  # fmt: skip
        for axis in (0, 1):
            result = number(line.name, axis)
            in_numbers = "" if line.name == "g" else fill(
                line.formula, lambda name, held, axis=axis: number(name, axis, held), r"\cdot ")  # fmt: skip
            row["numbers"].append(mathml(f"{in_numbers} = {result}" if in_numbers else result))
        shown.append(row)
    return {"lines": shown, "numbers": numbers}


def fill(formula: str, put: Any, times: str = r"\,") -> str:
    """Return a formula of a `Line` as LaTeX, with `put(name, held)` in place of every quantity.

    `held` is "base" below an exponent, "held" if a negative number would need brackets too, else "".
    """
    formula = re.sub(r"\\sign\b", r"\\operatorname{sign}", formula)
    cases = re.compile(rf"\\cases{_BRACED}{_BRACED}{_BRACED}")
    while found := cases.search(formula):
        then, condition, other = found.groups()
        turned = re.sub(r" ([<>=]) ", lambda m: f" {NOT[m[1]]} ", condition)
        piece = rf"\begin{{cases}} {then} & {condition} \\ {other} & {turned} \end{{cases}}"
        formula = formula[: found.start()] + piece + formula[found.end() :]

    def replaced(found: re.Match[str]) -> str:
        before, after = formula[: found.start()].rstrip(), formula[found.end() :].lstrip()
        alone = before == "" or (before[-1] in "{(|&," and not before.endswith(r"\,"))
        return put(found[1], "base" if after.startswith("^") else "" if alone else "held")

    return QUANTITY.sub(replaced, formula).replace(r"\,", times)


_BRACED = r"\{((?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*)\}"  # to four levels of braces


@lru_cache(maxsize=2000)
def mathml(latex: str) -> str:
    """Return LaTeX as the content of a MathML element, in display style."""
    return convert(latex, display="block")


def painted(symbol: str, role: str) -> str:
    """Return LaTeX for a symbol in the colour of its role."""
    return rf"\class{{{role}}}{{{symbol}}}"


def written(symbol: str) -> str:
    r"""Return a symbol such as \hat m as plain text: m̂."""
    accent, _sep, rest = symbol.partition(" ")
    if accent in ACCENTS:
        return written(rest) + ACCENTS[accent]
    if symbol.startswith("\\tilde\\"):
        return written(symbol[6:]) + ACCENTS[r"\tilde"]
    symbol = re.sub(r"\\([A-Za-z]+)\s*", lambda found: LETTERS[found[1]], symbol)
    return re.sub("[_{}]", "", symbol)


def _symbols(rule: Optimizer, lines: tuple[Line, ...]) -> dict[str, str]:
    """Return the LaTeX symbol of every quantity, by name."""
    symbols = {"w": "w", "t": "t"} | {name: fact.symbol for name, fact in settings(rule).items()}
    symbols |= {line.name: line.symbol for line in lines}
    return symbols | {f"{line.name}'": line.symbol for line in lines}


def _constants(rule: Optimizer, values: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the settings that are the same at every step: all except a learning rate that follows a schedule."""
    return {
        name: float(getattr(rule, name))
        for name in settings(rule)
        if name != "schedule" and np.unique(values[name][np.isfinite(values[name])]).size <= 1
    }


def _constant(number: float, held: str) -> str:
    """Return a number as LaTeX, with up to seven digits; with a power of ten if it is very large or small."""
    mantissa, _e, power = f"{number:.6e}".partition("e")
    if number == 0 or -3 <= int(power) < 5:
        return f"{number:.6g}"
    mantissa = f"{float(mantissa):.6g}"
    text = f"10^{{{int(power)}}}" if mantissa == "1" else rf"{mantissa}\times 10^{{{int(power)}}}"
    return rf"\left({text}\right)" if held == "base" else text
