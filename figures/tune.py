"""Hyperparameter search: the rows of each fold, the heat map of the cells, and how reliable a test score is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from datasets import find
from experiments import search as searches
from experiments.fit import History
from experiments.search import Found, Luck, Search
from figures import theme, worth
from figures.contract import (
    Clock,
    FoldsPanel,
    GridPanel,
    Look,
    Panel,
    Plotly,
    Scene,
    Table,
    TableRow,
    Track,
    Upright,
    WholePanel,
)  # fmt: skip
from figures.scene import Say, literal
from figures.scene import scene as _scene
from spec import N_, N_n, digest

BEST = 3  # cells that are listed in the table below the curves
COLUMNS = 1500  # columns of a strip; of a larger data set, this many rows are drawn, evenly spaced

Roles = tuple[np.ndarray, np.ndarray]


def measure_title(search: Search, say: Say) -> str:
    """Return the name of the validation measure."""
    numbers = find(search.dataset).task == "numbers"
    if search.measure == "loss":
        return say(N_("loss"))
    return "R²" if numbers else say(N_("accuracy"))


def cell_names(search: Search, say: Say) -> list[str]:
    """Return a name per cell, from its values: "lr 0.01 · dropout 0.2"."""
    axes = [axis for axis, _values in search.axes]
    return [
        " · ".join(axis.label(axis.read(text), say) for axis, text in zip(axes, texts, strict=True))
        for texts in search.cells
    ]


def scene(
    search: Search, history: History, found: Found, roles: Roles | None, *, say: Say, alt: str, running: bool,
    done: bool, grouped: bool,
) -> Scene:  # fmt: skip
    """Return the stage's scene for a search: the rows of the folds, the heat map, and the curves of one cell."""
    chosen = search.cell - 1 if search.cell else max(found.best, 0)
    names = cell_names(search, say)
    trained = max(found.mean.shape[1] - 1, 0)
    clock: Clock = {
        "name": say(N_("epoch")), "last": trained, "total": search.epochs, "seconds": 6.0, "play": False,
        "live": running,
    }  # fmt: skip
    if done and found.best >= 0 and not search.at:  # otherwise later columns would be empty
        clock["at"] = int(found.epoch[found.best])
    panels: list[Panel] = [
        _grid(search, found, chosen, names, say),
        _curves(search, history, found, chosen, names[chosen], say),
        _strips(search, history, found, chosen, roles, say, grouped=grouped),
    ]
    shared = (search.variants(), search.measure, search.at, done)  # not the selected cell
    return _scene(digest(shared), say=say, alt=alt, layout="side", clock=clock, panels=panels,
                  table=_table(search, found, names, say))  # fmt: skip


# -- the heat map


def _grid(search: Search, found: Found, chosen: int, names: Sequence[str], say: Say) -> GridPanel:
    """Return the panel of the cells: squares of a grid, or dots if combinations were drawn at random.

    If epochs are selected from a list, there is a square for each of them, which stays empty until that epoch is
    reached.
    """
    low, high = _colored(search, found.mean)
    x, y, half, xaxis, yaxis = _places(search, say)
    values, sd = found.mean, found.sd
    squares = np.arange(len(names))
    best = found.best
    if search.at and search.method == "grid":
        squares, values, sd = _at_epochs(search, found)
        best = -1 if best < 0 else int(best * len(search.stops) + search.stops.index(int(found.epoch[best])))
    title = measure_title(search, say)
    better_low = search.measure == "loss"
    stops = theme.HEAT if better_low else theme.HEAT[::-1]  # the best is darkest
    data = [{"type": "scatter", "x": [], "y": []}] if half else [_bar(stops, low, high)]
    heading = say(N_("validation {measure}, mean over folds")).format(measure=title)
    layout = theme.layout(
        xaxis=xaxis, yaxis=yaxis, uirevision="grid", annotations=[_heading(heading)],
        margin={"l": _room(yaxis), "r": 10 if half else 70, "t": 30, "b": 52},
    )  # fmt: skip
    win = say(N_("epoch {epoch}")).format(epoch=int(found.epoch[found.best])) if found.best >= 0 else ""
    return {
        "kind": "grid", "grow": 1.15, "mark": f"grid {digest((layout, data))}",
        "figure": {"data": data, "layout": layout}, "tracks": [], "x": x, "y": y, "half": half,
        "values": values.T.astype(np.float32), "sd": sd.T.astype(np.float32), "names": [names[int(i)] for i in squares],
        "cells": squares + 1, "stops": stops, "low": low, "high": high,
        "best": best, "win": win, "chosen": chosen + 1, "title": title,
    }  # fmt: skip


