"""Readings are sentences that say what a picture shows, made from the numbers it is drawn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.descend import Descent, Race, curvature
from experiments.fit import History
from experiments.studies import gap, stops
from figures.scene import Say, names, number
from figures.training import Line, middle
from spec import N_
from surfaces import Surface, find


def raced(race: Race, run: Descent, say: Say) -> str:
    """Return one or two sentences that read the picture back, from the numbers it is drawn from."""
    surface = find(race.surface)
    titles = names(race.contenders, say)
    arrived = sorted((int(step), titles[i]) for i, step in enumerate(run.converged) if step >= 0)
    lost = [i for i, step in enumerate(run.diverged) if step >= 0]
    late = [title for i, title in enumerate(titles) if run.converged[i] < 0 and i not in lost]
    parts = []
    if arrived:
        step, title = arrived[0]
        parts.append(say(N_("**{rule}** arrives first, after {step} steps (f − f* < {near}).")).format(
            rule=title, step=step, near=number(float(f"{run.tolerance:.2g}"))))  # fmt: skip
        if late:
            parts.append(say(N_("Not arrived after {steps} steps: {rules}.")).format(
                steps=race.steps, rules=", ".join(late)))  # fmt: skip
    elif late:
        ends = {title: float(run.loss[i, -1]) for i, title in enumerate(titles) if title in late}
        best = min(ends, key=lambda title: ends[title])
        text = (
            N_("No rule has arrived after {steps} steps; **{rule}** is lowest, at f = {value}.")
            if surface.minimum is not None
            else N_("This surface falls without end; after {steps} steps **{rule}** is lowest, at f = {value}.")
        )
        parts.append(say(text).format(steps=race.steps, rule=best, value=number(ends[best])))
    parts += [_lost(race, run, i, titles[i], say) for i in lost]
    return " ".join(parts)


def _lost(race: Race, run: Descent, i: int, title: str, say: Say) -> str:
    """Say when a contender diverged and, for plain gradient descent, against which bound of this surface."""
    surface, rule, step = find(race.surface), race.contenders[i], int(run.diverged[i])
    steepest = float(np.max(curvature(surface, np.array(race.start)), initial=-np.inf))
    first, last = run.rate[i, [0, step - 1]] if step else (rule.lr, rule.lr)
    if rule.family == "gradient" and steepest > 0 and first > 2 / steepest:
        text = N_("**{rule}** diverged at step {step}: its rate {rate} is above 2/λmax = {bound} at the start.")
        return say(text).format(rule=title, step=step, rate=f"{first:.4g}", bound=f"{2 / steepest:.3g}")
    text = N_("**{rule}** diverged at step {step}, with rate {rate}.")
    return say(text).format(rule=title, step=step, rate=f"{last:.4g}")


def shape(surface: Surface, start: Sequence[float], say: Say) -> list[dict[str, str]]:
    """Return rows that tell how a surface is curved at a race's start and at its minima, for a table."""
    places = [(say(N_("start")), tuple(start)), *((say(N_("minimum")), minimum) for minimum in surface.minima)]
    eigenvalues = curvature(surface, np.array([point for _, point in places], float))
    return [
        {
            say(N_("place")): f"{name} ({point[0]:.4g}, {point[1]:.4g})", "λmin": f"{low:.4g}", "λmax": f"{high:.4g}",
            say(N_("condition number")): f"{high / low:.4g}" if low > 0 else "–",
            "2/λmax": f"{2 / high:.4g}" if high > 0 else "–",
        }
        for (name, point), (low, high) in zip(places, eigenvalues, strict=True)
    ]  # fmt: skip


