"""Readings are sentences that say what a picture shows, made from the numbers it is drawn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datasets import find as find_data
from experiments.descend import Descent, Race, curvature
from experiments.fit import History
from experiments.remedies import Remedies, gap
from experiments.stopping import stops
from figures.scene import Say, names, number
from figures.training import Line, lost, middle
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
    """Return what reads a comparison back: who comes lowest, and what became of those that did not learn.

    Losses are those of the validation part or, where there is none, of the training part.
    """
    if not history.val_loss.size:
        return say(N_("The networks are about to start."))
    held = bool(np.isfinite(history.val_loss).any())
    curves = {line.name: middle((history.val_loss if held else history.train_loss)[line.rows]) for line in lines}
    gone = {name: epoch for name, curve in curves.items() if (epoch := lost(curve)) is not None}
    there = {name: curve for name, curve in curves.items() if name not in gone}
    still = [name for name, curve in there.items() if curve.size > 1 and np.ptp(curve) < 5e-7]
    leapt = {name: curve for name, curve in there.items() if curve.max() > LEAP * curve[0]}
    usual = {name: curve for name, curve in there.items() if name not in still and name not in leapt}
    parts = _lowest(usual or there, say, held=held, done=done)
    parts += [_leaped(name, curve, say) for name, curve in leapt.items()]
    if still:
        parts.append(say(N_("Not moved in six decimals: {names}.")).format(names=", ".join(still)))
    if gone:
        text = N_("{name} at epoch {epoch}")
        told = [say(text).format(name=name, epoch=epoch) for name, epoch in gone.items()]
        parts.append(say(N_("Diverged: {names}.")).format(names=", ".join(told)))
    return " ".join(parts)


LEAP = 10  # times the first loss: a curve that has been there has leapt


def _lowest(curves: dict[str, np.ndarray], say: Say, *, held: bool, done: bool) -> list[str]:
    """Say which curve comes lowest and how it got there, and which comes least low."""
    if not curves:
        return []
    lowest = {name: float(curve.min()) for name, curve in curves.items()}
    best, worst = min(lowest, key=lambda name: lowest[name]), max(lowest, key=lambda name: lowest[name])
    text = {
        (True, True): N_("**{rule}** comes lowest on validation: {loss} at epoch {epoch}."),
        (True, False): N_("So far **{rule}** is lowest on validation: {loss} at epoch {epoch}."),
        (False, True): N_("**{rule}** comes lowest on the training part: {loss} at epoch {epoch}."),
        (False, False): N_("So far **{rule}** is lowest on the training part: {loss} at epoch {epoch}."),
    }[held, done]
    curve = curves[best]
    parts = [say(text).format(rule=best, loss=_loss(lowest[best]), epoch=int(curve.argmin()))]
    if curve.size > 5 and (np.diff(curve) < 0).all():
        text = N_("It falls every epoch, from {first} to {last}.")
        parts.append(say(text).format(first=_loss(curve[0]), last=_loss(curve[-1])))
    if worst != best:
        text = (
            N_("**{rule}** gets no lower than {loss} on validation.")
            if held
            else N_("**{rule}** gets no lower than {loss}.")
        )
        parts.append(say(text).format(rule=worst, loss=_loss(lowest[worst])))
    return parts


def _leaped(name: str, curve: np.ndarray, say: Say) -> str:
    """Say how high a curve leapt, and whether it has come to rest since: fallen, at nearly every epoch after that."""
    top = int(curve.argmax())
    after = np.diff(curve[top:])
    if curve[-1] < curve[0]:
        text = N_("**{name}** leaps to a loss of {top} at epoch {epoch}, and comes back to {last}.")
    elif after.size and (after > 0).mean() > 0.1:
        text = N_("**{name}** leaps to a loss of {top} at epoch {epoch}, stays erratic, and ends at {last}.")
    else:
        text = N_("**{name}** leaps to a loss of {top} at epoch {epoch}, and ends at {last}.")
    return say(text).format(name=name, top=number(float(curve[top])), epoch=top, last=_loss(float(curve[-1])))


def _loss(value: float) -> str:
    """Return a loss as people read it: three decimals, or three digits where that says too little or too much."""
    return f"{value:.3f}" if 0.01 <= value < 100 else number(value)


def overfitted(
    study: Remedies, history: History, lines: Sequence[Line], say: Say, *, done: bool, revealed: bool = False
) -> str:
    """Return what reads the remedies back: the gap without one, in the end with each, and what early stopping saves.

    `lines` are those of `figures.overfitting.lines`. The test part is spoken of once it is `revealed`, at the end.
    """
    if history.val_loss.shape[1] < 2:
        return say(N_("The networks are about to start."))
    opening = gap(history, 0)
    score = (
        N_("R² {train} against {val}")
        if find_data(study.dataset).task == "numbers"
        else N_("accuracy {train} against {val}")
    )
    scores = say(score).format(
        train=_score(study, history.train_score[0, -1]), val=_score(study, history.val_score[0, -1])
    )
    if not np.isfinite(opening.end):
        text = N_("Without a remedy the network has diverged.")
    elif opening.epoch < 0:
        text = N_("Without a remedy no gap has opened since the start: it is {size}.")
    elif done:
        text = N_("Without a remedy the gap opens at epoch {epoch} and ends at {size} ({scores}).")
    else:
        text = N_("Without a remedy the gap has opened at epoch {epoch}; it is {size} now.")
    parts = [say(text).format(epoch=opening.epoch, size=_signed(opening.end), scores=scores)]
    if done:
        parts += _gaps(history, lines, say) + _stopped(study, history, say)
        parts += _revealed(study, history, lines, say) if revealed else []
    return " ".join(parts)


def _gaps(history: History, lines: Sequence[Line], say: Say) -> list[str]:
    """Return how wide every remedy leaves the gap, and which network ends lowest on validation."""
    ends = {line.name: (gap(history, i).end, float(history.val_loss[i, -1])) for i, line in enumerate(lines)}
    finite = {name: pair for name, pair in ends.items() if np.isfinite(pair).all()}
    gaps = [f"{name}: {_signed(finite[name][0])}" for name in list(ends)[1:] if name in finite]
    lost = [name for name in ends if name not in finite]
    parts = [say(N_("With {gaps}.")).format(gaps="; ".join(gaps))] if gaps else []
    if finite and len(lines) > 1:
        name = min(finite, key=lambda name: finite[name][1])
        text = N_("Lowest on validation in the end: **{name}** ({loss}).")
        if name == lines[0].name:
            text = N_("On validation no remedy ends lower than none ({loss}).")
        parts.append(say(text).format(name=name, loss=f"{finite[name][1]:.2f}"))
    if lost:
        parts.append(say(N_("Diverged: {names}.")).format(names=", ".join(lost)))
    return parts


def _stopped(study: Remedies, history: History, say: Say) -> list[str]:
    """Return when early stopping would have ended the network without a remedy, and what the rest of training did."""
    found = stops(history, study)
    if not found.early[0]:
        return [say(N_("Early stopping would not have ended it."))]
    stop = int(found.stop[0])
    kept, last = history.val_loss[0, int(found.kept[0])], history.val_loss[0, -1]
    later = history.val_loss[0, stop:]
    lowest = np.nanmin(later) if np.isfinite(later).any() else np.inf
    if not np.isfinite(last):
        text = N_("**Early stopping** at epoch {stop} keeps {kept}; later it diverges.")
    elif lowest < kept:
        text = N_("**Early stopping** at epoch {stop} keeps {kept}, too soon: later it comes down to {lowest}.")
    else:
        text = N_("**Early stopping** at epoch {stop} keeps {kept} instead of {last}.")
    return [say(text).format(stop=stop, kept=f"{kept:.2f}", last=f"{last:.2f}", lowest=f"{lowest:.2f}")]


def _revealed(study: Remedies, history: History, lines: Sequence[Line], say: Say) -> list[str]:
    """Return the test scores of the network without a remedy, and of the one that validation would choose."""
    last = np.where(np.isfinite(history.val_loss[:, -1]), history.val_loss[:, -1], np.inf)
    chosen = int(last.argmin())
    if not np.isfinite(history.test_score[[0, chosen]]).all():
        return []
    plain, told = (_score(study, history.test_score[row]) for row in (0, chosen))
    if not chosen:
        return [say(N_("Test part, scored once: {plain}.")).format(plain=plain)]
    text = N_("Test part, scored once: **{name}** {score}, no remedy {plain}.")
    return [say(text).format(name=lines[chosen].name, score=told, plain=plain)]


def _score(study: Remedies, value: float) -> str:
    """Return a score as people read it: an accuracy in per cent, R² as a number."""
    if find_data(study.dataset).task == "numbers":
        return f"{value:.2f}".replace("-", "−")
    return f"{100 * value:.0f} %"


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
