"""A schedule changes the learning rate of an optimizer during a run, by a factor at each tick.

A tick is one step on a surface and one epoch on a network. Optimizers do not know about schedules: the caller sets the
learning rate before each tick, with `Scheduled`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from spec import N_, Refused, check, listed, setting

__all__ = ["Constant", "Memory", "Schedule"]

Array = npt.NDArray[np.floating[Any]]
Memory = dict[str, Array]

TICK = N_("Counted in steps on a surface and in epochs on a network.")
MOST = 10_000  # ticks that a setting may count
LEAST = 1e-9  # the share that a rate may begin with; torch refuses 0


@dataclass(frozen=True)
class Schedule(ABC):
    """The factor of the learning rate at each tick; the fields are the settings.

    Formulas are those of torch.optim.lr_scheduler. Raises `Refused` for a value for which the schedule has no meaning.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    sentence: ClassVar[str]
    formula: ClassVar[str]  # LaTeX; \eta the rule's learning rate, t = 0, 1 ... T - 1 the tick, T ticks in all
    source: ClassVar[str]

    def __post_init__(self) -> None:
        check(self)

    @classmethod
    def of(cls, key: str) -> Schedule:
        """Return the schedule with this key, at its defaults; raise `Refused` where there is none."""
        schedules = {schedule.key: schedule for schedule in Schedule.__subclasses__()}
        if key not in schedules:
            text = N_("There is no schedule {name}; choose from {choices}.")
            raise Refused(text, name=key[:80], choices=listed(schedules))
        return schedules[key]()

    def init(self, rows: int) -> Memory:
        """Return the memory of `rows` rows before the first tick; empty for a schedule that does not use the loss."""
        return {}

    @abstractmethod
    def factor(self, tick: int, ticks: int, memory: Memory) -> float | Array:
        """Return the factor of the learning rate at tick 0 ... `ticks` - 1: one number, or one per row [rows]."""

    def see(self, losses: Array, memory: Memory) -> None:  # noqa: B027 (most schedules do not use the loss)
        """Take note, in place, of the losses [rows] measured at a tick, before the next one begins."""

    @property
    @abstractmethod
    def torch_equivalent(self) -> str:
        """The call that creates torch's scheduler for an `optimizer` with learning rate `lr` and `ticks` ticks."""


@dataclass(frozen=True)
class Constant(Schedule):
    """η_t = η."""

    key = "constant"
    title = N_("Constant")
    sentence = N_("The learning rate stays constant.")
    formula = r"\eta_t = \eta"
    source = "torch.optim.lr_scheduler.ConstantLR"

    def factor(self, tick: int, ticks: int, memory: Memory) -> float:
        return 1.0

    @property
    def torch_equivalent(self) -> str:
        return "ConstantLR(optimizer, factor=1.0)"


