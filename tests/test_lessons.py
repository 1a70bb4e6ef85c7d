"""Lessons: each opens in every language, is covered until a prediction is made, and its statements are true."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import numpy as np
import pytest
from conftest import ROOT, visit
from streamlit.testing.v1 import AppTest

import lessons
from experiments import axes, links, search
from experiments.descend import Race, descend
from experiments.fit import Fit, begin, fit, seconds
from experiments.likelihood import CoinTosses, climb, repeat
from experiments.maps import Map, survey
from experiments.noise import Noisy, scatter
from experiments.readout import holds, readout, sides
from experiments.remedies import Remedies
from experiments.scaling import ColumnScaling, condition
from experiments.search import Search
from experiments.signals import Signals, told
from experiments.stopping import Stopping, stops
from experiments.studies import Comparison
from experiments.variant import precision
from figures.scene import spoken
from optimizers import Optimizer
from spec import Refused
from surfaces import find
from ui import language
from ui.pages import pages

pytestmark = pytest.mark.usefixtures("idle")

LESSONS = lessons.lessons()
each_lesson = pytest.mark.parametrize("key", LESSONS)
PAGES = [page.path for page in pages() if page.order]
LONGEST = {"title": 40, "question": 160, "choices": 75, "because": 340, "look": 160, "next": 110, "printed": 70}


def opened(key: str, lang: str = "en", **more: list[str]) -> AppTest:
    return visit(LESSONS[key].page, lang=lang, query={"lesson": [key], **more})


def whole(tested: AppTest) -> None:
    assert [error.message for error in tested.exception] == []
    assert [warning.value for warning in tested.warning] == []
    assert len([part for part in tested.get("bidi_component") if part.key.endswith("stage")]) == 1


# -- every lesson


@each_lesson
def test_a_lesson_opens_covered_and_is_uncovered_by_a_prediction(key: str) -> None:
    lesson = LESSONS[key]
    turn = 0 if lesson.page == "compare" else list(LESSONS).index(key)  # AppTest takes labels as English in its lists
    lang = list(language.languages())[turn % len(language.languages())]
    text = lesson.text(lang)
    tested = opened(key, lang)
    whole(tested)
    assert dict(tested.query_params) == {"lesson": key, **({} if lang == "en" else {"lang": lang})}, "not canonical"
    assert spoken(tested.title[0].value) == text.title
    choices = [button for button in tested.main.button if button.key.startswith("choice")]
    assert [spoken(button.label) for button in choices[:-1]] == list(text.choices)
    choices[0].click()
    tested.run()
    whole(tested)
    assert not [button for button in tested.main.button if button.key.startswith("choice")]
    told = spoken(" ".join(line.value for line in tested.sidebar.markdown))
    assert all(line in told for line in (text.because, *text.look, text.choices[lesson.answer - 1]))


@pytest.mark.heavy
@each_lesson
def test_what_to_try_next_opens(key: str) -> None:
    lesson = LESSONS[key]
    tested = opened(key)
    for target in lesson.next:
        kind, _sep, name = target.partition(":")
        if kind == "lesson":
            assert name in LESSONS
            continue
        before = (
            tested.session_state[f"state {lesson.page}"]["spec"],
            dict(tested.session_state[f"state {lesson.page}"]["own"]),
        )
        tested.query_params.clear()
        tested.query_params.update({"lesson": [key], **parse_qs(target, keep_blank_values=True)})
        tested.run()
        whole(tested)
        store = tested.session_state[f"state {lesson.page}"]
        assert (store["spec"], store["own"]) != before, f"{target} changes nothing"


@each_lesson
def test_a_lesson_speaks_every_language_briefly(key: str) -> None:
    texts = LESSONS[key].texts
    assert set(texts) == set(language.languages())
    shapes = {tuple(len(part) if isinstance(part, tuple) else 1 for part in text) for text in texts.values()}
    assert len(shapes) == 1, "as many choices, hints and links in one language as in the other"
    for text in texts.values():
        for name, most in LONGEST.items():
            value = getattr(text, name)
            for line in value if isinstance(value, tuple) else (value,):
                assert 0 < len(line) <= most, f"{name}: {line}"


# -- what lessons claim

STUDIES = {"compare": Comparison, "overfitting": Remedies, "signals": Signals, "tune": Search}
LONG = 0.3  # seconds of training, by the estimate, above which a lesson's test is a heavy one
Change = Callable[[tuple[Fit, ...]], tuple[Fit, ...]]


def study(lesson: lessons.Lesson) -> Any:
    """Return the study of a lesson that trains networks, as its page reads it; None for the other pages."""
    if lesson.page not in STUDIES:
        return None
    kind, dataset = STUDIES[lesson.page], lesson.query.get("dataset", [""])[0]
    default = Remedies.on(dataset) if kind is Remedies and dataset else kind()
    return links.read(lesson.query, default, axes.suggested)[0]


def networks(spec: Any, view: Mapping[str, str]) -> tuple[Fit, ...]:
    """Return the networks that a page trains for its Spec."""
    if isinstance(spec, Signals):
        return spec.scales() if view.get("view") == "scales" else spec.ways()
    return spec.variants()


def marked(key: str) -> Any:
    """Return a lesson's name as a parameter, marked where its networks train for long."""
    spec = study(LESSONS[key])
    view = {name: values[0] for name, values in LESSONS[key].query.items()}
    times = spec.splits if view.get("view") == "test" else 1
    long = spec is not None and times * seconds(networks(spec, view)) > LONG
    return pytest.param(key, marks=pytest.mark.heavy if long else ())


