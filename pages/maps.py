"""Maps: thousands of races at once, over an optimizer's settings, over starting points, or over learning rates."""

from __future__ import annotations

import dataclasses
from typing import Any

import streamlit as st

from experiments import links, maps
from experiments.descend import suited
from experiments.links import Suggest
from experiments.maps import Map
from figures import maps as figure
from optimizers import RULES
from spec import N_, digest
from spec import settings as facts
from ui import cached, controls, frame, panels, wishes
from ui.language import _
from ui.page_state import PageState
from ui.stage import stage

TITLE = N_("Maps")
QUESTION = N_("For which learning rates, momentum values and starting points does it converge?")
SECTION = N_("On a surface")
ICON = ":material/grid_on:"
ORDER = 12

STAGE = "maps stage"
TITLES = {"settings": N_("Settings"), "basins": N_("Starts"), "rates": N_("Learning rates")}


def default(anchors: dict[str, str]) -> Map:
    kind = anchors.get("kind", "")
    kind = kind if kind in maps.KINDS else "settings"
    return maps.default_map(kind, links.surface(anchors, maps.TELLING[kind]))


def suggest(chart: Map) -> Suggest:
    return suited(chart.surface)


def show() -> None:
    state = PageState("maps", default, suggest, anchors=("kind", "surface"), own={"measure": ("loss", "steps")})
    with st.sidebar:
        settings(state)
    state.notices()
    shown = picture(state)
    state.publish()
    if shown != state.spec:  # a coarse map is shown first; the fine one follows
        cached.survey(state.spec)
        st.session_state["maps seen"] = _mark(state.spec)
        st.rerun()


def _mark(chart: Map) -> str:
    return digest(dataclasses.replace(chart, pick=()))


# -- settings


def settings(state: PageState[Map]) -> None:
    key = f"{state.key} kind"
    if state.offers("kind", _("Map")):
        st.segmented_control(
            _("Map"), list(TITLES), default=controls.follow(key, state.spec.kind), key=key, required=True,
            format_func=lambda kind: _(TITLES[kind]), on_change=lambda: turn(state, st.session_state[key]),
            label_visibility="collapsed", width="stretch", disabled=state.locks("kind"),
        )  # fmt: skip
    controls.surface(state, lambda surface: state.put(maps.on_surface(state.spec, surface)))
    {"settings": of_settings, "basins": of_basins, "rates": of_rates}[state.spec.kind](state)
    controls.field(state, "steps")

    def more() -> None:
        if state.spec.kind != "basins":
            controls.field(state, "start")
            span(state, "rates", maps.rates(state.spec))
        if state.spec.kind == "settings":
            span(state, "values", maps.values(state.spec))
            leave = ("lr", state.spec.vary)
            controls.rule_settings(state, state.spec.rule, lambda rule: state.change(rules=(rule,)), leave)
        if state.spec.kind != "rates":
            controls.field(state, "side")
        controls.field(state, "pick")

    panels.folded("maps more", _("More"), ":material/more_horiz:", more)
    if state.spec.pick:
        st.button(_("Clear selection"), icon=":material/close:", key=f"{state.key} leave", type="tertiary",
                  on_click=lambda: state.change(pick=()))  # fmt: skip


def turn(state: PageState[Map], kind: str) -> None:
    """Change the kind of map, and the surface to a suitable one unless the reader has chosen a surface."""
    chosen = state.spec.surface != maps.TELLING[state.spec.kind]
    state.put(maps.default_map(kind, state.spec.surface if chosen else maps.TELLING[kind]))


def of_settings(state: PageState[Map]) -> None:
    labels = {name: controls.caption(fact) for name, fact in maps.facts(state.spec.rule).items()}
    controls.which_rule(state, state.spec.rule, lambda new: state.change(rules=(new,), values=(), pick=()))
    controls.field(state, "vary", choices=labels, on=lambda name: state.change(vary=name, values=(), pick=()))
    controls.view(state, "measure", _("Color by steps to converge"), "steps")


def of_basins(state: PageState[Map]) -> None:
    controls.contenders(state, "rules", most=2)


def of_rates(state: PageState[Map]) -> None:
    if not state.offers("rule", _("Optimizers")):
        return
    key = f"{state.key} rules"
    held = {rule.key: rule for rule in state.spec.rules}

    def choose() -> None:
        state.change(rules=tuple(held.get(name) or state.suggest(RULES[name]) for name in st.session_state[key]))

    st.multiselect(
        _("Optimizers"), list(RULES), default=controls.follow(key, list(held)), key=key, on_change=choose,
        format_func=lambda name: _(RULES[name].title), max_selections=maps.MOST_RULES, disabled=state.locks("rule"),
        placeholder=_("Choose options"),
    )  # fmt: skip
    controls.field(state, "trials")


def span(state: PageState[Map], name: str, ends: tuple[float, float]) -> None:
    """Draw the field for the range of an axis; if no range is set, it shows the default."""
    if not state.offers(name, controls.caption(facts(state.spec)[name])):
        return
    shown = dataclasses.replace(state.spec, **{name: tuple(float(f"{end:.6g}") for end in ends)})

    def change(value: tuple[float, ...]) -> None:
        fields: dict[str, Any] = {name: value, "pick": ()}
        state.put(dataclasses.replace(state.spec, **fields))

    controls.draw(state, f"{state.key} {name}", shown, name, change, locked=state.locks(name))


# -- the picture


def picture(state: PageState[Map]) -> Map:
    """Draw the map, at first a coarse one if the fine one takes long; return the Spec of the map that is drawn."""
    chart = state.spec
    soon = maps.steps_taken(chart) <= maps.SOON or st.session_state.get("maps seen") == _mark(chart)
    drawn = chart if soon and not controls.dragging(STAGE) else maps.coarse(chart)
    found = cached.survey(drawn)
    race = maps.looked_at(drawn, found)
    run = cached.descend(race)
    sentence = figure.read(drawn, found, race, run, _)
    panels.sentence(sentence)
    scene = figure.scene(drawn, found, race, run, say=_, alt=sentence, measure=state.view("measure"))
    # A click on a cell shows the race of that cell.
    picked = wishes.taking(state, wishes.place, lambda wish: state.put(maps.picked(state.spec, tuple(wish["at"]))))
    stage(scene, key=STAGE, state=state, on_start=controls.start(state), on_pick=picked)

    def about() -> None:
        if chart.kind == "settings":
            st.markdown(_(BORDERS))
        panels.explain(chart.rules)

    panels.folded("maps book", _("Formulas and code"), ":material/function:", about)
    panels.numbers("maps numbers", lambda: figure.numbers(drawn, found, _))
    return drawn


BORDERS = N_(
    "On a bowl with curvatures λ the largest of them sets the limit: gradient descent multiplies the distance "
    "along it by 1 − ηλ at every step, and that stays below 1 in size while η < 2/λmax; with momentum μ the limit "
    "is 2(1 + μ)/λmax, and with Nesterov momentum 2(1 + μ)/((1 + 2μ)λmax)."
)


frame.page(__file__, show)
