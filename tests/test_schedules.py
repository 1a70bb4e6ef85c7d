"""Every schedule against torch.optim.lr_scheduler: its learning rates, and the resulting paths of optimizers."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

import optimizers
from experiments.descend import Race, descend
from optimizers import RULES, SCHEDULES, SGD, Adam, Constant, Momentum, Optimizer, Schedule, Scheduled
from spec import Refused, digest, settings
from spec.text import INNER, read_value, write_value

every_schedule = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())
Cosine, Plateau, Step, OneCycle = (SCHEDULES[key] for key in ("cosine", "plateau", "step", "onecycle"))


def drawn(schedule: type[Schedule], seed: int) -> Schedule:
    """Return the schedule with every setting drawn from its slider, a third of them left as they are; 0: all left."""
    rng = np.random.default_rng([seed, *schedule.key.encode()])
    values: dict[str, Any] = {}
    for name, fact in settings(schedule).items():
        if seed == 0 or rng.random() < 1 / 3:
            continue
        assert fact.low is not None
        assert fact.high is not None
        if isinstance(getattr(schedule, name), int):
            values[name] = int(rng.integers(fact.low, min(fact.high, 60) + 1))
        elif fact.log:
            values[name] = float(np.exp(rng.uniform(np.log(fact.low), np.log(fact.high))))
        else:
            values[name] = float(rng.uniform(fact.low, fact.high))
    return schedule(**values)


def losses_of(ticks: int, rows: int = 1, seed: int = 0) -> np.ndarray:
    """Return losses [ticks, rows] that fall, stay, rise, and stop being numbers."""
    rng = np.random.default_rng(seed)
    losses = np.exp(np.cumsum(rng.choice([-0.1, 0.0, 0.0, 1e-5, 0.1], (ticks, rows)), axis=0))
    losses[rng.random((ticks, rows)) < 0.03] = np.nan
    losses[rng.random((ticks, rows)) < 0.03] = np.inf
    return losses


def rates(rule: Optimizer, losses: np.ndarray) -> np.ndarray:
    """Return the learning rates [ticks, rows] that an optimizer's schedules set, given the losses at each tick."""
    ticks, rows = losses.shape
    scheduled = Scheduled(rule, rows, ticks)
    set_to = np.empty_like(losses)
    for tick in range(ticks):
        scheduled.set(tick)
        set_to[tick] = np.broadcast_to(scheduled.rule.lr, (rows, 1))[:, 0]
        scheduled.see(losses[tick])
    return set_to


def theirs(schedule: Schedule, optimizer: torch.optim.Optimizer, lr: float, ticks: int) -> Callable[[float], None]:
    """Return the step of torch's scheduler, as our schedule words it for people; it takes the loss."""
    scheduler = eval(schedule.torch_equivalent, vars(lr_scheduler) | {"optimizer": optimizer, "lr": lr, "ticks": ticks})
    plateau = isinstance(scheduler, lr_scheduler.ReduceLROnPlateau)
    return lambda loss: scheduler.step(loss) if plateau else scheduler.step()


def test_teaching_order() -> None:
    order = ["constant", "step", "exponential", "cosine", "warmup", "onecycle", "plateau"]
    assert [key for key in SCHEDULES if key in order] == order


@every_schedule
def test_schedule_describes_itself(schedule: type[Schedule]) -> None:
    assert getattr(optimizers, schedule.__name__) is schedule
    assert schedule.title
    assert schedule.sentence.endswith(".")
    assert schedule.formula.startswith(r"\eta_")
    assert schedule.formula.count("{") == schedule.formula.count("}")
    name = schedule.source.rpartition("torch.optim.lr_scheduler.")[2]
    assert issubclass(getattr(lr_scheduler, name), lr_scheduler.LRScheduler)
    assert schedule().torch_equivalent.startswith(f"{name}(optimizer, ")


@every_schedule
def test_every_setting_has_a_slider_that_is_valid(schedule: type[Schedule]) -> None:
    for name, fact in settings(schedule).items():
        assert "_" not in name + schedule.key, "it parts the settings of a schedule in a link"
        assert fact.label
        assert fact.symbol in schedule.formula
        assert fact.low is not None
        assert fact.high is not None
        assert fact.low <= getattr(schedule(), name) <= fact.high
        for value in (fact.low, fact.high):
            schedule(**{name: type(getattr(schedule, name))(value)})


