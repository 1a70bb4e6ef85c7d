"""Readings are sentences that describe a picture, made from the numbers from which it is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datasets import Dataset
from datasets import find as find_data
from experiments.descend import Descent, Race, curvature
from experiments.divergence import cause
from experiments.fit import History
from experiments.remedies import Remedies
from experiments.stopping import Stopping, Stops, stops
from figures import worth
from figures.race import caused
from figures.scene import Say, names, number
from figures.training import Line, lost, middle
from spec import N_
from spec.text import brief
from surfaces import Surface, find
from surfaces.own import Formula


def raced(race: Race, run: Descent, say: Say) -> str:
    """Return one or two sentences that describe a race, from the numbers from which it is drawn."""
    surface = find(race.surface)
    titles = names(race.contenders, say)
    arrived = sorted((int(step), titles[i]) for i, step in enumerate(run.converged) if step >= 0)
    lost = [i for i, step in enumerate(run.diverged) if step >= 0]
    late = [title for i, title in enumerate(titles) if run.converged[i] < 0 and i not in lost]
    parts = []
    if arrived:
        step, title = arrived[0]
        parts.append(say(N_("**{rule}** reaches the minimum first, at step {step} (f − f* < {near}).")).format(
            rule=title, step=step, near=number(float(f"{run.tolerance:.2g}"))))  # fmt: skip
        if late:
            parts.append(say(N_("Minimum not reached by step {steps}: {rules}.")).format(
                steps=race.steps, rules=", ".join(late)))  # fmt: skip
    elif late:
        ends = {title: float(run.loss[i, -1]) for i, title in enumerate(titles) if title in late}
        best = min(ends, key=lambda title: ends[title])
        text = (
            N_("No optimizer reaches the minimum by step {steps}; **{rule}** is lowest, at f = {value}.")
            if surface.minimum is not None
            else N_("No minimum is known on this surface; at step {steps} **{rule}** is lowest, at f = {value}.")
            if isinstance(surface, Formula)
            else N_("This surface is unbounded below; at step {steps} **{rule}** is lowest, at f = {value}.")
        )
        parts.append(say(text).format(steps=race.steps, rule=best, value=number(ends[best])))
    still = [title for i, title in enumerate(titles) if title in late and _still(surface, run, i)]
    if still:
        text = N_("Nothing can move here: the length of the gradient at the start is {size} ({rules}).")
        size = float(np.hypot(*run.gradient[0, 0]))
        parts.append(say(text).format(size=number(size), rules=", ".join(still)))
    parts += [_lost(race, run, i, titles[i], say) for i in lost]
    return " ".join(parts)


def _still(surface: Surface, run: Descent, i: int) -> bool:
    """Return whether a contender stays where it starts, but for a millionth of the picture."""
    return float(np.abs(run.path[i] - run.path[i, 0]).max()) <= 1e-6 * surface.diagonal


def _lost(race: Race, run: Descent, i: int, title: str, say: Say) -> str:
    """Say when a contender diverged and, for plain gradient descent, which learning rate this surface allows."""
    surface, rule, step = find(race.surface), race.contenders[i], int(run.diverged[i])
    steepest = float(np.max(curvature(surface, np.array(race.start)), initial=-np.inf))
    why = cause(race, i, step)
    if why.kind != "far":
        text = N_("**{rule}** stops at step {step}.") if step else N_("**{rule}** cannot start.")
        return f"{say(text).format(rule=title, step=step)} {caused(why, say)}"
    first, last = run.rate[i, [0, step - 1]] if step else (rule.lr, rule.lr)
    if rule.family == "gradient" and steepest > 0 and first > 2 / steepest:
        text = N_(
            "**{rule}** diverges at step {step}: its learning rate {rate} is above 2/λmax = {bound} at the start."
        )
        return say(text).format(rule=title, step=step, rate=brief(first, 4), bound=f"{2 / steepest:.3g}")
    text = N_("**{rule}** diverges at step {step}, with learning rate {rate}.")
    return say(text).format(rule=title, step=step, rate=brief(last, 4))


def shape(surface: Surface, start: Sequence[float], say: Say) -> list[dict[str, str]]:
    """Return rows for a table: the curvature of a surface at a race's starting point and at its minima."""
    places = [(say(N_("start")), tuple(start)), *((say(N_("minimum")), minimum) for minimum in surface.minima)]
    eigenvalues = curvature(surface, np.array([point for _, point in places], float))
    return [
        {
            say(N_("point")): f"{name} ({point[0]:.4g}, {point[1]:.4g})", "λmin": f"{low:.4g}", "λmax": f"{high:.4g}",
            say(N_("condition number")): f"{high / low:.4g}" if low > 0 else "–",
            "2/λmax": f"{2 / high:.4g}" if high > 0 else "–",
        }
        for (name, point), (low, high) in zip(places, eigenvalues, strict=True)
    ]  # fmt: skip


