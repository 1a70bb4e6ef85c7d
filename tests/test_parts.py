"""Parts are scikit-learn's; imputation and scaling are learned from the training set only."""

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from datasets import DATASETS, prepare
from datasets.dataset import Dataset
from datasets.parts import left, split, stratifies, stratifies_folds


def small(task: str, x: np.ndarray, y: np.ndarray, held: int = 0) -> Dataset:
    classes = tuple(str(value) for value in np.unique(y)) if task != "numbers" else ()
    return Dataset(
        key="small", title="", sentence="", task=task, rows=len(y), columns=x.shape[1], classes=classes, source="",
        terms="", read=lambda: (x, y), names=tuple("abcdefgh"[: x.shape[1]]), held=held,
    )  # fmt: skip


RNG = np.random.default_rng(0)
X = RNG.standard_normal((61, 4)) * [1, 10, 0.1, 3] + [0, 5, -1, 100]
CLASSES, NUMBERS = RNG.integers(0, 3, 61), 7 + 4 * RNG.standard_normal(61)
WITH_GAPS = np.where(RNG.random(X.shape) < 0.2, np.nan, X)


def halves(entry: Dataset, share: float, seed: int, *, stratified: bool) -> tuple[np.ndarray, np.ndarray]:
    """What scikit-learn leaves to train on and to test by."""
    rows, y = np.arange(entry.rows), entry.read()[1]
    if entry.held:
        return rows[: -entry.held], rows[-entry.held :]
    first, second = train_test_split(rows, test_size=share, random_state=seed, stratify=y if stratified else None)
    return np.asarray(first), np.asarray(second)


CLASSIFICATION = [entry for entry in DATASETS.values() if entry.task != "numbers"]
every_classification = pytest.mark.parametrize("entry", CLASSIFICATION, ids=lambda entry: entry.key)


@every_classification
@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("stratify", ["auto", "yes"])
def test_every_part_has_the_classes_in_the_proportions_of_the_whole(entry: Dataset, seed: int, stratify: str):
    y = entry.read()[1].astype(int)
    if entry.held or (entry.plain_split and stratify == "auto"):
        return  # the source's own test part, and the split that printed figures depend on, are as they are
    train, val, test = split(entry, 0.2, 0.25, seed, stratify=stratify)
    whole, rest = np.bincount(y), np.bincount(y[np.concatenate([train, val])])
    for part, of in ((test, whole), (train, rest), (val, rest)):
        counts = np.bincount(y[part], minlength=len(of))
        assert (np.abs(counts - len(part) * of / of.sum()) < 1 + 1e-9).all()


@every_classification
@pytest.mark.parametrize("seed", [0, 3])
def test_stratified_parts_are_scikit_learn_s(entry: Dataset, seed: int):
    y = entry.read()[1]
    train, val, test = split(entry, 0.2, 0.25, seed, stratify="yes")
    rest, expected = halves(entry, 0.2, seed, stratified=True)
    np.testing.assert_array_equal(test, expected)
    counts = np.unique(y[rest], return_counts=True)[1]
    possible = counts.min() >= 2 and len(rest) / 4 > len(counts) - 1
    learnt, held = train_test_split(rest, test_size=0.25, random_state=seed, stratify=y[rest] if possible else None)
    np.testing.assert_array_equal(train, learnt)
    np.testing.assert_array_equal(val, held)


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("stratify", ["auto", "no"])
def test_breast_cancer_is_split_plainly_unless_that_is_asked_for(seed: int, stratify: str):
    entry = DATASETS["breast_cancer"]
    rest, test = train_test_split(np.arange(entry.rows), test_size=0.2, random_state=seed)
    learnt, held = train_test_split(rest, test_size=0.25, random_state=seed)
    for ours, theirs in zip(
        split(entry, 0.2, 0.25, seed, stratify=stratify), (learnt, held, test), strict=True
    ):  # fmt: skip
        np.testing.assert_array_equal(ours, theirs)
    assert any(one.plain_split for one in DATASETS.values())
    assert [one.key for one in DATASETS.values() if one.plain_split] == ["breast_cancer"]


