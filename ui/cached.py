"""The cache of the web process: results by the digest of their Spec, shared by all visitors.

Arrays are shared, not copied, and are therefore made read-only. What takes longer than `SOON` is computed by a worker,
in the visitor's turn: computed in the web process, it would delay the pages of all other visitors.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import runs
from experiments.anatomy import anatomy
from experiments.descend import Descent, Race
from experiments.descend import descend as _descend
from experiments.divergence import Divergence, diagnose
from experiments.likelihood import Climb, CoinTosses, Repeats
from experiments.likelihood import climb as _climb
from experiments.likelihood import repeat as _repeat
from experiments.maps import Map, Survey, steps_taken
from experiments.maps import survey as _survey
from experiments.noise import Cloud, Noisy
from experiments.noise import scatter as _scatter
from runs.call import Call, results
from spec import Refused, digest
from surfaces import Surface, find, own
from ui.kept import Kept
from ui.language import _
from ui.page_state import said
from ui.training import visitor

R = TypeVar("R")
KEPT = Kept()
SOON = 0.1  # seconds; the web process computes only what takes no longer than this
# Rough costs, in seconds on one core of a computer of 2020. They only decide where a computation runs, so an error by
# a factor of two does little harm.
STEP, LETTER = 6e-5, 6e-6  # of one optimizer; on a formula, the cost of each of its characters
SEARCH = 5  # times the steps of a race: the search for the largest stable learning rate
CELL = 3e-8  # one step of one race of a map


def _once(kind: str, spec: object, make: Callable[[], R]) -> R:
    """Return what is computed from a Spec, once for all visitors."""
    return KEPT.get((kind, digest(spec)), make, visitor().visitor)


def _here(takes: float) -> bool:
    """Return whether the web process computes what takes so many seconds; it also does while no worker is ready."""
    return takes <= SOON or get_script_run_ctx() is None or not runs.ready()


def _called(calls: list[Call]) -> list[Any]:
    """Return what the workers return; if one fails, the page shows the reason and stops."""
    try:
        return results(calls, visitor(), lambda: st.session_state.get("asked"))  # this read ends an outdated script run
    except Refused as refusal:
        st.warning(said(refusal), icon=":material/info:")
        st.button(_("Try again"), icon=":material/refresh:", key="try again")
        st.stop()


def _made(kind: str, spec: Any, takes: float, function: str, here: Callable[[], R]) -> R:
    """Return what is computed from a Spec, by a worker if it takes long; once for all visitors."""
    return _once(kind, spec, lambda: _still(here() if _here(takes) else _called([Call(function, (spec,))])[0]))


def _pace(surface: str) -> float:
    """Return about how many seconds one step of an optimizer takes."""
    return STEP + LETTER * len(getattr(find(surface), "text", ""))


def descend(race: Race) -> Descent:
    """Return the paths of a race."""
    takes = race.steps * _pace(race.surface) * len(race.contenders)
    return _made("descend", race, takes, "experiments.descend:descend", lambda: _descend(race))


def anatomies(race: Race) -> list[dict[str, np.ndarray]]:
    """Return every quantity of every step of the contenders."""
    run = descend(race)
    return _once("anatomies", race, lambda: [anatomy(race, run, i) for i in range(len(race.contenders))])


def lost(race: Race, run: Descent) -> dict[int, Divergence]:
    """Return why contenders of a race diverged, by their index."""
    gone = [i for i, step in enumerate(run.diverged) if step >= 0]
    takes = SEARCH * race.steps * _pace(race.surface) * len(gone)

    def make() -> list[Divergence]:
        if _here(takes):
            return [diagnose(race, run, i) for i in gone]
        return _called([Call("experiments.divergence:lost", (race, i)) for i in gone])

    return dict(zip(gone, _once("lost", race, make), strict=True))


def climb(throws: CoinTosses) -> Climb:
    """Return the paths of the optimizers that maximize a likelihood."""
    takes = 2 * throws.steps * STEP * len(throws.contenders)
    return _made("climb", throws, takes, "experiments.likelihood:climb", lambda: _climb(throws))


def repeat(throws: CoinTosses) -> Repeats:
    """Return the repeated throws of a thumbtack."""
    return _once("repeat", (throws.truth, throws.sizes, throws.seed), lambda: _still(_repeat(throws)))


def scatter(noisy: Noisy) -> Cloud:
    """Return the runs of an optimizer, and of its variants against noise, with noisy gradients."""
    takes = 4 * noisy.steps * _pace(noisy.surface)
    return _made("scatter", noisy, takes, "experiments.noise:scatter", lambda: _scatter(noisy))


def survey(chart: Map) -> Survey:
    """Return how the races of a map end, independent of the selected cell."""
    whole = dataclasses.replace(chart, pick=())
    takes = CELL * steps_taken(whole) + 3 * whole.steps * _pace(whole.surface) * len(whole.rules)
    return _made("survey", whole, takes, "experiments.maps:survey", lambda: _survey(whole))


def _examine(surface: Surface) -> own.Found:
    """Return the analysis of a surface that a visitor made; see `surfaces.own`."""
    takes = 250 * (2 * STEP + LETTER * len(getattr(surface, "text", "")))
    if _here(takes):
        return own.examine(surface)
    return results([Call("surfaces:found", (surface.name,))], visitor())[0]


own.examine_by(_examine)


def packed(same: object, pack: Callable[[], bytes]) -> bytes:
    """Return the bytes of a picture, made once for all visitors with equal `same`, as when a class views one run."""
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
