"""Surfaces that users make: a typed formula, or hills and pits painted on the stage."""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spec import N_, Refused, check, setting
from surfaces.formula import Expression, parse
from surfaces.surface import Array, Point, Surface
from surfaces.survey import STEPS, Survey, grid, is_steep, survey

Found = tuple[tuple[Point, Point], Survey]


def examine(surface: Surface) -> Found:
    """Return a surface's plot range and what a survey finds there: all of making it that takes long."""
    if isinstance(surface, Formula) and not surface.box:
        object.__setattr__(surface, "domain", _proposed(surface))
    return surface.domain, survey(surface)


_examine: Callable[[Surface], Found] = examine


def examine_by(by: Callable[[Surface], Found]) -> None:
    """Have surfaces examined by another function from now on, such as one that asks another process.

    It must return what `examine` returns; a surface made in the other process is examined there.
    """
    global _examine
    _examine = by


def _look(surface: Surface) -> None:
    """Set the facts that nobody has stated."""
    domain, facts = _examine(surface)
    for name, fact in {"domain": domain, **facts._asdict()}.items():
        object.__setattr__(surface, name, fact)


# -- a formula


@dataclass(frozen=True)
class Formula(Surface):
    """A typed f(x, y), parsed by `formula.parse`; `box` is the plot range x0, x1, y0, y1.

    Without a box one is proposed (`_proposed`); minima, start and rates are found by `survey`. Raises `Refused` for
    text that is no formula in two variables, and for a formula that is flat, or real nowhere, in the part shown.
    """

    text: str = setting(
        "x^2/10 + y^2/5 - cos(xy)",
        N_("formula"),
        symbol="f",
        help=N_(
            "For example x^2/20 + y^2 or sin(3x) exp(-y^2). There are sqrt, abs, log, atan2, min, max, floor, "
            "where(x > 0, x, -x) and more; π and e are constants. Two other letters can take the place of x and y, "
            "also Greek ones and with an index: in f(w, b) = w^2 + 3b^2, w is the horizontal and b the vertical axis. "
            "Without f(w, b) =, the letter that comes first is the horizontal axis."
        ),
        examples=(
            "x^2/20 + y^2",
            "sin(3x)*exp(-y^2)",
            "(1-x)^2 + 100(y-x^2)^2",
            "|x| + 2|y|",
            r"\frac{x²}{4} - cos y",
            "f(w, b) = w^2 + 3b^2",
        ),
    )
    box: tuple[float, float, float, float] | None = setting(
        None,
        N_("plot range"),
        help=N_(
            "Minimum and maximum of x, then of y (or of your own letters), such as -10, 10, -5, 5. Leave empty to "
            "choose the range automatically."
        ),
        optional=True,
        minimum=-1e6,
        maximum=1e6,
        examples=(None, (-10.0, 10.0, -5.0, 5.0), (0.5, 4.0, -1.0, 2.0)),
    )

    key = "formula"
    title = N_("Your own formula")
    sentence = N_("Your own surface: type a function f of x and y, and see how each optimizer moves on it.")
    source = "Descent Lab"
    steps = STEPS

    def __post_init__(self) -> None:
        check(self)
        if self.expression.constant:
            raise Refused(N_("The formula contains neither x nor y nor other letters, so its surface is flat."))
        object.__setattr__(self, "latex", self.expression.latex())
        object.__setattr__(self, "axes", self.expression.names)
        object.__setattr__(self, "kinks", self.expression.kinks)
        if self.box:
            object.__setattr__(self, "domain", _domain(self.box))
        _look(self)

    @functools.cached_property
    def expression(self) -> Expression:
        """The formula, read."""
        return parse(self.text)

    def formula(self, x: Array, y: Array) -> Array:
        return self.expression.value(x, y)

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        slope_x, slope_y = self.expression.gradient(x, y)
        return slope_x, slope_y


HALVES = (5.0, 2.0, 10.0, 1.0, 20.0, 50.0, 100.0, 500.0)
"""Half the sides of the squares that are proposed, in the order in which they are tried."""


def _domain(box: tuple[float, float, float, float]) -> tuple[Point, Point]:
    """Return a box as a domain; raise `Refused` for one without width or height."""
    x0, x1, y0, y1 = box
    if not (x1 - x0 >= 1e-3 and y1 - y0 >= 1e-3):
        raise Refused(N_("In the plot range, the minimum of x must be below its maximum, and likewise for y."))
    return (x0, x1), (y0, y1)


