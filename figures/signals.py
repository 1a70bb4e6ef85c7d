"""Signals: histograms of every layer of every network, gradients over the layers, and a grid of 16 scales."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np

from datasets import find
from experiments.fit import History
from experiments.layers import BINS, DECADES, Layers, saturation, span
from experiments.signals import GOOD, SCALES, STARTS, Signals, learnt, told
from figures import theme, worth
from figures.contract import (
    Chart,
    Clock,
    CurvesPanel,
    Look,
    MultiplesPanel,
    Named,
    Plotly,
    ProfilePanel,
    RidgesPanel,
    Scene,
    Track,
)  # fmt: skip
from figures.scene import Say, bold, leaders, number
from figures.scene import scene as _scene
from figures.training import drawn_at, thinned
from networks import ACTIVATIONS
from spec import N_, digest

EMPTY = {"type": "scatter", "x": [], "y": []}
NORMALISED: Look = {"color": "@c5", "dash": [], "marker": "circle"}
PLAIN: Look = {"color": "@c4", "dash": [], "marker": "square"}


# -- layer by layer


def looks(spec: Signals) -> list[Look]:
    """Return a style for each initialization: the same whichever others are shown."""
    every = dict(zip(STARTS, theme.variant_styles(len(STARTS)), strict=True))
    return [every[key] for key in spec.chosen]


def layer_by_layer(
    spec: Signals, history: History, *, say: Say, alt: str, running: bool, show: str = "activations"
) -> Scene:
    """Return the stage's scene of signals: histograms, the gradients over the layers, and the score over the epochs.

    `show` selects the histograms of "activations" or "gradients".
    """
    seen = told(spec, history)
    clock, scores = _clock(history, spec.epochs, running, say), _scores(spec, history, say)
    if "steps" in clock:
        scores, _none = thinned(scores, {"columns": [], "rows": []}, clock["steps"])
    return _scene(
        f"signals {digest(spec.ways())} {show}", say=say, alt=alt, layout="over", clock=clock,
        panels=[_ridges(spec, *seen, show, say), _profile(spec, *seen, say), scores], table=None,
    )  # fmt: skip


def _clock(history: History, epochs: int, running: bool, say: Say) -> Clock:
    count = history.train_score.shape[1]
    steps = drawn_at(count)
    clock: Clock = {
        "name": say(N_("epoch")), "last": max(count - 1, 0), "total": epochs, "seconds": 6.0, "play": False,
        "live": running,
    }  # fmt: skip
    return clock if steps is None else {**clock, "steps": steps}


def _titles(spec: Signals, say: Say) -> list[str]:
    return [say(start.title) for start in spec.chosen.values()]


class Shown(NamedTuple):
    """The histograms shown: a title, counts [k, L, BINS, moments], and four numbers [k, L, moments] next to each.

    These are a standard deviation or root mean square, the share of lost (saturated or dead) units, and the shares
    below and above the histogram; `words` are their labels.
    """

    title: str
    counts: np.ndarray
    numbers: tuple[np.ndarray, ...]
    ticks: list[list[Any]]
    words: dict[str, str]


def _activations(spec: Signals, seen: Layers, say: Say) -> Shown:
    limits = ACTIVATIONS[spec.activation].limits
    bounded = bool(np.isfinite(limits).all())
    low, high = span(limits)
    places = np.linspace(low, high, 3) if bounded else [low, *range(1, int(high) + 1)]
    ticks = [[(place - low) / (high - low), number(place)] for place in places]
    lost = say(N_("{share} saturated") if bounded else N_("{share} dead"))
    words = {"size": "σ", "lost": lost, **_beyond(number(low), number(high), say)}
    counts, title = seen.histogram, say(N_("activations, layer by layer"))
    if not bounded:  # about half of the values are near 0, and would make the other bars invisible
        counts, title = np.sqrt(counts), say(N_("activations, layer by layer (heights: square roots)"))
    return Shown(title, counts, (seen.deviation, seen.lost, seen.below, seen.above), ticks, words)


def _gradients(spec: Signals, seen: Layers, say: Say) -> Shown:
    low, high = DECADES
    ticks = [[(power - low) / (high - low), _power(int(power))] for power in np.linspace(low, high, 3)]
    words = {"size": say(N_("RMS")), **_beyond(_power(int(low)), _power(int(high)), say)}
    title = say(N_("absolute values of the weight gradients, layer by layer"))
    none = np.zeros_like(seen.lost)
    return Shown(title, seen.gradients, (seen.gradient, none, seen.fainter, seen.stronger), ticks, words)


def _beyond(low: str, high: str, say: Say) -> dict[str, str]:
    """Return the labels of the shares beyond a histogram; the share itself is filled in when it is drawn."""
    texts = {"below": (N_("{share} below {bound}"), low), "above": (N_("{share} above {bound}"), high)}
    return {name: say(text).replace("{bound}", bound) for name, (text, bound) in texts.items()}


SHOWN = {"activations": _activations, "gradients": _gradients}


def _ridges(spec: Signals, moments: np.ndarray, seen: Layers, show: str, say: Say) -> RidgesPanel:
    """One column per network, one row per layer; every histogram is scaled to the height of its row."""
    title, counts, numbers, ticks, words = SHOWN[show](spec, seen, say)
    k, n_layers, _, n_moments = counts.shape
    with np.errstate(invalid="ignore"):  # all bins of a network that has diverged are empty
        heights = np.nan_to_num(np.ceil(255 * counts / counts.max(axis=2, keepdims=True)))
    return {
        "kind": "ridges", "grow": 1, "title": title, "bins": BINS, "moments": moments, "ticks": ticks,
        "columns": [
            {"label": label, "style": look} for label, look in zip(_titles(spec, say), looks(spec), strict=True)
        ],
        "rows": [say(N_("layer {number}")).format(number=layer + 1) for layer in range(n_layers)],
        "heights": heights.astype(np.uint8).transpose(0, 1, 3, 2).reshape(k * n_layers, n_moments * BINS),
        "told": np.stack(numbers, -1).reshape(k * n_layers, n_moments * len(numbers)),
        "words": {**words, "diverged": say(N_("diverged"))},
    }  # fmt: skip


def _profile(spec: Signals, moments: np.ndarray, seen: Layers, say: Say) -> ProfilePanel:
    """The root mean square of the gradient with respect to each layer's weights, a line for each network."""
    n_layers = seen.gradient.shape[1]
    sizes = seen.gradient[np.isfinite(seen.gradient) & (seen.gradient > 0)]
    low, high = (np.log10(sizes.min()), np.log10(sizes.max())) if sizes.size else (-1.0, 0.0)
    bounds = [float(np.floor(max(low, high - 12))), float(np.ceil(high + 1e-9))]  # smaller ones are rounding errors
    power = max(1, int(np.ceil((bounds[1] - bounds[0]) / 5)))
    powers = range(int(bounds[0]), int(bounds[1]) + 1, power)
    ticks = {"tickvals": [10.0**power for power in powers], "ticktext": [_power(power) for power in powers]}
    titles = [say(N_("layer")), say(N_("RMS of the weight gradients"))]
    layout = theme.layout(
        xaxis=_along(titles[0], range=[0.8, n_layers + 0.2], tickvals=list(range(1, n_layers + 1))),
        yaxis=theme.axis(range=bounds, type="log", **ticks),
        margin={"l": 52, "r": 104, "t": 26, "b": 48}, annotations=[_above(titles[1])],
    )  # fmt: skip
    tracks: list[Track] = [
        {"x": np.arange(1, n_layers + 1), "y": seen.gradient[i].T.ravel(), "take": n_layers, "name": title,
         "title": title, "width": 2.4, **look, "marker": None}
        for i, (title, look) in enumerate(zip(_titles(spec, say), looks(spec), strict=True))
    ]  # fmt: skip
    return {
        "kind": "profile", "grow": 1, "mark": f"profile {digest((n_layers, bounds, titles))}", "dots": True,
        "figure": {"data": [EMPTY], "layout": layout}, "tracks": tracks, "moments": moments,
    }  # fmt: skip


