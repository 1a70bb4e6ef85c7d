"""The effect of scaling: the loss surface of one linear model in two units, side by side, with the same optimizers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datasets import find as find_data
from experiments.descend import Descent, Race
from experiments.divergence import Divergence
from experiments.scaling import BIAS, ColumnScaling, condition
from figures import theme, worth
from figures.contract import CurvesPanel, Figure, Look, PlanePanel, Scene, Table, TableRow, Track, Values
from figures.race import card, plane
from figures.scene import Say, names, number
from figures.scene import scene as _scene
from spec import N_, digest
from surfaces import find
from surfaces.bowls import LeastSquares

DECADES = 8  # the loss axis shows at most this many powers of ten below the start

Runs = Sequence[tuple[Race, Descent, dict[int, Divergence]]]


def surface_of(race: Race) -> LeastSquares:
    """Return the surface of a race, which is one of least squares."""
    surface = find(race.surface)
    assert isinstance(surface, LeastSquares)
    return surface


def scene(spec: ColumnScaling, runs: Runs, *, say: Say, alt: str) -> Scene:
    """Return the stage's scene: the unscaled and the scaled surface with the paths, and the losses on both."""
    looks = theme.styles(spec.contenders)
    titles = [say(rule.title) for rule in spec.contenders]
    titles = titles if len(set(titles)) == len(titles) else names(spec.contenders, say)
    heads = (say(N_("before scaling")), say(N_("after scaling")))
    panels = [
        _plane(spec, *run, head, looks, titles, say) for run, head in zip(runs, heads, strict=True)
    ]  # fmt: skip
    return _scene(
        f"scaling {digest((spec.dataset, spec.first, spec.second, spec.scaling))}", say=say, alt=alt, layout="under",
        clock={"name": say(N_("step")), "last": spec.steps, "seconds": 6.0, "play": True, "live": False},
        panels=[*panels, _curves(spec, runs, looks, titles, say)], table=_table(runs, looks, titles, say),
    )  # fmt: skip


def _plane(
    spec: ColumnScaling, race: Race, run: Descent, lost: dict[int, Divergence], head: str, looks: list[Look],
    titles: list[str], say: Say,
) -> PlanePanel:  # fmt: skip
    surface = surface_of(race)
    panel = plane(surface, race, run, looks, titles, say)
    first, second = weights(spec, say)
    layout = panel["figure"]["layout"]
    layout["xaxis"]["title"]["text"], layout["yaxis"]["title"]["text"] = first, second
    layout["margin"] = {"l": 62, "r": 8, "t": 30, "b": 52}
    layout["annotations"] = [{
        "xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "yshift": 4,
        "text": f"<b>{head}</b>  κ = {times(condition(surface))}", "showarrow": False,
        "font": {"size": theme.TYPE, "color": "@text"},
    }]  # fmt: skip
    cards = [card(race, why, i, titles[i], looks[i], say) for i, why in sorted(lost.items())]
    for one in cards:
        one["act"] = ""  # the learning rates are set for both surfaces together
    mark = f"{panel['mark']} {head} {first} {second}"
    return {**panel, "grow": 1.1, "mark": mark, "start": None, "cards": cards}


def weights(spec: ColumnScaling, say: Say) -> tuple[str, str]:
    """Return the names of the two weights."""
    columns = worth.columns(find_data(spec.dataset), say)
    second = say(N_("bias")) if spec.second == BIAS else f"w ({columns[spec.second]})"
    return f"w ({columns[spec.first]})", second


def above(run: Descent, race: Race) -> np.ndarray:
    """Return the loss minus the minimum value, which both surfaces share [k, steps + 1]."""
    return run.loss - surface_of(race).floor


def way_left(run: Descent, race: Race) -> np.ndarray:
    """Return the remaining distance to the best weights, as a share of that at the start [k, steps + 1]."""
    best = np.array(surface_of(race).minima[0])
    return np.linalg.norm(run.path - best, axis=2) / np.linalg.norm(np.array(race.start) - best)


