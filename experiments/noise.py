"""Many runs with noisy gradients from one starting point: the effect of noise on an optimizer, and what reduces it.

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
"""Noisy gradients need a lower learning rate than exact ones: this share of the rate recommended for the surface."""

SHARE = 0.25
"""Default noise of a surface, as a share of the length of its gradient at the starting point."""

LOUDEST = 1e9
MOST = 50_000
"""Maximum number of steps of all runs of a variant together: as many as a browser can draw."""

DECAYS = tuple(key for key, schedule in SCHEDULES.items() if schedule is not Constant)


def suggested(surface: str, rule: type[Optimizer]) -> Optimizer:
    """Return an optimizer with a learning rate for noisy gradients: SLOWER times the surface's recommended one."""
    exact = suited(surface)(rule)
    return dataclasses.replace(exact, lr=float(f"{SLOWER * exact.lr:.2g}"))


@dataclass(frozen=True)
class Noisy:
    """An optimizer, its gradient noise, and the variants that reduce the noise; raises `Refused` if not valid.

    `noise` is the standard deviation of Gaussian noise added to both components of every gradient, drawn with `seed` at
    each step of each of `walks` runs; the variants of one run use the same draws.
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
        race = Race(self.surface, (self.rule,), self.start, self.steps, self.noise, self.seed)  # may raise Refused
        object.__setattr__(self, "surface", race.surface)
        object.__setattr__(self, "start", race.start)
        object.__setattr__(self, "noise", race.noise)
        if self.walks * self.steps > MOST:
            text = N_("{walks} runs of {steps} steps are too many to draw; the limit is {most} steps in total.")
            raise Refused(text, walks=self.walks, steps=self.steps, most=MOST)

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants shown: "plain", and those of "batch", "decay" and "average" that are switched on."""
        remedies = {"batch": self.batching, "decay": self.decaying, "average": self.averaging}
        return ("plain", *(name for name, on in remedies.items() if on))


def default_noisy(surface: str = "ravine", rule: str = "sgd") -> Noisy:
    """Return a surface's default study: its own start, twice its steps, a lower learning rate, and visible noise."""
    entry = find(surface)
    noise = SHARE * float(np.hypot(*entry.gradient(np.array(entry.start))))
    noise = float(f"{min(noise, LOUDEST):.1g}") if np.isfinite(noise) else 1.0
    steps = min(2 * entry.steps, 1000)
    return Noisy(surface, suggested(surface, RULES[rule]), noise, start=entry.start, steps=steps)


class Cloud(NamedTuple):
    """The paths of v variants in n runs, at steps 0 (the starting point) ... `steps`.

    path      [v, steps + 1, n, 2]  the points visited; for "average" their mean
    loss      [v, steps + 1, n]     the loss at these points
    lost      [v, n]                the first step at which a run has diverged, as in a race, -1 if it never does; from
                                    that step on its rows are nan
    """

    path: Array
    loss: Array
    lost: Array


@np.errstate(all="ignore")  # divergence is data
def scatter(spec: Noisy) -> Cloud:
    """Run every variant in all runs at once.

    plain    the optimizer, on gradients with noise of standard deviation σ
    batch    the optimizer, on means of b such gradients, whose noise has standard deviation σ/√b
    decay    the optimizer with a schedule that decreases its learning rate
    average  the averaged points of plain: at each step the mean over the last half of the steps so far

    Sources: Polyak and Juditsky 1992 (averaging all points); Rakhlin, Shamir and Sridharan 2012 (averaging the last
    part).
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
    """Return f - f* of every run, or f if the surface has no minimum; inf if a run has diverged."""
    minimum = find(spec.surface).minimum
    above = cloud.loss - (0.0 if minimum is None else minimum)
    return np.where(np.isnan(above), np.inf, above)


@lru_cache(maxsize=64)
def bowl(surface: Surface) -> tuple[float, float] | None:
    """Return the curvatures of a surface if they are the same everywhere, as for a quadratic function; else None."""
    (x0, x1), (y0, y1) = surface.domain
    places = np.stack(np.meshgrid(np.linspace(x0, x1, 5), np.linspace(y0, y1, 5)), axis=-1)
    found = curvature(surface, places)
    usual = found[0, 0]
    same_everywhere = np.isfinite(found).all() and np.allclose(found, usual, rtol=1e-4, atol=1e-4 * usual[1])
    return (float(usual[0]), float(usual[1])) if same_everywhere and usual[0] > 0 else None


def noise_floor(spec: Noisy, batch: int = 1) -> float | None:
    """Return the long-run mean of f - f* for gradient descent on a quadratic bowl: Σ η σ² / (2 (2 - η λ)).

    Along an eigenvector of curvature λ the point moves by w ← (1 - ηλ) w - η ε with noise ε of variance σ²/b: its
    variance converges to η σ² / (λ (2 - ηλ)), and its contribution to f is λ/2 times that. None if this does not apply:
    on other surfaces, for other optimizers, for learning rates that change, and for η ≥ 2/λ, where the variance does
    not converge.
    """
    rule, curvatures = spec.rule, bowl(find(spec.surface))
    if type(rule) is not RULES["sgd"] or rule != RULES["sgd"](lr=rule.lr) or curvatures is None:
        return None
    if not 0 < rule.lr * curvatures[1] < 2 * (1 - 1e-6):  # curvatures are computed to about nine digits
        return None
    return sum(rule.lr * spec.noise**2 / batch / (2 * (2 - rule.lr * steep)) for steep in curvatures)
