"""Tune: a grid search with cross-validation; the selected combination is scored on the test set once, at the end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

import runs
from datasets import find
from experiments import live
from experiments import search as searches
from experiments.axes import AXES, suggested
from experiments.fit import History
from experiments.search import NONE, PLACES, PRESETS, Search
from figures import tune as figure
from figures import worth
from networks import ACTIVATIONS
from runs import Chain, View
from spec import N_, settings
from ui import controls, data, frame, lesson, panels, results, script, wishes
from ui.language import _
from ui.page_state import PageState, said
from ui.stage import stage
from ui.training import PATIENCE, POLL, visitor, watch

TITLE = N_("Tune")
QUESTION = N_("How do you choose hyperparameters and still get an honest test score?")
SECTION = N_("On a network")
ICON = ":material/tune:"
ORDER = 24

STAGE = "tune stage"
VIEWS = {"search": N_("Search"), "test": N_("Test set")}
METHODS = {"grid": N_("Grid search: every combination"), "random": N_("Random search: random combinations")}


def show() -> None:
    own = {"view": tuple(VIEWS), "order": ("grouped", "table")}
    state = PageState("tune", lambda anchors: Search(), lambda spec: suggested, own=own)
    with st.sidebar:
        sidebar(state)
    state.notices()
    picture(state)
    state.publish()


# -- settings


def sidebar(state: PageState[Search]) -> None:
    views = {view: _(title) for view, title in VIEWS.items()}
    controls.one_of(state, "view", _("View"), views, label_visibility="collapsed", width="stretch")
    controls.presets(state, _("From the lecture"), PRESETS)
    data.choose(state, on=lambda dataset: state.change(dataset=dataset, cell=0))
    for place in PLACES[:2]:
        axis(state, place)
    controls.field(state, "method", choices={key: _(title) for key, title in METHODS.items()}, on=anew(state, "method"))
    if state.spec.method == "random":
        controls.field(state, "draws", on=anew(state, "draws"))
    controls.field(state, "folds", on=anew(state, "folds"))
    controls.field(state, "epochs", on=anew(state, "epochs"))
    titles = {"score": figure.measure_title(dataclasses.replace(state.spec, measure="score"), _), "loss": _("loss")}
    controls.field(state, "measure", choices={"score": _("highest {score}").format(score=titles["score"]),
                                             "loss": _("lowest loss")})  # fmt: skip
    panels.folded("tune more", _("More"), ":material/more_horiz:", lambda: more(state))


def more(state: PageState[Search]) -> None:
    axis(state, PLACES[2])
    controls.field(state, "at", on=anew(state, "at"))
    controls.view(state, "order", _("Rows in their original order"), "table")
    key = f"{state.key} cell"
    fact = settings(Search)["cell"]
    if state.offers("cell", controls.caption(fact)):
        st.slider(
            controls.caption(fact), 0, len(state.spec.cells), controls.follow(key, state.spec.cell), key=key,
            help=_(fact.help), on_change=lambda: state.change(cell=st.session_state[key]), disabled=state.locks("cell"),
        )  # fmt: skip
    controls.field(state, "splits")
    controls.field(state, "hidden")
    controls.optional(state, "batch_size", _("all rows"))
    controls.field(state, "activation", choices={key: _(entry.title) for key, entry in ACTIVATIONS.items()})
    controls.rule(state, "optimizer")
    controls.field(state, "test_size")
    controls.field(state, "seed")
    controls.field(state, "split_seed")


def anew(state: PageState[Search], name: str) -> Callable[[Any], None]:
    """Return a callback that sets a field that changes the cells, and selects the best cell again."""
    return lambda value: state.change(**{name: value, "cell": 0})


def axis(state: PageState[Search], place: str) -> None:
    """Draw the choice of a hyperparameter and, below it, its values as text."""
    taken = {getattr(state.spec, other) for other in PLACES if other != place}
    none = {} if place == "first" else {NONE: _("none")}
    choices = none | {key: _(AXES[key].title) for key in searches.KEYS if key not in taken}
    values = f"{place}_values"
    controls.field(state, place, choices=choices, on=lambda key: state.change(**{place: key, values: (), "cell": 0}))
    if (chosen := getattr(state.spec, place)) == NONE or not state.offers(values, _(settings(Search)[values].label)):
        return
    key = f"{state.key} {values}"
    offered = searches.usual(AXES[chosen], state.spec.baseline)
    shown = getattr(state.spec, values) or offered

    def change() -> None:
        typed = tuple(st.session_state[key].replace(",", " ").split())
        state.change(**{values: () if typed == offered else typed, "cell": 0})

    st.text_input(
        _(settings(Search)[values].label), controls.follow(key, ", ".join(shown)), key=key, on_change=change,
        label_visibility="collapsed", help=_("Separate the values with commas."), disabled=state.locks(values),
    )  # fmt: skip


# -- the picture


def picture(state: PageState[Search]) -> None:
    spec = state.spec
    variants = spec.variants()
    roles(spec, PATIENCE)

    def read(history: History, view: View) -> str:
        if state.spec != spec:
            st.rerun()  # a click on a cell reruns this fragment only, but the whole page depends on it
        found = searches.found(spec, history)
        if state.view("view") == "test" and view.state == "done" and found.best >= 0:
            return figure.chosen_words(spec, found, _)
        return figure.read(spec, history, found, _, done=view.state == "done")

    def draw(history: History, view: View, sentence: str) -> None:
        found = searches.found(spec, history)
        if state.view("view") == "test" and view.state == "done" and found.best >= 0:
            opened(state, found)
            return
        scene = figure.scene(
            spec, history, found, roles(spec, 0.0), say=_, alt=sentence, running=view.state == "running",
            done=view.state == "done", grouped=state.view("order") == "grouped",
        )  # fmt: skip
        lesson.printed(found, done=view.state == "done")
        stage(
            scene,
            key=STAGE,
            state=state,
            on_pick=wishes.taking(state, wishes.cell, lambda wish: pick(state, wish["cell"])),
        )
        results.notices(figure.notices(spec, history, _))
        st.caption(_(worth.MEASURED))
        panels.numbers("tune numbers", lambda: figure.numbers(spec, history, found, _))

    watch("tune", variants, read, draw)
    data.look(find(spec.dataset))


def roles(spec: Search, patience: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the part of every row in every fold, and the targets; None if no worker answers in time."""
    chain = Chain("experiments.search:take", "experiments.search:cut", searches.data_of(spec))
    told = runs.start(chain, visitor()).wait(patience, who=visitor()).result
    return (told["roles"], told["targets"]) if told else None