def curved(surface: Surface, say: Say) -> str:
    """Return one line on a surface's curvature at its first minimum, and on its kinks; empty if it has neither."""
    parts = []
    if surface.minima:
        low, high = curvature(surface, np.array(surface.minima[0], float))
        if np.isfinite(high) and 1e-6 < high < 1e6:  # larger values come from a kink: curvature is undefined
            text = N_("At the minimum the eigenvalues of the Hessian are λ = {low} and {high}, so 2/λmax = {bound}.")
            parts.append(say(text).format(low=f"{low:.3g}", high=f"{high:.3g}", bound=f"{2 / high:.3g}"))
    if surface.kinks:
        parts.append(say(N_("This surface has kinks, where the gradient jumps.")))
    return " ".join(parts)


def compared(
    history: History, lines: Sequence[Line], say: Say, *, done: bool, data: Dataset | None = None,
    measure: str = "loss",
) -> str:  # fmt: skip
    """Return sentences that describe a comparison: which loss is lowest, and how the networks that do not learn end.

    Losses are those of the validation set or, if there is none, of the training set. With the `measure` "score" they
    say which score is highest, and with `data` which networks are no better than a constant prediction.
    """
    if history.val_loss.shape[1] < 2:
        return say(N_("Training is about to start."))
    held = bool(np.isfinite(history.val_loss).any())
    curves = {line.name: middle((history.val_loss if held else history.train_loss)[line.rows]) for line in lines}
    gone = {name: epoch for name, curve in curves.items() if (epoch := lost(curve)) is not None}
    there = {name: curve for name, curve in curves.items() if name not in gone}
    still = [name for name, curve in there.items() if curve.size > 1 and np.ptp(curve) < 5e-7]
    leapt = {name: curve for name, curve in there.items() if curve.max() > LEAP * curve[0]}
    usual = {name: curve for name, curve in there.items() if name not in still and name not in leapt}
    if measure == "score" and data is not None:
        parts = _highest(history, [line for line in lines if line.name in there], data, say, done=done)
    else:
        moved = {name: curve for name, curve in there.items() if name not in still}
        parts = _lowest(usual or moved, say, held=held, done=done)
    parts += [_leaped(name, curve, say) for name, curve in leapt.items()]
    if still:
        parts.append(say(N_("Loss unchanged to six decimals: {names}.")).format(names=", ".join(still)))
    if gone:
        text = N_("{name} at epoch {epoch}")
        told = [say(text).format(name=name, epoch=epoch) for name, epoch in gone.items()]
        parts.append(say(N_("Diverged: {names}.")).format(names=", ".join(told)))
    if done and data is not None:
        parts += worth.unbeaten(history, {line.name: line.rows for line in lines}, data, say)
    return " ".join(parts)


LEAP = 10  # times the first loss: a curve that exceeds this has jumped
GROWN = 1e6  # times the first loss: a curve that ends at its highest point, above this, diverges


def _lowest(curves: dict[str, np.ndarray], say: Say, *, held: bool, done: bool) -> list[str]:
    """Say which curve is lowest and how it got there, which is highest, and which never fall.

    The untrained network is never best, as in early stopping; a curve never falls if its loss before training is
    lowest.
    """
    fallen = {name: curve for name, curve in curves.items() if curve[1:].min() < curve[0]}
    risen = [name for name in curves if name not in fallen]
    parts = _fallen(fallen, say, held=held, done=done) if fallen else []
    if risen:
        text = N_("Never below the initial loss: {names}.")
        parts.append(say(text).format(names=", ".join(risen)))
    return parts


