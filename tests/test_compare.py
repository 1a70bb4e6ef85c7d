"""Compare: the compared setting changes the networks, values survive as text, and sentences agree with the curves."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from conftest import visit
from hypothesis import given
from hypothesis import strategies as st
from test_links import valid

from experiments import links, studies
from experiments.axes import AXES, Axis, learnt, placed
from experiments.fit import Fit, History, fit
from experiments.presets import Preset
from experiments.stopping import stops
from experiments.studies import PRESETS, Comparison
from experiments.tables import tensors
from figures import readings, stopping, theme, training
from networks import ACTIVATIONS, INITS
from optimizers import RULES, SCHEDULES, Schedule
from spec import Refused
from ui.stage import pack

SMALL = Fit(hidden=(4,), epochs=1, batch_size=None)
SGD, ADAM = RULES["sgd"], RULES["adam"]
each_axis = pytest.mark.parametrize("axis", AXES.values(), ids=AXES)
each_preset = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)


def say(text: str) -> str:
    return text


# -- axes


@each_axis
def test_the_usual_values_of_an_axis_make_networks_that_train(axis: Axis) -> None:
    variants = [axis.put(SMALL, axis.read(text)) for text in axis.usual(SMALL)]
    assert len(set(variants)) == len(variants) >= 2
    assert len({axis.label(axis.read(text), say) for text in axis.usual(SMALL)}) == len(variants)
    assert [learnt(variant) for variant in variants] == [tensors(variant).learnt for variant in variants]
    assert np.isfinite(fit(variants).train_loss).all()


CHANGED = ("hidden", "l1", "l2", "linf", "batch_size", "init", "batch_norm", "features")


def values(axis: Axis) -> st.SearchStrategy[Any]:
    """Any value of an axis, and not only those that are offered."""
    whole = st.integers(0, 10**6)
    return {
        "optimizer": st.sampled_from(list(RULES.values())).map(studies.suggested),
        "schedule": st.sampled_from(list(SCHEDULES.values())).flatmap(valid),
        "batch_size": st.none() | whole,
        "rows": st.none() | whole,
        "seed": whole,
        "init": st.sampled_from(list(INITS)),
        "activation": st.sampled_from(list(ACTIVATIONS)),
        "scaling": st.sampled_from(["none", "standard", "sample", "minmax"]),
        "hidden": st.lists(st.integers(1, 512), max_size=5).map(tuple),
        "features": st.lists(st.integers(0, 60), max_size=20, unique=True).map(tuple),
        "batch_norm": st.booleans(),
        "shuffle": st.booleans(),
        "change": st.deferred(lambda: st.lists(st.one_of([_changes(key) for key in CHANGED]), max_size=4).map(tuple)),
    }.get(axis.key, st.floats(0, 1e9))


def _changes(key: str) -> st.SearchStrategy[tuple[Axis, Any]]:
    return st.tuples(st.just(AXES[key]), values(AXES[key]))


@each_axis
def test_a_value_survives_as_text(axis: Axis) -> None:
    @given(values(axis))
    def survives(value: Any) -> None:
        assert axis.read(axis.write(value)) == value
        assert axis.label(value, say)

    survives()


@each_axis
def test_any_text_is_a_value_or_is_refused_with_examples(axis: Axis) -> None:
    @given(st.text(max_size=12) | st.text("0123456789-_.e, ", max_size=12))
    def read(text: str) -> None:
        try:
            assert axis.label(axis.read(text), say)
        except Refused as refusal:
            told.append(str(refusal))

    told: list[str] = []
    read()
    assert told
    assert all("it takes values such as" in sentence for sentence in told)


def test_where_some_networks_see_one_column_no_boundary_is_drawn() -> None:
    moons = dataclasses.replace(SMALL, dataset="moons")
    whole, one = (AXES["features"].put(moons, AXES["features"].read(text)) for text in ("none", "0"))
    assert fit([whole, one]).boundary is None
    assert fit([whole]).boundary is not None


def test_a_rule_is_placed_before_what_is_set_in_it() -> None:
    texts = {"schedule": "cosine", "lr": "0.25", "optimizer": "adam"}
    assert placed(SMALL, texts).optimizer == ADAM(lr=0.25, schedule=Schedule.of("cosine"))


def test_a_change_is_one_step_along_another_axis() -> None:
    compared = Comparison(vary="change", values=("none", "init_scale_0.1", "init_ones", "hidden_8_4", "lr_2"))
    base = compared.base
    assert compared.variants() == (
        base, dataclasses.replace(base, init_scale=0.1), dataclasses.replace(base, init="ones"),
        dataclasses.replace(base, hidden=(8, 4)), dataclasses.replace(base, optimizer=SGD(lr=2)),
    )  # fmt: skip


# -- comparisons


@pytest.mark.parametrize("vary", [key for key in AXES if key != "optimizer"])
def test_links_name_an_axis_and_its_values(vary: str) -> None:
    values = AXES[vary].usual(Fit())[:2]
    found, refused = links.read({"vary": [vary], "values": ["~".join(values)]}, Comparison(), studies.suggested)
    assert refused == []
    assert (found.vary, found.values, len(found.variants())) == (vary, values, 2)


def test_seeds_repeat_every_kind_and_the_axis_of_seeds_is_its_own() -> None:
    compared = Comparison(vary="hidden", values=("4", "8"), seeds=3, seed=5)
    assert [(variant.hidden, variant.seed) for variant in compared.variants()] == [
        (units, seed) for units in ((4,), (8,)) for seed in (5, 6, 7)
    ]
    assert [variant.seed for variant in Comparison(vary="seed", values=("3", "9"), seeds=3).variants()] == [3, 9]


@pytest.mark.parametrize(
    "wrong",
    [
        {"vary": "lr", "values": ("x",)}, {"vary": "lr", "values": ("nan",)}, {"vary": "hidden", "values": ("",)},
        {"values": ("0.1",)}, {"vary": "seed", "values": tuple(map(str, range(9)))}, {"vary": "size"},
        {"contenders": ()},
    ],
)  # fmt: skip
def test_what_makes_no_comparison_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        Comparison(**wrong)


# -- the lecture's


@each_preset
def test_a_preset_is_a_link(preset: Preset[Comparison]) -> None:
    link = links.write(preset.spec, Comparison(), studies.suggested)
    assert links.read(link, Comparison(), studies.suggested) == (preset.spec, [])


def test_the_table_of_the_lecture_notes_is_one_click_away() -> None:
    """The very networks whose test accuracies tests/test_fit.py holds against the printed ones."""
    notes = Fit(
        hidden=(10,), activation="sigmoid", init="ones", optimizer=SGD(lr=1.0), bias_optimizer=SGD(lr=1.0),
        batch_size=None, epochs=1000, val_size=0.0,
    )  # fmt: skip
    changes: list[dict[str, Any]] = [
        {}, {"l1": 0.01}, {"l2": 0.01}, {"l1": 0.01, "l2": 0.01},
        {"optimizer": SGD(lr=0.1)}, {"optimizer": SGD(lr=0.01)},
    ]  # fmt: skip
    assert PRESETS["table"].spec.variants() == tuple(dataclasses.replace(notes, **change) for change in changes)


def told(spec: Comparison) -> tuple[History, str]:
    history = fit(spec.variants())
    return history, readings.compared(history, training.lines(spec, say), say, done=True)


def test_right_and_wrong_rates_tell_their_story() -> None:
    """The notes: 1e5 leaps to about 1e6 and stays erratic, 1e-10 does not move in six decimals, 0.1 always falls."""
    history, sentence = told(PRESETS["rates"].spec)
    still, right, wrong = history.train_loss
    assert np.ptp(still) < 5e-7
    assert (np.diff(right) < 0).all()
    assert 1e5 < wrong.max() < 1e7
    assert (np.diff(wrong[1:]) > 0).sum() > 3
    assert f"It falls every epoch, from {right[0]:.3f} to {right[-1]:.3f}." in sentence
    assert f"at epoch {wrong.argmax()}, stays unstable, and ends at" in sentence
    assert "Loss unchanged to six decimals: lr 1e-10." in sentence


def test_standardised_costs_fall_by_the_lecture_s_ratio_and_others_diverge() -> None:
    """The notes: 29785, 18906, 12055 ... 6.63 in 20 epochs, a ratio of about 0.63; unscaled the same rate diverges."""
    history, sentence = told(PRESETS["scaling"].spec)
    unscaled, standardised = history.train_loss
    ratios = standardised[1:11] / standardised[:10]
    assert (np.abs(ratios - 0.635) < 0.01).all()
    assert (np.diff(unscaled) > 0).all()
    assert unscaled[-1] > 1e100
    assert "**unscaled** diverges: its loss grows to " in sentence


# -- pictures


def made(curves: list[list[float]], val: list[list[float]] | None = None, **records: np.ndarray) -> History:
    """A history with these training losses, and these validation losses; the rest is unknown."""
    train = np.array(curves, float)
    held = np.full_like(train, np.nan) if val is None else np.array(val, float)
    unknown, scores = np.full(len(train), np.nan), np.full_like(train, np.nan)
    best = np.array([int(np.nanargmin(row)) if np.isfinite(row).any() else len(row) - 1 for row in held])
    return History(train, held, scores, scores, unknown, unknown, best, unknown, None, records)


def drawn(spec: Comparison, history: History, **how: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the panel of curves and the table."""
    variants, lines = spec.variants(), training.lines(spec, say)
    table = training.table(variants, history, lines, say, done=True)
    marks = training.best_marks(history, lines)
    scene = training.scene(
        variants, history, lines, say=say, alt="", running=False, table=table, marks=marks, **how
    )  # fmt: skip
    return scene["panels"][0], scene["table"]


