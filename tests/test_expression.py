"""Formulas: typed text is read as it is meant, computed exactly, and cannot do anything else."""

from __future__ import annotations

import dataclasses
import math
import random
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spec import Refused
from surfaces.formula import parse, reader
from surfaces.formula.functions import COMPARISONS, CONSTANTS, FUNCTIONS
from surfaces.formula.reader import DEEPEST, LONGEST
from surfaces.formula.tokens import Token
from surfaces.own import Formula

sin, cos, tan, exp, log, sqrt, pi, e = np.sin, np.cos, np.tan, np.exp, np.log, np.sqrt, np.pi, np.e
Plane = Callable[[np.ndarray, np.ndarray], np.ndarray]

TYPED: dict[str, Plane] = {
    "x^2/20 + y^2": lambda x, y: x**2 / 20 + y**2,
    "x**2-y**3": lambda x, y: x**2 - y**3,
    "sin(3x)*exp(-y^2)": lambda x, y: sin(3 * x) * exp(-(y**2)),
    "2x": lambda x, y: 2 * x,
    "3xy": lambda x, y: 3 * x * y,
    "2(x+1)": lambda x, y: 2 * (x + 1),
    "x sin y": lambda x, y: x * sin(y),
    "xsiny": lambda x, y: x * sin(y),
    "(x+1)(y-1)": lambda x, y: (x + 1) * (y - 1),
    "sin^2(x) + cos²y": lambda x, y: sin(x) ** 2 + cos(y) ** 2,
    "sin 2x cos y": lambda x, y: sin(2 * x) * cos(y),
    "sin x (y+1)": lambda x, y: sin(x) * (y + 1),
    "sin 2(x+1)": lambda x, y: sin(2 * (x + 1)),
    "sin x e^-y + cos 2πxy": lambda x, y: sin(x) * exp(-y) + cos(2 * pi * x * y),
    "sin x/2": lambda x, y: sin(x) / 2,
    "exp -x^2": lambda x, y: exp(-(x**2)),
    "|x| + ||y|-1|": lambda x, y: abs(x) + abs(abs(y) - 1),
    "|x||y|x|y|": lambda x, y: x * abs(x) * y**2,
    r"\left|x\left|y\right|\right|": lambda x, y: abs(x * y),
    "x² + y³ − x⁻²·2": lambda x, y: x**2 + y**3 - x**-2.0 * 2,
    "2×x÷3·y": lambda x, y: 2 * x / 3 * y,
    "√x^2 + √(y²+1)": lambda x, y: sqrt(x**2) + sqrt(y**2 + 1),
    "2πx + ½y": lambda x, y: 2 * pi * x + y / 2,
    "ｓｉｎ（ｘ）＋２ｙ": lambda x, y: sin(x) + 2 * y,
    r"\frac{x^2}{20} + y^{2}": lambda x, y: x**2 / 20 + y**2,
    r"\tfrac12 x + \frac1{2y}": lambda x, y: x / 2 + 1 / (2 * y),
    r"\sqrt{x^2 + 1}\cdot y": lambda x, y: sqrt(x**2 + 1) * y,
    r"\left( x+1 \right)^2 \exp\left(-\frac{y}{2}\right)": lambda x, y: (x + 1) ** 2 * exp(-y / 2),
    r"\sin x \, \cos^{2} y": lambda x, y: sin(x) * cos(y) ** 2,
    r"e^{-x} + \pi y": lambda x, y: exp(-x) + pi * y,
    r"\operatorname{sign}(x) + \mathrm{e}^{y}": lambda x, y: np.sign(x) + exp(y),
    "f(x,y) = x^2": lambda x, y: x**2,
    r"f\left(x, y\right) = x - y": lambda x, y: x - y,
    "z = x+y": lambda x, y: x + y,
    "$x^2$": lambda x, y: x**2,
    "-x^2": lambda x, y: -(x**2),
    "2^-x": lambda x, y: 2.0**-x,
    "x/2/y": lambda x, y: x / 2 / y,
    "x-2-y": lambda x, y: x - 2 - y,
    "1/2x": lambda x, y: x / 2,
    "e^-x^2": lambda x, y: exp(-(x**2)),
    "2^y^2": lambda x, y: 2 ** (y**2),
    "3*-x - -y": lambda x, y: -3 * x + y,
    "x^-2y": lambda x, y: x**-2.0 * y,
    "log x^2 + ln(y^2)": lambda x, y: log(x**2) + log(y**2),
    "log10(x^2) + log2(y^2)": lambda x, y: np.log10(x**2) + np.log2(y**2),
    "log 10x^2": lambda x, y: log(10 * x**2),
    "max(x, y, 0) - min(x,y)": lambda x, y: np.maximum(np.maximum(x, y), 0) - np.minimum(x, y),
    "X^2 + Sin(Y)": lambda x, y: x**2 + sin(y),
    "1.5e2x + .5y + 2.": lambda x, y: 150 * x + 0.5 * y + 2,
    "2e + ex": lambda x, y: 2 * e + e * x,
    "hypot(x, y) + atan2(y, x) + pow(x, 3)": lambda x, y: np.hypot(x, y) + np.arctan2(y, x) + x**3,
    "arctan2(y, x) atan 2x": lambda x, y: np.arctan2(y, x) * np.arctan(2 * x),
    "log(x^2+1, 2) + log(8, y^2+2)": lambda x, y: np.log2(x**2 + 1) + np.log(8) / np.log(y**2 + 2),
    r"\log_2(x^2) + \log_{10} y^2": lambda x, y: np.log2(x**2) + np.log10(y**2),
    "floor(x) + ceil y + round(3x)": lambda x, y: np.floor(x) + np.ceil(y) + np.round(3 * x),
    r"⌊x⌋ + \left\lceil y \right\rceil": lambda x, y: np.floor(x) + np.ceil(y),
    "mod(x, 2) + y % 1.5 - 2x%3": lambda x, y: np.mod(x, 2) + np.mod(y, 1.5) - np.mod(2 * x, 3),
    "heaviside(x) + step(y)": lambda x, y: np.heaviside(x, 0.5) + np.heaviside(y, 0.5),
    "clip(x, -1, y)": lambda x, y: np.clip(x, -1, y),
    "x^2 (|x| < 1) + (y >= 0) y": lambda x, y: x**2 * (abs(x) < 1) + (y >= 0) * y,
    r"-1 < x ≤ y \le 2": lambda x, y: 1.0 * ((x > -1) & (x <= y) & (y <= 2)),
    "where(x > 0, ln(x), y^2)": lambda x, y: np.where(x > 0, log(np.abs(x)), y**2),
    "if(x<=y, x, 2y)": lambda x, y: np.where(x <= y, x, 2 * y),
    "[x+1]{y-1}": lambda x, y: (x + 1) * (y - 1),
    "atan(x) arctan y": lambda x, y: np.arctan(x) * np.arctan(y),
    "tanh(10x) + sgn y": lambda x, y: np.tanh(10 * x) + np.sign(y),
    "(-8)^2 x": lambda x, y: 64 * x,
    "(1-x)^2 + 100(y-x^2)^2": lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    "(x^2+y-11)²+(x+y²-7)²": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    "-20exp(-0.2√(0.5(x²+y²))) - exp(0.5(cos 2πx + cos 2πy)) + e + 20": lambda x, y: (
        -20 * exp(-0.2 * sqrt(0.5 * (x**2 + y**2))) - exp(0.5 * (cos(2 * pi * x) + cos(2 * pi * y))) + e + 20
    ),
}


