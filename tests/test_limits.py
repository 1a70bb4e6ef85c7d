"""Limits of a server: read from the environment, shown in advance, obeyed by links, and sufficient for the course."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import cycle
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs

import pytest
import streamlit as st
from chains import Walk
from conftest import visit
from streamlit.runtime.caching import clear_session_resource_cache
from streamlit.testing.v1 import AppTest

import lessons
import runs
from experiments import links, remedies, search, signals, studies
from experiments.descend import Race, default_race, suited
from experiments.fit import Fit, check_size
from experiments.maps import Map, default_map
from experiments.presets import Preset, offered
from harness.server import ROOT
from optimizers import SCHEDULES
from runs import Chain, Pool
from spec import Refused, settings, type_hints
from spec.limits import Limits, allowed, languages, read, table, variable
from surfaces import SURFACES
from ui import language, training
from ui.page_state import PageState

NUMBERS = {one.name: one.metadata["limit"] for one in fields(Limits) if one.metadata["limit"].high}
LESSONS = lessons.lessons()


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> Iterator[Limits]:
    """A server with the tightest limits that there can be, a title of its own, and Korean before English."""
    for name, fact in NUMBERS.items():
        monkeypatch.setenv(variable(name), str(fact.low))
    monkeypatch.setenv("DESCENT_LAB_TITLE", "Deep Learning *2026*")
    monkeypatch.setenv("DESCENT_LAB_LANGUAGES", "ko, en")
    caches = (allowed, language.languages)
    for cache in caches:
        cache.cache_clear()
    yield allowed()
    monkeypatch.undo()
    for cache in caches:
        cache.cache_clear()


# -- reading them


def test_an_empty_environment_means_the_defaults() -> None:
    assert read({}) == Limits()
    assert read({variable(one.name): " " for one in fields(Limits)}) == Limits()


@pytest.mark.parametrize("name", NUMBERS)
def test_a_limit_has_bounds(name: str) -> None:
    fact = NUMBERS[name]
    assert fact.low <= getattr(Limits(), name) <= fact.high
    for value in (fact.low, fact.high):
        assert getattr(read({variable(name): str(value)}), name) == value
    for wrong in (fact.low - 1, fact.high + 1, "many", "2.5", "1e3", "٣", "1_000", "9" * 5000):
        with pytest.raises(Refused, match=f"{variable(name)} must be a whole number from {fact.low} to {fact.high}"):
            read({variable(name): str(wrong)})


@pytest.mark.parametrize(
    ("name", "value"),
    [("title", "x" * 61), ("title", "a\nb"), ("languages", "xx"), ("languages", ","), ("languages", "../ko")],
)
def test_what_is_no_title_and_no_language_is_refused(name: str, value: str) -> None:
    with pytest.raises(Refused, match=variable(name)):
        read({variable(name): value})


def test_languages_keep_their_order() -> None:
    assert read({"DESCENT_LAB_LANGUAGES": "ko,en,ko"}).languages == ("ko", "en")
    assert languages()[0] == "en"


def test_the_docs_list_every_limit() -> None:
    assert table() in (ROOT / "docs" / "hosting.md").read_text("utf-8")


def test_the_settings_for_a_class_are_limits() -> None:
    lines = (ROOT / "deploy" / "class.env").read_text().splitlines()
    given = dict(line.removeprefix("# ").split("=", 1) for line in lines if "=" in line)
    assert set(given) <= {variable(one.name) for one in fields(Limits)}
    for name in NUMBERS:
        assert getattr(read(given), name) <= getattr(Limits(), name) or name == "workers"


# -- what the program offers lies within them


@pytest.mark.parametrize("module", [studies, remedies, search, signals])
def test_presets_that_are_too_long_are_left_out_where_limits_are_tight(tight: Limits, module: ModuleType) -> None:
    within = module.presets()
    assert set(within) <= set(module.PRESETS)
    for key, preset in module.PRESETS.items():
        spec: Any = preset.spec
        if key in within:
            assert replace(spec) == spec
        else:
            with pytest.raises(Refused):
                replace(spec)


def test_a_preset_that_makes_no_experiment_is_an_error_where_no_limit_is_tight() -> None:
    with pytest.raises(Refused):
        offered({"wrong": lambda: Preset("", "", Fit("nothing"))})


def test_surfaces_and_maps_lie_within_the_tightest_limits(tight: Limits) -> None:
    for surface in SURFACES:
        default_race(surface)
        for kind in ("settings", "basins", "rates"):
            default_map(kind, surface)


@pytest.mark.heavy
@pytest.mark.parametrize("key", LESSONS)
def test_a_lesson_lies_within_the_tightest_limits(tight: Limits, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive = PageState._arrive

    def only_arrive(state: PageState) -> None:
        arrive(state)
        st.stop()

    monkeypatch.setattr(PageState, "_arrive", only_arrive)
    lesson = LESSONS[key]
    tried = [parse_qs(target, keep_blank_values=True) for target in lesson.next if not target.startswith("lesson:")]
    for query in ({}, *tried):
        tested = visit(lesson.page, query={"lesson": [key], **query})
        assert tested.session_state[f"state {lesson.page}"]["notices"] == [], query


# -- where they bite


def test_a_link_that_asks_for_more_opens_with_the_limit_and_says_so(tight: Limits) -> None:
    race, notices = links.read({"steps": ["2000"], "seed": ["7"]}, default_race("ravine"), suited("ravine"))
    assert (race.steps, race.seed) == (1000, 7)
    assert [str(notice) for notice in notices] == ["Steps: this server allows at most 1000, not 2000."]
    fit, notices = links.read({"epochs": ["20000"]}, studies.Comparison(), studies.suggested)
    assert fit.epochs == 1000
    assert [str(notice) for notice in notices] == ["Epochs: this server allows at most 1000, not 20000."]
    race, notices = links.read({"steps": ["99999"]}, default_race("ravine"), suited("ravine"))
    assert (race, len(notices)) == (default_race("ravine"), 1), "what no server allows is no wish"


def test_what_is_too_much_work_is_refused_with_both_numbers(tight: Limits) -> None:
    with pytest.raises(Refused, match="weights and biases in all; at most 4,000,000"):
        check_size([Fit("mnist", hidden=(512,) * 4, epochs=1)] * 4)
    with pytest.raises(Refused, match=r"about [\d,]+ seconds; the limit is 30"):
        Fit("mnist", hidden=(256, 256), batch_size=1, epochs=1000)
    with pytest.raises(Refused, match="40 million steps; the limit is 8 million"):
        replace(default_map("settings", "ravine"), side=200, steps=1000)
    Map()


def test_a_page_tells_the_limits_and_its_sliders_end_there(tight: Limits) -> None:
    tested = visit("race", query={"steps": ["2000"]})
    slider = next(one for one in tested.sidebar.slider if one.key.endswith(" steps"))
    assert (slider.value, slider.max) == (1000, 1000)
    assert slider.help == "At most 1,000 steps on this server."
    assert [warning.value for warning in tested.warning] == [r"Steps\: this server allows at most 1000, not 2000."]


def test_a_page_of_training_tells_them_too(tight: Limits, idle: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "PRESETS", studies.presets())  # as a server with these limits would have them
    tested = visit("compare", query={"epochs": ["1000"]})
    slider = next(one for one in tested.sidebar.select_slider if one.key.endswith(" epochs"))
    assert slider.options[-1] == "1000"
    assert (
        slider.help == "At most 1,000 epochs on this server. A training run may take about 30 seconds on this server."
    )
    hidden = next(one for one in tested.sidebar.text_input if one.key.endswith(" hidden"))
    assert "All networks together may have 4,000,000 weights and biases on this server." in hidden.help


def test_the_server_has_its_own_title_and_languages(tight: Limits) -> None:
    tested = visit("home", lang="")
    assert tested.title[0].value == r"Deep Learning \*2026\*"
    assert list(language.languages()) == ["ko", "en"]
    assert language.current() == "ko", "for a browser that asks for none of them"


# -- who is a visitor


def test_tabs_of_one_browser_are_one_visitor() -> None:
    number = bytes(range(16))

    def cookie(mask: bytes) -> str:
        masked = bytes(a ^ b for a, b in zip(number, cycle(mask), strict=False))
        return f"2|{mask.hex()}|{masked.hex()}|1700000000"

    assert training._browser(cookie(b"abcd")) == training._browser(cookie(b"wxyz")) == number.hex()
    for other in ("", "2|61|zz|1", "words", "2||00|1", "1|2|3|4|5"):
        assert training._browser(other) == ""


def test_what_was_computed_of_a_table_is_forgotten_when_the_visit_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask() -> None:
        import streamlit as st
        from streamlit.runtime.scriptrunner import get_script_run_ctx

        from ui import data

        data._named().add("own~1")
        data._named().add("own~2")
        context = get_script_run_ctx()
        assert context is not None
        st.session_state["session"] = context.session_id

    with Pool(1, lease=60.0) as pool:
        monkeypatch.setattr(runs, "_the_pool", lambda: pool)
        tested = AppTest.from_function(ask).run()
        done = [
            pool.start(Chain("chains:begin", "chains:advance", Walk(name))) for name in ("own~1", "public", "own~2")
        ]
        assert [run.wait(60).state for run in done] == ["done"] * 3
        clear_session_resource_cache(tested.session_state["session"])  # as Streamlit does when a session disconnects
        assert [run.chain.spec.name for run in pool._runs.values()] == ["public"]


WHOLE = [
    (spec, name)
    for spec in (Fit, Race, Map, search.Search, *SCHEDULES.values())
    for name, hint in type_hints(spec).items() if hint is int and name in settings(spec)
]  # fmt: skip


@pytest.mark.parametrize(("spec", "name"), WHOLE, ids=lambda part: getattr(part, "__name__", part))
def test_a_whole_number_with_a_fraction_is_refused(spec: Any, name: str) -> None:
    with pytest.raises(Refused, match=re.escape(f"{settings(spec)[name].label} must be a whole number, not")):
        spec(**{name: getattr(spec(), name) + 0.5})


def test_tuples_of_whole_numbers_are_checked_number_by_number() -> None:
    with pytest.raises(Refused, match="Hidden units must be a whole number"):
        Fit(hidden=(3, 2.5))  # pyright: ignore[reportArgumentType]
    with pytest.raises(Refused, match="Seed must be a whole number"):
        Fit(seed=1.0)  # pyright: ignore[reportArgumentType]
