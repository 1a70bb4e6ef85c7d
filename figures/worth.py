"""How to judge a score: against a constant prediction, with its standard error, and on parts that lack a class."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from datasets import Dataset
from datasets.own import Own
from experiments.fit import History
from figures import theme
from figures.contract import Across, Plotly, Track
from figures.scene import Say, literal
from spec import N_

PARTS = {"training": N_("training set"), "validation": N_("validation set"), "test": N_("test set")}
LONGEST = 14  # characters of a class name beside a curve
MOST = 4  # names in a list

BY_BATCH = N_("The training loss is the mean over the batches of each epoch, with dropout, as in Keras.")
MEASURED = N_(
    "Losses and scores are measured on all rows at the end of each epoch, without dropout and penalties; Keras "
    "shows the training loss as a mean over the batches of the epoch, with both."
)


def classes(data: Dataset, say: Say) -> list[str]:
    """Return the names of the classes in the reader's language; those of an uploaded table are not translated."""
    plain = isinstance(data, Own)
    return [name if plain or name.isdigit() else say(name) for name in data.classes]


def columns(data: Dataset, say: Say) -> list[str]:
    """Return the names of the columns in the reader's language; those of an uploaded table are not translated."""
    return list(data.names) if isinstance(data, Own) else [say(name) for name in data.names]


def shortened(name: str) -> str:
    """Return a name, shortened for a picture."""
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


# -- figures


def decimals(value: float, digits: int = 3) -> str:
    """Return a score as text, with a typographic minus sign and without a negative zero; a dash for nan."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−") if np.isfinite(value) else "–"


def scored(history: History, score: float, row: int, part: int) -> str:
    """Return a score on part 0, 1 or 2 and, of an accuracy, its standard error: 0.956 ± 0.019.

    An accuracy of 0 or 1 has none: the formula would give 0, although the accuracy is not known exactly.
    """
    error = history.error(score, row, part)
    return f"{decimals(score)} ± {error:.3f}" if error > 0 else decimals(score)


def margin(history: History, score: float, row: int, part: int) -> float:
    """Return the standard error for the comparison of accuracies; nan for R².

    It is that of Agresti and Coull (1998), with two more correct and two more wrong rows: p = (k + 2) / (n + 4). The
    usual one is nearly the same, but 0 for an accuracy of 1, so that every difference from it would seem significant.
    """
    if math.isnan(history.error(score, row, part)) or history.counts is None:
        return math.nan
    n = int(history.counts[row, part].sum())
    p = (n * score + 2) / (n + 4)
    return math.sqrt(p * (1 - p) / (n + 4))


def pair(history: History, first: float, second: float, row: int, part: int) -> str:
    """Return two scores of a network on a part and, for accuracies, the larger standard error: 0.956, 0.947 ± 0.020."""
    error = np.nanmax([history.error(first, row, part), history.error(second, row, part), 0.0])
    return f"{decimals(first)}, {decimals(second)}" + (f" ± {error:.3f}" if error > 0 else "")


def measure(data: Dataset, say: Say) -> str:
    """Return the name of this data set's score."""
    return "R²" if data.task == "numbers" else say(N_("accuracy"))


# -- the constant prediction


class Guess(NamedTuple):
    """A constant prediction, and its lowest and highest score among some networks on one part.

    It is the class called `name` or, without a name, described in words.
    """

    name: str
    other: str
    low: float
    high: float

    def score(self, digits: int = 2) -> str:
        """The score; its lowest and highest value if the networks learn from different rows."""
        return " … ".join(dict.fromkeys(decimals(end, digits) for end in (self.low, self.high)))

    def label(self, say: Say) -> str:
        """The label of its line."""
        return say(N_("always {guess}: {score}")).format(guess=self.brief, score=self.score())

    @property
    def brief(self) -> str:
        """The constant prediction, for a picture."""
        return f"“{shortened(self.name)}”" if self.name else self.other

    @property
    def written(self) -> str:
        """The constant prediction, for a sentence in Markdown."""
        return f"“{literal(self.name)}”" if self.name else self.other


def guess(history: History, data: Dataset, part: int, say: Say, rows: slice = slice(None)) -> Guess | None:
    """Return the most frequent class of the training set (for regression, the mean) as a prediction for a part.

    The part is 0, 1 or 2. None before the first epoch, if the part is empty, and if R² is undefined.
    """
    if history.baseline is None or history.counts is None:
        return None
    scores = history.baseline[rows, part]
    if not np.isfinite(scores).any():
        return None
    low, high = float(np.nanmin(scores)), float(np.nanmax(scores))
    if data.task == "numbers":
        return Guess("", say(N_("the mean")), low, high)
    commonest = np.unique(history.counts[rows, 0].argmax(axis=1))  # label noise may change which class it is
    name = classes(data, say)[int(commonest[0])] if len(commonest) == 1 else ""
    return Guess(name, say(N_("the most frequent class")), low, high)