# Against torch


@every_schedule
@pytest.mark.parametrize("seed", range(8), ids=lambda seed: f"drawn-{seed}" if seed else "defaults")
@pytest.mark.parametrize("ticks", [1, 2, 150])
def test_rates_are_torch_s(schedule: type[Schedule], seed: int, ticks: int) -> None:
    ours, lr, losses = drawn(schedule, seed), 0.3, losses_of(ticks, seed=seed)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    step, wanted = theirs(ours, optimizer, lr, ticks), []
    for loss in losses[:, 0]:
        wanted.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        step(loss)
    np.testing.assert_allclose(rates(SGD(lr=lr, schedule=ours), losses)[:, 0], wanted, rtol=0, atol=1e-12 * lr)


TORCH: dict[str, Callable[[Any, float], torch.optim.Optimizer]] = {
    "sgd": lambda w, lr: torch.optim.SGD(w, lr=lr),
    "momentum": lambda w, lr: torch.optim.SGD(w, lr=lr, momentum=0.9),
    "nesterov": lambda w, lr: torch.optim.SGD(w, lr=lr, momentum=0.9, nesterov=True),
    "adagrad": lambda w, lr: torch.optim.Adagrad(w, lr=lr),
    "rmsprop": lambda w, lr: torch.optim.RMSprop(w, lr=lr),
    "adam": lambda w, lr: torch.optim.Adam(w, lr=lr),
    "adamw": lambda w, lr: torch.optim.AdamW(w, lr=lr),
}


