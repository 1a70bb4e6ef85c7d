"""Surfaces whose way down is long and bent: narrow valleys, steep walls, heights over many powers of ten."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from spec import N_
from surfaces.surface import Array, Surface


class Rosenbrock(Surface):
    key = "rosenbrock"
    title = N_("Rosenbrock")
    sentence = N_(
        "A narrow, curved valley: finding it is easy, but following it around the bend to the minimum is hard."
    )
    latex = r"(1-x)^2 + 100\,(y-x^2)^2"
    source = "Rosenbrock (1960), The Computer Journal 3"
    domain = ((-2, 2), (-1, 3))
    minima = ((1.0, 1.0),)
    minimum = 0.0
    log_levels = True
    start = (-1.2, 1.0)
    steps = 400
    rates: ClassVar = {"gradient": 0.001, "velocity": 0.0015, "accumulating": 0.8, "normalised": 0.08}

    def formula(self, x: Array, y: Array) -> Array:
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        off_valley = y - x**2
        return -2 * (1 - x) - 400 * x * off_valley, 200 * off_valley


class DixonPrice(Surface):
    key = "dixon_price"
    title = N_("Dixon-Price")
    sentence = N_(
        "A valley shaped like a horseshoe with a minimum in each arm: the first steps decide which one is reached."
    )
    latex = r"(x-1)^2 + 2\,(2y^2-x)^2"
    source = "Surjanovic and Bingham, sfu.ca/~ssurjano/dixonpr.html"
    domain = ((-2, 3), (-2, 3))
    minima = ((1.0, -(0.5**0.5)), (1.0, 0.5**0.5))
    minimum = 0.0
    log_levels = True
    start = (-1.2, 0.9)
    steps = 250
    rates: ClassVar = {"gradient": 0.01, "velocity": 0.003, "accumulating": 0.5, "normalised": 0.05}

    def formula(self, x: Array, y: Array) -> Array:
        return (x - 1) ** 2 + 2 * (2 * y**2 - x) ** 2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        off_valley = 2 * y**2 - x
        return 2 * (x - 1) - 4 * off_valley, 16 * y * off_valley


class Beale(Surface):
    key = "beale"
    title = N_("Beale")
    sentence = N_(
        "A flat plateau between very high corners: a single learning rate is too small for the plateau or too "
        "large for the corners."
    )
    latex = r"(1.5-x+xy)^2 + (2.25-x+xy^2)^2 + (2.625-x+xy^3)^2"
    source = "Beale (1958), Princeton Statistical Techniques Research Group, report 25"
    domain = ((-4.5, 4.5), (-4.5, 4.5))
    minima = ((3.0, 0.5),)
    minimum = 0.0
    log_levels = True
    start = (-0.7, -1.0)
    steps = 300
    rates: ClassVar = {"gradient": 0.01, "velocity": 0.002, "accumulating": 0.5, "normalised": 0.05}

    def formula(self, x: Array, y: Array) -> Array:
        return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        y2, y3 = y**2, y**3
        a, b, c = 1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * y3
        return 2 * (a * (y - 1) + b * (y2 - 1) + c * (y3 - 1)), 2 * x * (a + 2 * b * y + 3 * c * y2)


class GoldsteinPrice(Surface):
    """Its factors depend on s = x + y and on d = 2x - 3y alone; written so, both derivatives stay short."""

    key = "goldstein_price"
    title = N_("Goldstein-Price")
    sentence = N_(
        "Heights from three to a million, with local minima on the way: learning rates must be tiny, but small "
        "steps get caught."
    )
    latex = (
        r"\left[1+(x+y+1)^2(19-14x+3x^2-14y+6xy+3y^2)\right]"
        r"\left[30+(2x-3y)^2(18-32x+12x^2+48y-36xy+27y^2)\right]"
    )
    source = "Goldstein and Price (1971), Mathematics of Computation 25"
    domain = ((-2, 2), (-2, 2))
    minima = ((0.0, -1.0),)
    minimum = 3.0
    log_levels = True
    start = (-1.2, -0.4)
    steps = 200
    rates: ClassVar = {"gradient": 0.0001, "velocity": 0.00002, "accumulating": 0.3, "normalised": 0.02}

    def formula(self, x: Array, y: Array) -> Array:
        s, d = x + y, 2 * x - 3 * y
        return (1 + (s + 1) ** 2 * (19 - 14 * s + 3 * s**2)) * (30 + d**2 * (18 - 16 * d + 3 * d**2))

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        s, d = x + y, 2 * x - 3 * y
        s1, p, q = s + 1, 19 - 14 * s + 3 * s**2, 18 - 16 * d + 3 * d**2
        first, second = 1 + s1**2 * p, 30 + d**2 * q
        by_s = s1 * (2 * p + s1 * (6 * s - 14)) * second
        by_d = d * (2 * q + d * (6 * d - 16)) * first
        return by_s + 2 * by_d, by_s - 3 * by_d


class McCormick(Surface):
    key = "mccormick"
    title = N_("McCormick")
    sentence = N_(
        "A bent sheet with one low fold in the plot; outside the plot more folds follow, each lower than the last."
    )
    latex = r"\sin(x+y) + (x-y)^2 - 1.5x + 2.5y + 1"
    source = "McCormick (1976), Mathematical Programming 10"
    domain = ((-1.5, 4), (-3, 4))
    minima = ((0.5 - np.pi / 3, -0.5 - np.pi / 3),)
    minimum = -(3**0.5) / 2 - np.pi / 3
    start = (-1.2, 2.5)
    steps = 80
    rates: ClassVar = {"gradient": 0.1, "velocity": 0.02, "accumulating": 0.8, "normalised": 0.1}

    def formula(self, x: Array, y: Array) -> Array:
        return np.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        wave, fold = np.cos(x + y), 2 * (x - y)
        return wave + fold - 1.5, wave - fold + 2.5
