"""A surface is a loss of two numbers: its formula, its exact gradient, and what is known about it."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from spec.text import PART, write_entry
from surfaces.formula.written import name_latex

Array = np.ndarray
Point = tuple[float, float]

FAMILIES = ("gradient", "velocity", "accumulating", "normalised", "searching")
"""Kinds of optimizers that need learning rates of different size; `Optimizer.family` is one of them."""

TINY = np.finfo(float).tiny
"""Kept under a square root in a denominator, so that 0/0 becomes 0 exactly on a kink."""


class Surface(ABC):
    """One loss surface: a subclass states the facts, `formula(x, y)` and `slope(x, y)`; nothing else is needed.

    A subclass with settings is a frozen dataclass of them, which sets the facts that follow from a setting in its
    `__post_init__`, and answers `rate` where the rates follow from one.

    key        name in the address bar and in `SURFACES`
    title      name for people
    sentence   what the surface shows, in one sentence
    latex      f(x, y), without "f(x, y) ="; `equation` is the whole
    source     author and year, or the page the formula is from
    domain     the part shown, ((x0, x1), (y0, y1))
    minima     every global minimum inside the domain, each accurate to the last digits of a float
    level_lines  segments of the lines on which every point is a global minimum, as of (x - y)²
    minimum    the minimum value; None if the surface is unbounded below
    log_levels draw heights on a logarithmic scale above the minimum
    axes       the names of the two variables, shown wherever the first and the second coordinate are
    kinks      True where the gradient jumps or is infinite on some line or point (there we return 0 for 0/0)
    start      the default starting point
    steps      the default number of steps from there
    rates      the learning rate that suits each family of rules, from there
    """

    key: ClassVar[str]
    title: ClassVar[str]
    sentence: ClassVar[str]
    latex: str
    source: ClassVar[str]
    domain: tuple[Point, Point]
    minima: tuple[Point, ...]
    minimum: float | None
    level_lines: tuple[tuple[Point, Point], ...] = ()
    log_levels: bool = False
    kinks: bool = False
    axes: tuple[str, str] = ("x", "y")
    start: Point
    steps: int
    rates: ClassVar[Mapping[str, float]]

    @abstractmethod
    def formula(self, x: Array, y: Array) -> Array:
        """Return f(x, y); x and y have one shape, so has the result."""

    @abstractmethod
    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return (df/dx, df/dy), derived by hand from `formula`."""

    def value(self, points: Array) -> Array:
        """Return the height f at each point, [..., 2] -> [...]; overflow gives inf or nan, without a warning."""
        points = np.asarray(points, dtype=float)
        with np.errstate(all="ignore"):
            return self.formula(points[..., 0], points[..., 1])

    def gradient(self, points: Array) -> Array:
        """Return (df/dx, df/dy) at each point, [..., 2] -> [..., 2], in the memory order of `points`."""
        points = np.asarray(points, dtype=float)
        gradient = np.empty_like(points)
        with np.errstate(all="ignore"):
            gradient[..., 0], gradient[..., 1] = self.slope(points[..., 0], points[..., 1])
        return gradient

    @property
    def name(self) -> str:
        """What `surfaces.find` knows this surface by: its key, and the settings that differ from the defaults."""
        return PART.join(write_entry(self, usual(type(self))))

    def rate(self, family: str) -> float:
        """Return the learning rate that suits a family of rules here; those that search begin like normalised ones."""
        return self.rates["normalised" if family == "searching" else family]

    @property
    def equation(self) -> str:
        """The formula as LaTeX, with the variables it is of: f(x, y) = x²."""
        return f"f({', '.join(map(name_latex, self.axes))}) = {self.latex}"

    @property
    def centre(self) -> Point:
        """The middle of the domain."""
        (x0, x1), (y0, y1) = self.domain
        return (x0 + x1) / 2, (y0 + y1) / 2

    @property
    def diagonal(self) -> float:
        """The length of the domain's diagonal: the size of the picture in the surface's own units."""
        (x0, x1), (y0, y1) = self.domain
        return float(np.hypot(x1 - x0, y1 - y0))


@functools.cache
def usual(kind: type[Surface]) -> Surface:
    """Return the surface of a class at its default settings, made once: what a reader makes is surveyed first."""
    return kind()
