"""Surfaces with one minimum and no traps: what stretching, turning and steepness do to a descent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from spec import N_, Refused, check, same, setting
from surfaces.surface import Array, Surface

JAMIL = "Jamil and Yang (2013), arXiv:1308.4008"


class Sphere(Surface):
    key = "sphere"
    title = N_("Sphere")
    sentence = N_(
        "The curvature is the same in every direction, so the negative gradient points straight to the minimum."
    )
    latex = r"x^2 + y^2"
    source = JAMIL
    domain = ((-5, 5), (-5, 5))
    minima = ((0.0, 0.0),)
    minimum = 0.0
    start = (-4.0, 2.5)
    steps = 100
    rates: ClassVar = {"gradient": 0.1, "velocity": 0.02, "accumulating": 1.0, "normalised": 0.15}

    def formula(self, x: Array, y: Array) -> Array:
        return x**2 + y**2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        return 2 * x, 2 * y


class Ravine(Surface):
    key = "ravine"
    title = N_("Elongated bowl")
    sentence = N_(
        "The curvature across is 20 times the curvature along: gradient descent zigzags from side to side and "
        "advances slowly."
    )
    latex = r"\tfrac{1}{20}x^2 + y^2"
    source = "Saitoh (2016), Deep Learning from Scratch, chapter 6"
    domain = ((-10, 10), (-5, 5))
    minima = ((0.0, 0.0),)
    minimum = 0.0
    start = (-7.0, 2.0)
    steps = 100
    rates: ClassVar = {"gradient": 0.95, "velocity": 0.1, "accumulating": 1.5, "normalised": 0.3}

    def formula(self, x: Array, y: Array) -> Array:
        return x**2 / 20 + y**2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        return x / 10, 2 * y


@dataclass(frozen=True)
class IllConditioned(Surface):
    kappa: float = setting(
        25.0, N_("condition number"), symbol=r"\kappa", low=1.0, high=200.0, log=True, minimum=1, maximum=1e4
    )

    key = "ill_conditioned"
    title = N_("Ill-conditioned bowl")
    sentence = N_(
        "The steepest direction limits the learning rate to 2/λmax, so progress along the flattest direction is slow."
    )
    latex = r"\tfrac12\left(x^2 + \kappa\,y^2\right)"
    source = "Goh (2017), Why Momentum Really Works, distill.pub"
    domain = ((-5, 5), (-5, 5))
    minima = ((0.0, 0.0),)
    minimum = 0.0
    start = (-4.5, 1.5)
    steps = 120

    def __post_init__(self) -> None:
        check(self)

    def rate(self, family: str) -> float:
        return _stable_rate(family, self.kappa)

    def formula(self, x: Array, y: Array) -> Array:
        return (x**2 + self.kappa * y**2) / 2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        return x, self.kappa * y


@dataclass(frozen=True)
class Rotated(Surface):
    kappa: float = same(IllConditioned, "kappa", 25.0)
    angle: float = setting(
        45.0, N_("angle in degrees"), symbol=r"\varphi", low=0.0, high=90.0, minimum=-360, maximum=360
    )

    key = "rotated"
    title = N_("Rotated bowl")
    sentence = N_(
        "The same bowl rotated by 45°: optimizers that scale each coordinate separately lose their advantage."
    )
    latex = (
        r"\tfrac12\left(u^2 + \kappa\,v^2\right), \quad "
        r"u = x\cos\varphi + y\sin\varphi, \quad v = y\cos\varphi - x\sin\varphi"
    )
    source = "Goh (2017), Why Momentum Really Works, distill.pub"
    domain = ((-5, 5), (-5, 5))
    minima = ((0.0, 0.0),)
    minimum = 0.0
    start = (-4.2, -2.1)
    steps = 150

    def __post_init__(self) -> None:
        check(self)

    def rate(self, family: str) -> float:
        return _stable_rate(family, self.kappa)

    def formula(self, x: Array, y: Array) -> Array:
        u, v = self._turned(x, y)
        return (u**2 + self.kappa * v**2) / 2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        (u, v), (cos, sin) = self._turned(x, y), self._axis
        return u * cos - self.kappa * v * sin, u * sin + self.kappa * v * cos

    @property
    def _axis(self) -> tuple[float, float]:
        # The cosine of 45° and its sine differ in the last digit; the square root is the same for both.
        if self.angle == 45:
            return 0.5**0.5, 0.5**0.5
        return math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))

    def _turned(self, x: Array, y: Array) -> tuple[Array, Array]:
        cos, sin = self._axis
        return cos * x + sin * y, cos * y - sin * x


def _stable_rate(family: str, kappa: float) -> float:
    """Return a rate that suits a bowl whose steepest curvature is kappa: gradient descent diverges from 2/kappa on."""
    rates = {"gradient": 1.875 / kappa, "velocity": 0.25 / kappa, "accumulating": 0.8}
    return float(f"{rates.get(family, 0.15):.3g}")


@dataclass(frozen=True)
class LeastSquares(Surface):
    """The mean squared error of a linear model with two weights; C holds the mean products of its two columns.

        f(w) = floor + (w - w*)ᵀ C (w - w*),    C = [[xx, xy], [xy, yy]]

    The settings at their defaults are those of two exams and a final of five students, as the lecture types them in,
    with the bias at its best value for any weights: then C is the covariance of the columns. Raises `Refused` where C
    is not that of two columns that differ.
    """

    xx: float = setting(97.76, N_("mean of x²"), minimum=0, maximum=1e12)
    xy: float = setting(95.72, N_("mean of xy"), minimum=-1e12, maximum=1e12)
    yy: float = setting(119.84, N_("mean of y²"), minimum=0, maximum=1e12)
    best_x: float = setting(1.378, N_("best weight of x"), minimum=-1e9, maximum=1e9)
    best_y: float = setting(0.68, N_("best weight of y"), minimum=-1e9, maximum=1e9)
    floor: float = setting(0.363, N_("remaining error"), minimum=0, maximum=1e12)

    key = "least_squares"
    title = N_("Least squares")
    sentence = N_(
        "The mean squared error of a linear model with two weights: the scaling of its columns makes it a round "
        "bowl or a narrow valley."
    )
    latex = r"f^* + c_{xx}(x-x^*)^2 + 2\,c_{xy}(x-x^*)(y-y^*) + c_{yy}(y-y^*)^2"
    source = "Legendre (1805), Nouvelles méthodes pour la détermination des orbites des comètes"
    start = (0.0, 0.0)
    steps = 150

    def __post_init__(self) -> None:
        check(self)
        if not self.xx * self.yy - self.xy**2 > 1e-12 * self.xx * self.yy:
            raise Refused(
                N_("These two columns are collinear, or one is constant: there is no single best pair of weights.")
            )
        object.__setattr__(self, "minima", ((self.best_x, self.best_y),))
        object.__setattr__(self, "minimum", self.floor)
        reach = self._reach
        sides = ((best - reach, best + reach) for best in self.minima[0])
        object.__setattr__(self, "domain", tuple(sides))

    @property
    def _reach(self) -> float:
        """Half the side of a square around the minimum, that holds the weights 0 from which training starts."""
        return 1.5 * max(abs(self.best_x), abs(self.best_y)) or 1.0

    @property
    def curvatures(self) -> tuple[float, float]:
        """The eigenvalues of the Hessian 2C, ascending; the smaller as determinant / larger, which cancels nothing."""
        middle, half = self.xx + self.yy, math.hypot(self.xx - self.yy, 2 * self.xy)
        steepest = middle + half
        return 4 * (self.xx * self.yy - self.xy**2) / steepest, steepest

    def rate(self, family: str) -> float:
        _slow, steep = self.curvatures
        rates = {"gradient": 1.875 / steep, "velocity": 0.25 / steep, "accumulating": 0.3 * self._reach}
        return float(f"{rates.get(family, 0.03 * self._reach):.3g}")

    def formula(self, x: Array, y: Array) -> Array:
        u, v = x - self.best_x, y - self.best_y
        return self.floor + self.xx * u * u + 2 * self.xy * u * v + self.yy * v * v

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        u, v = x - self.best_x, y - self.best_y
        return 2 * (self.xx * u + self.xy * v), 2 * (self.xy * u + self.yy * v)


class Booth(Surface):
    key = "booth"
    title = N_("Booth")
    sentence = N_(
        "A tilted bowl with a gentle valley: each partial derivative depends on both coordinates, but there are no "
        "local minima on the way."
    )
    latex = r"(x+2y-7)^2 + (2x+y-5)^2"
    source = JAMIL
    domain = ((-10, 10), (-10, 10))
    minima = ((1.0, 3.0),)
    minimum = 0.0
    start = (-8.0, 4.0)
    steps = 120
    rates: ClassVar = {"gradient": 0.1, "velocity": 0.01, "accumulating": 3.0, "normalised": 0.5}

    def formula(self, x: Array, y: Array) -> Array:
        return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        a, b = x + 2 * y - 7, 2 * x + y - 5
        return 2 * a + 4 * b, 4 * a + 2 * b


class Matyas(Surface):
    key = "matyas"
    title = N_("Matyas")
    sentence = N_(
        "A valley almost flat along its diagonal: all optimizers reach the valley floor quickly, then "
        "need many steps along it."
    )
    latex = r"0.26\,(x^2+y^2) - 0.48\,xy"
    source = JAMIL
    domain = ((-10, 10), (-10, 10))
    minima = ((0.0, 0.0),)
    minimum = 0.0
    start = (-9.0, -3.0)
    steps = 150
    rates: ClassVar = {"gradient": 1.5, "velocity": 0.2, "accumulating": 2.0, "normalised": 0.4}

    def formula(self, x: Array, y: Array) -> Array:
        return 0.26 * (x**2 + y**2) - 0.48 * x * y

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        return 0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x


class Trid(Surface):
    key = "trid"
    title = N_("Trid")
    sentence = N_(
        "A tilted bowl with its minimum away from the center and a minimum value below zero: a loss need "
        "not end at zero."
    )
    latex = r"(x-1)^2 + (y-1)^2 - xy"
    source = "Surjanovic and Bingham, sfu.ca/~ssurjano/trid.html"
    domain = ((-4, 4), (-4, 4))
    minima = ((2.0, 2.0),)
    minimum = -2.0
    start = (-3.0, 1.0)
    steps = 120
    rates: ClassVar = {"gradient": 0.2, "velocity": 0.03, "accumulating": 1.0, "normalised": 0.12}

    def formula(self, x: Array, y: Array) -> Array:
        return (x - 1) ** 2 + (y - 1) ** 2 - x * y

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        return 2 * (x - 1) - y, 2 * (y - 1) - x


class Zakharov(Surface):
    key = "zakharov"
    title = N_("Zakharov")
    sentence = N_(
        "Far out it rises like a fourth power, near the minimum gently: a learning rate that is safe far "
        "out is slow inside."
    )
    latex = r"x^2 + y^2 + s^2 + s^4, \quad s = \tfrac12 x + y"
    source = JAMIL
    domain = ((-5, 10), (-5, 10))
    minima = ((0.0, 0.0),)
    minimum = 0.0
    log_levels = True
    start = (8.0, 1.0)
    steps = 200
    rates: ClassVar = {"gradient": 0.0015, "velocity": 0.0003, "accumulating": 3.0, "normalised": 0.3}

    def formula(self, x: Array, y: Array) -> Array:
        s = x / 2 + y
        return x**2 + y**2 + s**2 + s**4

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        s = x / 2 + y
        wall = 2 * s + 4 * s**3
        return 2 * x + wall / 2, 2 * y + wall
