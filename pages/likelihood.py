"""Likelihood: optimizers search for the probability under which the throws of a thumbtack are most likely."""

from __future__ import annotations

import streamlit as st

from experiments.likelihood import CoinTosses, contenders_for, default_throws, suggested
from experiments.links import Suggest
from figures import likelihood as figure
from spec import N_, Refused, settings
from ui import cached, controls, frame, lesson, panels, wishes
from ui.language import _
from ui.page_state import PageState
from ui.stage import stage

TITLE = N_("Likelihood")
QUESTION = N_("What does training maximize, and why can a small data set mislead it?")
SECTION = N_("On a surface")
ICON = ":material/push_pin:"
ORDER = 14

BORDERS = {
    "free": N_("stop when θ leaves 0 to 1"),
    "clip": N_("clip θ to the bounds (marked)"),
    "logit": N_("use the logit of θ: no bounds"),
}


def default(anchors: dict[str, str]) -> CoinTosses:
    """Return the default Spec: another N keeps the share of hits; learning rates depend on `borders`."""
    try:
        return default_throws(int(anchors.get("throws", 100)), anchors.get("borders", "free"))
    except (ValueError, Refused):  # the same error is found and shown when the link is read
        return default_throws()


def suggest(spec: CoinTosses) -> Suggest:
    return lambda rule: suggested(rule, spec.borders)


def show() -> None:
    state = PageState("likelihood", default, suggest, anchors=("throws", "borders"), own={"view": ("climb", "again")})
    with st.sidebar:
        controls.view(state, "view", _("Compare few and many throws"), "again")
        if state.view("view") == "climb":
            climb_settings(state)
        else:
            controls.field(state, "truth")
            controls.field(state, "sizes")
            controls.field(state, "seed")
    state.notices()
    if state.view("view") == "climb":
        climb(state)
    else:
        again(state)
    state.publish()


def climb_settings(state: PageState[CoinTosses]) -> None:
    def throw(throws: int) -> None:
        state.change(throws=throws, hits=round(state.spec.share * throws))

    def border(borders: str) -> None:
        rules = [rule.key for rule in state.spec.contenders]
        state.change(borders=borders, contenders=contenders_for(rules, borders))

    controls.field(state, "throws", on=throw)
    key, label = f"{state.key} hits", controls.caption(settings(CoinTosses)["hits"])
    if state.offers("hits", label):
        st.slider(
            label, 0, state.spec.throws, controls.follow(key, state.spec.hits), key=key, disabled=state.locks("hits"),
            on_change=lambda: state.change(hits=st.session_state[key]),
        )  # fmt: skip
    controls.contenders(state, "contenders")
    controls.field(state, "start")
    controls.field(state, "borders", choices={word: _(label) for word, label in BORDERS.items()}, on=border)
    controls.field(state, "steps")


def climb(state: PageState[CoinTosses]) -> None:
    spec = state.spec
    run = cached.climb(spec)
    sentence = figure.climbed(spec, run, _)
    panels.sentence(sentence)
    lesson.printed(run)

    start = wishes.taking(state, wishes.start, lambda wish: state.change(start=wish["at"][0]))
    stage(figure.climbing(spec, run, say=_, alt=sentence), key="likelihood stage", state=state, on_start=start)

    def book() -> None:
        text = _(
            "The likelihood of θ is the probability of these throws, given θ. Its logarithm has its maximum at the "
            "same θ, and does not vanish for many throws. Optimizers minimize, so they get −ln L / N, the loss per "
            "throw. This is the cross-entropy, the loss of networks that learn classes."
        )
        st.markdown(text)
        st.latex(r"L(\theta) = \binom{N}{K}\,\theta^K (1-\theta)^{N-K}")
        st.latex(
            r"-\frac{1}{N}\frac{d \ln L}{d\theta} = \frac{1-p}{1-\theta} - \frac{p}{\theta}, \quad p = \frac{K}{N}"
        )
        st.latex(r"\theta = \frac{1}{1+e^{-z}}: \quad -\frac{1}{N}\frac{d \ln L}{dz} = \theta - p")
        panels.explain(spec.contenders)

    panels.folded("likelihood book", _("Formulas and code"), ":material/function:", book)
    panels.numbers("likelihood numbers", lambda: figure.climb_numbers(spec, run, _))


def again(state: PageState[CoinTosses]) -> None:
    spec = state.spec
    many = cached.repeat(spec)
    sentence = figure.strayed(spec, many, _)
    panels.sentence(sentence)
    stage(figure.repeated(spec, many, say=_, alt=sentence), key="likelihood stage", state=state)
    panels.numbers("likelihood numbers", lambda: figure.repeat_numbers(spec, many, _))


frame.page(__file__, show)