@pytest.mark.parametrize("counts", [(30, 1), (30, 30, 1), (2, 2, 2), (1, 1), (3, 3), (20, 2), (5, 4, 3, 2)])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_where_scikit_learn_refuses_to_stratify_the_split_is_plain(counts: tuple[int, ...], share: float):
    y = np.repeat(np.arange(len(counts)), counts)
    entry = small("classes", np.zeros((len(y), 1)), y)
    rows = np.arange(len(y))
    try:
        expected = train_test_split(rows, test_size=share, random_state=1, stratify=y)
    except ValueError:
        assert not stratifies(entry, "auto", y, share)
        expected = train_test_split(rows, test_size=share, random_state=1)
    else:
        assert stratifies(entry, "auto", y, share)
    train, _val, test = split(entry, share, 0.0, 1)
    np.testing.assert_array_equal(train, expected[0])
    np.testing.assert_array_equal(test, expected[1])
    assert not stratifies(entry, "no", y, share)


@pytest.mark.parametrize(("smallest", "folds"), [(1, 2), (2, 3), (3, 3), (5, 4)])
def test_folds_are_stratified_where_every_class_has_a_row_for_each(smallest: int, folds: int):
    y = np.repeat([0, 1], [20, smallest])
    entry = small("classes", np.zeros((len(y), 1)), y)
    stratified = smallest >= folds
    assert stratifies_folds(entry, "auto", y, folds) == stratified
    held = [split(entry, 0.0, folds=folds, fold=fold)[1] for fold in range(folds)]
    if stratified:
        assert all(abs((y[rows] == 1).sum() - smallest / folds) < 1 for rows in held)
    else:
        expected = [test for _train, test in KFold(folds, shuffle=True, random_state=0).split(y)]
        for ours, theirs in zip(held, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("entry", DATASETS.values(), ids=DATASETS)
@pytest.mark.parametrize("share", [0.0, 0.2, 0.33])
def test_what_the_test_part_leaves_is_known_without_reading_the_table(entry: Dataset, share: float):
    train, val, _test = split(entry, share)
    assert left(entry, share) == len(train) + len(val)


@pytest.mark.parametrize("dataset", ["iris", "breast_cancer", "diabetes"])
@pytest.mark.parametrize("folds", [2, 5])
def test_folds_are_those_of_scikit_learn_and_share_out_what_the_test_part_leaves(dataset, folds):
    entry = DATASETS[dataset]
    y = entry.read()[1]
    rest, test = halves(entry, 0.2, 3, stratified=entry.task != "numbers" and not entry.plain_split)
    kind = KFold if entry.task == "numbers" else StratifiedKFold
    cuts = kind(folds, shuffle=True, random_state=3).split(rest, y[rest])
    for fold, (learnt, held) in enumerate(cuts):
        parts = split(entry, split_seed=3, folds=folds, fold=fold)
        for ours, theirs in zip(parts, (rest[learnt], rest[held], test), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_folds_are_not_stratified_where_a_class_is_too_small():
    y = np.where(np.arange(61) == 7, 1, 0)
    parts = split(small("binary", X, y), test_size=0.0, folds=3, fold=2)
    learnt, held = list(KFold(3, shuffle=True, random_state=0).split(X))[2]
    np.testing.assert_array_equal(parts[0], learnt)
    np.testing.assert_array_equal(parts[1], held)


def test_a_named_test_part_is_kept_and_there_may_be_none():
    train, val, test = split(small("classes", X, CLASSES, held=9), test_size=0.5)
    np.testing.assert_array_equal(test, np.arange(52, 61))
    np.testing.assert_array_equal(np.sort(np.concatenate([train, val])), np.arange(52))
    train, val, test = split(small("classes", X, CLASSES), test_size=0.0, val_size=0.0)
    np.testing.assert_array_equal(train, np.arange(61))
    assert len(val) == len(test) == 0


def test_columns_are_taken_by_number_and_in_that_order():
    whole = prepare(small("classes", X, CLASSES))
    some = prepare(small("classes", X, CLASSES), features=(3, 1))
    for part, all_columns in zip(some[:3], whole[:3], strict=True):
        np.testing.assert_array_equal(part.x, all_columns.x[:, [3, 1]])
        np.testing.assert_array_equal(part.y, all_columns.y)


@pytest.mark.parametrize("sees", ["train", "train+val"])
@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        ("standard", lambda seen, x: StandardScaler().fit(seen).transform(x)),
        ("sample", lambda seen, x: (x - seen.mean(0)) / seen.std(0, ddof=1)),
        ("minmax", lambda seen, x: MinMaxScaler().fit(seen).transform(x)),
        ("none", lambda seen, x: x),
    ],
)
def test_gaps_get_the_median_and_columns_are_scaled_by_what_the_scaler_has_seen(sees, scaling, expected):
    entry = small("classes", WITH_GAPS, CLASSES)
    train, val, test = split(entry)
    seen = np.concatenate([train, val]) if sees == "train+val" else train
    imputer = SimpleImputer(strategy="median").fit(WITH_GAPS[seen])
    parts = prepare(entry, scaling=scaling, scaler_sees=sees)
    for part, rows in zip(parts[:3], (train, val, test), strict=True):
        filled = imputer.transform(WITH_GAPS[rows])
        np.testing.assert_allclose(part.x, expected(imputer.transform(WITH_GAPS[seen]), filled), rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(part.rows, rows)


def test_numbers_are_standardised_by_the_training_part_unless_that_is_off():
    entry = small("numbers", X, NUMBERS)
    train, val, _ = split(entry)
    parts = prepare(entry)
    assert parts.centre == pytest.approx(NUMBERS[train].mean())
    assert parts.unit == pytest.approx(NUMBERS[train].std())
    np.testing.assert_allclose(parts.unit * parts.val.y + parts.centre, NUMBERS[val], rtol=1e-5)
    np.testing.assert_allclose(prepare(entry, scale_target=False).val.y, NUMBERS[val], rtol=1e-6)


@pytest.mark.parametrize(("task", "y"), [("binary", CLASSES % 2), ("classes", CLASSES), ("numbers", NUMBERS)])
def test_label_noise_touches_the_training_part_alone_and_is_nested(task, y):
    entry = small(task, np.repeat(X, 20, axis=0), np.repeat(y, 20))
    clean = prepare(entry)
    shares = (0.1, 0.3, 0.6)
    spoilt = [prepare(entry, label_noise=share) for share in shares]
    for parts in spoilt:
        np.testing.assert_array_equal(parts.val.y, clean.val.y)
        np.testing.assert_array_equal(parts.test.y, clean.test.y)
        for part, other in zip(parts[:3], clean[:3], strict=True):
            np.testing.assert_array_equal(part.x, other.x)
    shifts = [parts.train.y - clean.train.y for parts in spoilt]
    if task == "numbers":
        for share, shift in zip(shares, shifts, strict=True):
            np.testing.assert_allclose(shift / share, shifts[0] / shares[0], atol=1e-5)
            assert shift.std() == pytest.approx(share, rel=0.1)  # of targets whose deviation is 1
    else:
        for share, shift in zip(shares, shifts, strict=True):
            assert (shift != 0).mean() == pytest.approx(share, abs=0.05)
        for fewer, more, parts in zip(shifts, shifts[1:], spoilt[1:], strict=False):
            assert (more != 0)[fewer != 0].all()
            assert set(np.unique(parts.train.y)) <= set(np.unique(y))


def test_label_noise_in_a_fold_spoils_the_rows_that_train_there():
    entry = small("classes", X, CLASSES)
    for fold in range(3):
        parts = prepare(entry, label_noise=0.9, folds=3, fold=fold)
        np.testing.assert_array_equal(parts.val.y, CLASSES[parts.val.rows])
        assert (parts.train.y != CLASSES[parts.train.rows]).mean() > 0.7
