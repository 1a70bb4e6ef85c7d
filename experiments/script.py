"""Any run as a plain PyTorch script: the same data, split, initial weights, batches and optimizer, written with torch.

Chain("experiments.script:begin", "experiments.script:write", Order(fit, data)) writes it in a worker, which can read
the data; "experiments.script:pack" instead of "write" makes the data file of a table that no library contains.
"""

from __future__ import annotations

import inspect
import io
import re
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from datasets import SCALERS, Dataset, Parts, find, prepare
from datasets.drawn import DRAWN
from datasets.measured import MEASURED
from datasets.own import Own
from datasets.parts import split, stratifies, stratifies_folds
from datasets.typed import TYPED
from experiments import own_script
from experiments.fit import Fit
from experiments.torch_rule import Term, term, written
from experiments.variant import precision, prepared, rates, sizes
from networks import ACTIVATIONS, INITS
from optimizers import Constant, Optimizer

# The names a script may use, and where they come from; a script imports those it uses.
STANDARD = {"copy": "import copy", "math": "import math"}
LIBRARIES = {"np": "import numpy as np", "pd": "import pandas as pd", "torch": "import torch"}
MODULES = {
    "nn": "torch", "SimpleImputer": "sklearn.impute", "make_column_transformer": "sklearn.compose",
    "make_pipeline": "sklearn.pipeline",
    **dict.fromkeys(("LabelEncoder", "OneHotEncoder", "OrdinalEncoder"), "sklearn.preprocessing"),
    **dict.fromkeys(("KFold", "StratifiedKFold", "train_test_split"), "sklearn.model_selection"),
    **{scaler.name: "sklearn.preprocessing" for scaler in SCALERS.values()},
    **{f"load_{data.key}": "sklearn.datasets" for data in MEASURED},
}  # fmt: skip
NAMED = 5  # columns whose names are written in a comment, at most


class Order(NamedTuple):
    """What to write: a variant, and its data, which a worker may not know by name."""

    fit: Fit
    data: Dataset


def begin(order: Order) -> Order:
    """Return the order: writing takes a single chunk."""
    return order


def write(order: Order, seconds: float) -> tuple[None, tuple[int, int, dict[str, Any], dict[str, Any]]]:
    """Write the script and return it as `text`, and the name of the file it reads as `file`, "" if it reads none."""
    return None, (1, 1, {}, {"text": np.array(script(order.fit)), "file": np.array(file_name(order.data))})


def pack(order: Order, seconds: float) -> tuple[None, tuple[int, int, dict[str, Any], dict[str, Any]]]:
    """Make the file that the script loads and return its bytes as `file`."""
    return None, (1, 1, {}, {"file": np.frombuffer(data_file(order.data), np.uint8)})


def file_name(data: Dataset) -> str:
    """Return the name of the file that a script for this table loads; empty if it needs none."""
    if data in MEASURED or data in DRAWN or data in TYPED:
        return ""
    return own_script.source(data).file if isinstance(data, Own) else f"{data.key}.npz"


def data_file(data: Dataset) -> bytes:
    """Return a table as the file that its script loads: a visitor's own table as CSV, any other as .npz.

    The latter holds inputs `x` [rows, columns] and targets `y` [rows].
    """
    if isinstance(data, Own):
        return own_script.source(data).content
    x, y = data.read()
    file = io.BytesIO()
    np.savez_compressed(file, x=x, y=y)
    return file.getvalue()


def script(fit: Fit) -> str:
    """Return a PyTorch script that trains what `fit` describes, with the same losses up to rounding.

    It needs torch, NumPy and scikit-learn, and the file `file_name(data)` if that name is not empty. It contains only
    what this run needs. For a visitor's own table see `experiments.own_script`.
    """
    entry = find(fit.dataset)
    parts = prepare(entry, **prepared(fit))
    batch_size = [] if fit.batch_size is None else [f"BATCH_SIZE = {fit.batch_size}"]
    settings = [f"EPOCHS = {fit.epochs}", *batch_size, f"SEED = {fit.seed}"]
    sections = [_data(fit, entry, parts), _network(fit, parts), _training(fit, entry), _end(fit, entry)]
    brought = "".join(f"\n\n\n{one}" for one in _classes(fit, parts))
    body = "\n\n".join(["\n".join(settings) + brought + ("\n" if brought else ""), *sections])
    return f"{_title(fit, entry)}\n\n{_imports(fit, body)}\n\n{body}\n"


