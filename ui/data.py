"""The data set of a page: the control that chooses it, the dialog for a visitor's own table, and a view of its rows.

data.choose(state)                                  # in the sidebar, in place of controls.field(state, "dataset", ...)
data.choose(state, on=lambda dataset: ...)          # if another data set changes other settings too
data.look(find(state.spec.dataset))                 # below the picture, collapsed
"""

from __future__ import annotations

import inspect
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

import runs
from datasets import DATASETS, Dataset, own
from datasets.encodings import ENCODINGS
from datasets.lines import HEADERS
from datasets.numerals import MARKS
from datasets.own import KINDS, TASKS, Own, Sheet
from figures import data as figure
from figures import theme, worth
from figures.scene import literal
from runs import Chain
from spec import N_, N_n, Refused
from spec.limits import allowed
from ui import controls, panels
from ui.asked import WAITING, asked
from ui.language import _
from ui.page_state import PageState, said
from ui.training import COOKIE, visitor

PER_LINE = 10  # pictures side by side, where there is room
OPEN = "own open"  # session key of the page whose dialog is open
HELD = 3  # own tables that a session keeps
LONGEST = 30.0  # seconds the dialog waits for a worker
MANY = 40  # columns from which a range of them can be kept
WIDEST = 100  # columns of the first rows
TASK_NAMES = {
    "": N_("automatic, from the target"), "binary": N_("binary classification"),
    "classes": N_("multi-class classification"),
    "numbers": N_("regression"),
}  # fmt: skip
HEADER_NAMES = {
    "": N_("automatic"), "names": N_("column names"), "rows": N_("data, there are no column names"),
}  # fmt: skip
MARK_NAMES = {"": N_("automatic, from the file"), ".": N_("point, as in 1.5"), ",": N_("comma, as in 1,5")}
KIND_NAMES = {
    "number": N_("Columns to use as numbers"), "category": N_("Columns to use as categories"),
    "dropped": N_("Columns to exclude"),
}  # fmt: skip


# -- the choice


def choose(state: PageState, name: str = "dataset", on: Callable[[str], None] | None = None) -> None:
    """Draw the choice of the data set: the built-in ones and the tables that were uploaded in this session.

    `on` is called instead of the usual change of field `name`. A table of another session cannot be shown here: the
    page then shows its default data set, and says why.
    """

    def change(value: str) -> None:
        try:
            (on or (lambda chosen: state.change(**{name: chosen})))(value)
        except Refused as refusal:
            state.refuse(refusal)

    mine = held()
    locked = not state.offers(name, _("Data set")) or state.locks(name)
    current = getattr(state.spec, name)
    if current.startswith(own.PREFIX) and current not in mine:
        change(getattr(state.usual, name))
        state.refuse(Refused(own.GONE))
    titles = {key: _(entry.title) for key, entry in DATASETS.items()}
    titles |= {key: table.title for key, table in mine.items()}
    controls.field(state, name, choices=titles, on=on)
    if not locked:
        _offer(state, f"{state.key} {name} own", change)


def _offer(state: PageState, key: str, change: Callable[[str], None]) -> None:
    """Draw the button that opens the dialog, which stays open when a training ends and the page is drawn again."""

    def opened() -> None:
        st.session_state[OPEN] = state.name

    st.button(_("Your own table …"), icon=":material/upload_file:", key=key, type="tertiary", on_click=opened)
    if st.session_state.get(OPEN) == state.name:
        st.dialog(_("Your own table"), width="large", on_dismiss=_closed)(lambda: bring(change))()
    else:
        _closed()


def _closed() -> None:
    st.session_state.pop(OPEN, None)


@st.cache_resource(scope="session", show_spinner=False, on_release=runs.forget)
def _named() -> set[str]:
    """Return the names of all tables that this session has used; when it ends, their runs are deleted."""
    return set()


def held() -> dict[str, Own]:
    """Return the tables of this session by name; they are deleted when it ends."""
    return st.session_state.setdefault("own tables", {})


def bring(change: Callable[[str], None]) -> None:
    """Draw the dialog for a file: how it is read, and what its columns become, before it is used."""
    label = _("CSV file, at most {limit} MB and {rows} rows: column names in the first line, then one row per line")
    file = st.file_uploader(
        label.format(limit=allowed().upload, rows=f"{allowed().rows:,}"),
        type=["csv", "tsv", "txt"], key="own file", max_upload_size=allowed().upload,
    )  # fmt: skip
    st.caption(_("It is kept in memory for this session only and is never written to disk."))
    if st.context.headers and COOKIE not in st.context.cookies:
        text = _("This browser does not send the app's cookie, perhaps because another site shows this page in a "
                 "frame. Uploading a file then fails.")  # fmt: skip
        st.warning(text, icon=":material/info:")
        st.link_button(_("Open this page in a new tab"), st.context.url or "")
    if file is None:
        return
    whole = Sheet(file.getvalue(), st.session_state.setdefault("own secret", secrets.token_hex(16)))
    told = _inspected(whole)
    if told is None:
        return
    sheet = _written(whole, told)
    told = told if sheet == whole else _inspected(sheet)
    if told is None:
        return
    if "fields" in told:
        chosen = _choices(sheet, told)
        told = told if chosen == sheet else _inspected(chosen)
        sheet = chosen
    if told is None:
        return
    _shown(told)
    if "names" in told and st.button(_("Use this table"), type="primary", key="own use"):
        table = own.adopt(sheet, unicodedata.normalize("NFC", file.name)[:60], told)
        mine = held()
        mine.pop(table.key, None)
        st.session_state["own tables"] = dict([*mine.items(), (table.key, table)][-HELD:])
        change(table.key)
        _closed()
        st.rerun()


