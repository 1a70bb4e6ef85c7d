"""A visitor's own table: a CSV file becomes numbers, column by column, and every column tells what became of it.

A `Sheet` is the file and what was chosen about it. A worker reads it (`inspect`), and with the facts that come back it
is an `Own`: a data set like any other, found by its name wherever somebody holds it, and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from datasets import columns, encodings, lines, numerals, targets
from datasets.columns import KINDS, MIN_NUMBERS, Column, Found
from datasets.dataset import Dataset, Table, still
from datasets.numerals import Cells, Convention, Note
from datasets.targets import TASKS
from spec import N_, Refused

__all__ = ["GONE", "KINDS", "PREFIX", "TASKS", "Column", "Own", "Parsed", "Sheet"]

Frame = Any  # of pandas, whose stubs leave open what nearly every call returns

PREFIX = "own~"
MIN_ROWS = 20
FIRST = 5  # rows that are shown before a table is used

GONE = N_("This data set was a visitor's own file. Please upload the file again.")


class Parsed(NamedTuple):
    """A sheet as numbers: inputs [rows, columns], targets [rows], what is to be known about them, and the file's rows.

    `raw` [rows, fields] are the cells as text, without the `left_out` rows whose target is missing.
    """

    x: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    task: str
    classes: tuple[str, ...]
    target: str
    report: tuple[Column, ...]
    raw: Frame
    left_out: int


@dataclass(frozen=True, repr=False)
class Sheet:
    """A CSV file, and what its reader chose about it.

    `target` is the column to be predicted ("": the one that looks like it), `task` is one of `TASKS` ("": as the target
    suggests it), `kinds` are names of columns, each with one of `KINDS`. `encoding`, `header` and `decimal` say how the
    file is written, where that is not left to `datasets.lines` and `datasets.numerals`.

    Its name is a hash of all this and of the session's `secret`, so nobody who does not know both can guess it.
    """

    csv: bytes
    secret: str
    target: str = ""
    task: str = ""
    kinds: tuple[tuple[str, str], ...] = ()
    encoding: str = ""
    header: str = ""
    decimal: str = ""

    @property
    def choices(self) -> dict[str, Any]:
        """What the reader chose, by name: the arguments of `parse`."""
        return {one.name: getattr(self, one.name) for one in fields(self)[2:]}

    @cached_property
    def name(self) -> str:
        """What the table is called in links: `PREFIX`, and hexadecimal digits."""
        mark = hashlib.sha256(repr((self.secret, *self.choices.values())).encode())
        mark.update(self.csv)
        return PREFIX + mark.hexdigest()[:32]

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        return Sheet, (self.csv, self.secret, *self.choices.values())

    @cached_property
    def parsed(self) -> Parsed:
        """The sheet as numbers, see `parse`; read once and kept as long as the sheet."""
        return parse(self.csv, **self.choices)

    def read(self) -> Table:
        """Return the inputs and the targets, read-only."""
        return self.parsed.x, self.parsed.y

    def raw(self) -> dict[str, np.ndarray]:
        """Return the cells of the file as text [rows], arrays of objects, column by column."""
        return {name: cells.to_numpy(object) for name, cells in self.parsed.raw.items()}


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Own(Dataset):
    """A data set made of a `Sheet`. It travels to workers with its file, and is found there while they work on it."""

    sheet: Sheet
    report: tuple[Column, ...] = field(default=())

    def __repr__(self) -> str:
        return self.key

    def __reduce__(self) -> tuple[Any, ...]:
        facts = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("read", "raw")}
        return _registered, (facts,)


_own: WeakValueDictionary[str, Own] = WeakValueDictionary()
_lock = threading.Lock()


def _registered(facts: Mapping[str, Any]) -> Own:
    """Return the table of this name that there is, else a new one, which can be found from now on."""
    with _lock:
        table = _own.get(facts["key"])
        if table is None:
            sheet: Sheet = facts["sheet"]
            table = _own[facts["key"]] = Own(read=sheet.read, raw=sheet.raw, **facts)
        return table


def find(name: str) -> Own:
    """Return the own table of that name, if somebody in this process holds it; raise `Refused` where nobody does."""
    table = _own.get(name)
    if table is None:
        raise Refused(GONE)
    return table


def begin(sheet: Sheet) -> Sheet:
    """Return the sheet: reading it is a chain of one chunk, "datasets.own:begin", "datasets.own:inspect"."""
    return sheet


def inspect(sheet: Sheet, seconds: float) -> tuple[None, tuple[int, int, dict[str, Any], dict[str, Any]]]:
    """Read a sheet as far as possible, and report what is to be known about it.

    "encodings" and "samples" say how a file that is not in Unicode can be read, "fields", "notes", "report" and
    "target" what was found in it. Where it can be used there is what `adopt` needs, and the first rows as text and as
    numbers; where it cannot, "refused" says why. A reader who makes other choices gets further.
    """
    facts: dict[str, Any] = {}
    try:
        possible = encodings.possible(sheet.csv)
        facts |= {"encodings": np.array([*possible], str), "samples": np.array([*possible.values()], str)}
        found = lines.read(sheet.csv, sheet.encoding, sheet.header)
        facts |= {"fields": np.array(found.header), "notes": _packed(found.notes)}
        looked = _looked(found, sheet)
        facts |= {"report": _packed(one.column for one in looked.found.values())}
        facts |= {"target": np.array(sheet.target or targets.likely(looked.found))}
        parsed = sheet.__dict__["parsed"] = _finished(looked, sheet)
        facts |= _facts(parsed)
    except Refused as refusal:
        facts["refused"] = np.array(json.dumps([refusal.text, {k: _plain(v) for k, v in refusal.values.items()}]))
    return None, (1, 1, {}, facts)


def _plain(value: Any) -> str | int | float:
    return value if isinstance(value, (str, int, float)) else str(value)


def _packed(told: Iterable[Any]) -> np.ndarray:
    """Return tuples of texts and numbers as one text: a report carries arrays only."""
    return np.array(json.dumps([*told]))


def _facts(parsed: Parsed) -> dict[str, Any]:
    first = [[cell[:80] for cell in row] for row in parsed.raw.head(FIRST).to_numpy().tolist()]
    goals = parsed.y[:FIRST] if not parsed.classes else [parsed.classes[int(one)] for one in parsed.y[:FIRST]]
    return {
        "names": np.array(parsed.names), "classes": np.array(parsed.classes, str), "task": np.array(parsed.task),
        "target": np.array(parsed.target), "rows": np.array(len(parsed.y)), "left_out": np.array(parsed.left_out),
        "cells": np.array(first, str), "inputs": parsed.x[:FIRST], "goals": np.array(goals),
        "report": _packed(parsed.report),
    }  # fmt: skip


def report(told: Mapping[str, np.ndarray]) -> tuple[Column, ...]:
    """Return the report that `inspect` sent."""
    columns = (Column(*column) for column in json.loads(str(told["report"])))
    return tuple(column._replace(notes=tuple(map(tuple, column.notes))) for column in columns)


def notes(told: Mapping[str, np.ndarray]) -> tuple[Note, ...]:
    """Return what `inspect` says about the file as a whole."""
    return tuple((text, value) for text, value in json.loads(str(told["notes"])))


def refused(told: Mapping[str, np.ndarray]) -> Refused | None:
    """Return why a sheet cannot be used as it is, None where it can."""
    if "refused" not in told:
        return None
    text, values = json.loads(str(told["refused"]))
    return Refused(text, **values)


def adopt(sheet: Sheet, title: str, told: Mapping[str, np.ndarray]) -> Own:
    """Return the data set that a sheet is, from what `inspect` told about it; it can be found while it is held."""
    names, classes = (tuple(told[name].tolist()) for name in ("names", "classes"))
    return _registered({
        "key": sheet.name, "title": title, "sheet": sheet, "task": str(told["task"]), "rows": int(told["rows"]),
        "columns": len(names), "names": names, "classes": classes, "report": report(told),
        "sentence": N_("Each row is a line of your file. The network predicts the column that you chose."),
        "source": N_("Your own file."),
        "terms": N_("It is kept in memory for this session only and is never written to disk."),
    })  # fmt: skip


# -- from cells to numbers


class Looked(NamedTuple):
    """A file as columns of cells, its convention of numbers, and what became of each column."""

    cells: dict[str, Cells]
    convention: Convention
    found: dict[str, Found]


def parse(
    content: bytes,
    target: str = "",
    task: str = "",
    kinds: tuple[tuple[str, str], ...] = (),
    encoding: str = "",
    header: str = "",
    decimal: str = "",
) -> Parsed:
    """Return a CSV file as numbers; the choices are those of a `Sheet`.

    Cells are text, and nothing in them is ever evaluated. A column is a number, a category, or dropped with a reason
    (see `datasets.columns`); missing numbers stay nan, missing words are a category of their own.

    Raises `Refused` for what is no table, too large or too small, or has nothing to tell or to learn from.
    """
    sheet = Sheet(content, "", target, task, kinds, encoding, header, decimal)
    return _finished(_looked(lines.read(content, encoding, header), sheet), sheet)


def _looked(read: lines.Lines, sheet: Sheet) -> Looked:
    """Return what each column of a file is, the target among them."""
    for name in (sheet.target, *dict(sheet.kinds)):
        if name and name not in read.header:
            raise Refused(N_("The file has no column {name}."), name=name)
    _check_rows(len(read.rows))
    cells = {name: Cells.of(column) for name, column in zip(read.header, zip(*read.rows, strict=True), strict=True)}
    convention = Convention(numerals.marks(cells.values(), MIN_NUMBERS), read.delimiter, sheet.decimal)
    return Looked(cells, convention, _found(cells, convention, sheet))


def _found(cells: Mapping[str, Cells], convention: Convention, sheet: Sheet) -> dict[str, Found]:
    asked = dict(sheet.kinds)
    return {name: columns.found(name, column, convention, asked.get(name, "")) for name, column in cells.items()}


def _finished(looked: Looked, sheet: Sheet) -> Parsed:
    """Return the table as numbers, with the target that is asked for or looks like one."""
    import pandas as pd  # here: it takes a second, and the web process only ever wants facts

    cells, convention, found = looked
    name = sheet.target or targets.likely(found)
    notes = () if sheet.target else targets.passed_over(found, name)
    kept = targets.known(cells[name], convention, sheet.task)
    left_out = int((~kept).sum())
    _check_rows(len(kept) - left_out)
    if left_out:  # what is constant, missing or a category is told of the rows that are used
        cells = {one: column.of_rows(kept) for one, column in cells.items()}
        found = _found(cells, convention, sheet)
    target = targets.read(name, cells[name], convention, sheet.task)
    x, names = columns.encoded({one: column for one, column in found.items() if one != name})
    goal = targets.told(name, target, left_out, notes)
    report = tuple(goal if one == name else column.column for one, column in found.items())
    raw = pd.DataFrame({one: column.texts for one, column in cells.items()}, dtype=object)
    return Parsed(*still((x, target.y)), names, target.task, target.classes, name, report, raw, left_out)


def _check_rows(count: int) -> None:
    if count < MIN_ROWS:
        raise Refused(
            N_("The file has too few usable rows ({count}); at least {limit} are needed for training and "
               "evaluation."),
            count=count, limit=MIN_ROWS,
        )  # fmt: skip
