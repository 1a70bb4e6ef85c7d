"""Likelihood: optimizers climb a curve with its maximum at K/N; and estimates from few throws compared with many."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.likelihood import Climb, CoinTosses, Repeats, log_likelihood, steepest
from figures import theme
from figures.contract import CurvesPanel, Event, Figure, Look, Plotly, Scene, Table, TableRow, Track, Values
from figures.scene import Say, names, number
from figures.scene import scene as _scene
from spec import N_, N_n, digest

GRID = 161  # points of a likelihood curve
BINS = 90  # estimates in the same bin are stacked
EMPTY = {"type": "scatter", "x": [], "y": []}


def climbing(spec: CoinTosses, run: Climb, *, say: Say, alt: str) -> Scene:
    """Return the stage's scene for `climb`: the curve with the paths on it, and θ at every step."""
    looks = theme.styles(spec.contenders)
    titles = names(spec.contenders, say)
    return _scene(
        f"climb {spec.start} {spec.borders}", say=say, alt=alt, layout="side",
        clock={
            "name": say(N_("step")), "last": spec.steps, "seconds": float(np.clip(spec.steps / 25, 3, 9)),
            "play": True, "live": False,
        },
        panels=[_curve(spec, run, looks, titles, say), _values(spec, run, looks, titles, say)],
        table=_table(spec, run, looks, titles, say),
    )  # fmt: skip


def _curve(spec: CoinTosses, run: Climb, looks: list[Look], titles: list[str], say: Say) -> CurvesPanel:
    spread = np.sqrt(max(spec.share * (1 - spec.share), 1 / spec.throws) / spec.throws)
    # Fine near the maximum, where the likelihood of many throws has its peak, and near the borders.
    near = spec.share + spread * np.linspace(-6, 6, 121)
    edge = np.geomspace(1e-6, 1e-2, 30)
    theta = np.unique(np.concatenate([np.linspace(0, 1, 201), near, edge, 1 - edge]).clip(0, 1))
    height = log_likelihood(theta, spec.hits, spec.throws)
    theta, height = theta[np.isfinite(height)], height[np.isfinite(height)]
    top, start = (float(log_likelihood(place, spec.hits, spec.throws)) for place in (spec.share, spec.start))
    depth = max(1.2 * (top - start), 0.5 * spec.throws)
    low, high = top - depth, top + 0.14 * depth
    line = {"type": "scatter", "mode": "lines", "x": theta, "hoverinfo": "skip"}
    bell = {
        **line, "y": np.exp(height - top), "yaxis": "y2", "line": {"color": "@contour", "width": 1.5},
        "fill": "tozeroy", "fillcolor": "@middle",
    }  # fmt: skip
    curve = {**line, "y": height, "line": {"color": "@quiet", "width": 2}}
    climbed, likelihood = say(N_("log-likelihood ln L")), say(N_("likelihood L / max L"))
    right = {"side": "right", "tickvals": [0, 0.5, 1], "showgrid": False, "range": [0, (high - low) / depth]}
    layout = theme.layout(
        xaxis=theme.axis("θ", range=[-0.02, 1.02], showgrid=False),
        yaxis=theme.axis(climbed, range=[low, high], overlaying="y2", tickmode="auto"),  # above the likelihood
        yaxis2=theme.axis(likelihood, **right),
        margin={"l": 78, "r": 58, "t": 10, "b": 52},
        shapes=[_upright(spec.share)],
        annotations=[_beside(spec.share, f"K/N = {_share(spec)}")],
    )
    tracks: list[Track] = [
        {"x": run.theta[i], "y": run.height[i], "title": titles[i], "name": titles[i], "width": 3, **looks[i]}
        for i in range(len(titles))
    ]
    return {
        "kind": "curves", "grow": 1.45, "mark": f"climb {digest((spec.throws, spec.hits, spec.start, climbed))}",
        "figure": {"data": [bell, curve], "layout": layout}, "tracks": tracks, "start": [spec.start, start],
        "dots": True, "crowd": True,
    }  # fmt: skip


