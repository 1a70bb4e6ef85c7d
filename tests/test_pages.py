"""Pages without a browser: each opens in every language, with any value of its widgets and any address."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import hypothesis
import pytest
from conftest import PATIENCE, ROOT, visit
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest
from test_links import WORDS, queries

from optimizers import RULES, SCHEDULES, Optimizer
from spec import settings as facts
from surfaces import SURFACES
from ui import language
from ui.pages import pages

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
STATES = [page for page in PAGES if "PageState(" in (ROOT / "pages" / f"{page}.py").read_text()]
each_page = pytest.mark.parametrize("name", PAGES)
untrained = pytest.mark.usefixtures("idle")
each_state = pytest.mark.parametrize("name", STATES)

NEVER = ("nan", "-inf", "~~~", "__class__", "{0.__class__}", "<b>*_`$x$`_*</b>", "\u202e", "\x00", "x" * 5000)


def whole(tested: AppTest) -> None:
    """A page is whole when nothing was raised, its title stands above it, and its picture is there."""
    assert [error.message for error in tested.exception] == []
    assert len(tested.title) == 1
    assert len([part for part in tested.get("bidi_component") if part.key.endswith("stage")]) == 1


def store(tested: AppTest, page: str) -> dict[str, Any]:
    return tested.session_state[f"state {page}"]


def blocks(tested: AppTest, *kinds: str) -> Iterator[Any]:
    for kind in kinds:
        yield from tested.get(kind)


def open_all(tested: AppTest, *endings: str) -> AppTest:
    """Open every menu and every folded part, or those whose keys end so, as far as there are any."""
    for block in blocks(tested, "expander", "popover"):
        if not endings or block.key.endswith(endings):
            tested.session_state[block.key] = True
    return tested.run()


def button(tested: AppTest, ending: str) -> Any:
    """Return the button of the settings whose key ends so; None where there is none."""
    return next((found for found in tested.sidebar.button if found.key.endswith(ending)), None)


def refused(tested: AppTest) -> bool:
    """Return whether a page refuses something: in a notice, or below the field that holds it."""
    return bool(tested.warning) or any(caption.value.startswith(":red[") for caption in tested.caption)


def go(tested: AppTest, query: dict[str, list[str]]) -> AppTest:
    """Let the address change under an open page, as the back button does."""
    tested.query_params.clear()
    tested.query_params.update(query)
    return tested.run()


@each_page
@pytest.mark.parametrize("lang", language.languages())
def test_every_page_opens_in_every_language(name: str, lang: str) -> None:
    tested = visit(name, lang=lang)
    whole(tested)
    entry = next(entry for entry in pages() if entry.path == name)
    say = partial(language.translated, code=lang)
    assert tested.title[0].value == (say(entry.title) if entry.order else "Descent Lab")
    assert not tested.warning
    open_all(tested)
    whole(tested)


@each_page
def test_a_page_says_its_five_lines(name: str) -> None:
    entry = next(entry for entry in pages() if entry.path == name)
    assert entry.title
    assert entry.question
    assert entry.icon.startswith(":material/")
    assert bool(entry.section) == bool(entry.order), "only home stands outside the sections"


def test_pages_have_places_of_their_own() -> None:
    orders = [entry.order for entry in pages()]
    assert len(orders) == len(set(orders)) == len(PAGES)
    assert orders[0] == 0, "the page with order 0 is the one shown first"


@each_page
@untrained
def test_the_menu_changes_the_language(name: str) -> None:
    tested = visit(name)
    others = [code for code in language.languages() if code != "en"]
    for code in (*others, "en"):
        tested.get("button_group")[-1].set_value(code)
        tested.run()
        whole(tested)
        assert tested.session_state["lang"] == code


@pytest.mark.heavy
@each_state
@untrained
def test_an_unknown_language_is_no_obstacle(name: str) -> None:
    for lang in ("xx", "", "__class__", "../..", "ko-KR"):
        whole(visit(name, query={"lang": [lang]}))


# -- widgets

TYPED = ("3, 2", "many", "nan", "1e999", "9" * 400, "-1", "{0}", "1e308", "")
KINDS = ("selectbox", "select_slider", "slider", "number_input", "toggle", "text_input")
LATER = tuple(f" rule {i} " for i in range(1, 12))  # contenders after the first are drawn by the same code


def widgets(tested: AppTest, page: str) -> dict[str, Any]:
    """The widgets of the page's settings by their key, without the list of presets, which change all of them."""
    found = {widget.key: widget for widget in blocks(tested.sidebar, *KINDS) if not widget.key.endswith(" preset")}
    return {key: w for key, w in found.items() if key.startswith(page) and not any(part in f"{key} " for part in LATER)}


