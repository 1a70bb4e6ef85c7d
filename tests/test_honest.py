"""Scores are shown with a constant prediction and their standard error; parts that cannot have a score say so."""

from __future__ import annotations

import dataclasses
import itertools
import math
import warnings
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from conftest import visit
from sklearn.dummy import DummyClassifier, DummyRegressor
from streamlit.testing.v1 import AppTest

from datasets import DATASETS, find, own, prepare
from datasets.own import Own, Sheet, adopt, inspect
from experiments import search as searches
from experiments.fit import Fit, History, fit
from experiments.remedies import Remedies
from experiments.results import Question, look
from experiments.search import Search
from experiments.signals import Signals
from experiments.studies import Comparison
from figures import overfitting, readings, results, signals, training, tune, worth
from figures.scene import spoken
from optimizers import SGD, Adam
from spec import Refused
from ui.language import translated
from ui.stage import pack

NASTY = "**b** <i> [x](y) www.a.com $a$ :smile: a@b.com -> _c_ `d`"
"""A class that a visitor's file may have, and that must not be taken for markup."""


def say(text: str) -> str:
    return text


def table(rows: dict[str, int], *, seed: int = 0, target: list[Any] | None = None) -> Own:
    """Return an own table of two columns of noise with so many rows of each class, or with these targets."""
    cells = target if target is not None else [name for name, count in rows.items() for _ in range(count)]
    x = np.random.default_rng(seed).standard_normal((len(cells), 2)).round(3)
    lines = ["a,b,y", *(f'{a},{b},"{cell}"' for (a, b), cell in zip(x, cells, strict=True))]
    sheet = Sheet("\n".join(lines).encode(), f"secret {seed}", target="y")
    return adopt(sheet, "table", inspect(own.begin(sheet), 0.0)[1][3])


@pytest.fixture
def imbalanced() -> Own:
    return table({"no": 95, NASTY: 5})


@pytest.fixture
def rare() -> Own:
    return table({"p": 30, "q": 29, NASTY: 1})


@pytest.fixture
def steady() -> Own:
    """Targets that are numbers, nearly all of them equal: a small part has no two different ones."""
    return table({}, target=[7.5] * 56 + [1.25, 2.5, 3.75, 5.5])


def comparison(dataset: str, **more: Any) -> Comparison:
    """Return a small comparison of two optimizers on any data set."""
    usual = {"contenders": (SGD(lr=0.01), Adam(lr=0.01)), "hidden": (4,), "epochs": 3}
    return Comparison(dataset=dataset, **{**usual, **more})


# -- the constant prediction


@pytest.mark.parametrize("dataset", sorted(set(DATASETS) - {"mnist"}))
def test_the_constant_prediction_is_scikit_learn_s_dummy(dataset: str) -> None:
    entry = find(dataset)
    spec = comparison(dataset, epochs=1)
    history, parts = fit(spec.variants()), prepare(entry)
    dummy = DummyRegressor() if entry.task == "numbers" else DummyClassifier(strategy="most_frequent")
    dummy.fit(parts.train.x, parts.train.y)
    for i, part in enumerate(parts[:3]):
        level = worth.guess(history, entry, i, say)
        if len(np.unique(part.y)) < 2 and entry.task == "numbers":
            assert level is None
            continue
        assert level is not None
        assert level.low == pytest.approx(level.high) == pytest.approx(dummy.score(part.x, part.y))
        if entry.task != "numbers":
            assert level.name == worth.classes(entry, say)[int(dummy.predict(part.x[:1])[0])]
        elif i == 0:
            assert worth.decimals(level.low, 2) == "0.00"


def panels(study: Any, history: History) -> list[dict[str, Any]]:
    """Return the panels of curves that show a score of this study."""
    if isinstance(study, Comparison):
        lines, variants = training.lines(study, say), study.variants()
        rows = training.table(variants, history, lines, say, done=True)
        scene = training.scene(
            variants, history, lines, say=say, alt="", running=False, table=rows, measure="score", along="updates"
        )
    elif isinstance(study, Remedies):
        scene = overfitting.scene(study, history, say=say, alt="", running=False, done=True, measure="score")
    elif isinstance(study, Search):
        found = searches.found(study, history)
        scene = tune.scene(study, history, found, None, say=say, alt="", running=False, done=True, grouped=True)
        scene["panels"] = [scene["panels"][1]]
    else:
        scene = signals.layer_by_layer(study, history, say=say, alt="", running=False)
        scene["panels"] = [scene["panels"][2]]
    pack(scene)
    return scene["panels"][:1]


