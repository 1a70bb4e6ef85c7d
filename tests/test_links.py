"""Links: a Spec survives as text, old links keep their meaning, and no text causes an error."""

from __future__ import annotations

import dataclasses
import types
import typing
from functools import partial
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import spec as specs
from experiments import likelihood, links, noise, studies
from experiments.axes import AXES
from experiments.descend import Race, contenders_for, default_race, suited
from experiments.fit import Fit
from experiments.likelihood import default_throws
from experiments.links import Suggest
from experiments.noise import default_noisy
from experiments.remedies import Remedies
from experiments.signals import Signals
from experiments.studies import Comparison
from optimizers import RULES, SCHEDULES, Optimizer, Schedule
from spec import Refused, Setting

on_the_ravine = suited("ravine")


LINKED: dict[str, tuple[Any, Suggest]] = {
    "race": (default_race("ravine"), on_the_ravine),
    "comparison": (Comparison(), studies.suggested),
    "remedies": (Remedies(), studies.suggested),
    "noisy": (default_noisy(), partial(noise.suggested, "ravine")),
    "throws": (default_throws(), likelihood.suggested),
    "signals": (Signals(), studies.suggested),
}
each_linked = pytest.mark.parametrize(("default", "suggest"), LINKED.values(), ids=LINKED)


# -- any valid Spec, made from what its fields say of themselves


@st.composite
def valid(draw: st.DrawFn, kind: type) -> Any:
    """Any Spec of this kind that its class takes."""
    hints = typing.get_type_hints(kind)
    chosen = {name: draw(values(hints[name], fact)) for name, fact in specs.settings(kind).items()}
    if "vary" in chosen:  # what its values may be depends on what it is
        usual = AXES[chosen["vary"]].usual(Fit())
        chosen["values"] = () if chosen["vary"] == "optimizer" else tuple(draw(st.lists(st.sampled_from(usual))))
        chosen["features"] = draw(st.sampled_from([(), (0,), (1, 0)]))  # every data set has these columns
    try:
        return kind(**chosen)
    except Refused:
        reject()


def values(kind: Any, fact: Setting) -> st.SearchStrategy[Any]:
    """Values of one field that lie within its own bounds."""
    inner = typing.get_args(kind)
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return st.none() | values(next(part for part in inner if part is not types.NoneType), fact)
    if typing.get_origin(kind) is tuple and inner[-1] is Ellipsis:
        return st.lists(values(inner[0], fact), min_size=1, max_size=6).map(tuple)
    if typing.get_origin(kind) is tuple:
        return st.tuples(*(values(part, fact) for part in inner))
    if kind is Optimizer:
        return st.sampled_from(list(RULES.values())).flatmap(valid)
    if kind is Schedule:
        return st.sampled_from(list(SCHEDULES.values())).flatmap(valid)
    if fact.choices or fact.examples:
        return st.sampled_from(fact.choices or fact.examples)
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.integers(int(fact.minimum or 0), int(fact.maximum) if fact.maximum is not None else 10**12)
    assert kind is float, f"no strategy for {kind}"
    bounds: dict[str, Any] = {"min_value": fact.minimum, "max_value": fact.maximum}
    if fact.below is not None:
        bounds |= {"max_value": fact.below, "exclude_max": True}
    return st.floats(**bounds, allow_nan=False, allow_infinity=False)


@pytest.mark.heavy
@each_linked
def test_a_spec_survives_as_a_link(default: Any, suggest: Suggest) -> None:
    @given(valid(type(default)))
    def survives(spec: Any) -> None:
        assert links.read(links.write(spec, default, suggest), default, suggest) == (spec, [])

    survives()


@each_linked
def test_the_same_rule_twice_survives(default: Any, suggest: Suggest) -> None:
    rules = (RULES["sgd"](lr=0.01), RULES["adam"](), RULES["sgd"](lr=0.3), suggest(RULES["sgd"]))
    name = next((name for name in specs.settings(default) if name == "contenders"), None)
    alone = next((n for n in specs.settings(default) if isinstance(getattr(default, n), Optimizer)), "")
    spec = dataclasses.replace(default, **({name: rules} if name else {alone: rules[0]}))
    assert links.read(links.write(spec, default, suggest), default, suggest) == (spec, [])