@dataclass(frozen=True)
class Step(Schedule):
    """η_t = η · decay^⌊t / every⌋."""

    every: int = setting(30, N_("decay interval"), symbol="s", low=1, high=200, minimum=1, maximum=MOST, help=TICK)
    decay: float = setting(0.1, N_("decay factor"), symbol=r"\gamma", low=0.05, high=1.0, minimum=0, maximum=1)

    key = "step"
    title = N_("Step decay")
    sentence = N_(
        "The learning rate is multiplied by the decay factor at regular intervals, so it falls like a staircase."
    )
    formula = r"\eta_t = \eta\, \gamma^{\lfloor t / s \rfloor}"
    source = "torch.optim.lr_scheduler.StepLR"

    def factor(self, tick: int, ticks: int, memory: Memory) -> float:
        return self.decay ** (tick // self.every)

    @property
    def torch_equivalent(self) -> str:
        return f"StepLR(optimizer, step_size={self.every}, gamma={self.decay!r})"


@dataclass(frozen=True)
class Exponential(Schedule):
    """η_t = η · decay^t."""

    decay: float = setting(0.98, N_("decay factor"), symbol=r"\gamma", low=0.8, high=1.0, minimum=0, maximum=1)

    key = "exponential"
    title = N_("Exponential")
    sentence = N_(
        "The learning rate is multiplied by the same factor every time: it falls quickly at first, then "
        "more and more slowly."
    )
    formula = r"\eta_t = \eta\, \gamma^t"
    source = "torch.optim.lr_scheduler.ExponentialLR"

    def factor(self, tick: int, ticks: int, memory: Memory) -> float:
        return self.decay**tick

    @property
    def torch_equivalent(self) -> str:
        return f"ExponentialLR(optimizer, gamma={self.decay!r})"


def half_cosine(start: float, end: float, share: float) -> float:
    """Interpolate from `start` to `end` along half a cosine, at a fraction from 0 to 1; flat at both ends."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


@dataclass(frozen=True)
class Cosine(Schedule):
    """η_t = η · (end + (1 - end) · (1 + cos(π t / T)) / 2)."""

    end: float = setting(0.0, N_("final fraction"), symbol=r"\omega", low=0.0, high=1.0, minimum=0, maximum=1)

    key = "cosine"
    title = N_("Cosine")
    sentence = N_(
        "The learning rate follows half a cosine: it stays high at first, then falls, and levels off at the end."
    )
    formula = r"\eta_t = \eta \left(\omega + (1 - \omega)\, \frac{1 + \cos(\pi t / T)}{2}\right)"
    source = "Ilya Loshchilov and Frank Hutter, 2016; torch.optim.lr_scheduler.CosineAnnealingLR"

    def factor(self, tick: int, ticks: int, memory: Memory) -> float:
        return half_cosine(1.0, self.end, tick / ticks)

    @property
    def torch_equivalent(self) -> str:
        return f"CosineAnnealingLR(optimizer, T_max=ticks, eta_min={self.end!r} * lr)"


@dataclass(frozen=True)
class WarmUp(Schedule):
    """η_t = η · (start + (1 - start) · min(t / over, 1))."""

    over: int = setting(20, N_("warm-up length"), symbol="n", low=1, high=200, minimum=1, maximum=MOST, help=TICK)
    start: float = setting(0.01, N_("initial fraction"), symbol=r"\alpha", low=0.01, high=1.0, minimum=LEAST, maximum=1)

    key = "warmup"
    title = N_("Warm-up")
    sentence = N_(
        "The learning rate starts small, increases linearly, then stays constant. This avoids large "
        "jumps from a bad starting point."
    )
    formula = r"\eta_t = \eta \left(\alpha + (1 - \alpha) \min(t / n, 1)\right)"
    source = "Priya Goyal et al., 2017; torch.optim.lr_scheduler.LinearLR"

    def factor(self, tick: int, ticks: int, memory: Memory) -> float:
        return self.start + (1 - self.start) * min(tick / self.over, 1.0)

    @property
    def torch_equivalent(self) -> str:
        return f"LinearLR(optimizer, start_factor={self.start!r}, total_iters={self.over})"


@dataclass(frozen=True)
class OneCycle(Schedule):
    """η_t rises from start · η to η, at tick rise · T - 1, and falls to end · η, at the last tick, by half cosines.

    The rule's momentum stays as it is (in torch `cycle_momentum=False`).
    """

    rise: float = setting(0.3, N_("warm-up fraction"), symbol=r"\rho", low=0.0, high=0.9, minimum=0, below=1)
    start: float = setting(0.04, N_("initial fraction"), symbol=r"\alpha", low=0.01, high=1.0, minimum=LEAST, maximum=1)
    end: float = setting(
        4e-6, N_("final fraction"), symbol=r"\omega", low=1e-6, high=1.0, log=True, minimum=LEAST, maximum=1
    )

    key = "onecycle"
    title = N_("One cycle")
    sentence = N_("The learning rate rises to its maximum in the first part of the run, then falls to almost 0.")
    formula = r"""\eta_t = \eta \cdot \begin{cases}
1 - (1 - \alpha)\, \frac{1 + \cos(\pi t / p)}{2} & t \le p = \rho T - 1 \\
\omega + (1 - \omega)\, \frac{1 + \cos(\pi (t - p) / (T - 1 - p))}{2} & t > p
\end{cases}"""
    source = "Leslie N. Smith and Nicholay Topin, 2017; torch.optim.lr_scheduler.OneCycleLR"

    def factor(self, tick: int, ticks: int, memory: Memory) -> float:
        peak = self.rise * ticks - 1  # need not be a whole number; a rise of one tick or less has no place
        if tick <= peak and peak > 0:
            return half_cosine(self.start, 1.0, tick / peak)
        return half_cosine(1.0, self.end, (tick - peak) / (ticks - 1 - peak))

    @property
    def torch_equivalent(self) -> str:
        return (
            f"OneCycleLR(optimizer, max_lr=lr, total_steps=ticks, pct_start={self.rise!r}, "
            f"div_factor={1 / self.start:.15g}, final_div_factor={self.start / self.end:.15g}, cycle_momentum=False)"
        )


@dataclass(frozen=True)
class Plateau(Schedule):
    """η becomes decay · η when the loss has not fallen below its best for more than `patience` ticks in a row.

    An improvement is loss < best · (1 - threshold), as in torch with `threshold_mode="rel"`; for negative losses,
    as in torch, an unchanged loss counts as one. Unlike torch, which skips reductions below 1e-8 (`eps`), every
    reduction is applied.
    """

    decay: float = setting(0.1, N_("decay factor"), symbol=r"\gamma", low=0.05, high=0.95, minimum=0, below=1)
    patience: int = setting(10, N_("patience"), symbol="p", low=0, high=50, minimum=0, maximum=MOST, help=TICK)
    threshold: float = setting(
        1e-4, N_("minimum relative improvement"), symbol=r"\theta", low=1e-6, high=0.1, log=True, minimum=0, below=1,
        help=N_("As in PyTorch, a loss below 0 that does not change counts as an improvement."),
    )  # fmt: skip

    key = "plateau"
    title = N_("Reduce on plateau")
    sentence = N_("The learning rate is multiplied by the decay factor whenever the loss has not fallen for a while.")
    formula = r"""\eta_{t+1} = \begin{cases}
\gamma\, \eta_t & L \ge (1 - \theta)\, L_{\min} \text{ more than } p \text{ times} \\
\eta_t & \text{otherwise}
\end{cases}"""
    source = "torch.optim.lr_scheduler.ReduceLROnPlateau"

    def init(self, rows: int) -> Memory:
        return {"best": np.full(rows, np.inf), "waited": np.zeros(rows), "factor": np.ones(rows)}

    def factor(self, tick: int, ticks: int, memory: Memory) -> Array:
        return memory["factor"]

    def see(self, losses: Array, memory: Memory) -> None:
        best, waited, factor = memory["best"], memory["waited"], memory["factor"]
        fell = losses < best * (1 - self.threshold)
        np.copyto(best, losses, where=fell)
        waited += 1
        np.copyto(waited, 0, where=fell)
        over = waited > self.patience
        np.multiply(factor, self.decay, out=factor, where=over)
        np.copyto(waited, 0, where=over)

    @property
    def torch_equivalent(self) -> str:
        how = f"factor={self.decay!r}, patience={self.patience}, threshold={self.threshold!r}, eps=0.0"
        return f"ReduceLROnPlateau(optimizer, {how})"
