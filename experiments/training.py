"""How one group of networks with the same shape trains: batches, gradients, penalties, optimizers, metrics.

The loop is `train`. torch is imported inside functions: it takes two seconds and 300 MB, and the web process imports
this module through `experiments.fit`.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from datasets import find
from experiments.records import take
from experiments.snapshot import Snapshot
from experiments.tables import Data, boundary, guess, table_key, tensors, together
from experiments.variant import HEAVY, Fit, precision, rates, sizes, work
from networks import count_params, count_weights, untrained
from optimizers import Optimizer, Scheduled

if TYPE_CHECKING:
    from torch import Tensor

    from networks.stack import Stack

Array = np.ndarray[Any, np.dtype[Any]]


class Group(NamedTuple):
    """Networks of one shape that train in lock-step: row i of every array is the network of variant `members[i]`.

    `params` [k, P] are the current weights, `best_params` those with the lowest validation loss so far, `best_loss`
    [k]. `memory` holds the states of the optimizers that move the rows, see `_moves`, and `schedules` those of their
    schedules. Networks with the same optimizers are adjacent, and those with batch normalization come last.
    """

    members: tuple[int, ...]
    params: Array
    memory: tuple[dict[str, Any], ...]
    schedules: tuple[list[dict[str, Array]], ...]
    best_params: Array
    best_loss: Array


def shape(variant: Fit) -> tuple[Any, ...]:
    """Return what networks must have in common to be rows of one array and to have batches of the same size."""
    data = tensors(variant)
    rows = (data.learnt, data.seen_y.shape[1], data.test_y.shape[1])
    return sizes(variant), variant.activation, variant.batch_size, rows, precision(variant)


def groups(variants: Sequence[Fit]) -> tuple[Group, ...]:
    """Return the untrained networks of `variants`, grouped by `shape`.

    If the step of one network is heavy, larger groups save little time: then every core gets its own share, see
    `side_by_side`.
    """
    alike: dict[tuple[Any, ...], list[int]] = {}
    for index, variant in enumerate(variants):
        alike.setdefault(shape(variant), []).append(index)
    parts = []
    for members in alike.values():
        tables = list(dict.fromkeys(table_key(variants[index]) for index in members))
        keys = {i: (_kind(variants[i], members, variants), tables.index(table_key(variants[i]))) for i in members}
        members = sorted(members, key=keys.__getitem__)
        count = min(len(members), cores()) if work(variants[members[0]]) > HEAVY else 1
        parts += [tuple(part.tolist()) for part in np.array_split(members, count)]  # same optimizers stay together
    return tuple(start(variants, part) for part in parts)


def cores() -> int:
    """Return how many threads may compute at the same time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def start(variants: Sequence[Fit], members: tuple[int, ...]) -> Group:
    """Return the untrained networks of the `variants` with the indices `members`, which have one `shape`."""
    chosen = [variants[index] for index in members]
    units = sizes(chosen[0])
    rows = [untrained(units, one.init, one.init_scale, random(one.seed, "init"), one.batch_norm) for one in chosen]
    params = np.zeros((len(rows), max(len(row) for row in rows)), precision(chosen[0]))
    for stored, row in zip(params, rows, strict=True):
        stored[: len(row)] = row
    moves = _moves(chosen)
    memory = tuple(move.rule.init(params[move.rows, move.columns]) for move in moves)
    schedules = tuple(move.scheduled(chosen[0].epochs).memory for move in moves)
    return Group(members, params, memory, schedules, params, np.full(len(chosen), np.inf))


Trained = tuple[Group, dict[str, Array], dict[str, Array]]


