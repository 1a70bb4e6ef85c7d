"""The data set of a page: the control that chooses it, a visitor's own table among the choices, and a look at its rows.

    data.choose(desk)                                  # in the sidebar, in place of controls.field(desk, "dataset", ...)
    data.choose(desk, on=lambda dataset: ...)          # where another data set means another Spec
    data.look(desk.spec.dataset)                       # below the picture, folded
"""

from __future__ import annotations

from collections.abc import Callable

from ui import controls
from ui.desk import Desk
from ui.language import _


def choose(desk: Desk, name: str = "dataset", on: Callable[[str], None] | None = None) -> None:
    """Draw the choice of the data set; `on` replaces the plain change of field `name`."""
    from datasets import DATASETS

    controls.field(desk, name, choices={key: _(data.title) for key, data in DATASETS.items()}, on=on)


def look(dataset: str) -> None:
    """Draw a folded panel that shows a data set: its rows, its classes, how it was prepared, where it comes from."""
