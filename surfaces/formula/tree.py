"""A formula as a tree: computed, differentiated exactly, written as text and as LaTeX."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from surfaces.formula.functions import OPERATIONS, Node
from surfaces.formula.written import as_latex, as_text

Array = np.ndarray

BLOCK = 8192  # points computed at a time: all parts of a formula then stay in the processor's cache


@dataclass(frozen=True)
class Expression:
    """A formula in `names`, as the tree `nodes`: each refers to earlier ones by their number, the last is the whole.

    Equal parts are one node, and are computed once. `constants` holds the values of those without a variable.
    """

    names: tuple[str, ...]
    nodes: tuple[Node, ...]
    constants: dict[int, float] = field(repr=False, compare=False)

    @functools.cached_property
    def kinks(self) -> bool:
        """Whether the gradient may jump or be infinite somewhere, as that of |x|, sqrt(x) or x^1.5."""
        return any(
            OPERATIONS[node.op].kinks or (node.op == "^" and not self._smooth(*node.operands))
            for i, node in enumerate(self.nodes)
            if node.op in OPERATIONS and i not in self.constants
        )

    def _smooth(self, base: int, exponent: int) -> bool:
        return self.constants.get(base, 0.0) > 0 or self.constants.get(exponent, 0.5).is_integer()

    @property
    def constant(self) -> bool:
        """Whether no variable stands in the formula."""
        return len(self.nodes) - 1 in self.constants

    def value(self, *variables: Any) -> Array:
        """Return the formula's value for one array (or number) per variable; [...] each, so is the result.

        Outside the real numbers, as for sqrt(-1), it is nan; too large a value is inf.
        """
        return self._computed(variables, slopes=False)[0]

    def gradient(self, *variables: Any) -> tuple[Array, ...]:
        """Return the exact derivative by each variable, by forward differentiation through the tree.

        At a kink 0 · ∞ counts as 0, |x| has slope 0, and equal operands of min and max share its slope; where the value
        is nan, so is the gradient.
        """
        return tuple(self._computed(variables, slopes=True)[1:])

    @np.errstate(all="ignore")
    def _computed(self, variables: Sequence[Any], *, slopes: bool) -> list[Array]:
        """Return the value and, if asked for, each derivative; computed block by block."""
        arrays = np.broadcast_arrays(*(np.asarray(variable, float) for variable in variables))
        shape = arrays[0].shape
        arrays = [array.ravel() for array in arrays]
        results = [np.empty(arrays[0].shape) for _ in range(1 + slopes * len(arrays))]
        step = self._sloped if slopes else self._valued
        for first in range(0, arrays[0].size, BLOCK):
            block = slice(first, first + BLOCK)
            for result, computed in zip(results, step([array[block] for array in arrays]), strict=True):
                result[block] = computed
        for result in results[1:]:
            result[np.isnan(results[0])] = np.nan
        return [result.reshape(shape) for result in results]

    def _values(self, variables: Sequence[Array]) -> list[Any]:
        """Return the value of every node; those of constants are floats."""
        values: list[Any] = []
        for i, node in enumerate(self.nodes):
            if i in self.constants:
                values.append(self.constants[i])
            elif node.op in self.names:
                values.append(variables[self.names.index(node.op)])
            else:
                values.append(OPERATIONS[node.op].value(*(values[operand] for operand in node.operands)))
        return values

    def _valued(self, variables: Sequence[Array]) -> list[Any]:
        return self._values(variables)[-1:]

    def _sloped(self, variables: Sequence[Array]) -> list[Any]:
        """Return the value and the derivative by each variable; a float 0 or 1 stands for an array full of them."""
        values = self._values(variables)
        times = _times_with_kinks if self.kinks else _times
        slopes: list[list[Any]] = []
        for i, (node, value) in enumerate(zip(self.nodes, values, strict=True)):
            total: list[Any] = [1.0 if i not in self.constants and name == node.op else 0.0 for name in self.names]
            operands = [values[operand] for operand in node.operands]
            for place, operand in enumerate(node.operands):
                if operand in self.constants:
                    continue
                outer = OPERATIONS[node.op].slopes[place](value, *operands)
                for k, inner in enumerate(slopes[operand]):
                    if not _is(inner, 0):
                        product = times(outer, inner)
                        total[k] = product if _is(total[k], 0) else total[k] + product
            slopes.append(total)
        return [values[-1], *slopes[-1]]

    def __str__(self) -> str:
        """Return the formula as text that `parse` reads as this very tree."""
        texts: list[tuple[str, int]] = []
        for node in self.nodes:
            texts.append(as_text(node, [texts[operand] for operand in node.operands]))
        own = len(self.names) == 2 and self.names != ("x", "y")
        return f"f({', '.join(self.names)}) = {texts[-1][0]}" if own else texts[-1][0]

    def latex(self) -> str:
        """Return the formula as LaTeX, without "f(x, y) ="."""
        texts: list[tuple[str, int]] = []
        for node in self.nodes:
            base = self.nodes[node.operands[0]] if node.operands else node
            texts.append(as_latex(node, base, [texts[operand] for operand in node.operands]))
        return texts[-1][0]


def _is(slope: Any, number: float) -> bool:
    return isinstance(slope, float) and slope == number


def _times(outer: Any, inner: Any) -> Any:
    if _is(inner, 1):
        return outer
    return inner if _is(outer, 1) else outer * inner


def _times_with_kinks(outer: Any, inner: Any) -> Any:
    """Return outer · inner, and 0 where one of them is, even if the other is infinite."""
    if _is(inner, 1) or _is(outer, 1):
        return _times(outer, inner)
    return np.where((np.equal(outer, 0)) | (np.equal(inner, 0)), 0.0, outer * inner)
