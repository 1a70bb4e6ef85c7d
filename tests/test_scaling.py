"""Scaling shows the loss of the linear model: scikit-learn's scalers and least squares, torch's gradient."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from datasets import DATASETS
from experiments.descend import descend
from experiments.scaling import BIAS, TABLES, ColumnScaling, columns, condition, loss_surface
from figures import scaling as figure
from optimizers import SGD
from spec import Refused
from surfaces import find
from surfaces.bowls import LeastSquares

STUDIES = [
    ColumnScaling.on(table).on_columns(second=second, scaling=scaling)
    for table in TABLES for second in (BIAS, 1) for scaling in ("standard", "minmax")
]  # fmt: skip


def surface(study: ColumnScaling, race: int) -> LeastSquares:
    found = find(study.races()[race].surface)
    assert isinstance(found, LeastSquares)
    return found


def scaled(study: ColumnScaling, race: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = DATASETS[study.dataset].read()
    x = x[:, [study.first] + ([] if study.second == BIAS else [study.second])].astype(float)
    scaler = {"standard": StandardScaler, "minmax": MinMaxScaler}[study.scaling]()
    return (scaler.fit_transform(x) if race else x), y


@pytest.mark.parametrize("race", [0, 1])
@pytest.mark.parametrize("study", STUDIES)
def test_minimum_is_that_of_least_squares(study, race):
    x, y = scaled(study, race)
    model = LinearRegression().fit(x, y)
    best = [*model.coef_, model.intercept_][:2]
    assert surface(study, race).minima[0] == pytest.approx(best, rel=1e-6)
    assert surface(study, race).floor == pytest.approx(mean_squared_error(y, model.predict(x)), rel=1e-9)


@pytest.mark.parametrize("race", [0, 1])
@pytest.mark.parametrize("study", STUDIES[:4])
def test_value_and_gradient_are_those_of_the_model(study, race):
    """With two columns, of the model whose bias is at its best for these weights."""
    x, y = (torch.tensor(array, dtype=torch.float64) for array in scaled(study, race))
    found = surface(study, race)
    for point in np.random.default_rng(0).uniform(*np.transpose(found.domain), size=(5, 2)):
        w = torch.tensor(point, requires_grad=True)
        told = w[0] * x[:, 0] + w[1] if study.second == BIAS else x @ w
        bias = 0 if study.second == BIAS else (y - told).mean()
        loss = ((told + bias - y) ** 2).mean()
        loss.backward()
        assert found.value(point) == pytest.approx(loss.item(), rel=1e-9)
        assert w.grad is not None
        np.testing.assert_allclose(found.gradient(point), w.grad.numpy(), rtol=1e-6, atol=1e-6)


def test_condition_is_the_ratio_of_the_hessians_eigenvalues():
    for study in STUDIES:
        found = surface(study, 0)
        hessian = 2 * np.array([[found.xx, found.xy], [found.xy, found.yy]])
        low, high = np.linalg.eigvalsh(hessian)
        assert found.curvatures == pytest.approx((low, high), rel=1e-6)
        assert condition(found) == pytest.approx(high / low, rel=1e-6)


def test_standardised_with_a_bias_the_bowl_is_round():
    study = ColumnScaling()
    assert condition(surface(study, 1)) == pytest.approx(1)
    assert condition(surface(study, 0)) > 1e5


def test_the_same_rate_diverges_unscaled_as_the_lecture_notes_say():
    """One exam, standardised, rate 0.1: the cost falls by the same ratio each epoch; unscaled it leaps."""
    rule = SGD(lr=0.1)
    study = ColumnScaling(contenders=(rule,), steps=20, same_rate=True)
    plain, fair = (descend(race) for race in study.races())
    assert plain.diverged[0] >= 0
    falls = fair.loss[0] - surface(study, 1).floor
    assert falls[1:] / falls[:-1] == pytest.approx(0.64)  # (1 - 2 · 0.1)²; the notes print about 0.63
    assert "diverges" in figure.read(study, [(race, descend(race), {}) for race in study.races()], str)


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_standardising_forgets_units(seed, unit, zero):
    a, b, y = np.random.default_rng(seed).standard_normal((3, 9))
    before = loss_surface(columns(a, b, "standard"), y)
    after = loss_surface(columns(unit * a + zero, b, "standard"), y)
    assert (after.xx, after.xy, after.floor) == pytest.approx((before.xx, before.xy, before.floor), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("fields", [{"first": 3}, {"first": 1, "second": 1}, {"dataset": "iris"}, {"scaling": "none"}])
def test_settings_without_a_surface_are_refused(fields):
    with pytest.raises(Refused):
        ColumnScaling(**fields)


def test_columns_that_tell_the_same_are_refused():
    column = np.arange(5.0)
    for other in (2 * column + 1, np.ones(5)):
        with pytest.raises(Refused):
            loss_surface(np.stack([column, other], 1) if other[0] != other[1] else np.ones((5, 2)), column)
