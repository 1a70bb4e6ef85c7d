"""Race: several optimizers on one surface, from the same starting point."""

from __future__ import annotations

import dataclasses

import streamlit as st

from experiments import links
from experiments.descend import Descent, Race, default_race, on_surface, suited
from experiments.links import Suggest
from figures import race as figure
from figures import readings
from figures.contract import PickContender
from spec import N_, Refused
from surfaces import find
from ui import cached, controls, frame, lesson, panels, wishes
from ui.language import _
from ui.page_state import PageState
from ui.stage import stage

TITLE = N_("Race")
QUESTION = N_("Which optimizer reaches the minimum first, and along which path?")
SECTION = N_("On a surface")
ICON = ":material/route:"
ORDER = 10

STAGE = "race stage"


def default(anchors: dict[str, str]) -> Race:
    return default_race(links.surface(anchors, "ravine"))


def suggest(race: Race) -> Suggest:
    return suited(race.surface)


def show() -> None:
    state = PageState("race", default, suggest, anchors=("surface",), own={"view": ("2d", "3d")})
    with st.sidebar:
        settings(state)
    state.notices()
    picture(state)
    state.publish()


def settings(state: PageState[Race]) -> None:
    controls.surface(state, lambda surface: state.put(on_surface(state.spec, surface)))
    controls.contenders(state, "contenders")
    controls.field(state, "start")
    controls.field(state, "steps")

    def more() -> None:
        controls.field(state, "noise")
        controls.field(state, "seed")

    panels.folded("race more", _("More"), ":material/more_horiz:", more)
    controls.view(state, "view", _("3-D view"), "3d")


def picture(state: PageState[Race]) -> None:
    race = state.spec
    run = cached.descend(race)
    sentence = readings.raced(race, run, _)
    panels.sentence(sentence)
    lesson.printed(run)

    lost = {} if controls.dragging(STAGE) else cached.lost(race, run)  # too slow to compute during a drag

    def slower(wish: PickContender) -> None:
        """Give an optimizer that diverged the learning rate that its card suggests."""
        i = wish["contender"]
        if i not in lost or not lost[i].holds:
            raise Refused(N_("The optimizer must be given by its number."))
        rule = dataclasses.replace(race.contenders[i], lr=lost[i].holds)
        state.change(contenders=(*race.contenders[:i], rule, *race.contenders[i + 1 :]))

    scene = figure.scene(race, run, say=_, alt=sentence, view=state.view("view"), lost=lost)
    stage(
        scene, key=STAGE, state=state, on_start=controls.start(state), on_paint=controls.paint(state),
        on_pick=wishes.taking(state, wishes.contender, slower),
    )  # fmt: skip
    about(race, run)


def about(race: Race, run: Descent) -> None:
    def book() -> None:
        surface = find(race.surface)
        st.markdown(f"**{_(surface.title)}**: {_(surface.sentence)}")
        st.latex(surface.equation)
        st.caption(_("Source: {source}").format(source=_(surface.source)))
        st.table(readings.shape(surface, race.start, _))
        panels.explain(race.contenders)

    panels.folded("race book", _("Formulas and code"), ":material/function:", book)
    panels.numbers("race numbers", lambda: figure.numbers(race, run, _))


frame.page(__file__, show)