def _bar(stops: Sequence[str], low: float, high: float) -> Plotly:
    """Return a trace without points that adds the colour bar: only squares have numbers in them, dots do not."""
    scale = [[i / (len(stops) - 1), color] for i, color in enumerate(stops)]
    bar = {"thickness": 13, "outlinewidth": 0, "x": 1.02, "xpad": 0, "len": 1.0, "ypad": 6, "nticks": 6}
    marker = {"color": [low], "cmin": low, "cmax": high, "colorscale": scale, "showscale": True, "colorbar": bar}
    return {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "marker": marker, "hoverinfo": "skip"}


def _heading(text: str) -> Plotly:
    """Return a heading above a picture, at its left."""
    return {
        "xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "yshift": 5,
        "text": text, "showarrow": False, "font": {"size": theme.TYPE - 1, "color": "@quiet"},
    }  # fmt: skip


def _room(axis: Plotly) -> int:
    """Return the width, in pixels, of what is to the left of an axis."""
    words = [str(text) for text in axis.get("ticktext", ["0.000"])]
    return 34 + 8 * min(max(map(len, words), default=4), 14)


def _at_epochs(search: Search, found: Found) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each square's cell, its mean and its standard deviation [squares, epochs + 1]; nan before its epoch."""
    epochs = np.array(search.stops)
    trained = found.mean.shape[1]
    squares = np.repeat(np.arange(len(found.mean)), len(epochs))
    shown = []
    for curve in (found.mean, found.sd):
        there = np.full((len(found.mean), len(epochs), trained), np.nan)
        for column, epoch in enumerate(epochs):
            if epoch < trained:
                there[:, column, epoch:] = curve[:, epoch, None]
        shown.append(there.reshape(len(squares), trained))
    return squares, *shown


def _places(search: Search, say: Say) -> tuple[np.ndarray, np.ndarray, list[float] | None, Plotly, Plotly]:
    """Return the positions of the cells, half a square's sides (None for dots), and the two axes.

    The first axis is horizontal, the others vertical; if epochs are selected from a list, they are horizontal and all
    axes vertical.
    """
    axes = search.axes
    words = [[axis.write(axis.read(value)) for value in values] for axis, values in axes]
    if search.method == "random":
        across, up = (_drawn_axis(search, place, say) for place in (0, 1))
        return across[0], up[0], None, across[1], up[1]
    up_axes = list(range(len(axes))) if search.at else list(range(1, len(axes)))
    if search.at:
        columns, across_title = [str(epoch) for epoch in search.stops], say(N_("epochs"))
    else:
        columns, across_title = words[0], say(axes[0][0].title)
    rows = [""]
    for i in up_axes:
        rows = [" · ".join(filter(None, (row, word))) for row in rows for word in words[i]]
    count = (len(columns), len(rows))
    row, column = (
        np.divmod(np.arange(count[0] * count[1]), count[0])
        if search.at
        else np.divmod(np.arange(count[0] * count[1]), count[1])[::-1]
    )
    title = " · ".join(say(axes[i][0].title) for i in up_axes)
    return (
        column.astype(np.float32), row.astype(np.float32), [0.5, 0.5],
        _named_axis(across_title, columns), _named_axis(title, rows),
    )  # fmt: skip


def _named_axis(title: str, words: Sequence[str]) -> Plotly:
    ticks = {"tickvals": list(range(len(words))), "ticktext": list(words), "showgrid": False}
    return theme.axis(title, range=[-0.5, len(words) - 0.5], **ticks)


