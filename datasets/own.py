"""A visitor's own table: a CSV file becomes numbers, column by column, and every column tells what became of it.

A `Sheet` is the file and what was chosen about it. A worker reads it (`inspect`), and with the facts that come back it
is an `Own`: a data set like any other, found by its name wherever somebody holds it, and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from datasets import lines, numerals
from datasets.dataset import Dataset, Table, still
from datasets.numerals import Convention, Note
from spec import N_, Refused

Series = Any  # of pandas, whose stubs leave open what nearly every call returns
Frame = Any

PREFIX = "own~"
MAX_COLUMNS = 1000  # of numbers, once words are encoded; pictures of 28 x 28 pixels are 784
MAX_CLASSES = 100
MAX_WORDS = 50  # different words in a column that is a category
MAX_WHOLE = 10  # different whole numbers in a target that is a class
MIN_ROWS = 20
MIN_NUMBERS = 0.9  # share of a column's cells that must be numbers, for the others to count as missing
FIRST = 5  # rows that are shown before a table is used
TASKS = ("binary", "classes", "numbers")
KINDS = ("number", "category", "dropped")  # what a reader can make of a column

GONE = N_("This data set was a visitor's own file. Please upload the file again.")
TARGETS = ("target", "label", "class", "y", "survived", "outcome", "정답", "타깃", "목표", "라벨")
ROW_NUMBERS = re.compile(r"(^|.*[\s_])(id|no|idx|index|번호|순번|연번)\.?|.*(Id|ID|번호)")


class Column(NamedTuple):
    """What became of one column of the file.

    `kind` is "number", "category", "target" or "dropped"; `did` says what was done, a sentence marked with `N_` in
    which {value} stands for `value`, and so do `notes`, which say what else is to be known. `missing` counts empty
    cells, `made` the columns of numbers made of it.
    """

    name: str
    kind: str
    did: str
    value: str
    missing: int
    made: int
    notes: tuple[Note, ...] = ()


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
        """What the table is called in links: its beginning, and hexadecimal digits."""
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
        """Return the cells of the file as text, column by column."""
        return {name: cells.to_numpy(str) for name, cells in self.parsed.raw.items()}


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
        possible = lines.possible(sheet.csv)
        facts |= {"encodings": np.array([*possible], str), "samples": np.array([*possible.values()], str)}
        found = lines.read(sheet.csv, sheet.encoding, sheet.header)
        facts |= {"fields": np.array(found.header), "notes": _packed(found.notes)}
        looked = _looked(found, sheet)
        facts |= {"report": _packed(column for column, _values in looked.columns.values())}
        facts |= {"target": np.array(sheet.target or _likely_target(looked.columns))}
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
    first = parsed.raw.head(FIRST)
    goals = parsed.y[:FIRST] if not parsed.classes else [parsed.classes[int(one)] for one in parsed.y[:FIRST]]
    return {
        "names": np.array(parsed.names), "classes": np.array(parsed.classes, str), "task": np.array(parsed.task),
        "target": np.array(parsed.target), "rows": np.array(len(parsed.y)), "left_out": np.array(parsed.left_out),
        "cells": first.map(lambda cell: cell[:80]).to_numpy(str), "inputs": parsed.x[:FIRST], "goals": np.array(goals),
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
    """A file as a table of text, its convention of numbers, and what each column is, with its values if it is used."""

    table: Frame
    convention: Convention
    columns: dict[str, tuple[Column, Series | None]]


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
    (see `_kind`); missing numbers stay nan, missing words are a category of their own. Categories are encoded by
    scikit-learn's `OrdinalEncoder` where there are two, else by its `OneHotEncoder`, classes by its `LabelEncoder`.

    Raises `Refused` for what is no table, too large or too small, or has nothing to tell or to learn from.
    """
    sheet = Sheet(content, "", target, task, kinds, encoding, header, decimal)
    return _finished(_looked(lines.read(content, encoding, header), sheet), sheet)