def _written(whole: Sheet, told: Mapping[str, np.ndarray]) -> Sheet:
    """Draw the choices of how a file is read (encoding, separator ...), and return the resulting sheet."""
    key = whole.name
    encoding = ""
    if "encodings" in told and len(told["encodings"]):
        samples = dict(zip(told["encodings"].tolist(), told["samples"].tolist(), strict=True))
        encoding = st.selectbox(
            _("Encoding"), list(samples), index=None if "fields" not in told else list(samples).index("cp949"),
            format_func=lambda name: f"{_(ENCODINGS[name])}: {samples[name]}", placeholder=_("choose"),
            key=f"{key} encoding",
        )  # fmt: skip
    left, right = st.columns(2)
    header = left.selectbox(
        _("First line"), ["", *HEADERS], format_func=lambda name: _(HEADER_NAMES[name]), key=f"{key} header"
    )
    decimal = right.selectbox(
        _("Decimal mark"), ["", *MARKS], format_func=lambda mark: _(MARK_NAMES[mark]), key=f"{key} decimal"
    )
    if "fields" in told and encoding == "cp949":
        encoding = ""  # read already
    return replace(whole, encoding=encoding or "", header=header, decimal=decimal)


def _choices(sheet: Sheet, told: Mapping[str, np.ndarray]) -> Sheet:
    """Draw the choices about the columns, and return the resulting sheet."""
    fields = told["fields"].tolist()
    key = sheet.name
    found = str(told["target"]) if "target" in told else ""
    left, right = st.columns(2)
    target = left.selectbox(
        _("Target"), fields, index=fields.index(found) if found else None, placeholder=_("choose"), key=f"{key} target"
    )
    task = right.selectbox(
        _("Task"), ["", *TASKS], format_func=lambda name: _(TASK_NAMES[name]), key=f"{key} task"
    )  # fmt: skip
    kinds = {name: kind for kind in KINDS for name in _of_kind(kind, fields, key)}
    if len(fields) > MANY:
        low, high = st.slider(
            _("Columns to keep, by their number"), 1, len(fields), (1, len(fields)), key=f"{key} range"
        )
        kinds |= dict.fromkeys([*fields[: low - 1], *fields[high:]], "dropped")
    kinds = tuple((name, kinds[name]) for name in fields if name in kinds and name != target)
    target = (
        "" if target is None or (target == found and not kinds) else target
    )  # read already, unless something changed
    return replace(sheet, target=target, task=task, kinds=kinds)


def _of_kind(kind: str, fields: list[str], key: str) -> list[str]:
    """Draw the choice of the columns of one kind; a column has one kind, the one that was chosen last."""
    keys = {one: f"{key} {one}" for one in KINDS}

    def chosen() -> None:
        mine = st.session_state[keys[kind]]
        for one in KINDS:
            if one != kind:
                st.session_state[keys[one]] = [name for name in st.session_state.get(keys[one], []) if name not in mine]

    return st.multiselect(
        _(KIND_NAMES[kind]), fields, key=keys[kind], on_change=chosen, placeholder=_("none")
    )  # fmt: skip


def _inspected(sheet: Sheet) -> Mapping[str, np.ndarray] | None:
    """Return a worker's analysis of a sheet, or None if there is none."""
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


def _shown(told: Mapping[str, np.ndarray]) -> None:
    """Draw the analysis of a file: why it cannot be used as it is, or its size, its columns and its first rows."""
    refusal = own.refused(told)
    if refusal is not None:
        st.warning(said(refusal), icon=":material/info:")
    else:
        rows, columns, target = int(told["rows"]), len(told["names"]), str(told["target"])
        inputs = _(N_n("{count} numeric input column", "{count} numeric input columns", columns)).format(count=columns)
        goal = _("The target is {target}: {task}.").format(
            target=literal(target), task=_(TASK_NAMES[str(told["task"])])
        )
        st.markdown(f"**{rows_said(rows)}, {inputs}.** {goal}")
    if "notes" in told:
        for text, value in own.notes(told):
            st.caption(_(text).format(value=literal(value)))
    if "report" in told:
        _report(own.report(told))
    if "cells" in told:
        st.caption(_("The first rows: each column as text, then (→) as the numbers made of it"))
        st.dataframe(_beside(told), hide_index=True)