def curved(surface: Surface, say: Say) -> str:
    """Return one line on a surface's curvature at its first minimum, and on its kinks; empty where there is neither."""
    parts = []
    if surface.minima:
        low, high = curvature(surface, np.array(surface.minima[0], float))
        if np.isfinite(high) and 1e-6 < high < 1e6:  # beyond it is a kink, where curvature has no meaning
            text = N_("At the minimum λ = {low} and {high}, so 2/λmax = {bound}.")
            parts.append(say(text).format(low=f"{low:.3g}", high=f"{high:.3g}", bound=f"{2 / high:.3g}"))
    if surface.kinks:
        parts.append(say(N_("Has kinks, where the gradient jumps.")))
    return " ".join(parts)


def compared(history: History, lines: Sequence[Line], say: Say, *, done: bool) -> str:
    """Return the sentence that reads a comparison back."""
    if not history.val_loss.size:
        return say(N_("The networks are about to start."))
    lowest = {line.name: _best(history, line) for line in lines}
    finite = {name: pair for name, pair in lowest.items() if np.isfinite(pair[0])}
    lost = [name for name in lowest if name not in finite]
    parts = []
    if finite:
        name = min(finite, key=lambda n: finite[n][0])
        loss, epoch = finite[name]
        text = (
            N_("**{rule}** comes lowest on validation: {loss} at epoch {epoch}.")
            if done
            else N_("So far **{rule}** is lowest on validation: {loss} at epoch {epoch}.")
        )
        parts.append(say(text).format(rule=name, loss=f"{loss:.3f}", epoch=epoch))
        worst = max(finite, key=lambda n: finite[n][0])
        if worst != name:
            text = N_("{rule} gets no lower than {loss} on validation.")
            parts.append(say(text).format(rule=worst, loss=f"{finite[worst][0]:.3f}"))
    if lost:
        parts.append(say(N_("Diverged: {rules}.")).format(rules=", ".join(lost)))
    return " ".join(parts)


def _best(history: History, line: Line) -> tuple[float, int]:
    """Return the lowest validation loss of a line (the median over its seeds) and its epoch; inf where it diverged."""
    val = middle(history.val_loss[line.rows])
    if not np.isfinite(val[-1]):
        return np.inf, 0
    epoch = int(np.nanargmin(val))
    return float(val[epoch]), epoch


def overfitted(history: History, lines: Sequence[Line], patience: int, say: Say, *, done: bool) -> str:
    """Return the sentence that reads the remedies back: where the gap opens, and in the end what each remedy gains."""
    if history.val_loss.shape[1] < 2:
        return say(N_("The networks are about to start."))
    opening = gap(history, 0)
    if opening.epoch >= 0:
        text = N_("Without a remedy the gap opens at epoch {epoch} and is {size} at the end.")
        if not done:
            text = N_("Without a remedy the gap has opened at epoch {epoch}; it is {size} now.")
        parts = [say(text).format(epoch=opening.epoch, size=f"{opening.end:.2f}")]
    else:
        parts = [say(N_("Without a remedy no gap has opened: validation loss is still near its best."))]
    return " ".join(parts + (_gains(history, lines, patience, say) if done else []))


def _gains(history: History, lines: Sequence[Line], patience: int, say: Say) -> list[str]:
    """Return what ends lower on validation than the first line does, and what higher, each with the difference."""
    end = history.val_loss[:, -1]
    gains = {f"**{line.name}**": float(end[0] - end[i]) for i, line in enumerate(lines) if i}
    stop, best = stops(history, patience)
    if stop[0] - best[0] >= patience:
        name = say(N_("**early stopping** at epoch {epoch}")).format(epoch=int(stop[0]))
        gains[name] = float(end[0] - history.val_loss[0, best[0]])
    said = []
    for text, sign in (
        (N_("Lower on validation in the end: {remedies}."), 1),
        (N_("Higher on validation in the end: {remedies}."), -1),
    ):
        these = [f"{name} ({_signed(-gain)})" for name, gain in gains.items() if np.isfinite(gain) and sign * gain > 0]
        if these:
            said.append(say(text).format(remedies=", ".join(these)))
    return said


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
