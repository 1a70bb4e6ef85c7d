"""Networks in training: training and validation curves on one clock, the gap between them, and decision boundaries."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from datasets import find
from experiments.axes import learnt
from experiments.fit import Fit, History
from experiments.studies import Comparison
from figures import theme, worth
from figures.contract import (
    Across,
    Clock,
    CurvesPanel,
    Event,
    FieldsPanel,
    Figure,
    Look,
    Plotly,
    Scene,
    Shade,
    Table,
    TableRow,
    Track,
    Upright,
    Values,
)  # fmt: skip
from figures.scene import Say, names
from figures.scene import scene as _scene
from spec import N_, N_n, digest

ALONG = {
    "epochs": N_("epoch"),
    "updates": N_("weight updates"),
    "seconds": N_("training time in seconds (shared by networks trained together)"),
}
"""The x-axes over which curves can be drawn, with their titles."""
BELOW, ABOVE = 10, 8  # how far a logarithmic axis extends at most from where the curves start, in powers of ten
FAR = 30  # ratio above which two curves do not share a linear axis
MOST = 1500  # points of a curve, at most; longer curves are thinned out
CROWD = 12  # weights whose curves can be distinguished


class Line(NamedTuple):
    """One variant in the picture: its name, its style, and the rows of the history that belong to it (its seeds)."""

    name: str
    look: Look
    rows: slice


class Mark(NamedTuple):
    """A vertical dotted line at an epoch, with or without a label; `row` is the row of the history it belongs to.

    With a `sign`, "kept" or "stop", it is instead that sign on the validation curve of this row.
    """

    at: int
    label: str
    color: str
    row: int = 0
    sign: str = ""


def lines(spec: Comparison, say: Say) -> list[Line]:
    """Return a line for each kind of network compared, in the colours of its optimizer or of its place in an order."""
    axis, points = spec.axis, spec.points
    if spec.vary == "optimizer":
        titles, looks = names(spec.contenders, say), theme.styles(spec.contenders)
    else:
        titles = [axis.label(point, say) for point in points]
        looks = theme.variant_styles(len(points))
        if axis.rank:
            ranked = np.argsort(np.argsort([axis.rank(point) for point in points], kind="stable"))
            looks = [theme.ramp_styles(len(points))[place] for place in ranked]
    starts = [i * spec.repeats for i in range(len(points))]
    return [
        Line(title, look, slice(start, start + spec.repeats))
        for title, look, start in zip(titles, looks, starts, strict=True)
    ]


def scene(
    variants: Sequence[Fit], history: History, lines: Sequence[Line], *, say: Say, alt: str, running: bool,
    table: Table, measure: str = "loss", marks: Sequence[Mark] = (), shaded: bool = False,
    points: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None, along: str = "epochs", scale: str = "linear",
    smooth: float = 0.0, by_batch: bool = False,
) -> Scene:  # fmt: skip
    """Return the stage's scene for networks in training: curves and, once they are known, decision boundaries.

    `measure` is what the curves show: "loss", "score", or "weights" (a few of each network, from the record "traces").
    They are drawn over `along`, a key of `ALONG` ("seconds" needs the record of that name), on a `scale` that is
    "linear", "log", or depends on the curves ("auto"). With `smooth` above 0 an exponential moving average, see
    `smoothed`, is drawn over the raw lines. `by_batch` says that the training loss is that of `by_batches`. `points`
    are the inputs [n, 2], targets [n] and whether each row is in the validation set, for a data set that can be drawn.
    """
    epochs = variants[0].epochs
    places = _places(variants, history, along)
    if measure == "weights":
        panel: CurvesPanel = _weights(history, lines, places, epochs, along, say)
    else:
        panel = _curves(variants, history, lines, places, marks, measure, along, scale, smooth, shaded, by_batch, say)
    fields = []
    if history.boundary is not None and points is not None:
        fields.append(_fields(variants[0], history.boundary, lines, points))
    clock: Clock = {
        "name": say(N_("epoch")), "last": max(history.train_loss.shape[1] - 1, 0), "total": epochs, "seconds": 6.0,
        "play": False, "live": running,
    }  # fmt: skip
    if (steps := drawn_at(history.train_loss.shape[1], [mark.at for mark in marks])) is not None:
        clock["steps"] = steps
        panel, table = thinned(panel, table, steps)
    name = f"{digest(tuple(variants))} {measure} {along}"
    return _scene(name, say=say, alt=alt, layout="under", clock=clock, panels=[panel, *fields], table=table)


def by_batches(history: History) -> History:
    """Return a history whose training loss is the mean over the batches of each epoch, from the record "batch_loss"."""
    return history._replace(train_loss=history.records.get("batch_loss", history.train_loss))


def drawn_at(count: int, also: Sequence[int] = ()) -> np.ndarray | None:
    """Return the epochs at which curves of `count` epochs are drawn: every n-th, the last, and the epochs in `also`.

    None if all epochs are drawn. A picture cannot show more than `MOST` points side by side, and while a training runs
    the curves are sent to the reader again and again.
    """
    if count <= MOST:
        return None
    return np.unique([*range(0, count, -(-count // MOST)), count - 1, *also])


def thinned(panel: CurvesPanel, table: Table, steps: np.ndarray) -> tuple[CurvesPanel, Table]:
    """Return a panel and a table with the values of these epochs only; an array that both share stays shared."""
    few: dict[tuple[object, ...], np.ndarray] = {}

    def thin(values: np.ndarray) -> np.ndarray:
        same = (values.__array_interface__["data"], values.strides, values.shape)
        if same not in few:
            few[same] = values[steps]
        return few[same]

    tracks: list[Track] = [{**track, "y": thin(track["y"])} for track in panel["tracks"]]
    for track in tracks:
        if "x" in track:
            track["x"] = thin(track["x"])
    rows: list[TableRow] = [{**row, "cells": [_followed(cell, thin) for cell in row["cells"]]} for row in table["rows"]]
    return {**panel, "tracks": tracks, "steps": steps}, {**table, "rows": rows}


def _followed(cell: str | Values | Event, thin: Callable[[np.ndarray], np.ndarray]) -> str | Values | Event:
    """Return a cell of a table with what `thin` leaves of its values, if it has any."""
    if isinstance(cell, str) or "values" not in cell:
        return cell
    return {"values": thin(cell["values"])}


def has_validation(fit: Fit) -> bool:
    """Return whether there is a validation set."""
    return fit.folds is not None or fit.val_size > 0


def has_test(fit: Fit) -> bool:
    """Return whether there is a test set."""
    return find(fit.dataset).held > 0 or fit.test_size > 0


def _measure_title(fit: Fit, measure: str, say: Say) -> str:
    numbers = find(fit.dataset).task == "numbers"
    if measure == "score":
        return "R²" if numbers else say(N_("accuracy"))
    if numbers and not fit.scale_target:
        return say(N_("loss (mean squared error)"))
    return say(N_("loss (mean squared error / variance)")) if numbers else say(N_("loss (cross-entropy)"))


def _places(variants: Sequence[Fit], history: History, along: str) -> np.ndarray | None:
    """Return the x-coordinates of the curves [k, n] on an axis other than that of the epochs."""
    epochs = np.arange(history.train_loss.shape[1])
    if along == "updates":
        rows = np.array([learnt(fit) for fit in variants])
        sizes = np.array([fit.batch_size or count for fit, count in zip(variants, rows, strict=True)])
        return np.ceil(rows / sizes)[:, None] * epochs
    if along == "seconds" and "seconds" in history.records:
        seconds = history.records["seconds"].copy()
        seconds[:, :1] = 0  # at epoch 0 nothing has been trained
        return np.cumsum(seconds, axis=1)
    return None


def _curves(
    variants: Sequence[Fit], history: History, lines: Sequence[Line], places: np.ndarray | None, marks: Sequence[Mark],
    measure: str, along: str, scale: str, smooth: float, shaded: bool, by_batch: bool, say: Say,
) -> CurvesPanel:  # fmt: skip
    train, val = (getattr(history, f"{part}_{measure}") for part in ("train", "val"))
    pointless = measure == "score" and val.size > 0 and bool(np.isnan(val).all())  # for example R² of a single row
    held = has_validation(variants[0]) and not pointless
    medians = [[middle(part[line.rows]) for line in lines] for part in ((train, val) if held else (train,))]
    parts = [smoothed(np.array(raw), smooth) if smooth else raw for raw in medians]
    log = measure == "loss" and (scale == "log" or (scale == "auto" and _apart(medians[-1])))
    tracks: list[Track] = []
    shades: list[Shade] = []
    for i, (name, look, rows) in enumerate(lines):
        color = look["color"]
        x: Across = {} if places is None else {"x": places[rows.start]}
        if smooth:
            for raw, dash in zip(medians, ([], [7, 5]), strict=False):
                tracks.append(
                    {"y": raw[i], "color": color, "dash": dash, "width": 1, "title": name, "faint": True, **x}
                )
        first = len(tracks)
        for part, dash, width in zip(parts, ([], [7, 5]), (2.2, 2.6), strict=False):
            tracks.append({"y": part[i], "color": color, "dash": dash, "width": width, "title": name, **x})
        beyond = lost(medians[-1][i])
        text = N_("{name}: diverges at {epoch}")
        ended = name if beyond is None else say(text).format(name=name, epoch=beyond)
        tracks[-1]["name"], tracks[-1]["marker"] = ended, look["marker"]
        if shaded and held:
            shades.append({"a": first, "b": first + 1, "color": color})
        seeds = (val if held else train)[rows]
        if len(seeds) > 1:  # the band from the lowest to the highest
            shades.append({"a": len(tracks), "b": len(tracks) + 1, "color": color})
            for edge in (np.min(seeds, axis=0), np.max(seeds, axis=0)):
                tracks.append({"y": edge, "color": color, "width": 0, "faint": True, "title": name, **x})
    curves = np.concatenate([train, val])
    title = _measure_title(variants[0], measure, say)
    yaxis = _log_axis(title, curves) if log else theme.axis(title, range=_range(train, val, variants[0].epochs))
    labels = []
    if measure == "score":
        level = worth.guess(history, find(variants[0].dataset), 1 if held else 0, say)
        bounds = _score_range(curves, level, variants[0].epochs)
        yaxis = theme.axis(title, range=bounds)
        if level is not None:
            farthest: Across = {} if places is None else {"x": places[places[:, -1].argmax()]}
            tracks += worth.constant(level, train.shape[1], say, farthest)
            labels.append(worth.label(level, bounds, say, off=26))
    note = [say(N_("solid: training   dashed: validation")) if held else say(N_("on the training set"))]
    note += [say(N_("training loss: mean over the batches, with dropout"))] if by_batch and measure == "loss" else []
    note += [say(N_("faint: before smoothing"))] if smooth else []
    note += [say(N_("○ weights kept   × early stop"))] if any(mark.sign for mark in marks) else []
    note += (
        [say(N_("band: range over all seeds"))] if any(line.rows.stop - line.rows.start > 1 for line in lines) else []
    )
    note += [say(N_("validation R² is undefined"))] if pointless and has_validation(variants[0]) else []
    panel = _panel(tracks, lines, yaxis, places, along, variants[0].epochs, note, say, labels)
    placed = [_placed(mark, places, val if held else train) for mark in marks]
    return {**panel, "shades": shades, "marks": placed}


def _placed(mark: Mark, places: np.ndarray | None, curves: np.ndarray) -> Upright:
    """Return a mark as it is drawn: a sign at its height on the curves, and with its place on another x-axis."""
    drawn: Upright = {"at": mark.at, "label": mark.label, "color": mark.color, "sign": mark.sign}
    if places is not None:
        drawn["x"] = float(places[mark.row, mark.at])
    if mark.sign:
        drawn["y"] = float(curves[mark.row, mark.at])
    return drawn


def _weights(
    history: History, lines: Sequence[Line], places: np.ndarray | None, epochs: int, along: str, say: Say
) -> CurvesPanel:
    """Return the values of a few weights of each network over the epochs, for the first seed."""
    traces = history.records.get("traces", np.empty((len(history.train_loss), 1, 0)))
    count = min(traces.shape[1], max(2, CROWD // len(lines)))
    chosen = np.linspace(0, traces.shape[1] - 1, count).astype(int)
    tracks: list[Track] = []
    for name, look, rows in lines:
        for weight in chosen:
            x: Across = {} if places is None else {"x": places[rows.start]}
            history_of = traces[rows.start, weight]
            tracks.append({"y": history_of, "color": look["color"], "dash": [], "width": 1.8, "title": name, **x})
        tracks[-1]["name"], tracks[-1]["marker"] = name, look["marker"]
    text = N_n("{count} weight of each network", "{count} weights of each network, from its first layer to its last",
               count)  # fmt: skip
    note = say(text).format(count=count)
    reach = [float(np.abs(track["y"][np.isfinite(track["y"])]).max(initial=0)) for track in tracks]
    inside = [size for size in reach if size <= FAR * max(np.median(reach), 1e-3)]  # one that diverges leaves
    high = _nice(1.05 * max(inside, default=1.0) or 1.0)
    low = min(float(track["y"][np.isfinite(track["y"])].min(initial=0)) for track in tracks)
    yaxis = theme.axis(say(N_("weight")), range=[max(-high, _nice(1.05 * low)), high])
    return _panel(tracks, lines, yaxis, places, along, epochs, [note], say)


def _panel(
    tracks: list[Track], lines: Sequence[Line], yaxis: Plotly, places: np.ndarray | None, along: str,
    epochs: int, notes: Sequence[str], say: Say, labels: Sequence[Plotly] = (),
) -> CurvesPanel:  # fmt: skip
    """Return a panel of curves, with room for names at their ends, notes above, and labels between them.

    The notes after the first share a second line, because a phone is narrow.
    """
    note = "<br>".join([*notes[:1], *(["   ".join(notes[1:])] if notes[1:] else [])])
    xaxis = theme.axis(say(ALONG[along]), range=[0, epochs])
    if places is not None:
        xaxis |= _reach(places, epochs)
    room = max([70.0, *(_wide(line.name) for line in lines)])
    layout = theme.layout(
        xaxis=xaxis, yaxis=yaxis, margin={"l": 76, "r": min(room + 16, 250), "t": 30 + 19 * (len(notes) > 1), "b": 52},
        uirevision=f"{yaxis['title']} {yaxis.get('type')} {xaxis.get('type')} {epochs} {along}",
        annotations=[{
            "xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "yshift": 4,
            "text": note, "align": "left", "showarrow": False, "font": {"size": theme.TYPE - 1, "color": "@quiet"},
        }, *labels],
    )  # fmt: skip
    figure: Figure = {"data": [{"type": "scatter", "x": [], "y": []}], "layout": layout}
    return {
        "kind": "curves", "grow": 2, "mark": f"curves {digest(layout)}", "figure": figure, "tracks": tracks,
        "shades": [], "marks": [], "along": places is None,
    }  # fmt: skip


def _wide(text: str) -> float:
    """Return the approximate width in pixels of a name at a line's end."""
    return theme.TYPE * sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.66 for letter in text)


