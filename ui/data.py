"""The data set of a page: the control that chooses it, a visitor's own table among the choices, and a look at its rows.

data.choose(desk)                                  # in the sidebar, in place of controls.field(desk, "dataset", ...)
data.choose(desk, on=lambda dataset: ...)          # where another data set means another Spec
data.look(find(desk.spec.dataset))                 # below the picture, folded
"""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import streamlit as st

import runs
from datasets import DATASETS, Dataset, own
from datasets.own import TASKS, Own, Sheet
from figures import data as figure
from figures import theme
from figures.scene import literal
from runs import Chain
from spec import N_, Refused
from spec.limits import allowed
from ui import controls, panels
from ui.asked import WAITING, asked
from ui.desk import Desk, said
from ui.language import _
from ui.training import visitor

PER_LINE = 10  # pictures side by side, where there is room
OPEN = "own open"  # where the session keeps the page whose dialog is open
HELD = 3  # own tables that a session keeps
LONGEST = 30.0  # seconds the dialog waits for a worker
TASK_NAMES = {
    "": N_("automatic, from the target"), "binary": N_("binary classification"),
    "classes": N_("multi-class classification"),
    "numbers": N_("regression"),
}  # fmt: skip


# -- the choice


def choose(desk: Desk, name: str = "dataset", on: Callable[[str], None] | None = None) -> None:
    """Draw the choice of the data set: those of the program and the tables that this session holds.

    `on` replaces the plain change of field `name`. A table that another session holds cannot be seen here: the page
    then shows the data set it begins with, and says why.
    """

    def change(value: str) -> None:
        try:
            (on or (lambda chosen: desk.change(**{name: chosen})))(value)
        except Refused as refusal:
            desk.refuse(refusal)

    mine = held()
    locked = not desk.offers(name, _("Data set")) or desk.locks(name)
    current = getattr(desk.spec, name)
    if current.startswith(own.PREFIX) and current not in mine:
        change(getattr(desk.usual, name))
        desk.refuse(Refused(own.GONE))
    titles = {key: _(entry.title) for key, entry in DATASETS.items()}
    titles |= {key: table.title for key, table in mine.items()}
    controls.field(desk, name, choices=titles, on=on)
    if not locked:
        _offer(desk, f"{desk.key} {name} own", change)


def _offer(desk: Desk, key: str, change: Callable[[str], None]) -> None:
    """Draw the button that opens the dialog, which stays open when a training ends and the page is drawn anew."""

    def opened() -> None:
        st.session_state[OPEN] = desk.name

    st.button(_("Your own table …"), icon=":material/upload_file:", key=key, type="tertiary", on_click=opened)
    if st.session_state.get(OPEN) == desk.name:
        st.dialog(_("Your own table"), width="large", on_dismiss=_closed)(lambda: bring(change))()
    else:
        _closed()


def _closed() -> None:
    st.session_state.pop(OPEN, None)


@st.cache_resource(scope="session", show_spinner=False, on_release=runs.forget)
def _named() -> set[str]:
    """Return the names of all tables that this session has asked about; at its end their runs are forgotten."""
    return set()


def held() -> dict[str, Own]:
    """Return the tables that this session holds, by name; they are gone when it ends."""
    return st.session_state.setdefault("own tables", {})


def bring(change: Callable[[str], None]) -> None:
    """Take a file in: what is chosen about it, and what was made of its columns, before it is used."""
    label = _("CSV file, at most {limit} MB and {rows} rows: column names in the first line, then one row per line")
    file = st.file_uploader(
        label.format(limit=allowed().upload, rows=f"{allowed().rows:,}"),
        type=["csv", "tsv", "txt"], key="own file", max_upload_size=allowed().upload,
    )  # fmt: skip
    st.caption(_("It is kept in memory for this session only and is never written to disk."))
    if file is None:
        return
    secret = st.session_state.setdefault("own secret", secrets.token_hex(16))
    whole = Sheet(file.getvalue(), secret)
    first = _inspected(whole)
    if first is None:
        return
    sheet = _choices(whole, first)
    told = first if sheet == whole else _inspected(sheet)
    if told is None:
        return
    rows, columns, target = int(told["rows"]), len(told["names"]), str(told["target"])
    st.markdown(
        _("**{rows} rows, {columns} numeric input columns.** The target is {target}: {task}.").format(
            rows=f"{rows:,}", columns=columns, target=literal(target), task=_(TASK_NAMES[str(told["task"])])
        )
    )
    _report(own.report(told))
    st.caption(_("The first rows of the file"))
    st.dataframe(dict(zip(told["fields"].tolist(), told["cells"].T, strict=True)), hide_index=True)
    if st.button(_("Use this table"), type="primary", key="own use"):
        table = own.adopt(sheet, file.name[:60], told)
        mine = held()
        mine.pop(table.key, None)
        st.session_state["own tables"] = dict([*mine.items(), (table.key, table)][-HELD:])
        change(table.key)
        _closed()
        st.rerun()


def _choices(whole: Sheet, told: Mapping[str, np.ndarray]) -> Sheet:
    """Draw what can be chosen about a file, and return the sheet that was chosen."""
    fields = told["fields"].tolist()
    left, right = st.columns(2)
    mark = whole.name
    target = left.selectbox(_("Target"), fields, index=fields.index(str(told["target"])), key=f"{mark} target")
    task = right.selectbox(
        _("Task"), ["", *TASKS], format_func=lambda key: _(TASK_NAMES[key]), key=f"{mark} task"
    )  # fmt: skip
    without = st.multiselect(_("Columns to exclude"), fields, key=f"{mark} without", placeholder=_("none"))
    without = tuple(one for one in without if one != target)
    target = "" if target == str(told["target"]) and not without else target  # read already, unless something changed
    return Sheet(whole.csv, whole.secret, target, task, without)