@np.errstate(all="ignore")  # heights may overflow
def _proposed(surface: Surface) -> tuple[Point, Point]:
    """Return the first square around the origin in which there is something to see, else [-5, 5]².

    Three conditions: at least 75% of the heights are real, at least half differ from the median by 1% of the
    range, and the lowest point is not on the edge. If no square meets all, the third is dropped, or the first, or both.
    """
    sides = [(-half, half) for half in HALVES]
    squares = [(side, side) for side in sides]
    looks = []
    for square in squares:
        object.__setattr__(surface, "domain", square)
        looks.append(_look_of(surface.value(grid(surface, 60))))
        if all(looks[-1]):
            return square
    for wanted in ((True, True, False), (False, True, True), (False, True, False)):
        for square, look in zip(squares, looks, strict=True):
            if all(has or not asked for has, asked in zip(look, wanted, strict=True)):
                return square
    return squares[0]


def _look_of(heights: Array) -> tuple[bool, bool, bool]:
    """Return whether a square's heights are mostly real, and varied, and lowest inside, as `_proposed` asks."""
    finite = np.isfinite(heights)
    if not finite.any():
        return False, False, False
    real = heights[finite] - heights[finite].min()
    inside = bool((np.where(finite, heights, np.inf)[1:-1, 1:-1]).min() == heights[finite].min())
    if inside and is_steep(real):
        real = np.log(real + 1e-5 * real.max())  # as it will be drawn
    varied = np.mean(np.abs(real - np.median(real)) > 0.01 * np.ptp(real)) >= 0.5
    return bool(finite.mean() >= 0.75), bool(varied), inside


# -- a drawing

SIDE = 5.0  # a drawing reaches from -5 to 5
TALLEST, NARROWEST, WIDEST = 8.0, 0.2, 4.0
MOST_BUMPS = 120
LETTERS = string.ascii_letters + string.digits + ".-"  # 64 that stand in an address as they are
LENGTH = 6  # letters for a bump: 8 bits for each of x, y and the width, 12 for the height
STEPS_HIGH = 2047  # of a height, up and down
BLOCK = 16_384  # bumps times points computed at a time: the processor's cache holds them

Bump = tuple[int, int, int, int]  # x and y in 256ths of the side, height in 2047ths of the tallest, width in 200ths


@dataclass(frozen=True)
class Drawing(Surface):
    """A gentle bowl with painted bumps: f = (x² + y²)/20 + Σ hᵢ exp(-((x - xᵢ)² + (y - yᵢ)²) / 2wᵢ²).

    `strokes` encodes the bumps (`bumps` decodes them); `with_bump` adds one. Raises `Refused` for invalid text.
    """

    strokes: str = setting("d6kaAlifMM1npMMgNh", N_("drawing"), examples=("", "d6kaAlifMM1n"))

    key = "drawing"
    title = N_("Your own drawing")
    sentence = N_("A gentle bowl on which you paint hills and pits: the result is a smooth surface.")
    latex = r"\frac{x^2 + y^2}{20} + \sum_i h_i\, e^{-\left((x-x_i)^2 + (y-y_i)^2\right) / 2 w_i^2}"
    source = "Descent Lab"
    domain = ((-SIDE, SIDE), (-SIDE, SIDE))
    steps = STEPS

    def __post_init__(self) -> None:
        check(self)
        _look(self)

    @functools.cached_property
    def _columns(self) -> tuple[Array, ...]:
        """Each bump's x, y, height and 1 / 2w², [n, 1] each."""
        x, y, height, width = bumps(self.strokes).T[..., None]
        return x, y, height, 1 / (2 * width**2)

    def formula(self, x: Array, y: Array) -> Array:
        return self._summed(x, y, slopes=False)[0]

    def slope(self, x: Array, y: Array) -> tuple[Array, Array]:
        _value, slope_x, slope_y = self._summed(x, y, slopes=True)
        return slope_x, slope_y

    def _summed(self, x: Array, y: Array, *, slopes: bool) -> list[Array]:
        """Return the value and, if asked for, both slopes: all bumps at once, for a block of points at a time."""
        shape, x, y = x.shape, x.ravel(), y.ravel()
        sums = [(x * x + y * y) / 20, x / 10, y / 10]
        centre_x, centre_y, height, sharp = self._columns
        points = BLOCK // max(1, len(height))
        for first in range(0, x.size, points):
            block = slice(first, first + points)
            across, along = x[block] - centre_x, y[block] - centre_y
            bump = height * np.exp(-sharp * (across * across + along * along))
            sums[0][block] += bump.sum(0)
            if slopes:
                bump *= -2 * sharp
                sums[1][block] += (bump * across).sum(0)
                sums[2][block] += (bump * along).sum(0)
        return [total.reshape(shape) for total in sums]


