"""Likelihood: rules climb a curve with its maximum at K/N; and what few throws tell of the chance, against many."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.likelihood import Climb, Repeats, Throws, log_likelihood, steepest
from figures import theme
from figures.scene import Say, names
from figures.scene import scene as _scene
from spec import N_, digest

GRID = 161  # points of a ridge
BINS = 90  # estimates that fall into one of them are stacked


def climbing(spec: Throws, run: Climb, *, say: Say, alt: str) -> dict[str, Any]:
    """Return the stage's scene of a climb: the curve with the paths on it, and θ at every step."""
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


def _curve(spec: Throws, run: Climb, looks: list, titles: list[str], say: Say) -> dict[str, Any]:
    spread = np.sqrt(max(spec.share * (1 - spec.share), 1 / spec.throws) / spec.throws)
    # Fine near the maximum, where the likelihood of many throws has all its width, and near the borders.
    near = spec.share + spread * np.linspace(-6, 6, 121)
    theta = np.unique(np.concatenate([np.linspace(0, 1, 201), near, np.geomspace(1e-6, 1e-2, 30)]).clip(0, 1))
    height = log_likelihood(theta, spec.hits, spec.throws)
    top = float(log_likelihood(spec.share, spec.hits, spec.throws))
    start = float(log_likelihood(spec.start, spec.hits, spec.throws))
    depth = max(1.2 * (top - start), 0.5 * spec.throws)
    low, high = top - depth, top + 0.14 * depth
    seen = np.isfinite(height)
    bell = {
        "type": "scatter", "mode": "lines", "x": theta[seen], "y": np.exp(height[seen] - top), "yaxis": "y2",
        "fill": "tozeroy", "fillcolor": "@middle", "line": {"color": "@contour", "width": 1.5}, "hoverinfo": "skip",
    }  # fmt: skip
    curve = {
        "type": "scatter", "mode": "lines", "x": theta[seen], "y": height[seen],
        "line": {"color": "@quiet", "width": 2}, "hoverinfo": "skip",
    }  # fmt: skip
    # The second axis carries the likelihood and lies below the first, so that the curve climbed is drawn over it.
    layout = theme.layout(
        xaxis=theme.axis("θ", range=[-0.02, 1.02], showgrid=False),
        yaxis=theme.axis(say(N_("log-likelihood ln L")), range=[low, high], overlaying="y2", nticks=6),
        yaxis2=theme.axis(say(N_("likelihood L / max L")), range=[0, (high - low) / depth], side="right",
                          tickvals=[0, 0.5, 1], showgrid=False),  # fmt: skip
        margin={"l": 72, "r": 58, "t": 10, "b": 52},
        shapes=[_upright(spec.share)],
        annotations=[_beside(spec.share, f"K/N = {_share(spec)}")],
    )
    tracks = [
        {"x": run.theta[i], "y": run.height[i], "title": titles[i], "name": titles[i], "width": 3, **looks[i]}
        for i in range(len(titles))
    ]
    mark = f"climb {digest((spec.throws, spec.hits, spec.start, layout['yaxis']['title']))}"
    return {
        "kind": "curves", "grow": 1.45, "mark": mark, "figure": {"data": [bell, curve], "layout": layout},
        "tracks": tracks, "start": [spec.start, start], "dots": True, "crowd": True,
    }  # fmt: skip