def side_by_side(
    variants: Sequence[Fit], groups: Sequence[Group], epoch: int, epochs: int, records: Sequence[str] = ()
) -> list[Trained]:
    """Train groups from `epoch` on for `epochs` epochs; return for each group what `train` returns.

    Heavy groups share the cores, one thread each. Each thread computes with one torch thread, so that sums have a fixed
    order, and is nearly always outside Python's global interpreter lock.
    """

    def trained(group: Group) -> Trained:
        return train([variants[member] for member in group.members], group, epoch, epochs, records)

    with one_thread():
        if not any(work(variants[group.members[0]]) > HEAVY for group in groups):
            return [trained(group) for group in groups]
        with ThreadPoolExecutor(cores()) as pool:
            return list(pool.map(trained, groups))


def train(variants: Sequence[Fit], group: Group, epoch: int, epochs: int, records: Sequence[str] = ()) -> Trained:
    """Train a group from `epoch` on for `epochs` epochs; return it, its new columns, and its current results.

    `variants` are those of its members. The columns [k, n] are the four curves, and [k, ..., n] what `records` name; if
    the group is untrained, the first column is epoch 0. The results are the scores on the test set at the end, nan
    before it, and the decision boundary if there is one.
    """
    import torch

    from networks.stack import Stack
    from networks.tasks import TASKS

    shared = variants[0]
    tables, which = together(variants)
    entry = find(shared.dataset)
    task = TASKS[entry.task]

    # Copies, because the code below works in place and must not change `group`.
    normalised = sum(variant.batch_norm for variant in variants)
    stack, best = (
        Stack(sizes(shared), shared.activation, params.copy(), normalised)
        for params in (group.params, group.best_params)
    )
    best_loss = group.best_loss.copy()
    memory, schedules = copy.deepcopy((group.memory, group.schedules))
    moves = _moves(variants)
    scheduled = [move.scheduled(shared.epochs, past) for move, past in zip(moves, schedules, strict=True)]
    steps = [
        (one.rule, stack.params[move.rows, move.columns], stack.grads[move.rows, move.columns], slots)
        for one, move, slots in zip(scheduled, moves, memory, strict=True)
    ]
    penalise = _penalties(variants)
    train_y, val_y = tables.train_y[which], tables.val_y[which]
    snapshot = Snapshot(stack, best, variants, tables, which, task)
    curves: list[tuple[Array, ...]] = []
    recorded: dict[str, list[Array]] = {name: [] for name in records}

    def measure(epoch: int, batch_loss: Array | None = None) -> Array:
        """Add to the curves, keep the best weights, and return the losses that the schedules see."""
        took = time.perf_counter() - begun
        outputs = stack.evaluate(tables.seen_x, which)
        train_loss, train_score = task.measure(outputs[:, : tables.learnt], train_y)
        val_loss, val_score = task.measure(outputs[:, tables.learnt :], val_y)
        curves.append((train_loss, val_loss, train_score, val_score))
        if epoch:  # as in `early_stop`: the untrained network is never best; epoch 1 is best until one is better
            lower = val_loss < best_loss
            best_loss[lower] = val_loss[lower]
            kept = lower | (epoch == 1)
            best.params[kept] = stack.params[kept]
        by_batch = train_loss if batch_loss is None else batch_loss
        take(recorded, snapshot._replace(seconds=took, batch_loss=by_batch), epoch, shared.epochs)
        return val_loss if val_y.shape[1] else train_loss

    with np.errstate(all="ignore"):  # divergence is data
        end = min(epoch + epochs, shared.epochs)
        begun = time.perf_counter()
        if epoch == 0:
            measure(0)
        while epoch < end:
            for one in scheduled:
                one.set(epoch)
            epoch += 1
            begun = time.perf_counter()
            total = np.zeros(len(variants)) if "batch_loss" in recorded else None
            for x, y, masks in batches(variants, tables, which, epoch):
                outputs = stack(x, masks)
                if total is not None:  # before the step, as Keras does
                    total += task.loss(outputs, y).sum(1, dtype=torch.float64).numpy()
                stack.backward(task.slope(outputs, y) / x.shape[1])
                penalise(stack)
                for rule, params, grads, slots in steps:
                    rule.step(params, grads, slots)
            losses = measure(epoch, None if total is None else total / tables.learnt)
            for one, move in zip(scheduled, moves, strict=True):
                one.see(losses[move.rows])

        unknown = np.full(len(variants), np.nan)
        stands = {"test_loss": unknown, "test_score": unknown, "best_test_score": unknown}
        if epoch == shared.epochs and tables.test_y.shape[1]:
            y = tables.test_y[which]
            chosen = best if val_y.shape[1] else stack
            stands["test_loss"], stands["test_score"] = task.measure(stack.evaluate(tables.test_x, which), y)
            stands["best_test_score"] = task.measure(chosen.evaluate(tables.test_x, which), y)[1]
        counts, baseline = guess(entry, tables)
        stands |= {"counts": counts[which.numpy()], "baseline": baseline[which.numpy()]}
        if tables.grid is not None:
            stands["boundary"] = boundary(stack.evaluate(tables.grid, which))

    after = Group(group.members, stack.params, memory, schedules, best.params, best_loss)
    names = ("train_loss", "val_loss", "train_score", "val_score")
    columns = {name: np.stack(curve, axis=1) for name, curve in zip(names, zip(*curves, strict=True), strict=True)}
    return after, columns | {name: np.stack(seen, -1) for name, seen in recorded.items() if seen}, stands


