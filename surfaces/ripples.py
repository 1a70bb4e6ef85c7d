"""Surfaces with very many minima, or broken by kinks: where following the gradient alone is not enough."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from spec import N_
from surfaces.surface import TINY, Array, Surface

JAMIL = "Jamil and Yang (2013), arXiv:1308.4008"
BINGHAM = "Surjanovic and Bingham, sfu.ca/~ssurjano"
MISHRA = "Mishra (2006), Some new test functions for global optimization, MPRA 2718"


class Griewank(Surface):
    key = "griewank"
    title = N_("Griewank")
    sentence = N_(
        "Ripples on a very wide bowl: nearly every dip is a local minimum, and the overall slope shows "
        "only from far away."
    )
    latex = r"1 + \tfrac{1}{4000}(x^2+y^2) - \cos x\,\cos\tfrac{y}{\sqrt2}"
    source = "Griewank (1981), Journal of Optimization Theory and Applications 34"
    domain = ((-10, 10), (-10, 10))
    minima = ((0.0, 0.0),)
    minimum = 0.0
    start = (-5.0, 6.5)
    steps = 100
    rates: ClassVar = {"gradient": 0.5, "velocity": 0.15, "accumulating": 0.8, "normalised": 0.12}

    def formula(self, x: Array, y: Array) -> Array:
        return 1 + (x**2 + y**2) / 4000 - np.cos(x) * np.cos(y / 2**0.5)

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        v = y / 2**0.5
        return x / 2000 + np.sin(x) * np.cos(v), y / 2000 + np.cos(x) * np.sin(v) / 2**0.5


class Levy13(Surface):
    key = "levy_13"
    title = N_("Levy N. 13")
    sentence = N_(
        "Fine ripples on a steep bowl: the bowl leads to the minimum, but the ripples stop an optimizer "
        "with short steps."
    )
    latex = r"\sin^2 3\pi x + (x-1)^2\left(1+\sin^2 3\pi y\right) + (y-1)^2\left(1+\sin^2 2\pi y\right)"
    source = BINGHAM + "/levy13.html"
    domain = ((-2, 4), (-2, 4))
    minima = ((1.0, 1.0),)
    minimum = 0.0
    start = (-1.6, 3.3)
    steps = 200
    rates: ClassVar = {"gradient": 0.0012, "velocity": 0.0004, "accumulating": 0.5, "normalised": 0.05}

    def formula(self, x: Array, y: Array) -> Array:
        a, b = x - 1, y - 1
        sin_x, sin_3y, sin_2y = np.sin(3 * np.pi * x), np.sin(3 * np.pi * y), np.sin(2 * np.pi * y)
        return sin_x**2 + a**2 * (1 + sin_3y**2) + b**2 * (1 + sin_2y**2)

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        a, b = x - 1, y - 1
        sin_3y, sin_2y = np.sin(3 * np.pi * y), np.sin(2 * np.pi * y)
        return (
            3 * np.pi * np.sin(6 * np.pi * x) + 2 * a * (1 + sin_3y**2),
            3 * np.pi * a**2 * np.sin(6 * np.pi * y)
            + 2 * b * (1 + sin_2y**2)
            + 2 * np.pi * b**2 * np.sin(4 * np.pi * y),
        )


class DropWave(Surface):
    key = "drop_wave"
    title = N_("Drop-wave")
    sentence = N_(
        "Circular waves, as around a drop in water: each trough is a level ring, and no slope leads from it to the "
        "center."
    )
    latex = r"-\frac{1+\cos 12r}{\tfrac12 r^2 + 2}, \quad r = \sqrt{x^2+y^2}"
    source = BINGHAM + "/drop.html"
    domain = ((-2, 2), (-2, 2))
    minima = ((0.0, 0.0),)
    minimum = -1.0
    start = (-1.0, 0.7)
    steps = 150
    rates: ClassVar = {"gradient": 0.005, "velocity": 0.02, "accumulating": 0.1, "normalised": 0.02}

    def formula(self, x: Array, y: Array) -> Array:
        r = np.hypot(x, y)
        return -(1 + np.cos(12 * r)) / (r**2 / 2 + 2)

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        r = np.maximum(np.hypot(x, y), TINY)
        bowl = r**2 / 2 + 2
        by_r_over_r = (12 * np.sin(12 * r) / r * bowl + 1 + np.cos(12 * r)) / bowl**2
        return by_r_over_r * x, by_r_over_r * y


class Schaffer2(Surface):
    key = "schaffer_2"
    title = N_("Schaffer N. 2")
    sentence = N_(
        "Farther out, the ripples are finer and shallower but their gradients are larger: a large gradient gives "
        "little information here."
    )
    latex = r"\tfrac12 + \frac{\sin^2(x^2-y^2)-\tfrac12}{\left(1+0.001\,(x^2+y^2)\right)^2}"
    source = BINGHAM + "/schaffer2.html"
    domain = ((-3, 3), (-3, 3))
    minima = ((0.0, 0.0),)
    minimum = 0.0
    start = (-1.15, 0.46)
    steps = 150
    rates: ClassVar = {"gradient": 0.05, "velocity": 0.01, "accumulating": 0.3, "normalised": 0.03}

    def formula(self, x: Array, y: Array) -> Array:
        wide = 1 + 0.001 * (x**2 + y**2)
        return 0.5 + (np.sin(x**2 - y**2) ** 2 - 0.5) / wide**2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        u = x**2 - y**2
        wide = 1 + 0.001 * (x**2 + y**2)
        ripple, fade = 2 * np.sin(2 * u) / wide**2, 0.004 * (np.sin(u) ** 2 - 0.5) / wide**3
        return x * (ripple - fade), -y * (ripple + fade)


class Rastrigin(Surface):
    key = "rastrigin"
    title = N_("Rastrigin")
    sentence = N_(
        "A bowl covered with a grid of local minima: from almost every starting point, every optimizer "
        "ends in a wrong one."
    )
    latex = r"20 + \sum_{t\in\{x,y\}}\left(t^2 - 10\cos 2\pi t\right)"
    source = "Rastrigin (1974), Systems of Extremal Control"
    domain = ((-5.12, 5.12), (-5.12, 5.12))
    minima = ((0.0, 0.0),)
    minimum = 0.0
    start = (-3.4, 2.6)
    steps = 100
    rates: ClassVar = {"gradient": 0.002, "velocity": 0.005, "accumulating": 0.5, "normalised": 0.05}

    def formula(self, x: Array, y: Array) -> Array:
        return 20 + x**2 - 10 * np.cos(2 * np.pi * x) + y**2 - 10 * np.cos(2 * np.pi * y)

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        return 2 * x + 20 * np.pi * np.sin(2 * np.pi * x), 2 * y + 20 * np.pi * np.sin(2 * np.pi * y)


class Ackley(Surface):
    key = "ackley"
    title = N_("Ackley")
    sentence = N_(
        "A pitted plain around a funnel with a sharp tip: the minimum is hard to find and hard to converge to."
    )
    latex = r"-20\,e^{-0.2\sqrt{\frac12(x^2+y^2)}} - e^{\frac12(\cos 2\pi x+\cos 2\pi y)} + e + 20"
    source = "Ackley (1987), A Connectionist Machine for Genetic Hillclimbing"
    domain = ((-5, 5), (-5, 5))
    minima = ((0.0, 0.0),)
    minimum = 0.0
    kinks = True
    start = (-3.6, 2.4)
    steps = 200
    rates: ClassVar = {"gradient": 0.02, "velocity": 0.03, "accumulating": 1.5, "normalised": 0.1}

    def formula(self, x: Array, y: Array) -> Array:
        far = np.sqrt((x**2 + y**2) / 2)
        pits = (np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)) / 2
        return -20 * np.exp(-0.2 * far) - np.exp(pits) + np.e + 20

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        far = np.sqrt(np.maximum((x**2 + y**2) / 2, TINY))
        funnel = 2 * np.exp(-0.2 * far) / far
        pits = np.pi * np.exp((np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)) / 2)
        return funnel * x + pits * np.sin(2 * np.pi * x), funnel * y + pits * np.sin(2 * np.pi * y)


class Michalewicz(Surface):
    key = "michalewicz"
    title = N_("Michalewicz")
    sentence = N_(
        "Narrow valleys cross a flat plain: outside the valleys the gradient is almost zero, and there "
        "is nothing to follow."
    )
    latex = r"-\sin x\,\sin^{20}\tfrac{x^2}{\pi} - \sin y\,\sin^{20}\tfrac{2y^2}{\pi}"
    source = "Michalewicz (1992), Genetic Algorithms + Data Structures = Evolution Programs"
    domain = ((0, float(np.pi)), (0, float(np.pi)))
    minima = ((2.2029055201726093, np.pi / 2),)
    minimum = -1.8013034100985532
    start = (2.75, 1.2)
    steps = 150
    rates: ClassVar = {"gradient": 0.01, "velocity": 0.003, "accumulating": 0.2, "normalised": 0.03}

    def formula(self, x: Array, y: Array) -> Array:
        return -np.sin(x) * np.sin(x**2 / np.pi) ** 20 - np.sin(y) * np.sin(2 * y**2 / np.pi) ** 20

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        u, v = x**2 / np.pi, 2 * y**2 / np.pi
        sin_u, sin_v = np.sin(u), np.sin(v)
        return (
            -np.cos(x) * sin_u**20 - 40 / np.pi * x * np.sin(x) * sin_u**19 * np.cos(u),
            -np.cos(y) * sin_v**20 - 80 / np.pi * y * np.sin(y) * sin_v**19 * np.cos(v),
        )


class Schwefel(Surface):
    key = "schwefel"
    title = N_("Schwefel")
    sentence = N_(
        "The lowest minimum is in a corner, far from the second lowest: the overall shape of the surface is misleading."
    )
    latex = r"837.9658 - \sum_{t\in\{x,y\}} t\,\sin\sqrt{|t|}"
    source = "Schwefel (1981), Numerical Optimization of Computer Models"
    domain = ((-500, 500), (-500, 500))
    minima = ((420.968746359982, 420.968746359982),)
    minimum = 0.0
    start = (-240.0, 330.0)
    steps = 100
    rates: ClassVar = {"gradient": 2.0, "velocity": 2.0, "accumulating": 50.0, "normalised": 5.0}

    def formula(self, x: Array, y: Array) -> Array:
        return 837.9657745448675 - x * np.sin(np.sqrt(np.abs(x))) - y * np.sin(np.sqrt(np.abs(y)))

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        p, q = np.sqrt(np.abs(x)), np.sqrt(np.abs(y))
        return -np.sin(p) - p / 2 * np.cos(p), -np.sin(q) - q / 2 * np.cos(q)


class Eggholder(Surface):
    key = "eggholder"
    title = N_("Eggholder")
    sentence = N_(
        "Deep valleys cross at irregular angles, and the minimum is on the very edge of the plot: the shape gives "
        "no hint."
    )
    latex = r"-(y+47)\sin\sqrt{\left|\tfrac x2+y+47\right|} - x\sin\sqrt{\left|x-y-47\right|}"
    source = BINGHAM + "/egg.html"
    domain = ((-512, 512), (-512, 512))
    minima = ((512.0, 404.2318051137578),)
    minimum = -959.6406627208507
    kinks = True
    start = (180.0, 160.0)
    steps = 200
    rates: ClassVar = {"gradient": 1.0, "velocity": 0.5, "accumulating": 50.0, "normalised": 5.0}

    def formula(self, x: Array, y: Array) -> Array:
        h = y + 47
        return -h * np.sin(np.sqrt(np.abs(x / 2 + h))) - x * np.sin(np.sqrt(np.abs(x - h)))

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        h = y + 47
        a, b = x / 2 + h, x - h
        root_a, root_b = np.sqrt(np.maximum(np.abs(a), TINY)), np.sqrt(np.maximum(np.abs(b), TINY))
        by_a = h * np.cos(root_a) * np.sign(a) / (2 * root_a)
        by_b = x * np.cos(root_b) * np.sign(b) / (2 * root_b)
        return -by_a / 2 - by_b - np.sin(root_b), -by_a + by_b - np.sin(root_a)


class CrossInTray(Surface):
    key = "cross_in_tray"
    title = N_("Cross-in-tray")
    sentence = N_(
        "Four equal minima, separated by a cross of sharp ridges: the surface is symmetric, so no "
        "optimizer prefers one."
    )
    latex = r"-10^{-4}\left(\left|\sin x\,\sin y\;e^{\left|100-\sqrt{x^2+y^2}/\pi\right|}\right| + 1\right)^{0.1}"
    source = MISHRA
    domain = ((-4, 4), (-4, 4))
    minima = tuple((i * 1.3494066171539107, j * 1.3494066171539107) for i in (1, -1) for j in (1, -1))
    minimum = -2.062611870822738
    kinks = True
    start = (-2.6, 0.5)
    steps = 150
    rates: ClassVar = {"gradient": 0.5, "velocity": 0.1, "accumulating": 0.5, "normalised": 0.05}

    def formula(self, x: Array, y: Array) -> Array:
        tray = np.exp(np.abs(100 - np.hypot(x, y) / np.pi))
        return -1e-4 * (np.abs(np.sin(x) * np.sin(y) * tray) + 1) ** 0.1

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        r = np.maximum(np.hypot(x, y), TINY)
        tray, rim = np.exp(np.abs(100 - r / np.pi)), np.sign(100 - r / np.pi) / (np.pi * r)
        sin_x, sin_y = np.sin(x), np.sin(y)
        waves = sin_x * sin_y
        outer = -1e-5 * (np.abs(waves * tray) + 1) ** -0.9 * np.sign(waves) * tray
        return outer * (np.cos(x) * sin_y - waves * rim * x), outer * (sin_x * np.cos(y) - waves * rim * y)


class HolderTable(Surface):
    key = "holder_table"
    title = N_("Holder table")
    sentence = N_(
        "A table on four deep legs: from the middle all local minima look similar, but the deepest are "
        "near the corners."
    )
    latex = r"-\left|\sin x\,\cos y\;e^{\left|1-\sqrt{x^2+y^2}/\pi\right|}\right|"
    source = MISHRA
    domain = ((-10, 10), (-10, 10))
    minima = tuple((i * 8.055023475736563, j * 9.664590019241272) for i in (1, -1) for j in (1, -1))
    minimum = -19.208502567886732
    kinks = True
    start = (7.0, 8.8)
    steps = 150
    rates: ClassVar = {"gradient": 0.02, "velocity": 0.005, "accumulating": 0.5, "normalised": 0.05}

    def formula(self, x: Array, y: Array) -> Array:
        return -np.abs(np.sin(x) * np.cos(y) * np.exp(np.abs(1 - np.hypot(x, y) / np.pi)))

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        r = np.maximum(np.hypot(x, y), TINY)
        legs, rim = np.exp(np.abs(1 - r / np.pi)), np.sign(1 - r / np.pi) / (np.pi * r)
        waves = np.sin(x) * np.cos(y)
        outer = -np.sign(waves) * legs
        return (
            outer * (np.cos(x) * np.cos(y) - waves * rim * x),
            outer * (-np.sin(x) * np.sin(y) - waves * rim * y),
        )


class Bukin6(Surface):
    key = "bukin_6"
    title = N_("Bukin N. 6")
    sentence = N_(
        "A sharp valley, infinitely steep at its floor: with a constant learning rate every optimizer jumps from "
        "side to side."
    )
    latex = r"100\sqrt{\left|y-0.01x^2\right|} + 0.01\left|x+10\right|"
    source = BINGHAM + "/bukin6.html"
    domain = ((-15, -5), (-3, 3))
    minima = ((-10.0, 1.0),)
    minimum = 0.0
    kinks = True
    start = (-6.0, 2.5)
    steps = 200
    rates: ClassVar = {"gradient": 0.001, "velocity": 0.0002, "accumulating": 0.5, "normalised": 0.03}

    def formula(self, x: Array, y: Array) -> Array:
        return 100 * np.sqrt(np.abs(y - 0.01 * x**2)) + 0.01 * np.abs(x + 10)

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        off_edge = y - 0.01 * x**2
        wall = 50 * np.sign(off_edge) / np.sqrt(np.maximum(np.abs(off_edge), TINY))
        return -0.02 * x * wall + 0.01 * np.sign(x + 10), wall
