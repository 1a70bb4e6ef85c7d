"""Ask a worker for one result: wait for it briefly, then let the page poll until it is there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

import runs
from runs import Chain
from spec import digest
from ui.language import _
from ui.page_state import said
from ui.training import POLL, visitor

PATIENCE = 0.25  # seconds a page waits for an answer before it shows a grey field in its place
WAITING = '<div style="height:{height};border-radius:.5rem;background:currentColor;opacity:.08"></div>'


def asked(chain: Chain, height: str) -> Mapping[str, np.ndarray] | None:
    """Return the result of a chain, or None if it is not known yet; the page is drawn again as soon as it is.

    In place of a missing result it draws a grey field of the given height, or the reason why there is none, with a
    button to try again if that may help.
    """
    view = runs.start(chain, visitor()).wait(PATIENCE, who=visitor())
    if view.failure is not None:
        st.warning(said(view.failure), icon=":material/info:")
        if view.retry:
            key = f"again {digest(chain)}"
            st.button(_("Try again"), icon=":material/refresh:", key=key, on_click=_again, args=(chain,))
    elif view.state == "done":
        return view.result
    else:
        st.html(WAITING.format(height=height))
        _follow(chain)
    return None


def _again(chain: Chain) -> None:
    runs.start(chain, visitor(), again=True)


def _follow(chain: Chain) -> None:
    @st.fragment(run_every=POLL)
    def follow() -> None:
        if runs.start(chain, visitor()).look(visitor()).state in ("done", "failed"):
            st.rerun()

    follow()
