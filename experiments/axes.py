"""An axis is one field of a `Fit` that varies while the others stay fixed: what Compare and Tune vary.

Axis values are passed around as text, as in a link: "none", "0.1", "32_16", "step_every_20".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from datasets import SCALERS, find
from experiments.fit import Fit
from networks import ACTIVATIONS, INITS
from optimizers import RULES, SCHEDULES, Optimizer, Schedule
from spec import N_, N_n, Refused, listed
from spec.text import INNER, read_value, write_value

__all__ = ["AXES", "LECTURE", "Axis", "learnt", "placed", "suggested"]

Say = Callable[[str], str]

LECTURE = ("sgd", "momentum", "adagrad", "rmsprop", "adam")

# Learning rates at which each family of optimizers trains these small, standardized problems well.
RATES = {"gradient": 0.05, "velocity": 0.02, "accumulating": 0.02, "normalised": 0.003, "searching": 0.005}

MOST_COLUMNS = 1000  # of a table
NONE = ("none", "all", "full")  # texts for None and for an empty list of columns or layers; we write the first


def suggested(rule: type[Optimizer]) -> Optimizer:
    """Return an optimizer with a learning rate that works well for small networks."""
    return rule(lr=float(f"{rule.lr_factor * RATES[rule.family]:.3g}"))


def learnt(fit: Fit) -> int:
    """Return the number of training rows of a network, rounded as in scikit-learn's `train_test_split`.

    The sizes of folds are those of `KFold`; with `StratifiedKFold` a fold may have one row more or less.
    """
    entry = find(fit.dataset)
    rest = entry.rows - (entry.held or math.ceil(fit.test_size * entry.rows))
    if fit.folds is None:
        train = rest - math.ceil(fit.val_size * rest)
    else:
        train = rest - rest // fit.folds - (fit.fold < rest % fit.folds)
    return min(train, fit.rows or train)


@dataclass(frozen=True)
class Axis:
    """One entry of `AXES`.

    `usual(fit)` returns the default values for a network such as `fit`, as text; `parse(text)` returns the value that a
    text stands for, and raises `ValueError` or `Refused` if the text is not valid; `words(value, say)` is the name of a
    variant with this value. If the values have an order, `rank(value)` is a number that increases in that order.
    `place(fit, value)` returns the `Fit` with that value; by default the value goes into the field named `key`.
    """

    key: str
    title: str
    usual: Callable[[Fit], tuple[str, ...]]
    parse: Callable[[str], Any]
    words: Callable[[Any, Say], str]
    rank: Callable[[Any], float] | None = None
    place: Callable[[Fit, Any], Fit] | None = None

    def read(self, text: str) -> Any:
        """Return the value that a text stands for; raise `Refused`, with examples, if the text is not valid."""
        try:
            return self.parse(text.strip())
        except (ValueError, Refused):
            raise Refused(
                N_("{label} cannot be “{value}”; it takes values such as {examples}."),
                label=self.title, value=text[:40], examples=listed(self.usual(Fit())),
            ) from None  # fmt: skip

    def write(self, value: Any) -> str:
        """Return a value as text that `read` can parse."""
        if isinstance(value, Optimizer):
            return value.key
        return write_value(value, INNER) if value != () else NONE[0]

    def put(self, fit: Fit, value: Any) -> Fit:
        """Return `fit` with this value in place of its own; raise `Refused` if the result is not a valid network."""
        return self.place(fit, value) if self.place else replace(fit, **{self.key: value})

    def label(self, value: Any, say: Say) -> str:
        """Return the name of a variant with this value: "batch 32", "all rows", "lr 0.01"."""
        return self.words(value, say)


def placed(fit: Fit, texts: Mapping[str, str]) -> Fit:
    """Return `fit` with a value, given as text, on each of these axes.

    The optimizer is always set first, because the learning rate and the schedule are fields of the optimizer.
    """
    for key in sorted(texts, key=list(AXES).index):
        fit = AXES[key].put(fit, AXES[key].read(texts[key]))
    return fit


# -- reading


def _number(kind: type) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        if INNER in text:  # Python reads 1_000 as a number
            raise ValueError(text)
        return kind(text)

    return parse


def _or_none(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: None if text in NONE else parse(text)


def _one_of(words: Mapping[str, Any]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return parse


def _switch(text: str) -> bool:
    return {"yes": True, "no": False}[_one_of({"yes": 0, "no": 0})(text)]


def _units(text: str) -> tuple[int, ...]:
    """Read "64_32", or "64, 32" as people type it."""
    return () if text in NONE else tuple(int(part) for part in re.split(r"[,\s]+|_", text))


def _columns(text: str) -> tuple[int, ...]:
    """Read "0-4_7": columns and ranges of columns, in the given order."""
    if text in NONE:
        return ()
    columns: list[int] = []
    for part in re.split(r"[,\s]+|_", text):
        first, dash, last = part.partition("-")
        begin, end = int(first), int(last if dash else first)
        if not begin <= end < MOST_COLUMNS:
            raise ValueError(text)
        columns += range(begin, end + 1)
    return tuple(columns)


def _rule(text: str) -> Optimizer:
    return suggested(RULES[_one_of(RULES)(text)])


def _schedule(text: str) -> Schedule:
    return read_value(Schedule, text, "schedule", INNER)


# -- writing, for display


def _brief(value: float) -> str:
    """Return a number as one would type it: whole numbers with all digits, others as 0.01, 1e5, 1e-10."""
    if isinstance(value, int):
        return str(value)
    text = f"{value:.6g}" if abs(value) < 1e5 else re.sub(r"\.?0*e", "e", f"{value:.5e}")
    return re.sub(r"e([+-])0*", lambda power: "e" + power[1].strip("+"), text)


def _said(text: str, none: str = "") -> Callable[[Any, Say], str]:
    """Return a function that formats a number: `text` with the number as {value}, or `none` if there is no number."""
    return lambda value, say: say(none) if value in (None, ()) else say(text).format(value=_brief(value))


def _titled(entries: Mapping[str, Any]) -> Callable[[str, Say], str]:
    return lambda value, say: say(entries[value].title)


def _runs(columns: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return the first and the last column of every range of adjacent columns."""
    runs: list[tuple[int, int]] = []
    for column in columns:
        if runs and runs[-1][1] + 1 == column:
            runs[-1] = (runs[-1][0], column)
        else:
            runs.append((column, column))
    return runs


