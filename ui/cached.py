"""Everything the web process keeps: results by the digest of their Spec, the same for every visitor.

Arrays are shared, not copied, and therefore made read-only.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import streamlit as st

from experiments.descend import Descent, Race
from experiments.descend import descend as _descend
from experiments.divergence import Divergence, diagnose
from experiments.likelihood import Climb, Repeats, Throws
from experiments.likelihood import climb as _climb
from experiments.likelihood import repeat as _repeat
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


def _still(result: R) -> R:
    """Make the arrays of a result read-only."""
    for part in result:
        if isinstance(part, np.ndarray):
            part.flags.writeable = False
    return result