class Both(NamedTuple):
    """What the two surfaces of the page on scaling show: `condition` is that of the plain one, and of the scaled."""

    path: np.ndarray
    loss: np.ndarray
    plain_path: np.ndarray
    plain_loss: np.ndarray
    condition: np.ndarray


def answer(spec: Any, view: Mapping[str, str], change: Change = lambda variants: variants) -> Any:
    """Return the result that a page shows for its Spec; `change` is made to the networks that it trains."""
    if isinstance(spec, Race):
        return descend(spec)
    if isinstance(spec, CoinTosses):
        return repeat(spec) if view["view"] == "again" else climb(spec)
    if isinstance(spec, Map):
        return survey(spec)
    if isinstance(spec, Noisy):
        return scatter(spec)
    if isinstance(spec, ColumnScaling):
        plain, scaled = map(descend, spec.races())
        surfaces = [find(race.surface) for race in spec.races()]
        return Both(scaled.path, scaled.loss, plain.path, plain.loss, np.array([condition(one) for one in surfaces]))
    if isinstance(spec, Search) and view["view"] == "test":
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(search, "begin", lambda variants, records: begin(change(variants), records))
            return search.luck(whole_chain(search.start_again(search.data_of(spec)), search.resplit))
    records = RECORDED.get(type(spec), ())
    if isinstance(spec, Signals) and view["view"] == "scales":
        records = ()
    history = fit(change(networks(spec, view)), records)
    known = dict(history.records)
    if isinstance(spec, Search):
        known |= search.found(spec, history)._asdict()
    if isinstance(spec, Stopping):
        known |= stops(history, spec)._asdict()
    if "layers" in known:
        known |= told(spec, history)[1]._asdict()
    scores = zip(history.train_score[:, -1], history.val_score[:, -1], history.test_score, strict=True)
    known["error"] = np.array(
        [[history.error(score, row, part) for part, score in enumerate(three)] for row, three in enumerate(scores)]
    )
    return history._replace(records=known)


# What is written down for the claims, beside the curves.
RECORDED = {Remedies: ("zeros",), Comparison: ("zeros", "traces"), Signals: ("layers",)}


def whole_chain(state: Any, advance: Callable[[Any, float], tuple[Any, Any]]) -> dict[str, Any]:
    """Return all that a chain of chunks tells, its arrays joined."""
    grown: dict[str, list[Any]] = {}
    done, total = 0, 1
    while done < total:
        state, (done, total, more, _stands) = advance(state, 60.0)
        for name, values in more.items():
            grown.setdefault(name, []).append(values)
    return {name: np.concatenate(parts) for name, parts in grown.items()}


def in_the_other_precision(variants: tuple[Fit, ...]) -> tuple[Fit, ...]:
    other = {"float32": "float64", "float64": "float32"}
    return tuple(replace(variant, precision=other[precision(variant)]) for variant in variants)


def with_seed(spec: Any, more: int) -> tuple[Any, Change]:
    """Return a Spec with another seed, or a change that gives the networks of a study others, and other splits."""
    if not isinstance(spec, tuple(STUDIES.values())):
        return replace(spec, seed=spec.seed + more), lambda variants: variants
    return spec, lambda variants: tuple(
        replace(one, seed=one.seed + more, split_seed=one.split_seed + more) for one in variants
    )


def untrue(result: Any, claims: Sequence[str]) -> list[str]:
    """Return the claims that do not hold, with what stands on their sides."""
    return ["{}: {:.6g} {} {:.6g}".format(claim, *sides(result, claim)) for claim in claims if not holds(result, claim)]