def studies(dataset: str) -> list[Any]:
    """Return a small study of every page that shows scores."""
    return [
        comparison(dataset),
        Remedies(dataset=dataset, rows=20, hidden=(4,), epochs=3),
        Search(dataset=dataset, hidden=(4,), first_values=("0.01",), second_values=("0",), epochs=3),
        Signals(dataset=dataset, hidden=(4, 4), epochs=3, rows=20),
    ]


def trained(study: Any) -> History:
    """Return the history of a study, with what its picture needs."""
    if isinstance(study, Signals):
        return fit(study.ways(), ("layers",))
    return fit(study.variants(), overfitting.records(study) if isinstance(study, Remedies) else ())


@pytest.mark.parametrize("dataset", ["titanic", "diabetes", "digits"])
@pytest.mark.parametrize("place", range(4), ids=["compare", "overfitting", "tune", "signals"])
def test_a_line_of_its_own_stands_wherever_scores_are_drawn(dataset: str, place: int) -> None:
    study = studies(dataset)[place]
    history = trained(study)
    part = 0 if isinstance(study, Signals) else 1
    level = history.baseline[:, part].mean()  # type: ignore[index]
    [panel] = panels(study, history)
    line, label = panel["tracks"][-1], panel["figure"]["layout"]["annotations"][-1]
    assert "name" not in line  # beside the curves' names there would be no room
    assert "always " in label["text"]
    assert isinstance(study, Signals) or label["y"] == line["y"][0]
    assert line["color"] == "@quiet"
    assert line["dash"]
    np.testing.assert_allclose(line["y"], level, atol=0.02)
    assert f"{abs(level):.2f}" in label["text"]
    low, high = panel["figure"]["layout"]["yaxis"]["range"]
    assert low <= level <= high <= 1.1


@pytest.mark.parametrize("measure", ["loss", "weights"])
def test_beside_losses_and_weights_there_is_no_such_line(measure: str) -> None:
    spec = comparison("iris")
    history = fit(spec.variants(), ("traces",))
    lines = training.lines(spec, say)
    scene = training.scene(
        spec.variants(), history, lines, say=say, alt="", running=False, table={}, measure=measure
    )  # fmt: skip
    assert "always" not in str(scene["panels"][0])


def test_networks_that_learn_from_different_rows_have_a_line_at_either_end() -> None:
    spec = comparison("diabetes", vary="rows", values=("20", "200"), contenders=(Adam(),))
    history = fit(spec.variants())
    [panel] = panels(spec, history)
    low, high = panel["tracks"][-2:]
    assert low["y"][0] == history.baseline[:, 1].min() < high["y"][0] == history.baseline[:, 1].max()  # type: ignore[index]
    assert "…" in panel["figure"]["layout"]["annotations"][-1]["text"]


def test_the_table_ends_with_the_constant_prediction() -> None:
    spec = comparison("titanic", epochs=2)
    history = fit(spec.variants())
    lines = training.lines(spec, say)
    parts = prepare(find("titanic"))
    for done in (True, False):
        rows = training.table(spec.variants(), history, lines, say, done=done)["rows"]
        assert len(rows) == len(lines) + 1
        assert rows[-1]["label"].startswith("always “")
        assert len(rows[-1]["cells"]) == len(rows[0]["cells"])
        share = (parts.test.y == 0).mean()
        assert rows[-1]["cells"][-2:] == ([f"{share:.3f}"] * 2 if done else ["–", "–"])


