"""Many walks with noisy gradients from one start: what the noise does to a rule, and what helps against it.

`scatter(default_noisy("ravine")).loss` is [variant, step, seed].
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from experiments.descend import Race, Team, curvature, far, suited, walk
from optimizers import RULES, SCHEDULES, Constant, Optimizer
from spec import N_, Refused, check, same, setting
from surfaces import SURFACES, Surface, find

Array = np.ndarray

SLOWER = 0.6
"""Noise asks for a lower learning rate than the exact gradient: this share of the one that suits the surface."""

SHARE = 0.25
"""The noise a surface begins with, as a share of the length of its gradient at the start."""

LOUDEST = 1e9
MOST = 50_000
"""Steps of all walks of a variant together: a browser still draws so many."""

DECAYS = tuple(key for key, schedule in SCHEDULES.items() if schedule is not Constant)


def suggested(surface: str, rule: type[Optimizer]) -> Optimizer:
    """Return a rule with a learning rate for noisy gradients on the surface: SLOWER times the one that suits it."""
    exact = suited(surface)(rule)
    return dataclasses.replace(exact, lr=float(f"{SLOWER * exact.lr:.2g}"))


@dataclass(frozen=True)
class Noisy:
    """A rule, the noise of its gradients, and the remedies shown beside it; raises `Refused` where that has no meaning.

    `noise` is the standard deviation of Gaussian noise added to both components of every gradient, drawn anew at each
    step of each of `walks` walks from `seed`; the variants of one walk share their draws.
    """

    surface: str = same(Race, "surface", "ravine")
    rule: Optimizer = setting(suggested("ravine", RULES["sgd"]), N_("Optimizer"))  # noqa: RUF009
    noise: float = setting(1.0, N_("Gradient noise"), symbol=r"\sigma", low=0.0, high=4.0, minimum=0, maximum=LOUDEST)
    batching: bool = setting(True, N_("Mini-batches"))
    batch: int = setting(16, N_("Batch size"), symbol="b", low=2, high=256, log=True, minimum=1, maximum=1_000_000)
    decaying: bool = setting(True, N_("Learning rate decay"))
    decay: str = setting("cosine", N_("Schedule"), choices=DECAYS)
    averaging: bool = setting(True, N_("Average the points (Polyak)"))
    start: tuple[float, float] = same(Race, "start", SURFACES["ravine"].start)
    steps: int = same(Race, "steps", 2 * SURFACES["ravine"].steps)
    walks: int = setting(40, N_("Runs"), symbol="n", low=10, high=100, minimum=1, maximum=200)
    seed: int = same(Race, "seed", 0)

    def __post_init__(self) -> None:
        check(self)
        race = Race(self.surface, (self.rule,), self.start, self.steps, self.noise, self.seed)  # refuses what it does
        object.__setattr__(self, "surface", race.surface)
        object.__setattr__(self, "start", race.start)
        object.__setattr__(self, "noise", race.noise)
        if self.walks * self.steps > MOST:
            text = N_("{walks} runs of {steps} steps are too many to draw; the limit is {most} steps in total.")
            raise Refused(text, walks=self.walks, steps=self.steps, most=MOST)

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants shown: "plain", and of "batch", "decay" and "average" those switched on."""
        remedies = {"batch": self.batching, "decay": self.decaying, "average": self.averaging}
        return ("plain", *(name for name, on in remedies.items() if on))


def default_noisy(surface: str = "ravine", rule: str = "sgd") -> Noisy:
    """Return a surface's noise: its own start, twice its steps, a slower rate, and noise that one sees there."""
    entry = find(surface)
    noise = SHARE * float(np.hypot(*entry.gradient(np.array(entry.start))))
    noise = float(f"{min(noise, LOUDEST):.1g}") if np.isfinite(noise) else 1.0
    steps = min(2 * entry.steps, 1000)
    return Noisy(surface, suggested(surface, RULES[rule]), noise, start=entry.start, steps=steps)


class Cloud(NamedTuple):
    """What became of v variants of n walks, at steps 0 (the start) ... `steps`.

    path      [v, steps + 1, n, 2]  the points visited; of "average" the mean of those visited
    loss      [v, steps + 1, n]     the heights there
    lost      [v, n]                the first step at which a walk is lost, as in a race, -1 if it never is; from it on
                                    its rows are nan
    """

    path: Array
    loss: Array
    lost: Array


