"""Figures: the bytes agree with the arrays, and the sentences with the numbers."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from experiments.descend import LECTURE, MOST_CONTENDERS, Race, contenders_for, default_race, descend, tolerance
from experiments.fit import History
from figures import race as figure
from figures import readings, theme, training
from figures.scene import names, number, symbol
from optimizers import RULES, SCHEDULES
from spec import settings
from surfaces import SURFACES
from ui.stage import pack

KINDS = {"f4": np.float32, "u1": np.uint8, "u2": np.uint16, "i4": np.int32}
LIMIT = 100_000  # bytes of one race, once the page is loaded


def say(text: str) -> str:
    return text


def unpack(data: bytes) -> Any:
    """Read a scene as its documentation says, and nothing else: uint32 length, JSON, arrays at multiples of 4."""
    length = int.from_bytes(data[:4], "little")
    assert length % 4 == 0
    base = 4 + length

    def number(word: str) -> float:
        raise AssertionError(f"a browser's JSON knows no {word}")

    def read(value: dict[str, Any]) -> Any:
        if set(value) != {"$"}:
            return value
        offset, kind, shape = value["$"]
        assert offset % 4 == 0
        count = int(np.prod(shape))
        return np.frombuffer(data, np.dtype(KINDS[kind]).newbyteorder("<"), count, base + offset).reshape(shape)

    return json.loads(data[4:base].decode(), object_hook=read, parse_constant=number)


def scene_of(race: Race, view: str = "2d") -> dict[str, Any]:
    run = descend(race)
    return figure.scene(race, run, say=say, alt=readings.raced(race, run, say), view=view)


def lost(surface: str) -> Race:
    """The surface's own race with one contender more, whose steps are far too long."""
    race = default_race(surface)
    return dataclasses.replace(race, contenders=(*race.contenders, RULES["sgd"](lr=1e6)))


# -- bytes

ARRAYS = st.sampled_from(["float64", "float32", "int64", "int32", "uint8", "uint16", "bool"]).flatmap(
    lambda kind: hnp.arrays(
        kind, hnp.array_shapes(max_dims=3, max_side=5, min_side=0),
        elements=st.integers(-(2**31), 2**31 - 1) if kind == "int64" else None,
    )
)  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(st.characters(codec="utf-8"))
PLAIN |= st.floats(allow_nan=False, allow_infinity=False)
SCENES = st.recursive(
    PLAIN | ARRAYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)


@given(SCENES)
def test_a_scene_survives_as_bytes(scene: Any) -> None:
    _same(unpack(pack({"scene": scene})), {"scene": scene})


def _same(found: Any, wished: Any) -> None:
    if isinstance(wished, np.ndarray):
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(found, wished.astype(found.dtype))
        assert found.shape == wished.shape
        assert (found.dtype.kind == "f") == (wished.dtype.kind == "f")
    elif isinstance(wished, dict):
        assert found.keys() == wished.keys()
        for name, part in wished.items():
            _same(found[name], part)
    elif isinstance(wished, list):
        assert len(found) == len(wished)
        for one, other in zip(found, wished, strict=True):
            _same(one, other)
    else:
        assert found == wished


def test_a_race_is_small() -> None:
    six = list(RULES)[:6]
    races = [default_race("ravine")]
    races += [dataclasses.replace(default_race(key, six), steps=300) for key in ("ravine", "rosenbrock", "rastrigin")]
    for race in races:
        for view in ("2d", "3d"):
            assert len(pack(scene_of(race, view))) < LIMIT, (race.surface, view)


# -- pictures of every surface


@pytest.mark.heavy
@pytest.mark.parametrize("view", ["2d", "3d"])
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("of", [default_race, lost], ids=["usual", "lost"])
def test_every_race_has_its_picture(surface: str, view: str, of: Any) -> None:
    race = of(surface)
    run, scene = descend(race), unpack(pack(scene_of(race, view)))
    if of is lost and SURFACES[surface].minimum is not None and run.diverged[-1] < 0:
        assert np.isfinite(run.loss[-1]).all(), "bounded slopes carry nobody away"
    first, curves = scene["panels"]
    assert len(first["tracks"]) == len(curves["tracks"]) == len(scene["table"]["rows"]) == len(race.contenders)
    if view == "2d":
        for track, path in zip(first["tracks"], run.path, strict=True):
            np.testing.assert_array_equal(np.stack([track["x"], track["y"]], -1), path.astype(np.float32))
        assert tuple(first["start"]) == race.start
    floor = SURFACES[surface].minimum or 0.0
    with np.errstate(over="ignore"):
        for track, row, loss in zip(curves["tracks"], scene["table"]["rows"], run.loss, strict=True):
            np.testing.assert_array_equal(track["y"], (loss - floor).astype(np.float32))
            value = next(cell["values"] for cell in row["cells"] if isinstance(cell, dict) and "values" in cell)
            np.testing.assert_array_equal(value, loss.astype(np.float32))
    low, high = curves["figure"]["layout"]["yaxis"]["range"]
    assert np.isfinite([low, high]).all()
    assert low < high
    assert scene["clock"]["last"] == race.steps
    for colour in _colours(scene):
        for palette in theme.PALETTES.values():
            assert re.fullmatch("#[0-9a-fA-F]{6}", palette[colour]), colour


