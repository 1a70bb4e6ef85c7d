"""A script reaches the losses of its run, uses only torch, and contains nothing that a visitor wrote."""

from __future__ import annotations

import contextlib
import io
import math
import subprocess
import sys
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from datasets import DATASETS, SCALERS, find, own, prepare
from datasets.own import Sheet
from experiments.fit import Fit, fit
from experiments.script import Order, begin, data_file, file_name, pack, script, write
from experiments.torch_rule import Term, term, written
from experiments.variant import precision, prepared
from networks import ACTIVATIONS, INITS
from optimizers import RULES, SCHEDULES, SGD, Adam, Lion, Momentum, Optimizer, RMSProp
from spec import settings

AGREED = 1e-6  # between a script's losses and ours, in float64; ten thousand times that in float32

RUNS = {
    "dropout and L2": Fit("breast_cancer", (16, 16), epochs=12, optimizer=Adam(lr=0.01), dropout=0.4, l2=0.01),
    "batch norm and a schedule": Fit(
        "digits", (32,), epochs=6, batch_norm=True, batch_size=64,
        optimizer=Adam(lr=0.01, schedule=SCHEDULES["cosine"]()),
    ),
    "L1 and folds": Fit(
        "diabetes", (16,), "tanh", "xavier", 0.5, RMSProp(lr=0.003), epochs=15, l1=0.01, folds=5, fold=2
    ),
    "other rules for biases": Fit(
        "moons", (8, 4), "sigmoid", epochs=20, batch_size=None, label_noise=0.1, optimizer=Lion(lr=0.01),
        bias_optimizer=SGD(lr=0.1, schedule=SCHEDULES["plateau"](patience=2)), dropout_by_layer=(0.0, 0.3),
    ),
    "another rate for biases, lonely rows": Fit(
        "iris", (8,), epochs=10, batch_size=8, rows=49, batch_norm=True, features=(2, 0), scaling="minmax",
        optimizer=Momentum(lr=0.01), bias_optimizer=Momentum(lr=0.1), scaler_sees="train+val",
    ),
    "a file, a mistake, no validation": Fit(
        "titanic", (8,), "leaky_relu", epochs=8, rows=200, val_size=0.0, scaling="sample",
        optimizer=Adam(lr=0.01, unweighted=True, schedule=SCHEDULES["plateau"](patience=1)),
    ),
    "float32": Fit("digits", (16,), epochs=4, precision="float32"),
    "mistakes of notes": Fit(
        "wine", (8, 4), "tanh", "xavier_sqrt2", epochs=6, batch_size=16, linf=0.05, dropout=0.2, output_dropout=0.3,
        shuffle=False, stratify="no",
    ),
    "stratified folds": Fit("iris", (4,), epochs=4, folds=4, fold=1, linf=0.1, output_dropout=0.2),
    "numbers with noise": Fit(
        "scores", (), init="ones", init_scale=0.3, epochs=5, batch_size=None, test_size=0.0, label_noise=0.5,
        scale_target=False, scaling="none", optimizer=SGD(lr=1e-5),
    ),
}  # fmt: skip


def ran(text: str, monkeypatch: pytest.MonkeyPatch, where: Path) -> dict[str, Any]:
    """Run a script of ours in a folder, and return what its names stand for at the end, and what it printed."""
    monkeypatch.chdir(where)
    names: dict[str, Any] = {}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(text, "script", "exec"), names)
    return names | {"said": said.getvalue()}


