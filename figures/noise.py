"""Noise: the runs of every variant as clouds of points over the contours, and their losses above the minimum."""

from __future__ import annotations

import numpy as np

from experiments.noise import Cloud, Noisy, heights, noise_floor
from figures import theme
from figures.contract import (
    CurvesPanel,
    Figure,
    Look,
    PlanePanel,
    Plotly,
    Scene,
    Shade,
    Table,
    TableRow,
    Track,
    Values,
)  # fmt: skip
from figures.race import floor, ground, stars
from figures.scene import Say, number
from figures.scene import scene as _scene
from spec import N_, N_n, digest
from surfaces import find

BAND = (10, 50, 90)  # percentiles of the runs
TRAIL = 8  # steps
DECADES = 8  # the loss axis shows at most so many powers of ten below its top


def scene(spec: Noisy, cloud: Cloud, *, say: Say, alt: str) -> Scene:
    """Return the stage's scene: the runs of every variant on the surface, and the band of their losses."""
    looks = _looks(spec)
    titles = [title(spec, name, say) for name in spec.variants]
    return _scene(
        f"noise {spec.surface} {spec.start}", say=say, alt=alt, layout="side",
        clock={
            "name": say(N_("step")), "last": spec.steps, "seconds": float(np.clip(spec.steps / 25, 4, 12)),
            "play": True, "live": False,
        },
        panels=[_plane(spec, cloud, looks, say), _curves(spec, cloud, looks, titles, say)],
        table=_table(spec, cloud, looks, titles, say),
    )  # fmt: skip


def title(spec: Noisy, name: str, say: Say) -> str:
    """Return the name of a variant."""
    match name:
        case "batch":
            return say(N_("batch size {size}")).format(size=spec.batch)
        case "decay":
            return say(N_("learning rate decay"))
        case "average":
            return say(N_("averaged path"))
        case _:
            return say(N_("{rule} alone")).format(rule=say(spec.rule.title))


def _looks(spec: Noisy) -> list[Look]:
    """Return the style of every variant; a variant keeps its colour when another is switched off."""
    everyone = ("plain", "batch", "decay", "average")
    styles = theme.variant_styles(len(everyone))
    return [styles[everyone.index(name)] for name in spec.variants]


def _plane(spec: Noisy, cloud: Cloud, looks: list[Look], say: Say) -> PlanePanel:
    """Return a panel with every run as a dot with its last steps, and the mean of the unmodified optimizer's runs."""
    surface = find(spec.surface)
    contour, layout = ground(surface)
    tracks: list[Track] = [
        {"x": walks[..., 0].ravel(), "y": walks[..., 1].ravel(), "cloud": spec.walks, "trail": TRAIL, "width": 2.8,
         "color": look["color"]}
        for walks, look in zip(cloud.path, looks, strict=True)
    ]  # fmt: skip
    mean = cloud.path[0].mean(axis=1)
    title = say(N_("mean over runs"))
    tracks.append({"x": mean[:, 0], "y": mean[:, 1], "title": title, "width": 2.2, **looks[0], "marker": None})
    return {
        "kind": "plane", "grow": 1.45, "mark": f"plane {surface.name}",
        "figure": {"data": [contour, *floor(surface)], "layout": layout},
        "tracks": tracks, "start": list(spec.start), "stars": stars(surface), "pan": True,
    }  # fmt: skip


def bands(spec: Noisy, cloud: Cloud) -> np.ndarray:
    """Return the 10th, 50th and 90th percentile of f - f* over the runs, [3, v, steps + 1]; inf where they diverge.

    They are values of single runs, never a mean of two: the mean with a run that diverged would be infinite too.
    """
    return np.percentile(heights(spec, cloud), BAND, axis=2, method="nearest")


