"""A lesson on its page: the question, the prediction that uncovers the picture, and the text next to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import streamlit as st

import lessons
from experiments.readout import readout
from figures.scene import literal, number
from lessons import Lesson
from ui import language
from ui.language import _
from ui.page_state import present, written

LONGEST_TITLE = 100  # characters of a title that a lecturer writes

COVER = """<style>
.st-key-picture { position: relative; }
.st-key-picture > :not(:has(.st-key-cover)) { visibility: hidden; }
.st-key-picture > :has(> .st-key-cover) {
  position: absolute; z-index: 5; inset: 0 0 auto; height: min(100%, calc(100vh - 10rem)); min-height: 22rem;
}
.st-key-cover {
  height: 100%; padding: 1.5rem; border-radius: .6rem;
  background: light-dark(#f3f6f9, #1a222c);
}
.st-key-cover h2 { font-size: 1.6rem; width: min(40rem, 100%); margin-inline: auto; }
[class*="st-key-choice"]:not(.st-key-choice-0) button {
  justify-content: start; text-align: start; padding: .7rem 1.1rem;
}
[class*="st-key-choice"]:not(.st-key-choice-0) button :is(div, span) { width: 100%; text-align: start; }
</style>"""

# Streamlit marks a link to the open page as the current one, and cuts off labels that are longer than a line.
NOTES = """<style>
.st-key-memory { display: none; }
.st-key-lesson [data-testid="stPageLink-NavLink"] { height: auto; background: none; align-items: start; }
.st-key-lesson [data-testid="stPageLink-NavLink"] :is(span, p) {
  white-space: normal; overflow: visible; font-weight: 400;
}
.st-key-lesson [data-testid="stPageLink-NavLink"]:hover { background: light-dark(#e6eef6, #22303f); }
</style>"""


def asked() -> Lesson | None:
    """Return the lesson that the address names."""
    return lessons.find(st.query_params.get("lesson", ""))


def predicted(lesson: Lesson) -> int | None:
    """Return this visitor's prediction, the number of a choice from 1; 0 if it was skipped, None before that."""
    return st.session_state.get(f"predicted {lesson.key}")


def predict(lesson: Lesson, which: int) -> None:
    """Store this visitor's prediction, from 1, or 0 if it was skipped; the picture is uncovered from now on."""
    st.session_state[f"predicted {lesson.key}"] = which


def remember(key: str) -> None:
    """Restore the prediction that a browser reports by the widget key of `_memory`; ignore any other key."""
    word, _sep, told = key.partition(" ")
    name, _sep, which = told.rpartition(" ")
    lesson = lessons.find(name)
    if word != "predicted" or lesson is None or not which.isdecimal():
        return
    if int(which) <= len(lesson.text("en").choices):
        predict(lesson, int(which))


def _memory(lesson: Lesson, choice: int) -> None:
    """Make the browser remember the prediction: it reports all its widgets, even to a restarted server."""
    with st.container(key="memory"):  # hidden by CSS
        st.checkbox(lesson.text(language.current()).title, value=True, key=f"predicted {lesson.key} {choice}")


def outcome(lesson: Lesson, choice: int) -> str:
    """Return the words that compare the prediction with the result."""
    if not choice:
        return _("Answer:")
    return _("Correct:") if choice == lesson.answer else _("Not quite. Correct answer:")


def covered() -> bool:
    """Return whether the picture is covered because the lesson waits for a prediction."""
    lesson = asked()
    return lesson is not None and predicted(lesson) is None


def cover() -> None:
    """Draw the choices of the lesson above the picture, which is uncovered when one is chosen."""
    lesson = asked()
    if lesson is None or predicted(lesson) is not None:
        return
    st.html(COVER)

    with st.container(key="cover", horizontal_alignment="center", vertical_alignment="center", height="stretch"):
        st.header(_("What do you expect?"), anchor=False)
        for i, choice in enumerate(lesson.text(language.current()).choices, start=1):
            st.button(literal(choice), key=f"choice {i}", on_click=predict, args=(lesson, i), width=640)
        st.button(_("Show me"), key="choice 0", on_click=predict, args=(lesson, 0), type="tertiary")


def notes() -> None:
    """Draw, above the settings, the result of the prediction, what to look for, and what to try next."""
    lesson = asked()
    if lesson is None:
        return
    text = lesson.text(language.current())
    choice = predicted(lesson)
    st.html(NOTES)
    with st.container(key="lesson", border=True):
        if choice is None:
            st.markdown(_("Choose your prediction to see the picture."))
        else:
            _memory(lesson, choice)
            if choice:
                st.markdown(f"**{outcome(lesson, choice)}** {literal(text.choices[lesson.answer - 1])}")
            st.markdown(literal(text.because))
            st.markdown("\n".join(f"- {literal(line)}" for line in text.look))
            for target, line in zip(lesson.next, text.next, strict=True):
                _link(lesson, target, line)
            if following := neighbour(lesson, 1):
                title = following.text(language.current()).title
                _link(lesson, f"lesson:{following.key}", _("Next lesson: {title}").format(title=title))
        st.button(_("Leave the lesson"), key="leave lesson", on_click=_leave, args=(lesson,), type="tertiary")


def _leave(lesson: Lesson) -> None:
    """End the lesson; the page keeps what it shows."""
    st.session_state[f"state {lesson.page}"]["lesson"] = ""
    st.session_state["touched"] = True


def _link(lesson: Lesson, target: str, line: str) -> None:
    """Draw the link to something to try next."""
    page, query = way(lesson, target)
    st.page_link(f"pages/{page}.py", label=literal(line), icon=":material/arrow_forward:", query_params=query)


def neighbour(lesson: Lesson, by: int) -> Lesson | None:
    """Return the lesson that comes so many places after this one in the course; None beyond its ends."""
    course = list(lessons.lessons().values())
    place = course.index(lesson) + by
    return course[place] if 0 <= place < len(course) else None


def way(lesson: Lesson, target: str) -> tuple[str, dict[str, list[str]]]:
    """Return the page and the link parameters of something to try next: other settings, or another lesson."""
    kind, _sep, name = target.partition(":")
    if kind == "lesson" and (other := lessons.find(name)):
        return other.page, {"lesson": [name]}
    return lesson.page, {"lesson": [lesson.key]} | parse_qs(target, keep_blank_values=True)


def printed(result: Any, *, done: bool = True) -> None:
    """Draw the numbers printed in the lecture notes next to ours, if the lesson has some and the picture is uncovered.

    They are valid for the lesson's own settings only; with other settings nothing is drawn.
    """
    lesson = asked()
    if lesson is None or not lesson.printed or predicted(lesson) is None or len(present().query()) > 1:
        return
    text = lesson.text(language.current())
    lines = []
    for fact, label in zip(lesson.printed, text.printed, strict=True):
        ours = _as_printed(readout(result, fact.ours), fact.value) if done else "–"
        lines.append(_("{label}: {printed} in the lecture notes, {ours} here").format(
            label=literal(label), printed=fact.value, ours=f"**{ours}**"))  # fmt: skip
    with st.container(key="printed"):  # slide mode finds it by this key
        st.markdown("  \n".join(lines))


def _as_printed(value: float, printed: str) -> str:
    """Return a number with as many decimals as the printed one; if that has none, rounded as everywhere else."""
    decimals = printed.partition(".")[2]
    return f"{value:.{len(decimals)}f}".replace("-", "−") if decimals.isdecimal() else number(value)


def offer() -> None:
    """Draw the button below the settings that makes a link to the page's current state, for a class."""
    key = "lesson link"

    def opened() -> None:
        st.session_state[key] = True

    def closed() -> None:
        st.session_state[key] = False

    st.button(_("Link for a class …"), icon=":material/school:", key="offer lesson", type="tertiary", on_click=opened)
    if st.session_state.get(key):
        st.dialog(_("Link for a class"), width="medium", on_dismiss=closed)(_compose)()


def _compose() -> None:
    """Draw the dialog for what the link contains besides the settings, and show the link."""
    state = present()
    named = state.controls
    st.markdown(_("The link opens this page with its current settings and the options below."))
    title = st.text_input(_("Page title"), max_chars=LONGEST_TITLE, key="lesson title", live=True)
    hidden = st.multiselect(
        _("Hide"), list(named), format_func=named.__getitem__, key="lesson hide", placeholder=_("Choose options")
    )
    others = [name for name in named if name not in hidden]
    locked = st.multiselect(
        _("Show, but lock"), others, format_func=named.__getitem__, key="lesson lock", placeholder=_("Choose options")
    )
    codes = {"": _("visitor's language")} | language.languages()
    lang = st.segmented_control(
        _("Language"), list(codes), default="", format_func=codes.__getitem__, key="lesson lang", required=True
    )
    slides = st.toggle(_("Open in slide mode"), key="lesson present")
    extra = {"title": title, "hide": ",".join(hidden), "lock": ",".join(locked), "lang": lang or "",
             "present": "1" if slides else ""}  # fmt: skip
    query = state.query() | {name: [text] for name, text in extra.items() if text}
    here = (st.context.url or state.name).partition("?")[0]
    st.code(f"{here}?{written(query)}", language=None, wrap_lines=True)
    st.caption(_("Visitors can change everything that is not hidden or locked, and can leave the lesson."))
