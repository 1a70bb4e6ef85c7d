"""Every surface agrees with its entry: shapes, minima, an exact gradient, and suitable learning rates."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from experiments.descend import curvature, default_race, descend
from optimizers import RULES
from surfaces import FAMILIES, SURFACES, Surface

every_surface = pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
bounded = pytest.mark.parametrize(
    "surface", [pytest.param(s, id=s.key) for s in SURFACES.values() if s.minimum is not None]
)
CONVEX = ["sphere", "ravine", "ill_conditioned", "rotated", "booth", "matyas", "trid", "zakharov"]


def random_points(surface: Surface, n: int) -> np.ndarray:
    low, high = np.transpose(surface.domain)
    return np.random.default_rng(7).uniform(low, high, (n, 2))


def differences(surface: Surface, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient by central differences, extrapolated to h = 0 (Richardson), and how far its two parts differ."""
    h = 4 * np.cbrt(np.finfo(float).eps) * np.maximum(1, np.abs(points))

    def central(h: np.ndarray) -> np.ndarray:
        slopes = []
        for axis in (0, 1):
            shift = np.zeros_like(points)
            shift[:, axis] = h[:, axis]
            slopes.append((surface.value(points + shift) - surface.value(points - shift)) / (2 * h[:, axis]))
        return np.stack(slopes, -1)

    wide, narrow = central(h), central(h / 2)
    return (4 * narrow - wide) / 3, np.abs(narrow - wide)


@every_surface
def test_entry_is_complete(surface):
    assert SURFACES[surface.key] is surface
    assert surface.title
    assert surface.latex
    assert surface.source
    assert surface.sentence.endswith(".")
    assert 8 <= len(surface.sentence.split()) <= 25
    assert 60 <= surface.steps <= 400
    assert all(surface.rate(family) > 0 for family in FAMILIES)
    assert (surface.minimum is None) == (not surface.minima)
    (x0, x1), (y0, y1) = surface.domain
    for x, y in (surface.start, *surface.minima):
        assert x0 <= x <= x1
        assert y0 <= y <= y1


def test_families_are_those_of_the_rules():
    assert {rule.family for rule in RULES.values()} <= set(FAMILIES)


@every_surface
def test_rules_that_search_their_rate_begin_as_normalised_ones(surface):
    assert surface.rate("searching") == surface.rate("normalised")