@pytest.fixture
def plane() -> tuple[np.ndarray, np.ndarray]:
    x, y = np.random.default_rng(3).uniform(-3, 3, (2, 200))
    return x, y


@pytest.mark.parametrize("text", TYPED)
def test_what_people_type_is_computed_as_they_mean_it(text, plane):
    np.testing.assert_allclose(parse(text).value(*plane), TYPED[text](*plane), rtol=1e-13, atol=1e-13)


# -- refusals: at which character, what stands there, what was expected

WRONG = {
    "": (None, "empty"),
    "   ": (None, "empty"),
    "x +": (3, "ends"),
    "sin": (3, "bracket"),
    "x + * y": (5, "“*”"),
    "x × × y": (5, "“×”"),
    "(x+1": (5, "“(” at character 1"),
    "x+1)": (4, "no bracket"),
    "(x+1]": (5, "“)” was expected"),
    "x 2": (3, "“x”"),
    "2 3": (3, "“2”"),
    "1½": (2, "“1”"),
    "sin(x)2": (7, "“)”"),
    "0,5x": (2, "point"),
    "sin(0,5x)": (6, "point"),
    "x, y": (2, "comma"),
    "max(x)": (1, "max(x, y)"),
    "max x": (5, "max"),
    "sin + 1": (5, "“+”"),
    "sin^-1(x)": (4, "asin(x)"),
    "y = x^2": (3, "="),
    "x^2 = 4": (5, "="),
    "sin_1 x": (1, "sin_1"),
    "x_": (2, "index"),
    "x_i": (2, "index"),
    "x2 + y2": (2, "“x”"),
    "x + y + z": (9, "third variable beside x and y"),
    "w^2 + b^2 + k": (13, "third variable beside w and b"),
    "f(w, b) = w + x": (15, "w, b"),
    "f(x, y, z) = x": (3, "x, y, z"),
    "f(x, x) = x": (3, "two different"),
    "f(e, x) = x": (3, "“e”"),
    "f(2x, y) = x": (3, "“2x”"),
    "f^2 + x": (1, "height"),
    "gamma(x)": (1, "atan2, hypot"),
    "x + erf(y)": (5, "“erf”"),
    "log1p(x)": (1, "“log1p”"),
    "x or y": (3, "“or”"),
    "x^2 + ㅌ": (7, "“ㅌ”"),
    "x == 1": (3, "<="),
    "hypot(x)": (1, "2 values"),
    "2 + atan2(x, y, x)": (5, "not 3"),
    "clip(x, 1)": (1, "3 values"),
    "1e-400x": (1, "1e-400"),
    "x + 10^-400": (7, "too small"),
    "1e400x": (1, "too large"),
    "x ~ y": (3, "“~”"),
    "sinus(x)": (1, "did you mean sin?"),
    "2 + sqr(x)": (5, "did you mean sqrt?"),
    r"\aleph x": (1, r"“\aleph”"),
    r"\sqrt[3]{x}": (1, "power"),
    "x!": (2, "“!”"),
    "x\x00": (2, "U+0000"),
    "\u202ex": (1, "U+202E"),
    "9^9^9^9": (4, "too large"),
    "x + 1/0": (6, "too large"),
    "√(-1) x": (1, "not a real"),
    "1e999": (1, "too large"),
    "x^100000": (2, "100000"),
    "x^-101": (2, "-101"),
    "(" * 60 + "x": (DEEPEST + 2, "nested"),
    "-" * 60 + "x": (DEEPEST + 2, "nested"),
    "x^" * 60 + "x": (2 * DEEPEST + 3, "nested"),
    "√" * 60 + "x": (DEEPEST + 2, "nested"),
    "sin" * 60 + "x": (3 * DEEPEST + 4, "nested"),
    "x" * (LONGEST + 1): (None, "201"),
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_input_is_refused_at_its_character(text):
    place, says = WRONG[text]
    with pytest.raises(Refused) as refused:
        parse(text)
    assert refused.value.values.get("place") == place, str(refused.value)
    assert says in str(refused.value)


def test_long_but_flat_formulas_are_read():
    assert parse("+".join(["x"] * 100)).value(1.0, 0.0) == 100
    assert parse("x" * LONGEST).value(1.0, 0.0) == 1


NAMED = {
    "f(w,b) = w^2 + 3b^2": ("w", "b"),
    "f(w, b)=w^2": ("w", "b"),
    "loss(b, w) = wb": ("b", "w"),
    "f(y, x) = x + y": ("y", "x"),
    "f(x) = x^2": ("x", "y"),
    "J(θ) = θ^2": ("θ", "y"),
    r"J\left(\theta_0, \theta_1\right) = \theta_0 \theta_1": ("θ₀", "θ₁"),
    "f(x1, x_2) = x₁ + x_{2}": ("x₁", "x₂"),
    "J(θ0, θ1) = θ0^2 + θ1^2": ("θ₀", "θ₁"),
    "w0^2 + 2w1^2": ("w₀", "w₁"),
    "f(x1, x2) = x1^2": ("x₁", "x₂"),
    "x^2 + y": ("x", "y"),
    "Y^2": ("x", "y"),
    "w^2 + b^2": ("w", "b"),
    "3wb": ("w", "b"),
    "θ^2 + y^2": ("θ", "y"),
    "x^2 + θ^2": ("x", "θ"),
    "a^2": ("a", "y"),
    "θ₂^2 + θ₁^2": ("θ₁", "θ₂"),
    "w_10 + w_9": ("w₉", "w₁₀"),
    "x₁² + x₂²": ("x₁", "x₂"),
    "x_{1}^2 x_{2}^2": ("x₁", "x₂"),
    "x1^2 + 3x2": ("x₁", "x₂"),
    "x_2^2": ("x₁", "x₂"),
    "e^w sin(πb)": ("w", "b"),
}


@pytest.mark.parametrize("text", NAMED)
def test_the_variables_of_a_formula_name_its_axes(text):
    expression = parse(text)
    assert expression.names == NAMED[text]
    assert parse(str(expression)) == expression
    assert parse(expression.latex(), expression.names) == expression


def test_names_change_nothing_but_the_names(plane):
    for text in ("f(w, b) = w^2 + 3b", "w_1^2 + 3w_2", r"\alpha^2 + 3\beta", "x1^2 + 3x2", "X_1^2 + 3Y"):
        np.testing.assert_array_equal(parse(text).value(*plane), parse("x^2 + 3y").value(*plane))
    swapped = parse("f(b, w) = w^2 + 3b")
    np.testing.assert_array_equal(swapped.value(*plane), parse("y^2 + 3x").value(*plane))


def test_what_separates_the_parts_of_a_link_is_in_no_formula():
    for text in (*TYPED, *NAMED):
        assert "~" not in text
        with pytest.raises(Refused):
            parse(f"{text}~")


# -- the gradient


def extrapolated(text: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The gradient by central differences, extrapolated to h = 0 (Richardson)."""
    value, h = parse(text).value, 1e-4

    def central(h: float) -> np.ndarray:
        return np.array([value(x + h, y) - value(x - h, y), value(x, y + h) - value(x, y - h)]) / (2 * h)

    return (4 * central(h / 2) - central(h)) / 3


@pytest.mark.parametrize("text", TYPED)
def test_the_gradient_is_the_slope_of_the_value(text, plane):
    gradient, expected = np.array(parse(text).gradient(*plane)), extrapolated(text, *plane)
    usable = np.isfinite(expected) & (np.abs(gradient) < 1e4)
    if parse(text).kinks:  # differences mean nothing across a kink
        usable &= np.abs(gradient - expected) < 1e-2 * (1 + np.abs(gradient))
    assert usable.mean() > 0.9
    np.testing.assert_allclose(gradient[usable], expected[usable], rtol=1e-6, atol=1e-6)


def by_torch(name: str, *arguments: torch.Tensor) -> torch.Tensor:
    """A function of the grammar in torch's words."""
    own = {
        "cot": lambda x: 1 / torch.tan(x), "sec": lambda x: 1 / torch.cos(x), "csc": lambda x: 1 / torch.sin(x),
        "ln": torch.log, "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
        "softplus": torch.nn.functional.softplus, "min": torch.minimum, "max": torch.maximum,
        "log": lambda x, base: torch.log(x) / torch.log(base), "mod": torch.remainder, "clip": torch.clamp,
        "step": lambda x: 0 * x + torch.heaviside(x.detach(), torch.tensor(0.5, dtype=x.dtype)),
        "where": lambda told, a, b: torch.where(told != 0, a, b),
    }  # fmt: skip
    return own.get(name, getattr(torch, name, None))(*arguments)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_agrees_with_torch(name):
    """Value and gradient of the function of an expression in both variables, on both sides of its domain."""
    x, y = np.random.default_rng(5).uniform(-2, 2, (2, 500))
    inner = ["x*y + x/3", "y - x", "x + 1/2"][: len(FUNCTIONS[name].slopes)]
    expression = parse(f"{name}({','.join(inner)}) * x")
    a, b = (torch.tensor(array, requires_grad=True) for array in (x, y))
    value = by_torch(name, *[a * b + a / 3, b - a, a + 0.5][: len(inner)]) * a
    value.sum().backward()
    real = np.isfinite(value.detach().numpy())
    assert real.mean() > 0.1
    np.testing.assert_array_equal(real, np.isfinite(expression.value(x, y)))
    np.testing.assert_allclose(expression.value(x, y)[real], value.detach().numpy()[real], rtol=1e-11, atol=1e-12)
    for got, wanted in zip(expression.gradient(x, y), (a.grad, b.grad), strict=True):
        assert wanted is not None
        np.testing.assert_allclose(got[real], wanted.numpy()[real], rtol=1e-9, atol=1e-11)
        assert np.isnan(got[~real]).all()


@pytest.mark.parametrize("name", [name for name, function in FUNCTIONS.items() if function.kinks])
def test_gradients_at_kinks_are_those_of_torch_where_it_has_finite_ones(name):
    inner = ["u", "v", "w"][: len(FUNCTIONS[name].slopes)]
    zeros = [torch.zeros(1, dtype=torch.float64, requires_grad=True) for _ in inner]
    height = by_torch(name, *zeros).sum()
    height.backward()
    got = parse(f"{name}({','.join(inner)})", tuple(inner)).gradient(*[np.zeros(1)] * len(inner))
    for ours, zero in zip(got, zeros, strict=True):
        slope = torch.zeros(1) if zero.grad is None else zero.grad
        if torch.isfinite(slope).all() and torch.isfinite(height):
            np.testing.assert_array_equal(ours, slope.numpy())


@pytest.mark.parametrize("sign", COMPARISONS)
def test_comparisons_are_those_of_numpy_and_level(sign, plane):
    x, y = (np.round(part) for part in plane)  # equal ones among them
    compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}[sign]
    expression = parse(f"x {sign} y")
    np.testing.assert_array_equal(expression.value(x, y), compare(x, y))
    assert not np.any(expression.gradient(x, y))
    assert expression.kinks


def test_where_takes_nothing_from_the_side_that_is_not_chosen():
    slope_x, slope_y = parse("where(x > 0, ln(x), y^2)").gradient(np.array([-1.0, 2.0]), np.array([3.0, 3.0]))
    np.testing.assert_array_equal(slope_x, [0, 0.5])
    np.testing.assert_array_equal(slope_y, [6, 0])


@pytest.mark.parametrize("exponent", [-100, -7, -2, -1, 0, 1, 2, 3, 5, 10, 31, 100])
def test_whole_powers_are_exact_for_negative_bases(exponent):
    base = np.concatenate([-np.logspace(-2, 2, 99), [-1, 1, 2, -3], np.logspace(-2, 2, 99)])
    power = parse(f"x^({exponent})")
    np.testing.assert_allclose(power.value(base, base), base ** float(exponent), rtol=1e-13)
    np.testing.assert_allclose(power.gradient(base, base)[0], exponent * base ** (exponent - 1.0), rtol=1e-13)
    assert not power.kinks


def test_other_powers_are_real_for_positive_bases_alone():
    base = np.array([-2.0, -0.5, 0.25, 2.0])
    for text, exponent in (("x^1.5", 1.5), ("x^(1/3)", 1 / 3), ("x^y", 0.7)):
        np.testing.assert_allclose(
            parse(text).value(base, np.full(4, 0.7)), np.where(base > 0, np.abs(base) ** exponent, np.nan), rtol=1e-14
        )
        assert parse(text).kinks
    slope_x, slope_y = parse("x^y").gradient(np.array([2.0]), np.array([3.0]))
    np.testing.assert_allclose([slope_x[0], slope_y[0]], [12, 8 * math.log(2)], rtol=1e-14)
    assert not parse("2^x").kinks


@pytest.mark.parametrize(
    ("text", "value", "gradient"),
    [
        ("sqrt(x^2+y^2)", 0, (0, 0)),
        ("|x| + |y|", 0, (0, 0)),
        ("x sqrt(|y|)", 0, (0, 0)),
        ("max(x, y)", 0, (0.5, 0.5)),
        ("relu(x) + y", 0, (0, 1)),
        ("x^2 + cbrt(y^3)", 0, (0, 0)),
    ],
)
def test_conventions_at_a_kink(text, value, gradient):
    expression = parse(text)
    assert expression.value(0.0, 0.0) == value
    np.testing.assert_array_equal(expression.gradient(0.0, 0.0), gradient)
    assert expression.kinks


@pytest.mark.parametrize(
    ("text", "at", "value", "gradient"),
    [
        ("x^0 + x^2 + y^2", (0, 0), 1, (0, 0)),
        ("x^0 + x^2 + y^2", (-2, 1), 6, (-4, 2)),
        ("0^x + y^2", (1, 1), 1, (0, 2)),
        ("0^x + y^2", (3.5, 0), 0, (0, 0)),
        ("x^y", (0, 1), 0, (1, 0)),
        ("x^y", (0, 2), 0, (0, 0)),
        ("x^y + x", (2, 0), 3, (1, math.log(2))),
        ("(x^2)^y", (0, 0), 1, (0, -np.inf)),
    ],
)
def test_powers_at_zero(text, at, value, gradient):
    """0^0 is 1, and 0^x is 0 for x > 0: both are smooth on the side on which they are defined."""
    assert parse(text).value(*map(float, at)) == value
    np.testing.assert_allclose(parse(text).gradient(*map(float, at)), gradient, rtol=1e-14)


def test_where_the_value_is_not_real_neither_is_the_gradient():
    for text in ("sqrt(x)", "ln(x) + y", "x^0.5", "asin(x+3)", "x^y"):
        x, y = np.array([-9.0]), np.array([0.5])
        assert np.isnan(parse(text).value(x, y)).all()
        assert np.isnan(parse(text).gradient(x, y)).all()


@pytest.mark.filterwarnings("error")
def test_overflow_passes_quietly_and_unclipped():
    x = np.array([0.0, 1e200, -np.inf, np.nan])
    np.testing.assert_array_equal(parse("x^2 + y").value(x, np.zeros(4)), [0, np.inf, np.inf, np.nan])
    assert parse("exp(x)").gradient(np.array([1e4]), np.array([0.0]))[0][0] == np.inf


@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 4), (2, 3, 5), (20_000,)])
def test_shapes(shape):
    """Any shape, also one of more points than are computed at a time, and whatever lies between them in memory."""
    x, y = np.moveaxis(np.random.default_rng(1).uniform(-1, 1, (*shape, 2)), -1, 0)
    expression = parse("x^2 sin(y) + 3")
    np.testing.assert_allclose(expression.value(x, y), x**2 * sin(y) + 3, rtol=1e-14)
    slope_x, slope_y = expression.gradient(x, y)
    assert slope_x.shape == slope_y.shape == expression.value(x, y).shape == shape
    np.testing.assert_allclose(slope_x, 2 * x * sin(y), rtol=1e-14)
    np.testing.assert_allclose(slope_y, x**2 * cos(y), rtol=1e-14)