def _drawn_axis(search: Search, place: int, say: Say) -> tuple[np.ndarray, Plotly]:
    """Return the positions of randomly drawn cells on an axis: numbers by value, anything else by index."""
    if place >= len(search.axes):
        return np.zeros(len(search.cells), np.float32), _named_axis("", [""])
    axis, values = search.axes[place]
    read, title = [axis.read(texts[place]) for texts in search.cells], say(axis.title)
    ends = [axis.read(value) for value in values]
    if not searches.numeric(ends):
        at = np.array([values.index(texts[place]) for texts in search.cells], np.float32)
        return at, _named_axis(title, values)
    low, high = float(min(ends)), float(max(ends))
    at = np.array(read, np.float32)
    if searches.logarithmic(ends):
        pad = 0.06 * np.log10(high / low)
        powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        ticks = [step * 10.0**power for power in powers for step in (1, 3)]
        ends = [float(np.log10(low) - pad), float(np.log10(high) + pad)]
        return at, theme.axis(title, type="log", range=ends, tickvals=ticks, ticktext=[f"{one:.4g}" for one in ticks])
    pad = 0.06 * (high - low)
    return at, theme.axis(title, range=[low - pad, high + pad], showgrid=False)


def _late(curves: np.ndarray) -> np.ndarray:
    """Return the finite values after the first tenth of the epochs [n]; earlier values say little."""
    late = curves[:, max(1, curves.shape[1] // 10) :]
    return late[np.isfinite(late)]


def _colored(search: Search, mean: np.ndarray) -> tuple[float, float]:
    """Return the range of the colour scale: the best value, and its mirror image on the other side of the median.

    So good cells can be distinguished; very bad ones share the last colour, and show their number.
    """
    seen = _late(mean)
    if not seen.size:
        return 0.0, 1.0
    best = seen.min() if search.measure == "loss" else seen.max()
    return _rounded(best, 2 * np.median(seen) - best)


def _span(curves: np.ndarray) -> tuple[float, float]:
    """Return the range of an axis for curves, which leaves out rare values and the beginning."""
    seen = _late(curves)
    return _rounded(*np.quantile(seen, [0.02, 0.98])) if seen.size else (0.0, 1.0)


def _rounded(one: float, other: float) -> tuple[float, float]:
    """Return the two values in order, rounded outwards, so that the axis does not flicker while curves grow."""
    low, high = min(one, other), max(one, other)
    step = 10.0 ** np.floor(np.log10(max(high - low, 1e-3))) / 2
    return float(np.floor(low / step) * step), float(np.ceil(high / step) * step)


# -- the curves of one cell


def _curves(search: Search, history: History, found: Found, chosen: int, name: str, say: Say) -> WholePanel:
    looks = fold_looks(search.folds)
    rows = slice(chosen * search.folds, (chosen + 1) * search.folds)
    loss = search.measure == "loss"
    val, train = (history.val_loss, history.train_loss) if loss else (history.val_score, history.train_score)
    val, train = val[rows], train[rows]
    mean, sd = found.mean[chosen], found.sd[chosen]
    tracks: list[Track] = [
        {"y": mean - sd, "color": "@text", "width": 0.5, "faint": True},
        {"y": mean + sd, "color": "@text", "width": 0.5, "faint": True},
        {"y": train.mean(axis=0), "color": "@quiet", "width": 2, "dash": [], "name": say(N_("training"))},
    ]
    folds: list[Track] = [
        {"y": curve, "color": look["color"], "width": 1.6, "dash": [7, 5]}
        for curve, look in zip(val, looks, strict=True)
    ]
    tracks += folds
    tracks.append({"y": mean, "color": "@text", "width": 3, "dash": [7, 5], "name": say(N_("validation"))})
    marks: list[Upright] = []
    if found.epoch[chosen] >= 0:
        at = int(found.epoch[chosen])
        marks.append({"at": at, "label": say(N_("epoch {epoch}")).format(epoch=at), "color": "@text"})
    low, high = _span(np.concatenate([val, train]))
    level = _level(search, history, rows, say)
    labels = []
    if level is not None:
        tracks += worth.constant(level, mean.size, say)
        low, high = _rounded(min(low, level.low), max(high, level.high))
        labels.append(worth.label(level, (low, high), say))
    layout = theme.layout(
        xaxis=theme.axis(say(N_("epoch")), range=[0, search.epochs]),
        yaxis=theme.axis(measure_title(search, say), range=[low, high]),
        margin={"l": 66, "r": 94, "t": 30, "b": 50}, uirevision="curves",
        annotations=[_heading(f"<b>{name}</b>"), *labels],
    )  # fmt: skip
    return {
        "kind": "whole", "grow": 1, "mark": f"curves {digest((layout,))}", "tracks": tracks, "along": True,
        "figure": {"data": [{"type": "scatter", "x": [], "y": []}], "layout": layout},
        "shades": [{"a": 0, "b": 1, "color": "@quiet"}] if mean.size else [], "marks": marks,
    }  # fmt: skip


def _level(search: Search, history: History, rows: slice, say: Say) -> worth.Guess | None:
    """Return the constant prediction for some networks, scored like them: by the mean over the folds."""
    level = None if search.measure == "loss" else worth.guess(history, find(search.dataset), 1, say, rows)
    if level is None or history.baseline is None:
        return None
    mean = float(np.nanmean(history.baseline[rows, 1]))
    return level._replace(low=mean, high=mean)


def _error(search: Search, history: History, found: Found, cell: int) -> float:
    """Return the standard error of the accuracy on one fold, at the best epoch of a cell; nan for other measures."""
    if search.measure == "loss" or found.epoch[cell] < 0:
        return math.nan
    return history.error(float(found.value[cell]), int(cell) * search.folds, 1)


def figures(value: Any) -> str:
    """Return a score or a loss: 0.829."""
    return f"{value:.3f}".replace("-", "−")


def pair(mean: Any, sd: Any) -> str:
    """Return a mean and a standard deviation: 0.829 ± 0.021."""
    return f"{figures(mean)} ± {figures(sd)}"


def fold_looks(folds: int) -> list[Look]:
    """Return a style per fold; the first style, black, is for their mean."""
    return theme.variant_styles(folds + 1)[1:]


# -- the rows of the folds


def _strips(
    search: Search, history: History, found: Found, chosen: int, roles: Roles | None, say: Say, *, grouped: bool
) -> FoldsPanel:
    """Return the panel of the rows: a strip per fold that shows which rows are in the training and validation set."""
    val = history.val_loss if search.measure == "loss" else history.val_score
    parts, targets, classes = np.zeros((search.folds, 0), np.uint8), np.zeros(0, np.uint8), 0
    if roles is not None:
        parts, targets = roles
        task = find(search.dataset).task
        classes = 0 if task == "numbers" else len(np.unique(targets))
        if grouped:
            test = parts[0] == 2
            order = np.lexsort((targets, np.where(test, search.folds, (parts == 1).argmax(axis=0))))
            parts, targets = parts[:, order], targets[order]
        thin = np.linspace(0, len(targets) - 1, min(len(targets), COLUMNS)).astype(int)
        parts, targets = parts[:, thin], targets[thin].astype(np.uint8) if classes else np.zeros(0, np.uint8)
    error = _error(search, history, found, chosen)
    title = measure_title(search, say)
    words = {
        "train": say(N_("training")), "val": say(N_("validation")), "test": say(N_("test: locked")),
        "score": f"{title} ± {error:.3f}" if error > 0 else title,
    }  # fmt: skip
    return {
        "kind": "folds", "grow": 1, "broad": True, "roles": parts, "targets": targets if classes <= 10 else targets[:0],
        "colors": [look["color"] for look in fold_looks(search.folds)], "words": words,
        "labels": [say(N_("fold {number}")).format(number=fold + 1) for fold in range(search.folds)],
        "values": val[chosen * search.folds : (chosen + 1) * search.folds].astype(np.float32),
    }  # fmt: skip


# -- the table, and all numbers


def _table(search: Search, found: Found, names: Sequence[str], say: Say) -> Table:
    rows: list[TableRow] = []
    for rank, cell in enumerate(found.order[:BEST], 1):
        epoch = int(found.epoch[cell])
        value = pair(found.value[cell], found.sd[cell, epoch]) if epoch >= 0 else "–"
        label = f"{rank}. {names[cell]}".replace(" ", "\N{NO-BREAK SPACE}")
        rows.append({"label": label, "cells": [value, str(epoch) if epoch >= 0 else "–"]})
    return {"columns": ["", measure_title(search, say), say(N_("epoch"))], "rows": rows}


def numbers(search: Search, history: History, found: Found, say: Say) -> dict[str, Any]:
    """Return all cells as columns, best first: rank, values, mean, deviation, best epoch, and each fold there."""
    order = found.order
    columns: dict[str, Any] = {say(N_("rank")): np.arange(1, len(order) + 1), say(N_("combination")): order + 1}
    for place, (axis, _values) in enumerate(search.axes):
        columns[say(axis.title)] = [search.cells[cell][place] for cell in order]
    known = np.maximum(found.epoch, 0)
    at = np.arange(len(order))
    blank = np.where(found.epoch >= 0, 1.0, np.nan)
    title = measure_title(search, say)
    columns[say(N_("best epoch"))] = found.epoch[order]
    columns[say(N_("validation {measure}")).format(measure=title)] = found.value[order]
    if found.mean.shape[1]:
        columns[say(N_("standard deviation over folds"))] = (found.sd[at, known] * blank)[order]
        val = history.val_loss if search.measure == "loss" else history.val_score
        folds = val.reshape(-1, search.folds, val.shape[1])[at, :, known] * blank[:, None]
        train = history.train_loss if search.measure == "loss" else history.train_score
        learnt = train.reshape(-1, search.folds, val.shape[1])[at, :, known].mean(axis=1) * blank
        columns[say(N_("training {measure}")).format(measure=title)] = learnt[order]
        errors = np.array([_error(search, history, found, cell) for cell in order])
        if np.isfinite(errors).any():
            columns[say(N_("standard error of the accuracy on one fold"))] = errors
        for fold in range(search.folds):
            columns[say(N_("fold {number}")).format(number=fold + 1)] = folds[order, fold]
    return columns


# -- sentences


def read(search: Search, history: History, found: Found, say: Say, *, done: bool) -> str:
    """Return sentences that describe a search."""
    if not history.val_loss.shape[1]:
        return say(N_("Training is about to start."))
    if found.best < 0:
        if found.mean.shape[1] < 2 or search.at:
            count = len(found.mean) * search.folds
            text = N_n("{count} network is training (combinations: {cells}; folds: {folds}).",
                       "{count} networks train side by side (combinations: {cells}; folds: {folds}).",
                       count)  # fmt: skip
            return say(text).format(cells=len(found.mean), folds=search.folds, count=count)
        if np.isfinite(history.val_loss[:, -1]).any():
            return say(
                N_(
                    "The combinations cannot be ranked: R² is undefined on at least one fold. Select by the "
                    "lowest loss."
                )
            )
        return say(N_("Every combination has diverged."))
    best = found.best
    at = int(found.epoch[best])
    text = (
        N_("**{name}**, stopped at epoch {epoch}, is best in {folds}-fold cross-validation: {measure} {value} "
           "(combinations: {cells}).")
        if done
        else N_("So far **{name}** at epoch {epoch} is best in {folds}-fold cross-validation: {measure} {value} "
                "(combinations: {cells}).")
    )  # fmt: skip
    near = int((np.abs(found.value - found.value[best]) <= found.sd[best, at]).sum()) - 1
    if done and near > 0:
        text = N_n(
            "No clear winner: {near} other combination is within one standard deviation of the best, **{name}** at "
            "epoch {epoch} ({measure} {value} in {folds}-fold cross-validation).",
            "No clear winner: {near} other combinations are within one standard deviation of the best, **{name}** at "
            "epoch {epoch} ({measure} {value} in {folds}-fold cross-validation).",
            near,
        )
    parts = [say(text).format(
        near=near, cells=len(found.mean), name=cell_names(search, say)[best], epoch=at, folds=search.folds,
        measure=measure_title(search, say), value=pair(found.value[best], found.sd[best, at]))]  # fmt: skip
    error = _error(search, history, found, best)
    if done and error > 0:
        text = N_("± is the standard deviation over the folds, not the uncertainty of an accuracy: the standard "
                  "error on one fold is {error}.")  # fmt: skip
        parts.append(say(text).format(error=figures(error)))
    level = _level(search, history, slice(best * search.folds, (best + 1) * search.folds), say)
    if done and level is not None and found.value[best] <= level.high + 1e-9:
        text = N_("That is no better than always predicting {guess}: {score}.")
        parts.append(say(text).format(guess=level.written, score=level.score()))
    return " ".join(parts)


def notices(search: Search, history: History, say: Say) -> list[str]:
    """Return sentences on folds that are not stratified, and on parts that lack a class or for which R² is undefined.

    The folds of all cells are the same; the validation folds of the first cell contain all rows outside the test set.
    """
    if history.counts is None:
        return []
    data, folds = find(search.dataset), slice(search.folds)
    names = [say(N_("fold {number}")).format(number=fold + 1) for fold in range(search.folds)]
    one = history._replace(counts=history.counts[folds], baseline=history.baseline[folds])  # type: ignore[index]
    told = worth.lacking(one, data, names, say)
    rows = history.counts[folds, 1].sum(axis=0)
    few = np.flatnonzero((rows > 0) & (rows < search.folds))
    if data.task != "numbers" and few.size:
        text = N_("The folds are not stratified, as a class has fewer rows than there are folds: {classes}.")
        named = worth.classes(data, say)
        classes = [f"“{literal(named[one])}” ({rows[one]})" for one in few]
        told.insert(0, say(text).format(classes=worth.listed(classes, say)))
    return told


def chosen_words(search: Search, found: Found, say: Say) -> str:
    """Return what cross-validation has selected, and its mean validation score."""
    best = found.best
    epoch = int(found.epoch[best])
    text = N_("Cross-validation selects **{name}**, stopped at epoch {epoch}: {measure} {value}.")
    return say(text).format(
        name=cell_names(search, say)[best], epoch=epoch, measure=measure_title(search, say),
        value=pair(found.value[best], found.sd[best, epoch]))  # fmt: skip


def revealed(search: Search, test: float, luck: Luck, say: Say) -> str:
    """Return the test score of the selected network, and the scores of those who select by the test set."""
    if not np.isfinite(test):
        return say(N_("The selected network is retrained on all rows except the test set …"))
    text = N_("Retrained on all rows except the test set, it scores {measure} **{test}** on the test set.")
    error = _tested_error(search, test)
    score = f"{figures(test)} ± {error:.3f}" if error > 0 else figures(test)
    parts = [say(text).format(measure=worth.measure(find(search.dataset), say), test=score)]
    if luck.claimed.size > 1:
        text = N_("Means over all splits ({splits}): selecting by test rows reports {claimed} but gives {kept} on "
                  "new rows; cross-validation reports {validated}, and the test set gives {tested}.")  # fmt: skip
        means = {name: figures(np.nanmean(values)) for name, values in luck._asdict().items()}
        parts.append(say(text).format(splits=luck.claimed.size, **means))
    return " ".join(parts)


def _tested_error(search: Search, score: float) -> float:
    """Return the standard error of an accuracy on the test set; nan for R²."""
    data = find(search.dataset)
    rows = data.held or math.ceil(search.test_size * data.rows)
    return math.nan if data.task == "numbers" else math.sqrt(max(score * (1 - score), 0) / rows)


# -- how reliable a test score is


WAYS = (
    ("claimed", N_("Tuned on test rows: the best of all scores"), "@c4"),
    ("kept", N_("… and the same networks on new rows"), "@c4"),
    ("validated", N_("Tuned by cross-validation: mean over folds"), "@c5"),
    ("tested", N_("… and the selected network on the test set, once"), "@c5"),
)


def luck_scene(search: Search, luck: Luck, *, say: Say, alt: str) -> Scene:
    """Return the stage's scene of four ways to report a score, a dot per split; lines join the scores of one choice."""
    rows = {name: 3 - i for i, (name, _text, _color) in enumerate(WAYS)}
    n = luck.claimed.size
    shift = (np.arange(n) - (n - 1) / 2) / max(n, 8) * 0.3
    data: list[Plotly] = []
    for one, other in (("claimed", "kept"), ("validated", "tested")):
        for i in range(n):
            data.append({
                "type": "scatter", "mode": "lines", "hoverinfo": "skip", "line": {"width": 1, "color": "@quiet"},
                "opacity": 0.5, "x": [float(getattr(luck, one)[i]), float(getattr(luck, other)[i])],
                "y": [rows[one] - shift[i], rows[other] - shift[i]],
            })  # fmt: skip
    notes = [
        {**_note(0, rows[name] + 0.24, say(text), "left"), "xref": "paper", "xshift": 6, "bgcolor": "@paper"}
        for name, text, _color in WAYS
    ]
    for name, _text, color in WAYS:
        values = getattr(luck, name)
        hollow = name in ("claimed", "validated")
        marker = {"size": 10, "color": "@paper" if hollow else color, "line": {"width": 2, "color": color}}
        data.append({"type": "scatter", "mode": "markers", "x": values, "y": rows[name] - shift, "marker": marker,
                     "hoverinfo": "skip"})  # fmt: skip
        if n > 1:
            mean = float(np.nanmean(values))
            data.append({"type": "scatter", "mode": "lines", "x": [mean, mean],
                         "y": [rows[name] - 0.2, rows[name] + 0.2], "line": {"width": 4, "color": "@text"},
                         "hoverinfo": "skip"})  # fmt: skip
            notes.append({**_note(mean, rows[name] - 0.2, f"<b>{figures(mean)}</b>", "center"), "yanchor": "top"})
    everything = np.concatenate(luck)
    everything = everything[np.isfinite(everything)]
    low, high = _rounded(everything.min(), everything.max()) if everything.size else (0.0, 1.0)
    layout = theme.layout(
        xaxis=theme.axis(measure_title(search, say), range=[low, high]),
        yaxis=theme.axis("", range=[-0.5, 3.55], showticklabels=False, showgrid=False, ticks=""),
        margin={"l": 16, "r": 24, "t": 8, "b": 52}, annotations=notes, uirevision="luck",
    )  # fmt: skip
    mark = f"luck {digest((layout, tuple(map(str, luck))))}"
    panel: WholePanel = {"kind": "whole", "grow": 1, "mark": mark, "tracks": [],
             "figure": {"data": data, "layout": layout}}  # fmt: skip
    return _scene(
        f"luck {digest((search.variants(), search.measure))}", say=say, alt=alt, layout="under",
        clock={"name": say(N_("epoch")), "last": 0, "total": 0, "seconds": 1.0, "play": False, "live": False},
        panels=[panel], table=_luck_table(luck, say),
    )  # fmt: skip


def _note(x: float, y: float, text: str, anchor: str) -> Plotly:
    return {
        "x": x, "y": y, "text": text, "showarrow": False, "xanchor": anchor, "yanchor": "bottom",
        "font": {"size": theme.TYPE, "color": "@text"},
    }  # fmt: skip


def _luck_table(luck: Luck, say: Say) -> Table:
    """Return the differences between each score used for selection and the score on other rows, over the splits."""
    rows: list[TableRow] = []
    for text, one, other in (
        (N_("tuned on test rows"), luck.claimed, luck.kept),
        (N_("tuned by cross-validation"), luck.validated, luck.tested),
    ):
        gap = one - other
        known = gap.size > 1
        cells = [figures(one.mean()) if gap.size else "–", figures(other.mean()) if gap.size else "–",
                 pair(gap.mean(), gap.std(ddof=1)) if known else "–"]  # fmt: skip
        rows.append({"label": say(text), "cells": cells})
    columns = ["", say(N_("score used for selection")), say(N_("on other rows")),
               say(N_("difference ± standard deviation over splits"))]  # fmt: skip
    return {"columns": columns, "rows": rows}


def luck_numbers(luck: Luck, say: Say) -> dict[str, Any]:
    """Return the splits as columns."""
    columns: dict[str, Any] = {say(N_("split")): np.arange(1, luck.claimed.size + 1)}
    return columns | {say(text).strip("… "): getattr(luck, name) for name, text, _color in WAYS}
