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
from ui.desk import Desk, said
from ui.language import _
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
    desk = Desk("tune", lambda anchors: Search(), lambda spec: suggested, own=own)
    with st.sidebar:
        sidebar(desk)
    desk.notices()
    picture(desk)
    desk.publish()


# -- settings


def sidebar(desk: Desk[Search]) -> None:
    views = {view: _(title) for view, title in VIEWS.items()}
    controls.one_of(desk, "view", _("View"), views, label_visibility="collapsed", width="stretch")
    controls.presets(desk, _("From the lecture"), PRESETS)
    data.choose(desk, on=lambda dataset: desk.change(dataset=dataset, cell=0))
    for place in PLACES[:2]:
        axis(desk, place)
    controls.field(desk, "method", choices={key: _(title) for key, title in METHODS.items()}, on=anew(desk, "method"))
    if desk.spec.method == "random":
        controls.field(desk, "draws", on=anew(desk, "draws"))
    controls.field(desk, "folds", on=anew(desk, "folds"))
    controls.field(desk, "epochs", on=anew(desk, "epochs"))
    titles = {"score": figure.measure_title(dataclasses.replace(desk.spec, measure="score"), _), "loss": _("loss")}
    controls.field(desk, "measure", choices={"score": _("highest {score}").format(score=titles["score"]),
                                             "loss": _("lowest loss")})  # fmt: skip
    panels.folded("tune more", _("More"), ":material/more_horiz:", lambda: more(desk))


def more(desk: Desk[Search]) -> None:
    axis(desk, PLACES[2])
    controls.field(desk, "at", on=anew(desk, "at"))
    controls.view(desk, "order", _("Rows in their original order"), "table")
    key = f"{desk.key} cell"
    fact = settings(Search)["cell"]
    if desk.offers("cell", controls.caption(fact)):
        st.slider(
            controls.caption(fact), 0, len(desk.spec.cells), controls.follow(key, desk.spec.cell), key=key,
            help=_(fact.help), on_change=lambda: desk.change(cell=st.session_state[key]), disabled=desk.locks("cell"),
        )  # fmt: skip
    controls.field(desk, "splits")
    controls.field(desk, "hidden")
    controls.optional(desk, "batch_size", _("all rows"))
    controls.field(desk, "activation", choices={key: _(entry.title) for key, entry in ACTIVATIONS.items()})
    controls.rule(desk, "optimizer")
    controls.field(desk, "test_size")
    controls.field(desk, "seed")
    controls.field(desk, "split_seed")


def anew(desk: Desk[Search], name: str) -> Callable[[Any], None]:
    """Return a callback that sets a field that changes the cells, and selects the best cell again."""
    return lambda value: desk.change(**{name: value, "cell": 0})


def axis(desk: Desk[Search], place: str) -> None:
    """Draw the choice of a hyperparameter and, below it, its values as text."""
    taken = {getattr(desk.spec, other) for other in PLACES if other != place}
    none = {} if place == "first" else {NONE: _("none")}
    choices = none | {key: _(AXES[key].title) for key in searches.KEYS if key not in taken}
    values = f"{place}_values"
    controls.field(desk, place, choices=choices, on=lambda key: desk.change(**{place: key, values: (), "cell": 0}))
    if (chosen := getattr(desk.spec, place)) == NONE or not desk.offers(values, _(settings(Search)[values].label)):
        return
    key = f"{desk.key} {values}"
    offered = searches.usual(AXES[chosen], desk.spec.baseline)
    shown = getattr(desk.spec, values) or offered

    def change() -> None:
        typed = tuple(st.session_state[key].replace(",", " ").split())
        desk.change(**{values: () if typed == offered else typed, "cell": 0})

    st.text_input(
        _(settings(Search)[values].label), controls.follow(key, ", ".join(shown)), key=key, on_change=change,
        label_visibility="collapsed", help=_("Separate the values with commas."), disabled=desk.locks(values),
    )  # fmt: skip


# -- the picture


def picture(desk: Desk[Search]) -> None:
    spec = desk.spec
    variants = spec.variants()
    roles(spec, PATIENCE)

    def read(history: History, view: View) -> str:
        if desk.spec != spec:
            st.rerun()  # a click on a cell reruns this fragment only, but the whole page depends on it
        found = searches.found(spec, history)
        if desk.view("view") == "test" and view.state == "done" and found.best >= 0:
            return figure.chosen_words(spec, found, _)
        return figure.read(spec, history, found, _, done=view.state == "done")

    def draw(history: History, view: View, sentence: str) -> None:
        found = searches.found(spec, history)
        if desk.view("view") == "test" and view.state == "done" and found.best >= 0:
            opened(desk, found)
            return
        scene = figure.scene(
            spec, history, found, roles(spec, 0.0), say=_, alt=sentence, running=view.state == "running",
            done=view.state == "done", grouped=desk.view("order") == "grouped",
        )  # fmt: skip
        lesson.printed(found, done=view.state == "done")
        stage(
            scene, key=STAGE, desk=desk, on_pick=wishes.taking(desk, wishes.cell, lambda wish: pick(desk, wish["cell"]))
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


def pick(desk: Desk[Search], cell: int) -> None:
    """Select the cell that the reader clicked; a second click goes back to the best cell."""
    desk.change(cell=0 if cell == desk.spec.cell else cell)


def opened(desk: Desk[Search], found: searches.Found) -> None:
    """Train the best combination again and score it on the test set; then show how test scores vary over splits."""
    spec = desk.spec
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
        stage(figure.luck_scene(spec, known, say=_, alt=sentence), key=STAGE, desk=desk)
        panels.numbers("tune splits", lambda: figure.luck_numbers(known, _))
        results.panel("tune", (winner,), [_("Best combination")], history, done=refitted.state == "done")
        script.offer("tune", (winner,), [_("Best combination")])
        ends = [view.state in ("done", "failed") for view in (refitted, repeated)]
        if all(ends) and not all(view.state in ("done", "failed") for view in first):
            st.rerun()  # once, so that the fragment's timer stops

    follow()


frame.page(__file__, show)
