"""Overfitting: one large network on little data, with and without the remedies, in lock-step."""

from __future__ import annotations

import streamlit as st

from datasets import DATASETS
from experiments import live, studies
from experiments.fit import History
from experiments.studies import Remedies
from figures import readings, theme, training
from runs import View
from spec import N_
from ui import controls, frame, panels
from ui.desk import Desk
from ui.language import _
from ui.stage import stage
from ui.training import watch

TITLE = N_("Overfitting")
QUESTION = N_("Where does it stop learning and start memorising, and what helps?")
SECTION = N_("On a network")
ICON = ":material/show_chart:"
ORDER = 21


def default(anchors: dict[str, str]) -> Remedies:
    dataset = anchors.get("dataset", "diabetes")
    return Remedies.on(dataset if dataset in DATASETS else "diabetes")


def show() -> None:
    own = {"show": ("loss", "score")}
    desk = Desk("overfitting", default, lambda spec: studies.suggested, anchors=("dataset",), own=own)
    with st.sidebar:
        settings(desk)
    desk.notices()
    picture(desk)
    desk.publish()


def settings(desk: Desk[Remedies]) -> None:
    titles = {key: _(data.title) for key, data in DATASETS.items()}
    controls.field(desk, "dataset", choices=titles, on=lambda dataset: desk.put(Remedies.on(dataset)))
    st.caption(_(DATASETS[desk.spec.dataset].sentence))
    controls.optional(desk, "rows", _("all rows"))
    controls.field(desk, "hidden")
    st.subheader(_("Remedies"), anchor=False)
    for name in ("dropout", "l2", "l1"):
        controls.field(desk, name)
    controls.field(desk, "together")
    controls.field(desk, "patience")
    controls.field(desk, "epochs")
    numbers = DATASETS[desk.spec.dataset].task == "numbers"
    controls.view(desk, "show", _("R² instead of loss") if numbers else _("Accuracy instead of loss"), "score")

    def more() -> None:
        controls.rule(desk, "optimizer")
        controls.optional(desk, "batch_size", _("all rows"))
        controls.field(desk, "seed")

    panels.folded("overfitting more", _("More"), ":material/more_horiz:", more)


def picture(desk: Desk[Remedies]) -> None:
    spec = desk.spec
    variants = spec.variants()
    looks = theme.variant_styles(len(variants))
    lines = [
        training.Line(name, look, slice(i, i + 1))
        for i, (name, look) in enumerate(zip(training.remedy_names(spec.remedies, _), looks, strict=True))
    ]

    def read(history: History, view: View) -> str:
        return readings.overfitted(history, lines, spec.patience, _, done=view.state == "done")

    def draw(history: History, view: View, sentence: str) -> None:
        done = view.state == "done"
        stop = training.stop_column(history, spec.patience, _, done=done)
        scene = training.scene(
            variants, history, lines, say=_, alt=sentence, running=view.state == "running",
            measure=desk.view("show"), marks=training.stop_marks(history, spec.patience, lines, _), shaded=True,
            table=training.table(variants, history, lines, _, done=done, more=stop), points=live.points(view.result),
        )  # fmt: skip
        stage(scene, key="overfitting stage")
        panels.numbers("overfitting numbers", lambda: training.numbers(history, lines, _))

    watch("overfitting", variants, read, draw)


frame.page(__file__, show)