def _looked(found: lines.Lines, sheet: Sheet) -> Looked:
    """Return what each column of a file is, the target among them."""
    import pandas as pd  # here: it takes a second, and the web process only ever wants facts

    for name in (sheet.target, *dict(sheet.kinds)):
        if name and name not in found.header:
            raise Refused(N_("The file has no column {name}."), name=name)
    _check_rows(len(found.rows))
    table: Frame = pd.DataFrame(found.rows, columns=pd.Index(found.header), dtype=object)
    shown = numerals.marks((table[name].tolist() for name in found.header), MIN_NUMBERS)
    convention = Convention(shown, found.delimiter, sheet.decimal)
    asked = dict(sheet.kinds)
    columns = {name: _kind(table[name], convention, asked.get(name, "")) for name in found.header}
    return Looked(table, convention, columns)


def _finished(looked: Looked, sheet: Sheet) -> Parsed:
    """Return the table as numbers, with the target that is asked for or looks like one."""
    table, convention, columns = looked
    told = sheet.target or _likely_target(columns)
    kept = _known(table[told], convention, sheet.task)
    table = table[kept].reset_index(drop=True)
    _check_rows(len(table))
    y, task, classes, notes = _targets(table[told], convention, sheet.task)
    left_out = len(kept) - len(table)
    if left_out:  # what is constant, missing or a category is told of the rows that are used
        asked = dict(sheet.kinds)
        columns = {name: _kind(table[name], convention, asked.get(name, "")) for name in columns}
    x, names = _encode({n: values for n, (_, values) in columns.items() if values is not None and n != told})
    goal = _goal(told, task, left_out, notes)
    told_of = tuple(goal if name == told else column for name, (column, _) in columns.items())
    return Parsed(*still((x, y)), names, task, classes, told, told_of, table, left_out)


def _check_rows(count: int) -> None:
    if count < MIN_ROWS:
        raise Refused(
            N_("The file has too few usable rows ({count}); at least {limit} are needed for training and "
               "evaluation."),
            count=count, limit=MIN_ROWS,
        )  # fmt: skip


def _missing(column: Series, words: frozenset[str] = numerals.MISSING) -> Series:
    nothing = {cell for cell in set(column) if cell.lower() in words}
    return column.isin(nothing)


def _numbers(column: Series, convention: Convention) -> tuple[Series, numerals.Numbers]:
    """Return the cells of a column as numbers, nan where they are none, and what is to be said of them."""
    import pandas as pd

    read = numerals.numbers(column.tolist(), convention)
    return pd.Series(read.values, column.index, dtype=np.float64, name=column.name), read


