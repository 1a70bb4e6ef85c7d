"""Scaling: the loss surface of a small linear model, with its columns unscaled and scaled."""

from __future__ import annotations

import streamlit as st

from datasets import find as find_data
from experiments import links
from experiments.descend import suited
from experiments.links import Suggest
from experiments.scaling import BIAS, MOST, TABLES, ColumnScaling
from figures import scaling as figure
from figures import worth
from spec import N_
from surfaces import find
from ui import cached, controls, frame, panels
from ui.language import _
from ui.page_state import PageState
from ui.stage import stage

TITLE = N_("Scaling")
QUESTION = N_("Why should you scale the columns before training?")
SECTION = N_("On a network")
ICON = ":material/aspect_ratio:"
ORDER = 23


ANCHORS = ("dataset", "first", "second", "scaling")  # they define the surfaces, and so the default learning rates


def default(anchors: dict[str, str]) -> ColumnScaling:
    dataset = anchors.get("dataset", TABLES[0])
    usual = ColumnScaling.on(dataset if dataset in TABLES else TABLES[0])
    asked, _notices = links.read({name: [text] for name, text in anchors.items()}, usual, suggest(usual))
    return usual.on_columns(first=asked.first, second=asked.second, scaling=asked.scaling)


def suggest(spec: ColumnScaling) -> Suggest:
    return suited(spec.surface(spec.scaling))


def show() -> None:
    state = PageState("scaling", default, suggest, anchors=ANCHORS)
    with st.sidebar:
        settings(state)
    state.notices()
    picture(state)
    state.publish()


def settings(state: PageState[ColumnScaling]) -> None:
    spec = state.spec

    controls.field(
        state, "dataset", choices={key: _(find_data(key).title) for key in TABLES},
        on=lambda dataset: state.put(ColumnScaling.on(dataset)),
    )  # fmt: skip
    st.caption(_(find_data(spec.dataset).sentence))
    names = dict(enumerate(worth.columns(find_data(spec.dataset), _)))
    for name, choices in (("first", names), ("second", {BIAS: _("bias")} | names)):
        controls.field(
            state, name, choices=choices, on=lambda value, name=name: state.put(spec.on_columns(**{name: value}))
        )
    titles = {"standard": _("standardized"), "minmax": _("min-max scaling to 0 … 1")}
    controls.field(state, "scaling", choices=titles, on=lambda value: state.put(spec.on_columns(scaling=value)))
    controls.contenders(state, "contenders", MOST)
    controls.field(state, "same_rate")
    controls.field(state, "steps")


def picture(state: PageState[ColumnScaling]) -> None:
    spec = state.spec
    runs = []
    for race in spec.races():
        run = cached.descend(race)
        runs.append((race, run, cached.lost(race, run)))
    sentence = figure.read(spec, runs, _)
    panels.sentence(sentence)
    stage(figure.scene(spec, runs, say=_, alt=sentence), key="scaling stage", state=state)

    def book() -> None:
        surface = find(runs[0][0].surface)
        st.markdown(f"**{_(surface.title)}**: {_(surface.sentence)}")
        st.latex(rf"f(x, y) = {surface.latex}")
        panels.explain(spec.contenders)

    panels.folded("scaling book", _("Formulas and code"), ":material/function:", book)
    panels.numbers("scaling numbers", lambda: figure.numbers(spec, runs, _))


frame.page(__file__, show)
