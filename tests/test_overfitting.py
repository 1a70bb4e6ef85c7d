"""Overfitting: each kind of regularization does what it should, and readings and sentences agree with the curves."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from conftest import visit
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from experiments import fit as fitting
from experiments.fit import Fit, History
from experiments.readout import readout
from experiments.records import BIN, BINS, RECORDS, ZERO
from experiments.remedies import PRESETS, REMEDIES, Remedies, gap, two_dimensional
from experiments.stopping import best_so_far, stops
from figures import overfitting as figure
from figures import readings, stopping
from spec import settings, type_hints
from ui.stage import pack

KINDS = type_hints(Remedies)
STRENGTHS: dict[Any, Any] = {
    bool: True, int: 3, float: 0.3, tuple[int, ...]: (4,), tuple[float, ...]: (0.5, 0.2),
    tuple[float, float]: (0.1, 0.2),
}  # fmt: skip
TRIED = {name: STRENGTHS[KINDS[name]] for name in REMEDIES}
NONE = {name: (0.0, 0.0) if value == (0.1, 0.2) else type(value)() for name, value in TRIED.items()}
PLAIN = dataclasses.replace(
    Remedies(), dataset="diabetes", rows=30, hidden=(8, 8), label_noise=0.0, epochs=3, seed=3, **NONE
)
WHOLE = dataclasses.replace(PLAIN, **TRIED)
CHANGED: dict[str, dict[str, Any]] = {
    "dropout": {"dropout": 0.3},
    "l2": {"l2": 0.3},
    "l1": {"l1": 0.3},
    "dropout_by_layer": {"dropout_by_layer": (0.5, 0.2)},
    "elastic": {"l1": 0.1, "l2": 0.2},
    "linf": {"linf": 0.3},
    "batch_norm": {"batch_norm": True},
    "smaller": {"hidden": (4,)},
    "more": {"rows": 90},
    "columns": {"features": (4,)},
}


def say(text: str) -> str:
    return text


@pytest.fixture(scope="module")
def trained() -> History:
    """The network without regularization, and with each kind of it, side by side."""
    return fitting.fit(WHOLE.variants(), ("weights", "zeros"))


@pytest.mark.parametrize("name", REMEDIES)
def test_a_remedy_changes_the_network_and_is_named(name: str) -> None:
    study = dataclasses.replace(PLAIN, **{name: TRIED[name]})
    plain, other = study.variants()
    assert other != plain
    assert PLAIN.variants() == (plain,), "left out, it changes nothing"
    titles = [line.name for line in figure.lines(study, say)]
    assert len(set(titles)) == 2
    assert "{" not in titles[1]


@pytest.mark.parametrize("name", CHANGED)
def test_a_remedy_changes_what_it_says_and_nothing_else(name: str) -> None:
    plain, other = dataclasses.replace(PLAIN, **{name: TRIED[name]}).variants()
    assert other == dataclasses.replace(plain, **CHANGED[name])


@pytest.mark.parametrize("name", REMEDIES)
def test_a_remedy_trains_another_network(name: str, trained: History) -> None:
    row = 1 + list(REMEDIES).index(name)
    assert np.isfinite(trained.val_loss[row]).all()
    assert trained.val_loss[row, -1] != trained.val_loss[0, -1]


def test_scores_side_by_side_are_those_alone(trained: History) -> None:
    alone = fitting.fit(PLAIN.variants())
    for curve in ("train_loss", "val_loss", "train_score", "val_score", "test_score"):
        np.testing.assert_allclose(getattr(trained, curve)[0], getattr(alone, curve)[0], rtol=1e-4, atol=1e-5)


def test_all_together_has_all_of_them() -> None:
    plain, *alone, every = dataclasses.replace(WHOLE, together=True).variants()
    assert len(alone) == len(REMEDIES)
    for other in alone:
        for field in dataclasses.fields(Fit):
            if getattr(other, field.name) != getattr(plain, field.name):
                assert getattr(every, field.name) != getattr(plain, field.name), field.name
    assert (every.l1, every.l2) == pytest.approx((0.3 + 0.1, 0.3 + 0.2)), "penalties add up"
    assert len(dataclasses.replace(PLAIN, together=True, l2=0.1).variants()) == 2, "one is together with nothing"


def test_what_changes_nothing_is_left_out() -> None:
    assert len(dataclasses.replace(PLAIN, rows=None, more=3).variants()) == 1, "there are no more rows than all"
    assert len(dataclasses.replace(PLAIN, columns=(10, 99)).variants()) == 1, "the table has ten"
    on_a_plane = dataclasses.replace(PLAIN, dataset="moons", columns=(0,))
    assert len(on_a_plane.variants()) == 1, "its boundary needs both"


@pytest.mark.heavy
@pytest.mark.reproducible
def test_what_the_page_opens_on_overfits_with_every_seed_and_regularization_holds_it() -> None:
    """Validation loss falls, turns at about a quarter to a half of the axis, and rises: in every arithmetic."""
    study = next(iter(PRESETS.values())).spec
    plain, *others = study.variants()
    history = fitting.fit([dataclasses.replace(plain, seed=seed) for seed in range(10)])
    val, best = history.val_loss, history.val_loss.argmin(axis=1)
    assert (best > 0.22 * study.epochs).all(), best
    assert (best < 0.52 * study.epochs).all(), best
    assert (val.min(axis=1) < 0.75 * val[:, 0]).all()
    assert (val[:, -1] > 1.35 * val.min(axis=1)).all()
    held = fitting.fit([dataclasses.replace(other, seed=seed) for other in others for seed in range(3)])
    ends = held.val_loss[:, -1].reshape(len(others), -1)
    assert (ends < 0.75 * val[:3, -1]).all(), "each regularizer ends clearly below"
    assert len(others) == 3
    assert (np.diff(np.sort(ends[:, 0])) > 0.01).all(), "and the curves part"


def test_patience_never_trains() -> None:
    assert dataclasses.replace(PLAIN, patience=3).variants() == PLAIN.variants()


def test_a_data_set_opens_with_its_first_preset() -> None:
    first = {preset.spec.dataset: preset.spec for preset in reversed(PRESETS.values())}
    assert {dataset: Remedies.on(dataset) for dataset in first} == first
    assert {preset.view for preset in PRESETS.values()} == {"", "score"}


def test_the_notes_experiments_are_as_the_notes_have_them() -> None:
    mnist, titanic = (PRESETS[key].spec for key in ("mnist", "titanic"))
    plain, dropout, decay = mnist.variants()
    assert (plain.rows, plain.hidden, plain.batch_size, plain.epochs) == (300, (100,) * 6, 100, 301)
    assert (plain.optimizer.key, plain.optimizer.lr) == ("sgd", 0.01)
    assert (dropout.dropout, decay.l2) == (0.2, 0.1)
    plain, dropout = titanic.variants()
    assert (plain.hidden, plain.activation, plain.batch_size, plain.epochs) == ((32, 64, 32, 16, 4), "relu", 64, 1000)
    assert (plain.optimizer.key, plain.optimizer.lr) == ("adam", 0.001)
    assert dropout.dropout_by_layer == (0.5, 0.7)


# -- what is read off the curves

LEVELS = st.integers(0, 64).map(lambda n: n / 16) | st.just(np.nan)
LOSSES = hnp.arrays(float, st.tuples(st.just(2), st.integers(1, 12)), elements=LEVELS)


def history(train: Any, val: Any) -> History:
    """A history with these curves of losses [k, n]; the scores are 1 - loss, the rest is unknown."""
    train, val = np.array(train, float), np.array(val, float)
    unknown, best = np.full(len(val), np.nan), fitting.early_stop(val, val.shape[1])[1]
    return History(train, val, 1 - train, 1 - val, unknown, unknown, best, unknown, None)


@given(LOSSES)
def test_openings_are_those_found_by_hand(losses: np.ndarray) -> None:
    (train, val), n = losses, losses.shape[1]
    told = history([train], [val])
    gaps = val - train
    bar = max(gaps[0], 0) + min((loss for loss in val if not np.isnan(loss)), default=np.nan) / 4
    open_from = [e for e in range(n) if all(gaps[t] > bar for t in range(e, n))]
    assert gap(told, 0).epoch == (open_from[0] if open_from else -1)
    np.testing.assert_equal(gap(told, 0).end, gaps[-1])


SETTINGS = st.builds(
    lambda patience, min_delta, start, restore: dataclasses.replace(
        PLAIN, patience=patience, min_delta=min_delta, start_from_epoch=start, restore_best_weights=restore
    ),
    st.integers(1, 8), st.sampled_from([0.0, 0.25, 1.0]), st.integers(0, 4), st.booleans(),
)  # fmt: skip


@given(LOSSES, SETTINGS)
def test_stops_are_those_of_a_training_loop(losses: np.ndarray, study: Remedies) -> None:
    """The loop that everybody writes: train an epoch, look at the loss, wait, stop."""
    _train, val = losses
    last = len(val) - 1
    assert study.patience is not None
    least, best, waited, ended = np.inf, None, 0, None
    since = {}
    for epoch in range(1, last + 1):
        if epoch > study.start_from_epoch:
            waited += 1
            if best is None:
                best = epoch
            if val[epoch] + study.min_delta < least:
                least, best, waited = val[epoch], epoch, 0
        since[epoch] = waited
        if waited >= study.patience and epoch > 1:
            ended = epoch
            break
    found = stops(history([losses[0]], [val]), study)
    assert bool(found.early[0]) == (ended is not None and not np.isnan(val).all())
    if np.isnan(val).all():
        assert (found.stop[0], found.kept[0]) == (last, last if study.restore_best_weights else found.stop[0])
        return
    assert int(found.stop[0]) == (last if ended is None else ended)
    if best is not None:
        assert int(found.best[0]) == best
    assert int(found.kept[0]) == int(found.best[0] if study.restore_best_weights else found.stop[0])
    waits = np.arange(last + 1) - best_so_far(val, study)
    assert [int(waits[epoch]) for epoch in since] == list(since.values())


def test_without_patience_nothing_is_stopped() -> None:
    told = history([[1.0, 0.5, 0.9, 0.9]], [[1.0, 0.5, 0.9, 0.9]])
    found = stops(told, dataclasses.replace(PLAIN, patience=None))
    assert (int(found.stop[0]), int(found.kept[0]), bool(found.early[0])) == (3, 3, False)
    marks = figure.marks(dataclasses.replace(STUDY, patience=None), _three(told), LINES, say)
    assert [(mark.label, mark.sign) for mark in marks] == [("best epoch 1", "")]


# -- weights


def test_the_histogram_counts_every_weight(trained: History) -> None:
    counts, zeros = trained.records["weights"], trained.records["zeros"]
    moments = len(RECORDS["weights"].moments(PLAIN.epochs))
    assert counts.shape == (1 + len(REMEDIES), BINS, moments)
    weights = 10 * 8 + 8 * 8 + 8
    assert (counts[0].sum(axis=0) == weights).all()
    state = fitting.begin(PLAIN.variants())
    group = fitting.advance(state, PLAIN.epochs)[0].groups[0]
    params = group.params[0, :weights]
    edges = (np.arange(BINS + 1) - BINS / 2) * BIN
    np.testing.assert_array_equal(counts[0, :, -1], np.histogram(params, edges)[0])
    assert zeros[0, -1] == np.mean(np.abs(params) < ZERO)


def test_what_is_beyond_the_bins_is_counted_at_their_end() -> None:
    class Snapshot:
        class stack:
            n_weights = 4
            params = np.array([[0.0, 1e30, -9.0, np.nan, 7.0]], np.float32)

    counts = RECORDS["weights"].take(Snapshot)[0]  # type: ignore[arg-type]
    assert (counts[0], counts[BINS // 2], counts[-1], counts.sum()) == (1, 1, 1, 3)


@given(hnp.arrays(int, st.tuples(st.integers(1, 3), st.just(BINS), st.integers(1, 3)), elements=st.integers(0, 5)))
def test_bars_hold_every_weight_once(counts: np.ndarray) -> None:
    shares, width = figure.bars(counts)
    assert shares.shape[1] <= figure.BARS
    assert shares.shape[1] % 2 == 1, "one bar lies around 0"
    np.testing.assert_allclose(shares.sum(axis=1), counts.sum(axis=1) > 0)
    merged = round(width / BIN)
    inner = counts[:, BINS // 2 - merged // 2 : BINS // 2 + merged // 2 + 1].sum(axis=1)
    middle = shares[:, shares.shape[1] // 2]
    if shares.shape[1] > 1:
        np.testing.assert_allclose(middle, inner / np.maximum(counts.sum(axis=1), 1))


# -- the picture


def test_what_is_sent_stays_small_and_shows_the_whole_run() -> None:
    study = Remedies()
    variants, columns = study.variants(), study.epochs + 1
    k = len(variants)
    pictures = np.zeros((k, 64, 64, len(RECORDS["boundaries"].moments(study.epochs))), np.uint8)
    pictures[..., -1] = 255
    curves = np.random.default_rng(0).random((k, columns))
    told = history(curves, curves + np.linspace(0, 1, columns))._replace(
        boundary=pictures[..., 0], records={"boundaries": pictures}
    )
    points = np.zeros((144, 2)), np.zeros(144), np.zeros(144, bool)

    def panel(*, running: bool) -> tuple[dict[str, Any], int]:
        scene = figure.scene(study, told, say=say, alt="", running=running, done=not running, points=points)
        return scene["panels"][1], len(pack(scene))

    whole, size = panel(running=False)
    assert size < 400_000, "one full picture of every moment that fits"
    assert whole["moments"][-1] == study.epochs
    assert (np.diff(whole["moments"]) > 0).all()
    assert all((field["values"][-1] == 255).all() for field in whole["fields"])
    now, size = panel(running=True)
    assert size < 60_000, "while it runs the newest is enough"
    assert list(now["moments"]) == [study.epochs]


def test_test_scores_are_told_once_they_are_revealed() -> None:
    told = history(np.ones((3, 4)), np.ones((3, 4)))._replace(test_score=np.full(3, 0.512), best_test_score=np.ones(3))
    study = dataclasses.replace(PLAIN, l1=0.1, l2=0.1)

    def cells(**how: bool) -> str:
        return str(figure.scene(study, told, say=say, alt="", running=False, **how)["table"])  # type: ignore[arg-type]

    assert "0.512" not in cells(done=True)
    assert "0.512" not in cells(done=False, revealed=True)
    assert "0.512" in cells(done=True, revealed=True)


def test_the_weights_that_are_kept_are_scored_on_the_test_part() -> None:
    study = dataclasses.replace(PLAIN, epochs=8, patience=2, min_delta=0.5, start_from_epoch=1)
    told = fitting.fit(study.variants(), ("tests",))
    found = stops(told, study)
    assert found.early[0]
    assert readout(told, f"tests[0, 1, 2, {int(found.kept[0])}]") == stopping.kept_test(told, found, 0)
    assert readout(told, "tests[0, 1, 2, -1]") == pytest.approx(told.test_score[0])
    cells = figure.table(study, told, say, revealed=True)["rows"][0]["cells"]
    assert cells[-1] == f"{_digits(stopping.kept_test(told, found, 0))}, {_digits(told.test_score[0])}"
    assert cells[3] == f"{found.stop[0]} → {found.kept[0]}"
    assert len(figure.table(study, told, say, revealed=False)["rows"][0]["cells"]) == len(cells) - 1


def _digits(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


STUDY = dataclasses.replace(PLAIN, dataset="iris", l2=0.1, l1=0.1, patience=2)
LINES = figure.lines(STUDY, say)


def _three(told: History) -> History:
    """The same curves for three networks."""
    return history(np.repeat(told.train_loss, 3, axis=0), np.repeat(told.val_loss, 3, axis=0))


def test_the_picture_marks_the_best_epoch_the_stop_and_what_is_kept() -> None:
    told = _three(history([[1.0, 0.5, 0.4, 0.3, 0.2]], [[1.0, 0.5, 0.9, 0.9, 0.9]]))
    for restore, labels, kept in (
        (True, {"best epoch 1, kept", "early stop 3"}, 1), (False, {"best epoch 1", "early stop 3, kept"}, 3),
    ):  # fmt: skip
        study = dataclasses.replace(STUDY, restore_best_weights=restore)
        found = figure.marks(study, told, LINES, say)
        assert labels <= {mark.label for mark in found}
        assert [(mark.at, mark.sign) for mark in found if mark.sign] == [(kept, "kept"), (3, "stop")]
        scene = figure.scene(study, told, say=say, alt="", running=False, done=True)
        patience = scene["panels"][0]["patience"]
        assert list(patience["best"]) == [0, 1, 1, 1, 1]
        assert (patience["of"], patience["stop"]) == (2, 3)
        assert patience["bar"] == "patience: {count} of 2"
        assert f"stopped after epoch 3, weights of epoch {kept} kept" in patience["stopped"]
        signs = {mark["sign"]: mark["y"] for mark in scene["panels"][0]["marks"] if mark["sign"]}
        assert signs == {"kept": told.val_loss[0, kept], "stop": 0.9}


def test_a_network_that_diverged_at_once_has_no_best_epoch() -> None:
    told = _three(history([[1.0, 9.0, np.nan, np.nan]], [[1.0, 9.0, np.nan, np.nan]]))
    assert not any("best" in mark.label for mark in figure.marks(STUDY, told, LINES, say))
    sentence = readings.overfitted(STUDY, told, LINES, say, done=True)
    assert "Without regularization the network diverges at epoch 2." in sentence
    assert (
        "**Early stopping** keeps the weights of epoch 1 (9.000); the untrained network is better (1.000)." in sentence
    )


# -- the sentence


def test_the_sentence_about_overfitting_is_true() -> None:
    val = [[1.0, 0.5, 0.4, 0.5, 0.6, 0.7, 0.8], [1.0, 0.6, 0.5, 0.45, 0.44, 0.43, 0.42], [1.0, 1, 0.9, 1, 1, 1, 0.95]]
    train = [[1.0, 0.5, 0.35, 0.2, 0.1, 0.1, 0.05]] * 3
    told = history(train, val)._replace(test_score=np.array([0.5, 0.9, 0.7]))
    sentence = readings.overfitted(STUDY, told, LINES, say, done=True, revealed=True)
    assert sentence == (
        "Without regularization validation loss is lowest at epoch 2 (0.400) and ends at 0.800. "
        "With **L2 0.1** validation loss ends at 0.420. **Early stopping** at epoch 4 keeps 0.400 on validation. "
        "Test set, evaluated once: **L2 0.1** 0.900, without regularization 0.500."
    )
    assert "Test" not in readings.overfitted(STUDY, told, LINES, say, done=True)
    running = readings.overfitted(STUDY, told, LINES, say, done=False, revealed=True)
    assert running == "Without regularization validation loss was lowest at epoch 2 (0.400); now it is 0.800."
    scores = readings.overfitted(STUDY, told, LINES, say, done=True, measure="score")
    assert scores == (
        "Without regularization accuracy ends at 0.950 (training) and 0.200 (validation). "
        "With **L2 0.1** the validation score ends at 0.580. **Early stopping** at epoch 4 keeps 0.600 on validation."
    )


def test_accuracies_within_a_standard_error_are_said_to_be() -> None:
    val = [[1.0, 0.25], [1.0, 0.2], [1.0, 0.3]]
    told = history(val, val)._replace(counts=np.full((3, 3, 3), 5))
    sentence = readings.overfitted(STUDY, told, LINES, say, done=True, measure="score")
    assert "Within one standard error of that: **L2 0.1**, 0.800 (validation)." in sentence


def test_without_overfitting_none_is_claimed() -> None:
    falling = [[1.0, 0.8, 0.6, 0.5, 0.4]] * 3
    sentence = readings.overfitted(STUDY, history(falling, falling), LINES, say, done=True)
    assert "ends at 0.400, near its lowest (0.400)" in sentence
    assert "No other network ends lower." in sentence
    assert "Early stopping** does not end the training" in sentence


def test_divergence_and_a_patience_that_is_too_short_are_said() -> None:
    val = [[1.0, 0.9, 0.95, 0.95, 0.5, 0.6], [1.0, 0.8, 0.8, np.inf, np.nan, np.nan], [1.0, 0.9, 0.9, 0.9, 0.9, 0.9]]
    sentence = readings.overfitted(STUDY, history(val, val), LINES, say, done=True)
    assert (
        "**Early stopping** at epoch 3 keeps 0.900; without it validation loss falls to 0.500 at epoch 4: "
        "the patience is too short." in sentence
    )
    assert "Diverged: L2 0.1." in sentence
    assert "No other network ends lower." in sentence


@pytest.mark.parametrize(
    ("val", "said"),
    [
        ([1.0, 0.5, 0.6, np.inf, np.nan], "keeps the weights of epoch 1, before the network diverges: 0.500."),
        ([1.0, 0.5, 0.6, 0.6, np.nan], "at epoch 3 keeps 0.500 on validation; later the network diverges."),
    ],
)
def test_what_is_kept_of_a_network_that_diverges_is_said(val: list[float], said: str) -> None:
    assert f"**Early stopping** {said}" in readings.overfitted(
        STUDY, _three(history([val], [val])), LINES, say, done=True
    )


def test_every_field_of_a_fit_that_a_study_shares_means_the_same() -> None:
    shared = set(settings(Remedies)) & set(settings(Fit))
    assert {"dropout", "l1", "l2", "batch_norm", "rows", "label_noise"} <= shared
    assert all(settings(Remedies)[name] == settings(Fit)[name] for name in shared)


def test_planes_are_those_with_a_box() -> None:
    assert two_dimensional("moons")
    assert not two_dimensional("iris")


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    ("query", "dataset", "address"),
    [
        ({}, "circles", {}),
        ({"beside": ["weights"]}, "circles", {"beside": "weights"}),
        ({"epochs": ["300"]}, "moons", {"epochs": "300"}),  # a link of an earlier version
        ({"dataset": ["moons"]}, "moons", {"dataset": "moons"}),
        ({"dataset": ["circles"]}, "circles", {}),
        ({"dataset": ["circles"], "epochs": ["300"]}, "circles", {"dataset": "circles", "epochs": "300"}),
    ],
)
def test_an_empty_link_opens_the_first_preset_and_settings_alone_still_mean_two_moons(
    query: dict[str, list[str]], dataset: str, address: dict[str, str]
) -> None:
    tested = visit("overfitting", query=query)
    assert tested.session_state["state overfitting"]["spec"].dataset == dataset
    assert dict(tested.query_params) == address
    again = visit("overfitting", query={name: [value] for name, value in address.items()})
    assert again.session_state["state overfitting"]["spec"] == tested.session_state["state overfitting"]["spec"]
