"""What stands below a picture, folded until asked for: its numbers as a table, and the rules' formulas and code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from optimizers import Constant, Optimizer
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
    """Show each rule's sentence, formula, paper, and the code that runs; then those of the schedules that are used."""
    rules = list(rules)
    for rule in dict.fromkeys(type(rule) for rule in rules):
        st.markdown(f"**{_(rule.title)}**: {_(rule.sentence)}")
        left, right = st.columns([1, 2])
        left.latex(rule.formula)
        left.caption(f"[{rule.paper}]({rule.paper_url})")
        right.code(_source(rule.step), language="python")
    for schedule in dict.fromkeys(rule.schedule for rule in rules if rule.schedule != Constant()):
        st.markdown(f"**{_(schedule.title)}**: {_(schedule.sentence)}")
        st.latex(schedule.formula)
        st.caption(_("Source: {source}").format(source=schedule.source))
        own = [method for name, method in vars(type(schedule)).items() if name in ("factor", "see")]
        st.code("\n\n".join(map(_source, own)), language="python")
        st.caption(_("The same in PyTorch:"))
        st.code(schedule.counterpart, language="python", wrap_lines=True)


def _source(method: Callable[..., Any]) -> str:
    return inspect.cleandoc("\n" + inspect.getsource(method))
