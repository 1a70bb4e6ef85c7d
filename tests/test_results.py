"""Predictions of networks: they agree with the scores, with scikit-learn, and with their pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from streamlit.testing.v1 import AppTest

from datasets import Dataset, find, prepare
from experiments import results
from experiments.fit import Fit, History, fit
from experiments.results import MOST, Question, look
from figures import results as figures
from figures import theme
from figures.scene import spoken
from figures.worth import MEASURED
from optimizers import SGD, Adam
from runs import Chain
from spec import digest

TASKS = {
    "binary": Fit("titanic", (8,), optimizer=Adam(lr=0.01), epochs=8),
    "classes": Fit("iris", (8,), optimizer=Adam(lr=0.01), epochs=8),
    "pictures": Fit("digits", (8,), optimizer=Adam(lr=0.01), epochs=3),
    "numbers": Fit("diabetes", (8,), optimizer=Adam(lr=0.01), epochs=8),
    "typed": Fit("softmax", (4,), optimizer=Adam(lr=0.1), epochs=3, val_size=0.25),
}
every_task = pytest.mark.parametrize("one", TASKS.values(), ids=TASKS)


def say(text: str) -> str:
    return text


def told(history: History, row: int, one: Fit, *, test: bool = False, best: bool = False) -> dict[str, Any]:
    """Return what a worker would tell."""
    outputs = history.records["outputs"][row, int(best), :, :, 0]
    return look(Question(one, find(one.dataset), test, best, outputs), 0.0)[1][3]


def score(answer: dict[str, Any]) -> float:
    """Return the score that an answer amounts to."""
    if "r2" in answer:
        return float(answer["r2"])
    return float(np.trace(answer["confusion"]) / answer["confusion"].sum())


# -- the numbers


@every_task
def test_a_confusion_matrix_or_r2_is_the_score_of_the_run(one: Fit) -> None:
    history = fit([one], ["outputs"])
    for answer, expected, part in (
        (told(history, 0, one), history.val_score[0, -1], "validation"),
        (told(history, 0, one, best=True), history.val_score[0, history.best_epoch[0]], "validation"),
        (told(history, 0, one, test=True), history.test_score[0], "test"),
        (told(history, 0, one, test=True, best=True), history.best_test_score[0], "test"),
    ):
        assert answer["part"] == part
        assert score(answer) == pytest.approx(expected, abs=1e-5)


def test_without_a_validation_part_it_is_the_training_part_and_named_so() -> None:
    one = replace(TASKS["binary"], val_size=0.0, rows=100)
    history = fit([one], ["outputs"])
    answer = told(history, 0, one)
    assert answer["part"] == "training"
    assert answer["n"] == answer["rows"] == 100
    assert score(answer) == pytest.approx(history.train_score[0, -1])


def test_each_network_answers_for_its_own_fold() -> None:
    variants = [replace(TASKS["binary"], folds=3, fold=fold, hidden=(4,) * (1 + fold % 2)) for fold in range(3)]
    history = fit(variants, ["outputs"])
    for row, one in enumerate(variants):
        assert score(told(history, row, one)) == pytest.approx(history.val_score[row, -1])
        assert score(told(history, row, one, test=True)) == pytest.approx(history.test_score[row])


@pytest.mark.parametrize("name", ["binary", "classes"])
def test_areas_and_curves_are_those_of_the_probabilities(name: str) -> None:
    one = TASKS[name]
    history = fit([one], ["outputs"])
    answer = told(history, 0, one)
    z, y = history.records["outputs"][0, 0, :, :, 0], prepare(find(one.dataset)).val.y.astype(int)
    p = np.exp(z[: len(y)].astype(float))
    p = p / (1 + p) if name == "binary" else p / p.sum(axis=1, keepdims=True)
    if name == "binary":
        assert np.isnan(answer["auc"][0])
        assert answer["auc"][1] == pytest.approx(roc_auc_score(y, p[:, 0]))
    else:
        assert answer["auc"].mean() == pytest.approx(roc_auc_score(y, p, multi_class="ovr", average="macro"))
    for one_class in np.unique(answer["curve"]):
        own = answer["curve"] == one_class
        area = np.trapezoid(answer["tpr"][own], answer["fpr"][own])
        assert area == pytest.approx(answer["auc"][one_class], abs=1e-6)


@every_task
def test_the_worst_mistakes_are_mistakes_the_largest_first(one: Fit) -> None:
    answer = told(fit([one], ["outputs"]), 0, one)
    assert len(answer["true"]) == len(answer["said"]) > 0
    if one.dataset == "diabetes":
        off = np.abs(answer["said"] - answer["true"])
        assert off[0] == pytest.approx(np.abs(answer["answers"] - answer["truths"]).max(), rel=1e-5)
        assert (np.diff(off) <= 0).all()
        assert 20 < answer["truths"].mean() < 300  # in the target's own unit
    else:
        assert (answer["said"] != answer["true"]).all()
    rows = {len(cells) for name, cells in answer.items() if name.startswith("cell ") or name == "pixels"}
    assert rows == {len(answer["true"])}


def test_rows_of_a_prepared_table_are_shown_as_they_came() -> None:
    answer = told(fit([TASKS["binary"]], ["outputs"]), 0, TASKS["binary"])
    assert answer["cell Survived"].tolist() == answer["true"].tolist()
    assert set(answer["cell Sex"]) <= {"male", "female"}


def test_a_diverged_network_is_said_to_have_no_answer() -> None:
    one = Fit("digits", (8,), optimizer=SGD(lr=1e30), epochs=2)
    answer = told(fit([one], ["outputs"]), 0, one)
    assert set(answer) == {"part", "rows", "n", "lost"}
    assert f"{answer['lost']} of {answer['n']}" in figures.reading(answer, find("digits"), say)


def test_a_large_part_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    one = TASKS["classes"]
    monkeypatch.setattr(results, "MOST", 30)
    history = fit([one], ["outputs"])
    assert history.records["outputs"].shape == (1, 2, 20, 3, 1)
    for test in (False, True):
        answer = told(history, 0, one, test=test)
        assert answer["n"] == answer["confusion"].sum() == 10
        assert answer["rows"] > 10
    assert MOST >= 5000 * 10  # no data set of the house is cut


def test_a_question_is_named_by_what_decides_the_answer() -> None:
    one, data = TASKS["classes"], find("iris")
    names = {
        digest(Chain("a", "b", Question(fit, data, test, best, np.zeros((2, 3)))))
        for fit in (one, replace(one, seed=1)) for test in (False, True) for best in (False, True)
    }  # fmt: skip
    assert len(names) == 8


# -- the pictures


def entry(classes: int) -> Dataset:
    return replace(find("iris"), classes=tuple(f"<b>class & {i}" for i in range(classes)))


@settings(max_examples=12)
@given(st.integers(2, 30), st.integers(0, 99))
def test_pictures_of_any_number_of_classes_are_valid(classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 5, (classes, classes)) * rng.integers(0, 2, (classes, 1))
    auc = np.where(rng.random(classes) < 0.5, np.nan, rng.random(classes))
    auc[1] = 0.7  # without any, no curve is drawn
    answer = {
        "part": np.array("test"), "confusion": counts, "auc": auc, "fpr": np.array([0.0, 1.0]),
        "tpr": np.array([0.0, 1.0]), "curve": np.array([0, 0]),
    }  # fmt: skip
    for palette in theme.PALETTES.values():
        matrix = figures.confusion(answer, entry(classes), palette, say)
        pictures = [matrix, figures.roc(answer, entry(classes), palette, say)]
        for picture in pictures:
            go.Figure(picture)  # raises for what Plotly does not know
            assert '"@' not in str(picture).replace("'", '"')
        assert "<b>class" not in str(matrix["layout"])
        shares = matrix["data"][0]["z"].sum(axis=1)
        assert ((shares == 0) | np.isclose(shares, 1)).all()
    wrong, rows = counts.sum() - np.trace(counts), counts.sum()
    sentence = spoken(figures.reading(answer, entry(classes), say))
    assert f"{rows - wrong:,} of {rows:,} rows are classified correctly" in sentence
    assert ("The most frequent mistake: predicted “<b>class & " in sentence) == (wrong > 0)


@pytest.mark.parametrize(
    ("right", "wrong", "share"),
    [(96, 4, "96% ± 2%"), (137, 6, "95.8% ± 1.7%"), (30, 0, "100%"), (0, 30, "0%"), (1, 1, "50% ± 35%")],
)
def test_a_share_of_rows_is_told_with_its_standard_error(right: int, wrong: int, share: str) -> None:
    answer = {"part": np.array("validation"), "confusion": np.array([[right, wrong], [0, 0]])}
    sentence = figures.reading(answer, find("titanic"), say)
    assert f"On the validation set: {right} of {right + wrong} rows are classified correctly ({share})." in sentence


def test_predicted_against_true_has_a_diagonal_and_a_bounded_number_of_dots() -> None:
    truths = np.linspace(0, 9, 5000)
    answer = {"truths": truths, "answers": truths[::-1]}
    picture = figures.scatter(answer, theme.PALETTES["dark"], say)
    go.Figure(picture)
    diagonal, dots = picture["data"]
    assert diagonal["x"] == diagonal["y"]
    assert len(dots["x"]) == figures.DOTS


# -- the panel


def page(dataset: str, epochs: int, *, done: bool) -> None:
    import streamlit as st

    from experiments.fit import Fit, fit
    from ui import results

    variants = (Fit(dataset, (4,), epochs=epochs), Fit(dataset, (8,), epochs=epochs))
    st.session_state["tested results"] = True
    results.panel("tested", variants, ["four", "eight"], fit(variants, ["outputs"]), done=done)


@pytest.fixture
def answered_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer questions at once, without a worker."""
    monkeypatch.setattr("ui.results.asked", lambda chain, height: look(chain.spec, 0.0)[1][3])


@pytest.mark.usefixtures("answered_here")
@pytest.mark.parametrize(("dataset", "charts"), [("digits", 2), ("titanic", 2), ("diabetes", 1)])
def test_the_panel_reveals_the_test_part_only_when_asked(dataset: str, charts: int) -> None:
    tested = AppTest.from_function(page, args=(dataset, 3), kwargs={"done": True}, default_timeout=30).run()
    assert not tested.exception
    assert len(tested.get("plotly_chart")) == charts
    assert "validation set" in tested.markdown[0].value
    tested.toggle[0].set_value(True).run()
    assert not tested.exception
    assert "test set" in tested.markdown[0].value
    tested.selectbox[0].set_value(1).run()
    assert not tested.exception
    assert "test set" in tested.markdown[0].value


def test_the_panel_waits_for_the_end_of_training() -> None:
    tested = AppTest.from_function(page, args=("iris", 1), kwargs={"done": False}, default_timeout=30).run()
    assert not tested.exception
    assert not tested.get("plotly_chart")
    assert [caption.value for caption in tested.caption] == [
        MEASURED, "Results appear here when training ends.",
    ]  # fmt: skip
