"""The rules by which parameters follow their gradient, one file each, in the order in which they were found."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from optimizers.rule import Array, Optimizer, State

__all__ = ["RULES", "Array", "Optimizer", "State"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

RULES: dict[str, type[Optimizer]] = {
    rule.key: rule for rule in sorted(Optimizer.__subclasses__(), key=lambda rule: rule.published)
}


def __getattr__(name: str) -> Any:
    """Let a notebook say `from optimizers import Adam`."""
    for rule in RULES.values():
        if rule.__name__ == name:
            return rule
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
