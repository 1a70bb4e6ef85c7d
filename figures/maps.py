"""Maps: how races with thousands of settings or starting points end, and the race of the selected cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments import maps
from experiments.descend import Descent, Race
from experiments.maps import Map, Survey
from figures import race as picture
from figures import theme
from figures.contract import (
    Blend,
    HeatPanel,
    Key,
    Label,
    Panel,
    Plotly,
    Scene,
    Table,
    Told,
    Track,
    Trials,
    Upright,
)  # fmt: skip
from figures.scene import Say, bold, leaders, names, number, symbol
from figures.scene import scene as _scene
from optimizers import Optimizer
from spec import N_, digest, settings
from surfaces import Surface, find

SHADES = 96  # colours for the loss on a map of settings
DECADES = 12  # the colours of a map cover so many powers of ten below the loss at the start
HUES = ("@c5", "@c4", "@c3", "@c1", "@c6", "@c2", "@c7")  # of the minima, the lowest first; they repeat
TINTS = 8  # of each hue, the palest for the races that converge first
RARE = 0.02  # share of the starting points: a minimum that fewer reach gets no label
POWERS: Plotly = {"dtick": 1, "exponentformat": "power"}  # of a logarithmic axis


def scene(chart: Map, found: Survey, race: Race, run: Descent, *, say: Say, alt: str, measure: str = "loss") -> Scene:
    """Return the stage's scene for a map and the race of the selected cell.

    `measure` colours a map of settings by the final "loss" or by the "steps" to the tolerance.
    """
    draw = {"settings": _settings, "basins": _basins, "rates": _rates}[chart.kind]
    panels, table, layout = draw(chart, found, race, run, measure, say)
    return _scene(
        f"{chart.kind} {chart.surface} {race.contenders} {race.start}", say=say, alt=alt, layout=layout,
        clock={
            "name": say(N_("step")), "last": race.steps, "seconds": float(np.clip(race.steps / 40, 3, 9)),
            "play": True, "live": False,
        },
        panels=panels, table=table,
    )  # fmt: skip


def axis_name(rule: Optimizer, field: str, say: Say) -> str:
    """Return the name of a field on an axis: its symbol, or its label if it has none."""
    fact = settings(rule)[field]
    return symbol(fact.symbol) or say(fact.label)


def _above(surface: Surface, loss: np.ndarray) -> np.ndarray:
    """Return heights above the minimum; the heights themselves if there is no minimum."""
    return loss if surface.minimum is None else loss - surface.minimum


# -- settings


def _settings(
    chart: Map, found: Survey, race: Race, run: Descent, measure: str, say: Say
) -> tuple[Sequence[Panel], Table | None, str]:
    surface, looks, titles = find(chart.surface), theme.styles(race.contenders), names(race.contenders, say)
    shown = _steps_shown if measure == "steps" else _losses_shown
    cells, colors, key, bar = shown(chart, found, say)
    fact = settings(chart.rule)[chart.vary]
    log = bool(fact.log and found.y[0] > 0)
    value = axis_name(chart.rule, chart.vary, say)
    pick = [race.contenders[0].lr, getattr(race.contenders[0], chart.vary)]
    data: list[Plotly] = [_bar(**bar)]
    notes = []
    edge = maps.border(chart)
    inside = np.isfinite(edge) & (edge > found.x[0]) & (edge < found.x[-1]) if edge.size else np.zeros(0, bool)
    if inside.any():
        data += _line(edge[inside], found.y[inside])
        at = int(np.flatnonzero(inside)[-1])
        name = picture.STABLE[chart.rule.key]
        notes.append(
            _note(float(np.log10(edge[at])), float(found.y[at]), say(N_("theory: {formula}")).format(formula=name))
        )
    layout = theme.layout(
        xaxis=theme.axis("η", type="log", range=_ends(found.x, log=True), showgrid=False, **POWERS),
        yaxis=theme.axis(
            value, range=_ends(found.y, log=log), showgrid=False,
            **({"type": "log", **POWERS, "dtick": 2} if log else {}),
        ),
        margin={"l": 64, "r": 86, "t": 34, "b": 52}, annotations=notes, uirevision="map",
    )  # fmt: skip
    heat: HeatPanel = {
        "kind": "heat", "grow": 1.3, "mark": f"settings {digest((chart.surface, layout, bar, edge.tolist()))}",
        "figure": {"data": data, "layout": layout}, "tracks": [], "cells": cells, "colors": colors,
        "hatch": colors.index(HATCH), "key": key, "x": found.x, "y": found.y, "at": pick,
        "names": ["η", value], "told": _told(surface, found, 0, say),
    }  # fmt: skip
    panel = picture.plane(surface, race, run, looks, titles, say)
    panel["grow"] = 1
    return [heat, panel], picture.table(race, run, looks, titles, say), "side"


HATCH = ["@paper", "@paper", 0.0]


def _losses_shown(chart: Map, found: Survey, say: Say) -> tuple[np.ndarray, list[Blend], list[Key], dict[str, Any]]:
    """Return (colour of each cell, colours, key, colour bar) of the final loss."""
    surface = find(chart.surface)
    loss = _above(surface, found.loss[0])
    started = float(_above(surface, surface.value(np.array(chart.start))))
    log = surface.minimum is not None and started > 0
    with np.errstate(all="ignore"):
        v, top = (np.log10(loss), np.log10(started)) if log else (loss, started)
    low = v[(v < top) & np.isfinite(v)]
    bottom = float(low.min()) if low.size else top - 1
    bottom = max(bottom, top - DECADES) if log else bottom
    with np.errstate(invalid="ignore"):
        shade = np.clip((v - bottom) / (top - bottom), 0, 1) * (SHADES - 1)
        cells = np.where(v <= top, np.nan_to_num(np.round(shade)), SHADES)
    cells = np.where(found.diverged[0] >= 0, SHADES + 1, cells).astype(np.uint8)
    colors = [*_ramp(), ["@tint0", "@tint0", 0.0], HATCH]
    key = _key(cells, colors, {SHADES: say(N_("higher than at the start")), SHADES + 1: say(N_("diverged"))})
    title = "f − f*" if surface.minimum is not None else "f"
    if not log:
        return cells, colors, key, {"title": title, "low": bottom, "high": top}
    ticks = _powers(bottom, top)
    return cells, colors, key, {"title": title, "low": bottom, "high": top, "ticks": ticks}


def _steps_shown(chart: Map, found: Survey, say: Say) -> tuple[np.ndarray, list[Blend], list[Key], dict[str, Any]]:
    """Return (colour of each cell, colours, key, colour bar) of the steps to the tolerance."""
    steps = found.converged[0]
    arrived = steps >= 0
    low, high = (int(steps[arrived].min()), int(steps[arrived].max())) if arrived.any() else (0, chart.steps)
    shade = np.round((steps - low) / max(high - low, 1) * (SHADES - 1))
    cells = np.where(arrived, shade, np.where(found.diverged[0] >= 0, SHADES + 1, SHADES)).astype(np.uint8)
    colors = [*_ramp(), ["@quiet", "@paper", 0.72], HATCH]
    late = say(N_("minimum not reached by step {steps}")).format(steps=chart.steps)
    key = _key(cells, colors, {SHADES: late, SHADES + 1: say(N_("diverged"))})
    return cells, colors, key, {"title": say(N_("steps")), "low": low, "high": max(high, low + 1)}


def _ramp() -> list[Blend]:
    """Return SHADES colours through the stops of the theme's ramp, each as [a, b, share of b]."""
    place = np.linspace(0, len(theme.HEAT) - 1, SHADES)
    stop = np.minimum(place.astype(int), len(theme.HEAT) - 2)
    return [[theme.HEAT[i], theme.HEAT[i + 1], round(float(p - i), 3)] for i, p in zip(stop, place, strict=True)]


