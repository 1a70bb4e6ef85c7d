"""Variants of one small network, trained side by side on the same data.

A variant is a `Fit`. Variants of one shape train together, in lock-step: from the same initial weights, on the same
batches, with the same random numbers for dropout, unless their seeds differ. Training is a chain of pure steps,

    state = begin(variants)
    state, chunk = advance(state, epochs=10)    # and again, until state.done
    history = join([chunk, ...])

so it can be shown while it grows, stopped, moved to another process, and taken up again; `fit(variants)` is the whole
chain. However the chain is cut, and whichever variants train beside one another, every number comes out the same.
"""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from datasets import DATASETS, SCALERS, prepare
from networks import ACTIVATIONS, INITS, count_params, count_weights, draw_weights
from optimizers import Adam, Optimizer, Scheduled
from spec import N_, Refused, check, setting

if TYPE_CHECKING:
    from torch import Tensor

    from networks.stack import Stack

__all__ = ["Chunk", "Fit", "History", "State", "advance", "advance_for", "begin", "early_stop", "fit", "join", "stacks"]

Array = np.ndarray[Any, np.dtype[Any]]

MAX_LAYERS = 8
MAX_NUMBERS = 2_000_000  # weights and biases of all networks of a stack: each costs 16 bytes in every chunk
MAX_SECONDS = 600
GRID = 64  # points along each side of a drawn decision boundary


@dataclass(frozen=True)
class Fit:
    """One network, the data it learns from, and the way it learns: everything a training run depends on.

    Penalties act on weights, not on biases: `l2` adds l2 · w to a weight's gradient (the derivative of l2/2 · w²), `l1`
    adds l1 · sign(w) (of l1 · |w|). Dropout follows every hidden activation, in training only, and scales what it
    keeps by 1 / (1 - dropout). Raises `Refused` where a value has no meaning or would take too long.
    """

    dataset: str = setting("breast_cancer", N_("Data set"), choices=tuple(DATASETS))
    hidden: tuple[int, ...] = setting((16, 16), N_("Hidden units"), low=1, high=128, minimum=1, maximum=512)
    activation: str = setting("relu", N_("Activation"), choices=tuple(ACTIVATIONS))
    init: str = setting("he", N_("Initial weights"), choices=tuple(INITS))
    init_scale: float = setting(
        1.0, N_("Scale of the initial weights"), symbol="s", low=1e-4, high=10.0, log=True, minimum=0, maximum=1000
    )
    optimizer: Optimizer = setting(Adam(), N_("Rule"))  # noqa: RUF009
    bias_optimizer: Optimizer | None = setting(  # noqa: RUF009
        None, N_("Rule for the biases"), optional=True, help=N_("None: the biases follow the rule of the weights.")
    )
    batch_size: int | None = setting(
        32, N_("Batch size"), low=1, high=256, log=True, minimum=1, maximum=1_000_000, optional=True,
        help=N_("None: all rows in one batch."),
    )  # fmt: skip
    epochs: int = setting(100, N_("Epochs"), low=10, high=1000, log=True, minimum=1, maximum=5000)
    l1: float = setting(0.0, N_("L1 penalty"), symbol=r"\lambda_1", low=0.0, high=0.1, minimum=0, maximum=1000)
    l2: float = setting(0.0, N_("L2 penalty"), symbol=r"\lambda_2", low=0.0, high=0.1, minimum=0, maximum=1000)
    dropout: float = setting(0.0, N_("Dropout"), symbol="p", low=0.0, high=0.9, minimum=0, maximum=0.95)
    seed: int = setting(0, N_("Seed"), low=0, high=99, minimum=0, maximum=2**31 - 1)
    rows: int | None = setting(
        None, N_("Training rows"), low=20, high=500, log=True, minimum=2, maximum=1_000_000, optional=True,
        help=N_("At most this many rows of the training part are kept. None: all."),
    )  # fmt: skip
    test_size: float = setting(0.2, N_("Share of the test part"), low=0.1, high=0.5, minimum=0.05, maximum=0.5)
    val_size: float = setting(
        0.2, N_("Share of the validation part"), low=0.0, high=0.5, minimum=0, maximum=0.5,
        help=N_("Of the rows that the test part leaves. 0: no validation part."),
    )  # fmt: skip
    split_seed: int = setting(0, N_("Seed of the split"), low=0, high=99, minimum=0, maximum=2**31 - 1)
    scaling: str = setting("standard", N_("Scaling of the columns"), choices=tuple(SCALERS))
    scaler_sees: str = setting(
        "train", N_("The scaler has seen"), choices=(N_("train"), N_("train+val")),
        help=N_("A scaler that has seen the validation part has told the network something about it."),
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self)
        if not isinstance(self.hidden, tuple) or len(self.hidden) > MAX_LAYERS:
            raise Refused(N_("Hidden units must be given for at most {count} layers."), count=MAX_LAYERS)
        whole = (self.batch_size, self.epochs, self.seed, self.rows, self.split_seed, *self.hidden)
        for number in whole:
            if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
                raise Refused(N_("{value} must be a whole number."), value=number)
        for rule in (self.optimizer, self.bias_optimizer or self.optimizer):
            if not isinstance(rule, Optimizer):
                raise Refused(N_("{value} is not a rule by which weights move."), value=rule)
        _check_size([self])