def _scores(spec: Signals, history: History, say: Say) -> CurvesPanel:
    """The training score over the epochs, a curve for each network, and that of a constant prediction."""
    title, epoch = _score(spec.dataset, say), say(N_("epoch"))
    score = history.train_score
    worst = float(np.nanmin(score)) if np.isfinite(score).any() else 0.0
    bounds = [max(-1.0, min(0.0, worst)), 1.02]
    level = worth.guess(history, find(spec.dataset), 0, say)
    layout = theme.layout(
        xaxis=_along(epoch, range=[0, spec.epochs]), yaxis=theme.axis(range=bounds),
        margin={"l": 46, "r": 104, "t": 26, "b": 48},
        annotations=[_above(title), *([] if level is None else [_key(level.label(say))])],
    )  # fmt: skip
    tracks: list[Track] = [
        {"y": score[i], "name": name, "title": name, "width": 2.4, **look}
        for i, (name, look) in enumerate(zip(_titles(spec, say), looks(spec), strict=True))
    ]
    tracks += [] if level is None else worth.constant(level, score.shape[1], say)
    return {
        "kind": "curves", "grow": 1, "mark": f"scores {digest((layout,))}", "along": True,
        "figure": {"data": [EMPTY], "layout": layout}, "tracks": tracks,
    }  # fmt: skip