def _reach(places: np.ndarray, epochs: int) -> Plotly:
    """Return the range of an axis on which every curve ends elsewhere: logarithmic if the ends are far apart."""
    if places.shape[1] < 2:
        return {"range": [0, 1]}
    ends = places[:, -1] * epochs / (places.shape[1] - 1)  # during training: an estimate of where they will end
    if ends.min() > 0 and ends.max() > FAR / 3 * ends.min():
        first = places[:, 1].min()
        return {"type": "log", "range": [float(np.log10(first)), float(np.log10(_nice(float(ends.max()))))]}
    return {"range": [0.0, _nice(float(ends.max()) or 1.0)]}


def middle(rows: np.ndarray) -> np.ndarray:
    """Return the curve that represents several seeds: their median at each epoch, [seeds, n] -> [n]."""
    return rows[0] if rows.shape[0] == 1 else np.median(rows, axis=0)


def smoothed(rows: np.ndarray, beta: float) -> np.ndarray:
    """Return the exponential moving average of curves [k, n]: s_t = β s_{t-1} + (1 - β) y_t, divided by 1 - β^(t+1).

    The division is the bias correction of Adam (Kingma, Ba, 2015): without it the average would begin near 0.
    """
    average = (1 - beta) * rows
    far = 1
    with np.errstate(all="ignore"):  # divergence is data
        while far < rows.shape[1] and beta**far > 1e-20:  # windows of 1, 2, 4, ... epochs; older values have no weight
            average[:, far:] += beta**far * average[:, :-far]
            far *= 2
        return average / (1 - beta ** np.arange(1, rows.shape[1] + 1))