def bumps(strokes: str) -> Array:
    """Decode the text of a drawing into its bumps, [n, 4]: x, y, height (negative for a pit) and width."""
    decoded = np.array(_read(strokes), float).reshape(-1, 4)
    x, y, height, width = decoded.T
    return np.stack([x * SIDE / 128 - SIDE, y * SIDE / 128 - SIDE, height * TALLEST / STEPS_HIGH, width / 50], -1)


def with_bump(strokes: str, x: float, y: float, height: float, width: float) -> str:
    """Return a drawing's text with one more bump; raise `Refused` where the drawing holds no more, or x is no number.

    Painted within half a width of a bump about as wide, it makes that one higher or deeper, up to 8; a bump of height 0
    is gone. Position, height and width are rounded to what the text can tell, and to what it may.
    """
    if not np.isfinite([x, y, height, width]).all():
        raise Refused(N_("A hill or pit needs four finite numbers."))
    told = _read(strokes)
    place = _cell(x), _cell(y)
    wide = round(float(np.clip(width, NARROWEST, WIDEST)) * 50)
    tall = round(float(np.clip(height / TALLEST, -1, 1)) * STEPS_HIGH)

    def nearness(bump: Bump) -> float:
        return math.dist(bump[:2], place) * SIDE / 128 / (wide / 50)

    alike = [bump for bump in told if 0.5 <= bump[3] / wide <= 2 and nearness(bump) <= 0.5]
    if alike:
        old = min(alike, key=nearness)
        tall = int(np.clip(old[2] + tall, -STEPS_HIGH, STEPS_HIGH))
        told[told.index(old)] = (*old[:2], tall, old[3])
    else:
        told.append((*place, tall, wide))
    told = [bump for bump in told if bump[2]]
    if len(told) > MOST_BUMPS:
        raise Refused(
            N_("A drawing can have at most {most} hills and pits; you can still paint over an existing one."),
            most=MOST_BUMPS,
        )
    return "".join(_write(bump) for bump in told)


def _cell(part: float) -> int:
    return int(np.clip(round((part + SIDE) * 128 / SIDE), 0, 255))


def _write(bump: Bump) -> str:
    """Return a bump as six letters, the lowest bits first; the last one, of the width, is always a letter or digit."""
    x, y, height, width = bump
    bits = x | y << 8 | height + 2048 << 16 | width << 28
    return "".join(LETTERS[bits >> 6 * i & 63] for i in range(LENGTH))


def _read(strokes: str) -> list[Bump]:
    """Return the bumps of a drawing's text; raise `Refused` where it is broken."""
    if len(strokes) > LENGTH * MOST_BUMPS:
        raise Refused(N_("A drawing can have at most {most} hills and pits; this text contains more."), most=MOST_BUMPS)
    if len(strokes) % LENGTH or not set(strokes) <= set(LETTERS):
        raise Refused(N_("The text of the drawing is invalid: it needs six characters for each hill or pit."))
    told = []
    for first in range(0, len(strokes), LENGTH):
        bits = sum(LETTERS.index(letter) << 6 * i for i, letter in enumerate(strokes[first : first + LENGTH]))
        x, y, height, width = bits & 255, bits >> 8 & 255, (bits >> 16 & 4095) - 2048, bits >> 28
        if not (0 < abs(height) <= STEPS_HIGH and round(NARROWEST * 50) <= width <= round(WIDEST * 50)):
            raise Refused(N_("The text of the drawing is invalid at character {place}."), place=first + 1)
        told.append((x, y, height, width))
    return told
