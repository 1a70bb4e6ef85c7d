"""Compares the speed of training networks in a stack with training them one after the other, as in lecture notes.

    python -m benchmarks.training [--quick] [--only WORDS]

Both sides compute in float32 and run the whole of an experiment, from the table to the scores, alternately; the medians
of the times within one call are compared. Before anything is timed it is checked that both sides get the same results.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetBinaryClassifier
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from datasets import find, prepare
from datasets.parts import split
from experiments import tables, training
from experiments.fit import Fit, fit
from experiments.variant import sizes
from optimizers import RULES, SGD, Adam
from optimizers.rule import Optimizer

MAKERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "momentum": lambda params, lr: torch.optim.SGD(params, lr=lr, momentum=0.9),
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
}


class Case(NamedTuple):
    """An experiment: the two sides, how many of `theirs` make the whole, and how many times faster ours must be.

    `threads` are those of torch, 0 for its default; `agreement` says how it was checked that both sides do the same.
    """

    name: str
    ours: Callable[[], object]
    theirs: Callable[[], object]
    times: int
    reach: float
    threads: int
    agreement: str


def module(units: Sequence[int], batch_norm: bool = False) -> nn.Sequential:
    """Return a network with ReLU, as a lecture writes it."""
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(units):
        layers += [nn.Linear(n_in, n_out), *([nn.BatchNorm1d(n_out)] if batch_norm else []), nn.ReLU()]
    return nn.Sequential(*layers[: -3 if batch_norm else -2], nn.Linear(units[-2], units[-1]))


def measures(model: nn.Module, criterion: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Return loss and accuracy in evaluation mode."""
    model.eval()
    with torch.no_grad():
        outputs = model(x)
        told = outputs > 0 if outputs.shape[1] == 1 else outputs.argmax(1)
        truth = y > 0.5 if outputs.shape[1] == 1 else y
        return criterion(outputs, y).item(), (told == truth).double().mean().item()


# Titanic, one network per loop: the effect of k, the size of the stack


def titanic_parts() -> list[tuple[Tensor, Tensor]]:
    """Return training, validation and test set as notes prepare them: targets [n, 1]."""
    parts = prepare(find("titanic"))
    return [(torch.from_numpy(part.x).float(), torch.from_numpy(part.y).float()[:, None]) for part in parts[:3]]


TITANIC = Fit("titanic", hidden=(32, 64, 32, 16, 4), batch_size=64, precision="float32")  # as the lecture's


def lecture(epochs: int) -> float:
    """Train one network with a DataLoader, loss and accuracy after every epoch; return its test accuracy."""
    torch.manual_seed(0)
    train, val, test = titanic_parts()
    loader = DataLoader(TensorDataset(*train), batch_size=64, shuffle=True)
    model = module((10, *TITANIC.hidden, 1))
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    history = []
    for _ in range(epochs):
        model.train()
        for batch_x, batch_y in loader:
            optimizer.zero_grad()
            criterion(model(batch_x), batch_y).backward()
            optimizer.step()
        history.append([measures(model, criterion, *part) for part in (train, val)])
    return measures(model, criterion, *test)[1]


def stack_case(k: int, reach: float, epochs: int) -> Case:
    variants = [
        replace(TITANIC, epochs=epochs, optimizer=Adam(lr=float(rate))) for rate in np.geomspace(0.001, 0.002, k)
    ]

    def ours() -> None:
        tables.forget()  # the lecture's loop prepares its data each time, too
        fit(variants)

    said = f"{k} network{'s' * (k > 1)}, Titanic, one thread"
    return Case(said, ours, lambda: lecture(epochs), k, reach, 1, "the same work; see tests/test_fit.py")


# The notes' grid on the Titanic, by skorch and GridSearchCV


