"""The columns of a visitor's own table: each is a number, a category, or dropped with a reason, and becomes numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from datasets import numerals
from datasets.numerals import Cells, Convention, Note
from spec import N_, Refused

MAX_COLUMNS = 1000  # of numbers, once words are encoded; pictures of 28 x 28 pixels are 784
MAX_WORDS = 50  # different words in a column that is a category
LONGEST_WORD = 60  # characters of a category that its column's name shows
MIN_NUMBERS = 0.9  # share of a column's cells that must be numbers, for the others to count as missing
KINDS = ("number", "category", "dropped")  # what a reader can make of a column
NOTHING = "?"  # the category of cells that stand for nothing

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


class Found(NamedTuple):
    """What became of a column, and its values [rows]: floats of a number, words of a category, None if it is dropped.

    `counts` says that it looks as if it only numbered the rows.
    """

    column: Column
    values: np.ndarray | None = None
    counts: bool = False


def found(name: str, cells: Cells, convention: Convention, asked: str) -> Found:
    """Return what a column is, or what it is `asked` to be (one of `KINDS`, "": nothing), and its values."""
    missing = cells.missing()
    count = int(missing.sum())

    def dropped(did: str, value: str = "") -> Found:
        return Found(Column(name, "dropped", did, value, count, 0))

    known = len(missing) - count
    if asked == "dropped":
        return dropped(N_("excluded: your choice"))
    if not known:
        return dropped(N_("excluded: empty"))
    if asked == "category":
        return _category(name, cells, missing)
    read = numerals.numbers(cells, convention)
    numeric = read.found >= MIN_NUMBERS * known
    dates = not numeric and are_dates(cells)
    if asked == "number":
        return _forced(name, cells, read, dates, count)
    if numeric and read.unsure:
        return dropped(*read.unsure)
    if numeric:
        if len(np.unique(read.values[~np.isnan(read.values)])) < 2:
            return dropped(N_("excluded: every row has the same value"))
        return _number(name, read.values, count, known - read.found, read.notes)
    if dates:
        return dropped(N_("excluded: dates and times; used as numbers they become days"))
    distinct = len(cells.known)
    if distinct == 1 and not count:
        return dropped(N_("excluded: every row has the same value"))
    if distinct > min(MAX_WORDS, max(2, len(missing) // 2)):
        return dropped(N_("excluded: too many different words ({value}), probably names or free text"), str(distinct))
    return _category(name, cells, missing)


def are_dates(cells: Cells) -> bool:
    """Return whether nearly all known cells are dates or times of day."""
    dates = cells.number_of(filter(numerals.is_date, cells.known))
    return dates > 0 and dates >= MIN_NUMBERS * cells.number_of(cells.known)


def _forced(name: str, cells: Cells, read: numerals.Numbers, dates: bool, missing: int) -> Found:
    """Return a column that the reader wants as a number; dates become days."""
    numbers, notes = read.values, read.notes
    if dates:
        numbers, notes = numerals.days(cells.texts.tolist()), ((N_("dates, as days since 1970-01-01"), ""),)
    if np.isnan(numbers).all():
        did = (
            N_("excluded: the dates do not show whether the day or the month comes first")
            if dates
            else read.unsure or N_("excluded: no cell is a number")
        )
        text, value = did if isinstance(did, tuple) else (did, "")
        return Found(Column(name, "dropped", text, value, missing, 0))
    return _number(name, numbers, missing, int(np.isnan(numbers).sum()) - missing, notes)


def _category(name: str, cells: Cells, missing: np.ndarray) -> Found:
    """Return a column of words, missing ones a word of their own."""
    words = np.where(missing, NOTHING, cells.texts)
    categories = len(cells.known) + bool(missing.any())
    if categories == 1:
        did = N_("one word, encoded as 0")
    elif categories == 2:
        did = N_("two words, encoded as 0 and 1")
    else:
        did = N_("one-hot encoded: one column of 0 and 1 for each word ({value})")
    made = 1 if categories <= 2 else categories
    return Found(Column(name, "category", did, str(categories), int(missing.sum()), made), words)


def _number(name: str, numbers: np.ndarray, missing: int, wrong: int, notes: tuple[Note, ...]) -> Found:
    """Return a column of numbers; `wrong` of its cells are no numbers."""
    value = ""
    if wrong:
        did, value = N_("numeric; cells that are not numbers count as missing: {value}"), str(wrong)
    elif missing:
        did = N_("numeric; missing values become the median of the training set")
    else:
        did = N_("numeric") if notes else N_("numeric, unchanged")
    counts = _counts(name, numbers)
    if counts:
        notes = (*notes, (N_("may only number the rows; exclude it if so"), ""))
    return Found(Column(name, "number", did, value, missing + wrong, 1, notes), numbers, counts)


def _counts(name: str, numbers: np.ndarray) -> bool:
    """Return whether a column looks as if it only numbered the rows."""
    if np.isnan(numbers).any() or (numbers % 1).any():
        return False
    named = ROW_NUMBERS.fullmatch(name) is not None
    return bool((np.diff(numbers) == 1).all()) or (named and len(np.unique(numbers)) == len(numbers))


def encoded(columns: Mapping[str, Found]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return all columns that are used as numbers [rows, columns], and their names.

    Categories are encoded by scikit-learn's `OrdinalEncoder` where there are two, else by its `OneHotEncoder`. Raises
    `Refused` where nothing is left, or more than `MAX_COLUMNS`.
    """
    # Imported here: it takes a second, and the web process only ever wants facts.
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    used = {name: one for name, one in columns.items() if one.values is not None}
    if not used:
        raise Refused(N_("The network needs at least one column besides the target."))
    count = sum(one.column.made for one in used.values())
    if count > MAX_COLUMNS:
        text = N_("After encoding, the table has {count} columns; the limit is {limit}. Exclude some columns.")
        raise Refused(text, count=f"{count:,}", limit=f"{MAX_COLUMNS:,}")

    made: list[np.ndarray] = []
    names: list[str] = []
    for name, (column, values, _counts) in used.items():
        assert values is not None
        if column.kind == "number":
            made.append(values[:, None])
            names.append(name)
            continue
        encoder: Any = OrdinalEncoder() if column.made == 1 else OneHotEncoder(sparse_output=False)
        made.append(encoder.fit_transform(values[:, None]))
        categories = encoder.categories_[0][-column.made :]
        names += [f"{name} = {word}" for word in _shortened(categories.tolist())]
    return np.hstack(made).astype(np.float64), tuple(names)


def _shortened(words: list[str]) -> list[str]:
    """Return words that are not too long for a name; those that would be alike get a number."""
    short = [word if len(word) <= LONGEST_WORD else word[: LONGEST_WORD - 1] + "…" for word in words]
    return [f"{word} ({number})" if short.count(word) > 1 else word for number, word in enumerate(short, start=1)]