def pick(state: PageState[Search], cell: int) -> None:
    """Select the cell that the reader clicked; a second click goes back to the best cell."""
    state.change(cell=0 if cell == state.spec.cell else cell)


def opened(state: PageState[Search], found: searches.Found) -> None:
    """Train the best combination again and score it on the test set; then show how test scores vary over splits."""
    spec = state.spec
    winner = spec.refit(found.best, int(found.epoch[found.best]))
    again = Chain("experiments.live:begin", "experiments.live:advance", live.training((winner,), ("outputs",)))
    luck = Chain("experiments.search:start_again", "experiments.search:resplit", searches.data_of(spec))
    first = [runs.start(chain, visitor()).look(visitor()) for chain in (again, luck)]

    @st.fragment(run_every=None if all(view.state in ("done", "failed") for view in first) else POLL)
    def follow() -> None:
        refitted, repeated = (runs.start(chain, visitor()).look(visitor()) for chain in (again, luck))
        known = searches.luck(repeated.result)
        history = live.history((winner,), refitted.result)
        test = float(history.test_score[0])
        sentence = figure.revealed(spec, test, known, _)
        done, total = repeated.progress
        progress = _("Split {number} of {splits}.").format(
            number=min(known.claimed.size + 1, spec.splits), splits=spec.splits
        )
        failures = [said(view.failure) for view in (refitted, repeated) if view.failure is not None]
        panels.sentence(" ".join([sentence, *failures, f":gray[{progress}]" if done < total else ""]))
        stage(figure.luck_scene(spec, known, say=_, alt=sentence), key=STAGE, state=state)
        panels.numbers("tune splits", lambda: figure.luck_numbers(known, _))
        results.panel("tune", (winner,), [_("Best combination")], history, done=refitted.state == "done")
        script.offer("tune", (winner,), [_("Best combination")])
        ends = [view.state in ("done", "failed") for view in (refitted, repeated)]
        if all(ends) and not all(view.state in ("done", "failed") for view in first):
            st.rerun()  # once, so that the fragment's timer stops

    follow()


frame.page(__file__, show)
