"""A lesson on its page: the question, the prediction that uncovers the picture, and what to look for beside it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import streamlit as st

import lessons
from experiments.readout import readout
from figures.scene import number
from lessons import Lesson
from ui import language
from ui.desk import literal
from ui.language import _

COVER = """<style>
.st-key-picture { position: relative; }
.st-key-picture > :not(:has(.st-key-cover)) { visibility: hidden; }
.st-key-picture > :has(> .st-key-cover) { position: absolute; inset: 0; z-index: 5; }
</style>"""


def asked() -> Lesson | None:
    """Return the lesson that the address names."""
    return lessons.find(st.query_params.get("lesson", ""))


def predicted(lesson: Lesson) -> int | None:
    """Return the number of the choice that this visitor made, from 1; 0 for none of them, None before it is made."""
    return st.session_state.get(f"predicted {lesson.key}")


def covered() -> bool:
    """Return whether the picture is to stay covered, since the lesson waits for a prediction."""
    lesson = asked()
    return lesson is not None and predicted(lesson) is None


def cover() -> None:
    """Draw, over the picture, the choices of the lesson; the picture is uncovered when one is chosen."""
    lesson = asked()
    if lesson is None or predicted(lesson) is not None:
        return
    st.html(COVER)

    def choose(which: int) -> None:
        st.session_state[f"predicted {lesson.key}"] = which

    with st.container(key="cover", horizontal_alignment="center", vertical_alignment="center", height="stretch"):
        st.subheader(_("What do you expect?"), anchor=False)
        for i, choice in enumerate(lesson.text(language.current()).choices, start=1):
            st.button(literal(choice), key=f"choice {i}", on_click=choose, args=(i,), width=640)
        st.button(_("Show me"), key="choice 0", on_click=choose, args=(0,), type="tertiary")


def notes() -> None:
    """Draw, at the head of the settings, what came of the prediction, what to look for, and what to try next."""
    lesson = asked()
    if lesson is None:
        return
    text = lesson.text(language.current())
    choice = predicted(lesson)
    with st.container(key="lesson", border=True):
        if choice is None:
            st.markdown(_("Choose what you expect; then the picture is uncovered."))
        else:
            if choice:
                right = choice == lesson.answer
                told = _("So it came:") if right else _("It came otherwise:")
                st.markdown(f"**{told}** {literal(text.choices[lesson.answer - 1])}")
            st.markdown(literal(text.because))
            st.markdown("\n".join(f"- {literal(line)}" for line in text.look))
            for i, (target, line) in enumerate(zip(lesson.next, text.next, strict=True)):
                _link(lesson, target, line, i)
        st.button(_("Leave the lesson"), key="leave lesson", on_click=_leave, args=(lesson,), type="tertiary")


def _leave(lesson: Lesson) -> None:
    """End the lesson; the page keeps what it shows."""
    st.session_state[f"desk {lesson.page}"]["lesson"] = ""
    st.session_state["touched"] = True


def _link(lesson: Lesson, target: str, line: str, i: int) -> None:
    """Draw the way to something to try next: other settings of the lesson, or another lesson."""
    kind, _sep, name = target.partition(":")
    other = lessons.find(name) if kind == "lesson" else None
    page = f"pages/{(other or lesson).page}.py"
    query = {"lesson": [name]} if other else {"lesson": [lesson.key]} | parse_qs(target, keep_blank_values=True)
    st.page_link(page, label=literal(line), icon=":material/arrow_forward:", query_params=query)


def printed(result: Any, *, done: bool = True) -> None:
    """Draw the figures that the notes print beside ours, where the lesson has some and the picture is uncovered."""
    lesson = asked()
    if lesson is None or not lesson.printed or predicted(lesson) is None:
        return
    text = lesson.text(language.current())
    lines = []
    for fact, label in zip(lesson.printed, text.printed, strict=True):
        ours = number(readout(result, fact.ours)) if done else "–"
        lines.append(_("{label}: {printed} in the notes, {ours} here").format(
            label=literal(label), printed=fact.value, ours=f"**{ours}**"))  # fmt: skip
    st.markdown("  \n".join(lines))