@pytest.mark.heavy
@pytest.mark.parametrize("one", RUNS.values(), ids=RUNS)
def test_a_script_comes_to_the_losses_of_its_run(one: Fit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = find(one.dataset)
    if name := file_name(data):
        (tmp_path / name).write_bytes(data_file(data))
    theirs, ours = ran(script(one), monkeypatch, tmp_path), fit([one])
    agreed = AGREED if precision(one) == "float64" else 1e4 * AGREED
    assert theirs["train_loss"] == pytest.approx(ours.train_loss[0, -1], abs=agreed)
    assert theirs["train_score"] == pytest.approx(ours.train_score[0, -1], abs=0.01)
    assert f"{theirs['train_loss']:.5f}" in theirs["said"]
    if np.isfinite(ours.val_loss).any():
        assert theirs["val_loss"] == pytest.approx(ours.val_loss[0, -1], abs=agreed)
        assert theirs["best_epoch"] == ours.best_epoch[0]
        assert theirs["best_loss"] == pytest.approx(ours.val_loss[:, 1:].min(), abs=agreed)
        assert f"{theirs['val_loss']:.5f}" in theirs["said"]
    if one.test_size:
        assert theirs["test_loss"] == pytest.approx(ours.test_loss[0], abs=agreed)
        assert theirs["test_score"] == pytest.approx(ours.test_score[0], abs=0.01)


def written_scripts() -> dict[str, str]:
    """Return a script for every optimizer with every schedule, every data set, and every choice of the others."""
    small = Fit("iris", (3,), epochs=5)
    fits = {
        **{f"{r}_{s}": replace(small, optimizer=RULES[r](schedule=SCHEDULES[s]())) for r in RULES for s in SCHEDULES},
        **{f"biases_{r}": replace(small, optimizer=Lion(), bias_optimizer=RULES[r](lr=0.5)) for r in RULES},
        **{f"data_{key}": Fit(key, (2,), epochs=5, label_noise=0.1, test_size=0.25) for key in DATASETS},
        **{f"init_{key}": replace(small, init=key, init_scale=2.0, activation=a)
           for key, a in zip(INITS, cycle(ACTIVATIONS), strict=False)},
        **{f"scaling_{key}": replace(small, scaling=key, scaler_sees="train+val", folds=3) for key in SCALERS},
        **{f"mistake_{key}_{name}": replace(small, optimizer=rule(**{name: True}))
           for key, rule in RULES.items() for name, fact in settings(rule).items() if fact.mistake},
        **{name.replace(" ", "_").replace(",", ""): one for name, one in RUNS.items()},
    }  # fmt: skip
    texts = {name: script(one) for name, one in fits.items()}
    for name, (title, content, how, usual) in MINE.items():
        mine = taken(title, content, **how)
        texts[f"own_{name}".replace(" ", "_").replace(",", "")] = script(replace(usual, dataset=mine.key, epochs=2))
    return texts


def test_scripts_are_code_that_one_would_have_written(tmp_path: Path) -> None:
    """They compile, import what they use and nothing else, know every name, and are formatted."""
    texts = written_scripts()
    for name, text in texts.items():
        compile(text, name, "exec")
        (tmp_path / f"{name}.py").write_text(text)
    for how in (["check", "--select", "F,I,E7,E9"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *how, "--isolated", "--line-length", "120", str(tmp_path)],
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:]


# -- optimizers


def path(make: Any, rule: Optimizer, steps: int = 12) -> np.ndarray:
    """Return the steps of a torch optimizer, made by `make(parameters)`, down a bowl that turns over."""
    leaf = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64, requires_grad=True)
    one = make([leaf])
    seen = []
    for t in range(steps):
        leaf.grad = leaf.detach() * (1 + 0.5 * math.sin(3 * t))
        one.step()
        seen.append(leaf.detach().numpy().copy())
    return np.array(seen)


def own_path(rule: Optimizer, steps: int = 12) -> np.ndarray:
    params = np.array([1.0, -2.0, 0.5])
    state = rule.init(params)
    seen = []
    for t in range(steps):
        rule.step(params, params * (1 + 0.5 * math.sin(3 * t)), state)
        seen.append(params.copy())
    return np.array(seen)


def other(rule: type[Optimizer]) -> Optimizer:
    """Return an optimizer none of whose own settings is the default, without mistakes."""
    usual, values = rule(), {}
    for name, fact in settings(rule).items():
        value = getattr(usual, name)
        if isinstance(value, bool):
            values[name] = value if fact.mistake else not value
        elif isinstance(value, float):
            values[name] = value * 0.9 if value else 0.01
    return rule(**values)


HERE = [rule for rule in RULES.values() if rule().torch_equivalent]


@pytest.mark.parametrize("rule", [*(rule() for rule in HERE), *map(other, HERE)], ids=lambda rule: rule.key)
def test_a_rule_of_torch_takes_our_steps(rule: Optimizer) -> None:
    name, _, rest = rule.torch_equivalent.partition("(")
    taken = path(
        lambda parameters: eval(f"rule({rest}", {"rule": getattr(torch.optim, name), "parameters": parameters}), rule
    )
    np.testing.assert_allclose(taken, own_path(rule), rtol=1e-5)