def _title(fit: Fit, entry: Dataset) -> str:
    units = "-".join(map(str, sizes(fit)))
    subject = "A table of your own" if isinstance(entry, Own) else entry.title
    beside = f", and {file_name(entry)} beside it" if file_name(entry) else ""
    pandas = ", pandas" if isinstance(entry, Own) else ""
    return "\n".join([
        f'"""{subject}: a network of {units} units learns with {fit.optimizer.title}.',
        "",
        "This repeats a run of Descent Lab: the same split, initial weights, batches and rule, and so the same losses,",
        f"but for rounding. It needs torch, numpy{pandas} and scikit-learn{beside}.",
        '"""',
    ])  # fmt: skip


def _imports(fit: Fit, body: str) -> str:
    """Return the imports that a body needs, the standard library's first."""

    def used(name: str) -> bool:
        return re.search(rf"\b{name}\b", body) is not None

    schedules = [schedule.partition("(")[0] for rule in _rules(fit) if (schedule := _schedule(rule))]
    modules = MODULES | dict.fromkeys(schedules, "torch.optim.lr_scheduler")
    named: dict[str, list[str]] = {}
    for name in filter(used, sorted(modules, key=str.casefold)):
        named.setdefault(modules[name], []).append(name)
    standard, libraries = ([line for name, line in lines.items() if used(name)] for lines in (STANDARD, LIBRARIES))
    found = [f"from {module} import {', '.join(names)}" for module, names in sorted(named.items())]
    return "\n".join([*standard, *([""] if standard else []), *libraries, *found])


# -- the data


def _data(fit: Fit, entry: Dataset, parts: Parts) -> str:
    lines = ["# The data, and which of its rows are for training, validation and testing."]
    lines += [*_table(entry), *_split(fit, entry), *_targets(fit, entry), *_scaling(fit, entry, parts)]
    real = f"torch.{precision(fit)}"
    kind = "torch.long" if entry.task == "classes" else real
    return "\n".join([*lines, "", f"x = torch.tensor(x, dtype={real})", f"y = torch.tensor(y, dtype={kind})"])


def _table(entry: Dataset) -> list[str]:
    """Load a table: from scikit-learn, from the function that generates it, from literals, or from a file."""
    if isinstance(entry, Own):
        return own_script.table(entry)
    if entry in MEASURED:
        return [f"x, y = load_{entry.key}(return_X_y=True)"]
    if name := file_name(entry):
        return [f'with np.load("{name}") as file:', '    x, y = file["x"], file["y"]']
    read: Any = entry.read
    if isinstance(read, partial):
        given = [*map(repr, read.args), *(f"{name}={value!r}" for name, value in read.keywords.items())]
        return [f"x, y = {read.func.__name__}({', '.join(given)})"]
    return [f"x, y = {read.__name__}()"]


def _split(fit: Fit, entry: Dataset) -> list[str]:
    rest = "train" if fit.folds is None and not fit.val_size else "rest"
    targets = entry.read()[1]
    if entry.held:
        lines = ["rows = np.arange(len(y))", f"{rest}, test = rows[:-{entry.held}], rows[-{entry.held}:]"]
    elif fit.test_size:
        how = f"test_size={fit.test_size!r}, random_state={fit.split_seed}"
        how += ", stratify=y" if stratifies(entry, fit.stratify, targets, fit.test_size) else ""
        lines = [f"{rest}, test = train_test_split(np.arange(len(y)), {how})"]
    else:
        lines = [f"{rest} = np.arange(len(y))"]
    if fit.folds is not None:
        stratified = stratifies_folds(entry, fit.stratify, targets[_rest(fit, entry)], fit.folds)
        kind = "StratifiedKFold" if stratified else "KFold"
        lines += [
            f"folds = {kind}({fit.folds}, shuffle=True, random_state={fit.split_seed}).split(rest, y[rest])",
            f"learnt, held = list(folds)[{fit.fold}]",
            "train, val = rest[learnt], rest[held]",
        ]
    elif fit.val_size:
        how = f"test_size={fit.val_size!r}, random_state={fit.split_seed}"
        stratified = stratifies(entry, fit.stratify, targets[_rest(fit, entry)], fit.val_size)
        how += ", stratify=y[rest]" if stratified else ""
        lines += [f"train, val = train_test_split(rest, {how})"]
    if fit.rows is not None:
        lines += [f"train = train[:{fit.rows}]"]
    return lines