# What the variants of a stack may differ in; they share everything else, so that one array holds them all.
FREE = {"optimizer", "bias_optimizer", "init", "init_scale", "l1", "l2", "dropout", "seed"}
SHARED = [field.name for field in dataclasses.fields(Fit) if field.name not in FREE]


class State(NamedTuple):
    """Training as it stands after `epoch` epochs; row i of every array belongs to `variants[i]`.

    `params` [k, P] are the weights now, `best_params` those with the lowest validation loss so far, `best_loss` [k].
    `memory` holds the states of the rules that move the stack, see `_moves`, and `schedules` what their schedules
    remember.
    """

    variants: tuple[Fit, ...]
    epoch: int
    params: Array
    memory: tuple[dict[str, Any], ...]
    schedules: tuple[list[dict[str, Array]], ...]
    best_params: Array
    best_loss: Array

    @property
    def done(self) -> bool:
        """Whether all epochs have been trained."""
        return self.epoch >= self.variants[0].epochs


class Chunk(NamedTuple):
    """What one `advance` adds to a history: n columns [k, n] of every curve, the first that of `first_epoch`.

    The first chunk starts with epoch 0, the untrained networks. `test_loss`, `test_score` and `best_test_score` [k] are
    nan until the last chunk. `boundary` is described at `History`.
    """

    first_epoch: int
    train_loss: Array
    val_loss: Array
    train_score: Array
    val_score: Array
    test_loss: Array
    test_score: Array
    best_test_score: Array
    boundary: Array | None


class History(NamedTuple):
    """How k variants trained: curves [k, epochs + 1], column 0 being the untrained network, and results [k].

    Losses are means over rows: cross-entropy in nats, or squared error as a share of the training targets' variance.
    Scores are the share told rightly, or R² for numbers. Both are taken without dropout and without penalties. They
    are nan where a network has diverged, and where there is no validation part. `test_loss` and `test_score` belong to
    the final weights, `best_test_score` to those of `best_epoch`, the first with the lowest validation loss (without a
    validation part, the last). The test part is scored once, at the end, and is nan until then.

    `boundary` [k, 64, 64] is there for data sets with a `box`: what the network says, as it stands, at the points
    of an even grid over the box, y ascending along axis 1 and x along axis 2, borders included. It is the probability
    of class 1 from 0 to 255, in uint8; 128 where there is none.
    """

    train_loss: Array
    val_loss: Array
    train_score: Array
    val_score: Array
    test_loss: Array
    test_score: Array
    best_epoch: Array
    best_test_score: Array
    boundary: Array | None