@every_schedule
@pytest.mark.parametrize("key", TORCH)
def test_path_is_that_of_torch_s_rule_with_torch_s_scheduler(key: str, schedule: type[Schedule]) -> None:
    """On x²/20 + y², in torch's order of calls: loss, step, then the scheduler sees that loss."""
    lr, steps, start = 0.3, 40, (-7.0, 2.0)
    soon = {"every": 7, "over": 9, "patience": 0, "threshold": 0.7, "decay": 0.5}
    ours = schedule(**{name: value for name, value in soon.items() if name in settings(schedule)})
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = TORCH[key]([w], lr)
    step = theirs(ours, optimizer, lr, steps)
    path, used = [w.tolist()], []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = w[0] ** 2 / 20 + w[1] ** 2
        loss.backward()
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        step(loss.item())
        path.append(w.tolist())
    run = descend(Race("ravine", (RULES[key](lr=lr, schedule=ours),), start, steps))
    np.testing.assert_allclose(run.path[0], path, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(run.rate[0], [*used, used[-1]], rtol=1e-12)
    assert (len(set(used)) > 1) == (schedule is not Constant)


def test_one_cycle_without_room_to_rise_begins_at_its_peak() -> None:
    """Where torch divides by zero: a rise that is one tick long."""
    schedule = OneCycle(rise=0.5)
    np.testing.assert_allclose(rates(SGD(lr=1.0, schedule=schedule), losses_of(2))[:, 0], [1.0, 4e-6])
    with pytest.raises(ZeroDivisionError):
        theirs(schedule, torch.optim.SGD([torch.zeros(1)], lr=1.0), 1.0, 2)


def test_plateau_reduces_even_the_smallest_rates() -> None:
    """Where we depart from torch, which leaves reductions by less than 1e-8 out."""
    flat = np.ones((60, 1))
    reduced = rates(SGD(lr=1e-8, schedule=Plateau(patience=0)), flat)[:, 0]
    np.testing.assert_allclose(reduced[1:5], [1e-8, 1e-9, 1e-10, 1e-11])


# Stacks


def mixed() -> list[Adam]:
    """Return settings of Adam with every schedule, some of them several times."""
    kinds = [drawn(schedule, seed) for seed in (0, 1, 2) for schedule in SCHEDULES.values()]
    return [Adam(lr=0.01 * (row + 1), schedule=kind) for row, kind in enumerate([*kinds, *kinds[3:7]])]


def test_rows_of_a_stack_follow_each_its_own_schedule() -> None:
    configs = mixed()
    losses = losses_of(90, len(configs))
    together = rates(Adam.stack(configs), losses)
    for row, config in enumerate(configs):
        np.testing.assert_array_equal(together[:, row], rates(config, losses[:, row : row + 1])[:, 0])
        np.testing.assert_array_equal(together[:, row], rates(Adam.stack([config]), losses[:, row : row + 1])[:, 0])


@every_schedule
def test_one_rule_moves_many_rows_as_a_stack_of_it_does(schedule: type[Schedule]) -> None:
    rule, losses = SGD(lr=0.2, schedule=drawn(schedule, 1)), losses_of(90, 50)
    np.testing.assert_array_equal(rates(rule, losses), rates(SGD.stack([rule] * 50), losses))


def test_a_stack_keeps_one_schedule_where_all_share_it() -> None:
    assert SGD.stack([SGD(), SGD(lr=0.5)]).schedule == Constant()
    assert SGD.stack([SGD(schedule=Cosine()), SGD(schedule=Cosine())]).schedule == Cosine()
    assert SGD.stack([SGD(), SGD(schedule=Cosine())]).schedule == (Constant(), Cosine())


def test_constant_schedules_leave_the_rule_alone() -> None:
    stack = SGD.stack([SGD(), SGD(lr=0.5)])
    scheduled = Scheduled(stack, rows=2, ticks=10)
    assert (scheduled.changes, scheduled.watches, scheduled.memory) == (False, False, [])
    before = stack.lr
    scheduled.set(3)
    assert scheduled.rule is stack
    assert stack.lr is before


def test_the_rule_given_stays_as_it_is() -> None:
    rule = SGD(lr=0.5, schedule=Step(every=1))
    scheduled = Scheduled(rule, rows=3, ticks=10)
    scheduled.set(2)
    assert rule.lr == 0.5
    np.testing.assert_allclose(scheduled.rule.lr, np.full((3, 1), 0.005))


@pytest.mark.parametrize("keep", [copy.deepcopy, lambda memory: pickle.loads(pickle.dumps(memory))])
def test_what_a_schedule_remembers_can_be_kept_and_taken_up_again(keep: Callable[[Any], Any]) -> None:
    configs = mixed()
    losses = losses_of(80, len(configs), seed=4)
    whole = rates(Adam.stack(configs), losses)
    memory: Any = ()
    for tick in range(80):
        scheduled = Scheduled(Adam.stack(configs), len(configs), 80, memory)
        scheduled.set(tick)
        np.testing.assert_array_equal(np.ravel(scheduled.rule.lr), whole[tick])
        scheduled.see(losses[tick])
        memory = keep(scheduled.memory)
    assert scheduled.watches


# As values


@every_schedule
def test_a_schedule_is_a_value(schedule: type[Schedule]) -> None:
    for seed in range(3):
        one = drawn(schedule, seed)
        rule = Momentum(schedule=one)
        assert pickle.loads(pickle.dumps(rule)) == rule == Momentum(schedule=dataclasses.replace(one))
        assert hash(rule) == hash(dataclasses.replace(rule))
        assert (digest(rule) == digest(Momentum())) == (one == Constant())
        assert read_value(Schedule, write_value(one, INNER), "schedule", INNER) == one


@pytest.mark.parametrize(
    "make",
    [
        lambda: Step(every=0),
        lambda: Step(every=2.5),
        lambda: Step(every=True),
        lambda: Step(decay=1.1),
        lambda: Step(decay=float("nan")),
        lambda: Plateau(decay=1.0),
        lambda: Plateau(patience=-1),
        lambda: OneCycle(rise=1.0),
        lambda: OneCycle(start=0.0),
        lambda: Cosine(end="half"),
        lambda: Schedule.of("sawtooth"),
        lambda: SGD(schedule="cosine"),
        lambda: SGD(schedule=None),
        lambda: SGD(schedule=Cosine),
    ],
)
def test_what_makes_no_schedule_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(Refused) as refusal:
        make()
    assert str(refusal.value).endswith(".")
