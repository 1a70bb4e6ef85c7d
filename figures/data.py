"""Histograms of a data set's classes, targets and columns, as bars in HTML, without a plotting library."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from statistics import NormalDist

import numpy as np

from figures.scene import Say, number
from spec import N_, N_n

MOST = 12  # classes that are shown one by one


def balance(classes: Sequence[str], counts: np.ndarray, palette: dict[str, str], say: Say) -> str:
    """Return HTML with one bar per class: its name in the reader's language, its number of rows, and its share.

    If there are many classes, the largest are shown, in their original order, and the rest in one line.
    """
    shown: list[int] = sorted(np.argsort(-counts, kind="stable")[:MOST].tolist())
    lines = [(classes[i], int(counts[i])) for i in shown]
    if len(classes) > MOST:
        more = len(classes) - MOST
        rest = say(N_n("{count} more class", "{count} more classes", more)).format(count=more)
        lines.append((rest, int(counts.sum()) - sum(count for _, count in lines)))
    top, total = max(count for _, count in lines), int(counts.sum())
    cells = "".join(
        f'<span style="overflow-wrap:anywhere">{escape(name)}</span>'
        f'<span><span style="display:block;height:.8em;min-width:1px;border-radius:2px;width:{100 * count / top:.4g}%;'
        f'background:{palette["class1"]}"></span></span>'
        f'<span style="text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap">{count:,} '
        f'<span style="color:{palette["quiet"]}">({100 * count / total:.3g}%)</span></span>'
        for name, count in lines
    )
    return (
        '<div style="display:grid;grid-template-columns:fit-content(11em) 1fr max-content;gap:.35rem .7rem;'
        f'align-items:center;line-height:1.25">{cells}</div>'
    )


def spread(counts: np.ndarray, edges: np.ndarray, palette: dict[str, str], say: Say) -> str:
    """Return HTML with the histogram of a numeric target, and its lowest and highest value below it."""
    low, high = number(float(edges[0])), number(float(edges[-1]))
    alt = say(N_("Histogram of the target, from {low} to {high}.")).format(low=low, high=high)
    bars = "".join(
        f'<span title="{number(float(a))} – {number(float(b))}: {count:,}" style="flex:1;border-radius:2px 2px 0 0;'
        f'background:{palette["class1"]};height:{100 * count / counts.max():.4g}%"></span>'
        for count, a, b in zip(counts, edges, edges[1:], strict=False)
    )
    return (
        f'<div role="img" aria-label="{escape(alt)}"><div style="display:flex;align-items:flex-end;gap:2px;height:7rem;'
        f'border-bottom:1px solid {palette["quiet"]}">{bars}</div>'
        f'<div style="display:flex;justify-content:space-between;color:{palette["quiet"]}">'
        f"<span>{low}</span><span>{high}</span></div></div>"
    )


def shapes(names: Sequence[str], counts: np.ndarray, moments: np.ndarray, palette: dict[str, str], say: Say) -> str:
    """Return HTML with a histogram for each column, with two scales: raw, and standardized, (x − mean) / deviation.

    The bars are the same on both: standardization changes the axis only. A line across each bin marks how many rows a
    normal distribution with this mean and deviation would have there. `counts` [k, bins] and `moments`
    [k, 4] are those of `datasets.view.shapes`.
    """
    cells = [_shape(*column, palette, say) for column in zip(names, counts, moments, strict=True)]
    return (
        '<div style="display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:1rem 1.4rem;'
        f'line-height:1.3">{"".join(cells)}</div>'
    )


def _shape(name: str, counts: np.ndarray, moments: np.ndarray, palette: dict[str, str], say: Say) -> str:
    low, high, mean, deviation = (float(moment) for moment in moments)
    edges = (np.linspace(low, high, len(counts) + 1) - mean) / deviation
    normal = counts.sum() * np.diff(list(map(NormalDist().cdf, edges)))
    top = max(counts.max(), normal.max())
    bars = "".join(
        f'<span style="flex:1;position:relative"><span style="position:absolute;inset:auto 0 0 0;'
        f'background:{palette["class1"]};height:{100 * count / top:.4g}%"></span><span style="position:absolute;'
        f'inset:auto 0 {100 * line / top:.4g}% 0;border-top:2px solid {palette["text"]}"></span></span>'
        for count, line in zip(counts, normal, strict=True)
    )
    scales = [(say(N_("raw")), low, high), (say(N_("standardized")), edges[0], edges[-1])]
    lines = "".join(
        f'<div style="display:flex;justify-content:space-between;color:{palette["quiet"]}">'
        f"<span>{number(float(start))}</span><span>{scale}</span><span>{number(float(end))}</span></div>"
        for scale, start, end in scales
    )
    alt = say(N_("Histogram of {column}, from {low} to {high}.")).format(
        column=name, low=number(low), high=number(high)
    )
    return (
        f'<div><div style="overflow-wrap:anywhere">{escape(name)}</div>'
        f'<div role="img" aria-label="{escape(alt)}" style="display:flex;gap:1px;height:4.5rem;'
        f'border-bottom:1px solid {palette["quiet"]}">{bars}</div>{lines}</div>'
    )