@every_surface
@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 4), (0,)])
def test_shapes(surface, shape):
    points = np.resize(random_points(surface, 12), (*shape, 2))
    value, gradient = surface.value(points), surface.gradient(points)
    assert value.shape == shape
    assert gradient.shape == (*shape, 2)
    assert value.dtype == gradient.dtype == np.float64
    for index in np.ndindex(shape):
        np.testing.assert_allclose(value[index], surface.value(points[index]), rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(gradient[index], surface.gradient(points[index]), rtol=1e-12, atol=1e-12)


@every_surface
def test_lists_integers_and_memory_order_do_not_matter(surface):
    np.testing.assert_array_equal(surface.gradient([1, 2]), surface.gradient(np.array([1.0, 2.0])))
    points = random_points(surface, 50)
    before = points.copy()
    turned = np.asfortranarray(points)
    np.testing.assert_allclose(surface.gradient(turned), surface.gradient(points), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(surface.value(turned), surface.value(points), rtol=1e-13, atol=1e-13)
    assert surface.gradient(turned).flags.f_contiguous
    np.testing.assert_array_equal(points, before)


@every_surface
def test_gradient_is_the_slope_of_the_value(surface):
    points = random_points(surface, 600)
    gradient = surface.gradient(points)
    expected, spread = differences(surface, points)
    # Differences carry the value's rounding error, divided by h; and they mean nothing across a kink.
    rounding = 1e-10 * np.maximum(1, np.abs(surface.value(points)))[:, None]
    scale = np.maximum(1, np.abs(gradient).max(-1, keepdims=True))
    smooth = (spread <= 1e-4 * scale).all(-1) if surface.kinks else np.ones(len(points), bool)
    assert smooth.mean() > 0.95
    error = np.abs(gradient - expected)
    assert (error <= 1e-7 * scale + rounding)[smooth].all(), (error / (1e-7 * scale + rounding))[smooth].max()


@bounded
def test_minima(surface):
    minima = np.array(surface.minima)
    np.testing.assert_allclose(surface.value(minima), surface.minimum, rtol=1e-12, atol=1e-12)
    low, high = np.transpose(surface.domain)
    inside = ((minima > low) & (minima < high)).all(-1)
    if not surface.kinks:
        steepest = max(1.0, np.abs(curvature(surface, minima)).max())
        np.testing.assert_allclose(surface.gradient(minima[inside]), 0, atol=1e-12 * steepest)


@bounded
def test_minimum_is_not_beaten_in_the_domain(surface):
    slack = 1e-12 * max(1, abs(surface.minimum))
    assert surface.value(random_points(surface, 10_000)).min() >= surface.minimum - slack
    around = np.random.default_rng(8).normal(0, 1e-3 * surface.diagonal, (len(surface.minima), 2_000, 2))
    near = np.clip(np.array(surface.minima)[:, None] + around, *np.transpose(surface.domain))
    assert surface.value(near).min() >= surface.minimum - slack


def test_unbounded_surfaces_fall_without_end():
    for surface in SURFACES.values():
        if surface.minimum is None:
            directions = np.random.default_rng(9).normal(size=(200, 2))
            assert surface.value(1e3 * directions).min() < surface.value(10 * directions).min() < 0


@every_surface
def test_huge_and_broken_numbers_pass_quietly(surface):
    extremes = np.array([0.0, 1.0, -1e160, 1e308, -np.inf, np.inf, np.nan])
    points = np.stack(np.meshgrid(extremes, extremes), -1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, gradient = surface.value(points), surface.gradient(points)
        for point in points.reshape(-1, 2):
            surface.value(point)
            surface.gradient(point)
    assert value.shape == (7, 7)
    nan = np.isnan(points).all(-1)
    assert np.isnan(value[nan]).all()
    assert np.isnan(gradient[nan]).all()
    assert np.isfinite(gradient[0, 0]).all()


@every_surface
def test_gradient_is_finite_at_the_origin_and_at_minima(surface):
    assert np.isfinite(surface.gradient(np.array([(0.0, 0.0), *surface.minima]))).all()


def test_known_values():
    """Values worked out by hand, and two that are often wrong elsewhere: Beale's sign, the camel's minimum."""
    known = {
        "beale": ((3, 0.5), 0),
        "three_hump_camel": ((0, 0), 0),
        "rosenbrock": ((-1, 1), 4),
        "goldstein_price": ((0, 0), 600),
        "himmelblau": ((0, 0), 170),
        "booth": ((0, 0), 74),
        "styblinski_tang": ((1, 1), -10),
        "branin": ((0, 0), 36 + 10 * (1 - 1 / (8 * np.pi)) + 10),
        "rastrigin": ((1, 1), 2),
        "rotated": ((1, 1), 1),
        "ill_conditioned": ((1, 1), 13),
    }
    for key, (point, value) in known.items():
        assert SURFACES[key].value(np.array(point, float)) == pytest.approx(value, abs=1e-12), key


def test_goldstein_price_is_the_published_polynomial():
    x, y = random_points(SURFACES["goldstein_price"], 200).T
    first = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    second = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    np.testing.assert_allclose(SURFACES["goldstein_price"].value(np.stack([x, y], -1)), first * second, rtol=1e-11)


def test_rotated_is_the_ill_conditioned_bowl_turned():
    points = random_points(SURFACES["sphere"], 100)
    turn = np.array([[1, 1], [-1, 1]]) / 2**0.5
    np.testing.assert_allclose(
        SURFACES["rotated"].value(points), SURFACES["ill_conditioned"].value(points @ turn.T), rtol=1e-12
    )


@every_surface
def test_suggested_rates_lead_down_and_do_not_diverge(surface):
    result = descend(default_race(surface.key, RULES))
    assert (result.diverged == -1).all(), dict(zip(RULES, result.diverged, strict=True))
    lower = result.loss[:, -1] < result.loss[:, 0]
    for rule, is_lower in zip(RULES.values(), lower, strict=True):
        # Decoupled decay pulls to the origin, wherever that lies on the surface.
        assert is_lower or getattr(rule(), "weight_decay", 0), rule.key


@pytest.mark.heavy
@pytest.mark.parametrize("key", CONVEX)
def test_suggested_rates_reach_the_floor_of_convex_surfaces(key):
    result = descend(default_race(key, RULES))
    start, floor = result.loss[:, 0], SURFACES[key].minimum
    left = dict(zip(RULES, (result.loss[:, -1] - floor) / (start - floor), strict=True))
    # A rule that begins with plain gradients is given their rate, which is small for the steps that follow.
    assert all(share < (0.1 if RULES[rule].begins else 0.02) for rule, share in left.items()), left