@pytest.mark.reproducible
@pytest.mark.timeout(3600)  # in all arithmetics a heavy one trains several times
@pytest.mark.parametrize("key", [marked(key) for key in LESSONS])
def test_what_a_lesson_claims_comes_true(key: str, all_arithmetics: bool) -> None:
    lesson = LESSONS[key]
    assert lesson.claims or lesson.general
    store = opened(key).session_state[f"state {lesson.page}"]
    spec, view = store["spec"], store["own"]
    assert study(lesson) in (None, spec), "what the lesson's test takes for heavy is not what it computes"
    result = answer(spec, view)
    assert untrue(result, lesson.claims + lesson.general) == []
    for fact in lesson.printed:  # of our own precision alone: in float32 one more row may be classified correctly
        ours, decimals = readout(result, fact.ours), len(fact.value.partition(".")[2])
        same = abs(ours - float(fact.value)) < 0.51 * 10**-decimals  # as it would be printed, but for rounding
        assert same is not fact.differs, f"{fact.value} is printed, ours is {ours}"
    if not all_arithmetics:
        return
    if lesson.page in STUDIES:
        other = answer(spec, view, in_the_other_precision)
        assert untrue(other, lesson.claims + lesson.general) == [], "in the other precision"
    for more in (1, 2) if lesson.general else ():
        again, change = with_seed(spec, more)
        assert untrue(answer(again, view, change), lesson.general) == [], f"with seeds + {more}"


@pytest.mark.heavy
@pytest.mark.reproducible
@pytest.mark.parametrize(("epochs", "printed"), [(500, 0.9298245614035088), (600, 0.9473684210526315),
                                                 (700, 0.9298245614035088), (1000, 0.956140350877193)])  # fmt: skip
def test_a_lesson_names_the_accuracies_of_the_notes_after_so_many_epochs(epochs: int, printed: float) -> None:
    spec = replace(study(LESSONS["fewer-epochs"]), epochs=epochs)
    assert fit(spec.variants()).test_score[0] == pytest.approx(printed, rel=1e-12)


def test_the_course_is_whole() -> None:
    assert len(LESSONS) >= 24
    assert {lesson.part for lesson in LESSONS.values()} == set(lessons.PARTS)
    orders = [(lesson.part, lesson.order) for lesson in LESSONS.values()]
    assert len(orders) == len(set(orders)), "two lessons stand at the same place"
    assert {lesson.page for lesson in LESSONS.values()} <= set(PAGES)


# -- links to lessons, broken ones among them


def test_a_lesson_that_does_not_exist_opens_the_page_with_a_notice() -> None:
    tested = visit("race", query={"lesson": ["nothing"], "steps": ["33"]})
    assert [warning.value for warning in tested.warning] == ["There is no lesson nothing on this page."]
    assert tested.session_state["state race"]["spec"].steps == 33
    assert dict(tested.query_params) == {"steps": "33"}


def test_what_a_student_changes_stands_in_the_address_and_comes_back() -> None:
    key = next(
        key
        for key, lesson in LESSONS.items()
        if "steps" in lesson.query and lesson.page == "race" and "steps" not in (*lesson.hide, *lesson.lock)
    )
    tested = opened(key)
    usual = visit("race", query={"surface": LESSONS[key].query.get("surface", ["ravine"])})
    steps = usual.session_state["state race"]["spec"].steps  # the page's default is a change for this lesson
    slider = next(one for one in tested.sidebar.get("slider") if one.key == "race en steps")
    slider.set_value(steps)
    tested.run()
    assert dict(tested.query_params) == {"lesson": key, "steps": str(steps)}
    again = opened(key, steps=[str(steps)])
    assert again.session_state["state race"]["spec"] == tested.session_state["state race"]["spec"]


def test_a_lesson_is_left_with_its_settings() -> None:
    key = next(key for key, lesson in LESSONS.items() if lesson.page == "race")
    tested = opened(key)
    spec = tested.session_state["state race"]["spec"]
    next(button for button in tested.sidebar.button if button.key == "leave lesson").click()
    tested.run()
    assert "lesson" not in tested.query_params
    assert tested.session_state["state race"]["spec"] == spec
    assert visit("race", query=dict(tested.query_params)).session_state["state race"]["spec"] == spec


# -- controls that a link hides or locks

SETTINGS = (
    "selectbox",
    "select_slider",
    "slider",
    "number_input",
    "toggle",
    "text_input",
    "multiselect",
    "button_group",
)


