"""Addresses of the app's pages from what the command line names: lessons, files, folders and links."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import lessons
from lessons import Lesson
from spec import Refused, listed

ROOT = Path(__file__).parents[1]
ALL = "all"


class Address(NamedTuple):
    """A page to render: the name of its file, the page, and the query of its URL."""

    name: str
    page: str
    query: str = ""

    def __str__(self) -> str:
        return f"{self.page}?{self.query}"

    def asking(self, **more: str) -> Address:
        """Return this address with these query parameters, which replace its own of the same name."""
        kept = [part for part in self.query.split("&") if part and part.partition("=")[0] not in more]
        return self._replace(query="&".join([*kept, urlencode(more)]))


def pages() -> list[str]:
    """Return the pages of the app that have settings, by their name in a link."""
    return sorted(file.stem for file in (ROOT / "pages").glob("*.py") if file.stem != "home")


def addresses(arguments: Iterable[str], language: str | None = None) -> list[Address]:
    """Return the addresses that the arguments name, in their order, with a language if one is given.

    An argument is the key of a lesson, `all` for the whole course, the file of a lesson or a folder of such files, a
    page with or without settings, or a whole link. Raises Refused for anything else.
    """
    found = [address for argument in arguments for address in _named(argument, language)]
    return [address.asking(lang=language) for address in found] if language else found


def _named(argument: str, language: str | None) -> list[Address]:
    if argument == ALL:
        return [_lesson(lesson, language) for lesson in lessons.lessons().values()]
    if lesson := lessons.find(argument):
        return [_lesson(lesson, language)]
    path = Path(argument)
    if path.is_dir():
        files = sorted(path.glob("*.toml"), key=lambda file: _place(_read(file)))
        if not files:
            raise Refused("There is no lesson in {folder}.", folder=argument)
        return [_lesson(_read(file), language) for file in files]
    if path.suffix == ".toml":
        if not path.is_file():
            raise Refused("There is no file {path}.", path=argument)
        return [_lesson(_read(path), language)]
    return [_link(argument)]


def _place(lesson: Lesson) -> tuple[int, int, str]:
    return list(lessons.PARTS).index(lesson.part), lesson.order, lesson.key


def _lesson(lesson: Lesson, language: str | None) -> Address:
    """Return the address of a lesson; one that is not part of the app is opened by its settings and its title."""
    if lessons.find(lesson.key) == lesson:
        return Address(lesson.key, lesson.page, urlencode({"lesson": lesson.key}))
    if lesson.page not in pages():
        raise Refused(
            "The lesson {name} is for the page {page}, which does not exist.", name=lesson.key, page=lesson.page
        )
    title = lesson.text(language or lessons.SOURCE).title
    return Address(lesson.key, lesson.page, lesson.settings).asking(title=title)


def _read(file: Path) -> Lesson:
    try:
        return lessons.read(file)
    except (ValueError, KeyError, tomllib.TOMLDecodeError) as error:
        raise Refused("{path} is no lesson: {reason}", path=str(file), reason=str(error)) from error


def _link(text: str) -> Address:
    """Return the address of a link, whichever server it was copied from."""
    parts = urlsplit(text)
    page = parts.path.rstrip("/").rpartition("/")[2]
    if page not in pages():
        known = [*lessons.lessons(), *pages()]
        near = difflib.get_close_matches(page or text, known, n=1, cutoff=0.0)
        raise Refused(
            "There is no lesson and no page {name}; the closest is {near}. Pages: {pages}.", name=text,
            near=near[0], pages=listed(pages(), most=99),
        )  # fmt: skip
    return Address(page, page, parts.query)
