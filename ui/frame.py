"""The frame around every page: page configuration, language, navigation, title and notices."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import streamlit as st

import runs
from figures.scene import literal
from spec import N_
from spec.limits import allowed
from ui import language, lesson, present, returned, uploads
from ui.controls import follow
from ui.language import _
from ui.pages import ROOT, heading, pages

WARM = ("experiments.live:warm_up", "pandas", "sklearn.compose")  # what the workers do before the first request

STYLE = """<style>
/* Korean breaks between words. */
:is(.stApp, [role="dialog"]) :is(h1, h2, h3, p, li, label, button, figcaption) {
  word-break: keep-all;
  overflow-wrap: break-word;
}
@media (min-width: 1600px) { html { font-size: 18px; } }
[data-testid="stMainBlockContainer"] { padding: 3.6rem 2rem 1.5rem; max-width: none; }
[data-testid="stSidebarHeader"] { height: 2.2rem; margin: 0; padding-top: .4rem; }
[data-testid="stMain"] h1 { padding: 0; font-size: 1.9rem; }
[data-testid="stSidebarUserContent"] { padding-bottom: 2rem; }
[data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] { gap: .5rem; }
[data-testid="stSidebarUserContent"] [class*="-contender-"] [data-testid="stVerticalBlock"] { gap: .1rem; }
[data-testid="stSidebar"] [class*="-contender-"] [data-testid="stHorizontalBlock"] { flex-wrap: nowrap; gap: .4rem; }
[data-testid="stSidebar"] [class*="-contender-"] [data-testid="stHorizontalBlock"] > div { min-width: 0; }
[data-testid="stSidebar"] [role="radiogroup"] { flex-wrap: nowrap; }
[data-testid="stSidebar"] [class*="-preset"] [role="radiogroup"] { flex-wrap: wrap; }
[data-testid="stSidebar"] [role="radio"] { padding-inline: .5rem; }
[data-testid="stCaptionContainer"] { opacity: 1; color: light-dark(#5a6572, #9dabb9); } /* its own grey is too pale */
[class*="st-key-slides"] { display: none; }
[class*="-status"] { min-height: 3.2rem; flex-wrap: nowrap; }
[class*="st-key-"][class$="-stage"] { min-height: clamp(430px, calc(100vh - 242px), 1050px); } /* before it is drawn */
/* On a phone the settings stand below the picture, not over it, and the menu below them. */
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding: 4rem .8rem 1rem; }
  [data-testid="stAppViewContainer"] { flex-direction: column; overflow-y: auto; }
  [data-testid="stAppViewContainer"] > div:has(> [data-testid="stMain"]) { order: 1; height: auto; flex: none; }
  [data-testid="stMain"] { position: static; height: auto; overflow: visible; }
  [data-testid="stSidebar"] {
    order: 2; position: static; transform: none !important; flex: none;
    width: 100% !important; min-width: 100%; max-width: none; height: auto !important;
  }
  [data-testid="stSidebar"] > div { width: 100% !important; height: auto; position: static; }
  [data-testid="stSidebarContent"] { display: flex; flex-direction: column; overflow: visible; height: auto; }
  [data-testid="stSidebarNav"] { order: 3; }
  [data-testid="stSidebarHeader"], [data-testid="stExpandSidebarButton"] { display: none; }
}
</style>"""


# Texts that Streamlit has in English only, by the part of the page they are in. The label of the file field says the
# rest.
WORDS = {
    '[data-testid="stFileUploaderDropzone"] button p': N_("Choose a file, or drop it here"),
    '[data-testid="InputInstructions"]:has(span):not([class*="st-key-lesson"] *)': N_("Press Enter to apply"),
}
REPLACED = "PART { font-size: 0; } PART > * { display: none; } PART::after { content: TEXT; font-size: .85rem; }"
HIDDEN = '[data-testid="stFileUploaderDropzoneInstructions"] { display: none; }'


def run() -> None:
    """Configure the page, draw the navigation, and run the page that the address names."""
    st.set_page_config(page_title=allowed().title, page_icon=str(ROOT / "ui" / "icon.svg"), layout="wide")
    runs.warm_up(WARM)
    uploads.bound()
    _choose_language()
    returned.arrive()
    st.html(STYLE.replace("</style>", f"{_streamlit_words()}</style>"))
    sections: dict[str, list] = {}
    for page in pages():
        entry = st.Page(page.file, title=_(page.title), icon=page.icon, url_path=page.path, default=page.order == 0)
        sections.setdefault(_(page.section), []).append(entry)
    chosen = st.navigation(sections, position="top")
    st.session_state["framed"] = True
    try:
        chosen.run()
    finally:
        st.session_state["framed"] = False


def _streamlit_words() -> str:
    """Return CSS that replaces Streamlit's English texts by those of the reader's language."""
    rules = [
        REPLACED.replace("PART", part).replace("TEXT", json.dumps(_(text), ensure_ascii=False))
        for part, text in WORDS.items()
    ]
    return "".join([*rules, HIDDEN])


def page(file: str, show: Callable[[], None]) -> None:
    """Show a page inside the frame: its title, its question and the notices; then call `show`.

    If the first request to a new server is for a page, Streamlit runs that page without app.py; then the frame is drawn
    here.
    """
    if not st.session_state.get("framed"):
        run()
        return
    me = next(page for page in pages() if page.file.name == Path(file).name)
    asked = lesson.asked()
    if asked and asked.page != me.path:  # a link may name only the lesson
        query = {name: st.query_params.get_all(name) for name in st.query_params}
        st.switch_page(f"pages/{asked.page}.py", query_params=query)
    if me.order:
        title, question = map(literal, heading(me.path))
        st.title(title, anchor=False)
        st.caption(question)
        with st.sidebar:
            lesson.notes()
        with st.container(key="picture"):
            lesson.cover()
            show()
        with st.sidebar:
            lesson.offer()
            _language_menu()
    else:  # home has no settings, and so no sidebar
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.title(literal(allowed().title), anchor=False)
            _language_menu()
        show()
    present.slides(me.path, *(heading(me.path) if me.order else (allowed().title, "")))
    returned.take()


def _choose_language() -> None:
    asked = st.query_params.get("lang")
    if asked in language.languages() and asked != st.session_state.get("lang asked"):
        st.session_state["lang"] = asked
    st.session_state["lang asked"] = asked
    st.session_state.setdefault("lang", language.preferred())  # each of a page's hundreds of texts needs it


def _language_menu() -> None:
    codes = language.languages()
    if len(codes) < 2:
        return
    key = "language"
    shown = follow(key, language.current())

    def choose() -> None:
        st.session_state["lang"] = st.session_state[key] or language.current()
        st.session_state["lang asked"] = st.query_params.get("lang")  # it is older than this choice

    st.segmented_control(
        _("Language"), list(codes), default=shown, format_func=codes.__getitem__, key=key, on_change=choose,
        label_visibility="collapsed", required=True,
    )  # fmt: skip
