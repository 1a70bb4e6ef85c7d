"""What the browser is sent is described once, in Python, and both sides hold to it; what it reports is checked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figures.scene import number
from spec import Refused
from tools import contract
from ui import wishes

ROOT = Path(__file__).parents[1]
BROWSER = ROOT / "ui" / "stage" / "browser"
PYTHON = "\n".join(file.read_text() for folder in ("figures", "ui", "pages") for file in (ROOT / folder).rglob("*.py"))
SCRIPTS = "\n".join(file.read_text() for file in BROWSER.rglob("*.js"))


def test_the_browser_s_types_are_those_of_python() -> None:
    assert contract.TARGET.read_text() == contract.contract(), "run `python -m tools.contract`"


WRITTEN = {word for pair in re.findall(r"\"(\w+)\"|\b(\w+)=", PYTHON) for word in pair}
READ = set(re.findall(r"\w+", SCRIPTS))


@pytest.mark.parametrize("described", contract.described().values(), ids=contract.described())
def test_every_key_is_written_and_read(described: type) -> None:
    """pyright and TypeScript see keys that are not described; here, those that are described but not used."""
    keys = {key for key, _kind, _required in contract.keys(described)}
    assert keys <= WRITTEN, "never written in Python"
    assert keys <= READ, "never read in the browser"


FILES = {file.stem for file in (BROWSER / "panels").glob("*.js")}


@pytest.mark.parametrize("kind", sorted(FILES | set(contract.kinds())))
def test_a_kind_of_panel_is_described_and_has_a_file_that_draws_it(kind: str) -> None:
    assert kind in contract.kinds(), "described nowhere in figures/"
    assert "export default class" in (BROWSER / "panels" / f"{kind}.js").read_text()
    assert re.search(rf'"kind": "{kind}"', PYTHON), "no figure makes one"


NUMBERS = json.loads((ROOT / "tests" / "numbers.json").read_text())


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_a_number_is_written_as_the_browser_writes_it(value: float | str, text: str) -> None:
    """tests/javascript/numbers.test.js reads the same table."""
    assert number(float(value)) == text


# -- what the browser reports

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["at", "dragging", "cell", "contender", "points", "up", "step", "present"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
READERS = [wishes.start, wishes.place, wishes.cell, wishes.step, wishes.contender, wishes.paint]


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@given(JSON)
def test_whatever_a_browser_reports_is_read_or_refused_in_a_sentence(read: Any, value: Any) -> None:
    try:
        found = read(value)
    except Refused:
        return
    assert json.dumps(found, allow_nan=False)
    assert read(found) == found


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (wishes.start, {"at": [0.5, -1], "dragging": True}),
        (wishes.place, {"at": [1e-3, 0.9], "panel": 0}),
        (wishes.cell, {"cell": 3}),
        (wishes.step, {"at": 1}),
        (wishes.contender, {"contender": 0}),
        (wishes.paint, {"points": [[0, 0.5], [1, 1]], "up": False}),
    ],
)
def test_what_the_stage_reports_is_read(read: Any, value: dict[str, Any]) -> None:
    assert all(value[name] == part for name, part in read(value).items())


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (wishes.start, {"at": [0, 10**400]}), (wishes.start, {"at": [True, 0]}), (wishes.start, {"at": "12"}),
        (wishes.place, {"at": [1]}), (wishes.cell, {"cell": 0}), (wishes.cell, {"cell": 1.5}),
        (wishes.step, {"at": float("inf")}), (wishes.contender, {"contender": -1}),
        (wishes.paint, {"points": [[0, 0]] * 61, "up": True}), (wishes.paint, {"points": {"0": [0, 0]}}),
    ],
)  # fmt: skip
def test_what_no_stage_reports_is_refused(read: Any, value: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        read(value)
