"""Noise: many runs of one optimizer with noisy gradients, compared with ways to reduce the effect of the noise."""

from __future__ import annotations

import dataclasses

import streamlit as st

from experiments import links
from experiments.links import Suggest
from experiments.noise import DECAYS, Noisy, default_noisy, suggested
from figures import noise as figure
from optimizers import SCHEDULES
from spec import N_
from surfaces import find
from ui import cached, controls, frame, panels
from ui.language import _
from ui.page_state import PageState
from ui.stage import stage

TITLE = N_("Noise")
QUESTION = N_("What does gradient noise do, and how can you reduce its effect?")
SECTION = N_("On a surface")
ICON = ":material/grain:"
ORDER = 13


def default(anchors: dict[str, str]) -> Noisy:
    return default_noisy(links.surface(anchors, "ravine"))


def suggest(spec: Noisy) -> Suggest:
    return lambda rule: suggested(spec.surface, rule)


def show() -> None:
    state = PageState("noise", default, suggest, anchors=("surface",))
    with st.sidebar:
        settings(state)
    state.notices()
    picture(state)
    state.publish()


def settings(state: PageState[Noisy]) -> None:
    def move(surface: str) -> None:
        spec = state.spec
        kept = {name: getattr(spec, name) for name in ("batching", "batch", "decaying", "decay", "averaging", "walks")}
        state.put(dataclasses.replace(default_noisy(surface, spec.rule.key), **kept))

    controls.field(state, "noise")
    controls.field(state, "batching")
    if state.spec.batching:
        controls.field(state, "batch")
    controls.field(state, "decaying")
    if state.spec.decaying:
        controls.field(state, "decay", choices={key: _(SCHEDULES[key].title) for key in DECAYS})
    controls.field(state, "averaging")
    controls.surface(state, move)
    controls.rule(state, "rule")

    def more() -> None:
        controls.field(state, "start")
        controls.field(state, "steps")
        controls.field(state, "walks")
        controls.field(state, "seed")

    panels.folded("noise more", _("More"), ":material/more_horiz:", more)


def picture(state: PageState[Noisy]) -> None:
    spec = state.spec
    cloud = cached.scatter(spec)
    sentence = figure.reading(spec, cloud, _)
    panels.sentence(sentence)
    stage(
        figure.scene(spec, cloud, say=_, alt=sentence), key="noise stage", state=state,
        on_start=controls.start(state),
    )  # fmt: skip

    def book() -> None:
        surface = find(spec.surface)
        st.markdown(f"**{_(surface.title)}**: {_(surface.sentence)}")
        st.latex(surface.equation)
        text = _(
            "Along a direction with curvature λ, gradient descent with noise settles at the variance below and "
            "comes no closer to the minimum. A batch of size b divides σ² by b; a decaying learning rate lets η go "
            "to 0; averaging the points of the path cancels much of the noise."
        )
        st.markdown(text)
        st.latex(
            r"\operatorname{Var} w = \frac{\eta\,\sigma^2}{\lambda\,(2 - \eta\lambda)}, \qquad "
            r"\operatorname{E} f - f^* = \sum_\lambda \frac{\eta\,\sigma^2}{2\,(2 - \eta\lambda)}, \qquad "
            r"\bar w_t = \frac{1}{t - \lceil t/2 \rceil + 1} \sum_{k=\lceil t/2 \rceil}^{t} w_k"
        )
        st.caption(
            "[Polyak, Juditsky (1992)](https://doi.org/10.1137/0330046) · "
            "[Rakhlin, Shamir, Sridharan (2012)](https://arxiv.org/abs/1109.5647)"
        )
        panels.explain([spec.rule])

    panels.folded("noise book", _("Formulas and code"), ":material/function:", book)
    panels.numbers("noise numbers", lambda: figure.numbers(spec, cloud, _))


frame.page(__file__, show)