def _kind(column: Series, convention: Convention, asked: str) -> tuple[Column, Series | None]:
    """Return what a column is, or what it is `asked` to be, and its values, if it is a number or a category."""
    name, missing = str(column.name), _missing(column)
    count = int(missing.sum())

    def dropped(did: str, value: str = "") -> tuple[Column, None]:
        return Column(name, "dropped", did, value, count, 0), None

    known = column[~missing]
    if asked == "dropped":
        return dropped(N_("excluded: your choice"))
    if not len(known):
        return dropped(N_("excluded: empty"))
    if asked == "category":
        return _category(name, column, missing)
    numbers, read = _numbers(column, convention)
    numeric = read.found >= MIN_NUMBERS * len(known)
    dates = not numeric and sum(map(numerals.is_date, known)) >= MIN_NUMBERS * len(known)
    if asked == "number":
        return _forced(name, column, numbers, read, dates, count)
    if numeric and read.unsure:
        return dropped(*read.unsure)
    if numeric:
        if numbers.nunique() < 2:
            return dropped(N_("excluded: every row has the same value"))
        return _number(name, numbers, count, len(known) - read.found, read.notes)
    if dates:
        return dropped(N_("excluded: dates and times; used as numbers they become days"))
    distinct = known.nunique()
    if distinct == 1 and not count:
        return dropped(N_("excluded: every row has the same value"))
    if distinct > min(MAX_WORDS, max(2, len(column) // 2)):
        return dropped(N_("excluded: too many different words ({value}), probably names or free text"), str(distinct))
    return _category(name, column, missing)


def _forced(
    name: str, column: Series, numbers: Series, read: numerals.Numbers, dates: bool, missing: int
) -> tuple[Column, Series | None]:
    """Return a column that the reader wants as a number; dates become days."""
    import pandas as pd

    notes = read.notes
    if dates:
        numbers = pd.Series(numerals.days(column.tolist()), column.index, dtype=np.float64, name=name)
        notes = ((N_("dates, as days since 1970-01-01"), ""),)
    if not numbers.notna().any():
        did = (
            N_("excluded: the dates do not show whether the day or the month comes first")
            if dates
            else read.unsure or N_("excluded: no cell is a number")
        )
        text, value = did if isinstance(did, tuple) else (did, "")
        return Column(name, "dropped", text, value, missing, 0), None
    return _number(name, numbers, missing, int(numbers.isna().sum()) - missing, notes)


def _category(name: str, column: Series, missing: Series) -> tuple[Column, Series]:
    """Return a column of words, missing ones a word of their own."""
    words = column.mask(missing, "?")
    categories = words.nunique()
    if categories == 1:
        did = N_("one word, encoded as 0")
    elif categories == 2:
        did = N_("two words, encoded as 0 and 1")
    else:
        did = N_("one-hot encoded: one column of 0 and 1 for each word ({value})")
    made = 1 if categories <= 2 else categories
    return Column(name, "category", did, str(categories), int(missing.sum()), made), words


def _number(name: str, numbers: Series, missing: int, wrong: int, notes: tuple[Note, ...]) -> tuple[Column, Series]:
    """Return a column of numbers; `wrong` of its cells are no numbers."""
    value = ""
    if wrong:
        did, value = N_("numeric; cells that are not numbers count as missing: {value}"), str(wrong)
    elif missing:
        did = N_("numeric; missing values become the median of the training set")
    else:
        did = N_("numeric") if notes else N_("numeric, unchanged")
    if _counts(name, numbers):
        notes = (*notes, (N_("may only number the rows; exclude it if so"), ""))
    return Column(name, "number", did, value, missing + wrong, 1, notes), numbers


def _counts(name: str, numbers: Series) -> bool:
    """Return whether a column looks as if it only numbered the rows."""
    whole = bool(numbers.notna().all()) and bool((numbers % 1 == 0).all())
    return whole and (bool((numbers.diff().dropna() == 1).all()) or (numbers.is_unique and _is_named_so(name)))


def _is_named_so(name: str) -> bool:
    return ROW_NUMBERS.fullmatch(name) is not None


def _encode(columns: Mapping[str, Series]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return all columns as numbers [rows, columns], and their names."""
    # Imported here: it takes a second, and the web process only ever wants facts.
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    if not columns:
        raise Refused(N_("The network needs at least one column besides the target."))
    words = {name: int(values.nunique()) for name, values in columns.items() if values.dtype != np.float64}
    count = len(columns) + sum(distinct - 1 for distinct in words.values() if distinct > 2)
    if count > MAX_COLUMNS:
        text = N_("After encoding, the table has {count} columns; the limit is {limit}. Exclude some columns.")
        raise Refused(text, count=f"{count:,}", limit=f"{MAX_COLUMNS:,}")

    made: list[np.ndarray] = []
    names: list[str] = []
    for name, values in columns.items():
        if name not in words:
            made.append(values.to_numpy()[:, None])
            names.append(name)
            continue
        encoder: Any = OrdinalEncoder() if words[name] <= 2 else OneHotEncoder(sparse_output=False)
        made.append(encoder.fit_transform(values.to_numpy(object)[:, None]))
        categories = encoder.categories_[0]
        names += [f"{name} = {category}" for category in categories[-made[-1].shape[1] :]]
    return np.hstack(made).astype(np.float64), tuple(names)


# -- the target


def _likely_target(columns: Mapping[str, tuple[Column, Series | None]]) -> str:
    """Return the column that is called like a target, else the last that can be one and does not number the rows."""
    offered = [(name, values) for name, (_, values) in columns.items() if values is not None]
    named = [name for name, _ in offered if name.lower() in TARGETS]
    numbered = [name for name, values in offered if values.dtype == np.float64 and _counts(name, values)]
    others = [name for name, _ in offered if name not in numbered]
    for name in [*named, *reversed(others), *reversed(numbered)]:
        return name
    raise Refused(N_("No column of the file can be the target: each column is empty, constant, or free text."))


def _known(target: Series, convention: Convention, task: str) -> Series:
    """Return in which rows the target is known: where it is nearly always a number, that is where it is one.

    Among words, "NA" or "None" may be the name of a class, unless two classes are wanted and there are two without it.
    """
    there = ~_missing(target)
    numbers, read = _numbers(target, convention)
    if read.found >= max(1, MIN_NUMBERS * there.sum()):
        return numbers.notna() if not read.unsure else there
    if task == "binary" and target[there].nunique() == 2:
        return there
    return ~_missing(target, numerals.NOTHING)


def _targets(column: Series, convention: Convention, task: str) -> tuple[np.ndarray, str, tuple[str, ...], list[Note]]:
    """Return the targets, the task that is asked for or that they suggest, the classes by name, and notes on both."""
    from sklearn.preprocessing import LabelEncoder

    name = str(column.name)
    numbers, read = _numbers(column, convention)
    if read.unsure and read.found == len(column) and task in ("", "numbers"):
        text = N_("The numbers of the target {name}, such as {value}, can be read in two ways or have different units. "
                  "Choose the decimal mark, or correct the file.")  # fmt: skip
        raise Refused(text, name=name, value=read.unsure[1])
    numeric = read.found == len(column) and not read.unsure
    values = numbers if numeric else column
    distinct = int(values.nunique())
    if distinct < 2:
        raise Refused(N_("The target {name} has the same value in every row."), name=name)
    if not task:
        few = not numeric or (distinct <= MAX_WHOLE and bool((numbers % 1 == 0).all()))
        task = "binary" if distinct == 2 else "classes" if few else "numbers"
    if task == "numbers":
        if not numeric:
            raise Refused(N_("The target {name} has cells that are not numbers."), name=name)
        return numbers.to_numpy(), task, (), list(read.notes)
    if task == "binary" and distinct != 2:
        raise Refused(N_("The target {name} must have two different values, not {count}."), name=name, count=distinct)
    if distinct > MAX_CLASSES:
        raise Refused(
            N_("The target {name} can have at most {limit} classes, not {count}."),
            name=name, count=f"{distinct:,}", limit=MAX_CLASSES,
        )  # fmt: skip
    encoder: Any = LabelEncoder()
    y = np.asarray(encoder.fit_transform(values.to_numpy()), np.int64)
    classes = tuple(f"{value:.12g}" if numeric else str(value)[:60] for value in encoder.classes_)
    notes = list(read.notes) if numeric else []
    if not numeric:
        told = [name for name in classes if name.lower() in numerals.NAMELIKE]
        notes += [(N_("{value} counts as a class, not as a missing value"), ", ".join(told))] if told else []
    return y, "binary" if distinct == 2 else task, classes, notes


def _goal(name: str, task: str, left_out: int, notes: list[Note]) -> Column:
    """Return what to say of the target."""
    did = {
        "binary": N_("the target: binary classification"), "classes": N_("the target: multi-class classification"),
        "numbers": N_("the target: regression"),
    }[task]  # fmt: skip
    if left_out:
        did = N_("the target; rows without a target value are excluded: {value}")
    return Column(name, "target", did, str(left_out), left_out, 0, tuple(notes))
