"""Home: a race that is already running, the course as cards, and the way to every page."""

from __future__ import annotations

import functools
import itertools

import streamlit as st

import lessons
from experiments.descend import default_race
from figures import race as figure
from figures import readings
from lessons import Lesson
from spec import N_
from ui import cached, frame, language, lesson, static
from ui.desk import literal
from ui.language import _
from ui.stage import stage

TITLE = N_("Home")
QUESTION = N_("What can I see here?")
SECTION = ""
ICON = ":material/home:"
ORDER = 0

# A card is one link whose label holds a picture, a title in bold, a question, and in grey where it leads.
STYLE = """<style>
.st-key-home-stage, .st-key-home-stage .dl-stage { min-height: 0; }
@media (min-width: 641px) { .st-key-home-stage .dl-panels { height: clamp(210px, 34vh, 480px); } }
[class*="st-key-cards"] {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 14rem), 1fr)); gap: 1rem; align-items: stretch;
}
[class*="st-key-cards"] :is(div, [data-testid="stElementContainer"]) { width: 100% !important; height: 100%; }
[class*="st-key-cards"] a {
  display: block; height: 100%; padding: 0; overflow: hidden; border: 1px solid var(--card-line); border-radius: .6rem;
  background: none; line-height: 1.4;
}
[class*="st-key-cards"] a:hover { border-color: var(--st-primary-color, #0060a8); background: none; }
[class*="st-key-cards"] a:focus-visible { outline: 3px solid var(--st-primary-color, #0060a8); outline-offset: 2px; }
[class*="st-key-cards"] a p { display: flex; flex-direction: column; padding: .7rem .9rem .8rem; white-space: normal; height: 100%; }
[class*="st-key-cards"] a strong { font-size: 1.06rem; margin-bottom: .15rem; }
</style>"""


def show() -> None:
    st.html(STYLE)
    welcome()
    st.header(_("The course"), anchor=False)
    for part, entries in itertools.groupby(lessons.lessons().values(), lambda entry: entry.part):
        st.subheader(_(lessons.PARTS[part]), anchor=False)
        with st.container(key=f"cards {part}"):
            for entry in entries:
                card(entry)
    st.header(_("Explore freely"), anchor=False)
    for section, pages in itertools.groupby(filter(lambda page: page.order, frame.pages()), lambda page: page.section):
        st.subheader(_(section), anchor=False)
        with st.container(key=f"cards {section}"):
            for page in pages:
                st.page_link(page.file, label=f"**{_(page.title)}** {_(page.question)}", icon=page.icon)


def welcome() -> None:
    """Draw a race that runs by itself, with what it shows."""
    race = default_race("ravine")
    run = cached.descend(race)
    sentence = readings.raced(race, run, _)
    scene = figure.scene(race, run, say=_, alt=sentence)
    scene["clock"]["loop"] = True
    scene["table"] = None  # the Race page has it; here the course is to begin within the first screen
    told, shown = st.columns([3, 8], gap="large", vertical_alignment="center")
    with told:
        st.markdown(_("See how optimizers move: on surfaces seen from above, and in networks that learn before your eyes."))
        st.markdown(sentence)
    with shown:
        stage(scene, key="home stage")


def card(entry: Lesson) -> None:
    """Draw the way to a lesson."""
    text = entry.text(language.current())
    page = next(page for page in frame.pages() if page.path == entry.page)
    where = _(page.title)
    if lesson.predicted(entry) is not None:
        where += f" · :material/check: {_('predicted')}"
    picture = thumbnails().get(f"{entry.key}-{st.context.theme.type or 'light'}", "")
    label = f"![]({picture}) **{literal(text.title)}** {literal(text.question)} :gray[{where}]"
    st.page_link(page.file, label=label, icon="", query_params={"lesson": entry.key})


@functools.cache
def thumbnails() -> dict[str, str]:
    """Return the addresses of the lessons' small pictures, by "<lesson>-<light or dark>"."""
    folder = lessons.FOLDER / "thumbnails"
    if not folder.exists():
        return {}
    address = static.publish(folder)
    return {file.stem: f"{address}/{file.name}" for file in folder.glob("*.webp")}


frame.page(__file__, show)
