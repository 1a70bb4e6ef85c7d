"""A visitor's own table: a CSV file becomes numbers, column by column, and every column tells what became of it.

A `Sheet` is the file and what was chosen about it. A worker reads it (`inspect`), and with the facts that come back it
is an `Own`: a data set like any other, found by its name wherever somebody holds it, and nowhere else.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from datasets.dataset import Dataset, Table, still
from spec import N_, Refused
from spec.limits import allowed

Series = Any  # of pandas, whose stubs leave open what nearly every call returns
Frame = Any

PREFIX = "own~"
MAX_COLUMNS = 200  # of numbers, once words are encoded
MAX_FIELDS = 1000  # of the file
MAX_CLASSES = 100
MAX_WORDS = 50  # different words in a column that is a category
MAX_WHOLE = 10  # different whole numbers in a target that is a class
MIN_ROWS = 20
MIN_NUMBERS = 0.9  # share of a column's cells that must be numbers, for the others to count as missing
MAX_NUMBER = 1e30  # beyond it, squares are too large
TASKS = ("binary", "classes", "numbers")

GONE = N_("This data set was a visitor's own file. Please upload the file again.")
MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "?", "-")
TARGETS = ("target", "label", "class", "y", "survived", "outcome", "정답", "타깃", "목표", "라벨")
ROW_NUMBERS = re.compile(r"(^|.*[\s_])(id|no|idx|index|번호|순번|연번)\.?|.*(Id|ID|번호)")
DATE = r"\d{2,4}[-/.]\s?\d{1,2}[-/.]\s?\d{1,4}\.?([T ]+\d{1,2}:\d{2}.*)?|\d{1,2}:\d{2}(:\d{2})?"
THOUSANDS = r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?"


class Column(NamedTuple):
    """What became of one column of the file.

    `kind` is "number", "category", "target" or "dropped"; `did` says what was done, a sentence marked with `N_` in
    which {value} stands for `value`. `missing` counts empty cells, `made` the columns of numbers made of it.
    """

    name: str
    kind: str
    did: str
    value: str
    missing: int
    made: int


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
    """A CSV file, the column to be told ("": the one that looks like it), the task ("": as the target suggests it), and
    columns to leave out.

    Its name is a hash of all this and of the session's `secret`, so nobody who does not know both can guess it.
    """

    csv: bytes
    secret: str
    target: str = ""
    task: str = ""
    without: tuple[str, ...] = ()

    @cached_property
    def name(self) -> str:
        """What the table is called in links: its beginning, and hexadecimal digits."""
        mark = hashlib.sha256(repr((self.secret, self.target, self.task, self.without)).encode())
        mark.update(self.csv)
        return PREFIX + mark.hexdigest()[:32]

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        return Sheet, (self.csv, self.secret, self.target, self.task, self.without)

    @cached_property
    def parsed(self) -> Parsed:
        """The sheet as numbers, see `parse`; read once and kept as long as the sheet."""
        return parse(self.csv, self.target, self.task, self.without)

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
    """Read a sheet, and report what is to be known about it: what `adopt` needs, the report and the first rows."""
    parsed = sheet.parsed
    first = parsed.raw.head(5)
    facts = {
        "names": np.array(parsed.names), "classes": np.array(parsed.classes, str), "task": np.array(parsed.task),
        "target": np.array(parsed.target), "rows": np.array(len(parsed.y)), "left_out": np.array(parsed.left_out),
        "fields": np.array(list(parsed.raw.columns)), "cells": first.map(lambda cell: cell[:80]).to_numpy(str),
    }  # fmt: skip
    told = zip(*parsed.report, strict=True)
    facts |= {f"report_{name}": np.array(values) for name, values in zip(Column._fields, told, strict=True)}
    return None, (1, 1, {}, facts)


def report(told: Mapping[str, np.ndarray]) -> tuple[Column, ...]:
    """Return the report that `inspect` sent as arrays."""
    columns = (told[f"report_{name}"].tolist() for name in Column._fields)
    return tuple(Column(*column) for column in zip(*columns, strict=True))


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


# -- from bytes to cells


def parse(content: bytes, target: str = "", task: str = "", without: tuple[str, ...] = ()) -> Parsed:
    """Return a CSV file as numbers.

    Cells are text, and nothing in them is ever evaluated. A column is a number, a category, or dropped with a reason
    (see `_kind`); missing numbers stay nan, missing words are a category of their own. Categories are encoded by
    scikit-learn's `OrdinalEncoder` where there are two, else by its `OneHotEncoder`, classes by its `LabelEncoder`.

    Raises `Refused` for what is no table, too large or too small, or has nothing to tell or to learn from.
    """
    cells, delimiter = _cells(content)
    header, rows = _header(cells)
    if target and target not in header:
        raise Refused(N_("The file has no column {name}."), name=target)

    import pandas as pd  # here: it takes a second, and the web process only ever wants facts

    _check_rows(len(rows))
    table: Frame = pd.DataFrame(rows, columns=pd.Index(header), dtype=str)
    table = table.apply(lambda column: column.str.strip())
    told = target or _likely_target(table, delimiter, without)
    kept = _known(table[told], delimiter)
    table = table[kept].reset_index(drop=True)
    _check_rows(len(table))
    y, task, classes = _targets(table[told], delimiter, task)

    columns = {name: _kind(table[name], delimiter) for name in header if name != told and name not in without}
    x, names = _encode({name: values for name, (_report, values) in columns.items() if values is not None})
    left_out = len(kept) - len(table)
    report = tuple(
        columns[name][0] if name in columns else _aside(name, name == told, task, left_out) for name in header
    )
    return Parsed(*still((x, y)), names, task, classes, told, report, table, left_out)


def _cells(content: bytes) -> tuple[list[list[str]], str]:
    """Return the cells of every line that is not empty, and the delimiter between them."""
    if len(content) > allowed().upload * 1_000_000:
        text = N_("The file has {size} MB; the limit is {limit} MB. Keep fewer rows or columns.")
        raise Refused(text, size=f"{len(content) / 1e6:.1f}", limit=allowed().upload)
    text = _decoded(content)
    named = re.match(r"sep=(.)\r?\n", text)  # Excel's way to say it
    if named:
        text = text[named.end() :]
    delimiter = named[1] if named and named[1] in ",;\t|" else _delimiter(text)
    most = allowed().rows
    lines: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for line in islice(reader, most * 2):
            if any(cell.strip() for cell in line):
                if lines and len(line) != len(lines[0]):
                    raise Refused(
                        N_("Line {line} of the file has {found} cells, but the first line has {wanted}. All lines "
                           "must have the same number of cells."),
                        line=reader.line_num, found=len(line), wanted=len(lines[0]),
                    )  # fmt: skip
                lines.append(line)
                if len(lines) > most + 1:
                    break
    except csv.Error:
        raise Refused(
            N_("The file cannot be read as CSV from line {line} on. Is a quotation mark not closed?"),
            line=reader.line_num,
        ) from None
    if not lines or len(lines[0]) < 2:
        raise Refused(N_("The file must have at least two columns, separated by commas, semicolons or tabs."))
    if len(lines[0]) > MAX_FIELDS:
        text = N_("The file has {count} columns; the limit is {limit}. Remove some columns from the file.")
        raise Refused(text, count=f"{len(lines[0]):,}", limit=f"{MAX_FIELDS:,}")
    if len(lines) > most + 1:
        raise Refused(
            N_("The file has more rows than the limit of {limit}. Remove some rows from the file."), limit=f"{most:,}"
        )
    return lines, delimiter


def _decoded(content: bytes) -> str:
    """Return the file as text, in the first encoding that fits it."""
    if content.startswith(b"PK\x03\x04") or content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused(N_("This is a spreadsheet file, not a CSV file. Save it as CSV first."))
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp949", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Refused(N_("This is not a text file. Save it as CSV in UTF-8 first."))


def _delimiter(text: str) -> str:
    """Return the delimiter by which most of the first lines have as many cells as the first, and more than one."""

    def fits(delimiter: str) -> tuple[float, int]:
        try:
            lines = [
                line for line in islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 50) if line
            ]
        except csv.Error:
            return 0.0, 0
        width = len(lines[0]) if lines else 0
        return sum(len(line) == width for line in lines) / max(len(lines), 1) if width > 1 else 0.0, width

    return max((",", ";", "\t", "|"), key=fits)


def _header(cells: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Return a name for each column, no two alike, and the rows; a first line of numbers alone is a row itself."""
    first, *rows = cells
    if all(re.fullmatch(r"[+-]?\d+([.,]\d*)?([eE][+-]?\d+)?", cell.strip()) for cell in first):
        first, rows = [""] * len(first), cells
    header: list[str] = []
    for number, cell in enumerate(first, start=1):
        name = " ".join(re.sub(r"[~\x00-\x1f\x7f]", " ", cell).split())[:60] or f"column {number}"
        header.append(name if name not in header else f"{name} ({number})")
    repeated = [name for name, times in Counter(header).items() if times > 1]
    if repeated:
        raise Refused(N_("Two columns of the file have the name {name}. Give them different names."), name=repeated[0])
    return header, rows


