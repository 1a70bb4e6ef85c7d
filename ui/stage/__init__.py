"""The stage shows the animated picture: one Streamlit component that all animated pages use.

A scene is a plain dict (see `figures`) whose arrays are sent as bytes, so a race of six optimizers over 300 steps is
about 80 kB with its contours. The browser part is in browser/: it draws, plays, moves the clock and reports clicks.
`publish` copies it to the folder from which Streamlit serves files, together with plotly.js from the plotly package.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import logging
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.components import v2

from figures.contract import About, More, Scene, Sent
from figures.scene import WORDS
from ui import cached, language, lesson, static
from ui.language import _
from ui.page_state import PageState
from ui.pages import heading

HERE = Path(__file__).parent

# Streamlit sends this code again with every new scene, so it is short: it imports the module, which is fetched once.
LOADER = """
let module;
export default function (component) {
  module ??= import(new URL("%s/main.js", document.baseURI));
  module.then((stage) => stage.show(component));
  return () => module.then((stage) => stage.leave(component.parentElement));
}
"""
LOG = logging.getLogger(__name__)
UNDRAWN = WORDS["undrawn"]
WISHES = ("start", "pick", "paint")
TYPES = {"float32": "f4", "float64": "f4", "uint8": "u1", "uint16": "u2", "int32": "i4", "int64": "i4", "bool": "u1"}


@functools.cache
def publish() -> tuple[str, str]:
    """Copy the browser's files to the static folder; return the addresses of the stage's folder and of plotly.js."""
    package = importlib.util.find_spec("plotly")  # found, not imported: only its JavaScript is needed
    if package is None or package.origin is None:
        raise ModuleNotFoundError("plotly")
    plotly = Path(package.origin).parent / "package_data" / "plotly.min.js"
    return static.publish(HERE / "browser", "stage"), static.publish(plotly)


def sent(scene: Scene, more: More) -> Sent:
    """Return a scene with the keys that the stage adds to it."""
    return {**scene, **more}


def pack(scene: Any) -> bytes:
    """Return a scene as bytes: uint32 length of the JSON, the JSON, then the arrays, 4-byte aligned.

    In the JSON an array is ``{"$": [offset, type, shape]}``. Floats become float32 (the picture is 2,000 pixels wide),
    integers int32; nan and infinity are kept. Outside of arrays nan and infinity raise `ValueError`, because JSON
    cannot represent them and the browser could not read the scene.
    """
    blocks: list[bytes] = []
    size = 0
    placed: dict[tuple, dict[str, Any]] = {}  # so that curves shared by a panel and the table are sent once

    def place(value: Any) -> Any:
        nonlocal size
        if isinstance(value, np.ndarray):
            view = value.__array_interface__
            same = (view["data"], view["strides"], view["shape"], view["typestr"])
            if same in placed:
                return placed[same]
            kind = TYPES[value.dtype.name]
            with np.errstate(over="ignore"):  # a large float64 of a diverging path may become infinite, and is drawn so
                block = np.ascontiguousarray(value, dtype="<" + kind).tobytes()
            block += b"\0" * (-len(block) % 4)
            blocks.append(block)
            size += len(block)
            placed[same] = {"$": [size - len(block), kind, list(value.shape)]}
            return placed[same]
        if isinstance(value, dict):
            return {name: place(part) for name, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [place(part) for part in value]
        return value.item() if isinstance(value, np.generic) else value

    text = json.dumps(place(scene), separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + b"".join(blocks)


@functools.cache
def _component() -> Any:
    folder, _library = publish()
    # Style sheets are links, as the module is an import, so that they are fetched only once.
    sheets = ("stage.css", "present.css", "save/save.css")
    html = "".join(f'<link rel="stylesheet" href="{folder}/{sheet}">' for sheet in sheets)
    return v2.component("descent_lab.stage", html=html, js=LOADER % folder, isolate_styles=False)


def _while_shown(key: str, wish: str, act: Callable[[object], None]) -> Callable[[], None]:
    """Return a callback that calls `act` with the event, unless the reader has left the page since the click."""
    return lambda: act(st.session_state[key][wish]) if key in st.session_state else None


def stage(
    scene: Scene | Callable[[], Scene], *, key: str, state: PageState | None = None, same: Hashable = None,
    **on: Callable[[object], None],
) -> None:  # fmt: skip
    """Show a scene; if one with this key is already shown, it continues with the new arrays.

    `state` holds the page's settings, which are in the caption of a saved picture, with a link to them. A scene that
    depends only on these settings and on `same` may be a function, which is called once for all visitors.

    The reader's actions call `on_start`, `on_pick` or `on_paint` with what the browser sent, to be parsed by
    `ui.wishes`.
    """
    about: About = {}
    if state is not None:
        title, question = heading(state.name)
        about = {**state.about(), "title": title, "question": question}
    covered = state is not None and lesson.covered()
    more: More = {"lang": language.current(), "plotly": publish()[1], "about": about, "covered": covered}
    try:
        if callable(scene):
            data = cached.packed((key, state and state.spec, same, more), lambda: pack(sent(scene(), more)))
        else:
            data = pack(sent(scene, more))
    except ValueError:  # a bug, for the log; the reader sees a message in place of an older picture
        LOG.exception("the scene of %s cannot be sent", key)
        st.error(_(UNDRAWN))
        return
    calls = {f"on_{wish}_change": _while_shown(key, wish, on.get(f"on_{wish}", _nothing)) for wish in WISHES}
    _component()(key=key, data=data, **calls)


def _nothing(_value: object) -> None:
    """Do nothing: the callback only makes the page run again."""