def test_who_is_no_better_than_a_constant_prediction_is_named(imbalanced: Own) -> None:
    spec = comparison(imbalanced.key)
    history, lines = fit(spec.variants()), training.lines(spec, say)
    for measure in ("loss", "score"):
        sentence = readings.compared(history, lines, say, done=True, data=imbalanced, measure=measure)
        assert "No better than always predicting “no” (accuracy 0.94): SGD, Adam." in spoken(sentence)
    assert "always" not in readings.compared(history, lines, say, done=False, data=imbalanced)
    rising = np.array([[0.5, 0.9375, 0.9375, 0.9375], [0.5, 0.9375, 0.97, 0.9]])
    sentence = readings.compared(history._replace(val_score=rising), lines, say, done=True, data=imbalanced)
    assert "**SGD** does no better than always predicting “no”: accuracy 0.94." in spoken_bold(sentence)
    rising[0, 1] = 1.0
    assert "always" not in readings.compared(
        history._replace(val_score=rising), lines, say, done=True, data=imbalanced
    )  # fmt: skip


def spoken_bold(sentence: str) -> str:
    """Return a sentence without what keeps signs literal, but with its bold parts."""
    return "**".join(map(spoken, sentence.split("**")))


def test_on_every_page_a_network_that_learns_nothing_is_said_to(imbalanced: Own) -> None:
    remedies, search, ways = studies(imbalanced.key)[1:]
    history = trained(remedies)
    sentence = readings.overfitted(remedies, history, overfitting.lines(remedies, say), say, done=True)
    assert "always predicting “no”" in sentence
    history = trained(search)
    sentence = tune.read(search, history, searches.found(search, history), say, done=True)
    assert "no better than always predicting “no”" in sentence
    history = trained(dataclasses.replace(ways, dataset="digits"))
    flat = history._replace(train_score=np.full_like(history.train_score, 0.01))
    assert "always predicting" in signals.spread(dataclasses.replace(ways, dataset="digits"), flat, say)


# -- standard errors


def test_an_accuracy_stands_with_its_standard_error() -> None:
    spec = comparison("titanic", epochs=2)
    history = fit(spec.variants())
    n = len(prepare(find("titanic")).test.y)
    drawn = training.table(spec.variants(), history, training.lines(spec, say), say, done=True)
    for row, cells in enumerate(row["cells"] for row in drawn["rows"][:2]):
        p = history.test_score[row]
        assert cells[-2] == f"{p:.3f} ± {math.sqrt(p * (1 - p) / n):.3f}"
    assert worth.scored(history, 1.0, 0, 2) == "1.000"
    numbers = fit(comparison("diabetes", epochs=1).variants())
    assert "±" not in worth.scored(numbers, 0.5, 0, 2)
    assert worth.decimals(-0.0001, 2) == "0.00"
    assert worth.decimals(math.nan) == "–"


def test_two_test_scores_of_a_network_stand_with_the_larger_standard_error() -> None:
    study = Remedies(dataset="iris", hidden=(4,), epochs=3)
    history = trained(study)
    n = history.counts[0, 2].sum()  # type: ignore[index]
    cell = overfitting.table(study, history, say, True)["rows"][0]["cells"][-1]
    scores, error = cell.split(" ± ")
    kept, last = map(float, scores.split(", "))
    assert last == pytest.approx(history.test_score[0], abs=5e-4)
    assert float(error) == pytest.approx(max(math.sqrt(p * (1 - p) / n) for p in (kept, last)), abs=1e-3)


def test_within_one_standard_error_nobody_is_the_winner_by_accuracy() -> None:
    spec = comparison("titanic", epochs=2)
    history, lines = fit(spec.variants()), training.lines(spec, say)

    def told(first: float, second: float) -> str:
        scores = np.array([[0.5, first, 0.5], [0.5, 0.5, second]])
        return readings.compared(
            history._replace(val_score=scores), lines, say, done=True, data=find("titanic"), measure="score"
        )  # fmt: skip

    n = history.counts[0, 1].sum()  # type: ignore[index]
    error = math.sqrt(0.8 * 0.2 / n)
    close, far = told(0.8 - 0.9 * error, 0.8), told(0.8 - 1.5 * error, 0.8)
    assert close.startswith("No clear winner: **Adam**, **SGD** are within one standard error of the highest")
    assert f"validation accuracy, 0.800 ± {error:.3f}." in close
    assert far.startswith(f"**Adam** has the highest validation accuracy: 0.800 ± {error:.3f} at epoch 2.")
    assert "**SGD** reaches only" in far
    perfect = told(1 - 1 / n, 1.0)  # of 1 the usual standard error is 0
    assert perfect.startswith("No clear winner: ")