def _values(spec: CoinTosses, run: Climb, looks: list[Look], titles: list[str], say: Say) -> CurvesPanel:
    step = say(N_("step"))
    layout = theme.layout(
        xaxis=theme.axis(step, range=[0, spec.steps]),
        yaxis=theme.axis("θ", range=[-0.06, 1.06]),
        margin={"l": 58, "r": 98, "t": 10, "b": 52},
        shapes=[_level(spec.share, width=1.5, dash="dot"), _level(0, width=1), _level(1, width=1)],
        annotations=[_above(spec.share, f"K/N = {_share(spec)}", "bottom" if spec.share < 0.9 else "top")],
    )
    tracks: list[Track] = [
        {"y": run.theta[i], "name": titles[i], "title": titles[i], "width": 2.4, **looks[i]} for i in range(len(titles))
    ]
    dots: list[Track] = [
        {"y": np.where(clipped, theta, np.nan), "scatter": True, "width": 3.6, "color": look["color"]}
        for clipped, theta, look in zip(run.clipped, run.theta, looks, strict=True) if clipped.any()
    ]  # fmt: skip
    mark = f"values {digest((spec.share, spec.steps, step))}"
    figure: Figure = {"data": [EMPTY], "layout": layout}
    return {"kind": "curves", "grow": 1, "mark": mark, "figure": figure, "tracks": tracks + dots, "along": True}


def _table(spec: CoinTosses, run: Climb, looks: list[Look], titles: list[str], say: Say) -> Table:
    rows: list[TableRow] = []
    for i, rule in enumerate(spec.contenders):
        if run.left[i] >= 0:
            step = int(run.left[i])
            left = say(N_("leaves [0, 1] at {step}")).format(step=step)
            end: Event | str = {"from": step, "text": left, "before": "–"}
        elif run.arrived[i] >= 0:
            end = {"from": int(run.arrived[i]), "text": str(int(run.arrived[i])), "before": "–"}
        else:
            end = "–"
        cells: list[str | Values | Event] = [f"{rule.lr:g}", {"values": run.theta[i]}, {"values": run.height[i]}, end]
        rows.append({"style": looks[i], "label": titles[i], "cells": cells})
    return {"columns": ["", "η", "θ", "ln L", say(N_("reached at step"))], "rows": rows}


def climbed(spec: CoinTosses, run: Climb, say: Say) -> str:
    """Return sentences that describe a climb."""
    titles = names(spec.contenders, say)
    parts = []
    if spec.hits in (0, spec.throws):
        text = N_("All throws had the same result: the likelihood has its maximum on the border, at θ = {value}.")
        parts.append(say(text).format(value=f"{spec.share:g}"))
    arrived = sorted((int(step), titles[i], i) for i, step in enumerate(run.arrived) if step >= 0)
    for place, (step, title, i) in enumerate(arrived):
        first = N_("**{rule}** reaches K/N = {share} at step {step} and ends at θ = {value}.")
        text = N_("{rule}: step {step}.") if place else first
        parts.append(say(text).format(rule=title, value=f"{run.theta[i, -1]:.3f}", step=step, share=_share(spec)))
    for i, title in enumerate(titles):
        if run.left[i] >= 0:
            parts.append(_left(spec, run, i, title, say))
        elif run.arrived[i] < 0:
            text = N_("**{rule}** does not reach K/N = {share} by step {steps}: θ = {value}.")
            value = f"{run.theta[i, -1]:.3f}"
            parts.append(say(text).format(rule=title, value=value, steps=spec.steps, share=_share(spec)))
        if run.clipped[i].any():
            text = N_("{rule}: θ is first clipped at step {step} (clipped steps: {times}).")
            times, step = int(run.clipped[i].sum()), int(run.clipped[i].argmax())
            parts.append(say(text).format(rule=title, times=times, step=step))
    return " ".join(parts)


def _left(spec: CoinTosses, run: Climb, i: int, title: str, say: Say) -> str:
    """Say when a contender left [0, 1] and where to; for plain gradient descent, the limit of its learning rate."""
    step, rule = int(run.left[i]), spec.contenders[i]
    text = N_("**{rule}** stops at step {step}: ln L is not defined at θ = {value}, outside [0, 1].")
    said = say(text).format(rule=title, step=step, value=number(run.theta[i, step]))
    bound = 2 / steepest(spec)
    if rule.family == "gradient" and rule.lr > bound > 0:
        text = N_("Its learning rate {rate} is above {bound} = 2 / (curvature at K/N).")
        said += " " + say(text).format(rate=f"{rule.lr:g}", bound=number(bound))
    return said


