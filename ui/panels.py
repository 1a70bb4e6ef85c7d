"""The collapsed panels below a picture: its numbers as a table, and the optimizers' formulas and code."""

from __future__ import annotations

import csv
import inspect
import io
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import streamlit as st

from optimizers import Constant, Optimizer
from ui.language import _


def sentence(text: str) -> None:
    """Draw the sentence that describes the picture.

    In Korean a particle may follow a name directly. After "**SGD (2)**" Markdown then does not recognize the end of
    the bold part, unless there is a character other than punctuation before the asterisks: here a zero-width space.
    """
    st.markdown(re.sub(r"([^\w\s*])\*\*(?=\w)", "\\1\u200b**", text), width="stretch")


def folded(key: str, label: str, icon: str, show: Callable[[], None]) -> None:
    """Draw an expander whose content is computed only while it is open."""
    box = st.expander(label, icon=icon, on_change="rerun", key=key)
    if box.open:
        with box:
            show()


def numbers(key: str, columns: Callable[[], dict[str, Any]]) -> None:
    """Offer the data of a picture as a table that can be sorted and searched, and as files, made on request."""

    def show() -> None:
        drawn = columns()
        st.dataframe(drawn, hide_index=True, height=320)
        name = key.replace(" ", "-")
        common: dict[str, Any] = {"on_click": "ignore", "icon": ":material/download:"}
        with st.container(horizontal=True):
            st.download_button(
                "CSV", lambda: table(drawn), f"{name}.csv", "text/csv", key=f"{key} csv",
                help=_("A table for Excel or pandas, with all digits."), **common,
            )  # fmt: skip
            st.download_button(
                "NPZ", lambda: arrays(drawn), f"{name}.npz", "application/octet-stream", key=f"{key} npz",
                help=_("Arrays for NumPy's `load`. The array `names` holds the column names shown here."),
                **common,
            )  # fmt: skip

    folded(key, _("Numbers"), ":material/table:", show)


def table(columns: dict[str, Any]) -> bytes:
    """Return columns as CSV in UTF-8 with a byte order mark, which Excel needs; nan becomes an empty cell."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(columns)
    for row in zip(*map(_values, columns.values()), strict=True):
        rows.writerow("" if value != value else value for value in row)
    return text.getvalue().encode("utf-8-sig")


def arrays(columns: dict[str, Any]) -> bytes:
    """Return columns as a compressed NPZ file: one array per column, named in ASCII, and `names`, the original names.

    A column that does not consist of numbers becomes an array of strings.
    """
    named: dict[str, Any] = {"names": np.array(list(columns))}
    for place, (name, column) in enumerate(columns.items()):
        plain = ascii_name(name) or f"column_{place}"
        values = _values(column)
        known = all(isinstance(value, int | float) for value in values)
        named[f"{plain}_{place}" if plain in named else plain] = np.array(values if known else list(map(str, values)))
    file = io.BytesIO()
    np.savez_compressed(file, **named)
    return file.getvalue()


def _values(column: Any) -> list[Any]:
    return [value.item() if isinstance(value, np.generic) else value for value in column]


def ascii_name(name: str) -> str:
    """Return a name as a Python identifier, "1 Adam η" as "n1_Adam_eta"; characters without Latin form are left out."""
    spelt = "".join(_spelt(letter) for letter in unicodedata.normalize("NFKD", name))
    plain = re.sub(r"[^0-9A-Za-z]+", "_", spelt).strip("_")
    return f"n{plain}" if plain[:1].isdigit() else plain


def _spelt(letter: str) -> str:
    """Return the name of a Greek letter; anything else is returned unchanged."""
    found = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", unicodedata.name(letter, ""))
    return letter if found is None else found[2].lower().replace("lamda", "lambda") + " "


def explain(rules: Iterable[Optimizer]) -> None:
    """Show each optimizer's sentence, formula, paper and the code that runs; then those of the schedules used."""
    rules = list(rules)
    for rule in dict.fromkeys(type(rule) for rule in rules):
        st.markdown(f"**{_(rule.title)}**: {_(rule.sentence)}")
        left, right = st.columns([1, 2])
        left.latex(rule.formula)
        left.caption(f"[{rule.paper}]({rule.paper_url})")
        right.code(_source(rule.step), language="python")
        varied: Any = getattr(rule, "varied", None)
        if varied and any(type(one) is rule and one.switched for one in rules):
            right.caption(_("The code that also contains the common mistakes and variants:"))
            right.code(_source(varied), language="python")
    for schedule in dict.fromkeys(rule.schedule for rule in rules if rule.schedule != Constant()):
        st.markdown(f"**{_(schedule.title)}**: {_(schedule.sentence)}")
        st.latex(schedule.formula)
        st.caption(_("Source: {source}").format(source=schedule.source))
        own = [method for name, method in vars(type(schedule)).items() if name in ("factor", "see")]
        st.code("\n\n".join(map(_source, own)), language="python")
        st.caption(_("The same in PyTorch:"))
        st.code(schedule.torch_equivalent, language="python", wrap_lines=True)


def _source(method: Callable[..., Any]) -> str:
    """Return the source of a method without its decorators."""
    return re.sub(r"\A(@.*\n)+", "", inspect.cleandoc("\n" + inspect.getsource(method)))
