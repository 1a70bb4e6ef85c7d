"""A training run on a page: it starts without a click, is shown while it trains, and stops when the reader leaves."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import runs
from experiments import live
from experiments.fit import Fit, History
from runs import Chain, Tab, View
from spec import N_n
from spec.limits import allowed
from ui import panels
from ui.language import _
from ui.page_state import said

POLL = 0.3  # seconds between two requests for a run's progress, with few viewers
LOOKS = 8  # per second, by all viewers together: with more than two, each asks less often
SELDOM = 3.0  # seconds between two requests, at most
PATIENCE = 0.25  # seconds a page waits for the first points, so that it does not open empty
COOKIE = "_streamlit_xsrf"  # set by Streamlit as protection against forged requests

Read = Callable[[History, View], str]
Draw = Callable[[History, View, str], None]


def watch(name: str, variants: tuple[Fit, ...], read: Read, draw: Draw, records: tuple[str, ...] = ()) -> None:
    """Train `variants`, and show the progress until the training is over.

    `records` names what is recorded besides the curves. `read(history so far, view)` returns the sentence,
    `draw(history, view, sentence)` shows the picture below it.

    If the page changes to other variants, it stops being a viewer of the earlier run at once; if the reader leaves the
    page, when its lease expires.
    """
    pause = min(max(POLL, round(runs.audience() / LOOKS, 1)), SELDOM)
    chain = Chain("experiments.live:begin", "experiments.live:advance", live.training(variants, records))
    halted: runs.Run | None = st.session_state.get("stopped")
    if halted is not None and halted.chain == chain:
        run, view = halted, halted.view()
    else:
        halted = st.session_state["stopped"] = None
        run = runs.start(chain, visitor())
        view = run.look(visitor())
        if not view.result:
            view = run.wait(max(PATIENCE, pause / 2), since=view.version, who=visitor())
    former: runs.Run | None = st.session_state.get("run")
    if former is not None and former is not run:
        former.leave(visitor())
    st.session_state["run"] = run

    @st.fragment(run_every=None if halted or view.state in ("done", "failed") else pause)
    def follow() -> None:
        if st.session_state["stopped"] is not halted:
            st.rerun()  # Stop or Go on: the whole page runs again, with another timer
        # A browser may slow the timer of a hidden tab until the run has stopped without a viewer: start it again.
        over = halted or view.state == "done"
        now = run.view() if over else runs.start(chain, visitor()).look(visitor())
        history = live.history(variants, now.result)
        sentence = read(history, now)
        _status(name, run, now, sentence, halted=halted is not None)
        draw(history, now, sentence)
        if view.state == "failed" and now.state != "failed":
            st.rerun()  # Try again was clicked
        if now.state in ("done", "failed") and view.state not in ("done", "failed"):
            st.rerun()  # once, so that the fragment's timer stops

    follow()


def visitor() -> Tab:
    """Return the viewer of this page: one tab of a browser. All tabs of a browser are one visitor.

    A browser is identified by the random number in Streamlit's cookie against forged requests; without the cookie each
    tab is a visitor. An IP address would not do: a class behind one router shares one.
    """
    context = get_script_run_ctx()
    tab = context.session_id if context else ""
    return Tab(_browser(st.context.cookies.get(COOKIE, "")) or tab, tab)


def _browser(cookie: str) -> str:
    """Return the number in a cookie "2|mask|masked number|time": each tab gets the same number with another mask."""
    try:
        _version, mask, masked, _time = cookie.split("|")
        return bytes(a ^ b for a, b in zip(bytes.fromhex(masked), itertools.cycle(bytes.fromhex(mask)))).hex()
    except ValueError:
        return ""


def _status(name: str, run: runs.Run, view: View, sentence: str, *, halted: bool) -> None:
    """Draw the sentence, the run's progress, and the button that stops or continues it, at a constant height."""

    def stop() -> None:
        st.session_state["stopped"] = run
        run.leave(visitor())

    def go_on() -> None:
        st.session_state["stopped"] = None

    def again() -> None:
        runs.start(run.chain, visitor(), again=True)

    progress = _progress(view._replace(state="cancelled") if halted and view.state != "done" else view)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{name}-status"):
        panels.sentence(f"{sentence} :gray[{progress}]")
        if view.state in ("queued", "running") and not halted:
            st.button(_("Stop"), icon=":material/stop:", key=f"{name} stop", on_click=stop)
        elif halted and view.state != "done":
            st.button(_("Resume"), icon=":material/play_arrow:", key=f"{name} go on", on_click=go_on)
        elif view.retry:
            st.button(_("Try again"), icon=":material/refresh:", key=f"{name} again", on_click=again)


def _progress(view: View) -> str:
    epoch, epochs = view.progress
    if view.state == "queued" and view.place is None:
        text = _("Waiting for your other computations: this server runs at most {limit} per visitor at a time.")
        return text.format(limit=allowed().runs)
    if view.state == "queued":
        return _("Waiting: number {place} in the queue.").format(place=view.place)
    if view.state == "failed" and view.failure is not None:
        return _("Failed: {reason}").format(reason=said(view.failure))
    if view.state == "cancelled":
        return _("Stopped at epoch {epoch} of {epochs}.").format(epoch=epoch, epochs=epochs)
    if view.state == "done":
        return _(N_n("Trained for {epochs} epoch.", "Trained for {epochs} epochs.", epochs)).format(epochs=epochs)
    if not epochs:
        return _("Starting … The first run after the app starts takes a few seconds longer.")
    if view.seconds_left is None:
        return _("Epoch {epoch} of {epochs}").format(epoch=epoch, epochs=epochs)
    left = max(1, round(view.seconds_left))
    return _("Epoch {epoch} of {epochs}, about {seconds} s left").format(epoch=epoch, epochs=epochs, seconds=left)
