"""Every optimizer against torch.optim, stacks against single runs, and properties for any gradient."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import optimizers
from optimizers import RULES, Optimizer
from optimizers.rule import BLOCK
from spec import Refused, Setting, settings

STEPS = 200

# torch uses the same names except for case; these two are settings of its SGD.
SETTINGS_OF_SGD: dict[str, dict[str, Any]] = {"momentum": {}, "nesterov": {"nesterov": True}}
TORCH = {name.lower(): rule for name, rule in vars(torch.optim).items() if inspect.isclass(rule)}

# torch holds these in tuples.
TUPLES = {
    "betas": ("beta1", "beta2"),
    "etas": ("etaminus", "etaplus"),
    "step_sizes": ("step_size_min", "step_size_max"),
}

FAMILIES = {"gradient", "velocity", "accumulating", "normalised", "searching"}

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
rules_of_torch = pytest.mark.parametrize(
    "rule", [rule for key, rule in RULES.items() if key in TORCH or key in SETTINGS_OF_SGD], ids=lambda rule: rule.key
)


def torch_class(key: str) -> Any:
    return torch.optim.SGD if key in SETTINGS_OF_SGD else TORCH[key]


@pytest.fixture(autouse=True)
def numbers_of_torch_are_float64() -> Iterator[None]:
    """NAdam of torch keeps a number of its own in the state, in torch's usual precision."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(usual)


def own(rule: type[Optimizer] | Optimizer) -> dict[str, Setting]:
    """Return an optimizer's own settings, numbers and switches, without its schedule."""
    usual = rule() if isinstance(rule, type) else rule
    return {name: fact for name, fact in settings(rule).items() if isinstance(getattr(usual, name), (int, float))}


def values_of(rule: Optimizer) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in own(rule)}