def _values(spec: Throws, run: Climb, looks: list, titles: list[str], say: Say) -> dict[str, Any]:
    layout = theme.layout(
        xaxis=theme.axis(say(N_("step")), range=[0, spec.steps]),
        yaxis=theme.axis("θ", range=[-0.06, 1.06]),
        margin={"l": 58, "r": 98, "t": 10, "b": 52},
    )
    layout["shapes"] = [
        {**_level(spec.share), "line": {"width": 1.5, "dash": "dot", "color": "@quiet"}},
        *({**_level(border), "line": {"width": 1, "color": "@quiet"}} for border in (0, 1)),
    ]
    layout["annotations"] = [{
        "xref": "paper", "x": 0.99, "xanchor": "right", "y": spec.share, "yanchor": _side(spec.share, "bottom", "top"),
        "text": f"K/N = {_share(spec)}", "showarrow": False, "font": {"size": theme.TYPE - 1, "color": "@quiet"},
    }]  # fmt: skip
    tracks = [
        {"y": run.theta[i], "name": titles[i], "title": titles[i], "width": 2.4, **look}
        for i, look in enumerate(looks)
    ]
    tracks += [
        {"y": np.where(run.clipped[i], run.theta[i], np.nan), "scatter": True, "width": 3.6, "color": look["color"]}
        for i, look in enumerate(looks) if run.clipped[i].any()
    ]  # fmt: skip
    figure = {"data": [{"type": "scatter", "x": [], "y": []}], "layout": layout}
    mark = f"values {digest((spec.share, spec.steps, layout['xaxis']['title']))}"
    return {"kind": "curves", "grow": 1, "mark": mark, "figure": figure, "tracks": tracks, "along": True}


def _table(spec: Throws, run: Climb, looks: list, titles: list[str], say: Say) -> dict[str, Any]:
    rows = []
    for i, rule in enumerate(spec.contenders):
        if run.left[i] >= 0:
            step = int(run.left[i])
            end: Any = {"from": step, "text": say(N_("left at {step}")).format(step=step), "before": "–"}
        elif run.arrived[i] >= 0:
            end = {"from": int(run.arrived[i]), "text": str(int(run.arrived[i])), "before": "–"}
        else:
            end = "–"
        cells = [f"{rule.lr:g}", {"values": run.theta[i]}, {"values": run.height[i]}, end]
        rows.append({"style": looks[i], "label": titles[i], "cells": cells})
    return {"columns": ["", "η", "θ", "ln L", say(N_("arrived at"))], "rows": rows}


def repeated(spec: Throws, many: Repeats, *, say: Say, alt: str) -> dict[str, Any]:
    """Return the stage's scene of repeated throws: likelihoods and estimates of few and many, and what they cost."""
    last = len(many.share) - 1
    looks = theme.variant_styles(len(spec.sizes))
    return _scene(
        f"repeat {spec.truth} {spec.sizes} {spec.seed}", say=say, alt=alt, layout="side",
        clock={"name": say(N_("repetition")), "last": last, "seconds": 12.0, "play": True, "live": False},
        panels=[_ridges(spec, many, looks, say), _losses(spec, many, looks, say)],
        table=_spread(spec, many, looks, say),
    )  # fmt: skip


def _ridges(spec: Throws, many: Repeats, looks: list, say: Say) -> dict[str, Any]:
    """One row a size: the likelihood of the present repetition as a ridge, the estimates so far stacked under it."""
    rows = len(spec.sizes)
    theta = np.linspace(0, 1, GRID)
    tracks = []
    for i, size in enumerate(spec.sizes):
        share = many.share[:, size - 1]
        base = rows - 1 - i
        height = log_likelihood(theta, size * share[:, None], size) - log_likelihood(share, size * share, size)[:, None]
        place = np.floor(share * BINS).clip(0, BINS - 1)
        stack = np.array([np.count_nonzero(place[:j] == place[j]) for j in range(len(place))])
        gap = min(0.035, 0.3 / (1 + stack.max()))
        tracks += [
            {"x": theta, "y": (base + 0.58 * np.exp(height)).ravel(), "take": GRID, "fill": True, "width": 2,
             "color": looks[i]["color"]},
            {"x": share, "y": base - 0.06 - gap * stack, "scatter": True, "width": 3.4, "color": looks[i]["color"],
             "title": _throws(size, say)},
        ]  # fmt: skip
    layout = theme.layout(
        xaxis=theme.axis("θ", range=[-0.02, 1.02]),
        yaxis=theme.axis(range=[-0.42, rows - 0.22], tickvals=list(range(rows)), showgrid=False,
                         ticktext=[_throws(size, say) for size in reversed(spec.sizes)]),  # fmt: skip
        margin={"l": 104, "r": 12, "t": 10, "b": 52},
        shapes=[_upright(spec.truth), *({**_level(row), "line": {"width": 1, "color": "@grid"}} for row in range(rows))],
        annotations=[_beside(spec.truth, say(N_("true θ = {value}")).format(value=f"{spec.truth:g}"))],
    )
    mark = f"ridges {digest((spec.truth, spec.sizes, layout['yaxis']['ticktext'], layout['annotations'][0]['text']))}"
    figure = {"data": [{"type": "scatter", "x": [], "y": []}], "layout": layout}
    return {"kind": "curves", "grow": 1.45, "mark": mark, "figure": figure, "tracks": tracks}