@each_linked
def test_a_default_needs_no_link(default: Any, suggest: Suggest) -> None:
    assert links.write(default, default, suggest) == {}
    assert links.read({}, default, suggest) == (default, [])


# -- links that people may have kept: these must not change their meaning

SGD, MOMENTUM, ADAM = RULES["sgd"], RULES["momentum"], RULES["adam"]
KEPT: list[tuple[str, dict[str, list[str]], Any]] = [
    (
        "race",
        {"surface": ["rosenbrock"], "rule": ["sgd~lr~0.001", "adam"], "start": ["-1.2~1"], "steps": ["400"]},
        Race("rosenbrock", (SGD(lr=0.001), on_the_ravine(ADAM)), (-1.2, 1.0), 400),
    ),
    (
        "race",
        {"rule": ["momentum~lr~0.02~momentum~0.5", "sgd~lr~3.0", "sgd~lr~0.5"], "noise": ["0.5"], "seed": ["7"]},
        dataclasses.replace(
            default_race("ravine"),
            contenders=(MOMENTUM(lr=0.02, momentum=0.5), SGD(lr=3.0), SGD(lr=0.5)),
            noise=0.5, seed=7,
        ),
    ),
    (
        "race",
        {"rule": ["adam~schedule~cosine", "sgd~lr~1.0~schedule~plateau_decay_0.5_patience_3_threshold_1e-5"]},
        dataclasses.replace(
            default_race("ravine"),
            contenders=(
                dataclasses.replace(on_the_ravine(ADAM), schedule=SCHEDULES["cosine"]()),
                SGD(lr=1.0, schedule=SCHEDULES["plateau"](decay=0.5, patience=3, threshold=1e-5)),
            ),
        ),
    ),
    (
        "comparison",
        {"dataset": ["moons"], "hidden": ["32~16~8"], "batch_size": ["none"], "epochs": ["20"], "seeds": ["3"]},
        Comparison("moons", hidden=(32, 16, 8), batch_size=None, epochs=20, seeds=3),
    ),
    (
        "comparison",
        {"activation": ["tanh"], "init": ["xavier"], "rule": ["adam~lr~0.01~beta2~0.99"]},
        Comparison(activation="tanh", init="xavier", contenders=(ADAM(lr=0.01, beta2=0.99),)),
    ),
    (
        "remedies",
        {"rows": ["none"], "dropout": ["0.3"], "l2": ["0.0"], "l1": ["0.001"], "together": ["yes"], "patience": ["5"]},
        Remedies(rows=None, dropout=0.3, l2=0.0, l1=0.001, together=True, patience=5),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "query", "spec"), KEPT, ids=lambda value: value if isinstance(value, str) else "")
def test_a_kept_link_means_what_it_meant(name: str, query: dict[str, list[str]], spec: Any) -> None:
    default, suggest = LINKED[name]
    assert links.read(query, default, suggest) == (spec, [])


# -- text that nobody meant

WORDS = (
    "", "~", "~~~", "nan", "inf", "-inf", "-1", "-0.0", "1e999", "5e-324", "1e308", "1_0", "٣", "9" * 400, "9" * 100,
    "9007199254740993", "0x10", "none",
    "None", "yes", "True", "__class__", "sgd", "adam", "sgd~lr", "sgd~lr~", "sgd~lr~nan", "sgd~lr~0", "sgd~lr~-1",
    "sgd~~", "sgd~__class__~1", "adam~beta1~1", "adam~lr~1e308", "sgd~lr~5e-324", "{0}", "{name.__class__}", "%s",
    "<script>alert(1)</script>", "'; drop table", "\x00", "한국어", "ravine", "moons", "1~2", "1~2~3", "x" * 5000,
    "~" * 3000, "sgd~schedule", "sgd~schedule~sawtooth", "sgd~schedule~step_every_0", "sgd~schedule~step_every_1.5",
    "sgd~schedule~constant_decay_1", "sgd~schedule~cosine_end_1e-300", "adam~schedule~plateau_patience_nan",
    "sgd~schedule~step_every_2~lr~0.1", "sgd~schedule~step~every~2", "sgd~schedule~__class___1",
)  # fmt: skip

SENT = st.characters(codec="utf-8")  # what an address can hold


