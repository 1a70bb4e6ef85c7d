"""Every data set is what its entry says, and is split and scaled as scikit-learn would."""

import subprocess
import sys

import numpy as np
import pytest
import sklearn.datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from datasets import DATASETS, SCALERS, prepare
from datasets.drawn import circles, moons, spiral

every_dataset = pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)


@every_dataset
def test_entry_says_what_the_table_holds(dataset):
    x, y = dataset.read()
    assert x.shape == (dataset.rows, dataset.columns)
    assert y.shape == (dataset.rows,)
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
    if dataset.task == "numbers":
        assert dataset.classes == ()
        assert len(np.unique(y)) > 20
    else:
        assert dataset.task == ("binary" if len(dataset.classes) == 2 else "classes")
        assert np.unique(y).tolist() == list(range(len(dataset.classes)))


@every_dataset
def test_entry_tells_people_what_it_is(dataset):
    assert DATASETS[dataset.key] is dataset
    assert dataset.title
    assert dataset.sentence.endswith(".")
    assert dataset.source
    assert dataset.terms.endswith(".")


@every_dataset
def test_a_box_is_given_for_two_columns_and_holds_every_point(dataset):
    assert (dataset.box is not None) == (dataset.columns == 2)
    if dataset.box is not None:
        low, high = np.array(dataset.box).T
        x, _ = dataset.read()
        assert ((low < x) & (x < high)).all()


@every_dataset
def test_reading_twice_gives_the_same_table(dataset):
    for first, second in zip(dataset.read(), dataset.read(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(("draw", "reference"), [(moons, sklearn.datasets.make_moons), (circles, None)])
def test_drawn_curves_are_those_of_scikit_learn(draw, reference):
    reference = reference or (lambda *size, **how: sklearn.datasets.make_circles(*size, factor=0.5, **how))
    for ours, theirs in zip(draw(60, noise=0, seed=0), reference(60, shuffle=False), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_spiral_radius_grows_with_its_angle_and_its_arms_are_opposite():
    points, arm = spiral(200, noise=0, seed=0)
    np.testing.assert_allclose(points[arm == 0], -points[arm == 1])
    angle = np.unwrap(np.arctan2(*points[arm == 0].T[::-1]))
    np.testing.assert_allclose(np.linalg.norm(points[arm == 0], axis=1), angle / (3 * np.pi))


def test_noise_moves_points_by_its_standard_deviation():
    shift = moons(20_000, noise=0.3, seed=1)[0] - moons(20_000, noise=0, seed=1)[0]
    np.testing.assert_allclose(shift.std(axis=0), 0.3, rtol=0.02)
    np.testing.assert_allclose(shift.mean(axis=0), 0, atol=0.01)


@every_dataset
@pytest.mark.parametrize("seed", [0, 3])
def test_parts_are_those_of_train_test_split(dataset, seed):
    x, y = dataset.read()
    x, test_x, y, test_y = train_test_split(x, y, test_size=0.2, random_state=seed)
    x, val_x, y, val_y = train_test_split(x, y, test_size=0.25, random_state=seed)
    parts = prepare(dataset, test_size=0.2, val_size=0.25, split_seed=seed)
    scaler = StandardScaler().fit(x)
    for part, part_x, part_y in ((parts.train, x, y), (parts.val, val_x, val_y), (parts.test, test_x, test_y)):
        np.testing.assert_allclose(part.x, scaler.transform(part_x), rtol=1e-5, atol=1e-6)
        if dataset.task == "numbers":
            part_y = (part_y - y.mean()) / y.std()
        np.testing.assert_allclose(part.y, part_y, rtol=1e-5, atol=1e-6)
        assert part.x.dtype == np.float32


def test_scalers_are_those_of_scikit_learn_and_see_the_training_part_alone():
    wine = DATASETS["wine"]
    raw = prepare(wine, scaling="none")
    np.testing.assert_array_equal(np.sort(np.concatenate([part.x for part in raw[:3]]), axis=0),
                                  np.sort(wine.read()[0].astype(np.float32), axis=0))  # fmt: skip
    for scaling, scaler in (("standard", StandardScaler()), ("minmax", MinMaxScaler())):
        scaler.fit(raw.train.x)
        parts = prepare(wine, scaling=scaling)
        for part, raw_part in zip(parts[:3], raw[:3], strict=True):
            np.testing.assert_allclose(part.x, scaler.transform(raw_part.x), rtol=1e-3, atol=1e-4)
    assert {"standard", "minmax", "none"} == set(SCALERS)


def test_a_scaler_may_see_the_validation_part_as_some_notes_do():
    parts = prepare(DATASETS["wine"], scaler_sees="train+val")
    seen = np.concatenate([parts.train.x, parts.val.x])
    np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(seen.std(axis=0), 1, rtol=1e-5)
    assert abs(parts.train.x.mean(axis=0)).max() > 1e-3


def test_a_cut_training_part_is_the_beginning_of_the_whole_and_all_that_the_scaler_sees():
    whole, cut = (prepare(DATASETS["digits"], rows=rows, scaling="none") for rows in (None, 80))
    np.testing.assert_array_equal(cut.train.x, whole.train.x[:80])
    np.testing.assert_array_equal(cut.train.y, whole.train.y[:80])
    np.testing.assert_array_equal(cut.val.x, whole.val.x)
    np.testing.assert_array_equal(cut.test.y, whole.test.y)
    scaled = prepare(DATASETS["wine"], rows=20).train.x
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-5)
    assert len(prepare(DATASETS["iris"], rows=10_000).train.x) == 96


def test_numbers_are_standardised_by_the_training_part():
    parts = prepare(DATASETS["diabetes"], scaler_sees="train+val", rows=100)
    assert parts.train.y.mean() == pytest.approx(0, abs=1e-6)
    assert parts.train.y.std() == pytest.approx(1, rel=1e-6)


def test_without_a_validation_part_all_rows_train():
    parts = prepare(DATASETS["iris"], val_size=0)
    assert len(parts.train.x) == 120
    assert parts.val.x.shape == (0, 4)
    assert parts.val.y.shape == (0,)


def test_facts_cost_neither_scikit_learn_nor_torch():
    code = "import sys, datasets, networks, experiments.fit; print({'sklearn', 'torch'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
