"""The two small tables that the lecture types in by hand."""

from __future__ import annotations

import numpy as np

from datasets.dataset import Dataset, Table
from spec import N_


def scores() -> Table:
    """Return five students' scores [5, 3] and the score of their final exam [5]."""
    x = [(73, 80, 75), (93, 88, 93), (89, 91, 90), (96, 98, 100), (73, 66, 70)]
    return np.array(x, np.float64), np.array([152, 185, 180, 196, 142], np.float64)


def softmax() -> Table:
    """Return eight training rows followed by three test rows [11, 3], and their classes [11]."""
    train = [(1, 2, 1), (1, 3, 2), (1, 3, 4), (1, 5, 5), (1, 7, 5), (1, 2, 5), (1, 6, 6), (1, 7, 7)]
    test = [(2, 1, 1), (3, 1, 2), (3, 3, 4)]
    return np.array(train + test, np.float64), np.array([2, 2, 2, 1, 1, 1, 0, 0, 2, 2, 2], np.int64)


_SOURCE = N_("Typed in by hand, as in the lecture.")
_TERMS = N_("Made up: free to use.")

TYPED = (
    Dataset(
        key="scores",
        title=N_("Exam scores"),
        sentence=N_(
            "Each row is a student, described by the scores of three exams. Predict the score of the final exam."
        ),
        task="numbers",
        rows=5,
        columns=3,
        classes=(),
        source=_SOURCE,
        terms=_TERMS,
        read=scores,
        names=(N_("exam 1"), N_("exam 2"), N_("exam 3")),
        units=N_("Points: up to 100 in an exam, up to 200 in the final."),
    ),
    Dataset(
        key="softmax",
        title=N_("Toy data, three classes"),
        sentence=N_("Each row is three small numbers. Predict which of three classes it belongs to."),
        task="classes",
        rows=11,
        columns=3,
        classes=(N_("class 0"), N_("class 1"), N_("class 2")),
        source=_SOURCE,
        terms=_TERMS,
        read=softmax,
        names=("x1", "x2", "x3"),
        held=3,
    ),
)