def climb_numbers(spec: CoinTosses, run: Climb, say: Say) -> dict[str, np.ndarray]:
    """Return the data of a climb as columns: the step, then θ and ln L of every contender."""
    columns = {say(N_("step")): np.arange(spec.steps + 1)}
    for i, title in enumerate(names(spec.contenders, say)):
        columns |= {f"{i + 1} {title} θ": run.theta[i], f"{i + 1} {title} ln L": run.height[i]}
    return columns


# -- few throws compared with many


def repeated(spec: CoinTosses, many: Repeats, *, say: Say, alt: str) -> Scene:
    """Return the stage's scene for repeated throws: likelihoods, estimates and losses for few and for many throws."""
    return _scene(
        f"repeat {spec.truth} {spec.sizes} {spec.seed}", say=say, alt=alt, layout="side",
        clock={
            "name": say(N_("repetition")), "last": len(many.share) - 1, "seconds": 12.0, "play": True, "live": False,
        },
        panels=[_ridges(spec, many, say), _losses(spec, many, say)],
        table=_spread(spec, many, say),
    )  # fmt: skip


def _looks(spec: CoinTosses) -> list[Look]:
    return [{"color": look["color"], "dash": [], "marker": "circle"} for look in theme.variant_styles(len(spec.sizes))]


def _ridges(spec: CoinTosses, many: Repeats, say: Say) -> CurvesPanel:
    """One row per sample size: the likelihood of the current repetition, and the estimates so far stacked below."""
    theta = np.linspace(0, 1, GRID)
    rows = len(spec.sizes)
    titles = [f"N = {size}" for size in spec.sizes]
    tracks: list[Track] = []
    for i, (size, look) in enumerate(zip(spec.sizes, _looks(spec), strict=True)):
        base, share = rows - 1 - i, many.share[:, size - 1]
        top = log_likelihood(share, size * share, size)
        height = np.exp(log_likelihood(theta, size * share[:, None], size) - top[:, None])
        column = np.floor(share * BINS)
        below = np.array([np.count_nonzero(column[:j] == column[j]) for j in range(len(column))])
        gap = min(0.04, 0.3 / (1 + below.max()))
        row: list[Track] = [
            {"x": theta, "y": (base + 0.58 * height).ravel(), "take": GRID, "fill": base, "width": 2, **look,
             "marker": None},
            {"x": share, "y": base - 0.06 - gap * below, "scatter": True, "width": 3.2, "color": look["color"],
             "title": titles[i]},
        ]  # fmt: skip
        tracks += row
    truth = say(N_("true θ = {value}")).format(value=f"{spec.truth:g}")
    ticks = {"tickvals": list(range(rows)), "ticktext": titles[::-1], "showgrid": False}
    layout = theme.layout(
        xaxis=theme.axis("θ", range=[-0.02, 1.02]),
        yaxis=theme.axis(range=[-0.42, rows - 0.22], **ticks),
        margin={"l": 84, "r": 12, "t": 10, "b": 52},
        shapes=[_upright(spec.truth)],
        annotations=[_beside(spec.truth, truth)],
    )
    mark = f"ridges {digest((spec.truth, titles, truth))}"
    return {
        "kind": "curves", "grow": 1.45, "mark": mark, "figure": {"data": [EMPTY], "layout": layout}, "tracks": tracks,
    }  # fmt: skip


def _losses(spec: CoinTosses, many: Repeats, say: Say) -> CurvesPanel:
    """The mean loss per throw of the estimate, on its own throws and on new ones, over the number of throws.

    The mean on new throws is infinite as long as one of the repetitions has seen only one side.
    """
    throws = np.arange(1, many.share.shape[1] + 1)
    own, fresh = many.own.mean(axis=0), many.fresh.mean(axis=0)
    seen = np.isfinite(fresh)
    line = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
    data = [
        {**line, "x": throws, "y": own, "line": {"color": "@c5", "width": 2.4}},
        {**line, "x": throws[seen], "y": fresh[seen], "line": {"color": "@c4", "width": 2.4, "dash": "dash"}},
    ]
    axes = [say(N_("throws N")), say(N_("mean loss −ln L / N"))]
    label = {"showarrow": False, "xref": "paper", "x": 0.98, "xanchor": "right", "y": many.best}
    texts = [
        {**label, "yanchor": "bottom", "yshift": 20, "text": say(N_("on new throws")), "font": {"color": "@c4"}},
        {**label, "yanchor": "top", "yshift": -20, "text": say(N_("on the throws used")), "font": {"color": "@c5"}},
    ]
    layout = theme.layout(
        xaxis=theme.axis(axes[0], type="log", range=[0, max(0.3, float(np.log10(len(throws))))], dtick=1),
        yaxis=theme.axis(axes[1], range=[0, 1.7 * many.best]),
        margin={"l": 62, "r": 14, "t": 10, "b": 52},
        shapes=[_level(many.best, width=1.5, dash="dot")],
        annotations=[{**text, "font": {**text["font"], "size": theme.TYPE}} for text in texts],
    )
    mark = f"losses {digest((spec.truth, spec.sizes, spec.seed, axes))}"
    return {"kind": "curves", "grow": 1, "mark": mark, "figure": {"data": data, "layout": layout}, "tracks": []}