def test_equal_parts_are_computed_once():
    nodes = parse("sin(x+y)^2 + cos(y) sin(x+y) + (x+y)").nodes
    assert len(set(nodes)) == len(nodes)
    assert [node.op for node in nodes].count("sin") == 1


def test_other_variables():
    expression = parse("w - 0.1g/(sqrt(v) + eps)", names=("w", "g", "v", "eps"))
    values = np.array([1.0, 2.0, 4.0, 0.5])
    assert expression.value(*values) == pytest.approx(1 - 0.1 * 2 / 2.5)
    slopes = expression.gradient(*values)
    np.testing.assert_allclose(slopes, [1, -0.1 / 2.5, 0.1 * 2 / 2.5**2 / 4, 0.1 * 2 / 2.5**2], rtol=1e-14)
    assert parse("e^2", names=("e",)).value(3.0) == 9  # a variable goes before a constant of its name


# -- text that reads back

numbers = st.sampled_from(["0", "1", "2", "3.5", "20", "0.1", "1e-07", "1e+22"])
leaves = st.one_of(numbers, st.sampled_from(["x", "y", *CONSTANTS]))


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    one, two, three = (
        st.sampled_from([name for name, function in FUNCTIONS.items() if len(function.slopes) == count])
        for count in (1, 2, 3)
    )
    return st.one_of(
        st.builds(lambda a, sign, b: f"({a}){sign}({b})", inner, st.sampled_from([*"+-*/^%", *COMPARISONS]), inner),
        st.builds(lambda a: f"-({a})", inner),
        st.builds(lambda name, a: f"{name}({a})", one, inner),
        st.builds(lambda name, a, b: f"{name}({a},{b})", two, inner, inner),
        st.builds(lambda name, a, b, c: f"{name}({a},{b},{c})", three, inner, inner, inner),
    )


