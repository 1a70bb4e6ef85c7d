"""The app uses the words of the glossary in both languages: no text contains a form that it forbids."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po

from lessons import lessons
from tools import messages
from tools.messages import sources

ROOT = Path(__file__).parents[1]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
HANGUL = re.compile("[가-힣]")


class Entry(NamedTuple):
    """A row of the glossary."""

    term: str
    korean: str
    meaning: str
    library: str
    forbidden: str


def entries() -> list[Entry]:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [Entry(*row) for row in rows if row[0] != "term" and not set(row[0]) <= {"-"}]


ENTRIES = entries()
FORBIDDEN = sorted({form for entry in ENTRIES for form in entry.forbidden.split(", ") if form}, key=len, reverse=True)
TERMS = sorted({term for entry in ENTRIES for term in (entry.term, entry.korean)}, key=len, reverse=True)


def pattern(forms: list[str]) -> re.Pattern[str]:
    """Match any of these forms: English ones as whole words, also with an s; Korean ones before any particle."""
    parts = [re.escape(form) if HANGUL.search(form) else rf"\b{re.escape(form)}s?\b" for form in forms]
    return re.compile("|".join(parts), re.IGNORECASE)


KNOWN, WRONG = pattern(TERMS), pattern(FORBIDDEN)


def wrong(text: str) -> list[str]:
    """Return the forbidden forms in a text; placeholders, and forms that are part of a longer term, are allowed."""
    text = re.sub(r"\{\w+\}", "{}", text)
    longer = [found.span() for found in KNOWN.finditer(text)]
    return [
        found[0] for found in WRONG.finditer(text)
        if not any(start <= found.start() and found.end() <= end for start, end in longer)
    ]  # fmt: skip


def test_the_glossary_is_complete_and_agrees_with_itself() -> None:
    assert len(ENTRIES) > 60
    assert len({entry.term for entry in ENTRIES}) == len(ENTRIES), "each term once"
    assert not [entry.term for entry in ENTRIES if not entry.korean]
    assert not [
        (entry.term, bad) for entry in ENTRIES for bad in wrong(f"{entry.term}; {entry.korean}; {entry.meaning}")
    ]


def test_forbidden_forms_are_found() -> None:
    assert wrong("The rules are told apart; the chain rule is not.") == ["rules", "told"]
    assert wrong("규칙을 옵티마이저라고 부릅니다") == ["규칙"]
    assert wrong("**{rule}** converges.") == []


@pytest.fixture(scope="module")
def korean() -> Catalog:
    with messages.path("ko").open("rb") as file:
        return read_po(file, locale="ko")


def test_the_catalogue_uses_the_words_of_the_glossary(korean: Catalog) -> None:
    found = [
        (text, bad)
        for entry in korean
        for text in (*sources(entry), *messages.forms(entry))
        if text and (bad := wrong(str(text)))
    ]
    assert not found


def test_lessons_use_the_words_of_the_glossary() -> None:
    found = {
        (key, code, text): bad
        for key, lesson in lessons().items()
        for code, texts in lesson.texts.items()
        for text in flat(texts)
        if (bad := wrong(text))
    }
    assert not found


def flat(texts: object) -> list[str]:
    """Return all strings of a lesson's texts in one language."""
    if isinstance(texts, str):
        return [texts]
    return [text for part in texts for text in flat(part)] if isinstance(texts, (list, tuple)) else []


@pytest.mark.parametrize("guide", GUIDES, ids=[guide.name for guide in GUIDES])
def test_guides_use_the_words_of_the_glossary(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    if guide.name == "glossary.md":
        return
    prose = re.sub(r"```.*?```|`[^`\n]*`|\]\([^)]*\)", " ", text, flags=re.DOTALL)
    assert not [(line, bad) for line in prose.splitlines() if (bad := wrong(line))]
