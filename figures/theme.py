"""The theme defines every colour, font size, dash and marker of the pictures, for the light and the dark theme.

Figures use colour names ("@grid", "@c3"); the stage looks them up in the palette of the reader's theme. The eight track
colours are those of Okabe & Ito (2008, "Color Universal Design"), lightened in the dark theme; dashes and markers
repeat the distinction for greyscale print.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.descend import LECTURE
from figures.contract import Look, Plotly
from optimizers import RULES, Optimizer

TYPE = 15  # px on screen
HEAT = [f"@heat{i}" for i in range(5)]  # from the lowest to the highest loss, equally spaced in OKLab lightness
FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans KR', 'Noto Sans CJK KR', 'Malgun Gothic', sans-serif"

_LIGHT = ["#2b2b2b", "#E69F00", "#56B4E9", "#009E73", "#D55E00", "#0072B2", "#CC79A7", "#8A7A00"]
_DARK = ["#eceff3", "#F2B233", "#86CCF5", "#23C197", "#F57F45", "#4C9BE8", "#DE93BC", "#E8DC5A"]
# From lowest to highest: the order of matplotlib's "plasma", from its dark end on white and its light end on black.
_LIGHT_RAMP = ["#0d0887", "#5302a3", "#8b0aa5", "#b83289", "#d5546e", "#e8703c", "#d98a00", "#a88c00"]
_DARK_RAMP = ["#7d8bff", "#a678ff", "#cf6bf0", "#ee6bc0", "#ff7f8a", "#ff9d5c", "#ffc145", "#f4ec50"]
# Of ten classes any two are easy to tell apart, and every one stands out from the paper (contrast of at least 3).
_LIGHT_CLASSES = ["#D55E00", "#0072B2", "#007a59", "#cc66ee", "#884400", "#111199", "#ff5588", "#998899", "#771199",
                  "#660033"]  # fmt: skip
_DARK_CLASSES = ["#F57F45", "#4C9BE8", "#23C197", "#ff77ee", "#eedd00", "#997777", "#ffccff", "#666600", "#aa3388",
                 "#2255dd"]  # fmt: skip
_STRONGEST = (0, 1, 3, 4, 5, 2, 6, 7)  # the track colours in the order in which they are assigned
_DASHES: list[list[int]] = [[], [10, 5], [3, 5], [14, 5, 3, 5], [7, 4], [18, 5], [10, 4, 3, 4, 3, 4], [2, 4]]
_MARKERS = ["circle", "square", "up", "diamond", "down", "hexagon", "star", "cross"]


def _mix(a: str, b: str, share: float) -> str:
    """Return colour `a` mixed with the given share of colour `b`, all #rrggbb."""
    channels = [(int(a[i : i + 2], 16), int(b[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(x * (1 - share) + y * share):02x}" for x, y in channels)


def _palette(tracks: list[str], ramp: list[str], classes: list[str], **named: str) -> dict[str, str]:
    palette = dict(named)
    for i, colour in enumerate(classes):
        palette[f"class{i}"] = colour
        palette.setdefault(f"tint{i}", _mix(colour, named["paper"], 0.6))
    for i, colour in enumerate(tracks):
        palette[f"c{i}"] = colour
        # A second contender of the same optimizer is closer to the text colour; c0 already has that colour.
        palette[f"c{i}b"] = _mix(colour, named["text"], 0.45) if i else _mix(colour, named["paper"], 0.5)
        palette[f"c{i}c"] = _mix(colour, named["paper"], 0.4 if i else 0.3)  # and a third contender
    return palette | {f"r{i}": colour for i, colour in enumerate(ramp)}


PALETTES = {
    "light": _palette(
        _LIGHT, _LIGHT_RAMP, _LIGHT_CLASSES,
        paper="#ffffff", text="#1b2430", quiet="#5a6572", grid="#e6eaef", halo="#ffffff", star="#1b2430",
        low="#a9bfdb", middle="#d6e1ee", high="#f8fafc", contour="#8fa5c1",
        tint0="#f3c5a3", tint1="#a6cfe8", tint2="#a5d8c8",
        heat0="#003463", heat1="#005fa5", heat2="#498fd3", heat3="#97c0ea", heat4="#e5f0fc",
        pull="#c2183c", memory="#6a3fd1", spread="#0b7a86",
    ),
    "dark": _palette(
        _DARK, _DARK_RAMP, _DARK_CLASSES,
        paper="#0f141b", text="#e9eef4", quiet="#9dabb9", grid="#26303c", halo="#0f141b", star="#ffffff",
        low="#3d5f8f", middle="#263a55", high="#131a23", contour="#4c6a93",
        tint0="#6b3a20", tint1="#1f4a78", tint2="#115e4b",
        heat0="#cce8ff", heat1="#7eb5ee", heat2="#3d83c6", heat3="#1d5385", heat4="#192837",
        pull="#ff6f86", memory="#b39bff", spread="#4fd0dc",
    ),
}  # fmt: skip


def styles(rules: Sequence[Optimizer]) -> list[Look]:
    """Return colour, dash and marker per contender: an optimizer looks the same on every page.

    The lecture's optimizers have the five strongest colours; an optimizer beyond the eighth repeats a colour with
    another dash and marker. A second and third contender of the same optimizer get a darker and a paler shade, and the
    next dash and marker.
    """
    order = [*LECTURE, *(key for key in RULES if key not in LECTURE)]
    seen: dict[str, int] = {}
    looks = []
    for rule in rules:
        again = seen.get(rule.key, 0)
        seen[rule.key] = again + 1
        place = order.index(rule.key)
        looks.append(_look(place, again))
    return looks


def variant_styles(n: int) -> list[Look]:
    """Return colour, dash and marker for `n` variants whose styles do not depend on their optimizer."""
    return [_look(i, 0) for i in range(n)]


def ramp_styles(n: int) -> list[Look]:
    """Return colour, dash and marker for `n` ordered variants, from lowest to highest."""
    places = np.linspace(0, len(_LIGHT_RAMP) - 1, n) if n > 2 else (0, 4)[:n]
    return [{**_look(i, 0), "color": f"@r{round(place)}"} for i, place in enumerate(places)]


def _look(place: int, again: int) -> Look:
    turn = place // 8  # how often all colours have been used; dashes and markers then advance by different amounts
    return {
        "color": f"@c{_STRONGEST[place % 8]}{('', 'b', 'c')[again % 3]}",
        "dash": _DASHES[(place + again + 3 * turn) % 8],
        "marker": _MARKERS[(place + again + 5 * turn) % 8],
    }


def axis(title: str = "", **more: Any) -> Plotly:
    """Return a Plotly axis in the app's style."""
    return {
        "title": {"text": title, "standoff": 9}, "gridcolor": "@grid", "linecolor": "@quiet", "zeroline": False,
        "ticks": "outside", "ticklen": 4, "tickcolor": "@grid", "color": "@quiet", "automargin": False, **more,
    }  # fmt: skip


def layout(**more: Any) -> Plotly:
    """Return a Plotly layout in the app's style: transparent, no legend, a thin frame."""
    return {
        "font": {"family": FONT, "size": TYPE, "color": "@text"},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 58, "r": 12, "t": 10, "b": 52}, "showlegend": False, "hovermode": False, **more,
    }  # fmt: skip
