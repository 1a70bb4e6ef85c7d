"""The page One step: the equation shown is what the optimizer computes, number by number."""

from __future__ import annotations

import dataclasses
import math
import re
from functools import partial
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_optimizers import drawn, every_rule

from experiments.anatomy import QUANTITY, anatomy, compiled
from experiments.descend import Race, default_race, descend
from figures import step as figure
from figures.equation import equation, fill, written
from optimizers import RULES, SCHEDULES, Optimizer
from optimizers.lines import Line
from spec import settings as facts
from ui.language import languages, translated

SEEDS = range(12)


def raced(rule: Optimizer, steps: int = 60, **fields: object) -> tuple[Race, dict[str, np.ndarray], np.ndarray]:
    """Return a race of one optimizer in the valley, its anatomy, and its path."""
    race = dataclasses.replace(default_race("ravine"), contenders=(rule,), steps=steps, **fields)
    run = descend(race)
    return race, anatomy(race, run, 0), run.path[0]


def set_up(rule: type[Optimizer], seed: int) -> Optimizer:
    """Return the optimizer with its defaults, or with random settings, switches and mistakes, and a suitable rate."""
    one = drawn(rule, seed) if seed else rule()
    return dataclasses.replace(one, lr=0.1)


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two paths agree to nine digits, as long as neither is beyond 1e100."""
    known = np.isfinite(a) & np.isfinite(b) & (np.abs(b) < 1e100)
    return bool(np.allclose(a[known], b[known], rtol=1e-9, atol=1e-12))


# -- what the lines say


@every_rule
def test_every_rule_has_lines(rule: type[Optimizer]) -> None:
    for seed in SEEDS:
        one = set_up(rule, seed)
        names = [line.name for line in one.lines]
        assert names[-1] == "step", "the last line is the move"
        assert one.lines[-1].role == "step"
        assert len(names) == len(set(names))
        known = {"g", "w", "t", *facts(one), *(f"{line.name}'" for line in one.lines)}
        used = set()
        for line in one.lines:
            mentioned = set(QUANTITY.findall(line.formula))
            assert mentioned <= known, f"{line.name} mentions what nobody knows"
            known.add(line.name)
            used |= mentioned
            assert line.sentence.endswith(".")
        assert "g" in used
        unused = set(names[:-1]) - used - {name.rstrip("'") for name in used}
        assert not unused, "a line that no other needs is no part of the step"


@every_rule
@pytest.mark.parametrize("seed", SEEDS)
def test_lines_are_what_the_rule_does(rule: type[Optimizer], seed: int) -> None:
    one = set_up(rule, seed)
    race, values, path = raced(one, noise=0.3)
    assert one.lines
    assert close(values["w"] + values["step"], path[1:])
    slots = descend(race).slots[0]
    for line in one.lines:
        if line.slot:
            assert close(values[line.name], slots[line.slot][1:]), f"{line.name} is not {line.slot}"
    assert np.isfinite(values["step"][0]).all()


@every_rule
@pytest.mark.parametrize("key", SCHEDULES)
def test_lines_follow_a_schedule(rule: type[Optimizer], key: str) -> None:
    one = dataclasses.replace(rule(), lr=0.1, schedule=SCHEDULES[key]())
    _race, values, path = raced(one)
    assert close(values["w"] + values["step"], path[1:])


def by_hand(formula: str, values: dict[str, float]) -> float:
    """Evaluate a formula in another way: numbers are put in as text, LaTeX becomes Python from the inside out."""
    text = QUANTITY.sub(lambda found: f"({values[found[1]]!r})", formula).replace(r"\,", "*").replace("nan", "NAN")
    text = re.sub(r"\^(\d)", r"**\1", text)
    while (
        new := re.sub(
            r"\\frac\{([^{}]*)\}\{([^{}]*)\}|\\sqrt\{([^{}]*)\}|\^\{([^{}]*)\}|\\cases\{([^{}]*)\}\{([^{}]*)\}\{([^{}]*)\}",
            lambda m: (
                f"(({m[1]})/({m[2]}))" if m[1] else f"sqrt({m[3]})" if m[3] else f"**({m[4]})" if m[4]
                else f"(({m[5]}) if ({m[6].replace(' = ', ' == ')}) else ({m[7]}))"
            ),
            text,
        )
    ) != text:  # fmt: skip
        text = new
    text = re.sub(r"\\(max|min|sign)", r"\1", re.sub(r"\|([^|]*)\|", r"abs(\1)", text))
    names = {"sqrt": math.sqrt, "max": max, "min": min, "abs": abs, "sign": np.sign, "NAN": math.nan, "inf": math.inf}
    return float(eval(text, {"__builtins__": {}}, names))


@every_rule
@pytest.mark.parametrize("seed", SEEDS[:4])
def test_the_numbers_of_a_step_make_each_line_true(rule: type[Optimizer], seed: int) -> None:
    one = set_up(rule, seed)
    _race, values, _path = raced(one)
    for t in (0, 1, 2, 40):
        for axis in (0, 1):
            now = {name: float(value[t, axis]) for name, value in values.items()}
            if not all(abs(number) < 1e100 for number in now.values()):
                continue
            for line in one.lines:
                assert by_hand(line.formula, now) == pytest.approx(now[line.name], rel=1e-9, abs=1e-12)


# -- the language of formulas


def test_a_formula_reads_as_it_is_written() -> None:
    values = {"a": 2.0, "b": -3.0, "a'": 5.0}
    for formula, result in {
        r"-<a>\,<b>^2": -18.0,
        r"<a>^{<a>} - <b>": 7.0,
        r"\frac{<a'> + 1}{|<b>|}": 2.0,
        r"\sqrt{<a>\,8} - \max(<b>, <a>) + \min(1, <b>)": -1.0,
        r"\sign(<b>)\,(1 - 0.25)": -0.75,
        r"\cases{<a>}{<b> > 0}{\cases{7}{<a> = 2}{8}}": 7.0,
    }.items():
        assert compiled(formula)(values) == result


@pytest.mark.parametrize("formula", ["", "<a> <b>", "<a>+", r"\frac{<a>}", "(<a>", r"\input{x}", "<a>)", "2 x"])
def test_what_is_no_formula_is_refused(formula: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        compiled(formula)


def test_brackets_stand_where_a_negative_number_needs_them() -> None:
    held: dict[str, str] = {}

    def put(name: str, how: str) -> str:
        held[name] = how
        return name

    shown = fill(r"<a>\,<b> - \frac{<c>}{<d>^2} + \max(<e>, <f>)", put, r"\cdot ")
    assert held == {"a": "", "b": "held", "c": "", "d": "base", "e": "", "f": ""}
    assert shown == r"a\cdot b - \frac{c}{d^2} + \max(e, f)"


def test_cases_show_when_each_holds() -> None:
    shown = fill(r"\cases{1}{<t> = 1}{\cases{2}{<t> > 5}{3}}", lambda name, _held: name)
    assert shown.count(r"\begin{cases}") == 2
    assert r"t \ne 1" in shown
    assert r"t \le 5" in shown


def test_a_memory_without_a_slot_is_found_step_by_step() -> None:
    class Counting(RULES["sgd"]):
        @property
        def lines(self) -> tuple[Line, ...]:
            return (
                Line("product", "p", r"0.5\,<product'>", "", "factor", first=8.0),
                Line("step", "s", r"-<lr>\,<product>\,<g>", "", "step"),
            )

    race = dataclasses.replace(default_race("ravine"), steps=4)
    run = descend(dataclasses.replace(race, contenders=(RULES["sgd"](lr=0.1),)))
    values = anatomy(dataclasses.replace(race, contenders=(Counting(lr=0.1),)), run, 0)
    assert values["product"][:, 0].tolist() == [4.0, 2.0, 1.0, 0.5]


# -- what is shown


def as_shown(rule: Optimizer, values: dict[str, np.ndarray], step: int) -> list[list[str]]:
    """Return the numbers' lines as text, with `step`'s numbers in their places, in twelve digits."""
    table = equation(rule, values, False, str)
    texts = []
    for line in table["lines"]:
        texts.append([])
        for mathml in line["numbers"]:
            root = ElementTree.fromstring(mathml)
            for group in root.iter():
                classes = group.get("class", "").split()
                if "q" in classes:
                    place = next(int(name[1:]) for name in classes if re.fullmatch(r"q\d+", name))
                    text = f"{table['numbers'][place][step]:.12g}"
                    group[0].text = f"({text})" if text[0] == "-" and {"held", "base"} & {*classes} else text
            texts[-1].append("".join(root.itertext()))
    return texts


def test_adam_is_shown_with_its_numbers() -> None:
    _race, values, _path = raced(RULES["adam"](lr=0.3))
    texts = as_shown(RULES["adam"](lr=0.3), values, 0)
    assert texts[0] == ["-0.7", "4"]
    assert texts[1] == ["0.9·0+(1−0.9)·(-0.7)=-0.07", "0.9·0+(1−0.9)·4=0.4"]
    assert texts[2][1] == "0.999·0+(1−0.999)·42=0.016"
    assert texts[3] == ["-0.071−0.91=-0.7", "0.41−0.91=4"], "a fraction's parts follow one another"
    assert texts[5][1] == "0.316+10−8=0.0749999998125"
    later = as_shown(RULES["adam"](lr=0.3), values, 2)
    assert later[3][1].endswith(f"1−0.93={values['mhat'][2, 1]:.12g}")


@every_rule
def test_every_number_shown_is_that_of_its_quantity(rule: type[Optimizer]) -> None:
    for seed in SEEDS[:4]:
        one = set_up(rule, seed)
        _race, values, _path = raced(one)
        table = equation(one, values, False, str)
        assert len(table["lines"]) == len(one.lines) + 1
        for line, shown in zip(one.lines, table["lines"][1:], strict=True):
            for axis in (0, 1):
                root = ElementTree.fromstring(shown["numbers"][axis])
                groups = [group for group in root.iter() if "q" in group.get("class", "").split()]
                last = int(re.search(r"\bq(\d+)", groups[-1].get("class", ""))[1])  # type: ignore[index]
                assert np.array_equal(table["numbers"][last], values[line.name][:, axis], equal_nan=True)
        assert all(written(line.symbol) for line in one.lines)


@every_rule
def test_every_sentence_of_a_line_is_translated(rule: type[Optimizer]) -> None:
    for lang in languages():
        say = partial(translated, code=lang)
        for seed in SEEDS:
            for line in set_up(rule, seed).lines:
                assert lang == "en" or say(line.sentence) != line.sentence, line.sentence


def test_the_clock_opens_at_the_first_step() -> None:
    race, values, _path = raced(RULES["adam"](lr=0.3))
    scene = figure.scene(race, descend(race), [values], say=str, alt="")
    assert scene["clock"]["at"] == 0
    assert scene["clock"]["first"] == 1
    assert scene["clock"]["last"] == race.steps - 1
    assert not scene["clock"]["play"]
    assert figure.scene(race, descend(race), [values], say=str, alt="", at=999)["clock"]["at"] == race.steps - 1


def test_arrows_are_to_the_scale_they_say() -> None:
    race, values, path = raced(RULES["adam"](lr=0.3))
    walker = figure.scene(race, descend(race), [values], say=str, alt="")["panels"][0]["walkers"][0]
    assert np.allclose(np.stack([walker["step"]["x"], walker["step"]["y"]], -1), np.diff(path, axis=0))
    assert np.allclose(walker["plain"]["y"], -0.3 * values["g"][:, 1])
    by_label = {arrow["label"]: arrow for arrow in walker["arrows"]}
    assert list(by_label) == ["−g", "−m", "−m\u0302"]
    assert np.allclose(by_label["−m"]["x"], -walker["scale"] * values["m"][:, 0])
    ratio = walker["rates"]["x"] / values["rate"][:, 0]
    assert np.allclose(ratio, ratio[0])
    assert np.allclose(walker["rates"]["y"], ratio[0] * values["rate"][:, 1])
    assert not walker["alike"]


def test_gradient_descent_has_one_rate_and_no_arrow_beside_its_own() -> None:
    race, values, _path = raced(RULES["sgd"](lr=0.3))
    walker = figure.scene(race, descend(race), [values], say=str, alt="")["panels"][0]["walkers"][0]
    assert "plain" not in walker
    assert walker["alike"]


def test_the_reading_says_what_the_correction_does() -> None:
    race, values, _path = raced(RULES["adam"](lr=0.3))
    assert figure.reading(race, [values], 1, str) == (
        "Step 1: **Adam** moves by 0.424; SGD with the same learning rate would move by 1.22. "
        "x and y each move by η; without bias correction they would move by 3.2 η."
    )
    times = math.sqrt(1 - 0.999) / (1 - 0.9)
    assert f"{1 / times:.2g}" == "3.2"
    race, values, _path = raced(RULES["adam"](lr=0.3, beta2=0.9))
    late = figure.reading(race, [values], 60, str)
    assert "without bias correction they" not in late, "the correction is over"


def test_the_reading_of_a_rule_that_corrects_nothing() -> None:
    race, values, _path = raced(RULES["adam"](lr=0.3, uncorrected=True))
    assert "without bias correction they" not in figure.reading(race, [values], 1, str)


@settings(max_examples=60)
@example("sgd", 7, (1.0, 1.0), 2)
@example("adam", 7, (1.0, 1.0), 1)
@given(st.sampled_from(sorted(RULES)), st.integers(0, 1000), st.tuples(*[st.floats(-1e3, 1e3)] * 2), st.integers(1, 9))
def test_any_race_has_a_picture(key: str, seed: int, start: tuple[float, float], at: int) -> None:
    one = dataclasses.replace(drawn(RULES[key], seed), lr=1e308 if seed == 7 else 10.0 ** (seed % 7 - 3))
    race, values, _path = raced(one, steps=9, start=start)
    scene = figure.scene(race, descend(race), [values], say=str, alt="", at=at)
    walker = scene["panels"][0]["walkers"][0]
    assert 0 < walker["reach"] < math.inf
    assert 0 < walker["scale"] < math.inf
    assert figure.reading(race, [values], at, str)
    assert len(figure.numbers(race, [values], str)) >= 7
