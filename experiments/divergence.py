"""Why a contender diverged: where, how far, against which bound of this surface, and the largest rate that holds."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from experiments.descend import Descent, Race, curvature, far, line_up, noise_of, suited, walk
from optimizers import Optimizer
from surfaces import find

TRIALS = 48  # rates tried side by side, first over all that might hold, then between two neighbours


class Divergence(NamedTuple):
    """How one contender was lost.

    step      the first step at which it is lost
    distance  its distance from the domain's centre at the last step before, in domain diagonals
    loss      its height there
    factor    by what its distance from its start grew at each step on the way there, on average
    bound     the largest rate that is stable on a bowl as steep as the surface is at `where`: 2 / λmax for gradient
              descent, 2 (1 + momentum) / λmax with momentum; nan for rules that have no such bound, and where no place
              on the way is too steep for the rate
    steepest  λmax there
    where     the step of that place: the start, if the rate is above its bound, else the first place that is too steep
    holds     the largest rate at which the contender ends below its start; 0 where no rate tried does
    rate      its rate at `where`, or, where there is no bound, at the last step before
    """

    step: int
    distance: float
    loss: float
    factor: float
    bound: float
    steepest: float
    where: int
    holds: float
    rate: float


def diagnose(race: Race, run: Descent, contender: int) -> Divergence:
    """Return why contender number `contender`, which diverged, was lost."""
    surface, rule = find(race.surface), race.contenders[contender]
    step = int(run.diverged[contender])
    path, last = run.path[contender], max(step - 1, 0)
    away = np.hypot(*(path[last] - surface.centre)) / surface.diagonal
    moved = np.hypot(*(path[: last + 1] - path[0]).T)
    growth = (moved[-1] / moved[1]) ** (1 / (last - 1)) if last > 1 and moved[1] > 0 else math.nan
    rates = run.rate[contender, : last + 1] if step else np.array([rule.lr])  # none is told of one lost at once
    bound, steepest, where = _bound(rule, rates, curvature(surface, path[: last + 1])[:, 1])
    return Divergence(
        step, float(away), float(run.loss[contender, last]), float(growth), bound, steepest, where,
        largest_rate(race, rule), float(rates[last if math.isnan(bound) else where]),
    )  # fmt: skip


def _bound(rule: Optimizer, rates: np.ndarray, steepest: np.ndarray) -> tuple[float, float, int]:
    """Return (stable rate, λmax, step) of the first point on the way that is too steep for the rule's rate there."""
    if rule.family not in ("gradient", "velocity"):
        return math.nan, math.nan, 0
    with np.errstate(divide="ignore", invalid="ignore"):
        bounds = np.where(steepest > 0, 2 * (1 + getattr(rule, "momentum", 0.0)) / steepest, np.inf)
    too_steep = np.flatnonzero(rates > bounds)
    if not too_steep.size:
        return math.nan, math.nan, 0
    where = int(too_steep[0])
    return float(bounds[where]), float(steepest[where]), where


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
    for _gradient, _states in walk(surface, teams, points, race.steps, noise_of(race)):
        gone |= far(surface, points)
    return (~gone & (surface.value(points) < started))[rows]
