"""Home: an animated race, the lessons of the course as cards, and links to all pages."""

from __future__ import annotations

import functools
import itertools

import streamlit as st

import lessons
from experiments.descend import default_race
from figures import race as figure
from figures import readings
from figures.scene import literal
from spec import N_
from ui import cached, frame, language, lesson, panels, static
from ui.language import _
from ui.pages import pages
from ui.stage import stage

TITLE = N_("Home")
QUESTION = N_("What can I see here?")
SECTION = ""
ICON = ":material/home:"
ORDER = 0

# A card is one link, whose label holds a picture, a title in bold, a question, and in grey where it leads.
STYLE = """<style>
.stApp .st-key-home-stage { min-height: calc(clamp(200px, 32vh, 480px) + 44px); }
@media (min-width: 641px) { .st-key-home-stage .dl-panels { height: clamp(200px, 32vh, 480px); } }
.stApp :is(h2, h3) { padding: .6rem 0 .5rem; }
.stApp h2 { font-size: 1.6rem; }
.stApp h3 { font-size: 1.15rem; }
[class*="st-key-cards"] {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13.6rem), 1fr)); gap: 1rem;
}
[class*="st-key-cards"] div { width: 100% !important; height: 100%; }
[class*="st-key-cards"] a {
  display: block; height: 100%; padding: 0; overflow: hidden; border-radius: .6rem; background: none;
  border: 1px solid rgb(128 128 128 / .35);
}
[class*="st-key-cards"] a:hover { border-color: var(--st-primary-color, #0060a8); }
[class*="st-key-cards"] a:focus-visible { outline: 3px solid var(--st-primary-color, #0060a8); outline-offset: 2px; }
[class*="st-key-cards"] a p {
  display: grid; grid-template-rows: auto auto 1fr; gap: .15rem; height: 100%; box-sizing: border-box;
  padding: .8rem .9rem .7rem; line-height: 1.4; white-space: normal; font-size: .9rem;
}
[class*="st-key-cards"] a strong { font-size: 1.05rem; }
[class*="st-key-cards"] a p > :last-child:not(strong) { align-self: end; }
[class*="st-key-cards-lessons"] a p { grid-template-rows: auto auto 1fr auto; }
[class*="st-key-cards-lessons"] a p::before { content: ""; }
[class*="st-key-cards-lessons"] a :is(p::before, img) {
  display: block; grid-area: 1 / 1; width: calc(100% + 1.8rem); max-width: none; height: auto; max-height: none;
  aspect-ratio: 8 / 5; margin: -.8rem -.9rem .5rem; border-radius: 0;
  background: color-mix(in srgb, var(--st-primary-color, #0060a8) 7%, transparent);
}
</style>"""


def show() -> None:
    st.html(STYLE)
    welcome()
    st.header(_("The course"), anchor=False)
    st.markdown(_("Each lesson asks what you expect before it shows the picture."))
    predicted = frozenset(entry.key for entry in lessons.lessons().values() if lesson.predicted(entry) is not None)
    course(language.current(), st.context.theme.type or "light", predicted)
    st.header(_("Explore freely"), anchor=False)
    with st.container(key="explore"):
        explore()


def explore() -> None:
    """Draw the links to all pages."""
    for section, entries in itertools.groupby(filter(lambda page: page.order, pages()), lambda page: page.section):
        st.subheader(_(section), anchor=False)
        with st.container(key=f"cards {section}"):
            for page in entries:
                st.page_link(page.file, label=f"**{page.icon} {_(page.title)}** {_(page.question)}", icon="")


def welcome() -> None:
    """Draw a race that plays without a click, with a sentence that describes it."""
    race = default_race("ravine")
    run = cached.descend(race)
    sentence = readings.raced(race, run, _)
    scene = figure.scene(race, run, say=_, alt=sentence)
    scene["clock"]["loop"] = True
    scene["table"] = None  # so that the course begins on the first screen; the Race page has the table
    told, shown = st.columns([3, 8], gap="large", vertical_alignment="center")
    with told:
        st.markdown(_("See how optimizers work: on loss surfaces, and in neural networks that learn while you watch."))
        panels.sentence(sentence)
    with shown:
        stage(scene, key="home stage")


@st.cache_data(max_entries=64, show_spinner=False)
def course(code: str, mode: str, predicted: frozenset[str]) -> None:
    """Draw the lessons as cards, part by part, for a language, a light or dark theme, and the predictions made so far.

    Streamlit needs more time for sixty links than for the rest of the page, so the drawn cards are cached.
    """
    say = language.catalogue(code).gettext
    titles = {page.path: (page.file, say(page.title)) for page in pages()}
    made = say(N_("prediction made"))
    for part, entries in itertools.groupby(lessons.lessons().values(), lambda entry: entry.part):
        st.subheader(say(lessons.PARTS[part]), anchor=False)
        with st.container(key=f"cards lessons {part}"):
            for entry in entries:
                text = entry.text(code)
                file, where = titles[entry.page]
                done = f" · :material/check: {made}" if entry.key in predicted else ""
                address = thumbnails().get(f"{entry.key}-{mode}")
                picture = f"![]({address}) " if address else ""
                label = f"{picture}**{literal(text.title)}** {literal(text.question)} :gray[{where}{done}]"
                st.page_link(file, label=label, icon="", query_params={"lesson": entry.key})


@functools.cache
def thumbnails() -> dict[str, str]:
    """Return the addresses of the lessons' small pictures, by "<lesson>-<light or dark>"."""
    folder = lessons.FOLDER / "thumbnails"
    if not folder.exists():
        return {}
    address = static.publish(folder)
    return {file.stem: f"{address}/{file.name}" for file in folder.glob("*.webp")}


frame.page(__file__, show)
