"""Overfitting: a large network on few rows, trained without regularization and with each kind of it, side by side."""

from __future__ import annotations

import streamlit as st

from datasets import find
from experiments import axes, live
from experiments.fit import History
from experiments.remedies import PRESETS, REMEDIES, Remedies, two_dimensional
from experiments.stopping import stops
from figures import overfitting as figure
from figures import readings, training, worth
from figures.contract import Scene
from figures.results import names
from networks import ACTIVATIONS, INITS
from runs import View
from spec import N_, Refused
from ui import controls, data, frame, lesson, panels, results, script
from ui.language import _
from ui.page_state import PageState
from ui.stage import stage
from ui.training import watch

TITLE = N_("Overfitting")
QUESTION = N_("When does a network stop learning and start memorizing, and what reduces overfitting?")
SECTION = N_("On a network")
ICON = ":material/show_chart:"
ORDER = 21


def default(anchors: dict[str, str]) -> Remedies:
    """Return the default Spec: each data set has settings that show overfitting on it."""
    try:
        return Remedies.on(anchors["dataset"]) if "dataset" in anchors else Remedies()
    except Refused:  # the same error is found and shown when the link is read
        return Remedies()


def show() -> None:
    own = {
        "show": ("loss", "score"), "beside": ("boundary", "weights"), "test": ("hidden", "shown"),
        "train": ("epochs", "batches"),
    }  # fmt: skip
    opening = next(iter(PRESETS.values())).spec
    state = PageState(
        "overfitting", default, lambda spec: axes.suggested, anchors=("dataset",), own=own, opening=opening
    )
    with st.sidebar:
        settings(state)
    state.notices()
    picture(state)
    data.look(find(state.spec.dataset))
    state.publish()


def settings(state: PageState[Remedies]) -> None:
    def take(key: str) -> None:
        state.put(PRESETS[key].spec, show=PRESETS[key].view or "loss")

    controls.presets(state, _("Begin with"), PRESETS, on=take)
    data.choose(state, on=lambda dataset: state.put(Remedies.on(dataset)))
    controls.optional(state, "rows", _("all rows"))
    controls.field(state, "label_noise")
    controls.field(state, "hidden")
    st.subheader(_("Against overfitting"), anchor=False)
    for name, remedy in REMEDIES.items():
        if remedy.usual:
            controls.field(state, name)

    def more_remedies() -> None:
        for name, remedy in REMEDIES.items():
            if not remedy.usual:
                controls.field(state, name)

    panels.folded("overfitting remedies", _("More methods against overfitting"), ":material/healing:", more_remedies)
    controls.field(state, "together")
    controls.patience(state)
    if state.spec.patience is not None:
        panels.folded("overfitting stopping", _("Early stopping"), ":material/timer:", lambda: controls.stopping(state))
    controls.field(state, "epochs")
    numbers = find(state.spec.dataset).task == "numbers"
    controls.view(state, "show", _("R² instead of loss") if numbers else _("Accuracy instead of loss"), "score")
    if two_dimensional(state.spec.dataset):
        controls.view(state, "beside", _("Weights instead of boundaries"), "weights")
    controls.view(state, "test", _("Reveal the test scores at the end"), "shown")

    def more() -> None:
        controls.field(state, "activation", choices={key: _(entry.title) for key, entry in ACTIVATIONS.items()})
        controls.field(state, "init", choices={key: _(entry.title) for key, entry in INITS.items()})
        controls.rule(state, "optimizer")
        controls.optional(state, "batch_size", _("all rows"))
        controls.field(state, "seed")
        controls.by_batch(state)

    panels.folded("overfitting more", _("More"), ":material/more_horiz:", more)


def picture(state: PageState[Remedies]) -> None:
    spec = state.spec
    variants = spec.variants()
    lines = figure.lines(spec, _)
    called = names(lines)
    revealed = state.view("test") == "shown"
    by_batch = state.view("train") == "batches" and state.view("show") == "loss"

    def read(history: History, view: View) -> str:
        sentence = readings.overfitted(
            spec, history, lines, _, done=view.state == "done", revealed=revealed, measure=state.view("show")
        )
        return " ".join([sentence, *([_(worth.BY_BATCH)] if by_batch else [])])

    def draw(history: History, view: View, sentence: str) -> None:
        def scene() -> Scene:
            shown = training.by_batches(history) if by_batch else history
            return figure.scene(
                spec, shown, say=_, alt=sentence, running=view.state == "running", done=view.state == "done",
                measure=state.view("show"), beside=state.view("beside"), revealed=revealed,
                points=live.points(view.result), by_batch=by_batch,
            )  # fmt: skip

        told = history._replace(records={**history.records, **stops(history, spec)._asdict()})
        lesson.printed(told, done=view.state == "done")
        stage(scene, key="overfitting stage", state=state, same=(view.state, view.progress))
        results.panel("overfitting", variants, called, history, done=view.state == "done")
        panels.numbers("overfitting numbers", lambda: training.numbers(history, lines, _))

    watch("overfitting", variants, read, draw, (*figure.records(spec), "outputs"))
    script.offer("overfitting", variants, called)


frame.page(__file__, show)
