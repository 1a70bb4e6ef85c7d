"""What trained networks predict, as pictures and in words: confusion matrix, ROC curves, predicted against actual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from datasets import Dataset
from figures import theme
from figures.scene import Say, literal, number
from figures.training import Line
from figures.worth import PARTS, classes
from spec import N_, N_n

Told = Mapping[str, np.ndarray]
Palette = Mapping[str, str]

LONGEST = 16  # characters of a class name at an axis
BOTH = 4  # classes, up to which a cell has room for a count and a share
READABLE = 20  # classes, up to which a cell has room for a count
CURVES = 10  # ROC curves in one picture: those with the smallest area
DOTS = 2000  # points in one picture


def names(lines: Sequence[Line]) -> list[str]:
    """Return a name for each network of a page; a line may consist of several seeds."""
    return [
        line.name if line.rows.stop - line.rows.start == 1 else f"{line.name} ({row - line.rows.start + 1})"
        for line in lines
        for row in range(line.rows.start, line.rows.stop)
    ]


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.3g}%"


def surely(probability: float) -> str:
    """Return a probability in whole percents; above 0.99 it is ">99%", never 100%."""
    return ">99%" if probability > 0.99 else f"{100 * probability:.0f}%"


def reading(told: Told, data: Dataset, say: Say) -> str:
    """Return one or two sentences in Markdown on how well a network did on a part."""
    part = say(PARTS[str(told["part"])])
    if "lost" in told:
        text = N_n("On the {part}: the network has diverged and gives no prediction for {lost} of {rows} row.",
                   "On the {part}: the network has diverged and gives no prediction for {lost} of {rows} rows.",
                   int(told["n"]))  # fmt: skip
        return say(text).format(part=part, lost=f"{told['lost']:,}", rows=f"{told['n']:,}")
    if data.task == "numbers":
        return _numbers(told, part, say)
    confusion = told["confusion"]
    mistakes = confusion - np.diag(np.diag(confusion))
    wrong, rows = int(mistakes.sum()), int(confusion.sum())
    share = (rows - wrong) / max(rows, 1)
    correct = percent(share)
    if 0 < wrong < rows:
        correct += f" ± {100 * np.sqrt(share * (1 - share) / rows):.2g}%"
    text = N_n("On the {part}: {right} of {rows} row is classified correctly ({share}).",
               "On the {part}: {right} of {rows} rows are classified correctly ({share}).", rows)  # fmt: skip
    parts = [say(text).format(part=part, right=f"{rows - wrong:,}", rows=f"{rows:,}", share=correct)]
    if wrong:
        actual, predicted = np.unravel_index(mistakes.argmax(), mistakes.shape)
        known = classes(data, say)
        text = N_("The most frequent mistake: predicted “{predicted}”, actual “{actual}” ({count} of {rows}).")
        count, among = mistakes.max(), confusion[actual].sum()
        parts.append(say(text).format(
            count=f"{count:,}", rows=f"{among:,}", predicted=literal(known[predicted]),
            actual=literal(known[actual])))  # fmt: skip
    return " ".join(parts)


def _numbers(told: Told, part: str, say: Say) -> str:
    """Return the sentence about a regression; R² is undefined if all actual values are equal."""
    r2 = float(told["r2"])
    text = N_("On the {part}: R² is {r2}; the mean absolute error is {error}, the largest {worst}.")
    if np.isnan(r2):
        text = N_("On the {part}: R² is undefined (–), as all actual values are equal; the mean absolute error is "
                  "{error}, the largest {worst}.")  # fmt: skip
        if int(told["n"]) == 1:
            text = N_("On the {part}: R² is undefined (–), as there is only one row; the error of the prediction "
                      "is {error}.")  # fmt: skip
    worst = abs(told["said"][0] - told["true"][0])
    return say(text).format(part=part, r2=number(r2), error=number(float(told["error"])), worst=number(float(worst)))


def confusion(told: Told, data: Dataset, palette: Palette, say: Say) -> dict[str, Any]:
    """Return the confusion matrix: rows are actual classes, columns predicted ones; the colour is the share of the row.

    The numbers in the cells are counts, and shares of the row if there is room.
    """
    counts = told["confusion"]
    rows = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(rows, 1)
    known = [_short(name) for name in classes(data, say)]
    n = len(known)
    cells, hover = [["" for _ in known] for _ in known], [["" for _ in known] for _ in known]
    for i, j in np.ndindex(n, n):
        count, share = f"{counts[i, j]:,}", percent(shares[i, j])
        hover[i][j] = say(N_("actual “{actual}”, predicted “{predicted}”: {count} of {rows}, {share}")).format(
            actual=known[i], predicted=known[j], count=count, rows=f"{rows[i, 0]:,}", share=share
        )
        if n <= BOTH:
            cells[i][j] = f"<b>{count}</b><br>{share}"
        elif n <= READABLE and counts[i, j]:
            cells[i][j] = count
    ticks = {"tickmode": "array", "tickvals": list(range(n)), "ticktext": known, "ticks": "", "showgrid": False}
    strong = "c5" if palette is theme.PALETTES["light"] else "c5c"  # white numbers are readable on both
    heat = {
        "type": "heatmap", "z": shares, "zmin": 0, "zmax": 1, "text": cells, "texttemplate": "%{text}",
        "hovertext": hover, "hoverinfo": "text", "showscale": False, "xgap": 2, "ygap": 2,
        "colorscale": [[0, palette["grid"]], [1, palette[strong]]],
        "textfont": {"size": theme.TYPE if n <= 10 else 11, "family": theme.FONT},
    }  # fmt: skip
    layout = theme.layout(
        xaxis=theme.axis(say(N_("predicted")), side="top", **ticks), hovermode="closest", height=_height(n),
        yaxis=theme.axis(say(N_("actual")), autorange="reversed", **ticks),
        margin={"l": 12, "r": 12, "t": 12, "b": 12},
    )  # fmt: skip
    layout["xaxis"]["automargin"] = layout["yaxis"]["automargin"] = True
    return painted({"data": [heat], "layout": layout}, palette)


def roc(told: Told, data: Dataset, palette: Palette, say: Say) -> dict[str, Any]:
    """Return ROC curves with the areas below them (AUC): of two classes that of the second, else each against the rest.

    With more than ten classes, only those with the smallest AUC are drawn.
    """
    known, auc = [_short(name) for name in classes(data, say)], told["auc"]
    there = np.flatnonzero(np.isfinite(auc))
    drawn = sorted(there[np.argsort(auc[there], kind="stable")][:CURVES].tolist())
    looks = theme.variant_styles(len(drawn))
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "x": [0, 1], "y": [0, 1], "mode": "lines", "hoverinfo": "skip", "showlegend": False,
            "line": {"color": "@quiet", "width": 1, "dash": "dot"},
        }
    ]  # fmt: skip
    for one, look in zip(drawn, looks, strict=True):
        own = told["curve"] == one
        traces.append({
            "type": "scatter", "x": told["fpr"][own], "y": told["tpr"][own], "mode": "lines",
            "name": f"{known[one]}: {auc[one]:.3f}",
            "line": {"color": look["color"], "width": 2.4, "dash": ",".join(f"{n}px" for n in look["dash"]) or "solid"},
            "hovertemplate": "%{x:.3f}, %{y:.3f}<extra>%{fullData.name}</extra>",
        })  # fmt: skip
    mean = say(N_("mean AUC {mean}")).format(mean=f"{auc[there].mean():.3f}")
    legend = {
        "x": 0.98, "y": 0.04, "xanchor": "right", "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)",
        "title": {"text": mean if len(there) > 1 else "AUC"}, "font": {"size": theme.TYPE - 1},
    }  # fmt: skip
    layout = theme.layout(
        xaxis=theme.axis(say(N_("false positive rate")), range=[-0.01, 1.01]),
        yaxis=theme.axis(say(N_("true positive rate")), range=[-0.01, 1.01]),
        hovermode="closest", showlegend=True, legend=legend, height=_height(len(known)),
    )  # fmt: skip
    return painted({"data": traces, "layout": layout}, palette)


def scatter(told: Told, palette: Palette, say: Say) -> dict[str, Any]:
    """Return predicted against actual values, in the target's own unit; a correct prediction lies on the diagonal.

    If there are more than DOTS rows, an evenly spaced sample of DOTS rows is drawn.
    """
    truths, answers = told["truths"], told["answers"]
    some = np.unique(np.linspace(0, len(truths) - 1, DOTS).astype(int))
    low, high = float(min(truths.min(), answers.min())), float(max(truths.max(), answers.max()))
    low, high = low - 0.03 * (high - low), high + 0.03 * (high - low)
    traces = [
        {
            "type": "scatter", "x": [low, high], "y": [low, high], "mode": "lines", "hoverinfo": "skip",
            "line": {"color": "@quiet", "width": 1.5, "dash": "dot"},
        },
        {
            "type": "scatter", "x": truths[some], "y": answers[some], "mode": "markers",
            "marker": {"color": "@c5", "size": 8 if len(some) < 500 else 5, "opacity": 0.55},
            "hovertemplate": say(N_("actual {actual}, predicted {predicted}")).format(
                actual="%{x:.4g}", predicted="%{y:.4g}"
            )
            + "<extra></extra>",
        },
    ]  # fmt: skip
    layout = theme.layout(
        xaxis=theme.axis(say(N_("actual value")), range=[low, high]), hovermode="closest", height=440,
        yaxis=theme.axis(say(N_("predicted value")), range=[low, high]),
        margin={"l": 70, "r": 12, "t": 10, "b": 52},
    )  # fmt: skip
    return painted({"data": traces, "layout": layout}, palette)


def painted(figure: Any, palette: Palette) -> Any:
    """Return a figure with colour names ("@grid") replaced by the colours of a palette, for a static chart."""
    if isinstance(figure, dict):
        return {key: painted(value, palette) for key, value in figure.items()}
    if isinstance(figure, list):
        return [painted(value, palette) for value in figure]
    return palette.get(figure[1:], figure) if isinstance(figure, str) and figure[:1] == "@" else figure


def _short(name: str) -> str:
    """Return a class name for Plotly: shortened, and with HTML markup escaped."""
    return escape(name if len(name) <= LONGEST else name[: LONGEST - 1] + "…", quote=False)


def _height(n: int) -> int:
    return 380 if n <= BOTH else 460 if n <= CURVES else 640


def areas(told: Told, data: Dataset, say: Say) -> str:
    """Return the areas below the ROC curves in words."""
    known, auc = classes(data, say), told["auc"]
    return "AUC: " + ", ".join(f"{known[one]} {auc[one]:.3f}" for one in np.flatnonzero(np.isfinite(auc)))


def verdicts(told: Told, data: Dataset, say: Say) -> list[str]:
    """Return what was predicted in each of the worst errors, with its probability, and the actual class."""
    known = classes(data, say)
    text = say(N_("predicted {predicted} ({share}), actual {actual}"))
    told_of = zip(told["said"].tolist(), told["sure"].tolist(), told["true"].tolist(), strict=True)
    return [text.format(predicted=known[said], share=surely(sure), actual=known[true]) for said, sure, true in told_of]


def pictures(pixels: np.ndarray, side: int) -> list[np.ndarray]:
    """Return images [m, height, width] as grey values in uint8, the largest value white, about `side` pixels high."""
    grey = (255 * pixels / max(float(pixels.max()), 1e-9)).round().astype(np.uint8)
    times = max(1, side // pixels.shape[1])
    return list(np.kron(grey, np.ones((1, times, times), np.uint8)))


def mistakes(told: Told, data: Dataset, say: Say) -> dict[str, Any]:
    """Return the worst errors as a table: predicted, actual, and the other cells of the row."""
    columns: dict[str, Any]
    if data.task == "numbers":
        columns = {
            say(N_("predicted")): told["said"],
            say(N_("actual")): told["true"],
            say(N_("error")): told["said"] - told["true"],
        }
    else:
        known = classes(data, say)
        columns = {
            say(N_("predicted")): [known[one] for one in told["said"]],
            say(N_("confidence")): [surely(sure) for sure in told["sure"]],
            say(N_("actual")): [known[one] for one in told["true"]],
        }
    columns = {f"▸ {name}": cells for name, cells in columns.items()}
    return columns | {name.removeprefix("cell "): told[name] for name in told if name.startswith("cell ")}
