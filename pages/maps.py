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
from ui.desk import Desk
from ui.language import _
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
    desk = Desk("maps", default, suggest, anchors=("kind", "surface"), own={"measure": ("loss", "steps")})
    with st.sidebar:
        settings(desk)
    desk.notices()
    shown = picture(desk)
    desk.publish()
    if shown != desk.spec:  # a coarse map is shown first; the fine one follows
        cached.survey(desk.spec)
        st.session_state["maps seen"] = _mark(desk.spec)
        st.rerun()


def _mark(chart: Map) -> str:
    return digest(dataclasses.replace(chart, pick=()))


# -- settings


def settings(desk: Desk[Map]) -> None:
    key = f"{desk.key} kind"
    if desk.offers("kind", _("Map")):
        st.segmented_control(
            _("Map"), list(TITLES), default=controls.follow(key, desk.spec.kind), key=key, required=True,
            format_func=lambda kind: _(TITLES[kind]), on_change=lambda: turn(desk, st.session_state[key]),
            label_visibility="collapsed", width="stretch", disabled=desk.locks("kind"),
        )  # fmt: skip
    controls.surface(desk, lambda surface: desk.put(maps.on_surface(desk.spec, surface)))
    {"settings": of_settings, "basins": of_basins, "rates": of_rates}[desk.spec.kind](desk)
    controls.field(desk, "steps")

    def more() -> None:
        if desk.spec.kind != "basins":
            controls.field(desk, "start")
            span(desk, "rates", maps.rates(desk.spec))
        if desk.spec.kind == "settings":
            span(desk, "values", maps.values(desk.spec))
            leave = ("lr", desk.spec.vary)
            controls.rule_settings(desk, desk.spec.rule, lambda rule: desk.change(rules=(rule,)), leave)
        if desk.spec.kind != "rates":
            controls.field(desk, "side")
        controls.field(desk, "pick")

    panels.folded("maps more", _("More"), ":material/more_horiz:", more)
    if desk.spec.pick:
        st.button(_("Clear selection"), icon=":material/close:", key=f"{desk.key} leave", type="tertiary",
                  on_click=lambda: desk.change(pick=()))  # fmt: skip


def turn(desk: Desk[Map], kind: str) -> None:
    """Change the kind of map, and the surface to a suitable one unless the reader has chosen a surface."""
    chosen = desk.spec.surface != maps.TELLING[desk.spec.kind]
    desk.put(maps.default_map(kind, desk.spec.surface if chosen else maps.TELLING[kind]))


def of_settings(desk: Desk[Map]) -> None:
    labels = {name: controls.caption(fact) for name, fact in maps.facts(desk.spec.rule).items()}
    controls.which_rule(desk, desk.spec.rule, lambda new: desk.change(rules=(new,), values=(), pick=()))
    controls.field(desk, "vary", choices=labels, on=lambda name: desk.change(vary=name, values=(), pick=()))
    controls.view(desk, "measure", _("Color by steps to converge"), "steps")


def of_basins(desk: Desk[Map]) -> None:
    controls.contenders(desk, "rules", most=2)


def of_rates(desk: Desk[Map]) -> None:
    if not desk.offers("rule", _("Optimizers")):
        return
    key = f"{desk.key} rules"
    held = {rule.key: rule for rule in desk.spec.rules}

    def choose() -> None:
        desk.change(rules=tuple(held.get(name) or desk.suggest(RULES[name]) for name in st.session_state[key]))

    st.multiselect(
        _("Optimizers"), list(RULES), default=controls.follow(key, list(held)), key=key, on_change=choose,
        format_func=lambda name: _(RULES[name].title), max_selections=maps.MOST_RULES, disabled=desk.locks("rule"),
        placeholder=_("Choose options"),
    )  # fmt: skip
    controls.field(desk, "trials")


def span(desk: Desk[Map], name: str, ends: tuple[float, float]) -> None:
    """Draw the field for the range of an axis; if no range is set, it shows the default."""
    if not desk.offers(name, controls.caption(facts(desk.spec)[name])):
        return
    shown = dataclasses.replace(desk.spec, **{name: tuple(float(f"{end:.6g}") for end in ends)})

    def change(value: tuple[float, ...]) -> None:
        fields: dict[str, Any] = {name: value, "pick": ()}
        desk.put(dataclasses.replace(desk.spec, **fields))

    controls.draw(desk, f"{desk.key} {name}", shown, name, change, locked=desk.locks(name))


# -- the picture


def picture(desk: Desk[Map]) -> Map:
    """Draw the map, at first a coarse one if the fine one takes long; return the Spec of the map that is drawn."""
    chart = desk.spec
    soon = maps.steps_taken(chart) <= maps.SOON or st.session_state.get("maps seen") == _mark(chart)
    drawn = chart if soon and not controls.dragging(STAGE) else maps.coarse(chart)
    found = cached.survey(drawn)
    race = maps.looked_at(drawn, found)
    run = cached.descend(race)
    sentence = figure.read(drawn, found, race, run, _)
    panels.sentence(sentence)
    scene = figure.scene(drawn, found, race, run, say=_, alt=sentence, measure=desk.view("measure"))
    # A click on a cell shows the race of that cell.
    picked = wishes.taking(desk, wishes.place, lambda wish: desk.put(maps.picked(desk.spec, tuple(wish["at"]))))
    stage(scene, key=STAGE, desk=desk, on_start=controls.start(desk), on_pick=picked)

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
