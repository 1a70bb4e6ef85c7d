"""Languages: the source texts are English; the gettext catalogues in locale/ contain the other languages.

The catalogues are read as text (.po) when they are first needed, so no compiled file can be out of date.
"""

from __future__ import annotations

import functools
import gettext
import io
from pathlib import Path

import streamlit as st
from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from spec import Counted, limits
from spec.limits import SOURCE, allowed

LOCALE = Path(__file__).parents[1] / "locale"


@functools.cache
def languages() -> dict[str, str]:
    """Return every language that this server offers, as {code: the language's name for itself}."""
    codes = allowed().languages or limits.languages()
    return {code: (Locale.parse(code).display_name or code) for code in codes}


@functools.cache
def catalogue(code: str) -> gettext.NullTranslations:
    """Return the translations of a language; the source language translates to itself."""
    path = LOCALE / code / "LC_MESSAGES" / "messages.po"
    if code == SOURCE or not path.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def preferred() -> str:
    """Return the browser's preferred language if it is offered, otherwise the first one."""
    code = (st.context.locale or "").split("-")[0].lower()
    return code if code in languages() else next(iter(languages()))


def current() -> str:
    """Return the reader's language: that of the link or the menu, otherwise the browser's."""
    code = st.session_state.get("lang")
    return code if code in languages() else preferred()


def translated(text: str, code: str) -> str:
    """Return `text` in a language; of a message with a count, the plural form that belongs to the count."""
    if isinstance(text, Counted):
        return catalogue(code).ngettext(text.one, text.many, text.number)
    return catalogue(code).gettext(text) if text else ""


def _(text: str) -> str:
    """Return `text` in the reader's language."""
    return translated(text, current())
