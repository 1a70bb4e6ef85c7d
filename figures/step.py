"""One step of an optimizer: its arrows on the surface, and its equation with the step's numbers filled in."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from experiments.descend import Descent, Race
from figures import theme
from figures.contract import (
    Arrow,
    ArrowsPanel,
    Equation,
    EquationPanel,
    Look,
    Plotly,
    Scene,
    Track,
    Walker,
)  # fmt: skip
from figures.equation import equation, written
from figures.race import briefly, floor, shown, stars
from figures.scene import Say, names, number
from figures.scene import scene as _scene
from optimizers import Optimizer
from optimizers.lines import MEAN, MEAN_HAT, RATE, SQUARES, SQUARES_HAT
from spec import N_
from surfaces import Surface, find
from surfaces.survey import HIGHEST

GRID = 181  # points per side: contours are still smooth when the picture shows a tenth of the domain
BEYOND = 0.15  # how far the contours extend beyond the domain, as a share of it
LEVELS = 34
DEPTH = 1e-5  # log levels resolve heights down to this share of the range above the minimum
SECONDS = 1.8  # duration of a step at normal speed
REST = 0.7  # the share of it for which the picture pauses, so that it can be read

Values = dict[str, np.ndarray]


@np.errstate(all="ignore")  # divergence is data
def scene(race: Race, run: Descent, values: list[Values], *, say: Say, alt: str, at: int = 1) -> Scene:
    """Return the stage's scene: at each step t = 1 ... `steps` the point, the arrows that move it, and the equation.

    `values` are the contenders' results of `anatomy`; the clock starts at step `at`.
    """
    surface = find(race.surface)
    looks = theme.styles(race.contenders)
    titles = names(race.contenders, say)
    walkers = [_walker(surface, rule, one) for rule, one in zip(race.contenders, values, strict=True)]
    equations: list[Equation] = [
        {"title": titles[i], "color": looks[i]["color"], **equation(rule, values[i], race.noise > 0, say)}
        for i, rule in enumerate(race.contenders)
    ]
    equation_panel: EquationPanel = {
        "kind": "equation", "grow": 1.6, "contenders": equations, "axes": list(surface.axes),
    }  # fmt: skip
    return _scene(
        f"{race.surface} {race.start} step", say=say, alt=alt, layout="side",
        clock={
            "name": say(N_("step")), "first": 1, "last": race.steps - 1, "at": min(at, race.steps) - 1,
            "seconds": SECONDS * race.steps, "rest": REST, "play": False, "live": False,
        },
        panels=[
            _plane(surface, race, run, walkers, looks, titles, say),
            equation_panel,
        ],
        table=None,
    )  # fmt: skip


def _plane(
    surface: Surface, race: Race, run: Descent, walkers: list[Walker], looks: list[Look], titles: list[str],
    say: Say,
) -> ArrowsPanel:  # fmt: skip
    (x0, x1), (y0, y1) = surface.domain
    layout = theme.layout(
        xaxis=theme.axis(surface.axes[0], range=[x0, x1], showgrid=False, nticks=5, tickangle=0),
        yaxis=theme.axis(surface.axes[1], range=[y0, y1], showgrid=False),
        margin={"l": 64, "r": 8, "t": 46, "b": 52},
        uirevision=surface.name,
    )
    tracks: list[Track] = [
        {
            "x": run.path[i, :, 0], "y": run.path[i, :, 1], "values": run.loss[i], "title": titles[i], "name": "",
            "width": 2.6, **looks[i],
        }
        for i in range(len(titles))
    ]  # fmt: skip
    one, other = surface.axes
    says = {
        "true": say(N_("Δw, SGD: true length")),
        "rates": say(N_("ellipse: learning rates of {one} and {other}")).format(one=one, other=other),
        "alike": say(N_("circle: same learning rate for {one} and {other}")).format(one=one, other=other),
        "plain": say(N_("SGD")),
    }
    return {
        "kind": "arrows", "grow": 1, "mark": f"step {surface.name}",
        "figure": {"data": [_heights(surface.name), *floor(surface)], "layout": layout},
        "tracks": tracks, "start": list(race.start), "stars": stars(surface), "dots": True, "walkers": walkers,
        "says": says,
    }  # fmt: skip


@lru_cache(maxsize=32)
def _heights(key: str) -> Plotly:
    """Return contours over slightly more than a surface's domain, with levels for the whole and for a small part.

    The square root of the height above the minimum is drawn, or its logarithm if the surface asks for that: then the
    contours of a bowl are equally spaced, and some are visible however far one zooms in.
    """
    surface = find(key)
    x, y = (np.linspace(a - BEYOND * (b - a), b + BEYOND * (b - a), GRID) for a, b in surface.domain)
    z = surface.value(np.stack(np.meshgrid(x, y), axis=-1))
    z = np.where(np.abs(z) <= HIGHEST, z, np.nan)  # nan is drawn as a hole
    if np.isnan(z).all():
        z = np.zeros_like(z)  # real only in a strip between the points of the grid
    if not surface.log_levels:
        bottom, top = shown(key)  # a pole must not use up the levels
        z = np.clip(z, 2 * bottom - top, 2 * top - bottom)
    low, high = float(np.nanmin(z)) if surface.minimum is None else surface.minimum, float(np.nanmax(z))
    above = np.maximum(z - low, 0)
    z = np.log10(above + DEPTH * (high - low)) if surface.log_levels else np.sqrt(above)
    most = 65535  # sent as 16-bit integers, which is half the bytes
    z = briefly((z - np.nanmin(z)) * (most / (float(np.nanmax(z) - np.nanmin(z)) or 1)))
    return {
        "type": "contour", "x": x, "y": y, "z": z, "hoverinfo": "skip", "showscale": False, "autocontour": False,
        "contours": {"start": most / LEVELS / 2, "end": most, "size": most / LEVELS}, "zmin": 0, "zmax": most,
        "colorscale": [[0, "@low"], [0.5, "@middle"], [1, "@high"]], "line": {"width": 0.8, "color": "@contour"},
    }  # fmt: skip


def _walker(surface: Surface, rule: Optimizer, values: Values) -> Walker:
    """Return what is drawn around one contender's point: arrows, the ellipse of learning rates, and the view's size.

    `reach` is half the width of the picture, in the surface's units. Gradient and means are drawn downhill, times
    `scale`, which is the same for all steps; the step, and the step of plain gradient descent with this learning rate,
    have their true length. The half-axes of the ellipse are the learning rates of x and y, times one number for all
    steps.
    """
    step, g = values["step"], values["g"]
    reach = float(np.clip(3.4 * _usual(step), 1e-6 * surface.diagonal, surface.diagonal / 4))
    pulls = [("−g", "pull", g)]
    pulls += [
        (f"−{written(line.symbol)}", line.role, values[line.name])
        for line in rule.lines
        if line.role in ("pull", "memory")
    ]
    scale = _round(0.7 * reach / max(_usual(vector) for _, _, vector in pulls))
    arrows: list[Arrow] = [
        {"label": label, "role": role, "x": -scale * vector[:, 0], "y": -scale * vector[:, 1]}
        for label, role, vector in pulls
    ]
    drawn: Walker = {
        "reach": reach, "scale": scale, "arrows": arrows, "step": {"x": step[:, 0], "y": step[:, 1]},
    }  # fmt: skip
    plain = -values["lr"] * g
    if not np.allclose(plain, step, equal_nan=True):
        drawn["plain"] = {"x": plain[:, 0], "y": plain[:, 1]}
    rates = [values[line.name] for line in rule.lines if line.role == "rate"]
    if not rates and rule.family in ("gradient", "velocity"):
        rates = [values["lr"]]  # the same for every coordinate
    if rates:
        size = 0.8 * reach / _usual(rates[-1])
        drawn["rates"] = {"x": size * rates[-1][:, 0], "y": size * rates[-1][:, 1]}
        drawn["alike"] = bool(np.array_equal(rates[-1][:, 0], rates[-1][:, 1], equal_nan=True))
    return drawn


@np.errstate(all="ignore")  # divergence is data, and if nothing moves the ratio is undefined
def reading(race: Race, values: list[Values], at: int, say: Say) -> str:
    """Return one or two sentences that describe step `at`: how far each optimizer moves, and why the first does."""
    titles = names(race.contenders, say)
    first, now = race.contenders[0], {name: value[at - 1] for name, value in values[0].items()}
    moves = [float(np.hypot(*one["step"][at - 1])) for one in values]
    if not np.isfinite(moves[0]):
        return say(N_("**{rule}** diverged before step {step}.")).format(rule=titles[0], step=at)
    plain = float(np.hypot(*(now["lr"] * now["g"])))
    said = {"step": at, "rule": titles[0], "length": number(moves[0]), "plain": number(plain)}
    text = N_("Step {step}: **{rule}** moves by {length}; SGD with the same learning rate would move by {plain}.")
    if np.allclose(now["step"], -now["lr"] * now["g"]):
        text = N_("Step {step}: **{rule}** moves by {length}, the learning rate times the gradient.")
    parts = [say(text).format(**said), *_why(first, now, find(race.surface).axes, say)]
    if len(titles) > 1:
        others = ", ".join(f"{title} {number(move)}" for title, move in zip(titles[1:], moves[1:], strict=True))
        parts.append(say(N_("The others: {moves}.")).format(moves=others))
    return " ".join(parts)


def _why(rule: Optimizer, now: Values, axes: tuple[str, str], say: Say) -> list[str]:
    """Describe a step's numbers for an optimizer with bias correction, or with a learning rate per coordinate."""
    one, other = axes
    if {MEAN, SQUARES, MEAN_HAT, SQUARES_HAT, RATE} <= {*rule.lines}:
        alike = np.allclose(np.abs(now["step"]), now["lr"], rtol=1e-3)
        uncorrected = now["lr"] * now["m"] / (np.sqrt(now["v"]) + rule.eps)  # type: ignore[attr-defined]
        times = float(np.hypot(*uncorrected) / np.hypot(*(now["rate"] * now["mhat"])))
        text = N_("Without bias correction the step would be {times} times as long.")
        if alike:
            text = N_("{one} and {other} each move by η; without bias correction they would move by {times} η.")
        said = {"times": f"{times:.2g}", "one": one, "other": other}
        return [say(text).format(**said)] if np.isfinite(times) and abs(times - 1) > 0.05 else []
    rates = [now[line.name] for line in rule.lines if line.role == "rate"]
    if rates and rates[-1][0] != rates[-1][1]:
        x, y = rates[-1]
        return [
            say(N_("Its learning rate is {x} for {one} and {y} for {other}.")).format(
                x=f"{x:.3g}", y=f"{y:.3g}", one=one, other=other
            )
        ]
    return []