def test_r2_has_no_standard_error_and_a_winner() -> None:
    spec = comparison("diabetes", epochs=2)
    history, lines = fit(spec.variants()), training.lines(spec, say)
    sentence = readings.compared(history, lines, say, done=True, data=find("diabetes"), measure="score")
    best = np.nanmax(history.val_score[:, 1:])
    assert f"has the highest validation R²: {worth.decimals(best)} at epoch" in sentence
    assert "±" not in sentence


def test_the_spread_of_folds_is_not_called_the_uncertainty_of_an_accuracy() -> None:
    search = Search(dataset="iris", hidden=(4,), first_values=("0.01",), second_values=("0",), epochs=4)
    history = fit(search.variants())
    found = searches.found(search, history)
    p, n = found.value[0], history.counts[0, 1].sum()  # type: ignore[index]
    error = f"{math.sqrt(p * (1 - p) / n):.3f}"
    sentence = tune.read(search, history, found, say, done=True)
    assert f"not the uncertainty of an accuracy: the standard error on one fold is {error}." in sentence
    columns = tune.numbers(search, history, found, say)
    assert f"{columns['standard error of the accuracy on one fold'][0]:.3f}" == error
    scene = tune.scene(search, history, found, None, say=say, alt="", running=False, done=True, grouped=True)
    assert scene["panels"][2]["words"]["score"] == f"accuracy ± {error}"
    numbers = dataclasses.replace(search, dataset="diabetes")
    history = fit(numbers.variants())
    found = searches.found(numbers, history)
    assert "uncertainty" not in tune.read(numbers, history, found, say, done=True)
    assert not any("standard error" in name for name in tune.numbers(numbers, history, found, say))


@pytest.mark.parametrize("dataset", ["iris", "digits", "softmax", "breast_cancer"])
def test_the_winner_s_test_score_has_the_error_of_its_rows(dataset: str) -> None:
    search = Search(dataset=dataset, first_values=("0.01",), second_values=("0",), folds=2)
    rows = len(prepare(find(dataset)).test.y)
    sentence = tune.revealed(search, 0.75, searches.luck({}), say)
    assert f"accuracy **0.750 ± {math.sqrt(0.75 * 0.25 / rows):.3f}**" in sentence
    numbers = dataclasses.replace(search, dataset="diabetes")
    assert "R² **0.750** on the test set" in tune.revealed(numbers, 0.75, searches.luck({}), say)
    lowest = dataclasses.replace(search, measure="loss")
    assert "accuracy **0.750" in tune.revealed(lowest, 0.75, searches.luck({}), say)


# -- parts that lack a class


def test_a_part_that_lacks_a_class_says_so_and_the_name_is_literal(rare: Own) -> None:
    spec = comparison(rare.key)
    history = fit(spec.variants())
    told = worth.lacking(history, rare, ["SGD", "Adam"], say)
    assert rare.classes[0] == NASTY
    lacking = [name for name, part in zip(worth.PARTS.values(), prepare(rare)[:3], strict=True) if 0 not in part.y]
    assert len(lacking) == 2
    assert [spoken(sentence) for sentence in told] == [f"The {name} has no row of class “{NASTY}”." for name in lacking]


def test_networks_that_differ_in_their_rows_are_named() -> None:
    spec = Comparison(dataset="iris", vary="rows", values=("2", "90"), hidden=(4,), epochs=1)
    history = fit(spec.variants())
    names = results.names(training.lines(spec, say))
    [sentence] = worth.lacking(history, find("iris"), names, say)
    assert spoken(sentence).startswith(f"{names[0]}: The training set has no row of class “")
    noted = dataclasses.replace(spec, values=("80", "90"))
    assert worth.lacking(fit(noted.variants()), find("iris"), names, say) == []


def test_many_names_are_cut() -> None:
    assert worth.listed("abc", say) == "a, b, c"
    assert worth.listed("abcdefgh", say) == "a, b, c, d, 4 more"


