"""A scene is what the stage shows: panels, a table and the clock they share, as a plain dict with arrays in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from figures import theme
from optimizers import Optimizer
from spec import N_

Say = Callable[[str], str]
"""Translates a text marked with `N_` into the reader's language."""

WORDS = {
    "controls": N_("Playback"),
    "play": N_("Play (space)"),
    "pause": N_("Pause (space)"),
    "back": N_("One step back (←)"),
    "forward": N_("One step on (→)"),
    "full": N_("Full screen (F)"),
    "scrub": N_("Go to a step"),
    "speed": N_("Speed"),
    "closer": N_("Zoom in"),
    "farther": N_("Zoom out"),
    "whole": N_("Show all"),
    "move": N_("Move the start"),
    "hill": N_("Paint hills"),
    "pit": N_("Paint pits"),
}


def scene(
    name: str, *, say: Say, alt: str, layout: str, clock: dict[str, Any], panels: list[dict[str, Any]],
    table: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Return a scene; one of the same `name` goes on where the last one stood, another one starts anew.

    `layout` places the table: "side" under the second panel, "under" under all. `alt` says in words what is to be seen.
    """
    return {
        "id": name, "alt": alt.replace("**", ""), "words": {word: say(text) for word, text in WORDS.items()},
        "palettes": theme.PALETTES, "type": theme.TYPE, "layout": layout, "clock": clock, "panels": panels,
        "table": table,
    }  # fmt: skip


def number(value: float) -> str:
    """Return three digits of a number; powers of ten as on paper, 2.5×10⁹."""
    text = f"{value:.3g}".replace("-", "−")
    mantissa, _sep, power = text.partition("e")
    if not power:
        return text
    raised = str(int(power.replace("−", "-"))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}×10{raised}"


def names(rules: Sequence[Optimizer], say: Say) -> list[str]:
    """Return a name per contender: its rule's, with the learning rate where a rule stands more than once.

    Contenders that differ in something else only are numbered.
    """
    titles = [say(rule.title) for rule in rules]
    rated = [
        f"{title} {rule.lr:g}" if titles.count(title) > 1 else title for title, rule in zip(titles, rules, strict=True)
    ]
    return [f"{name} ({rated[: i + 1].count(name)})" if rated.count(name) > 1 else name for i, name in enumerate(rated)]
