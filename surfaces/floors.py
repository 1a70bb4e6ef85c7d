"""Minima that form lines, as those of (x - y)² or (xy)²: found on the lines of a grid, and joined from cell to cell."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from surfaces.surface import Array, Point, Surface

ROUNDING = 1e-13  # heights this near to each other, relative to the heights around, differ by rounding alone
FEWEST, SHORTEST = 12, 0.1  # points of a line of minima, and its extent as a share of the domain's side
HALVINGS = 60


class Floor(NamedTuple):
    """The points [n, 2] at which grid lines meet lines of minima, and the segments that join them."""

    points: Array
    segments: tuple[tuple[Point, Point], ...]

    def lowest(self, surface: Surface) -> float:
        """Return the least height of the points."""
        return float(surface.value(self.points).min())


@np.errstate(all="ignore")
def floor(surface: Surface, points: Array, heights: Array) -> Floor:
    """Return the lines of global minima on a grid, points [rows, columns, 2] with heights; empty if there are none.

    Along each row and each column of the grid the places are found at which the slope turns from falling to rising.
    Those that are as low as the lowest, but for rounding, belong to a line of minima if there are many, and they reach
    far: an isolated minimum is met by hardly any line of the grid.
    """
    across, down = _lowest_along(surface, points, 0), _lowest_along(surface, points, 1)
    found = np.concatenate([across[1], down[1]])
    low = surface.value(found)
    finite = heights[np.isfinite(heights)]
    nothing = Floor(np.empty((0, 2)), ())
    if not np.isfinite(low).any() or not finite.size:
        return nothing
    least = min(float(np.nanmin(low)), float(finite.min()))
    level = low <= least + ROUNDING * max(abs(least), float(np.quantile(finite, 0.1)) - least)
    reach = np.ptp(found[level], axis=0) / np.ptp(surface.domain, axis=1) if level.any() else np.zeros(2)
    if level.sum() < FEWEST or reach.max() < SHORTEST:
        return nothing
    cells: dict[tuple[int, int], tuple[list[Array], list[Array]]] = defaultdict(lambda: ([], []))
    split = len(across[0])
    for (row, column), point in zip(across[0][level[:split]], across[1][level[:split]], strict=True):
        for cell in ((row - 1, column), (row, column)):
            cells[cell][0].append(point)
    for (row, column), point in zip(down[0][level[split:]], down[1][level[split:]], strict=True):
        for cell in ((row, column - 1), (row, column)):
            cells[cell][1].append(point)
    return Floor(found[level], tuple(segment for cell in cells.values() for segment in _joined(*cell)))


def _lowest_along(surface: Surface, points: Array, axis: int) -> tuple[Array, Array]:
    """Return the edges (row, column) of the grid along x (axis 0) or y (1) with a lowest place, and that place."""
    slope = surface.gradient(points)[..., axis]
    ahead = (slice(None), slice(1, None)) if axis == 0 else (slice(1, None), slice(None))
    behind = (slice(None), slice(-1)) if axis == 0 else (slice(-1), slice(None))
    before, after = slope[behind], slope[ahead]
    edges = np.argwhere(((before < 0) & (after >= 0)) | ((before <= 0) & (after > 0)))
    low, high = points[behind][tuple(edges.T)], points[ahead][tuple(edges.T)]
    level = before[tuple(edges.T)] == 0  # then the end of the level part is looked for
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        steep = surface.gradient(middle)[..., axis]
        right = ((steep < 0) | (level & (steep == 0)))[:, None]
        low, high = np.where(right, middle, low), np.where(right, high, middle)
    return edges, np.where((surface.value(low) <= surface.value(high))[:, None], low, high)


def _joined(across: list[Array], down: list[Array]) -> list[tuple[Point, Point]]:
    """Return the segments between the points on the edges of one cell; two lines that cross stay two lines."""
    pairs = [pair for pair in (across, down) if len(pair) == 2]
    if not pairs and len(across) == len(down) == 1:
        pairs = [[across[0], down[0]]]
    return [((float(a[0]), float(a[1])), (float(b[0]), float(b[1]))) for a, b in pairs]