def other_values(widget: Any, words: list[Any], turn: int = 0) -> list[Any]:
    """Return values that a reader could give a widget, and that differ from what it shows.

    All widgets of a kind take what is typed, and the ends of a slider, by turns: they are drawn by the same code.
    """
    if widget.type == "text_input":
        values: list[Any] = list(TYPED[turn % 3 :: 3])
    elif widget.type == "toggle":
        values = [True, False]
    elif widget.type == "selectbox":
        titles = {_title(widget, word): word for word in words}
        values = [titles[option] for option in widget.options]
        values = [values[-1], values[0]]
    elif widget.type == "select_slider":  # its stops are numbers, or a word for none
        ends = (widget.options[-1], widget.options[0], widget.options[-2])
        numbers = [float(end) if end[0].isdigit() else 0 for end in ends]
        values = [int(number) if number == int(number) else number for number in numbers]
    else:
        values = [(widget.max, widget.min)[turn % 2]]
    return [value for value in values if value != widget.value]


def _title(widget: Any, word: Any) -> str:
    try:
        return widget.format_func(word)
    except (KeyError, TypeError, AttributeError):  # a word that is none of its options
        return ""


def state(tested: AppTest, page: str) -> tuple[Any, dict[str, str]]:
    """What the page holds: its Spec and its own parameters."""
    store = tested.session_state[f"state {page}"]
    return store["spec"], dict(store["own"])


@pytest.mark.heavy
@each_state
@untrained
def test_spec_and_address_follow_every_widget(name: str) -> None:
    tested, mirror = open_all(visit(name)), visit(name)
    words: list[Any] = [
        *range(-1, 12),  # columns are chosen by number
        *RULES,
        *SCHEDULES,
        *(word for fact in facts(state(tested, name)[0]).values() for word in (*fact.choices, *fact.examples)),
    ]
    for turn, key in enumerate(widgets(tested, name)):
        for i in range(len(TYPED)):
            widget = widgets(tested, name).get(key)  # as it is now: another optimizer has other settings
            values = other_values(widget, words, turn)[i:] if widget else []
            if not values:
                break
            value = values[0]
            before = state(tested, name)
            widget.set_value(value)
            tested.run()
            whole(tested)
            after = state(tested, name)
            assert after != before or refused(tested) or value == "", f"{key}: {value!r} changed nothing"
            go(mirror, dict(tested.query_params))
            whole(mirror)
            assert state(mirror, name) == after, f"{key}: {value!r} gives the link {tested.query_params}"


@pytest.mark.heavy
@each_state
@untrained
def test_rules_are_added_and_removed(name: str) -> None:
    tested = visit(name)
    if button(tested, " add") is None:
        assert not hasattr(state(tested, name)[0], "contenders")
        return
    count = len(state(tested, name)[0].contenders)
    while add := button(tested, " add"):
        add.click()
        tested.run()
        whole(tested)
        count += 1
        assert len(state(tested, name)[0].contenders) == count
    assert 4 <= count <= 8, "as many as one picture can tell apart"
    while count > 1:
        second = state(tested, name)[0].contenders[1]
        button(open_all(tested, "rule 0 menu"), "rule 0 remove").click()
        tested.run()
        whole(tested)
        count -= 1
        assert len(state(tested, name)[0].contenders) == count
        assert state(tested, name)[0].contenders[0] == second
    assert button(open_all(tested, "rule 0 menu"), "rule 0 remove") is None, "one must stay"


