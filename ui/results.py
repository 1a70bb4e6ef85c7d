"""What trained networks say of each row: a folded panel below the picture of a training page.

# in `draw`, after the stage; the page's `watch` asks for the record: watch(..., records=("outputs",))
results.panel("compare", variants, names, history, done=view.state == "done")

`names` has one name for each variant (`figures.results.names(lines)` makes them of a page's lines).
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.fit import Fit, History


def panel(page: str, variants: Sequence[Fit], names: Sequence[str], history: History, *, done: bool) -> None:
    """Draw the folded panel of a page; while training is not done it says so."""