def texts() -> st.SearchStrategy[str]:
    """Values of a parameter, most of them broken."""
    return st.sampled_from(WORDS) | st.text(SENT, max_size=30) | st.integers().map(str) | st.floats().map(repr)


def queries(names: list[str]) -> st.SearchStrategy[dict[str, list[str]]]:
    """Query strings: known and unknown parameters, some given several times."""
    return st.dictionaries(
        st.sampled_from((*names, "__class__", "__init__", "~", "{}")) | st.text(SENT, min_size=1, max_size=20),
        st.lists(texts(), min_size=1, max_size=3), max_size=5,
    )  # fmt: skip


@pytest.mark.heavy
@each_linked
def test_no_text_breaks_a_link(default: Any, suggest: Suggest) -> None:
    parameters = [links._parameter(name, getattr(default, name)) for name in specs.settings(default)]

    @settings(max_examples=400)
    @given(queries(parameters))
    def opens(query: dict[str, list[str]]) -> None:
        spec, notices = links.read(query, default, suggest)
        assert type(spec) is type(default)
        dataclasses.replace(spec)  # checks itself again
        for notice in notices:
            assert str(notice)
        assert links.read(links.write(spec, default, suggest), default, suggest) == (spec, [])
        # A parameter is used, or a notice says that it was not; never neither, never both.
        foreign = [name for name in query if name.lower().startswith(links.FOREIGN)]
        used = [
            name for name in query if name in parameters and not links.read({name: query[name]}, default, suggest)[1]
        ]
        if len(query) == 1:
            assert len(used) + len(notices) + len(foreign) == 1

    opens()


@each_linked
@pytest.mark.parametrize("word", ["nan", "inf", "-inf", "~~~", "__class__", "9" * 400 + "x"])
def test_what_is_no_value_leaves_the_default_with_one_notice(default: Any, suggest: Suggest, word: str) -> None:
    for name in specs.settings(default):
        parameter = links._parameter(name, getattr(default, name))
        spec, notices = links.read({parameter: [word]}, default, suggest)
        assert (spec, len(notices)) == (default, 1), parameter


@each_linked
def test_an_unknown_parameter_is_named_in_a_notice(default: Any, suggest: Suggest) -> None:
    spec, notices = links.read({"colour": ["red"], "__class__": ["x"]}, default, suggest)
    assert spec == default
    assert ["colour" in str(notices[0]), "__class__" in str(notices[1])] == [True, True]


@each_linked
def test_what_others_hang_on_a_link_is_nobodys_business(default: Any, suggest: Suggest) -> None:
    query = {"utm_source": ["x"], "fbclid": ["y"], "gclid": ["z"], "embed": ["true"], "embed_options": ["light_theme"]}
    assert links.read(query, default, suggest) == (default, [])


def test_the_good_half_of_a_broken_link_is_used() -> None:
    default, suggest = LINKED["race"]
    spec, notices = links.read({"steps": ["many"], "noise": ["0.25"]}, default, suggest)
    assert (spec, len(notices)) == (dataclasses.replace(default, noise=0.25), 1)


def ugly_numbers(kind: type) -> dict[str, float]:
    """Return numbers with all digits for the numeric fields of an optimizer or schedule."""
    kinds = typing.get_type_hints(kind)
    return {
        name: (fact.minimum or 0) + 1.2345678901234567e-05
        for name, fact in specs.settings(kind).items() if kinds[name] is float
    }  # fmt: skip


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_with_every_digit_fits_a_link(rule: type[Optimizer]) -> None:
    kinds = typing.get_type_hints(rule)
    ugly = ugly_numbers(rule)
    flags = {name: not getattr(rule(), name) for name in specs.settings(rule) if kinds[name] is bool}
    default, suggest = LINKED["race"]
    longest = SCHEDULES["onecycle"]
    race = dataclasses.replace(default, contenders=(rule(**ugly | flags, schedule=longest(**ugly_numbers(longest))),))
    assert links.read(links.write(race, default, suggest), default, suggest) == (race, [])


def test_a_rule_written_by_a_link_is_found_whatever_the_rate_suggested() -> None:
    race = Race("beale", (*contenders_for("beale"), ADAM(lr=0.5)))
    for suggest in (on_the_ravine, studies.suggested):
        query = links.write(race, default_race("ravine"), suggest)
        assert links.read(query, default_race("ravine"), suggest) == (race, [])
