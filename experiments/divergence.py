"""Why a contender diverged: where, how far, against which bound of this surface, and the largest rate that holds."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from experiments.descend import Descent, Race, curvature, descend, far, line_up, noise_of, suited, walk
from optimizers import Optimizer
from spec import settings
from surfaces import find

TRIALS = 48  # rates tried side by side, first over all that might hold, then between two neighbours


class Cause(NamedTuple):
    """What happened at the step at which a contender is lost.

    kind   "hole": it stands where the surface has no finite height; "slope": where the gradient is not finite;
           "zero": its step was 0/0, as ε = 0 and the gradient along `axis` was 0; "far": it is
           further from the domain than `descend.far` allows
    point  where it stands
    loss   the height there
    axis   the name of that axis, or "x, y"; empty unless "zero"
    """

    kind: str
    point: tuple[float, float]
    loss: float
    axis: str = ""


class Divergence(NamedTuple):
    """How one contender was lost.

    step      the first step at which it is lost
    distance  its distance from the domain's centre at the last step before, in domain diagonals
    loss      its height there
    bound     the largest rate that is stable on a bowl as steep as the surface is at `where`, see `stable_rate`; nan
              for rules that have no such bound, and where no place on the way is too steep for the rate
    steepest  λmax there
    where     the step of that place: the start, if the rate is above its bound, else the first place that is too steep
    holds     the largest rate at which the contender ends below its start; 0 where no rate tried does
    rate      its rate at `where`, or, where there is no bound, at the last step before
    cause     what happened, as `cause` tells
    """

    step: int
    distance: float
    loss: float
    bound: float
    steepest: float
    where: int
    holds: float
    rate: float
    cause: Cause


_descent = lru_cache(maxsize=2)(descend)  # one race is asked for one contender after the other


def lost(race: Race, contender: int) -> Divergence:
    """Return why contender number `contender` of a race, which diverged, was lost; the race is run for it."""
    return diagnose(race, _descent(race), contender)


def diagnose(race: Race, run: Descent, contender: int) -> Divergence:
    """Return why contender number `contender`, which diverged, was lost."""
    surface, rule = find(race.surface), race.contenders[contender]
    step = int(run.diverged[contender])
    path, last = run.path[contender], max(step - 1, 0)
    away = np.hypot(*(path[last] - surface.centre)) / surface.diagonal
    rates = run.rate[contender, : last + 1] if step else np.array([rule.lr])  # none is told of one lost at once
    bound, steepest, where = _bound(rule, rates, curvature(surface, path[: last + 1])[:, 1])
    return Divergence(
        step, float(away), float(run.loss[contender, last]), bound, steepest, where,
        largest_rate(race, rule), float(rates[last if math.isnan(bound) else where]),
        cause(race, contender, step),
    )  # fmt: skip


@lru_cache(maxsize=500)
@np.errstate(all="ignore")  # divergence is data
def cause(race: Race, contender: int, step: int) -> Cause:
    """Return what happened to a contender at the step at which it was lost, by going there once more."""
    surface, rule = find(race.surface), race.contenders[contender]
    teams, _rows = line_up([rule])
    points = np.tile(race.start, (1, 1))
    still = np.zeros(2, bool)
    for at, (gradient, _states) in enumerate(walk(surface, teams, points, race.steps, noise_of(race))):
        if at == step:
            break
        still = gradient[0] == 0
    point, loss = (float(points[0, 0]), float(points[0, 1])), float(surface.value(points)[0])
    zero = still & np.isnan(points[0])
    if getattr(rule, "eps", 1) == 0 and zero.any():
        return Cause("zero", point, loss, ", ".join(np.array(surface.axes)[zero]))
    if far(surface, points)[0]:
        return Cause("far", point, loss)
    if not np.isfinite(loss):
        return Cause("hole", point, loss)
    return Cause("far" if np.isfinite(surface.gradient(points)).all() else "slope", point, loss)


def _bound(rule: Optimizer, rates: np.ndarray, steepest: np.ndarray) -> tuple[float, float, int]:
    """Return (stable rate, λmax, step) of the first point on the way that is too steep for the rule's rate there."""
    fields = {name: getattr(rule, name) for name in ("momentum", "dampening") if name in settings(rule)}
    bounds = stable_rate(stable_as(rule), np.where(steepest > 0, steepest, 0.0), **fields)
    too_steep = np.flatnonzero(rates > bounds) if bounds is not None else np.empty(0, int)
    if bounds is None or not too_steep.size:
        return math.nan, math.nan, 0
    where = int(too_steep[0])
    return float(bounds[where]), float(steepest[where]), where


