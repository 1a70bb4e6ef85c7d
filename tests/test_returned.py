"""A browser that was open while its session ended: its next change counts, and its lesson stays uncovered."""

from __future__ import annotations

import pytest
from conftest import visit
from streamlit.testing.v1 import AppTest
from test_own_data import told

from datasets.own import GONE, Sheet, adopt
from harness.server import ROOT
from ui import lesson
from ui.controls import CATCHING_UP

pytestmark = pytest.mark.usefixtures("idle")


def returned(before: AppTest) -> AppTest:
    """Let the browser of a page report to a new session."""
    fresh = AppTest.from_file(str(ROOT / "app.py"), default_timeout=before.default_timeout)
    fresh.session_state["lang"] = "en"
    fresh.query_params.update(before.query_params)
    fresh.switch_page(f"pages/{before.session_state['state']}.py")
    return fresh._run(before._tree.get_widget_states())


def test_the_first_change_counts() -> None:
    page = visit("race", query={"surface": ["rosenbrock"]})
    page.slider(key="race en steps").set_value(123)
    after = returned(page)
    assert not after.exception
    assert after.session_state["state race"]["spec"].steps == 123
    steps = after.slider(key="race en steps")
    assert (steps.value, steps.proto.set_value, list(steps.proto.value)) == (123, True, [123.0])
    assert CATCHING_UP not in after.session_state
    assert after.query_params == {"steps": "123", "surface": "rosenbrock"}


def test_a_table_of_the_lost_visit_is_told_of_and_the_change_counts() -> None:
    sheet = Sheet(("a,b,won\n" + "1,2,yes\n3,5,no\n" * 20).encode(), secret="lost")
    page = visit("compare")
    usual = page.session_state["state compare"]["spec"].dataset
    table = adopt(sheet, "mine", told(sheet))
    page.session_state["own tables"] = {table.key: table}
    page.run()
    page.selectbox(key="compare en dataset").set_value(table.key).run()
    assert page.session_state["state compare"]["spec"].dataset == table.key
    page.select_slider(key="compare en epochs").set_value(50)
    after = returned(page)
    assert not after.exception
    assert after.session_state["state compare"]["spec"].epochs == 50
    assert [warning.value for warning in after.warning] == [GONE]
    assert after.session_state["state compare"]["spec"].dataset == usual


def test_without_a_change_nothing_changes() -> None:
    page = visit("compare", query={"epochs": ["30"], "vary": ["lr"]})
    spec = page.session_state["state compare"]["spec"]
    after = returned(page)
    assert not after.exception
    assert after.session_state["state compare"]["spec"] == spec
    assert not after.warning


@pytest.mark.parametrize("choice", [0, 1, 2])
def test_a_lesson_stays_uncovered(choice: int) -> None:
    page = visit("race", query={"lesson": ["zigzag"]})
    page.button(key=f"choice {choice}").click().run()
    after = returned(page)
    assert not after.exception
    assert after.session_state["predicted zigzag"] == choice
    assert not [button for button in after.button if (button.key or "").startswith("choice")]


def test_a_covered_lesson_stays_covered() -> None:
    after = returned(visit("race", query={"lesson": ["zigzag"]}))
    assert [button for button in after.button if (button.key or "").startswith("choice")]


def test_an_answer_given_first_counts() -> None:
    page = visit("race", query={"lesson": ["zigzag"]})
    page.button(key="choice 1").click()
    assert returned(page).session_state["predicted zigzag"] == 1


@pytest.mark.parametrize("key", ["predicted zigzag 99", "predicted nowhere 1", "predicted zigzag -1", "predicted", ""])
def test_a_false_memory_tells_nothing(key: str) -> None:
    lesson.remember(key)
