"""A race on a surface: the paths over the contours, and the loss at every step, under one clock."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from experiments.descend import Descent, Race, tolerance
from experiments.divergence import Cause, Divergence, stable_as
from figures import theme
from figures.contract import (
    Card,
    CurvesPanel,
    Event,
    Figure,
    Look,
    PlanePanel,
    Plotly,
    Scene,
    SpacePanel,
    Table,
    TableRow,
    Track,
    Values,
)  # fmt: skip
from figures.scene import Say, names, number, titled
from figures.scene import scene as _scene
from optimizers import Constant
from spec import N_, digest
from spec.text import brief
from surfaces import Surface, find
from surfaces.own import Formula
from surfaces.survey import CELLS, HIGHEST, grid

GRID = 141  # points per side
FINE = 3  # each is the mean of 3 x 3 samples, so that a valley narrower than the grid stays connected
BEYOND = 0.12  # how far the contours extend beyond the domain, as a share of it, for panning
DEPTH = 1e-5  # log levels resolve heights down to this share of the range above the minimum
LEVELS = 22  # contours
FAR = 20  # times the range of the contours: heights farther beyond them are cut off
BRUSH, TOUCH = 0.7, 0.5  # width and height of the bump that one touch of the brush adds
STABLE = {"sgd": "2/λmax", "momentum": "2(1 + μ)/λmax", "nesterov": "2(1 + μ)/((1 + 2μ)λmax)"}  # see `stable_rate`
DECADES = 10  # the loss axis shows at most so many powers of ten below the start


def scene(
    race: Race, run: Descent, *, say: Say, alt: str, view: str = "2d", lost: Mapping[int, Divergence] | None = None
) -> Scene:
    """Return the stage's scene for a race: surface ("2d" from above or "3d") and loss curves, with a table.

    `lost` contains the reasons why contenders diverged; each gets a card, which appears at that step.
    """
    surface = find(race.surface)
    looks = theme.styles(race.contenders)
    titles = names(race.contenders, say)
    first = _space if view == "3d" else plane
    surface_panel = first(surface, race, run, looks, titles, say)
    surface_panel["cards"] = [card(race, why, i, titles[i], looks[i], say) for i, why in sorted((lost or {}).items())]
    return _scene(
        f"{race.surface} {race.start} {view}", say=say, alt=alt, layout="side",
        clock={
            "name": say(N_("step")), "last": race.steps, "seconds": float(np.clip(race.steps / 40, 3, 9)),
            "play": True, "live": False,
        },
        panels=[surface_panel, curves(surface, race, run, looks, titles, say)],
        table=table(race, run, looks, titles, say),
    )  # fmt: skip


@lru_cache(maxsize=64)
@np.errstate(all="ignore")  # heights may be infinite or nan
def heights(key: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (x [n], y [n], z [n, n]) of a surface over slightly more than its domain; log10 if it has `log_levels`.

    z is nan in the holes of the surface, where it has no finite real height.
    """
    surface = find(key)
    (x0, x1), (y0, y1) = surface.domain
    x = np.linspace(x0 - BEYOND * (x1 - x0), x1 + BEYOND * (x1 - x0), GRID)
    y = np.linspace(y0 - BEYOND * (y1 - y0), y1 + BEYOND * (y1 - y0), GRID)
    near = (np.arange(FINE) - FINE // 2) / FINE
    u, v = ((axis[:, None] + near * (axis[1] - axis[0])).ravel() for axis in (x, y))
    z = surface.value(np.stack(np.meshgrid(u, v), axis=-1))
    z = scaled(surface, z) if surface.log_levels else z
    # A hole of a single point, as in sin(x)/x, or the edge of a wide hole does not change the heights around it.
    real = np.isfinite(z)
    samples = real.reshape(GRID, FINE, GRID, FINE).sum(axis=(1, 3))
    mean = (np.where(real, z, 0) / FINE**2).reshape(GRID, FINE, GRID, FINE).sum(axis=(1, 3)) * (FINE**2 / samples)
    return x, y, mean if samples.any() else np.zeros_like(mean)


def scaled(surface: Surface, z: np.ndarray) -> np.ndarray:
    """Return log10 of the height above the minimum, so that a valley and a cliff are visible in one picture."""
    low, high = reach(surface.name)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.log10(np.maximum(z - low, 0) + DEPTH * (high - low))


@lru_cache(maxsize=64)
def reach(key: str) -> tuple[float, float]:
    """Return the lowest and the highest finite height of a surface within its domain."""
    surface = find(key)
    z = _finite(surface)
    return float(np.min(z)) if surface.minimum is None else surface.minimum, float(np.max(z))


def _finite(surface: Surface) -> np.ndarray:
    """Return the heights in the domain that can be drawn: neither they nor their differences are infinite.

    They come from two grids: if a formula is real only in a narrow strip, the grid of the analysis has points in it.
    """
    (x0, x1), (y0, y1) = surface.domain
    edges = np.stack(np.meshgrid(np.linspace(x0, x1, GRID), np.linspace(y0, y1, GRID)), axis=-1)
    z = np.concatenate([surface.value(points).ravel() for points in (edges, grid(surface, CELLS))])
    return z[np.abs(z) <= HIGHEST]


@lru_cache(maxsize=64)
def shown(key: str) -> tuple[float, float]:
    """Return the lowest and the highest contour, from heights inside the domain only.

    A pole must not use up the levels: if more than half of the heights would lie between two contours, the range ends
    three interquartile ranges beyond the quartiles.
    """
    surface = find(key)
    low, high = reach(key)
    if surface.log_levels:
        bottom, top = scaled(surface, np.array([low, high]))
        return float(bottom), float(top)
    if surface.minimum is None:
        z = _finite(surface)
        lower, upper = np.quantile(z, [0.25, 0.75])
        if 0 < upper - lower < (high - low) / LEVELS:
            reaching = 3 * (upper - lower)
            return float(max(low, lower - reaching)), float(min(high, upper + reaching))
    return low, high


def _levels(surface: Surface) -> dict[str, float]:
    """Return the contour levels."""
    bottom, top = shown(surface.name)
    size = (top - bottom) / LEVELS
    return {"start": bottom + size / 2, "end": top, "size": size}


def ground(surface: Surface) -> tuple[Plotly, Plotly]:
    """Return a surface from above: its contours as a Plotly trace, and the layout that shows its domain."""
    x, y, z = heights(surface.name)
    levels = _levels(surface)
    # Heights far beyond the last contour are clipped: a pole must not blur the heights around it.
    bottom, top = shown(surface.name)
    far = FAR * (top - bottom)
    z = np.clip(z, bottom - far, top + far)
    bottom, unit = float(np.nanmin(z)), float(np.nanmax(z) - np.nanmin(z)) / 65535 or 1.0
    levels = {name: value / unit for name, value in levels.items()}
    levels |= {name: levels[name] - bottom / unit for name in ("start", "end")}
    contour = {
        "type": "contour", "x": x, "y": y, "z": briefly((z - bottom) / unit), "hoverinfo": "skip",
        "showscale": False, "contours": levels, "autocontour": False, "zmin": levels["start"], "zmax": levels["end"],
        "colorscale": [[0, "@low"], [0.5, "@middle"], [1, "@high"]], "line": {"width": 0.8, "color": "@contour"},
    }  # fmt: skip
    (x0, x1), (y0, y1) = surface.domain
    layout = theme.layout(
        xaxis=theme.axis(surface.axes[0], range=[x0, x1], showgrid=False),
        yaxis=theme.axis(surface.axes[1], range=[y0, y1], showgrid=False),
        margin={"l": 46, "r": 8, "t": 8, "b": 52},
        uirevision=surface.name,
    )
    return contour, layout


def floor(surface: Surface) -> list[Plotly]:
    """Return the traces that draw a surface's lines of minima: a dark line with a light edge."""
    if not surface.level_lines:
        return []
    ends = np.array(surface.level_lines)  # [n, 2 ends, 2]
    x, y = np.moveaxis(np.concatenate([ends, np.full((len(ends), 1, 2), np.nan)], axis=1), -1, 0)
    line = {"type": "scatter", "mode": "lines", "x": x.ravel(), "y": y.ravel(), "hoverinfo": "skip"}
    return [{**line, "line": {"color": "@paper", "width": 4.5}}, {**line, "line": {"color": "@text", "width": 1.8}}]


def stars(surface: Surface) -> list[list[float]]:
    """Return the minima that are marked by a star: none if there is a line of minima, which is drawn itself."""
    return [] if surface.level_lines else [list(point) for point in surface.minima]


def briefly(z: np.ndarray) -> np.ndarray:
    """Return heights from 0 to 65535 as 16-bit integers, half the bytes; unchanged if there are holes (nan)."""
    return z.astype(np.float32) if np.isnan(z).any() else np.round(z).astype(np.uint16)


def plane(surface: Surface, race: Race, run: Descent, looks: list[Look], titles: list[str], say: Say) -> PlanePanel:
    """Return the panel that shows the paths of a race over the surface's contours, from above."""
    contour, layout = ground(surface)
    tracks: list[Track] = [
        {
            "x": run.path[i, :, 0], "y": run.path[i, :, 1], "values": run.loss[i], "title": titles[i],
            "name": titles[i], "width": 2.6, **looks[i],
        }
        for i in range(len(titles))
    ]  # fmt: skip
    return {
        "kind": "plane", "grow": 1.45, "mark": f"plane {surface.name}",
        "figure": {"data": [contour, *floor(surface)], "layout": layout},
        "tracks": tracks, "start": list(race.start), "stars": stars(surface), "dots": True,
        "crowd": True, "pan": True, "paint": {"radius": BRUSH} if hasattr(surface, "strokes") else None,
    }  # fmt: skip


def _space(surface: Surface, race: Race, run: Descent, looks: list[Look], titles: list[str], say: Say) -> SpacePanel:
    x, y, z = heights(surface.name)
    kept = [
        np.flatnonzero((grid >= low) & (grid <= high)) for grid, (low, high) in zip((x, y), surface.domain, strict=True)
    ]
    x, y, z = x[kept[0]], y[kept[1]], z[np.ix_(kept[1], kept[0])]  # high ground beyond the domain would hide the domain
    bottom, top = shown(surface.name)
    pole = not surface.log_levels and (bottom, top) != reach(surface.name)  # cut off, so that the rest is not flat
    bottom, top = (bottom, top) if pole else (float(np.nanmin(z)), float(np.nanmax(z)))
    z = np.clip(z, bottom - FAR * (top - bottom), top + FAR * (top - bottom))
    # The browser computes heights in float32, with seven digits, up to 1e38; others are sent in another unit.
    power = int(np.floor(np.log10(max(abs(bottom), abs(top), 1e-300))))
    power = power if abs(power) > 30 else 0
    bottom, top, z = bottom / 10.0**power, top / 10.0**power, z / 10.0**power
    # A path lies on the drawn surface, which between grid points is not exactly f: with f it could disappear below it.
    lift = 0.015 * (top - bottom)
    inside = _inside(run.path, x, y)
    tracks: list[Track] = [
        {
            "x": np.where(inside[i], run.path[i, :, 0], np.nan), "y": np.where(inside[i], run.path[i, :, 1], np.nan),
            "z": _relief(run.path[i], x, y, z) + lift, "title": titles[i], **looks[i],
        }
        for i in range(len(titles))
    ]  # fmt: skip
    levels = {name: level / 10.0**power for name, level in _levels(surface).items()}
    relief = {
        "type": "surface", "x": x, "y": y, "z": z, "showscale": False, "hoverinfo": "skip",
        "colorscale": [[0, "@low"], [0.5, "@middle"], [1, "@high"]],
        "contours": {"z": {"show": True, "usecolormap": False, "color": "@contour", "width": 1, **levels}},
        "cmin": bottom, "cmax": top, "lighting": {"ambient": 0.75, "diffuse": 0.5, "specular": 0.05, "roughness": 0.9},
    }  # fmt: skip
    lines = [
        {"type": "scatter3d", "mode": "lines", "x": [], "y": [], "z": [], "line": {"width": 7}, "hoverinfo": "skip"}
        for _ in titles
    ]
    points = [
        {"type": "scatter3d", "mode": "markers", "x": [], "y": [], "z": [], "hoverinfo": "skip",
         "marker": {"size": 6, "color": look["color"], "line": {"width": 1, "color": "@halo"}}}
        for look in looks
    ]  # fmt: skip
    height = say(N_("f, log scale")) if surface.log_levels else f"f / 10<sup>{power}</sup>" if power else "f"
    axis = {
        "color": "@quiet", "gridcolor": "@grid", "showbackground": False, "zeroline": False, "nticks": 6,
        "tickfont": {"size": 12},
    }  # fmt: skip
    layout = theme.layout(
        margin={"l": 0, "r": 0, "t": 0, "b": 0}, uirevision=surface.name,
        scene={
            "xaxis": {"title": {"text": surface.axes[0]}, **axis},
            "yaxis": {"title": {"text": surface.axes[1]}, **axis},
            "zaxis": {"title": {"text": height}, "showticklabels": not surface.log_levels, **axis,
                      **({"range": [bottom, top + lift]} if pole else {})},
            "aspectratio": {"x": 1.25, "y": 1.25, "z": 0.75},
            "camera": {"eye": {"x": -0.85, "y": -1.15, "z": 1.25}, "center": {"x": 0, "y": 0, "z": -0.15}},
            "dragmode": "turntable",
        },
    )  # fmt: skip
    figure: Figure = {"data": [relief, *lines, *points], "layout": layout}
    mark = f"space {surface.name} {' '.join(look['color'] for look in looks)}"
    return {"kind": "space", "grow": 1.45, "mark": mark, "figure": figure, "tracks": tracks, "first": 1}


def _relief(path: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return the height of the drawn surface at each point [n, 2], interpolated between grid points; nan outside."""
    place = [(path[:, axis] - grid[0]) / (grid[1] - grid[0]) for axis, grid in enumerate((x, y))]
    held = [np.clip(np.nan_to_num(p), 0, len(grid) - 1.001) for p, grid in zip(place, (x, y), strict=True)]
    (i, j), (u, v) = [h.astype(int) for h in held], [h % 1 for h in held]
    low = z[j, i] * (1 - u) + z[j, i + 1] * u
    high = z[j + 1, i] * (1 - u) + z[j + 1, i + 1] * u
    return np.where(_inside(path, x, y), low * (1 - v) + high * v, np.nan)


def _inside(path: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (path[..., 0] >= x[0]) & (path[..., 0] <= x[-1]) & (path[..., 1] >= y[0]) & (path[..., 1] <= y[-1])


def curves(surface: Surface, race: Race, run: Descent, looks: list[Look], titles: list[str], say: Say) -> CurvesPanel:
    """Return the panel that shows the loss of every contender at every step."""
    known = surface.minimum is not None
    with np.errstate(invalid="ignore"):
        loss = run.loss - surface.minimum if known else run.loss
    title = "f − f*" if known else "f"
    axis = _log_axis(loss) if known else _linear_axis(surface, loss)
    layout = theme.layout(
        xaxis=theme.axis(say(N_("step")), range=[0, race.steps]),
        yaxis=theme.axis(title, **axis),
        margin={"l": 78, "r": 98, "t": 10, "b": 52},
        uirevision=f"{surface.name} {race.steps}",
    )
    if known and 0 < (near := tolerance(surface)) < np.inf:
        _arrived_line(layout, near, say)
    tracks: list[Track] = [
        {"y": loss[i], "name": titles[i], "title": titles[i], "width": 2.4, **looks[i]} for i in range(len(titles))
    ]
    mark = f"curves {digest((surface.name, race.steps, title, axis))}"
    figure: Figure = {"data": [{"type": "scatter", "x": [], "y": []}], "layout": layout}
    return {"kind": "curves", "grow": 1, "mark": mark, "figure": figure, "tracks": tracks, "along": True}


def _arrived_line(layout: Plotly, near: float, say: Say) -> None:
    line = {"width": 1, "dash": "dot", "color": "@quiet"}
    layout["shapes"] = [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": near, "y1": near, "line": line}]
    layout["annotations"] = [{
        "xref": "paper", "x": 0.01, "xanchor": "left", "y": float(np.log10(near)), "yanchor": "bottom",
        "text": say(N_("reached: below {value}")).format(value=number(float(f"{near:.2g}"))), "showarrow": False,
        "font": {"size": theme.TYPE - 1, "color": "@quiet"},
    }]  # fmt: skip


def _log_axis(loss: np.ndarray) -> Plotly:
    """Return a logarithmic axis over the curves: at most ten powers of ten below the start, and four above it."""
    start = max(float(loss[0, 0]), 1e-12) if np.isfinite(loss[0, 0]) else 1.0  # the start has no finite loss
    seen = loss[np.isfinite(loss) & (loss > 0)]
    low = max(float(seen.min(initial=start)), start * 10.0**-DECADES)
    high = min(float(seen.max(initial=start)), start * 1e4)
    ends = [float(np.floor(np.log10(low) * 2) / 2), float(np.log10(high) + 0.15)]
    powers = ends[1] - ends[0]
    tick = 2 if powers > 6 else 1 if powers > 1.5 else "D2"  # D2: 2 and 5 as well
    return {"type": "log", "range": ends, "dtick": tick, "exponentformat": "power"}


def _linear_axis(surface: Surface, loss: np.ndarray) -> Plotly:
    """Return a linear axis for heights inside the domain; a loss that is unbounded below leaves it at the bottom."""
    low, high = reach(surface.name)
    seen = loss[np.isfinite(loss)]
    top = float(np.minimum(seen, high).max(initial=low))
    bottom = float(np.maximum(seen, low).min(initial=top))
    pad = 0.06 * max(top - bottom, 1e-9)
    return {"range": [bottom - pad, top + pad]}


def table(race: Race, run: Descent, looks: list[Look], titles: list[str], say: Say) -> Table:
    """Return the table of a race: each contender's learning rate, its current loss, and when it converged."""
    rows: list[TableRow] = []
    for i, rule in enumerate(race.contenders):
        if run.diverged[i] >= 0:
            step = int(run.diverged[i])
            end: Event | str = {"from": step, "text": say(N_("diverged at {step}")).format(step=step), "before": "–"}
        elif run.converged[i] >= 0:
            step = int(run.converged[i])
            end = {"from": step, "text": str(step), "before": "–"}
        else:
            end = "–"
        rate: Values | str = brief(rule.lr, 6) if rule.schedule == Constant() else {"values": run.rate[i]}
        rows.append({"style": looks[i], "label": titled(rule, say), "cells": [rate, {"values": run.loss[i]}, end]})
    columns = ["", "η", "f", say(N_("reached at step"))]
    return {"columns": columns, "rows": rows}


def card(race: Race, why: Divergence, i: int, title: str, look: Look, say: Say) -> Card:
    """Return the card that explains a divergence: how far, because of which bound, and the stable learning rate."""
    far = N_("One step earlier it was {distance} picture diagonals from the center, at f = {loss}.")
    lines = [say(far).format(distance=number(why.distance), loss=number(why.loss))]
    if why.cause.kind != "far":
        lines = [caused(why.cause, say)] if why.step == 0 else [*lines, caused(why.cause, say)]
    elif np.isfinite(why.bound):
        place = say(N_("at the start")) if why.where == 0 else say(N_("at step {step}")).format(step=why.where)
        text = N_(
            "η = {rate} > {formula} = {bound} (λmax = {steepest} {place}): each step overshoots further than the last."
        )
        lines.append(say(text).format(
            rate=brief(why.rate, 4), formula=STABLE[stable_as(race.contenders[i])], bound=number(why.bound),
            steepest=number(why.steepest), place=place))  # fmt: skip
    elif find(race.surface).minimum is None and not isinstance(find(race.surface), Formula):
        lines.append(say(N_("This surface is unbounded below, and the path follows it out of the picture.")))
    else:
        text = N_(
            "With η = {rate} its steps are longer than the picture. No stability limit such as 2/λmax explains this."
        )
        lines.append(say(text).format(rate=brief(why.rate, 4)))
    if why.holds:
        lines.append(say(N_("Largest learning rate that ends below the start:")))
    return {
        "at": why.step, "style": look, "lines": lines, "wish": {"contender": i},
        "title": say(N_("{rule} diverges at step {step}") if why.step else N_("{rule} cannot start")).format(
            rule=title, step=why.step),
        "act": f"η = {brief(why.holds, 6)}" if why.holds else "",
    }  # fmt: skip


def caused(cause: Cause, say: Say) -> str:
    """Return one sentence on why a path ended that did not simply grow without bound."""
    text = {
        "hole": N_("At ({x}, {y}), where it then stands, the surface has no finite height."),
        "slope": N_("At ({x}, {y}) the height is f = {loss}, but the gradient is not finite."),
        "zero": N_("Its step is 0/0: ε = 0, and the gradient along {axis} is 0. Choose ε > 0."),
    }[cause.kind]
    x, y = (number(part) for part in cause.point)
    return say(text).format(x=x, y=y, loss=number(cause.loss), axis=cause.axis)


def numbers(race: Race, run: Descent, say: Say) -> dict[str, np.ndarray]:
    """Return the data as columns: the step, then x, y and f of every contender."""
    first, second = find(race.surface).axes
    rate = "η" if "η" not in (first, second) else say(N_("learning rate"))
    columns = {say(N_("step")): np.arange(race.steps + 1)}
    for i, title in enumerate(names(race.contenders, say)):
        name = f"{i + 1} {title}"
        columns |= {
            f"{name} {first}": run.path[i, :, 0],
            f"{name} {second}": run.path[i, :, 1],
            f"{name} f": run.loss[i],
        }
        if race.contenders[i].schedule != Constant():
            columns[f"{name} {rate}"] = run.rate[i]
    return columns
