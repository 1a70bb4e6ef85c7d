"""An optimizer whose learning rate follows its schedule."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from optimizers.rule import Array, Optimizer
from optimizers.schedules import Constant, Memory, Schedule

__all__ = ["Scheduled"]


class Scheduled:
    """An optimizer for n rows, and the schedules of their learning rates over a number of ticks.

        scheduled = Scheduled(rule, rows=n, ticks=100)
        scheduled.set(t)                    # before every tick t = 0, 1, ...
        scheduled.rule.step(...)            # as often as there are steps in a tick
        scheduled.see(losses)               # [n], measured at the tick

    The given optimizer does not change; `rule` is a copy whose `lr` is set to a column [n, 1], or the optimizer
    itself if every schedule is constant. `memory` is the only other state; pass it to continue later.
    """

    def __init__(self, rule: Optimizer, rows: int, ticks: int, memory: Sequence[Memory] = ()) -> None:
        groups: dict[Schedule, Any] = {}
        if isinstance(rule.schedule, tuple):  # a stack whose rows differ
            for row, schedule in enumerate(rule.schedule):
                groups.setdefault(schedule, []).append(row)
        else:
            groups[rule.schedule] = slice(None)
        self._groups = [(one, who) for one, who in groups.items() if one != Constant()]
        self._base, self._factors, self._ticks = rule.lr, np.ones((rows, 1)), ticks
        self.rule = copy.copy(rule) if self._groups else rule
        self.memory = list(memory) or [one.init(len(self._factors[who])) for one, who in self._groups]

    @property
    def changes(self) -> bool:
        """Whether any row's rate ever changes."""
        return bool(self._groups)

    @property
    def watches(self) -> bool:
        """Whether the learning rate of any row depends on the losses, so that there is a memory."""
        return any(self.memory)

    def set(self, tick: int) -> None:
        """Set the rates of a tick."""
        for (schedule, rows), memory in zip(self._groups, self.memory, strict=True):
            self._factors[rows, 0] = schedule.factor(tick, self._ticks, memory)
        if self._groups:
            object.__setattr__(self.rule, "lr", self._base * self._factors)

    def see(self, losses: Array) -> None:
        """Take note of the losses [n] measured at a tick."""
        for (schedule, rows), memory in zip(self._groups, self.memory, strict=True):
            schedule.see(losses[rows], memory)
