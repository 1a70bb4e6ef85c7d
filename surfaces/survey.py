"""Facts about a surface, found numerically: its minima, how to draw it, a starting point, learning rates.

Built-in surfaces state these facts; for surfaces that users make they are computed: first on a grid, then to the last
digits by the exact gradient. A well narrower than a cell of the grid can be missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from spec import N_, Refused
from surfaces.floors import floor
from surfaces.surface import Array, Point, Surface

CELLS = 120  # along each side of the grid; even, so that no point lies on an axis, where formulas like to have holes
WELLS = 60  # the deepest of the grid's wells that are looked into
KINKED = 25  # the deepest of these that are searched where there are kinks, which takes longer
MOST_MINIMA = 12  # a valley with a level floor has endlessly many
EQUAL = 1e-9  # minima this near to each other, relative to the heights around, are equally deep
STEEP = 12  # log levels where the highest point is this many times the median above the minimum; a bowl has 3 to 11.7
STEPS = 150
HIGHEST = 1e300  # what is higher, or lower than its negative, counts as infinite: differences are to be finite


class Survey(NamedTuple):
    """Facts of a `Surface`, under their names there."""

    minima: tuple[Point, ...]
    level_lines: tuple[tuple[Point, Point], ...]
    minimum: float | None
    log_levels: bool
    start: Point
    rates: Mapping[str, float]


@np.errstate(all="ignore")
def survey(surface: Surface) -> Survey:
    """Return what is found on a surface with a domain; raise `Refused` where it is flat or no real number in it."""
    points = grid(surface, CELLS)
    heights = surface.value(points)
    finite = np.abs(heights) <= HIGHEST
    if not finite.any():
        raise Refused(N_("The formula gives no finite real number anywhere in the plot range."))
    low, high = heights[finite].min(), heights[finite].max()
    if not high - low > 1e-12 * max(abs(low), abs(high)):
        raise Refused(N_("The surface is flat: every point in the plot range has the height {height}."),
                      height=f"{low:.6g}")  # fmt: skip
    minima, minimum = lowest(surface, points, heights)
    line = floor(surface, points, heights)
    if line.segments and not border(surface) < line.lowest(surface) - 1e-12 * (high - low):
        places = _rounded(surface, line.points)
        spread = _apart(places[np.lexsort(places.T)], 1e-5 * surface.diagonal)
        minima = tuple((float(x) + 0.0, float(y) + 0.0) for x, y in spread)
        minimum = float(surface.value(spread).min())
    above = heights[finite] - (low if minimum is None else minimum)
    log_levels = minimum is not None and is_steep(above)
    start = default_start(surface, minima)
    return Survey(minima, line.segments if minima else (), minimum, log_levels, start, rates(surface, start))


def is_steep(above: Array) -> bool:
    """Return whether heights above the lowest one want to be drawn on a logarithmic scale."""
    return bool(above.max() / STEEP > np.median(above))


def grid(surface: Surface, cells: int) -> Array:
    """Return the middles of the domain's cells, [cells, cells, 2]."""
    middles = (np.arange(cells) + 0.5) / cells
    x, y = (low + middles * (high - low) for low, high in surface.domain)
    return np.stack(np.meshgrid(x, y), -1)


# -- minima


def lowest(surface: Surface, points: Array, heights: Array) -> tuple[tuple[Point, ...], float | None]:
    """Return every global minimum inside the domain and its height; none where it goes lower still at the border.

    From the deepest wells of the grid, Newton's method finds the floor. Across kinks, where it has no footing, a search
    in ever shorter steps goes on. What then still slopes, or is a hole, is no minimum.
    """
    wells = points[_wells(heights)]
    found = _rounded(surface, _newton(surface, wells))  # of (xy)², slow to fall, the floor is met at 0 alone
    settled = _level(surface, found)
    if surface.kinks:
        searched = _search(surface, np.where(settled[:, None], found, wells)[:KINKED])
        better = surface.value(searched) < surface.value(found[:KINKED])
        found[:KINKED] = np.where((better | ~settled[:KINKED])[:, None], searched, found[:KINKED])
        settled[:KINKED] = True
    settled &= _closed(surface, found)
    low, high = np.transpose(surface.domain)
    found = found[settled & ((low <= found) & (found <= high)).all(-1)]
    if not len(found):
        return (), None
    found = _rounded(surface, found)
    floors = surface.value(found)
    finite = heights[np.isfinite(heights)]
    slack = EQUAL * max(abs(floors.min()), np.quantile(finite, 0.1) - floors.min())
    if min(finite.min(), border(surface)) < floors.min() - slack:
        return (), None
    deepest = found[floors <= floors.min() + slack]
    apart = _apart(deepest[np.lexsort(deepest.T)], 1e-5 * surface.diagonal)
    minima = tuple((float(x) + 0.0, float(y) + 0.0) for x, y in apart)  # never -0
    return minima, float(surface.value(apart).min())


