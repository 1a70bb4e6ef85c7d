"""Slide mode: only the page's picture is on the screen, in large type; arrow keys move through the lesson's steps.

The browser part, stage/browser/present.js, has all texts and shows one step at a time without a request. It reports the
current step, which is kept in the address (`present=1&step=3`), and sends requests only for what needs the server: to
store the prediction, which uncovers the picture, and to open another lesson.
"""

from __future__ import annotations

import functools
from typing import Any

import streamlit as st
from streamlit.components import v2

from lessons import Lesson
from ui import language, lesson, stage
from ui.language import _
from ui.page_state import written

KEY = "slides"
ADDRESS = ("present", "step")
LOADER = """
let module;
export default function (component) {
  module ??= import(new URL("%s/present.js", document.baseURI));
  module.then((present) => present.show(component));
}
"""


@functools.cache
def _component() -> Any:
    return v2.component("descent_lab.present", js=LOADER % stage.publish()[0], isolate_styles=False)


@st.fragment
def slides(page: str, title: str, question: str) -> None:
    """Send the browser what slide mode shows, and react to what the presenter does there.

    `title` and `question` are the heading of the page, without Markdown.
    """
    told = lesson.asked()
    choice = lesson.predicted(told) if told else None
    data = {
        "place": f"{page} {told.key if told else ''}",
        "address": written({name: st.query_params.get_all(name) for name in ADDRESS}),
        "title": title,
        "question": question,
        "choices": list(told.text(language.current()).choices) if told else [],
        "choice": choice,
        "steps": _steps(told, choice) if told else [],
        "before": bool(told and lesson.neighbour(told, -1)),
        "after": bool(told and lesson.neighbour(told, 1)),
        "words": {
            "present": _("Slide mode (P)"),
            "leave": _("Leave slide mode (P)"),
            "steps": _("Steps of the lesson"),
            "back": _("Back (←)"),
            "forward": _("Next (→)"),
            "expect": _("What do you expect?"),
            "next": _("What to try next"),
        },
    }
    wishes = _component()(
        key=KEY, data=data, on_at_change=_stand, on_choose_change=_nothing, on_go_change=_nothing,
        on_follow_change=_nothing, on_theme_change=_nothing,
    )  # fmt: skip
    if wishes.theme:
        st.rerun()  # the theme has changed, and the server has drawn small pictures, bars and charts in its colours
    if told is None:
        return
    if wishes.choose is not None and (wishes.choose or choice is None):
        lesson.predict(told, int(wishes.choose))
        st.rerun()
    if wishes.go:
        by = -1 if wishes.go == "before" else 1
        if other := lesson.neighbour(told, by):
            _open(other.page, {"lesson": [other.key]}, step=1 if by > 0 else len(_steps(other, None)))
    if wishes.follow:
        page, query = lesson.way(told, told.next[int(wishes.follow) - 1])
        _open(page, query, step=1 if query["lesson"] != [told.key] else 2)


def _nothing() -> None:
    """Do nothing: the callback only makes the fragment run again, which then reads the event."""


def _stand() -> None:
    """Write the current step to the address."""
    at = st.session_state[KEY].at
    told = {"present": "1"} if at["present"] else {}
    if told and lesson.asked():
        told["step"] = str(at["step"])
    for name in ADDRESS:
        if name in told:
            st.query_params[name] = told[name]
        elif name in st.query_params:
            del st.query_params[name]


def _steps(told: Lesson, choice: int | None) -> list[dict[str, Any]]:
    """Return the steps of a lesson for the browser: the kind and the texts of each."""
    text = told.text(language.current())
    lead = lesson.outcome(told, choice or 0)
    steps: list[dict[str, Any]] = [{"kind": "ask"}, {"kind": "play"}]
    steps += [{"kind": "look", "text": line} for line in text.look]
    steps.append({"kind": "answer", "lead": f"{lead} {text.choices[told.answer - 1]}", "text": text.because})
    if told.printed:
        steps.append({"kind": "printed"})
    if told.next:
        steps.append({"kind": "next", "ways": list(text.next)})
    return steps


def _open(page: str, query: dict[str, list[str]], step: int) -> None:
    """Go to a page in slide mode."""
    kept = {name: [st.query_params[name]] for name in ("lang",) if name in st.query_params}
    st.switch_page(f"pages/{page}.py", query_params=kept | query | {"present": ["1"], "step": [str(step)]})
