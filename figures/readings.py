"""Readings are sentences that describe a picture, made from the numbers from which it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from datasets import Dataset
from datasets import find as find_data
from experiments.descend import Descent, Race, curvature
from experiments.divergence import cause
from experiments.fit import History
from experiments.remedies import Remedies
from figures import worth
from figures.race import caused
from figures.scene import Say, bold, leaders, loss_text, names, number
from figures.stopping import stopped
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
        first = arrived[0][0]
        winners = [title for step, title in arrived if step == first]
        text = N_("**{rule}** reaches the minimum first, at step {step} (f − f* < {near}).")
        if len(winners) > 1:
            text = N_("Tied: {rules} reach the minimum at step {step} (f − f* < {near}).")
        parts.append(say(text).format(
            rule=winners[0], rules=bold(winners), step=first, near=number(float(f"{run.tolerance:.2g}"))))  # fmt: skip
        if late:
            parts.append(say(N_("Minimum not reached by step {steps}: {rules}.")).format(
                steps=race.steps, rules=", ".join(late)))  # fmt: skip
    elif late:
        ends = {title: float(run.loss[i, -1]) for i, title in enumerate(titles) if title in late}
        best, value = leaders(ends, number, min)
        text = (
            N_("No optimizer reaches the minimum by step {steps}; **{rule}** is lowest, at f = {value}.")
            if surface.minimum is not None
            else N_("No minimum is known on this surface; at step {steps} **{rule}** is lowest, at f = {value}.")
            if isinstance(surface, Formula)
            else N_("This surface is unbounded below; at step {steps} **{rule}** is lowest, at f = {value}.")
        )
        if len(best) > 1:
            text = (
                N_("No optimizer reaches the minimum by step {steps}. Tied: {rules}, at f = {value}.")
                if surface.minimum is not None
                else N_("No minimum is known on this surface. Tied at step {steps}: {rules}, at f = {value}.")
                if isinstance(surface, Formula)
                else N_("This surface is unbounded below. Tied at step {steps}: {rules}, at f = {value}.")
            )
        parts.append(say(text).format(steps=race.steps, rule=best[0], rules=bold(best), value=value))
    still = [title for i, title in enumerate(titles) if title in late and _still(surface, run, i)]
    if still:
        text = N_("Nothing can move here: the length of the gradient at the start is {size} ({rules}).")
        size = float(np.hypot(*run.gradient[0, 0]))
        parts.append(say(text).format(size=number(size), rules=", ".join(still)))
    parts += [_lost(race, run, i, titles[i], say) for i in lost]
    return " ".join(parts)


def _still(surface: Surface, run: Descent, i: int) -> bool:
    """Return whether a contender stays where it starts, within a millionth of the domain's size."""
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
        return say(text).format(rule=title, step=step, rate=brief(first, 4), bound=number(2 / steepest))
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
            parts.append(say(text).format(low=number(low), high=number(high), bound=number(2 / high)))
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
        parts = _lowest(usual or moved, there, say, held=held, done=done)
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


def _lowest(
    curves: dict[str, np.ndarray], everyone: dict[str, np.ndarray], say: Say, *, held: bool, done: bool
) -> list[str]:
    """Say which curve is lowest of `everyone` and how it got there, which of `curves` is highest, and which never fall.

    The untrained network is never best, as in early stopping; a curve never falls if its loss before training is
    lowest. If no curve falls, none is named as the lowest.
    """
    fallen = {name: curve for name, curve in curves.items() if curve[1:].min() < curve[0]}
    risen = [name for name in curves if name not in fallen]
    parts = _fallen(fallen, everyone, say, held=held, done=done) if fallen else []
    if risen:
        text = N_("Never below the initial loss: {names}.")
        parts.append(say(text).format(names=", ".join(risen)))
    return parts


def _fallen(
    curves: dict[str, np.ndarray], everyone: dict[str, np.ndarray], say: Say, *, held: bool, done: bool
) -> list[str]:
    """Say which curve is lowest of `everyone` and how it got there, and which is highest of the `curves` that fall."""
    lowest = {name: float(curve[1:].min()) for name, curve in everyone.items()}
    winners, loss = leaders(lowest, loss_text, min)
    best, worst = winners[0], max(curves, key=lowest.__getitem__)
    text = {
        (True, True): N_("**{rule}** has the lowest validation loss: {loss} at epoch {epoch}."),
        (True, False): N_("So far **{rule}** has the lowest validation loss: {loss} at epoch {epoch}."),
        (False, True): N_("**{rule}** has the lowest training loss: {loss} at epoch {epoch}."),
        (False, False): N_("So far **{rule}** has the lowest training loss: {loss} at epoch {epoch}."),
    }[held, done]
    curve = everyone[best]
    if len(winners) > 1:
        text = N_("Tied for the lowest {loss_name}, {loss}: {rules}.")
        loss_name = say(N_("validation loss") if held else N_("training loss"))
        parts = [say(text).format(loss_name=loss_name, loss=loss, rules=bold(winners))]
    else:
        parts = [say(text).format(rule=best, loss=loss, epoch=1 + int(curve[1:].argmin()))]
    if len(winners) == 1 and curve.size > 5 and (np.diff(curve) < 0).all():
        text = N_("It falls every epoch, from {first} to {last}.")
        parts.append(say(text).format(first=loss_text(curve[0]), last=loss_text(curve[-1])))
    if worst not in winners:
        text = N_("**{rule}** reaches only {loss} on validation.") if held else N_("**{rule}** reaches only {loss}.")
        parts.append(say(text).format(rule=worst, loss=loss_text(lowest[worst])))
    return parts