def _spread(spec: CoinTosses, many: Repeats, say: Say) -> Table:
    rows: list[TableRow] = []
    for look, size in zip(_looks(spec), spec.sizes, strict=True):
        share = many.share[:, size - 1]
        gap = float(np.mean(many.fresh[:, size - 1] - many.own[:, size - 1]))
        cells: list[str | Values] = [
            {"values": share},
            f"±{share.std():.2g}",
            f"{gap:.2g}" if np.isfinite(gap) else "∞",
        ]
        rows.append({"style": look, "label": f"N = {size}", "cells": cells})
    return {"columns": ["", "K/N", say(N_("standard deviation")), say(N_("generalization gap"))], "rows": rows}


def strayed(spec: CoinTosses, many: Repeats, say: Say) -> str:
    """Return sentences that describe repeated throws: the errors of estimates from few and many, and their losses."""
    few, lots = spec.sizes[0], spec.sizes[-1]
    spread, less = (f"{many.share[:, size - 1].std():.2g}" for size in (few, lots))
    text = N_(
        "The standard deviation of K/N is {spread} with **N = {few}** and {less} with **N = {many}** (true θ "
        "= {truth})."
    )
    if few == lots:
        text = N_("The standard deviation of K/N is {spread} with **N = {few}** (true θ = {truth}).")
    parts = [say(text).format(few=few, many=lots, truth=f"{spec.truth:g}", spread=spread, less=less)]
    certain = int(np.isinf(many.fresh[:, few - 1]).sum())
    if certain:
        text = N_n(
            "With N = {few}, all throws had the same result in {certain} of {times} repetition: this θ gives the "
            "other result probability 0.",
            "With N = {few}, all throws had the same result in {certain} of {times} repetitions: this θ gives the "
            "other result probability 0.",
            len(many.share),
        )
        parts.append(say(text).format(certain=certain, times=len(many.share), few=few))
    return " ".join(parts)


def repeat_numbers(spec: CoinTosses, many: Repeats, say: Say) -> dict[str, np.ndarray]:
    """Return the data of repeated throws as columns: the estimate of every repetition, by number of throws."""
    columns = {say(N_("repetition")): np.arange(len(many.share))}
    return columns | {f"K/N, N = {size}": many.share[:, size - 1] for size in spec.sizes}


# -- small parts


def _share(spec: CoinTosses) -> str:
    return f"{spec.share:.4g}"


def _upright(x: float) -> Plotly:
    line = {"width": 1.5, "dash": "dot", "color": "@text"}
    return {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": x, "x1": x, "line": line}


def _level(y: float, **line: Any) -> Plotly:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": {"color": "@quiet", **line}}


def _beside(x: float, text: str) -> Plotly:
    """Return a label next to a vertical line, on the side where there is more room."""
    left = x <= 0.5
    return {
        "x": x, "yref": "paper", "y": 1, "yanchor": "top", "xanchor": "left" if left else "right",
        "xshift": 5 if left else -5, "text": text, "showarrow": False, "font": {"size": theme.TYPE, "color": "@text"},
    }  # fmt: skip


def _above(y: float, text: str, anchor: str) -> Plotly:
    return {
        "xref": "paper", "x": 0.99, "xanchor": "right", "y": y, "yanchor": anchor, "text": text, "showarrow": False,
        "yshift": 6 if anchor == "bottom" else -6,
        "font": {"size": theme.TYPE - 1, "color": "@quiet"},
    }  # fmt: skip