def border(surface: Surface) -> float:
    """Return the lowest height on the border of the domain, infinity where it has none.

    Points along the four sides, and then three times closer ones around the lowest of them. (The middles of the grid's
    cells are no points of the border, and a pit there may be lowest on it.)
    """
    low, high = np.transpose(surface.domain)
    corners = np.array([low, (high[0], low[1]), high, (low[0], high[1]), low])
    place, reach = 2.0, 2.0  # along the border, a side being 1
    least = np.inf
    for _ in range(4):
        along = np.clip(place + np.linspace(-reach, reach, 16 * CELLS + 1), 0, 4)
        points = np.stack([np.interp(along, range(5), corners[:, i]) for i in (0, 1)], -1)
        heights = surface.value(points)
        heights = np.where(np.isfinite(heights), heights, np.inf)
        least = min(least, float(heights.min()))
        place, reach = along[heights.argmin()], reach / CELLS
    return least


def _wells(heights: Array) -> tuple[Array, Array]:
    """Return rows and columns of the grid's deepest local minima; of equally deep ones, some from all over the grid."""
    heights = np.where(np.isfinite(heights), heights, np.inf)
    padded = np.pad(heights, 1, constant_values=np.inf)
    rows, columns = heights.shape
    around = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    row, column = np.nonzero((heights <= np.min(around, axis=0)) & np.isfinite(heights))
    order = np.argsort(0.618034 * np.arange(len(row)) % 1)
    order = order[np.argsort(heights[row, column][order], kind="stable")][:WELLS]
    return row[order], column[order]


def hessian(surface: Surface, points: Array) -> Array:
    """Return the matrix of second derivatives, [n, 2] -> [n, 2, 2], by differences of the exact gradient."""
    shift = 1e-6 * surface.diagonal * np.eye(2)
    ahead, behind = surface.gradient(points[:, None] + shift), surface.gradient(points[:, None] - shift)
    matrix = (ahead - behind) / (2e-6 * surface.diagonal)
    return (matrix + matrix.swapaxes(-1, -2)) / 2


def _step(surface: Surface, points: Array, damping: Array) -> tuple[Array, Array]:
    """Return Newton's step at each point, shortened by damping, and whether the surface curves upwards there."""
    matrix = hessian(surface, points)
    whole = np.isfinite(matrix.sum((-1, -2)))
    curvature, axes = np.linalg.eigh(np.where(whole[:, None, None], matrix, np.eye(2)))
    size = np.abs(curvature) + damping[:, None] * np.abs(curvature).max(-1, keepdims=True)
    along = np.einsum("nij,ni->nj", axes, surface.gradient(points))
    step = -np.einsum("nij,nj->ni", axes, np.divide(along, size, out=np.zeros_like(along), where=along != 0))
    return step, (curvature >= -1e-6 * np.abs(curvature).max(-1, keepdims=True)).all(-1) & whole