def _fallen(curves: dict[str, np.ndarray], say: Say, *, held: bool, done: bool) -> list[str]:
    """Of the curves that fall, say which is lowest and how it got there, and which is highest."""
    lowest = {name: float(curve[1:].min()) for name, curve in curves.items()}
    best, worst = min(lowest, key=lambda name: lowest[name]), max(lowest, key=lambda name: lowest[name])
    text = {
        (True, True): N_("**{rule}** has the lowest validation loss: {loss} at epoch {epoch}."),
        (True, False): N_("So far **{rule}** has the lowest validation loss: {loss} at epoch {epoch}."),
        (False, True): N_("**{rule}** has the lowest training loss: {loss} at epoch {epoch}."),
        (False, False): N_("So far **{rule}** has the lowest training loss: {loss} at epoch {epoch}."),
    }[held, done]
    curve = curves[best]
    parts = [say(text).format(rule=best, loss=_loss(lowest[best]), epoch=1 + int(curve[1:].argmin()))]
    if curve.size > 5 and (np.diff(curve) < 0).all():
        text = N_("It falls every epoch, from {first} to {last}.")
        parts.append(say(text).format(first=_loss(curve[0]), last=_loss(curve[-1])))
    if worst != best:
        text = N_("**{rule}** reaches only {loss} on validation.") if held else N_("**{rule}** reaches only {loss}.")
        parts.append(say(text).format(rule=worst, loss=_loss(lowest[worst])))
    return parts


def _highest(history: History, lines: Sequence[Line], data: Dataset, say: Say, *, done: bool) -> list[str]:
    """Say which network has the highest score, and which others lie within one standard error of its accuracy."""
    held = bool(np.isfinite(history.val_score).any())
    curves = {line.name: middle((history.val_score if held else history.train_score)[line.rows])[1:] for line in lines}
    rows = {line.name: line.rows.start for line in lines}
    highest = {name: float(np.nanmax(curve)) for name, curve in curves.items() if np.isfinite(curve).any()}
    if not highest:
        return []
    best, worst = max(highest, key=lambda name: highest[name]), min(highest, key=lambda name: highest[name])
    error = worth.margin(history, highest[best], rows[best], 1) if held else np.nan
    near = [name for name, score in highest.items() if name != best and highest[best] - score <= error]
    text = {
        (True, True): N_("**{rule}** has the highest validation {measure}: {score} at epoch {epoch}."),
        (True, False): N_("So far **{rule}** has the highest validation {measure}: {score} at epoch {epoch}."),
        (False, True): N_("**{rule}** has the highest training {measure}: {score} at epoch {epoch}."),
        (False, False): N_("So far **{rule}** has the highest training {measure}: {score} at epoch {epoch}."),
    }[held, done]
    if near:
        text = N_("**{rule}** has the highest validation {measure}, {score} at epoch {epoch}; within one standard "
                  "error of it: {names}.")  # fmt: skip
    score = worth.scored(history, highest[best], rows[best], 1) if held else worth.decimals(highest[best])
    parts = [say(text).format(
        rule=best, measure=worth.measure(data, say), score=score, epoch=1 + int(np.nanargmax(curves[best])),
        names=", ".join(near))]  # fmt: skip
    if worst != best and worst not in near:
        text = N_("**{rule}** reaches only {score}.")
        parts.append(say(text).format(rule=worst, score=worth.decimals(highest[worst])))
    return parts


def _leaped(name: str, curve: np.ndarray, say: Say) -> str:
    """Say how high a loss jumped, and whether it is stable since: it falls in at least 90% of the later epochs."""
    top = int(curve.argmax())
    after = np.diff(curve[top:])
    if top == curve.size - 1 and curve[-1] > GROWN * curve[0]:
        text = N_("**{name}** diverges: its loss grows to {top} by epoch {epoch}.")
    elif curve[-1] < curve[0]:
        text = N_("The loss of **{name}** jumps to {top} at epoch {epoch} and comes back down to {last}.")
    elif after.size and (after > 0).mean() > 0.1:
        text = N_("The loss of **{name}** jumps to {top} at epoch {epoch}, stays unstable, and ends at {last}.")
    else:
        text = N_("The loss of **{name}** jumps to {top} at epoch {epoch} and ends at {last}.")
    return say(text).format(name=name, top=number(float(curve[top])), epoch=top, last=_loss(float(curve[-1])))


def _loss(value: float) -> str:
    """Return a loss with three decimals, or with three digits if three decimals are too few or too many."""
    return f"{value:.3f}" if 0.01 <= value < 100 else number(value)