def _losses(spec: Throws, many: Repeats, looks: list, say: Say) -> dict[str, Any]:
    """The loss per throw of the estimate, on its own throws and on new ones, by the number of throws: medians."""
    throws = np.arange(1, many.share.shape[1] + 1)
    own, fresh = np.median(many.own, axis=0), np.median(many.fresh, axis=0)
    seen = np.isfinite(fresh)
    line = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
    data = [
        {**line, "x": throws, "y": own, "line": {"color": "@c5", "width": 2.4}},
        {**line, "x": throws[seen], "y": fresh[seen], "line": {"color": "@c4", "width": 2.4, "dash": "dash"}},
    ]
    high = max(1.6 * many.best, float(fresh[seen].max(initial=0)) * 1.05)
    end = float(np.log10(len(throws))) if len(throws) > 1 else 0.3
    label = {"showarrow": False, "xref": "paper", "x": 0.98, "xanchor": "right"}
    layout = theme.layout(
        xaxis=theme.axis(say(N_("throws N")), type="log", range=[0, end], dtick=1),
        yaxis=theme.axis(say(N_("loss −ln L / N, median")), range=[0, high]),
        margin={"l": 62, "r": 14, "t": 10, "b": 52},
        shapes=[{**_level(many.best), "line": {"width": 1.5, "dash": "dot", "color": "@quiet"}}],
        annotations=[
            {**label, "y": many.best, "yanchor": "bottom", "yshift": 16, "text": say(N_("on new throws")),
             "font": {"color": "@c4"}},
            {**label, "y": many.best, "yanchor": "top", "yshift": -16, "text": say(N_("on its own throws")),
             "font": {"color": "@c5"}},
        ],
    )  # fmt: skip
    mark = f"losses {digest((spec.truth, spec.sizes, spec.seed, layout['xaxis']['title']))}"
    return {"kind": "curves", "grow": 1, "mark": mark, "figure": {"data": data, "layout": layout}, "tracks": []}


def _spread(spec: Throws, many: Repeats, looks: list, say: Say) -> dict[str, Any]:
    rows = []
    for look, size in zip(looks, spec.sizes, strict=True):
        share = many.share[:, size - 1]
        cells = [{"values": share}, f"±{share.std():.2g}", f"{_gap(many, size):.2g}"]
        rows.append({"style": look, "label": _throws(size, say), "cells": cells})
    return {"columns": ["", "K/N", say(N_("spread")), say(N_("gap"))], "rows": rows}


def _gap(many: Repeats, size: int) -> float:
    """Return by how much the loss on new throws exceeds the one on its own: the median over the repetitions."""
    return float(np.median(many.fresh[:, size - 1] - many.own[:, size - 1]))


# -- sentences


def climbed(spec: Throws, run: Climb, say: Say) -> str:
    """Return the sentences that read a climb back."""
    titles = names(spec.contenders, say)
    parts = []
    if spec.hits in (0, spec.throws):
        text = N_("All throws fell alike: the likelihood has its maximum on the border, at θ = {value}.")
        parts.append(say(text).format(value=f"{spec.share:g}"))
    arrived = sorted((int(step), titles[i], i) for i, step in enumerate(run.arrived) if step >= 0)
    for place, (step, title, i) in enumerate(arrived):
        text = N_("{rule}: after {step}.") if place else N_("**{rule}** reaches θ = {value} after {step} steps (K/N = {share}).")
        parts.append(say(text).format(rule=title, value=f"{run.theta[i, -1]:.3f}", step=step, share=_share(spec)))
    for i, title in enumerate(titles):
        if run.left[i] >= 0:
            parts.append(_left(spec, run, i, title, say))
        elif run.arrived[i] < 0:
            text = N_("**{rule}** is at θ = {value} after {steps} steps, not yet at K/N = {share}.")
            parts.append(say(text).format(rule=title, value=f"{run.theta[i, -1]:.3f}", steps=spec.steps, share=_share(spec)))
        if run.clipped[i].any():
            text = N_("{rule} was put back inside {times} times, first at step {step}.")
            parts.append(say(text).format(rule=title, times=int(run.clipped[i].sum()), step=int(run.clipped[i].argmax())))
    return " ".join(parts)