def _rest(fit: Fit, entry: Dataset) -> np.ndarray:
    """Return the indices of the rows that are not in the test set."""
    return split(entry, fit.test_size, 0.0, fit.split_seed, stratify=fit.stratify)[0]


def _targets(fit: Fit, entry: Dataset) -> list[str]:
    """Standardize regression targets, and add label noise to training targets if that is asked for."""
    lines = []
    numbers = entry.task == "numbers"
    if numbers and fit.scale_target:
        lines += ["", "# Losses are shares of the variance of the training targets."]
        if isinstance(entry, Own):
            lines += ["centre, unit = y[train].mean(), y[train].std()", "y = (y - centre) / unit"]
        else:
            lines += ["y = (y - y[train].mean()) / y[train].std()"]
    if fit.label_noise:
        lines += [
            "",
            "# Some of the training targets are spoilt.",
            f"noise = np.random.default_rng([{fit.split_seed}, 3])",
        ]
    if fit.label_noise and numbers:
        lines += [f"shift = {fit.label_noise!r} * y[train].std() * noise.standard_normal(len(y))"]
        lines += ["y[train] += shift[train]"]
    elif fit.label_noise:
        classes = max(len(entry.classes), 2)
        lines += [
            f"chosen = noise.random(len(y)) < {fit.label_noise!r}",
            f"other = (y + noise.integers(1, {classes}, len(y))) % {classes}",
            "y[train] = np.where(chosen, other, y)[train]",
        ]
    return lines


def _scaling(fit: Fit, entry: Dataset, parts: Parts) -> list[str]:
    lines = []
    if isinstance(entry, Own):
        both = fit.scaler_sees == "train+val"
        lines += ["", "# From the table to the inputs of the network; everything is fitted on the training rows."]
        lines += ["# It has seen the validation part too.", "seen = np.concatenate([train, val])"] if both else []
        return lines + own_script.preprocessing(fit, entry, "seen" if both else "train", SCALERS[fit.scaling].name)
    if fit.features:
        told = len(fit.features) <= NAMED
        names = "  # " + ", ".join(entry.names[i] for i in fit.features) if told else ""
        lines += ["", f"x = x[:, {list(fit.features)}]{names}"]
    imputing, scaling = len(parts.scaler.steps) > 1, fit.scaling != "none"
    if not (imputing or scaling):
        return lines
    seen, both = "train", fit.scaler_sees == "train+val"
    if both:
        seen = "seen"
        lines += ["", "# What scales has seen the validation part too.", "seen = np.concatenate([train, val])"]
    if imputing:
        lines += [*([] if both else [""]), "# What is missing is taken to be the median."]
        lines += [f'imputer = SimpleImputer(strategy="median", keep_empty_features=True).fit(x[{seen}])']
        lines += ["x = imputer.transform(x)"]
    if scaling:
        lines += [*([] if both or imputing else [""]), f"scaler = {SCALERS[fit.scaling].name}().fit(x[{seen}])"]
        if fit.scaling == "sample":
            lines += [f"scaler.scale_ *= math.sqrt(len({seen}) / (len({seen}) - 1))  # n - 1 in place of n"]
        lines += ["x = scaler.transform(x)"]
    return lines


# -- the network


def _network(fit: Fit, parts: Parts) -> str:
    activation = ACTIVATIONS[fit.activation].module
    norm = "BatchNorm" if _lonely(fit, parts) else "nn.BatchNorm1d"
    layers = []
    units = sizes(fit)
    plain = fit.batch_norm and not _lonely(fit, parts)  # a batch of one row is normalized by running statistics
    for i, (n_in, n_out) in enumerate(pairwise(units[:-1])):
        layers += [f"nn.Linear({n_in}, {n_out}{', bias=False' if plain else ''})"]
        layers += [f"{norm}({n_out})"] if fit.batch_norm else []
        layers += [f"nn.{activation}()"]
        layers += [f"Dropout({rates(fit)[i]!r})"] if any(rates(fit)) else []
    layers += [f"nn.Linear({units[-2]}, {units[-1]})"]
    layers += [f"Dropout({fit.output_dropout!r})"] if fit.output_dropout else []
    layers += ["nn.Flatten(0)"] if units[-1] == 1 else []
    model = ["model = nn.Sequential(", *(f"    {layer}," for layer in layers), ")"]
    model += ["dropouts = [layer for layer in model if isinstance(layer, Dropout)]"] if _drops(fit) else []
    lines = ["# The network, and the numbers its weights start from; biases start at 0."]
    if plain:
        lines += ["# Batch normalisation takes away any bias before it, so those layers have none."]
    model += ["model.double()"] if precision(fit) == "float64" else []
    return "\n".join([*lines, *model, *_weights(fit, plain)])