def _inspected(sheet: Sheet) -> Mapping[str, np.ndarray] | None:
    """Return what a worker tells about a sheet; where it refuses it, say why."""
    _named().add(sheet.name)
    place = st.empty()
    place.html(WAITING.format(height="12rem"))
    run = runs.start(Chain("datasets.own:begin", "datasets.own:inspect", sheet), visitor())
    view = run.wait(LONGEST, who=visitor())
    place.empty()
    if view.failure is not None:
        st.warning(said(view.failure), icon=":material/info:")
        run.leave(visitor())
    elif view.state != "done":
        st.warning(_("The server is busy and has not read the table yet. Upload the file again."))
    return view.result if view.state == "done" else None


def _report(columns: tuple[own.Column, ...]) -> None:
    st.dataframe(
        {
            _("column"): [column.name for column in columns],
            _("preprocessing"): [_(column.did).format(value=column.value) for column in columns],
            _("missing"): [column.missing for column in columns],
            _("resulting columns"): [column.made for column in columns],
        },
        hide_index=True,
        height=min(35 * len(columns) + 38, 320),
    )


# -- a look


def look(dataset: Dataset) -> None:
    """Draw a folded panel that shows a data set: its rows, its classes, how it was prepared, and where it is from."""
    panels.folded("data look", _("Look at the data"), ":material/table_view:", lambda: _look(dataset))


def _look(dataset: Dataset) -> None:
    st.markdown(_(dataset.sentence))
    told = asked(Chain("datasets.view:begin", "datasets.view:look", dataset), height="20rem")
    if told is not None:
        _seen(dataset, told)
    if dataset.units:
        st.caption(_(dataset.units))
    st.caption(_("Source: {source}").format(source=_(dataset.source)) + "  \n" + _(dataset.terms))


def _seen(dataset: Dataset, told: Mapping[str, np.ndarray]) -> None:
    left, right = st.columns([1, 2], gap="large")
    palette = theme.PALETTES[st.context.theme.type or "light"]
    with left:
        size = _("**{rows} rows, {columns} columns**").format(rows=f"{dataset.rows:,}", columns=dataset.columns)
        missing = int(told["missing"].sum())
        lost = _("missing values: {count}").format(count=f"{missing:,}") if missing else _("no missing values")
        st.markdown(f"{size}, {lost}")
        if dataset.task == "numbers":
            st.html(figure.spread(told["counts"], told["edges"], palette, _))
        else:
            st.html(figure.balance(dataset.classes, told["counts"], palette, _))
    with right:
        if dataset.pixels:
            _pictures(dataset, told)
        elif dataset.raw is None:
            _rows(dataset, told)
        else:
            st.caption(_("Raw data"))
            raw = {name.removeprefix("raw "): cells for name, cells in told.items() if name.startswith("raw ")}
            st.dataframe(raw, hide_index=True, height=320)
    if dataset.raw is not None:
        _made(dataset, told)
    if len(told.get("column", ())):
        _scaled(dataset, told, palette)


def _scaled(dataset: Dataset, told: Mapping[str, np.ndarray], palette: dict[str, str]) -> None:
    """Columns before and after standardizing, which many take for making them normal."""
    st.caption(_("Columns before and after standardizing"))
    names = [_(dataset.names[column]) for column in told["column"]]
    st.html(figure.shapes(names, told["column counts"], told["column moments"], palette, _))
    st.caption(
        _(
            "Standardizing subtracts the mean and divides by the standard deviation. This changes the numbers on the "
            "axis, but not the shape: a skewed column stays skewed. The dark lines show a normal distribution with the "
            "same mean and standard deviation."
        )
    )


def _pictures(dataset: Dataset, told: Mapping[str, np.ndarray]) -> None:
    """Thirty pictures, white as it was written, each with what it shows."""
    assert dataset.pixels is not None
    pictures = told["x"].reshape(-1, *dataset.pixels)
    grey = (255 * pictures / pictures.max()).round().astype(np.uint8)
    larger = np.kron(grey, np.ones((1, 112 // dataset.pixels[0], 112 // dataset.pixels[1]), np.uint8))
    labels = [dataset.classes[int(label)] for label in told["y"]]
    with st.container(width=52 * PER_LINE):
        st.image(list(larger), caption=labels, width=48)


def _made(dataset: Dataset, told: Mapping[str, np.ndarray]) -> None:
    """What was made of the columns as they came, and how."""
    if isinstance(dataset, Own):
        st.caption(_("Preprocessing of each column"))
        _report(dataset.report)
    if dataset.made_by is not None:
        st.caption(_("Preprocessing code"))
        st.code(inspect.getsource(dataset.made_by), language="python")
    st.caption(_("Preprocessed data, before scaling"))
    _rows(dataset, told)


def _rows(dataset: Dataset, told: Mapping[str, np.ndarray]) -> None:
    """The first rows, their target first."""
    y = told["y"]
    target = y if dataset.task == "numbers" else [_class(dataset.classes[int(one)]) for one in y]
    goal = _("target")
    table: dict[str, Any] = {f"▸ {goal}": target, **dict(zip(map(_, dataset.names), told["x"].T, strict=True))}
    st.dataframe(table, hide_index=True, height=320)


def _class(name: str) -> str:
    return name if name.isdigit() else _(name)
