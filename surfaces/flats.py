"""Surfaces whose gradient misleads by its size: saddles, plateaus, a cliff, a needle."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from spec import N_
from surfaces.surface import Array, Surface

OWN = "Descent Lab"


class Saddle(Surface):
    key = "saddle"
    title = N_("Bounded saddle")
    sentence = N_(
        "Near the saddle point the gradient is almost zero: optimizers leave it after very different numbers of "
        "steps, then find a minimum."
    )
    latex = r"x^2 - y^2 + \tfrac14 y^4"
    source = OWN
    domain = ((-2, 2), (-2.5, 2.5))
    minima = ((0.0, -(2**0.5)), (0.0, 2**0.5))
    minimum = -1.0
    start = (-1.6, 0.001)
    steps = 120
    rates: ClassVar = {"gradient": 0.1, "velocity": 0.03, "accumulating": 0.3, "normalised": 0.03}

    def formula(self, x: Array, y: Array) -> Array:
        return x**2 - y**2 + y**4 / 4

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        return 2 * x, y**3 - 2 * y


class HyperbolicSaddle(Surface):
    key = "hyperbolic_saddle"
    title = N_("Hyperbolic saddle")
    sentence = N_(
        "Rises in one direction, falls in the other, and is unbounded below: past the saddle point the "
        "loss falls forever."
    )
    latex = r"x^2 - y^2"
    source = "Dauphin et al. (2014), arXiv:1406.2572"
    domain = ((-1.5, 1.5), (-1.5, 1.5))
    minima = ()
    minimum = None
    start = (-1.2, 0.001)
    steps = 60
    rates: ClassVar = {"gradient": 0.05, "velocity": 0.02, "accumulating": 0.2, "normalised": 0.03}

    def formula(self, x: Array, y: Array) -> Array:
        return x**2 - y**2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        return 2 * x, -2 * y


class MonkeySaddle(Surface):
    key = "monkey_saddle"
    title = N_("Monkey saddle")
    sentence = N_("Three downhill and three uphill directions meet in a flat point where even the curvature is zero.")
    latex = r"x^3 - 3xy^2"
    source = "Hilbert and Cohn-Vossen (1932), Anschauliche Geometrie"
    domain = ((-1.5, 1.5), (-1.5, 1.5))
    minima = ()
    minimum = None
    start = (1.2, 0.05)
    steps = 60
    rates: ClassVar = {"gradient": 0.015, "velocity": 0.003, "accumulating": 0.1, "normalised": 0.015}

    def formula(self, x: Array, y: Array) -> Array:
        return x**3 - 3 * x * y**2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        return 3 * x**2 - 3 * y**2, -6 * x * y


class Plateau(Surface):
    key = "plateau"
    title = N_("Plateau")
    sentence = N_(
        "A pit in a flat plain: where the gradient is almost zero, optimizers that divide by its size still move."
    )
    latex = r"1 - e^{-2(x^2+y^2)}"
    source = OWN
    domain = ((-2, 2), (-2, 2))
    minima = ((0.0, 0.0),)
    minimum = 0.0
    start = (-1.4, 1.0)
    steps = 150
    rates: ClassVar = {"gradient": 0.1, "velocity": 0.05, "accumulating": 0.2, "normalised": 0.03}

    def formula(self, x: Array, y: Array) -> Array:
        return 1 - np.exp(-2 * (x**2 + y**2))

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        pit = 4 * np.exp(-2 * (x**2 + y**2))
        return pit * x, pit * y


class Cliff(Surface):
    key = "cliff"
    title = N_("Cliff")
    sentence = N_(
        "A gentle bowl cut by a cliff: on the cliff the gradient is so large that a single step jumps far away."
    )
    latex = r"\tfrac15\left[(x+1)^2 + y^2\right] + \tanh\,10\left(x-\tfrac12\right) + 1"
    source = "Pascanu, Mikolov and Bengio (2013), arXiv:1211.5063"
    domain = ((-3, 2), (-2.5, 2.5))
    minima = ((-1.0000000000093592, 0.0),)
    minimum = 1.871836019518014e-13
    start = (1.6, 1.4)
    steps = 120
    rates: ClassVar = {"gradient": 0.3, "velocity": 0.03, "accumulating": 0.5, "normalised": 0.1}

    def formula(self, x: Array, y: Array) -> Array:
        return ((x + 1) ** 2 + y**2) / 5 + np.tanh(10 * (x - 0.5)) + 1

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        cliff = 10 * (1 - np.tanh(10 * (x - 0.5)) ** 2)
        return 0.4 * (x + 1) + cliff, 0.4 * y


class Easom(Surface):
    key = "easom"
    title = N_("Easom")
    sentence = N_(
        "A narrow hole in a wide flat plain: away from the hole the gradient is almost zero and hardly "
        "shows a direction."
    )
    latex = r"-\cos x\,\cos y\; e^{-(x-\pi)^2-(y-\pi)^2}"
    source = "Easom (1990), thesis, University of Louisville"
    domain = ((-2, 8), (-2, 8))
    minima = ((np.pi, np.pi),)
    minimum = -1.0
    start = (1.5, 4.4)
    steps = 200
    rates: ClassVar = {"gradient": 0.2, "velocity": 0.08, "accumulating": 0.5, "normalised": 0.05}

    def formula(self, x: Array, y: Array) -> Array:
        return -np.cos(x) * np.cos(y) * np.exp(-((x - np.pi) ** 2) - (y - np.pi) ** 2)

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        needle = np.exp(-((x - np.pi) ** 2) - (y - np.pi) ** 2)
        cos_x, cos_y = np.cos(x), np.cos(y)
        return (
            needle * cos_y * (np.sin(x) + 2 * (x - np.pi) * cos_x),
            needle * cos_x * (np.sin(y) + 2 * (y - np.pi) * cos_y),
        )
