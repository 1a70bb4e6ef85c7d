"""One step: how an optimizer turns a gradient into a step, as arrows and as its equation with the step's numbers."""

from __future__ import annotations

import dataclasses

import streamlit as st

from experiments import links
from experiments.descend import Race, default_race, suited
from experiments.links import Suggest
from figures import step as figure
from spec import N_
from ui import cached, controls, frame, panels, wishes
from ui.language import _
from ui.page_state import PageState
from ui.stage import stage

TITLE = N_("One step")
QUESTION = N_("How does an optimizer turn the gradient into a step?")
SECTION = N_("On a surface")
ICON = ":material/near_me:"
ORDER = 11

STAGE = "step stage"
STEPS = 60  # enough to see what each optimizer does; a race has more steps
AT = tuple(str(step) for step in range(1, 2001))


def of(surface: str, rules: tuple[str, ...]) -> Race:
    """Return the short race of the optimizers whose steps are shown."""
    race = default_race(surface, rules)
    return dataclasses.replace(race, steps=min(race.steps, STEPS))


def default(anchors: dict[str, str]) -> Race:
    return of(links.surface(anchors, "ravine"), ("adam",))


def suggest(race: Race) -> Suggest:
    return suited(race.surface)


def show() -> None:
    state = PageState("step", default, suggest, anchors=("surface",), own={"at": AT})
    with st.sidebar:
        settings(state)
    state.notices()
    picture(state)
    state.publish()


def settings(state: PageState[Race]) -> None:
    controls.surface(state, lambda surface: state.put(of(surface, tuple(rule.key for rule in state.spec.contenders))))
    controls.contenders(state, "contenders")
    controls.field(state, "start")
    controls.field(state, "steps")

    def more() -> None:
        controls.field(state, "noise")
        controls.field(state, "seed")

    panels.folded("step more", _("More"), ":material/more_horiz:", more)


def picture(state: PageState[Race]) -> None:
    race = state.spec
    values = cached.anatomies(race)
    at = min(int(state.view("at")), race.steps)
    sentence = figure.reading(race, values, at, _)
    panels.sentence(sentence)
    scene = figure.scene(race, cached.descend(race), values, say=_, alt=sentence, at=at)
    stage(
        scene, key=STAGE, state=state, on_start=controls.start(state),
        on_pick=wishes.taking(state, wishes.step, lambda wish: state.turn("at", str(min(wish["at"], race.steps)))),
    )  # fmt: skip
    panels.folded("step book", _("Formulas and code"), ":material/function:", lambda: panels.explain(race.contenders))
    panels.numbers("step numbers", lambda: figure.numbers(race, values, _))


frame.page(__file__, show)
