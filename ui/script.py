"""Every run as a plain PyTorch script: a collapsed panel that shows it and offers it, and a data file if needed.

script.offer("compare", variants, names)    # below the picture, after `watch`
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

import runs
from datasets import find
from experiments.fit import Fit
from experiments.script import Order
from runs import Chain
from spec import digest
from ui import panels
from ui.asked import asked
from ui.language import _
from ui.training import visitor

LONGEST = 60.0  # seconds a download waits for its file


def offer(page: str, variants: Sequence[Fit], names: Sequence[str]) -> None:
    """Draw the collapsed panel of a page; `names` has one name for each variant."""
    label = _("Reproduce this in PyTorch")
    panels.folded(f"{page} script", label, ":material/code:", lambda: _show(page, variants, list(names)))


def _show(page: str, variants: Sequence[Fit], names: list[str]) -> None:
    key = f"{page} script {digest(tuple(variants))}"
    which = 0
    if len(variants) > 1:
        which = st.selectbox(
            _("Network"), list(range(len(variants))), format_func=names.__getitem__, key=f"{key} which", width=280
        )  # fmt: skip
    fit, data = variants[which], find(variants[which].dataset)
    order = Order(fit, data)
    told = asked(Chain("experiments.script:begin", "experiments.script:write", order), height="30rem")
    if told is None:
        return
    text, file = str(told["text"]), str(told["file"])
    st.caption(
        _(
            "A script that runs without this app: same data, initial weights, batches and optimizer, and so the same "
            "losses up to rounding."
        )
    )
    with st.container(horizontal=True):
        st.download_button(
            _("Script"), text, f"{data.key.partition('~')[0]}.py", "text/x-python", icon=":material/download:",
            key=f"{key} save", on_click="ignore",
        )  # fmt: skip
        if file:
            st.download_button(
                _("Data: {file}").format(file=file), lambda: _packed(order), file, "application/octet-stream",
                icon=":material/download:", key=f"{key} data", on_click="ignore",
            )  # fmt: skip
    st.code(text, language="python", height=520)


def _packed(order: Order) -> bytes:
    """Return the data file that a script loads, made by a worker."""
    run = runs.start(Chain("experiments.script:begin", "experiments.script:pack", order), visitor())
    view = run.wait(LONGEST, who=visitor())
    if view.failure is not None:
        raise view.failure
    return view.result["file"].tobytes()