def stable_as(rule: Optimizer) -> str:
    """Return the key of the rule by whose bound this one is judged: Momentum's famous mistake is Nesterov's step."""
    return "nesterov" if getattr(rule, "ahead", False) else rule.key


def stable_rate(
    key: str, steepest: np.ndarray | float, momentum: np.ndarray | float = 0.0, dampening: np.ndarray | float = 0.0
) -> np.ndarray | None:
    """Return the learning rate above which a rule must diverge on a bowl with λmax = `steepest`; None if not known.

    It is 2/λ for gradient descent, 2 (1 + μ) / ((1 - τ) λ) for momentum μ with dampening τ, and
    2 (1 + μ) / ((1 + 2μ) λ) for Nesterov's: where a root of the recurrence along the steepest direction leaves the unit
    circle. A momentum of 1 or more holds at no rate: nan. Arrays of one shape, or numbers; inf where λ is 0.

    Source: Goh 2017, Why Momentum Really Works; Nesterov's from z² - (1 + μ)(1 - ηλ) z + μ (1 - ηλ) = 0.
    """
    mu = np.asarray(momentum, float)
    with np.errstate(divide="ignore"):
        flat = 2 / np.asarray(steepest, float)
        rolling = flat * (1 + mu) / (1 - dampening * (mu != 0))
    rates = {"sgd": flat, "momentum": rolling, "nesterov": flat * (1 + mu) / (1 + 2 * mu)}
    return np.where(mu < 1, rates[key], np.nan) if key in rates else None


def largest_rate(race: Race, rule: Optimizer) -> float:
    """Return the largest learning rate, below its own, with which `rule` ends this race lower than it started.

    The rates tried lie on a logarithmic grid, from a millionth of the rate that suits the surface, which is refined
    towards the first that fails; the result is a rate of three digits that was itself tried. Where the surface is no
    bowl, a smaller or a larger rate may behave otherwise. 0 where not even the smallest holds.
    """
    high = rule.lr
    low = 1e-6 * min(high, suited(race.surface)(type(rule)).lr)
    while high / low > 1.005:
        rates = np.geomspace(low, high, TRIALS)
        failed = np.flatnonzero(~_ends_lower(race, rule, rates))
        if not failed.size:
            low = high
        elif failed[0] == 0:
            return 0.0
        else:
            low, high = rates[failed[0] - 1], rates[failed[0]]
    rates = np.unique([_rounded_down(rate) for rate in np.geomspace(low / 2, low, TRIALS)])
    return float(rates[_ends_lower(race, rule, rates)].max(initial=0))


def _rounded_down(rate: float) -> float:
    """Return a rate's first three digits."""
    unit = 10.0 ** (math.floor(math.log10(rate)) - 2)
    return float(f"{math.floor(rate / unit * (1 + 1e-12)) * unit:.3g}")


@np.errstate(all="ignore")
def _ends_lower(race: Race, rule: Optimizer, rates: np.ndarray) -> np.ndarray:
    """Return for each rate whether the rule ends a race like this one, finite, below where it started."""
    surface = find(race.surface)
    teams, rows = line_up([replace(rule, lr=float(rate)) for rate in rates])
    points = np.tile(race.start, (len(rates), 1))
    started = float(surface.value(np.array(race.start)))
    gone = np.zeros(len(rates), bool)
    for gradient, states in walk(surface, teams, points, race.steps, noise_of(race)):
        gone |= far(surface, points) | ~np.isfinite(gradient).all(-1)
        for team, state in zip(teams, states, strict=True):  # what overflows there is lost too, as in `descend`
            for slot in team.rule.slots:
                gone[team.rows] |= ~np.isfinite(state[slot]).all(-1)
    ended = surface.value(points)
    return (~gone & np.isfinite(ended) & (ended < started))[rows]