class Titanic(nn.Module):
    """The notes' network, with our initial weights; skorch needs outputs [n] for two classes."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = module((10, *TITANIC.hidden, 1))
        copy_weights(TITANIC, self.layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).squeeze(1)


def grid_case(epochs: int) -> Case:
    rules, rates, folds = ("adam", "rmsprop"), (0.001, 0.005, 0.01), 3
    dataset = find("titanic")
    x, y = dataset.read()
    cuts = [split(dataset, folds=folds, fold=fold)[:2] for fold in range(folds)]
    variants = [
        replace(TITANIC, optimizer=RULES[rule](lr=rate), epochs=epochs, folds=folds, fold=fold)
        for rule in rules
        for rate in rates
        for fold in range(folds)
    ]

    def ours() -> np.ndarray:
        tables.forget()
        return fit(variants).val_score[:, -1].reshape(-1, folds).mean(1)

    def theirs() -> np.ndarray:
        torch.manual_seed(0)
        net = NeuralNetBinaryClassifier(Titanic, max_epochs=epochs, batch_size=64, verbose=0)
        net.set_params(train_split=None, iterator_train__shuffle=True)
        # Imputed and scaled with the training folds alone, as ours are.
        pipeline = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), net)
        name = "neuralnetbinaryclassifier__"
        grid = {name + "optimizer": [MAKERS[rule] for rule in rules], name + "optimizer__lr": list(rates)}
        search = GridSearchCV(pipeline, grid, cv=cuts, refit=False, scoring="accuracy")
        found = search.fit(x.astype(np.float32), y.astype(np.float32)).cv_results_
        order = [
            (rules.index(next(r for r in rules if MAKERS[r] is one[name + "optimizer"])), one[name + "optimizer__lr"])
            for one in found["params"]
        ]
        return found["mean_test_score"][sorted(range(len(order)), key=order.__getitem__)]

    # Their batches are different, and an accuracy on the 237 rows of a fold has a standard error of 0.026.
    ours_found, theirs_found = ours(), theirs()
    apart = np.abs(ours_found - theirs_found)
    assert apart.max() < 0.05, (ours_found, theirs_found)
    assert apart.mean() < 0.02, (ours_found, theirs_found)
    said = f"mean accuracies of the 6 settings differ by {apart.mean():.3f} on average, {apart.max():.3f} at most"
    return Case(f"the notes' grid, 18 fits x {epochs} epochs, against skorch", ours, theirs, 1, 25, 0, said)


# MNIST, one network after the other


def in_turn(variants: Sequence[Fit]) -> list[list[tuple[float, float]]]:
    """Train each variant in torch from our initial weights on our batches; return loss and accuracy per epoch.

    Batches are slices of the tensor itself, which is faster than a DataLoader.
    """
    parts = prepare(find(variants[0].dataset), val_size=variants[0].val_size, rows=variants[0].rows)
    train, val = ((torch.from_numpy(part.x).float(), torch.from_numpy(part.y)) for part in parts[:2])
    seen = [part for part in (train, val) if len(part[1])]
    return [list(trained(variant, train, seen)) for variant in variants]


def trained(variant: Fit, train: tuple[Tensor, Tensor], seen: list[tuple[Tensor, Tensor]]) -> Iterator[Any]:
    units = sizes(variant)
    model, criterion = module(units, variant.batch_norm), nn.CrossEntropyLoss()
    copy_weights(variant, model)
    optimizer = MAKERS[variant.optimizer.key](model.parameters(), lr=variant.optimizer.lr)
    for epoch in range(1, variant.epochs + 1):
        model.train()
        order = torch.from_numpy(training.random(0, "batches", epoch).permutation(len(train[1])))
        for rows in order.split(variant.batch_size or len(order)):
            optimizer.zero_grad()
            criterion(model(train[0][rows]), train[1][rows]).backward()
            optimizer.step()
        yield [measures(model, criterion, *part) for part in seen][-1]


def copy_weights(variant: Fit, model: nn.Sequential) -> None:
    """Copy our initial weights into a network of torch."""
    (group,) = training.groups([variant])
    at = 0
    with torch.no_grad():
        for linear in (layer for layer in model if isinstance(layer, nn.Linear)):
            count = linear.weight.numel()
            weights = torch.from_numpy(group.params[0, at : at + count].copy())
            linear.weight.copy_(weights.view(linear.in_features, linear.out_features).T)
            linear.bias.zero_()
            at += count


def mnist_case(name: str, variants: Sequence[Fit], reach: float) -> Case:
    """Return a case, after checking that the curves agree for two epochs, before small differences have grown."""
    short = [replace(variant, epochs=2) for variant in variants]
    tables.forget()
    history = fit(short)
    curve = (history.train_loss if variants[0].val_size == 0 else history.val_loss)[:, 1:]
    theirs = np.array(in_turn(short))[:, :, 0]
    tame = np.abs(theirs) < 100
    np.testing.assert_allclose(
        curve[tame], theirs[tame], rtol=0.05
    )  # RMSProp's first steps depend on the signs of tiny gradients
    apart = np.abs(curve / theirs - 1)[tame].max()

    def ours() -> None:
        tables.forget()
        fit(variants)

    return Case(
        name, ours, lambda: in_turn(variants), 1, reach, 0,
        f"from the same weights on the same batches, losses of the first epochs differ by {100 * apart:.2g} % at most",
    )  # fmt: skip


def rules_case(epochs: int) -> Case:
    rates = {"sgd": 0.01, "momentum": 0.01, "adagrad": 0.01, "rmsprop": 0.001, "adam": 0.001}
    rules: list[Optimizer] = [RULES[rule](lr=rate) for rule, rate in rates.items()]
    shared = Fit("mnist", hidden=(100,) * 4, batch_size=128, epochs=epochs)
    variants = [replace(shared, optimizer=rule) for rule in rules]
    return mnist_case(f"MNIST 784-100x4-10, 5 rules x {epochs} epochs, against 5 networks in turn", variants, 2)


def scales_case(epochs: int) -> Case:
    shared = Fit("mnist", hidden=(100,) * 5, batch_size=100, epochs=epochs, rows=1000, val_size=0.0, init="normal",
                 optimizer=SGD(lr=0.01))  # fmt: skip
    variants = [
        replace(shared, init_scale=float(scale), batch_norm=batch_norm)
        for batch_norm in (False, True)
        for scale in np.logspace(0, -4, 16)
    ]
    said = f"16 scales with and without batch norm, 784-100x5-10 x {epochs} epochs, against 32 networks in turn"
    return mnist_case(said, variants, 2)


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer epochs and rounds: a glance, not a measurement")
    parser.add_argument("--only", default="", help="cases whose name has these words")
    chosen = parser.parse_args()
    quick = chosen.quick
    warnings.simplefilter("ignore", FutureWarning)
    makers: dict[str, Callable[[], Case]] = {
        **{f"stack {k}": lambda k=k, reach=reach: stack_case(k, reach, 20 if quick else 100)
           for k, reach in {1: 2.5, 6: 8.0, 18: 15.0}.items()},
        "grid": lambda: grid_case(10 if quick else 50),
        "rules": lambda: rules_case(3 if quick else 20),
        "scales": lambda: scales_case(3 if quick else 20),
    }  # fmt: skip
    cores = torch.get_num_threads()
    print(f"torch {torch.__version__}, {cores} threads; {'a glance' if quick else 'medians of 3 or 5 rounds'}")
    for name, make in makers.items():
        if chosen.only not in name:
            continue
        torch.set_num_threads(cores)
        case = make()
        torch.set_num_threads(case.threads or cores)
        rounds = (1 if quick else 3) if case.threads == 0 else (3 if quick else 5)
        pairs = [(seconds(case.ours), case.times * seconds(case.theirs)) for _ in range(rounds + 1)][1:]
        ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratios = [slow / fast for fast, slow in pairs]
        ratio = theirs / ours
        print(f"\n{case.name}\n  {case.agreement}")
        print(f"  ours {ours:.2f} s, theirs {theirs:.2f} s")
        said = "met" if ratio >= case.reach else "MISSED"
        print(f"  {ratio:.1f}x, {min(ratios):.1f} to {max(ratios):.1f}  (reach {case.reach:g}x: {said})", flush=True)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB  (reach 1024 MB)")


if __name__ == "__main__":
    main()