def test_a_famous_mistake_runs_beside_the_right_rule_while_there_is_room() -> None:
    adam = RULES["adam"](lr=0.1)
    wrong = dataclasses.replace(adam, uncorrected=True)

    def turned(rules: list[str], on: bool, at: int = 0) -> tuple[Optimizer, ...]:
        tested = open_all(visit("race", query={"rule": rules}), f"rule {at} menu")
        key = f"race en rule {at} uncorrected"
        assert tested.toggle(key).value == (not on)
        tested.toggle(key).set_value(on)
        tested.run()
        whole(tested)
        assert tested.toggle(key).value == on
        return state(tested, "race")[0].contenders

    right, slip, other = "adam~lr~0.1", "adam~lr~0.1~uncorrected~yes", "sgd~lr~0.1"
    sgd = RULES["sgd"](lr=0.1)
    assert turned([right, other], on=True) == (adam, wrong, sgd)
    assert turned([right, other, slip], on=False) == (adam, sgd)
    assert turned([other, slip], on=False, at=1) == (sgd, adam)
    assert turned([right, *[other] * 7], on=True) == (wrong, *[sgd] * 7)


# -- links


@pytest.mark.heavy
@each_state
@untrained
def test_a_broken_link_opens_and_says_so(name: str) -> None:
    tested = visit(name)
    spec, own = state(tested, name)
    parameters = [*facts(spec), "rule", *own, "lang"]
    broken = st.tuples(st.sampled_from([*facts(spec), "rule", *own]), st.sampled_from(NEVER))
    open_all(tested, "more", "rule 0 menu")

    @hypothesis.settings(max_examples=30)
    @given(queries(parameters), broken)
    def opens(query: dict[str, list[str]], surely: tuple[str, str]) -> None:
        go(tested, query | {surely[0]: [surely[1]]})
        whole(tested)
        assert tested.warning

    opens()


@pytest.mark.heavy
@each_state
@untrained
def test_no_word_breaks_a_page(name: str) -> None:
    tested = visit(name)
    spec, own = state(tested, name)
    open_all(tested, "more", "rule 0 menu")
    broken = []
    for word in WORDS[STATES.index(name) % 2 :: 2]:  # neighbours share the words; test_links.py tries all on every Spec
        go(tested, {parameter: [word] for parameter in (*facts(spec), "rule", *own, "lang")})
        try:
            whole(tested)
            assert tested.warning
        except AssertionError as error:
            broken.append((word[:40], str(error)))
            tested = open_all(visit(name), "more", "rule 0 menu")
    assert broken == []


@pytest.mark.heavy
@each_page
@untrained
def test_any_link_opens(name: str) -> None:
    tested = visit(name)

    @hypothesis.settings(max_examples=15)
    @given(queries(["lang", "rule", "surface", "dataset", "start", "steps", "epochs", "view", "show", "seed"]))
    def opens(query: dict[str, list[str]]) -> None:
        go(tested, query)
        whole(tested)

    opens()


@each_state
@untrained
def test_a_notice_goes_with_the_next_change(name: str) -> None:
    tested = visit(name, query={"nothing": ["1"]})
    assert [warning.value for warning in tested.warning] == [
        "The link sets nothing, but this page has no such setting. It was ignored."
    ]
    assert dict(tested.query_params) == {}, "the address says what is shown"
    slider = next(widget for widget in widgets(tested, name).values() if widget.type in ("slider", "select_slider"))
    slider.set_value((other_values(slider, []) or other_values(slider, [], 1))[0])
    tested.run()
    assert not tested.warning


@pytest.mark.heavy
def test_every_surface_opens_on_the_race() -> None:
    tested = visit("race")
    for key, surface in SURFACES.items():
        go(tested, {"surface": [surface.name]})
        whole(tested)
        assert not tested.warning
        assert state(tested, "race")[0].surface == surface.name, key


# -- training


@pytest.mark.heavy
@pytest.mark.parametrize("name", [page for page in STATES if "watch(" in (ROOT / "pages" / f"{page}.py").read_text()])
def test_a_training_page_comes_to_its_end(name: str) -> None:
    tested = visit(name, query={"epochs": ["12"]})
    deadline = time.monotonic() + PATIENCE
    while "Trained for 12 epochs." not in tested.markdown[0].value:
        assert time.monotonic() < deadline, tested.markdown[0].value
        whole(tested)
        assert [found.key for found in tested.main.button] == [f"{name} stop"]
        time.sleep(0.1)
        tested.run()
    whole(tested)
    assert not tested.main.button