formulas = st.recursive(leaves, combined, max_leaves=12)


@settings(max_examples=300, deadline=None)
@given(formulas)
def test_canonical_text_and_latex_read_as_the_same_tree(text):
    try:
        tree = parse(text)
    except Refused:  # a constant that is not real, say
        return
    if len(str(tree)) <= LONGEST:
        assert parse(str(tree)) == tree
    latex = tree.latex()
    if len(latex) <= LONGEST and "_" not in latex and "10^" not in latex and r"\sqrt[3]" not in latex:
        assert parse(latex) == tree


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("x^2/20+y^2", r"\frac{x^{2}}{20} + y^{2}"),
        ("-x^2/2", r"-\frac{x^{2}}{2}"),
        ("sin^2(x)cos(2y)", r"\sin^{2}(x) \cos(2 y)"),
        ("2*3x", r"2 \cdot 3 x"),
        ("2(1/2)x", r"2 \cdot \frac{1}{2} x"),
        ("exp(-x^2)sqrt(y)", r"e^{-x^{2}} \sqrt{y}"),
        ("(x/y)^2", r"\left(\frac{x}{y}\right)^{2}"),
        ("|x-1|^3 - (-y)", r"\left|x - 1\right|^{3} - (-y)"),
        ("2pi*x^-y", r"2 \pi x^{-y}"),
        ("log(x)+log10(y)", r"\ln(x) + \log_{10}(y)"),
        ("1e-9x", r"1 \cdot 10^{-9} x"),
        ("max(x,cbrt(y))", r"\max(x, \sqrt[3]{y})"),
    ],
)
def test_latex(text, latex):
    assert parse(text).latex() == latex