def _check_rows(count: int) -> None:
    if count < MIN_ROWS:
        raise Refused(
            N_("The file has too few usable rows ({count}); at least {limit} are needed for training and "
               "evaluation."),
            count=count, limit=MIN_ROWS,
        )  # fmt: skip


# -- from cells to numbers


def _missing(column: Series) -> Series:
    return column.str.lower().isin(MISSING)


def _numbers(column: Series, delimiter: str) -> Series:
    """Return the cells as numbers, nan where they are none.

    A comma is a decimal comma where semicolons part the cells, else it parts thousands.
    """
    import pandas as pd

    commas = column.str.contains(",", regex=False)
    if commas.any():
        grouped = bool(column[commas].str.fullmatch(THOUSANDS).all())
        if grouped and (delimiter != ";" or column.str.contains(r",.*,").any()):
            column = column.str.replace(",", "", regex=False)
        elif delimiter != ",":
            column = column.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    numbers: Series = pd.Series(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
    return numbers.where(numbers.abs() <= MAX_NUMBER)


def _known(target: Series, delimiter: str) -> Series:
    """Return in which rows the target is known: where it is nearly always a number, that is where it is one."""
    there = ~_missing(target)
    numbers = _numbers(target.mask(~there, ""), delimiter).notna()
    return numbers if numbers.sum() >= max(1, MIN_NUMBERS * there.sum()) else there


def _kind(column: Series, delimiter: str) -> tuple[Column, Series | None]:
    """Return what a column is, and its values, if it is a number or a category."""
    name, missing = str(column.name), _missing(column)
    count = int(missing.sum())

    def dropped(did: str, value: str = "") -> tuple[Column, None]:
        return Column(name, "dropped", did, value, count, 0), None

    known = column[~missing]
    distinct = known.nunique()
    if not distinct:
        return dropped(N_("excluded: empty"))
    numbers = _numbers(column.mask(missing, ""), delimiter)
    if numbers.notna().sum() >= MIN_NUMBERS * len(known):
        return _number(name, numbers, count, len(known) - int(numbers.notna().sum()))
    if known.str.fullmatch(DATE).mean() >= MIN_NUMBERS:
        return dropped(N_("excluded: dates and times; convert what you need to numeric columns"))
    if distinct == 1 and not count:
        return dropped(N_("excluded: every row has the same value"))
    if distinct > min(MAX_WORDS, max(2, len(column) // 2)):
        return dropped(N_("excluded: {value} different words, probably names or free text"), str(distinct))
    words = column.mask(missing, "?")
    categories = words.nunique()
    did = (
        N_("two words, encoded as 0 and 1")
        if categories == 2
        else N_("{value} words, one-hot encoded: one column of 0 and 1 for each")
    )
    made = 1 if categories == 2 else categories
    return Column(name, "category", did, str(categories), count, made), words


def _number(name: str, numbers: Series, missing: int, wrong: int) -> tuple[Column, Series | None]:
    """Return what a column of numbers is; `wrong` of its cells are no numbers."""
    known = numbers.dropna()

    def told(kind: str, did: str, value: str = "") -> Column:
        return Column(name, kind, did, value, missing + wrong, int(kind == "number"))

    if known.nunique() < 2:
        return told("dropped", N_("excluded: every row has the same value")), None
    whole = len(known) == len(numbers) and bool((known % 1 == 0).all())
    counting = whole and bool((known.diff().dropna() == 1).all())
    if counting or (whole and known.is_unique and ROW_NUMBERS.fullmatch(name)):
        return told("dropped", N_("excluded: row numbers")), None
    if wrong:
        return told("number", N_("numeric; {value} cells that are not numbers count as missing"), str(wrong)), numbers
    if missing:
        return told("number", N_("numeric; missing values become the median of the training set")), numbers
    return told("number", N_("numeric, unchanged")), numbers


def _aside(name: str, told: bool, task: str, left_out: int) -> Column:
    """Return what to say of the target, and of a column that the visitor leaves out."""
    if not told:
        return Column(name, "dropped", N_("excluded: your choice"), "", 0, 0)
    did = {
        "binary": N_("the target: binary classification"), "classes": N_("the target: multi-class classification"),
        "numbers": N_("the target: regression"),
    }[task]  # fmt: skip
    if left_out:
        did = N_("the target; {value} rows without a target value are excluded")
    return Column(name, "target", did, str(left_out), left_out, 0)


def _encode(columns: Mapping[str, Series]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return all columns as numbers [rows, columns], and their names."""
    # Imported here: it takes a second, and the web process only ever wants facts.
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    if not columns:
        raise Refused(N_("The network needs at least one column besides the target."))
    table: Frame = pd.DataFrame({str(number): values for number, values in enumerate(columns.values())})
    words = [number for number in table if not pd.api.types.is_float_dtype(table[number])]
    two = {number for number in words if table[number].nunique() == 2}
    count = len(columns) + sum(int(table[number].nunique()) - 1 for number in set(words) - two)
    if count > MAX_COLUMNS:
        text = N_("After encoding, the table has {count} columns; the limit is {limit}. Exclude some columns.")
        raise Refused(text, count=f"{count:,}", limit=MAX_COLUMNS)

    def encoder(number: str) -> Any:
        if number not in words:
            return "passthrough"
        return OrdinalEncoder() if number in two else OneHotEncoder(sparse_output=False)

    transformer = ColumnTransformer([(number, encoder(number), [number]) for number in table], sparse_threshold=0)
    x = np.asarray(transformer.fit_transform(table), np.float64)
    names: list[str] = []
    for number, name in zip(table, columns, strict=True):
        if number not in words:
            names.append(name)
        else:
            categories = transformer.named_transformers_[number].categories_[0]
            names += [f"{name} = {category}" for category in categories[number in two :]]
    return x, tuple(names)


# -- the target


def _likely_target(table: Frame, delimiter: str, without: tuple[str, ...]) -> str:
    """Return the column that is called like a target, else the last that can be one."""
    offered = [str(name) for name in table.columns if name not in without]
    named = [name for name in offered if name.lower() in TARGETS]
    for name in [*named, *reversed(offered)]:
        if _kind(table[name], delimiter)[0].kind != "dropped":
            return name
    raise Refused(N_("No column of the file can be the target: each column is empty, constant, or free text."))


def _targets(column: Series, delimiter: str, task: str) -> tuple[np.ndarray, str, tuple[str, ...]]:
    """Return the targets, the task that is asked for or that they suggest, and the classes by name."""
    from sklearn.preprocessing import LabelEncoder

    numbers = _numbers(column, delimiter)
    values = column if numbers.isna().any() else numbers
    distinct = int(values.nunique())
    numeric = values is numbers
    if distinct < 2:
        raise Refused(N_("The target {name} has the same value in every row."), name=str(column.name))
    if not task:
        few = not numeric or (distinct <= MAX_WHOLE and bool((numbers % 1 == 0).all()))
        task = "binary" if distinct == 2 else "classes" if few else "numbers"
    if task == "numbers":
        if not numeric:
            raise Refused(N_("The target {name} has cells that are not numbers."), name=str(column.name))
        return numbers.to_numpy(), task, ()
    if task == "binary" and distinct != 2:
        raise Refused(
            N_("The target {name} has {count} different values, not two."), name=str(column.name), count=distinct
        )
    if distinct > MAX_CLASSES:
        raise Refused(
            N_("The target {name} has {count} different values; at most {limit} classes are possible."),
            name=str(column.name), count=f"{distinct:,}", limit=MAX_CLASSES,
        )  # fmt: skip
    encoder: Any = LabelEncoder()
    y = np.asarray(encoder.fit_transform(values), np.int64)
    classes = tuple(f"{value:.12g}" if numeric else str(value)[:60] for value in encoder.classes_)
    return y, "binary" if distinct == 2 else task, classes