def _left(spec: Throws, run: Climb, i: int, title: str, say: Say) -> str:
    """Say when a contender left, where to, and for plain gradient descent against which bound of its rate."""
    step, rule = int(run.left[i]), spec.contenders[i]
    text = N_("**{rule}** stops at step {step}: θ = {value} is no probability, ln L is not defined there.")
    said = say(text).format(rule=title, step=step, value=f"{run.theta[i, step]:.3g}")
    bound = 2 / steepest(spec)
    if rule.family == "gradient" and rule.lr > bound > 0:
        text = N_("Its rate {rate} is above {bound}, 2 / the curvature at K/N.")
        said += " " + say(text).format(rate=f"{rule.lr:g}", bound=f"{bound:.3g}")
    return said


def strayed(spec: Throws, many: Repeats, say: Say) -> str:
    """Return the sentences that read repeated throws back: how far few and many stray, and what it costs."""
    few, lots = spec.sizes[0], spec.sizes[-1]
    spread = {size: many.share[:, size - 1].std() for size in (few, lots)}
    text = N_("**{throws} throws** miss the true θ = {truth} by ±{spread} (K/N in {repetitions} repetitions).")
    parts = [say(text).format(throws=few, truth=f"{spec.truth:g}", spread=f"{spread[few]:.2g}", repetitions=len(many.share))]
    if lots != few:
        parts.append(say(N_("**{throws} throws** by ±{spread}.")).format(throws=lots, spread=f"{spread[lots]:.2g}"))
    certain = int(np.isinf(many.fresh[:, few - 1]).sum())
    if certain:
        text = N_("In {certain} repetitions, {throws} throws fell all alike: θ = 0 or 1 fits them perfectly, and calls the other side impossible.")
        parts.append(say(text).format(certain=certain, throws=few))
    return " ".join(parts)


# -- small parts


def _share(spec: Throws) -> str:
    return f"{spec.share:.4g}"


def _throws(size: int, say: Say) -> str:
    return say(N_("{number} throws")).format(number=size)


def _side(value: float, low: Any, high: Any) -> Any:
    """Return `low` for a value in the left or lower half of [0, 1], where there is more room after it, else `high`."""
    return low if value <= 0.5 else high


def _upright(x: float) -> dict[str, Any]:
    line = {"width": 1.5, "dash": "dot", "color": "@text"}
    return {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": x, "x1": x, "line": line}


def _beside(x: float, text: str) -> dict[str, Any]:
    return {
        "x": x, "yref": "paper", "y": 1, "yanchor": "top", "xanchor": _side(x, "left", "right"),
        "xshift": _side(x, 5, -5), "text": text, "showarrow": False, "font": {"size": theme.TYPE, "color": "@text"},
    }  # fmt: skip


def _level(y: float) -> dict[str, Any]:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y}


def climb_numbers(spec: Throws, run: Climb, say: Say) -> dict[str, np.ndarray]:
    """Return what is drawn of a climb as columns: the step, then θ and ln L of every contender."""
    columns = {say(N_("step")): np.arange(spec.steps + 1)}
    for i, title in enumerate(names(spec.contenders, say)):
        columns |= {f"{i + 1} {title} θ": run.theta[i], f"{i + 1} {title} ln L": run.height[i]}
    return columns


def repeat_numbers(spec: Throws, many: Repeats, say: Say) -> dict[str, np.ndarray]:
    """Return what is drawn of repeated throws as columns: the estimate of every repetition, by number of throws."""
    columns = {say(N_("repetition")): np.arange(len(many.share))}
    return columns | {f"K/N, {_throws(size, say)}": many.share[:, size - 1] for size in spec.sizes}