def _newton(surface: Surface, points: Array) -> Array:
    """Return the points moved down by Newton's method; a step that does not lead down is taken back, and damped."""
    points = points.copy()
    damping = np.full(len(points), 0.1)
    height, slope = _height_and_slope(surface, points)
    moving = np.arange(len(points))
    for _ in range(40):
        step, _upwards = _step(surface, points[moving], damping[moving])
        tried = points[moving] + step
        lower, flatter = _height_and_slope(surface, tried)
        # Near the floor heights are equal to the last digit, and the slope alone tells what is better.
        same = np.abs(lower - height[moving]) <= 1e-14 * np.abs(lower)
        good = np.where(same, flatter < slope[moving], lower < height[moving])
        better = moving[good]
        points[better], height[better], slope[better] = tried[good], lower[good], flatter[good]
        damping[moving] = np.where(good, damping[moving] / 10, 10 * damping[moving] + 1e-3)
        near = np.abs(points[moving] - surface.centre).max(-1) < surface.diagonal
        moving = moving[near & (damping[moving] < 1e3) & (np.abs(step).max(-1) > 0)]
        if not len(moving):
            break
    return points


def _height_and_slope(surface: Surface, points: Array) -> tuple[Array, Array]:
    return surface.value(points), np.linalg.norm(surface.gradient(points), axis=-1)


def _level(surface: Surface, points: Array) -> Array:
    """Return whether each point is a floor: it curves upwards, and Newton's next step would be very short."""
    step, upwards = _step(surface, points, np.zeros(len(points)))
    return upwards & (np.abs(step).max(-1) <= 1e-5 * surface.diagonal) & np.isfinite(surface.value(points))


def _search(surface: Surface, points: Array) -> Array:
    """Return the points moved down by a search in sixteen directions, in steps halved where none leads down."""
    reach = np.full(len(points), surface.diagonal / CELLS)
    height = surface.value(points)
    for turn in range(120):
        tried = points[:, None] + reach[:, None, None] * _compass(
            turn % 2 * turn
        )  # every other time the axes themselves
        heights = np.where(np.isnan(heights := surface.value(tried)), np.inf, heights)
        best = heights.argmin(-1)
        least = np.take_along_axis(heights, best[:, None], -1)[:, 0]
        good = least < height
        points = np.where(good[:, None], tried[np.arange(len(points)), best], points)
        height = np.where(good, least, height)
        reach = np.where(good, 1.3 * reach, reach / 2)
        if (reach < 1e-16 * surface.diagonal).all():
            break
    return points


def _compass(turn: float) -> Array:
    """Return sixteen directions, [16, 2], turned by an angle."""
    angle = np.pi / 8 * np.arange(16) + turn
    return np.stack([np.cos(angle), np.sin(angle)], -1)


def _closed(surface: Surface, points: Array) -> Array:
    """Return whether each point is the bottom of something: all around is as high, but not at once, as round a hole."""
    circle = surface.diagonal * _compass(0)
    here = surface.value(points)[:, None]
    near, far = (surface.value(points[:, None] + wide * circle) - here for wide in (1e-6, 0.1))
    near, far = np.where(np.isnan(near), np.inf, near), np.where(np.isfinite(far), far, 0)
    rounding = 1e-12 * np.abs(here[:, 0])
    hole = np.median(near, -1) > 0.05 * far.max(-1) + rounding
    return np.isfinite(here[:, 0]) & (near.min(-1) >= -rounding) & ~hole


def _rounded(surface: Surface, points: Array) -> Array:
    """Return the points, rounded where that is lower, or as low and as flat: 1 in place of 0.9999999999."""
    unit = 10.0 ** np.floor(np.log10(surface.diagonal))
    for digits in range(6, 13):
        rounder = np.round(points / unit, digits) * unit
        (height, slope), (lower, flatter) = (_height_and_slope(surface, here) for here in (points, rounder))
        good = (lower < height - 1e-9 * np.abs(height)) | ((lower <= height) & (flatter <= slope))
        points = np.where(good[:, None], rounder, points)
    return points


def _apart(points: Array, distance: float) -> Array:
    """Return at most `MOST_MINIMA` of the points, each farther than `distance` from the others, spread out."""
    chosen = points[:1]
    away = np.linalg.norm(points - chosen[0], axis=-1)
    while away.max() > distance and len(chosen) < MOST_MINIMA:
        chosen = np.concatenate([chosen, points[away.argmax()][None]])
        away = np.minimum(away, np.linalg.norm(points - chosen[-1], axis=-1))
    return chosen


