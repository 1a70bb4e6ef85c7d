"""A browser that reconnects after its session has ended, by a restart of the server or minutes without a network.

The browser still shows the page as it was. Its next change, which comes with the values of all widgets, is the first
message of the new session. The page is first drawn from the address; then the same values are reported again, so that
whatever differs from the address is handled as an ordinary change.
"""

from __future__ import annotations

import streamlit as st
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.runtime.state.session_state import Serialized

from ui import lesson
from ui.controls import CATCHING_UP


def arrive() -> None:
    """Store what the browser reports with the first script run of its session; a new browser reports nothing."""
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
    """Rerun the page with the stored values once it has been drawn; its notices stay until then."""
    st.session_state.pop(CATCHING_UP, None)
    run, reported = get_script_run_ctx(), st.session_state.pop("reported", None)
    if reported is None or run is None or run.script_requests is None:
        return
    if (state := st.session_state.get("present state")) is not None:
        state.hold_notices()
    st.session_state[CATCHING_UP] = True
    run.script_requests.request_rerun(
        RerunData(
            query_string=run.query_string, page_script_hash=run.page_script_hash, widget_states=reported,
            cached_message_hashes=run.cached_message_hashes, context_info=run.context_info,
        )
    )  # fmt: skip
