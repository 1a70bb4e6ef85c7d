"""Surfaces with a few wells: the start, the rate and the momentum decide in which of them a descent ends."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from spec import N_
from surfaces.surface import Array, Surface


class TwoWells(Surface):
    key = "two_wells"
    title = N_("Two wells")
    sentence = N_(
        "A shallow well lies before the deep one: with momentum an optimizer can roll through it; without momentum "
        "it gets caught."
    )
    latex = r"x^2 + y^2 - 2e^{-5((x-1)^2+y^2)} - 3e^{-5((x+1)^2+y^2)}"
    source = "Descent Lab"
    domain = ((-2, 2), (-2, 2))
    minima = ((-0.9363006340109187, 0.0),)
    minimum = -2.0630902517681946
    start = (1.7, 0.6)
    steps = 150
    rates: ClassVar = {"gradient": 0.03, "velocity": 0.03, "accumulating": 0.3, "normalised": 0.04}

    def formula(self, x: Array, y: Array) -> Array:
        shallow = 2 * np.exp(-5 * ((x - 1) ** 2 + y**2))
        deep = 3 * np.exp(-5 * ((x + 1) ** 2 + y**2))
        return x**2 + y**2 - shallow - deep

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        shallow = 2 * np.exp(-5 * ((x - 1) ** 2 + y**2))
        deep = 3 * np.exp(-5 * ((x + 1) ** 2 + y**2))
        return 2 * x + 10 * (x - 1) * shallow + 10 * (x + 1) * deep, 2 * y + 10 * y * (shallow + deep)


class ThreeHumpCamel(Surface):
    key = "three_hump_camel"
    title = N_("Three-hump camel")
    sentence = N_(
        "The minimum lies between two local minima: an optimizer that comes in slowly from outside stays "
        "in the first one."
    )
    latex = r"2x^2 - 1.05x^4 + \tfrac16 x^6 + xy + y^2"
    source = "Dixon and Szegő (1978), Towards Global Optimisation 2"
    domain = ((-2, 2), (-2, 2))
    minima = ((0.0, 0.0),)
    minimum = 0.0
    start = (-1.85, -1.5)
    steps = 150
    rates: ClassVar = {"gradient": 0.05, "velocity": 0.05, "accumulating": 0.3, "normalised": 0.05}

    def formula(self, x: Array, y: Array) -> Array:
        return 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        return 4 * x - 4.2 * x**3 + x**5 + y, x + 2 * y


class SixHumpCamel(Surface):
    key = "six_hump_camel"
    title = N_("Six-hump camel")
    sentence = N_(
        "Six local minima in a small area, two of them global: starting points close together can lead "
        "to different ones."
    )
    latex = r"\left(4 - 2.1x^2 + \tfrac13 x^4\right)x^2 + xy + \left(-4 + 4y^2\right)y^2"
    source = "Dixon and Szegő (1978), Towards Global Optimisation 2"
    domain = ((-3, 3), (-2, 2))
    minima = ((0.08984201310031807, -0.7126564030207396), (-0.08984201310031807, 0.7126564030207396))
    minimum = -1.0316284534898774
    log_levels = True
    start = (1.4, 1.7)
    steps = 120
    rates: ClassVar = {"gradient": 0.02, "velocity": 0.01, "accumulating": 0.3, "normalised": 0.05}

    def formula(self, x: Array, y: Array) -> Array:
        return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        return 8 * x - 8.4 * x**3 + 2 * x**5 + y, x - 8 * y + 16 * y**3


class Himmelblau(Surface):
    key = "himmelblau"
    title = N_("Himmelblau")
    sentence = N_("Four equally deep minima: from the same starting point, different optimizers reach different ones.")
    latex = r"(x^2+y-11)^2 + (x+y^2-7)^2"
    source = "Himmelblau (1972), Applied Nonlinear Programming"
    domain = ((-6, 6), (-6, 6))
    minima = (
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.2831859912861696),
        (3.5844283403304917, -1.8481265269644036),
    )
    minimum = 0.0
    log_levels = True
    start = (0.9, 4.2)
    steps = 120
    rates: ClassVar = {"gradient": 0.01, "velocity": 0.005, "accumulating": 0.8, "normalised": 0.12}

    def formula(self, x: Array, y: Array) -> Array:
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        a, b = x**2 + y - 11, x + y**2 - 7
        return 4 * x * a + 2 * b, 2 * a + 4 * y * b


class Branin(Surface):
    key = "branin"
    title = N_("Branin")
    sentence = N_("Three equal minima along a winding valley: which one is reached depends on the starting point.")
    latex = r"\left(y - \tfrac{5.1}{4\pi^2}x^2 + \tfrac5\pi x - 6\right)^2 + 10\left(1-\tfrac1{8\pi}\right)\cos x + 10"
    source = "Branin (1972), IBM Journal of Research and Development 16"
    domain = ((-5, 10), (0, 15))
    minima = ((-np.pi, 12.275), (np.pi, 2.275), (3 * np.pi, 2.475))
    minimum = 10 / (8 * np.pi)
    log_levels = True
    start = (6.0, 13.0)
    steps = 200
    rates: ClassVar = {"gradient": 0.03, "velocity": 0.008, "accumulating": 2.0, "normalised": 0.2}

    def formula(self, x: Array, y: Array) -> Array:
        river = y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6
        return river**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        river = y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6
        bend = 5 / np.pi - 5.1 / (2 * np.pi**2) * x
        return 2 * river * bend - 10 * (1 - 1 / (8 * np.pi)) * np.sin(x), 2 * river


class StyblinskiTang(Surface):
    key = "styblinski_tang"
    title = N_("Styblinski-Tang")
    sentence = N_(
        "Four local minima, one of them the lowest: each coordinate chooses its side independently and "
        "rarely changes it."
    )
    latex = r"\tfrac12\sum_{t\in\{x,y\}}\left(t^4 - 16t^2 + 5t\right)"
    source = "Styblinski and Tang (1990), Neural Networks 3"
    domain = ((-5, 5), (-5, 5))
    minima = ((-2.903534027771177, -2.903534027771177),)
    minimum = -78.33233140754284
    start = (-3.6, 4.6)
    steps = 120
    rates: ClassVar = {"gradient": 0.01, "velocity": 0.005, "accumulating": 0.8, "normalised": 0.12}

    def formula(self, x: Array, y: Array) -> Array:
        return (x**4 - 16 * x**2 + 5 * x + y**4 - 16 * y**2 + 5 * y) / 2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        return 2 * x**3 - 16 * x + 2.5, 2 * y**3 - 16 * y + 2.5