# -- where to start, and how fast


def default_start(surface: Surface, minima: tuple[Point, ...]) -> Point:
    """Return a start that shows something: high, near the rim, and on a slope, with a way to go to every minimum.

    Of 24 directions, none of them one of symmetry, the one is taken whose height is nearest to the 80 % mark of all.
    Where the rim is flat or no number, a point of a coarse grid.
    """
    angle = 2 * np.pi * (np.arange(24) + 0.3) / 24
    half = np.array([(high - low) / 2 for low, high in surface.domain])
    points = np.array(surface.centre) + 0.8 * half * np.stack([np.cos(angle), np.sin(angle)], -1)
    points = np.concatenate([points, grid(surface, 12).reshape(-1, 2)])  # where the rim has no height, anywhere
    unit = 10.0 ** np.floor(np.log10(half / 20))
    points = np.round(points / unit) * unit
    heights, slopes = surface.value(points), np.linalg.norm(surface.gradient(points), axis=-1)
    usable = np.isfinite(heights) & np.isfinite(slopes)
    for minimum in minima:
        usable &= np.linalg.norm((points - minimum) / half, axis=-1) > 0.3
    if not usable.any():  # real in a sliver only: its highest point
        points = grid(surface, CELLS).reshape(-1, 2)
        heights = surface.value(points)
        x, y = points[np.where(np.isfinite(heights), heights, -np.inf).argmax()]
        return float(x), float(y)
    drop = np.quantile(heights[usable], 0.75) - heights[usable].min()
    sloping = usable & (slopes * surface.diagonal > 1e-3 * drop)
    if not sloping.any():
        sloping = usable
    rim = sloping & (np.arange(len(points)) < 24)
    pool = np.flatnonzero(rim if rim.any() else sloping)
    mark = np.quantile(heights[pool], 0.8)
    x, y = points[pool[np.abs(heights[pool] - mark).argmin()]]
    return float(f"{x:.12g}"), float(f"{y:.12g}")


def rates(surface: Surface, start: Point) -> dict[str, float]:
    """Return a rate for each family of rules: plain gradients as `pace` finds it; the rest in the house's proportions.

    With momentum a tenth of it; rules that divide by the gradient's size go by the size of the picture.
    """
    gradient = pace(surface, start)
    found = {
        "gradient": gradient,
        "velocity": gradient / 10,
        "accumulating": 0.07 * surface.diagonal,
        "normalised": 0.013 * surface.diagonal,
    }
    return {family: float(f"{rate:.2g}") for family, rate in found.items()}


def pace(surface: Surface, start: Point) -> float:
    """Return a learning rate at which plain gradient descent comes low in `STEPS` steps from the start, and settles.

    Sixty rates are tried at once, and judged by the highest point of the last fifth of their path. Those count that
    never leave the domain by more than a quarter of its diagonal, settle (if any do), and come down as far as the best
    of them, but for a hundredth; of these one nearer to the largest: its path shows more.
    """
    top, slope = (float(number[0]) for number in _height_and_slope(surface, np.array([start])))
    tried = surface.diagonal / (slope if 0 < slope < np.inf else 1.0) * np.logspace(-5, 1.5, 60)
    points = np.tile(np.array(start, float), (len(tried), 1))
    low, high = np.transpose(surface.domain) + np.array([[-1], [1]]) * surface.diagonal / 4
    inside = np.ones(len(tried), bool)
    late = []
    for step in range(STEPS):
        points = points - tried[:, None] * surface.gradient(points)
        inside &= ((low <= points) & (points <= high)).all(-1)
        if step >= 0.8 * STEPS:
            late.append(surface.value(points))
    least, last = np.min(late, axis=0), np.max(late, axis=0)
    last[~(inside & (last < top))] = np.inf
    settled = last - least <= 0.01 * (top - least)
    if (settled & (last < top)).any():
        last[~settled] = np.inf
    good = tried[last <= last.min() + 0.01 * (top - last.min())]
    return float(good[2 * len(good) // 3]) if np.isfinite(last).any() else float(tried[0])