def test_folds_that_could_not_be_stratified_say_so(rare: Own) -> None:
    seed = next(seed for seed in range(20) if 0 not in prepare(rare, split_seed=seed).test.y)
    search = Search(
        dataset=rare.key, hidden=(4,), first_values=("0.01",), second_values=("0",), epochs=1, split_seed=seed
    )  # fmt: skip
    told = [spoken(sentence) for sentence in tune.notices(search, fit(search.variants()), say)]
    known = f"“{NASTY}”"
    assert told[0] == f"The folds are not stratified, as a class has fewer rows than there are folds: {known} (1)."
    where = [prepare(rare, folds=3, fold=fold, split_seed=seed) for fold in range(3)]
    without = ", ".join(f"fold {fold + 1}" for fold in range(3) if 0 not in where[fold].val.y)
    assert f"{without}: The validation set has no row of class {known}." in told
    plain = dataclasses.replace(search, dataset="iris")
    assert tune.notices(plain, fit(plain.variants()), say) == []


def notice(nasty: str) -> None:
    import streamlit as st

    from figures.scene import literal
    from ui import results

    results.notices([f"Class “{literal(nasty)}”."])
    st.write("end")


def test_notices_are_drawn_in_a_box() -> None:
    tested = AppTest.from_function(notice, args=(NASTY,)).run()
    assert not tested.exception
    assert spoken(tested.info[0].value) == f"Class “{NASTY}”."


def test_own_classes_are_not_translated(imbalanced: Own) -> None:
    korean = partial(translated, code="ko")
    assert worth.classes(dataclasses.replace(imbalanced, classes=("loss", "epoch")), korean) == ["loss", "epoch"]
    assert worth.classes(find("titanic"), korean) != list(find("titanic").classes)


# -- R² that has no meaning