def torch_arguments(key: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return our fields as torch's arguments, without the famous mistakes, which it does not make."""
    fields = {name: value for name, value in fields.items() if not own(RULES[key])[name].mistake}
    for name, parts in TUPLES.items():
        if parts[0] in fields:
            fields[name] = tuple(fields.pop(part) for part in parts)
    return fields | SETTINGS_OF_SGD.get(key, {})


def drawn(rule: type[Optimizer], seed: int, *, mistakes: bool = True) -> Optimizer:
    """Return the optimizer with every hyperparameter drawn from its slider, except a third that keep their defaults."""
    rng = np.random.default_rng([seed, *rule.key.encode()])
    values: dict[str, Any] = {}
    for name, fact in own(rule).items():
        if rng.random() < 1 / 3 or (fact.mistake and not mistakes):
            continue
        if fact.low is None or fact.high is None:
            values[name] = bool(rng.integers(2))
        elif fact.log:
            values[name] = float(np.exp(rng.uniform(np.log(fact.low), np.log(fact.high))))
        else:
            values[name] = float(rng.uniform(fact.low, fact.high))
    return rule(**values)


def without_decay(rule: type[Optimizer]) -> dict[str, float]:
    """Return the settings without weight decay, for an optimizer that has it."""
    return {"weight_decay": 0.0} if "weight_decay" in settings(rule) else {}


def with_decay(rule: type[Optimizer]) -> dict[str, float]:
    """Return settings with weight decay, for an optimizer that has it."""
    return dict.fromkeys(without_decay(rule), 0.1)


def run(rule: Optimizer, params: np.ndarray, steps: int, seed: int = 0) -> dict[str, Any]:
    """Move `params` down a noisy bowl, in place, and return the state; the gradients are read-only."""
    noise = np.random.default_rng(seed).normal(size=(steps, params.shape[-1]))
    curvature = np.linspace(0.1, 1.0, params.shape[-1])
    state = rule.init(params)
    for t in range(steps):
        grads = (curvature * params + noise[t]).astype(params.dtype)
        grads.flags.writeable = False
        rule.step(params, grads, state)
    return state


def run_torch(rule: Optimizer, params: np.ndarray, steps: int, seed: int = 0) -> tuple[np.ndarray, dict[str, Any]]:
    """Do the same with torch.optim, on a copy."""
    noise = np.random.default_rng(seed).normal(size=(steps, params.shape[-1]))
    curvature = np.linspace(0.1, 1.0, params.shape[-1])
    leaf = torch.tensor(params, requires_grad=True)
    theirs = torch_class(rule.key)([leaf], **torch_arguments(rule.key, values_of(rule)))
    for t in range(steps):
        leaf.grad = torch.tensor((curvature * leaf.detach().numpy() + noise[t]).astype(params.dtype))
        theirs.step()
    return leaf.detach().numpy(), theirs.state[leaf]


def start(*shape: int, dtype: str = "float64", seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def assert_close(ours: np.ndarray, theirs: np.ndarray, relative: float) -> None:
    """Assert that no element is off by more than `relative`, measured by the largest element."""
    assert ours.shape == theirs.shape
    assert np.isfinite(theirs).all()
    assert np.abs(ours - theirs).max() <= relative * np.abs(theirs).max()


# The registry


def test_teaching_order() -> None:
    assert list(RULES) == sorted(RULES, key=lambda key: RULES[key].published)
    order = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamax", "adamw"]
    assert [key for key in RULES if key in order] == order


@every_rule
def test_rule_describes_itself(rule: type[Optimizer]) -> None:
    assert getattr(optimizers, rule.__name__) is rule
    assert rule.title
    assert rule.sentence.endswith(".")
    assert rule.formula.startswith(r"\begin{aligned}")
    assert rule.formula.endswith(r"\end{aligned}")
    assert rule.formula.count("{") == rule.formula.count("}")
    assert rule.published[:4] in rule.paper
    assert rule.paper_url.startswith("https://")
    assert rule.family in FAMILIES
    assert rule.begins in {"", *FAMILIES}
    assert rule.begins != rule.family
    assert rule.lr_factor > 0
    assert "def step(self, params: Array, grads: Array, state: State)" in inspect.getsource(rule.step)


@every_rule
def test_every_field_is_a_setting_whose_slider_is_valid(rule: type[Optimizer]) -> None:
    facts = settings(rule)
    assert list(facts) == [field.name for field in dataclasses.fields(rule)]
    symbols = [fact.symbol for fact in facts.values() if fact.symbol]
    assert len(set(symbols)) == len(symbols)
    for name, fact in own(rule).items():
        assert fact.label
        if isinstance(getattr(rule(), name), bool):
            assert rule(**{name: True}) != rule(**{name: False})
            assert not (fact.mistake and getattr(rule(), name)), "a rule is right unless told otherwise"
        else:
            assert fact.symbol
            assert fact.low is not None
            assert fact.high is not None
            assert fact.low < fact.high
            assert not fact.log or fact.low > 0
            assert fact.low <= getattr(rule(), name) <= fact.high
            rule(**{name: fact.low})
            rule(**{name: fact.high})


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Adamant"):
        _ = optimizers.Adamant


# Against torch.optim


@rules_of_torch
def test_defaults_are_those_of_torch(rule: type[Optimizer]) -> None:
    theirs = inspect.signature(torch_class(rule.key)).parameters
    ours = torch_arguments(rule.key, values_of(rule()))
    for name in ours.keys() - SETTINGS_OF_SGD.get(rule.key, {}).keys():
        taught = rule.key in SETTINGS_OF_SGD and name == "momentum"
        assert ours[name] == (0.9 if taught else theirs[name].default)


@rules_of_torch
@pytest.mark.parametrize("seed", range(9), ids=lambda seed: f"drawn-{seed}" if seed else "defaults")
def test_parity_with_torch(rule: type[Optimizer], seed: int) -> None:
    ours = drawn(rule, seed, mistakes=False) if seed else rule()
    params = start(7)
    wanted, theirs = run_torch(ours, params, STEPS)
    state = run(ours, params, STEPS)
    assert_close(params, wanted, 1e-12)
    assert {"step", *rule.slots} <= set(state)
    assert all(np.size(state[name]) == 1 for name in state.keys() - set(rule.slots)), "what is no slot is one number"
    assert state["step"] == int(theirs.get("step", STEPS)) == STEPS
    slots = {name: slot for name, slot in theirs.items() if name != "step" and slot is not None}
    assert slots.keys() <= set(state)
    for name, slot in slots.items():
        assert_close(state[name], slot.numpy(), 1e-12)


@rules_of_torch
@pytest.mark.parametrize("steps", [1, 2])
def test_parity_of_the_first_steps(rule: type[Optimizer], steps: int) -> None:
    for seed in range(1, 6):
        ours, params = drawn(rule, seed, mistakes=False), start(7)
        wanted, _ = run_torch(ours, params, steps)
        run(ours, params, steps)
        assert_close(params, wanted, 1e-14)


@rules_of_torch
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_parity_at_the_ends(rule: type[Optimizer], value: float) -> None:
    """A hyper-parameter of 0 or 1 is a case of its own in torch; few steps, for some of these diverge."""
    for name, fact in own(rule).items():
        if fact.mistake:
            continue
        others = {"dampening": 0.5} if (rule.key, name) == ("momentum", "momentum") else {}
        try:
            ours = rule(**{name: value}, **others)
        except Refused:
            continue
        params = start(7)
        wanted, _ = run_torch(ours, params, 8)
        run(ours, params, 8)
        assert_close(params, wanted, 1e-12)


@rules_of_torch
def test_parity_in_float32(rule: type[Optimizer]) -> None:
    params = start(7, dtype="float32")
    wanted, _ = run_torch(rule(), params, STEPS)
    run(rule(), params, STEPS)
    assert params.dtype == np.float32
    assert_close(params, wanted, 1e-5)


@rules_of_torch
@pytest.mark.parametrize("value", [-1.0, -1e-12, 0.0, 1.0, 1.5, float("nan"), "x", None])
def test_what_torch_refuses_is_refused(rule: type[Optimizer], value: Any) -> None:
    for name, fact in own(rule).items():
        if fact.low is None:
            continue  # a switch, which torch takes as it is
        fields = values_of(rule()) | {name: value}
        try:
            torch_class(rule.key)([torch.zeros(2)], **torch_arguments(rule.key, fields))
        except (ValueError, TypeError):
            with pytest.raises(Refused):
                rule(**fields)


# In place


@every_rule
def test_moves_in_place(rule: type[Optimizer]) -> None:
    params = start(3, 5)
    before, kept = params.copy(), params
    optimizer = rule()
    state = optimizer.init(params)
    slots = dict(state)
    for _ in range(3):
        optimizer.step(params, params.copy(), state)
    assert params is kept
    assert (params != before).all()
    assert all(state[slot] is slots[slot] for slot in rule.slots)
    assert state["step"] == 3


@every_rule
def test_state_can_be_copied_and_pickled_in_mid_run(rule: type[Optimizer]) -> None:
    optimizer, params = rule(), start(5)
    state = run(optimizer, params, 3)
    grads = start(5, seed=2)
    again = [(params.copy(), copy.deepcopy(state)), pickle.loads(pickle.dumps((params, state)))]
    optimizer.step(params, grads, state)
    for other_params, other_state in again:
        optimizer.step(other_params, grads, other_state)
        np.testing.assert_array_equal(other_params, params)
        assert other_state["step"] == state["step"]


@every_rule
def test_integers_are_refused(rule: type[Optimizer]) -> None:
    with pytest.raises(Refused, match="int64"):
        rule().init(np.array([1, 2]))


# Stacks: a row does what it would do alone, number for number

LAYOUTS = {
    "point cloud": lambda n, dtype: start(n, 2, dtype=dtype),
    "point cloud, Fortran order": lambda n, dtype: np.asfortranarray(start(n, 2, dtype=dtype)),
    "networks": lambda n, dtype: start(n, 40, dtype=dtype),
    "networks, larger than a block": lambda n, dtype: start(n, BLOCK // 2 - 1, dtype=dtype)[: n // 2 + 1],
    "columns of a leaf": lambda n, dtype: start(n, 50, dtype=dtype)[:, :30],
    "rows of a leaf": lambda n, dtype: start(n + 4, 30, dtype=dtype)[2:-2],
    "every other column": lambda n, dtype: start(n, 30, dtype=dtype)[:, ::2],
}


@every_rule
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_row_of_a_stack_equals_a_single_run(rule: type[Optimizer], layout: str, dtype: str) -> None:
    leaf = LAYOUTS[layout](6, dtype)
    configs = [rule(), *(drawn(rule, seed) for seed in range(1, len(leaf)))]
    alone = [row.copy() for row in leaf]
    steps = 4 if leaf.size > BLOCK else 30
    state = run(rule.stack(configs), leaf, steps)
    assert leaf.dtype == dtype
    for row, (config, params) in enumerate(zip(configs, alone, strict=True)):
        single = run(config, params, steps)
        np.testing.assert_array_equal(leaf[row], params)
        for slot in rule.slots:
            assert state[slot].dtype == dtype
            np.testing.assert_array_equal(state[slot][row], single[slot])
        for number in state.keys() - {"step", *rule.slots}:
            np.testing.assert_array_equal(state[number][row], single[number])


@every_rule
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_setting_moves_rows_of_a_large_array_alike(rule: type[Optimizer], dtype: str) -> None:
    cloud, path = start(BLOCK + 5, 2, dtype=dtype), start(BLOCK + 5, 2, dtype=dtype)[-1]
    run(rule(), cloud, 3)
    run(rule(), path, 3)
    np.testing.assert_array_equal(cloud[-1], path)


@every_rule
def test_diverging_rows_leave_their_neighbours_alone(rule: type[Optimizer]) -> None:
    """Infinite gradients pass through without a warning, which pytest would raise, and stay in their row.

    A rule that divides by the size of gradients, or does not mind it, makes its parameters infinite or nan. One that
    neither grows with gradients nor divides (it has no epsilon) sees their signs; its memory still tells.
    """
    configs = [rule(), rule(**without_decay(rule)), rule(**with_decay(rule)), rule(lr=1e30)]
    leaf = start(4, 3, dtype="float32")
    alone = leaf.copy()
    stack = rule.stack(configs)
    state, states = stack.init(leaf), [config.init(row) for config, row in zip(configs, alone, strict=True)]
    grads = np.ones_like(leaf)
    grads[1], grads[2, 0], grads[2, 1] = np.inf, np.nan, 3e38
    for _ in range(5):
        stack.step(leaf, grads, state)
        for row, config in enumerate(configs):
            config.step(alone[row], grads[row], states[row])
    np.testing.assert_array_equal(leaf, alone)
    assert np.isfinite(leaf[0]).all()
    if rule.family in ("normalised", "searching") and "eps" not in settings(rule):
        assert not all(np.isfinite(state[slot][1]).any() for slot in rule.slots)
    else:
        assert not np.isfinite(leaf[1]).any()
    assert np.isnan(leaf[2, 0])


@every_rule
def test_infinite_parameters_without_decay_are_not_nan(rule: type[Optimizer]) -> None:
    leaf = np.full((2, 2), np.inf)
    stack = rule.stack([rule(**without_decay(rule)), rule(**with_decay(rule))])
    stack.step(leaf, np.ones_like(leaf), stack.init(leaf))
    assert np.isposinf(leaf[0]).all()


@every_rule
def test_stack_has_one_column_per_field(rule: type[Optimizer]) -> None:
    stack = rule.stack([rule(), drawn(rule, 1), drawn(rule, 2)], np.float32)
    for name in own(rule):
        column = getattr(stack, name)
        assert column.shape == (3, 1)
        assert column.dtype == np.float32
    params = start(3, 2, dtype="float32")
    reference = params.copy()
    run(stack, params, 20)
    run(rule.stack([rule(), drawn(rule, 1), drawn(rule, 2)]), reference, 20)
    np.testing.assert_allclose(params, reference, rtol=1e-3, atol=1e-3)


def test_stack_of_nothing_or_of_several_rules_is_an_error() -> None:
    first, second = list(RULES.values())[:2]
    for configs in ([], [first(), second()]):
        with pytest.raises(TypeError, match="a stack of"):
            first.stack(configs)  # type: ignore[arg-type]


# What must hold for any gradient

finite = st.floats(-1e3, 1e3).filter(lambda x: x == 0 or abs(x) > 1e-3)
points = hnp.arrays(np.float64, 4, elements=finite)
gradients = hnp.arrays(np.float64, (5, 4), elements=finite)
rates = st.floats(1e-4, 10.0)
examples = hypothesis_settings(max_examples=20, deadline=None, derandomize=True)


def path(optimizer: Optimizer, point: np.ndarray, grads: np.ndarray) -> np.ndarray:
    params = point.copy()
    state = optimizer.init(params)
    steps = [params.copy()]
    for g in grads:
        optimizer.step(params, g, state)
        steps.append(params.copy())
    return np.array(steps)


@every_rule
@examples
@given(point=points, lr=rates)
def test_stays_where_the_gradient_is_zero(rule: type[Optimizer], point: np.ndarray, lr: float) -> None:
    walked = path(rule(lr=lr, **without_decay(rule)), point, np.zeros((5, 4)))
    np.testing.assert_array_equal(walked, np.broadcast_to(point, walked.shape))


@every_rule
@examples
@given(point=points, grads=gradients)
def test_stays_at_rate_zero(rule: type[Optimizer], point: np.ndarray, grads: np.ndarray) -> None:
    """Learning rate 0, and no minimum step size for an optimizer that has one."""
    none = {"step_size_min": 0.0} if "step_size_min" in settings(rule) else {}
    walked = path(rule(lr=0.0, **none), point, grads)
    np.testing.assert_array_equal(walked, np.broadcast_to(point, walked.shape))


@every_rule
@examples
@given(point=points, grads=gradients, lr=rates)
def test_first_step_goes_against_the_gradient(
    rule: type[Optimizer], point: np.ndarray, grads: np.ndarray, lr: float
) -> None:
    first = path(rule(lr=lr, **without_decay(rule)), np.zeros(4), grads)[1]
    np.testing.assert_array_equal(np.sign(first), -np.sign(grads[0]))


@every_rule
@examples
@given(point=points, grads=gradients, lr=rates)
def test_mirrored_problem_gives_mirrored_path(
    rule: type[Optimizer], point: np.ndarray, grads: np.ndarray, lr: float
) -> None:
    np.testing.assert_array_equal(path(rule(lr=lr), -point, -grads), -path(rule(lr=lr), point, grads))


@every_rule
@examples
@given(point=points, grads=gradients, order=st.permutations(range(4)))
def test_coordinates_move_independently(
    rule: type[Optimizer], point: np.ndarray, grads: np.ndarray, order: list[int]
) -> None:
    together = path(rule(), point, grads)
    np.testing.assert_array_equal(path(rule(), point[order], grads[:, order]), together[:, order])


@every_rule
@examples
@given(grads=gradients, scale=st.sampled_from([2.0**-4, 2.0, 2.0**10]))
def test_family_says_how_the_step_scales_with_the_gradient(
    rule: type[Optimizer], grads: np.ndarray, scale: float
) -> None:
    """Twice the gradient gives twice the step or, for optimizers that divide by its size, the same step."""
    optimizer = rule(**without_decay(rule), **({"eps": 1e-300} if "eps" in settings(rule) else {}))
    once, scaled = path(optimizer, np.zeros(4), grads), path(optimizer, np.zeros(4), scale * grads)
    wanted = (scale if (rule.begins or rule.family) in ("gradient", "velocity") else 1.0) * once
    np.testing.assert_allclose(scaled, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())


@every_rule
def test_family_says_how_long_the_step_becomes(rule: type[Optimizer]) -> None:
    """Under a constant gradient, the step settles at what the family promises; a search goes on growing it."""
    short = {"beta2": 0.99} if "beta2" in settings(rule) else {}  # all memories are short against these steps
    optimizer: Any = rule(**without_decay(rule), **short)
    slope, steps = 3.0, 4000
    walked = path(optimizer, np.zeros(2), np.full((steps, 2), (slope, 100 * slope)))
    first, last = walked[0] - walked[1], walked[-2] - walked[-1]
    if rule.family == "searching":
        assert (last > 2 * first).all()
        assert last[0] == pytest.approx(last[1], rel=1e-4)
    wanted = {
        "gradient": lambda: optimizer.lr * slope,
        "velocity": lambda: optimizer.lr * slope / (1 - optimizer.momentum),
        "accumulating": lambda: optimizer.lr / np.sqrt(steps),
        "normalised": lambda: optimizer.lr,
        "searching": lambda: last[1],
    }[rule.family]()
    assert last[0] == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("key", ["adam", "adamw"])
@examples
@given(grads=gradients, beta1=st.floats(0, 0.99), beta2=st.floats(0.5, 0.9999))
def test_step_of_adam_is_bounded_by_its_rate(key: str, grads: np.ndarray, beta1: float, beta2: float) -> None:
    """By Cauchy and Schwarz |m̂| is at most sqrt(v̂) · sqrt(Σ a²/b), a and b the weights of the two running means."""
    optimizer = RULES[key](lr=0.1, beta1=beta1, beta2=beta2, weight_decay=0.0)
    steps = np.abs(np.diff(path(optimizer, np.zeros(4), grads), axis=0))
    for t, step in enumerate(steps, start=1):
        age = np.arange(t)
        a = (1 - beta1) * beta1**age / (1 - beta1**t)
        b = (1 - beta2) * beta2**age / (1 - beta2**t)
        assert (step <= 0.1 * np.sqrt((a**2 / b).sum()) * (1 + 1e-9) + 1e-13).all()


@pytest.mark.parametrize("key", ["adam", "adamw"])
def test_first_step_of_adam_is_its_rate(key: str) -> None:
    """Without the correction of the bias it would be (1 - beta1) / sqrt(1 - beta2) = 3.2 times as long."""
    first = path(RULES[key](lr=0.1, weight_decay=0.0), np.zeros(4), np.array([[1e-3, 1.0, -5.0, 1e3]]))[1]
    np.testing.assert_allclose(first, [-0.1, -0.1, 0.1, -0.1], rtol=1e-4)


def test_nesterov_refuses_to_be_gradient_descent() -> None:
    with pytest.raises(Refused, match="above 0"):
        RULES["nesterov"](momentum=0.0)


@pytest.mark.parametrize("seed", range(4))
def test_lion_is_the_algorithm_of_its_paper(seed: int) -> None:
    """Algorithm 2 of Chen et al. 2023, line by line."""
    lion: Any = drawn(RULES["lion"], seed) if seed else RULES["lion"]()
    walk, grads = run_on_noise(lion)
    w, m = walk[0].copy(), np.zeros(7)
    for t, g in enumerate(grads, start=1):
        c = lion.beta1 * m + (1 - lion.beta1) * g
        w = w - lion.lr * (np.sign(c) + lion.weight_decay * w)
        m = lion.beta2 * m + (1 - lion.beta2) * g
        assert_close(walk[t], w, 1e-12)


# Famous mistakes, each against its formula


def run_on_noise(rule: Optimizer) -> tuple[np.ndarray, np.ndarray]:
    """Return 200 gradients, and the resulting path of an optimizer."""
    grads = np.random.default_rng(4).normal(size=(STEPS, 7))
    return path(rule, start(7), grads), grads


def momentum_ahead(r: Any, w: np.ndarray, grads: np.ndarray) -> Iterator[np.ndarray]:
    v = np.zeros_like(w)
    for g in grads:
        v = r.momentum * v - r.lr * g
        w = w + r.momentum * v - r.lr * g
        yield w


def adam_uncorrected(r: Any, w: np.ndarray, grads: np.ndarray) -> Iterator[np.ndarray]:
    m = v = np.zeros_like(w)
    for g in grads:
        m = r.beta1 * m + (1 - r.beta1) * g
        v = r.beta2 * v + (1 - r.beta2) * g**2
        w = w - r.lr * m / (np.sqrt(v) + r.eps)
        yield w


def adam_unweighted(r: Any, w: np.ndarray, grads: np.ndarray) -> Iterator[np.ndarray]:
    m = v = np.zeros_like(w)
    for g in grads:
        m = r.beta1 * m + g
        v = r.beta2 * v + g**2
        w = w - r.lr * m / (np.sqrt(v) + r.eps)
        yield w


def adam_multiplied(r: Any, w: np.ndarray, grads: np.ndarray) -> Iterator[np.ndarray]:
    m = v = np.zeros_like(w)
    for t, g in enumerate(grads, start=1):
        m = r.beta1 * m + (1 - r.beta1) * g
        v = r.beta2 * v + (1 - r.beta2) * g**2
        w = w - r.lr * m * (1 - r.beta1**t) / (np.sqrt(v * (1 - r.beta2**t)) + r.eps)
        yield w


def adam_eps_inside(r: Any, w: np.ndarray, grads: np.ndarray) -> Iterator[np.ndarray]:
    m = v = np.zeros_like(w)
    for t, g in enumerate(grads, start=1):
        m = r.beta1 * m + (1 - r.beta1) * g
        v = r.beta2 * v + (1 - r.beta2) * g**2
        w = w - r.lr * (m / (1 - r.beta1**t)) / np.sqrt(v / (1 - r.beta2**t) + r.eps)
        yield w


def adam_squares_of_mean(r: Any, w: np.ndarray, grads: np.ndarray) -> Iterator[np.ndarray]:
    m = v = np.zeros_like(w)
    for t, g in enumerate(grads, start=1):
        m = r.beta1 * m + (1 - r.beta1) * g
        v = r.beta2 * v + (1 - r.beta2) * m**2
        w = w - r.lr * (m / (1 - r.beta1**t)) / (np.sqrt(v / (1 - r.beta2**t)) + r.eps)
        yield w


def rmsprop_eps_inside(r: Any, w: np.ndarray, grads: np.ndarray) -> Iterator[np.ndarray]:
    s = np.zeros_like(w)
    for g in grads:
        s = r.alpha * s + (1 - r.alpha) * g**2
        w = w - r.lr * g / np.sqrt(s + r.eps)
        yield w


def adagrad_eps_inside(r: Any, w: np.ndarray, grads: np.ndarray) -> Iterator[np.ndarray]:
    h = np.zeros_like(w)
    for g in grads:
        h = h + g**2
        w = w - r.lr * g / np.sqrt(h + r.eps)
        yield w


FORMULAS = (
    momentum_ahead,
    adam_uncorrected,
    adam_unweighted,
    adam_multiplied,
    adam_eps_inside,
    adam_squares_of_mean,
    rmsprop_eps_inside,
    adagrad_eps_inside,
)
MISTAKES = [(rule, name) for rule in RULES.values() for name, fact in settings(rule).items() if fact.mistake]


def test_every_famous_mistake_has_its_formula_here() -> None:
    assert {f"{rule.key}_{name}" for rule, name in MISTAKES} == {formula.__name__ for formula in FORMULAS}


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.__name__)
def test_famous_mistake_is_made_as_its_formula_says(formula: Any) -> None:
    key, _sep, name = formula.__name__.partition("_")
    rule = RULES[key]
    lr, eps = {"lr": 0.1}, ({"eps": 0.03} if "eps" in settings(rule) else {})
    wrong, right = rule(**lr, **eps, **{name: True}), rule(**lr, **eps)
    walk, grads = run_on_noise(wrong)
    for t, w in enumerate(formula(wrong, walk[0], grads), start=1):
        assert_close(walk[t], w, 1e-12)
    assert np.abs(walk - run_on_noise(right)[0]).max() > 0.01, "a mistake that changes nothing would be none"


@every_rule
def test_step_is_the_optimizer_alone(rule: type[Optimizer]) -> None:
    """Common mistakes are in `varied`, so that the code on the page is as short as the formula."""
    source = inspect.getsource(rule.step)
    assert not [name for name, fact in settings(rule).items() if fact.mistake and name in source]
    assert "np.where" not in source or not hasattr(rule, "varied")


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES.values() if hasattr(rule, "varied")], ids=lambda rule: rule.key
)
def test_varied_without_a_switch_is_step_bit_for_bit(rule: Any) -> None:
    one = rule(lr=0.1, weight_decay=0.01)
    assert not one.switched
    plain, varied = start(7), start(7)
    states = one.init(plain), one.init(varied)
    for grads in np.random.default_rng(4).normal(size=(50, 7)):
        one.step(plain, grads, states[0])
        one.varied(varied, grads, states[1])
    np.testing.assert_array_equal(plain, varied)
    for name in states[0]:
        np.testing.assert_array_equal(states[0][name], states[1][name])