def _score(dataset: str, say: Say) -> str:
    return say(N_("training R²")) if find(dataset).task == "numbers" else say(N_("training accuracy"))


def _along(title: str, **more: Any) -> Plotly:
    """Return an axis with a title close to it, which saves height."""
    return theme.axis(**more) | {"title": {"text": title, "standoff": 5}}


def _power(power: int) -> str:
    return "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _above(text: str) -> Plotly:
    return {
        "xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "yshift": 4,
        "text": text, "showarrow": False, "font": {"size": theme.TYPE - 1, "color": "@quiet"},
    }  # fmt: skip


def _key(text: str) -> Plotly:
    """Return the label of the thin dashed line, above a chart at its right; networks on the line learn nothing."""
    return {**_above(f"- - {escape(text, quote=False)}"), "x": 1, "xanchor": "right"}


def spread(spec: Signals, history: History, say: Say) -> str:
    """Return sentences that describe signals: the layers of the untrained networks, and how the networks learn.

    They name the networks whose last hidden layer has lost at least half of its units, and those whose activations have
    a standard deviation there that is ten times smaller or larger than in the first layer.
    """
    moments, seen = told(spec, history)
    if not moments.size:
        return say(N_("Training is about to start."))
    titles, last = _titles(spec, say), len(spec.hidden)
    deviation, lost = seen.deviation[:, :, 0], seen.lost[:, -1, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = deviation[:, -1] / deviation[:, 0]
    limits = ACTIVATIONS[spec.activation].limits
    dead = N_("dead units with {starts}")
    if np.isfinite(limits).all():
        dead = N_("saturated units ({bound}) with {starts}")
    states = []
    for text, these, values in (
        (dead, lost >= 0.5, [f"{100 * share:.0f}%" for share in lost]),
        (N_("vanished activations with {starts}"), growth <= 0.1, _sigmas(deviation[:, -1])),
        (N_("exploded activations with {starts}"), growth >= 10, _sigmas(deviation[:, -1])),
    ):
        starts = [f"**{titles[i]}** {values[i]}" for i in np.flatnonzero(these)]
        if starts:
            states.append(say(text).format(starts=", ".join(starts), bound=_bound(limits)))
    text = say(N_("Before training, layer {layer} has {states}."))
    parts = [text.format(layer=last, states="; ".join(states))] if states else []
    return " ".join([*parts, *_learning(spec, history, titles, say)])


def _sigmas(deviations: np.ndarray) -> list[str]:
    return [f"σ {number(float(f'{deviation:.2g}'))}" for deviation in deviations]


def _bound(limits: tuple[float, float]) -> str:
    low, high = saturation(limits)
    return f"|a| > {high:g}" if low == -high else f"a < {low:g}, a > {high:g}"


def _learning(spec: Signals, history: History, titles: Sequence[str], say: Say) -> list[str]:
    """Say which network currently has the highest and the lowest training score, and which have diverged."""
    score = history.train_score[:, -1]
    parts = []
    if np.isfinite(score).any():
        known = {title: float(value) for title, value in zip(titles, score, strict=True) if np.isfinite(value)}
        (best, highest), (worst, lowest) = (leaders(known, _digits, end) for end in (max, min))
        text = N_("At epoch {epoch}, {measure} is {score}: {best}.")
        if best != worst:
            text = N_("Highest {measure} at epoch {epoch}: {best} ({score}); lowest: {worst} ({least}).")
        parts.append(say(text).format(
            epoch=history.train_score.shape[1] - 1, best=bold(best), worst=", ".join(worst),
            measure=_score(spec.dataset, say), score=highest, least=lowest))  # fmt: skip
    lost = [title for title, value in zip(titles, score, strict=True) if not np.isfinite(value)]
    if lost:
        parts.append(say(N_("Diverged: {starts}.")).format(starts=", ".join(lost)))
    if history.train_score.shape[1] > spec.epochs:
        rows = {title: slice(i, i + 1) for i, title in enumerate(titles)}
        parts += worth.unbeaten(history, rows, find(spec.dataset), say, part=0)
    return parts


def _digits(score: float) -> str:
    return f"{score:.2f}".replace("-", "−")


def numbers(spec: Signals, history: History, say: Say) -> dict[str, list[Any]]:
    """Return the data of the signals as columns: a row for each network, moment and layer."""
    moments, seen = told(spec, history)
    columns = (
        say(N_("initialization")), say(N_("epoch")), say(N_("layer")), say(N_("mean activation")), "σ",
        say(N_("share saturated or dead")), say(N_("RMS of the gradient")),
    )  # fmt: skip
    rows = [
        (title, int(epoch), layer + 1, *(float(part[i, layer, m]) for part in
         (seen.mean, seen.deviation, seen.lost, seen.gradient)))
        for i, title in enumerate(_titles(spec, say))
        for m, epoch in enumerate(moments)
        for layer in range(len(spec.hidden))
    ]  # fmt: skip
    return {name: [row[i] for row in rows] for i, name in enumerate(columns)}


def gains(spec: Signals, say: Say) -> list[dict[str, Any]]:
    """Return n · E[w²] of the first and of every further hidden layer for each initialization, as in theory."""
    widths = (find(spec.dataset).columns, *spec.hidden)
    rows = []
    for title, start in zip(_titles(spec, say), spec.chosen.values(), strict=True):
        row: dict[str, Any] = {say(N_("initialization")): title}
        for layer in range(len(spec.hidden)):
            row[say(N_("layer {number}")).format(number=layer + 1)] = start.gain(widths[layer], widths[layer + 1])
        rows.append(row)
    return rows


# -- 16 scales


def grid(spec: Signals, history: History, *, say: Say, alt: str, running: bool) -> Scene:
    """Return the stage's scene of the scales: sixteen small charts with two curves each, on the same clock."""
    clock, score = _clock(history, spec.epochs, running, say), history.train_score
    score = score[:, clock["steps"]] if "steps" in clock else score
    n = len(SCALES)
    cells: list[Chart] = [
        {"label": f"s = {scale:.2g}", "brief": f"{scale:.2g}",
         "tracks": [{"y": score[i], "width": 2.6, **NORMALISED}, {"y": score[n + i], "width": 2.0, **PLAIN}]}
        for i, scale in enumerate(SCALES)
    ]  # fmt: skip
    lines: list[Named] = [
        {"label": say(N_("with batch normalization")), "style": NORMALISED},
        {"label": say(N_("without batch normalization")), "style": PLAIN},
    ]
    level = worth.guess(history, find(spec.dataset), 0, say)
    notes = [say(N_("dotted: {score}")).format(score=GOOD), *([] if level is None else [level.label(say)])]
    panel: MultiplesPanel = {
        "kind": "multiples", "grow": 1, "columns": 4, "cells": cells, "lines": lines, "x": spec.epochs,
        "y": [0, 1.04], "ticks": {"x": [0, spec.epochs], "y": [0, 0.5, 1]}, "level": GOOD,
        "note": "   ".join(notes), "titles": [say(N_("epoch")), _score(spec.dataset, say)],
    }  # fmt: skip
    if "steps" in clock:
        panel["steps"] = clock["steps"]
    return _scene(
        f"scales {digest(spec.scales())}", say=say, alt=alt, layout="under",
        clock=clock, panels=[panel], table=None,
    )  # fmt: skip


def counted(spec: Signals, history: History, say: Say) -> str:
    """Return the sentence that describes the grid: at how many scales networks have learned."""
    if not history.train_score.size:
        return say(N_("Training is about to start."))
    with_norm, without = learnt(history)
    text = N_(
        "By epoch {epoch}, **training succeeds at {normalised} of {count} weight scales with batch normalization, "
        "{plain} without** ({measure} above {score})."
    )
    return say(text).format(
        epoch=history.train_score.shape[1] - 1, normalised=with_norm, plain=without, count=len(SCALES),
        measure=_score(spec.dataset, say), score=GOOD,
    )  # fmt: skip


def grid_numbers(spec: Signals, history: History, say: Say) -> dict[str, np.ndarray]:
    """Return the data of the scales as columns: the epoch, and the score of every network."""
    columns = {say(N_("epoch")): np.arange(history.train_score.shape[1])}
    for names, rows in ((N_("s = {scale}, with batch normalization"), 0), (N_("s = {scale}"), len(SCALES))):
        for i, scale in enumerate(SCALES):
            columns[say(names).format(scale=f"{scale:.3g}")] = history.train_score[rows + i]
    return columns
