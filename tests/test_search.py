"""A search agrees with scikit-learn (grid, folds, means), finds the best epoch, and does not use the test set."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from conftest import visit
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold, ParameterGrid, StratifiedKFold, train_test_split

from datasets import DATASETS, find, prepare
from experiments import links, search
from experiments.axes import AXES, suggested
from experiments.fit import Fit, History, advance, begin, fit
from experiments.search import NONE, PRESETS, Search, candidates, data_of, found
from figures import tune
from optimizers import SCHEDULES, Adam
from spec import Refused
from ui.stage import pack

SMALL = Search(
    dataset="iris", hidden=(6,), first_values=("0.003", "0.03"), second_values=("0", "0.3"), epochs=8, batch_size=32,
    splits=2,
)  # fmt: skip
VARIED = [
    SMALL,
    replace(SMALL, measure="loss", third="hidden", third_values=("4", "6_3")),
    replace(SMALL, dataset="diabetes", second=NONE, second_values=(), at=(2, 8), folds=4),
    replace(SMALL, method="random", draws=5),
]
each = pytest.mark.parametrize("spec", VARIED, ids=["grid", "loss", "numbers", "random"])


@pytest.fixture(scope="module")
def histories() -> dict[Search, History]:
    return {spec: fit(spec.variants()) for spec in VARIED}


def curves(spec: Search, history: History) -> np.ndarray:
    values = history.val_loss if spec.measure == "loss" else history.val_score
    return values.reshape(len(spec.cells), spec.folds, spec.epochs + 1)


# -- the grid and the draws


def test_a_grid_is_scikit_learns():
    spec = replace(SMALL, first="dropout", first_values=("0", "0.5"), second="hidden", second_values=("4", "8", "4_4"))
    grid = ParameterGrid({"dropout": ["0", "0.5"], "hidden": ["4", "8", "4_4"]})  # sorts names, as we have named them
    assert spec.cells == tuple((one["dropout"], one["hidden"]) for one in grid)
    assert [(f"{one.dropout:g}", one.hidden) for one in spec.fits[1:3]] == [("0", (8,)), ("0", (4, 4))]


def test_a_rule_comes_before_its_rate_whichever_axis_is_first():
    preset = PRESETS["rules"].spec
    rates = [(fit.optimizer.key, fit.optimizer.lr) for fit in preset.fits]
    assert rates == [(rule, rate) for rate in (0.001, 0.005, 0.01) for rule in ("adam", "rmsprop")]
    assert len(preset.variants()) == 18


@settings(max_examples=25)
@given(st.integers(0, 1000), st.sampled_from(["lr", "dropout", "batch_size", "activation", "hidden"]))
def test_draws_are_the_same_each_time_and_within_bounds(seed: int, key: str):
    spec = replace(SMALL, method="random", first=key, first_values=(), second=NONE, second_values=(), seed=seed)
    assert spec.cells == replace(spec).cells
    axis, texts = spec.axes[0]
    offered = [axis.read(text) for text in texts]
    for (text,) in spec.cells:
        value = axis.read(text)
        if search.numeric(offered):
            assert min(offered) <= value <= max(offered)
        else:
            assert value in offered


def test_rates_are_drawn_evenly_over_powers_of_ten():
    source = np.random.default_rng(0)
    rates = [float(search.drawn(AXES["lr"], ("0.0001", "1"), source)) for _ in range(2000)]
    shares = np.histogram(np.log10(rates), bins=4, range=(-4, 0))[0] / 2000
    np.testing.assert_allclose(shares, 0.25, atol=0.04)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"first": "lr", "second": "lr"}, "differ"),
        ({"folds": 20, "first_values": ("0.1", "0.2", "0.3", "0.4")}, "8 combinations on 20 folds"),
        ({"method": "random", "draws": 60}, "180 networks"),
        ({"at": (9,)}, "above 8"),
        ({"cell": 5}, "4 combinations"),
        ({"first_values": ("many",)}, "Learning rate"),
        ({"optimizer": Adam(schedule=SCHEDULES["cosine"]())}, "schedule"),
        ({"optimizer": Adam(schedule=SCHEDULES["plateau"]())}, "schedule"),
        ({"test_size": 0.0}, "test set"),
        ({"first": "schedule"}, "First hyperparameter"),
        ({"second": NONE}, "not searched"),
    ],
    ids=str,
)
def test_what_is_no_search_is_refused(fields: dict, said: str):
    with pytest.raises(Refused, match=said):
        replace(SMALL, **fields)


def test_steps_of_a_schedule_do_not_depend_on_how_many_there_are():
    replace(SMALL, optimizer=Adam(schedule=SCHEDULES["step"]()))


# -- folds


@pytest.mark.parametrize("dataset", ["iris", "diabetes"])
def test_the_rows_of_the_folds_are_scikit_learns(dataset: str):
    spec = replace(SMALL, dataset=dataset, folds=4, split_seed=3)
    _spec, (_done, _total, _grown, latest) = search.cut(search.take(data_of(spec)), 0.0)
    entry = find(dataset)
    y = entry.read()[1]
    classes = None if entry.task == "numbers" else y
    rest, test = train_test_split(np.arange(entry.rows), test_size=spec.test_size, random_state=3, stratify=classes)
    kind = KFold if entry.task == "numbers" else StratifiedKFold
    expected = np.zeros((4, entry.rows), int)
    expected[:, test] = 2
    for row, (_learnt, held) in zip(expected, kind(4, shuffle=True, random_state=3).split(rest, y[rest]), strict=True):
        row[rest[held]] = 1
    np.testing.assert_array_equal(latest["roles"], expected)
    np.testing.assert_array_equal(latest["targets"], y)
    for fold, variant in enumerate(spec.variants()[:4]):  # what the networks learn from is what is drawn
        parts = prepare(entry, test_size=spec.test_size, split_seed=3, folds=variant.folds, fold=variant.fold)
        np.testing.assert_array_equal(np.sort(parts.val.rows), np.flatnonzero(expected[fold] == 1))


# -- what is found


def by_hand(spec: Search, values: np.ndarray) -> tuple[int, int, float, float]:
    """The best cell, its epoch, mean and deviation, by plain loops."""
    best = None
    for cell in range(len(values)):
        for epoch in spec.stops or range(1, spec.epochs + 1):
            scores = [float(values[cell, fold, epoch]) for fold in range(spec.folds)]
            mean = sum(scores) / spec.folds
            sd = (sum((score - mean) ** 2 for score in scores) / spec.folds) ** 0.5
            merit = -mean if spec.measure == "loss" else mean
            if best is None or merit > best[0] + 1e-12:
                best = (merit, cell, epoch, mean, sd)
    assert best is not None
    return best[1:]


@each
def test_mean_deviation_and_best_are_those_of_plain_loops(spec: Search, histories: dict[Search, History]):
    history = histories[spec]
    won = found(spec, history)
    cell, epoch, mean, sd = by_hand(spec, curves(spec, history))
    assert (won.best, won.epoch[won.best]) == (cell, epoch)
    assert won.value[won.best] == pytest.approx(mean)
    assert won.sd[won.best, epoch] == pytest.approx(sd)
    merit = -won.value if spec.measure == "loss" else won.value
    assert (np.diff(merit[won.order]) <= 1e-12).all()
    assert sorted(won.order) == list(range(len(spec.cells)))


@each
def test_a_cell_on_a_fold_trains_as_it_does_alone(spec: Search, histories: dict[Search, History]):
    place = len(spec.variants()) - 1
    alone = fit([spec.variants()[place]])
    for name in ("train_loss", "val_loss", "train_score", "val_score"):
        np.testing.assert_array_equal(getattr(alone, name)[0], getattr(histories[spec], name)[place])


@pytest.mark.parametrize("rule", [Adam(lr=0.01), Adam(lr=0.01, schedule=SCHEDULES["step"]())], ids=["constant", "step"])
def test_an_epoch_read_off_is_a_training_that_ends_there(rule: Adam):
    spec = replace(SMALL, optimizer=rule, first="dropout", first_values=("0.2",), second=NONE, second_values=())
    whole = fit(spec.variants())
    short = fit(replace(spec, epochs=3).variants())
    np.testing.assert_array_equal(short.val_score, whole.val_score[:, :4])
    np.testing.assert_array_equal(short.val_loss, whole.val_loss[:, :4])


def test_a_cell_that_diverges_comes_last_and_a_search_of_such_finds_nothing():
    spec = replace(SMALL, measure="loss", second=NONE, second_values=(), first_values=("0.01", "0.1"))
    history = fit(spec.variants())
    loss = np.ones((6, 9))
    loss[:3] = np.nan
    history = history._replace(val_loss=loss)
    won = found(spec, history)
    assert won.order.tolist() == [1, 0]
    assert won.epoch.tolist() == [-1, 1]
    assert found(spec, history._replace(val_loss=loss * np.nan)).best == -1


def test_before_an_epoch_is_trained_it_cannot_be_chosen():
    assert candidates(replace(SMALL, at=(2, 8)), 7).tolist() == [2]
    assert candidates(SMALL, 0).tolist() == []


# -- the test part


@each
def test_the_winner_never_sees_a_test_row_and_sees_all_others(spec: Search):
    fitted = spec.refit(1, 5)
    parts = prepare(find(spec.dataset), test_size=fitted.test_size, val_size=fitted.val_size,
                    split_seed=fitted.split_seed)  # fmt: skip
    held = prepare(find(spec.dataset), test_size=spec.test_size, folds=spec.folds, split_seed=spec.split_seed)
    assert set(parts.test.rows) == set(held.test.rows)
    assert set(parts.train.rows) == set(held.train.rows) | set(held.val.rows)
    assert not set(parts.train.rows) & set(parts.test.rows)
    assert not len(parts.val.rows)
    assert replace(fitted, val_size=0.2, epochs=spec.epochs) == replace(spec.fits[1], val_size=0.2)


def test_no_curve_of_a_search_changes_with_the_test_rows(monkeypatch: pytest.MonkeyPatch):
    spec = replace(SMALL, dataset="wine", epochs=3)
    before = fit(spec.variants())
    x, y = (array.copy() for array in find("wine").read())
    _x, test = train_test_split(np.arange(len(y)), test_size=spec.test_size, random_state=spec.split_seed, stratify=y)
    x[test] = 1e6
    from experiments import tables

    spoilt = replace(find("wine"), read=lambda: (x, y))
    monkeypatch.setitem(DATASETS, "wine", spoilt)
    tables._tensors.cache_clear()
    after = fit(spec.variants())
    tables._tensors.cache_clear()
    np.testing.assert_array_equal(before.val_score, after.val_score)
    np.testing.assert_array_equal(before.val_loss, after.val_loss)


def test_splits_tell_what_searches_on_them_would():
    spec = replace(SMALL, dataset="wine", epochs=4)
    state, done, total, told = search.start_again(data_of(spec)), 0, 1, []
    while done < total:
        state, (done, total, grown, _latest) = search.resplit(state, 0.0)
        told += [grown] if grown else []
    known = search.luck({name: np.concatenate([one[name] for one in told]) for name in told[0]})
    assert len(told) == spec.splits
    for number in range(spec.splits):
        again = replace(spec, split_seed=number)
        won = found(again, fit(again.variants()))
        assert known.validated[number] == won.value[won.best]
        assert known.tested[number] == fit([again.refit(won.best, int(won.epoch[won.best]))]).test_score[0]
        # Who chooses by half of the test part: the best of all cells at all epochs on it, and that one on the other.
        every = [again.refit(cell, again.epochs) for cell in range(len(again.cells))]
        tests = fit(every, ("tests",)).records["tests"][:, 1]
        claims, kept = [], []
        for half in (0, 1):
            best = max((tests[c, half, e], -c, -e) for c in range(len(every)) for e in range(1, 5))
            claims.append(best[0])
            kept.append(tests[-best[1], 1 - half, -best[2]])
        assert known.claimed[number] == pytest.approx(np.mean(claims))
        assert known.kept[number] == pytest.approx(np.mean(kept))


def test_the_record_of_tests_is_what_a_training_that_ends_there_is_scored():
    variant = Fit("wine", (5,), epochs=3, val_size=0.0)
    tests = fit([variant, replace(variant, seed=1)], ("tests",)).records["tests"]
    assert tests.shape == (2, 2, 3, 4)
    ended = fit([replace(variant, epochs=2)])
    assert tests[0, 1, 2, 2] == ended.test_score[0]
    assert tests[0, 0, 2, 2] == ended.test_loss[0]
    sizes = np.array([18, 18]) / 36
    np.testing.assert_allclose(tests[:, :, :2].transpose(0, 1, 3, 2) @ sizes, tests[:, :, 2])


# -- links and pictures

LINKS = [
    ({}, Search()),
    ({"first": ["activation"], "second": ["none"]}, Search(first="activation", second=NONE)),
    ({"first_values": ["0.001~0.01"], "folds": ["5"], "at": ["20~40"]},
     Search(first_values=("0.001", "0.01"), folds=5, at=(20, 40))),
    ({"third": ["hidden"], "third_values": ["16_16~none"], "method": ["random"], "cell": ["3"]},
     Search(third="hidden", third_values=("16_16", "none"), method="random", cell=3)),
    *((links.write(preset.spec, Search(), suggested), preset.spec) for preset in PRESETS.values()),
]  # fmt: skip


@pytest.mark.parametrize(("query", "spec"), LINKS)
def test_a_search_is_a_link(query: dict[str, list[str]], spec: Search):
    assert links.read(query, Search(), suggested) == (spec, [])
    assert links.read(links.write(spec, Search(), suggested), Search(), suggested) == (spec, [])


@each
def test_pictures_hold_what_was_found(spec: Search, histories: dict[Search, History]):
    history = histories[spec]
    won = found(spec, history)
    _spec, (*_counts, latest) = search.cut(data_of(spec), 0.0)

    def say(text: str) -> str:
        return text

    for done, roles in ((True, (latest["roles"], latest["targets"])), (False, None)):
        scene = tune.scene(spec, history, won, roles, say=say, alt="", running=not done, done=done, grouped=True)
        pack(scene)
        grid, shown, strips = scene["panels"]
        assert scene["clock"].get("at", won.epoch[won.best]) == won.epoch[won.best]
        assert grid["cells"][grid["best"]] == won.best + 1
        shown_epoch = won.epoch[won.best] if spec.at else spec.epochs
        assert grid["values"][-1, grid["best"]] == np.float32(won.mean[won.best, shown_epoch])
        assert len(grid["x"]) == len(grid["y"]) == grid["values"].shape[1] == len(grid["names"])
        last = -1 if spec.measure == "loss" else -2  # beside scores the last is a constant prediction
        np.testing.assert_array_equal(shown["tracks"][last]["y"], won.mean[won.best])
        assert len(strips["labels"]) == spec.folds
    told = tune.read(spec, history, won, say, done=True)
    assert tune.cell_names(spec, say)[won.best] in told
    assert f"{won.value[won.best]:.3f}" in told
    columns = tune.numbers(spec, history, won, say)
    folds = np.array([columns[f"fold {fold + 1}"][0] for fold in range(spec.folds)])
    assert folds.mean() == pytest.approx(won.value[won.best])
    assert {len(column) for column in columns.values()} == {len(spec.cells)}


@settings(max_examples=10)
@given(st.integers(-1, 6))
def test_there_is_a_picture_from_the_first_chunk_on(trained: int):
    spec = replace(SMALL, at=(2, 4), epochs=6)
    history = fit(spec.variants())
    names = ("train_loss", "val_loss", "train_score", "val_score")
    cut = history._replace(**{name: getattr(history, name)[:, : trained + 1] for name in names})
    won = found(spec, cut)
    pack(tune.scene(spec, cut, won, None, say=str, alt="", running=True, done=False, grouped=False))
    assert tune.read(spec, cut, won, str, done=False)


def test_luck_is_drawn_from_its_first_split_on():
    for n in (0, 1, 3):
        luck = search.Luck(*(np.linspace(0.7, 0.9, n) + i / 100 for i in range(4)))
        scene = tune.luck_scene(SMALL, luck, say=str, alt="")
        pack(scene)
        assert (f"{luck.claimed.mean():.3f}" if n else "–") == scene["table"]["rows"][0]["cells"][0]
        told = tune.revealed(SMALL, 0.875, luck, str)
        assert "0.875" in told
        assert ("splits" in told) == (n > 1)
        assert n < 2 or f"{luck.kept.mean():.3f}" in told


def test_a_search_chunk_by_chunk_is_the_same():
    state = begin(SMALL.variants())
    parts = []
    while not state.done:
        state, chunk = advance(state, 3)
        parts.append(chunk.val_score)
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), fit(SMALL.variants()).val_score)


def test_the_page_opens_the_test_part_at_the_end_and_takes_a_preset() -> None:
    query = {"dataset": ["iris"], "epochs": ["3"], "folds": ["2"], "second": ["none"], "splits": ["2"]}
    tested = visit("tune", query=query | {"view": ["test"]})
    deadline = time.monotonic() + 60
    while not any("Means over all splits (2)" in text.value for text in tested.markdown):
        assert time.monotonic() < deadline
        assert not tested.exception
        time.sleep(0.2)
        tested.run()
    spec = Search("iris", epochs=3, folds=2, second=NONE, splits=2)
    won = found(spec, fit(spec.variants()))
    score = fit([spec.refit(won.best, int(won.epoch[won.best]))]).test_score[0]
    assert any(f"**{score:.3f} ±" in text.value for text in tested.markdown)
    presets: Any = next(one for one in tested.get("button_group") if one.key.endswith(" preset"))
    presets.set_value("epochs")
    tested.run()
    assert not tested.exception
    assert tested.session_state["state tune"]["spec"] == PRESETS["epochs"].spec