def constant(guess: Guess, n: int, say: Say, across: Across | None = None) -> list[Track]:
    """Return the tracks of a constant prediction over n epochs: thin, dashed, grey; two if its scores differ."""
    ends = [guess.high] if "…" not in guess.score() else [guess.low, guess.high]
    place = across or Across()
    return [
        {"y": np.full(n, end), "color": "@quiet", "dash": [3, 4], "width": 1.3, "title": guess.label(say), **place}
        for end in ends
    ]


def label(guess: Guess, bounds: Sequence[float], say: Say, off: int = 4) -> Plotly:
    """Return the label of the line of a constant prediction, inside the picture, where it hides no curve's name.

    It is below the line, unless the axis ends there, and so many pixels left of the right end, because long names of
    curves may extend into the picture.
    """
    low, high = bounds
    below = guess.low - low > 0.15 * (high - low)
    return {
        "xref": "paper", "x": 1, "xanchor": "right", "xshift": -off, "y": guess.low if below else guess.high,
        "yanchor": "top" if below else "bottom", "showarrow": False, "text": escape(guess.label(say), quote=False),
        "font": {"size": theme.TYPE - 1, "color": "@quiet"},
    }  # fmt: skip


def unbeaten(
    history: History, rows: Mapping[str, slice], data: Dataset, say: Say, part: int | None = None
) -> list[str]:
    """Return the sentence that names the networks whose score never exceeds that of a constant prediction.

    `rows` are the rows of the history by name; for several seeds the median counts. The part is the validation set or,
    if there is none, the training set.
    """
    if part is None:
        part = 1 if np.isfinite(history.val_score).any() else 0
    scores = history.val_score if part else history.train_score
    found: dict[str, Guess] = {}
    for name, own in rows.items():
        told = guess(history, data, part, say, own)
        trained = np.median(scores[own], axis=0)[1:]
        if told is not None and np.isfinite(trained).any() and np.nanmax(trained) <= told.low + 1e-9:
            found[name] = told
    if not found:
        return []
    told = guess(history, data, part, say)
    assert told is not None
    text = N_("**{names}** does no better than always predicting {guess}: {measure} {score}.")
    if len(found) > 1:
        text = N_("No better than always predicting {guess} ({measure} {score}): {names}.")
    return [say(text).format(
        names=", ".join(found), guess=told.written, measure=measure(data, say), score=told.score())]  # fmt: skip


# -- parts without rows of some class


def listed(names: Iterable[str], say: Say) -> str:
    """Return names with commas between them; if there are many, only the first few."""
    names = list(names)
    rest = say(N_("{count} more")).format(count=len(names) - MOST)
    return ", ".join(names[:MOST] + ([rest] if len(names) > MOST else []))


def lacking(history: History, data: Dataset, names: Sequence[str], say: Say) -> list[str]:
    """Return sentences on parts that have no row of some class, and on parts for which R² is undefined.

    `names` are those of the networks; the sentences contain them if not all networks have the same parts.
    """
    if history.counts is None or history.baseline is None:
        return []
    told = []
    for i, part in enumerate(PARTS.values()):
        rows = history.counts[:, i].sum(axis=1)
        if data.task == "numbers":
            told += pointless(history, data, i, say, names)
            continue
        missing = (history.counts[:, i] == 0) & (rows > 0)[:, None]
        for networks in np.unique(missing[missing.any(axis=1)], axis=0):
            those = (missing == networks).all(axis=1)
            lacked = [f"“{literal(name)}”" for name, lost in zip(classes(data, say), networks, strict=False) if lost]
            text = N_("The {part} has no row of class {classes}.")
            sentence = say(text).format(part=say(part), classes=listed(lacked, say))
            told.append(_of(those, names, sentence, say))
    return told


def pointless(history: History, data: Dataset, part: int, say: Say, names: Sequence[str] = ()) -> list[str]:
    """Return why R² of part 0, 1 or 2 is undefined, with the networks' `names` if it is only so for some of them."""
    if data.task != "numbers" or history.counts is None or history.baseline is None:
        return []
    rows = history.counts[:, part].sum(axis=1)
    which = (rows > 0) & np.isnan(history.baseline[:, part])
    if not which.any():
        return []
    reason = N_("R² of the {part} is undefined (–): the part has only one row.")
    if (rows[which] > 1).any():
        reason = N_("R² of the {part} is undefined (–): all its actual values are equal.")
    return [_of(which, names, say(reason).format(part=say([*PARTS.values()][part])), say)]


def _of(which: np.ndarray, names: Sequence[str], sentence: str, say: Say) -> str:
    """Return a sentence after the names of the networks that it is about, unless it is about all of them."""
    if which.all():
        return sentence
    those = listed((literal(name) for name, one in zip(names, which, strict=False) if one), say)
    return say(N_("{names}: {sentence}")).format(names=those, sentence=sentence)
