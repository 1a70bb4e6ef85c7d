"""Every run as a plain PyTorch script: a folded panel that shows and saves it.

# below the picture
script.offer("compare", variants, names)
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.fit import Fit


def offer(page: str, variants: Sequence[Fit], names: Sequence[str]) -> None:
    """Draw the folded panel of a page."""