def _beside(told: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the first rows, with each text column followed by the numbers that encode it."""
    names, inputs = told["names"].tolist(), told["inputs"]
    table: dict[str, Any] = {}
    start = 0
    for column, cells in zip(own.report(told), told["cells"].T, strict=True):
        table[column.name] = cells
        if column.kind == "target":
            table[f"→ {column.name}"] = told["goals"]
        for made in range(start, start + column.made):
            table[f"→ {names[made]}"] = inputs[:, made]
        start += column.made
        if len(table) > WIDEST:
            break
    return table


def _report(columns: tuple[own.Column, ...]) -> None:
    def told(column: own.Column) -> str:
        pairs = [(column.did, column.value), *column.notes]
        return "; ".join(_(text).format(value=value) for text, value in pairs)

    st.dataframe(
        {
            _("column"): [column.name for column in columns],
            _("preprocessing"): [told(column) for column in columns],
            _("missing"): [column.missing for column in columns],
            _("resulting columns"): [column.made for column in columns],
        },
        hide_index=True,
        height=min(35 * len(columns) + 38, 320),
    )


# -- the panel with the rows


def look(dataset: Dataset) -> None:
    """Draw a collapsed panel on a data set: its rows, its classes, how it was prepared, and its source."""
    panels.folded("data look", _("Look at the data"), ":material/table_view:", lambda: _look(dataset))


def _look(dataset: Dataset) -> None:
    st.markdown(_(dataset.sentence))
    told = asked(Chain("datasets.view:begin", "datasets.view:look", dataset), height="20rem")
    if told is not None:
        _seen(dataset, told)
    if dataset.units:
        st.caption(_(dataset.units))
    st.caption(_("Source: {source}").format(source=_(dataset.source)) + "  \n" + _(dataset.terms))


def rows_said(count: int) -> str:
    """Return a number of rows in words."""
    return _(N_n("{count} row", "{count} rows", count)).format(count=f"{count:,}")


def _seen(dataset: Dataset, told: Mapping[str, np.ndarray]) -> None:
    left, right = st.columns([1, 2], gap="large")
    palette = theme.PALETTES[st.context.theme.type or "light"]
    with left:
        columns = _(N_n("{count} column", "{count} columns", dataset.columns)).format(count=dataset.columns)
        missing = int(told["missing"].sum())
        lost = _("missing values: {count}").format(count=f"{missing:,}") if missing else _("no missing values")
        st.markdown(f"**{rows_said(dataset.rows)}, {columns}**, {lost}")
        if dataset.task == "numbers":
            st.html(figure.spread(told["counts"], told["edges"], palette, _))
        else:
            st.html(figure.balance(worth.classes(dataset, _), told["counts"], palette, _))
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
    """Draw the columns before and after standardization, because many believe that it makes them normal."""
    st.caption(_("Columns before and after standardizing"))
    names = worth.columns(dataset, _)
    names = [names[column] for column in told["column"]]
    st.html(figure.shapes(names, told["column counts"], told["column moments"], palette, _))
    st.caption(
        _(
            "Standardizing subtracts the mean and divides by the standard deviation. This changes the numbers on the "
            "axis, but not the shape: a skewed column stays skewed. The short lines show a normal distribution with "
            "the same mean and standard deviation."
        )
    )


def _pictures(dataset: Dataset, told: Mapping[str, np.ndarray]) -> None:
    """Draw thirty images, each with its label."""
    assert dataset.pixels is not None
    pictures = told["x"].reshape(-1, *dataset.pixels)
    grey = (255 * pictures / pictures.max()).round().astype(np.uint8)
    larger = np.kron(grey, np.ones((1, 112 // dataset.pixels[0], 112 // dataset.pixels[1]), np.uint8))
    labels = [dataset.classes[int(label)] for label in told["y"]]
    with st.container(width=52 * PER_LINE):
        st.image(list(larger), caption=labels, width=48)


def _made(dataset: Dataset, told: Mapping[str, np.ndarray]) -> None:
    """Describe how the columns of the file were prepared."""
    if isinstance(dataset, Own):
        st.caption(_("Preprocessing of each column"))
        _report(dataset.report)
    if dataset.made_by is not None:
        st.caption(_("Preprocessing code"))
        st.code(inspect.getsource(dataset.made_by), language="python")
    st.caption(_("Preprocessed data, before scaling"))
    _rows(dataset, told)


def _rows(dataset: Dataset, told: Mapping[str, np.ndarray]) -> None:
    """Draw the first rows, with the target as the first column."""
    y = told["y"]
    classes = worth.classes(dataset, _)
    target = y if dataset.task == "numbers" else [classes[int(one)] for one in y]
    goal = _("target")
    table: dict[str, Any] = {f"▸ {goal}": target, **dict(zip(worth.columns(dataset, _), told["x"].T, strict=True))}
    st.dataframe(table, hide_index=True, height=320)