def _apart(curves: Sequence[np.ndarray]) -> bool:
    """Return whether losses are so far apart that some of them would look flat on a linear axis.

    This is so if one curve rises far above the start, ends far above another, or falls by the square of that factor.
    """
    levels, peaks, starts = [], [], []
    for curve in curves:
        known = curve[np.isfinite(curve) & (curve > 0)]
        if known.size:
            levels.append(float(np.median(known[-max(1, known.size // 4) :])))
            peaks.append(float(known.max()))
            starts.append(float(known[0]))
    if not levels:
        return False
    lowest, start = min(levels), float(np.median(starts))
    return max(levels) > FAR * lowest or max(peaks) > FAR * start or start > FAR**2 * lowest


def _log_axis(title: str, curves: np.ndarray) -> Plotly:
    """Return a logarithmic axis for the positive values, within a limited range around the start.

    Its ends move in quarters of a power of ten, so that it does not flicker; values outside the range are not visible.
    """
    known = np.log10(np.where(np.isfinite(curves) & (curves > 0), curves, np.nan))
    low, high, start = 0.0, 1.0, 0.0
    if np.isfinite(known).any():
        low, high = float(np.nanmin(known)), float(np.nanmax(known))
        start = float(np.nanmedian(known[:, 0])) if np.isfinite(known[:, 0]).any() else low
    ends = [np.floor(4 * max(low, start - BELOW)) / 4, np.ceil(4 * min(high, start + ABOVE) + 0.2) / 4]
    ticks = {"dtick": 1} if ends[1] - ends[0] > 2 else {}
    return theme.axis(title, type="log", range=[float(end) for end in ends], exponentformat="power", **ticks)


def _range(train: np.ndarray, val: np.ndarray, epochs: int) -> list[float]:
    """Return the range of an axis for the curves after their first drop; they enter at the top.

    The untrained network's loss says nothing about learning, and would make everything else look flat. A curve that
    diverges leaves at the top, where its label says so.
    """
    curves = np.concatenate([train, val])
    late = curves[:, max(1, epochs // 25) :]
    seen = late[np.isfinite(late)] if np.isfinite(late).any() else curves[np.isfinite(curves)]
    if not seen.size:
        return [0.0, 1.0]
    start = curves[:, 0][np.isfinite(curves[:, 0])]
    limit = max(3 * float(np.median(start)) if start.size else np.inf, float(np.median(seen)))
    top = min(float(seen.max()), limit)
    bottom = min(0.0, max(float(seen.min()), -1.0))
    return [_nice(bottom), _nice(top * 1.1)]


def _score_range(scores: np.ndarray, level: worth.Guess | None, epochs: int) -> list[float]:
    """Return the range of an axis for accuracies or R² after the first epochs, with the line of a constant prediction.

    Its ends move in tenths, so that it does not flicker; R² below -1 is not visible, and nothing is above 1.
    """
    late = scores[:, max(1, epochs // 25) :]
    seen = late[np.isfinite(late)] if np.isfinite(late).any() else scores[np.isfinite(scores)]
    ends = [] if level is None else [level.low, level.high]
    everything = np.clip(np.concatenate([seen, ends]), -1.0, 1.0)
    if not everything.size:
        return [0.0, 1.02]
    low, high = np.floor(10 * everything.min() + 1e-9) / 10, np.ceil(10 * everything.max() - 1e-9) / 10
    high = max(high, low + 0.1)
    return [float(low), float(high + 0.02 * (high - low))]  # so that a line at 1 is visible


def _nice(value: float) -> float:
    """Round away from 0 to a number that stays while a curve changes slowly, so that the axis does not flicker."""
    if value == 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(abs(value)))
    step = next(s for s in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if s * power >= abs(value) * (1 - 1e-9))
    return float(np.sign(value) * step * power)


def _fields(fit: Fit, boundary: np.ndarray, lines: Sequence[Line], points: tuple) -> FieldsPanel:
    data = find(fit.dataset)
    inputs, targets, held = points
    side = boundary.shape[1]
    return {
        "kind": "fields", "grow": 1.3, "side": side, "extent": data.box, "classes": max(len(data.classes), 2),
        "points": inputs.astype(np.float32).ravel(), "labels": targets.astype(np.uint8), "held": held,
        "fields": [{"label": line.name, "values": boundary[line.rows][0].ravel()} for line in lines],
    }  # fmt: skip


def table(variants: Sequence[Fit], history: History, lines: Sequence[Line], say: Say, *, done: bool) -> Table:
    """Return the table next to the curves: losses at the current epoch, best epoch, and the test score at the end.

    Without a validation or a test set their columns are omitted. An accuracy has its standard error, and the last row
    is a constant prediction.
    """
    score = "R²" if find(variants[0].dataset).task == "numbers" else say(N_("accuracy"))
    held, tested = has_validation(variants[0]), has_test(variants[0])
    columns = ["", say(N_("training loss"))]
    columns += [say(N_("validation loss")), say(N_("best epoch"))] if held else []
    tests = [(N_("test {score}, last epoch"), history.test_score)] if tested else []
    tests += [(N_("test {score}, best epoch"), history.best_test_score)] if tested and held else []
    columns += [say(text).format(score=score) for text, _scores in tests]
    rows: list[TableRow] = []
    for line in lines:
        cells: list[str | Values] = [{"values": middle(history.train_loss[line.rows])}]
        if held:
            best = ", ".join(str(int(epoch)) for epoch in history.best_epoch[line.rows])
            cells += [{"values": middle(history.val_loss[line.rows])}, best if history.val_loss.size else "–"]
        for _text, scores in tests:
            known = done and np.isfinite(scores[line.rows]).all()
            score = float(np.median(scores[line.rows]))
            cells.append(worth.scored(history, score, line.rows.start, 2) if known else "–")
        rows.append({"style": {**line.look, "dash": []}, "label": line.name, "cells": cells})
    level = worth.guess(history, find(variants[0].dataset), 2, say)
    if tests and level is not None:
        label = say(N_("always {guess}")).format(guess=level.brief)
        cells = [*["–"] * (len(columns) - 1 - len(tests)), *[level.score(3) if done else "–"] * len(tests)]
        rows.append({"label": label, "cells": cells})
    return {"columns": columns, "rows": rows}


def best_marks(history: History, lines: Sequence[Line]) -> list[Mark]:
    """Return a dotted line at the best epoch of every line that has one seed and a validation set."""
    single = [line for line in lines if line.rows.stop - line.rows.start == 1]
    measured = [line for line in single if np.isfinite(history.val_loss[line.rows]).any()]
    return [
        Mark(int(history.best_epoch[line.rows.start]), "", line.look["color"], line.rows.start) for line in measured
    ]


def lost(curve: np.ndarray) -> int | None:
    """Return the first epoch at which a loss is not finite, where the network diverges; None if there is none."""
    beyond = ~np.isfinite(curve)
    return int(beyond.argmax()) if beyond.any() else None


def numbers(history: History, lines: Sequence[Line], say: Say) -> dict[str, np.ndarray]:
    """Return the data as columns: the epoch, then the losses and scores of every line and seed."""
    columns = {say(N_("epoch")): np.arange(history.train_loss.shape[1])}
    curves = {
        say(N_("training loss")): history.train_loss, say(N_("validation loss")): history.val_loss,
        say(N_("training score")): history.train_score, say(N_("validation score")): history.val_score,
    }  # fmt: skip
    for i, line in enumerate(lines):
        for seed, row in enumerate(range(line.rows.start, line.rows.stop)):
            again = f" ({seed + 1})" if line.rows.stop - line.rows.start > 1 else ""
            known = {title: curve[row] for title, curve in curves.items() if np.isfinite(curve).any()}
            columns |= {f"{i + 1} {line.name}{again} {title}": curve for title, curve in known.items()}
    return columns
