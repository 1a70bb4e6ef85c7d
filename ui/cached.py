"""Everything the web process keeps: results by the digest of their Spec, the same for every visitor.

Arrays are shared, not copied, and therefore made read-only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import streamlit as st

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

R = TypeVar("R", bound=tuple)


def descend(race: Race) -> Descent:
    """Return the paths of a race, computed once for all who ask."""
    return _descended(digest(race), race)


@st.cache_resource(max_entries=200, show_spinner=False)
def _descended(mark: str, _race: Race) -> Descent:
    run = _descend(_race)
    for part in (*run, *(history for slots in run.slots for history in slots.values())):
        if isinstance(part, np.ndarray):
            part.flags.writeable = False
    return run


def anatomies(race: Race) -> list[dict[str, np.ndarray]]:
    """Return what every quantity of every contender's steps is."""
    return _dissected(digest(race), race)


@st.cache_resource(max_entries=100, show_spinner=False)
def _dissected(mark: str, _race: Race) -> list[dict[str, np.ndarray]]:
    run = descend(_race)
    return [anatomy(_race, run, i) for i in range(len(_race.contenders))]


def lost(race: Race, run: Descent) -> dict[int, Divergence]:
    """Return why contenders of a race diverged, by their number."""
    mark = digest(race)
    return {i: _diagnosed(mark, i, race, run) for i, step in enumerate(run.diverged) if step >= 0}


@st.cache_resource(max_entries=500, show_spinner=False)
def _diagnosed(mark: str, contender: int, _race: Race, _run: Descent) -> Divergence:
    return diagnose(_race, _run, contender)


def climb(throws: Throws) -> Climb:
    """Return what became of the rules that climb a likelihood."""
    return _climbed(digest(throws), throws)


@st.cache_resource(max_entries=200, show_spinner=False)
def _climbed(mark: str, _throws: Throws) -> Climb:
    return _still(_climb(_throws))


def repeat(throws: Throws) -> Repeats:
    """Return the repeated throws of a thumbtack."""
    return _repeated(digest((throws.truth, throws.sizes, throws.seed)), throws)


@st.cache_resource(max_entries=20, show_spinner=False)
def _repeated(mark: str, _throws: Throws) -> Repeats:
    return _still(_repeat(_throws))


def scatter(noisy: Noisy) -> Cloud:
    """Return the walks of a rule and its remedies on noisy gradients."""
    return _scattered(digest(noisy), noisy)


@st.cache_resource(max_entries=30, show_spinner=False)
def _scattered(mark: str, _noisy: Noisy) -> Cloud:
    return _still(_scatter(_noisy))


def survey(chart: Map) -> Survey:
    """Return how the races of a map end, whichever of them is looked at."""
    whole = dataclasses.replace(chart, pick=())
    return _surveyed(digest(whole), whole)


@st.cache_resource(max_entries=40, show_spinner=False)
def _surveyed(mark: str, _chart: Map) -> Survey:
    return _still(_survey(_chart))


def packed(same: object, pack: Callable[[], bytes]) -> bytes:
    """Return the bytes of a picture, made once for all who see the `same`: a class that watches one training."""
    return _packed(digest(same), pack)


@st.cache_resource(max_entries=100, show_spinner=False)
def _packed(mark: str, _pack: Callable[[], bytes]) -> bytes:
    return _pack()


def _still(result: R) -> R:
    """Make the arrays of a result read-only."""
    for part in result:
        if isinstance(part, np.ndarray):
            part.flags.writeable = False
    return result
