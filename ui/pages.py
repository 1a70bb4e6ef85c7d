"""The pages of the app, and the heading of each.

A page is one file in pages/ whose first lines define TITLE, QUESTION, SECTION, ICON and ORDER; there is no list of
pages. These lines are parsed, not executed, so that one page can be shown without running the others.
"""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from ui import language, lesson
from ui.language import _

ROOT = Path(__file__).parents[1]


class Page(NamedTuple):
    """One page, as described by its first lines; `path` is its address."""

    file: Path
    path: str
    title: str
    question: str
    section: str
    icon: str
    order: int


@functools.cache
def pages() -> tuple[Page, ...]:
    """Return every page in pages/, in order."""
    return tuple(sorted((_describe(file) for file in (ROOT / "pages").glob("*.py")), key=lambda page: page.order))


def _describe(file: Path) -> Page:
    facts: dict[str, str | int] = {}
    for line in ast.parse(file.read_text()).body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            value = line.value.args[0] if isinstance(line.value, ast.Call) and line.value.args else line.value
            if isinstance(value, ast.Constant):
                facts[line.targets[0].id] = value.value  # type: ignore[assignment]
    title, question, section, icon = (str(facts[name]) for name in ("TITLE", "QUESTION", "SECTION", "ICON"))
    return Page(file, file.stem, title, question, section, icon, int(facts["ORDER"]))


def heading(path: str) -> tuple[str, str]:
    """Return the heading of a page: its title and question, or those of the lesson or of the link."""
    me = next(page for page in pages() if page.path == path)
    asked = lesson.asked()
    title, question = (_(me.title), _(me.question)) if asked is None else asked.text(language.current())[:2]
    return st.query_params.get("title", title)[: lesson.LONGEST_TITLE], question