class _Move(NamedTuple):
    """One optimizer and the block of parameters that it updates."""

    rule: Optimizer
    rows: slice
    columns: slice

    def scheduled(self, epochs: int, memory: Sequence[dict[str, Array]] = ()) -> Scheduled:
        """Return the optimizer with its schedules, which count epochs."""
        return Scheduled(self.rule, self.rows.stop - self.rows.start, epochs, memory)


def _kind(variant: Fit, members: Sequence[int], variants: Sequence[Fit]) -> tuple[bool, int]:
    """Return what adjacent rows share: batch normalization, and the first of `members` with the same optimizers."""
    rules = [(type(variants[index].optimizer), type(variants[index].bias_optimizer)) for index in members]
    return variant.batch_norm, rules.index((type(variant.optimizer), type(variant.bias_optimizer)))


def _moves(variants: Sequence[Fit]) -> list[_Move]:
    """Return the optimizers and their blocks: for every range of adjacent rows, one with stacked settings."""
    units, members = sizes(variants[0]), range(len(variants))
    n_weights = count_weights(units)
    moves = []
    for _, neighbours in groupby(members, key=lambda index: _kind(variants[index], members, variants)):
        first, *others = neighbours
        rows = slice(first, first + 1 + len(others))
        group = variants[rows]
        n_params = count_params(units, group[0].batch_norm)  # after these come running means and variances
        biases = [variant.bias_optimizer for variant in group if variant.bias_optimizer is not None]
        weights = slice(n_weights if biases else n_params)
        moves.append(_Move(type(group[0].optimizer).stack([variant.optimizer for variant in group]), rows, weights))
        if biases:
            moves.append(_Move(type(biases[0]).stack(biases), rows, slice(n_weights, n_params)))
    return moves


def _penalties(variants: Sequence[Fit]) -> Callable[[Stack], None]:
    """Return a function that adds the gradient of the penalties, in place, to the rows that have penalties."""
    strengths = np.array([[one.l1, one.l2, one.linf] for one in variants], precision(variants[0]))
    rows = np.flatnonzero(strengths.any(axis=1))
    l1, l2, linf = strengths[rows].T[:, :, None]

    def penalise(stack: Stack) -> None:
        if not rows.size:
            return
        weights = stack.params[rows, : stack.n_weights]
        pulls = l1 * np.sign(weights) + l2 * weights
        if linf.any():
            sizes = np.abs(weights)
            largest = sizes == sizes.max(axis=1, keepdims=True)
            pulls += linf * np.sign(weights) * largest / np.maximum(largest.sum(axis=1, keepdims=True), 1)
        stack.grads[rows, : stack.n_weights] += pulls

    return penalise