def _curves(spec: Noisy, cloud: Cloud, looks: list[Look], titles: list[str], say: Say) -> CurvesPanel:
    known = find(spec.surface).minimum is not None
    low, middle, high = bands(spec, cloud)
    axis = _log_axis(low, high) if known else _linear_axis(low, high)
    step = say(N_("step"))
    layout = theme.layout(
        xaxis=theme.axis(step, range=[0, spec.steps]),
        yaxis=theme.axis("f − f*" if known else "f", **axis),
        margin={"l": 78, "r": 118, "t": 10, "b": 52},
        uirevision=f"{spec.surface} {spec.steps}",
    )
    floor = noise_floor(spec)
    if floor:
        line = {"width": 1.5, "dash": "dot", "color": looks[0]["color"]}
        layout["shapes"] = [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": floor, "y1": floor, "line": line}]
        layout["annotations"] = [{
            "xref": "paper", "x": 0.99, "xanchor": "right", "y": float(np.log10(floor)), "yanchor": "bottom",
            "text": say(N_("noise floor: mean {value}")).format(value=_brief(floor)), "showarrow": False,
            "font": {"size": theme.TYPE - 1, "color": "@text"},
        }]  # fmt: skip
    medians: list[Track] = [
        {"y": middle[i], "name": titles[i], "title": titles[i], "width": 2.6, **looks[i]} for i in range(len(titles))
    ]
    edges: list[Track] = [
        {"y": edge[i], "faint": True, "width": 1, "color": "rgba(0,0,0,0)"}
        for i in range(len(looks)) for edge in (low, high)
    ]  # fmt: skip
    first = len(medians)
    shades: list[Shade] = [
        {"a": first + 2 * i, "b": first + 2 * i + 1, "color": look["color"]} for i, look in enumerate(looks)
    ]
    mark = f"noise {digest((spec.surface, spec.steps, floor, axis, step))}"
    figure: Figure = {"data": [{"type": "scatter", "x": [], "y": []}], "layout": layout}
    return {
        "kind": "curves", "grow": 1, "mark": mark, "figure": figure, "tracks": medians + edges, "shades": shades,
        "along": True,
    }  # fmt: skip


def _log_axis(low: np.ndarray, high: np.ndarray) -> Plotly:
    seen = high[np.isfinite(high) & (high > 0)]
    top = min(float(seen.max(initial=1e-12)), 1e4 * max(float(seen[0]), 1e-12)) if seen.size else 1.0
    seen = low[np.isfinite(low) & (low > 0)]
    bottom = max(float(seen.min(initial=top)), top * 10.0**-DECADES)
    ends = [float(np.floor(np.log10(bottom) * 2) / 2), float(np.log10(top) + 0.1)]
    return {"type": "log", "range": ends, "dtick": 2 if ends[1] - ends[0] > 6 else 1, "exponentformat": "power"}


def _linear_axis(low: np.ndarray, high: np.ndarray) -> Plotly:
    """Return a linear axis that extends at most ten times as far below the start as above it.

    A loss that is unbounded below leaves the picture at the bottom.
    """
    start = float(high[0, 0])
    top = float(high[np.isfinite(high)].max(initial=start))
    bottom = float(low[np.isfinite(low)].min(initial=start))
    bottom = max(bottom, start - 10 * max(top - start, abs(start), 1e-9))
    pad = 0.06 * max(top - bottom, 1e-9)
    return {"range": [bottom - pad, top + pad]}


def _table(spec: Noisy, cloud: Cloud, looks: list[Look], titles: list[str], say: Say) -> Table:
    middle = bands(spec, cloud)[1]
    known = find(spec.surface).minimum is not None
    rows: list[TableRow] = []
    for i, (look, name) in enumerate(zip(looks, titles, strict=True)):
        cells: list[str | Values] = [{"values": middle[i]}]
        if known:
            cells.append(_share(middle[i, -1], middle[0, -1]) if i else "–")
        rows.append({"style": look, "label": name, "cells": cells})
    return {"columns": ["", _height(spec), *([say(N_("final ratio"))] if known else [])], "rows": rows}


def _share(value: float, of: float) -> str:
    """Return how many times smaller, or larger, a value is than another: ÷16 or ×1.2."""
    if not (0 < value < np.inf and 0 < of < np.inf):
        return "–"
    return f"÷{_brief(of / value)}" if value < of else f"×{_brief(value / of)}"


def _height(spec: Noisy) -> str:
    return "f" if find(spec.surface).minimum is None else "f − f*"


def _brief(value: float) -> str:
    return "∞" if np.isinf(value) else number(float(f"{value:.2g}"))


def reading(spec: Noisy, cloud: Cloud, say: Say) -> str:
    """Return sentences that describe the picture: where noise keeps the optimizer, and which variant ends lower."""
    ends = dict(zip(spec.variants, bands(spec, cloud)[1, :, -1], strict=True))
    plain = float(ends.pop("plain"))
    text = N_("**{rule}** ends at {height} = {value} with noise σ = {noise} (median over runs, n = {walks}).")
    values = {"height": _height(spec), "value": _brief(plain), "noise": number(spec.noise), "walks": spec.walks}
    parts = [say(text).format(rule=title(spec, "plain", say), **values)]
    for text, better in ((N_("Lower: {remedies}."), True), (N_("Not lower: {remedies}."), False)):
        chosen = sorted((float(value), name) for name, value in ends.items() if (value < plain) == better)
        said = [f"**{title(spec, name, say)}** ({_brief(value)})" for value, name in chosen]
        if said:
            parts.append(say(text).format(remedies=", ".join(said)))
    for name, lost in zip(spec.variants, cloud.lost, strict=True):
        if name != "average" and (lost >= 0).any():
            first, many = int(lost[lost >= 0].min()), int((lost >= 0).sum())
            text = N_n("Diverged, {variant}: {lost} of {walks} run, at step {step}.",
                       "Diverged, {variant}: {lost} of {walks} runs, the first at step {step}.",
                       spec.walks)  # fmt: skip
            variant = title(spec, name, say)
            parts.append(say(text).format(variant=variant, lost=many, walks=spec.walks, step=first))
    return " ".join(parts)


def numbers(spec: Noisy, cloud: Cloud, say: Say) -> dict[str, np.ndarray]:
    """Return the data as columns: the step, then low end, median and high end of every variant's band."""
    columns = {say(N_("step")): np.arange(spec.steps + 1)}
    for i, name in enumerate(spec.variants):
        for share, band in zip(BAND, bands(spec, cloud), strict=True):
            columns[f"{title(spec, name, say)} {share}%"] = band[i]
    return columns