def overfitted(
    study: Remedies, history: History, lines: Sequence[Line], say: Say, *, done: bool, revealed: bool = False,
    measure: str = "loss",
) -> str:  # fmt: skip
    """Return sentences that describe overfitting: the network without regularization, the best one, and early stopping.

    `lines` are those of `figures.overfitting.lines`, and `measure`, "loss" or "score", is what the curves show. The
    test set is mentioned once it is `revealed`, at the end.
    """
    if history.val_loss.shape[1] < 2:
        return say(N_("Training is about to start."))
    data = find_data(study.dataset)
    if measure == "loss":
        parts = _losses(history, lines, say, done=done)
    else:
        parts = _scores(history, lines, say, worth.measure(data, say), done=done)
    if done:
        lost_others = [line.name for i, line in enumerate(lines) if i and not np.isfinite(history.val_loss[i, -1])]
        parts += [say(N_("Diverged: {names}.")).format(names=", ".join(lost_others))] if lost_others else []
        parts += stopped(study, history, lines[:1], say, measure=measure)
        parts += _revealed(history, lines, say) if revealed else []
        parts += worth.unbeaten(history, {line.name: line.rows for line in lines}, data, say)
    return " ".join(parts)


RISEN = 1.05  # times the lowest loss: a curve that ends there has risen again


def _losses(history: History, lines: Sequence[Line], say: Say, *, done: bool) -> list[str]:
    """Say where validation loss is lowest without regularization, where it ends, and where the best network ends."""
    curve = history.val_loss[0]
    beyond, last = lost(curve), float(curve[-1])
    epoch = 1 + int(np.nanargmin(curve[1:])) if np.isfinite(curve[1:]).any() else 0
    if beyond is not None:
        text = N_("Without regularization the network diverges at epoch {beyond}.")
    elif not done:
        text = N_("Without regularization validation loss was lowest at epoch {epoch} ({lowest}); now it is {last}.")
    elif last > RISEN * curve[epoch]:
        text = N_("Without regularization validation loss is lowest at epoch {epoch} ({lowest}) and ends at {last}.")
    else:
        text = N_("Without regularization validation loss ends at {last}, near its lowest ({lowest}).")
    parts = [say(text).format(beyond=beyond, epoch=epoch, lowest=_loss(float(curve[epoch])), last=_loss(last))]
    ends = np.where(np.isfinite(history.val_loss[:, -1]), history.val_loss[:, -1], np.inf)
    best = int(ends.argmin())
    if done and best:
        parts.append(say(N_("With **{name}** validation loss ends at {loss}.")).format(
            name=lines[best].name, loss=_loss(float(ends[best]))))  # fmt: skip
    elif done and len(lines) > 1 and np.isfinite(ends[0]):
        parts.append(say(N_("No other network ends lower.")))
    return parts


def _scores(history: History, lines: Sequence[Line], say: Say, measure: str, *, done: bool) -> list[str]:
    """Say the final training and validation scores without regularization, and the best network's."""
    train, val = history.train_score[0, -1], history.val_score[:, -1]
    text = N_("Without regularization {measure} ends at {train} (training) and {val} (validation).")
    if not done:
        text = N_("Without regularization {measure} is now {train} (training) and {val} (validation).")
    if not np.isfinite(history.val_loss[0, -1]):
        text = N_("Without regularization the network diverges at epoch {beyond}.")
    told = {"train": worth.decimals(train), "val": worth.decimals(val[0]), "beyond": lost(history.val_loss[0])}
    parts = [say(text).format(measure=measure, **told)]
    ends = np.where(np.isfinite(val), val, -np.inf)
    best = int(ends.argmax())
    if done and best:
        errors = [worth.margin(history, float(ends[row]), row, 1) for row in (0, best)]
        text = N_("With **{name}** the validation score ends at {score}.")
        if ends[best] - ends[0] <= np.fmax.reduce(errors):
            text = N_("With **{name}** the validation score ends at {score}, a difference within one standard error.")
        parts.append(say(text).format(name=lines[best].name, score=worth.decimals(ends[best])))
    elif done and len(lines) > 1 and np.isfinite(ends[0]):
        parts.append(say(N_("No other network ends higher.")))
    return parts


SHORT = 0.98  # times the loss that is kept: if the loss falls below that later, the patience was too short