def _colours(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("@"):
        yield value[1:]
    elif isinstance(value, dict):
        for part in value.values():
            yield from _colours(part)
    elif isinstance(value, list):
        for part in value:
            yield from _colours(part)


@pytest.mark.heavy
@pytest.mark.parametrize("start", [(1e308, 1e308), (-1e300, 0.0), (0.0, 0.0), (1e-320, 1e6)])
@pytest.mark.parametrize("view", ["2d", "3d"])
def test_a_race_from_nowhere_has_a_picture_too(start: tuple[float, float], view: str) -> None:
    for surface in SURFACES:
        for steps in (1, 10):
            unpack(pack(scene_of(dataclasses.replace(default_race(surface), start=start, steps=steps), view)))


def test_contenders_that_differ_in_their_schedule_are_named_after_it() -> None:
    sgd, cosine, step = RULES["sgd"], SCHEDULES["cosine"](), SCHEDULES["step"]()
    one_rate = [sgd(lr=0.5), sgd(lr=0.5, schedule=cosine), sgd(lr=0.5, schedule=step), RULES["adam"](schedule=cosine)]
    assert names(one_rate, say) == ["SGD Constant", "SGD Cosine", "SGD Step decay", "Adam"]
    two_rates = [sgd(lr=0.1), sgd(lr=0.1, schedule=cosine), sgd(lr=0.5, schedule=cosine), sgd(lr=0.1)]
    assert names(two_rates, say) == ["SGD 0.1 Constant (1)", "SGD 0.1 Cosine", "SGD 0.5", "SGD 0.1 Constant (2)"]


def test_the_table_of_a_race_shows_the_rate_of_the_step() -> None:
    contenders = (RULES["sgd"](lr=0.5), RULES["sgd"](lr=0.5, schedule=SCHEDULES["cosine"]()))
    race = dataclasses.replace(default_race("ravine"), contenders=contenders)
    run = descend(race)
    table = figure.scene(race, run, say=say, alt="")["table"]
    fixed, changing = (row["cells"][table["columns"].index("η") - 1] for row in table["rows"])
    assert fixed == "0.5"
    np.testing.assert_array_equal(changing["values"], run.rate[1])
    assert [name for name in figure.numbers(race, run, say) if "η" in name] == ["2 SGD Cosine η"]


def test_contenders_are_told_apart() -> None:
    rules = [rule(lr=rate) for rule in RULES.values() for rate in (0.1, 0.2, 0.3)]
    looks = theme.styles(rules)
    assert len({(look["color"], tuple(look["dash"]), look["marker"]) for look in looks}) == len(rules)
    assert len(set(names(rules, say))) == len(rules)
    assert names(rules[::3], say) == [rule.title for rule in RULES.values()]
    assert theme.styles(rules[3:6]) == looks[3:6], "a rule looks the same whoever races beside it"


def test_no_two_rules_look_alike_and_the_lecture_s_are_clearest() -> None:
    looks = dict(zip(RULES, theme.styles([rule() for rule in RULES.values()]), strict=True))
    for (key, look), (other, its) in combinations(looks.items(), 2):
        if look["color"] == its["color"]:
            assert look["dash"] != its["dash"], (key, other)
            assert look["marker"] != its["marker"], (key, other)
    assert [looks[key]["color"] for key in LECTURE] == ["@c0", "@c1", "@c3", "@c4", "@c5"]


def test_contenders_that_make_a_common_mistake_are_named_after_it() -> None:
    adam, momentum = RULES["adam"], RULES["momentum"]
    wrong = adam(lr=0.1, uncorrected=True)
    assert names([adam(lr=0.1), wrong, adam(lr=0.1, uncorrected=True, eps_inside=True)], say) == [
        "Adam", "Adam, no bias correction", "Adam, no bias correction, ε inside the root",
    ]  # fmt: skip
    assert names([wrong, dataclasses.replace(wrong, lr=0.2), momentum(ahead=True)], say) == [
        "Adam 0.1, no bias correction", "Adam 0.2, no bias correction", "Momentum, actually Nesterov",
    ]  # fmt: skip
    for rule in RULES.values():
        switches = [name for name, fact in settings(rule).items() if fact.mistake]
        assert len(set(names([rule(), *(rule(**{name: True}) for name in switches)], say))) == 1 + len(switches)


def test_the_most_contenders_have_a_picture() -> None:
    rules = (list(RULES) * 2)[:MOST_CONTENDERS]
    race = dataclasses.replace(default_race("beale"), contenders=contenders_for("beale", rules))
    assert len(unpack(pack(scene_of(race)))["table"]["rows"]) == MOST_CONTENDERS


# -- sentences about races


@pytest.mark.parametrize("surface", SURFACES)
def test_the_sentence_about_a_race_is_true(surface: str) -> None:
    race = default_race(surface)
    run, entry = descend(race), SURFACES[surface]
    sentence = readings.raced(race, run, say)
    heights = entry.value(run.path)
    near = tolerance(entry)
    arrivals = {}
    for rule, height in zip(race.contenders, heights, strict=True):
        there = [] if entry.minimum is None else np.flatnonzero(np.abs(height - entry.minimum) < near)
        if len(there):
            arrivals[rule.title] = int(there[0])
    if arrivals:
        told = re.match(r"(?:Tied: )?(\*\*.+?\*\*) reach(?:es)? the minimum (?:first, )?at step (\d+)", sentence)
        assert told, sentence
        first = [title for title, step in arrivals.items() if step == min(arrivals.values())]
        assert sorted(re.findall(r"\*\*(.+?)\*\*", told[1])) == sorted(first)
        assert int(told[2]) == min(arrivals.values())
        assert sentence.startswith("Tied") == (len(first) > 1)
        late = [rule.title for rule in race.contenders if rule.title not in arrivals]
        said = re.search(r"Minimum not reached by step \d+: (.+?)\.(?: |$)", sentence)
        assert (said[1].split(", ") if said else []) == [
            title for i, title in enumerate(r.title for r in race.contenders) if title in late and run.diverged[i] < 0
        ]
    else:
        told = re.search(r"(?:Tied.*?: )?(\*\*.+?\*\*)(?: is lowest)?, at f = (\S+)\.(?: |$)", sentence)
        assert told, sentence
        ends = {rule.title: number(height[-1]) for rule, height in zip(race.contenders, heights, strict=True)}
        lowest = number(np.nanmin(heights[:, -1]))
        assert told[2] == lowest
        first = re.findall(r"\*\*(.+?)\*\*", told[1])
        assert first == [title for title, end in ends.items() if end == lowest]
        assert ("Tied" in sentence) == (len(first) > 1)


def test_a_rate_above_the_bound_is_told_with_the_bound() -> None:
    race = dataclasses.replace(default_race("ravine"), contenders=(RULES["sgd"](lr=3.0), RULES["adam"]()))
    run = descend(race)
    steepest = 0.0
    h = 1e-3
    for along in ((h, 0.0), (0.0, h)):  # the ravine's axes are its directions
        slopes = SURFACES["ravine"].gradient(np.array([race.start]) + np.array([along, np.negative(along)]))
        steepest = max(steepest, float(np.abs(slopes[0] - slopes[1]).max() / (2 * h)))
    told = re.search(r"\*\*SGD\*\* diverges at step (\d+): its learning rate 3 is above 2/λmax = (\S+) at the start\.",
                     readings.raced(race, run, say))  # fmt: skip
    assert told
    assert float(told[2]) == pytest.approx(2 / steepest, rel=5e-3)
    step = int(told[1])
    assert np.isfinite(run.path[0, :step]).all()
    assert np.isnan(run.path[0, step:]).all()


# -- sentences about networks


def history(val: list[list[float]], train: list[list[float]] | None = None) -> History:
    """A history with these curves; the rest is unknown."""
    losses = np.array(val, float)
    k = len(losses)
    unknown, best = np.full(k, np.nan), np.array([np.nanargmin(row) for row in losses])
    scores = np.full_like(losses, np.nan)
    return History(np.array(train or val, float), losses, scores, scores, unknown, unknown, best, unknown, None)


def lines(*titles: str, seeds: int = 1) -> list[training.Line]:
    looks = theme.variant_styles(len(titles))
    return [training.Line(t, looks[i], slice(i * seeds, (i + 1) * seeds)) for i, t in enumerate(titles)]


def test_the_sentence_about_a_comparison_is_true() -> None:
    told = history([[1.0, 0.5, 0.7], [1.0, 0.8, 0.3], [1.0, np.inf, np.nan]])
    sentence = readings.compared(told, lines("A", "B", "C"), say, done=True)
    assert "**B** has the lowest validation loss: 0.300 at epoch 2." in sentence
    assert "**A** reaches only 0.500 on validation." in sentence
    assert "Diverged: C at epoch 1." in sentence


def test_several_seeds_are_read_by_their_median() -> None:
    told = history([[1, 0.1, 9], [1, 0.4, 9], [1, 0.5, 9], [1, 0.3, 9], [1, 0.3, 9], [1, 0.3, 9]])
    sentence = readings.compared(told, lines("A", "B", seeds=3), say, done=True)
    assert "**B** has the lowest validation loss: 0.300 at epoch 1." in sentence


ENTRIES = [*RULES.values(), *SCHEDULES.values(), *SURFACES.values()]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(getattr(entry, "key", entry)))
def test_every_symbol_can_be_written_without_latex(entry: Any) -> None:
    for fact in settings(entry).values():
        written = symbol(fact.symbol)
        assert bool(written) == bool(fact.symbol)
        assert not set("\\_{}") & set(written)
