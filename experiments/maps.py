"""A map runs thousands of races at once and shows how they end: over hyperparameters, starting points, learning rates.

`survey(default_map("basins", "himmelblau")).end` is [rule, row, column, 2]: the final point of each start's race.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from experiments.descend import (
    LECTURE,
    LOST,
    MOST_CONTENDERS,
    Race,
    Team,
    contenders_for,
    far,
    rerated,
    surface_name,
    tolerance,
    walk,
)
from experiments.divergence import stable_rate
from optimizers import RULES, Optimizer
from spec import N_, N_n, Refused, Setting, check, same, setting, settings, type_hints
from spec.limits import allowed
from surfaces import SURFACES, Surface, find

Array = np.ndarray

KINDS = ("settings", "basins", "rates")
TELLING = {"settings": "ill_conditioned", "basins": "himmelblau", "rates": "rosenbrock"}
"""The default surface for each kind of map: the most instructive one."""

BLOCK = 7_500  # races per block: their points and state fit into a core's cache, and BLAS starts no threads
SOON = 4_000_000  # steps of single races that take about a tenth of a second
MOST_RULES = MOST_CONTENDERS
FINER = 8  # learning rates computed from one trial to the next, for the curves over the learning rate
BELOW, ABOVE = 30.0, 30.0  # range of learning rates below and above the recommended one, as factors


def varied(rule: type[Optimizer]) -> tuple[str, ...]:
    """Return the names of the fields that a map can plot against the learning rate: all other float fields."""
    kinds = type_hints(rule)
    return tuple(name for name in settings(rule) if name != "lr" and kinds[name] is float)


def facts(rule: Optimizer) -> dict[str, Setting]:
    """Return the `Setting` of each field that a map can plot against the learning rate, by name."""
    known = settings(rule)
    return {name: known[name] for name in varied(type(rule))}


FIELDS = tuple(dict.fromkeys(name for rule in RULES.values() for name in varied(rule)))


@dataclass(frozen=True)
class Map:
    """The races of a map; raises `Refused` if the values are not valid.

    kind      "settings": one optimizer from one start, at `side` learning rates x `side` values of its field `vary`;
              "basins": one or two optimizers from `side` x `side` starting points that cover the domain;
              "rates": several optimizers from one start, each tuned with `trials` learning rates
    rates     the lowest and the highest learning rate; empty: a range around the rates recommended for the surface
    values    the lowest and the highest value of the field `vary`; empty: the range of its slider
    pick      the selected cell, as (learning rate, value), (x, y) or (learning rate,); empty: none

    If the optimizer has no field `vary`, its first field is varied.
    """

    kind: str = setting("settings", N_("Map"), choices=KINDS)
    surface: str = setting("ill_conditioned", N_("Surface"), examples=(*SURFACES, "rotated~kappa~100"))
    rules: tuple[Optimizer, ...] = setting(contenders_for("ill_conditioned", ("momentum",)), N_("Optimizers"))
    vary: str = setting("momentum", N_("Hyperparameter on the y-axis"), choices=FIELDS)
    start: tuple[float, float] = same(Race, "start", SURFACES["ill_conditioned"].start)
    steps: int = same(Race, "steps", SURFACES["ill_conditioned"].steps)
    side: int = setting(80, N_("Grid resolution"), low=20, high=160, minimum=4, maximum=200, counts=("map_steps",))
    trials: int = setting(9, N_("Trials per optimizer"), symbol="n", low=3, high=25, minimum=2, maximum=40)
    rates: tuple[float, ...] = setting(
        (), N_("Learning rate range (from, to)"), symbol=r"\eta", minimum=1e-12, maximum=1e6
    )
    values: tuple[float, ...] = setting((), N_("Value range (from, to)"))
    pick: tuple[float, ...] = setting((), N_("Selected cell"))

    def __post_init__(self) -> None:
        check(self)
        object.__setattr__(self, "surface", surface_name(self.surface))
        least, most = {"settings": (1, 1), "basins": (1, 2), "rates": (1, MOST_RULES)}[self.kind]
        if not least <= len(self.rules) <= most:
            text = N_("This map needs between {least} and {most} optimizers, not {count}.")
            raise Refused(text, least=least, most=most, count=len(self.rules))
        Race(self.surface, self.rules, self.start, self.steps)  # raises Refused if one race is not valid
        for label, ends in (
            (N_("Learning rate range (from, to)"), self.rates),
            (N_("Value range (from, to)"), self.values),
        ):
            if ends and not (len(ends) == 2 and ends[0] < ends[1]):
                raise Refused(N_("{label} must be two numbers, the smaller one first."), label=label)
        wanted = 1 if self.kind == "rates" else 2
        if len(self.pick) not in (0, wanted):
            text = N_n("{label} needs {number} number on this map, not {count}.",
                       "{label} needs {number} numbers on this map, not {count}.", wanted)  # fmt: skip
            raise Refused(text, label=N_("Selected cell"), number=wanted, count=len(self.pick))
        cost = steps_taken(self)
        if cost > allowed().map_steps * 1_000_000:
            text = N_(
                "This map needs {cost} million steps; the limit is {most} million. Use a lower grid resolution or "
                "fewer steps."
            )
            raise Refused(text, cost=math.ceil(cost / 1e6), most=allowed().map_steps)
        object.__setattr__(self, "start", tuple(float(part) for part in self.start))
        for name in ("rates", "values", "pick"):
            object.__setattr__(self, name, tuple(float(part) for part in getattr(self, name)))
        fields = varied(type(self.rule))
        object.__setattr__(self, "vary", self.vary if self.vary in fields else fields[0])
        if self.kind == "settings":
            _check_cells(self)

    @property
    def rule(self) -> Optimizer:
        """The first optimizer; a map of hyperparameters has no other."""
        return self.rules[0]


def _check_cells(chart: Map) -> None:
    """Raise `Refused` if a value on an axis is not valid for the optimizer."""
    x, y = axes(chart)
    for lr in (x[0], x[-1]):
        dataclasses.replace(chart.rule, lr=float(lr))
    for value in y:
        dataclasses.replace(chart.rule, **{chart.vary: float(value)})


def default_map(kind: str, surface: str) -> Map:
    """Return the default map of this kind for a surface."""
    rules = {"settings": ("momentum",), "basins": ("sgd", "momentum"), "rates": LECTURE}[kind]
    return map_of(kind, surface, contenders_for(surface, rules))


def map_of(kind: str, surface: str, rules: tuple[Optimizer, ...]) -> Map:
    """Return a map of these optimizers, from the surface's own starting point, with a grid that is computed quickly."""
    entry = find(surface)
    side = 120 if kind == "basins" else 80
    side = min(side, max(20, math.isqrt(SOON // (entry.steps * len(rules)))))
    vary = varied(type(rules[0]))[0]
    return Map(kind, entry.name, rules, vary, entry.start, entry.steps, side)


def on_surface(chart: Map, surface: str) -> Map:
    """Return the same kind of map and optimizers on another surface, with the learning rates recommended there."""
    here = Race(chart.surface, chart.rules, chart.start, chart.steps)
    moved = map_of(chart.kind, surface, rerated(here, surface))
    return dataclasses.replace(moved, vary=chart.vary, values=chart.values, trials=chart.trials)


def steps_taken(chart: Map) -> int:
    """Return the total number of steps of all races of a map."""
    cells = len(chart.rules) * (chart.side**2 if chart.kind != "rates" else (chart.trials - 1) * FINER + 1)
    return cells * chart.steps


def coarse(chart: Map) -> Map:
    """Return the same map with a quarter of the cells per side: a preview while the fine one is computed."""
    return dataclasses.replace(chart, side=max(4, chart.side // 4))


class Survey(NamedTuple):
    """How the races of a map end: arrays with one row per value on the y-axis and one column per value on the x-axis.

    x, y       the values on the axes: learning rates x values of the field, or coordinates of starting points; a map of
               learning rates has these on x, and y is empty
    loss       [rule, row, column]     the final loss; nan if the race has diverged. A map of learning rates has one row
    diverged   [rule, row, column]     the step at which a race diverges, -1 if it never does, as in `Descent`
    converged  [rule, row, column]     the first step within the tolerance of the minimum value, -1 if there is none
    end        [rule, row, column, 2]  the final point; nan if the race has diverged
    """

    x: Array
    y: Array
    loss: Array
    diverged: Array
    converged: Array
    end: Array


def survey(chart: Map) -> Survey:
    """Run all races of a map; each gives the same result as `experiments.descend.descend`."""
    surface = find(chart.surface)
    x, y = axes(chart)
    shape = (max(1, len(y)), len(x))
    if chart.kind == "basins":
        starts = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        columns: dict[str, Array] = {}
    else:
        lr, values = (grid.ravel() for grid in np.meshgrid(x, y if len(y) else [np.nan]))
        starts = np.tile(chart.start, (lr.size, 1))
        columns = {"lr": lr} | ({chart.vary: values} if len(y) else {})
    fates = [fate(surface, rule, starts, chart.steps, columns) for rule in chart.rules]
    loss, diverged, converged, end = (np.stack(parts) for parts in zip(*fates, strict=True))
    grid = (len(fates), *shape)
    return Survey(x, y, loss.reshape(grid), diverged.reshape(grid), converged.reshape(grid), end.reshape(*grid, 2))


def axes(chart: Map) -> tuple[Array, Array]:
    """Return the values along x and y, at the centres of the cells."""
    if chart.kind == "basins":
        return tuple(_middles(low, high, chart.side) for low, high in find(chart.surface).domain)  # type: ignore[return-value]
    low, high = rates(chart)
    if chart.kind == "rates":
        return _tidy(np.geomspace(low, high, (chart.trials - 1) * FINER + 1)), np.empty(0)
    fact = settings(chart.rule)[chart.vary]
    ends = values(chart)
    spread = np.geomspace if fact.log and ends[0] > 0 else np.linspace
    return _tidy(np.geomspace(low, high, chart.side)), _tidy(spread(*ends, chart.side))


def _middles(low: float, high: float, count: int) -> Array:
    return _tidy(low + (np.arange(count) + 0.5) * ((high - low) / count))


def _tidy(grid: Array) -> Array:
    """Return the values rounded to four digits, unless that moves one of them by a tenth of a cell or more."""
    rounded = np.array([float(f"{value:.4g}") for value in grid])
    return rounded if np.all(np.abs(rounded - grid)[1:] < 0.1 * np.diff(grid)) else grid


def rates(chart: Map) -> tuple[float, float]:
    """Return the lowest and highest learning rate of a map: those given, or a range around the recommended ones."""
    if chart.rates:
        return chart.rates[0], chart.rates[1]
    suited = [type(rule).lr_factor * find(chart.surface).rate(rule.family) for rule in chart.rules]
    return float(f"{min(suited) / BELOW:.2g}"), float(f"{max(suited) * ABOVE:.2g}")


def values(chart: Map) -> tuple[float, float]:
    """Return the lowest and the highest value of the varied field: those given, or the range of its slider."""
    if chart.values:
        return chart.values[0], chart.values[1]
    fact = settings(chart.rule)[chart.vary]
    low = fact.low if fact.low is not None else fact.minimum or 0.0
    high = fact.high if fact.high is not None else max(1.0, 2 * low)
    return float(low), float(high)


class Outcome(NamedTuple):
    """How n races end: `loss`, `diverged`, `converged` [n] and `end` [n, 2], as in `Survey`."""

    loss: Array
    diverged: Array
    converged: Array
    end: Array


def fate(
    surface: Surface, rule: Optimizer, starts: Array, steps: int, columns: Mapping[str, Array] | None = None
) -> Outcome:
    """Run n races of one optimizer; starts [n, 2], `columns` [n] the fields in which the races differ.

    The races run in blocks that fit into a processor core's own cache: the results are the same, in half the time.
    """
    count = math.ceil(len(starts) / BLOCK)
    edges = [len(starts) * i // count for i in range(count + 1)]
    blocks = [slice(*ends) for ends in itertools.pairwise(edges)]
    parts = [
        _walk_block(
            surface, rule.spread(**{name: column[block] for name, column in (columns or {}).items()}),
            np.asfortranarray(starts[block], dtype=float), steps,
        )
        for block in blocks
    ]  # fmt: skip
    return Outcome(*(np.concatenate(part) for part in zip(*parts, strict=True)))


@np.errstate(all="ignore")  # divergence is data
def _walk_block(surface: Surface, rule: Optimizer, points: Array, steps: int) -> Outcome:
    """Move the points of one block; return when each race diverges, when it converges, and where it ends."""
    near = tolerance(surface)
    floor = np.nan if surface.minimum is None else surface.minimum
    within = 0.9 * LOST * surface.diagonal - math.hypot(*surface.centre)  # no point this near 0 is far from the centre
    rest = surface.minima[0] if surface.minima else surface.centre
    diverged, converged = np.full(len(points), -1), np.full(len(points), -1)
    alive, waiting = np.ones(len(points), bool), np.ones(len(points), bool)
    height, gap = np.empty(len(points)), np.empty(len(points))
    for step, (gradient, (state,)) in enumerate(walk(surface, [Team(rule, slice(None))], points, steps)):
        height = surface.value(points)
        memory = [state[slot] for slot in rule.slots]
        told = [gradient, height, *memory]
        # These sums are cheap, and finite as long as all parts are, which is nearly always so; one nan or inf shows.
        if not (sum(x @ x for x in points.T) < within**2 and math.isfinite(sum(map(_total, told)))):
            bad = far(surface, points)
            for part in told:
                bad |= ~np.isfinite(part.reshape(len(points), -1)).all(-1)
            new = bad & alive
            diverged[new] = step
            alive &= ~new
            waiting &= alive
            # A race that has diverged goes on from a minimum (or the centre) with an empty state, and its results are
            # ignored. Otherwise every later step would have to tell it from the others again.
            points[bad] = rest
            for part in memory:
                part[bad] = 0
        np.abs(np.subtract(height, floor, out=gap), out=gap)
        new = gap < near
        new &= waiting
        if np.count_nonzero(new):
            converged[new] = step
            waiting &= ~new
    return Outcome(np.where(alive, height, np.nan), diverged, converged, np.where(alive[:, None], points, np.nan))


def _total(array: Array) -> float:
    return np.add.reduce(array, axis=None)


# -- the selected cell


def place(chart: Map, point: Sequence[float]) -> tuple[int, int]:
    """Return (row, column) of the cell nearest to a point of the map."""
    x, y = axes(chart)
    if chart.kind == "basins":
        return _nearest(y, point[1], log=False), _nearest(x, point[0], log=False)
    column = _nearest(x, point[0], log=True)
    if not len(y):
        return 0, column
    return _nearest(y, point[1], log=bool(settings(chart.rule)[chart.vary].log and y[0] > 0)), column


def picked(chart: Map, point: Sequence[float]) -> Map:
    """Return the map with the cell nearest to a point selected."""
    row, column = place(chart, point)
    x, y = axes(chart)
    middle = (x[column], y[row]) if len(y) else (x[column],)
    return dataclasses.replace(chart, pick=tuple(float(f"{part:.4g}") for part in middle))


def _nearest(grid: Array, value: float, *, log: bool) -> int:
    if log:
        grid, value = np.log(grid), math.log(max(value, 1e-300))
    return int(np.argmin(np.abs(grid - value)))


def race(chart: Map, row: int, column: int) -> Race:
    """Return the race of one cell, or the race of all optimizers of a map of learning rates at one learning rate."""
    x, y = axes(chart)
    if chart.kind == "basins":
        return Race(chart.surface, chart.rules, (float(x[column]), float(y[row])), chart.steps)
    fields = {"lr": float(x[column])} | ({chart.vary: float(y[row])} if len(y) else {})
    rules = tuple(dataclasses.replace(rule, **fields) for rule in chart.rules)
    return Race(chart.surface, rules, chart.start, chart.steps)


def best(found: Survey) -> Array:
    """Return the (row, column) of each optimizer's lowest final loss, [rule, 2]; (-1, -1) if all its races diverge."""
    flat = np.where(np.isnan(found.loss), np.inf, found.loss).reshape(len(found.loss), -1)
    lowest = flat.argmin(1)
    cells = np.stack(np.unravel_index(lowest, found.loss.shape[1:]), axis=-1)
    return np.where(np.isfinite(flat[np.arange(len(flat)), lowest])[:, None], cells, -1)


def looked_at(chart: Map, found: Survey) -> Race:
    """Return the race shown next to a map: that of the selected cell, or else the most instructive one.

    That is the lowest cell of a map of hyperparameters, the surface's own starting point on a map of basins, and the
    tuned race on a map of learning rates.
    """
    if chart.pick:
        return race(chart, *place(chart, chart.pick))
    if chart.kind == "basins":
        return race(chart, *place(chart, chart.start))
    if chart.kind == "rates":
        return tuned(chart, found)
    return race(chart, *np.maximum(best(found)[0], 0))


def trials(chart: Map, found: Survey) -> Survey:
    """Return the trials of a map of learning rates: `trials` learning rates for each optimizer."""
    part = slice(None, None, FINER)
    return found._replace(
        x=found.x[part], loss=found.loss[..., part], diverged=found.diverged[..., part],
        converged=found.converged[..., part], end=found.end[..., part, :],
    )  # fmt: skip


def tuned(chart: Map, found: Survey) -> Race:
    """Return the race of all optimizers, each with its best trial; if all its trials diverge, with the first."""
    bought = trials(chart, found)
    rules = tuple(
        dataclasses.replace(rule, lr=float(bought.x[max(0, column)]))
        for rule, (_row, column) in zip(chart.rules, best(bought), strict=True)
    )
    return Race(chart.surface, rules, chart.start, chart.steps)


# -- theory


def border(chart: Map) -> Array:
    """Return, for each value on y, the learning rate above which a map of hyperparameters diverges; empty if unknown.

    It is known on bowls f = (w - m)ᵀ H (w - m) / 2: `stable_rate` with λ = λmax(H) + weight decay. With a schedule, or
    a deliberate mistake in the optimizer, it is not known.
    """
    steepest, usual = bowl(chart.surface), RULES[chart.rule.key]()  # type: ignore[call-arg]
    switches = [name for name in settings(usual) if not isinstance(getattr(usual, name), float)]
    turned = any(getattr(chart.rule, name) != getattr(usual, name) for name in switches)
    if chart.kind != "settings" or steepest is None or turned:
        return np.empty(0)
    _x, y = axes(chart)
    fields = {name: np.full(len(y), getattr(chart.rule, name), float) for name in varied(type(chart.rule))}
    fields[chart.vary] = y
    still = np.zeros(len(y))
    steepness = steepest + fields.get("weight_decay", still)
    rates = stable_rate(chart.rule.key, steepness, fields.get("momentum", still), fields.get("dampening", still))
    return np.empty(0) if rates is None else rates


@functools.lru_cache(maxsize=256)
@np.errstate(all="ignore")  # a gradient may be infinite, or no number
def bowl(name: str) -> float | None:
    """Return λmax of a surface that is a quadratic bowl; None for every other surface.

    A surface is a bowl if its gradient is affine, g(w) = g(0) + H w at points all over the domain, and no eigenvalue λ
    is negative.
    """
    surface = find(name)
    corners = np.array(list(itertools.product(*surface.domain)))
    points = np.concatenate([corners, 0.37 * corners + 0.11, -0.23 * corners])
    g0, gx, gy = surface.gradient(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    hessian = np.stack([gx - g0, gy - g0], axis=-1)
    gradient = surface.gradient(points)
    if not (np.isfinite(gradient).all() and np.isfinite(hessian).all()):
        return None
    if not np.allclose(gradient, g0 + points @ hessian.T, rtol=1e-9, atol=1e-9 * float(np.abs(gradient).max())):
        return None
    low, high = np.linalg.eigvalsh(hessian)
    return float(high) if low >= 0 < high else None


# -- basins


class Wells(NamedTuple):
    """The minima in a surface's domain: `points` [k, 2] and `heights` [k], the global ones first, then by height."""

    points: Array
    heights: Array


SEEDS = 241  # points per side of the grid on which the search for minima begins
MOST_WELLS = 120


@functools.lru_cache(maxsize=64)
@np.errstate(all="ignore")
def wells(name: str) -> Wells:
    """Return the minima in the domain: those listed in the surface's entry, and smooth local minima found by a search.

    A search begins at each point of a fine grid that is lower than its eight neighbours and follows Newton's
    directions, shortened until they decrease the loss. A minimum is found if the gradient is zero and the curvature
    positive; minima at kinks are only known if the entry lists them.
    """
    surface = find(name)
    known = np.array(surface.minima, float).reshape(-1, 2)
    points = _newton(surface, _dents(surface))
    slope = np.hypot(*surface.gradient(points).T)
    low, high = np.linalg.eigvalsh(_hessian(surface, points)).T if len(points) else (np.empty(0), np.empty(0))
    (x0, x1), (y0, y1) = surface.domain
    x, y = points.T
    good = (low > 1e-6 * high) & (slope < 1e-6 * high) & (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    points = points[good]
    points = points[np.argsort(surface.value(points), kind="stable")]
    kept = list(known)
    for point in points:
        if all(np.hypot(*(point - other)) > 1e-3 * surface.diagonal for other in kept):
            kept.append(point)
    found = np.array(kept[:MOST_WELLS]).reshape(-1, 2)
    return Wells(found, surface.value(found))


def _dents(surface: Surface) -> Array:
    """Return the points of a grid over the domain that are lower than their eight neighbours."""
    grids = [np.linspace(low, high, SEEDS) for low, high in surface.domain]
    z = surface.value(np.stack(np.meshgrid(*grids), axis=-1))
    inner = z[1:-1, 1:-1]
    lower = np.ones(inner.shape, bool)
    for down, right in itertools.product((0, 1, 2), repeat=2):
        if (down, right) != (1, 1):
            lower &= inner < z[down : down + inner.shape[0], right : right + inner.shape[1]]
    rows, columns = np.nonzero(lower)
    return np.stack([grids[0][columns + 1], grids[1][rows + 1]], axis=-1)


def _hessian(surface: Surface, points: Array) -> Array:
    """Return the Hessian [n, 2, 2] at each point by central differences of the gradient; zeros if not finite."""
    shift = 1e-5 * np.eye(2) * np.maximum(1, np.abs(points).max(-1))[:, None, None]
    wide = 2 * shift.max((1, 2))[:, None, None]
    here = points[:, None, :]
    hessian = (surface.gradient(here + shift) - surface.gradient(here - shift)) / wide
    hessian = (hessian + hessian.swapaxes(-1, -2)) / 2
    return np.where(np.isfinite(hessian).all((-1, -2), keepdims=True), hessian, 0)


def _newton(surface: Surface, points: Array, rounds: int = 60) -> Array:
    """Follow Newton's direction, with the absolute values of the curvatures, as long as it decreases the loss."""
    length = np.ones(len(points))
    for _ in range(rounds):
        if not len(points):
            break
        curvatures, directions = np.linalg.eigh(_hessian(surface, points))
        slopes = (surface.gradient(points)[:, None, :] @ directions)[:, 0]
        steps = slopes / np.maximum(np.abs(curvatures), 1e-9)
        tried = points - length[:, None] * (directions @ steps[..., None])[..., 0]
        better = surface.value(tried) < surface.value(points)
        points = np.where(better[:, None], tried, points)
        length = np.where(better, np.minimum(1, 2 * length), length / 4)
    return points


UNSETTLED = -1  # a race that ends near no minimum
LOST_CELL = -2  # a race that diverged


def settled(chart: Map, found: Survey) -> Array:
    """Return for each race of a map of basins the index of the minimum in which it ends, as in `wells`.

    A race ends in the minimum nearest to its final point if its loss is within the tolerance of that minimum; otherwise
    the result is UNSETTLED, or LOST_CELL if it has diverged.
    """
    at = wells(chart.surface)
    near = tolerance(find(chart.surface))
    ends, losses = found.end.reshape(-1, 2), found.loss.ravel()
    basin = np.full(len(ends), UNSETTLED)
    distance = np.full(len(ends), np.inf)
    for number, (point, height) in enumerate(zip(*at, strict=True)):
        away = np.hypot(*(ends - point).T)
        closer = away < distance
        distance = np.where(closer, away, distance)
        basin = np.where(closer, np.where(np.abs(losses - height) < near, number, UNSETTLED), basin)
    if find(chart.surface).level_lines:  # a line of minima is one
        basin[(basin >= 0) & (basin < len(find(chart.surface).minima))] = 0
    return np.where(np.isnan(losses), LOST_CELL, basin).reshape(found.loss.shape)