def _said_columns(columns: tuple[int, ...], say: Say) -> str:
    runs = _runs(columns)
    if not runs:
        return say(N_("all columns"))
    if len(runs) == 1 and runs[0][0] == 0 < runs[0][1]:
        count = runs[0][1] + 1
        return say(N_n("the first {count} column", "the first {count} columns", count)).format(count=count)
    return say(N_("columns {numbers}")).format(numbers=listed(f"{a}–{b}" if b > a else str(a) for a, b in runs))


def _said_rows(rows: int | None, say: Say) -> str:
    return say(N_("all rows")) if rows is None else say(N_n("{count} row", "{count} rows", rows)).format(count=rows)


def _said_scaling(key: str, say: Say) -> str:
    short = {
        "none": N_("unscaled"), "standard": N_("standardized"), "sample": N_("standardized, n − 1"),
        "minmax": N_("min-max"),
    }  # fmt: skip
    return say(short.get(key, SCALERS[key].title))


def _said_schedule(schedule: Schedule, say: Say) -> str:
    settings = write_value(schedule, INNER).split(INNER)[1:]
    return " ".join([say(schedule.title), *settings])


# -- default values


def _always(*texts: str) -> Callable[[Fit], tuple[str, ...]]:
    return lambda fit: texts


def _rates(fit: Fit) -> tuple[str, ...]:
    """Powers of ten around the optimizer's learning rate."""
    return tuple(write_value(float(f"{fit.optimizer.lr * times:.3g}")) for times in (0.01, 0.1, 1, 10))


def _batches(fit: Fit) -> tuple[str, ...]:
    """All rows and a few batch sizes, without those that would need very many steps."""
    rows = learnt(fit)
    sizes = [size for size in (128, 32, 5, 1) if size < rows and fit.epochs * rows / size <= 50_000]
    return (NONE[0], *map(str, sizes))