MISTAKEN = [rule(**{name: True}) for rule in RULES.values() for name, fact in settings(rule).items() if fact.mistake]


@pytest.mark.parametrize(
    "rule", [*(rule() for rule in RULES.values()), *map(other, RULES.values()), *MISTAKEN], ids=lambda rule: rule.key
)
def test_a_rule_written_line_by_line_takes_our_steps(rule: Optimizer) -> None:
    names: dict[str, Any] = {"torch": torch, "math": math, "np": np}
    exec(written(rule, "Written"), names)
    np.testing.assert_allclose(
        path(lambda parameters: names["Written"](parameters, rule.lr), rule), own_path(rule), rtol=1e-5
    )


@pytest.mark.parametrize("rule", MISTAKEN, ids=lambda rule: rule.key)
def test_torch_makes_none_of_the_famous_mistakes(rule: Optimizer) -> None:
    assert rule.torch_equivalent == ""


@pytest.mark.parametrize("init", INITS)
def test_a_spread_is_written_as_its_formula(init: str) -> None:
    written = term(INITS[init].spread(Term("n_in"), Term("n_out"))).text  # type: ignore[arg-type]
    assert eval(written, {"math": math, "n_in": 30, "n_out": 7}) == INITS[init].spread(30, 7)


# -- a visitor's own table


@pytest.fixture
def mine() -> own.Own:
    """A table whose names would do harm if they came into a script."""
    rows = [f"{i},{i % 7},{'yes' if i % 3 else 'no'}" for i in range(40)]
    header = '"a""""""\nimport os; os.abort() #","b\n""""""",y"""'
    sheet = Sheet("\n".join([header, *rows]).encode(), "secret")
    return own.adopt(sheet, '""" quit() #\n.csv', own.inspect(sheet, 0.0)[1][3])


