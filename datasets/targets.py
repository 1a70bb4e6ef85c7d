"""The target of a visitor's own table: which column it is, in which rows it is known, and what task follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from datasets import columns, numerals
from datasets.columns import Column, Found
from datasets.numerals import Cells, Convention, Note
from spec import N_, Refused

MAX_CLASSES = 100
MAX_WHOLE = 10  # different whole numbers in a target that is a class
TASKS = ("binary", "classes", "numbers")
NAMES = ("target", "label", "class", "y", "survived", "outcome", "정답", "타깃", "목표", "라벨")


class Target(NamedTuple):
    """Targets [rows] for a task; `classes` are the names of the classes, `notes` say what is to be known of it all."""

    y: np.ndarray
    task: str
    classes: tuple[str, ...]
    notes: tuple[Note, ...]


def likely(found: Mapping[str, Found]) -> str:
    """Return the column that is called like a target, else the last that can be one and does not number the rows."""
    offered = [name for name, one in found.items() if one.values is not None]
    named = [name for name in offered if name.lower() in NAMES]
    others = [name for name in offered if not found[name].counts]
    for name in [*named, *reversed(others), *reversed(offered)]:
        return name
    raise Refused(N_("No column of the file can be the target: each column is empty, constant, or free text."))


def passed_over(found: Mapping[str, Found], chosen: str) -> tuple[Note, ...]:
    """Return a note on a column that is called like a target and cannot be one, where another one took its place."""
    if chosen.lower() in NAMES:
        return ()
    named = [name for name, one in found.items() if one.values is None and name.lower() in NAMES]
    return ((N_("the column {value} has the name of a target, but it is excluded"), named[0]),) if named else ()


def known(cells: Cells, convention: Convention, task: str) -> np.ndarray:
    """Return in which rows [rows] the target is known: where it is nearly always a number, that is where it is one.

    Among words, "NA" or "None" may be the name of a class, unless two classes are wanted and there are two without it.
    """
    there = ~cells.missing()
    if _dates(cells, task):
        return there
    read = numerals.numbers(cells, convention)
    if read.found >= max(1, columns.MIN_NUMBERS * there.sum()):
        return ~np.isnan(read.values) if not read.unsure else there
    if task == "binary" and len(cells.known) == 2:
        return there
    return ~cells.missing(numerals.NOTHING)


def _dates(cells: Cells, task: str) -> bool:
    """Return whether a target is a date that is to be predicted as a number of days."""
    return task in ("", "numbers") and columns.are_dates(cells)


def read(name: str, cells: Cells, convention: Convention, task: str) -> Target:
    """Return the targets, for the task that is asked for or ("") the one that they suggest.

    Classes are encoded by scikit-learn's `LabelEncoder`. Raises `Refused` where cells do not fit the task.
    """
    if _dates(cells, task):
        return _days(name, cells)
    found = numerals.numbers(cells, convention)
    rows = len(cells.codes)
    if found.unsure and found.found == rows and task in ("", "numbers"):
        text = N_("The numbers of the target {name}, such as {value}, can be read in two ways or have different units. "
                  "Choose the decimal mark, or correct the file.")  # fmt: skip
        raise Refused(text, name=name, value=found.unsure[1])
    numeric = found.found == rows and not found.unsure
    values = found.values if numeric else cells.texts
    distinct = len(np.unique(found.values)) if numeric else len(cells.words)
    if distinct < 2:
        raise Refused(N_("The target {name} has the same value in every row."), name=name)
    if not task:
        few = not numeric or (distinct <= MAX_WHOLE and not (found.values % 1).any())
        task = "binary" if distinct == 2 else "classes" if few else "numbers"
    if task == "numbers":
        if not numeric:
            raise Refused(N_("The target {name} has cells that are not numbers."), name=name)
        return Target(found.values, task, (), found.notes)
    if task == "binary" and distinct != 2:
        raise Refused(N_("The target {name} must have two different values, not {count}."), name=name, count=distinct)
    if distinct > MAX_CLASSES:
        raise Refused(
            N_("The target {name} can have at most {limit} classes, not {count}."),
            name=name, count=f"{distinct:,}", limit=MAX_CLASSES,
        )  # fmt: skip
    return _labelled(values, "binary" if distinct == 2 else task, numeric, found.notes)


def _days(name: str, cells: Cells) -> Target:
    """Return dates as days, to be predicted as numbers."""
    days = numerals.days(cells.texts.tolist())
    if np.isnan(days).all():
        text = N_("The dates of the target {name} do not show whether the day or the month comes first, or have no "
                  "day. Write them like 2024-01-31, or choose another target.")  # fmt: skip
        raise Refused(text, name=name)
    if np.isnan(days).any():
        wrong = str(cells.texts[np.isnan(days)][0])[:60]
        raise Refused(N_("The target {name} holds dates, but {value} is not a date."), name=name, value=wrong)
    if len(np.unique(days)) < 2:
        raise Refused(N_("The target {name} has the same value in every row."), name=name)
    return Target(days, "numbers", (), ((N_("dates, as days since 1970-01-01"), ""),))


def _labelled(values: np.ndarray, task: str, numeric: bool, notes: tuple[Note, ...]) -> Target:
    """Return classes, numbered in their order."""
    from sklearn.preprocessing import LabelEncoder

    encoder: Any = LabelEncoder()
    y = np.asarray(encoder.fit_transform(values), np.int64)
    if numeric:
        return Target(y, task, tuple(f"{value:.12g}" for value in encoder.classes_), notes)
    classes = tuple(str(value)[:60] for value in encoder.classes_)
    told = [name for name in classes if name.lower() in numerals.NAMELIKE]
    said = ((N_("{value} counts as a class, not as a missing value"), ", ".join(told)),) if told else ()
    return Target(y, task, classes, said)


def told(name: str, target: Target, left_out: int, notes: tuple[Note, ...]) -> Column:
    """Return what to say of the target, from which `left_out` rows are missing."""
    did = {
        "binary": N_("the target: binary classification"), "classes": N_("the target: multi-class classification"),
        "numbers": N_("the target: regression"),
    }[target.task]  # fmt: skip
    if left_out:
        did = N_("the target; rows without a target value are excluded: {value}")
    return Column(name, "target", did, str(left_out), left_out, 0, (*target.notes, *notes))