def _weights(fit: Fit, plain: bool) -> list[str]:
    init = INITS[fit.init]
    zero = ["        if layer.bias is not None:", "            nn.init.zeros_(layer.bias)"]
    zero = zero if plain else ["        nn.init.zeros_(layer.bias)"]
    each = ["for layer in model:", "    if isinstance(layer, nn.Linear):", *zero]
    n_in, n_out = Term("n_in"), Term("n_out")
    spread: Any = init.spread(n_in, n_out)  # type: ignore[arg-type] (its formula, as text)
    scaled = term(spread * fit.init_scale if fit.init_scale != 1 else spread)
    if not init.random:
        return [*each, f"        nn.init.constant_(layer.weight, {scaled.text})"]
    factor = "" if scaled.text == "1" else f"{scaled.text} * "
    return [
        f"start = np.random.default_rng([SEED, 0, 0])  # {init.title}",
        *each,
        "        n_out, n_in = layer.weight.shape",
        f"        drawn = {factor}start.standard_normal((n_in, n_out))",
        "        layer.weight.data = torch.tensor(drawn.T, dtype=layer.weight.dtype)",
    ]


def _drops(fit: Fit) -> bool:
    return any(rates(fit)) or bool(fit.output_dropout)


def _lonely(fit: Fit, parts: Parts) -> bool:
    """Return whether batch normalization gets a batch of one row, which torch refuses."""
    rows = len(parts.train.rows)
    size = min(fit.batch_size or rows, rows)
    return fit.batch_norm and (size == 1 or rows % size == 1)


DROPOUT = '''class Dropout(nn.Module):
    """Dropout as torch has it, but for `stays`: which activations stay is drawn by NumPy, as in the run."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        return x * self.stays / (1 - self.rate) if self.training else x'''

NORM = '''class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation that takes a batch of one row, by its running mean and variance."""

    def forward(self, x):
        if self.training and len(x) == 1:
            scale = self.weight / torch.sqrt(self.running_var + self.eps)
            return (x - self.running_mean) * scale + self.bias
        return super().forward(x)'''


def _classes(fit: Fit, parts: Parts) -> list[str]:
    """Return the definitions a script needs: functions that draw data, layers, optimizers that torch does not have."""
    found = []
    entry = find(fit.dataset)
    if entry in DRAWN or entry in TYPED:
        read: Any = entry.read
        found += _sources(read.func if isinstance(read, partial) else read)
    if _drops(fit):
        found += [DROPOUT]
    if _lonely(fit, parts):
        found += [NORM]
    if isinstance(entry, Own):
        found += own_script.functions(entry)
    return found + [written(rule, _name(fit, rule)) for rule in _rules(fit) if not rule.torch_equivalent]


def _sources(function: Any) -> list[str]:
    """Return the source of a function, preceded by the functions of its module that it calls."""
    module = vars(inspect.getmodule(function))
    called = [module[name] for name in function.__code__.co_names if inspect.isfunction(module.get(name))]
    return [re.sub(r"\) -> .*:", "):", inspect.getsource(one).rstrip()) for one in (*called, function)]


# -- the training


def _rules(fit: Fit) -> list[Optimizer]:
    """Return the optimizers of a run: one for all parameters, or one for the weights and one for the biases."""
    apart = fit.bias_optimizer
    return [fit.optimizer] if apart is None or apart == fit.optimizer else [fit.optimizer, apart]


def _grouped(fit: Fit) -> bool:
    """Return whether the optimizers differ only in their learning rate: then one with two parameter groups will do."""
    first, *apart = _rules(fit)
    return bool(apart) and first.schedule == Constant() and replace(first, lr=apart[0].lr) == apart[0]


def _name(fit: Fit, rule: Optimizer) -> str:
    """Return the class name of an optimizer that the script defines."""
    name = type(rule).__name__
    return name if rule is fit.optimizer or type(fit.optimizer) is not type(rule) else f"{name}OfBiases"