def _rows(fit: Fit) -> tuple[str, ...]:
    most = learnt(replace(fit, rows=None))
    sizes = [size for size in (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if size < most]
    return (*map(str, sizes[-4:]), NONE[0])


def _features(fit: Fit) -> tuple[str, ...]:
    columns = find(fit.dataset).columns
    counts = sorted({columns // 2, columns // 4, 2, 1} - {0, columns}, reverse=True)
    return (NONE[0], *(f"0-{count - 1}" if count > 1 else "0" for count in counts if count < columns))


def _seeds(fit: Fit) -> tuple[str, ...]:
    return tuple(str(fit.seed + again) for again in range(5))


# -- values that do not go into a plain field


def _place_rule(fit: Fit, rule: Optimizer) -> Fit:
    return replace(fit, optimizer=replace(rule, schedule=fit.optimizer.schedule))


def _in_rule(name: str) -> Callable[[Fit, Any], Fit]:
    return lambda fit, value: replace(fit, optimizer=replace(fit.optimizer, **{name: value}))


def _place_dropout(fit: Fit, rate: float) -> Fit:
    return replace(fit, dropout=rate, dropout_by_layer=())


class _Columns(Axis):
    """The columns used: ranges of adjacent columns are written as "0-4"."""

    def write(self, value: tuple[int, ...]) -> str:
        return INNER.join(f"{a}-{b}" if b > a else str(a) for a, b in _runs(value)) or NONE[0]


def _or_most(value: float | None) -> float:
    return math.inf if value is None else value


_FLOAT, _WHOLE = _number(float), _number(int)

AXES: dict[str, Axis] = {
    axis.key: axis
    for axis in (
        Axis("optimizer", N_("Optimizer"), _always(*LECTURE), _rule, lambda rule, say: say(rule.title),
             place=_place_rule),
        Axis("lr", N_("Learning rate"), _rates, _FLOAT, _said(N_("lr {value}")), rank=float, place=_in_rule("lr")),
        Axis("schedule", N_("Schedule"), _always(*SCHEDULES), _schedule, _said_schedule, place=_in_rule("schedule")),
        Axis("batch_size", N_("Batch size"), _batches, _or_none(_WHOLE),
             _said(N_("batch {value}"), N_("full batch")), rank=_or_most),
        Axis("init", N_("Initial weights"), _always(*INITS), _one_of(INITS), _titled(INITS)),
        Axis("init_scale", N_("Scale of the initial weights"), _always("0.01", "0.1", "1", "10"), _FLOAT,
             _said(N_("scale {value}")), rank=float),
        Axis("scaling", N_("Scaling"), _always("none", "standard", "minmax"), _one_of(SCALERS),
             _said_scaling),
        Axis("activation", N_("Activation function"), _always(*ACTIVATIONS), _one_of(ACTIVATIONS),
             _titled(ACTIVATIONS)),
        Axis("hidden", N_("Network size"), _always("none", "4", "16", "16_16", "64_64"), _units,
             lambda units, say: "-".join(map(str, units)) or say(N_("no hidden layer")), rank=sum),
        Axis("rows", N_("Training rows"), _rows, _or_none(_WHOLE), _said_rows,
             rank=_or_most),
        _Columns("features", N_("Columns used"), _features, _columns, _said_columns,
                 rank=lambda columns: len(columns) or math.inf),
        Axis("label_noise", N_("Label noise"), _always("0", "0.1", "0.2", "0.4"), _FLOAT,
             lambda share, say: say(N_("label noise {share}")).format(share=f"{100 * share:g}%"), rank=float),
        Axis("batch_norm", N_("Batch normalization"), _always("no", "yes"), _switch,
             lambda on, say: say(N_("with batch normalization")) if on else say(N_("without batch normalization"))),
        Axis("dropout", N_("Dropout"), _always("0", "0.2", "0.5", "0.8"), _FLOAT, _said(N_("dropout {value}")),
             rank=float, place=_place_dropout),
        Axis("l1", N_("L1 penalty"), _always("0", "0.001", "0.01", "0.1"), _FLOAT, _said(N_("L1 {value}")), rank=float),
        Axis("linf", N_("L∞ penalty"), _always("0", "0.001", "0.01", "0.1"), _FLOAT, _said(N_("L∞ {value}")),
             rank=float),
        Axis("output_dropout", N_("Dropout on the output"), _always("0", "0.2", "0.5"), _FLOAT,
             _said(N_("output dropout {value}")), rank=float),
        Axis("shuffle", N_("Shuffle the rows every epoch"), _always("yes", "no"), _switch,
             lambda on, say: say(N_("shuffled")) if on else say(N_("not shuffled"))),
        Axis("l2", N_("L2 penalty"), _always("0", "0.001", "0.01", "0.1"), _FLOAT, _said(N_("L2 {value}")), rank=float),
        Axis("seed", N_("Seed"), _seeds, _WHOLE, _said(N_("seed {value}"))),
    )
}  # fmt: skip
"""All axes by key; the optimizer comes before its own fields."""


AND = "+"  # between the changes of one value: "l1_0.01+l2_0.01"


def _changes(text: str) -> tuple[tuple[Axis, Any], ...]:
    """Read "l2_0.01", or "l1_0.01+l2_0.01": the keys of axes, and a value on each."""
    if text in NONE:
        return ()
    return tuple(_change(part) for part in re.split(r"\s*\+\s*(?=[a-z])|\s+", text))


def _change(text: str) -> tuple[Axis, Any]:
    key = max((key for key in AXES if text.startswith(key + INNER)), key=len, default=text)
    if key not in AXES or key == "change":
        raise ValueError(text)
    return AXES[key], AXES[key].read(text.removeprefix(key + INNER))


def _usual_changes(fit: Fit) -> tuple[str, ...]:
    return ("none", f"lr_{_rates(fit)[1]}", "l2_0.01", "dropout_0.2", "batch_norm_yes", "scaling_none")


def _said_changes(changes: tuple[tuple[Axis, Any], ...], say: Say) -> str:
    return " + ".join(axis.label(value, say) for axis, value in changes) or say(N_("no change"))


def _place_changes(fit: Fit, changes: tuple[tuple[Axis, Any], ...]) -> Fit:
    for axis, value in sorted(changes, key=lambda change: list(AXES).index(change[0].key)):
        fit = axis.put(fit, value)
    return fit


class _Change(Axis):
    """Changes along one axis, several axes, or none: each variant differs from a baseline in something else."""

    def write(self, value: tuple[tuple[Axis, Any], ...]) -> str:
        return AND.join(axis.key + INNER + axis.write(at) for axis, at in value) or NONE[0]


AXES["change"] = _Change(
    "change", N_("Any settings"), _usual_changes, _changes, _said_changes, place=_place_changes,
)  # fmt: skip