@np.errstate(all="ignore")  # divergence is data
def scatter(spec: Noisy) -> Cloud:
    """Walk every variant from every seed, all at once.

    plain    the rule, on gradients with noise of standard deviation σ
    batch    the rule, on means of b such gradients, whose noise has σ/√b
    decay    the rule with a schedule, which lets its learning rate fall
    average  the points of plain, averaged: at each step the mean of the last half of those passed

    Sources: Polyak and Juditsky 1992 (averaging all points); Rakhlin, Shamir and Sridharan 2012 (their last part).
    """
    surface, n = find(spec.surface), spec.walks
    walked = [name for name in spec.variants if name != "average"]
    draws = spec.noise * np.random.default_rng(spec.seed).standard_normal((spec.steps, n, 2))
    noise = np.concatenate([draws / np.sqrt(spec.batch) if name == "batch" else draws for name in walked], axis=1)
    decaying = dataclasses.replace(spec.rule, schedule=SCHEDULES[spec.decay]())
    rules = [decaying if name == "decay" else spec.rule for name in walked]
    teams = [Team(rule.stack([rule] * n), slice(i * n, (i + 1) * n)) for i, rule in enumerate(rules)]

    points = np.tile(spec.start, (len(walked) * n, 1))
    path = np.empty((spec.steps + 1, *points.shape))
    for step, _ in enumerate(walk(surface, teams, points, spec.steps, noise)):
        path[step] = points
    path = path.reshape(spec.steps + 1, len(walked), n, 2).swapaxes(0, 1)
    gone = np.logical_or.accumulate(far(surface, path) | ~np.isfinite(surface.value(path)), axis=1)
    path[gone] = np.nan
    if spec.averaging:
        path = np.concatenate([path, last_half(path[:1])])
        gone = np.concatenate([gone, gone[:1]])
    lost = np.where(gone.any(1), gone.argmax(1), -1)
    return Cloud(path, surface.value(path), lost)


def last_half(path: Array) -> Array:
    """Return at every step t the mean of the points at steps ⌈t/2⌉ ... t, along axis 1 of [v, steps + 1, n, 2]."""
    sums = np.concatenate([np.zeros_like(path[:, :1]), path.cumsum(axis=1)], axis=1)
    t = np.arange(path.shape[1])
    first = (t + 1) // 2
    return (sums[:, t + 1] - sums[:, first]) / (t + 1 - first)[:, None, None]


def heights(spec: Noisy, cloud: Cloud) -> Array:
    """Return f - f* of every walk, or f where the surface has no minimum; inf where a walk is lost."""
    minimum = find(spec.surface).minimum
    above = cloud.loss - (0.0 if minimum is None else minimum)
    return np.where(np.isnan(above), np.inf, above)


@lru_cache(maxsize=64)
def bowl(surface: Surface) -> tuple[float, float] | None:
    """Return the curvatures of a surface that has the same ones everywhere, as a quadratic function has; else None."""
    (x0, x1), (y0, y1) = surface.domain
    places = np.stack(np.meshgrid(np.linspace(x0, x1, 5), np.linspace(y0, y1, 5)), axis=-1)
    found = curvature(surface, places)
    usual = found[0, 0]
    same_everywhere = np.isfinite(found).all() and np.allclose(found, usual, rtol=1e-4, atol=1e-4 * usual[1])
    return (float(usual[0]), float(usual[1])) if same_everywhere and usual[0] > 0 else None


def noise_floor(spec: Noisy, batch: int = 1) -> float | None:
    """Return f - f*, on average and in the long run, of gradient descent on a bowl: Σ η σ² / (2 (2 - η λ)).

    Along an eigenvector of curvature λ the point moves by w ← (1 - ηλ) w - η ε with noise ε of variance σ²/b: its
    variance comes to rest at η σ² / (λ (2 - ηλ)), and its share of f is λ/2 times that. None where this is not so: on
    other surfaces, for other rules and rates that change, and for η ≥ 2/λ, where nothing comes to rest.
    """
    rule, curvatures = spec.rule, bowl(find(spec.surface))
    if type(rule) is not RULES["sgd"] or rule != RULES["sgd"](lr=rule.lr) or curvatures is None:
        return None
    if not 0 < rule.lr * curvatures[1] < 2 * (1 - 1e-6):  # curvatures are known to about nine digits
        return None
    return sum(rule.lr * spec.noise**2 / batch / (2 * (2 - rule.lr * steep)) for steep in curvatures)