def _curves(spec: ColumnScaling, runs: Runs, looks: list[Look], titles: list[str], say: Say) -> CurvesPanel:
    tracks: list[Track] = []
    for (race, run, _lost), dash, width in zip(runs, ([2, 4], []), (2.0, 2.6), strict=True):
        for title, look, loss in zip(titles, looks, above(run, race), strict=True):
            tracks.append({"y": loss, "title": title, **look, "dash": dash, "width": width})
            if not dash:
                tracks[-1]["name"] = title
    seen = np.concatenate([track["y"] for track in tracks])
    seen = seen[np.isfinite(seen) & (seen > 0)]
    begin = float(above(runs[1][1], runs[1][0])[0, 0])
    low = max(float(seen.min(initial=begin)), begin * 10.0**-DECADES)
    ends = [float(np.floor(np.log10(low))), float(np.log10(begin)) + 0.6]
    dotted, solid = say(N_("dotted: before scaling")), say(N_("solid: after scaling"))
    layout = theme.layout(
        xaxis=theme.axis(say(N_("step")), range=[0, spec.steps]),
        yaxis=theme.axis(
            say(N_("error above the floor")), type="log", range=ends, exponentformat="power",
            dtick=2 if ends[1] - ends[0] > 5 else 1,
        ),
        margin={"l": 80, "r": 92, "t": 48, "b": 52}, uirevision=f"{digest(spec)}",
        annotations=[{
            "xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "yshift": 4,
            "text": f"{dotted}<br>{solid}", "showarrow": False, "align": "left",
            "font": {"size": theme.TYPE - 1, "color": "@quiet"},
        }],
    )  # fmt: skip
    figure: Figure = {"data": [{"type": "scatter", "x": [], "y": []}], "layout": layout}
    mark = f"scaling curves {digest((spec.steps, ends, dotted, solid))}"
    return {"kind": "curves", "grow": 1.3, "mark": mark, "figure": figure, "tracks": tracks, "along": True}


def _table(runs: Runs, looks: list[Look], titles: list[str], say: Say) -> Table:
    columns = [""]
    error = say(N_("error above its minimum"))
    for head in (N_("before scaling"), N_("after scaling")):
        columns += [f"η, {say(head)}", f"{error}, {say(head)}"]
    rows: list[TableRow] = []
    for i, (title, look) in enumerate(zip(titles, looks, strict=True)):
        cells: list[str | Values] = []
        for race, run, _lost in runs:
            cells += [number(race.contenders[i].lr), {"values": above(run, race)[i]}]
        rows.append({"style": look, "label": title, "cells": cells})
    return {"columns": columns, "rows": rows}


def read(spec: ColumnScaling, runs: Runs, say: Say) -> str:
    """Return sentences that describe the picture: the condition numbers, and how close the first optimizer comes."""
    (plain, plain_run, _), (scaled, scaled_run, _) = runs
    text = N_(
        "The curvature across the valley is **{plain} times** the curvature along it (the condition number); with "
        "scaled columns it is {scaled}."
    )
    parts = [say(text).format(plain=times(condition(surface_of(plain))), scaled=times(condition(surface_of(scaled))))]
    title = say(spec.contenders[0].title)
    if plain_run.diverged[0] >= 0:
        text = N_(
            "With the learning rate that suits the scaled columns, {rule} diverges at step {step} on the unscaled ones."
        )
        parts.append(say(text).format(rule=title, step=int(plain_run.diverged[0])))
    elif scaled_run.diverged[0] < 0:
        text = N_(
            "At step {steps}, {rule} has **{left}** of the distance to the best weights left; with scaled columns "
            "{other}."
        )
        left, other = (float(way_left(run, race)[0, -1]) for race, run, _lost in runs)
        parts.append(say(text).format(steps=spec.steps, rule=title, left=share(left, say), other=share(other, say)))
    return " ".join(parts)


def times(value: float) -> str:
    """Return a ratio with three digits, such as 544,000."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def share(value: float, say: Say) -> str:
    """Return a share in percent."""
    if value < 0.001:
        return say(N_("under {share}")).format(share="0.1%")
    return f"{100 * value:.0f}%" if value >= 0.1 else f"{100 * value:.1f}%"


def numbers(spec: ColumnScaling, runs: Runs, say: Say) -> dict[str, np.ndarray]:
    """Return the data as columns: the step, then both weights and the error of every optimizer on both surfaces."""
    columns = {say(N_("step")): np.arange(spec.steps + 1)}
    first, second = weights(spec, say)
    error = say(N_("error"))
    for (race, run, _lost), head in zip(runs, (N_("before scaling"), N_("after scaling")), strict=True):
        for i, name in enumerate(names(race.contenders, say)):
            label = f"{i + 1} {name}, {say(head)}"
            columns |= {f"{label}: {first}": run.path[i, :, 0], f"{label}: {second}": run.path[i, :, 1]}
            columns[f"{label}: {error}"] = run.loss[i]
    return columns