def _made(fit: Fit, rule: Optimizer, parameters: str) -> str:
    """Return the expression that creates an optimizer for these parameters."""
    if rule.torch_equivalent:
        return "torch.optim." + rule.torch_equivalent.replace("(parameters", f"({parameters}", 1)
    return f"{_name(fit, rule)}({parameters}, lr={rule.lr!r})"


def _schedule(rule: Optimizer) -> str:
    """Return the expression that creates torch's schedule for an optimizer; empty if the learning rate is constant."""
    if rule.schedule == Constant():
        return ""
    known = {"lr": repr(rule.lr), "ticks": "EPOCHS"}
    return re.sub(r"\b(lr|ticks)\b(?!=)", lambda name: known[name[0]], rule.schedule.torch_equivalent)


def _training(fit: Fit, entry: Dataset) -> str:
    loss = {"binary": "BCEWithLogitsLoss", "classes": "CrossEntropyLoss", "numbers": "MSELoss"}[entry.task]
    lines = ["# How it learns.", f"loss_of = nn.{loss}()"]
    if fit.l1 or fit.l2 or fit.linf or len(_rules(fit)) > 1:
        lines += ["weights = [values for values in model.parameters() if values.ndim == 2]"]
    if len(_rules(fit)) > 1:
        lines += ["biases = [values for values in model.parameters() if values.ndim == 1]"]
    return "\n".join([*lines, *_optimizers(fit), "", "", _measure(entry), "", "", *_loop(fit)])


WIDTH = 100  # of a line that creates an optimizer or a schedule


def _assigned(name: str, call: str) -> str:
    """Return `name = call`, with one line per argument if a single line would be too long."""
    if len(name) + len(call) < WIDTH:
        return f"{name} = {call}"
    function, _, arguments = call.removesuffix(")").partition("(")
    each = re.split(r", (?![^(\[{]*[)\]}])", arguments)
    return "\n".join([f"{name} = {function}(", *(f"    {one}," for one in each), ")"])


def _optimizers(fit: Fit) -> list[str]:
    rules = _rules(fit)
    if len(rules) == 1 or _grouped(fit):
        groups = [f'groups = [{{"params": weights}}, {{"params": biases, "lr": {rules[-1].lr!r}}}]'] * (len(rules) - 1)
        made = _assigned("optimizer", _made(fit, rules[0], "groups" if groups else "model.parameters()"))
        schedule = _schedule(rules[0])
        return [*groups, made, *([_assigned("scheduler", schedule)] if schedule else [])]
    lines = []
    for who, rule in zip(("weights", "biases"), rules, strict=True):
        lines += [_assigned(f"rule_of_{who}", _made(fit, rule, who))]
    for who, rule in zip(("weights", "biases"), rules, strict=True):
        if schedule := _schedule(rule):
            lines += [_assigned(f"schedule_of_{who}", schedule.replace("(optimizer", f"(rule_of_{who}", 1))]
    return lines


MEASURE = '''def measure(rows):
    """Return the loss and the {score} of some rows, without dropout and penalties."""
    model.eval()
    with torch.no_grad():
        outputs = model(x[rows])
        loss = loss_of(outputs, y[rows]).item()
    return loss, {how}'''


def _measure(entry: Dataset) -> str:
    if entry.task == "numbers":
        return MEASURE.format(score="R²", how="(1 - loss / y[rows].var(correction=0)).item()")
    told = "(outputs > 0)" if entry.task == "binary" else "outputs.argmax(1)"
    return MEASURE.format(score="accuracy", how=f"({told} == y[rows]).double().mean().item()")