def stacks(variants: Sequence[Fit]) -> list[list[int]]:
    """Return the indices of the variants that can train together, group by group, in order of appearance."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, variant in enumerate(variants):
        groups.setdefault(tuple(getattr(variant, name) for name in SHARED), []).append(index)
    return list(groups.values())


def begin(variants: Sequence[Fit]) -> State:
    """Return the untrained networks of variants that differ in nothing but `FREE`.

    Raises `Refused` for variants that cannot train together, or are too many.
    """
    variants = tuple(variants)
    if len(stacks(variants)) != 1:
        differing = [name for name in SHARED if len({getattr(variant, name) for variant in variants}) > 1]
        raise Refused(
            N_("Networks that train together share their data, shape, batches and epochs; these differ in: {names}."),
            names=", ".join(differing) or "-",
        )
    _check_size(variants)
    sizes = _sizes(variants[0])
    params = np.zeros((len(variants), count_params(sizes)), np.float32)
    for row, variant in zip(params, variants, strict=True):
        weights = draw_weights(sizes, variant.init, variant.init_scale, _random(variant.seed, "init"))
        row[: len(weights)] = weights
    moves = _moves(variants)[1]
    memory = tuple(move.rule.init(params[move.rows, move.columns]) for move in moves)
    schedules = tuple(move.scheduled(variants[0].epochs).memory for move in moves)
    return State(variants, 0, params, memory, schedules, params, np.full(len(variants), np.inf))


def advance(state: State, epochs: int) -> tuple[State, Chunk]:
    """Return the state `epochs` epochs on, or at the end if that is nearer, and what to add to the history."""
    return _train(state, epochs, seconds=np.inf)


def advance_for(state: State, seconds: float) -> tuple[State, Chunk]:
    """As `advance`, for as many epochs as begin within `seconds`, at least one.

    How far it comes depends on the machine; the numbers do not.
    """
    return _train(state, state.variants[0].epochs, seconds)


def fit(variants: Sequence[Fit]) -> History:
    """Train variants that differ in nothing but `FREE` to the end."""
    state = begin(variants)
    return join([advance(state, variants[0].epochs)[1]])


def join(chunks: Sequence[Chunk]) -> History:
    """Return the history so far, from the chunks so far."""
    last = chunks[-1]
    curves = ("train_loss", "val_loss", "train_score", "val_score")
    joined = {name: np.concatenate([getattr(chunk, name) for chunk in chunks], axis=1) for name in curves}
    _, best_epoch = early_stop(joined["val_loss"], patience=joined["val_loss"].shape[1])
    return History(
        **joined,
        test_loss=last.test_loss,
        test_score=last.test_score,
        best_epoch=best_epoch,
        best_test_score=last.best_test_score,
        boundary=last.boundary,
    )


def early_stop(val_loss: Array, patience: int) -> tuple[Array, Array]:
    """Return the epoch at which training would have stopped, and the best epoch until then, [k] each.

    Training stops at the first epoch that is `patience` epochs after the one with the least loss so far, or else at the
    last. nan is never least; a row that is all nan (there is no validation part) goes to its end and is best there.
    Raises `Refused` for a patience below 1.
    """
    if patience < 1:
        raise Refused(N_("Patience must be at least 1 epoch, not {patience}."), patience=patience)
    epochs = np.arange(val_loss.shape[1])
    loss = np.where(np.isnan(val_loss), np.inf, val_loss)
    least = np.minimum.accumulate(loss, axis=1)
    lowered = least[:, 1:] < least[:, :-1]
    best = np.maximum.accumulate(np.where(lowered, epochs[1:], 0), axis=1)
    best = np.pad(best, ((0, 0), (1, 0)))
    waited = epochs - best >= patience
    stop = np.where(waited.any(axis=1), waited.argmax(axis=1), epochs[-1])
    best = np.take_along_axis(best, stop[:, None], axis=1)[:, 0]
    missing = np.isnan(val_loss).all(axis=1)
    return np.where(missing, epochs[-1], stop), np.where(missing, epochs[-1], best)


def _train(state: State, epochs: int, seconds: float) -> tuple[State, Chunk]:
    """Train until `epochs` epochs or `seconds` seconds have passed, and score the test part if that is the end."""
    # Imported here: torch takes two seconds and 300 MB, and the web process reads this module for `Fit` and `History`.
    from networks.stack import Stack
    from networks.tasks import TASKS

    if state.done or epochs < 1:
        raise ValueError(f"cannot train {epochs} epochs from epoch {state.epoch} of {state.variants[0].epochs}")
    deadline = time.monotonic() + seconds
    order, moves = _moves(state.variants)
    back = np.argsort(order)
    variants = [state.variants[index] for index in order]
    shared = variants[0]
    data = _tensors(*(getattr(shared, name) for name in _PREPARED))
    task = TASKS[DATASETS[shared.dataset].task]

    # Indexing copies, so that what is done in place below leaves `state` as it is.
    stack = Stack(_sizes(shared), shared.activation, state.params[order])
    best = Stack(_sizes(shared), shared.activation, state.best_params[order])
    best_loss = state.best_loss[order]
    memory, schedules = copy.deepcopy((state.memory, state.schedules))
    scheduled = [move.scheduled(shared.epochs, past) for move, past in zip(moves, schedules, strict=True)]
    steps = [
        (one.rule, stack.params[move.rows, move.columns], stack.grads[move.rows, move.columns], slots)
        for one, move, slots in zip(scheduled, moves, memory, strict=True)
    ]
    penalise = _penalties(variants)
    columns = []

    def measure() -> Array:
        """Add to the curves, keep the best weights, and return the losses that schedules see."""
        outputs = stack.evaluate(data.seen_x)
        train_loss, train_score = task.measure(outputs[:, : len(data.train_y)], data.train_y)
        val_loss, val_score = task.measure(outputs[:, len(data.train_y) :], data.val_y)
        columns.append((train_loss, val_loss, train_score, val_score))
        lower = val_loss < best_loss
        best.params[lower], best_loss[lower] = stack.params[lower], val_loss[lower]
        return val_loss if shared.val_size else train_loss

    with _one_thread(), np.errstate(all="ignore"):  # divergence is data
        epoch = state.epoch
        end = min(epoch + epochs, shared.epochs)
        if epoch == 0:
            measure()
        while epoch < end and (epoch == state.epoch or time.monotonic() < deadline):
            for one in scheduled:
                one.set(epoch)
            epoch += 1
            for x, y, masks in _batches(variants, data, epoch):
                outputs = stack(x, masks)
                stack.backward(outputs, task.slope(outputs.detach(), y) / x.shape[1])
                penalise(stack)
                for rule, params, grads, slots in steps:
                    rule.step(params, grads, slots)
            losses = measure()
            for one, move in zip(scheduled, moves, strict=True):
                one.see(losses[move.rows])

        test_loss = test_score = best_test_score = np.full(len(variants), np.nan)
        if epoch == shared.epochs:
            test_loss, test_score = task.measure(stack.evaluate(data.test_x), data.test_y)
            chosen = best if shared.val_size else stack
            _, best_test_score = task.measure(chosen.evaluate(data.test_x), data.test_y)
        boundary = None if data.grid is None else _boundary(stack.evaluate(data.grid))[back]

    chunk = Chunk(
        state.epoch + 1 if state.epoch else 0,
        *(np.stack(curve, axis=1)[back] for curve in zip(*columns, strict=True)),
        test_loss=test_loss[back],
        test_score=test_score[back],
        best_test_score=best_test_score[back],
        boundary=boundary,
    )
    after = State(state.variants, epoch, stack.params[back], memory, schedules, best.params[back], best_loss[back])
    return after, chunk


class _Move(NamedTuple):
    """One rule and the block of the stack that it moves."""

    rule: Optimizer
    rows: slice
    columns: slice

    def scheduled(self, epochs: int, memory: Sequence[dict[str, Array]] = ()) -> Scheduled:
        """Return the rule with its schedules, whose ticks are epochs."""
        return Scheduled(self.rule, self.rows.stop - self.rows.start, epochs, memory)


def _moves(variants: Sequence[Fit]) -> tuple[list[int], list[_Move]]:
    """Return an order in which variants that follow the same rules are neighbours, and who moves what in that order."""
    groups: dict[tuple[type, type | None], list[int]] = {}
    for index, variant in enumerate(variants):
        kind = (type(variant.optimizer), type(variant.bias_optimizer) if variant.bias_optimizer else None)
        groups.setdefault(kind, []).append(index)

    n_weights = count_weights(_sizes(variants[0]))
    moves = []
    start = 0
    for (rule, bias_rule), group in groups.items():
        rows = slice(start, start + len(group))
        start = rows.stop
        weights = slice(None) if bias_rule is None else slice(n_weights)
        moves.append(_Move(rule.stack([variants[index].optimizer for index in group]), rows, weights))
        if bias_rule is not None:
            bias = bias_rule.stack([variants[index].bias_optimizer for index in group])
            moves.append(_Move(bias, rows, slice(n_weights, None)))
    return [index for group in groups.values() for index in group], moves


def _penalties(variants: Sequence[Fit]) -> Callable[[Stack], None]:
    """Return what adds the gradient of the penalties, in place; it leaves alone the rows that have none."""
    l1, l2 = (np.array([[getattr(variant, name)] for variant in variants], np.float32) for name in ("l1", "l2"))
    rows = np.flatnonzero((l1 > 0) | (l2 > 0))
    l1, l2 = l1[rows], l2[rows]

    def penalise(stack: Stack) -> None:
        if rows.size:
            weights = stack.params[rows, : stack.n_weights]
            stack.grads[rows, : stack.n_weights] += l1 * np.sign(weights) + l2 * weights

    return penalise


def _batches(variants: Sequence[Fit], data: _Data, epoch: int) -> Iterator[tuple[Tensor, Tensor, Sequence[Tensor]]]:
    """Yield the batches of one epoch: inputs [k, n, columns], targets [1 or k, n], masks of the hidden layers.

    Each seed has its own shuffle and its own draws for dropout, the same whatever other seeds there are. Full
    batches are not shuffled.
    """
    import torch

    shared, k = variants[0], len(variants)
    seeds, which = np.unique([variant.seed for variant in variants], return_inverse=True)
    which = torch.from_numpy(which)

    x, y = data.train_x[None], data.train_y[None]  # [seeds, rows, ...]
    if shared.batch_size is not None:
        shuffles = np.stack([_random(seed, "batches", epoch).permutation(x.shape[1]) for seed in seeds])
        x, y = data.train_x[shuffles], data.train_y[shuffles]
    alike = len(x) == 1
    if alike:
        x = x.expand(k, -1, -1)

    dropping = any(variant.dropout for variant in variants) and bool(shared.hidden)
    drops = torch.tensor([[[variant.dropout]] for variant in variants])
    sources = [_random(seed, "dropout", epoch) for seed in seeds] if dropping else []

    size = shared.batch_size or x.shape[1]
    for batch_x, batch_y in zip(x.split(size, dim=1), y.split(size, dim=1), strict=True):
        masks: Sequence[Tensor] = ()
        if dropping:
            shape = (batch_x.shape[1], sum(shared.hidden))
            draws = torch.from_numpy(np.stack([source.random(shape, np.float32) for source in sources]))
            masks = ((draws[which] >= drops) / (1 - drops)).split(shared.hidden, dim=2)
        yield (batch_x, batch_y, masks) if alike else (batch_x[which], batch_y[which], masks)


class _Data(NamedTuple):
    """The parts of a data set as tensors; `seen_x` is the training and the validation part in one."""

    train_x: Tensor
    train_y: Tensor
    seen_x: Tensor
    val_y: Tensor
    test_x: Tensor
    test_y: Tensor
    grid: Tensor | None


# The fields that decide what is learnt from.
_PREPARED = ("dataset", "test_size", "val_size", "split_seed", "scaling", "scaler_sees", "rows")


@lru_cache(maxsize=8)
def _tensors(dataset: str, *how: Any) -> _Data:
    import torch

    entry = DATASETS[dataset]
    train, val, test, scaler = prepare(entry, *how)
    grid = None
    if entry.box is not None:
        across, up = (np.linspace(low, high, GRID) for low, high in entry.box)
        points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        grid = torch.tensor(scaler.transform(points), dtype=torch.float32)
    return _Data(
        train_x=torch.tensor(train.x),
        train_y=torch.tensor(train.y),
        seen_x=torch.tensor(np.concatenate([train.x, val.x])),
        val_y=torch.tensor(val.y),
        test_x=torch.tensor(test.x),
        test_y=torch.tensor(test.y),
        grid=grid,
    )


def _boundary(outputs: Tensor) -> Array:
    """Turn the outputs [k, GRID * GRID, 1] on the grid into a picture of probabilities, see `History`."""
    probability = outputs.sigmoid().nan_to_num(0.5).view(-1, GRID, GRID)
    return (probability * 255).round().byte().numpy()


def _sizes(variant: Fit) -> tuple[int, ...]:
    entry = DATASETS[variant.dataset]
    return (entry.columns, *variant.hidden, len(entry.classes) if entry.task == "classes" else 1)


def _check_size(variants: Sequence[Fit]) -> None:
    """Raise `Refused` when a stack would not fit into a chunk, or take much too long."""
    shared = variants[0]
    numbers = len(variants) * count_params(_sizes(shared))
    if numbers > MAX_NUMBERS:
        raise Refused(
            N_("These networks have {count} weights and biases in all; at most {limit} can be trained together."),
            count=f"{numbers:,}", limit=f"{MAX_NUMBERS:,}",
        )  # fmt: skip
    rows = DATASETS[shared.dataset].rows * (1 - shared.test_size) * (1 - shared.val_size)
    rows = min(rows, shared.rows or rows)
    # About half a millisecond for a step of any size, and ten thousand million multiplications a second.
    batches = np.ceil(rows / (shared.batch_size or rows))
    seconds = shared.epochs * (batches * 5e-4 + 6 * numbers * rows / 1e10)
    if seconds > MAX_SECONDS:
        raise Refused(
            N_("Training would take about {minutes} minutes, more than {limit}: take fewer epochs or units."),
            minutes=round(seconds / 60), limit=MAX_SECONDS // 60,
        )  # fmt: skip


def _random(seed: int, purpose: str, epoch: int = 0) -> np.random.Generator:
    """Return the generator of one purpose: what one purpose draws never shifts what another does."""
    return np.random.default_rng([seed, ("init", "batches", "dropout").index(purpose), epoch])


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread: these networks are too small to share out, and sums keep their order."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
