"""Compare: the same network on the same data, trained by several rules at once."""

from __future__ import annotations

import streamlit as st

from datasets import DATASETS
from experiments import live, studies
from experiments.fit import History
from experiments.studies import Comparison
from figures import readings, theme, training
from figures.scene import names
from networks import ACTIVATIONS, INITS
from runs import View
from spec import N_
from ui import controls, frame, panels
from ui.desk import Desk
from ui.language import _
from ui.stage import stage
from ui.training import watch

TITLE = N_("Compare")
QUESTION = N_("What does another rule, or another learning rate, do to the same network?")
SECTION = N_("On a network")
ICON = ":material/stacked_line_chart:"
ORDER = 20


def show() -> None:
    desk = Desk(
        "compare", lambda anchors: Comparison(), lambda spec: studies.suggested, own={"show": ("loss", "score")}
    )
    with st.sidebar:
        settings(desk)
    desk.notices()
    picture(desk)
    desk.publish()


def settings(desk: Desk[Comparison]) -> None:
    controls.field(desk, "dataset", choices={key: _(data.title) for key, data in DATASETS.items()})
    st.caption(_(DATASETS[desk.spec.dataset].sentence))
    controls.contenders(desk, "contenders")
    controls.field(desk, "hidden")
    controls.field(desk, "epochs")
    controls.optional(desk, "batch_size", _("all rows"))
    numbers = DATASETS[desk.spec.dataset].task == "numbers"
    controls.view(desk, "show", _("R² instead of loss") if numbers else _("Accuracy instead of loss"), "score")

    def more() -> None:
        controls.field(desk, "activation", choices={key: _(entry.title) for key, entry in ACTIVATIONS.items()})
        controls.field(desk, "init", choices={key: _(entry.title) for key, entry in INITS.items()})
        controls.field(desk, "seeds")
        controls.field(desk, "seed")

    panels.folded("compare more", _("More"), ":material/more_horiz:", more)


def picture(desk: Desk[Comparison]) -> None:
    spec = desk.spec
    variants = spec.variants()
    looks = theme.styles(spec.contenders)
    titles = names(spec.contenders, _)
    lines = [
        training.Line(name, look, slice(i * spec.seeds, (i + 1) * spec.seeds))
        for i, (name, look) in enumerate(zip(titles, looks, strict=True))
    ]

    def read(history: History, view: View) -> str:
        return readings.compared(history, lines, _, done=view.state == "done")

    def draw(history: History, view: View, sentence: str) -> None:
        done = view.state == "done"
        scene = training.scene(
            variants, history, lines, say=_, alt=sentence, running=view.state == "running",
            measure=desk.view("show"), marks=training.best_marks(history, lines),
            table=training.table(variants, history, lines, _, done=done), points=live.points(view.result),
        )  # fmt: skip
        stage(scene, key="compare stage")
        panels.numbers("compare numbers", lambda: training.numbers(history, lines, _))

    watch("compare", variants, read, draw)
    panels.folded(
        "compare book", _("Formulas and code"), ":material/function:", lambda: panels.explain(spec.contenders)
    )


frame.page(__file__, show)
