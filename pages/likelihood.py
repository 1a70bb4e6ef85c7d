"""Likelihood: a thumbtack is thrown, and rules climb to the chance under which its throws are likeliest."""

from __future__ import annotations

import streamlit as st

from experiments.likelihood import Throws, suggested
from experiments.links import Suggest
from figures import likelihood as figure
from spec import N_, Refused
from ui import cached, controls, frame, panels
from ui.desk import Desk
from ui.language import _
from ui.stage import stage

TITLE = N_("Likelihood")
QUESTION = N_("What does training maximise, and why do few data mislead it?")
SECTION = N_("On a surface")
ICON = ":material/push_pin:"
ORDER = 14

BORDERS = {
    "free": N_("free: the climb ends there"),
    "clip": N_("clipped, and marked"),
    "logit": N_("none: climb the logit of θ"),
}


def default(anchors: dict[str, str]) -> Throws:
    """Return the throws of an empty link; other N keep the share of hits, other borders bring rates that suit."""
    try:
        throws = int(anchors.get("throws", 100))
        borders = anchors.get("borders", "free")
        return figure_of(Throws(), throws, borders)
    except (ValueError, Refused):  # reading the link finds the same, and says so
        return Throws()


def suggest(spec: Throws) -> Suggest:
    return lambda rule: suggested(rule, spec.borders)