TWO = Comparison(vary="batch_size", values=("100", "none"), hidden=(4,), epochs=3)
ALONE = dataclasses.replace(TWO, val_size=0.0)
FALLING = [[1.0, 0.8, 0.7, 0.6], [1.0, 0.9, 0.8, 0.75]]


def test_without_a_validation_part_nothing_speaks_of_one() -> None:
    panel, table = drawn(ALONE, made(FALLING))
    assert [track["dash"] for track in panel["tracks"]] == [[], []]
    assert [track["name"] for track in panel["tracks"]] == ["batch 100", "full batch"]
    assert panel["marks"] == []
    assert table["columns"] == ["", "training loss", "test accuracy, last epoch"]
    assert {len(row["cells"]) for row in table["rows"]} == {2}
    with_one, table = drawn(TWO, made(FALLING, FALLING))
    assert [bool(track["dash"]) for track in with_one["tracks"]] == [False, True, False, True]
    assert len(table["columns"]) == 6
    numbers = training.numbers(made(FALLING), training.lines(ALONE, say), say)
    assert list(numbers) == ["epoch", "1 batch 100 training loss", "2 full batch training loss"]


def test_the_loss_of_an_unscaled_target_is_a_mean_squared_error() -> None:
    spec = dataclasses.replace(PRESETS["scaling"].spec, scale_target=False)
    for scaled, title in ((False, "loss (mean squared error)"), (True, "loss (mean squared error / variance)")):
        panel, table = drawn(dataclasses.replace(spec, scale_target=scaled), made(FALLING))
        assert panel["figure"]["layout"]["yaxis"]["title"]["text"] == title
        assert table["columns"] == ["", "training loss"], "there is no test part either"