def _key(cells: np.ndarray, colors: list[Blend], said: dict[int, str]) -> list[Key]:
    """Return the legend above a map for the colours on it that its colour bar does not have."""
    seen = set(np.unique(cells).tolist())
    return [{"color": colors[i], "hatch": colors[i] is HATCH, "text": text} for i, text in said.items() if i in seen]


def _powers(bottom: float, top: float) -> list[int]:
    step = 1 if top - bottom < 7 else 2
    return [power for power in range(int(np.ceil(bottom)), int(np.floor(top)) + 1) if power % step == 0]


def _bar(title: str, low: float, high: float, ticks: list[int] | None = None) -> Plotly:
    """Return a trace without points that adds the colour bar."""
    scale = [[i / (len(theme.HEAT) - 1), color] for i, color in enumerate(theme.HEAT)]
    bar: Plotly = {
        "title": {"text": title, "side": "top"}, "thickness": 13, "outlinewidth": 0, "x": 1.02, "xpad": 0,
        "len": 1.0, "ypad": 6
    }  # fmt: skip
    if ticks is not None:
        bar |= {"tickvals": ticks, "ticktext": [f"10<sup>{power}</sup>".replace("-", "−") for power in ticks]}
    marker = {"color": [low], "cmin": low, "cmax": high, "colorscale": scale, "showscale": True, "colorbar": bar}
    return {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "marker": marker, "hoverinfo": "skip"}


