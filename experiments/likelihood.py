"""A thumbtack is thrown: optimizers maximize the log-likelihood of its probability to land flat; small samples mislead.

`climb(CoinTosses(100, 27)).theta` is [contender, step]; `repeat(CoinTosses(truth=0.5)).share` is [repetition, throw].
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from experiments.descend import line_up
from optimizers import RULES, Optimizer, Scheduled
from spec import N_, Refused, check, setting

Array = np.ndarray

MOST = 8  # contenders
CLIP = 1e-6
"""Clipped values of θ are CLIP and 1 - CLIP."""

NEAR = 5e-4
"""A contender has converged when θ stays so near to K/N that three decimals agree."""

LECTURE = ("sgd", "adam")
RATES = {
    "theta": {"gradient": 0.02, "velocity": 0.003, "accumulating": 0.1, "normalised": 0.02},
    "logit": {"gradient": 0.5, "velocity": 0.08, "accumulating": 0.5, "normalised": 0.1},
}
"""The recommended learning rate for each family of optimizers, on θ and on its logit."""


def suggested(rule: type[Optimizer], borders: str = "free") -> Optimizer:
    """Return an optimizer with the learning rate recommended for its family, on θ or, for "logit", on its logit."""
    rates = RATES["logit" if borders == "logit" else "theta"]
    rate = rule.lr_factor * rates["normalised" if rule.family == "searching" else rule.family]
    return rule(lr=float(f"{rate:.3g}"))


def contenders_for(rules: Iterable[str] = LECTURE, borders: str = "free") -> tuple[Optimizer, ...]:
    """Return one contender per optimizer, given by its key."""
    return tuple(suggested(RULES[key], borders) for key in rules)


@dataclass(frozen=True)
class CoinTosses:
    """K hits in N throws, and the optimizers that look for the θ that makes them most likely.

    `borders` says what happens if a step takes θ out of [0, 1]: "free" allows it, and the path ends there, because the
    likelihood is not defined outside; "clip" sets θ to CLIP or 1 - CLIP after the step; "logit" optimizes z with θ =
    1/(1 + e^-z), which has no borders. `truth`, `sizes` and `seed` belong to the repeated throws: see `repeat`. Raises
    `Refused` if a field is not valid.
    """

    throws: int = setting(100, N_("Throws"), symbol="N", low=1, high=1000, log=True, minimum=1, maximum=1_000_000)
    hits: int = setting(27, N_("landed flat"), symbol="K", minimum=0, maximum=1_000_000)
    contenders: tuple[Optimizer, ...] = setting(contenders_for(), N_("Optimizers"))
    borders: str = setting("free", N_("At the bounds of θ"), choices=("free", "clip", "logit"))
    start: float = setting(
        0.8, N_("Starting point"), symbol=r"\theta_0", low=0.01, high=0.99, minimum=0.001, maximum=0.999
    )
    steps: int = setting(150, N_("Steps"), symbol="T", low=10, high=500, minimum=1, maximum=2000, limit="steps")
    truth: float = setting(
        0.5, N_("True probability"), symbol=r"\theta", low=0.05, high=0.95, minimum=0.01, maximum=0.99
    )
    sizes: tuple[int, ...] = setting(
        (5, 50, 500), N_("Numbers of throws to compare"), symbol="N", minimum=1, maximum=2000
    )
    seed: int = setting(0, N_("Seed of the throws"), low=0, high=99, minimum=0, maximum=2**31 - 1)

    most_sizes: ClassVar[int] = 5

    def __post_init__(self) -> None:
        check(self)
        if self.hits > self.throws:
            text = N_("The number of flat throws ({hits}) cannot be larger than the number of throws ({throws}).")
            raise Refused(text, hits=self.hits, throws=self.throws)
        if not 1 <= len(self.contenders) <= MOST:
            text = N_("Choose between 1 and {most} optimizers, not {count}.")
            raise Refused(text, most=MOST, count=len(self.contenders))
        if not 1 <= len(self.sizes) <= self.most_sizes:
            text = N_("Give between 1 and {most} numbers of throws, not {count}.")
            raise Refused(text, most=self.most_sizes, count=len(self.sizes))
        object.__setattr__(self, "contenders", tuple(self.contenders))
        object.__setattr__(self, "sizes", tuple(sorted(set(self.sizes))))
        object.__setattr__(self, "start", float(self.start))
        object.__setattr__(self, "truth", float(self.truth))

    @property
    def share(self) -> float:
        """K/N, where the likelihood is largest."""
        return self.hits / self.throws


def default_throws(throws: int = 100, borders: str = "free", rules: Iterable[str] = LECTURE) -> CoinTosses:
    """Return N throws with the lecture's share of hits, and optimizers with learning rates for these borders."""
    return CoinTosses(throws, (27 * throws + 50) // 100, contenders_for(rules, borders), borders)


def log_likelihood(theta: Any, hits: Any, throws: Any) -> Array:
    """Return ln L(θ) = K ln θ + (N - K) ln(1 - θ), with 0 ln 0 = 0; nan outside [0, 1], where θ is not a probability.

    ln of the binomial coefficient, which is the same for every θ, is left out.
    """
    theta, hits, misses = np.broadcast_arrays(np.asarray(theta, float), hits, np.subtract(throws, hits))
    with np.errstate(divide="ignore", invalid="ignore"):
        flat = np.where(hits > 0, hits * np.log(theta), 0.0)
        other = np.where(misses > 0, misses * np.log1p(-theta), 0.0)
    return np.where((theta >= 0) & (theta <= 1), flat + other, np.nan)


def slope(theta: Array, share: float) -> Array:
    """Return the derivative of -ln L / N, the loss per throw, by θ: (1 - p)/(1 - θ) - p/θ, with p = K/N.

    It equals (θ - p) / (θ (1 - θ)). A term whose share is 0 is omitted, so that the other term is still correct at the
    border.
    """
    with np.errstate(divide="ignore"):
        return (1 - share) / (1 - theta) * (share < 1) - (share / theta if share else 0.0)


def steepest(spec: CoinTosses) -> float:
    """Return the curvature of the loss per throw at K/N: 1 / (p (1 - p)), on the logit p (1 - p), with p = K/N.

    Gradient descent is stable there for rates below 2 / curvature.
    """
    spread = spec.share * (1 - spec.share)
    if spec.borders == "logit":
        return spread
    return 1 / spread if spread else np.inf


class Climb(NamedTuple):
    """The paths of k contenders, at steps 0 (the starting point) ... `steps`.

    theta    [k, steps + 1]  θ; nan after the step at which it left [0, 1]
    height   [k, steps + 1]  ln L(θ); nan also at that step
    clipped  [k, steps + 1]  whether θ was clipped to a border there
    left     [k]             the first step at which ln L(θ) is not finite, -1 if there is none
    arrived  [k]             the first step from which on |θ - K/N| < NEAR, -1 if there is none
    """

    theta: Array
    height: Array
    clipped: Array
    left: Array
    arrived: Array


@np.errstate(all="ignore")  # divergence is data
def climb(spec: CoinTosses) -> Climb:
    """Let every contender maximize ln L by minimizing -ln L / N, so that the same learning rate suits any N."""
    logit = spec.borders == "logit"
    start = np.log(spec.start / (1 - spec.start)) if logit else spec.start
    teams, row_of = line_up(spec.contenders)
    place = np.full((len(row_of), 1), start)
    scheduled = [Scheduled(team.rule, len(place[team.rows]), spec.steps) for team in teams]
    states = [team.rule.init(place[team.rows]) for team in teams]
    path = np.empty((spec.steps + 1, len(row_of)))
    clipped = np.zeros(path.shape, bool)
    path[0] = start
    for step in range(spec.steps):
        gradient = 1 / (1 + np.exp(-place)) - spec.share if logit else slope(place, spec.share)
        height = _height(place[:, 0], spec)
        for one, (_rule, rows), state in zip(scheduled, teams, states, strict=True):
            one.set(step)
            one.see(-height[rows] / spec.throws)
            one.rule.step(place[rows], gradient[rows], state)
        if spec.borders == "clip":
            inside = np.clip(place, CLIP, 1 - CLIP)
            clipped[step + 1] = (inside != place)[:, 0]
            place[:] = inside
        path[step + 1] = place[:, 0]
    path, clipped = path.T[row_of], clipped.T[row_of]

    height = _height(path, spec)
    if logit:
        path = 1 / (1 + np.exp(-path))
    lost = ~np.isfinite(height)
    gone = np.logical_or.accumulate(lost, axis=1)
    left = np.where(lost.any(1), lost.argmax(1), -1)
    height[gone] = np.nan
    path[:, 1:][gone[:, :-1]] = np.nan
    clipped &= ~gone
    return Climb(path, height, clipped, left, _arrived(path, spec.share))


def _height(place: Array, spec: CoinTosses) -> Array:
    """Return ln L, given θ or its logit; computed from the logit, ln θ stays finite even if θ rounds to 0 or 1."""
    if spec.borders == "logit":
        return -spec.hits * np.logaddexp(0, -place) - (spec.throws - spec.hits) * np.logaddexp(0, place)
    return log_likelihood(place, spec.hits, spec.throws)


def _arrived(path: Array, share: float) -> Array:
    """Return the first step from which on each path [k, steps + 1] stays near `share`; -1 if it does not end there."""
    away = ~(np.abs(path - share) < NEAR)
    first = path.shape[1] - away[:, ::-1].argmax(1)
    first[~away.any(1)] = 0
    return np.where(away[:, -1], -1, first)


REPETITIONS = 60


class Repeats(NamedTuple):
    """Repetitions of the same experiment, which differ only by chance.

    share   [r, n]   K/N of every repetition after its first 1 ... n throws
    own     [r, n]   the loss per throw at θ = K/N, on the throws that gave this θ: the entropy of K/N
    fresh   [r, n]   the expected loss per throw of the same θ on new throws; inf if K/N is 0 or 1
    best             the expected loss of the true θ: its entropy, the lowest loss possible on new throws
    """

    share: Array
    own: Array
    fresh: Array
    best: float


def repeat(spec: CoinTosses) -> Repeats:
    """Throw a thumbtack with P(flat) = `truth` as often as the largest of `sizes`, and repeat that REPETITIONS times.

    The 5 throws of a repetition are the first of its 50. Losses are cross-entropies in nats, -ln L / N: own = -q ln q -
    (1 - q) ln(1 - q) and fresh = -t ln q - (1 - t) ln(1 - q), with q = K/N and t the truth.
    """
    throws = np.arange(1, max(spec.sizes) + 1)
    flat = np.random.default_rng(spec.seed).random((REPETITIONS, len(throws))) < spec.truth
    share = flat.cumsum(1) / throws
    own = -log_likelihood(share, share, 1)
    fresh = -log_likelihood(share, spec.truth, 1)
    return Repeats(share, own, fresh, float(-log_likelihood(spec.truth, spec.truth, 1)))
