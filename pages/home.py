"""Home: a race that is already running, and the way to every page."""

from __future__ import annotations

import itertools

import streamlit as st

from experiments.descend import default_race
from figures import race as figure
from figures import readings
from spec import N_
from ui import cached, frame
from ui.language import _
from ui.stage import stage

TITLE = N_("Home")
QUESTION = N_("What can I see here?")
SECTION = ""
ICON = ":material/home:"
ORDER = 0

CARD = 226  # px: five beside each other at 1280


def show() -> None:
    st.markdown(_("See how optimizers move: on surfaces seen from above, and in networks that learn before your eyes."))
    race = default_race("ravine")
    run = cached.descend(race)
    sentence = readings.raced(race, run, _)
    scene = figure.scene(race, run, say=_, alt=sentence)
    scene["clock"]["loop"] = True
    stage(scene, key="home stage")
    for section, pages in itertools.groupby(filter(lambda page: page.order, frame.pages()), lambda page: page.section):
        st.subheader(_(section), anchor=False)
        with st.container(horizontal=True, key=f"home {section}"):
            for page in pages:
                with st.container(border=True, width=CARD, height="stretch"):
                    st.page_link(page.file, label=f"**{_(page.title)}**", icon=page.icon)
                    st.markdown(_(page.question))


frame.page(__file__, show)