# -- twenty thousand strings

ESCAPES = (
    "__import__('os').system('true')", "().__class__.__mro__[1].__subclasses__()", "lambda: 0", "(lambda x: x)(1)",
    "f'{x}'", "{x.__class__}", "{0.__init__.__globals__}", "%s%n", "exec('1')", "eval(x)", "open('/etc/passwd')",
    "x if y else 0", "[x for x in y]", "x:=1", "import os", "os.system", "`id`", "$(id)", "; rm -rf /", "x\x00y",
    "\u202ex^2", "\u2066x\u2069", "<script>alert(1)</script>", "' or 1=1 --", "\\input{/etc/passwd}", "\\write18{id}",
    "\\def\\x{\\x\\x}\\x", "9^9^9^9^9", "9**9**9**9", "x^1000000", "1e99999999", "0x10", "1_000", "٣x", "x" * 5000,
    "(" * 5000, "sin(" * 90, "-" * 199, "|" * 199, "x^" * 99 + "x", "√" * 199 + "x", "\\frac" * 39, "{" * 199,
    "\\left|" * 33, "ﷺ" * 200, "½" * 200, "²" * 200, "\ud800", "é̂" * 99, "max(" * 49, "," * 199, "e" * 199, "." * 199,
    "asinh" * 39, "f(x,y)=" * 28, " " * 200, "z" + " " * 199, "sinus" * 40, "l" * 200,
)  # fmt: skip
PIECES = (
    *"0123456789xyeXYzw+-*/^()[]{}|,.=_~!?&%$#@;:'\"`",
    *"\\<>√πσ²³⁻₁×·÷−½（）ｘ＋∞ \t\n\x00\x7f\u202e\u2066\u200b\ufeff\xa0é가",
    "**", "\\left(", "\\right)", "\\left|", "\\right|", "\\frac", "\\tfrac", "\\sqrt", "\\cdot", "\\sin",
    "\\operatorname{", "\\mathrm{e}", "sin", "cos^2", "exp(", "max(", "min(x,", "log10", "log2", "sqrt(", "pi", "1e5",
    "1e-300", "9^9", "x^2", "__class__", "lambda", "import ", "None", "True", "f(x,y)=", "0.5", "2x", "(x+1)",
    *FUNCTIONS,
)  # fmt: skip


