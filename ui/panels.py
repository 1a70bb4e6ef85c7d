"""What stands below a picture, folded until asked for: its numbers as a table, and the rules' formulas and code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from optimizers import Optimizer
from ui.language import _


def folded(key: str, label: str, icon: str, show: Callable[[], None]) -> None:
    """Draw an expander whose content is computed only while it is open."""
    box = st.expander(label, icon=icon, on_change="rerun", key=key)
    if box.open:
        with box:
            show()


def numbers(key: str, columns: Callable[[], dict[str, Any]]) -> None:
    """Offer what is drawn as a table, which can be sorted, searched and saved as CSV."""

    def show() -> None:
        st.dataframe(columns(), hide_index=True, height=320)

    folded(key, _("Numbers"), ":material/table:", show)


def explain(rules: Iterable[Optimizer]) -> None:
    """Show each rule's sentence, formula, paper, and the code that runs."""
    for rule in dict.fromkeys(type(rule) for rule in rules):
        st.markdown(f"**{_(rule.title)}**: {_(rule.sentence)}")
        left, right = st.columns([1, 2])
        left.latex(rule.formula)
        left.caption(f"[{rule.paper}]({rule.paper_url})")
        right.code(inspect.cleandoc("\n" + inspect.getsource(rule.step)), language="python")
