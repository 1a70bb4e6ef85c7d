"""Likelihood: optimizers search for the probability under which the throws of a thumbtack are most likely."""

from __future__ import annotations

import streamlit as st

from experiments.likelihood import Throws, contenders_for, default_throws, suggested
from experiments.links import Suggest
from figures import likelihood as figure
from spec import N_, Refused, settings
from ui import cached, controls, frame, lesson, panels, wishes
from ui.desk import Desk
from ui.language import _
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


def default(anchors: dict[str, str]) -> Throws:
    """Return the default Spec: another N keeps the share of hits; learning rates depend on `borders`."""
    try:
        return default_throws(int(anchors.get("throws", 100)), anchors.get("borders", "free"))
    except (ValueError, Refused):  # the same error is found and shown when the link is read
        return default_throws()


def suggest(spec: Throws) -> Suggest:
    return lambda rule: suggested(rule, spec.borders)


def show() -> None:
    desk = Desk("likelihood", default, suggest, anchors=("throws", "borders"), own={"view": ("climb", "again")})
    with st.sidebar:
        controls.view(desk, "view", _("Compare few and many throws"), "again")
        if desk.view("view") == "climb":
            climb_settings(desk)
        else:
            controls.field(desk, "truth")
            controls.field(desk, "sizes")
            controls.field(desk, "seed")
    desk.notices()
    if desk.view("view") == "climb":
        climb(desk)
    else:
        again(desk)
    desk.publish()


def climb_settings(desk: Desk[Throws]) -> None:
    def throw(throws: int) -> None:
        desk.change(throws=throws, hits=round(desk.spec.share * throws))

    def border(borders: str) -> None:
        rules = [rule.key for rule in desk.spec.contenders]
        desk.change(borders=borders, contenders=contenders_for(rules, borders))

    controls.field(desk, "throws", on=throw)
    key, label = f"{desk.key} hits", controls.caption(settings(Throws)["hits"])
    if desk.offers("hits", label):
        st.slider(
            label, 0, desk.spec.throws, controls.follow(key, desk.spec.hits), key=key, disabled=desk.locks("hits"),
            on_change=lambda: desk.change(hits=st.session_state[key]),
        )  # fmt: skip
    controls.contenders(desk, "contenders")
    controls.field(desk, "start")
    controls.field(desk, "borders", choices={word: _(label) for word, label in BORDERS.items()}, on=border)
    controls.field(desk, "steps")


def climb(desk: Desk[Throws]) -> None:
    spec = desk.spec
    run = cached.climb(spec)
    sentence = figure.climbed(spec, run, _)
    panels.sentence(sentence)
    lesson.printed(run)

    start = wishes.taking(desk, wishes.start, lambda wish: desk.change(start=wish["at"][0]))
    stage(figure.climbing(spec, run, say=_, alt=sentence), key="likelihood stage", desk=desk, on_start=start)

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


def again(desk: Desk[Throws]) -> None:
    spec = desk.spec
    many = cached.repeat(spec)
    sentence = figure.strayed(spec, many, _)
    panels.sentence(sentence)
    stage(figure.repeated(spec, many, say=_, alt=sentence), key="likelihood stage", desk=desk)
    panels.numbers("likelihood numbers", lambda: figure.repeat_numbers(spec, many, _))


frame.page(__file__, show)