def _loop(fit: Fit) -> list[str]:
    """Return the training itself: epochs, batches, steps, and the best weights so far."""
    held = _held(fit)
    apart = len(_rules(fit)) > 1 and not _grouped(fit)
    optimizers = ["rule_of_weights", "rule_of_biases"] if apart else ["optimizer"]
    ticks = ["schedule_of_weights", "schedule_of_biases"] if apart else ["scheduler"]
    epoch = ["model.train()"]
    if any(rates(fit)):
        epoch += ["masks = np.random.default_rng([SEED, 2, epoch])"]
    if fit.output_dropout:
        epoch += ["output_masks = np.random.default_rng([SEED, 3, epoch])"]
    if fit.batch_size is None:
        epoch += _step(fit, "train", optimizers)
    else:
        rows = "train"
        if fit.shuffle:
            rows = "shuffled"
            epoch += ["shuffled = np.random.default_rng([SEED, 1, epoch]).permutation(train)"]
        epoch += [f"for batch in torch.from_numpy({rows}).split(BATCH_SIZE):"]
        epoch += [f"    {line}" for line in _step(fit, "batch", optimizers)]
    watched = [rule.schedule.key == "plateau" for rule in _rules(fit)]
    seen = "val_loss" if held else "train_loss"
    if held:
        epoch += ["val_loss, val_score = measure(val)"]
    elif any(watched):
        epoch += ["train_loss, train_score = measure(train)"]
    for name, rule, watches in zip(ticks, _rules(fit), watched, strict=False):
        if _schedule(rule):
            epoch += [f"{name}.step({seen if watches else ''})"]
    if held:
        epoch += ["if val_loss < best_loss or best is None:"]
        epoch += ["    best_epoch, best_loss, best = epoch, val_loss, copy.deepcopy(model.state_dict())"]
    said = "training loss {measure(train)[0]:.4f}" + (", validation loss {val_loss:.4f}" if held else "")
    show = f'print(f"epoch {{epoch}}: {said}")'
    every = fit.epochs // 10
    epoch += [f"if epoch % {every} == 0:", f"    {show}"] if every > 1 else [show]
    first = ["best_epoch, best_loss, best = 1, math.inf, None"] if held else []
    return [*first, "for epoch in range(1, EPOCHS + 1):", *(f"    {line}" for line in epoch)]


def _step(fit: Fit, batch: str, optimizers: list[str]) -> list[str]:
    """Return the code of one step: the loss of a batch, its gradient, the update."""
    lines = []
    if any(rates(fit)):
        lines += [f"draws = torch.from_numpy(masks.random((len({batch}), {sum(fit.hidden)}), dtype=np.float32))"]
        lines += [f"for layer, part in zip(dropouts, draws.split({list(fit.hidden)}, dim=1)):"]
        lines += ["    layer.stays = part >= layer.rate"]
    if fit.output_dropout:
        outputs = sizes(fit)[-1]
        lines += [f"draws = torch.from_numpy(output_masks.random((len({batch}), {outputs}), dtype=np.float32))"]
        lines += ["dropouts[-1].stays = draws >= dropouts[-1].rate"]
    lines += [f"loss = loss_of(model(x[{batch}]), y[{batch}])"]
    if fit.l1:
        lines += [f"loss += {fit.l1!r} * sum(w.abs().sum() for w in weights)"]
    if fit.l2:
        lines += [f"loss += {fit.l2!r} / 2 * sum((w**2).sum() for w in weights)"]
    if fit.linf:
        lines += [f"loss += {fit.linf!r} * torch.cat([w.flatten() for w in weights]).abs().amax()"]
    return [*lines, "model.zero_grad()", "loss.backward()", *(f"{one}.step()" for one in optimizers)]


# -- the end


def _held(fit: Fit) -> bool:
    """Return whether there is a validation set."""
    return fit.folds is not None or fit.val_size > 0


def _end(fit: Fit, entry: Dataset) -> str:
    score = "R²" if entry.task == "numbers" else "accuracy"
    lines = ["# How it stands.", "train_loss, train_score = measure(train)"]
    lines += [f'print(f"training: loss {{train_loss:.5f}}, {score} {{train_score:.4f}}")']
    if _held(fit):
        lines += [f'print(f"validation: loss {{val_loss:.5f}}, {score} {{val_score:.4f}}")']
        lines += ['print(f"the best epoch was {best_epoch}: validation loss {best_loss:.5f}")']
    if fit.test_size or entry.held:
        lines += ["", "# The test part is looked at once, at the end.", "test_loss, test_score = measure(test)"]
        lines += [f'print(f"test: loss {{test_loss:.5f}}, {score} {{test_score:.4f}}")']
        if _held(fit):
            lines += ["model.load_state_dict(best)", "best_test_score = measure(test)[1]"]
            lines += [f'print(f"test, with the weights of the best epoch: {score} {{best_test_score:.4f}}")']
    if isinstance(entry, Own):
        lines += own_script.predict(fit, entry, f"torch.{precision(fit)}")
    return "\n".join(lines)