def test_of_an_own_table_no_text_comes_into_its_script(
    mine: own.Own, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = Fit(mine.key, (3,), epochs=3, features=(0,))
    text = script(one)
    assert "abort" not in text
    assert "quit" not in text
    (tmp_path / file_name(mine)).write_bytes(data_file(mine))
    assert ran(text, monkeypatch, tmp_path)["val_loss"] == pytest.approx(fit([one]).val_loss[0, -1], abs=AGREED)


def taken(title: str, content: str | bytes, **how: Any) -> own.Own:
    """A visitor's own table, as a page has it."""
    sheet = Sheet(content if isinstance(content, bytes) else content.encode(), "secret", **how)
    return own.adopt(sheet, title, own.inspect(sheet, 0.0)[1][3])


def lines_of(task: str, rows: int = 60) -> list[str]:
    """Rows with a category, missing numbers and words, decimal commas, two words, and a target."""
    draw = np.random.default_rng(5)
    out = []
    for n in range(rows):
        height = "NA" if n % 11 == 3 else f"{draw.normal(170, 9):.2f}".replace(".", ",")
        word = ["red", "green", "", "blue"][n % 4]
        target = {"binary": "yes" if n % 3 else "no", "classes": "abc"[n % 3], "numbers": f"{n % 7},5"}[task]
        out.append(f"{height};{word};{1000 + n % 9},25;{'left' if n % 5 else 'right'};{target}")
    return out


MINE = {
    "as it is": ("mine.csv", "\n".join(["height;colour;price;side;won", *lines_of("binary")]).encode(), {}, Fit()),
    "under a title, in Korean": (
        "내 표.csv", "\n".join(["결과;;;;", "키;색;값;쪽;정답", *lines_of("classes")]).encode("cp949"),
        {"encoding": "cp949"},
        Fit(folds=3, fold=1, features=(0, 2, 4), scaler_sees="train+val", scaling="sample"),
    ),
    "a number": (
        "a.csv", "\n".join(["height;colour;price;side;won", *lines_of("numbers")]).encode(), {"task": "numbers"},
        Fit(scaling="minmax"),
    ),
    "a number, not scaled": (
        "a.csv", "\n".join(["height;colour;price;side;won", *lines_of("numbers")]).encode(), {"task": "numbers"},
        Fit(scaling="none", scale_target=False, optimizer=SGD(lr=1e-9)),
    ),
    "nameless": ("a.csv", "\n".join(lines_of("binary")).encode(), {}, Fit()),
    "rows without a target": (
        "a.csv", "\n".join(["height;colour;price;side;won", *lines_of("binary"), "1,5;red;2,5;left;"]).encode(), {},
        Fit(),
    ),
    "chosen": (
        "a.csv", "\n".join(["height;colour;price;side;won", *lines_of("binary")]).encode(),
        {"kinds": (("price", "category"), ("colour", "dropped"))}, Fit(),
    ),
    "classes with a sign": (
        "a.csv", "\n".join(["a,b,y", *(f"{n * n % 61},{n % 5}.5,{n % 3 + 9}%" for n in range(60))]).encode(), {}, Fit(),
    ),
}  # fmt: skip
AS_IT_IS = (
    "as it is",
    "under a title, in Korean",
    "a number",
    "a number, not scaled",
    "rows without a target",
    "chosen",
)


@pytest.mark.parametrize("name", MINE)
def test_the_script_of_an_own_table_encodes_it_and_judges_new_rows(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    title, content, how, usual = MINE[name]
    mine = taken(title, content, **how)
    one = replace(usual, dataset=mine.key, hidden=(4,), epochs=4)
    assert file_name(mine) == (title if name in AS_IT_IS else "table.csv")
    assert data_file(mine) == content or name not in AS_IT_IS
    (tmp_path / file_name(mine)).write_bytes(data_file(mine))
    theirs, ours = ran(script(one), monkeypatch, tmp_path), fit([one])
    parts = prepare(mine, **prepared(one))
    for part in (parts.train, parts.val, parts.test):
        np.testing.assert_allclose(theirs["x"].numpy()[part.rows], part.x, rtol=1e-9, atol=1e-12)
    assert theirs["train_loss"] == pytest.approx(ours.train_loss[0, -1], rel=AGREED)
    assert theirs["val_loss"] == pytest.approx(ours.val_loss[0, -1], rel=AGREED)
    table = theirs["table"]
    answers = theirs["predict"](table.drop(columns=theirs["TARGET"]).iloc[[5, 0, 3]])
    with torch.no_grad():
        outputs = theirs["model"](theirs["x"][[5, 0, 3]]).numpy()
    if mine.task == "numbers":
        np.testing.assert_allclose(answers, outputs * parts.unit + parts.centre)
    else:
        chosen = outputs.argmax(1) if mine.task == "classes" else (outputs > 0).astype(int)
        assert [str(answer) for answer in answers] == [mine.classes[one] for one in chosen]
    odd = table.drop(columns=theirs["TARGET"]).head(3).copy()
    odd[odd.columns[0]] = np.nan
    for word in theirs.get("WORDS", []):
        odd[word] = ["never seen", None, "?"]
    assert len(theirs["predict"](odd)) == 3


@pytest.mark.parametrize("data", DATASETS.values(), ids=DATASETS)
def test_a_file_holds_the_table_and_no_objects(data: Any) -> None:
    if file_name(data):
        with np.load(io.BytesIO(data_file(data))) as file:
            for array, expected in zip((file["x"], file["y"]), data.read(), strict=True):
                np.testing.assert_array_equal(array, expected)
                assert array.dtype == expected.dtype


# -- the panel


def page() -> None:
    import streamlit as st

    from experiments.fit import Fit
    from ui import script

    st.session_state["tested script"] = True
    script.offer("tested", (Fit("titanic", epochs=7), Fit("titanic", epochs=9)), ["seven", "nine"])


def test_the_panel_offers_the_script_of_the_chosen_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.script.asked", lambda chain, height: write(begin(chain.spec), 0.0)[1][3])
    tested = AppTest.from_function(page, default_timeout=30).run()
    assert not tested.exception
    assert "EPOCHS = 7" in tested.code[0].value
    assert len(tested.get("download_button")) == 2
    tested.selectbox[0].set_value(1).run()
    assert tested.code[0].value == script(Fit("titanic", epochs=9)).strip()


def test_a_worker_packs_the_file() -> None:
    data = find("titanic")
    packed = pack(Order(Fit("titanic"), data), 0.0)[1][3]["file"]
    assert packed.tobytes() == data_file(data)