def strings(count: int) -> list[str]:
    """Escapes, random pieces, and valid formulas with something changed, the same ones every time."""
    chance = random.Random(20)
    valid = list(TYPED)
    made = list(ESCAPES)
    while len(made) < count:
        if chance.random() < 0.4:
            made.append("".join(chance.choices(PIECES, k=chance.randrange(1, chance.choice((6, 20, 120))))))
            continue
        text = chance.choice(valid)
        for _ in range(chance.randrange(1, 4)):
            cut, end = sorted(chance.choices(range(len(text) + 1), k=2))
            if chance.random() < 0.3:
                text = text[:cut] + text[end:]
            elif chance.random() < 0.3:
                text = text[:cut] + chance.choice((*valid, *ESCAPES)) + text[cut:]
            else:
                text = text[:cut] + chance.choice(PIECES) + text[cut:]
        made.append(text)
    return made


def test_no_text_does_anything_but_parse_or_be_refused(monkeypatch):
    """Twenty thousand strings: no other exception, nothing executed, and work in proportion to the length."""
    texts = strings(20_000)
    events: list[str] = []
    watching = [True]
    steps = [0]

    def watch(event: str, arguments: object) -> None:
        if watching[0]:
            events.append(event)

    def counted(reader: reader._Reader) -> Token:
        steps[0] += 1
        return reader.tokens[reader.at]

    monkeypatch.setattr(reader._Reader, "token", property(counted))
    read = 0
    sys.addaudithook(watch)  # stays until the process ends, so it is told when to look away
    try:
        for text in texts:
            steps[0] = 0
            try:
                expression = parse(text)
                read += 1
                assert len(expression.nodes) <= 3 * LONGEST, text
            except Refused as refused:
                str(refused)
            assert steps[0] <= 60 * (len(text[:LONGEST]) + 3), text
    finally:
        watching[0] = False
    assert not events
    assert 0.1 < read / len(texts) < 0.9, "the strings are a mixture of right and wrong"


def test_an_accepted_text_computes_quietly():
    """Whatever is accepted has a value, a gradient, a text and LaTeX, at ordinary and extraordinary points."""
    points = np.random.default_rng(2).choice([0.0, 1.0, -2.5, 1e-300, 1e300, np.inf, np.nan], (2, 20))
    for text in strings(3000):
        try:
            expression = parse(text)
        except Refused:
            continue
        assert expression.value(*points).shape == (20,)
        assert np.shape(expression.gradient(*points)) == (2, 20)
        assert expression.latex()
        assert str(expression)


def test_formulas_are_plain_values():
    assert parse("x + y") == parse(" x+y ")
    assert hash(parse("x + y")) == hash(parse("(x)+(y)"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse("x").names = ()  # type: ignore[misc]
    assert Formula("x^2 + y^2") == Formula("x^2 + y^2")
