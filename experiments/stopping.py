"""Early stopping, applied to finished curves of validation loss: the settings of Keras's callback, and the results."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from experiments.fit import History, early_stop
from spec import N_, setting

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, kw_only=True)
class Stopping:
    """The settings of early stopping in a study; names and meaning are those of `keras.callbacks.EarlyStopping`.

    They are only applied to the finished curves and never change the training. A `patience` of None means no early
    stopping.
    """

    patience: int | None = setting(
        20, N_("Patience of early stopping"), low=1, high=100, minimum=1, maximum=20_000, optional=True,
        help=N_("Training stops after this many epochs in a row without improvement of the validation loss."),
    )  # fmt: skip
    min_delta: float = setting(
        0.0, N_("Smallest improvement that counts (min_delta)"), low=0.0, high=0.1, minimum=0, maximum=1000,
        help=N_("An epoch counts as an improvement if its validation loss is below the lowest so far by more than "
                "this value."),
    )  # fmt: skip
    start_from_epoch: int = setting(
        0, N_("First epochs to ignore (start_from_epoch)"), low=0, high=100, minimum=0, maximum=20_000,
        help=N_("Early stopping ignores these epochs."),
    )  # fmt: skip
    restore_best_weights: bool = setting(
        True, N_("Restore the best weights (restore_best_weights)"),
        help=N_("Off (the default in Keras, and in the lecture notes): the weights of the epoch after which "
                "training stops are kept. The notes count epochs from 0: their epoch 585 is epoch 586 here."),
    )  # fmt: skip


class Stops(NamedTuple):
    """The results of early stopping for k networks, [k] each.

    `stop` is the epoch after which training ends, `best` the best epoch up to then, `kept` the epoch whose weights are
    kept, and `early` is whether training ended because the loss did not improve, not because all epochs were over.
    """

    stop: Array
    best: Array
    kept: Array
    early: Array


def stops(history: History, settings: Stopping) -> Stops:
    """Return the results of early stopping for the curves so far, see `experiments.fit.early_stop`.

    Without patience, or without a validation set, training goes to its end, and the last weights are kept.
    """
    k, last = len(history.best_epoch), history.train_loss.shape[1] - 1
    if settings.patience is None or not history.val_loss.size:
        end = np.full(k, last)
        return Stops(end, np.minimum(history.best_epoch, last), end, np.zeros(k, bool))
    stop, best = early_stop(history.val_loss, settings.patience, settings.min_delta, settings.start_from_epoch)
    waited_out = (stop < last) | (stop - np.maximum(best, settings.start_from_epoch) >= settings.patience)
    early = waited_out & ~np.isnan(history.val_loss).all(axis=1)
    return Stops(stop, best, best if settings.restore_best_weights else stop, early)


def best_so_far(val_loss: Array, settings: Stopping) -> Array:
    """Return the best epoch up to every epoch, [n] -> [n]; patience counts the epochs since then."""
    best, least, found = 0, math.inf, []
    for epoch, loss in enumerate(val_loss.tolist()):
        if epoch <= settings.start_from_epoch:
            best = epoch  # patience does not count yet
        elif loss + settings.min_delta < least:
            best, least = epoch, loss
        found.append(best)
    return np.array(found)