def _line(x: np.ndarray, y: np.ndarray) -> list[Plotly]:
    """Return a thin line that is visible on light and on dark cells."""
    line = {"type": "scatter", "mode": "lines", "x": x, "y": y, "hoverinfo": "skip"}
    return [{**line, "line": {"color": "@paper", "width": 4.5}}, {**line, "line": {"color": "@text", "width": 1.6}}]


def _note(x: float, y: float, text: str) -> Plotly:
    return {
        "x": x, "y": y, "text": text, "showarrow": False, "xanchor": "right", "yanchor": "top", "xshift": -5,
        "yshift": -4, "bgcolor": "@paper", "borderpad": 3, "font": {"size": theme.TYPE - 1, "color": "@text"},
    }  # fmt: skip


def _ends(grid: np.ndarray, *, log: bool) -> list[float]:
    """Return the ends of an axis: half a cell beyond the first and last cell centre; log10 of them with `log`."""
    first, last = (float(np.log10(end)) if log else float(end) for end in (grid[0], grid[-1]))
    half = (last - first) / (2 * max(1, len(grid) - 1))
    return [first - half, last + half]


def _told(surface: Surface, found: Survey, rule: int, say: Say) -> list[Told]:
    """Return what the tooltip of a cell shows: some numbers per cell, without those that do not exist."""
    return [
        {"name": "f − f*" if surface.minimum is not None else "f", "values": _above(surface, found.loss[rule])},
        {"name": say(N_("reached at step")), "values": found.converged[rule]},
        {"name": say(N_("diverged at step")), "values": found.diverged[rule]},
    ]


# -- basins