@pytest.mark.parametrize(("size", "reason"), [(0.01, "only one row"), (0.08, "actual values are equal")])
def test_r2_of_equal_values_is_a_dash_with_its_reason_everywhere(steady: Own, size: float, reason: str) -> None:
    seeds = range(60)
    seed = next(seed for seed in seeds if all(
        np.ptp(part.y) == 0 for part in prepare(steady, val_size=size, test_size=size, split_seed=seed)[1:3]
    ))  # fmt: skip
    spec = comparison(steady.key, val_size=size, test_size=size, split_seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = fit(spec.variants(), ("outputs",))
        lines = training.lines(spec, say)
        told = worth.lacking(history, steady, results.names(lines), say)
        for test, part in ((False, "validation set"), (True, "test set")):
            outputs = history.records["outputs"][0, 0, :, :, 0]
            answer = look(Question(spec.variants()[0], steady, test, False, outputs), 0.0)[1][3]
            sentence = results.reading(answer, steady, say)
            assert f"On the {part}: R² is undefined (–), as " in sentence
            assert reason in sentence
            assert "nan" not in sentence
            assert any(f"R² of the {part} is undefined (–)" in one and reason in one for one in told)
        table = training.table(spec.variants(), history, lines, say, done=True)
        sentence = readings.compared(history, lines, say, done=True, data=steady, measure="score")
        [panel] = panels(spec, history)
    assert [row["cells"][-2:] for row in table["rows"]] == [["–", "–"]] * 2
    assert "nan" not in sentence
    # Names stand at the curves that can be drawn, those of the training part.
    assert [track.get("name") for track in panel["tracks"]] == ["SGD", "Adam", None]
    note, label = (one["text"] for one in panel["figure"]["layout"]["annotations"])
    assert label == "always the mean: 0.00"
    assert "on the training set" in note
    assert "validation R² is undefined" in note


def test_a_search_by_an_r2_without_meaning_is_not_called_diverged() -> None:
    search = Search(dataset="scores", hidden=(2,), first_values=("0.01",), second_values=("0",), epochs=2)
    history = fit(search.variants())
    told = tune.read(search, history, searches.found(search, history), say, done=True)
    assert told == "The combinations cannot be ranked: R² is undefined on at least one fold. Select by the lowest loss."
    assert any(
        "R² of the validation set is undefined (–)" in sentence for sentence in tune.notices(search, history, say)
    )


# -- networks that do not learn


def test_the_untrained_network_is_never_lowest() -> None:
    spec = comparison("iris", epochs=3)
    history, lines = fit(spec.variants()), training.lines(spec, say)
    rising = history._replace(val_loss=np.array([[0.5, 0.6, 0.7, 0.8], [0.5, 0.7, 0.6, 0.9]]))
    sentence = readings.compared(rising, lines, say, done=True)
    assert sentence == "Never below the initial loss: SGD, Adam."
    one = history._replace(val_loss=np.array([[0.5, 0.6, 0.7, 0.8], [0.9, 0.7, 0.55, 0.9]]))
    sentence = readings.compared(one, lines, say, done=True)
    assert sentence == "**Adam** has the lowest validation loss: 0.550 at epoch 2. Never below the initial loss: SGD."


# -- folds that the rows do not suffice for


@pytest.mark.parametrize("dataset", ["scores", "iris"])
def test_more_folds_than_rows_are_refused_in_a_sentence(dataset: str) -> None:
    rows = len(prepare(find(dataset), val_size=0.0).train.y)
    most = min(rows, 20)
    assert Fit(dataset, (2,), folds=most).folds == most
    if rows < 20:
        text = rf"More folds \({rows + 1}\) than rows outside the test set \({rows}\)"
        with pytest.raises(Refused, match=text):
            Fit(dataset, (2,), folds=rows + 1)
        with pytest.raises(Refused, match=text):
            Search(dataset=dataset, folds=rows + 1, first_values=("0.1",), second_values=("0",))


@pytest.mark.usefixtures("idle")
def test_the_page_refuses_more_folds_than_rows() -> None:
    tested = visit("tune", query={"dataset": ["scores"], "folds": ["5"]})
    assert not tested.exception
    assert any("More folds (5) than rows" in warning.value for warning in tested.warning)


# -- losses are means over rows


@pytest.mark.parametrize("dataset", ["iris", "titanic", "diabetes"])
def test_a_last_batch_of_one_row_counts_as_one_row(dataset: str) -> None:
    """33 rows in batches of 32: the training loss of every epoch is the mean over 33 rows, not over two batches."""
    one = Fit(dataset, (5,), epochs=3, batch_size=32, rows=33, optimizer=SGD(lr=0.3), precision="float64")
    history = fit([one])
    parts = prepare(find(dataset), rows=33)
    assert len(parts.train.y) == 33
    x, y = torch.tensor(parts.train.x), torch.tensor(parts.train.y)
    kind = find(dataset).task
    loss = {"classes": torch.nn.CrossEntropyLoss(reduction="none"), "numbers": torch.nn.MSELoss(reduction="none"),
            "binary": torch.nn.BCEWithLogitsLoss(reduction="none")}[kind]  # fmt: skip
    for epoch in range(1, one.epochs + 1):
        ended = dataclasses.replace(one, epochs=epoch)
        z = outputs(ended, x)
        losses = loss(z if kind == "classes" else z[:, 0], y)
        assert history.train_loss[0, epoch] == pytest.approx(losses.mean().item(), rel=1e-9)
        of_batches = (losses[:32].mean() + losses[32:].mean()) / 2
        assert abs(history.train_loss[0, epoch] - of_batches.item()) > 1e-3


def outputs(one: Fit, x: torch.Tensor) -> torch.Tensor:
    """Return what the weights that a training ends with say of inputs, by torch's own layers."""
    from experiments import training as loop
    from experiments.fit import advance, begin

    state, _chunk = advance(begin([one]), one.epochs)
    units, params = loop.sizes(one), torch.tensor(state.groups[0].params[0])
    n_weights = sum(a * b for a, b in itertools.pairwise(units))
    weights, biases = params[:n_weights], params[n_weights:]
    for layer, (inside, outside) in enumerate(itertools.pairwise(units)):
        w, weights = weights[: inside * outside], weights[inside * outside :]
        b, biases = biases[:outside], biases[outside:]
        x = torch.nn.functional.linear(x, w.view(inside, outside).T, b)
        x = torch.relu(x) if layer < len(units) - 2 else x
    return x


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("page", ["compare", "overfitting", "tune"])
def test_the_page_says_when_losses_are_measured(page: str) -> None:
    tested = visit(page)
    assert not tested.exception
    assert any("at the end of each epoch, without dropout" in caption.value for caption in tested.caption)
