"""Everything the web process keeps: results by the digest of their Spec, the same for every visitor.

Arrays are shared, not copied, and therefore made read-only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from experiments.anatomy import anatomy
from experiments.descend import Descent, Race
from experiments.descend import descend as _descend
from experiments.divergence import Divergence, diagnose
from experiments.likelihood import Climb, Repeats, Throws
from experiments.likelihood import climb as _climb
from experiments.likelihood import repeat as _repeat
from experiments.maps import Map, Survey
from experiments.maps import survey as _survey
from experiments.noise import Cloud, Noisy
from experiments.noise import scatter as _scatter
from spec import digest
from ui.kept import Kept
from ui.training import visitor

R = TypeVar("R")
KEPT = Kept()


def _once(kind: str, spec: object, make: Callable[[], R]) -> R:
    """Return what is made of a Spec, computed once for all who ask."""
    return KEPT.get((kind, digest(spec)), make, visitor().visitor)


def descend(race: Race) -> Descent:
    """Return the paths of a race."""
    return _once("descend", race, lambda: _still(_descend(race)))


def anatomies(race: Race) -> list[dict[str, np.ndarray]]:
    """Return what every quantity of every contender's steps is."""
    run = descend(race)
    return _once("anatomies", race, lambda: [anatomy(race, run, i) for i in range(len(race.contenders))])


def lost(race: Race, run: Descent) -> dict[int, Divergence]:
    """Return why contenders of a race diverged, by their number."""
    gone = [i for i, step in enumerate(run.diverged) if step >= 0]
    return {i: _once(f"lost {i}", race, lambda i=i: diagnose(race, run, i)) for i in gone}


def climb(throws: Throws) -> Climb:
    """Return what became of the rules that climb a likelihood."""
    return _once("climb", throws, lambda: _still(_climb(throws)))


def repeat(throws: Throws) -> Repeats:
    """Return the repeated throws of a thumbtack."""
    return _once("repeat", (throws.truth, throws.sizes, throws.seed), lambda: _still(_repeat(throws)))


def scatter(noisy: Noisy) -> Cloud:
    """Return the walks of a rule and its remedies on noisy gradients."""
    return _once("scatter", noisy, lambda: _still(_scatter(noisy)))


def survey(chart: Map) -> Survey:
    """Return how the races of a map end, whichever of them is looked at."""
    whole = dataclasses.replace(chart, pick=())
    return _once("survey", whole, lambda: _still(_survey(whole)))


def packed(same: object, pack: Callable[[], bytes]) -> bytes:
    """Return the bytes of a picture, made once for all who see the `same`: a class that watches one training."""
    return _once("packed", same, pack)


def _still(result: R) -> R:
    """Make the arrays of a result read-only, however deep they lie in it."""
    _freeze(result)
    return result


def _freeze(part: Any) -> None:
    if isinstance(part, np.ndarray):
        part.flags.writeable = False
    elif isinstance(part, (tuple, list)):
        for one in part:
            _freeze(one)
    elif isinstance(part, dict):
        for one in part.values():
            _freeze(one)
