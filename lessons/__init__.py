"""Lessons are data: one TOML file each, with a question, a prediction to make first, and the settings that answer it.

    part = "optimizers"                       # which part of the course it belongs to, a key of PARTS
    order = 30                                # its place in that part
    page = "race"                             # the page it opens
    settings = "surface=ravine&rule=sgd"      # the query of a link to that page
    answer = 2                                # the correct choice, counted from 1
    claims = ["loss[1, -1] < loss[0, -1]"]    # what the texts say of the result, for the tests (experiments/readout.py)
    general = ["loss[1, -1] < loss[0, -1]"]   # claims that must hold with other seeds too; optional
    hide = ["seed"]                           # controls that are not shown, by their name in a link; optional
    lock = ["surface"]                        # controls that are shown but cannot be changed; optional
    next = ["steps=600", "lesson:momentum"]   # settings to try next on the same page, or another lesson

    [[printed]]                               # a number printed in the lecture notes; optional, one or several
    value = "0.956140350877193"               # as it is printed
    ours = "test_score[0]"                    # where ours is in the result
    differs = true                            # ours is different, and the text says why; otherwise it must agree

    [en]                                      # and the same in [ko]
    title = "..."
    question = "..."
    choices = ["...", "...", "..."]
    because = "..."                           # shown after the choice: what happened, and why
    look = ["...", "..."]                     # what to look for
    next = ["...", "..."]                     # a text for every entry of next above
    printed = ["..."]                         # a text for every printed number

The file's name is the lesson's name in a link: `?lesson=zigzag`.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs

from spec import N_

__all__ = ["PARTS", "Lesson", "Printed", "Text", "find", "lessons", "read"]

FOLDER = Path(__file__).parent
SOURCE = "en"

PARTS = {
    "optimizers": N_("Optimizers"),
    "likelihood": N_("Likelihood"),
    "rates": N_("Learning rate and scaling"),
    "signals": N_("Initialization and signals"),
    "overfitting": N_("Overfitting and regularization"),
    "tuning": N_("Choosing hyperparameters"),
}
"""The parts of the course, in order."""


class Printed(NamedTuple):
    """A number printed in the lecture notes, as text, and where ours is in the result.

    Ours agrees with it in all printed digits, unless it `differs`.
    """

    value: str
    ours: str
    differs: bool = False


class Text(NamedTuple):
    """The texts of a lesson, in one language."""

    title: str
    question: str
    choices: tuple[str, ...]
    because: str
    look: tuple[str, ...]
    next: tuple[str, ...] = ()
    printed: tuple[str, ...] = ()


class Lesson(NamedTuple):
    """One lesson; see the docstring of this module for the meaning of its fields."""

    key: str
    part: str
    order: int
    page: str
    settings: str
    answer: int
    claims: tuple[str, ...]
    texts: dict[str, Text]
    general: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    printed: tuple[Printed, ...] = ()

    @property
    def query(self) -> dict[str, list[str]]:
        """The settings as parameters of a link."""
        return parse_qs(self.settings, keep_blank_values=True)

    def text(self, language: str) -> Text:
        """Return the texts in a language, or in English if there are none."""
        return self.texts.get(language, self.texts[SOURCE])


@functools.cache
def lessons() -> dict[str, Lesson]:
    """Return all lessons by their name, in the order of the course."""
    found = [read(file) for file in FOLDER.glob("*.toml")]
    parts = list(PARTS)
    found.sort(key=lambda lesson: (parts.index(lesson.part), lesson.order, lesson.key))
    return {lesson.key: lesson for lesson in found}


def find(key: str) -> Lesson | None:
    """Return the lesson of this name; None if there is none."""
    return lessons().get(key)


def read(file: Path) -> Lesson:
    """Return the lesson in a file; raise ValueError, which names the file, if there is a mistake in it."""
    facts = tomllib.loads(file.read_text("utf-8"))
    try:
        printed = tuple(Printed(**entry) for entry in facts.pop("printed", []))
        texts = {code: _text(facts.pop(code)) for code in [c for c, part in facts.items() if isinstance(part, dict)]}
        lists = {name: tuple(value) for name, value in facts.items() if isinstance(value, list)}
        lesson = Lesson(key=file.stem, texts=texts, printed=printed, **(facts | lists))
    except TypeError as error:  # an entry is missing or unknown
        raise ValueError(f"{file.name}: {error}") from None
    _check(file.name, lesson)
    return lesson


def _text(entries: dict) -> Text:
    return Text(**{name: tuple(value) if isinstance(value, list) else value for name, value in entries.items()})


def _check(name: str, lesson: Lesson) -> None:
    if lesson.part not in PARTS:
        raise ValueError(f"{name}: part must be one of {', '.join(PARTS)}, not {lesson.part}")
    if SOURCE not in lesson.texts:
        raise ValueError(f"{name}: the English text is missing")
    for code, text in lesson.texts.items():
        if not 1 <= lesson.answer <= len(text.choices):
            raise ValueError(f"{name}: answer {lesson.answer} is none of the choices in [{code}]")
        for part in ("next", "printed"):
            if len(getattr(text, part)) != len(getattr(lesson, part)):
                raise ValueError(f"{name}: [{code}] {part} needs a text for each of its entries")