def _basins(
    chart: Map, found: Survey, race: Race, run: Descent, measure: str, say: Say
) -> tuple[Sequence[Panel], Table | None, str]:
    surface, looks, titles = find(chart.surface), theme.styles(race.contenders), names(race.contenders, say)
    basin = maps.settled(chart, found)
    count = len(maps.wells(chart.surface).points)
    hues = min(count, len(HUES))
    quick = found.converged
    slowest = float(np.quantile(quick[quick >= 0], 0.98)) if (quick >= 0).any() else 1.0
    tint = np.where(quick >= 0, np.clip(quick / max(slowest, 1), 0, 1) * (TINTS - 1), TINTS // 2)
    cells = np.where(basin >= 0, basin % max(hues, 1) * TINTS + np.round(tint).astype(int), hues * TINTS)
    cells = np.where(basin == maps.LOST_CELL, hues * TINTS + 1, cells).astype(np.uint8)
    shares = np.linspace(0.82, 0.25, TINTS)
    colors: list[Blend] = [[hue, "@paper", round(float(share), 3)] for hue in HUES[:hues] for share in shares]
    colors += [["@quiet", "@paper", 0.6], HATCH]
    contour = picture.plane(surface, race, run, looks, titles, say)["figure"]["data"][0]
    contour["contours"] = contour["contours"] | {"coloring": "none"}
    contour |= {"line": {"width": 0.7, "color": "@text"}, "opacity": 0.28}
    panels: list[Panel] = []
    for i, title in enumerate(titles):
        said = {}
        for index, text in (
            (hues * TINTS, N_("no minimum reached: {share}")),
            (hues * TINTS + 1, N_("diverged: {share}")),
        ):
            said[index] = say(text).format(share=_percent((cells[i] == index).mean()))
        key = _key(cells[i], colors, said)
        layout = theme.layout(
            xaxis=theme.axis(surface.axes[0], range=_ends(found.x, log=False), showgrid=False),
            yaxis=theme.axis(surface.axes[1], range=_ends(found.y, log=False), showgrid=False),
            margin={"l": 50, "r": 8, "t": 34, "b": 52}, uirevision="map",
        )  # fmt: skip
        track: Track = {
            "x": run.path[i, :, 0], "y": run.path[i, :, 1], "values": run.loss[i], "title": title, "width": 2.6,
            **looks[i], "color": "@text",
        }  # fmt: skip
        panel: HeatPanel = {
            "kind": "heat", "grow": 1, "mark": f"basins {chart.surface}", "caption": title, "dots": True,
            "figure": {"data": [contour, *picture.floor(surface)], "layout": layout},
            "tracks": [track], "cells": cells[i], "colors": colors,
            "hatch": colors.index(HATCH), "key": key, "x": found.x, "y": found.y, "at": list(race.start),
            "names": list(surface.axes), "told": _told(surface, found, i, say),
            "stars": picture.stars(surface), "labels": _shares(chart, basin[i]),
        }  # fmt: skip
        panels.append(panel)
    if len(panels) == 2:
        return panels, None, "under"
    return (
        [*panels, picture.curves(surface, race, run, looks, titles, say)],
        picture.table(race, run, looks, titles, say),
        "side",
    )


def _shares(chart: Map, basin: np.ndarray) -> list[Label]:
    """Return labels at the minima: the share of starting points from which the optimizer ends there; none if rare."""
    at = maps.wells(chart.surface).points
    shares = np.bincount(basin[basin >= 0], minlength=len(at)) / basin.size
    return [
        {"at": [float(x), float(y)], "text": _percent(share)}
        for (x, y), share in zip(at, shares, strict=True)
        if share >= RARE
    ]


# -- rates


def _rates(
    chart: Map, found: Survey, race: Race, run: Descent, measure: str, say: Say
) -> tuple[Sequence[Panel], Table | None, str]:
    surface, looks, titles = find(chart.surface), theme.styles(chart.rules), names(race.contenders, say)
    plain = [say(rule.title) for rule in chart.rules]
    known = surface.minimum is not None
    loss = _above(surface, found.loss[:, 0])
    bought = maps.trials(chart, found)
    trial = _above(surface, bought.loss[:, 0])
    started = float(_above(surface, surface.value(np.array(chart.start))))
    log = known and started > 0
    axis, top = _loss_axis(loss, started, log=log)
    if log:  # a loss of exactly 0 is below the lower end of any logarithmic axis
        loss, trial = np.maximum(loss, 1e-300), np.maximum(trial, 1e-300)
    cells = maps.best(bought)[:, 1]
    dots: list[Trials] = [
        {"x": bought.x, "y": np.where(bought.diverged[i, 0] >= 0, top, trial[i]), "color": look["color"],
         "lost": bought.diverged[i, 0] >= 0, "best": int(cells[i])}
        for i, look in enumerate(looks)
    ]  # fmt: skip
    layout = theme.layout(
        xaxis=theme.axis("η", type="log", range=_ends(found.x, log=True), **POWERS),
        yaxis=theme.axis("f − f*" if known else "f", **axis),
        margin={"l": 78, "r": 92, "t": 34, "b": 52}, uirevision="map",
        shapes=[{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": started, "y1": started,
                 "line": {"width": 1, "dash": "dot", "color": "@quiet"}}],
    )  # fmt: skip
    key: list[Key] = [{"text": say(N_("○ best of {trials} trials")).format(trials=chart.trials)}]
    if (bought.diverged >= 0).any():
        key.append({"text": say(N_("× trial diverged"))})
    tracks: list[Track] = [
        {"x": found.x, "y": loss[i], "name": plain[i], "title": plain[i], "width": 2.4, **look, "marker": None}
        for i, look in enumerate(looks)
    ]
    marks: list[Upright] = [{"at": chart.pick[0], "color": "@text"}] if chart.pick else []
    heat: HeatPanel = {
        "kind": "heat", "grow": 1.3, "mark": f"rates {digest((chart.surface, chart.rules, chart.steps, layout))}",
        "figure": {"data": [{"type": "scatter", "x": [], "y": []}], "layout": layout}, "tracks": tracks, "whole": True,
        "trials": dots, "key": key, "marks": marks, "names": ["η", "f − f*" if known else "f"],
    }  # fmt: skip
    panel = picture.plane(surface, race, run, looks, titles, say)
    panel["grow"] = 1
    return [heat, panel], picture.table(race, run, looks, titles, say), "side"


def _loss_axis(loss: np.ndarray, started: float, *, log: bool) -> tuple[Plotly, float]:
    """Return an axis of final losses, and the height near its top at which runs that diverged are marked."""
    with np.errstate(all="ignore"):
        v = np.log10(loss) if log else loss
    start = float(np.log10(started)) if log else started
    seen = v[np.isfinite(v) & (v < start)]
    bottom = float(seen.min()) if seen.size else start - 1
    bottom = max(bottom, start - DECADES) if log else bottom
    pad = 0.08 * (start - bottom)
    ends = [bottom - pad / 2, start + 2 * pad]
    top = start + 1.6 * pad
    if log:
        return {
            "type": "log",
            "range": ends,
            "dtick": 2 if start - bottom > 6 else 1,
            "exponentformat": "power",
        }, 10**top
    return {"range": ends}, top


# -- sentences, and the data


def read(chart: Map, found: Survey, race: Race, run: Descent, say: Say) -> str:
    """Return one or two sentences that describe the map and the selected cell."""
    return {"settings": _read_settings, "basins": _read_basins, "rates": _read_rates}[chart.kind](
        chart, found, race, run, say
    )


def _read_settings(chart: Map, found: Survey, race: Race, run: Descent, say: Say) -> str:
    surface, rule = find(chart.surface), race.contenders[0]
    place = {"rate": number(rule.lr), "name": axis_name(rule, chart.vary, say), "value": number(vars(rule)[chart.vary])}
    if chart.pick:
        text = N_("At the ring, η = {rate} and {name} = {value}, **{rule}** {ends}.")
        parts = [say(text).format(**place, rule=say(rule.title), ends=_ending(surface, run, 0, say))]
        edge = maps.border(chart)
        here = float(edge[maps.place(chart, chart.pick)[0]]) if edge.size else np.nan
        if np.isfinite(here):
            parts.append(
                say(N_("The theoretical limit of the learning rate there is {bound}.")).format(bound=number(here))
            )
        return " ".join(parts)
    if maps.best(found)[0, 0] < 0:
        return say(N_("All settings diverge."))
    text = N_("**{rule}** ends lowest with η = {rate}, {name} = {value}: {height}. {share} of all settings diverge.")
    return say(text).format(
        **place, rule=say(rule.title), height=_height(surface, float(run.loss[0, -1])),
        share=_percent((found.diverged >= 0).mean()))  # fmt: skip


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _height(surface: Surface, loss: float) -> str:
    return f"{'f' if surface.minimum is None else 'f − f*'} = {number(float(_above(surface, np.array(loss))))}"


def _ending(surface: Surface, run: Descent, i: int, say: Say) -> str:
    """Return in a few words how one contender of a race ends."""
    if run.diverged[i] >= 0:
        return say(N_("diverges at step {step}")).format(step=int(run.diverged[i]))
    end = _height(surface, float(run.loss[i, -1]))
    if run.converged[i] >= 0:
        return say(N_("reaches the minimum at step {step} and ends at {height}")).format(
            step=int(run.converged[i]), height=end
        )
    return say(N_("does not reach the minimum and ends at {height}")).format(height=end)


def _read_basins(chart: Map, found: Survey, race: Race, run: Descent, say: Say) -> str:
    surface, basin, titles = find(chart.surface), maps.settled(chart, found), names(race.contenders, say)
    both = (basin >= 0).all(0)
    parts = []
    if len(basin) == 2 and both.any() and len(maps.wells(chart.surface).points) > 1:
        differ = float((basin[0] != basin[1])[both].mean())
        text = N_(
            "From {share} of the starting points where both reach a minimum, **{one}** and **{other}** end "
            "in different ones."
        )
        parts.append(say(text).format(share=_percent(differ), one=titles[0], other=titles[1]))
    for i, title in enumerate(titles):
        deepest = len(surface.minima)
        share, lost = float(((basin[i] >= 0) & (basin[i] < deepest)).mean()), float((basin[i] == maps.LOST_CELL).mean())
        text = (
            N_("{rule} reaches a global minimum from {share} of the starting points and diverges from {lost}.")
            if lost
            else N_("{rule} reaches a global minimum from {share} of the starting points.")
        )
        if not chart.pick and (len(titles) == 1 or share < 0.995):
            parts.append(say(text).format(rule=title, share=_percent(share), lost=_percent(lost)))
    if not parts and not chart.pick:
        parts.append(
            say(N_("{rules} reach a global minimum from nearly every starting point (at least 99.5%).")).format(
                rules=", ".join(titles)
            )
        )
    if chart.pick:
        x, y = race.start
        ends = ", ".join(f"{title} {_ending(surface, run, i, say)}" for i, title in enumerate(titles))
        parts.append(say(N_("From ({x}, {y}): {ends}.")).format(x=number(x), y=number(y), ends=ends))
    return " ".join(parts)


def _read_rates(chart: Map, found: Survey, race: Race, run: Descent, say: Say) -> str:
    surface = find(chart.surface)
    if chart.pick:
        order = sorted(range(len(chart.rules)), key=lambda i: np.nan_to_num(run.loss[i, -1], nan=np.inf))
        best, lost = order[0], int((run.diverged >= 0).sum())
        if run.diverged[best] >= 0:
            return say(N_("All at η = {rate}: every optimizer diverges.")).format(rate=number(race.contenders[0].lr))
        text = N_("All at η = {rate}: **{rule}** ends lowest, {height}. Diverged: {lost} of {count}.")
        return say(text).format(
            rate=number(race.contenders[0].lr), rule=say(chart.rules[best].title), lost=lost, count=len(order),
            height=_height(surface, float(run.loss[best, -1])))  # fmt: skip
    bought = maps.trials(chart, found)
    cells = maps.best(bought)
    ends = {i: float(bought.loss[i, 0, column]) for i, (_row, column) in enumerate(cells) if column >= 0}
    if not ends:
        return say(N_("All optimizers diverge in all trials."))
    order = sorted(ends, key=lambda i: ends[i])
    first, _text = leaders(ends, lambda end: _height(surface, end), min)
    text = N_(
        "**{rule}** ends lowest when every optimizer is tuned over the same learning rates ({trials}): "
        "{height} at η = {rate}."
    )
    if len(first) > 1:
        text = N_("Tied when every optimizer is tuned over the same learning rates ({trials}): {rules}, {height}.")
    parts = [say(text).format(
        trials=chart.trials, rules=bold([say(chart.rules[i].title) for i in first]),
        rule=say(chart.rules[order[0]].title), height=_height(surface, ends[order[0]]),
        rate=number(race.contenders[order[0]].lr))]  # fmt: skip
    if order[-1] not in first:
        last = order[-1]
        text = N_("**{rule}** ends highest: {height} at its best learning rate.")
        parts.append(say(text).format(rule=say(chart.rules[last].title), height=_height(surface, ends[last])))
    return " ".join(parts)


def numbers(chart: Map, found: Survey, say: Say) -> dict[str, np.ndarray]:
    """Return the data as columns: a row per cell with its position, and how each optimizer ends there."""
    if chart.kind == "basins":
        first, second = find(chart.surface).axes
    else:
        first, second = "η", axis_name(chart.rule, chart.vary, say)
    x, y = np.meshgrid(found.x, found.y if len(found.y) else [np.nan])
    columns = {first: x.ravel()} | ({second: y.ravel()} if len(found.y) else {})
    reached, diverged = say(N_("reached at step")), say(N_("diverged at step"))
    for i, title in enumerate(names(chart.rules, say)):
        name = f"{i + 1} {title}"
        columns[f"{name} f"] = found.loss[i].ravel()
        columns |= {f"{name} {reached}": found.converged[i].ravel(), f"{name} {diverged}": found.diverged[i].ravel()}
    return columns
