"""A race: several optimizers start at one point of a surface and follow its gradient, step by step.

`descend(default_race("rosenbrock")).path` is [contender, step, 2].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, NamedTuple, TypeVar

import numpy as np

from optimizers import RULES, Constant, Optimizer, Scheduled, State
from spec import N_, Refused, check, setting
from surfaces import SURFACES, Surface, find
from surfaces.surface import Point
from surfaces.survey import CELLS, HIGHEST, grid

Array = np.ndarray
S = TypeVar("S")

LECTURE = ("sgd", "momentum", "adagrad", "rmsprop", "adam")
"""Keys of the five optimizers that a race shows by default."""

MOST_CONTENDERS = 16
LOST = 1000
"""A contender diverges when it is more than this many domain diagonals away from the centre of the domain."""


def contenders_for(surface: str, rules: Iterable[str] = LECTURE) -> tuple[Optimizer, ...]:
    """Return one contender per optimizer: default settings, with the learning rate for its family on this surface."""
    rule = suited(surface)
    return tuple(rule(RULES[key]) for key in rules)


def suited(surface: str) -> Callable[[type[Optimizer]], Optimizer]:
    """Return a function that creates an optimizer with the recommended learning rate for a surface, else defaults.

    If an optimizer's first steps are those of another family, it gets that family's learning rate: with its own it
    could diverge in these steps.
    """
    rate = find(surface).rate
    return lambda rule: rule(lr=float(f"{rule.lr_factor * rate(rule.begins or rule.family):.3g}"))


@dataclass(frozen=True)
class Race:
    """The optimizers, surface, starting point and number of steps of a race; raises `Refused` if they are not valid.

    `noise` is the standard deviation of Gaussian noise added to both components of every gradient, like the gradient
    noise of mini-batches; it is drawn with `seed` and is the same for every contender. With 0 the gradients are exact.
    """

    surface: str = setting("ravine", N_("Surface"), examples=(*SURFACES, "rotated~kappa~100"))  # see `surfaces.find`
    contenders: tuple[Optimizer, ...] = setting(contenders_for("ravine"), N_("Optimizers"))
    start: tuple[float, float] = setting(SURFACES["ravine"].start, N_("Starting point"), symbol=r"w_0")
    steps: int = setting(
        SURFACES["ravine"].steps, N_("Steps"), symbol="T", low=10, high=500, minimum=1, maximum=2000, limit="steps"
    )
    noise: float = setting(0.0, N_("Gradient noise"), symbol=r"\sigma", low=0.0, high=2.0, minimum=0)
    seed: int = setting(0, N_("Seed of the noise"), low=0, high=99, minimum=0, maximum=2**31 - 1)

    def __post_init__(self) -> None:
        check(self)
        object.__setattr__(self, "surface", surface_name(self.surface))
        _check_contenders(self.contenders)
        # The same race must have the same digest: -7 and -7.0, or a list from a slider and a tuple, must not differ.
        object.__setattr__(self, "contenders", tuple(self.contenders))
        object.__setattr__(self, "start", _point(self.start))
        object.__setattr__(self, "noise", float(self.noise))


def surface_name(name: object) -> str:
    """Return the standard name of a surface, without settings at their defaults; raise `Refused` if there is none."""
    return find(name if isinstance(name, str) else repr(name)).name


def _check_contenders(contenders: object) -> None:
    if not isinstance(contenders, (tuple, list)) or not all(isinstance(c, Optimizer) for c in contenders):
        raise Refused(N_("The entries must be optimizers, such as SGD or Adam."))
    if not 1 <= len(contenders) <= MOST_CONTENDERS:
        raise Refused(
            N_("A race needs between 1 and {most} optimizers, not {count}."),
            most=MOST_CONTENDERS,
            count=len(contenders),
        )


def _point(start: object) -> tuple[float, float]:
    """Return the starting point as two floats; raise `Refused` unless it is two finite numbers."""
    if isinstance(start, (tuple, list)) and len(start) == 2 and all(isinstance(number, Real) for number in start):
        x, y = float(start[0]), float(start[1])
        if math.isfinite(x) and math.isfinite(y):
            return x, y
    raise Refused(N_("The starting point must be two finite numbers, not {value}."), value=start)


def default_race(surface: str, rules: Iterable[str] = LECTURE) -> Race:
    """Return the default race on a surface: its own starting point and steps, and the recommended learning rates."""
    entry = find(surface)
    return Race(surface, contenders_for(surface, rules), entry.start, entry.steps)


def placed(spec: S) -> tuple[S, list[Refused]]:
    """Return a Spec that starts where its surface has a height: else at the nearest such place, and a notice.

    A formula may be real in a part of the plane alone, as ln x is; from a point without a height nothing descends.
    """
    asked: Any = spec
    if not (hasattr(spec, "surface") and hasattr(spec, "start")) or has_height(find(asked.surface), asked.start):
        return spec, []
    x, y = _nearest(find(asked.surface), asked.start)
    text = N_("The surface has no finite height at ({x}, {y}); the starting point was moved to ({u}, {v}).")
    notice = Refused(text, x=f"{asked.start[0]:.4g}", y=f"{asked.start[1]:.4g}", u=f"{x:.4g}", v=f"{y:.4g}")
    return replace(asked, start=(x, y)), [notice]


def has_height(surface: Surface, point: Point) -> bool:
    """Return whether a surface has a finite real height at a point."""
    return bool(abs(surface.value(np.array(point))) <= HIGHEST)


def _nearest(surface: Surface, point: Point) -> Point:
    """Return the nearest point of the domain with a height, and with a slope if there is one, rounded if it can be."""
    points = grid(surface, CELLS).reshape(-1, 2)
    there = np.abs(surface.value(points)) <= HIGHEST
    sloped = there & np.isfinite(surface.gradient(points)).all(-1)
    points = points[sloped if sloped.any() else there]
    if not len(points):  # real in a sliver only, which the survey has found
        return surface.start
    half = np.ptp(surface.domain, axis=1)
    found = points[np.hypot(*((points - np.array(point)) / half).T).argmin()]
    unit = 10.0 ** np.floor(np.log10(half) - 2.5)
    rounded = np.round(found / unit) * unit
    x, y = rounded if has_height(surface, rounded) else found
    return float(f"{x:.12g}"), float(f"{y:.12g}")


def on_surface(race: Race, surface: str) -> Race:
    """Return the race on another surface, with that surface's starting point and number of steps.

    All contenders keep their settings; their learning rates keep their ratio to the one recommended for the surface.
    """
    entry = find(surface)
    return replace(
        race, surface=surface, contenders=rerated(race, surface), start=entry.start, steps=entry.steps
    )  # fmt: skip


def rerated(race: Race, surface: str) -> tuple[Optimizer, ...]:
    """Return the contenders; their learning rates keep their ratio to the one recommended, now for another surface."""
    before, after = suited(race.surface), suited(surface)
    return tuple(
        replace(rule, lr=float(f"{rule.lr / before(type(rule)).lr * after(type(rule)).lr:.3g}"))
        for rule in race.contenders
    )


class Descent(NamedTuple):
    """The result of a race of k contenders, at steps 0 (the starting point) ... `steps`.

    path       [k, steps + 1, 2]  the points visited
    loss       [k, steps + 1]     the loss at these points
    gradient   [k, steps + 1, 2]  the exact gradients at these points, without the noise
    slots      k dicts            each optimizer's state at these points: slot -> [steps + 1, 2]
    diverged   [k]                the first step at which a contender has diverged, -1 if it never does: its point,
                                  loss, gradient or state is not finite, or the point is farther from the centre of the
                                  domain than 1000 domain diagonals. From that step on all its rows are nan; before it
                                  nothing is clipped
    converged  [k]                the first step with |loss - minimum| < tolerance, -1 if there is none
    tolerance                     see `tolerance`; nan if the surface has no minimum, and then no contender converges
    rate       [k, steps + 1]     the learning rate of the step from this point; at the end, that of the last step
    """

    path: Array
    loss: Array
    gradient: Array
    slots: tuple[dict[str, Array], ...]
    diverged: Array
    converged: Array
    tolerance: float
    rate: Array


class Team(NamedTuple):
    """Contenders with the same optimizer class: their stacked settings, and the rows of the points they move."""

    rule: Optimizer
    rows: slice


def line_up(contenders: Sequence[Optimizer]) -> tuple[list[Team], list[int]]:
    """Group contenders by optimizer class; return the groups (teams), and the row of each contender."""
    members: dict[type[Optimizer], list[int]] = {}
    for contender, settings in enumerate(contenders):
        members.setdefault(type(settings), []).append(contender)
    teams, row_of = [], [0] * len(contenders)
    first = 0
    for rule, team in members.items():
        teams.append(Team(rule.stack([contenders[i] for i in team]), slice(first, first + len(team))))
        for row, contender in enumerate(team, first):
            row_of[contender] = row
        first += len(team)
    return teams, row_of


def walk(
    surface: Surface, teams: Sequence[Team], points: Array, steps: int, noise: Array | None = None
) -> Iterator[tuple[Array, list[State]]]:
    """Move points [n, 2] in place; yield the exact gradients [n, 2] and each team's state at steps 0 ... `steps`.

    Points and states are overwritten by the next step: copy what you want to keep. `noise` [steps, 2] is added to the
    gradients that the optimizers see. Many points are moved faster in Fortran order (`np.asfortranarray`).

    Schedules count steps, and the loss they see is f before the step. If a team's schedule changes the learning rates,
    its state holds those of the next step as `lr` [n, 1].
    """
    places = [points[team.rows] for team in teams]
    scheduled = [Scheduled(team.rule, len(place), steps) for team, place in zip(teams, places, strict=True)]
    states = [team.rule.init(place) for team, place in zip(teams, places, strict=True)]
    moves = [
        (one.rule, team.rows, place, state)
        for one, team, place, state in zip(scheduled, teams, places, states, strict=True)
    ]
    changing = [(one, state) for one, state in zip(scheduled, states, strict=True) if one.changes]
    watching = [(one, team.rows) for one, team in zip(scheduled, teams, strict=True) if one.watches]
    for step in range(steps):
        for one, state in changing:
            one.set(step)
            state["lr"] = one.rule.lr
        gradient = surface.gradient(points)
        yield gradient, states
        seen = gradient if noise is None else gradient + noise[step]
        if watching:
            height = surface.value(points)
            for one, rows in watching:
                one.see(height[rows])
        for rule, rows, place, state in moves:
            rule.step(place, seen[rows], state)
    yield surface.gradient(points), states


@np.errstate(all="ignore")  # divergence is data
def descend(race: Race) -> Descent:
    """Run a race: every contender follows the gradient of the surface from the starting point with its own optimizer.

    All contenders move together, as rows of one array; each moves as it would alone. Nothing is clipped.
    """
    surface = find(race.surface)
    teams, row_of = line_up(race.contenders)
    points = np.tile(race.start, (len(race.contenders), 1))
    noise = noise_of(race)

    path = np.empty((race.steps + 1, *points.shape))
    gradient = np.empty_like(path)
    memory = [{slot: np.empty_like(path[:, team.rows]) for slot in team.rule.slots} for team in teams]
    rate = np.empty((*path.shape[:-1], 1))
    for rule, rows in teams:
        rate[:, rows] = rule.lr
    changing = [(i, team.rows) for i, team in enumerate(teams) if team.rule.schedule != Constant()]
    for step, (slope, states) in enumerate(walk(surface, teams, points, race.steps, noise)):
        path[step], gradient[step] = points, slope
        for slots, state in zip(memory, states, strict=True):
            for slot, history in slots.items():
                history[step] = state[slot]
        for i, rows in changing:
            rate[step, rows] = states[i]["lr"]
    loss = surface.value(path)

    everyone = slice(None)
    told = [(everyone, path), (everyone, gradient), (everyone, loss[..., None]), (everyone, rate)]
    told += [(team.rows, history) for team, slots in zip(teams, memory, strict=True) for history in slots.values()]
    lost = far(surface, path)
    for rows, history in told:
        lost[:, rows] |= ~np.isfinite(history).all(-1)
    gone = np.logical_or.accumulate(lost)
    for rows, history in told:
        history[gone[:, rows]] = np.nan

    near = tolerance(surface)
    floor = np.nan if surface.minimum is None else surface.minimum
    arrived = np.abs(loss - floor) < near
    by_row = [
        {slot: history[:, row] for slot, history in slots.items()}
        for team, slots in zip(teams, memory, strict=True)
        for row in range(team.rows.stop - team.rows.start)
    ]
    return Descent(
        path.swapaxes(0, 1)[row_of],
        loss.T[row_of],
        gradient.swapaxes(0, 1)[row_of],
        tuple(by_row[row] for row in row_of),
        _first(lost)[row_of],
        _first(arrived)[row_of],
        near,
        rate[..., 0].T[row_of],
    )


def noise_of(race: Race) -> Array | None:
    """Return the noise that every contender of a race sees, [steps, 2]; None where there is none."""
    if not race.noise:
        return None
    return race.noise * np.random.default_rng(race.seed).standard_normal((race.steps, 2))


def far(surface: Surface, path: Array) -> Array:
    """Return whether each point [..., 2] is too far from the domain (see `LOST`); a nan point is."""
    x, y = np.moveaxis(path - surface.centre, -1, 0)
    return ~(np.hypot(x, y) <= LOST * surface.diagonal)


def _first(happened: Array) -> Array:
    """Return the first step at which a condition is true, [steps + 1, k] -> [k]; -1 if it never is."""
    return np.where(happened.any(0), happened.argmax(0), -1)


def tolerance(surface: Surface) -> float:
    """Return the maximum distance from the minimum value that counts as converged; nan if the surface has no minimum.

    It is 1/1000 of the drop in loss from the surface's own starting point to its minimum, so it does not depend on the
    race; 1/10000 if the loss is drawn on a logarithmic scale, because the starting points are high there.
    """
    if surface.minimum is None:
        return math.nan
    share = 1e-4 if surface.log_levels else 1e-3
    return share * (float(surface.value(np.array(surface.start))) - surface.minimum)


@np.errstate(all="ignore")
def curvature(surface: Surface, points: Array | Sequence[float]) -> Array:
    """Return the eigenvalues of the Hessian at each point, ascending: [..., 2] -> [..., 2]; nan if not finite.

    On a quadratic bowl, gradient descent is stable for learning rates below 2 / (the larger eigenvalue); a negative
    eigenvalue means that the surface curves downwards in that direction. The Hessian is computed by central differences
    of the exact gradient, with h = cbrt(machine epsilon) · max(1, |x|, |y|): about nine digits are correct.
    """
    points = np.asarray(points, dtype=float)
    h = np.cbrt(np.finfo(float).eps) * np.maximum(1, np.abs(points).max(-1))[..., None, None]
    shift = h * np.eye(2)
    here = points[..., None, :]
    hessian = (surface.gradient(here + shift) - surface.gradient(here - shift)) / (2 * h)
    hessian = (hessian + hessian.swapaxes(-1, -2)) / 2
    finite = np.isfinite(hessian).all((-1, -2))
    eigenvalues = np.linalg.eigvalsh(np.where(finite[..., None, None], hessian, 0))
    return np.where(finite[..., None], eigenvalues, np.nan)