def controls(tested: AppTest) -> list[Any]:
    """The widgets of the settings; the menu of languages is none."""
    return [widget for kind in SETTINGS for widget in tested.sidebar.get(kind) if widget.key != "language"]


@pytest.mark.parametrize("page", PAGES)
def test_every_control_can_be_left_out_or_locked(page: str) -> None:
    tested = visit(page)
    for block in tested.get("expander"):
        tested.session_state[block.key] = True
    tested.run()
    names = ",".join(tested.session_state["present state"].controls)
    assert controls(tested)
    for parameter, left in (("hide", lambda: controls(tested) == []),
                            ("lock", lambda: all(widget.proto.disabled for widget in controls(tested)))):  # fmt: skip
        spec = tested.session_state[f"state {page}"]["spec"]
        tested.query_params.clear()
        tested.query_params.update({parameter: [names]})
        tested.run()
        whole(tested)
        assert left(), [(widget.type, widget.key) for widget in controls(tested) if not widget.proto.disabled]
        assert tested.session_state[f"state {page}"]["spec"] == spec
        assert dict(tested.query_params) == {parameter: names}, "the address keeps it"


def test_a_title_of_ones_own_is_taken_literally() -> None:
    tested = visit("race", query={"title": ["*Tuesday* $x$ <b>"]})
    assert spoken(tested.title[0].value) == "*Tuesday* $x$ <b>"


def test_the_dialog_makes_a_link_that_opens_as_chosen() -> None:
    tested = visit("race", query={"surface": ["rosenbrock"]})
    next(button for button in tested.sidebar.button if button.key == "offer lesson").click()
    tested.run()
    tested.text_input("lesson title").set_value("Tuesday")
    tested.multiselect("lesson hide").set_value(["steps", "start"])
    tested.multiselect("lesson lock").set_value(["surface"])
    tested.run()
    link = tested.code[0].value
    query = parse_qs(link.partition("?")[2])
    assert query == {"surface": ["rosenbrock"], "title": ["Tuesday"], "hide": ["steps,start"], "lock": ["surface"]}


# -- numbers named by text


def test_a_number_is_read_from_a_result_by_its_name() -> None:
    race = Race("sphere")
    run = descend(race)
    assert readout(run, "loss[0, -1]") == run.loss[0, -1]
    assert readout(run, "path[1, 3, 0]") == run.path[1, 3, 0]
    assert holds(run, "loss[0, -1] < loss[0, 0]")
    assert not holds(run, "loss[0, 0] <= 0")


def test_a_claim_may_hold_sums_factors_and_ranges() -> None:
    run = descend(Race("sphere"))
    first, last = run.loss[:3, 0], run.loss[:3, -1]
    assert sides(run, "loss[0, 0] - 2.5 * loss[1, -1] + 1 < 1e-3") == (first[0] - 2.5 * last[1] + 1, "<", 1e-3)
    assert sides(run, "median(loss[0:3, 0]) >= 2 * max(loss[0:3, -1])") == (np.median(first), ">=", 2 * last.max())


@pytest.mark.parametrize(
    "place",
    [
        "",
        "nothing",
        "max(loss)(",
        "eval(loss[0, 0])",
        "loss[0:2, 0]",
        "2 * nothing",
        "loss[0, -1",
        "loss[99]",
        "loss",
        "__class__",
        "loss[0].real",
        "_fields",
    ],
)
def test_what_a_result_does_not_have_is_refused(place: str) -> None:
    run = descend(Race("sphere"))
    with pytest.raises(Refused):
        readout(run, place)
    with pytest.raises(Refused):
        holds(run, f"{place} < 1")


# -- links of earlier versions

KEPT = tomllib.loads((ROOT / "tests" / "kept_links.toml").read_text())


@pytest.mark.parametrize("link", KEPT)
def test_a_link_of_an_earlier_version_still_means_what_it_meant(link: str) -> None:
    page, _sep, query = link.partition("?")
    tested = visit(page, query=parse_qs(query, keep_blank_values=True))
    whole(tested)
    store = tested.session_state[f"state {page}"]
    known = {**{name: _described(value) for name, value in vars(store["spec"]).items()}, **store["own"]}
    assert {name: known[name] for name in KEPT[link]} == KEPT[link]


def _described(value: Any) -> str:
    """Return a setting as text; for an optimizer its name and learning rate, so that new settings change nothing."""
    if isinstance(value, Optimizer):
        return f"{value.key} {value.lr:g}"
    if isinstance(value, tuple) and value and isinstance(value[0], Optimizer):
        return ", ".join(map(_described, value))
    return repr(value)