def batches(
    variants: Sequence[Fit], tables: Data, which: Tensor, epoch: int
) -> Iterator[tuple[Tensor, Tensor, Sequence[Tensor | None]]]:
    """Yield the batches of one epoch: inputs [k, n, columns], targets [1 or k, n], dropout masks of the layers.

    The data of network i are table `which[i]`. Each seed has its own shuffling and its own random numbers for dropout,
    which do not depend on the other seeds. Full batches are not shuffled, nor are those of a variant with `shuffle`
    off.
    """
    import torch

    shared, k = variants[0], len(variants)
    x, y = tables.train_x, tables.train_y  # [tables, rows, ...]
    views = which
    if shared.batch_size is not None and any(variant.shuffle for variant in variants):
        # Networks with the same table and the same order share the shuffled data.
        seeds, seed = np.unique([one.seed if one.shuffle else -1 for one in variants], return_inverse=True)
        pairs, views = np.unique(np.stack([which.numpy(), seed]), axis=1, return_inverse=True)
        n = x.shape[1]
        orders = [random(one, "batches", epoch).permutation(n) if one >= 0 else np.arange(n) for one in seeds]
        shuffles = [torch.from_numpy(order) for order in orders]
        x, y = (torch.cat([part[i, None].index_select(1, shuffles[j]) for i, j in pairs.T]) for part in (x, y))
        views = torch.from_numpy(views)
    alike = len(x) == 1
    if alike:
        x = x.expand(k, -1, -1)

    masks = _masks(variants, epoch)
    size = shared.batch_size or x.shape[1]
    for batch_x, batch_y in zip(x.split(size, dim=1), y.split(size, dim=1), strict=True):
        if not alike:
            batch_x, batch_y = batch_x.index_select(0, views), batch_y.index_select(0, views)
        yield batch_x, batch_y, masks(batch_x.shape[1])


def _masks(variants: Sequence[Fit], epoch: int) -> Callable[[int], Sequence[Tensor | None]]:
    """Return a function that draws dropout masks for the next n rows, [k, n, units] for every layer with dropout."""
    hidden = _drawn(variants, "dropout", [np.repeat(rates(one), one.hidden) for one in variants], epoch)
    outputs = sizes(variants[0])[-1]
    last = _drawn(variants, "output", [np.repeat(one.output_dropout, outputs) for one in variants], epoch)

    def draw(n: int) -> Sequence[Tensor | None]:
        units = variants[0].hidden
        masks = hidden(n).split(units, dim=2) if hidden else ()
        return masks if last is None else (*(masks or [None] * len(units)), last(n))

    return draw


def _drawn(variants: Sequence[Fit], purpose: str, drops: Sequence[Array], epoch: int) -> Callable[[int], Tensor] | None:
    """Return a function that draws masks [k, n, units], given each network's dropout rates; None if all are 0."""
    import torch

    rate = torch.from_numpy(np.array(drops, np.float32)[:, None])
    if not rate.any():
        return None
    seeds, seed = np.unique([variant.seed for variant in variants], return_inverse=True)
    sources = [random(one, purpose, epoch) for one in seeds]
    kind = getattr(torch, precision(variants[0]))

    def draw(n: int) -> Tensor:
        draws = torch.from_numpy(np.stack([source.random((n, rate.shape[2]), np.float32) for source in sources]))
        return (draws[seed] >= rate) / (1 - rate.to(kind))

    return draw


def random(seed: int, purpose: str, epoch: int = 0) -> np.random.Generator:
    """Return the random generator for one purpose, so that its draws never shift those of another purpose."""
    return np.random.default_rng([seed, ("init", "batches", "dropout", "output").index(purpose), epoch])


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread: these networks are too small for several, and sums keep a fixed order."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
