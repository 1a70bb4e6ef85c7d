"""The optimizers, one file each, in the order of publication.

Each accepts a learning rate schedule; all schedules are in `schedules.py`.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from optimizers.rule import Array, Optimizer, State
from optimizers.scheduled import Scheduled
from optimizers.schedules import Constant, Schedule

__all__ = ["RULES", "SCHEDULES", "Array", "Constant", "Optimizer", "Schedule", "Scheduled", "State"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

RULES: dict[str, type[Optimizer]] = {
    rule.key: rule for rule in sorted(Optimizer.__subclasses__(), key=lambda rule: rule.published)
}

SCHEDULES: dict[str, type[Schedule]] = {schedule.key: schedule for schedule in Schedule.__subclasses__()}
"""Every schedule by its key, in teaching order, which is that of `schedules.py`."""


def __getattr__(name: str) -> Any:
    """Allow `from optimizers import Adam, Cosine`, for example in a notebook."""
    for entry in (*RULES.values(), *SCHEDULES.values()):
        if entry.__name__ == name:
            return entry
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
