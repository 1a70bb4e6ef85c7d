"""A browser that returns to a server without its session, which a restart or some minutes without a network ended.

The page stands in the browser as it was, and its next change is the first that the new session hears of it: it comes
with the values of all widgets. The page is drawn as the address says; then the same values are reported once more, so
that what differs from the address is a change like any other.
"""

from __future__ import annotations

import streamlit as st
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.runtime.state.session_state import Serialized

from ui import lesson
from ui.controls import CATCHING_UP


def arrive() -> None:
    """Keep what the browser reports with the first run of its session; a browser that is new here reports nothing."""
    run = get_script_run_ctx()
    if run is None or "arrived" in st.session_state:
        return
    st.session_state["arrived"] = True
    held = run.session_state._state._new_widget_state.states.values()
    states = [state.value for state in held if isinstance(state, Serialized)]
    if states:
        st.session_state["reported"] = WidgetStates(widgets=states)
        for state in states:
            lesson.remember(state.id.split("-", 2)[-1])  # an id is "$$ID-", a digest, "-" and the key


def take() -> None:
    """Have the page run again with what was reported, once it has been drawn; its notices stay meanwhile."""
    st.session_state.pop(CATCHING_UP, None)
    run, reported = get_script_run_ctx(), st.session_state.pop("reported", None)
    if reported is None or run is None or run.script_requests is None:
        return
    if (desk := st.session_state.get("present desk")) is not None:
        desk.hold_notices()
    st.session_state[CATCHING_UP] = True
    run.script_requests.request_rerun(
        RerunData(
            query_string=run.query_string, page_script_hash=run.page_script_hash, widget_states=reported,
            cached_message_hashes=run.cached_message_hashes, context_info=run.context_info,
        )
    )  # fmt: skip