def test_curves_over_updates_and_seconds_have_their_own_places() -> None:
    seconds = np.array([[0.3, 1.0, 2.0, 3.0], [0.3, 4.0, 4.0, 4.0]])
    history = made(FALLING, FALLING, seconds=seconds)
    panel, _table = drawn(TWO, history, along="updates")
    steps = [-(-364 // 100), 1]
    for i, track in enumerate(panel["tracks"]):
        np.testing.assert_array_equal(track["x"], steps[i // 2] * np.arange(4))
    assert [mark["x"] for mark in panel["marks"]] == [12, 3], "the best epoch is the third"
    panel, _table = drawn(TWO, history, along="seconds")
    np.testing.assert_array_equal(panel["tracks"][0]["x"], [0, 1, 3, 6])
    np.testing.assert_array_equal(panel["tracks"][-1]["x"], [0, 4, 8, 12])
    assert (seconds[:, 0] == 0.3).all(), "the record is left as it is"
    assert not panel["along"]


def test_a_curve_far_above_the_others_gets_a_logarithmic_axis() -> None:
    leaping = [[1.0, 0.8, 0.7, 0.6], [1.0, 1e6, 1e5, 1e6]]
    for curves, scale, log in (
        (leaping, "auto", True), (leaping, "linear", False), (FALLING, "auto", False), (FALLING, "log", True),
        ([[1.0, 0.8, 0.7, 0.6], [1.0, 1e30, np.inf, np.nan]], "auto", True),
    ):  # fmt: skip
        panel, _table = drawn(ALONE, made(curves), scale=scale)
        axis = panel["figure"]["layout"]["yaxis"]
        assert (axis.get("type") == "log") == log
        low, high = axis["range"]
        assert low < high
        if log:
            assert low <= np.log10(0.6), "what learns is seen, whatever becomes of the others"
    assert panel["tracks"][-1]["name"] == "full batch: diverges at 2"


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.sampled_from([0.5, 0.9, 0.99]))
def test_smoothing_is_a_mean_with_weights_that_forget(curve: list[float], beta: float) -> None:
    weights = beta ** np.arange(len(curve))[::-1]
    found = training.smoothed(np.array([curve]), beta)[0, -1]
    assert found == pytest.approx(np.average(curve, weights=weights), rel=1e-9, abs=1e-9)


def test_smoothing_is_drawn_over_the_raw_line() -> None:
    panel, _table = drawn(ALONE, made(FALLING), smooth=0.5)
    raw, smooth, *_others = panel["tracks"]
    assert raw["faint"]
    np.testing.assert_array_equal(raw["y"], FALLING[0])
    assert smooth["y"][0] == raw["y"][0]
    assert smooth["y"][-1] > raw["y"][-1], "it lags behind a falling curve"


def test_histories_of_weights_are_those_recorded() -> None:
    traces = np.arange(2 * 6 * 4.0).reshape(2, 6, 4)
    panel, _table = drawn(TWO, made(FALLING, traces=traces), measure="weights")
    shown = [track["y"] for track in panel["tracks"]]
    assert len(shown) == 12
    np.testing.assert_array_equal(shown, traces.reshape(12, 4))


def test_several_seeds_are_a_median_in_a_band() -> None:
    spec = dataclasses.replace(ALONE, seeds=3)
    curves = [[1.0, 0.5], [1.0, 0.2], [1.0, 0.9], [1.0, 0.4], [1.0, 0.3], [1.0, 0.8]]
    panel, _table = drawn(spec, made(curves))
    middle, low, high, *_others = panel["tracks"]
    assert [track["y"][-1] for track in (middle, low, high)] == [0.5, 0.2, 0.9]
    assert panel["shades"][0] == {"a": 1, "b": 2, "color": middle["color"]}


def test_colours_follow_the_order_of_values() -> None:
    def colours(*values: str) -> list[str]:
        return [line.look["color"] for line in training.lines(Comparison(vary="lr", values=values), say)]

    assert colours("1", "0.01", "0.1") == [colours("0.01", "0.1", "1")[place] for place in (2, 0, 1)]
    assert len(set(colours(*(f"0.{i}" for i in range(1, 9))))) == 8
    rules = training.lines(Comparison(), say)
    assert [line.look for line in rules] == theme.styles(Comparison().contenders)


def test_the_training_loss_of_the_batches_is_drawn_and_said_to_be() -> None:
    spec = Comparison(hidden=(4,), epochs=3, dropout=0.5)
    lines = training.lines(spec, say)
    history = training.by_batches(whole := fit(spec.variants(), ("batch_loss",)))
    [panel] = training.scene(
        spec.variants(), history, lines, say=say, alt="", running=False, by_batch=True,
        table=training.table(spec.variants(), history, lines, say, done=True),
    )["panels"]  # fmt: skip
    np.testing.assert_array_equal(panel["tracks"][0]["y"], whole.records["batch_loss"][0])
    assert not np.array_equal(panel["tracks"][0]["y"], whole.train_loss[0])
    assert "mean over the batches, with dropout" in panel["figure"]["layout"]["annotations"][0]["text"]


@pytest.mark.parametrize("page", ["compare", "overfitting"])
@pytest.mark.usefixtures("idle")
def test_a_link_chooses_how_the_training_loss_is_measured(page: str) -> None:
    tested = visit(page, query={"train": ["batches"]})
    assert not tested.exception
    assert not tested.warning
    for block in (*tested.get("expander"), *tested.get("popover")):
        tested.session_state[str(block.key)] = True
    tested.run()
    assert [toggle.value for toggle in tested.toggle if toggle.label == "Training loss as in Keras"] == [True]


# -- sentences


def test_what_diverges_leaps_or_stays_is_told_with_its_epoch() -> None:
    spec = Comparison(vary="lr", values=("1", "2", "3", "4", "5"), hidden=(4,), epochs=10, val_size=0.0)
    lines = training.lines(spec, say)
    falling = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    back = [1.0, 50.0, 0.9, 0.8, 0.8, 0.8, 0.8]
    erratic = [1.0, 20.0, 1e6, 2e5, 9e5, 1e5, 8e5]
    history = made([falling, back, erratic, [1.0] * 7, [1.0, 9.0, 99.0, np.inf, np.nan, np.nan, np.nan]])
    assert readings.compared(history, lines, say, done=True) == (
        "**lr 1** has the lowest training loss: 0.400 at epoch 6. It falls every epoch, from 1.000 to 0.400. "
        "The loss of **lr 2** jumps to 50 at epoch 1 and comes back down to 0.800. "
        "The loss of **lr 3** jumps to 1×10⁶ at epoch 2, stays unstable, and ends at 8×10⁵. "
        "Loss unchanged to six decimals: lr 4. Diverged: lr 5 at epoch 3."
    )


# -- the page


def test_one_click_shows_what_the_lecture_shows(idle: None) -> None:
    tested = visit("compare")
    for name, preset in PRESETS.items():
        offered: Any = next(one for kind in ("selectbox", "button_group") for one in tested.get(kind)
                            if one.key == "compare en preset")  # fmt: skip
        offered.set_value(name)
        tested.run()
        assert not tested.exception
        assert tested.session_state["state compare"]["spec"] == preset.spec
        assert preset.note in [caption.value for caption in tested.sidebar.caption]


def test_values_are_chosen_and_kept_in_order(idle: None) -> None:
    tested = visit("compare", query={"vary": ["lr"]})
    for chosen, kept in ((["0.5", "0.005"], ("0.005", "0.5")), ([], ())):
        tested.sidebar.multiselect[0].set_value(chosen)
        tested.run()
        assert not tested.exception
        assert tested.session_state["state compare"]["spec"].values == kept


def test_changes_are_typed_one_with_another(idle: None) -> None:
    tested = visit("compare", query={"vary": ["change"]})
    tested.sidebar.multiselect[0].set_value(["none", "l1_0.01 + l2_0.01"])  # sent as it is shown: L1 0.01 + L2 0.01
    tested.run()
    assert not tested.exception
    spec = tested.session_state["state compare"]["spec"]
    assert spec.values == ("none", "l1_0.01+l2_0.01")
    assert [(fit.l1, fit.l2) for fit in spec.variants()] == [(0.0, 0.0), (0.01, 0.01)]
    tested.sidebar.multiselect[0].set_value(["none", "more of it"])
    tested.run()
    assert not tested.exception
    assert tested.session_state["state compare"]["spec"] == spec, "nonsense changes nothing"
    [warning] = [warning.value for warning in tested.warning]
    assert "“more of it”" in warning
    assert "it takes values such as none, " in warning


def test_the_settings_of_early_stopping_are_there_while_it_is_on(idle: None) -> None:
    for query, there in (({}, False), ({"patience": ["7"]}, True)):
        tested = visit("compare", query=query)
        tested.session_state["compare stopping"] = True
        tested.run()
        keys = {one.key for kind in ("toggle", "slider", "select_slider") for one in tested.sidebar.get(kind)}
        assert "compare en patience" in keys
        assert ("compare en restore_best_weights" in keys) == there
        assert ("compare en min_delta" in keys) == there


# -- early stopping

STOPPED = dataclasses.replace(TWO, patience=1)
TURNING = [[1.0, 0.5, 0.6, 0.7], [1.0, 0.9, 0.95, 0.5]]


def test_early_stopping_stands_on_the_curves_and_in_the_table() -> None:
    tests = np.zeros((2, 2, 3, 4))
    tests[:, 1, 2] = [[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]]
    history = made(TURNING, TURNING, tests=tests)
    lines, variants = training.lines(STOPPED, say), STOPPED.variants()
    for restore, kept in ((True, 1), (False, 2)):
        found = stops(history, dataclasses.replace(STOPPED, restore_best_weights=restore))
        marks = stopping.marks(history, lines, found)
        assert [(mark.row, mark.sign, mark.at) for mark in marks] == [
            (0, "kept", kept), (0, "stop", 2), (1, "kept", kept), (1, "stop", 2),
        ]  # fmt: skip
        plain = training.table(variants, history, lines, say, done=True)
        table = stopping.with_stops(plain, variants, history, lines, found, say, done=True)
        assert table["columns"][-2:] == ["early stop → kept epoch", "test accuracy, early stopping"]
        cells = [row["cells"][-2:] for row in table["rows"][:2]]
        assert cells == [[f"2 → {kept}", f"{tests[row, 1, 2, kept]:.3f}"] for row in (0, 1)]
        running = stopping.with_stops(plain, variants, history, lines, found, say, done=False)
        assert [row["cells"][-1] for row in running["rows"][:2]] == ["–", "–"], "the test part is for the end"
        scene = training.scene(variants, history, lines, say=say, alt="", running=False, table=table, marks=marks)
        drawn = [(mark["sign"], mark["at"], mark["y"]) for mark in scene["panels"][0]["marks"]]
        assert drawn == [(mark.sign, mark.at, TURNING[mark.row][mark.at]) for mark in marks]


def test_a_patience_that_is_too_short_is_said_with_both_losses() -> None:
    history = made(TURNING, TURNING)
    lines = training.lines(STOPPED, say)
    assert stopping.stopped(STOPPED, history, lines, say) == [
        "**Early stopping** stops 2 of 2 networks before the last epoch.",
        "The patience is too short for full batch (0.900, then 0.500 at epoch 3): validation loss falls further later.",
    ]
    assert stopping.stopped(TWO, history, lines, say) == [], "it is off"
    [sentence] = stopping.stopped(STOPPED, history, lines[1:], say)
    assert sentence == (
        "**Early stopping** at epoch 2 keeps 0.900; without it validation loss falls to 0.500 at epoch 3: "
        "the patience is too short."
    )


# -- long trainings


def test_a_long_training_is_drawn_at_some_epochs_with_their_own_values() -> None:
    n = 20_001
    curve = np.exp(-np.arange(n) / 5000)
    seconds = np.full((2, n), 0.001)
    traces = np.random.default_rng(0).normal(size=(2, 6, n))
    history = made([curve.tolist()] * 2, [(curve + 1).tolist()] * 2, seconds=seconds, traces=traces)
    spec = dataclasses.replace(TWO, epochs=n - 1)
    variants, lines = spec.variants(), training.lines(spec, say)
    marks = [training.Mark(777, "", "@c0")]
    shown: list[dict[str, Any]] = [{}, {"along": "seconds"}, {"measure": "weights"}, {"smooth": 0.9}]
    for how in shown:
        table = training.table(variants, history, lines, say, done=True)
        scene = training.scene(
            variants, history, lines, say=say, alt="", running=True, table=table, marks=marks, **how
        )  # fmt: skip
        panel, steps = scene["panels"][0], scene["clock"]["steps"]
        assert len(steps) <= training.MOST + 2
        assert {0, 777, n - 1} <= set(steps.tolist())
        assert (np.diff(steps) > 0).all()
        assert panel["steps"] is steps
        assert all(len(track[axis]) == len(steps) for track in panel["tracks"] for axis in ("x", "y") if axis in track)
        np.testing.assert_array_equal(scene["table"]["rows"][0]["cells"][0]["values"], curve[steps])
        if not how:
            np.testing.assert_array_equal(panel["tracks"][0]["y"], curve[steps])
        assert len(pack(scene)) < 150_000
    assert len(training.numbers(history, lines, say)["epoch"]) == n, "the table of numbers has them all"


def test_a_short_training_is_drawn_whole() -> None:
    assert training.drawn_at(training.MOST) is None
    table = training.table(TWO.variants(), made(FALLING, FALLING), training.lines(TWO, say), say, done=True)
    lines = training.lines(TWO, say)
    scene = training.scene(
        TWO.variants(), made(FALLING, FALLING), lines, say=say, alt="", running=False, table=table
    )  # fmt: skip
    assert "steps" not in scene["clock"]
