"""What pages compute in workers: the same bits as in this process, in turns, and cancelled when no longer needed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chains
import numpy as np
import pytest
from chains import Walk
from conftest import visit

import runs
from experiments.descend import Race, default_race, descend
from experiments.divergence import diagnose
from experiments.likelihood import CoinTosses, climb
from experiments.maps import coarse, default_map, survey
from experiments.noise import default_noisy, scatter
from optimizers import RULES
from runs import Chain, Pool
from runs.call import Call, results
from spec import Refused
from surfaces import found
from ui import cached, frame

FAST = dataclasses.replace(default_race("rosenbrock", RULES), steps=40)
LOST = dataclasses.replace(FAST, contenders=tuple(dataclasses.replace(rule, lr=50.0) for rule in FAST.contenders))
NOISY = dataclasses.replace(default_noisy("ravine"), steps=30)
CHART = coarse(default_map("settings", "ravine"))
FORMULA = "formula~text~sin(3x)*exp(-y^2) + x^2/9"


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(1, lease=60.0) as pool:
        yield pool


@pytest.fixture(autouse=True)
def _these_workers(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_pool", pool)
    monkeypatch.setattr(frame, "WARM", ())  # no torch, which nothing here needs


def same(one: Any, other: Any) -> None:
    if isinstance(one, (tuple, list)):
        assert len(one) == len(other)
        for part, torch_equivalent in zip(one, other, strict=True):
            same(part, torch_equivalent)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        same(list(one.values()), list(other.values()))
    else:
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("function", "spec", "here"),
    [
        ("experiments.descend:descend", FAST, descend),
        ("experiments.descend:descend", Race(FORMULA, noise=1.0), descend),
        ("experiments.noise:scatter", NOISY, scatter),
        ("experiments.maps:survey", CHART, survey),
        ("experiments.likelihood:climb", CoinTosses(), climb),
        ("surfaces:found", FORMULA, found),
    ],
)
def test_a_worker_computes_the_same_bits(function: str, spec: Any, here: Any) -> None:
    [there] = results([Call(function, (spec,))], "ann")
    same(there, here(spec))


def test_a_worker_tells_the_same_of_who_diverged() -> None:
    run = descend(LOST)
    gone = [i for i, step in enumerate(run.diverged) if step >= 0]
    assert len(gone) > 3
    same(
        results([Call("experiments.divergence:lost", (LOST, i)) for i in gone], "ann"),
        [diagnose(LOST, run, i) for i in gone],
    )


def test_results_are_not_kept_twice(pool: Pool) -> None:
    results([Call("experiments.descend:descend", (FAST,))], "ann")
    assert not pool._runs


def test_what_a_worker_refuses_is_refused(pool: Pool) -> None:
    with pytest.raises(Refused, match="no surface nowhere"):
        results([Call("surfaces:find", ("nowhere",))], "ann")
    assert not pool._runs


def test_a_call_that_nobody_wants_any_more_is_given_up(pool: Pool, tmp_path: Path) -> None:
    held = pool.start(Chain("chains:begin", "chains:advance", Walk("held", steps=1, gate=str(tmp_path / "gate"))))

    class Left(BaseException):
        pass

    def leave() -> None:
        raise Left

    with pytest.raises(Left):
        results([Call("experiments.descend:descend", (FAST,))], "ann", leave)
    assert list(pool._runs.values()) == [held]
    (tmp_path / "gate").touch()
    assert held.wait().state == "done"
    np.testing.assert_array_equal(held.result["path"], chains.whole(Walk("held", steps=1)))


def test_only_long_computations_leave_the_page(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A default race is computed where it is shown; one of sixteen contenders and many steps by a worker."""
    asked: list[str] = []

    def noted(calls: list[Call], *how: Any) -> list[Any]:
        asked.extend(call.function for call in calls)
        return results(calls, *how)

    monkeypatch.setattr(cached, "results", noted)
    assert results([Call("builtins:abs", (-1,))], "ann") == [1], "the worker is ready"
    assert not visit("race").exception
    assert not asked
    long = {"surface": ["rosenbrock"], "steps": ["400"], "rule": list(RULES)}
    assert not visit("race", query=long).exception
    assert asked == ["experiments.descend:descend"]
    text = "sin(3x)*exp(-y^2) + x^2/9 + cos(2x)*cos(5y) + x*y/20 + sin(7y)/30"
    assert not visit("maps", query={"surface": [f"formula~text~{text}"], "side": ["8"]}).exception
    assert "surfaces:found" in asked


@pytest.mark.parametrize(("retry", "lang"), [(True, "en"), (True, "ko"), (False, "en")])
def test_a_training_that_failed_can_be_tried_again(idle: None, retry: bool, lang: str) -> None:
    page = visit("compare", lang=lang)
    nobody = runs._pool
    assert nobody is not None
    [run] = nobody._runs.values()
    with nobody._lock:
        nobody._fail(run, Refused("The worker was lost."), retry=retry)
    page.run()
    assert any("The worker was lost." in part.value for part in page.markdown)
    offered = [button for button in page.button if button.key == "compare again"]
    assert len(offered) == retry
    for button in offered:
        assert button.label == {"en": "Try again", "ko": "다시 시도"}[lang]
        button.click().run()
        assert not any("The worker was lost." in part.value for part in page.markdown)
        assert [other.state for other in nobody._runs.values()] == ["queued"], "this pool has no workers"
    assert not page.exception


def test_a_call_that_fails_says_why_and_can_be_tried_again(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "SOON", -1.0)
    monkeypatch.setattr(cached.KEPT, "get", lambda name, make, who="": make())
    with monkeypatch.context() as broken:
        broken.setattr(cached, "results", lambda *_: results([Call("chains:crash", (None, 0.0))], "ann"))
        page = visit("noise")
        assert "ZeroDivisionError" in page.warning[0].value
        assert not page.exception
    page.button(key="try again").click().run()
    assert not page.warning
    assert not page.exception