def test_momentum_that_steps_ahead_is_nesterov() -> None:
    wrong, nesterov = RULES["momentum"](lr=0.1, ahead=True), RULES["nesterov"](lr=0.1)
    np.testing.assert_array_equal(run_on_noise(wrong)[0], run_on_noise(nesterov)[0])


def test_a_correction_left_out_is_not_multiplied_by_either() -> None:
    adam = RULES["adam"]
    both = run_on_noise(adam(uncorrected=True, multiplied=True))[0]
    np.testing.assert_array_equal(both, run_on_noise(adam(uncorrected=True))[0])


@pytest.mark.parametrize("key", ["adam", "adamw"])
def test_amsgrad_remembers_only_where_it_is_on(key: str) -> None:
    rule = RULES[key]
    stack, leaf = rule.stack([rule(), rule(amsgrad=True)]), start(2, 7)
    state = run(stack, leaf, 50)
    assert not state["max_exp_avg_sq"][0].any()
    assert (state["max_exp_avg_sq"][1] >= state["exp_avg_sq"][1]).all()


@pytest.mark.parametrize("fields", [{"etaminus": 0.0}, {"etaminus": 1.0}, {"etaplus": 1.0}, {"etaplus": 0.9}])
def test_rprop_refuses_factors_that_do_not_search(fields: dict[str, float]) -> None:
    with pytest.raises(Refused):
        RULES["rprop"](**fields)