def _highest(history: History, lines: Sequence[Line], data: Dataset, say: Say, *, done: bool) -> list[str]:
    """Say which network has the highest score, unless others are within one standard error of its accuracy."""
    held = bool(np.isfinite(history.val_score).any())
    curves = {line.name: middle((history.val_score if held else history.train_score)[line.rows])[1:] for line in lines}
    rows = {line.name: line.rows.start for line in lines}
    highest = {name: float(np.nanmax(curve)) for name, curve in curves.items() if np.isfinite(curve).any()}
    if not highest:
        return []
    winners, _text = leaders(highest, worth.decimals, max)
    best, worst = winners[0], min(highest, key=lambda name: highest[name])
    error = worth.margin(history, highest[best], rows[best], 1) if held else np.nan
    near = [name for name, score in highest.items() if name not in winners and highest[best] - score <= error]
    text = {
        (True, True): N_("**{rule}** has the highest validation {measure}: {score} at epoch {epoch}."),
        (True, False): N_("So far **{rule}** has the highest validation {measure}: {score} at epoch {epoch}."),
        (False, True): N_("**{rule}** has the highest training {measure}: {score} at epoch {epoch}."),
        (False, False): N_("So far **{rule}** has the highest training {measure}: {score} at epoch {epoch}."),
    }[held, done]
    if len(winners) > 1:
        text = N_("Tied for the highest {score_name}, {score}: {rules}.")
    if near:
        text = N_("No clear winner: {rules} are within one standard error of the highest {score_name}, {score}.")
    score_name = say(N_("validation {measure}") if held else N_("training {measure}"))
    score_name = score_name.format(measure=worth.measure(data, say))
    score = worth.scored(history, highest[best], rows[best], 1) if held else worth.decimals(highest[best])
    parts = [say(text).format(
        rule=best, measure=worth.measure(data, say), score=score, epoch=1 + int(np.nanargmax(curves[best])),
        rules=bold([*winners, *near]), score_name=score_name)]  # fmt: skip
    if not held and np.isfinite(history.val_loss).any():
        parts += worth.pointless(history, data, 1, say)
    if worst not in (*winners, *near):
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
    return say(text).format(name=name, top=number(float(curve[top])), epoch=top, last=loss_text(float(curve[-1])))


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
        parts = _scores(history, lines, data, say, done=done)
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
    elif not curve[epoch] < curve[0]:
        text = N_("Without regularization validation loss never falls below that of the untrained network ({first}); "
                  "now it is {last}.")  # fmt: skip
        if done:
            text = N_("Without regularization validation loss never falls below that of the untrained network "
                      "({first}) and ends at {last}.")  # fmt: skip
    elif not done:
        text = N_("Without regularization validation loss was lowest at epoch {epoch} ({lowest}); now it is {last}.")
    elif last > RISEN * curve[epoch]:
        text = N_("Without regularization validation loss is lowest at epoch {epoch} ({lowest}) and ends at {last}.")
    else:
        text = N_("Without regularization validation loss ends at {last}, near its lowest ({lowest}).")
    parts = [
        say(text).format(
            beyond=beyond,
            epoch=epoch,
            lowest=loss_text(float(curve[epoch])),
            first=loss_text(float(curve[0])),
            last=loss_text(last),
        )
    ]
    if done:
        ends = {i: float(end) for i, end in enumerate(history.val_loss[:, -1]) if np.isfinite(end)}
        parts += _others(ends, loss_text, min, lines, N_("With {names} validation loss ends at {value}."),
                         N_("No other network ends lower."), say)  # fmt: skip
    return parts  # fmt: skip


def _others(
    ends: Mapping[int, float], write: Callable[[float], str], best: Callable[..., int], lines: Sequence[Line],
    text: str, none: str, say: Say,
) -> list[str]:  # fmt: skip
    """Name the networks that end best, by `text`; if the first network is one of them, no other is better: `none`."""
    winners, value = leaders(ends, write, best) if ends else ([], "")
    if 0 in winners:
        return [say(none)] if len(lines) > 1 else []
    return [say(text).format(names=bold([lines[i].name for i in winners]), value=value)] if winners else []


def _scores(history: History, lines: Sequence[Line], data: Dataset, say: Say, *, done: bool) -> list[str]:
    """Say the final training and validation scores without regularization, and the best network's."""
    train, val = history.train_score[0, -1], history.val_score[:, -1]
    text = N_("Without regularization {measure} ends at {train} (training) and {val} (validation).")
    if not done:
        text = N_("Without regularization {measure} is now {train} (training) and {val} (validation).")
    if lost(history.val_loss[0]) is not None:
        text = N_("Without regularization the network diverges at epoch {beyond}.")
    told = {"train": worth.decimals(train), "val": worth.decimals(val[0]), "beyond": lost(history.val_loss[0])}
    parts = [say(text).format(measure=worth.measure(data, say), **told)]
    if not np.isfinite(val).any():
        return parts + worth.pointless(history, data, 1, say)
    if done:
        ends = {i: float(end) for i, end in enumerate(val) if np.isfinite(end)}
        best = max(ends, key=ends.__getitem__)
        text = N_("With {names} the validation score ends at {value}.")
        errors = [worth.margin(history, ends[row], row, 1) for row in (0, best) if row in ends]
        if 0 in ends and ends[best] - ends[0] <= np.fmax.reduce(errors):
            text = N_("Within one standard error of that: {names}, {value} (validation).")
        parts += _others(ends, worth.decimals, max, lines, text, N_("No other network ends higher."), say)
    return parts


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