def _usual(vectors: np.ndarray) -> float:
    """Return a length that nine in ten of the vectors [T, 2] do not exceed; 1 where all are 0."""
    lengths = np.hypot(vectors[:, 0], vectors[:, 1])
    lengths = lengths[np.isfinite(lengths) & (lengths > 0)]
    return float(np.quantile(lengths, 0.9)) if lengths.size else 1.0


def _round(number: float) -> float:
    """Return the largest of 1, 2, 5, 10, 20, 50 ... that is no larger than `number`."""
    power = 10.0 ** np.floor(np.log10(number))
    return float(f"{max(one for one in (1, 2, 5) if one * power <= number * (1 + 1e-9)) * power:.1e}")


def numbers(race: Race, values: list[Values], say: Say) -> dict[str, np.ndarray]:
    """Return every line of every contender as columns, x and y, one row per step."""
    columns = {say(N_("step")): np.arange(1, race.steps + 1)}
    for i, title in enumerate(names(race.contenders, say)):
        rule = race.contenders[i]
        shown = {"w": "w", "g": "g", **{line.name: written(line.symbol) for line in rule.lines}, "step": "Δw"}
        for name, symbol in shown.items():
            for axis, letter in enumerate(find(race.surface).axes):
                columns[f"{i + 1} {title} {symbol} {letter}"] = values[i][name][:, axis]
    return columns