def stopped(
    study: Stopping, history: History, lines: Sequence[Line], say: Say, *, measure: str = "loss"
) -> list[str]:  # fmt: skip
    """Return the effect of early stopping on the networks of `lines`: the loss it keeps, and whether it stops too soon.

    It is only for networks of one seed with a validation set, once the training is over.
    """
    rows = [line.rows.start for line in lines if line.rows.stop - line.rows.start == 1]
    if study.patience is None or len(rows) < len(lines) or not np.isfinite(history.val_loss).any():
        return []
    found = stops(history, study)
    if len(rows) == 1:
        return _kept(found, history, rows[0], say, measure)
    early = [line for line in lines if found.early[line.rows.start]]
    if not early:
        return [say(N_("**Early stopping** stops no network before the last epoch."))]
    text = N_("**Early stopping** stops {count} of {all} networks before the last epoch.")
    parts = [say(text).format(count=len(early), all=len(lines))]
    short = []
    for line in early:
        row = line.rows.start
        if (later := _falls_later(found, history, row)) is not None:
            text = N_("{name} ({kept}, then {lowest} at epoch {epoch})")
            kept = _loss(float(history.val_loss[row, found.kept[row]]))
            lowest = _loss(float(history.val_loss[row, later]))
            short.append(say(text).format(name=line.name, kept=kept, lowest=lowest, epoch=f"{later:,}"))
    if short:
        text = N_("The patience is too short for {names}: validation loss falls further later.")
        parts.append(say(text).format(names=", ".join(short)))
    return parts


def _kept(found: Stops, history: History, row: int, say: Say, measure: str) -> list[str]:
    """Say what early stopping keeps of one network."""
    curve, stop, kept = history.val_loss[row], int(found.stop[row]), int(found.kept[row])
    beyond, later = lost(curve), _falls_later(found, history, row)
    if beyond is not None and not curve[kept] < curve[0]:
        return []  # it diverged in its first epoch, which is reported elsewhere
    if not found.early[row]:
        return [say(N_("**Early stopping** does not end the training before the last epoch."))]
    if beyond is not None and beyond <= stop:
        text = N_("**Early stopping** keeps the weights of epoch {kept_epoch}, before the network diverges: {kept}.")
    elif beyond is not None:
        text = N_("**Early stopping** at epoch {stop} keeps {kept} on validation; later the network diverges.")
    elif later is not None and measure == "loss":
        text = N_("**Early stopping** at epoch {stop} keeps {kept}; without it validation loss falls to {lowest} "
                  "at epoch {later}: the patience is too short.")  # fmt: skip
    elif later is not None:
        text = N_("**Early stopping** at epoch {stop} keeps {kept} on validation; the loss falls further later: "
                  "the patience is too short.")  # fmt: skip
    else:
        text = N_("**Early stopping** at epoch {stop} keeps {kept} on validation.")
    value = _loss(float(curve[kept])) if measure == "loss" else worth.decimals(float(history.val_score[row, kept]))
    lowest = "" if later is None else _loss(float(curve[later]))
    return [say(text).format(
        stop=f"{stop:,}", kept_epoch=f"{kept:,}", kept=value, lowest=lowest, later=later and f"{later:,}")]  # fmt: skip


def _falls_later(found: Stops, history: History, row: int) -> int | None:
    """Return the epoch after an early stop with the lowest loss, if that is clearly lower than the loss before it."""
    curve, stop, best = history.val_loss[row], int(found.stop[row]), int(found.best[row])
    later = curve[stop + 1 :]
    if not found.early[row] or not np.isfinite(later).any():
        return None
    epoch = stop + 1 + int(np.nanargmin(later))
    return epoch if curve[epoch] < SHORT * curve[best] else None


def _revealed(history: History, lines: Sequence[Line], say: Say) -> list[str]:
    """Return the test scores of the network without regularization, and of the one selected by validation."""
    last = np.where(np.isfinite(history.val_loss[:, -1]), history.val_loss[:, -1], np.inf)
    chosen = int(last.argmin())
    if not np.isfinite(history.test_score[[0, chosen]]).all():
        return []
    plain, told = (worth.decimals(history.test_score[row]) for row in (0, chosen))
    if not chosen:
        return [say(N_("Test set, evaluated once: {plain}.")).format(plain=plain)]
    text = N_("Test set, evaluated once: **{name}** {score}, without regularization {plain}.")
    return [say(text).format(name=lines[chosen].name, score=told, plain=plain)]
